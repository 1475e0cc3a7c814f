//! What a panic in one shard costs the others.

use std::net::UdpSocket;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::{Config, Handle, StreamPatience, start};
use crate::control::{CloseReason, Command, Event, PeerId, RoomId};
use crate::srtp::SrtpProfile;
use crate::stun::tests::signed_request;
use crate::testing::UNLUCKY;

const OFFER: &str = include_str!("../sdp/testdata/chromium-offer.sdp");
const PATIENCE: Duration = Duration::from_secs(30);

/// The answer to a new peer.
fn join(node: &Handle, events: &Receiver<Event>, room: RoomId, peer: PeerId) -> String {
    node.send(Command::Join { room, peer, offer: OFFER.replace('\n', "\r\n").replace("\r\r", "\r") }).unwrap();
    match events.recv_timeout(PATIENCE).unwrap() {
        Event::Answer { sdp, .. } => sdp,
        other => panic!("{other:?}"),
    }
}

/// The peer's session answers a connectivity check.
fn check_lives(node: &Handle, room: RoomId, answer: &str) {
    let value = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    let username = format!("{}:F7gI", value("a=ice-ufrag:"));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(&signed_request(&username, value("a=ice-pwd:"), true), node.address_of(room)).unwrap();
    let mut response = [0; 200];
    socket.recv(&mut response).unwrap();
    assert_eq!(response[..2], [1, 1], "a success");
}

#[test]
fn a_panic_costs_one_room_and_no_shard() {
    let (sender, events) = mpsc::channel();
    let config = Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        shards: 2,
        advertised: Vec::new(),
        srtp_profiles: vec![SrtpProfile::AeadAes128Gcm],
        stream_patience: StreamPatience::default(),
    };
    let node = start(config, move |event| sender.send(event).unwrap()).unwrap();
    let (elsewhere, beside, unlucky) = (RoomId(2), RoomId(3), RoomId(5));
    let lives = [(elsewhere, 2), (beside, 3)].map(|(room, peer)| (room, join(&node, &events, room, PeerId(peer))));
    for _ in 0..3 {
        join(&node, &events, unlucky, UNLUCKY);
        node.send(Command::HoldBack { room: unlucky, peer: UNLUCKY, on: true }).unwrap();
        let closed = Event::Closed { peer: UNLUCKY, reason: CloseReason::Internal };
        assert_eq!(events.recv_timeout(PATIENCE), Ok(closed));
        for (room, answer) in &lives {
            check_lives(&node, *room, answer);
        }
    }
    node.send(Command::Report { id: 1 }).unwrap();
    let Event::Report { report, .. } = events.recv_timeout(PATIENCE).unwrap() else { panic!("a report comes") };
    assert_eq!((report.rooms, report.sessions), (2, 2));
}
