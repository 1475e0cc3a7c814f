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

use super::{
    CallKind, Outcome, Path, Signal,
    party::{Away, Party, Side, leave},
    policy::{Decision, End, PathPolicy},
    refusal::Refusal,
};
use crate::{
    clock::Millis,
    ids::{CallId, ConversationId, DeviceId, UserId},
};

mod io;
mod node;
mod view;

pub use io::{Input, NewCall, NodeCommand, Output};
pub use view::History;

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

#[derive(Debug)]
pub struct Call {
    id: CallId,
    conversation_id: ConversationId,
    kind: CallKind,
    caller: Party,
    callee: Party,
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

impl Call {
    /// Begins to ring.
    #[must_use]
    pub fn start(now: Millis, new: NewCall) -> (Self, Vec<Output>) {
        let mut caller = Party::new(new.caller_id);
        caller.client_key = Some(new.client_key);
        caller.device = Some(new.device);
        caller.camera = new.kind == CallKind::Video;
        let call = Self {
            id: new.id,
            conversation_id: new.conversation_id,
            kind: new.kind,
            caller,
            callee: Party::new(new.callee_id),
            started_at: now,
            phase: Phase::Ringing { until: now.plus(RING) },
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
            Input::Accept { side, device, previous } => self.accept(now, policy, side, device, previous),
            Input::Glare { device, client_key, kind } => self.glare(now, policy, device, client_key, kind),
            Input::Decline { side, device } => self.decline(now, side, device),
            Input::HangUp { side, device } => self.hang_up(now, side, device),
            Input::Signal { side, device, signal, negotiation } => self.signal(side, device, signal, negotiation),
            Input::Media { side, device, microphone, camera } => self.media(side, device, microphone, camera),
            Input::DeviceConnected { side, device } => self.device_connected(side, device),
            Input::DeviceLost { side, device } => self.device_lost(now, side, device),
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
            Phase::Ended { at, .. } => return Some(at.plus(REMEMBER)),
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
    pub fn user(&self, side: Side) -> UserId {
        self.party(side).user_id
    }

    /// The side that a user is on, if on one.
    #[must_use]
    pub fn side_of(&self, user: UserId) -> Option<Side> {
        if user == self.caller.user_id {
            Some(Side::Caller)
        } else if user == self.callee.user_id {
            Some(Side::Callee)
        } else {
            None
        }
    }

    #[must_use]
    pub fn is_held_by(&self, side: Side, device: DeviceId) -> bool {
        self.party(side).device == Some(device)
    }

    /// The participant's device is gone and its grace runs.
    #[must_use]
    pub fn is_away(&self, side: Side) -> bool {
        self.party(side).away.is_some()
    }

    fn accept(
        &mut self,
        now: Millis,
        policy: &PathPolicy,
        side: Side,
        device: DeviceId,
        previous: Option<DeviceId>,
    ) -> Vec<Output> {
        if self.is_ringing() && side == Side::Callee {
            return self.answer(now, policy, device);
        }
        let party = self.party(side);
        let same_page = previous.is_some() && (previous == party.device || previous == party.away.as_ref().map(|a| a.device));
        if party.device == Some(device) {
            vec![Output::ShowDevice(device)]
        } else if party.away.is_some() || same_page {
            self.take_over(now, side, device, same_page)
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
            away.until = now.plus(GRACE);
        }
        for party in [&mut self.caller, &mut self.callee] {
            party.renegotiate();
            if on_node && party.device.is_some() {
                party.node.deadline = Some(now.plus(MEDIA_CONNECT));
            }
        }
        let mut out = vec![Output::ShowAll(Side::Callee)];
        out.extend(self.show_side(Side::Caller));
        out
    }

    /// Another device of the same user continues the call. If it is the same page after a broken socket, its media lives on.
    fn take_over(&mut self, now: Millis, side: Side, device: DeviceId, same_page: bool) -> Vec<Output> {
        let path = self.answered().map(|(_, decision)| decision.path);
        let party = self.party_mut(side);
        let same_page = same_page && !party.missed_signal;
        party.device = Some(device);
        (party.away, party.missed_signal) = (None, false);
        let mut out = Vec::new();
        match path {
            Some(Path::MediaNode) if same_page && party.node.peer.is_some() => {
                if !party.node.connected {
                    party.node.deadline = Some(now.plus(MEDIA_CONNECT));
                }
            }
            Some(Path::MediaNode) => {
                out.extend(leave(party));
                party.renegotiate();
                party.node.deadline = Some(now.plus(MEDIA_CONNECT));
            }
            Some(Path::Direct) if !same_page => {
                self.caller.renegotiate();
                self.callee.renegotiate();
            }
            Some(Path::Direct) | None => {}
        }
        out.push(Output::ShowAll(side));
        out.extend(self.show_side(side.other()));
        out
    }

    fn decline(&mut self, now: Millis, side: Side, device: DeviceId) -> Vec<Output> {
        if self.is_ringing() && side == Side::Callee {
            self.end(now, Outcome::Declined)
        } else {
            vec![Output::Refuse { device, refusal: Refusal::NotRinging }]
        }
    }

    fn hang_up(&mut self, now: Millis, side: Side, device: DeviceId) -> Vec<Output> {
        if self.is_ringing() && side == Side::Callee {
            return self.end(now, Outcome::Declined);
        }
        let party = self.party(side);
        // Whose own device is gone may end the call from any other one.
        if party.device != Some(device) && party.away.is_none() {
            return vec![Output::Refuse { device, refusal: Refusal::AnsweredElsewhere }];
        }
        let outcome = if self.is_ringing() { Outcome::Cancelled } else { Outcome::Completed };
        self.end(now, outcome)
    }

    fn signal(&mut self, side: Side, device: DeviceId, signal: Signal, negotiation: Option<u32>) -> Vec<Output> {
        let refuse = |refusal| vec![Output::Refuse { device, refusal }];
        let Some(path) = self.answered().map(|(_, decision)| decision.path) else {
            return refuse(Refusal::NotAnswered);
        };
        let party = self.party_mut(side);
        if party.device != Some(device) {
            return refuse(Refusal::AnsweredElsewhere);
        }
        if negotiation.is_some_and(|number| number != party.negotiation) {
            return Vec::new();
        }
        if let Signal::Candidate { .. } = signal {
            party.candidates += 1;
            if party.candidates > MAX_CANDIDATES {
                return refuse(Refusal::TooManyCandidates);
            }
        }
        match path {
            Path::MediaNode => self.signal_to_node(side, device, signal),
            Path::Direct => self.party_mut(side.other()).deliver(signal),
        }
    }

    fn media(&mut self, side: Side, device: DeviceId, microphone: bool, camera: bool) -> Vec<Output> {
        let party = self.party_mut(side);
        if party.device != Some(device) {
            let not_yet = side == Side::Callee && self.is_ringing();
            let refusal = if not_yet { Refusal::NotAnswered } else { Refusal::AnsweredElsewhere };
            return vec![Output::Refuse { device, refusal }];
        }
        (party.microphone, party.camera) = (microphone, camera);
        self.show()
    }

    fn device_connected(&self, side: Side, device: DeviceId) -> Vec<Output> {
        let rings = self.is_ringing() && side == Side::Callee;
        if rings || self.is_away(side) { vec![Output::ShowDevice(device)] } else { Vec::new() }
    }

    fn device_lost(&mut self, now: Millis, side: Side, device: DeviceId) -> Vec<Output> {
        let grace = if self.is_ringing() { RINGING_GRACE } else { GRACE };
        let party = self.party_mut(side);
        if party.device != Some(device) {
            return Vec::new();
        }
        party.device = None;
        party.away = Some(Away { device, until: now.plus(grace) });
        // From here on the grace is what ends the call.
        party.node.deadline = None;
        self.show()
    }

    fn deadline_passed(&mut self, now: Millis) -> Vec<Output> {
        let passed = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        let missed = matches!(self.phase, Phase::Ringing { until } if until <= now);
        let lost = [&self.caller, &self.callee].into_iter().any(|party| passed(party.deadlines().min()));
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
        out.extend(self.show_side(Side::Caller));
        // A busy callee's devices are in another call and never heard of this one.
        if outcome != Outcome::Busy {
            out.extend(self.show_side(Side::Callee));
        }
        out.push(Output::Ended);
        let answered = self.answered().map(|(at, decision)| (at, decision.clone()));
        self.phase = Phase::Ended { at: now, outcome, answered };
        out
    }

    /// The new state, to whom it concerns.
    fn show(&self) -> Vec<Output> {
        [Side::Caller, Side::Callee].into_iter().filter_map(|side| self.show_side(side)).collect()
    }

    /// To the device that speaks for a side; to all of its devices while it rings or while another may take over.
    fn show_side(&self, side: Side) -> Option<Output> {
        match self.party(side).device {
            Some(device) => Some(Output::ShowDevice(device)),
            None => Some(Output::ShowAll(side)),
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

    fn party(&self, side: Side) -> &Party {
        match side {
            Side::Caller => &self.caller,
            Side::Callee => &self.callee,
        }
    }

    fn party_mut(&mut self, side: Side) -> &mut Party {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }
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
