//! How sessions end, and that nothing of them stays.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use staffline_media::control::{CloseReason, Command, Protocol, RefusedReason, RoomId};
use staffline_media::datagram::{Datagram, Route};
use staffline_media::outbox::Outbox;

use crate::harness::{Flavour, Medium, World, world::NODE};

fn two_connected() -> World {
    let mut world = World::new(1);
    for index in 0..2 {
        world.add_client(Flavour::CHROMIUM);
        world.clients[index].publish(Medium::Video, 1000 + index as u32);
    }
    world.connect_all();
    world.stream(5);
    world
}

#[test]
fn leaving_unbinds_the_address_and_ends_the_tracks() {
    let mut world = two_connected();
    assert_eq!(world.node.bound_routes(), 2);
    world.command(Command::Leave { room: world.room, peer: World::peer(0) });
    assert_eq!(world.closed(0), Some(CloseReason::Left));
    assert_eq!(world.node.bound_routes(), 1);
    world.run_for(Duration::from_millis(100));
    assert!(world.clients[0].was_told_of_the_end());
    assert!(!world.clients[1].was_told_of_the_end());
    let (before, strays) = (world.clients[1].received.len(), world.report().stray_packets);
    world.stream(5);
    assert_eq!(world.clients[1].received.len(), before);
    world.inject(world.clients[0].address(), &[0x80; 100]);
    world.run_for(Duration::from_millis(50));
    assert!(world.report().stray_packets > strays, "its packets belong to nobody now");
    world.command(Command::Leave { room: world.room, peer: World::peer(1) });
    let report = world.report();
    assert_eq!((report.rooms, report.sessions, world.node.bound_routes()), (0, 0, 0));
    assert!(report.media_packets_in > 0, "the counters outlive the room");
}

#[test]
fn a_client_that_closes_is_gone_at_once() {
    let mut world = two_connected();
    world.clients[0].close();
    world.collect(0);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.closed(0), Some(CloseReason::Dtls));
    assert_eq!(world.closed(1), None);
    assert_eq!(world.node.bound_routes(), 1);
}

#[test]
fn a_client_that_falls_silent_times_out() {
    let mut world = two_connected();
    let silent = world.clients.remove(0);
    drop(silent);
    world.run_for(Duration::from_secs(25));
    assert_eq!(world.closed(0), None, "it has 30 s");
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.closed(0), Some(CloseReason::Timeout));
    assert_eq!(world.closed(1), None, "the other one keeps checking");
}

#[test]
fn a_client_that_never_comes_times_out() {
    let mut world = World::new(1);
    world.add_client(Flavour::CHROMIUM);
    world.clients[0].publish(Medium::Audio, 1);
    let offer = world.clients[0].offer(world.now);
    world.clients.clear();
    world.try_join(World::peer(0), offer).unwrap();
    world.run_for(Duration::from_secs(31));
    assert_eq!(world.closed(0), Some(CloseReason::Timeout));
    assert_eq!(world.report().sessions, 0);
}

#[test]
fn a_peer_joins_once_and_may_join_again_after_leaving() {
    let mut world = two_connected();
    let offer = world.clients[0].local_sdp();
    assert_eq!(world.try_join(World::peer(0), offer.clone()), Err(RefusedReason::AlreadyJoined));
    world.command(Command::Leave { room: world.room, peer: World::peer(0) });
    assert_eq!(world.try_join(World::peer(0), offer), Ok(()));
}

#[test]
fn the_node_takes_no_more_than_it_can() {
    let mut world = World::new(1);
    world.add_client(Flavour::CHROMIUM);
    world.clients[0].publish(Medium::Audio, 1);
    let offer = world.clients[0].offer(world.now);
    for peer in 0..100 {
        world.try_join(World::peer(peer), offer.clone()).unwrap();
    }
    assert_eq!(world.try_join(World::peer(100), offer), Err(RefusedReason::Full));
}

#[test]
fn an_hour_of_silence_costs_nothing_but_checks() {
    let mut world = two_connected();
    world.run_for(Duration::from_secs(3600));
    assert!(world.closed(0).is_none() && world.closed(1).is_none());
    world.stream(5);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.clients[1].numbers_of(1000).len(), 10);
}

/// Panics where a defect in a room would: in the middle of a flush.
struct Defect;

impl Outbox for Defect {
    fn packet(&mut self, _: Route, _: usize) -> &mut [u8] {
        panic!("this panic is part of the test")
    }
}

#[test]
fn a_panic_in_one_room_closes_that_room_and_no_other() {
    let mut world = two_connected();
    world.room = RoomId(2);
    for index in 2..4 {
        world.add_client(Flavour::CHROMIUM);
        world.clients[index].publish(Medium::Video, 1000 + index as u32);
    }
    world.connect_all();
    world.clients[0].send_all(world.now);
    let datagrams = std::iter::from_fn(|| world.clients[0].poll_transmit());
    let (_, mut packet) = datagrams.into_iter().find(|(_, bytes)| bytes[0] >= 128).unwrap();
    let remote: SocketAddr = world.clients[0].address();
    let route = Route { local: NODE, remote, protocol: Protocol::Udp };
    let mut batch = [Datagram { route, data: &mut packet }];
    let node = &mut world.node;
    catch_unwind(AssertUnwindSafe(|| node.handle_batch(world.now, &mut batch, &mut Defect))).unwrap_err();
    node.recover();
    let report = world.report();
    assert_eq!((report.rooms, report.sessions, world.node.bound_routes()), (1, 2, 2));
    world.stream(5);
    world.run_for(Duration::from_millis(100));
    let closed = [0, 1, 2, 3].map(|index| world.closed(index));
    assert_eq!(closed, [Some(CloseReason::Internal), Some(CloseReason::Internal), None, None]);
    assert_eq!(world.clients[3].numbers_of(1002).len(), 5, "the other room goes on");
}
