//! What goes over the WebSocket, one JSON object a text frame. `docs/protocol.md` shows each with an example.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    calls::{CallKind, CallState, Signal},
    clock::Millis,
    events::{EventId, StoredEvent},
    ids::{CallId, DeviceId, UserId},
    users::Presence,
};

/// From the browser to the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Every 10 s: shows both sides that the line is alive. Answered by `pong`.
    Ping,
    /// `online` or `away`.
    Presence {
        presence: Presence,
    },
    CallStart {
        client_key: String,
        callee_id: UserId,
        kind: CallKind,
    },
    /// Answers a ringing call, or takes over a call of this user whose device is gone (`connected` is false).
    CallAccept {
        call_id: CallId,
        /// The device id that this very page had before its socket broke, if its media still runs: the call goes on as it was.
        #[serde(default)]
        previous_device_id: Option<DeviceId>,
    },
    CallDecline {
        call_id: CallId,
    },
    /// Cancels a ringing call of one's own, ends an answered one.
    CallHangUp {
        call_id: CallId,
    },
    CallSignal {
        call_id: CallId,
        signal: Signal,
        /// `CallState.negotiation` as this device knows it: the server drops what belongs to an earlier one.
        #[serde(default)]
        negotiation: Option<u32>,
    },
    /// What this participant sends now, for the other side's screen.
    CallMedia {
        call_id: CallId,
        microphone: bool,
        camera: bool,
    },
}

/// From the server to the browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame. `last_event_id` is where the stream stands; events after the client's `after` follow at once.
    /// `reset` is true if those are no longer kept: fetch everything anew.
    Hello {
        user_id: UserId,
        device_id: DeviceId,
        last_event_id: EventId,
        reset: bool,
    },
    Event {
        event: StoredEvent,
    },
    Presence {
        user_id: UserId,
        presence: Presence,
        last_seen_at: Option<Millis>,
    },
    Call {
        call: CallState,
    },
    CallSignal {
        call_id: CallId,
        signal: Signal,
    },
    /// A frame of the client was refused; the connection stays.
    Error {
        code: String,
        message: String,
        call_id: Option<CallId>,
        client_key: Option<String>,
    },
    Pong,
}
