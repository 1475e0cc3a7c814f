//! Who may allocate: credentials that are right, young, ours and of an open call (T2).

use std::time::Duration;

use staffline_media::control::Command;
use staffline_media::turn::credentials::{Authority, Grant};

use super::client::*;

#[test]
fn none_are_challenged() {
    let mut scene = Scene::new();
    let client = scene.client(1, ANNA);
    let answer = scene.ask_once(client.route, &message(ALLOCATE, 1, &[UDP]));
    assert_eq!((answer.code(), answer.attribute(REALM)), (401, Some(&b"staffline"[..])));
    assert!(answer.attribute(NONCE).is_some() && answer.attribute(INTEGRITY).is_none());
    assert_eq!(scene.report().turn_refused, 0, "everybody meets it once");
}

/// What `change` makes of good credentials is answered with 401, and leaves nothing.
fn check_refused(why: &str, change: impl FnOnce(&mut Scene, &mut TurnClient)) {
    let mut scene = Scene::new();
    let mut client = scene.client(1, ANNA);
    change(&mut scene, &mut client);
    let answer = scene.ask(&mut client, ALLOCATE, &[UDP]);
    assert_eq!((answer.code(), answer.attribute(INTEGRITY)), (401, None), "{why}");
    let report = scene.report();
    assert_eq!((report.allocations_udp, report.turn_refused), (0, 1), "{why}");
}

#[test]
fn wrong_ones_are_refused() {
    check_refused("a wrong password", |_, client| client.credentials.password.push('x'));
    check_refused("forged for another user", |_, client| client.credentials.username.replace_range(40.., "0b"));
    check_refused("forged for longer", |_, client| client.credentials.username.insert(0, '9'));
    check_refused("no username of ours", |_, client| client.credentials.username = "anna".to_owned());
    check_refused("of another server", |_, client| {
        client.credentials = Authority::new(b"another").issue(&Grant { call: CALL, user: ANNA, until: Duration::from_secs(600) });
    });
    check_refused("expired", |scene, _| scene.wait(Duration::from_secs(602)));
    check_refused("of a call that is not open", |scene, client| client.credentials = scene.credentials(OTHER_CALL, ANNA));
    check_refused("of a call that is over", |scene, _| scene.command(Command::CloseRelay { call: CALL }));
}

#[test]
fn a_signed_request_without_its_attributes_is_bad() {
    let mut scene = Scene::new();
    let client = scene.client(1, ANNA);
    let mut bytes = message(ALLOCATE, 1, &[UDP]);
    sign(&mut bytes, &client.credentials.username, "staffline", &client.credentials.password);
    assert_eq!(scene.ask_once(client.route, &bytes).code(), 400);
}

#[test]
fn nonces_are_for_one_client_and_a_while() {
    let mut scene = Scene::new();
    let mut anna = scene.client(1, ANNA);
    scene.allocate(&mut anna);
    let mut elsewhere = scene.client(2, ANNA);
    elsewhere.nonce = anna.nonce.clone();
    let stolen = scene.ask(&mut elsewhere, ALLOCATE, &[UDP]);
    assert_eq!(stolen.code(), 438);
    elsewhere.nonce = stolen.attribute(NONCE).unwrap().to_vec();
    assert_eq!(scene.ask(&mut elsewhere, ALLOCATE, &[UDP]).code(), 0, "with its own it goes on");
    scene.wait(Duration::from_secs(300));
    assert_eq!(scene.ask(&mut anna, REFRESH, &[]).code(), 0);
    scene.wait(Duration::from_secs(310));
    let stale = scene.ask(&mut anna, REFRESH, &[]);
    assert_eq!(stale.code(), 438);
    anna.nonce = stale.attribute(NONCE).unwrap().to_vec();
    assert_eq!(scene.ask(&mut anna, REFRESH, &[]).code(), 0);
    anna.nonce = b"AAAAAAAAAAAAAAAA".to_vec();
    assert_eq!(scene.ask(&mut anna, REFRESH, &[]).code(), 438, "made up");
}

/// The ten minutes are for beginning: a call is longer.
#[test]
fn an_allocation_outlives_its_credentials_but_not_its_call() {
    let mut scene = Scene::new();
    let mut anna = scene.client(1, ANNA);
    scene.allocate(&mut anna);
    for _ in 0..20 {
        scene.wait(Duration::from_secs(400));
        anna.nonce.clear();
        assert_eq!(scene.ask(&mut anna, REFRESH, &[]).code(), 0);
        assert_eq!(scene.permit(&mut anna, NODE), 0);
    }
    scene.command(Command::CloseRelay { call: CALL });
    assert_eq!(scene.report().allocations_udp, 0);
    for kind in [ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND] {
        let answer = scene.ask(&mut anna, kind, &[UDP]);
        assert_eq!(answer.code(), 401, "{kind}");
    }
}

#[test]
fn others_do_not_speak_for_an_allocation() {
    let mut scene = Scene::new();
    let mut anna = scene.client(1, ANNA);
    scene.allocate(&mut anna);
    let mut boris = anna.clone();
    boris.credentials = scene.credentials(CALL, BORIS);
    assert_eq!(scene.ask(&mut boris, REFRESH, &[(LIFETIME, &[0; 4])]).code(), 441);
    assert_eq!(scene.ask(&mut boris, ALLOCATE, &[UDP]).code(), 437);
    boris.credentials.password.push('x');
    assert_eq!(scene.ask(&mut boris, REFRESH, &[(LIFETIME, &[0; 4])]).code(), 401);
    assert_eq!(scene.report().allocations_udp, 1);
}
