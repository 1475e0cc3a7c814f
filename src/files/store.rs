//! The SQL of attachments: from the first byte of an upload until they hang on a message.

use std::collections::HashMap;

use sqlx::{AnyConnection, AnyExecutor, Row, any::AnyRow};

use super::{Attachment, limits::UploadLimits};
use crate::{
    clock::Millis,
    db::{self, Db},
    events::EventId,
    ids::{AttachmentId, ConversationId, MessageId, PictureId, UserId},
};

/// Name of the setting that holds the limits.
const LIMITS: &str = "uploads";

/// An upload that has not been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub id: AttachmentId,
    pub owner_id: UserId,
    pub name: String,
    pub size: u64,
    /// Bytes that have safely arrived.
    pub received: u64,
    pub voice: bool,
    pub completed_at: Option<Millis>,
    /// As the client says; shown only if they make sense.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u32>,
    pub touched_at: Millis,
}

pub async fn insert_upload(tx: &mut AnyConnection, upload: &Upload) -> sqlx::Result<()> {
    let sql = "insert into attachments (id, owner_id, name, size, received, voice, width, height, duration_ms, created_at, \
        touched_at) values ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9, $9)";
    let query = sqlx::query(sql)
        .bind(upload.id.to_string())
        .bind(upload.owner_id.to_string())
        .bind(&upload.name)
        .bind(number(upload.size))
        .bind(i64::from(upload.voice))
        .bind(upload.width.map(i64::from))
        .bind(upload.height.map(i64::from))
        .bind(upload.duration_ms.map(i64::from))
        .bind(upload.touched_at.0);
    query.execute(tx).await.map(drop)
}

/// Bytes that a user's files take, and how many wait to be finished or sent. Other uploads of the user wait until the end of `tx`.
pub async fn usage_of(tx: &mut AnyConnection, owner: UserId) -> sqlx::Result<(u64, u64)> {
    sqlx::query("update users set id = id where id = $1").bind(owner.to_string()).execute(&mut *tx).await?;
    let sql = "select cast(coalesce(sum(size), 0) as bigint) as bytes, \
        cast(coalesce(sum(case when message_id is null then 1 else 0 end), 0) as bigint) as loose \
        from attachments where owner_id = $1";
    let row = sqlx::query(sql).bind(owner.to_string()).fetch_one(tx).await?;
    Ok((unsigned(&row, "bytes")?, unsigned(&row, "loose")?))
}

/// How many files are complete, and their bytes.
pub async fn usage(db: &Db) -> sqlx::Result<(u64, u64)> {
    let sql = "select count(*) as files, cast(coalesce(sum(size), 0) as bigint) as bytes from attachments \
        where completed_at is not null";
    let row = sqlx::query(sql).fetch_one(db.read()).await?;
    Ok((unsigned(&row, "files")?, unsigned(&row, "bytes")?))
}

/// An upload of `owner` that is not on a message yet.
pub async fn upload(executor: impl AnyExecutor<'_>, id: AttachmentId, owner: UserId) -> sqlx::Result<Option<Upload>> {
    let sql = "select id, owner_id, name, size, received, voice, completed_at, width, height, duration_ms, touched_at \
        from attachments where id = $1 and owner_id = $2 and message_id is null";
    let row = sqlx::query(sql).bind(id.to_string()).bind(owner.to_string()).fetch_optional(executor).await?;
    row.as_ref().map(read_upload).transpose()
}

/// False if the upload is no longer there.
pub async fn set_received(db: &Db, id: AttachmentId, received: u64, now: Millis) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let sql = "update attachments set received = $2, touched_at = $3 where id = $1 and completed_at is null";
    let query = sqlx::query(sql).bind(id.to_string()).bind(number(received)).bind(now.0);
    let changed = query.execute(&mut *tx).await?.rows_affected() == 1;
    tx.commit().await?;
    Ok(changed)
}

/// Makes an upload an attachment. False if it is no longer there, or is one already.
pub async fn complete(db: &Db, attachment: &Attachment, now: Millis) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let sql = "update attachments set name = $2, size = $3, received = $3, kind = $4, content_type = $5, width = $6, height = $7, \
        duration_ms = $8, waveform = $9, preview = $10, completed_at = $11, touched_at = $11 \
        where id = $1 and completed_at is null";
    let query = sqlx::query(sql)
        .bind(attachment.id.to_string())
        .bind(&attachment.name)
        .bind(number(attachment.size))
        .bind(db::as_word(&attachment.kind)?)
        .bind(&attachment.content_type)
        .bind(attachment.width.map(i64::from))
        .bind(attachment.height.map(i64::from))
        .bind(attachment.duration_ms.map(i64::from))
        .bind(&attachment.waveform)
        .bind(i64::from(attachment.preview))
        .bind(now.0);
    let changed = query.execute(&mut *tx).await?.rows_affected() == 1;
    tx.commit().await?;
    Ok(changed)
}

/// False if it was not there, or hangs on a message.
pub async fn delete_upload(db: &Db, id: AttachmentId) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let query = sqlx::query("delete from attachments where id = $1 and message_id is null").bind(id.to_string());
    let deleted = query.execute(&mut *tx).await?.rows_affected() == 1;
    tx.commit().await?;
    Ok(deleted)
}

/// Deletes unfinished uploads without new bytes since `idle`, and attachments complete and unsent since `unsent`.
pub async fn delete_stale(db: &Db, idle: Millis, unsent: Millis) -> sqlx::Result<Vec<AttachmentId>> {
    let mut tx = db.begin().await?;
    let sql = "delete from attachments where message_id is null and ((completed_at is null and touched_at < $1) \
        or (completed_at is not null and touched_at < $2)) returning id";
    let rows = sqlx::query(sql).bind(idle.0).bind(unsent.0).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    ids(&rows)
}

/// Uploads that wait for bytes.
pub async fn unfinished(db: &Db) -> sqlx::Result<Vec<AttachmentId>> {
    let sql = "select id from attachments where message_id is null and completed_at is null";
    ids(&sqlx::query(sql).fetch_all(db.read()).await?)
}

/// Every attachment and upload.
pub async fn all(db: &Db) -> sqlx::Result<Vec<AttachmentId>> {
    ids(&sqlx::query("select id from attachments").fetch_all(db.read()).await?)
}

/// Every picture that somebody or some group has.
pub async fn pictures(db: &Db) -> sqlx::Result<Vec<PictureId>> {
    let sql = "select picture_id as id from users where picture_id is not null \
        union all select picture_id as id from conversations where picture_id is not null";
    ids(&sqlx::query(sql).fetch_all(db.read()).await?)
}

fn ids<T>(rows: &[AnyRow]) -> sqlx::Result<Vec<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    rows.iter().map(|row| db::parsed(row, "id")).collect()
}

/// `None` if it is not the owner's, not complete, or sent already.
pub async fn attach(
    tx: &mut AnyConnection,
    owner: UserId,
    message: MessageId,
    id: AttachmentId,
    position: i64,
) -> sqlx::Result<Option<Attachment>> {
    let sql = "update attachments set message_id = $3, position = $4 \
        where id = $1 and owner_id = $2 and message_id is null and completed_at is not null \
        returning id, name, size, kind, content_type, width, height, duration_ms, waveform, preview";
    let query = sqlx::query(sql).bind(id.to_string()).bind(owner.to_string()).bind(message.to_string()).bind(position);
    query.fetch_optional(tx).await?.as_ref().map(read_attachment).transpose()
}

/// Whether an upload of `owner` hangs on a message; `None` if there is none.
pub async fn is_sent(tx: &mut AnyConnection, owner: UserId, id: AttachmentId) -> sqlx::Result<Option<bool>> {
    let sql = "select message_id from attachments where id = $1 and owner_id = $2";
    let row = sqlx::query(sql).bind(id.to_string()).bind(owner.to_string()).fetch_optional(tx).await?;
    row.map(|row| Ok(row.try_get::<Option<String>, _>("message_id")?.is_some())).transpose()
}

/// An attachment that `reader` may have: their own while it is unsent, else one on a message that is not deleted, in a conversation
/// of theirs.
pub async fn readable(db: &Db, id: AttachmentId, reader: UserId) -> sqlx::Result<Option<Attachment>> {
    let sql = "select a.id, a.name, a.size, a.kind, a.content_type, a.width, a.height, a.duration_ms, a.waveform, a.preview \
        from attachments a left join messages m on m.id = a.message_id \
        where a.id = $1 and a.completed_at is not null and ((a.message_id is null and a.owner_id = $2) \
        or (m.deleted_at is null and exists (select 1 from members \
        where members.conversation_id = m.conversation_id and members.user_id = $2)))";
    let row = sqlx::query(sql).bind(id.to_string()).bind(reader.to_string()).fetch_optional(db.read()).await?;
    row.as_ref().map(read_attachment).transpose()
}

/// What hangs on the messages of a stretch of a conversation, in order, also on those that are deleted.
pub async fn of_messages(
    db: &Db,
    conversation: ConversationId,
    first: EventId,
    last: EventId,
) -> sqlx::Result<HashMap<MessageId, Vec<Attachment>>> {
    let sql = "select a.message_id, a.id, a.name, a.size, a.kind, a.content_type, a.width, a.height, a.duration_ms, a.waveform, a.preview \
        from messages m join attachments a on a.message_id = m.id where m.conversation_id = $1 and m.seq between $2 and $3 \
        order by a.message_id, a.position";
    let mut hung: HashMap<_, Vec<_>> = HashMap::new();
    for row in sqlx::query(sql).bind(conversation.to_string()).bind(first.0).bind(last.0).fetch_all(db.read()).await? {
        hung.entry(db::parsed(&row, "message_id")?).or_default().push(read_attachment(&row)?);
    }
    Ok(hung)
}

/// An attachment of a message, deleted or not, with the conversation that it was sent in.
pub async fn kept(db: &Db, id: AttachmentId) -> sqlx::Result<Option<(Attachment, ConversationId)>> {
    let sql = "select m.conversation_id, a.id, a.name, a.size, a.kind, a.content_type, a.width, a.height, a.duration_ms, a.waveform, \
        a.preview from attachments a join messages m on m.id = a.message_id where a.id = $1";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(db.read()).await?;
    row.map(|row| Ok((read_attachment(&row)?, db::parsed(&row, "conversation_id")?))).transpose()
}

/// Whether a picture is a user's, or that of a group of `reader`.
pub async fn may_see_picture(db: &Db, id: PictureId, reader: UserId) -> sqlx::Result<bool> {
    let sql = "select 1 from users where picture_id = $1 union all select 1 from conversations c \
        join members m on m.conversation_id = c.id where c.picture_id = $1 and m.user_id = $2";
    let query = sqlx::query(sql).bind(id.to_string()).bind(reader.to_string());
    Ok(query.fetch_optional(db.read()).await?.is_some())
}

/// The limits that an admin has set.
pub async fn limits(db: &Db) -> sqlx::Result<Option<UploadLimits>> {
    let row = sqlx::query("select value from settings where name = $1").bind(LIMITS).fetch_optional(db.read()).await?;
    let Some(row) = row else { return Ok(None) };
    let text: String = row.try_get("value")?;
    serde_json::from_str(&text).map(Some).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub async fn set_limits(tx: &mut AnyConnection, limits: UploadLimits, by: UserId, now: Millis) -> sqlx::Result<()> {
    let sql = "insert into settings (name, value, updated_at, updated_by) values ($1, $2, $3, $4) \
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    let value = serde_json::to_string(&limits).expect("numbers are JSON");
    sqlx::query(sql).bind(LIMITS).bind(value).bind(now.0).bind(by.to_string()).execute(tx).await.map(drop)
}

fn read_upload(row: &AnyRow) -> sqlx::Result<Upload> {
    Ok(Upload {
        id: db::parsed(row, "id")?,
        owner_id: db::parsed(row, "owner_id")?,
        name: row.try_get("name")?,
        size: unsigned(row, "size")?,
        received: unsigned(row, "received")?,
        voice: db::flag(row, "voice")?,
        completed_at: db::optional_millis(row, "completed_at")?,
        width: optional_number(row, "width")?,
        height: optional_number(row, "height")?,
        duration_ms: optional_number(row, "duration_ms")?,
        touched_at: db::millis(row, "touched_at")?,
    })
}

/// A row of an attachment that is complete.
fn read_attachment(row: &AnyRow) -> sqlx::Result<Attachment> {
    Ok(Attachment {
        id: db::parsed(row, "id")?,
        name: row.try_get("name")?,
        size: unsigned(row, "size")?,
        kind: db::word(row, "kind")?,
        content_type: row.try_get("content_type")?,
        width: optional_number(row, "width")?,
        height: optional_number(row, "height")?,
        duration_ms: optional_number(row, "duration_ms")?,
        waveform: row.try_get("waveform")?,
        preview: db::flag(row, "preview")?,
    })
}

fn number(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn unsigned(row: &AnyRow, column: &str) -> sqlx::Result<u64> {
    row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or(0))
}

fn optional_number(row: &AnyRow, column: &str) -> sqlx::Result<Option<u32>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.and_then(|number| u32::try_from(number).ok()))
}
