//! Whatever happens in whatever order, in virtual time: no signal before the callee's own accept and only between the two
//! devices of the call, one history entry for each call, nobody in two calls, at most one device of a user in a call, no stuck state.

use std::{collections::BTreeMap, time::Duration};

use proptest::{collection::vec, prelude::*};
use staffline_media::control::{CloseReason, Protocol, RefusedReason};

use super::*;
use crate::{
    calls::{CallKind, CallPhase, policy::Policy},
    ids::ConversationId,
};

const USERS: usize = 3;
const DEVICES_EACH: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Connect {
        user: usize,
        device: usize,
    },
    Lose {
        user: usize,
        device: usize,
    },
    /// A socket that breaks and comes back as another device of the same page.
    Reconnect {
        user: usize,
        device: usize,
        resumes: bool,
    },
    Start {
        user: usize,
        device: usize,
        callee: usize,
        key: usize,
        video: bool,
    },
    Ask {
        user: usize,
        device: usize,
        call: usize,
        what: What,
    },
    Node {
        peer: usize,
        what: NodeSays,
    },
    Wait {
        seconds: u64,
    },
    Policy {
        media_node: bool,
    },
}

#[derive(Clone, Debug)]
enum What {
    Accept,
    Decline,
    HangUp,
    Offer,
    Answer,
    Candidate,
    Media,
}

#[derive(Clone, Debug)]
enum NodeSays {
    Answer,
    Connected,
    Refused,
    Closed,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || (0..USERS, 0..DEVICES_EACH);
    let what = prop_oneof![
        4 => Just(What::Accept),
        1 => Just(What::Decline),
        1 => Just(What::HangUp),
        3 => Just(What::Offer),
        2 => Just(What::Answer),
        2 => Just(What::Candidate),
        1 => Just(What::Media),
    ];
    let says = prop_oneof![3 => Just(NodeSays::Answer), 3 => Just(NodeSays::Connected), 1 => Just(NodeSays::Refused), 1 => Just(NodeSays::Closed)];
    prop_oneof![
        1 => who().prop_map(|(user, device)| Step::Connect { user, device }),
        1 => who().prop_map(|(user, device)| Step::Lose { user, device }),
        1 => (who(), any::<bool>()).prop_map(|((user, device), resumes)| Step::Reconnect { user, device, resumes }),
        3 => (who(), 0..USERS, 0..3_usize, any::<bool>())
            .prop_map(|((user, device), callee, key, video)| Step::Start { user, device, callee, key, video }),
        // Mostly the newest calls: older ones have ended.
        8 => (who(), prop_oneof![6 => Just(0), 1 => 0..4_usize], what)
            .prop_map(|((user, device), call, what)| Step::Ask { user, device, call, what }),
        3 => (0..3_usize, says).prop_map(|(peer, what)| Step::Node { peer, what }),
        2 => prop_oneof![Just(1), Just(12), Just(31), Just(46)].prop_map(|seconds| Step::Wait { seconds }),
        1 => any::<bool>().prop_map(|media_node| Step::Policy { media_node }),
    ]
}

/// The switchboard with everything that was seen of it.
struct Model {
    board: Switchboard,
    now: Millis,
    users: [UserId; USERS],
    devices: [[DeviceId; DEVICES_EACH]; USERS],
    /// Newest last.
    calls: Vec<CallId>,
    peers: Vec<PeerId>,
    /// What each call was last shown as, to each device.
    shown: BTreeMap<CallId, BTreeMap<DeviceId, CallState>>,
    /// Devices that said yes to a call: by accept, or by calling back (glare).
    agreed: BTreeSet<(CallId, DeviceId)>,
    entries: BTreeMap<CallId, usize>,
    /// The device that speaks for a user in a call.
    holders: BTreeMap<(CallId, UserId), DeviceId>,
}

impl Model {
    fn new() -> Self {
        let mut model = Self {
            board: Switchboard::default(),
            now: Millis(0),
            users: std::array::from_fn(|_| UserId::new()),
            devices: std::array::from_fn(|_| std::array::from_fn(|_| DeviceId::new())),
            calls: Vec::new(),
            peers: Vec::new(),
            shown: BTreeMap::new(),
            agreed: BTreeSet::new(),
            entries: BTreeMap::new(),
            holders: BTreeMap::new(),
        };
        for user in 0..USERS {
            for device in 0..DEVICES_EACH {
                model.run(Step::Connect { user, device });
            }
        }
        model
    }

    fn run(&mut self, step: Step) {
        let effects = match step {
            Step::Connect { user, device } => self.connect_anew(user, device),
            Step::Lose { user, device } => self.board.device_lost(self.now, self.devices[user][device]),
            Step::Reconnect { user, device, resumes } => self.reconnect(user, device, resumes),
            Step::Start { user, device, callee, key, video } => self.start(user, device, callee, key, video),
            Step::Ask { user, device, call, what } => self.ask(user, device, call, &what),
            Step::Node { peer, what } => self.node(peer, &what),
            Step::Wait { seconds } => {
                self.now = self.now.plus(Duration::from_secs(seconds));
                self.board.run_due(self.now)
            }
            Step::Policy { media_node } => {
                self.board.set_policy(PathPolicy { default: if media_node { Policy::MediaNode } else { Policy::Direct } });
                Vec::new()
            }
        };
        effects.into_iter().for_each(|effect| self.see(effect));
        self.check();
    }

    fn connect(&mut self, user: usize, device: usize) -> Vec<Effect> {
        self.board.device_connected(self.now, self.users[user], self.devices[user][device], Vec::new())
    }

    /// A device id is one socket's: who comes back has another.
    fn connect_anew(&mut self, user: usize, device: usize) -> Vec<Effect> {
        if self.board.devices.contains_key(&self.devices[user][device]) {
            return Vec::new();
        }
        self.devices[user][device] = DeviceId::new();
        self.connect(user, device)
    }

    fn reconnect(&mut self, user: usize, device: usize, resumes: bool) -> Vec<Effect> {
        let before = std::mem::replace(&mut self.devices[user][device], DeviceId::new());
        let mut effects = self.board.device_lost(self.now, before);
        effects.extend(self.connect(user, device));
        if let Some(id) = self.calls.last().copied().filter(|_| resumes) {
            let now = self.devices[user][device];
            self.agreed.insert((id, now));
            effects.extend(self.board.ask(
                self.now,
                self.users[user],
                now,
                id,
                Ask::Accept { previous: Some(before), anew: false },
            ));
        }
        effects
    }

    fn start(&mut self, user: usize, device: usize, callee: usize, key: usize, video: bool) -> Vec<Effect> {
        let (id, device) = (CallId::new(), self.devices[user][device]);
        let new = NewCall {
            id,
            conversation_id: ConversationId::new(),
            kind: if video { CallKind::Video } else { CallKind::Audio },
            caller_id: self.users[user],
            device,
            client_key: format!("key {key}"),
            callee_id: self.users[callee],
        };
        self.agreed.extend(self.calls.iter().map(|call| (*call, device)));
        let effects = self.board.start(self.now, new);
        if self.board.calls.contains_key(&id) {
            self.calls.push(id);
            self.agreed.insert((id, device));
        }
        effects
    }

    fn ask(&mut self, user: usize, device: usize, call: usize, what: &What) -> Vec<Effect> {
        let Some(id) = self.calls.iter().rev().nth(call).copied() else { return Vec::new() };
        let (user, device, sdp) = (self.users[user], self.devices[user][device], "v=0".to_owned());
        let signal = |signal| Ask::Signal { signal, negotiation: None };
        let ask = match what {
            What::Accept => {
                self.agreed.insert((id, device));
                Ask::Accept { previous: None, anew: false }
            }
            What::Decline => Ask::Decline,
            What::HangUp => Ask::HangUp,
            What::Offer => signal(Signal::Offer { sdp }),
            What::Answer => signal(Signal::Answer { sdp }),
            What::Candidate => {
                signal(Signal::Candidate { candidate: sdp, sdp_mid: None, sdp_m_line_index: None, username_fragment: None })
            }
            What::Media => Ask::Media(Sends { microphone: false, camera: false, screen: false, on_hold: false }),
        };
        self.board.ask(self.now, user, device, id, ask)
    }

    fn node(&mut self, peer: usize, what: &NodeSays) -> Vec<Effect> {
        let Some(peer) = self.peers.iter().rev().nth(peer).copied() else { return Vec::new() };
        let event = match what {
            NodeSays::Answer => NodeEvent::Answer { peer, sdp: "v=0".to_owned() },
            NodeSays::Connected => NodeEvent::Connected { peer, remote: ([127, 0, 0, 1], 9).into(), protocol: Protocol::Udp },
            NodeSays::Refused => NodeEvent::Refused { peer, reason: RefusedReason::Full },
            NodeSays::Closed => NodeEvent::Closed { peer, reason: CloseReason::Timeout },
        };
        self.board.node_event(self.now, event)
    }

    /// Checks one effect against what was seen before it.
    fn see(&mut self, effect: Effect) {
        match effect {
            Effect::Show { to, state } => self.see_state(to, *state),
            Effect::Signal { to, call_id, .. } => {
                let state = &self.shown[&call_id][&to];
                assert!(state.here, "a signal for a device that is not in the call");
                assert_ne!(state.phase, CallPhase::Ringing, "a signal before the answer");
            }
            Effect::Node(NodeCommand::Join { room, peer, .. }) => {
                let id = self.calls.iter().find(|id| id.as_u128() == room.0).expect("a room is a call's");
                assert!(self.shown[id].values().any(|state| state.phase == CallPhase::Answered), "media before the answer");
                assert!(!self.peers.contains(&peer), "each join is another peer");
                self.peers.push(peer);
            }
            Effect::Ended(history) => *self.entries.entry(history.record.id).or_default() += 1,
            Effect::Node(_) | Effect::Refuse { .. } => {}
        }
    }

    fn see_state(&mut self, to: DeviceId, state: CallState) {
        assert!(!state.here || self.agreed.contains(&(state.id, to)), "in a call without having said yes: {state:?}");
        if state.here
            && let Some(device) = self.board.devices.get(&to)
        {
            let before = self.holders.insert((state.id, device.user_id), to).filter(|before| *before != to);
            assert!(!before.is_some_and(|before| self.board.devices.contains_key(&before)), "a call was taken from a device");
        }
        let before = self.shown.entry(state.id).or_default();
        let is_of_callee = self.board.devices.get(&to).is_some_and(|device| device.user_id == state.callee_id);
        if is_of_callee && state.phase == CallPhase::Ringing {
            assert!(!state.here && state.ice_servers.is_empty() && state.path.is_none());
        }
        if let Some(before) = before.get(&to) {
            assert!(before.phase != CallPhase::Ended || state.phase == CallPhase::Ended, "an ended call came back");
            assert!(before.negotiation <= state.negotiation || !state.here);
        }
        before.insert(to, state);
    }

    fn check(&self) {
        let mut in_call = BTreeSet::new();
        for call in self.board.calls.values().filter(|call| !call.is_ended()) {
            for side in [Side::Caller, Side::Callee] {
                assert!(in_call.insert(call.user(side)), "a user is in two calls");
                assert_eq!(self.board.by_user.get(&call.user(side)), Some(&call.id()));
                let devices = self.board.devices_of.get(&call.user(side));
                let here = devices.into_iter().flatten().filter(|device| call.state_for(side, **device, &[]).here).count();
                assert!(here <= 1, "two devices of one user are in a call");
                let waits = call.is_ringing() || call.is_away(side);
                assert!(!waits || call.deadline().is_some(), "a call waits for nothing");
            }
            assert_eq!(self.entries.get(&call.id()), None, "a history entry of a call that lives");
        }
        assert_eq!(self.board.by_user.len(), in_call.len());
        for (id, at) in &self.board.timer_of {
            assert!(self.board.timers.contains(&(*at, *id)));
        }
        assert_eq!(self.board.timers.len(), self.board.timer_of.len());
    }

    /// Everybody leaves; whatever was going on has an end.
    fn leave_all(&mut self) {
        for user in 0..USERS {
            for device in 0..DEVICES_EACH {
                self.run(Step::Lose { user, device });
            }
        }
        self.run(Step::Wait { seconds: 46 });
        assert_eq!(self.board.live_calls(), 0, "a call is stuck");
        self.run(Step::Wait { seconds: 61 });
        assert!(self.board.holds_no_call(), "something is left behind: {:?}", self.board);
        for id in &self.calls {
            assert_eq!(self.entries.get(id), Some(&1), "one history entry for each call");
        }
        assert_eq!(self.entries.len(), self.calls.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_call_keeps_its_rules(media_node: bool, steps in vec(step(), 1..120)) {
        let mut model = Model::new();
        model.run(Step::Policy { media_node });
        steps.into_iter().for_each(|step| model.run(step));
        model.leave_all();
    }
}
