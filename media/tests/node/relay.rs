//! Media of one client arrives at the others, on the right m-line, in their own numbering.

use std::time::Duration;

use staffline_media::srtp::SrtpProfile;

use crate::harness::{Flavour, Medium, World};

const ANNA_AUDIO: u32 = 1001;
const ANNA_VIDEO: u32 = 1002;
const BORIS_AUDIO: u32 = 2001;
const BORIS_VIDEO: u32 = 2002;

fn two_in_a_call(seed: u64) -> World {
    two_in_a_call_with(World::new(seed), Flavour::CHROMIUM, Flavour::FIREFOX)
}

fn two_in_a_call_with(mut world: World, first: Flavour, second: Flavour) -> World {
    let (anna, boris) = (world.add_client(first), world.add_client(second));
    world.clients[anna].publish(Medium::Audio, ANNA_AUDIO);
    world.clients[anna].publish(Medium::Video, ANNA_VIDEO);
    world.clients[boris].publish(Medium::Audio, BORIS_AUDIO);
    world.clients[boris].publish(Medium::Video, BORIS_VIDEO);
    world.connect_all();
    world
}

#[test]
fn both_hear_and_see_each_other() {
    let mut world = two_in_a_call(1);
    world.stream(100);
    world.run_for(Duration::from_millis(500));
    for (client, origins) in [(0, [BORIS_AUDIO, BORIS_VIDEO]), (1, [ANNA_AUDIO, ANNA_VIDEO])] {
        for origin in origins {
            let numbers = world.clients[client].numbers_of(origin);
            assert_eq!(numbers, (1..=100).collect::<Vec<_>>(), "client {client}, track {origin}");
        }
        assert_eq!(world.clients[client].received.len(), 200, "and nothing of its own");
    }
    let report = world.report();
    assert_eq!((report.rooms, report.sessions, report.media_packets_dropped), (1, 2, 0));
    assert!(report.media_packets_in >= 400 && report.media_packets_out >= 400, "{report:?}");
}

#[test]
fn payload_types_and_mids_are_the_receivers_own() {
    let mut world = two_in_a_call(2);
    world.stream(10);
    world.run_for(Duration::from_millis(100));
    for (client, audio, video) in [(0, (BORIS_AUDIO, 111), (BORIS_VIDEO, 96)), (1, (ANNA_AUDIO, 109), (ANNA_VIDEO, 120))] {
        for packet in &world.clients[client].received {
            let (mid, payload_type) = if packet.origin == audio.0 { ("0", audio.1) } else { ("1", video.1) };
            assert_eq!((packet.mid.as_str(), packet.payload_type), (mid, payload_type), "{packet:?}");
        }
    }
}

#[test]
fn both_srtp_profiles_carry_media() {
    for profile in [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80] {
        let world = World::with_profiles(3, vec![profile]);
        let mut world = two_in_a_call_with(world, Flavour::CHROMIUM, Flavour::WITHOUT_RTX);
        world.stream(20);
        world.run_for(Duration::from_millis(100));
        assert_eq!(world.clients[1].numbers_of(ANNA_VIDEO).len(), 20, "{profile:?}");
        assert_eq!(world.clients[0].numbers_of(BORIS_AUDIO).len(), 20, "{profile:?}");
    }
}

#[test]
fn three_see_each_other_on_slots_of_their_own() {
    let mut world = World::new(4);
    for index in 0..3 {
        world.add_client(Flavour::CHROMIUM);
        world.clients[index].publish(Medium::Video, 1000 * (index as u32 + 1));
        world.clients[index].add_slot(Medium::Video);
    }
    world.connect_all();
    world.stream(50);
    world.run_for(Duration::from_millis(200));
    for client in 0..3 {
        let others = (0..3).filter(|other| *other != client).map(|other| 1000 * (other + 1));
        let mut slots = Vec::new();
        for origin in others {
            assert_eq!(world.clients[client as usize].numbers_of(origin), (1..=50).collect::<Vec<_>>());
            let received = &world.clients[client as usize].received;
            slots.push(received.iter().find(|packet| packet.origin == origin).unwrap().mid.clone());
        }
        slots.sort();
        assert_eq!(slots, ["0", "1"], "one slot for each of the others");
    }
}
