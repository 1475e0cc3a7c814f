//! The settings of what is kept.

use serde::{Serialize, de::DeserializeOwned};
use sqlx::{AnyConnection, AnyExecutor, Row as _};

use super::clock::ClockState;
use crate::{clock::Millis, db::Db, ids::UserId};

const RETENTION_CLOCK: &str = "retention_clock";

/// What the retention job knows of the clock; nothing before its first run.
pub async fn clock(db: &Db) -> sqlx::Result<Option<ClockState>> {
    setting(db.read(), RETENTION_CLOCK).await
}

pub async fn set_clock(tx: &mut AnyConnection, clock: &ClockState, now: Millis) -> sqlx::Result<()> {
    set_setting(tx, RETENTION_CLOCK, clock, None, now).await
}

/// A setting that is one JSON value, if it was ever set.
pub async fn setting<T: DeserializeOwned>(executor: impl AnyExecutor<'_>, name: &str) -> sqlx::Result<Option<T>> {
    let sql = "select value from settings where name = $1";
    let Some(row) = sqlx::query(sql).bind(name).fetch_optional(executor).await? else { return Ok(None) };
    let decode = |source| sqlx::Error::ColumnDecode { index: "value".to_owned(), source: Box::new(source) };
    serde_json::from_str(&row.try_get::<String, _>("value")?).map(Some).map_err(decode)
}

/// Replaces it whole.
pub async fn set_setting(
    tx: &mut AnyConnection,
    name: &str,
    value: &impl Serialize,
    by: Option<UserId>,
    now: Millis,
) -> sqlx::Result<()> {
    let sql = "insert into settings (name, value, updated_at, updated_by) values ($1, $2, $3, $4) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    let value = serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let query = sqlx::query(sql).bind(name).bind(value).bind(now.0).bind(by.map(|id| id.to_string()));
    query.execute(tx).await.map(drop)
}
