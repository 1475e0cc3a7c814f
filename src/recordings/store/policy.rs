//! The recording policy as it is kept: one JSON value among the settings, read and replaced whole.

use sqlx::AnyConnection;

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
