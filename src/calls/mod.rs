//! Calls: ringing, who may join, which path the media takes, and the history entry.

pub mod history;
pub mod ice;
pub mod media;
pub mod party;
pub mod policy;
pub mod refusal;
pub mod relayed;
pub mod ringing;
pub mod routes;
pub mod service;
pub mod signal;
pub mod store;
pub mod switchboard;

pub use service::Calls;
pub use store::{Ended, ended_since, policy as stored_policy, was_in};

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    clock::Millis,
    ids::{CallId, ConversationId, UserId},
    recordings::policy::Mode,
};

use policy::Policy;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    Audio,
    Video,
}

/// The way that the media of a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// Peer to peer.
    Direct,
    /// Through our TURN server, which cannot read it: the ends do not learn each other's addresses.
    Relayed,
    /// The server terminates the media.
    MediaNode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallPhase {
    Ringing,
    Answered,
    Ended,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// They talked, and one of them hung up.
    Completed,
    /// The callee said no.
    Declined,
    /// The caller gave up before an answer.
    Cancelled,
    /// Nobody answered in 45 s, or no device of the callee was there.
    Missed,
    /// The callee was in another call.
    Busy,
    /// A participant was lost and did not come back in 30 s, or the media never connected.
    Lost,
    /// It had to be recorded and could not be: somebody did not agree in time, or the recorder failed.
    NotRecorded,
}

/// A call that has ended, as history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallRecord {
    pub id: CallId,
    pub kind: CallKind,
    pub outcome: Outcome,
    pub caller_id: UserId,
    pub callee_id: UserId,
    /// Unset if it was never answered.
    pub path: Option<Path>,
    pub started_at: Millis,
    pub answered_at: Option<Millis>,
    pub ended_at: Millis,
}

/// A line of the list of a user's own calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallEntry {
    #[serde(flatten)]
    pub record: CallRecord,
    pub conversation_id: ConversationId,
    /// Name of the policy rule that chose the path.
    pub path_rule: Option<String>,
}

/// A call as one device should show it now. Sent whole at each change: the newest replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallState {
    pub id: CallId,
    /// The key that the caller's client gave, so that it finds its own call.
    pub client_key: String,
    pub conversation_id: ConversationId,
    pub kind: CallKind,
    pub phase: CallPhase,
    pub caller_id: UserId,
    pub callee_id: UserId,
    /// True if this device is the caller's, or the one that answered. On the callee's other devices an answered call
    /// is "answered elsewhere".
    pub here: bool,
    pub participants: Vec<Participant>,
    /// Set from `answered` on.
    pub path: Option<Path>,
    /// Name of the policy rule that chose the path.
    pub path_rule: Option<String>,
    /// The callee is in another call and is shown this one as a waiting call, on the device that holds the first.
    pub waiting: bool,
    /// On the direct path for now: a device whose media does not connect says `call_media_failed`, and the call is relayed from
    /// then on.
    pub may_move: bool,
    /// The path before the call moved: its peer connection is kept until media flows over the new one.
    pub moved_from: Option<Path>,
    /// True if this device makes the SDP offer: the caller's on a direct or relayed path, both (towards the server) on
    /// the media node.
    pub offerer: bool,
    /// Grows whenever this device has to set up its media anew (at the answer, when another device took over or the page was
    /// loaded anew, when the media node lost it, when the call moved): a new `RTCPeerConnection`, and a new offer if `offerer`.
    pub negotiation: u32,
    /// For `RTCConfiguration.iceServers`; only for the two devices of an answered call.
    pub ice_servers: Vec<IceServer>,
    pub started_at: Millis,
    pub answered_at: Option<Millis>,
    pub ended_at: Option<Millis>,
    pub outcome: Option<Outcome>,
    /// Set if the call is recorded or may be; from its ringing on.
    pub recording: Option<CallRecording>,
}

/// Where the recording of a call stands, as one device should show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallRecording {
    pub state: RecordingState,
    /// Name of the policy rule that says so.
    pub rule: String,
    pub mode: Mode,
    pub notice: RecordingNotice,
    /// This device has agreed to this version of the notice. Where it has not, and `state` is any other than `off` and `failed`, it is
    /// to ask its user: also while the recording is on.
    pub consented: bool,
    /// Participants who have not agreed yet, once the call was answered.
    pub waiting_for: Vec<UserId>,
    /// The user of this device may switch it on and off: `call_record`.
    pub can_start: bool,
    /// Since when it is recorded; unset while it is not.
    pub started_at: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// It rings, and will be recorded.
    Announced,
    /// It waits for the consent of all, and then for the recorder. Where it always records, no media flows before.
    Consent,
    On,
    /// On demand, and nobody has asked for it; or the call is over.
    Off,
    /// The recorder is behind: what is said now may be missing.
    Interrupted,
    /// It ended by a fault.
    Failed,
}

/// What participants are told before they agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingNotice {
    /// Sent back with `call_consent`.
    pub version: u32,
    pub purpose_ru: String,
    pub purpose_en: String,
    pub recorded_by: String,
    pub retention_days: u32,
    /// Pictures are recorded, too: those of cameras and of screens that are shared.
    pub video: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Participant {
    pub user_id: UserId,
    pub microphone: bool,
    pub camera: bool,
    pub screen: bool,
    /// The participant has put this call on hold, and neither sends nor plays.
    pub on_hold: bool,
    /// False while the participant's device or its media connection is gone and its grace runs.
    pub connected: bool,
}

/// `RTCIceServer`. A TURN server's has credentials, good for ten minutes to begin with it, and as long as the call lasts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IceServer {
    pub urls: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub credential: Option<String>,
}

// A password has no place in a log.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).field("username", &self.username).finish_non_exhaustive()
    }
}

/// A call begins to ring, or is over: for those who tell of it where no page is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    pub call_id: CallId,
    pub conversation_id: ConversationId,
    pub kind: CallKind,
    pub caller_id: UserId,
    pub callee_id: UserId,
    pub at: Millis,
    pub over: bool,
    /// Over, and the callee has not had a say.
    pub missed: bool,
}

/// What two peers (or a peer and the media node) say to set up media: `RTCSessionDescriptionInit` and `RTCIceCandidateInit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Signal {
    Offer { sdp: String },
    Answer { sdp: String },
    Candidate { candidate: String, sdp_mid: Option<String>, sdp_m_line_index: Option<u16>, username_fragment: Option<String> },
}

/// A name that the database does not know how to read: written by a newer server, or by hand.
#[derive(Clone, Debug, thiserror::Error)]
#[error("there is no {what} {text:?}")]
pub struct UnknownName {
    what: &'static str,
    text: String,
}

/// Text in the database, the same as in JSON.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),* })
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(UnknownName { what: stringify!($type), text: text.to_owned() }),
                }
            }
        }
    };
}

names!(CallKind { Audio = "audio", Video = "video" });
names!(Path { Direct = "direct", Relayed = "relayed", MediaNode = "media_node" });
names!(Policy { Direct = "direct", Auto = "auto", Relayed = "relayed", MediaNode = "media_node" });
names!(Outcome {
    Completed = "completed",
    Declined = "declined",
    Cancelled = "cancelled",
    Missed = "missed",
    Busy = "busy",
    Lost = "lost",
    NotRecorded = "not_recorded",
});

#[cfg(test)]
mod tests {
    use super::*;

    /// The database and JSON use one word for one thing.
    fn check<T: FromStr + fmt::Display + Serialize>(names: &[&str]) {
        for name in names {
            let value: T = name.parse().unwrap_or_else(|_| panic!("{name} is no name"));
            assert_eq!(value.to_string(), *name);
            assert_eq!(serde_json::to_value(&value).ok(), Some((*name).into()));
        }
        assert!("other".parse::<T>().is_err());
    }

    #[test]
    fn names_in_the_database_are_those_in_json() {
        check::<CallKind>(&["audio", "video"]);
        check::<Path>(&["direct", "relayed", "media_node"]);
        check::<Policy>(&["direct", "auto", "relayed", "media_node"]);
        check::<Outcome>(&["completed", "declined", "cancelled", "missed", "busy", "lost", "not_recorded"]);
    }
}
