//! Attachments and pictures: how they come in, where they are kept, who gets them back.

use std::{collections::HashMap, io};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::{App, Tuning},
    config::Config,
    db::{Db, Tx},
    events::EventId,
    ids::{AttachmentId, ConversationId, MessageId, UserId},
};

pub mod blobs;
pub mod complete;
pub mod limits;
pub mod names;
pub mod object_lock;
pub mod pictures;
pub mod routes;
pub mod sniff;
pub mod staging;
pub mod store;
pub mod sweep;
pub mod turns;
pub mod uploads;
pub mod work;
pub mod worker;

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

/// Why something about files was not done.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Absent, or the user may not have it: nobody learns which.
    #[error("no such file")]
    NoSuchFile,
    #[error("the upload is not complete")]
    Incomplete,
    #[error("the upload hangs on a message already")]
    AlreadySent,
    #[error("a message has at most {MAX_PER_MESSAGE} attachments")]
    TooMany,
    #[error("the file is larger than allowed")]
    FileTooLarge,
    #[error("the user's files would take more than allowed")]
    QuotaExceeded,
    #[error("more bytes came than were announced")]
    MoreThanDeclared,
    #[error("the upload stands at another offset")]
    WrongOffset,
    #[error("the checksum is not that of the bytes")]
    WrongChecksum,
    #[error("another request goes on with this upload")]
    TakenOver,
    #[error("the session has ended")]
    SessionEnded,
    #[error("the bytes ceased to come")]
    Broken,
    #[error("a limit is a number of bytes from 1 on")]
    BadLimit,
    #[error("that is no image that can be decoded")]
    NotAnImage,
    #[error("that is no sound of at most 15 minutes")]
    NotAVoiceMessage,
    #[error("the disk is full")]
    StorageFull,
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl FilesError {
    /// Whether what came before it may stay: the client goes on from there.
    fn keeps_bytes(&self) -> bool {
        matches!(self, Self::TakenOver | Self::SessionEnded | Self::Broken | Self::Database(_))
    }
}

impl From<io::Error> for FilesError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::StorageFull,
            _ => Self::Io(error),
        }
    }
}

/// Where files are while they come in and where they are kept: part of the [`App`](crate::app::App).
#[derive(Debug)]
pub struct Files {
    blobs: blobs::Blobs,
    staging: staging::Staging,
    turns: turns::Turns,
    workers: worker::Workers,
}

impl Files {
    /// Makes the folders that are needed.
    pub fn open(config: &Config, tuning: &Tuning) -> anyhow::Result<Self> {
        Ok(Self {
            blobs: blobs::Blobs::open(&config.files)?,
            staging: staging::Staging::open(config.data.join("staging"))?,
            turns: turns::Turns::default(),
            workers: worker::Workers::new(&tuning.worker),
        })
    }

    /// The object store, for what is kept in it beside attachments and pictures.
    #[must_use]
    pub fn blobs(&self) -> &blobs::Blobs {
        &self.blobs
    }
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

/// Removes the bytes of attachments whose rows are deleted. What fails is left to the sweep.
pub async fn discard(app: &App, ids: &[AttachmentId]) {
    for id in ids {
        complete::discard(app, *id).await;
    }
}

/// What hangs on messages, also on deleted ones: for what is kept.
pub async fn of_messages(
    db: &Db,
    conversation: ConversationId,
    first: EventId,
    last: EventId,
) -> sqlx::Result<HashMap<MessageId, Vec<Attachment>>> {
    store::of_messages(db, conversation, first, last).await
}

async fn why_not(tx: &mut Tx, owner: UserId, id: AttachmentId) -> sqlx::Result<FilesError> {
    Ok(match store::is_sent(tx, owner, id).await? {
        None => FilesError::NoSuchFile,
        Some(true) => FilesError::AlreadySent,
        Some(false) => FilesError::Incomplete,
    })
}
