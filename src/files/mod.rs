//! Attachments and pictures: how they come in, where they are kept, who gets them back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::AttachmentId;

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
