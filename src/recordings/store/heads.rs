//! The chain of heads: inserts and selects, nothing else.

use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::rows::number;
use crate::{
    db::{self, Db},
    ids::RecordingId,
    recordings::heads::{Row, origin},
};

/// Number and hash of the newest row.
pub async fn newest(tx: &mut AnyConnection) -> sqlx::Result<Option<(u64, String)>> {
    let sql = "select number, hash from recording_heads order by number desc limit 1";
    let row = sqlx::query(sql).fetch_optional(tx).await?;
    row.map(|row| Ok((unsigned(&row, "number")?, row.try_get("hash")?))).transpose()
}

/// Whether the newest row of the same recording says the same.
pub async fn knows(tx: &mut AnyConnection, row: &Row) -> sqlx::Result<bool> {
    let sql = "select head from recording_heads where recording_id = $1 order by number desc limit 1";
    let newest = sqlx::query(sql).bind(row.recording_id.to_string()).fetch_optional(tx).await?;
    Ok(newest.map(|newest| newest.try_get::<String, _>("head")).transpose()?.is_some_and(|head| head == row.head))
}

pub async fn insert(tx: &mut AnyConnection, row: &Row) -> sqlx::Result<()> {
    let sql = "insert into recording_heads (number, recording_id, segment, record, head, at, last, hash, signature) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let query = sqlx::query(sql)
        .bind(number(row.number))
        .bind(row.recording_id.to_string())
        .bind(i64::from(row.segment))
        .bind(number(row.record))
        .bind(&row.head)
        .bind(row.at.0)
        .bind(i64::from(row.last))
        .bind(&row.hash)
        .bind(&row.signature);
    query.execute(tx).await.map(drop)
}

/// The newest row.
pub async fn last(db: &Db) -> sqlx::Result<Option<Row>> {
    let sql = "select number, recording_id, segment, record, head, at, last, hash, signature from recording_heads order by number desc limit 1";
    sqlx::query(sql).fetch_optional(db.read()).await?.as_ref().map(head).transpose()
}

/// The rows after a number, in order.
pub async fn after(db: &Db, after: u64, limit: u32) -> sqlx::Result<Vec<Row>> {
    let sql = "select number, recording_id, segment, record, head, at, last, hash, signature from recording_heads \
        where number > $1 order by number limit $2";
    sqlx::query(sql).bind(number(after)).bind(i64::from(limit)).fetch_all(db.read()).await?.iter().map(head).collect()
}

/// Those of one recording, in order, each with the hash of the row before it.
pub async fn of(db: &Db, id: RecordingId) -> sqlx::Result<Vec<(Row, String)>> {
    let sql = "select h.number, h.recording_id, h.segment, h.record, h.head, h.at, h.last, h.hash, h.signature, p.hash as previous \
        from recording_heads h left join recording_heads p on p.number = h.number - 1 where h.recording_id = $1 order by h.number";
    let pair = |row: &AnyRow| Ok((head(row)?, row.try_get::<Option<String>, _>("previous")?.unwrap_or_else(origin)));
    sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?.iter().map(pair).collect()
}

fn head(row: &AnyRow) -> sqlx::Result<Row> {
    Ok(Row {
        number: unsigned(row, "number")?,
        recording_id: db::parsed(row, "recording_id")?,
        segment: u32::try_from(row.try_get::<i64, _>("segment")?).unwrap_or(u32::MAX),
        record: unsigned(row, "record")?,
        head: row.try_get("head")?,
        at: db::millis(row, "at")?,
        last: db::flag(row, "last")?,
        hash: row.try_get("hash")?,
        signature: row.try_get("signature")?,
    })
}

/// A count or a length.
pub fn unsigned(row: &AnyRow, column: &str) -> sqlx::Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}
