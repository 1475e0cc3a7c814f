//! Calls in virtual time.

use std::time::Duration;

use staffline_media::control::{CloseReason, Protocol, RefusedReason, RoomId};

use super::*;
use crate::{
    calls::{CallKind, CallPhase, Outcome, Path, policy::Policy, ringing as deadlines},
    ids::ConversationId,
    users::Role,
};

mod hostile;
mod lines;
mod moving;
mod paths;
mod recording;
mod ringing;

/// Staff with two devices each, and what the switchboard wanted done since it was last asked.
struct World {
    board: Switchboard,
    now: Millis,
    effects: Vec<Effect>,
}

#[derive(Clone, Copy)]
struct Person {
    user: UserId,
    phone: DeviceId,
    desk: DeviceId,
}

impl World {
    fn new(policy: Policy) -> Self {
        Self { board: Switchboard::new(PathPolicy::of(policy)), now: Millis(1_000_000), effects: Vec::new() }
    }

    fn person(&mut self) -> Person {
        let person = Person { user: UserId::new(), phone: DeviceId::new(), desk: DeviceId::new() };
        self.connect(person.user, person.phone);
        self.connect(person.user, person.desk);
        person
    }

    fn connect(&mut self, user: UserId, device: DeviceId) {
        self.connect_from(user, device, [192, 0, 2, 1]);
    }

    fn connect_from(&mut self, user_id: UserId, device: DeviceId, address: [u8; 4]) {
        let known = Device { user_id, address: address.into(), host: "staffline.example".to_owned() };
        let effects = self.board.device_connected(self.now, device, known);
        self.effects.extend(effects);
    }

    fn lose(&mut self, device: DeviceId) {
        let effects = self.board.device_lost(self.now, device);
        self.effects.extend(effects);
    }

    fn start(&mut self, from: (UserId, DeviceId), client_key: &str, to: UserId) -> CallId {
        self.start_kind(from, client_key, to, CallKind::Video)
    }

    fn start_kind(&mut self, (caller_id, device): (UserId, DeviceId), key: &str, callee_id: UserId, kind: CallKind) -> CallId {
        let (id, conversation_id, client_key) = (CallId::new(), ConversationId::new(), key.to_owned());
        let [caller_role, callee_role] = [Role::Employee, Role::Employee];
        let new = NewCall { id, conversation_id, kind, caller_id, caller_role, device, client_key, callee_id, callee_role };
        let effects = self.board.start(self.now, new);
        self.effects.extend(effects);
        id
    }

    fn ask(&mut self, (user, device): (UserId, DeviceId), id: CallId, ask: Ask) {
        let effects = self.board.ask(self.now, user, device, id, ask);
        self.effects.extend(effects);
    }

    fn accept(&mut self, from: (UserId, DeviceId), id: CallId) {
        self.ask(from, id, Ask::Accept { previous: None, anew: false });
    }

    fn signal(&mut self, from: (UserId, DeviceId), id: CallId, signal: Signal) {
        self.ask(from, id, Ask::Signal { signal, negotiation: None });
    }

    fn move_call(&mut self, id: CallId, path: Path) {
        let effects = self.board.move_call(self.now, id, path).expect("it may move");
        self.effects.extend(effects);
    }

    fn node(&mut self, event: NodeEvent) {
        let effects = self.board.node_event(self.now, event);
        self.effects.extend(effects);
    }

    fn advance(&mut self, by: Duration) {
        self.now = self.now.plus(by);
        let effects = self.board.run_due(self.now);
        self.effects.extend(effects);
    }

    fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What a device was shown last; everything is consumed.
    fn shown(&mut self) -> HashMap<DeviceId, CallState> {
        self.take()
            .into_iter()
            .filter_map(|effect| if let Effect::Show { to, state } = effect { Some((to, *state)) } else { None })
            .collect()
    }

    fn refusals(&mut self) -> Vec<(DeviceId, &'static str)> {
        self.take()
            .iter()
            .filter_map(|effect| if let Effect::Refuse { to, refusal, .. } = effect { Some((*to, refusal.code())) } else { None })
            .collect()
    }

    fn outcomes(&mut self) -> Vec<Outcome> {
        self.take()
            .iter()
            .filter_map(|effect| if let Effect::Ended(history) = effect { Some(history.record.outcome) } else { None })
            .collect()
    }

    fn node_commands(&mut self) -> Vec<NodeCommand> {
        self.take()
            .into_iter()
            .filter_map(|effect| if let Effect::Node(command) = effect { Some(command) } else { None })
            .collect()
    }
}

impl Person {
    fn on_phone(self) -> (UserId, DeviceId) {
        (self.user, self.phone)
    }

    fn on_desk(self) -> (UserId, DeviceId) {
        (self.user, self.desk)
    }
}

fn offer() -> Signal {
    Signal::Offer { sdp: "v=0\r\n".to_owned() }
}

fn candidate() -> Signal {
    Signal::Candidate { candidate: "candidate:1".to_owned(), sdp_mid: None, sdp_m_line_index: None, username_fragment: None }
}

/// Anna on her phone calls Boris.
fn ringing(policy: Policy) -> (World, Person, Person, CallId) {
    let mut world = World::new(policy);
    let (anna, boris) = (world.person(), world.person());
    let id = world.start(anna.on_phone(), "k1", boris.user);
    (world, anna, boris, id)
}

/// And Boris has answered on his phone.
fn answered(policy: Policy) -> (World, Person, Person, CallId) {
    let (mut world, anna, boris, id) = ringing(policy);
    world.accept(boris.on_phone(), id);
    world.take();
    (world, anna, boris, id)
}

/// And both have joined the media node and are connected to it.
fn on_node() -> (World, Person, Person, CallId, [PeerId; 2]) {
    let (mut world, anna, boris, id) = answered(Policy::MediaNode);
    world.signal(anna.on_phone(), id, offer());
    world.signal(boris.on_phone(), id, offer());
    let peers: Vec<_> = world
        .node_commands()
        .into_iter()
        .map(|command| match command {
            NodeCommand::Join { room, peer, .. } => {
                assert_eq!(room.0, id.as_u128());
                peer
            }
            other => panic!("not a join: {other:?}"),
        })
        .collect();
    for peer in &peers {
        world.node(NodeEvent::Answer { peer: *peer, sdp: "v=0\r\n".to_owned() });
        world.node(connected(*peer));
    }
    world.take();
    (world, anna, boris, id, [peers[0], peers[1]])
}

fn connected(peer: PeerId) -> NodeEvent {
    NodeEvent::Connected { peer, remote: ([127, 0, 0, 1], 9).into(), protocol: Protocol::Udp }
}

impl Switchboard {
    /// Nothing is left but devices and the policy.
    pub(super) fn holds_no_call(&self) -> bool {
        self.calls.is_empty()
            && self.by_user.is_empty()
            && self.by_key.is_empty()
            && self.by_peer.is_empty()
            && self.timers.is_empty()
            && self.timer_of.is_empty()
    }
}
