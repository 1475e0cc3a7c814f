//! Notes, marks, holds, and the end of a recording's time.

use sqlx::AnyConnection;

use super::rows::number;
use crate::{
    clock::Millis,
    compliance::folded,
    db::{self, Db},
    ids::{HoldId, RecordingId, UserId},
    recordings::model::{Hold, Note, Review},
};

/// False if there is no such recording.
pub async fn mark(tx: &mut AnyConnection, id: RecordingId, tag: Option<&str>, review: Review) -> sqlx::Result<bool> {
    let sql = "update recordings set tag = $2, tag_key = $3, review = $4 where id = $1";
    let query = sqlx::query(sql).bind(id.to_string()).bind(tag).bind(tag.map(folded)).bind(db::as_word(&review)?);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

pub async fn add_note(tx: &mut AnyConnection, id: RecordingId, note: &Note) -> sqlx::Result<()> {
    let sql = "insert into recording_notes (id, recording_id, author_id, text, text_key, at_ms, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    let query = sqlx::query(sql)
        .bind(note.id.to_string())
        .bind(id.to_string())
        .bind(note.author_id.to_string())
        .bind(&note.text)
        .bind(folded(&note.text))
        .bind(note.at_ms.map(number))
        .bind(note.created_at.0);
    query.execute(tx).await.map(drop)
}

/// Takes the recording's row, so that what follows in this transaction, and the same in another one, come one after the other. False if
/// it is not there, or erased.
///
/// A condition on other rows in the statement that waits would be judged by what was there before it waited.
pub async fn lock(tx: &mut AnyConnection, id: RecordingId) -> sqlx::Result<bool> {
    let sql = "update recordings set review = review where id = $1 and erased_at is null";
    Ok(sqlx::query(sql).bind(id.to_string()).execute(tx).await?.rows_affected() == 1)
}

/// After [`lock`].
pub async fn add_hold(tx: &mut AnyConnection, id: RecordingId, hold: &Hold) -> sqlx::Result<()> {
    let sql = "insert into recording_holds (id, recording_id, reason, owner_id, placed_by, placed_at, until) values ($1, $2, $3, $4, $5, $6, $7)";
    let query = sqlx::query(sql)
        .bind(hold.id.to_string())
        .bind(id.to_string())
        .bind(&hold.reason)
        .bind(hold.owner_id.to_string())
        .bind(hold.placed_by.to_string())
        .bind(hold.placed_at.0)
        .bind(hold.until.map(|at| at.0));
    query.execute(tx).await.map(drop)
}

/// False if there is no such hold, or it was released before.
pub async fn release(tx: &mut AnyConnection, id: RecordingId, hold: HoldId, by: UserId, now: Millis) -> sqlx::Result<bool> {
    let sql = "update recording_holds set released_at = $3, released_by = $4 where id = $2 and recording_id = $1 and released_at is null";
    let query = sqlx::query(sql).bind(id.to_string()).bind(hold.to_string()).bind(now.0).bind(by.to_string());
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// Those whose time is over and that nothing seems to hold, the oldest first.
pub async fn due(db: &Db, now: Millis, limit: u32) -> sqlx::Result<Vec<RecordingId>> {
    let sql = "select r.id from recordings r where r.retain_until <= $1 and r.erased_at is null and r.state not in ('starting', 'recording') \
        and not exists (select 1 from recording_holds h where h.recording_id = r.id and h.released_at is null \
            and (h.until is null or h.until > $1)) order by r.retain_until, r.id limit $2";
    let rows = sqlx::query(sql).bind(now.0).bind(i64::from(limit)).fetch_all(db.read()).await?;
    rows.iter().map(|row| db::parsed(row, "id")).collect()
}

/// After [`lock`]: its keys go, if its time is over and nothing holds it. False if something does.
pub async fn erase(tx: &mut AnyConnection, id: RecordingId, now: Millis) -> sqlx::Result<bool> {
    let sql = "update recordings set state = 'erased', erased_at = $2 where id = $1 and erased_at is null and retain_until <= $2 \
        and state not in ('starting', 'recording') and not exists (select 1 from recording_holds h where h.recording_id = $1 \
            and h.released_at is null and (h.until is null or h.until > $2))";
    let erased = sqlx::query(sql).bind(id.to_string()).bind(now.0).execute(&mut *tx).await?.rows_affected() == 1;
    if erased {
        sqlx::query("delete from recording_keys where recording_id = $1").bind(id.to_string()).execute(&mut *tx).await?;
    }
    Ok(erased)
}

/// Erased, but of which bytes may be left.
pub async fn erased(db: &Db) -> sqlx::Result<Vec<RecordingId>> {
    let sql = "select distinct r.id from recordings r join recording_segments s on s.recording_id = r.id where r.erased_at is not null order by r.id";
    sqlx::query(sql).fetch_all(db.read()).await?.iter().map(|row| db::parsed(row, "id")).collect()
}

/// The bytes of an erased recording are gone.
pub async fn forget_segments(tx: &mut AnyConnection, id: RecordingId) -> sqlx::Result<()> {
    sqlx::query("delete from recording_segments where recording_id = $1").bind(id.to_string()).execute(tx).await.map(drop)
}
