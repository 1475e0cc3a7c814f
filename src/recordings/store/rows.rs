//! A recording from its beginning to its end, and what is kept of consents and failures.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, AssertSqlSafe, Row as _, any::AnyRow};
use staffline_media::{
    control::PeerId,
    recorder::{RecordingSummary, Source, StreamSummary},
};

use super::heads::unsigned;
use crate::{
    clock::Millis,
    db::{self, Db},
    ids::{RecordingId, UserId},
    recordings::{
        keys::Wrapped,
        orders::{Begun, Consent, Unrecorded},
    },
};

/// Before the recorder hears of it.
pub async fn begin(tx: &mut AnyConnection, begun: &Begun, wrapped: &Wrapped) -> sqlx::Result<()> {
    let sql = "insert into recordings (id, call_id, conversation_id, caller_id, callee_id, kind, rule, mode, notice_version, state, \
        started_at, retain_until, review) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'starting', $10, $11, 'new')";
    let days = std::time::Duration::from_secs(u64::from(begun.retention_days) * 86_400);
    let query = sqlx::query(sql)
        .bind(begun.id.to_string())
        .bind(begun.of.call_id.to_string())
        .bind(begun.of.conversation_id.to_string())
        .bind(begun.of.caller_id.to_string())
        .bind(begun.of.callee_id.to_string())
        .bind(begun.of.kind.to_string())
        .bind(&begun.of.rule)
        .bind(db::as_word(&begun.mode)?)
        .bind(i64::from(begun.notice_version))
        .bind(begun.at.0)
        .bind(begun.at.plus(days).0);
    query.execute(&mut *tx).await?;
    let keys = [Some(("server", &wrapped.server)), wrapped.age.as_ref().map(|age| ("age", age))];
    for (recipient, wrapped) in keys.into_iter().flatten() {
        let sql = "insert into recording_keys (recording_id, recipient, wrapped) values ($1, $2, $3)";
        sqlx::query(sql).bind(begun.id.to_string()).bind(recipient).bind(wrapped).execute(&mut *tx).await?;
    }
    Ok(())
}

pub async fn add_peer(tx: &mut AnyConnection, id: RecordingId, peer: PeerId, user: UserId) -> sqlx::Result<()> {
    let sql = "insert into recording_peers (recording_id, peer, user_id) values ($1, $2, $3) on conflict do nothing";
    let query = sqlx::query(sql).bind(id.to_string()).bind(peer_name(peer)).bind(user.to_string());
    query.execute(tx).await.map(drop)
}

fn peer_name(peer: PeerId) -> String {
    RecordingId::of_u128(peer.0).to_string()
}

/// What is recorded, after [`begin`] and before [`close`].
pub async fn set_state(tx: &mut AnyConnection, id: RecordingId, state: &str) -> sqlx::Result<()> {
    let sql = "update recordings set state = $2 where id = $1 and state in ('starting', 'recording')";
    sqlx::query(sql).bind(id.to_string()).bind(state).execute(tx).await.map(drop)
}

/// `hash` is the chain's head at its end, where that is known. One that was written anew is to be uploaded anew.
pub async fn add_segment(tx: &mut AnyConnection, id: RecordingId, segment: u32, bytes: u64, hash: &str) -> sqlx::Result<()> {
    let sql = "insert into recording_segments (recording_id, segment, bytes, hash) values ($1, $2, $3, $4) \
        on conflict (recording_id, segment) do update set bytes = excluded.bytes, hash = excluded.hash, uploaded_at = null, \
            locked_until = null, legal_hold = 0";
    let query = sqlx::query(sql).bind(id.to_string()).bind(i64::from(segment)).bind(number(bytes)).bind(hash);
    query.execute(tx).await.map(drop)
}

/// The segments that are in the object store, with their lengths.
pub async fn uploaded(db: &Db, id: RecordingId) -> sqlx::Result<BTreeMap<u32, u64>> {
    let sql = "select segment, bytes from recording_segments where recording_id = $1 and uploaded_at is not null";
    let rows = sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((segment_of(row)?, unsigned(row, "bytes")?))).collect()
}

/// A segment on its way to the object store, and what is to hold it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departing {
    pub id: RecordingId,
    pub segment: u32,
    pub retain_until: Millis,
    pub held: bool,
}

const DEPARTING: &str = "select s.recording_id, s.segment, r.retain_until, \
    (select count(*) from recording_holds h where h.recording_id = r.id and h.released_at is null \
        and (h.until is null or h.until > $1)) as holds \
    from recording_segments s join recordings r on r.id = s.recording_id where r.erased_at is null";

fn departing(row: &AnyRow) -> sqlx::Result<Departing> {
    Ok(Departing {
        id: db::parsed(row, "recording_id")?,
        segment: segment_of(row)?,
        retain_until: db::millis(row, "retain_until")?,
        held: row.try_get::<i64, _>("holds")? > 0,
    })
}

/// Segments that are to go to the object store, the oldest first; those after one.
pub async fn not_uploaded(db: &Db, now: Millis, after: Option<&Departing>, limit: u32) -> sqlx::Result<Vec<Departing>> {
    let sql = format!(
        "{DEPARTING} and s.uploaded_at is null and (s.recording_id > $2 or s.recording_id = $2 and s.segment > $3) \
        order by s.recording_id, s.segment limit $4"
    );
    let (id, segment) = after.map_or_else(|| (String::new(), -1), |after| (after.id.to_string(), i64::from(after.segment)));
    let query = sqlx::query(AssertSqlSafe(sql)).bind(now.0).bind(id).bind(segment).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(departing).collect()
}

/// Those in the object store that are held otherwise there than they are to be, if their bucket locks.
pub async fn not_held(db: &Db, now: Millis, limit: u32) -> sqlx::Result<Vec<Departing>> {
    let sql = format!(
        "{DEPARTING} and s.uploaded_at is not null and r.retain_until > $1 and (s.locked_until is null or s.locked_until < r.retain_until \
        or s.legal_hold <> (case when exists (select 1 from recording_holds h where h.recording_id = r.id and h.released_at is null \
            and (h.until is null or h.until > $1)) then 1 else 0 end)) order by s.recording_id, s.segment limit $2"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(now.0).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(departing).collect()
}

/// How many segments are not in the object store yet.
pub async fn waiting(db: &Db) -> sqlx::Result<u64> {
    let sql = "select count(*) as waiting from recording_segments s join recordings r on r.id = s.recording_id \
        where s.uploaded_at is null and r.erased_at is null";
    unsigned(&sqlx::query(sql).fetch_one(db.read()).await?, "waiting")
}

/// False if the recording was erased meanwhile.
pub async fn set_uploaded(tx: &mut AnyConnection, id: RecordingId, segment: u32, now: Millis) -> sqlx::Result<bool> {
    let sql = "update recording_segments set uploaded_at = $3 where recording_id = $1 and segment = $2 \
        and exists (select 1 from recordings r where r.id = $1 and r.erased_at is null)";
    let query = sqlx::query(sql).bind(id.to_string()).bind(i64::from(segment)).bind(now.0);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// The object store has another, or none: it is to go there again.
pub async fn set_not_uploaded(tx: &mut AnyConnection, id: RecordingId, segment: u32) -> sqlx::Result<()> {
    let sql = "update recording_segments set uploaded_at = null, locked_until = null, legal_hold = 0 where recording_id = $1 and segment = $2";
    sqlx::query(sql).bind(id.to_string()).bind(i64::from(segment)).execute(tx).await.map(drop)
}

/// What holds it in the object store now.
pub async fn set_held(tx: &mut AnyConnection, one: &Departing) -> sqlx::Result<()> {
    let sql = "update recording_segments set locked_until = $3, legal_hold = $4 where recording_id = $1 and segment = $2";
    let query = sqlx::query(sql).bind(one.id.to_string()).bind(i64::from(one.segment)).bind(one.retain_until.0);
    query.bind(i64::from(one.held)).execute(tx).await.map(drop)
}

/// Segments that a legal hold keeps in the object store.
pub async fn legally_held(db: &Db, id: RecordingId) -> sqlx::Result<Vec<u32>> {
    let sql = "select segment from recording_segments where recording_id = $1 and legal_hold = 1";
    sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?.iter().map(segment_of).collect()
}

/// When a recording was closed whose segments are all in the object store; nothing of others.
pub async fn departed(db: &Db, id: RecordingId) -> sqlx::Result<Option<Millis>> {
    let sql = "select r.ended_at from recordings r where r.id = $1 and r.state in ('closed', 'recovered') and r.ended_at is not null \
        and not exists (select 1 from recording_segments s where s.recording_id = $1 and s.uploaded_at is null)";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(db.read()).await?;
    row.map(|row| db::millis(&row, "ended_at")).transpose()
}

fn segment_of(row: &AnyRow) -> sqlx::Result<u32> {
    Ok(u32::try_from(row.try_get::<i64, _>("segment")?).unwrap_or(u32::MAX))
}

/// Everything that is kept: all but what is erased or was never there, the oldest first.
pub async fn kept(db: &Db) -> sqlx::Result<Vec<RecordingId>> {
    let sql = "select id from recordings where state in ('closed', 'recovered') order by id";
    sqlx::query(sql).fetch_all(db.read()).await?.iter().map(|row| db::parsed(row, "id")).collect()
}

/// The end of a recording: in order (`closed`) or found after a crash or a fault (`recovered`).
pub async fn close(
    tx: &mut AnyConnection,
    id: RecordingId,
    state: &str,
    summary: &RecordingSummary,
    at: Millis,
) -> sqlx::Result<()> {
    let sql = "update recordings set state = $2, ended_at = coalesce(ended_at, $3), duration_ms = $4, gaps = $5, segments = $6, bytes = $7 \
        where id = $1 and state <> 'erased'";
    let query = sqlx::query(sql)
        .bind(id.to_string())
        .bind(state)
        .bind(at.0)
        .bind(number(summary.duration_ms))
        .bind(number(summary.gaps))
        .bind(i64::from(summary.segments))
        .bind(number(summary.bytes));
    query.execute(&mut *tx).await?;
    for stream in &summary.streams {
        add_stream(tx, id, stream).await?;
    }
    Ok(())
}

async fn add_stream(tx: &mut AnyConnection, id: RecordingId, stream: &StreamSummary) -> sqlx::Result<()> {
    let sql = "insert into recording_streams (recording_id, stream, user_id, sources, starts_ms, duration_ms, bytes) \
        values ($1, $2, (select user_id from recording_peers where recording_id = $1 and peer = $3), $4, $5, $6, $7) \
        on conflict (recording_id, stream) do update set duration_ms = excluded.duration_ms, bytes = excluded.bytes";
    let sources: Vec<_> = stream.sources.iter().map(|source| source_name(*source)).collect();
    let query = sqlx::query(sql)
        .bind(id.to_string())
        .bind(i64::from(stream.stream.0))
        .bind(stream.peer.map(peer_name))
        .bind(sources.join(","))
        .bind(number(stream.starts_ms))
        .bind(number(stream.duration_ms))
        .bind(number(stream.bytes));
    query.execute(tx).await.map(drop)
}

fn source_name(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
    }
}

/// Those that began and have no end: their process died, or their disk failed.
pub async fn unfinished(db: &Db) -> sqlx::Result<Vec<RecordingId>> {
    let sql = "select id from recordings where state in ('starting', 'recording') order by id";
    sqlx::query(sql).fetch_all(db.read()).await?.iter().map(|row| db::parsed(row, "id")).collect()
}

/// The key as the server wrapped it; nothing once the recording is erased.
pub async fn wrapped_key(db: &Db, id: RecordingId) -> sqlx::Result<Option<String>> {
    let sql = "select wrapped from recording_keys where recording_id = $1 and recipient = 'server'";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(db.read()).await?;
    row.map(|row| row.try_get("wrapped")).transpose()
}

pub async fn add_consent(tx: &mut AnyConnection, consent: &Consent) -> sqlx::Result<()> {
    let sql = "insert into call_consents (call_id, user_id, device_id, notice_version, text_hash, language, at) \
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    let query = sqlx::query(sql)
        .bind(consent.call_id.to_string())
        .bind(consent.user_id.to_string())
        .bind(consent.device_id.to_string())
        .bind(i64::from(consent.notice_version))
        .bind(&consent.text_hash)
        .bind(db::as_word(&consent.language)?)
        .bind(consent.at.0);
    query.execute(tx).await.map(drop)
}

/// False if it was written before.
pub async fn add_failure(tx: &mut AnyConnection, failure: &Unrecorded) -> sqlx::Result<bool> {
    let sql = "insert into recording_failures (call_id, recording_id, conversation_id, caller_id, callee_id, rule, fault, at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing";
    let query = sqlx::query(sql)
        .bind(failure.of.call_id.to_string())
        .bind(failure.recording_id.map(|id| id.to_string()))
        .bind(failure.of.conversation_id.to_string())
        .bind(failure.of.caller_id.to_string())
        .bind(failure.of.callee_id.to_string())
        .bind(&failure.of.rule)
        .bind(db::as_word(&failure.why)?)
        .bind(failure.at.0);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// As the database keeps it.
pub fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
