//! Staying connected: pages that leave and come back, and calls that move from one path to another.

use super::*;

fn failed(negotiation: u32) -> Ask {
    Ask::MediaFailed { negotiation }
}

fn anew(previous: DeviceId) -> Ask {
    Ask::Accept { previous: Some(previous), anew: true }
}

#[test]
fn a_page_that_is_loaded_anew_returns_into_the_call() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    world.ask(anna.on_phone(), id, Ask::Media(Sends { microphone: false, camera: false, screen: true, on_hold: true }));
    world.ask(anna.on_phone(), id, Ask::Leave);
    assert!(!world.shown()[&boris.phone].participants[0].connected, "he sees it at once");
    let again = DeviceId::new();
    world.connect(anna.user, again);
    world.lose(anna.phone);
    world.advance(deadlines::LEAVE_GRACE - Duration::from_secs(1));
    world.ask((anna.user, again), id, anew(anna.phone));
    let shown = world.shown();
    assert!(shown[&again].here && shown[&boris.phone].participants[0].connected);
    assert_eq!((shown[&again].negotiation, shown[&boris.phone].negotiation), (2, 2), "both set up media anew");
    let hers = &shown[&boris.phone].participants[0];
    assert_eq!((hers.microphone, hers.screen, hers.on_hold), (false, false, false), "mute stays, nothing is shared");
    world.advance(Duration::from_secs(3600));
    assert_eq!(world.outcomes(), []);
}

#[test]
fn a_page_that_is_loaded_anew_need_not_wait_for_its_old_socket() {
    let (mut world, anna, _, id) = answered(Policy::Direct);
    let again = DeviceId::new();
    world.connect(anna.user, again);
    world.ask((anna.user, again), id, anew(DeviceId::new()));
    assert_eq!(world.refusals(), [(again, "answered_elsewhere")], "another page may not");
    world.ask((anna.user, again), id, anew(anna.phone));
    let shown = world.shown();
    assert_eq!((shown[&again].here, shown[&again].negotiation), (true, 2));
    world.lose(anna.phone);
    assert_eq!(world.take(), []);
    world.ask((anna.user, again), id, anew(anna.phone));
    assert_eq!(world.shown()[&again].negotiation, 2, "once is enough");
}

#[test]
fn a_closed_page_is_a_hang_up_after_10_s() {
    let (mut world, anna, _, id) = answered(Policy::Direct);
    world.ask(anna.on_desk(), id, Ask::Leave);
    assert_eq!(world.take(), [], "a page that is not in the call may go");
    world.ask(anna.on_phone(), id, Ask::Leave);
    world.advance(deadlines::LEAVE_GRACE - Duration::from_millis(1));
    assert_eq!(world.outcomes(), []);
    world.advance(Duration::from_millis(1));
    assert_eq!(world.outcomes(), [Outcome::Completed]);

    let (mut world, anna, _, id) = ringing(Policy::Direct);
    world.ask(anna.on_phone(), id, Ask::Leave);
    world.advance(deadlines::LEAVE_GRACE);
    assert_eq!(world.outcomes(), [Outcome::Cancelled]);
}

#[test]
fn one_who_left_and_one_who_is_lost_end_as_what_comes_first() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    world.lose(boris.phone);
    world.advance(Duration::from_secs(25));
    world.ask(anna.on_phone(), id, Ask::Leave);
    world.advance(Duration::from_secs(5));
    assert_eq!(world.outcomes(), [Outcome::Lost]);
}

#[test]
fn on_the_node_a_page_that_leaves_takes_its_peer_along() {
    let (mut world, anna, boris, id, peers) = on_node();
    let room = RoomId(id.as_u128());
    world.ask(anna.on_phone(), id, Ask::Leave);
    assert_eq!(world.node_commands(), [NodeCommand::Leave { room, peer: peers[0] }]);
    let again = DeviceId::new();
    world.connect(anna.user, again);
    world.ask((anna.user, again), id, anew(anna.phone));
    let shown = world.shown();
    assert_eq!((shown[&again].negotiation, shown[&boris.phone].negotiation), (2, 1), "the other's media runs on");
    world.signal((anna.user, again), id, offer());
    assert!(matches!(&world.node_commands()[..], [NodeCommand::Join { peer, .. }] if !peers.contains(peer)));
}

#[test]
fn a_call_that_does_not_connect_moves_once() {
    let (mut world, anna, boris, id) = ringing(Policy::Auto);
    world.take();
    world.accept(boris.on_phone(), id);
    let shown = world.shown();
    let hers = &shown[&anna.phone];
    assert_eq!((hers.path, hers.may_move, hers.moved_from), (Some(Path::Direct), true, None));
    world.ask(boris.on_phone(), id, failed(1));
    let changed = world.effects.iter().find_map(|effect| if let Effect::Changed(facts) = effect { facts.path } else { None });
    assert_eq!(changed, Some(Path::Relayed));
    let opens = NodeCommand::OpenRelay { call: RoomId(id.as_u128()) };
    assert_eq!(world.effects.first(), Some(&Effect::Node(opens)), "before anybody is given credentials");
    let shown = world.shown();
    for device in [anna.phone, boris.phone] {
        let state = &shown[&device];
        assert_eq!((state.path, state.may_move, state.moved_from), (Some(Path::Relayed), false, Some(Path::Direct)));
        assert_eq!((state.negotiation, state.offerer), (2, device == anna.phone), "the caller offers, as on the direct path");
    }
    // The other finds out at the same time, and again later.
    for negotiation in [1, 2, 7] {
        world.ask(anna.on_phone(), id, failed(negotiation));
        assert_eq!(world.take(), []);
    }
    world.advance(Duration::from_secs(3600));
    world.ask(anna.on_phone(), id, Ask::HangUp);
    let effects = world.take();
    assert_eq!(effects.first(), Some(&Effect::Node(NodeCommand::CloseRelay { call: RoomId(id.as_u128()) })));
    let paths = effects.into_iter().filter_map(|effect| match effect {
        Effect::Ended(history) => Some(history.record.path),
        _ => None,
    });
    assert_eq!(paths.collect::<Vec<_>>(), [Some(Path::Relayed)]);
}

#[test]
fn a_call_moves_for_those_who_are_in_it_and_only_where_it_may() {
    for policy in [Policy::Direct, Policy::Relayed, Policy::MediaNode] {
        let (mut world, anna, _, id) = answered(policy);
        world.ask(anna.on_phone(), id, failed(1));
        assert_eq!(world.refusals(), [(anna.phone, "path_fixed")]);
    }
    let (mut world, anna, boris, id) = ringing(Policy::Auto);
    let vera = world.person();
    world.take();
    world.ask(anna.on_phone(), id, failed(0));
    world.ask(boris.on_phone(), id, failed(0));
    assert_eq!(world.refusals(), [(anna.phone, "not_answered"), (boris.phone, "not_answered")]);
    world.accept(boris.on_phone(), id);
    world.take();
    for negotiation in [0, 2, u32::MAX] {
        world.ask(anna.on_phone(), id, failed(negotiation));
        assert_eq!(world.take(), [], "of a negotiation that is not this one");
    }
    world.ask(boris.on_desk(), id, failed(1));
    world.ask(vera.on_desk(), id, failed(1));
    assert_eq!(world.refusals(), [(boris.desk, "answered_elsewhere"), (vera.desk, "no_such_call")]);
}

#[test]
fn media_that_does_not_connect_to_the_node_after_the_move_ends_the_call() {
    let (mut world, _, _, id) = answered(Policy::Auto);
    world.move_call(id, Path::MediaNode);
    world.advance(deadlines::MEDIA_CONNECT);
    assert_eq!(world.outcomes(), [Outcome::Lost]);
}

#[test]
fn a_call_moves_while_one_is_away() {
    let (mut world, anna, boris, id) = answered(Policy::Auto);
    world.lose(boris.phone);
    world.move_call(id, Path::MediaNode);
    let again = DeviceId::new();
    world.connect(boris.user, again);
    world.take();
    world.ask((boris.user, again), id, Ask::Accept { previous: Some(boris.phone), anew: false });
    let shown = world.shown();
    assert_eq!((shown[&again].path, shown[&again].offerer), (Some(Path::MediaNode), true));
    for device in [anna.on_phone(), (boris.user, again)] {
        world.signal(device, id, offer());
        let [NodeCommand::Join { peer, .. }] = world.node_commands()[..] else { panic!("no join") };
        world.node(connected(peer));
    }
    world.advance(Duration::from_secs(3600));
    assert_eq!(world.outcomes(), []);
}

#[test]
fn who_was_away_when_a_call_was_relayed_sets_media_up_with_the_other() {
    let (mut world, anna, boris, id) = answered(Policy::Auto);
    world.lose(boris.phone);
    world.ask(anna.on_phone(), id, failed(1));
    world.signal(anna.on_phone(), id, offer());
    let again = DeviceId::new();
    world.connect(boris.user, again);
    world.take();
    world.ask((boris.user, again), id, Ask::Accept { previous: Some(boris.phone), anew: false });
    let shown = world.shown();
    assert_eq!((shown[&again].path, shown[&again].offerer), (Some(Path::Relayed), false));
    assert_eq!((shown[&again].negotiation, shown[&anna.phone].negotiation), (3, 3), "he has not had her offer");
}

#[test]
fn an_admin_moves_a_call_that_goes_on() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    assert_eq!(world.board.move_call(world.now, id, Path::Relayed), Err(MoveError::NotAnswered));
    assert_eq!(world.board.move_call(world.now, CallId::new(), Path::Relayed), Err(MoveError::NoSuchCall));
    world.accept(boris.on_phone(), id);
    world.take();
    let mut negotiation = 1;
    for (from, path) in [
        (Path::Direct, Path::Relayed),
        (Path::Relayed, Path::MediaNode),
        (Path::MediaNode, Path::Relayed),
        (Path::Relayed, Path::MediaNode),
    ] {
        world.move_call(id, path);
        assert_eq!(world.board.move_call(world.now, id, path), Err(MoveError::AlreadyThere));
        negotiation += 1;
        let shown = world.shown();
        for device in [anna.phone, boris.phone] {
            let state = &shown[&device];
            assert_eq!((state.path, state.moved_from, state.negotiation), (Some(path), Some(from), negotiation));
        }
    }
    world.ask(anna.on_phone(), id, Ask::HangUp);
    assert_eq!(world.board.move_call(world.now, id, Path::Relayed), Err(MoveError::NoSuchCall), "it is over");
}

#[test]
fn what_flows_through_the_node_flows_until_the_page_lets_go_of_it() {
    let (mut world, anna, boris, id, peers) = on_node();
    world.move_call(id, Path::Relayed);
    assert_eq!(world.node_commands(), [], "make before break");
    world.node(NodeEvent::Answer {
        peer: peers[0],
        sdp: "v=0
"
        .to_owned(),
    });
    assert_eq!(world.take(), [], "an answer of the node is none to the other's offer");
    world.signal(anna.on_phone(), id, offer());
    assert!(matches!(&world.take()[..], [Effect::Signal { to, .. }] if *to == boris.phone));
    for peer in peers {
        world.node(NodeEvent::Closed { peer, reason: CloseReason::Dtls });
        assert_eq!(world.take(), [], "nobody sets anything up for that");
    }
    world.advance(Duration::from_secs(3600));
    assert_eq!(world.outcomes(), []);
}

#[test]
fn a_peer_from_before_is_gone_when_the_call_comes_back_to_the_node() {
    let (mut world, anna, _, id, peers) = on_node();
    world.move_call(id, Path::Relayed);
    world.take();
    world.move_call(id, Path::MediaNode);
    let room = RoomId(id.as_u128());
    assert_eq!(world.node_commands(), peers.map(|peer| NodeCommand::Leave { room, peer }));
    world.signal(anna.on_phone(), id, offer());
    assert!(matches!(&world.node_commands()[..], [NodeCommand::Join { peer, .. }] if !peers.contains(peer)));
}

#[test]
fn a_peer_from_before_ends_with_the_call() {
    let (mut world, anna, _, id, peers) = on_node();
    world.move_call(id, Path::Relayed);
    world.take();
    world.ask(anna.on_phone(), id, Ask::HangUp);
    let room = RoomId(id.as_u128());
    let closes = NodeCommand::CloseRelay { call: room };
    assert_eq!(
        world.node_commands(),
        [NodeCommand::Leave { room, peer: peers[0] }, NodeCommand::Leave { room, peer: peers[1] }, closes]
    );
}

/// M5: who is cut off is not shown as there for longer than a call waits, counted from the last sign of life.
#[test]
fn a_device_that_falls_silent_is_away_and_may_be_back() {
    let (mut world, anna, boris, _) = answered(Policy::Direct);
    let silence = Duration::from_secs(20);
    world.now = world.now.plus(silence);
    silent_of(&mut world, boris.phone);
    let shown = world.shown();
    assert!(!shown[&anna.phone].participants[1].connected && !shown[&boris.desk].here);
    assert!(!shown.contains_key(&boris.phone), "it would let go of its media");
    let effects = world.board.device_heard(world.now, boris.phone);
    world.effects.extend(effects);
    let shown = world.shown();
    assert!(shown[&boris.phone].here && shown[&anna.phone].participants[1].connected);
    assert_eq!(shown[&boris.phone].negotiation, 1, "its media ran on");

    world.now = world.now.plus(silence);
    silent_of(&mut world, boris.phone);
    world.lose(boris.phone);
    world.take();
    world.advance(deadlines::GRACE - silence - Duration::from_millis(1));
    assert_eq!(world.outcomes(), []);
    world.advance(Duration::from_millis(1));
    assert_eq!(world.outcomes(), [Outcome::Lost], "30 s after the last that was heard of him");

    let (mut world, anna, boris, id) = answered(Policy::Direct);
    silent_of(&mut world, boris.phone);
    world.accept(boris.on_desk(), id);
    assert!(world.shown()[&boris.desk].here, "another device may go on");
    let effects = world.board.device_heard(world.now, boris.phone);
    assert_eq!(effects, [], "and the first has lost it");
    world.ask(anna.on_phone(), id, Ask::Leave);
    world.take();
    let effects = world.board.device_heard(world.now, anna.phone);
    assert_eq!(effects, [], "who left is not back by a last word");
}

fn silent_of(world: &mut World, device: DeviceId) {
    let effects = world.board.device_silent(world.now, device, world.now.minus(Duration::from_secs(20)));
    world.effects.extend(effects);
}
