//! Whether what is kept is what was recorded: the chain of each recording, against the heads that were signed meanwhile, and the chain
//! of those heads.

use std::io::{self, Write};

use serde::Serialize;
use staffline_media::recorder::{Broken, Head, ReadError, verify};
use utoipa::ToSchema;

use super::{
    RecordingsError, heads,
    shelf::{Shelf, blocking},
    store,
};
use crate::{app::App, ids::RecordingId};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RecordingReport)]
pub struct Report {
    pub ok: bool,
    /// How much it is, where all is well; its chain ends in `hash`.
    pub segments: u32,
    pub records: u64,
    pub hash: Option<String>,
    /// Signed heads that it was held against.
    pub heads: usize,
    /// The first place that is not what was recorded. Both are unset where it is not the recording that is wrong, but what is kept of it.
    pub segment: Option<u32>,
    pub record: Option<u64>,
    pub why: Option<String>,
}

/// Walks through one recording, with its key.
pub async fn recording(app: &App, id: RecordingId) -> Result<Report, RecordingsError> {
    let wrapped = store::rows::wrapped_key(&app.db, id).await?.ok_or(RecordingsError::Erased)?;
    let rows = store::heads::of(&app.db, id).await?;
    let count = rows.len();
    let wrong = |why: &str| Report { why: Some(why.to_owned()), heads: count, ..Report::default() };
    let Ok(key) = app.recordings.keys().unwrap(id, &wrapped) else {
        return Ok(wrong("its key is not the one that was kept for it"));
    };
    if let Some((row, _)) = rows.iter().find(|(row, before)| !row.follows(before, app.recordings.keys().public())) {
        return Ok(wrong(&format!("head {}, or the one before it, was changed after it was signed", row.number)));
    }
    let known: Option<Vec<Head>> = rows.iter().map(|(row, _)| row.place()).collect();
    let Some(known) = known else { return Ok(wrong("a head is none")) };
    let shelf = Shelf::of(app, id).await?;
    blocking(move || match verify(&shelf, Some(&key), &known) {
        Ok(verified) => Ok(Report {
            ok: true,
            segments: verified.segments,
            records: verified.records,
            hash: verified.head.map(|head| super::hex(&head.hash)),
            heads: count,
            ..Report::default()
        }),
        Err(ReadError::Broken(Broken { segment, record, why })) => {
            let (segment, why) = (Some(segment), Some(why.to_string()));
            Ok(Report { heads: count, segment, record, why, ..Report::default() })
        }
        Err(error) => Err(error.into()),
    })
    .await
}

/// The chain of heads from its first row to its last; the number of the first that is not what was signed.
pub async fn chain(app: &App) -> sqlx::Result<(u64, Option<u64>)> {
    const BATCH: u32 = 1_000;
    let (mut number, mut previous) = (0, heads::origin());
    loop {
        let rows = store::heads::after(&app.db, number, BATCH).await?;
        let full = rows.len() == BATCH as usize;
        for row in rows {
            if row.number != number + 1 || !row.follows(&previous, app.recordings.keys().public()) {
                return Ok((number, Some(number + 1)));
            }
            (number, previous) = (row.number, row.hash);
        }
        if !full {
            return Ok((number, None));
        }
    }
}

/// `staffline recordings verify`: all that is kept, one line for what is wrong. True if nothing is.
pub async fn all(app: &App, out: &mut impl Write) -> anyhow::Result<bool> {
    let (rows, broken) = chain(app).await?;
    let mut fine = broken.is_none();
    match broken {
        None => writeln!(out, "heads: {rows} rows, one chain, all signed by this server")?,
        Some(number) => writeln!(out, "heads: BROKEN at row {number}: it was changed or removed")?,
    }
    let kept = store::rows::kept(&app.db).await?;
    for id in &kept {
        let report = recording(app, *id).await;
        fine &= say(out, *id, report)?;
    }
    writeln!(out, "{} recordings looked at", kept.len())?;
    Ok(fine)
}

fn say(out: &mut impl Write, id: RecordingId, report: Result<Report, RecordingsError>) -> io::Result<bool> {
    match report {
        Ok(Report { ok: true, segments, records, heads, .. }) => {
            writeln!(out, "{id}: fine, {segments} segments, {records} records, {heads} heads")?;
            Ok(true)
        }
        Ok(Report { segment, record, why, .. }) => {
            let segment = segment.map(|segment| format!(" segment {segment},")).unwrap_or_default();
            let record = record.map(|record| format!(" record {record},")).unwrap_or_default();
            writeln!(out, "{id}: BROKEN:{segment}{record} {}", why.unwrap_or_default())?;
            Ok(false)
        }
        Err(error) => {
            writeln!(out, "{id}: cannot be read: {error}")?;
            Ok(false)
        }
    }
}
