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

use std::{net::IpAddr, time::Duration};

use staffline_media::control::RoomId;

use super::{
    CallKind, Outcome, Path,
    party::{Party, Side, leave},
    policy::{Decision, End, Policies},
    refusal::Refusal,
};
use crate::{
    clock::Millis,
    ids::{CallId, ConversationId, DeviceId, UserId},
};

mod answer;
mod away;
mod io;
mod media;
mod node;
mod recording;
mod view;

pub use io::{Input, NewCall, NodeCommand, Output};
pub use recording::{CONSENT, START};
pub use view::{Facts, History};

use answer::{Taker, after_the_end};

/// How long the devices of the callee ring.
pub const RING: Duration = Duration::from_secs(45);
/// How long an answered call waits for a participant whose device is gone.
pub const GRACE: Duration = Duration::from_secs(30);
/// How long the callee goes on being rung by a caller whose device is gone: long enough for a socket that reconnects, short
/// enough that nobody answers a closed tab.
pub const RINGING_GRACE: Duration = Duration::from_secs(10);
/// How long an answered call waits for a page that said that it goes: a reload takes seconds, and closing the page is hanging up.
pub const LEAVE_GRACE: Duration = Duration::from_secs(10);
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
    /// The callee was in another call when this one began, and still is.
    waiting: bool,
    /// It has rung on all devices of the callee.
    rang: bool,
    /// How many peers of the media node this call has had; each gets an id of its own.
    peers_made: u32,
    /// The TURN server takes credentials of this call.
    relay_open: bool,
    /// Set if it is recorded, or may be.
    recording: Option<recording::Recording>,
    /// How many recordings of it were begun; each gets an id of its own.
    recordings_made: u32,
}

#[derive(Debug)]
enum Phase {
    Ringing { until: Millis },
    Answered { at: Millis, decision: Decision, moved_from: Option<Path> },
    Ended { at: Millis, outcome: Outcome, answered: Option<(Millis, Decision)> },
}

impl Call {
    /// Begins to ring, or to wait for a callee who is in another call. `address` is that of the caller's device.
    #[must_use]
    pub fn start(now: Millis, policies: &Policies, new: NewCall, address: IpAddr, waiting: bool) -> (Self, Vec<Output>) {
        let mut caller = Party::new(End { user_id: new.caller_id, role: new.caller_role, address: Some(address) });
        caller.client_key = Some(new.client_key);
        caller.device = Some(new.device);
        caller.sends.camera = new.kind == CallKind::Video;
        let mut call = Self {
            id: new.id,
            conversation_id: new.conversation_id,
            kind: new.kind,
            caller,
            callee: Party::new(End { user_id: new.callee_id, role: new.callee_role, address: None }),
            started_at: now,
            phase: Phase::Ringing { until: now.plus(RING) },
            waiting,
            rang: !waiting,
            peers_made: 0,
            relay_open: false,
            recording: None,
            recordings_made: 0,
        };
        call.set_recording(call.judge_recording(policies));
        let mut out = call.show();
        out.extend((!waiting).then_some(Output::Rings));
        (call, out)
    }

    /// One step. `policies` decide the path, and whether it is recorded, at the moment of the answer.
    pub fn handle(&mut self, now: Millis, policies: &Policies, input: Input) -> Vec<Output> {
        if let Phase::Ended { .. } = self.phase {
            return after_the_end(&input);
        }
        let mut out = self.step(now, policies, input);
        out.extend(self.hold_back());
        out
    }

    fn step(&mut self, now: Millis, policies: &Policies, input: Input) -> Vec<Output> {
        match input {
            Input::Accept { side, device, address, previous, anew } => {
                self.accept(now, policies, Taker { side, device, address: Some(address), previous, anew })
            }
            Input::Glare { device, address, client_key, kind } => self.glare(now, policies, (device, address), client_key, kind),
            Input::Decline { side, device } => self.decline(now, side, device),
            Input::HangUp { side, device } => self.hang_up(now, side, device),
            Input::Leave { side, device } => self.page_left(now, side, device),
            Input::Signal { side, device, signal, negotiation } => self.signal(side, device, signal, negotiation),
            Input::Media { side, device, sends } => self.media(side, device, sends),
            Input::MediaFailed { side, device, negotiation } => self.media_failed(now, side, device, negotiation),
            Input::Move { path } => self.moved(now, path),
            Input::Consent { side, device, version, language } => self.consent(now, side, device, version, language),
            Input::Record { side, device, on } => self.record(now, side, device, on),
            Input::RecordingPolicy => self.recording_policy_changed(now, policies),
            Input::DeviceConnected { side, device } => self.device_connected(side, device),
            Input::DeviceLost { side, device } => self.device_lost(now, side, device),
            Input::DeviceSilent { side, device, since } => self.device_silent(since, side, device),
            Input::DeviceHeard { side, device } => self.device_heard(now, side, device),
            Input::Node(event) => self.node_event(now, event),
            Input::UserGone { side } => self.user_gone(now, side),
            Input::CalleeBusy => self.end(now, Outcome::Busy),
            Input::WaitingOver => self.ring_in_earnest(),
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
        let parties = self.caller.deadlines().chain(self.callee.deadlines());
        phase.into_iter().chain(parties).chain(self.recording_deadline()).min()
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

    /// It rings for a callee who is in another call.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting && self.is_ringing()
    }

    /// It has never rung on all devices of the callee, nor was it answered: the others have not heard of it, nor will of its end.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.waiting
    }

    /// The device that speaks for a side.
    #[must_use]
    pub fn device(&self, side: Side) -> Option<DeviceId> {
        self.party(side).device
    }

    /// The device on which a user talks; none before the answer and while it is away.
    #[must_use]
    pub fn talking_device(&self, user: UserId) -> Option<DeviceId> {
        let answered = matches!(self.phase, Phase::Answered { .. });
        self.side_of(user).filter(|_| answered).and_then(|side| self.device(side))
    }

    #[must_use]
    pub fn user(&self, side: Side) -> UserId {
        self.party(side).end.user_id
    }

    /// The side that a user is on, if on one.
    #[must_use]
    pub fn side_of(&self, user: UserId) -> Option<Side> {
        if user == self.caller.end.user_id {
            Some(Side::Caller)
        } else if user == self.callee.end.user_id {
            Some(Side::Callee)
        } else {
            None
        }
    }

    #[must_use]
    pub fn is_held_by(&self, side: Side, device: DeviceId) -> bool {
        self.party(side).device == Some(device)
    }

    /// Its session at the media node.
    #[cfg(test)]
    #[must_use]
    pub fn peer(&self, side: Side) -> Option<staffline_media::control::PeerId> {
        self.party(side).node.peer
    }

    /// The participant's device is gone and its grace runs.
    #[must_use]
    pub fn is_away(&self, side: Side) -> bool {
        self.party(side).away.is_some()
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

    fn end(&mut self, now: Millis, outcome: Outcome) -> Vec<Output> {
        let mut out: Vec<_> = [Side::Caller, Side::Callee].into_iter().filter_map(|side| self.leave_note(side)).collect();
        out.extend(self.stop_recording());
        let room = self.room();
        out.extend([&mut self.caller, &mut self.callee].into_iter().filter_map(|party| leave(room, party)));
        if std::mem::take(&mut self.relay_open) {
            out.push(Output::Node(NodeCommand::CloseRelay { call: room }));
        }
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

    /// Where the path needs the TURN server: before anybody is given credentials for it.
    fn open_relay(&mut self) -> Option<Output> {
        let wanted = self.path().is_some_and(|path| path != Path::Direct);
        if !wanted || std::mem::replace(&mut self.relay_open, true) {
            return None;
        }
        Some(Output::Node(NodeCommand::OpenRelay { call: self.room() }))
    }

    /// The media node knows the call by this.
    fn room(&self) -> RoomId {
        RoomId(self.id.as_u128())
    }

    /// Set from the answer on.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.answered().map(|(_, decision)| decision.path)
    }

    fn answered(&self) -> Option<(Millis, &Decision)> {
        match &self.phase {
            Phase::Ringing { .. } => None,
            Phase::Answered { at, decision, .. } => Some((*at, decision)),
            Phase::Ended { answered, .. } => answered.as_ref().map(|(at, decision)| (*at, decision)),
        }
    }

    fn moved_from(&self) -> Option<Path> {
        match self.phase {
            Phase::Answered { moved_from, .. } => moved_from,
            Phase::Ringing { .. } | Phase::Ended { .. } => None,
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
