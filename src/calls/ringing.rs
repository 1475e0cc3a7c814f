//! One call from the first ring to its history entry, as a pure state machine: `(now, Input) -> Outputs`.
//!
//! It knows who the two sides are and which device speaks for each; it knows nothing of sockets, of the database or of other
//! calls (those are [`super::switchboard`]'s). It is told the time; all its deadlines are one number, [`Call::deadline`].
//!
//! ```text
//! Ringing --accept--> Answered --hang up, lost--> Ended
//!    \--declined, cancelled, missed, busy, lost--> Ended
//! ```
//!
//! Until the callee has accepted, no signal passes in either direction: a caller learns nothing of the callee's network, and
//! the callee's devices learn nothing of the caller's.

use std::time::Duration;

use staffline_media::control::{CloseReason, Command, Event as NodeEvent, PeerId, RefusedReason, RoomId};

use super::{
    CallKind, CallPhase, CallRecord, CallState, IceServer, Outcome, Participant, Path, Signal,
    policy::{Decision, End, PathPolicy},
};
use crate::{
    clock::Millis,
    ids::{CallId, ConversationId, DeviceId, UserId},
};

/// How long the devices of the callee ring.
pub const RING: Duration = Duration::from_secs(45);
/// How long an answered call waits for a participant whose device is gone.
pub const GRACE: Duration = Duration::from_secs(30);
/// How long the callee goes on being rung by a caller whose device is gone: long enough for a socket that reconnects, short
/// enough that nobody answers a closed tab.
pub const RINGING_GRACE: Duration = Duration::from_secs(10);
/// How long a participant may take to connect to the media node.
pub const MEDIA_CONNECT: Duration = Duration::from_secs(30);
/// How long an ended call is remembered, so that a late or repeated frame is told how it ended.
pub const REMEMBER: Duration = Duration::from_secs(60);
/// Candidates that one side may send for one negotiation; browsers send one to three dozen.
pub const MAX_CANDIDATES: u32 = 256;

/// What happens to a call. The switchboard has checked that the user of the device is one of the two sides.
#[derive(Clone, Debug)]
pub enum Input {
    /// The callee answers, or a participant takes a call over that its lost device left. `previous` is the id that this very
    /// page had before its socket broke: its media still runs, so nothing needs to be set up anew.
    Accept {
        role: SideOf,
        device: DeviceId,
        previous: Option<DeviceId>,
    },
    /// The callee calls the caller while being rung: both want to talk, so this is an answer.
    Glare {
        device: DeviceId,
        client_key: String,
        kind: CallKind,
    },
    Decline {
        role: SideOf,
        device: DeviceId,
    },
    HangUp {
        role: SideOf,
        device: DeviceId,
    },
    /// `negotiation` is the one that the device was in when it said so; a signal of an older one means nothing any more.
    Signal {
        role: SideOf,
        device: DeviceId,
        signal: Signal,
        negotiation: Option<u32>,
    },
    Media {
        role: SideOf,
        device: DeviceId,
        microphone: bool,
        camera: bool,
    },
    DeviceConnected {
        role: SideOf,
        device: DeviceId,
    },
    DeviceLost {
        role: SideOf,
        device: DeviceId,
    },
    /// From the media node, of a peer of this call.
    Node(NodeEvent),
    /// The callee was in another call when this one began.
    CalleeBusy,
    /// The server stops.
    Shutdown,
    /// [`Call::deadline`] has come.
    Deadline,
}

/// What is to be done about it, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send the state as it is after this step to one device.
    ShowDevice(DeviceId),
    /// The same to every device of a side.
    ShowAll(SideOf),
    Signal {
        to: DeviceId,
        signal: Signal,
    },
    Refuse {
        device: DeviceId,
        refusal: Refusal,
    },
    Node(NodeCommand),
    /// The one history entry.
    Ended,
}

/// [`Command`] with equality, for tests: what a call asks of the media node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeCommand {
    Join { room: RoomId, peer: PeerId, offer: String },
    Renegotiate { peer: PeerId, offer: String },
    Leave { peer: PeerId },
}

impl From<NodeCommand> for Command {
    fn from(command: NodeCommand) -> Self {
        match command {
            NodeCommand::Join { room, peer, offer } => Self::Join { room, peer, offer },
            NodeCommand::Renegotiate { peer, offer } => Self::Renegotiate { peer, offer },
            NodeCommand::Leave { peer } => Self::Leave { peer },
        }
    }
}

/// Why a frame was not followed. The code is part of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("There is no such call.")]
    NoSuchCall,
    #[error("The call has not been answered yet.")]
    NotAnswered,
    #[error("The call is not ringing for you.")]
    NotRinging,
    #[error("The call is held by another device.")]
    AnsweredElsewhere,
    #[error("You are in a call already.")]
    AlreadyInCall,
    #[error("This user cannot be called.")]
    UserUnavailable,
    #[error("The key of a call must have 1 to 64 characters.")]
    BadClientKey,
    #[error("Too many calls in a short time.")]
    TooManyCalls,
    #[error("The signal was refused: {0}.")]
    BadSignal(String),
    #[error("Too many candidates.")]
    TooManyCandidates,
    #[error("The media node cannot take the call: {0}.")]
    MediaNode(String),
}

impl Refusal {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchCall => "no_such_call",
            Self::NotAnswered => "not_answered",
            Self::NotRinging => "not_ringing",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::AlreadyInCall => "already_in_call",
            Self::UserUnavailable => "user_unavailable",
            Self::BadClientKey => "bad_client_key",
            Self::TooManyCalls => "too_many_calls",
            Self::BadSignal(_) => "bad_signal",
            Self::TooManyCandidates => "too_many_candidates",
            Self::MediaNode(_) => "media_node_refused",
        }
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideOf {
    Caller,
    Callee,
}

impl SideOf {
    fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
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
    pub device: DeviceId,
    pub client_key: String,
    pub callee_id: UserId,
}

#[derive(Debug)]
pub struct Call {
    id: CallId,
    conversation_id: ConversationId,
    kind: CallKind,
    caller: Side,
    callee: Side,
    started_at: Millis,
    phase: Phase,
    /// How many peers of the media node this call has had; each gets an id of its own.
    peers_made: u32,
}

#[derive(Debug)]
enum Phase {
    Ringing { until: Millis },
    Answered { at: Millis, decision: Decision },
    Ended { at: Millis, outcome: Outcome, answered: Option<(Millis, Decision)> },
}

/// One of the two, with the device that speaks for it.
#[derive(Debug)]
struct Side {
    user_id: UserId,
    /// The key that this side's client gave the call; only a side that started it (or by glare: too) has one.
    client_key: Option<String>,
    /// Unset for a callee that has not answered, and while the participant is away.
    device: Option<DeviceId>,
    /// The device that was lost, and until when the call waits for another.
    away: Option<Away>,
    microphone: bool,
    camera: bool,
    /// See [`CallState::negotiation`].
    negotiation: u32,
    /// Candidates sent in this negotiation.
    candidates: u32,
    /// A signal came while the side was away: its media cannot go on as it was.
    missed_signal: bool,
    node: NodeSide,
}

#[derive(Debug)]
struct Away {
    device: DeviceId,
    until: Millis,
}

/// Where a side stands with the media node; idle on every other path.
#[derive(Debug, Default)]
struct NodeSide {
    peer: Option<PeerId>,
    /// The node has answered this peer's first offer: a refusal of a later one leaves the peer in place.
    joined: bool,
    connected: bool,
    /// It was connected once and is not now.
    lost: bool,
    /// When the call is lost for lack of a connection.
    deadline: Option<Millis>,
}

impl Side {
    fn new(user_id: UserId) -> Self {
        Self {
            user_id,
            client_key: None,
            device: None,
            away: None,
            microphone: true,
            camera: false,
            negotiation: 0,
            candidates: 0,
            missed_signal: false,
            node: NodeSide::default(),
        }
    }

    fn participant(&self) -> Participant {
        Participant {
            user_id: self.user_id,
            microphone: self.microphone,
            camera: self.camera,
            connected: self.device.is_some() && !self.node.lost,
        }
    }

    fn deadlines(&self) -> impl Iterator<Item = Millis> {
        self.away.as_ref().map(|away| away.until).into_iter().chain(self.node.deadline)
    }

    /// Its media is to be set up anew.
    fn renegotiate(&mut self) {
        self.negotiation += 1;
        self.candidates = 0;
    }

    /// Signals are not kept for a participant who is away: media is set up anew on its return.
    fn deliver(&mut self, signal: Signal) -> Vec<Output> {
        match self.device {
            Some(to) => vec![Output::Signal { to, signal }],
            None => {
                self.missed_signal = true;
                Vec::new()
            }
        }
    }
}

impl Call {
    /// Begins to ring.
    #[must_use]
    pub fn start(now: Millis, new: NewCall) -> (Self, Vec<Output>) {
        let mut caller = Side::new(new.caller_id);
        caller.client_key = Some(new.client_key);
        caller.device = Some(new.device);
        caller.camera = new.kind == CallKind::Video;
        let call = Self {
            id: new.id,
            conversation_id: new.conversation_id,
            kind: new.kind,
            caller,
            callee: Side::new(new.callee_id),
            started_at: now,
            phase: Phase::Ringing { until: after(now, RING) },
            peers_made: 0,
        };
        let shown = call.show();
        (call, shown)
    }

    /// One step. `policy` decides the path at the moment of the answer.
    pub fn handle(&mut self, now: Millis, policy: &PathPolicy, input: Input) -> Vec<Output> {
        if let Phase::Ended { .. } = self.phase {
            return after_the_end(&input);
        }
        match input {
            Input::Accept { role, device, previous } => self.accept(now, policy, role, device, previous),
            Input::Glare { device, client_key, kind } => self.glare(now, policy, device, client_key, kind),
            Input::Decline { role, device } => self.decline(now, role, device),
            Input::HangUp { role, device } => self.hang_up(now, role, device),
            Input::Signal { role, device, signal, negotiation } => self.signal(role, device, signal, negotiation),
            Input::Media { role, device, microphone, camera } => self.media(role, device, microphone, camera),
            Input::DeviceConnected { role, device } => self.device_connected(role, device),
            Input::DeviceLost { role, device } => self.device_lost(now, role, device),
            Input::Node(event) => self.node_event(now, event),
            Input::CalleeBusy => self.end(now, Outcome::Busy),
            Input::Shutdown => self.end(now, Outcome::Lost),
            Input::Deadline => self.deadline_passed(now),
        }
    }

    /// When [`Input::Deadline`] is due. For an ended call: when it may be forgotten.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let phase = match self.phase {
            Phase::Ringing { until } => Some(until),
            Phase::Answered { .. } => None,
            Phase::Ended { at, .. } => return Some(after(at, REMEMBER)),
        };
        phase.into_iter().chain(self.caller.deadlines()).chain(self.callee.deadlines()).min()
    }

    #[must_use]
    pub fn id(&self) -> CallId {
        self.id
    }

    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    #[must_use]
    pub fn is_ringing(&self) -> bool {
        matches!(self.phase, Phase::Ringing { .. })
    }

    #[must_use]
    pub fn user(&self, role: SideOf) -> UserId {
        self.side(role).user_id
    }

    /// The side that a user is on, if on one.
    #[must_use]
    pub fn role_of(&self, user: UserId) -> Option<SideOf> {
        if user == self.caller.user_id {
            Some(SideOf::Caller)
        } else if user == self.callee.user_id {
            Some(SideOf::Callee)
        } else {
            None
        }
    }

    /// The participant's device is gone and its grace runs.
    #[must_use]
    pub fn is_away(&self, role: SideOf) -> bool {
        self.side(role).away.is_some()
    }

    /// The call as a device of `role` should show it.
    #[must_use]
    pub fn state_for(&self, role: SideOf, device: DeviceId, ice_servers: &[IceServer]) -> CallState {
        let side = self.side(role);
        let (answered, ended) = (self.answered(), self.ended());
        let here = side.device == Some(device);
        let path = answered.map(|(_, decision)| decision.path);
        let client_key = side.client_key.as_ref().or(self.caller.client_key.as_ref());
        CallState {
            id: self.id,
            client_key: client_key.cloned().unwrap_or_default(),
            conversation_id: self.conversation_id,
            kind: self.kind,
            phase: self.phase_name(),
            caller_id: self.caller.user_id,
            callee_id: self.callee.user_id,
            here,
            participants: self.participants(),
            path,
            path_rule: answered.map(|(_, decision)| decision.rule.clone()),
            offerer: here && (path == Some(Path::MediaNode) || (path == Some(Path::Direct) && role == SideOf::Caller)),
            negotiation: side.negotiation,
            ice_servers: if here && path == Some(Path::Direct) { ice_servers.to_vec() } else { Vec::new() },
            started_at: self.started_at,
            answered_at: answered.map(|(at, _)| at),
            ended_at: ended.map(|(at, _)| at),
            outcome: ended.map(|(_, outcome)| outcome),
        }
    }

    /// The history entry, once the call has ended, with the policy rule that chose the path.
    #[must_use]
    pub fn history(&self) -> Option<History> {
        let (ended_at, outcome) = self.ended()?;
        let answered = self.answered();
        Some(History {
            conversation_id: self.conversation_id,
            path_rule: answered.map(|(_, decision)| decision.rule.clone()),
            record: CallRecord {
                id: self.id,
                kind: self.kind,
                outcome,
                caller_id: self.caller.user_id,
                callee_id: self.callee.user_id,
                path: answered.map(|(_, decision)| decision.path),
                started_at: self.started_at,
                answered_at: answered.map(|(at, _)| at),
                ended_at,
            },
        })
    }

    fn accept(
        &mut self,
        now: Millis,
        policy: &PathPolicy,
        role: SideOf,
        device: DeviceId,
        previous: Option<DeviceId>,
    ) -> Vec<Output> {
        if self.is_ringing() && role == SideOf::Callee {
            return self.answer(now, policy, device);
        }
        let side = self.side(role);
        let same_page = previous.is_some() && (previous == side.device || previous == side.away.as_ref().map(|a| a.device));
        if side.device == Some(device) {
            vec![Output::ShowDevice(device)]
        } else if side.away.is_some() || same_page {
            self.take_over(now, role, device, same_page)
        } else {
            vec![Output::Refuse { device, refusal: Refusal::AnsweredElsewhere }]
        }
    }

    fn glare(&mut self, now: Millis, policy: &PathPolicy, device: DeviceId, client_key: String, kind: CallKind) -> Vec<Output> {
        if !self.is_ringing() {
            return vec![Output::Refuse { device, refusal: Refusal::AlreadyInCall }];
        }
        self.callee.client_key = Some(client_key);
        if kind != self.kind {
            // Nobody's camera is turned on by the other's choice.
            self.kind = CallKind::Audio;
        }
        self.answer(now, policy, device)
    }

    fn answer(&mut self, now: Millis, policy: &PathPolicy, device: DeviceId) -> Vec<Output> {
        let decision = policy.decide(&End { user_id: self.caller.user_id }, &End { user_id: self.callee.user_id });
        let on_node = decision.path == Path::MediaNode;
        self.phase = Phase::Answered { at: now, decision };
        self.callee.device = Some(device);
        self.callee.camera = self.kind == CallKind::Video;
        if let Some(away) = &mut self.caller.away {
            // There is somebody waiting now: the caller gets the time that a participant gets.
            away.until = after(now, GRACE);
        }
        for side in [&mut self.caller, &mut self.callee] {
            side.renegotiate();
            if on_node && side.device.is_some() {
                side.node.deadline = Some(after(now, MEDIA_CONNECT));
            }
        }
        let mut out = vec![Output::ShowAll(SideOf::Callee)];
        out.extend(self.show_side(SideOf::Caller));
        out
    }

    /// Another device of the same user continues the call. If it is the same page after a broken socket, its media lives on.
    fn take_over(&mut self, now: Millis, role: SideOf, device: DeviceId, same_page: bool) -> Vec<Output> {
        let path = self.answered().map(|(_, decision)| decision.path);
        let side = self.side_mut(role);
        let same_page = same_page && !side.missed_signal;
        side.device = Some(device);
        (side.away, side.missed_signal) = (None, false);
        let mut out = Vec::new();
        match path {
            Some(Path::MediaNode) if same_page && side.node.peer.is_some() => {
                if !side.node.connected {
                    side.node.deadline = Some(after(now, MEDIA_CONNECT));
                }
            }
            Some(Path::MediaNode) => {
                out.extend(leave(side));
                side.renegotiate();
                side.node.deadline = Some(after(now, MEDIA_CONNECT));
            }
            Some(Path::Direct) if !same_page => {
                self.caller.renegotiate();
                self.callee.renegotiate();
            }
            Some(Path::Direct) | None => {}
        }
        out.push(Output::ShowAll(role));
        out.extend(self.show_side(role.other()));
        out
    }

    fn decline(&mut self, now: Millis, role: SideOf, device: DeviceId) -> Vec<Output> {
        if self.is_ringing() && role == SideOf::Callee {
            self.end(now, Outcome::Declined)
        } else {
            vec![Output::Refuse { device, refusal: Refusal::NotRinging }]
        }
    }

    fn hang_up(&mut self, now: Millis, role: SideOf, device: DeviceId) -> Vec<Output> {
        if self.is_ringing() && role == SideOf::Callee {
            return self.end(now, Outcome::Declined);
        }
        let side = self.side(role);
        // Whose own device is gone may end the call from any other one.
        if side.device != Some(device) && side.away.is_none() {
            return vec![Output::Refuse { device, refusal: Refusal::AnsweredElsewhere }];
        }
        let outcome = if self.is_ringing() { Outcome::Cancelled } else { Outcome::Completed };
        self.end(now, outcome)
    }

    fn signal(&mut self, role: SideOf, device: DeviceId, signal: Signal, negotiation: Option<u32>) -> Vec<Output> {
        let refuse = |refusal| vec![Output::Refuse { device, refusal }];
        let Some(path) = self.answered().map(|(_, decision)| decision.path) else {
            return refuse(Refusal::NotAnswered);
        };
        let side = self.side_mut(role);
        if side.device != Some(device) {
            return refuse(Refusal::AnsweredElsewhere);
        }
        if negotiation.is_some_and(|number| number != side.negotiation) {
            return Vec::new();
        }
        if let Signal::Candidate { .. } = signal {
            side.candidates += 1;
            if side.candidates > MAX_CANDIDATES {
                return refuse(Refusal::TooManyCandidates);
            }
        }
        match path {
            Path::MediaNode => self.signal_to_node(role, device, signal),
            Path::Direct => self.side_mut(role.other()).deliver(signal),
        }
    }

    fn signal_to_node(&mut self, role: SideOf, device: DeviceId, signal: Signal) -> Vec<Output> {
        let offer = match signal {
            Signal::Offer { sdp } => sdp,
            // The node learns the client's addresses from its connectivity checks (ICE-lite, RFC 8445 §7.3.1.3).
            Signal::Candidate { .. } => return Vec::new(),
            Signal::Answer { .. } => {
                let refusal = Refusal::BadSignal("the media node makes no offers".to_owned());
                return vec![Output::Refuse { device, refusal }];
            }
        };
        let room = RoomId(self.id.as_u128());
        if let Some(peer) = self.side(role).node.peer {
            return vec![Output::Node(NodeCommand::Renegotiate { peer, offer })];
        }
        self.peers_made += 1;
        let peer = PeerId(self.id.as_u128().wrapping_add(u128::from(self.peers_made)));
        let node = &mut self.side_mut(role).node;
        (node.peer, node.joined, node.connected) = (Some(peer), false, false);
        vec![Output::Node(NodeCommand::Join { room, peer, offer })]
    }

    fn media(&mut self, role: SideOf, device: DeviceId, microphone: bool, camera: bool) -> Vec<Output> {
        let side = self.side_mut(role);
        if side.device != Some(device) {
            let not_yet = role == SideOf::Callee && self.is_ringing();
            let refusal = if not_yet { Refusal::NotAnswered } else { Refusal::AnsweredElsewhere };
            return vec![Output::Refuse { device, refusal }];
        }
        (side.microphone, side.camera) = (microphone, camera);
        self.show()
    }

    fn device_connected(&self, role: SideOf, device: DeviceId) -> Vec<Output> {
        let rings = self.is_ringing() && role == SideOf::Callee;
        if rings || self.is_away(role) { vec![Output::ShowDevice(device)] } else { Vec::new() }
    }

    fn device_lost(&mut self, now: Millis, role: SideOf, device: DeviceId) -> Vec<Output> {
        let grace = if self.is_ringing() { RINGING_GRACE } else { GRACE };
        let side = self.side_mut(role);
        if side.device != Some(device) {
            return Vec::new();
        }
        side.device = None;
        side.away = Some(Away { device, until: after(now, grace) });
        // From here on the grace is what ends the call.
        side.node.deadline = None;
        self.show()
    }

    fn node_event(&mut self, now: Millis, event: NodeEvent) -> Vec<Output> {
        match event {
            NodeEvent::Answer { peer, sdp } => self.node_answered(peer, sdp),
            NodeEvent::Refused { peer, reason } => self.node_refused(peer, &reason),
            NodeEvent::Connected { peer, .. } => self.node_connected(peer),
            NodeEvent::Closed { peer, reason } => self.node_closed(now, peer, reason),
            NodeEvent::Report { .. } => Vec::new(),
        }
    }

    fn node_answered(&mut self, peer: PeerId, sdp: String) -> Vec<Output> {
        let Some(role) = self.role_of_peer(peer) else { return Vec::new() };
        let side = self.side_mut(role);
        side.node.joined = true;
        side.deliver(Signal::Answer { sdp })
    }

    fn node_refused(&mut self, peer: PeerId, reason: &RefusedReason) -> Vec<Output> {
        let Some(role) = self.role_of_peer(peer) else { return Vec::new() };
        let side = self.side_mut(role);
        if !side.node.joined || *reason == RefusedReason::UnknownPeer {
            side.node.peer = None;
        }
        let refusal = match reason {
            RefusedReason::BadOffer(_) | RefusedReason::NoCommonCodec => Refusal::BadSignal(reason.to_string()),
            RefusedReason::UnknownPeer | RefusedReason::AlreadyJoined | RefusedReason::Full => {
                Refusal::MediaNode(reason.to_string())
            }
        };
        side.device.map(|device| Output::Refuse { device, refusal }).into_iter().collect()
    }

    fn node_connected(&mut self, peer: PeerId) -> Vec<Output> {
        let Some(role) = self.role_of_peer(peer) else { return Vec::new() };
        let node = &mut self.side_mut(role).node;
        let was_lost = node.lost;
        (node.connected, node.lost, node.deadline) = (true, false, None);
        if was_lost { self.show() } else { Vec::new() }
    }

    /// The node has given a peer up: its device is asked for a new offer, and has the time of a first connection for it.
    fn node_closed(&mut self, now: Millis, peer: PeerId, reason: CloseReason) -> Vec<Output> {
        let Some(role) = self.role_of_peer(peer) else { return Vec::new() };
        let side = self.side_mut(role);
        let NodeSide { connected: was_connected, lost, deadline, .. } = side.node;
        side.node = NodeSide { lost: lost || was_connected, deadline, ..NodeSide::default() };
        if reason == CloseReason::Left {
            return Vec::new();
        }
        if side.device.is_some() && was_connected {
            side.node.deadline = Some(after(now, MEDIA_CONNECT));
        }
        side.renegotiate();
        self.show()
    }

    fn deadline_passed(&mut self, now: Millis) -> Vec<Output> {
        let passed = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        let missed = matches!(self.phase, Phase::Ringing { until } if until <= now);
        let lost = [&self.caller, &self.callee].into_iter().any(|side| passed(side.deadlines().min()));
        if missed {
            self.end(now, Outcome::Missed)
        } else if lost {
            // A caller who went away before the answer has, for the callee, given up.
            let outcome = if self.is_ringing() { Outcome::Cancelled } else { Outcome::Lost };
            self.end(now, outcome)
        } else {
            Vec::new()
        }
    }

    fn end(&mut self, now: Millis, outcome: Outcome) -> Vec<Output> {
        let mut out: Vec<_> = [&mut self.caller, &mut self.callee].into_iter().filter_map(leave).collect();
        out.extend(self.show_side(SideOf::Caller));
        // A busy callee's devices are in another call and never heard of this one.
        if outcome != Outcome::Busy {
            out.extend(self.show_side(SideOf::Callee));
        }
        out.push(Output::Ended);
        let answered = self.answered().map(|(at, decision)| (at, decision.clone()));
        self.phase = Phase::Ended { at: now, outcome, answered };
        out
    }

    /// The new state, to whom it concerns.
    fn show(&self) -> Vec<Output> {
        [SideOf::Caller, SideOf::Callee].into_iter().filter_map(|role| self.show_side(role)).collect()
    }

    /// To the device that speaks for a side; to all of its devices while it rings or while another may take over.
    fn show_side(&self, role: SideOf) -> Option<Output> {
        match self.side(role).device {
            Some(device) => Some(Output::ShowDevice(device)),
            None => Some(Output::ShowAll(role)),
        }
    }

    fn participants(&self) -> Vec<Participant> {
        let callee = self.answered().is_some().then(|| self.callee.participant());
        std::iter::once(self.caller.participant()).chain(callee).collect()
    }

    fn phase_name(&self) -> CallPhase {
        match self.phase {
            Phase::Ringing { .. } => CallPhase::Ringing,
            Phase::Answered { .. } => CallPhase::Answered,
            Phase::Ended { .. } => CallPhase::Ended,
        }
    }

    fn answered(&self) -> Option<(Millis, &Decision)> {
        match &self.phase {
            Phase::Ringing { .. } => None,
            Phase::Answered { at, decision } => Some((*at, decision)),
            Phase::Ended { answered, .. } => answered.as_ref().map(|(at, decision)| (*at, decision)),
        }
    }

    fn ended(&self) -> Option<(Millis, Outcome)> {
        match self.phase {
            Phase::Ended { at, outcome, .. } => Some((at, outcome)),
            Phase::Ringing { .. } | Phase::Answered { .. } => None,
        }
    }

    fn role_of_peer(&self, peer: PeerId) -> Option<SideOf> {
        [SideOf::Caller, SideOf::Callee].into_iter().find(|role| self.side(*role).node.peer == Some(peer))
    }

    fn side(&self, role: SideOf) -> &Side {
        match role {
            SideOf::Caller => &self.caller,
            SideOf::Callee => &self.callee,
        }
    }

    fn side_mut(&mut self, role: SideOf) -> &mut Side {
        match role {
            SideOf::Caller => &mut self.caller,
            SideOf::Callee => &mut self.callee,
        }
    }
}

/// What history keeps, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub conversation_id: ConversationId,
    pub path_rule: Option<String>,
    pub record: CallRecord,
}

/// A late frame is told how the call ended; signals and device changes that crossed with the end mean nothing any more.
fn after_the_end(input: &Input) -> Vec<Output> {
    match input {
        Input::Accept { device, .. }
        | Input::Decline { device, .. }
        | Input::HangUp { device, .. }
        | Input::Glare { device, .. } => {
            vec![Output::ShowDevice(*device)]
        }
        _ => Vec::new(),
    }
}

fn leave(side: &mut Side) -> Option<Output> {
    let peer = std::mem::take(&mut side.node).peer?;
    Some(Output::Node(NodeCommand::Leave { peer }))
}

pub(super) fn after(now: Millis, wait: Duration) -> Millis {
    Millis(now.0 + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}
