//! The SQL of calls, live and ended, and of the path policy.

use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    CallEntry, CallRecord, Outcome, Path,
    policy::PathPolicy,
    ringing::{Facts, History},
};
use crate::{
    clock::Millis,
    db::{self, Db},
    ids::{CallId, UserId},
};

/// Name of the setting that holds the path policy, JSON.
const PATH_POLICY: &str = "path_policy";

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

/// Of a call that lives, as it is now.
pub async fn keep(tx: &mut AnyConnection, call: &Facts, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into live_calls (id, conversation_id, caller_id, callee_id, kind, path, path_rule, started_at, answered_at, seen_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do update set kind = excluded.kind, path = excluded.path, \
        path_rule = excluded.path_rule, answered_at = excluded.answered_at, seen_at = excluded.seen_at";
    let query = sqlx::query(sql)
        .bind(call.id.to_string())
        .bind(call.conversation_id.to_string())
        .bind(call.caller_id.to_string())
        .bind(call.callee_id.to_string())
        .bind(call.kind.to_string())
        .bind(call.path.map(|path| path.to_string()))
        .bind(call.path_rule.as_deref())
        .bind(call.started_at.0)
        .bind(call.answered_at.map(|at| at.0))
        .bind(now.0);
    query.execute(tx).await.map(drop)
}

/// It does not live any more.
pub async fn forget(tx: &mut AnyConnection, id: CallId) -> sqlx::Result<()> {
    sqlx::query("delete from live_calls where id = $1").bind(id.to_string()).execute(tx).await.map(drop)
}

/// All that live are there at this moment.
pub async fn stay_alive(db: &Db, now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query("update live_calls set seen_at = $1").bind(now.0).execute(&mut *tx).await?;
    tx.commit().await
}

/// The calls that live, or did when a process died, oldest first; each with when it was last there.
pub async fn live(db: &Db) -> sqlx::Result<Vec<(Facts, Millis)>> {
    let sql = "select id, conversation_id, caller_id, callee_id, kind, path, path_rule, started_at, answered_at, seen_at \
        from live_calls order by id";
    sqlx::query(sql).fetch_all(db.read()).await?.iter().map(|row| Ok((facts(row)?, db::millis(row, "seen_at")?))).collect()
}

fn facts(row: &AnyRow) -> sqlx::Result<Facts> {
    Ok(Facts {
        id: db::parsed(row, "id")?,
        conversation_id: db::parsed(row, "conversation_id")?,
        kind: db::parsed(row, "kind")?,
        caller_id: db::parsed(row, "caller_id")?,
        callee_id: db::parsed(row, "callee_id")?,
        path: db::optional(row, "path")?,
        path_rule: row.try_get("path_rule")?,
        started_at: db::millis(row, "started_at")?,
        answered_at: db::optional_millis(row, "answered_at")?,
    })
}

/// Which of a user's own calls are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Older than this one.
    pub before: Option<CallId>,
    /// Only those that others made and that this user did not get to answer.
    pub missed: bool,
}

/// The newest first.
pub async fn list(db: &Db, user: UserId, filter: Filter, limit: u32) -> sqlx::Result<Vec<CallEntry>> {
    let query = if filter.missed { sqlx::query(MISSED) } else { sqlx::query(OWN) };
    let query = query.bind(user.to_string()).bind(filter.before.map(|id| id.to_string())).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(entry).collect()
}

/// Each half is the end of an index, so that a user of many calls waits no longer than one of few. The casts tell PostgreSQL what an
/// unset parameter would be.
const OWN: &str = "select * from ( \
    select * from (select id, conversation_id, caller_id, callee_id, kind, outcome, path, path_rule, started_at, answered_at, ended_at \
        from calls where caller_id = $1 and (cast($2 as text) is null or id < $2) order by id desc limit $3) made \
    union all \
    select * from (select id, conversation_id, caller_id, callee_id, kind, outcome, path, path_rule, started_at, answered_at, ended_at \
        from calls where callee_id = $1 and (cast($2 as text) is null or id < $2) order by id desc limit $3) taken \
    ) own order by id desc limit $3";

const MISSED: &str = "select id, conversation_id, caller_id, callee_id, kind, outcome, path, path_rule, started_at, answered_at, ended_at \
    from calls where callee_id = $1 and answered_at is null and outcome <> 'declined' and (cast($2 as text) is null or id < $2) \
    order by id desc limit $3";

fn entry(row: &AnyRow) -> sqlx::Result<CallEntry> {
    let record = CallRecord {
        id: db::parsed(row, "id")?,
        kind: db::parsed(row, "kind")?,
        outcome: db::parsed(row, "outcome")?,
        caller_id: db::parsed(row, "caller_id")?,
        callee_id: db::parsed(row, "callee_id")?,
        path: db::optional(row, "path")?,
        started_at: db::millis(row, "started_at")?,
        answered_at: db::optional_millis(row, "answered_at")?,
        ended_at: db::millis(row, "ended_at")?,
    };
    Ok(CallEntry { record, conversation_id: db::parsed(row, "conversation_id")?, path_rule: row.try_get("path_rule")? })
}

/// Whether a user is or was in a call.
pub async fn was_in(db: &Db, id: CallId, user: UserId) -> sqlx::Result<bool> {
    let sql = "select id from calls where id = $1 and (caller_id = $2 or callee_id = $2) \
        union all select id from live_calls where id = $1 and (caller_id = $2 or callee_id = $2)";
    let row = sqlx::query(sql).bind(id.to_string()).bind(user.to_string()).fetch_optional(db.read()).await?;
    Ok(row.is_some())
}

/// So many calls ended in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub path: Option<Path>,
    pub outcome: Outcome,
    pub calls: u64,
}

/// The calls that have ended since a time, counted by path and outcome.
pub async fn ended_since(db: &Db, since: Millis) -> sqlx::Result<Vec<Ended>> {
    let sql =
        "select path, outcome, count(*) as calls from calls where ended_at >= $1 group by path, outcome order by path, outcome";
    let ended = |row: &AnyRow| {
        let calls = u64::try_from(row.try_get::<i64, _>("calls")?).unwrap_or(0);
        Ok(Ended { path: db::optional(row, "path")?, outcome: db::parsed(row, "outcome")?, calls })
    };
    sqlx::query(sql).bind(since.0).fetch_all(db.read()).await?.iter().map(ended).collect()
}

/// What the admin has set, or the default.
pub async fn policy(db: &Db) -> sqlx::Result<PathPolicy> {
    let sql = "select value from settings where name = $1";
    let Some(row) = sqlx::query(sql).bind(PATH_POLICY).fetch_optional(db.read()).await? else {
        return Ok(PathPolicy::default());
    };
    let decode = |source| sqlx::Error::ColumnDecode { index: "value".to_owned(), source: Box::new(source) };
    serde_json::from_str(&row.try_get::<String, _>("value")?).map_err(decode)
}

pub async fn set_policy(tx: &mut AnyConnection, policy: &PathPolicy, by: UserId, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into settings (name, value, updated_at, updated_by) values ($1, $2, $3, $4) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    let value = serde_json::to_string(policy).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let query = sqlx::query(sql).bind(PATH_POLICY).bind(value).bind(now.0).bind(by.to_string());
    query.execute(tx).await.map(drop)
}
