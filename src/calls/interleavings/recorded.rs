//! Recording in the model: nobody's media flows into a recording without their consent to the notice as it is now, none flows unrecorded in a
//! call that has to be recorded, a recorder is told what there is in order, and where it fails such a call ends.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use staffline_media::{
    control::{Event as NodeEvent, PeerId, RoomId},
    recorder::{RecordingEvent, RecordingFailure},
};

use super::{DEVICES_EACH, MAX_USERS, Model};
use crate::{
    calls::{
        CallPhase, Outcome, Path,
        party::Side,
        ringing::{Call, NodeCommand},
        switchboard::{Ask, Effect},
    },
    ids::{CallId, DeviceId, RecordingId},
    recordings::{
        orders::Order,
        policy::{Direction, Match, Mode, RecordingPolicy, Rule},
    },
    users::{Role, settings::Language},
};

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The policy is another now: nobody is recorded, or all are, in this way.
    Policy(Option<Mode>),
    Consent {
        user: usize,
        device: usize,
        call: usize,
        outdated: bool,
    },
    Switch {
        user: usize,
        device: usize,
        call: usize,
        on: bool,
    },
    Recorder {
        call: usize,
        says: Says,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Says {
    Started,
    Lagging(bool),
    Failed,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let who = || (0..MAX_USERS, 0..DEVICES_EACH);
    let which = || prop_oneof![6 => Just(0), 1 => Just(1)];
    let mode = prop_oneof![1 => Just(None), 3 => Just(Some(Mode::Always)), 3 => Just(Some(Mode::OnDemand))];
    let says = prop_oneof![
        6 => Just(Says::Started),
        1 => any::<bool>().prop_map(Says::Lagging),
        1 => Just(Says::Failed),
    ];
    prop_oneof![
        1 => mode.prop_map(Step::Policy),
        8 => (who(), which(), prop::bool::weighted(0.1))
            .prop_map(|((user, device), call, outdated)| Step::Consent { user, device, call, outdated }),
        2 => (who(), which(), prop::bool::weighted(0.8))
            .prop_map(|((user, device), call, on)| Step::Switch { user, device, call, on }),
        4 => (which(), says).prop_map(|(call, says)| Step::Recorder { call, says }),
    ]
}

/// What was seen of recordings.
#[derive(Debug, Default)]
pub(super) struct Seen {
    version: u32,
    /// What was agreed to in a call on a device.
    consents: BTreeSet<(CallId, DeviceId, u32)>,
    /// The newest of each call.
    recorders: BTreeMap<CallId, (RecordingId, Stage)>,
    begun: BTreeSet<RecordingId>,
    /// Who is at the node, and whether what they send is dropped.
    peers: BTreeMap<PeerId, bool>,
    failed: BTreeSet<CallId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    On,
    Over,
}

impl Seen {
    fn runs(&self, id: CallId) -> bool {
        self.recorders.get(&id).is_some_and(|(_, stage)| *stage != Stage::Over)
    }

    fn is_on(&self, id: CallId) -> bool {
        self.recorders.get(&id).is_some_and(|(_, stage)| *stage == Stage::On)
    }

    /// The same page, on another socket.
    pub(super) fn page_is_back(&mut self, before: DeviceId, now: DeviceId) {
        let theirs: Vec<_> = self.consents.iter().filter(|(_, device, _)| *device == before).copied().collect();
        self.consents.extend(theirs.into_iter().map(|(id, _, version)| (id, now, version)));
    }

    pub(super) fn peer_closed(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
    }

    pub(super) fn check_end(&self) {
        assert!(self.recorders.values().all(|(_, stage)| *stage == Stage::Over), "a recorder outlives its call");
    }
}

impl Model {
    pub(super) fn recorded(&mut self, step: Step) -> Vec<Effect> {
        match step {
            Step::Policy(mode) => {
                self.seen.version += 1;
                self.board.set_recording_policy(self.now, policy(self.seen.version, mode))
            }
            Step::Consent { user, device, call, outdated } => {
                let Some(id) = self.nth_call(call) else { return Vec::new() };
                let (user, device) = (user % self.users.len(), self.devices[user % self.users.len()][device]);
                let shown = self.shown.get(&id).and_then(|shown| shown.get(&device)).and_then(|state| state.recording.as_ref());
                let version = shown.map_or(0, |recording| recording.notice.version).saturating_sub(u32::from(outdated));
                self.board.ask(self.now, self.users[user], device, id, Ask::Consent { version, language: Language::Ru })
            }
            Step::Switch { user, device, call, on } => {
                let Some(id) = self.nth_call(call) else { return Vec::new() };
                let user = user % self.users.len();
                self.board.ask(self.now, self.users[user], self.devices[user][device], id, Ask::Record { on })
            }
            Step::Recorder { call, says } => self.recorder(call, &says),
        }
    }

    fn recorder(&mut self, call: usize, says: &Says) -> Vec<Effect> {
        let Some(id) = self.nth_call(call) else { return Vec::new() };
        let Some((recording, stage)) = self.seen.recorders.get_mut(&id) else { return Vec::new() };
        let what = match says {
            Says::Started => RecordingEvent::Started,
            Says::Lagging(on) => RecordingEvent::Lagging(*on),
            Says::Failed => RecordingEvent::Failed(RecordingFailure::DiskFull),
        };
        let (recording, ran) = (*recording, *stage != Stage::Over);
        match says {
            // It is put on the media node then, wherever it was.
            Says::Started if *stage == Stage::Starting => {
                *stage = Stage::On;
                self.commanded.insert(id);
            }
            Says::Failed => *stage = Stage::Over,
            Says::Started | Says::Lagging(_) => {}
        }
        let must = self.board.calls.get(&id).is_some_and(must_be_recorded);
        let effects =
            self.board.node_event(self.now, NodeEvent::Recording { room: RoomId(id.as_u128()), id: recording.as_u128(), what });
        if matches!(says, Says::Failed) && ran && must {
            let ended =
                |effect: &Effect| matches!(effect, Effect::Ended(history) if history.record.outcome == Outcome::NotRecorded);
            assert!(effects.iter().any(ended), "a call that has to be recorded went on without");
        }
        effects
    }

    pub(super) fn see_recorded(&mut self, effect: &Effect) {
        match effect {
            Effect::Recorder(Order::Start(begun)) => {
                let id = begun.of.call_id;
                assert!(self.seen.begun.insert(begun.id), "a recording begins once");
                assert!(!self.seen.runs(id), "a call is recorded twice at once");
                for user in [begun.of.caller_id, begun.of.callee_id] {
                    let mut theirs = self.owner.iter().filter(|(_, owner)| **owner == user).map(|(device, _)| *device);
                    let agreed = |device| self.seen.consents.contains(&(id, device, begun.notice_version));
                    assert!(theirs.any(agreed), "recorded without consent");
                }
                self.seen.recorders.insert(id, (begun.id, Stage::Starting));
            }
            Effect::Recorder(Order::Note { id, room, .. }) => {
                let recorder = self.seen.recorders.get(&self.call_of(*room));
                assert_eq!(recorder, Some(&(*id, Stage::On)), "a note for a recorder that does not run");
            }
            Effect::Recorder(Order::Stop { id, room }) => {
                let call = self.call_of(*room);
                let recorder = self.seen.recorders.get_mut(&call).expect("it was begun");
                assert!(recorder.0 == *id, "another recorder is stopped");
                recorder.1 = Stage::Over;
            }
            Effect::Consented(consent) => {
                self.seen.consents.insert((consent.call_id, consent.device_id, consent.notice_version));
            }
            Effect::NotRecorded(failure) => {
                self.seen.failed.insert(failure.of.call_id);
            }
            Effect::Node(NodeCommand::Join { peer, .. }) => {
                self.seen.peers.insert(*peer, false);
            }
            Effect::Node(NodeCommand::Leave { peer, .. }) => {
                self.seen.peers.remove(peer);
            }
            Effect::Node(NodeCommand::HoldBack { peer, on, .. }) => {
                assert_eq!(self.seen.peers.insert(*peer, *on), Some(!*on), "said of a peer that is there, and once");
            }
            Effect::Ended(history) if history.record.outcome == Outcome::NotRecorded => {
                assert!(self.seen.failed.contains(&history.record.id), "nothing is kept of what could not be recorded");
            }
            _ => {}
        }
    }

    pub(super) fn check_recorded(&self, call: &Call) {
        let state = call.state_for(Side::Caller, self.devices[0][0]);
        let Some(recording) = state.recording.filter(|_| state.phase == CallPhase::Answered) else { return };
        if must_be_recorded(call) {
            assert_eq!(state.path, Some(Path::MediaNode), "media that no recorder sees");
        }
        for side in [Side::Caller, Side::Callee] {
            let flows = call.peer(side).filter(|peer| self.seen.peers.get(peer) == Some(&false));
            if flows.is_none() {
                continue;
            }
            assert!(!must_be_recorded(call) || self.seen.is_on(call.id()), "unrecorded media in a call that has to be recorded");
            let device = self.holders.get(&(call.id(), call.user(side))).expect("somebody is there");
            let agreed = self.seen.consents.contains(&(call.id(), *device, recording.notice.version));
            assert!(!self.seen.runs(call.id()) || agreed, "media of one who has not agreed");
        }
    }
}

fn must_be_recorded(call: &Call) -> bool {
    let state = call.state_for(Side::Caller, DeviceId::new());
    state.phase == CallPhase::Answered && state.recording.is_some_and(|recording| recording.mode == Mode::Always)
}

fn policy(version: u32, mode: Option<Mode>) -> RecordingPolicy {
    let rule = |mode| Rule {
        name: "All".to_owned(),
        matches: Match::Everybody,
        direction: Direction::Any,
        mode,
        by: vec![Role::Employee],
        retention_days: None,
    };
    RecordingPolicy { version, rules: mode.map(rule).into_iter().collect(), ..RecordingPolicy::default() }
}
