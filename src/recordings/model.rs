//! Recordings as officers see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{orders::Fault, policy::Mode};
use crate::{
    audit,
    calls::{CallKind, Outcome},
    clock::Millis,
    ids::{CallId, ConversationId, DeviceId, ExportId, HoldId, NoteId, RecordingId, UserId},
    users::settings::Language,
};

/// Where a recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingStatus)]
pub enum Status {
    Starting,
    Recording,
    /// It ended in order.
    Closed,
    /// It broke off: what there was is kept.
    Recovered,
    /// Nothing of it is there.
    Failed,
    /// Its time was over. What is known of it stays, what was said is gone.
    Erased,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingReview)]
pub enum Review {
    New,
    Reviewed,
    /// Somebody has to look into it.
    Flagged,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingEntry)]
pub struct Entry {
    pub id: RecordingId,
    pub call_id: CallId,
    pub conversation_id: ConversationId,
    pub kind: CallKind,
    pub caller_id: UserId,
    pub callee_id: UserId,
    /// Name of the policy rule that said so.
    pub rule: String,
    pub mode: Mode,
    pub state: Status,
    pub started_at: Millis,
    pub ended_at: Option<Millis>,
    pub duration_ms: Option<u64>,
    /// How many stretches were lost or silent.
    pub gap_count: Option<u64>,
    /// Of the streams as they are kept.
    pub bytes: Option<u64>,
    /// How the call ended; unset while it goes on.
    pub outcome: Option<Outcome>,
    pub tag: Option<String>,
    pub review: Review,
    /// It is erased from then on, if nothing holds it.
    pub retain_until: Millis,
    /// A hold keeps it from being erased.
    pub held: bool,
    pub erased_at: Option<Millis>,
}

/// All that is known of a recording.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RecordingDetail)]
pub struct Detail {
    #[serde(flatten)]
    pub entry: Entry,
    pub notice_version: u32,
    /// The first is the events, the second the mix of all voices, the others are participants.
    pub streams: Vec<Stream>,
    /// What is missing, and why; empty while it goes on and once it is erased.
    pub gaps: Vec<Gap>,
    pub consents: Vec<ConsentGiven>,
    /// The oldest first; so are the holds.
    pub notes: Vec<Note>,
    pub holds: Vec<Hold>,
    /// Who did what with it, the newest first; the last 100.
    pub accesses: Vec<audit::Entry>,
    /// Where its chain ended, SHA-256, hexadecimal.
    pub head: Option<String>,
}

/// Its bytes: `GET /api/recordings/{id}/streams/{stream}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingStream)]
pub struct Stream {
    pub stream: u16,
    pub kind: StreamKind,
    /// Who is heard and seen in a track.
    pub user_id: Option<UserId>,
    /// `microphone`, `camera`, `screen`: what a track has.
    pub sources: Vec<String>,
    pub content_type: String,
    /// Since the start of the recording.
    pub starts_ms: u64,
    pub duration_ms: u64,
    pub bytes: u64,
}

/// A stretch of a track that has nothing in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingGap)]
pub struct Gap {
    pub stream: u16,
    pub from_ms: u64,
    pub to_ms: u64,
    /// As the events say: loss, mute, disconnect.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingStreamKind)]
pub enum StreamKind {
    /// JSON lines.
    Events,
    /// Ogg Opus.
    Mix,
    /// WebM of one participant's session.
    Track,
}

impl StreamKind {
    #[must_use]
    pub fn of(stream: u16) -> Self {
        match stream {
            0 => Self::Events,
            1 => Self::Mix,
            _ => Self::Track,
        }
    }

    #[must_use]
    pub fn content_type(self, sources: &[String]) -> &'static str {
        let seen = sources.iter().any(|source| source != "microphone");
        match self {
            Self::Events => "application/x-ndjson",
            Self::Mix => "audio/ogg",
            Self::Track if seen => "video/webm",
            Self::Track => "audio/webm",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingConsent)]
pub struct ConsentGiven {
    pub user_id: UserId,
    pub device_id: DeviceId,
    pub notice_version: u32,
    /// SHA-256 of what was shown.
    pub text_hash: String,
    pub language: Language,
    pub at: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingNote)]
pub struct Note {
    pub id: NoteId,
    pub author_id: UserId,
    pub text: String,
    /// What of the recording it is about; unset: all of it.
    pub at_ms: Option<u64>,
    pub created_at: Millis,
}

/// While one lasts, the recording is not erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingHold)]
pub struct Hold {
    pub id: HoldId,
    pub reason: String,
    /// Who answers for it.
    pub owner_id: UserId,
    pub placed_by: UserId,
    pub placed_at: Millis,
    /// Unset: until it is released.
    pub until: Option<Millis>,
    pub released_at: Option<Millis>,
    pub released_by: Option<UserId>,
}

/// A call that had to be recorded and was not, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingFailure)]
pub struct Failure {
    pub call_id: CallId,
    /// If it had begun.
    pub recording_id: Option<RecordingId>,
    pub conversation_id: ConversationId,
    pub caller_id: UserId,
    pub callee_id: UserId,
    pub rule: String,
    pub fault: Fault,
    pub at: Millis,
}

/// Recordings and conversations that leave the server together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingExport)]
pub struct Export {
    pub id: ExportId,
    pub recording_ids: Vec<RecordingId>,
    pub conversation_ids: Vec<ConversationId>,
    /// Of the conversations, messages from this time on, and before the other one; unset: all that are kept.
    pub from: Option<Millis>,
    pub to: Option<Millis>,
    pub reason: String,
    pub requested_by: UserId,
    pub requested_at: Millis,
    /// A second officer has to approve it.
    pub needs_approval: bool,
    pub approved_by: Option<UserId>,
    pub approved_at: Option<Millis>,
}

impl Export {
    /// It may be taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.needs_approval || self.approved_by.is_some()
    }
}
