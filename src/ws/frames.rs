//! What goes over the WebSocket, one JSON object a text frame. `docs/protocol.md` shows each with an example.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    calls::{CallKind, CallState, Signal},
    clock::Millis,
    events::{EventId, StoredEvent},
    ids::{CallId, ConversationId, DeviceId, UserId},
    users::{Presence, settings::Language},
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
    /// The user writes in a conversation. Sent at most every 3 s; shown to the other members for 6 s.
    Typing {
        conversation_id: ConversationId,
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
        /// The page of `previous_device_id` was loaded anew: it is the same page, but its media is gone and is set up anew.
        #[serde(default)]
        anew: bool,
    },
    CallDecline {
        call_id: CallId,
    },
    /// Cancels a ringing call of one's own, ends an answered one.
    CallHangUp {
        call_id: CallId,
    },
    /// The page goes away: it is loaded anew or closed. The call waits 10 s for its return.
    CallLeave {
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
        #[serde(default)]
        screen: bool,
        #[serde(default)]
        on_hold: bool,
    },
    /// This device's media of that negotiation does not connect or broke for good: where `may_move`, the call moves.
    CallMediaFailed {
        call_id: CallId,
        negotiation: u32,
    },
    /// The user of this device has read what is told of the recording, and agrees; before or after the answer.
    CallConsent {
        call_id: CallId,
        /// `CallRecording.notice.version`.
        notice_version: u32,
        /// In which the notice was shown.
        language: Language,
    },
    /// Switches a recording on demand on or off.
    CallRecord {
        call_id: CallId,
        on: bool,
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
    Typing {
        conversation_id: ConversationId,
        user_id: UserId,
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

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOL: &str = include_str!("../../docs/protocol.md");

    /// The examples of the page whose fence says `json <from>`.
    fn examples(from: &str) -> Vec<&'static str> {
        let fence = format!("```json {from}\n");
        PROTOCOL.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
    }

    #[test]
    fn every_example_of_the_protocol_page_is_a_frame() {
        let (client, server) = (examples("client"), examples("server"));
        assert!(client.len() >= 7 && server.len() >= 3, "{} and {}", client.len(), server.len());
        for example in client {
            let frame: ClientFrame = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}: {example}"));
            round_trip(&frame);
        }
        for example in server {
            let frame: ServerFrame = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}: {example}"));
            assert_eq!(serde_json::to_value(&frame).ok(), serde_json::from_str(example).ok(), "a field is missing or too much");
        }
    }

    #[test]
    fn every_event_has_an_example() {
        let document = serde_json::to_value(crate::http::document()).expect("it is JSON");
        let kinds = document["components"]["schemas"]["Event"]["oneOf"].as_array().expect("one of several").iter();
        let kinds: Vec<_> = kinds.map(|kind| kind["properties"]["type"]["enum"][0].as_str().expect("a type")).collect();
        assert!(kinds.len() >= 9, "{kinds:?}");
        for kind in kinds {
            let shown = examples("server").iter().any(|example| example.contains(&format!("\"type\": \"{kind}\"")));
            assert!(shown, "{kind} has no example");
        }
    }

    fn round_trip(frame: &ClientFrame) {
        let text = serde_json::to_string(frame).expect("a frame is JSON");
        assert_eq!(serde_json::from_str::<ClientFrame>(&text).expect("its own JSON"), *frame);
    }
}
