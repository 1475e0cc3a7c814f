//! The event stream's SQL.

use sqlx::Row as _;

use super::{Audience, Event, EventId, StoredEvent};
use crate::{
    clock::Millis,
    db::{self, Db, Tx},
    ids::{ConversationId, UserId},
};

/// An event as it is kept: the payload stays text, because sockets only pass it on.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: EventId,
    pub audience: Audience,
    pub payload: String,
}

impl Row {
    pub fn decode(&self) -> sqlx::Result<StoredEvent> {
        let event = serde_json::from_str(&self.payload).map_err(|e| sqlx::Error::Decode(e.into()))?;
        Ok(StoredEvent { id: self.id, event })
    }

    /// A whole `ServerFrame::Event`, made without parsing the payload; a test compares it with the type's own.
    #[must_use]
    pub fn frame(&self) -> String {
        let fields = self.payload.strip_prefix('{').unwrap_or(&self.payload);
        format!(r#"{{"type":"event","event":{{"id":{},{fields}}}"#, self.id.0)
    }
}

/// Which part of the stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest event that is kept, or the next to come if none is.
    pub first_kept: EventId,
    pub last: EventId,
}

/// Takes the next id and, with it, the lock that orders all writers until the end of the transaction.
pub async fn next_id(tx: &mut Tx) -> sqlx::Result<EventId> {
    let row = sqlx::query("update event_counter set last = last + 1 where id = 1 returning last").fetch_one(&mut **tx).await?;
    row.try_get("last").map(EventId)
}

/// The lock alone.
pub async fn lock(tx: &mut Tx) -> sqlx::Result<()> {
    sqlx::query("update event_counter set last = last where id = 1").execute(&mut **tx).await.map(drop)
}

/// Tells something else in place of what was told: for what is erased.
pub async fn replace(db: &Db, id: EventId, event: &Event) -> sqlx::Result<()> {
    let payload = serde_json::to_string(event).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let mut tx = db.begin().await?;
    sqlx::query("update events set payload = $2 where id = $1").bind(id.0).bind(payload).execute(&mut *tx).await?;
    tx.commit().await
}

pub async fn insert(tx: &mut Tx, id: EventId, audience: Audience, event: &Event, now: Millis) -> sqlx::Result<()> {
    let payload = serde_json::to_string(event).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let (user, conversation) = match audience {
        Audience::Everybody => (None, None),
        Audience::User(user) => (Some(user.to_string()), None),
        Audience::Conversation(conversation) => (None, Some(conversation.to_string())),
    };
    sqlx::query("insert into events (id, user_id, conversation_id, payload, created_at) values ($1, $2, $3, $4, $5)")
        .bind(id.0)
        .bind(user)
        .bind(conversation)
        .bind(payload)
        .bind(now.0)
        .execute(&mut **tx)
        .await
        .map(drop)
}

pub async fn bounds(db: &Db) -> sqlx::Result<Bounds> {
    // `last` is read in the same statement as `first`: one snapshot.
    let sql = "select last, (select min(id) from events) as first from event_counter where id = 1";
    let row = sqlx::query(sql).fetch_one(db.read()).await?;
    let last: i64 = row.try_get("last")?;
    let first: Option<i64> = row.try_get("first")?;
    Ok(Bounds { first_kept: EventId(first.unwrap_or(last + 1)), last: EventId(last) })
}

/// Everything after `after`, whoever may see it: for the publisher and for notices.
pub async fn all(db: &Db, after: EventId, limit: u32) -> sqlx::Result<Vec<Row>> {
    let sql = "select id, user_id, conversation_id, payload from events where id > $1 order by id limit $2";
    let rows = sqlx::query(sql).bind(after.0).bind(i64::from(limit)).fetch_all(db.read()).await?;
    rows.iter().map(row).collect()
}

/// What one user may see in `(after, until]`.
pub async fn visible(db: &Db, user: UserId, after: EventId, until: EventId, limit: u32) -> sqlx::Result<Vec<Row>> {
    let sql = "select id, user_id, conversation_id, payload from events \
        where id > $1 and id <= $2 and (user_id = $3 or (user_id is null and conversation_id is null) \
            or exists (select 1 from members m where m.user_id = $3 and m.conversation_id = events.conversation_id \
                and m.joined_seq <= events.id)) \
        order by id limit $4";
    let query = sqlx::query(sql).bind(after.0).bind(until.0).bind(user.to_string()).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(row).collect()
}

/// The members of a conversation, each with the first event that they may see of it.
pub async fn members(db: &Db, conversation: ConversationId) -> sqlx::Result<Vec<(UserId, EventId)>> {
    let sql = "select user_id, joined_seq from members where conversation_id = $1";
    let rows = sqlx::query(sql).bind(conversation.to_string()).fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((db::parsed(row, "user_id")?, EventId(row.try_get("joined_seq")?)))).collect()
}

/// Deletes what is older than `before`, and always from the old end, so that what is kept has no holes even if the clock went back.
/// The newest event stays: it tells where the kept part begins.
pub async fn delete_older(db: &Db, before: Millis) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let sql = "delete from events where id < coalesce((select min(id) from events where created_at >= $1), \
        (select last from event_counter where id = 1))";
    let done = sqlx::query(sql).bind(before.0).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}

fn row(row: &sqlx::any::AnyRow) -> sqlx::Result<Row> {
    let audience = if row.try_get::<Option<String>, _>("user_id")?.is_some() {
        Audience::User(db::parsed(row, "user_id")?)
    } else if row.try_get::<Option<String>, _>("conversation_id")?.is_some() {
        Audience::Conversation(db::parsed(row, "conversation_id")?)
    } else {
        Audience::Everybody
    };
    Ok(Row { id: EventId(row.try_get("id")?), audience, payload: row.try_get("payload")? })
}
