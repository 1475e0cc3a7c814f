//! A running session gets other tracks, or another way through the network.

use std::net::SocketAddr;
use std::time::Duration;

use staffline_media::control::{Command, Event, RefusedReason};

use crate::harness::{Client, Flavour, Medium, World};

const CAMERA: u32 = 1002;
const SCREEN: u32 = 1003;

/// The first publishes its camera, the second has slots.
fn publisher_and_viewer(slots: usize) -> World {
    let mut world = World::new(1);
    let (publisher, viewer) = (world.add_client(Flavour::CHROMIUM), world.add_client(Flavour::FIREFOX));
    world.clients[publisher].publish(Medium::Video, CAMERA);
    for _ in 0..slots {
        world.clients[viewer].add_slot(Medium::Video);
    }
    world.connect_all();
    world
}

fn received_since(world: &World, client: usize, origin: u32, before: usize) -> usize {
    world.clients[client].numbers_of(origin).len() - before
}

#[test]
fn screen_share_is_added_while_the_camera_goes_on() {
    let mut world = publisher_and_viewer(2);
    world.stream(20);
    let first_answer = world.last_answer(World::peer(0)).unwrap();
    world.clients[0].publish(Medium::Video, SCREEN);
    world.negotiate(0);
    let second_answer = world.last_answer(World::peer(0)).unwrap();
    for line in ["a=ice-ufrag", "a=fingerprint"] {
        let of = |answer: &str| answer.lines().find(|found| found.starts_with(line)).unwrap().to_owned();
        assert_eq!(of(&first_answer), of(&second_answer), "the transport stays");
    }
    assert_eq!(second_answer.matches("m=video").count(), 2);
    world.stream(30);
    world.run_for(Duration::from_millis(200));
    assert_eq!(world.clients[1].numbers_of(CAMERA), (1..=50).collect::<Vec<_>>());
    assert_eq!(world.clients[1].numbers_of(SCREEN), (1..=30).collect::<Vec<_>>());
    let slot_of = |origin| world.clients[1].received.iter().find(|packet| packet.origin == origin).unwrap().mid.clone();
    assert_ne!(slot_of(CAMERA), slot_of(SCREEN));
}

#[test]
fn a_slot_added_later_shows_what_is_published_already() {
    let mut world = publisher_and_viewer(1);
    world.clients[0].publish(Medium::Video, SCREEN);
    world.negotiate(0);
    world.stream(10);
    assert_eq!(received_since(&world, 1, SCREEN, 0), 0, "there was no slot for it");
    world.clients[1].add_slot(Medium::Video);
    world.negotiate(1);
    world.stream(10);
    world.run_for(Duration::from_millis(100));
    assert!(received_since(&world, 1, SCREEN, 0) >= 9, "{}", received_since(&world, 1, SCREEN, 0));
}

#[test]
fn ice_restart_moves_the_session_to_another_address() {
    let mut world = publisher_and_viewer(1);
    world.stream(20);
    let old = world.clients[1].address();
    let new = SocketAddr::from(([203, 0, 113, 9], 6000));
    world.clients[1].restart_ice(new);
    world.negotiate(1);
    world.run_until(Duration::from_secs(20), |world| world.clients[1].is_connected());
    world.run_for(Duration::from_secs(2));
    let before = world.clients[1].numbers_of(CAMERA).len();
    let to_old = |world: &World| world.unclaimed.get(&old).map_or(0, Vec::len);
    let strays = to_old(&world);
    world.stream(50);
    world.run_for(Duration::from_millis(200));
    assert_eq!(received_since(&world, 1, CAMERA, before), 50);
    assert_eq!(to_old(&world), strays, "nothing is sent to the old address any more");
    assert!(world.closed(1).is_none());
}

#[test]
fn renegotiation_that_cannot_be_answered_changes_nothing() {
    let mut world = publisher_and_viewer(1);
    let good = world.clients[0].local_sdp();
    for offer in ["v=0".to_owned(), good.replace("VP8", "VP9").replace("vp8", "vp9")] {
        world.command(Command::Renegotiate { room: world.room, peer: World::peer(0), offer });
        assert!(matches!(world.events.last(), Some(Event::Refused { .. })), "{:?}", world.events.last());
    }
    world.stream(20);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.clients[1].numbers_of(CAMERA).len(), 20);
    assert!(world.clients.iter().all(Client::is_connected));
}

#[test]
fn unknown_peer_cannot_renegotiate() {
    let mut world = World::new(1);
    world.command(Command::Renegotiate { room: world.room, peer: World::peer(7), offer: "v=0".to_owned() });
    let expected = Event::Refused { peer: World::peer(7), reason: RefusedReason::UnknownPeer };
    assert_eq!(world.events, [expected]);
}
