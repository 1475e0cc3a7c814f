//! What goes into a call and what comes out of it.

use std::net::IpAddr;

use staffline_media::{
    control::{Command, Event as NodeEvent, PeerId, RoomId},
    recorder::Source,
};

use crate::{
    calls::{
        CallKind, Path, Signal,
        party::{Sends, Side},
        refusal::Refusal,
    },
    clock::Millis,
    ids::{CallId, ConversationId, DeviceId, UserId},
    recordings::orders::{Consent, Order, Unrecorded},
    users::{Role, settings::Language},
};

/// What happens to a call. The switchboard has checked that the user of the device is one of the two sides.
#[derive(Clone, Debug)]
pub enum Input {
    /// The callee answers, or a participant takes a call over that its lost device left. `previous` is the id that this very
    /// page had before its socket broke: its media still runs, so nothing needs to be set up, unless the page was loaded `anew`.
    Accept {
        side: Side,
        device: DeviceId,
        /// Where its connection comes from.
        address: IpAddr,
        previous: Option<DeviceId>,
        anew: bool,
    },
    /// The callee calls the caller while being rung: both want to talk, so this is an answer.
    Glare {
        device: DeviceId,
        address: IpAddr,
        client_key: String,
        kind: CallKind,
    },
    Decline {
        side: Side,
        device: DeviceId,
    },
    HangUp {
        side: Side,
        device: DeviceId,
    },
    /// The page is being closed or loaded anew.
    Leave {
        side: Side,
        device: DeviceId,
    },
    /// `negotiation` is the one that the device was in when it said so; a signal of an older one means nothing any more.
    Signal {
        side: Side,
        device: DeviceId,
        signal: Signal,
        negotiation: Option<u32>,
    },
    Media {
        side: Side,
        device: DeviceId,
        sends: Sends,
    },
    /// The device's media of this negotiation does not connect.
    MediaFailed {
        side: Side,
        device: DeviceId,
        negotiation: u32,
    },
    /// An admin puts the answered call on another path.
    Move {
        path: Path,
    },
    /// The user of this device agrees to what is told of the recording.
    Consent {
        side: Side,
        device: DeviceId,
        version: u32,
        language: Language,
    },
    /// A participant switches recording on demand on or off.
    Record {
        side: Side,
        device: DeviceId,
        on: bool,
    },
    /// The recording policy is another now.
    RecordingPolicy,
    DeviceConnected {
        side: Side,
        device: DeviceId,
    },
    DeviceLost {
        side: Side,
        device: DeviceId,
    },
    /// The socket is open, and nothing has come from it since then.
    DeviceSilent {
        side: Side,
        device: DeviceId,
        since: Millis,
    },
    /// Something has, again.
    DeviceHeard {
        side: Side,
        device: DeviceId,
    },
    /// From the media node, of a peer of this call.
    Node(NodeEvent),
    /// The account of a side is closed.
    UserGone {
        side: Side,
    },
    /// The callee had no line free when this one began.
    CalleeBusy,
    /// The other call of a callee for whom this one waits has ended.
    WaitingOver,
    /// The server stops.
    Shutdown,
    /// [`super::Call::deadline`] has come.
    Deadline,
}

/// What is to be done about it, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send the state as it is after this step to one device.
    ShowDevice(DeviceId),
    /// The same to every device of a side.
    ShowAll(Side),
    Signal {
        to: DeviceId,
        signal: Signal,
    },
    Refuse {
        device: DeviceId,
        refusal: Refusal,
    },
    Node(NodeCommand),
    /// For the recorder.
    Recorder(Order),
    /// To be kept: somebody has agreed to be recorded.
    Consented(Consent),
    /// To be kept: what had to be recorded was not.
    NotRecorded(Box<Unrecorded>),
    /// It begins to ring on all devices of the callee.
    Rings,
    /// What history would keep of it is another now.
    Changed,
    /// The one history entry.
    Ended,
}

/// [`Command`] with equality, for tests: what a call asks of the media node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeCommand {
    Join { room: RoomId, peer: PeerId, offer: String },
    Renegotiate { room: RoomId, peer: PeerId, offer: String },
    Leave { room: RoomId, peer: PeerId },
    HoldBack { room: RoomId, peer: PeerId, on: bool },
    EndSource { room: RoomId, peer: PeerId, source: Source },
    OpenRelay { call: RoomId },
    CloseRelay { call: RoomId },
}

impl From<NodeCommand> for Command {
    fn from(command: NodeCommand) -> Self {
        match command {
            NodeCommand::Join { room, peer, offer } => Self::Join { room, peer, offer },
            NodeCommand::Renegotiate { room, peer, offer } => Self::Renegotiate { room, peer, offer },
            NodeCommand::Leave { room, peer } => Self::Leave { room, peer },
            NodeCommand::HoldBack { room, peer, on } => Self::HoldBack { room, peer, on },
            NodeCommand::EndSource { room, peer, source } => Self::EndSource { room, peer, source },
            NodeCommand::OpenRelay { call } => Self::OpenRelay { call },
            NodeCommand::CloseRelay { call } => Self::CloseRelay { call },
        }
    }
}

/// What a call begins with.
#[derive(Clone, Debug)]
pub struct NewCall {
    pub id: CallId,
    pub conversation_id: ConversationId,
    pub kind: CallKind,
    pub caller_id: UserId,
    pub caller_role: Role,
    pub device: DeviceId,
    pub client_key: String,
    pub callee_id: UserId,
    pub callee_role: Role,
}
