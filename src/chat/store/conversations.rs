//! Conversations: one, and all of a user.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row, any::AnyRow};

use super::messages::{message, message_columns, quote, quote_columns};
use crate::{
    chat::{Conversation, ConversationKind, Draft, ListedConversation, Member, NamedConversation},
    db::{self, Db},
    events::EventId,
    ids::{ConversationId, PictureId, UserId},
};

macro_rules! conversation_columns {
    () => {
        "c.id as c_id, c.kind as c_kind, c.name as c_name, c.picture_id as c_picture_id, c.created_at as c_created_at"
    };
}

/// The newest message of `c` as `m`, with what it quotes.
macro_rules! newest_message {
    () => {
        " left join messages m on m.conversation_id = c.id and m.seq = (select max(seq) from messages where conversation_id = c.id) \
          left join messages q on q.id = m.reply_to_id"
    };
}

/// With its members. False if a direct conversation of these two is there already.
pub async fn insert(tx: &mut AnyConnection, conversation: &Conversation, direct_key: Option<&str>) -> sqlx::Result<bool> {
    let sql = "insert into conversations (id, kind, direct_key, name, created_at) values ($1, $2, $3, $4, $5) \
        on conflict (direct_key) do nothing";
    let kind = match conversation.kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group => "group",
    };
    let query = sqlx::query(sql)
        .bind(conversation.id.to_string())
        .bind(kind)
        .bind(direct_key)
        .bind(conversation.name.as_deref())
        .bind(conversation.created_at.0);
    if query.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    for member in &conversation.members {
        super::members::insert(tx, conversation.id, member, EventId(0), conversation.created_at).await?;
    }
    Ok(true)
}

pub async fn set_name(tx: &mut AnyConnection, id: ConversationId, name: &str) -> sqlx::Result<()> {
    sqlx::query("update conversations set name = $2 where id = $1").bind(id.to_string()).bind(name).execute(tx).await.map(drop)
}

pub async fn set_picture(tx: &mut AnyConnection, id: ConversationId, picture: Option<PictureId>) -> sqlx::Result<()> {
    let query = sqlx::query("update conversations set picture_id = $2 where id = $1").bind(id.to_string());
    query.bind(picture.map(|id| id.to_string())).execute(tx).await.map(drop)
}

pub async fn by_id(connection: &mut AnyConnection, id: ConversationId) -> sqlx::Result<Option<Conversation>> {
    let sql = concat!(
        "select ",
        conversation_columns!(),
        ", ",
        message_columns!(),
        " from conversations c",
        newest_message!(),
        " where c.id = $1"
    );
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let mut conversation = conversation(&row)?;
    let sql = "select user_id, owner, read_seq from members where conversation_id = $1 order by user_id";
    let members = sqlx::query(sql).bind(id.to_string()).fetch_all(connection).await?;
    conversation.members = members.iter().map(member).collect::<sqlx::Result<_>>()?;
    Ok(Some(conversation))
}

pub async fn by_direct_key(db: &Db, key: &str) -> sqlx::Result<Option<Conversation>> {
    let mut connection = db.read().acquire().await?;
    let row =
        sqlx::query("select id from conversations where direct_key = $1").bind(key).fetch_optional(&mut *connection).await?;
    match row {
        Some(row) => by_id(&mut connection, db::parsed(&row, "id")?).await,
        None => Ok(None),
    }
}

/// Groups by name, then direct conversations; or one. Of the members only the two of a direct one, who are its name.
pub async fn named(db: &Db, id: Option<ConversationId>) -> sqlx::Result<Vec<NamedConversation>> {
    // The cast tells PostgreSQL what an unset parameter would be.
    let sql = "select id, kind, name, direct_key from conversations where cast($1 as text) is null or id = $1 \
        order by kind desc, name, id";
    let rows = sqlx::query(sql).bind(id.map(|id| id.to_string())).fetch_all(db.read()).await?;
    let named = |row: &AnyRow| {
        let key = row.try_get::<Option<String>, _>("direct_key")?.unwrap_or_default();
        let user_ids = key.split(':').filter_map(|id| id.parse().ok()).collect();
        Ok(NamedConversation { id: db::parsed(row, "id")?, kind: db::word(row, "kind")?, name: row.try_get("name")?, user_ids })
    };
    rows.iter().map(named).collect()
}

/// The conversations of a user, those with the newest message first: two statements, however many they are.
pub async fn of_user(db: &Db, user: UserId) -> sqlx::Result<Vec<ListedConversation>> {
    let sql = concat!(
        "select ",
        conversation_columns!(),
        ", me.muted, d.text as d_text, d.updated_at as d_updated_at, ",
        quote_columns!("dq"),
        ", (select count(*) from (select u.seq from messages u where u.conversation_id = c.id and u.seq > me.read_seq \
            and u.sender_id <> me.user_id and u.counts = 1 limit 1000) as few) as unread, \
         (select count(*) from mentions n where n.user_id = me.user_id and n.conversation_id = c.id and n.seq > me.read_seq) \
            as unread_mentions, ",
        message_columns!(),
        " from members me join conversations c on c.id = me.conversation_id \
          left join drafts d on d.user_id = me.user_id and d.conversation_id = c.id \
          left join messages dq on dq.id = d.reply_to_id",
        newest_message!(),
        " where me.user_id = $1 order by coalesce(m.created_at, c.created_at) desc, c.id"
    );
    let rows = sqlx::query(sql).bind(user.to_string()).fetch_all(db.read()).await?;
    let mut listed = rows.iter().map(listed).collect::<sqlx::Result<Vec<_>>>()?;
    let mut members = members_beside(db, user).await?;
    for ListedConversation { conversation, .. } in &mut listed {
        conversation.members = members.remove(&conversation.id).unwrap_or_default();
    }
    Ok(listed)
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

/// Without the members.
fn listed(row: &AnyRow) -> sqlx::Result<ListedConversation> {
    Ok(ListedConversation {
        conversation: conversation(row)?,
        unread: count(row, "unread")?,
        unread_mentions: count(row, "unread_mentions")?,
        muted: row.try_get::<i64, _>("muted")? != 0,
        draft: draft(row)?,
    })
}

fn count(row: &AnyRow, column: &str) -> sqlx::Result<u32> {
    Ok(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX))
}

/// Without its members.
fn conversation(row: &AnyRow) -> sqlx::Result<Conversation> {
    let has_message = row.try_get::<Option<String>, _>("id")?.is_some();
    Ok(Conversation {
        id: db::parsed(row, "c_id")?,
        kind: db::word(row, "c_kind")?,
        name: row.try_get("c_name")?,
        picture: db::optional(row, "c_picture_id")?,
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

/// From the columns of `drafts d` and `messages dq`, if there is a row.
pub(super) fn draft(row: &AnyRow) -> sqlx::Result<Option<Draft>> {
    let Some(text) = row.try_get("d_text")? else { return Ok(None) };
    Ok(Some(Draft { text, reply_to: quote(row, "dq")?, updated_at: db::millis(row, "d_updated_at")? }))
}
