//! Every rule of one call once by example.

use super::*;

#[test]
fn every_device_of_the_callee_rings_and_only_the_callers_own_one() {
    let (mut world, anna, boris, _) = ringing(Policy::Direct);
    let shown = world.shown();
    assert_eq!(shown.len(), 3);
    assert!(shown[&anna.phone].here);
    for device in [boris.phone, boris.desk] {
        let state = &shown[&device];
        assert_eq!((state.phase, state.here, state.offerer), (CallPhase::Ringing, false, false));
        assert_eq!((state.path, state.participants.len()), (None, 1));
    }
}

#[test]
fn an_answer_on_one_device_stops_the_others() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.take();
    world.accept(boris.on_desk(), id);
    let shown = world.shown();
    assert!(shown.values().all(|state| state.phase == CallPhase::Answered && state.path == Some(Path::Direct)));
    let here: Vec<_> = [anna.phone, boris.desk, boris.phone].map(|device| shown[&device].here).to_vec();
    assert_eq!(here, [true, true, false]);
    let offerer: Vec<_> = [anna.phone, boris.desk, boris.phone].map(|device| shown[&device].offerer).to_vec();
    assert_eq!(offerer, [true, false, false]);
    assert_eq!(shown[&anna.phone].path_rule.as_deref(), Some("default"));

    world.accept(boris.on_phone(), id);
    assert_eq!(world.refusals(), [(boris.phone, "answered_elsewhere")]);
}

#[test]
fn any_device_declines_for_all() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.take();
    world.ask(boris.on_desk(), id, Ask::Decline);
    let effects = world.take();
    world.effects.clone_from(&effects);
    assert_eq!(world.outcomes(), [Outcome::Declined]);
    world.effects = effects;
    let shown = world.shown();
    assert_eq!(shown.len(), 3);
    assert!([anna.phone, boris.desk, boris.phone].iter().all(|device| shown[device].outcome == Some(Outcome::Declined)));
    assert_eq!(world.board.live_calls(), 0);
}

#[test]
fn the_caller_cancels_and_hanging_up_completes() {
    let (mut world, anna, _, id) = ringing(Policy::Direct);
    world.ask(anna.on_desk(), id, Ask::HangUp);
    assert_eq!(world.refusals(), [(anna.desk, "answered_elsewhere")], "not from a device that is not in the call");
    world.ask(anna.on_phone(), id, Ask::HangUp);
    assert_eq!(world.outcomes(), [Outcome::Cancelled]);

    let (mut world, _, boris, id) = answered(Policy::Direct);
    world.ask(boris.on_phone(), id, Ask::HangUp);
    assert_eq!(world.outcomes(), [Outcome::Completed]);
    world.ask(boris.on_phone(), id, Ask::HangUp);
    assert_eq!(world.shown()[&boris.phone].phase, CallPhase::Ended, "a repeated hang-up is told how it ended");
}

#[test]
fn an_unanswered_call_is_missed_after_45_s() {
    let (mut world, _, _, _) = ringing(Policy::Direct);
    world.advance(deadlines::RING - Duration::from_millis(1));
    assert_eq!(world.outcomes(), []);
    world.advance(Duration::from_millis(1));
    assert_eq!(world.outcomes(), [Outcome::Missed]);
}

#[test]
fn a_device_that_comes_while_it_rings_rings_too() {
    let mut world = World::new(Policy::Direct);
    let (anna, boris) = (world.person(), world.person());
    world.lose(boris.phone);
    world.lose(boris.desk);
    let id = world.start(anna.on_phone(), "k1", boris.user);
    world.advance(Duration::from_secs(40));
    world.take();
    world.connect(boris.user, boris.desk);
    assert_eq!(world.shown()[&boris.desk].phase, CallPhase::Ringing);
    world.accept(boris.on_desk(), id);
    world.advance(Duration::from_secs(60));
    assert_eq!(world.outcomes(), []);
}

#[test]
fn a_callee_in_another_call_is_busy_and_does_not_hear_of_it() {
    let (mut world, anna, _, _) = ringing(Policy::Direct);
    let vera = world.person();
    world.take();
    world.start(vera.on_desk(), "k2", anna.user);
    let effects = world.take();
    world.effects.clone_from(&effects);
    assert_eq!(world.outcomes(), [Outcome::Busy]);
    world.effects = effects;
    let shown = world.shown();
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[&vera.desk].phase, shown[&vera.desk].outcome), (CallPhase::Ended, Some(Outcome::Busy)));
    assert_eq!(world.board.live_calls(), 1, "the first call goes on");
}

#[test]
fn nobody_starts_a_second_call() {
    let (mut world, anna, boris, _) = ringing(Policy::Direct);
    let vera = world.person();
    world.take();
    world.start(anna.on_desk(), "k2", vera.user);
    world.start(anna.on_phone(), "k3", boris.user);
    world.start(boris.on_phone(), "k4", vera.user);
    let refused = [(anna.desk, "already_in_call"), (anna.phone, "already_in_call"), (boris.phone, "already_in_call")];
    assert_eq!(world.refusals(), refused);
    world.start(vera.on_phone(), "k5", vera.user);
    assert_eq!(world.refusals(), [(vera.phone, "user_unavailable")]);
}

#[test]
fn two_who_call_each_other_are_in_one_call() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.take();
    world.start_kind(boris.on_desk(), "k2", anna.user, CallKind::Audio);
    let shown = world.shown();
    let (his, hers) = (&shown[&boris.desk], &shown[&anna.phone]);
    assert_eq!((his.id, his.phase, his.here), (id, CallPhase::Answered, true));
    assert_eq!((his.client_key.as_str(), hers.client_key.as_str()), ("k2", "k1"), "each client finds its own key");
    assert_eq!(his.kind, CallKind::Audio, "no camera is turned on by the other's choice");
    assert_eq!(world.board.live_calls(), 1);
    world.start_kind(boris.on_desk(), "k2", anna.user, CallKind::Audio);
    assert_eq!(world.shown()[&boris.desk].id, id, "a retry is the same call");
}

#[test]
fn a_retry_of_a_start_is_the_same_call_even_after_its_end() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.start(anna.on_phone(), "k1", boris.user);
    assert_eq!(world.shown()[&anna.phone].id, id);
    world.ask(boris.on_phone(), id, Ask::Decline);
    assert_eq!(world.outcomes(), [Outcome::Declined]);
    world.start(anna.on_phone(), "k1", boris.user);
    let effects = world.take();
    assert!(matches!(&effects[..], [Effect::Show { state, .. }] if state.id == id && state.phase == CallPhase::Ended));
}

#[test]
fn no_signal_passes_before_the_answer_nor_between_others() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    let vera = world.person();
    world.take();
    for from in [anna.on_phone(), boris.on_phone()] {
        world.signal(from, id, offer());
        assert_eq!(world.refusals(), [(from.1, "not_answered")]);
    }
    world.accept(boris.on_phone(), id);
    world.take();
    for (from, code) in
        [(vera.on_phone(), "no_such_call"), (boris.on_desk(), "answered_elsewhere"), (anna.on_desk(), "answered_elsewhere")]
    {
        world.signal(from, id, candidate());
        let effects = world.take();
        assert!(effects.iter().all(|effect| matches!(effect, Effect::Refuse { .. })));
        world.effects = effects;
        assert_eq!(world.refusals(), [(from.1, code)]);
    }
    world.signal(anna.on_phone(), id, offer());
    assert_eq!(world.take(), [Effect::Signal { to: boris.phone, call_id: id, signal: offer() }]);
    world.signal(boris.on_phone(), id, candidate());
    assert_eq!(world.take(), [Effect::Signal { to: anna.phone, call_id: id, signal: candidate() }]);
}

#[test]
fn strangers_can_do_nothing_with_a_call() {
    let (mut world, _, _, id) = ringing(Policy::Direct);
    let vera = world.person();
    world.take();
    let asks = [
        Ask::Accept { previous: None, anew: false },
        Ask::Decline,
        Ask::HangUp,
        Ask::Media(Sends { microphone: true, camera: true, screen: false, on_hold: false }),
    ];
    for ask in asks {
        world.ask(vera.on_phone(), id, ask);
        let effects = world.take();
        assert_eq!(effects.len(), 1);
        world.effects = effects;
        assert_eq!(world.refusals(), [(vera.phone, "no_such_call")]);
    }
}

#[test]
fn a_flood_of_candidates_stops_at_the_limit() {
    let (mut world, anna, _, id) = answered(Policy::Direct);
    for _ in 0..deadlines::MAX_CANDIDATES {
        world.signal(anna.on_phone(), id, candidate());
    }
    assert_eq!(world.refusals(), []);
    world.signal(anna.on_phone(), id, candidate());
    assert_eq!(world.refusals(), [(anna.phone, "too_many_candidates")]);
}

#[test]
fn what_a_participant_sends_is_shown_to_both() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    world.ask(boris.on_phone(), id, Ask::Media(Sends { microphone: false, camera: true, screen: false, on_hold: false }));
    let shown = world.shown();
    assert_eq!(shown.len(), 2);
    for device in [anna.phone, boris.phone] {
        let his = shown[&device].participants.iter().find(|one| one.user_id == boris.user).expect("he is shown");
        assert_eq!((his.microphone, his.camera), (false, true));
    }
}

#[test]
fn a_lost_participant_has_30_s_to_take_the_call_over() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    world.lose(boris.phone);
    let shown = world.shown();
    assert!(!shown[&anna.phone].participants[1].connected);
    assert!(!shown[&boris.desk].here);
    world.advance(Duration::from_secs(29));
    world.accept(boris.on_desk(), id);
    let shown = world.shown();
    assert!(shown[&boris.desk].here && !shown[&boris.desk].offerer);
    assert!(shown[&anna.phone].offerer && shown[&anna.phone].participants[1].connected);
    assert_eq!((shown[&anna.phone].negotiation, shown[&boris.desk].negotiation), (2, 2), "both set up media anew");
    world.signal(anna.on_phone(), id, offer());
    assert_eq!(world.take(), [Effect::Signal { to: boris.desk, call_id: id, signal: offer() }]);

    world.lose(anna.phone);
    world.advance(deadlines::GRACE);
    assert_eq!(world.outcomes(), [Outcome::Lost]);
}

#[test]
fn the_same_page_goes_on_after_its_socket_broke() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    let again = DeviceId::new();
    world.lose(anna.phone);
    world.connect(anna.user, again);
    world.take();
    world.ask((anna.user, again), id, Ask::Accept { previous: Some(anna.phone), anew: false });
    let shown = world.shown();
    assert!(shown[&again].here && shown[&boris.phone].participants[0].connected);
    assert_eq!(shown[&again].negotiation, 1, "its media runs on");

    // Also before the server has noticed that the old socket is dead; but not for any other page.
    let third = DeviceId::new();
    world.connect(anna.user, third);
    world.ask((anna.user, third), id, Ask::Accept { previous: Some(DeviceId::new()), anew: false });
    assert_eq!(world.refusals(), [(third, "answered_elsewhere")]);
    world.ask((anna.user, third), id, Ask::Accept { previous: Some(again), anew: false });
    assert!(world.shown()[&third].here);
    world.lose(again);
    assert_eq!(world.take(), []);
}

#[test]
fn a_page_that_missed_a_signal_sets_its_media_up_anew() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    let again = DeviceId::new();
    world.lose(boris.phone);
    world.signal(anna.on_phone(), id, offer());
    world.connect(boris.user, again);
    world.ask((boris.user, again), id, Ask::Accept { previous: Some(boris.phone), anew: false });
    assert_eq!(world.shown()[&anna.phone].negotiation, 2);
    world.ask(anna.on_phone(), id, Ask::Signal { signal: candidate(), negotiation: Some(1) });
    assert_eq!(world.take(), [], "a signal of the negotiation before means nothing");
}

#[test]
fn a_caller_who_goes_away_while_it_rings_has_cancelled() {
    let (mut world, anna, boris, _) = ringing(Policy::Direct);
    world.lose(anna.phone);
    world.take();
    world.advance(deadlines::RINGING_GRACE);
    let effects = world.take();
    world.effects.clone_from(&effects);
    assert_eq!(world.outcomes(), [Outcome::Cancelled]);
    world.effects = effects;
    assert_eq!(world.shown()[&boris.desk].phase, CallPhase::Ended);
}

#[test]
fn a_caller_who_reloads_while_it_rings_finds_the_call_by_its_key() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.lose(anna.phone);
    world.start(anna.on_desk(), "k1", boris.user);
    let shown = world.shown();
    assert_eq!((shown[&anna.desk].id, shown[&anna.desk].here), (id, true));
}

#[test]
fn on_the_media_node_each_side_offers_to_the_server() {
    let (mut world, anna, boris, id, peers) = on_node();
    let again = Signal::Offer { sdp: "v=0 again".to_owned() };
    world.signal(anna.on_phone(), id, again);
    let room = RoomId(id.as_u128());
    assert_eq!(world.node_commands(), [NodeCommand::Renegotiate { room, peer: peers[0], offer: "v=0 again".to_owned() }]);
    world.node(NodeEvent::Answer { peer: peers[0], sdp: "v=0 yes".to_owned() });
    let answer = Signal::Answer { sdp: "v=0 yes".to_owned() };
    assert_eq!(world.take(), [Effect::Signal { to: anna.phone, call_id: id, signal: answer.clone() }]);
    world.signal(boris.on_phone(), id, candidate());
    assert_eq!(world.take(), [], "ICE-lite learns candidates from the checks");
    world.signal(boris.on_phone(), id, answer);
    assert_eq!(world.refusals(), [(boris.phone, "bad_signal")]);

    world.ask(anna.on_phone(), id, Ask::HangUp);
    let [first, second] = peers.map(|peer| NodeCommand::Leave { room, peer });
    assert_eq!(world.node_commands(), [first, second, NodeCommand::CloseRelay { call: room }]);
}

#[test]
fn an_offer_that_the_node_refuses_leaves_the_call_alive() {
    let (mut world, anna, _, id) = answered(Policy::MediaNode);
    world.signal(anna.on_phone(), id, offer());
    let [NodeCommand::Join { peer, .. }] = world.node_commands()[..] else { panic!("no join") };
    world.node(NodeEvent::Refused { peer, reason: RefusedReason::BadOffer("no media".to_owned()) });
    assert_eq!(world.refusals(), [(anna.phone, "bad_signal")]);
    world.signal(anna.on_phone(), id, offer());
    let second = world.node_commands();
    assert!(matches!(&second[..], [NodeCommand::Join { peer: another, .. }] if *another != peer), "{second:?}");
    assert_eq!(world.board.live_calls(), 1);
}

#[test]
fn media_that_never_connects_ends_the_call() {
    let (mut world, anna, _, id) = answered(Policy::MediaNode);
    world.signal(anna.on_phone(), id, offer());
    let [NodeCommand::Join { peer, .. }] = world.node_commands()[..] else { panic!("no join") };
    world.node(connected(peer));
    world.advance(deadlines::MEDIA_CONNECT);
    let effects = world.take();
    world.effects.clone_from(&effects);
    assert_eq!(world.outcomes(), [Outcome::Lost], "the callee never offered");
    world.effects = effects;
    let room = RoomId(id.as_u128());
    assert_eq!(world.node_commands(), [NodeCommand::Leave { room, peer }, NodeCommand::CloseRelay { call: room }]);
}

#[test]
fn a_direct_call_is_not_judged_by_media_that_the_server_cannot_see() {
    let (mut world, _, _, _) = answered(Policy::Direct);
    world.advance(Duration::from_secs(3600));
    assert_eq!((world.outcomes(), world.board.live_calls()), (vec![], 1));
}

#[test]
fn a_peer_that_the_node_lost_is_asked_for_a_new_offer() {
    let (mut world, anna, boris, id, peers) = on_node();
    world.node(NodeEvent::Closed { peer: peers[0], reason: CloseReason::Timeout });
    let shown = world.shown();
    assert_eq!((shown[&anna.phone].negotiation, shown[&boris.phone].negotiation), (2, 1));
    assert!(!shown[&boris.phone].participants[0].connected);
    world.signal(anna.on_phone(), id, offer());
    let [NodeCommand::Join { peer, .. }] = world.node_commands()[..] else { panic!("no join") };
    world.node(connected(peer));
    assert!(world.shown()[&boris.phone].participants[0].connected);
    world.advance(Duration::from_secs(3600));
    assert_eq!(world.outcomes(), []);

    world.node(NodeEvent::Closed { peer, reason: CloseReason::Timeout });
    world.advance(deadlines::MEDIA_CONNECT);
    assert_eq!(world.outcomes(), [Outcome::Lost]);
}

#[test]
fn nothing_is_remembered_for_ever_and_nobody_dials_without_end() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.ask(anna.on_phone(), id, Ask::HangUp);
    for n in 0..MAX_REMEMBERED_CALLS {
        let id = world.start(anna.on_phone(), &format!("again {n}"), boris.user);
        world.ask(anna.on_phone(), id, Ask::HangUp);
    }
    let refusals = world.refusals();
    assert_eq!(refusals, [(anna.phone, "too_many_calls"), (anna.phone, "no_such_call")]);
    world.advance(deadlines::REMEMBER);
    assert!(world.board.holds_no_call());
}

#[test]
fn a_shutdown_ends_every_call_once() {
    let (mut world, _, _, _) = answered(Policy::Direct);
    let effects = world.board.shut_down(world.now);
    world.effects.extend(effects);
    assert_eq!(world.outcomes(), [Outcome::Lost]);
    assert_eq!(world.board.shut_down(world.now), []);
}
