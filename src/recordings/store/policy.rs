//! The recording policy as it is kept: one JSON value among the settings, read and replaced whole.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row as _};

use crate::{
    clock::Millis,
    compliance::store::{set_setting, setting},
    db::{self, Db},
    ids::UserId,
    recordings::policy::{RecordingPolicy, draft::Known},
};

const RECORDING_POLICY: &str = "recording_policy";

/// What the admin has set, or the default: nothing is recorded.
pub async fn policy(db: &Db) -> sqlx::Result<RecordingPolicy> {
    Ok(setting(db.read(), RECORDING_POLICY).await?.unwrap_or_default())
}

pub async fn set_policy(tx: &mut AnyConnection, policy: &RecordingPolicy, by: UserId, now: Millis) -> sqlx::Result<()> {
    set_setting(tx, RECORDING_POLICY, policy, Some(by), now).await
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

const HEADS_MAILED: &str = "recording_heads_mailed";

/// For which day the head was last sent to an address.
pub async fn heads_mailed(db: &Db) -> sqlx::Result<BTreeMap<String, String>> {
    let sql = "select value from settings where name = $1";
    let Some(row) = sqlx::query(sql).bind(HEADS_MAILED).fetch_optional(db.read()).await? else { return Ok(BTreeMap::new()) };
    let decode = |source| sqlx::Error::ColumnDecode { index: "value".to_owned(), source: Box::new(source) };
    serde_json::from_str(&row.try_get::<String, _>("value")?).map_err(decode)
}

pub async fn set_heads_mailed(tx: &mut AnyConnection, mailed: &BTreeMap<String, String>, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into settings (name, value, updated_at) values ($1, $2, $3) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at";
    let value = serde_json::to_string(mailed).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(sql).bind(HEADS_MAILED).bind(value).bind(now.0).execute(tx).await.map(drop)
}
