//! The audit log's SQL: inserts and selects, nothing else.

use serde_json::Value;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{Entry, Target};
use crate::{
    db::{self, Db},
    ids::{AuditId, UserId},
};

/// Which entries are wanted; what is unset does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Older than this one.
    pub before: Option<AuditId>,
    pub actor_id: Option<UserId>,
    /// The action's word in JSON.
    pub action: Option<String>,
}

pub async fn insert(tx: &mut AnyConnection, entry: &Entry) -> sqlx::Result<()> {
    let (action, details) = parts(entry)?;
    let (kind, target) = entry.action.target().map(named).unzip();
    let sql = "insert into audit_entries (id, at, actor_id, action, target_kind, target_id, details) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(sql)
        .bind(entry.id.to_string())
        .bind(entry.at.0)
        .bind(entry.actor_id.map(|id| id.to_string()))
        .bind(action)
        .bind(kind)
        .bind(target)
        .bind(details)
        .execute(tx)
        .await
        .map(drop)
}

/// The newest first.
pub async fn list(db: &Db, filter: &Filter, limit: u32) -> sqlx::Result<Vec<Entry>> {
    // The casts tell PostgreSQL what an unset parameter would be.
    let sql = "select id, at, actor_id, action, details from audit_entries \
        where (cast($1 as text) is null or id < $1) and (cast($2 as text) is null or actor_id = $2) \
        and (cast($3 as text) is null or action = $3) order by id desc limit $4";
    let query = sqlx::query(sql)
        .bind(filter.before.map(|id| id.to_string()))
        .bind(filter.actor_id.map(|id| id.to_string()))
        .bind(filter.action.as_deref())
        .bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(entry).collect()
}

/// Who did what to something, the newest first.
pub async fn of(db: &Db, target: Target, limit: u32) -> sqlx::Result<Vec<Entry>> {
    let (kind, id) = named(target);
    let sql = "select id, at, actor_id, action, details from audit_entries where target_kind = $1 and target_id = $2 \
        order by id desc limit $3";
    let query = sqlx::query(sql).bind(kind).bind(id).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(entry).collect()
}

/// As it is kept.
fn named(target: Target) -> (&'static str, String) {
    match target {
        Target::User(id) => ("user", id.to_string()),
        Target::Message(id) => ("message", id.to_string()),
        Target::Recording(id) => ("recording", id.to_string()),
        Target::Conversation(id) => ("conversation", id.to_string()),
    }
}

/// The action's word, and its fields as JSON.
fn parts(entry: &Entry) -> sqlx::Result<(String, String)> {
    let mut value = serde_json::to_value(&entry.action).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let word = value.as_object_mut().and_then(|fields| fields.remove("action"));
    let word = word.and_then(|word| word.as_str().map(str::to_owned)).ok_or_else(|| sqlx::Error::Encode("no action".into()))?;
    Ok((word, value.to_string()))
}

fn entry(row: &AnyRow) -> sqlx::Result<Entry> {
    let decode = |e: serde_json::Error| sqlx::Error::Decode(e.into());
    let mut fields: serde_json::Map<String, Value> =
        serde_json::from_str(&row.try_get::<String, _>("details")?).map_err(decode)?;
    fields.insert("action".to_owned(), Value::String(row.try_get("action")?));
    Ok(Entry {
        id: db::parsed(row, "id")?,
        at: db::millis(row, "at")?,
        actor_id: db::optional(row, "actor_id")?,
        action: serde_json::from_value(Value::Object(fields)).map_err(decode)?,
    })
}
