//! What a client with good credentials is answered (RFC 8656 §7 to §12).

use std::time::Duration;

use super::client::*;

#[test]
fn an_allocation_says_where_it_is_and_for_how_long() {
    let mut scene = Scene::new();
    let mut anna = scene.client(1, ANNA);
    let answer = scene.ask(&mut anna, ALLOCATE, &[UDP]);
    let relayed = answer.address(XOR_RELAYED_ADDRESS);
    assert_eq!((answer.code(), relayed.ip(), answer.lifetime()), (0, NODE.ip(), 600));
    assert!(relayed.port() >= 49_152);
    assert_eq!(answer.address(XOR_MAPPED_ADDRESS), anna.route.remote);
    assert_eq!(answer.attributes.last().map(|(kind, _)| *kind), Some(INTEGRITY));
}

#[test]
fn lifetimes_are_kept_within_limits() {
    for (asked, granted) in [(1, 600), (600, 600), (1000, 1000), (3600, 3600), (u32::MAX, 3600)] {
        let mut scene = Scene::new();
        let mut anna = scene.client(1, ANNA);
        let asked: [u8; 4] = u32::to_be_bytes(asked);
        assert_eq!(scene.ask(&mut anna, ALLOCATE, &[UDP, (LIFETIME, &asked)]).lifetime(), granted);
        assert_eq!(scene.ask(&mut anna, REFRESH, &[(LIFETIME, &asked)]).lifetime(), granted);
        scene.wait(Duration::from_secs(u64::from(granted) - 1));
        assert_eq!(scene.report().allocations_udp, 1);
        scene.wait(Duration::from_secs(1));
        assert_eq!(scene.report().allocations_udp, 0, "{granted}");
    }
}

#[test]
fn what_cannot_be_had_is_refused() {
    let cases: [(&str, Attributes<'_>, u16); 10] = [
        ("no transport", &[], 400),
        ("TCP", &[(TRANSPORT, &[6, 0, 0, 0])], 442),
        ("a transport that is too short", &[(TRANSPORT, &[17])], 400),
        ("no such family", &[UDP, (ADDRESS_FAMILY, &[3, 0, 0, 0])], 440),
        ("two ports", &[UDP, (EVEN_PORT, &[0x80])], 508),
        ("a reserved port", &[UDP, (RESERVATION_TOKEN, &[0; 8])], 508),
        ("an even reserved port", &[UDP, (RESERVATION_TOKEN, &[0; 8]), (EVEN_PORT, &[0])], 400),
        ("something unknown", &[UDP, (0x7ff0, b"")], 420),
        ("an even port", &[UDP, (EVEN_PORT, &[0])], 0),
        ("no fragments, and something that need not be understood", &[UDP, (DONT_FRAGMENT, &[]), (0x8022, b"me")], 0),
    ];
    for (what, attributes, code) in cases {
        let mut scene = Scene::new();
        let mut anna = scene.client(1, ANNA);
        let answer = scene.ask(&mut anna, ALLOCATE, attributes);
        assert_eq!(answer.code(), code, "{what}");
        assert!(answer.attribute(INTEGRITY).is_some(), "{what}: what is said to a client is signed");
        if what == "an even port" {
            assert_eq!(answer.address(XOR_RELAYED_ADDRESS).port() % 2, 0);
        }
    }
}

#[test]
fn the_same_request_has_the_same_answer_and_another_one_is_a_mistake() {
    let mut scene = Scene::new();
    let mut anna = scene.client(1, ANNA);
    scene.allocate(&mut anna);
    let request = anna.request(ALLOCATE, &[UDP]);
    let answers = [scene.deliver(anna.route, &request), scene.deliver(anna.route, &request)];
    assert_eq!(answers[0], answers[1]);
    assert_eq!(Response::parse(&answers[0][0].1).code(), 0);
    assert_eq!(scene.ask(&mut anna, ALLOCATE, &[UDP]).code(), 437);
    assert_eq!(scene.report().allocations_udp, 1);
}

#[test]
fn nothing_is_granted_without_an_allocation() {
    let mut scene = Scene::new();
    let mut anna = scene.client(1, ANNA);
    for kind in [REFRESH, CREATE_PERMISSION, CHANNEL_BIND] {
        assert_eq!(scene.ask(&mut anna, kind, &[]).code(), 437, "{kind}");
    }
    scene.allocate(&mut anna);
    assert_eq!(scene.ask(&mut anna, REFRESH, &[(LIFETIME, &[0; 4])]).lifetime(), 0);
    assert_eq!(scene.ask(&mut anna, REFRESH, &[(LIFETIME, &[0; 4])]).code(), 437);
    assert_eq!(scene.report().allocations_udp, 0);
}

#[test]
fn channels_are_bound_to_one_peer_each() {
    let mut scene = Scene::new();
    let (mut anna, mut boris) = (scene.client(1, ANNA), scene.client(2, BORIS));
    scene.allocate(&mut anna);
    let of_boris = scene.allocate(&mut boris);
    assert_eq!(scene.bind(&mut anna, 0x4000, NODE), 0);
    assert_eq!(scene.bind(&mut anna, 0x4000, NODE), 0, "renewed");
    assert_eq!(scene.bind(&mut anna, 0x4000, of_boris), 400, "the number is another peer's");
    assert_eq!(scene.bind(&mut anna, 0x4001, NODE), 400, "the peer has another number");
    for number in [0, 0x3fff, 0x8000, 0xffff] {
        assert_eq!(scene.bind(&mut anna, number, of_boris), 400, "{number:#x} is none");
    }
    assert_eq!(scene.ask(&mut anna, CHANNEL_BIND, &[]).code(), 400);
    assert_eq!(scene.ask(&mut anna, CREATE_PERMISSION, &[]).code(), 400);
    scene.ask(&mut anna, REFRESH, &[(LIFETIME, &3600_u32.to_be_bytes())]);
    scene.wait(Duration::from_secs(601));
    anna.nonce.clear();
    assert_eq!(scene.bind(&mut anna, 0x4001, NODE), 0, "the channel has ended");
}

#[test]
fn a_connection_that_is_gone_takes_its_allocation_along() {
    use staffline_media::control::Protocol;
    let mut scene = Scene::new();
    let mut anna = TurnClient::new(1, Protocol::TurnTls, scene.credentials(CALL, ANNA));
    assert!(!scene.port.is_in_use(&anna.route));
    scene.allocate(&mut anna);
    assert!(scene.port.is_in_use(&anna.route));
    assert_eq!(scene.report().allocations_tls, 1);
    scene.port.connection_closed(scene.now, &anna.route, &mut Sent::default());
    assert!(!scene.port.is_in_use(&anna.route));
    assert_eq!(scene.report().allocations_tls, 0);
}
