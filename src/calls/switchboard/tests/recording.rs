//! Calls that are recorded: nobody is heard who has not agreed, nothing passes before the recorder runs, and what must be recorded and
//! cannot be does not happen. C1 of the security checks.

use staffline_media::recorder::{RecordingEvent, RecordingFailure, Source};

use super::*;
use crate::{
    calls::RecordingState,
    ids::RecordingId,
    recordings::{
        orders::{Fault, Note, Order},
        policy::{Direction, Match, Mode, RecordingPolicy, Rule},
    },
    users::settings::Language,
};

fn recording(version: u32, mode: Mode) -> RecordingPolicy {
    let by = vec![Role::Employee];
    let rule =
        Rule { name: "All".to_owned(), matches: Match::Everybody, direction: Direction::Any, mode, by, retention_days: None };
    RecordingPolicy { version, rules: vec![rule], ..RecordingPolicy::default() }
}

impl World {
    fn record_by(&mut self, policy: RecordingPolicy) {
        let effects = self.board.set_recording_policy(self.now, policy);
        self.effects.extend(effects);
    }

    fn consent(&mut self, from: (UserId, DeviceId), id: CallId, version: u32) {
        self.ask(from, id, Ask::Consent { version, language: Language::Ru });
    }

    fn orders(&mut self) -> Vec<Order> {
        let order = |effect| if let Effect::Recorder(order) = effect { Some(order) } else { None };
        self.take().into_iter().filter_map(order).collect()
    }

    fn recorder(&mut self, call: CallId, id: RecordingId, what: RecordingEvent) {
        self.node(NodeEvent::Recording { room: RoomId(call.as_u128()), id: id.as_u128(), what });
    }

    /// The one that was ordered to begin.
    fn begun(&mut self) -> RecordingId {
        match &self.orders()[..] {
            [Order::Start(begun)] => begun.id,
            other => panic!("not a start: {other:?}"),
        }
    }

    fn faults(&mut self) -> (Vec<Fault>, Vec<Outcome>) {
        let effects = self.take();
        let fault = |effect: &Effect| if let Effect::NotRecorded(one) = effect { Some(one.why) } else { None };
        let outcome = |effect: &Effect| if let Effect::Ended(one) = effect { Some(one.record.outcome) } else { None };
        (effects.iter().filter_map(fault).collect(), effects.iter().filter_map(outcome).collect())
    }
}

fn ringing_recorded(mode: Mode) -> (World, Person, Person, CallId) {
    let mut world = World::new(Policy::Direct);
    world.record_by(recording(1, mode));
    let (anna, boris) = (world.person(), world.person());
    let id = world.start(anna.on_phone(), "k1", boris.user);
    (world, anna, boris, id)
}

/// Both have agreed and are connected, and the recorder runs.
fn recorded() -> (World, Person, Person, CallId, RecordingId, [PeerId; 2]) {
    let (mut world, anna, boris, id) = ringing_recorded(Mode::Always);
    world.accept(boris.on_phone(), id);
    for person in [anna, boris] {
        world.consent(person.on_phone(), id, 1);
    }
    let recording = world.begun();
    world.recorder(id, recording, RecordingEvent::Started);
    world.take();
    let peers = [anna, boris].map(|person| join(&mut world, person.on_phone(), id));
    (world, anna, boris, id, recording, peers)
}

fn join(world: &mut World, from: (UserId, DeviceId), id: CallId) -> PeerId {
    world.signal(from, id, offer());
    let peer = match &world.node_commands()[..] {
        [NodeCommand::Join { peer, .. }] => *peer,
        other => panic!("not a join: {other:?}"),
    };
    world.node(NodeEvent::Answer { peer, sdp: "v=0\r\n".to_owned() });
    world.node(connected(peer));
    world.take();
    peer
}

#[test]
fn a_recorded_call_is_announced_while_it_rings_and_takes_the_media_node() {
    let (mut world, anna, boris, id) = ringing_recorded(Mode::Always);
    for (device, state) in world.shown() {
        let recording = state.recording.expect("it is recorded");
        assert_eq!((recording.state, recording.consented, recording.notice.version), (RecordingState::Announced, false, 1));
        assert!([anna.phone, boris.phone, boris.desk].contains(&device));
    }
    world.accept(boris.on_phone(), id);
    let shown = world.shown();
    let state = &shown[&anna.phone];
    assert_eq!((state.path, state.path_rule.as_deref(), state.may_move), (Some(Path::MediaNode), Some("All"), false));
    let recording = state.recording.as_ref().expect("it is recorded");
    assert_eq!((recording.state, &recording.waiting_for[..]), (RecordingState::Consent, &[anna.user, boris.user][..]));
    assert!(matches!(world.board.may_move(id, Path::Relayed), Err(MoveError::Recorded)));
}

#[test]
fn no_offer_passes_before_consent_and_none_before_the_recorder_runs() {
    let (mut world, anna, boris, id) = ringing_recorded(Mode::Always);
    world.accept(boris.on_phone(), id);
    world.take();
    world.signal(anna.on_phone(), id, offer());
    assert_eq!(world.refusals(), [(anna.phone, "consent_needed")]);
    world.consent(anna.on_phone(), id, 1);
    world.take();
    world.signal(anna.on_phone(), id, offer());
    assert_eq!(world.take(), [], "it is held, since he has not agreed");
    world.signal(boris.on_phone(), id, offer());
    assert_eq!(world.refusals(), [(boris.phone, "consent_needed")]);
    world.consent(boris.on_phone(), id, 1);
    let recording = world.begun();
    world.signal(boris.on_phone(), id, offer());
    assert_eq!(world.node_commands(), [], "the recorder does not run yet");
    world.recorder(id, RecordingId::new(), RecordingEvent::Started);
    assert_eq!(world.take(), [], "another recording");
    world.recorder(id, recording, RecordingEvent::Started);
    let effects = world.take();
    let joins = effects.iter().filter(|effect| matches!(effect, Effect::Node(NodeCommand::Join { .. }))).count();
    let consents =
        effects.iter().filter(|effect| matches!(effect, Effect::Recorder(Order::Note { note: Note::Consent { .. }, .. })));
    assert_eq!((joins, consents.count()), (2, 2));
    let shown =
        effects.into_iter().find_map(|effect| if let Effect::Show { state, .. } = effect { state.recording } else { None });
    let shown = shown.expect("it is shown");
    assert_eq!((shown.state, shown.started_at, shown.waiting_for), (RecordingState::On, Some(world.now), vec![]));
}

#[test]
fn who_agreed_while_it_rang_need_not_again_but_on_the_device_that_answers() {
    let (mut world, anna, boris, id) = ringing_recorded(Mode::Always);
    world.consent(anna.on_phone(), id, 1);
    world.consent(anna.on_desk(), id, 1);
    assert_eq!(world.refusals(), [(anna.desk, "answered_elsewhere")]);
    world.consent(boris.on_desk(), id, 1);
    assert!(world.shown()[&boris.desk].recording.as_ref().expect("recorded").consented);
    world.accept(boris.on_phone(), id);
    let shown = world.shown();
    assert_eq!(shown[&boris.phone].recording.as_ref().expect("recorded").waiting_for, [boris.user]);
    world.consent(boris.on_phone(), id, 1);
    world.begun();
}

#[test]
fn a_policy_that_changes_between_ringing_and_answer_is_agreed_to_anew() {
    let (mut world, anna, boris, id) = ringing_recorded(Mode::Always);
    for person in [anna, boris] {
        world.consent(person.on_phone(), id, 1);
    }
    world.record_by(recording(2, Mode::Always));
    let shown = world.shown();
    let hers = shown[&anna.phone].recording.as_ref().expect("recorded");
    assert_eq!((hers.consented, hers.notice.version), (false, 2));
    world.accept(boris.on_phone(), id);
    assert_eq!(world.orders(), []);
    world.signal(anna.on_phone(), id, offer());
    assert_eq!(world.refusals(), [(anna.phone, "consent_outdated")]);
    world.consent(anna.on_phone(), id, 1);
    assert_eq!(world.refusals(), [(anna.phone, "consent_outdated")]);
    for person in [anna, boris] {
        world.consent(person.on_phone(), id, 2);
    }
    world.begun();
}

#[test]
fn a_policy_that_is_set_while_it_rings_holds_at_the_answer() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.consent(anna.on_phone(), id, 1);
    assert_eq!(world.refusals(), [(anna.phone, "recording_not_allowed")]);
    world.record_by(recording(1, Mode::Always));
    assert_eq!(world.shown()[&boris.desk].recording.as_ref().expect("recorded").state, RecordingState::Announced);
    world.accept(boris.on_phone(), id);
    assert_eq!(world.shown()[&boris.phone].path, Some(Path::MediaNode));
}

#[test]
fn without_consent_in_a_minute_there_is_no_call() {
    let (mut world, anna, boris, id) = ringing_recorded(Mode::Always);
    world.consent(anna.on_phone(), id, 1);
    world.accept(boris.on_phone(), id);
    world.advance(deadlines::CONSENT - Duration::from_millis(1));
    assert_eq!(world.faults(), (vec![], vec![]));
    world.advance(Duration::from_millis(1));
    let shown =
        world.effects.iter().find_map(|effect| if let Effect::Show { state, .. } = effect { Some(state.clone()) } else { None });
    assert_eq!(shown.and_then(|state| state.recording).map(|recording| recording.state), Some(RecordingState::Failed));
    assert_eq!(world.faults(), (vec![Fault::NoConsent], vec![Outcome::NotRecorded]));
    world.advance(Duration::from_secs(3_600));
    assert!(world.board.holds_no_call());
}

#[test]
fn a_recorder_that_fails_or_says_nothing_ends_a_call_that_must_be_recorded() {
    for failure in [Some(RecordingFailure::DiskFull), None] {
        let (mut world, anna, boris, id) = ringing_recorded(Mode::Always);
        world.accept(boris.on_phone(), id);
        for person in [anna, boris] {
            world.consent(person.on_phone(), id, 1);
        }
        let recording = world.begun();
        let why = match failure {
            Some(failure) => {
                world.recorder(id, recording, RecordingEvent::Failed(failure));
                Fault::DiskFull
            }
            None => {
                world.advance(deadlines::START);
                Fault::Recorder
            }
        };
        assert_eq!(world.faults(), (vec![why], vec![Outcome::NotRecorded]));
    }
    let (mut world, .., id, recording, _) = recorded();
    world.recorder(id, recording, RecordingEvent::Failed(RecordingFailure::Behind));
    assert_eq!(world.faults(), (vec![Fault::Behind], vec![Outcome::NotRecorded]), "in the middle of the call");
}

#[test]
fn a_second_device_and_a_page_loaded_anew_are_asked_and_a_broken_socket_is_not() {
    let (mut world, anna, boris, id, ..) = recorded();
    // A socket that broke while the media ran.
    let again = DeviceId::new();
    world.connect(anna.user, again);
    world.lose(anna.phone);
    world.ask((anna.user, again), id, Ask::Accept { previous: Some(anna.phone), anew: false });
    let state = world.shown().remove(&again).and_then(|state| state.recording).expect("recorded");
    assert_eq!((state.state, state.consented, state.waiting_for), (RecordingState::On, true, vec![]));
    // The page is loaded anew.
    let page = DeviceId::new();
    world.connect(anna.user, page);
    world.ask((anna.user, page), id, Ask::Accept { previous: Some(again), anew: true });
    let shown = world.shown();
    let state = shown[&page].recording.clone().expect("recorded");
    assert_eq!((state.state, state.consented, state.waiting_for), (RecordingState::On, false, vec![anna.user]));
    world.signal((anna.user, page), id, offer());
    assert_eq!(world.refusals(), [(page, "consent_needed")]);
    world.consent((anna.user, page), id, 1);
    assert!(world.shown()[&page].recording.as_ref().expect("recorded").waiting_for.is_empty());
    join(&mut world, (anna.user, page), id);
    // And another device of his takes over.
    world.lose(boris.phone);
    world.accept(boris.on_desk(), id);
    world.take();
    world.signal(boris.on_desk(), id, offer());
    assert_eq!(world.refusals(), [(boris.desk, "consent_needed")]);
    world.advance(deadlines::CONSENT);
    assert_eq!(world.faults(), (vec![Fault::NoConsent], vec![Outcome::NotRecorded]));
}

#[test]
fn a_policy_that_changes_in_mid_call_is_agreed_to_anew_while_the_recording_goes_on() {
    let (mut world, anna, boris, id, ..) = recorded();
    world.record_by(recording(2, Mode::Always));
    let state = world.shown().remove(&anna.phone).and_then(|state| state.recording).expect("recorded");
    assert_eq!((state.state, state.consented, state.waiting_for.len()), (RecordingState::On, false, 2));
    world.consent(anna.on_phone(), id, 2);
    world.consent(boris.on_phone(), id, 2);
    world.take();
    world.advance(Duration::from_secs(3_600));
    assert_eq!(world.faults(), (vec![], vec![]));
    world.record_by(RecordingPolicy { version: 3, ..RecordingPolicy::default() });
    assert_eq!(world.take(), [], "what is recorded stays so to its end");
}

#[test]
fn from_the_moment_a_notice_changes_nothing_passes_of_who_has_not_agreed() {
    let (mut world, anna, boris, id, recording_id, peers) = recorded();
    let room = RoomId(id.as_u128());
    let hold = |peer, on| NodeCommand::HoldBack { room, peer, on };
    world.record_by(recording(2, Mode::Always));
    let effects = world.take();
    let commands: Vec<_> = effects
        .iter()
        .filter_map(|effect| if let Effect::Node(command) = effect { Some(command.clone()) } else { None })
        .collect();
    assert_eq!(commands, [hold(peers[0], true), hold(peers[1], true)], "in the same step");
    let note = Note::HeldBack { user_id: anna.user, on: true };
    let told = Effect::Recorder(Order::Note { id: recording_id, room: RoomId(id.as_u128()), note });
    assert!(effects.contains(&told), "{effects:?}");
    world.consent(anna.on_phone(), id, 1);
    assert_eq!(world.node_commands(), [], "the old one is not enough");
    world.consent(anna.on_phone(), id, 2);
    assert_eq!(world.node_commands(), [hold(peers[0], false)]);
    world.consent(boris.on_phone(), id, 2);
    assert_eq!(world.node_commands(), [hold(peers[1], false)]);
}

#[test]
fn who_does_not_agree_to_another_notice_is_heard_again_when_recording_on_demand_ends() {
    let (mut world, anna, boris, id) = on_demand();
    world.ask(anna.on_phone(), id, Ask::Record { on: true });
    for person in [anna, boris] {
        world.consent(person.on_phone(), id, 1);
    }
    let recording_id = world.begun();
    world.recorder(id, recording_id, RecordingEvent::Started);
    world.take();
    let peers = [anna, boris].map(|person| join(&mut world, person.on_phone(), id));
    world.record_by(recording(2, Mode::OnDemand));
    world.consent(boris.on_phone(), id, 2);
    world.take();
    world.advance(deadlines::CONSENT);
    assert_eq!(world.node_commands(), [NodeCommand::HoldBack { room: RoomId(id.as_u128()), peer: peers[0], on: false }]);
}

#[test]
fn what_is_switched_off_is_told_to_the_node() {
    let (mut world, anna, _, id, _, [peer, _]) = recorded();
    let sends = |camera, screen, on_hold| Ask::Media(Sends { microphone: true, camera, screen, on_hold });
    let room = RoomId(id.as_u128());
    let ended = |source| NodeCommand::EndSource { room, peer, source };
    for (ask, expected) in [
        (sends(true, true, false), vec![]),
        (sends(false, true, false), vec![ended(Source::Camera)]),
        (sends(true, true, false), vec![]),
        (sends(true, true, true), vec![ended(Source::Camera), ended(Source::Screen)]),
        (sends(true, false, true), vec![]),
    ] {
        world.ask(anna.on_phone(), id, ask);
        assert_eq!(world.node_commands(), expected);
    }
}

#[test]
fn the_recording_is_told_what_happens_and_ends_with_the_call() {
    let (mut world, anna, _, id, recording, peers) = recorded();
    let room = RoomId(id.as_u128());
    world.ask(anna.on_phone(), id, Ask::Media(Sends { microphone: false, camera: true, screen: false, on_hold: false }));
    let note = Note::Media { user_id: anna.user, microphone: false, camera: true, screen: false, on_hold: false };
    assert_eq!(world.orders(), [Order::Note { id: recording, room, note }]);
    world.recorder(id, recording, RecordingEvent::Lagging(true));
    let state = |world: &mut World| world.shown().remove(&anna.phone).and_then(|state| state.recording).expect("shown").state;
    assert_eq!(state(&mut world), RecordingState::Interrupted);
    world.recorder(id, recording, RecordingEvent::Lagging(false));
    assert_eq!(state(&mut world), RecordingState::On);
    world.ask(anna.on_phone(), id, Ask::HangUp);
    let orders = world.orders();
    let leave = |order: &Order| matches!(order, Order::Note { note: Note::Leave { peer, .. }, .. } if peers.contains(peer));
    assert!(orders[..2].iter().all(leave), "{orders:?}");
    assert_eq!(orders[2..], [Order::Stop { id: recording, room }]);
    world.recorder(id, recording, RecordingEvent::Failed(RecordingFailure::DiskFull));
    assert_eq!(world.faults(), (vec![], vec![]), "the call is over");
}

/// A call on demand that both could have recorded.
fn on_demand() -> (World, Person, Person, CallId) {
    let (mut world, anna, boris, id) = ringing_recorded(Mode::OnDemand);
    assert_eq!(world.shown()[&anna.phone].recording.as_ref().expect("it may be").state, RecordingState::Off);
    world.ask(anna.on_phone(), id, Ask::Record { on: true });
    assert_eq!(world.refusals(), [(anna.phone, "not_answered")]);
    world.accept(boris.on_phone(), id);
    let state = world.shown().remove(&anna.phone).expect("her call");
    assert_eq!((state.path, state.recording.expect("it may be").can_start), (Some(Path::Direct), true));
    (world, anna, boris, id)
}

#[test]
fn recording_on_demand_asks_all_and_moves_the_call_to_the_node() {
    let (mut world, anna, boris, id) = on_demand();
    world.consent(boris.on_phone(), id, 1);
    world.ask(anna.on_phone(), id, Ask::Record { on: true });
    let state = world.shown().remove(&boris.phone).expect("his call");
    let recording = state.recording.expect("asked for");
    assert_eq!(
        (recording.state, recording.consented, state.path),
        (RecordingState::Consent, false, Some(Path::Direct)),
        "asked anew"
    );
    world.signal(anna.on_phone(), id, offer());
    assert_eq!(world.take().len(), 1, "what is not recorded goes on");
    world.consent(anna.on_phone(), id, 1);
    assert_eq!(world.orders(), []);
    world.consent(boris.on_phone(), id, 1);
    let recording = world.begun();
    world.recorder(id, recording, RecordingEvent::Started);
    let state = world.shown().remove(&boris.phone).expect("his call");
    assert_eq!((state.path, state.path_rule.as_deref()), (Some(Path::MediaNode), Some("All")));
    assert_eq!(state.recording.map(|recording| recording.state), Some(RecordingState::On));
    assert!(matches!(world.board.may_move(id, Path::Relayed), Err(MoveError::Recorded)));
    join(&mut world, anna.on_phone(), id);
    world.ask(boris.on_phone(), id, Ask::Record { on: false });
    assert!(matches!(&world.effects[..], [Effect::Recorder(Order::Stop { .. }), ..]));
    assert_eq!(world.shown()[&anna.phone].recording.as_ref().expect("it may be").state, RecordingState::Off);
    world.ask(boris.on_phone(), id, Ask::Record { on: true });
    world.take();
    for person in [anna, boris] {
        world.consent(person.on_phone(), id, 1);
    }
    assert_ne!(world.begun(), recording, "a recording of its own");
}

#[test]
fn a_recording_on_demand_that_fails_does_not_end_the_call() {
    let (mut world, anna, boris, id) = on_demand();
    world.ask(anna.on_phone(), id, Ask::Record { on: true });
    world.consent(anna.on_phone(), id, 1);
    world.advance(deadlines::CONSENT);
    assert_eq!(world.shown()[&anna.phone].recording.as_ref().expect("it may be").state, RecordingState::Off);
    world.ask(anna.on_phone(), id, Ask::Record { on: true });
    for person in [anna, boris] {
        world.consent(person.on_phone(), id, 1);
    }
    let recording = world.begun();
    world.recorder(id, recording, RecordingEvent::Failed(RecordingFailure::DiskFull));
    assert_eq!(world.faults(), (vec![Fault::DiskFull], vec![]));
    world.ask(anna.on_phone(), id, Ask::Record { on: true });
    assert_eq!(world.shown()[&anna.phone].recording.as_ref().expect("again").state, RecordingState::Consent);
}

#[test]
fn who_may_not_switch_it_cannot() {
    let mut world = World::new(Policy::Direct);
    let mut policy = recording(1, Mode::OnDemand);
    policy.rules[0].by = vec![Role::Manager];
    world.record_by(policy);
    let (anna, boris) = (world.person(), world.person());
    let id = world.start(anna.on_phone(), "k1", boris.user);
    world.accept(boris.on_phone(), id);
    assert!(!world.shown()[&anna.phone].recording.as_ref().expect("it may be").can_start);
    world.ask(anna.on_phone(), id, Ask::Record { on: true });
    assert_eq!(world.refusals(), [(anna.phone, "recording_not_allowed")]);
    let (mut world, anna, _, id, ..) = recorded();
    world.ask(anna.on_phone(), id, Ask::Record { on: false });
    assert_eq!(world.refusals(), [(anna.phone, "recording_not_allowed")], "what must be recorded is not switched off");
}
