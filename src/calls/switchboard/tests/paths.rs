//! Which path a call takes by whom and from where it is made, and what passes on the relayed one.

use super::*;
use crate::calls::policy::{Match, Rule};

fn rule(name: &str, matches: Match, policy: Policy) -> Rule {
    Rule { name: name.to_owned(), matches, policy }
}

fn office() -> Match {
    Match::Network { cidr: "10.20.0.0/16".parse().expect("a network") }
}

/// The path and the rule that the answered call of Anna's phone to Boris's is shown with.
fn decided(world: &mut World, anna: Person, boris: Person, [hers, his]: [Role; 2]) -> (Option<Path>, String) {
    let new = NewCall {
        id: CallId::new(),
        conversation_id: ConversationId::new(),
        kind: CallKind::Audio,
        caller_id: anna.user,
        caller_role: hers,
        device: anna.phone,
        client_key: CallId::new().to_string(),
        callee_id: boris.user,
        callee_role: his,
    };
    let id = new.id;
    let effects = world.board.start(world.now, new);
    world.effects.extend(effects);
    world.accept(boris.on_phone(), id);
    let state = world.shown().remove(&anna.phone).expect("her own call");
    world.ask(anna.on_phone(), id, Ask::HangUp);
    world.take();
    (state.path, state.path_rule.expect("it was answered"))
}

#[test]
fn the_devices_of_the_two_decide_where_a_call_goes() {
    let mut world = World::new(Policy::Direct);
    let (anna, boris) = (world.person(), world.person());
    let rules = vec![rule("Office", office(), Policy::Direct)];
    world.board.set_policy(PathPolicy { default: Policy::Relayed, rules });
    let employees = [Role::Employee, Role::Employee];
    let inside = |world: &mut World, person: Person| world.connect_from(person.user, person.phone, [10, 20, 0, 7]);
    assert_eq!(decided(&mut world, anna, boris, employees), (Some(Path::Relayed), "default".to_owned()));
    inside(&mut world, anna);
    assert_eq!(decided(&mut world, anna, boris, employees), (Some(Path::Relayed), "default".to_owned()));
    inside(&mut world, boris);
    assert_eq!(decided(&mut world, anna, boris, employees), (Some(Path::Direct), "Office".to_owned()));
    world.connect_from(anna.user, anna.phone, [10, 21, 0, 7]);
    assert_eq!(decided(&mut world, anna, boris, employees), (Some(Path::Relayed), "default".to_owned()));
}

#[test]
fn the_device_that_answers_counts_and_not_another_of_the_callee() {
    let mut world = World::new(Policy::Direct);
    let (anna, boris) = (world.person(), world.person());
    world.board.set_policy(PathPolicy { default: Policy::Direct, rules: vec![rule("Office", office(), Policy::MediaNode)] });
    world.connect_from(boris.user, boris.desk, [10, 20, 0, 9]);
    let paths = [boris.on_phone(), boris.on_desk()].map(|answers| {
        let id = world.start(anna.on_phone(), &CallId::new().to_string(), boris.user);
        world.accept(answers, id);
        let path = world.shown()[&anna.phone].path;
        world.ask(anna.on_phone(), id, Ask::HangUp);
        path
    });
    assert_eq!(paths, [Some(Path::Direct), Some(Path::MediaNode)]);
}

#[test]
fn a_new_role_holds_from_the_next_call_on() {
    let mut world = World::new(Policy::Direct);
    let (anna, boris) = (world.person(), world.person());
    let rules = vec![rule("Managers", Match::Role { role: Role::Manager }, Policy::Relayed)];
    world.board.set_policy(PathPolicy { default: Policy::Direct, rules });
    for (roles, path, name) in [
        ([Role::Employee, Role::Employee], Path::Direct, "default"),
        ([Role::Manager, Role::Employee], Path::Relayed, "Managers"),
        ([Role::Employee, Role::Manager], Path::Relayed, "Managers"),
    ] {
        assert_eq!(decided(&mut world, anna, boris, roles), (Some(path), name.to_owned()));
    }
}

/// D2: whatever a client sends, the other does not learn where it is.
#[test]
fn on_the_relayed_path_no_address_of_a_participant_passes() {
    let (mut world, anna, boris, id) = ringing(Policy::Relayed);
    world.take();
    world.accept(boris.on_phone(), id);
    let opens = NodeCommand::OpenRelay { call: RoomId(id.as_u128()) };
    assert_eq!(world.effects.first(), Some(&Effect::Node(opens)), "before anybody is given credentials");
    let shown = world.shown();
    assert_eq!([anna.phone, boris.phone].map(|device| shown[&device].offerer), [true, false]);
    let of = |candidate: &str| Signal::Candidate {
        candidate: candidate.to_owned(),
        sdp_mid: Some("0".to_owned()),
        sdp_m_line_index: None,
        username_fragment: None,
    };
    for from in [anna.on_phone(), boris.on_phone()] {
        for hidden in [
            "candidate:1 1 udp 1 10.20.0.7 5000 typ host",
            "candidate:1 1 udp 1 192.0.2.7 5000 typ srflx raddr 10.20.0.7 rport 5",
        ] {
            world.signal(from, id, of(hidden));
            assert_eq!(world.take(), []);
        }
        let to = if from == anna.on_phone() { boris.phone } else { anna.phone };
        world.signal(from, id, of("candidate:1 1 udp 1 198.51.100.1 49152 typ relay raddr 10.20.0.7 rport 5000"));
        let signal = of("candidate:1 1 udp 1 198.51.100.1 49152 typ relay raddr 0.0.0.0 rport 0");
        assert_eq!(world.take(), [Effect::Signal { to, call_id: id, signal }]);
        world.signal(from, id, Signal::Offer { sdp: "v=0\r\nc=IN IP4 10.20.0.7\r\n".to_owned() });
        let signal = Signal::Offer { sdp: "v=0\r\nc=IN IP4 0.0.0.0\r\n".to_owned() };
        assert_eq!(world.take(), [Effect::Signal { to, call_id: id, signal }]);
    }
}

#[test]
fn a_relay_is_opened_for_those_paths_that_need_it() {
    for (policy, opened) in [(Policy::Direct, 0), (Policy::Auto, 0), (Policy::Relayed, 1), (Policy::MediaNode, 1)] {
        let (mut world, anna, boris, id) = ringing(policy);
        world.accept(boris.on_phone(), id);
        assert_eq!(world.node_commands().len(), opened, "{policy}");
        world.ask(anna.on_phone(), id, Ask::HangUp);
        assert_eq!(world.node_commands().len(), opened, "{policy}");
    }
}

/// A page whose network changes comes back by a new connection, from another address.
#[test]
fn a_stricter_network_holds_in_the_middle_of_a_call_and_a_laxer_one_does_not() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    world.board.set_policy(PathPolicy { default: Policy::Direct, rules: vec![rule("Office", office(), Policy::MediaNode)] });
    let back_from = |world: &mut World, person: Person, previous: DeviceId, address: [u8; 4]| {
        let device = DeviceId::new();
        world.connect_from(person.user, device, address);
        world.ask((person.user, device), id, Ask::Accept { previous: Some(previous), anew: false });
        let state = world.shown().remove(&device).expect("it speaks now");
        (device, (state.path, state.path_rule, state.moved_from))
    };
    let here = [192, 0, 2, 1];
    let (_, state) = back_from(&mut world, anna, anna.phone, here);
    assert_eq!(state, (Some(Path::Direct), Some("default".to_owned()), None));
    let (device, state) = back_from(&mut world, boris, boris.phone, [10, 20, 0, 7]);
    assert_eq!(state, (Some(Path::MediaNode), Some("Office".to_owned()), Some(Path::Direct)));
    let (_, after) = back_from(&mut world, boris, device, here);
    assert_eq!(after, state);
}
