//! The node's public API: commands in, events out. Everything here is plain data, so that the node
//! can run in this process (today) or on another machine without its callers noticing.

use std::net::SocketAddr;
use std::ops::AddAssign;

use crate::recorder::{RecordingEvent, RecordingPlan, Source};

/// A room: the participants of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u128);

/// One peer session (RFC 8825's "WebRTC endpoint") in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub u128);

/// What the owner of the node asks of it.
#[derive(Clone, Debug)]
pub enum Command {
    /// A peer joins a room with its SDP offer; answered by [`Event::Answer`] or [`Event::Refused`].
    Join { room: RoomId, peer: PeerId, offer: String },
    /// A new offer of a peer that is here already: other tracks, or an ICE restart. Answered likewise.
    Renegotiate { room: RoomId, peer: PeerId, offer: String },
    /// The peer goes; its addresses are unbound and its tracks end. Unknown peers are ignored.
    Leave { room: RoomId, peer: PeerId },
    /// The TURN server takes credentials of this call from now on (see [`crate::turn::credentials`]).
    OpenRelay { call: RoomId },
    /// It takes them no longer, and all allocations of the call end. A call that is not open is ignored.
    CloseRelay { call: RoomId },
    /// Everything that is sent in this room from now on is recorded; the room begins with it if nobody is there yet. Answered by
    /// [`Event::Recording`].
    StartRecording { room: RoomId, plan: RecordingPlan },
    /// A line for the recording's events: a JSON object. Ignored where nothing is recorded.
    NoteRecording { room: RoomId, note: String },
    /// Nothing that this peer sends is passed on or recorded, from now on or no longer. Its session stays; what it sent meanwhile is
    /// lost, and pictures go on with a key frame. Unknown peers are ignored.
    HoldBack { room: RoomId, peer: PeerId, on: bool },
    /// The peer has said that it sends this no more, though nothing of its session changes: a camera that is switched off. It may begin
    /// again. Ignored where nothing is recorded.
    EndSource { room: RoomId, peer: PeerId, source: Source },
    /// Ends the recording, which is then closed in order. Ignored where nothing is recorded.
    StopRecording { room: RoomId },
    /// Asks for [`Event::Report`] with the same `id`.
    Report { id: u64 },
}

impl Command {
    /// The room or call that it is about.
    #[must_use]
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Join { room, .. }
            | Self::Renegotiate { room, .. }
            | Self::Leave { room, .. }
            | Self::StartRecording { room, .. }
            | Self::NoteRecording { room, .. }
            | Self::HoldBack { room, .. }
            | Self::EndSource { room, .. }
            | Self::StopRecording { room } => Some(*room),
            Self::OpenRelay { call } | Self::CloseRelay { call } => Some(*call),
            Self::Report { .. } => None,
        }
    }
}

/// What the node tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Answer {
        peer: PeerId,
        sdp: String,
    },
    Refused {
        peer: PeerId,
        reason: RefusedReason,
    },
    /// ICE has nominated a pair and DTLS is done: media can flow.
    Connected {
        peer: PeerId,
        remote: SocketAddr,
        protocol: Protocol,
    },
    /// The session is over; the peer is gone from its room.
    Closed {
        peer: PeerId,
        reason: CloseReason,
    },
    Recording {
        room: RoomId,
        /// As in its plan.
        id: u128,
        what: RecordingEvent,
    },
    Report {
        id: u64,
        report: NodeReport,
    },
}

/// Why an offer was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedReason {
    #[error("the offer is no SDP that can be answered: {0}")]
    BadOffer(String),
    #[error("the offer has none of the codecs of this node (VP8, Opus)")]
    NoCommonCodec,
    #[error("no such peer")]
    UnknownPeer,
    #[error("this peer is in a room already")]
    AlreadyJoined,
    #[error("the node has no room for another session")]
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Its owner said [`Command::Leave`].
    Left,
    /// No ICE consent (RFC 7675) within its time, or never connected.
    Timeout,
    /// DTLS failed or the peer closed it.
    Dtls,
    /// The node itself failed on this room; its log says how. Joining again is worth a try.
    Internal,
}

/// How datagrams travel between us and an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    Udp,
    /// ICE-TCP (RFC 6544), in the frames of RFC 4571.
    Tcp,
    /// A TURN client's TCP connection (RFC 8656 §3.1): STUN messages and ChannelData, one after another.
    TurnTcp,
    /// The same inside TLS.
    TurnTls,
    /// No connection: an allocation of our own TURN server, whose datagrams are handed over in memory. The remote address is the
    /// relayed transport address.
    Relayed,
}

/// Counters since the start of the node, and what lives now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeReport {
    pub rooms: u64,
    pub sessions: u64,
    /// RTP and RTCP datagrams and their bytes (UDP payload) from and to peers.
    pub media_packets_in: u64,
    pub media_bytes_in: u64,
    pub media_packets_out: u64,
    pub media_bytes_out: u64,
    /// RTP packets that failed authentication, were replayed, or that no track wanted.
    pub media_packets_dropped: u64,
    pub retransmitted_packets: u64,
    pub keyframe_requests: u64,
    /// Answers of the STUN server (RFC 8489 Binding) to clients without a session.
    pub stun_answers: u64,
    /// Datagrams that belonged to nobody.
    pub stray_packets: u64,
    /// Datagrams that the kernel did not take: its buffer was full, or there is no way to their address.
    pub unsent_packets: u64,
    /// Allocations of our TURN server that live now, by how their clients reach us.
    pub allocations_udp: u64,
    pub allocations_tcp: u64,
    pub allocations_tls: u64,
    /// What TURN clients gave us to relay, and what was relayed to them: datagrams and bytes of their payload.
    pub turn_packets_in: u64,
    pub turn_bytes_in: u64,
    pub turn_packets_out: u64,
    pub turn_bytes_out: u64,
    /// Requests of TURN clients that were answered with an error, but for the challenge that each client meets first.
    pub turn_refused: u64,
    /// TCP connections that the driver holds.
    pub connections: u64,
    /// Batches that came over UDP, and the system calls that they took: those that received, with those that found nothing there, and those
    /// that sent.
    pub batches: u64,
    pub receive_calls: u64,
    pub send_calls: u64,
}

impl AddAssign<&Self> for NodeReport {
    fn add_assign(&mut self, other: &Self) {
        self.rooms += other.rooms;
        self.sessions += other.sessions;
        self.media_packets_in += other.media_packets_in;
        self.media_bytes_in += other.media_bytes_in;
        self.media_packets_out += other.media_packets_out;
        self.media_bytes_out += other.media_bytes_out;
        self.media_packets_dropped += other.media_packets_dropped;
        self.retransmitted_packets += other.retransmitted_packets;
        self.keyframe_requests += other.keyframe_requests;
        self.stun_answers += other.stun_answers;
        self.stray_packets += other.stray_packets;
        self.unsent_packets += other.unsent_packets;
        self.allocations_udp += other.allocations_udp;
        self.allocations_tcp += other.allocations_tcp;
        self.allocations_tls += other.allocations_tls;
        self.turn_packets_in += other.turn_packets_in;
        self.turn_bytes_in += other.turn_bytes_in;
        self.turn_packets_out += other.turn_packets_out;
        self.turn_bytes_out += other.turn_bytes_out;
        self.turn_refused += other.turn_refused;
        self.connections += other.connections;
        self.batches += other.batches;
        self.receive_calls += other.receive_calls;
        self.send_calls += other.send_calls;
    }
}
