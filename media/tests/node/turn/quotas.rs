//! However much is asked, memory is bounded and the others are served (T3).

use std::time::Duration;

use staffline_media::control::Command;

use super::client::*;

const PER_USER_AND_CALL: usize = 24;
const IN_ALL: u64 = 10_000;

#[test]
fn one_user_gets_no_more_than_a_share() {
    let mut scene = Scene::new();
    let mut clients: Vec<_> = (0..100).map(|n| scene.client(n, ANNA)).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        let code = scene.ask(client, ALLOCATE, &[UDP]).code();
        assert_eq!(code, if n < PER_USER_AND_CALL { 0 } else { 486 }, "{n}");
        scene.wait(Duration::from_millis(20));
    }
    let mut boris = scene.client(200, BORIS);
    scene.allocate(&mut boris);
    assert_eq!(scene.ask(&mut clients[0], REFRESH, &[(LIFETIME, &[0; 4])]).code(), 0);
    let mut again = scene.client(300, ANNA);
    assert_eq!(scene.ask(&mut again, ALLOCATE, &[UDP]).code(), 0, "one was given back");
}

#[test]
fn a_flood_fills_the_server_and_no_more() {
    let mut scene = Scene::new();
    let mut known = scene.client(30_000, ANNA);
    scene.allocate(&mut known);
    for n in 1..11_000_u16 {
        // Each from an address of its own, with a new user every 20.
        let mut client = scene.client(n, 100 + u128::from(n / 20));
        let code = scene.ask(&mut client, ALLOCATE, &[UDP]).code();
        assert_eq!(code, if u64::from(n) < IN_ALL { 0 } else { 508 }, "{n}");
        scene.wait(Duration::from_millis(1));
    }
    assert_eq!(scene.report().allocations_udp, IN_ALL);
    known.nonce.clear();
    assert_eq!(scene.ask(&mut known, REFRESH, &[]).code(), 0, "who is in is served");
    scene.command(Command::CloseRelay { call: CALL });
    assert_eq!(scene.report().allocations_udp, 0);
    scene.command(Command::OpenRelay { call: CALL });
    let mut next = scene.client(20_000, ANNA);
    scene.allocate(&mut next);
}

#[test]
fn permissions_and_channels_are_limited() {
    let mut scene = Scene::new();
    let mut anna = scene.client(1, ANNA);
    scene.allocate(&mut anna);
    let mut codes = Vec::new();
    for n in 0..70_u16 {
        let mut peer = scene.client(100 + n, 100 + u128::from(n));
        let relayed = scene.allocate(&mut peer);
        codes.push(scene.bind(&mut anna, 0x4000 + n, relayed));
        scene.wait(Duration::from_millis(20));
    }
    assert_eq!(codes, [vec![0; 64], vec![508; 6]].concat());
}

/// Coming and going all day long leaves nothing behind.
#[test]
fn churn_leaves_nothing() {
    let mut scene = Scene::new();
    let mut client = scene.client(1, ANNA);
    for _ in 0..50_000 {
        scene.allocate(&mut client);
        assert_eq!(scene.ask(&mut client, REFRESH, &[(LIFETIME, &[0; 4])]).lifetime(), 0);
    }
    assert_eq!(scene.report().allocations_udp, 0);
}
