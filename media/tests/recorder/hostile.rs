//! Packets as nobody should send them: nothing panics, and what is kept and written stays within bounds.

use proptest::prelude::*;
use staffline_media::recorder::{Source, pipeline::Mix};

use crate::harness::*;

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![Just(Source::Microphone), Just(Source::Camera), Just(Source::Screen)]
}

/// Any number, often one near the ends or near others.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0..3000u64, Just(u64::MAX), (u64::MAX - 3)..u64::MAX]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        Just(dated(5)),
        Just([&[0x10][..], &key_frame(64, 64, 9)].concat()),
        Just([&[0x10][..], &delta_frame(9)].concat()),
        Just(vec![0xff; 1500]),
    ]
}

fn packet() -> impl Strategy<Value = What> {
    (0..20_000_000u64, source(), 0..3u64, number(), number(), any::<bool>(), payload()).prop_map(
        |(at_us, source, generation, index, timestamp, marker, payload)| {
            What::Packet(Packet { at_us, peer: ANNA, source, generation, index, timestamp: timestamp as u32, marker, payload })
        },
    )
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        20 => packet(),
        2 => (0..20_000_000u64, source(), 0..3u64, any::<u64>(), any::<u32>())
            .prop_map(|(at, source, generation, ntp, timestamp)| What::Report(at, ANNA, source, generation, ntp, timestamp)),
        1 => (0..20_000_000u64, source()).prop_map(|(at, source)| What::Ended(at, ANNA, source)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_files_are_files(what in prop::collection::vec(what(), 0..400)) {
        let recorded = record(Mix::On, &[], what, 20_000);
        for (summary, file) in recorded.files(ANNA) {
            file.check();
            prop_assert!(summary.starts_ms + summary.duration_ms <= 20_000, "{summary:?}");
            prop_assert!(file.blocks(1).len() <= 1001 * 8, "no more sound than time");
        }
    }
}

#[test]
fn a_flood_of_jumps_is_no_flood_of_files() {
    let mut random = Random(3);
    let packet = |number: u64| {
        let source = [Source::Microphone, Source::Camera, Source::Screen][number as usize % 3];
        let payload = if number.is_multiple_of(3) { dated(number) } else { [&[0x10][..], &key_frame(64, 64, 1000)].concat() };
        Packet {
            at_us: number * 100,
            peer: ANNA,
            source,
            generation: 1,
            index: number * 700,
            timestamp: random.below(1 << 32) as u32,
            marker: true,
            payload,
        }
    };
    let packets = (0..100_000).map(packet).collect::<Vec<_>>();
    let recorded = record(Mix::On, &[], happens(packets), 10_000);
    let events = recorded.events();
    assert!(events.len() < 500, "{} events in ten seconds", events.len());
    let sound = recorded.files(ANNA).iter().map(|(_, file)| file.blocks(1).len()).sum::<usize>();
    assert!(sound <= 501, "{sound}");
}

#[test]
fn notes_are_lines_of_json() {
    use staffline_media::recorder::{StreamId, pipeline::Pipeline};
    let mut streams = Streams::default();
    let epoch = start();
    let mut pipeline = Pipeline::new(epoch, &[], Mix::Off);
    for note in [r#"{"type":"mute","on":true}"#, " {} ", "{\n\"a\":1\n}", "none", "", "{"] {
        pipeline.note(epoch + std::time::Duration::from_millis(1234), note, &mut streams);
    }
    let events = String::from_utf8(streams.bytes[&StreamId::EVENTS].clone()).unwrap();
    let events = events.lines().skip(1).collect::<Vec<_>>();
    assert_eq!(events, [r#"{"at_ms":1234,"type":"mute","on":true}"#, r#"{"at_ms":1234}"#, r#"{"at_ms":1234,"a":1}"#]);
}
