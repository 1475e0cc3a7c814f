//! What calls ask of recordings and tell them. Plain data: the state machine of a call makes it, and the keeper carries it out.

use serde::{Serialize, Serializer};
use staffline_media::{
    control::{PeerId, RoomId},
    recorder::RecordingFailure,
};

use super::policy::Mode;
use crate::{
    calls::CallKind,
    clock::Millis,
    ids::{CallId, ConversationId, DeviceId, RecordingId, UserId},
    users::settings::Language,
};

/// What is to become of a recording. In their order: nothing comes before its start, nothing after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Start(Box<Begun>),
    Note { id: RecordingId, room: RoomId, note: Note },
    Stop { id: RecordingId, room: RoomId },
}

/// A recording that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    pub id: RecordingId,
    pub room: RoomId,
    pub at: Millis,
    pub of: OfCall,
    pub mode: Mode,
    pub notice_version: u32,
    pub retention_days: u32,
}

/// The call that is recorded, or that could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfCall {
    pub call_id: CallId,
    pub conversation_id: ConversationId,
    pub kind: CallKind,
    pub caller_id: UserId,
    pub callee_id: UserId,
    /// Name of the policy rule that says so.
    pub rule: String,
}

/// A line of the recording's events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Note {
    Consent {
        user_id: UserId,
        notice_version: u32,
    },
    /// A participant's media flows.
    Join {
        user_id: UserId,
        /// Whose session of the media node it is.
        #[serde(serialize_with = "as_id")]
        peer: PeerId,
    },
    Leave {
        user_id: UserId,
        #[serde(serialize_with = "as_id")]
        peer: PeerId,
    },
    /// What a participant sends is not passed on or recorded until they agree to what is told now.
    HeldBack {
        user_id: UserId,
        on: bool,
    },
    /// What a participant sends from now on.
    Media {
        user_id: UserId,
        microphone: bool,
        camera: bool,
        screen: bool,
        on_hold: bool,
    },
}

/// As ids are written.
fn as_id<S: Serializer>(peer: &PeerId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&RecordingId::of_u128(peer.0))
}

/// A participant has read the notice and agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub call_id: CallId,
    pub user_id: UserId,
    pub device_id: DeviceId,
    pub notice_version: u32,
    pub text_hash: String,
    pub language: Language,
    pub at: Millis,
}

/// What had to be recorded, and was not or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrecorded {
    pub of: OfCall,
    /// If it had begun.
    pub recording_id: Option<RecordingId>,
    pub why: Fault,
    pub at: Millis,
}

/// Why a call was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingFault)]
pub enum Fault {
    /// Somebody did not agree in time.
    NoConsent,
    DiskFull,
    DiskError,
    /// The disk was too slow.
    Behind,
    /// There is no recorder, or it failed; or the database did not keep its key.
    Recorder,
}

impl From<&RecordingFailure> for Fault {
    fn from(failure: &RecordingFailure) -> Self {
        match failure {
            RecordingFailure::DiskFull => Self::DiskFull,
            RecordingFailure::Disk(_) => Self::DiskError,
            RecordingFailure::Behind => Self::Behind,
            RecordingFailure::Internal => Self::Recorder,
        }
    }
}
