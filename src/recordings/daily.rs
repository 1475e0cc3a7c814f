//! Where the chain of all recordings stands, a file for each day: copied elsewhere, it proves that nothing before it was changed since.

use std::{io, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Iso8601};
use tokio::fs;

use super::{heads::Row, store};
use crate::{app::App, clock::Millis};

/// What the file of a day says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily {
    /// Of the server, Ed25519, base64.
    pub public_key: String,
    /// The newest row when the file was written last.
    pub head: Row,
}

/// Why it was not written.
#[derive(Debug, thiserror::Error)]
pub enum DailyError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Lays down the newest row, if there is one.
pub async fn write(app: &App) -> Result<(), DailyError> {
    let Some(daily) = newest(app).await? else { return Ok(()) };
    let folder = folder(app);
    super::keys::make_private_folder(&folder)?;
    let path = folder.join(format!("{}.json", day(app.clock.now())));
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, serde_json::to_vec_pretty(&daily).map_err(io::Error::from)?).await?;
    fs::File::open(&unfinished).await?.sync_all().await?;
    Ok(fs::rename(&unfinished, &path).await?)
}

/// As it is now; nothing before the first recording.
pub(super) async fn newest(app: &App) -> sqlx::Result<Option<Daily>> {
    let head = store::heads::last(&app.db).await?;
    Ok(head.map(|head| Daily { public_key: STANDARD.encode(app.recordings.keys().public()), head }))
}

#[must_use]
pub fn folder(app: &App) -> PathBuf {
    app.config.data.join("recording-heads")
}

/// UTC, as in 2026-11-28.
pub(super) fn day(at: Millis) -> String {
    let date = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000)).map(OffsetDateTime::date);
    date.ok().and_then(|date| date.format(&Iso8601::DATE).ok()).unwrap_or_else(|| at.0.to_string())
}
