//! A file is as long as the time that has gone by, whatever becomes of the packets, and each packet is in its place.

use std::time::Duration;

use proptest::prelude::*;
use staffline_media::recorder::{
    Source,
    pipeline::{Mix, Pipeline},
};

use crate::harness::*;

/// Where packets of [`dated`] are found in a file, as (date, place), both since the start of the recording.
fn places(recorded: &Recorded) -> Vec<(i64, i64)> {
    let (summary, file) = recorded.file(ANNA);
    let place = |block: &&crate::reading::Block| Some((date(&block.data)? as i64, block.ms + summary.starts_ms as i64));
    file.blocks(1).iter().filter_map(place).collect()
}

/// Checks the length of the only file of Anna's, whose first packet came at `from_ms`.
fn check_length(recorded: &Recorded, from_ms: u64, end_ms: u64) {
    let (summary, file) = recorded.file(ANNA);
    file.check();
    file.check_sound();
    let starts_ms = summary.starts_ms as i64;
    assert!((starts_ms - from_ms as i64).abs() <= 50, "begins at {starts_ms} instead of {from_ms}");
    let sound_ms = file.blocks(1).last().unwrap().ms + 20;
    let wall_ms = end_ms as i64 - starts_ms;
    assert!((wall_ms - 40..=wall_ms).contains(&sound_ms), "{sound_ms} ms of sound in {wall_ms} ms");
    assert!(summary.duration_ms as i64 <= wall_ms);
    assert_eq!(file.duration_ms, Some(summary.duration_ms as f64));
    assert_eq!(summary.bytes, recorded.bytes(summary.stream).len() as u64);
}

/// What the network does to a packet.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Comes(u64),
    Swapped,
    Twice,
    Lost,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => (0..45u64).prop_map(Fate::Comes),
        1 => Just(Fate::Swapped),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Lost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_network_does(fates in prop::collection::vec(fate(), 50..300), from_ms in 0..700u64, rest_ms in 0..400u64) {
        let sent_until_ms = from_ms + 20 * fates.len() as u64;
        let mut packets = Vec::new();
        for (mut packet, fate) in voice(ANNA, from_ms, sent_until_ms, dated).into_iter().zip(&fates) {
            match fate {
                Fate::Comes(late_ms) => packet.at_us += late_ms * 1000,
                Fate::Swapped => packet.at_us += 21_000,
                Fate::Twice => packets.push(Packet { at_us: packet.at_us + 30_000, ..packet.clone() }),
                Fate::Lost => continue,
            }
            packets.push(packet);
        }
        let end_ms = sent_until_ms + rest_ms + 60;
        let mut sent = packets.iter().map(|packet| date(&packet.payload).unwrap() as i64).collect::<Vec<_>>();
        sent.sort_unstable();
        sent.dedup();
        let recorded = record(Mix::Off, &[], happens(packets), end_ms);
        check_length(&recorded, sent[0] as u64, end_ms);
        let places = places(&recorded);
        for (date, place) in &places {
            prop_assert!((-20..=50).contains(&(place - date)), "taken at {date}, placed at {place}");
        }
        let missing = sent.len() - places.len();
        // Sound that was taken before the recording began has no place in it.
        prop_assert!(missing <= usize::from(from_ms < 20), "{missing} packets came and are not there");
    }
}

#[test]
fn packets_of_every_size_are_kept() {
    let sizes = (0..=1275).chain([255, 510, 765, 1020, 1275]).collect::<Vec<usize>>();
    let payload = |ms: u64| {
        let size = sizes[(ms / 20) as usize % sizes.len()];
        let mut payload = vec![0x5a; size];
        payload.iter_mut().take(1).for_each(|toc| *toc = 0xfc);
        payload
    };
    let end_ms = 1000 + 20 * sizes.len() as u64;
    let recorded = record(Mix::Off, &[], happens(voice(ANNA, 1000, end_ms, payload)), end_ms);
    check_length(&recorded, 1000, end_ms);
    let (_, file) = recorded.file(ANNA);
    for (ms, block) in (1000..).step_by(20).zip(file.blocks(1)) {
        let sent = payload(ms);
        // Of nothing becomes a frame of silence.
        let kept = if sent.is_empty() { vec![0xfc] } else { sent };
        assert!(block.data == kept || ms == 1000, "at {ms}");
    }
}

/// Anna speaks for ten seconds, all but from the third to the eighth, where `change` says what she sends. What became of the call of
/// twelve seconds.
fn check_hole(are_lost: bool, change: impl Fn(&mut Packet) -> bool, reason: &str) -> Recorded {
    let mut packets = voice(ANNA, 0, 10_000, dated);
    packets.retain_mut(change);
    for (number, packet) in packets.iter_mut().enumerate().filter(|_| !are_lost) {
        packet.index = 65_500 + number as u64;
    }
    let recorded = record(Mix::Off, &[], happens(packets), 12_000);
    check_length(&recorded, 0, 12_000);
    let gaps = recorded.gaps();
    let (_, from_ms, to_ms, found) = &gaps[0];
    assert_eq!(found, reason, "{gaps:?}");
    assert!((2960..=3020).contains(from_ms) && (7980..=8020).contains(to_ms), "{gaps:?}");
    assert_eq!(recorded.gaps, gaps.len() as u64);
    for (date, place) in places(&recorded) {
        assert!((place - date).abs() <= 20, "taken at {date}, placed at {place}");
    }
    recorded
}

fn is_in_hole(packet: &Packet) -> bool {
    (3_000_000..8_000_000).contains(&(packet.at_us - 20_000))
}

#[test]
fn lost_sound_is_silence_and_told() {
    let recorded = check_hole(true, |packet| !is_in_hole(packet), "loss");
    let gaps = recorded.gaps();
    assert_eq!(gaps.len(), 2, "and the end: {gaps:?}");
    assert_eq!(gaps[1].3, "silence");
}

#[test]
fn a_pause_is_silence_and_told() {
    check_hole(false, |packet| !is_in_hole(packet), "silence");
}

#[test]
fn discontinuous_sound_is_one_silence() {
    // A packet each 400 ms, which says that there is nothing.
    let change = |packet: &mut Packet| {
        if is_in_hole(packet) {
            packet.payload = vec![0xf8];
        }
        !is_in_hole(packet) || (packet.at_us / 20_000).is_multiple_of(20)
    };
    check_hole(false, change, "silence");
}

#[test]
fn a_new_generation_goes_on_in_the_same_file() {
    let change = |packet: &mut Packet| {
        if packet.at_us > 8_000_000 {
            packet.generation = 2;
            packet.timestamp = packet.timestamp.wrapping_add(0x1234_5678);
        }
        !is_in_hole(packet)
    };
    check_hole(false, change, "disconnect");
}

#[test]
fn a_new_generation_that_says_nothing_holds_nothing_up() {
    let mut packets = voice(ANNA, 0, 10_000, dated);
    for packet in packets.iter_mut().skip(150) {
        packet.generation = 2;
        packet.payload = vec![0xff; 100];
    }
    let recorded = record(Mix::Off, &[], happens(packets), 12_000);
    check_length(&recorded, 0, 12_000);
    let writes = recorded.streams.writes.iter().filter(|(stream, _)| stream.0 == 2).count();
    assert!(writes > 20, "silence is written as it lasts: {writes}");
}

#[test]
fn a_pause_in_which_the_senders_clock_stands_still_is_as_long() {
    let change = |packet: &mut Packet| {
        if packet.at_us > 8_000_000 {
            packet.timestamp = packet.timestamp.wrapping_sub(250 * 960);
        }
        !is_in_hole(packet)
    };
    let recorded = check_hole(false, change, "silence");
    assert!(recorded.events().iter().any(|event| event.contains(r#""reason":"jump""#)));
}

#[test]
fn a_clock_that_jumps_ahead_makes_nothing_longer() {
    let mut packets = voice(ANNA, 0, 10_000, dated);
    for packet in packets.iter_mut().skip(200) {
        packet.timestamp = packet.timestamp.wrapping_add(1 << 30);
    }
    let recorded = record(Mix::Off, &[], happens(packets), 10_000);
    check_length(&recorded, 0, 10_000);
    assert_eq!(places(&recorded).len(), 500);
}

#[test]
fn what_was_held_up_for_less_than_a_second_is_all_there() {
    let mut packets = voice(ANNA, 0, 10_000, dated);
    for packet in &mut packets {
        if (4_000_000..4_900_000).contains(&packet.at_us) {
            packet.at_us = 4_900_000 + packet.at_us / 1000;
        }
    }
    let recorded = record(Mix::Off, &[], happens(packets), 10_000);
    check_length(&recorded, 0, 10_000);
    assert_eq!(places(&recorded).len(), 500);
}

/// The end of half an hour with a sender whose clock is off.
fn check_drift(ppm: i64) {
    let real_us = |us: u64| (us as i64 - us as i64 * ppm / 1_000_000) as u64;
    let mut packets = voice(ANNA, 1000, 1_800_000, dated);
    let mut random = Random(7);
    for packet in &mut packets {
        packet.payload = dated(real_us(date(&packet.payload).unwrap() * 1000) / 1000);
        packet.at_us = real_us(packet.at_us) + random.below(20_000);
    }
    let end_ms = real_us(1_800_000_000) / 1000;
    let recorded = record(Mix::Off, &[], happens(packets), end_ms);
    check_length(&recorded, 1000, end_ms);
    let places = places(&recorded);
    for (date, place) in &places {
        assert!((place - date).abs() <= 80, "{ppm}: taken at {date}, placed at {place}");
    }
    // 360 ms too many came, or too few.
    let sent = 1_799_000 / 20;
    assert!((sent - 25..=sent).contains(&places.len()), "{ppm}: {} of {sent}", places.len());
}

#[test]
fn a_fast_clock_does_not_run_ahead() {
    check_drift(200);
}

#[test]
fn a_slow_clock_does_not_fall_behind() {
    check_drift(-200);
}

#[test]
fn who_leaves_has_a_file_up_to_then() {
    let mut what = happens(voice(ANNA, 500, 4000, dated));
    what.extend([What::Join(400_000, ANNA), What::Leave(6_000_000, ANNA), What::Join(6_500_000, BORIS)]);
    what.extend(happens(voice(ANNA, 7000, 8000, dated)));
    let recorded = record(Mix::Off, &[], what, 20_000);
    check_length(&recorded, 500, 6_000);
    assert_eq!(recorded.gaps()[0].3, "disconnect");
    let events = recorded.events();
    for (event, kind) in [(1, "join"), (events.len() - 2, "join"), (events.len() - 3, "leave")] {
        assert!(events[event].contains(&format!("\"type\":\"{kind}\"")), "{events:#?}");
    }
    assert_eq!(number(&events[1], "at_ms"), 400);
}

#[test]
fn a_call_too_short_to_settle_is_there() {
    let recorded = record(Mix::Off, &[], happens(voice(ANNA, 20, 100, dated)), 110);
    check_length(&recorded, 20, 110);
    assert_eq!(places(&recorded).len(), 4);
    assert_eq!(recorded.file(ANNA).0.sources, [Source::Microphone]);
}

#[test]
fn packets_that_waited_for_us_are_all_there() {
    // We were held up for five seconds, and are handed what came meanwhile bit by bit, while time goes on.
    let epoch = start();
    let at = |ms: u64| epoch + Duration::from_millis(ms);
    let (mut pipeline, mut streams) = (Pipeline::new(epoch, &[], Mix::Off), Streams::default());
    let mut now_ms = 8000;
    for (number, packet) in voice(ANNA, 0, 10_000, dated).into_iter().enumerate() {
        let came_ms = packet.at_us / 1000;
        if (3000..8000).contains(&came_ms) || came_ms + 100 < now_ms {
            if number % 10 == 0 {
                now_ms += 100;
                pipeline.tick(at(now_ms), &mut streams);
            }
        } else if number % 5 == 0 {
            pipeline.tick(at(came_ms), &mut streams);
        }
        happen(&mut pipeline, &mut streams, at(came_ms), What::Packet(packet));
    }
    let (summaries, gaps) = pipeline.finish(at(10_000), &mut streams);
    let recorded = Recorded { streams, summaries, gaps, wishes: vec![] };
    check_length(&recorded, 0, 10_000);
    assert_eq!(places(&recorded).len(), 500);
}
