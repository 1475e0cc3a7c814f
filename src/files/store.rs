//! The SQL of attachments.

use sqlx::{AnyConnection, Row, any::AnyRow};

use super::Attachment;
use crate::{
    db,
    ids::{AttachmentId, MessageId, UserId},
};

/// What sending needs to know of an upload that could not be sent.
#[derive(Clone, Copy, Debug)]
pub struct Upload {
    pub sent: bool,
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
    query.fetch_optional(tx).await?.as_ref().map(attachment).transpose()
}

pub async fn upload(tx: &mut AnyConnection, owner: UserId, id: AttachmentId) -> sqlx::Result<Option<Upload>> {
    let sql = "select message_id from attachments where id = $1 and owner_id = $2";
    let row = sqlx::query(sql).bind(id.to_string()).bind(owner.to_string()).fetch_optional(tx).await?;
    row.map(|row| Ok(Upload { sent: row.try_get::<Option<String>, _>("message_id")?.is_some() })).transpose()
}

fn attachment(row: &AnyRow) -> sqlx::Result<Attachment> {
    Ok(Attachment {
        id: db::parsed(row, "id")?,
        name: row.try_get("name")?,
        size: unsigned(row, "size")?.unwrap_or_default(),
        kind: db::word(row, "kind")?,
        content_type: row.try_get("content_type")?,
        width: unsigned(row, "width")?,
        height: unsigned(row, "height")?,
        duration_ms: unsigned(row, "duration_ms")?,
        waveform: row.try_get("waveform")?,
        preview: row.try_get::<i64, _>("preview")? != 0,
    })
}

/// A number that is never negative.
fn unsigned<T: TryFrom<i64, Error = std::num::TryFromIntError>>(row: &AnyRow, column: &str) -> sqlx::Result<Option<T>> {
    let number = row.try_get::<Option<i64>, _>(column)?.map(T::try_from).transpose();
    number.map_err(|source| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(source) })
}
