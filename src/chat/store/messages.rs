//! Messages, what they said before, and whom they name.

use serde::{Serialize, de::DeserializeOwned};
use sqlx::{AnyConnection, AnyExecutor, Row, any::AnyRow};

use crate::{
    chat::{Message, MessageContent, MessageVersion, Quote, QuotedAttachment},
    clock::Millis,
    db::{self, Db},
    events::EventId,
    files::Attachment,
    ids::{ConversationId, MessageId, UserId},
};

/// The columns of a [`Message`], from `messages m left join messages q on q.id = m.reply_to_id`.
macro_rules! message_columns {
    () => {
        concat!(
            "m.id, m.conversation_id, m.seq, m.sender_id, m.client_key, m.kind, m.text, m.attachments, m.mentions, m.created_at, \
             m.edited_at, m.deleted_at, ",
            quote_columns!("q")
        )
    };
}
pub(super) use message_columns;

/// The columns of a [`Quote`], from `messages` under a short name.
macro_rules! quote_columns {
    ($m:literal) => {
        concat!(
            $m,
            ".id as ",
            $m,
            "_id, ",
            $m,
            ".seq as ",
            $m,
            "_seq, ",
            $m,
            ".sender_id as ",
            $m,
            "_sender_id, ",
            "substr(",
            $m,
            ".text, 1, 200) as ",
            $m,
            "_text, ",
            $m,
            ".attachments as ",
            $m,
            "_attachments, ",
            $m,
            ".deleted_at as ",
            $m,
            "_deleted_at"
        )
    };
}
pub(super) use quote_columns;

macro_rules! message_tables {
    () => {
        " from messages m left join messages q on q.id = m.reply_to_id "
    };
}

/// False if the sender has used the client key already. Without what hangs on it.
pub async fn insert(tx: &mut AnyConnection, message: &Message) -> sqlx::Result<bool> {
    let sql = "insert into messages (id, conversation_id, seq, sender_id, client_key, kind, text, call_id, created_at, reply_to_id, counts) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (sender_id, client_key) do nothing";
    // A call that has ended never changes again, so its entry holds it whole.
    let (kind, text, call, reply_to) = match &message.content {
        MessageContent::Text { text, reply_to, .. } => {
            ("text", text.clone(), None, reply_to.as_ref().map(|quote| quote.message_id))
        }
        MessageContent::Deleted { .. } => ("text", String::new(), None, None),
        MessageContent::Notice { notice } => ("notice", json(notice)?, None, None),
        MessageContent::Call { call } => ("call", json(call)?, Some(call.id.to_string()), None),
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
        .bind(reply_to.map(|id| id.to_string()))
        .bind(i64::from(message.content.counts()))
        .execute(tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_attachments(tx: &mut AnyConnection, id: MessageId, attachments: &[Attachment]) -> sqlx::Result<()> {
    let query = sqlx::query("update messages set attachments = $2 where id = $1").bind(id.to_string());
    query.bind(json(&attachments)?).execute(tx).await.map(drop)
}

/// Whom the text names now, in place of those whom it named before.
pub async fn set_mentions(tx: &mut AnyConnection, message: &Message, mentions: &[UserId]) -> sqlx::Result<()> {
    let id = message.id.to_string();
    sqlx::query("delete from mentions where message_id = $1").bind(&id).execute(&mut *tx).await?;
    let list = if mentions.is_empty() { None } else { Some(json(&mentions)?) };
    sqlx::query("update messages set mentions = $2 where id = $1").bind(&id).bind(&list).execute(&mut *tx).await?;
    let Some(list) = list else { return Ok(()) };
    // One statement even for a thousand: those members whose id is in the list.
    let sql = "insert into mentions (message_id, user_id, conversation_id, seq) \
        select $1, user_id, conversation_id, $3 from members where conversation_id = $2 and $4 like '%' || user_id || '%'";
    let query = sqlx::query(sql).bind(&id).bind(message.conversation_id.to_string()).bind(message.seq.0).bind(list);
    query.execute(tx).await.map(drop)
}

pub async fn set_text(tx: &mut AnyConnection, id: MessageId, text: &str, now: Millis) -> sqlx::Result<()> {
    let query = sqlx::query("update messages set text = $2, edited_at = $3 where id = $1").bind(id.to_string());
    query.bind(text).bind(now.0).execute(tx).await.map(drop)
}

/// Empties it. What hung on it stays with it in the table of attachments.
pub async fn set_deleted(tx: &mut AnyConnection, id: MessageId, now: Millis) -> sqlx::Result<()> {
    let id = id.to_string();
    sqlx::query("delete from mentions where message_id = $1").bind(&id).execute(&mut *tx).await?;
    let sql = "update messages set text = '', attachments = null, mentions = null, deleted_at = $2, counts = 0 where id = $1";
    sqlx::query(sql).bind(&id).bind(now.0).execute(tx).await.map(drop)
}

pub async fn insert_version(tx: &mut AnyConnection, id: MessageId, text: &str, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into message_versions (message_id, version, text, replaced_at) \
        values ($1, (select count(*) + 1 from message_versions where message_id = $1), $2, $3)";
    sqlx::query(sql).bind(id.to_string()).bind(text).bind(now.0).execute(tx).await.map(drop)
}

/// Oldest first.
pub async fn versions(db: &Db, id: MessageId) -> sqlx::Result<Vec<MessageVersion>> {
    let sql = "select text, replaced_at from message_versions where message_id = $1 order by version";
    let rows = sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?;
    rows.iter()
        .map(|row| Ok(MessageVersion { text: row.try_get("text")?, replaced_at: db::millis(row, "replaced_at")? }))
        .collect()
}

pub async fn by_client_key(tx: &mut AnyConnection, sender: UserId, key: &str) -> sqlx::Result<Option<Message>> {
    let sql = concat!("select ", message_columns!(), message_tables!(), "where m.sender_id = $1 and m.client_key = $2");
    sqlx::query(sql).bind(sender.to_string()).bind(key).fetch_optional(tx).await?.as_ref().map(message).transpose()
}

pub async fn by_id(executor: impl AnyExecutor<'_>, id: MessageId) -> sqlx::Result<Option<Message>> {
    let sql = concat!("select ", message_columns!(), message_tables!(), "where m.id = $1");
    sqlx::query(sql).bind(id.to_string()).fetch_optional(executor).await?.as_ref().map(message).transpose()
}

/// As a member of its conversation sees it.
pub async fn of_member(executor: impl AnyExecutor<'_>, id: MessageId, reader: UserId) -> sqlx::Result<Option<Message>> {
    let sql = concat!(
        "select ",
        message_columns!(),
        message_tables!(),
        "join members me on me.conversation_id = m.conversation_id where m.id = $1 and me.user_id = $2"
    );
    let row = sqlx::query(sql).bind(id.to_string()).bind(reader.to_string()).fetch_optional(executor).await?;
    row.as_ref().map(message).transpose()
}

/// The text of a conversation that a reply quotes; `None` also for calls and notices.
pub async fn quote_of(tx: &mut AnyConnection, conversation: ConversationId, id: MessageId) -> sqlx::Result<Option<Quote>> {
    let sql = concat!(
        "select ",
        quote_columns!("q"),
        " from messages q where q.id = $1 and q.conversation_id = $2 and q.kind = 'text'"
    );
    let row = sqlx::query(sql).bind(id.to_string()).bind(conversation.to_string()).fetch_optional(tx).await?;
    row.as_ref().map_or(Ok(None), |row| quote(row, "q"))
}

/// Which stretch of a conversation: so many before a place, so many after another.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub before: EventId,
    pub older: u32,
    pub after: EventId,
    pub newer: u32,
}

/// Oldest first.
pub async fn stretch(db: &Db, conversation: ConversationId, wanted: Stretch) -> sqlx::Result<Vec<Message>> {
    let sql = concat!(
        "select ",
        message_columns!(),
        " from (select seq from (select seq from messages where conversation_id = $1 and seq < $2 order by seq desc limit $3) as older \
          union all \
          select seq from (select seq from messages where conversation_id = $1 and seq > $4 order by seq limit $5) as newer) as place \
          join messages m on m.conversation_id = $1 and m.seq = place.seq left join messages q on q.id = m.reply_to_id \
          order by m.seq"
    );
    let query = sqlx::query(sql)
        .bind(conversation.to_string())
        .bind(wanted.before.0)
        .bind(i64::from(wanted.older))
        .bind(wanted.after.0)
        .bind(i64::from(wanted.newer));
    query.fetch_all(db.read()).await?.iter().map(message).collect()
}

pub(super) fn message(row: &AnyRow) -> sqlx::Result<Message> {
    Ok(Message {
        id: db::parsed(row, "id")?,
        conversation_id: db::parsed(row, "conversation_id")?,
        seq: EventId(row.try_get("seq")?),
        sender_id: db::parsed(row, "sender_id")?,
        client_key: row.try_get("client_key")?,
        created_at: db::millis(row, "created_at")?,
        content: content(row)?,
    })
}

fn content(row: &AnyRow) -> sqlx::Result<MessageContent> {
    if let Some(deleted_at) = db::optional_millis(row, "deleted_at")? {
        return Ok(MessageContent::Deleted { deleted_at });
    }
    let text: String = row.try_get("text")?;
    Ok(match row.try_get::<String, _>("kind")?.as_str() {
        "call" => MessageContent::Call { call: of_json(&text)? },
        "notice" => MessageContent::Notice { notice: of_json(&text)? },
        _ => MessageContent::Text {
            text,
            edited_at: db::optional_millis(row, "edited_at")?,
            reply_to: quote(row, "q")?.map(Box::new),
            attachments: list(row, "attachments")?,
            mentions: list(row, "mentions")?,
        },
    })
}

/// From the columns that [`quote_columns`] names, if there is a row.
pub(super) fn quote(row: &AnyRow, name: &str) -> sqlx::Result<Option<Quote>> {
    let column = |column: &str| format!("{name}_{column}");
    let Some(message_id) = db::optional(row, &column("id"))? else { return Ok(None) };
    let mut attachments: Vec<Attachment> = list(row, &column("attachments"))?;
    let more = u32::try_from(attachments.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let first = if attachments.is_empty() { None } else { Some(attachments.swap_remove(0)) };
    Ok(Some(Quote {
        message_id,
        seq: EventId(row.try_get(column("seq").as_str())?),
        sender_id: db::parsed(row, &column("sender_id"))?,
        text: row.try_get(column("text").as_str())?,
        attachment: first.map(|attachment| QuotedAttachment { attachment, more }),
        deleted: db::optional_millis(row, &column("deleted_at"))?.is_some(),
    }))
}

fn list<T: DeserializeOwned>(row: &AnyRow, column: &str) -> sqlx::Result<Vec<T>> {
    row.try_get::<Option<String>, _>(column)?.map_or_else(|| Ok(Vec::new()), |text| of_json(&text))
}

fn of_json<T: DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn json<T: Serialize>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}
