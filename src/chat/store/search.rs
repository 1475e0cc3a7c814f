//! The words of messages, and who has which: FTS5 on SQLite, an inverted index of `tsvector` on PostgreSQL.
//!
//! The two have no common SQL, so each thing is one function here with a text for each. They are given folded words with one space in
//! between: FTS5's tokenizer `ascii` only parts them again, and no parser of PostgreSQL ever sees them.

use sqlx::{AnyConnection, Row};

use super::messages::{message, message_columns, quote_columns};
use crate::{
    chat::Message,
    db::{Db, Engine},
    events::EventId,
    ids::{ConversationId, UserId},
};

/// Which of the hits.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub conversation: Option<ConversationId>,
    pub before: EventId,
    pub limit: u32,
}

/// False if the tables are there already. Holds the writers' lock, so that two that start at once do not both make them.
pub async fn create(tx: &mut AnyConnection, engine: Engine) -> sqlx::Result<bool> {
    sqlx::query("update event_counter set last = last where id = 1").execute(&mut *tx).await?;
    let (there, make) = match engine {
        Engine::Sqlite => (
            "select count(*) as tables from sqlite_schema where name = 'message_words'",
            "create virtual table message_words using fts5 \
                (words, tokenize = 'ascii', content = '', contentless_delete = 1, prefix = '2 3', detail = none); \
             create unique index if not exists messages_seq on messages (seq)",
        ),
        // Without an index of messages by `seq` alone: to read one conversation, PostgreSQL would walk through all of them.
        Engine::Postgres => (
            "select count(*) as tables from information_schema.tables \
                where table_schema = current_schema() and table_name = 'message_words'",
            "create table message_words (seq bigint not null, conversation_id text not null, words tsvector not null, \
                constraint message_words_pkey primary key (seq)); \
             create index message_words_words on message_words using gin (words)",
        ),
    };
    if sqlx::query(there).fetch_one(&mut *tx).await?.try_get::<i64, _>("tables")? > 0 {
        return Ok(false);
    }
    sqlx::raw_sql(make).execute(tx).await.map(|_| true)
}

/// What a message is found by from now on; by nothing if there are no words.
pub async fn put(tx: &mut AnyConnection, engine: Engine, message: &Message, words: &str) -> sqlx::Result<()> {
    let delete = match engine {
        Engine::Sqlite => "delete from message_words where rowid = $1",
        Engine::Postgres => "delete from message_words where seq = $1",
    };
    sqlx::query(delete).bind(message.seq.0).execute(&mut *tx).await?;
    if words.is_empty() {
        return Ok(());
    }
    let insert = match engine {
        Engine::Sqlite => sqlx::query("insert into message_words (rowid, words) values ($1, $2)").bind(message.seq.0).bind(words),
        Engine::Postgres => sqlx::query(
            "insert into message_words (seq, words, conversation_id) values ($1, array_to_tsvector(string_to_array($2, ' ')), $3)",
        )
        .bind(message.seq.0)
        .bind(words)
        .bind(message.conversation_id.to_string()),
    };
    insert.execute(tx).await.map(drop)
}

/// Texts that are not deleted, of all conversations, in the order in which they were written.
pub async fn texts(tx: &mut AnyConnection, after: EventId, limit: u32) -> sqlx::Result<Vec<Message>> {
    let sql = concat!(
        "select ",
        message_columns!(),
        " from messages m left join messages q on q.id = m.reply_to_id \
          where m.seq > $1 and m.kind = 'text' and m.deleted_at is null order by m.seq limit $2"
    );
    sqlx::query(sql).bind(after.0).bind(i64::from(limit)).fetch_all(tx).await?.iter().map(message).collect()
}

const SQLITE_FIND: &str = concat!(
    "select ",
    message_columns!(),
    " from message_words w join messages m on m.seq = w.rowid \
      join members me on me.conversation_id = m.conversation_id and me.user_id = $2 \
      left join messages q on q.id = m.reply_to_id \
      where w.message_words match $1 and w.rowid < $3 and ($4 is null or m.conversation_id = $4) order by w.rowid desc limit $5"
);

/// By itself, PostgreSQL would read the newest messages until enough of them match, which for a rare word are all.
const POSTGRES_FIND: &str = concat!(
    "with found as materialized (select seq, conversation_id from message_words where words @@ cast($1 as tsquery)), \
      page as (select seq, conversation_id from found \
        where seq < $3 and ($4 is null or conversation_id = $4) \
            and conversation_id in (select conversation_id from members where user_id = $2) \
        order by seq desc limit $5) \
      select ",
    message_columns!(),
    " from page join messages m on m.conversation_id = page.conversation_id and m.seq = page.seq \
      left join messages q on q.id = m.reply_to_id order by m.seq desc"
);

/// Messages that have, for each of `words`, a word that begins with it. Newest first.
pub async fn find(db: &Db, reader: UserId, words: &[String], place: Place) -> sqlx::Result<Vec<Message>> {
    let sql = match db.engine() {
        Engine::Sqlite => SQLITE_FIND,
        Engine::Postgres => POSTGRES_FIND,
    };
    let query = sqlx::query(sql)
        .bind(beginnings(db.engine(), words))
        .bind(reader.to_string())
        .bind(place.before.0)
        .bind(place.conversation.map(|id| id.to_string()))
        .bind(i64::from(place.limit));
    query.fetch_all(db.read()).await?.iter().map(message).collect()
}

/// The query for messages that have, for each of `words`, a word that begins with it.
pub(super) fn beginnings(engine: Engine, words: &[String]) -> String {
    // Words are letters and digits, so no quote ends early; and in quotes nothing is an operator.
    let all = |begins: fn(&String) -> String, and| words.iter().map(begins).collect::<Vec<_>>().join(and);
    match engine {
        Engine::Sqlite => all(|word| format!("\"{word}\"*"), " AND "),
        Engine::Postgres => all(|word| format!("'{word}':*"), " & "),
    }
}

/// Words of deleted rows stay in the segments of FTS5 until these are merged; PostgreSQL's go with its own vacuum.
pub async fn tidy(db: &Db) -> sqlx::Result<()> {
    if db.engine() == Engine::Sqlite {
        let mut tx = db.begin().await?;
        sqlx::query("insert into message_words (message_words) values ('optimize')").execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(())
}
