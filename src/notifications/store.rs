//! The SQL of notices: who is to be told by mail, the outbox, and the browsers that take web push.
//!
//! Members, users and messages are joined here rather than asked for one by one: a group of a thousand is one query.

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::settings::Mail;
use crate::{
    app::App,
    clock::Millis,
    db::{self, Db},
    events::EventId,
    ids::{ConversationId, MailId, UserId},
    users::settings::Language,
};

/// Name of the setting that holds the mail settings.
const MAIL: &str = "mail";

/// Messages that a mail tells of: what others wrote, and calls that nobody answered.
macro_rules! told_messages {
    () => {
        " from messages m where m.conversation_id = $1 and m.seq > $2 and m.seq <= $3 and m.sender_id <> $4 \
          and m.deleted_at is null and (m.kind = 'text' \
            or m.call_id in (select id from calls where outcome in ('missed', 'cancelled', 'busy')))"
    };
}

/// What the admin's page has saved.
pub async fn mail(db: &Db) -> sqlx::Result<Option<Mail>> {
    let row = sqlx::query("select value from settings where name = $1").bind(MAIL).fetch_optional(db.read()).await?;
    row.map(|row| serde_json::from_str(row.try_get("value")?).map_err(|e| sqlx::Error::Decode(e.into()))).transpose()
}

pub async fn set_mail(tx: &mut AnyConnection, mail: &Mail, by: UserId, now: Millis) -> sqlx::Result<()> {
    let value = serde_json::to_string(mail).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let sql = "insert into settings (name, value, updated_at, updated_by) values ($1, $2, $3, $4) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    sqlx::query(sql).bind(MAIL).bind(value).bind(now.0).bind(by.to_string()).execute(tx).await.map(drop)
}

/// Keeps a secret of the server's own under a name, unless one is there already; gives back the one that is kept.
pub async fn keep_secret(app: &App, name: &str, fresh: &str) -> sqlx::Result<String> {
    let mut tx = app.db.begin().await?;
    let sql = "insert into settings (name, value, updated_at) values ($1, $2, $3) on conflict (name) do nothing";
    sqlx::query(sql).bind(name).bind(fresh).bind(app.clock.now().0).execute(&mut *tx).await?;
    let kept = sqlx::query("select value from settings where name = $1").bind(name).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    kept.try_get("value")
}

/// Up to where the stream has been looked through.
pub async fn position(db: &Db) -> sqlx::Result<EventId> {
    let row = sqlx::query("select event_id from notice_position where id = 1").fetch_one(db.read()).await?;
    row.try_get("event_id").map(EventId)
}

pub async fn set_position(tx: &mut AnyConnection, at: EventId) -> sqlx::Result<()> {
    sqlx::query("update notice_position set event_id = $1 where id = 1").bind(at.0).execute(tx).await.map(drop)
}

/// A member who has not read a message and wants to hear of it by mail.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    pub user_id: UserId,
    pub muted: bool,
}

pub async fn unread_by(db: &Db, conversation: ConversationId, sender: UserId, seq: EventId) -> sqlx::Result<Vec<Reader>> {
    let sql = "select m.user_id, m.muted from members m join users u on u.id = m.user_id \
        where m.conversation_id = $1 and m.user_id <> $2 and m.read_seq < $3 \
        and u.deactivated_at is null and u.password_hash is not null and u.email_notices = 1";
    let query = sqlx::query(sql).bind(conversation.to_string()).bind(sender.to_string()).bind(seq.0);
    let reader = |row: &AnyRow| Ok(Reader { user_id: db::parsed(row, "user_id")?, muted: db::flag(row, "muted")? });
    query.fetch_all(db.read()).await?.iter().map(reader).collect()
}

/// That a user is to be told of a message, unless a mail has it already or one is due.
#[derive(Clone, Copy, Debug)]
pub struct NewNotice {
    pub user_id: UserId,
    pub conversation_id: ConversationId,
    pub seq: EventId,
    pub due_at: Millis,
}

pub async fn insert_notice(tx: &mut AnyConnection, notice: NewNotice) -> sqlx::Result<()> {
    let sql = "insert into mail_notices (user_id, conversation_id, due_at) values ($1, $2, $3) \
        on conflict (user_id, conversation_id) do update set due_at = excluded.due_at \
        where mail_notices.due_at is null and mail_notices.told_seq < $4";
    let query = sqlx::query(sql).bind(notice.user_id.to_string()).bind(notice.conversation_id.to_string());
    query.bind(notice.due_at.0).bind(notice.seq.0).execute(tx).await.map(drop)
}

/// A notice whose delay is over.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    pub user_id: UserId,
    pub conversation_id: ConversationId,
    pub told_seq: EventId,
    /// Of the member.
    pub read_seq: EventId,
}

/// Those of the users who have waited longest, each user's together. One who is no member any more is told of nothing.
pub async fn due(db: &Db, now: Millis, limit: u32) -> sqlx::Result<Vec<Due>> {
    let sql = "select n.user_id, n.conversation_id, n.told_seq, coalesce(m.read_seq, 9223372036854775807) as read_seq \
        from mail_notices n \
        left join members m on m.conversation_id = n.conversation_id and m.user_id = n.user_id \
        where n.due_at <= $1 order by n.user_id, n.due_at, n.conversation_id limit $2";
    let due = |row: &AnyRow| {
        Ok(Due {
            user_id: db::parsed(row, "user_id")?,
            conversation_id: db::parsed(row, "conversation_id")?,
            told_seq: EventId(row.try_get("told_seq")?),
            read_seq: EventId(row.try_get("read_seq")?),
        })
    };
    sqlx::query(sql).bind(now.0).bind(i64::from(limit)).fetch_all(db.read()).await?.iter().map(due).collect()
}

/// Takes up to `told` off the list: it is in a mail, or has been read.
pub async fn settle_notice(tx: &mut AnyConnection, due: &Due, told: EventId) -> sqlx::Result<()> {
    let sql = "update mail_notices set due_at = null, told_seq = $3 where user_id = $1 and conversation_id = $2";
    let query = sqlx::query(sql).bind(due.user_id.to_string()).bind(due.conversation_id.to_string()).bind(told.0);
    query.execute(tx).await.map(drop)
}

/// Puts what is due for a user off.
pub async fn postpone(tx: &mut AnyConnection, user: UserId, now: Millis, until: Millis) -> sqlx::Result<()> {
    let sql = "update mail_notices set due_at = $3 where user_id = $1 and due_at <= $2";
    sqlx::query(sql).bind(user.to_string()).bind(now.0).bind(until.0).execute(tx).await.map(drop)
}

/// A conversation with the messages that a mail tells of: those after `after`, up to `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub conversation_id: ConversationId,
    pub after: EventId,
    pub until: EventId,
}

/// The newest message after `after` that a mail to `user` would tell of.
pub async fn newest(db: &Db, user: UserId, conversation: ConversationId, after: EventId) -> sqlx::Result<Option<EventId>> {
    let sql = concat!("select max(m.seq) as newest", told_messages!());
    let query = sqlx::query(sql).bind(conversation.to_string()).bind(after.0).bind(i64::MAX).bind(user.to_string());
    Ok(query.fetch_one(db.read()).await?.try_get::<Option<i64>, _>("newest")?.map(EventId))
}

/// A mail of the outbox.
#[derive(Clone, Debug)]
pub struct Mailing {
    pub id: MailId,
    pub user_id: UserId,
    pub parts: Vec<Part>,
    pub created_at: Millis,
    pub attempts: u32,
}

pub async fn insert_mailing(tx: &mut AnyConnection, mailing: &Mailing) -> sqlx::Result<()> {
    let parts = serde_json::to_string(&mailing.parts).map_err(|e| sqlx::Error::Encode(e.into()))?;
    sqlx::query("insert into mails (id, user_id, parts, created_at, next_at) values ($1, $2, $3, $4, $4)")
        .bind(mailing.id.to_string())
        .bind(mailing.user_id.to_string())
        .bind(parts)
        .bind(mailing.created_at.0)
        .execute(tx)
        .await
        .map(drop)
}

/// The outbox's mails whose time has come.
pub async fn waiting(db: &Db, now: Millis, limit: u32) -> sqlx::Result<Vec<Mailing>> {
    let sql = "select id, user_id, parts, created_at, attempts from mails where next_at <= $1 order by next_at, id limit $2";
    sqlx::query(sql).bind(now.0).bind(i64::from(limit)).fetch_all(db.read()).await?.iter().map(mailing).collect()
}

fn mailing(row: &AnyRow) -> sqlx::Result<Mailing> {
    Ok(Mailing {
        id: db::parsed(row, "id")?,
        user_id: db::parsed(row, "user_id")?,
        parts: serde_json::from_str(row.try_get("parts")?).map_err(|e| sqlx::Error::Decode(e.into()))?,
        created_at: db::millis(row, "created_at")?,
        attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
    })
}

/// What a user has been sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// A mail that is still on its way.
    pub waiting: bool,
    /// Mails since `since`, and when the first of them went.
    pub count: u32,
    pub first: Option<Millis>,
}

pub async fn sent(db: &Db, user: UserId, since: Millis) -> sqlx::Result<Sent> {
    let sql = "select count(next_at) as waiting, count(case when sent_at > $2 then 1 end) as sent, \
        min(case when sent_at > $2 then sent_at end) as first \
        from mails where user_id = $1 and (next_at is not null or sent_at > $2)";
    let row = sqlx::query(sql).bind(user.to_string()).bind(since.0).fetch_one(db.read()).await?;
    Ok(Sent {
        waiting: row.try_get::<i64, _>("waiting")? > 0,
        count: u32::try_from(row.try_get::<i64, _>("sent")?).unwrap_or(u32::MAX),
        first: db::optional_millis(&row, "first")?,
    })
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum Attempt<'a> {
    Sent,
    Again { at: Millis, problem: &'a str },
    GivenUp { problem: &'a str },
}

pub async fn record(db: &Db, id: MailId, attempt: &Attempt<'_>, now: Millis) -> sqlx::Result<()> {
    let (next, sent, problem) = match attempt {
        Attempt::Sent => (None, Some(now.0), None),
        Attempt::Again { at, problem } => (Some(at.0), None, Some(*problem)),
        Attempt::GivenUp { problem } => (None, None, Some(*problem)),
    };
    let mut tx = db.begin().await?;
    let sql = "update mails set attempts = attempts + 1, tried_at = $2, next_at = $3, sent_at = $4, problem = $5 where id = $1";
    let query = sqlx::query(sql).bind(id.to_string()).bind(now.0).bind(next).bind(sent).bind(problem);
    query.execute(&mut *tx).await?;
    tx.commit().await
}

/// A mail that nobody needs any more.
pub async fn drop_mailing(db: &Db, id: MailId) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query("delete from mails where id = $1").bind(id.to_string()).execute(&mut *tx).await?;
    tx.commit().await
}

/// Whom a mail goes to; `None` if they want none any more.
#[derive(Clone, Debug)]
pub struct Addressee {
    pub name: String,
    pub email: String,
    pub language: Option<Language>,
}

pub async fn addressee(db: &Db, user: UserId) -> sqlx::Result<Option<Addressee>> {
    let sql = "select name, email, language from users where id = $1 and deactivated_at is null and email_notices = 1";
    let Some(row) = sqlx::query(sql).bind(user.to_string()).fetch_optional(db.read()).await? else { return Ok(None) };
    let language = row.try_get::<Option<String>, _>("language")?.is_some();
    Ok(Some(Addressee {
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        language: if language { Some(db::word(&row, "language")?) } else { None },
    }))
}

/// A conversation as a mail shows it.
#[derive(Clone, Debug)]
pub struct Thread {
    pub conversation_id: ConversationId,
    /// Of a group.
    pub name: Option<String>,
    /// How many messages there are to tell of.
    pub count: u32,
    /// The newest of them, oldest first.
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub sender: String,
    pub created_at: Millis,
    /// Empty for a call, and for attachments without a word.
    pub text: String,
    pub is_call: bool,
    /// Attachments, and the name of the first.
    pub files: u32,
    pub file: Option<String>,
}

/// The part of a mail that `user` has still not read; `None` if that is nothing.
pub async fn thread(db: &Db, user: UserId, part: &Part, lines: u32) -> sqlx::Result<Option<Thread>> {
    let sql = "select c.name, m.read_seq from conversations c join members m on m.conversation_id = c.id \
        where c.id = $1 and m.user_id = $2";
    let id = part.conversation_id.to_string();
    let query = sqlx::query(sql).bind(&id).bind(user.to_string());
    let Some(row) = query.fetch_optional(db.read()).await? else { return Ok(None) };
    let after = part.after.0.max(row.try_get("read_seq")?);
    let count = sqlx::query(concat!("select count(*) as count", told_messages!()));
    let count = count.bind(&id).bind(after).bind(part.until.0).bind(user.to_string()).fetch_one(db.read()).await?;
    let count = u32::try_from(count.try_get::<i64, _>("count")?).unwrap_or(u32::MAX);
    if count == 0 {
        return Ok(None);
    }
    let sql = concat!(
        "select (select name from users where id = m.sender_id) as sender, m.created_at, m.kind, m.text, \
          (select count(*) from attachments a where a.message_id = m.id) as files, \
          (select min(a.name) from attachments a where a.message_id = m.id and a.position = 0) as file",
        told_messages!(),
        " order by m.seq desc limit $5"
    );
    let query = sqlx::query(sql).bind(&id).bind(after).bind(part.until.0).bind(user.to_string()).bind(i64::from(lines));
    let mut lines = query.fetch_all(db.read()).await?.iter().map(line).collect::<sqlx::Result<Vec<_>>>()?;
    lines.reverse();
    Ok(Some(Thread { conversation_id: part.conversation_id, name: row.try_get("name")?, count, lines }))
}

fn line(row: &AnyRow) -> sqlx::Result<Line> {
    let is_call = row.try_get::<String, _>("kind")? == "call";
    Ok(Line {
        sender: row.try_get("sender")?,
        created_at: db::millis(row, "created_at")?,
        text: if is_call { String::new() } else { row.try_get("text")? },
        is_call,
        files: u32::try_from(row.try_get::<i64, _>("files")?).unwrap_or(u32::MAX),
        file: row.try_get("file")?,
    })
}

/// How the outbox does.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    pub waiting: u32,
    /// Given up in the last days.
    pub failed: u32,
    pub last_sent_at: Option<Millis>,
    /// What the mail server said when it last took a mail not.
    pub problem: Option<(Millis, String)>,
}

pub async fn outbox(db: &Db) -> sqlx::Result<Outbox> {
    let sql = "select count(next_at) as waiting, count(case when next_at is null and sent_at is null then 1 end) as failed, \
        max(sent_at) as last_sent_at from mails";
    let row = sqlx::query(sql).fetch_one(db.read()).await?;
    let count = |column| Ok::<_, sqlx::Error>(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX));
    let sql = "select tried_at, problem from mails where problem is not null order by tried_at desc limit 1";
    let problem = sqlx::query(sql).fetch_optional(db.read()).await?;
    let problem =
        problem.map(|row| Ok::<_, sqlx::Error>((db::millis(&row, "tried_at")?, row.try_get("problem")?))).transpose()?;
    Ok(Outbox {
        waiting: count("waiting")?,
        failed: count("failed")?,
        last_sent_at: db::optional_millis(&row, "last_sent_at")?,
        problem,
    })
}

pub async fn delete_older(db: &Db, before: Millis) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let sql = "delete from mails where next_at is null and coalesce(sent_at, tried_at, created_at) < $1";
    let done = sqlx::query(sql).bind(before.0).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}
