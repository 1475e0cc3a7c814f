//! A call on the media node: what its two sides say to the node and what the node says of them.

use staffline_media::control::{CloseReason, Event as NodeEvent, PeerId, RefusedReason};

use super::{Call, MEDIA_CONNECT, NodeCommand, Output};
use crate::{
    calls::{
        Path, Signal,
        party::{NodeSide, Side},
        refusal::Refusal,
    },
    clock::Millis,
    ids::DeviceId,
    recordings::orders::Note,
};

impl Call {
    pub(super) fn signal_to_node(&mut self, side: Side, device: DeviceId, signal: Signal) -> Vec<Output> {
        let offer = match signal {
            Signal::Offer { sdp } => sdp,
            // The node learns the client's addresses from its connectivity checks (ICE-lite, RFC 8445 §7.3.1.3).
            Signal::Candidate { .. } => return Vec::new(),
            Signal::Answer { .. } => {
                let refusal = Refusal::BadSignal("the media node makes no offers".to_owned());
                return vec![Output::Refuse { device, refusal }];
            }
        };
        let room = self.room();
        if let Some(peer) = self.party(side).node.peer {
            return vec![Output::Node(NodeCommand::Renegotiate { room, peer, offer })];
        }
        self.peers_made += 1;
        let peer = PeerId(self.id.as_u128().wrapping_add(u128::from(self.peers_made)));
        let node = &mut self.party_mut(side).node;
        (node.peer, node.joined, node.connected) = (Some(peer), false, false);
        vec![Output::Node(NodeCommand::Join { room, peer, offer })]
    }

    pub(super) fn node_event(&mut self, now: Millis, event: NodeEvent) -> Vec<Output> {
        if let NodeEvent::Recording { id, what, .. } = &event {
            return self.recorder_event(now, *id, what);
        }
        if self.path() != Some(Path::MediaNode) {
            self.forget_peer(&event);
            return Vec::new();
        }
        match event {
            NodeEvent::Answer { peer, sdp } => self.node_answered(peer, sdp),
            NodeEvent::Refused { peer, reason } => self.node_refused(peer, &reason),
            NodeEvent::Connected { peer, .. } => self.node_connected(peer),
            NodeEvent::Closed { peer, reason } => self.node_closed(now, peer, reason),
            NodeEvent::Recording { .. } | NodeEvent::Report { .. } => Vec::new(),
        }
    }

    /// The call has moved away from the node, and what the node still says of it is of no use but that a peer has ended.
    fn forget_peer(&mut self, event: &NodeEvent) {
        let NodeEvent::Closed { peer, .. } = event else { return };
        if let Some(side) = self.side_of_peer(*peer) {
            self.party_mut(side).node = NodeSide::default();
        }
    }

    pub(super) fn node_answered(&mut self, peer: PeerId, sdp: String) -> Vec<Output> {
        let Some(side) = self.side_of_peer(peer) else { return Vec::new() };
        let party = self.party_mut(side);
        party.node.joined = true;
        party.deliver(Signal::Answer { sdp })
    }

    pub(super) fn node_refused(&mut self, peer: PeerId, reason: &RefusedReason) -> Vec<Output> {
        let Some(side) = self.side_of_peer(peer) else { return Vec::new() };
        let party = self.party_mut(side);
        if !party.node.joined || *reason == RefusedReason::UnknownPeer {
            party.node.peer = None;
        }
        let refusal = match reason {
            RefusedReason::BadOffer(_) | RefusedReason::NoCommonCodec => Refusal::BadSignal(reason.to_string()),
            RefusedReason::UnknownPeer | RefusedReason::AlreadyJoined | RefusedReason::Full => {
                Refusal::MediaNode(reason.to_string())
            }
        };
        party.device.map(|device| Output::Refuse { device, refusal }).into_iter().collect()
    }

    pub(super) fn node_connected(&mut self, peer: PeerId) -> Vec<Output> {
        let Some(side) = self.side_of_peer(peer) else { return Vec::new() };
        let party = self.party_mut(side);
        let (user_id, was_lost, was_connected) = (party.end.user_id, party.node.lost, party.node.connected);
        (party.node.connected, party.node.lost, party.node.deadline) = (true, false, None);
        let joins = (!was_connected).then(|| self.note(Note::Join { user_id, peer }));
        let mut out: Vec<_> = joins.flatten().into_iter().collect();
        if was_lost {
            out.extend(self.show());
        }
        out
    }

    /// The node has given a peer up: its device is asked for a new offer, and has the time of a first connection for it.
    pub(super) fn node_closed(&mut self, now: Millis, peer: PeerId, reason: CloseReason) -> Vec<Output> {
        let Some(side) = self.side_of_peer(peer) else { return Vec::new() };
        let mut out: Vec<_> = self.leave_note(side).into_iter().collect();
        let party = self.party_mut(side);
        let NodeSide { connected: was_connected, lost, deadline, .. } = party.node;
        party.node = NodeSide { lost: lost || was_connected, deadline, ..NodeSide::default() };
        if reason == CloseReason::Left {
            return out;
        }
        if party.device.is_some() && was_connected {
            party.node.deadline = Some(now.plus(MEDIA_CONNECT));
        }
        party.renegotiate();
        out.extend(self.show());
        out
    }

    pub(super) fn side_of_peer(&self, peer: PeerId) -> Option<Side> {
        [Side::Caller, Side::Callee].into_iter().find(|side| self.party(*side).node.peer == Some(peer))
    }
}
