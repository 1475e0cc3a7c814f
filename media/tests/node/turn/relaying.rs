//! Data between two allocations of one call, handed over in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use staffline_media::control::{Command, Protocol};
use staffline_media::datagram::{Datagram, Route};
use staffline_media::outbox::Outbox;

use super::client::*;

struct Pair {
    scene: Scene,
    anna: TurnClient,
    boris: TurnClient,
    of_anna: std::net::SocketAddr,
    of_boris: std::net::SocketAddr,
}

fn pair(of_anna: Protocol, of_boris: Protocol) -> Pair {
    let mut scene = Scene::new();
    let mut anna = TurnClient::new(1, of_anna, scene.credentials(CALL, ANNA));
    let mut boris = TurnClient::new(2, of_boris, scene.credentials(CALL, BORIS));
    let (of_anna, of_boris) = (scene.allocate(&mut anna), scene.allocate(&mut boris));
    Pair { scene, anna, boris, of_anna, of_boris }
}

#[test]
fn from_channel_to_channel_on_every_transport() {
    let all = [Protocol::Udp, Protocol::TurnTcp, Protocol::TurnTls];
    for (from, to) in all.into_iter().flat_map(|from| all.map(|to| (from, to))) {
        let mut pair = pair(from, to);
        assert_eq!(pair.scene.bind(&mut pair.anna, 0x4000, pair.of_boris), 0);
        assert_eq!(pair.scene.bind(&mut pair.boris, 0x4abc, pair.of_anna), 0);
        for len in [0, 1, 2, 3, 4, 5, 1200] {
            let data = vec![0x80; len];
            let sent = pair.scene.deliver(pair.anna.route, &channel_data(0x4000, &data));
            let mut expected = channel_data(0x4abc, &data);
            if to != Protocol::Udp {
                expected.resize(expected.len().next_multiple_of(4), 0);
            }
            assert_eq!(sent, [(pair.boris.route, expected)], "{from:?} to {to:?}, {len} bytes");
        }
        let report = pair.scene.report();
        assert_eq!((report.turn_packets_in, report.turn_bytes_in), (7, 1215));
        assert_eq!((report.turn_packets_out, report.turn_bytes_out), (7, 1215));
    }
}

#[test]
fn padding_of_the_sender_is_not_data() {
    let mut pair = pair(Protocol::TurnTcp, Protocol::Udp);
    pair.scene.bind(&mut pair.anna, 0x4000, pair.of_boris);
    pair.scene.bind(&mut pair.boris, 0x4001, pair.of_anna);
    let mut padded = channel_data(0x4000, b"12345");
    padded.extend([9, 9, 9]);
    assert_eq!(pair.scene.deliver(pair.anna.route, &padded), [(pair.boris.route, channel_data(0x4001, b"12345"))]);
    let mut cut = channel_data(0x4000, b"12345");
    cut.pop();
    assert_eq!(pair.scene.deliver(pair.anna.route, &cut), []);
}

fn check_indication(sent: &[(Route, Vec<u8>)], to: Route, peer: std::net::SocketAddr, data: &[u8]) {
    assert_eq!(sent.len(), 1);
    let indication = Response::parse(&sent[0].1);
    assert_eq!((sent[0].0, indication.kind), (to, DATA));
    assert_eq!((indication.address(XOR_PEER_ADDRESS), indication.attribute(DATA_ATTRIBUTE)), (peer, Some(data)));
}

#[test]
fn without_a_channel_data_comes_and_goes_in_indications() {
    let mut pair = pair(Protocol::Udp, Protocol::TurnTls);
    pair.scene.bind(&mut pair.anna, 0x4000, pair.of_boris);
    assert_eq!(pair.scene.permit(&mut pair.boris, pair.of_anna), 0);
    for len in [0, 1, 3, 4, 1201] {
        let data = vec![7; len];
        let sent = pair.scene.deliver(pair.anna.route, &channel_data(0x4000, &data));
        check_indication(&sent, pair.boris.route, pair.of_anna, &data);
        let back = pair.boris.send_indication(pair.of_anna, &data);
        assert_eq!(pair.scene.deliver(pair.boris.route, &back), [(pair.anna.route, channel_data(0x4000, &data))]);
    }
}

#[test]
fn nothing_arrives_at_whom_did_not_permit_it() {
    let mut pair = pair(Protocol::Udp, Protocol::Udp);
    pair.scene.bind(&mut pair.anna, 0x4000, pair.of_boris);
    let data = channel_data(0x4000, b"hello");
    assert_eq!(pair.scene.deliver(pair.anna.route, &data), []);
    let unasked = pair.boris.send_indication(pair.of_anna, b"hello");
    assert_eq!(pair.scene.deliver(pair.boris.route, &unasked), [], "nor is it sent by whom did not ask to");
    pair.scene.permit(&mut pair.boris, pair.of_anna);
    assert_eq!(pair.scene.deliver(pair.anna.route, &data).len(), 1);
    pair.scene.wait(Duration::from_secs(299));
    assert_eq!(pair.scene.deliver(pair.anna.route, &data).len(), 1);
    pair.scene.wait(Duration::from_secs(1));
    assert_eq!(pair.scene.deliver(pair.anna.route, &data), [], "a permission ends");
}

#[test]
fn an_unbound_channel_carries_nothing() {
    let mut pair = pair(Protocol::Udp, Protocol::Udp);
    pair.scene.bind(&mut pair.anna, 0x4000, pair.of_boris);
    pair.scene.bind(&mut pair.boris, 0x4000, pair.of_anna);
    assert_eq!(pair.scene.deliver(pair.anna.route, &channel_data(0x4001, b"x")), []);
    let stranger = Route { remote: "203.0.113.9:1".parse().unwrap(), ..pair.anna.route };
    assert_eq!(pair.scene.deliver(stranger, &channel_data(0x4000, b"x")), [], "a channel is its client's");
    assert_eq!(pair.scene.report().stray_packets, 2);
}

#[test]
fn the_end_of_the_call_ends_it_at_once() {
    let mut pair = pair(Protocol::Udp, Protocol::Udp);
    pair.scene.bind(&mut pair.anna, 0x4000, pair.of_boris);
    pair.scene.bind(&mut pair.boris, 0x4000, pair.of_anna);
    pair.scene.command(Command::CloseRelay { call: CALL });
    assert_eq!(pair.scene.deliver(pair.anna.route, &channel_data(0x4000, b"x")), []);
    assert_eq!(pair.scene.port.next_timeout().map(|at| at > pair.scene.now), Some(true));
}

/// Panics where a defect of the server would.
struct Defect;

impl Outbox for Defect {
    fn packet(&mut self, _: Route, _: usize) -> &mut [u8] {
        panic!("this panic is part of the test")
    }
}

#[test]
fn a_panic_costs_the_allocation_that_was_being_worked_on() {
    let mut pair = pair(Protocol::Udp, Protocol::Udp);
    let mut clara = pair.scene.client(3, 0xc);
    let of_clara = pair.scene.allocate(&mut clara);
    for (client, number, peer) in [(&mut pair.anna, 0x4000, pair.of_boris), (&mut pair.boris, 0x4001, of_clara)] {
        assert_eq!(pair.scene.bind(client, number, peer), 0);
    }
    assert_eq!(pair.scene.bind(&mut clara, 0x4002, pair.of_boris), 0);
    let mut request = pair.anna.request(REFRESH, &[]);
    let mut batch = [Datagram { route: pair.anna.route, data: &mut request }];
    let (port, now) = (&mut pair.scene.port, pair.scene.now);
    catch_unwind(AssertUnwindSafe(|| port.handle_batch(now, &mut batch, &mut Defect))).unwrap_err();
    port.recover();
    assert_eq!(pair.scene.report().allocations_udp, 2);
    assert_eq!(pair.scene.ask(&mut pair.anna, REFRESH, &[]).code(), 437);
    let sent = pair.scene.deliver(pair.boris.route, &channel_data(0x4001, b"x"));
    assert_eq!(sent, [(clara.route, channel_data(0x4002, b"x"))]);
    pair.scene.wait(Duration::from_secs(600));
    assert_eq!(pair.scene.report().allocations_udp, 0, "and their timers are there still");
}
