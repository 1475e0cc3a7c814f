//! The SQL of calls and of the path policy.

use sqlx::AnyConnection;

use super::{Path, policy::PathPolicy, ringing::History};
use crate::{
    clock::Millis,
    db::{self, Db},
    ids::UserId,
};

/// Name of the setting that holds the default path.
const CALL_PATH: &str = "call_path";

/// False if this call has been written before.
pub async fn insert(tx: &mut AnyConnection, history: &History) -> sqlx::Result<bool> {
    let sql = "insert into calls (id, conversation_id, caller_id, callee_id, kind, outcome, path, path_rule, started_at, \
        answered_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do nothing";
    let call = &history.record;
    let query = sqlx::query(sql)
        .bind(call.id.to_string())
        .bind(history.conversation_id.to_string())
        .bind(call.caller_id.to_string())
        .bind(call.callee_id.to_string())
        .bind(call.kind.to_string())
        .bind(call.outcome.to_string())
        .bind(call.path.map(|path| path.to_string()))
        .bind(history.path_rule.as_deref())
        .bind(call.started_at.0)
        .bind(call.answered_at.map(|at| at.0))
        .bind(call.ended_at.0);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// What the admin has set, or the default.
pub async fn policy(db: &Db) -> sqlx::Result<PathPolicy> {
    let sql = "select value from settings where name = $1";
    let row = sqlx::query(sql).bind(CALL_PATH).fetch_optional(db.read()).await?;
    let default: Option<Path> = row.map(|row| db::parsed(&row, "value")).transpose()?;
    Ok(default.map_or_else(PathPolicy::default, |default| PathPolicy { default }))
}

pub async fn set_policy(tx: &mut AnyConnection, policy: PathPolicy, by: UserId, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into settings (name, value, updated_at, updated_by) values ($1, $2, $3, $4) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    let query = sqlx::query(sql).bind(CALL_PATH).bind(policy.default.to_string()).bind(now.0).bind(by.to_string());
    query.execute(tx).await.map(drop)
}
