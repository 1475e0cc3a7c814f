//! The SQL of connection checks and of the relay's hours.

use serde::de::DeserializeOwned;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{ConnectionCheck, Findings, Leg, Verdict, dashboard::Hour};
use crate::{
    clock::Millis,
    db::{self, Db},
    ids::{CheckId, UserId},
};

/// A check begins.
pub async fn insert(tx: &mut AnyConnection, id: CheckId, user: UserId, address: &str, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into connection_checks (id, user_id, address, agent, started_at) values ($1, $2, $3, '', $4)";
    let query = sqlx::query(sql).bind(id.to_string()).bind(user.to_string()).bind(address).bind(now.0);
    query.execute(tx).await.map(drop)
}

/// Whether this user has begun this check, and whether it has its result.
pub async fn is_finished(tx: &mut AnyConnection, id: CheckId, user: UserId) -> sqlx::Result<Option<bool>> {
    let sql = "select finished_at from connection_checks where id = $1 and user_id = $2";
    let row = sqlx::query(sql).bind(id.to_string()).bind(user.to_string()).fetch_optional(tx).await?;
    row.map(|row| db::optional_millis(&row, "finished_at").map(|at| at.is_some())).transpose()
}

/// False if it has its result already, or is not this user's.
pub async fn finish(tx: &mut AnyConnection, id: CheckId, user: UserId, found: &Findings, now: Millis) -> sqlx::Result<bool> {
    let sql = "update connection_checks set finished_at = $1, verdict = $2, legs = $3, failed_legs = $4, call_id = $5, agent = $6 \
        where id = $7 and user_id = $8 and finished_at is null";
    let failed = found.legs.iter().filter(|result| !result.ok).map(|result| db::as_word(&result.leg));
    let query = sqlx::query(sql)
        .bind(now.0)
        .bind(db::as_word(&found.verdict)?)
        .bind(serde_json::to_string(&found.legs).map_err(|error| sqlx::Error::Encode(error.into()))?)
        .bind(failed.collect::<sqlx::Result<Vec<_>>>()?.join(","))
        .bind(found.call_id.map(|id| id.to_string()))
        .bind(&found.agent)
        .bind(id.to_string())
        .bind(user.to_string());
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// Which checks are wanted; those without a result never are.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Older than this one.
    pub before: Option<CheckId>,
    /// Only those whose verdict is not `ok`.
    pub failed: bool,
}

/// The newest first.
pub async fn list(db: &Db, filter: Filter, limit: u32) -> sqlx::Result<Vec<ConnectionCheck>> {
    // The cast tells PostgreSQL what an unset parameter would be.
    let sql = "select id, user_id, address, agent, started_at, finished_at, verdict, legs, call_id from connection_checks \
        where finished_at is not null and (cast($1 as text) is null or id < $1) and ($2 = 0 or verdict <> 'ok') \
        order by id desc limit $3";
    let query =
        sqlx::query(sql).bind(filter.before.map(|id| id.to_string())).bind(i64::from(filter.failed)).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(check).collect()
}

fn check(row: &AnyRow) -> sqlx::Result<ConnectionCheck> {
    Ok(ConnectionCheck {
        id: db::parsed(row, "id")?,
        user_id: db::parsed(row, "user_id")?,
        started_at: db::millis(row, "started_at")?,
        finished_at: db::millis(row, "finished_at")?,
        verdict: db::word(row, "verdict")?,
        legs: json(row.try_get("legs")?)?,
        call_id: db::optional(row, "call_id")?,
        address: row.try_get("address")?,
        agent: row.try_get("agent")?,
    })
}

fn json<T: DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// So many checks ended with the same result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub verdict: Verdict,
    pub failed: Vec<Leg>,
    pub checks: u64,
}

pub async fn counts(db: &Db, since: Millis) -> sqlx::Result<Vec<Count>> {
    let sql = "select verdict, failed_legs, count(*) as checks from connection_checks where finished_at >= $1 \
        group by verdict, failed_legs order by verdict, failed_legs";
    sqlx::query(sql).bind(since.0).fetch_all(db.read()).await?.iter().map(count).collect()
}

fn count(row: &AnyRow) -> sqlx::Result<Count> {
    let failed: String = row.try_get("failed_legs")?;
    let words = failed.split(',').filter(|word| !word.is_empty());
    Ok(Count {
        verdict: db::word(row, "verdict")?,
        failed: words.map(|word| json(&format!("\"{word}\""))).collect::<sqlx::Result<_>>()?,
        checks: u64::try_from(row.try_get::<i64, _>("checks")?).unwrap_or(0),
    })
}

/// Adds what was carried since the last time to its hour.
pub async fn add_to_hour(tx: &mut AnyConnection, hour: &Hour) -> sqlx::Result<()> {
    let sql = "insert into relay_hours (at, turn_bytes, media_bytes) values ($1, $2, $3) on conflict (at) do update set \
        turn_bytes = relay_hours.turn_bytes + excluded.turn_bytes, media_bytes = relay_hours.media_bytes + excluded.media_bytes";
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let query = sqlx::query(sql).bind(hour.at.0).bind(bytes(hour.turn_bytes)).bind(bytes(hour.media_bytes));
    query.execute(tx).await.map(drop)
}

/// The oldest first.
pub async fn hours(db: &Db, since: Millis) -> sqlx::Result<Vec<Hour>> {
    let sql = "select at, turn_bytes, media_bytes from relay_hours where at >= $1 order by at";
    sqlx::query(sql).bind(since.0).fetch_all(db.read()).await?.iter().map(hour).collect()
}

fn hour(row: &AnyRow) -> sqlx::Result<Hour> {
    let bytes = |column: &str| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0));
    Ok(Hour { at: db::millis(row, "at")?, turn_bytes: bytes("turn_bytes")?, media_bytes: bytes("media_bytes")? })
}

pub async fn delete_older(db: &Db, before: Millis) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let mut deleted = 0;
    for sql in ["delete from connection_checks where started_at < $1", "delete from relay_hours where at < $1"] {
        deleted += sqlx::query(sql).bind(before.0).execute(&mut *tx).await?.rows_affected();
    }
    tx.commit().await?;
    Ok(deleted)
}
