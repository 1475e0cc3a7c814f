//! Attachments and pictures: how they come in, where they are kept, who gets them back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    db::Tx,
    ids::{AttachmentId, MessageId, UserId},
};

pub mod routes;
pub mod store;

/// A file on a message. Its bytes: `GET /api/attachments/{id}`; its thumbnail: `GET /api/attachments/{id}/thumbnail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    pub id: AttachmentId,
    /// As the sender named it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    pub kind: AttachmentKind,
    /// By the server's own look at the bytes.
    pub content_type: String,
    /// Pixels as shown, of images and videos, where known.
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// Of voice messages, sounds and videos, where known.
    pub duration_ms: Option<u32>,
    /// Of voice messages: base64 of one byte a bar, loudest = 255.
    pub waveform: Option<String>,
    /// Whether there is a thumbnail.
    pub preview: bool,
}

/// How a client shows it. `image`, `video`, `audio` and `voice` are shown in place; a `file` is only downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    Image,
    Video,
    Audio,
    Voice,
    File,
}

/// Attachments of one message.
pub const MAX_PER_MESSAGE: usize = 20;

/// Why something was not done with a file.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Absent, or somebody else's: nobody learns which.
    #[error("no such file")]
    NoSuchFile,
    #[error("the upload is not complete")]
    Incomplete,
    #[error("the upload hangs on a message already")]
    AlreadySent,
    #[error("a message has at most {MAX_PER_MESSAGE} attachments")]
    TooMany,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Hangs complete uploads of `owner` on a message that the same transaction has stored, in this order.
pub async fn attach(tx: &mut Tx, owner: UserId, message: MessageId, ids: &[AttachmentId]) -> Result<Vec<Attachment>, FilesError> {
    if ids.len() > MAX_PER_MESSAGE {
        return Err(FilesError::TooMany);
    }
    let mut attachments = Vec::with_capacity(ids.len());
    for (position, id) in (0..).zip(ids) {
        match store::attach(tx, owner, message, *id, position).await? {
            Some(attachment) => attachments.push(attachment),
            None => return Err(why_not(tx, owner, *id).await?),
        }
    }
    Ok(attachments)
}

async fn why_not(tx: &mut Tx, owner: UserId, id: AttachmentId) -> sqlx::Result<FilesError> {
    Ok(match store::upload(tx, owner, id).await? {
        None => FilesError::NoSuchFile,
        Some(upload) if upload.sent => FilesError::AlreadySent,
        Some(_) => FilesError::Incomplete,
    })
}
