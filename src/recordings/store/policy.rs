//! The recording policy as it is kept: one JSON value among the settings, read and replaced whole.

use sqlx::{AnyConnection, Row as _};

use crate::{
    clock::Millis,
    db::{self, Db},
    ids::UserId,
    recordings::{
        policy::{RecordingPolicy, draft::Known},
        retention::ClockState,
    },
};

const RECORDING_POLICY: &str = "recording_policy";

/// What the admin has set, or the default: nothing is recorded.
pub async fn policy(db: &Db) -> sqlx::Result<RecordingPolicy> {
    let sql = "select value from settings where name = $1";
    let Some(row) = sqlx::query(sql).bind(RECORDING_POLICY).fetch_optional(db.read()).await? else {
        return Ok(RecordingPolicy::default());
    };
    let decode = |source| sqlx::Error::ColumnDecode { index: "value".to_owned(), source: Box::new(source) };
    serde_json::from_str(&row.try_get::<String, _>("value")?).map_err(decode)
}

pub async fn set_policy(tx: &mut AnyConnection, policy: &RecordingPolicy, by: UserId, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into settings (name, value, updated_at, updated_by) values ($1, $2, $3, $4) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    let value = serde_json::to_string(policy).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let query = sqlx::query(sql).bind(RECORDING_POLICY).bind(value).bind(now.0).bind(by.to_string());
    query.execute(tx).await.map(drop)
}

/// Whom and what a rule may name. Somebody who was deactivated may come back.
pub async fn known(db: &Db) -> sqlx::Result<Known> {
    let users = sqlx::query("select id from users").fetch_all(db.read()).await?;
    let conversations = sqlx::query("select id from conversations").fetch_all(db.read()).await?;
    Ok(Known {
        users: users.iter().map(|row| db::parsed(row, "id")).collect::<sqlx::Result<_>>()?,
        conversations: conversations.iter().map(|row| db::parsed(row, "id")).collect::<sqlx::Result<_>>()?,
    })
}

const RETENTION_CLOCK: &str = "retention_clock";

/// What the retention job knows of the clock; nothing before its first run.
pub async fn clock(db: &Db) -> sqlx::Result<Option<ClockState>> {
    let sql = "select value from settings where name = $1";
    let Some(row) = sqlx::query(sql).bind(RETENTION_CLOCK).fetch_optional(db.read()).await? else { return Ok(None) };
    let decode = |source| sqlx::Error::ColumnDecode { index: "value".to_owned(), source: Box::new(source) };
    serde_json::from_str(&row.try_get::<String, _>("value")?).map(Some).map_err(decode)
}

pub async fn set_clock(tx: &mut AnyConnection, clock: &ClockState, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into settings (name, value, updated_at) values ($1, $2, $3) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at";
    let value = serde_json::to_string(clock).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(sql).bind(RETENTION_CLOCK).bind(value).bind(now.0).execute(tx).await.map(drop)
}
