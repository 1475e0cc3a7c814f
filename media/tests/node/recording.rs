//! What the recorder is given of a room: everything that comes in, once, from the moment it is asked for until it is asked no more.

use std::time::Duration;

use staffline_media::control::{Command, PeerId, RoomId};
use staffline_media::recorder::{RecordingKey, RecordingPlan, Source};

use crate::harness::{Flavour, Medium, Noted, World};

const ROOM: RoomId = RoomId(1);

fn start(world: &mut World) {
    let plan = RecordingPlan { id: 1, folder: "unused".into(), key: RecordingKey([0; 32]), notice: Vec::new(), clock: None };
    world.command(Command::StartRecording { room: ROOM, plan });
}

/// Two clients with sound, camera and screen.
fn three_tracks_each(seed: u64) -> World {
    let mut world = World::new(seed);
    for (client, flavour) in [Flavour::CHROMIUM, Flavour::FIREFOX].into_iter().enumerate() {
        let index = world.add_client(flavour);
        for (medium, number) in [(Medium::Audio, 1), (Medium::Video, 2), (Medium::Video, 3)] {
            world.clients[index].publish(medium, 1000 * (client as u32 + 1) + number);
        }
    }
    world
}

fn indexes(world: &World, of: PeerId, which: Source) -> Vec<u64> {
    let packet = |noted: &Noted| match noted {
        Noted::Packet { peer, source, index, .. } if (*peer, *source) == (of, which) => Some(*index),
        _ => None,
    };
    world.recorded.iter().filter_map(packet).collect()
}

fn packets(world: &World) -> usize {
    world.recorded.iter().filter(|noted| matches!(noted, Noted::Packet { .. })).count()
}

#[test]
fn every_packet_of_every_source_is_recorded_once_though_the_network_loses_and_doubles_some() {
    let mut world = three_tracks_each(1);
    start(&mut world);
    world.connect_all();
    world.stream(50);
    world.run_for(Duration::from_millis(300));
    assert!(world.recorded.contains(&Noted::Joined(PeerId(0))) && world.recorded.contains(&Noted::Joined(PeerId(1))));
    for peer in [PeerId(0), PeerId(1)] {
        for source in [Source::Microphone, Source::Camera, Source::Screen] {
            let mut indexes = indexes(&world, peer, source);
            assert_eq!(indexes.len(), 50, "{peer:?} {source:?}");
            indexes.sort_unstable();
            indexes.dedup();
            assert_eq!(indexes.len(), 50, "{peer:?} {source:?}: none twice");
        }
    }
}

#[test]
fn what_is_recorded_is_what_the_other_hears() {
    let mut world = three_tracks_each(2);
    start(&mut world);
    world.connect_all();
    world.stream(5);
    world.run_for(Duration::from_millis(100));
    let heard: Vec<_> = world.clients[1].received.iter().map(|packet| (packet.origin, packet.number)).collect();
    let word = |payload: &[u8], at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
    for noted in &world.recorded {
        if let Noted::Packet { peer: PeerId(0), payload, .. } = noted {
            assert!(heard.contains(&(word(payload, 2), word(payload, 6))), "recorded, and not forwarded");
            assert_eq!(payload.len(), 600);
        }
    }
    assert_eq!(packets(&world), 30);
}

#[test]
fn nothing_is_recorded_before_it_is_asked_for_nor_afterwards() {
    let mut world = three_tracks_each(3);
    world.connect_all();
    world.stream(5);
    assert_eq!(world.recorded, []);
    start(&mut world);
    world.stream(5);
    world.run_for(Duration::from_millis(100));
    let during = packets(&world);
    assert!((30..=36).contains(&during), "{during}");
    world.command(Command::StopRecording { room: ROOM });
    world.stream(5);
    world.run_for(Duration::from_millis(100));
    assert_eq!(packets(&world), during);
}

#[test]
fn a_source_that_is_switched_off_or_taken_out_of_the_session_has_ended() {
    let mut world = three_tracks_each(5);
    start(&mut world);
    world.connect_all();
    world.recorded.clear();
    world.command(Command::EndSource { room: world.room, peer: PeerId(0), source: Source::Camera });
    world.command(Command::EndSource { room: world.room, peer: PeerId(7), source: Source::Camera });
    assert_eq!(world.recorded, [Noted::Ended(PeerId(0), Source::Camera)], "of whom there is");
    world.negotiate(1);
    assert_eq!(world.recorded.len(), 1, "nothing is taken out");
    let offer = without_line(&world.clients[1].offer(world.now), 2);
    world.command(Command::Renegotiate { room: world.room, peer: PeerId(1), offer });
    assert_eq!(world.recorded[1..], [Noted::Ended(PeerId(1), Source::Screen)]);
    world.command(Command::StopRecording { room: ROOM });
    world.command(Command::EndSource { room: world.room, peer: PeerId(0), source: Source::Screen });
    assert_eq!(world.recorded.len(), 2, "nobody records any more");
}

#[test]
fn who_is_held_back_is_neither_heard_nor_recorded_and_goes_on_afterwards() {
    let mut world = three_tracks_each(6);
    start(&mut world);
    world.connect_all();
    world.stream(5);
    world.run_for(Duration::from_millis(100));
    let of =
        |world: &World, origin: u32| world.clients[1].received.iter().filter(|packet| packet.origin / 1000 == origin).count();
    let recorded = |world: &World, peer| {
        [Source::Microphone, Source::Camera, Source::Screen].map(|source| indexes(world, peer, source).len())
    };
    assert_eq!((of(&world, 1), recorded(&world, PeerId(0))), (15, [5; 3]));
    world.command(Command::HoldBack { room: world.room, peer: PeerId(0), on: true });
    world.stream(40);
    world.run_for(Duration::from_millis(300));
    assert_eq!((of(&world, 1), recorded(&world, PeerId(0))), (15, [5; 3]), "nothing passed");
    assert_eq!(recorded(&world, PeerId(1)), [45; 3], "of the other all did");
    world.command(Command::HoldBack { room: world.room, peer: PeerId(0), on: false });
    world.stream(5);
    world.run_for(Duration::from_millis(1000));
    assert_eq!((of(&world, 1), recorded(&world, PeerId(0))), (30, [10; 3]), "and nothing of what was held back was sent again");
}

/// The offer with an m-line over which nothing is sent any more.
fn without_line(offer: &str, number: usize) -> String {
    let lines = offer.split("\r\nm=").enumerate().map(|(place, line)| match place == number + 1 {
        true => line.replace("a=sendrecv", "a=recvonly").replace("a=sendonly", "a=inactive"),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\r\nm=")
}

#[test]
fn a_recorded_room_waits_for_who_comes_back_and_ends_with_the_recording() {
    let mut world = three_tracks_each(4);
    start(&mut world);
    assert_eq!(world.report().rooms, 1, "before anybody is there");
    world.connect_all();
    for peer in [PeerId(0), PeerId(1)] {
        world.command(Command::Leave { room: world.room, peer });
    }
    assert!(world.recorded.ends_with(&[Noted::Left(PeerId(0)), Noted::Left(PeerId(1))]));
    assert_eq!(world.report().rooms, 1);
    world.command(Command::StopRecording { room: ROOM });
    assert_eq!(world.report().rooms, 0);
}
