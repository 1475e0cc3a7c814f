//! The SQL of conversations and messages.

use std::collections::HashMap;

use sqlx::{AnyConnection, AnyExecutor, Row, any::AnyRow};

use super::{Conversation, Member, Message, MessageContent};
use crate::{
    db::{self, Db},
    events::EventId,
    ids::{ConversationId, UserId},
};

macro_rules! message_columns {
    () => {
        "m.id, m.conversation_id, m.seq, m.sender_id, m.client_key, m.kind, m.text, m.created_at"
    };
}

/// With its members. False if a direct conversation of these two is there already.
pub async fn insert(tx: &mut AnyConnection, conversation: &Conversation, direct_key: Option<&str>) -> sqlx::Result<bool> {
    let sql = "insert into conversations (id, kind, direct_key, created_at) values ($1, $2, $3, $4) on conflict (direct_key) do nothing";
    let kind = match conversation.kind {
        super::ConversationKind::Direct => "direct",
        super::ConversationKind::Group => "group",
    };
    let id = conversation.id.to_string();
    let query = sqlx::query(sql).bind(&id).bind(kind).bind(direct_key).bind(conversation.created_at.0);
    if query.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    for member in &conversation.members {
        let sql = "insert into members (conversation_id, user_id, joined_at) values ($1, $2, $3)";
        let query = sqlx::query(sql).bind(&id).bind(member.user_id.to_string()).bind(conversation.created_at.0);
        query.execute(&mut *tx).await?;
    }
    Ok(true)
}

pub async fn by_direct_key(db: &Db, key: &str) -> sqlx::Result<Option<Conversation>> {
    let sql = concat!(
        "select c.id as c_id, c.kind as c_kind, c.created_at as c_created_at, ",
        message_columns!(),
        " from conversations c left join messages m on m.conversation_id = c.id \
          and m.seq = (select max(seq) from messages where conversation_id = c.id) where c.direct_key = $1"
    );
    let Some(row) = sqlx::query(sql).bind(key).fetch_optional(db.read()).await? else { return Ok(None) };
    let mut conversation = conversation(&row)?;
    let sql = "select user_id, owner, read_seq from members where conversation_id = $1 order by user_id";
    let members = sqlx::query(sql).bind(conversation.id.to_string()).fetch_all(db.read()).await?;
    conversation.members = members.iter().map(member).collect::<sqlx::Result<_>>()?;
    Ok(Some(conversation))
}

/// The conversations of a user, those with the newest message first.
pub async fn of_user(db: &Db, user: UserId) -> sqlx::Result<Vec<Conversation>> {
    let sql = concat!(
        "select c.id as c_id, c.kind as c_kind, c.created_at as c_created_at, ",
        message_columns!(),
        " from members me join conversations c on c.id = me.conversation_id \
          left join messages m on m.conversation_id = c.id \
          and m.seq = (select max(seq) from messages where conversation_id = c.id) \
          where me.user_id = $1 order by coalesce(m.created_at, c.created_at) desc, c.id"
    );
    let rows = sqlx::query(sql).bind(user.to_string()).fetch_all(db.read()).await?;
    let mut conversations = rows.iter().map(conversation).collect::<sqlx::Result<Vec<_>>>()?;
    let mut members = members_beside(db, user).await?;
    for conversation in &mut conversations {
        conversation.members = members.remove(&conversation.id).unwrap_or_default();
    }
    Ok(conversations)
}

/// The members of every conversation of a user.
async fn members_beside(db: &Db, user: UserId) -> sqlx::Result<HashMap<ConversationId, Vec<Member>>> {
    let sql = "select conversation_id, user_id, owner, read_seq from members \
        where conversation_id in (select conversation_id from members where user_id = $1) order by user_id";
    let mut members: HashMap<_, Vec<_>> = HashMap::new();
    for row in sqlx::query(sql).bind(user.to_string()).fetch_all(db.read()).await? {
        members.entry(db::parsed(&row, "conversation_id")?).or_default().push(member(&row)?);
    }
    Ok(members)
}

pub async fn is_member(executor: impl AnyExecutor<'_>, conversation: ConversationId, user: UserId) -> sqlx::Result<bool> {
    let sql = "select user_id from members where conversation_id = $1 and user_id = $2";
    let row = sqlx::query(sql).bind(conversation.to_string()).bind(user.to_string()).fetch_optional(executor).await?;
    Ok(row.is_some())
}

/// False if the sender has used the client key already.
pub async fn insert_message(tx: &mut AnyConnection, message: &Message) -> sqlx::Result<bool> {
    let sql = "insert into messages (id, conversation_id, seq, sender_id, client_key, kind, text, call_id, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (sender_id, client_key) do nothing";
    // A call that has ended never changes again, so its entry holds it whole.
    let (kind, text, call) = match &message.content {
        MessageContent::Text { text, .. } => ("text", text.clone(), None),
        MessageContent::Deleted { .. } => ("text", String::new(), None),
        MessageContent::Notice { notice } => {
            ("notice", serde_json::to_string(notice).map_err(|e| sqlx::Error::Encode(e.into()))?, None)
        }
        MessageContent::Call { call } => {
            ("call", serde_json::to_string(call).map_err(|e| sqlx::Error::Encode(e.into()))?, Some(call.id.to_string()))
        }
    };
    let done = sqlx::query(sql)
        .bind(message.id.to_string())
        .bind(message.conversation_id.to_string())
        .bind(message.seq.0)
        .bind(message.sender_id.to_string())
        .bind(&message.client_key)
        .bind(kind)
        .bind(text)
        .bind(call)
        .bind(message.created_at.0)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn by_client_key(executor: impl AnyExecutor<'_>, sender: UserId, key: &str) -> sqlx::Result<Option<Message>> {
    let sql = concat!("select ", message_columns!(), " from messages m where m.sender_id = $1 and m.client_key = $2");
    let row = sqlx::query(sql).bind(sender.to_string()).bind(key).fetch_optional(executor).await?;
    row.as_ref().map(message).transpose()
}

/// Newest first.
pub async fn messages_before(db: &Db, conversation: ConversationId, before: EventId, limit: u32) -> sqlx::Result<Vec<Message>> {
    let sql = concat!(
        "select ",
        message_columns!(),
        " from messages m where m.conversation_id = $1 and m.seq < $2 order by m.seq desc limit $3"
    );
    let query = sqlx::query(sql).bind(conversation.to_string()).bind(before.0).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(message).collect()
}

/// Without its members.
fn conversation(row: &AnyRow) -> sqlx::Result<Conversation> {
    let has_message = row.try_get::<Option<String>, _>("id")?.is_some();
    Ok(Conversation {
        id: db::parsed(row, "c_id")?,
        kind: db::word(row, "c_kind")?,
        name: None,
        picture: None,
        members: Vec::new(),
        created_at: db::millis(row, "c_created_at")?,
        last_message: if has_message { Some(message(row)?) } else { None },
    })
}

fn member(row: &AnyRow) -> sqlx::Result<Member> {
    Ok(Member {
        user_id: db::parsed(row, "user_id")?,
        owner: row.try_get::<i64, _>("owner")? != 0,
        read_seq: EventId(row.try_get("read_seq")?),
    })
}

fn message(row: &AnyRow) -> sqlx::Result<Message> {
    let text: String = row.try_get("text")?;
    let content = match row.try_get::<String, _>("kind")?.as_str() {
        "call" => MessageContent::Call { call: serde_json::from_str(&text).map_err(|e| sqlx::Error::Decode(e.into()))? },
        _ => MessageContent::Text { text, edited_at: None, reply_to: None, attachments: Vec::new(), mentions: Vec::new() },
    };
    Ok(Message {
        id: db::parsed(row, "id")?,
        conversation_id: db::parsed(row, "conversation_id")?,
        seq: EventId(row.try_get("seq")?),
        sender_id: db::parsed(row, "sender_id")?,
        client_key: row.try_get("client_key")?,
        created_at: db::millis(row, "created_at")?,
        content,
    })
}
