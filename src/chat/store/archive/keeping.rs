//! What decides how long messages are kept: the policy, who is in a conversation, what holds it.

use std::collections::HashMap;

use sqlx::{AnyConnection, AnyExecutor, any::AnyRow};

use crate::{
    chat::archive::{
        holds::Target,
        policy::{ChatRetention, Participant},
    },
    clock::Millis,
    compliance::store::{set_setting, setting},
    db::{self, Db},
    ids::{ConversationId, UserId},
};

const CHAT_RETENTION: &str = "chat_retention";

/// What the admin has set, or the default: for ever.
pub async fn policy(executor: impl AnyExecutor<'_>) -> sqlx::Result<ChatRetention> {
    Ok(setting(executor, CHAT_RETENTION).await?.unwrap_or_default())
}

pub async fn set_policy(tx: &mut AnyConnection, policy: &ChatRetention, by: UserId, now: Millis) -> sqlx::Result<()> {
    set_setting(tx, CHAT_RETENTION, policy, Some(by), now).await
}

/// Who is and who was in a conversation.
pub async fn people(executor: impl AnyExecutor<'_>, id: ConversationId) -> sqlx::Result<Vec<Participant>> {
    let sql = "select u.id, u.role from members m join users u on u.id = m.user_id where m.conversation_id = $1 \
        union select u.id, u.role from past_members p join users u on u.id = p.user_id where p.conversation_id = $1";
    sqlx::query(sql).bind(id.to_string()).fetch_all(executor).await?.iter().map(participant).collect()
}

/// Likewise, of all conversations.
pub async fn everybody(db: &Db) -> sqlx::Result<HashMap<ConversationId, Vec<Participant>>> {
    let sql = "select m.conversation_id, u.id, u.role from members m join users u on u.id = m.user_id \
        union select p.conversation_id, u.id, u.role from past_members p join users u on u.id = p.user_id";
    let mut people: HashMap<_, Vec<_>> = HashMap::new();
    for row in sqlx::query(sql).fetch_all(db.read()).await? {
        people.entry(db::parsed(&row, "conversation_id")?).or_default().push(participant(&row)?);
    }
    Ok(people)
}

fn participant(row: &AnyRow) -> sqlx::Result<Participant> {
    Ok(Participant { user_id: db::parsed(row, "id")?, role: db::parsed(row, "role")? })
}

/// Conversations whose oldest message is older than this, with its time.
pub async fn begun_before(db: &Db, before: Millis) -> sqlx::Result<Vec<(ConversationId, Millis)>> {
    let sql = "select c.id, m.created_at from conversations c join messages m on m.conversation_id = c.id \
        and m.seq = (select min(seq) from messages where conversation_id = c.id) where m.created_at < $1 order by c.id";
    let rows = sqlx::query(sql).bind(before.0).fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((db::parsed(row, "id")?, db::millis(row, "created_at")?))).collect()
}

/// Whether a hold on it, or on somebody who is or was in it, lasts.
pub async fn is_held(executor: impl AnyExecutor<'_>, id: ConversationId, now: Millis) -> sqlx::Result<bool> {
    let sql = "select h.id from conversation_holds h where h.released_at is null and (h.until is null or h.until > $2) \
        and (h.conversation_id = $1 \
            or h.user_id in (select user_id from members where conversation_id = $1) \
            or h.user_id in (select user_id from past_members where conversation_id = $1)) limit 1";
    Ok(sqlx::query(sql).bind(id.to_string()).bind(now.0).fetch_optional(executor).await?.is_some())
}

/// Whether there is such a thing to hold.
pub async fn exists(tx: &mut AnyConnection, target: Target) -> sqlx::Result<bool> {
    let query = match target {
        Target::Conversation(id) => sqlx::query("select id from conversations where id = $1").bind(id.to_string()),
        Target::Person(id) => sqlx::query("select id from users where id = $1").bind(id.to_string()),
    };
    Ok(query.fetch_optional(tx).await?.is_some())
}
