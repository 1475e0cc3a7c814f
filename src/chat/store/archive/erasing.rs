//! The oldest messages of a conversation, and everything that is only theirs.

use std::collections::HashMap;

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::{
    clock::Millis,
    db::{self, Db, Engine},
    events::EventId,
    ids::{AttachmentId, ConversationId},
};

/// What was deleted.
#[derive(Clone, Debug, Default)]
pub struct Gone {
    pub messages: u64,
    /// Whose bytes are to go next.
    pub files: Vec<AttachmentId>,
}

/// The newest of the oldest `limit` messages that have only messages from before `before` in front of them.
///
/// By place and not by time: if the clock went back once, what was written after that keeps what stands before it.
pub async fn last_before(
    tx: &mut AnyConnection,
    id: ConversationId,
    before: Millis,
    limit: u32,
) -> sqlx::Result<Option<EventId>> {
    let sql = "select max(seq) as up_to from (select seq from messages where conversation_id = $1 \
        and seq < coalesce((select seq from messages where conversation_id = $1 and created_at >= $2 order by seq limit 1), $3) \
        order by seq limit $4) as oldest";
    let query = sqlx::query(sql).bind(id.to_string()).bind(before.0).bind(i64::MAX).bind(i64::from(limit));
    let row = query.fetch_one(tx).await?;
    Ok(row.try_get::<Option<i64>, _>("up_to")?.map(EventId))
}

/// What hangs on the messages that go, in an order that no reference is in the way of.
const BEFORE: &[&str] = &[
    "delete from message_versions where message_id in (select id from messages where conversation_id = $1 and seq <= $2)",
    "delete from mentions where message_id in (select id from messages where conversation_id = $1 and seq <= $2)",
    "update messages set reply_to_id = null \
        where reply_to_id in (select id from messages where conversation_id = $1 and seq <= $2)",
    "update drafts set reply_to_id = null where reply_to_id in (select id from messages where conversation_id = $1 and seq <= $2)",
];

/// All messages up to a place, with their versions, files, mentions, search words and the quotes of them.
pub async fn erase(tx: &mut AnyConnection, engine: Engine, id: ConversationId, up_to: EventId) -> sqlx::Result<Gone> {
    let sql = "delete from attachments where message_id in (select id from messages where conversation_id = $1 and seq <= $2) \
        returning id";
    let files = sqlx::query(sql).bind(id.to_string()).bind(up_to.0).fetch_all(&mut *tx).await?;
    let files = files.iter().map(|row| db::parsed(row, "id")).collect::<sqlx::Result<_>>()?;
    let words = match engine {
        Engine::Sqlite => {
            "delete from message_words where rowid in (select seq from messages where conversation_id = $1 and seq <= $2)"
        }
        Engine::Postgres => {
            "delete from message_words where seq in (select seq from messages where conversation_id = $1 and seq <= $2)"
        }
    };
    for sql in BEFORE.iter().chain([&words]) {
        sqlx::query(AssertSqlSafe(*sql)).bind(id.to_string()).bind(up_to.0).execute(&mut *tx).await?;
    }
    let sql = "delete from messages where conversation_id = $1 and seq <= $2";
    let messages = sqlx::query(sql).bind(id.to_string()).bind(up_to.0).execute(&mut *tx).await?.rows_affected();
    let sql = "update conversations set erased_seq = $2 where id = $1";
    sqlx::query(sql).bind(id.to_string()).bind(up_to.0).execute(tx).await?;
    Ok(Gone { messages, files })
}

/// Up to where each conversation is erased, of those of which something is.
pub async fn erased(db: &Db) -> sqlx::Result<HashMap<ConversationId, EventId>> {
    let rows = sqlx::query("select id, erased_seq from conversations where erased_seq > 0").fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((db::parsed(row, "id")?, EventId(row.try_get("erased_seq")?)))).collect()
}
