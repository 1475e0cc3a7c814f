//! Who speaks for a side: the callee's answer, two who call each other, and a page or device that takes a call over.

use std::net::IpAddr;

use super::{Call, GRACE, Input, LEAVE_GRACE, MEDIA_CONNECT, Output, Phase};
use crate::{
    calls::{
        CallKind, Path,
        party::{Side, Why, leave},
        policy::{Decision, Policies},
        refusal::Refusal,
    },
    clock::Millis,
    ids::DeviceId,
};

/// A device that wants to speak for a side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) side: Side,
    pub(super) device: DeviceId,
    /// Unset if it is the one that was known before.
    pub(super) address: Option<IpAddr>,
    /// See [`Input::Accept`].
    pub(super) previous: Option<DeviceId>,
    pub(super) anew: bool,
}

impl Call {
    pub(super) fn accept(&mut self, now: Millis, policies: &Policies, taker: Taker) -> Vec<Output> {
        let Taker { side, device, address, previous, anew } = taker;
        if self.is_ringing() && side == Side::Callee {
            self.callee.end.address = address;
            return self.answer(now, policies, device);
        }
        let party = self.party(side);
        let same_page = previous.is_some() && (previous == party.device || previous == party.away.as_ref().map(|a| a.device));
        if party.device == Some(device) {
            vec![Output::ShowDevice(device)]
        } else if party.away.is_some() || same_page {
            let end = &mut self.party_mut(side).end;
            let before = end.address;
            end.address = address.or(before);
            let elsewhere = end.address != before;
            let mut out = self.take_over(now, side, device, same_page && !anew);
            if elsewhere {
                out.extend(self.judge_again(now, &policies.paths));
            }
            out
        } else {
            vec![Output::Refuse { device, refusal: Refusal::AnsweredElsewhere }]
        }
    }

    pub(super) fn glare(
        &mut self,
        now: Millis,
        policies: &Policies,
        (device, address): (DeviceId, IpAddr),
        client_key: String,
        kind: CallKind,
    ) -> Vec<Output> {
        if !self.is_ringing() {
            return vec![Output::Refuse { device, refusal: Refusal::AlreadyInCall }];
        }
        self.callee.client_key = Some(client_key);
        self.callee.end.address = Some(address);
        if kind != self.kind {
            // Nobody's camera is turned on by the other's choice.
            self.kind = CallKind::Audio;
        }
        self.answer(now, policies, device)
    }

    fn answer(&mut self, now: Millis, policies: &Policies, device: DeviceId) -> Vec<Output> {
        let mut decision = policies.paths.decide(&self.caller.end, &self.callee.end);
        self.set_recording(self.judge_recording(policies));
        let must_record = self.must_record().map(str::to_owned);
        // What has to be recorded waits for the recorder, and its time to connect begins then.
        let connects = decision.path == Path::MediaNode && must_record.is_none();
        let asks = must_record.is_some();
        if let Some(rule) = must_record {
            decision = Decision { path: Path::MediaNode, rule, may_move: false };
        }
        self.phase = Phase::Answered { at: now, decision, moved_from: None };
        self.callee.device = Some(device);
        self.callee.sends.camera = self.kind == CallKind::Video;
        if let Some(away) = &mut self.caller.away {
            // There is somebody waiting now: the caller gets the time that a participant gets.
            away.until = now.plus(if away.why == Why::Left { LEAVE_GRACE } else { GRACE });
        }
        for party in [&mut self.caller, &mut self.callee] {
            party.renegotiate();
            if connects {
                party.await_media(now);
            }
        }
        // The other devices of a callee who was in another call have not heard of this one.
        let to_callee = if self.waiting { Output::ShowDevice(device) } else { Output::ShowAll(Side::Callee) };
        self.waiting = false;
        let mut out: Vec<_> = self.open_relay().into_iter().collect();
        if asks {
            out.extend(self.ask_consent(now));
        }
        out.push(to_callee);
        out.extend(self.show_side(Side::Caller));
        out.push(Output::Changed);
        out
    }

    /// The callee's other call has ended: this one rings on every device now.
    pub(super) fn ring_in_earnest(&mut self) -> Vec<Output> {
        if !self.is_waiting() {
            return Vec::new();
        }
        (self.waiting, self.rang) = (false, true);
        let mut out = self.show();
        out.push(Output::Rings);
        out
    }

    /// Another device of the same user continues the call. If it is the same page after a broken socket, its media lives on.
    pub(super) fn take_over(&mut self, now: Millis, side: Side, device: DeviceId, media_lives: bool) -> Vec<Output> {
        let path = self.path();
        let left = self.leave_note(side);
        let party = self.party_mut(side);
        let before = party.device.or(party.away.as_ref().map(|away| away.device));
        if let Some(agreed) = before.filter(|_| media_lives).and_then(|before| party.consents.remove(&before)) {
            // The same page, on another socket.
            party.consents.insert(device, agreed);
        }
        if !media_lives {
            // What the page before shared or held, this one does not until it says so.
            (party.sends.screen, party.sends.on_hold) = (false, false);
        }
        let media_lives = media_lives && !party.missed_signal;
        party.device = Some(device);
        (party.away, party.missed_signal) = (None, false);
        self.ask_newcomer(now);
        let due = (self.may_offer(side) == Ok(true)).then(|| now.plus(MEDIA_CONNECT));
        let room = self.room();
        let party = self.party_mut(side);
        let mut out = Vec::new();
        match path {
            Some(Path::MediaNode) if media_lives && party.node.peer.is_some() => {
                if !party.node.connected {
                    party.node.deadline = due;
                }
            }
            Some(Path::MediaNode) => {
                out.extend(left);
                out.extend(leave(room, party));
                party.renegotiate();
                party.node.deadline = due;
            }
            Some(Path::Direct | Path::Relayed) if !media_lives => {
                out.extend(leave(room, party));
                self.caller.renegotiate();
                self.callee.renegotiate();
            }
            Some(Path::Direct | Path::Relayed) | None => {}
        }
        out.push(Output::ShowAll(side));
        out.extend(self.show_side(side.other()));
        out
    }
}

/// A late frame is told how the call ended; signals and device changes that crossed with the end mean nothing any more.
pub(super) fn after_the_end(input: &Input) -> Vec<Output> {
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
