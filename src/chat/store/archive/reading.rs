//! What officers find and read of the chat.

use std::collections::HashMap;

use sqlx::{Row as _, any::AnyRow};

use crate::{
    chat::{ConversationKind, MessageVersion, archive::model::Person},
    clock::Millis,
    db::{self, Db, Engine},
    events::EventId,
    ids::{ConversationId, MessageId, UserId},
};

/// A conversation that has messages, before anything of it is counted.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub name: Option<String>,
    pub last_seq: EventId,
    pub erased: bool,
}

/// A stretch of time, the end excluded.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub from: Millis,
    pub to: Millis,
}

impl Period {
    #[must_use]
    pub fn of(from: Option<Millis>, to: Option<Millis>) -> Self {
        Self { from: from.unwrap_or(Millis(i64::MIN)), to: to.unwrap_or(Millis(i64::MAX)) }
    }
}

/// Conversations with messages in a period, those with the newest message first.
pub async fn candidates(
    db: &Db,
    id: Option<ConversationId>,
    person: Option<UserId>,
    period: Period,
) -> sqlx::Result<Vec<Candidate>> {
    // The casts tell PostgreSQL what an unset parameter would be.
    let sql = "select c.id, c.kind, c.name, c.erased_seq, \
            (select max(seq) from messages where conversation_id = c.id) as last_seq from conversations c \
        where (cast($1 as text) is null or c.id = $1) \
        and (cast($2 as text) is null or exists (select 1 from members m where m.user_id = $2 and m.conversation_id = c.id) \
            or exists (select 1 from past_members p where p.user_id = $2 and p.conversation_id = c.id)) \
        and exists (select 1 from messages m where m.conversation_id = c.id and m.created_at >= $3 and m.created_at < $4) \
        order by last_seq desc";
    let candidate = |row: &AnyRow| {
        Ok(Candidate {
            id: db::parsed(row, "id")?,
            kind: db::word(row, "kind")?,
            name: row.try_get("name")?,
            last_seq: EventId(row.try_get("last_seq")?),
            erased: row.try_get::<i64, _>("erased_seq")? > 0,
        })
    };
    let query = sqlx::query(sql)
        .bind(id.map(|id| id.to_string()))
        .bind(person.map(|id| id.to_string()))
        .bind(period.from.0)
        .bind(period.to.0);
    query.fetch_all(db.read()).await?.iter().map(candidate).collect()
}

/// How many messages a conversation has, and when the oldest and the newest were written.
pub async fn extent(db: &Db, id: ConversationId) -> sqlx::Result<(u64, Millis, Millis)> {
    let sql = "select count(*) as messages, coalesce(min(created_at), 0) as first_at, coalesce(max(created_at), 0) as last_at \
        from messages where conversation_id = $1";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_one(db.read()).await?;
    let messages = u64::try_from(row.try_get::<i64, _>("messages")?).unwrap_or(0);
    Ok((messages, db::millis(&row, "first_at")?, db::millis(&row, "last_at")?))
}

/// Who is and who was in a conversation; whoever came back is in it.
pub async fn people(db: &Db, id: ConversationId) -> sqlx::Result<Vec<Person>> {
    let sql = "select m.user_id, cast(null as bigint) as left_at from members m where m.conversation_id = $1 \
        union all select p.user_id, p.left_at from past_members p where p.conversation_id = $1 \
            and not exists (select 1 from members m where m.conversation_id = $1 and m.user_id = p.user_id) order by 1";
    let person =
        |row: &AnyRow| Ok(Person { user_id: db::parsed(row, "user_id")?, left_at: db::optional_millis(row, "left_at")? });
    sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?.iter().map(person).collect()
}

/// Likewise, of all conversations.
pub async fn everybody(db: &Db) -> sqlx::Result<HashMap<ConversationId, Vec<UserId>>> {
    let sql = "select conversation_id, user_id from members union select conversation_id, user_id from past_members";
    let mut people: HashMap<_, Vec<_>> = HashMap::new();
    for row in sqlx::query(sql).fetch_all(db.read()).await? {
        people.entry(db::parsed(&row, "conversation_id")?).or_default().push(db::parsed(&row, "user_id")?);
    }
    Ok(people)
}

/// A stretch of a conversation, both ends included.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub conversation: ConversationId,
    pub first: EventId,
    pub last: EventId,
}

/// What the messages of a stretch said before, the oldest first.
pub async fn versions(db: &Db, span: Span) -> sqlx::Result<HashMap<MessageId, Vec<MessageVersion>>> {
    let sql = "select v.message_id, v.text, v.replaced_at from messages m join message_versions v on v.message_id = m.id \
        where m.conversation_id = $1 and m.seq between $2 and $3 order by v.message_id, v.version";
    let mut versions: HashMap<_, Vec<_>> = HashMap::new();
    for row in bound(sql, span).fetch_all(db.read()).await? {
        let version = MessageVersion { text: row.try_get("text")?, replaced_at: db::millis(&row, "replaced_at")? };
        versions.entry(db::parsed(&row, "message_id")?).or_default().push(version);
    }
    Ok(versions)
}

/// Which message each of a stretch replies to, where one does; also of those that are deleted.
pub async fn replies(db: &Db, span: Span) -> sqlx::Result<HashMap<MessageId, MessageId>> {
    let sql =
        "select id, reply_to_id from messages where conversation_id = $1 and seq between $2 and $3 and reply_to_id is not null";
    let rows = bound(sql, span).fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((db::parsed(row, "id")?, db::parsed(row, "reply_to_id")?))).collect()
}

fn bound(sql: &'static str, span: Span) -> sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(sql).bind(span.conversation.to_string()).bind(span.first.0).bind(span.last.0)
}

/// Where the first message stands that was written at a time or later.
pub async fn place_at(db: &Db, conversation: ConversationId, at: Millis) -> sqlx::Result<Option<EventId>> {
    let sql = "select seq from messages where conversation_id = $1 and created_at >= $2 order by seq limit 1";
    let row = sqlx::query(sql).bind(conversation.to_string()).bind(at.0).fetch_optional(db.read()).await?;
    row.map(|row| row.try_get("seq").map(EventId)).transpose()
}

/// How many messages of a conversation were written in a period.
pub async fn count_in(db: &Db, conversation: ConversationId, period: Period) -> sqlx::Result<u64> {
    let sql = "select count(*) as messages from messages where conversation_id = $1 and created_at >= $2 and created_at < $3";
    let query = sqlx::query(sql).bind(conversation.to_string()).bind(period.from.0).bind(period.to.0);
    let row = query.fetch_one(db.read()).await?;
    Ok(u64::try_from(row.try_get::<i64, _>("messages")?).unwrap_or(0))
}

/// Which messages are looked for; what is unset does not matter.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub conversation: Option<ConversationId>,
    pub sender: Option<UserId>,
    pub period: Period,
    pub before: EventId,
}

/// A message by its place.
pub type Place = (EventId, ConversationId);

/// The newest messages that have, as they are now, for each word one that begins with it.
pub async fn find_current(db: &Db, words: &[String], wanted: Wanted, limit: u32) -> sqlx::Result<Vec<Place>> {
    let (sql, words) = match db.engine() {
        Engine::Sqlite => (
            "select m.seq, m.conversation_id from message_words w join messages m on m.seq = w.rowid \
                where w.message_words match $6 and w.rowid < $1 and ($2 is null or m.conversation_id = $2) \
                and ($3 is null or m.sender_id = $3) and m.created_at >= $4 and m.created_at < $5 order by w.rowid desc limit $7",
            super::super::search::beginnings(db.engine(), words),
        ),
        Engine::Postgres => (
            "with found as materialized (select seq, conversation_id from message_words where words @@ cast($6 as tsquery)) \
                select m.seq, m.conversation_id from found f join messages m on m.conversation_id = f.conversation_id and m.seq = f.seq \
                where m.seq < $1 and (cast($2 as text) is null or m.conversation_id = $2) \
                and (cast($3 as text) is null or m.sender_id = $3) and m.created_at >= $4 and m.created_at < $5 \
                order by m.seq desc limit $7",
            super::super::search::beginnings(db.engine(), words),
        ),
    };
    let query = narrowed(sql, wanted).bind(words).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(place).collect()
}

/// What messages said before, the newest messages first.
pub async fn earlier(db: &Db, wanted: Wanted, limit: u32) -> sqlx::Result<Vec<(Place, String)>> {
    let sql = "select m.seq, m.conversation_id, v.text from message_versions v join messages m on m.id = v.message_id \
        where m.seq < $1 and (cast($2 as text) is null or m.conversation_id = $2) \
        and (cast($3 as text) is null or m.sender_id = $3) and m.created_at >= $4 and m.created_at < $5 \
        order by m.seq desc, v.version limit $6";
    let rows = narrowed(sql, wanted).bind(i64::from(limit)).fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((place(row)?, row.try_get("text")?))).collect()
}

fn narrowed(sql: &'static str, wanted: Wanted) -> sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(sql)
        .bind(wanted.before.0)
        .bind(wanted.conversation.map(|id| id.to_string()))
        .bind(wanted.sender.map(|id| id.to_string()))
        .bind(wanted.period.from.0)
        .bind(wanted.period.to.0)
}

fn place(row: &AnyRow) -> sqlx::Result<Place> {
    Ok((EventId(row.try_get("seq")?), db::parsed(row, "conversation_id")?))
}
