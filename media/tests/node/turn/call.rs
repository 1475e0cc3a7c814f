//! Calls through the media node of clients that reach it through the TURN server only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use staffline_media::control::{CloseReason, Command, Event, Protocol, RoomId};
use staffline_media::datagram::{Datagram, Route};
use staffline_media::outbox::Outbox;
use staffline_media::turn::credentials::{Authority, Grant};

use super::client::{
    ALLOCATE, CHANNEL_BIND, CHANNEL_NUMBER, CREATE_PERMISSION, DATA, DATA_ATTRIBUTE, NODE, NONCE, Response, SEND, Sent,
    TurnClient, UDP, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS, channel_data, message, xor_address,
};
use crate::harness::{Envelope, Flavour, Medium, TurnLink, World, world::SECRET};

const CHANNEL: u16 = 0x4007;
const ANNA: u32 = 1001;
const BORIS: u32 = 1002;

fn through_channel(bytes: &[u8]) -> Vec<u8> {
    let mut data = channel_data(CHANNEL, bytes);
    data.resize(data.len().next_multiple_of(4), 0);
    data
}

fn of_channel(bytes: &[u8]) -> Vec<u8> {
    assert_eq!(bytes[..2], CHANNEL.to_be_bytes());
    let len = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    bytes[4..4 + len].to_vec()
}

fn through_indications(bytes: &[u8]) -> Vec<u8> {
    message(SEND, 9, &[(XOR_PEER_ADDRESS, &xor_address(NODE, 9)), (DATA_ATTRIBUTE, bytes)])
}

fn of_indications(bytes: &[u8]) -> Vec<u8> {
    let indication = Response::parse(bytes);
    assert_eq!((indication.kind, indication.address(XOR_PEER_ADDRESS)), (DATA, NODE));
    indication.attribute(DATA_ATTRIBUTE).unwrap().to_vec()
}

/// An allocation of the world's call that may speak to the node, by a channel or by indications.
fn link(world: &mut World, n: u16, protocol: Protocol, by_channel: bool) -> TurnLink {
    let grant = Grant { call: world.room, user: n.into(), until: Duration::from_secs(600) };
    world.command(Command::OpenRelay { call: world.room });
    let mut client = TurnClient::new(n, protocol, Authority::new(SECRET).issue(&grant));
    let ask = |world: &mut World, bytes: &[u8]| Response::parse(&world.ask(client.route, bytes)[0].1);
    let challenge = ask(world, &message(ALLOCATE, 1, &[UDP]));
    client.nonce = challenge.attribute(NONCE).unwrap().to_vec();
    let relayed = ask(world, &client.request(ALLOCATE, &[UDP])).address(XOR_RELAYED_ADDRESS);
    let peer = xor_address(NODE, client.transaction);
    let [high, low] = CHANNEL.to_be_bytes();
    let attributes = [(XOR_PEER_ADDRESS, &peer[..]), (CHANNEL_NUMBER, &[high, low, 0, 0])];
    let bound =
        if by_channel { client.request(CHANNEL_BIND, &attributes) } else { client.request(CREATE_PERMISSION, &attributes[..1]) };
    assert_eq!(ask(world, &bound).code(), 0);
    let (wrap, unwrap): (Envelope, Envelope) =
        if by_channel { (through_channel, of_channel) } else { (through_indications, of_indications) };
    TurnLink { route: client.route, relayed, wrap, unwrap }
}

/// The first behind TURN, the second in the open.
fn one_behind(protocol: Protocol, by_channel: bool) -> World {
    let mut world = World::new(1);
    let link = link(&mut world, 1, protocol, by_channel);
    world.add_client_behind(link, Flavour::CHROMIUM);
    world.add_client(Flavour::FIREFOX);
    for (index, ssrc) in [ANNA, BORIS].into_iter().enumerate() {
        world.clients[index].publish(Medium::Video, ssrc);
    }
    world.connect_all();
    world
}

fn check_media(world: &mut World, packets: u32) {
    let before = [world.clients[0].numbers_of(BORIS).len(), world.clients[1].numbers_of(ANNA).len()];
    world.stream(packets);
    world.run_for(Duration::from_millis(200));
    let after = [world.clients[0].numbers_of(BORIS).len(), world.clients[1].numbers_of(ANNA).len()];
    assert_eq!([after[0] - before[0], after[1] - before[1]], [packets as usize; 2]);
}

#[test]
fn media_flows_through_turn_on_every_transport() {
    for protocol in [Protocol::Udp, Protocol::TurnTcp, Protocol::TurnTls] {
        for by_channel in [true, false] {
            let mut world = one_behind(protocol, by_channel);
            let relayed = world.clients[0].address();
            let connected = world.events.iter().find_map(|event| match event {
                Event::Connected { peer, remote, protocol } if *peer == World::peer(0) => Some((*remote, *protocol)),
                _ => None,
            });
            assert_eq!(connected, Some((relayed, Protocol::Relayed)));
            check_media(&mut world, 50);
            let report = world.report();
            assert!(report.turn_packets_in > 50 && report.turn_packets_out > 50, "{report:?}");
            assert_eq!((report.media_packets_dropped, report.turn_refused), (0, 0), "{protocol:?}");
        }
    }
}

#[test]
fn two_behind_turn_hold_a_call() {
    let mut world = World::new(1);
    for (n, ssrc) in [(1, ANNA), (2, BORIS)] {
        let link = link(&mut world, n, Protocol::TurnTls, n == 1);
        let index = world.add_client_behind(link, Flavour::CHROMIUM);
        world.clients[index].publish(Medium::Video, ssrc);
    }
    world.connect_all();
    check_media(&mut world, 50);
}

#[test]
fn the_end_of_an_allocation_unbinds_its_relayed_address() {
    let mut world = one_behind(Protocol::TurnTcp, true);
    assert_eq!(world.node.bound_routes(), 2);
    let route = world.links[0].route;
    world.node.connection_closed(world.now, &route, &mut Sent::default());
    assert_eq!((world.node.bound_routes(), world.report().allocations_tcp), (1, 0));
    let out = world.report().turn_packets_out;
    world.stream(5);
    assert_eq!(world.report().turn_packets_out, out, "nothing is sent there any more");
    world.run_for(Duration::from_secs(35));
    assert_eq!((world.closed(0), world.closed(1)), (Some(CloseReason::Timeout), None));
}

#[test]
fn the_end_of_an_ice_tcp_connection_unbinds_its_route() {
    let mut world = World::new(1);
    let route = Route { local: NODE, remote: ([198, 51, 100, 1], 5000).into(), protocol: Protocol::Tcp };
    world.links.push(TurnLink { route, relayed: route.remote, wrap: <[u8]>::to_vec, unwrap: <[u8]>::to_vec });
    world.add_client(Flavour::CHROMIUM);
    world.clients[0].publish(Medium::Video, ANNA);
    assert!(!world.node.is_in_use(&route));
    world.connect_all();
    assert!(world.node.is_in_use(&route));
    world.node.connection_closed(world.now, &route, &mut Sent::default());
    assert!(!world.node.is_in_use(&route));
    world.run_for(Duration::from_secs(3));
    assert!(world.node.is_in_use(&route), "the next check binds it again");
}

/// Panics where a defect would.
struct Defect;

impl Outbox for Defect {
    fn packet(&mut self, _: Route, _: usize) -> &mut [u8] {
        panic!("this panic is part of the test")
    }
}

#[test]
fn a_defect_of_turn_ends_no_call() {
    let mut world = one_behind(Protocol::Udp, true);
    let stranger = TurnClient::new(
        77,
        Protocol::Udp,
        Authority::new(SECRET).issue(&Grant { call: RoomId(9), user: 9, until: Duration::from_secs(9) }),
    );
    let mut request = message(ALLOCATE, 1, &[UDP]);
    let mut batch = [Datagram { route: stranger.route, data: &mut request }];
    let (port, now) = (&mut world.node, world.now);
    catch_unwind(AssertUnwindSafe(|| port.handle_batch(now, &mut batch, &mut Defect))).unwrap_err();
    port.recover();
    assert_eq!(world.report().sessions, 2);
    check_media(&mut world, 10);
}

#[test]
fn a_defect_of_a_room_ends_no_allocation() {
    let mut world = one_behind(Protocol::Udp, true);
    world.clients[1].send_all(world.now);
    let datagrams = std::iter::from_fn(|| world.clients[1].poll_transmit());
    let (_, mut packet) = datagrams.into_iter().find(|(_, bytes)| bytes[0] >= 128).unwrap();
    let route = Route { local: NODE, remote: world.clients[1].address(), protocol: Protocol::Udp };
    let mut batch = [Datagram { route, data: &mut packet }];
    let (port, now) = (&mut world.node, world.now);
    catch_unwind(AssertUnwindSafe(|| port.handle_batch(now, &mut batch, &mut Defect))).unwrap_err();
    port.recover();
    let report = world.report();
    assert_eq!((report.rooms, report.allocations_udp), (0, 1));
    let own = world.links[0].route;
    let echo = world.ask(own, &through_channel(&message(1, 5, &[])));
    assert_eq!(Response::parse(&of_channel(&echo[0].1)).kind, 0x0101, "the way to the node is there still");
}
