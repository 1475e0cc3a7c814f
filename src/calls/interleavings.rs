//! Whatever happens in whatever order, in virtual time, to two to four users with several devices each: nothing before the callee's
//! own accept and only between the two devices of the call, one history entry for each call, nobody in three calls, at most one device
//! of a user in a call, a call moves once by itself, the TURN server is open for a call just while it may need it, no stuck state. This
//! is S1 and S3 of the security checks as a model, and C1 (`recorded`).

use std::{collections::BTreeMap, time::Duration};

use proptest::{collection::vec, prelude::*};
use staffline_media::control::{CloseReason, Protocol, RefusedReason, RoomId};

use super::*;
use crate::{
    calls::{CallKind, CallPhase, Path, policy::Policy},
    ids::ConversationId,
    recordings::policy::Mode,
    users::Role,
};

#[path = "interleavings/recorded.rs"]
mod recorded;

const MAX_USERS: usize = 4;
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
        call: usize,
        resumes: bool,
    },
    /// The page is loaded anew and returns into a call; its old socket may look alive for a while.
    Reload {
        user: usize,
        device: usize,
        call: usize,
        tells: bool,
        old_is_lost: bool,
    },
    /// Nothing has come from a socket for 20 s; something may again.
    Silent {
        user: usize,
        device: usize,
    },
    Heard {
        user: usize,
        device: usize,
    },
    /// An old socket is found to be dead.
    LoseGhost,
    SignOut {
        user: usize,
        device: usize,
    },
    CloseAccount {
        user: usize,
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
    Policy(Policy),
    /// An admin puts a call on another path.
    Move {
        call: usize,
        path: Path,
    },
    Recorded(recorded::Step),
}

#[derive(Clone, Debug)]
enum What {
    Accept,
    Decline,
    HangUp,
    Leave,
    Offer,
    Answer,
    /// Of this negotiation, if of any.
    Candidate(Option<u32>),
    Media {
        on_hold: bool,
    },
    MediaFailed(u32),
}

#[derive(Clone, Debug)]
enum NodeSays {
    Answer,
    Connected,
    Refused,
    Closed,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || (0..MAX_USERS, 0..DEVICES_EACH);
    // Mostly the newest calls: older ones have ended.
    let which = || prop_oneof![6 => Just(0), 2 => Just(1), 1 => 2..5_usize];
    let what = prop_oneof![
        5 => Just(What::Accept),
        1 => Just(What::Decline),
        1 => Just(What::HangUp),
        1 => Just(What::Leave),
        3 => Just(What::Offer),
        2 => Just(What::Answer),
        2 => proptest::option::of(0..4_u32).prop_map(What::Candidate),
        1 => any::<bool>().prop_map(|on_hold| What::Media { on_hold }),
        2 => (0..4_u32).prop_map(What::MediaFailed),
    ];
    let says = prop_oneof![3 => Just(NodeSays::Answer), 3 => Just(NodeSays::Connected), 1 => Just(NodeSays::Refused), 1 => Just(NodeSays::Closed)];
    prop_oneof![
        2 => who().prop_map(|(user, device)| Step::Connect { user, device }),
        1 => who().prop_map(|(user, device)| Step::Lose { user, device }),
        1 => (who(), which(), any::<bool>()).prop_map(|((user, device), call, resumes)| Step::Reconnect { user, device, call, resumes }),
        1 => (who(), which(), any::<bool>(), any::<bool>())
            .prop_map(|((user, device), call, tells, old_is_lost)| Step::Reload { user, device, call, tells, old_is_lost }),
        1 => Just(Step::LoseGhost),
        1 => who().prop_map(|(user, device)| Step::Silent { user, device }),
        1 => who().prop_map(|(user, device)| Step::Heard { user, device }),
        1 => prop_oneof![4 => who().prop_map(|(user, device)| Step::SignOut { user, device }), 1 => (0..MAX_USERS).prop_map(|user| Step::CloseAccount { user })],
        4 => (who(), 0..MAX_USERS, 0..3_usize, any::<bool>())
            .prop_map(|((user, device), callee, key, video)| Step::Start { user, device, callee, key, video }),
        10 => (who(), which(), what).prop_map(|((user, device), call, what)| Step::Ask { user, device, call, what }),
        3 => (0..3_usize, says).prop_map(|(peer, what)| Step::Node { peer, what }),
        2 => prop_oneof![2 => Just(1), 2 => Just(12), 1 => Just(31), 1 => Just(46)].prop_map(|seconds| Step::Wait { seconds }),
        1 => policy().prop_map(Step::Policy),
        1 => (which(), prop_oneof![Just(Path::Relayed), Just(Path::MediaNode)]).prop_map(|(call, path)| Step::Move { call, path }),
    ]
}

/// The switchboard with everything that was seen of it.
struct Model {
    board: Switchboard,
    now: Millis,
    users: Vec<UserId>,
    devices: Vec<[DeviceId; DEVICES_EACH]>,
    owner: BTreeMap<DeviceId, UserId>,
    /// Sockets of pages that were loaded anew, not known to be dead yet.
    ghosts: Vec<DeviceId>,
    /// Newest last.
    calls: Vec<CallId>,
    peers: Vec<PeerId>,
    /// What each call was last shown as, to each device.
    shown: BTreeMap<CallId, BTreeMap<DeviceId, CallState>>,
    /// Devices that said yes to a call: by accept, or by calling back (glare).
    agreed: BTreeSet<(CallId, DeviceId)>,
    /// Calls to which a device of the callee has.
    accepted: BTreeSet<CallId>,
    /// Devices that have left a call or fell silent, or whose page was loaded anew: another may take it.
    given_up: BTreeSet<(CallId, DeviceId)>,
    entries: BTreeMap<CallId, usize>,
    rang: BTreeSet<CallId>,
    moved: BTreeSet<CallId>,
    /// By an admin.
    commanded: BTreeSet<CallId>,
    /// Whether the TURN server takes credentials of a call that it once took them of.
    relays: BTreeMap<CallId, bool>,
    /// The device that speaks for a user in a call.
    holders: BTreeMap<(CallId, UserId), DeviceId>,
    seen: recorded::Seen,
}

impl Model {
    fn new(users: usize) -> Self {
        let mut model = Self {
            board: Switchboard::default(),
            now: Millis(100_000),
            users: (0..users).map(|_| UserId::new()).collect(),
            devices: (0..users).map(|_| std::array::from_fn(|_| DeviceId::new())).collect(),
            owner: BTreeMap::new(),
            ghosts: Vec::new(),
            calls: Vec::new(),
            peers: Vec::new(),
            shown: BTreeMap::new(),
            agreed: BTreeSet::new(),
            accepted: BTreeSet::new(),
            given_up: BTreeSet::new(),
            entries: BTreeMap::new(),
            rang: BTreeSet::new(),
            moved: BTreeSet::new(),
            commanded: BTreeSet::new(),
            relays: BTreeMap::new(),
            holders: BTreeMap::new(),
            seen: recorded::Seen::default(),
        };
        for user in 0..users {
            for device in 0..DEVICES_EACH {
                model.run(Step::Connect { user, device });
            }
        }
        model
    }

    fn run(&mut self, step: Step) {
        let count = self.users.len();
        let effects = match step {
            Step::Connect { user, device } => self.connect_anew(user % count, device),
            Step::Lose { user, device } => self.board.device_lost(self.now, self.devices[user % count][device]),
            Step::Reconnect { user, device, call, resumes } => self.reconnect(user % count, device, call, resumes),
            Step::Reload { user, device, call, tells, old_is_lost } => {
                self.reload(user % count, device, call, tells, old_is_lost)
            }
            Step::LoseGhost => self.ghosts.pop().map(|device| self.board.device_lost(self.now, device)).unwrap_or_default(),
            Step::Silent { user, device } => {
                let (device, since) = (self.devices[user % count][device], self.now.minus(Duration::from_secs(20)));
                self.given_up.extend(self.calls.iter().map(|id| (*id, device)));
                self.board.device_silent(self.now, device, since)
            }
            Step::Heard { user, device } => self.board.device_heard(self.now, self.devices[user % count][device]),
            Step::SignOut { user, device } => self.sign_out(self.devices[user % count][device]),
            Step::CloseAccount { user } => self.board.user_gone(self.now, self.users[user % count]),
            Step::Start { user, device, callee, key, video } => self.start(user % count, device, callee % count, key, video),
            Step::Ask { user, device, call, what } => self.ask(user % count, device, call, &what),
            Step::Node { peer, what } => self.node(peer, &what),
            Step::Wait { seconds } => {
                self.now = self.now.plus(Duration::from_secs(seconds));
                self.board.run_due(self.now)
            }
            Step::Move { call, path } => self.move_call(call, path),
            Step::Recorded(step) => self.recorded(step),
            Step::Policy(default) => {
                self.board.set_policy(PathPolicy::of(default));
                Vec::new()
            }
        };
        effects.into_iter().for_each(|effect| self.see(effect));
        self.check();
    }

    fn connect(&mut self, user: usize, device: usize) -> Vec<Effect> {
        self.owner.insert(self.devices[user][device], self.users[user]);
        self.board.device_connected(self.now, self.devices[user][device], device_of(self.users[user]))
    }

    /// A device id is one socket's: who comes back has another.
    fn connect_anew(&mut self, user: usize, device: usize) -> Vec<Effect> {
        if self.board.devices.contains_key(&self.devices[user][device]) {
            return Vec::new();
        }
        self.devices[user][device] = DeviceId::new();
        self.connect(user, device)
    }

    fn nth_call(&self, call: usize) -> Option<CallId> {
        self.calls.iter().rev().nth(call).copied()
    }

    fn sign_out(&mut self, device: DeviceId) -> Vec<Effect> {
        let mut effects = self.board.signed_out(self.now, device);
        effects.extend(self.board.device_lost(self.now, device));
        effects
    }

    fn reconnect(&mut self, user: usize, device: usize, call: usize, resumes: bool) -> Vec<Effect> {
        let before = std::mem::replace(&mut self.devices[user][device], DeviceId::new());
        self.seen.page_is_back(before, self.devices[user][device]);
        let mut effects = self.board.device_lost(self.now, before);
        effects.extend(self.connect(user, device));
        if let Some(id) = self.nth_call(call).filter(|_| resumes) {
            effects.extend(self.accept(user, device, id, Ask::Accept { previous: Some(before), anew: false }));
        }
        effects
    }

    fn reload(&mut self, user: usize, device: usize, call: usize, tells: bool, old_is_lost: bool) -> Vec<Effect> {
        let Some(id) = self.nth_call(call) else { return Vec::new() };
        let before = std::mem::replace(&mut self.devices[user][device], DeviceId::new());
        let mut effects = Vec::new();
        if tells {
            effects.extend(self.board.ask(self.now, self.users[user], before, id, Ask::Leave));
        }
        if old_is_lost {
            effects.extend(self.board.device_lost(self.now, before));
        } else {
            self.ghosts.push(before);
        }
        effects.extend(self.connect(user, device));
        self.given_up.insert((id, before));
        effects.extend(self.accept(user, device, id, Ask::Accept { previous: Some(before), anew: true }));
        effects
    }

    fn accept(&mut self, user: usize, device: usize, id: CallId, ask: Ask) -> Vec<Effect> {
        let (user, device) = (self.users[user], self.devices[user][device]);
        self.agreed.insert((id, device));
        if self.board.calls.get(&id).is_some_and(|call| call.user(Side::Callee) == user) {
            self.accepted.insert(id);
        }
        self.board.ask(self.now, user, device, id, ask)
    }

    fn start(&mut self, user: usize, device: usize, callee: usize, key: usize, video: bool) -> Vec<Effect> {
        let (id, device) = (CallId::new(), self.devices[user][device]);
        let new = NewCall {
            id,
            conversation_id: ConversationId::new(),
            kind: if video { CallKind::Video } else { CallKind::Audio },
            caller_id: self.users[user],
            caller_role: Role::Employee,
            device,
            client_key: format!("key {key}"),
            callee_id: self.users[callee],
            callee_role: Role::Employee,
        };
        // A repeated start takes over what its key names; a start to whom one is called by is an accept.
        let own = self.board.calls.values().filter(|call| call.side_of(self.users[user]).is_some());
        self.agreed.extend(own.map(|call| (call.id(), device)));
        let from =
            |call: &&Call| [Side::Caller, Side::Callee].map(|side| call.user(side)) == [self.users[callee], self.users[user]];
        self.accepted.extend(self.board.calls.values().filter(from).map(Call::id));
        let effects = self.board.start(self.now, new);
        if self.board.calls.contains_key(&id) {
            self.calls.push(id);
            self.agreed.insert((id, device));
        }
        effects
    }

    fn ask(&mut self, user: usize, device: usize, call: usize, what: &What) -> Vec<Effect> {
        let Some(id) = self.nth_call(call) else { return Vec::new() };
        let sdp = "v=0".to_owned();
        let signal = |signal, negotiation| Ask::Signal { signal, negotiation };
        let ask = match what {
            What::Accept => return self.accept(user, device, id, Ask::Accept { previous: None, anew: false }),
            What::Decline => Ask::Decline,
            What::HangUp => Ask::HangUp,
            What::Leave => {
                self.given_up.insert((id, self.devices[user][device]));
                Ask::Leave
            }
            What::Offer => signal(Signal::Offer { sdp }, None),
            What::Answer => signal(Signal::Answer { sdp }, None),
            What::Candidate(negotiation) => {
                let candidate =
                    Signal::Candidate { candidate: sdp, sdp_mid: None, sdp_m_line_index: None, username_fragment: None };
                signal(candidate, *negotiation)
            }
            What::Media { on_hold } => Ask::Media(Sends { microphone: false, camera: false, screen: false, on_hold: *on_hold }),
            What::MediaFailed(negotiation) => Ask::MediaFailed { negotiation: *negotiation },
        };
        self.board.ask(self.now, self.users[user], self.devices[user][device], id, ask)
    }

    fn move_call(&mut self, call: usize, path: Path) -> Vec<Effect> {
        let Some(id) = self.nth_call(call) else { return Vec::new() };
        let effects = self.board.move_call(self.now, id, path).unwrap_or_default();
        if !effects.is_empty() {
            self.commanded.insert(id);
        }
        effects
    }

    fn node(&mut self, peer: usize, what: &NodeSays) -> Vec<Effect> {
        let Some(peer) = self.peers.iter().rev().nth(peer).copied() else { return Vec::new() };
        let event = match what {
            NodeSays::Answer => NodeEvent::Answer { peer, sdp: "v=0".to_owned() },
            NodeSays::Connected => NodeEvent::Connected { peer, remote: ([127, 0, 0, 1], 9).into(), protocol: Protocol::Udp },
            NodeSays::Refused => NodeEvent::Refused { peer, reason: RefusedReason::Full },
            NodeSays::Closed => {
                self.seen.peer_closed(peer);
                NodeEvent::Closed { peer, reason: CloseReason::Timeout }
            }
        };
        self.board.node_event(self.now, event)
    }

    /// Checks one effect against what was seen before it.
    fn see(&mut self, effect: Effect) {
        self.see_recorded(&effect);
        match effect {
            Effect::Show { to, state } => self.see_state(to, *state),
            Effect::Signal { to, call_id, .. } => {
                let state = &self.shown[&call_id][&to];
                assert!(state.here, "a signal for a device that is not in the call");
                assert_ne!(state.phase, CallPhase::Ringing, "a signal before the answer");
                assert!(self.accepted.contains(&call_id), "a signal before the callee's own accept");
            }
            Effect::Node(NodeCommand::Join { room, peer, .. }) => {
                let id = self.call_of(room);
                assert!(self.accepted.contains(&id), "media before the callee's own accept");
                assert!(!self.peers.contains(&peer), "each join is another peer");
                self.peers.push(peer);
            }
            Effect::Node(NodeCommand::OpenRelay { call }) => {
                let id = self.call_of(call);
                assert!(self.accepted.contains(&id), "a relay before the callee's own accept");
                assert_eq!(self.relays.insert(id, true), None, "a relay is opened once");
            }
            Effect::Node(NodeCommand::CloseRelay { call }) => {
                let id = self.call_of(call);
                assert_eq!(self.relays.insert(id, false), Some(true), "a relay is closed once, after it was opened");
            }
            Effect::Rings(ring) => assert!(self.rang.insert(ring.call_id), "a call rings once"),
            Effect::Changed(facts) => {
                assert!(self.accepted.contains(&facts.id) && facts.answered_at.is_some(), "answered without an accept");
                assert_eq!(self.entries.get(&facts.id), None, "kept as alive after its end");
            }
            Effect::Ended(history) => *self.entries.entry(history.record.id).or_default() += 1,
            Effect::Recorder(_) | Effect::Consented(_) | Effect::NotRecorded(_) => {}
            Effect::Node(_) | Effect::Refuse { .. } => {}
        }
    }

    fn call_of(&self, room: RoomId) -> CallId {
        self.calls.iter().copied().find(|id| id.as_u128() == room.0).expect("a room is a call's")
    }

    fn see_state(&mut self, to: DeviceId, state: CallState) {
        assert!(!state.here || self.agreed.contains(&(state.id, to)), "in a call without having said yes: {state:?}");
        assert!(state.phase != CallPhase::Answered || self.accepted.contains(&state.id), "answered by nobody");
        if state.here {
            let before = self.holders.insert((state.id, self.owner[&to]), to).filter(|before| *before != to);
            self.given_up.remove(&(state.id, to));
            let lives = |before| self.board.devices.contains_key(&before) && !self.given_up.contains(&(state.id, before));
            assert!(!before.is_some_and(lives), "a call was taken from a device");
        }
        if self.owner[&to] == state.callee_id && state.phase == CallPhase::Ringing {
            assert!(!state.here && state.path.is_none());
        }
        if self.moved.contains(&state.id) && !self.commanded.contains(&state.id) {
            assert!(!state.may_move && state.path == Some(Path::Relayed), "a call moves once: {state:?}");
        }
        if state.here && state.phase == CallPhase::Answered && state.path != Some(Path::Direct) {
            assert_eq!(self.relays.get(&state.id), Some(&true), "credentials for a relay that is not open");
        }
        if state.moved_from.is_some() {
            self.moved.insert(state.id);
        }
        let before = self.shown.entry(state.id).or_default();
        if let Some(before) = before.get(&to) {
            assert!(before.phase != CallPhase::Ended || state.phase == CallPhase::Ended, "an ended call came back");
            assert!(before.negotiation <= state.negotiation || !state.here);
            assert!(before.waiting || !state.waiting, "a call that rang waits");
        }
        before.insert(to, state);
    }

    fn check(&self) {
        let mut lines: BTreeMap<UserId, Vec<&Call>> = BTreeMap::new();
        for call in self.board.calls.values().filter(|call| !call.is_ended()) {
            for side in [Side::Caller, Side::Callee] {
                lines.entry(call.user(side)).or_default().push(call);
                let devices = self.board.devices_of.get(&call.user(side));
                let here = devices.into_iter().flatten().filter(|device| call.state_for(side, **device).here).count();
                assert!(here <= 1, "two devices of one user are in a call");
                let waits = call.is_ringing() || call.is_away(side);
                assert!(!waits || call.deadline().is_some(), "a call waits for nothing");
            }
            assert_eq!(self.entries.get(&call.id()), None, "a history entry of a call that lives");
            self.check_recorded(call);
        }
        for (user, calls) in &lines {
            self.check_lines(*user, calls);
        }
        assert_eq!(self.board.by_user.len(), lines.len());
        for (id, at) in &self.board.timer_of {
            assert!(self.board.timers.contains(&(*at, *id)));
        }
        assert_eq!(self.board.timers.len(), self.board.timer_of.len());
    }

    fn check_lines(&self, user: UserId, calls: &[&Call]) {
        assert!(calls.len() <= 2, "a user is in three calls");
        assert!(calls.iter().filter(|call| call.is_ringing()).count() <= 1, "a user rings and is rung");
        let known: BTreeSet<_> = self.board.by_user[&user].iter().copied().collect();
        assert_eq!(known, calls.iter().map(|call| call.id()).collect());
        for call in calls.iter().filter(|call| call.is_ringing() && call.user(Side::Callee) == user) {
            assert_eq!(call.is_waiting(), calls.len() == 2, "a call waits just as long as there is something to wait for");
        }
    }

    /// Everybody leaves; whatever was going on has an end.
    fn leave_all(&mut self) {
        while !self.ghosts.is_empty() {
            self.run(Step::LoseGhost);
        }
        for user in 0..self.users.len() {
            for device in 0..DEVICES_EACH {
                self.run(Step::Lose { user, device });
            }
        }
        self.run(Step::Wait { seconds: 46 });
        assert_eq!(self.board.live_calls(), 0, "a call is stuck");
        assert!(self.relays.values().all(|open| !open), "a relay outlives its call");
        self.seen.check_end();
        self.run(Step::Wait { seconds: 61 });
        assert!(self.board.holds_no_call(), "something is left behind: {:?}", self.board);
        for id in &self.calls {
            assert_eq!(self.entries.get(id), Some(&1), "one history entry for each call");
        }
        assert_eq!(self.entries.len(), self.calls.len());
    }
}

fn device_of(user_id: UserId) -> Device {
    Device { user_id, address: [192, 0, 2, 1].into(), host: "staffline.example".to_owned() }
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::Direct), Just(Policy::Auto), Just(Policy::Relayed), Just(Policy::MediaNode)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_call_keeps_its_rules(users in 2..=MAX_USERS, default in policy(), steps in vec(step(), 1..160)) {
        let mut model = Model::new(users);
        model.run(Step::Policy(default));
        steps.into_iter().for_each(|step| model.run(step));
        model.leave_all();
    }

    #[test]
    fn whatever_happens_nobody_is_recorded_unasked_and_nothing_unrecorded(
        default in policy(),
        steps in vec(prop_oneof![2 => step(), 3 => recorded::step().prop_map(Step::Recorded)], 1..160),
    ) {
        let mut model = Model::new(2);
        model.run(Step::Policy(default));
        model.run(Step::Recorded(recorded::Step::Policy(Some(Mode::Always))));
        steps.into_iter().for_each(|step| model.run(step));
        model.leave_all();
    }
}
