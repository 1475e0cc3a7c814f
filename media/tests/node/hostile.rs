//! Strangers and liars: silence for them, and no harm to anybody else.

use std::net::SocketAddr;
use std::time::Duration;

use aws_lc_rs::hmac;
use proptest::prelude::*;
use staffline_media::control::RefusedReason;

use crate::harness::{Flavour, Medium, World};

const ANNA: u32 = 1001;

fn stranger() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 66], 666))
}

fn two_connected() -> World {
    let mut world = World::new(1);
    for index in 0..2 {
        world.add_client(Flavour::CHROMIUM);
        world.clients[index].publish(Medium::Video, ANNA + index as u32);
    }
    world.connect_all();
    world
}

/// The media of the first still arrives whole at the second.
fn check_unharmed(world: &mut World) {
    let before = world.clients[1].numbers_of(ANNA).len();
    world.stream(20);
    world.run_for(Duration::from_millis(200));
    assert_eq!(world.clients[1].numbers_of(ANNA).len() - before, 20);
    assert!(world.closed(0).is_none() && world.closed(1).is_none());
}

fn attribute<'a>(sdp: &'a str, name: &str) -> &'a str {
    sdp.lines().find_map(|line| line.strip_prefix(name)).unwrap()
}

/// A connectivity check with the right username.
fn check(world: &World, index: usize, password: &str) -> Vec<u8> {
    let answer = world.last_answer(World::peer(index)).unwrap();
    let offer = world.clients[index].local_sdp();
    let username = format!("{}:{}", attribute(&answer, "a=ice-ufrag:"), attribute(&offer, "a=ice-ufrag:"));
    let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend_from_slice(b"transaction!");
    let mut push = |kind: u16, value: &[u8]| {
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&(value.len() as u16).to_be_bytes());
        message.extend_from_slice(value);
        message.resize(message.len().next_multiple_of(4), 0);
    };
    push(0x0006, username.as_bytes());
    push(0x0025, &[]);
    let len = (message.len() - 20 + 24) as u16;
    message[2..4].copy_from_slice(&len.to_be_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let tag = hmac::sign(&key, &message);
    message.extend_from_slice(&[0, 8, 0, 20]);
    message.extend_from_slice(tag.as_ref());
    message
}

fn right_password(world: &World, index: usize) -> String {
    attribute(&world.last_answer(World::peer(index)).unwrap(), "a=ice-pwd:").to_owned()
}

#[test]
fn a_check_with_a_wrong_password_binds_nothing() {
    let mut world = two_connected();
    let forged = check(&world, 0, "a password that is not the one");
    world.inject(stranger(), &forged);
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.node.bound_routes(), 2);
    assert!(world.unclaimed.is_empty(), "and is not answered");
    check_unharmed(&mut world);
    // The same with the right one is answered: the forgery above failed for its password and nothing else.
    let genuine = check(&world, 0, &right_password(&world, 0));
    world.inject(stranger(), &genuine);
    world.run_for(Duration::from_millis(50));
    // What else comes there are packets that try the line.
    let answers = world.unclaimed[&stranger()].iter().filter(|bytes| bytes[0] < 4).count();
    assert_eq!((world.node.bound_routes(), answers), (3, 1));
}

#[test]
fn nobody_takes_over_the_address_of_another_session() {
    let mut world = two_connected();
    let victim = world.clients[0].address();
    let check = check(&world, 1, &right_password(&world, 1));
    world.inject(victim, &check);
    world.run_for(Duration::from_millis(50));
    check_unharmed(&mut world);
    assert!(world.clients[0].numbers_of(ANNA + 1).len() >= 20);
}

#[test]
fn strangers_get_silence() {
    let mut world = two_connected();
    let strays = world.report().stray_packets;
    let client_hello = [&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 1][..], &[0; 60]].concat();
    let mut sent = 0;
    for first in [0, 1, 4, 20, 22, 63, 64, 79, 127, 128, 144, 191, 192, 255] {
        for len in [1, 2, 11, 12, 20, 100, 1400] {
            world.inject(stranger(), &vec![first; len]);
            sent += 1;
        }
    }
    world.inject(stranger(), &client_hello);
    world.inject(stranger(), &[]);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.report().stray_packets - strays, sent + 2);
    assert!(world.unclaimed.is_empty(), "nothing is sent to a stranger: {:?}", world.unclaimed);
    check_unharmed(&mut world);
}

/// A ClientHello up to its cipher suites.
const CLIENT_HELLO: [u8; 25] = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn a_flood_of_hellos_holds_up_no_handshake() {
    let mut world = World::new(1);
    for index in 0..2 {
        world.add_client(Flavour::CHROMIUM);
        world.clients[index].publish(Medium::Video, ANNA + index as u32);
    }
    // From the clients' own addresses, too, which ICE has not authenticated yet.
    let from = [stranger(), world.clients[0].address(), world.clients[1].address()];
    for hello in 0..3_000 {
        world.inject(from[hello % 3], &CLIENT_HELLO);
    }
    (0..2).for_each(|index| world.negotiate(index));
    let begun = world.now;
    while !world.clients.iter().all(|client| client.is_connected()) {
        for _ in 0..10 {
            world.inject(stranger(), &CLIENT_HELLO);
        }
        world.run_for(Duration::from_millis(1));
        assert!(world.now - begun < Duration::from_secs(3), "10,000 a second hold up the handshake");
    }
    assert!(world.report().stray_packets > 3_000 && world.unclaimed.is_empty());
    check_unharmed(&mut world);
}

#[test]
fn ten_thousand_bad_packets_a_second_end_no_call() {
    let mut world = two_connected();
    world.stream(3);
    world.clients[0].send_all(world.now);
    let (_, good) = std::iter::from_fn(|| world.clients[0].poll_transmit()).find(|(_, bytes)| bytes[0] >= 128).unwrap();
    let address = world.clients[0].address();
    world.inject(address, &good);
    world.run_for(Duration::from_millis(20));
    let dropped = world.report().media_packets_dropped;
    for n in 0..10_000_usize {
        // Good but for one bit behind the first byte: of the header, the payload or the tag, so that the sequence number jumps about, too.
        let mut bad = good.clone();
        let bit = 8 + n * 7 % (8 * bad.len() - 8);
        bad[bit / 8] ^= 1 << (bit % 8);
        world.inject(address, &bad);
        if n % 100 == 0 {
            world.run_for(Duration::from_millis(10));
        }
    }
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.report().media_packets_dropped - dropped, 10_000);
    check_unharmed(&mut world);
}

#[test]
fn media_of_one_session_from_anothers_address_goes_nowhere() {
    let mut world = two_connected();
    world.stream(3);
    // What the first client sends, as if it came from the second: it does not authenticate with the second's keys.
    world.clients[0].send_all(world.now);
    let (_, stolen) = std::iter::from_fn(|| world.clients[0].poll_transmit()).find(|(_, bytes)| bytes[0] >= 128).unwrap();
    let (dropped, before) = (world.report().media_packets_dropped, world.clients[0].received.len());
    world.inject(world.clients[1].address(), &stolen);
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.report().media_packets_dropped, dropped + 1);
    assert_eq!(world.clients[0].received.len(), before);
}

#[test]
fn a_replayed_packet_is_dropped() {
    let mut world = two_connected();
    world.stream(3);
    world.clients[0].send_all(world.now);
    let (_, packet) = std::iter::from_fn(|| world.clients[0].poll_transmit()).find(|(_, bytes)| bytes[0] >= 128).unwrap();
    let address = world.clients[0].address();
    for _ in 0..5 {
        world.inject(address, &packet);
    }
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.clients[1].numbers_of(ANNA), [1, 2, 3, 4]);
    assert_eq!(world.report().media_packets_dropped, 4);
}

#[test]
fn stun_without_a_session_is_answered_with_the_address() {
    let mut world = World::new(1);
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    request.extend_from_slice(b"transaction!");
    world.inject(stranger(), &request);
    world.run_for(Duration::from_millis(50));
    let answers = &world.unclaimed[&stranger()];
    let mut expected = vec![1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
    expected.extend_from_slice(b"transaction!");
    expected.extend_from_slice(&[0, 0x20, 0, 8, 0, 1]);
    expected.extend_from_slice(&(666_u16 ^ 0x2112).to_be_bytes());
    expected.extend_from_slice(&[203 ^ 0x21, 0x12, 113 ^ 0xa4, 66 ^ 0x42]);
    assert_eq!(answers, &[expected]);
    assert_eq!(world.report().stun_answers, 1);
}

#[test]
fn garbage_sdp_is_refused() {
    let mut world = World::new(1);
    for (index, offer) in ["", "\0", "v=0\r\n", "hello", &"v=0\r\n".repeat(100_000)].into_iter().enumerate() {
        let result = world.try_join(World::peer(index), offer.to_owned());
        assert!(matches!(result, Err(RefusedReason::BadOffer(_))), "{result:?}");
    }
    let report = world.report();
    assert_eq!((report.rooms, report.sessions), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A damaged offer of a real client is answered or refused, and the next client is served.
    #[test]
    fn damaged_offers_do_no_harm(cuts in prop::collection::vec((0_usize..4000, 0_usize..80, "[ -~\r\n]{0,8}"), 1..6)) {
        let mut world = World::new(1);
        world.add_client(Flavour::CHROMIUM);
        world.clients[0].publish(Medium::Video, 1);
        let good = world.clients[0].offer(world.now);
        let mut offer = good.clone();
        for (at, len, insert) in cuts {
            let start = at % (offer.len() + 1);
            offer.replace_range(start..(start + len).min(offer.len()), &insert);
        }
        let _ = world.try_join(World::peer(0), offer);
        prop_assert!(world.try_join(World::peer(1), good).is_ok());
    }

    /// Noise from the address of a connected client does not end its session.
    #[test]
    fn noise_from_a_bound_address_ends_nothing(noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..40)) {
        let mut world = two_connected();
        let address = world.clients[0].address();
        for datagram in noise {
            world.inject(address, &datagram);
        }
        world.run_for(Duration::from_millis(100));
        check_unharmed(&mut world);
    }
}
