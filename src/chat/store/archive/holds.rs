//! Holds on conversations and on people.

use sqlx::{AnyConnection, Row as _, any::AnyRow};

use crate::{
    chat::archive::{holds::Target, model::Hold},
    clock::Millis,
    db::{self, Db},
    ids::{ConversationId, HoldId, UserId},
};

/// How many messages there are of what is to be held.
pub async fn count_messages(tx: &mut AnyConnection, target: Target) -> sqlx::Result<u64> {
    let query = match target {
        Target::Conversation(id) => {
            sqlx::query("select count(*) as messages from messages where conversation_id = $1").bind(id.to_string())
        }
        Target::Person(id) => sqlx::query(
            "select count(*) as messages from messages where conversation_id in \
            (select conversation_id from members where user_id = $1 union select conversation_id from past_members where user_id = $1)",
        )
        .bind(id.to_string()),
    };
    unsigned(&query.fetch_one(tx).await?, "messages")
}

pub async fn insert(tx: &mut AnyConnection, hold: &Hold) -> sqlx::Result<()> {
    let sql = "insert into conversation_holds (id, conversation_id, user_id, messages, reason, owner_id, placed_by, placed_at, until) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let query = sqlx::query(sql)
        .bind(hold.id.to_string())
        .bind(hold.conversation_id.map(|id| id.to_string()))
        .bind(hold.user_id.map(|id| id.to_string()))
        .bind(i64::try_from(hold.messages).unwrap_or(i64::MAX))
        .bind(&hold.reason)
        .bind(hold.owner_id.to_string())
        .bind(hold.placed_by.to_string())
        .bind(hold.placed_at.0)
        .bind(hold.until.map(|at| at.0));
    query.execute(tx).await.map(drop)
}

/// What it was on; `None` if there is no such hold, or it was released before.
pub async fn release(
    tx: &mut AnyConnection,
    id: HoldId,
    by: UserId,
    now: Millis,
) -> sqlx::Result<Option<(Option<ConversationId>, Option<UserId>)>> {
    let sql = "update conversation_holds set released_at = $2, released_by = $3 where id = $1 and released_at is null \
        returning conversation_id, user_id";
    let query = sqlx::query(sql).bind(id.to_string()).bind(now.0).bind(by.to_string());
    let row = query.fetch_optional(tx).await?;
    row.map(|row| Ok((db::optional(&row, "conversation_id")?, db::optional(&row, "user_id")?))).transpose()
}

const COLUMNS: &str = "h.id, h.conversation_id, h.user_id, h.messages, h.reason, h.owner_id, h.placed_by, h.placed_at, h.until, \
    h.released_at, h.released_by";

/// Those on a conversation and on those who are or were in it, the oldest first.
pub async fn of_conversation(db: &Db, id: ConversationId) -> sqlx::Result<Vec<Hold>> {
    let sql = format!(
        "select {COLUMNS} from conversation_holds h where h.conversation_id = $1 \
            or h.user_id in (select user_id from members where conversation_id = $1) \
            or h.user_id in (select user_id from past_members where conversation_id = $1) order by h.id"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string());
    query.fetch_all(db.read()).await?.iter().map(hold).collect()
}

/// All that were ever placed, the newest first.
pub async fn list(db: &Db, limit: u32) -> sqlx::Result<Vec<Hold>> {
    let sql = format!("select {COLUMNS} from conversation_holds h order by h.id desc limit $1");
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(hold).collect()
}

fn hold(row: &AnyRow) -> sqlx::Result<Hold> {
    Ok(Hold {
        id: db::parsed(row, "id")?,
        conversation_id: db::optional(row, "conversation_id")?,
        user_id: db::optional(row, "user_id")?,
        messages: unsigned(row, "messages")?,
        reason: row.try_get("reason")?,
        owner_id: db::parsed(row, "owner_id")?,
        placed_by: db::parsed(row, "placed_by")?,
        placed_at: db::millis(row, "placed_at")?,
        until: db::optional_millis(row, "until")?,
        released_at: db::optional_millis(row, "released_at")?,
        released_by: db::optional(row, "released_by")?,
    })
}

fn unsigned(row: &AnyRow, column: &str) -> sqlx::Result<u64> {
    row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or(0))
}
