//! Media of an answered call: signals between the two devices, what each of them sends, and the moves from one path to another.

use staffline_media::recorder::Source;

use super::{Call, MAX_CANDIDATES, NodeCommand, Output, Phase};
use crate::{
    calls::{
        Path, Signal,
        party::{Sends, Side, leave},
        policy::PathPolicy,
        refusal::Refusal,
        relayed,
    },
    clock::Millis,
    ids::DeviceId,
};

impl Call {
    pub(super) fn signal(&mut self, side: Side, device: DeviceId, signal: Signal, negotiation: Option<u32>) -> Vec<Output> {
        let refuse = |refusal| vec![Output::Refuse { device, refusal }];
        let Some(path) = self.path() else { return refuse(Refusal::NotAnswered) };
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
            Path::MediaNode => self.signal_past_recording(side, device, signal),
            Path::Direct => self.party_mut(side.other()).deliver(signal),
            Path::Relayed => match relayed::cleared(signal) {
                Some(signal) => self.party_mut(side.other()).deliver(signal),
                None => Vec::new(),
            },
        }
    }

    /// Nothing of one who has not agreed to be recorded reaches the media node, and nothing at all before the recorder runs.
    fn signal_past_recording(&mut self, side: Side, device: DeviceId, signal: Signal) -> Vec<Output> {
        match (self.may_offer(side), signal) {
            (Err(refusal), Signal::Offer { .. }) => vec![Output::Refuse { device, refusal }],
            (Ok(false), Signal::Offer { sdp }) => {
                self.party_mut(side).held_offer = Some(sdp);
                Vec::new()
            }
            (_, signal) => self.signal_to_node(side, device, signal),
        }
    }

    pub(super) fn media(&mut self, side: Side, device: DeviceId, sends: Sends) -> Vec<Output> {
        let party = self.party_mut(side);
        if party.device != Some(device) {
            let not_yet = side == Side::Callee && self.is_ringing();
            let refusal = if not_yet { Refusal::NotAnswered } else { Refusal::AnsweredElsewhere };
            return vec![Output::Refuse { device, refusal }];
        }
        let before = std::mem::replace(&mut party.sends, sends);
        let mut out: Vec<_> = (before != sends).then(|| self.media_note(side)).flatten().into_iter().collect();
        out.extend(self.ended_sources(side, before));
        out.extend(self.show());
        out
    }

    /// A recording does not go on showing the last picture of what is switched off.
    fn ended_sources(&self, side: Side, before: Sends) -> impl Iterator<Item = Output> {
        let (room, party) = (self.room(), self.party(side));
        let peer = party.node.peer.filter(|_| self.path() == Some(Path::MediaNode));
        let camera = |sends: Sends| sends.camera && !sends.on_hold;
        let screen = |sends: Sends| sends.screen && !sends.on_hold;
        let ended =
            [(camera(before) && !camera(party.sends), Source::Camera), (screen(before) && !screen(party.sends), Source::Screen)];
        let ended = ended.into_iter().filter(|(ended, _)| *ended);
        ended.filter_map(move |(_, source)| Some(Output::Node(NodeCommand::EndSource { room, peer: peer?, source })))
    }

    /// The direct path does not carry this call: it is relayed from now on, once. A device that speaks of a negotiation that is
    /// over, or after the move, is behind and will see.
    pub(super) fn media_failed(&mut self, now: Millis, side: Side, device: DeviceId, negotiation: u32) -> Vec<Output> {
        let refuse = |refusal| vec![Output::Refuse { device, refusal }];
        let (held, current) = (self.is_held_by(side, device), self.party(side).negotiation);
        let Phase::Answered { decision, moved_from, .. } = &self.phase else {
            return refuse(Refusal::NotAnswered);
        };
        if !held {
            return refuse(Refusal::AnsweredElsewhere);
        }
        if negotiation != current || moved_from.is_some() {
            return Vec::new();
        }
        if !decision.may_move {
            return refuse(Refusal::PathFixed);
        }
        self.move_to(now, Path::Relayed, None)
    }

    /// An admin wants it there. What is recorded stays where the recorder is.
    pub(super) fn moved(&mut self, now: Millis, path: Path) -> Vec<Output> {
        if self.path().is_none_or(|present| present == path) || self.is_recorded() && path != Path::MediaNode {
            return Vec::new();
        }
        self.move_to(now, path, None)
    }

    /// An end speaks from another network now. What is stricter there holds at once; nothing becomes laxer in the middle of a call.
    pub(super) fn judge_again(&mut self, now: Millis, policy: &PathPolicy) -> Vec<Output> {
        let judged = policy.decide(&self.caller.end, &self.callee.end);
        let Phase::Answered { decision, moved_from, .. } = &mut self.phase else { return Vec::new() };
        if judged.path > decision.path {
            return self.move_to(now, judged.path, Some(judged.rule));
        }
        decision.may_move |= judged.may_move && decision.path == Path::Direct && moved_from.is_none();
        Vec::new()
    }

    /// Both ends set up media on the new path beside what they have. `rule` says so, if it is not the one that chose the path before.
    pub(super) fn move_to(&mut self, now: Millis, path: Path, rule: Option<String>) -> Vec<Output> {
        let room = self.room();
        let Phase::Answered { decision, moved_from, .. } = &mut self.phase else { return Vec::new() };
        *moved_from = Some(decision.path);
        if let Some(rule) = rule {
            decision.rule = rule;
        }
        (decision.path, decision.may_move) = (path, false);
        let mut out: Vec<_> = self.open_relay().into_iter().collect();
        for party in [&mut self.caller, &mut self.callee] {
            if path == Path::MediaNode {
                out.extend(leave(room, party));
                party.await_media(now);
            } else {
                // Its peer at the node stays until the page closes it: over that flows what flows meanwhile.
                (party.node.lost, party.node.deadline) = (false, None);
            }
            party.renegotiate();
        }
        out.extend(self.show());
        out.push(Output::Changed);
        out
    }
}
