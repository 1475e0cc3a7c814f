//! Continuity of a down track: over gaps, disorder, publishers and roll-overs.

use std::{collections::HashMap, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{room::Feedback, testing::begin, track::Mid};

fn line(kind: Kind, payload_type: u8) -> MediaLine {
    MediaLine {
        mid: Mid("0".into()),
        kind,
        payload_type,
        red_payload_type: None,
        rtx_payload_type: Some(97),
        clock_rate: 90_000,
        feedback: Feedback::default(),
        mid_extension: None,
        extensions: crate::room::Extensions::default(),
        up: None,
        down: None,
    }
}

fn description(rtx: bool) -> DownDescription {
    DownDescription { ssrc: Ssrc(77), rtx_ssrc: rtx.then_some(Ssrc(78)), cname: "c".into() }
}

fn track(kind: Kind) -> DownTrack {
    DownTrack::new(&line(kind, 96), &description(false))
}

fn packet(generation: u64, index: u64) -> MediaPacket {
    let timestamp = 1_000 * generation as u32 + 3_000 * index as u32;
    MediaPacket {
        generation: Generation(generation),
        index,
        timestamp,
        marker: false,
        padding: false,
        starts_keyframe: false,
        descriptor: Default::default(),
        audio_level: None,
        playout_delay: PlayoutDelay::default(),
    }
}

fn indexes(track: &mut DownTrack, generation: u64, from: &[u64]) -> Vec<Option<u64>> {
    let now = begin();
    let first = track.splice.next_index;
    from.iter()
        .map(|index| track.place(now, &packet(generation, *index), 100).map(|placed| placed.index.wrapping_sub(first)))
        .collect()
}

#[test]
fn gaps_and_disorder_are_kept() {
    let mut track = track(Kind::Video);
    let got = indexes(&mut track, 1, &[70_000, 70_001, 70_004, 70_003, 70_005]);
    assert_eq!(got, [Some(0), Some(1), Some(4), Some(3), Some(5)]);
}

#[test]
fn the_first_index_has_roll_over_count_0() {
    for ssrc in [0, 1, 77, u32::MAX, 0x8000_0000] {
        let down = DownDescription { ssrc: Ssrc(ssrc), ..description(false) };
        let track = DownTrack::new(&line(Kind::Audio, 111), &down);
        assert!(track.splice.next_index < 1 << 15 && track.next_rtx_index < 1 << 15, "{ssrc}");
    }
}

#[test]
fn what_came_before_the_first_packet_is_left_out() {
    let mut track = track(Kind::Audio);
    assert_eq!(indexes(&mut track, 1, &[100, 99, 101]), [Some(0), None, Some(1)]);
}

#[test]
fn another_publisher_goes_on_where_the_last_one_was() {
    let mut track = track(Kind::Audio);
    let t0 = begin();
    let a = track.place(t0, &packet(1, 500), 100).unwrap();
    let b = track.place(t0 + Duration::from_millis(100), &packet(2, 9), 100).unwrap();
    let c = track.place(t0 + Duration::from_millis(120), &packet(2, 10), 100).unwrap();
    assert_eq!((b.index, c.index), (a.index + 1, a.index + 2));
    assert_eq!(b.header.timestamp.wrapping_sub(a.header.timestamp), 9_000);
    assert_eq!(c.header.timestamp.wrapping_sub(b.header.timestamp), 3_000);
}

#[test]
fn another_publishers_video_begins_with_a_keyframe() {
    let mut track = track(Kind::Video);
    assert!(track.place(begin(), &packet(1, 1), 100).is_some(), "nobody was shown before");
    assert!(track.place(begin(), &packet(2, 7), 100).is_none());
    assert!(track.place(begin(), &MediaPacket { starts_keyframe: true, ..packet(2, 8) }, 100).is_some());
    assert!(track.place(begin(), &packet(2, 9), 100).is_some());
    assert!(track.place(begin(), &packet(1, 2), 100).is_none(), "a late packet of the first");
}

#[test]
fn a_gap_too_large_is_closed() {
    let mut track = track(Kind::Video);
    assert_eq!(indexes(&mut track, 1, &[5, 40_000, 39_999, 40_001]), [Some(0), Some(1), None, Some(2)]);
}

#[test]
fn a_nack_finds_its_packet_over_the_wrap_but_not_before_the_mapping() {
    let mut track = track(Kind::Video);
    track.splice.next_index = 65_534;
    for index in 10..16 {
        track.place(begin(), &packet(1, index), 100);
    }
    assert_eq!(track.lost(65_534).map(|lost| lost.up_index), Some(10));
    assert_eq!(track.lost(1).map(|lost| lost.up_index), Some(13));
    assert_eq!(track.lost(65_533), None);
    // Not sent yet: it is taken for one of half a cycle ago.
    assert_eq!(track.lost(4), None);
}

#[test]
fn a_resend_is_the_same_packet_or_goes_over_rtx() {
    let cached = CachedPacket { timestamp: 3_000, marker: true, padding: true, payload: b"abc" };
    let original = MediaPacket { marker: true, padding: true, timestamp: 3_000, ..packet(1, 1) };

    let mut plain = track(Kind::Video);
    let sent = plain.place(begin(), &original, 3).unwrap();
    let lost = plain.lost(sent.header.sequence).unwrap();
    assert_eq!(plain.resend(lost, &cached, false), Some(Retransmission { placed: sent, original: None }));

    let mut rtx = DownTrack::new(&line(Kind::Video, 96), &description(true));
    let sent = rtx.place(begin(), &original, 3).unwrap();
    let lost = rtx.lost(sent.header.sequence).unwrap();
    let [first, second] = [(); 2].map(|()| rtx.resend(lost, &cached, false).unwrap());
    assert_eq!(first.original, Some(sent.header.sequence));
    assert_eq!((first.placed.header.ssrc, first.placed.header.payload_type), (Ssrc(78), 97));
    assert_eq!(first.placed.header.timestamp, sent.header.timestamp);
    assert_eq!(second.placed.index, first.placed.index + 1);
}

#[test]
fn a_subscriber_cannot_have_more_sent_again_than_its_share() {
    let mut track = track(Kind::Video);
    let sent = track.place(begin(), &packet(1, 1), 1_000).unwrap();
    let lost = track.lost(sent.header.sequence).unwrap();
    let cached = CachedPacket { timestamp: 0, marker: false, padding: false, payload: &[0; 1_000] };
    let resent = (0..10_000).filter(|_| track.resend(lost, &cached, false).is_some()).count();
    assert_eq!(resent, RESEND_BURST / 1_000);
    for index in 2..12 {
        track.place(begin(), &packet(1, index), 1_000);
    }
    let resent = (0..10_000).filter(|_| track.resend(lost, &cached, false).is_some()).count();
    assert_eq!(resent, 5);
}

#[test]
fn another_payload_type_never_reuses_an_index() {
    let mut track = track(Kind::Audio);
    let before = track.place(begin(), &packet(1, 1), 100).unwrap();
    track.configure(&line(Kind::Audio, 109), &description(false));
    assert_eq!(track.lost(before.header.sequence), None);
    let after = track.place(begin(), &packet(1, 2), 100).unwrap();
    assert_eq!((after.index, after.header.payload_type), (before.index + 1, 109));
    assert!(track.place(begin(), &packet(1, 1), 100).is_none());
}

#[test]
fn other_extensions_never_reuse_an_index_and_what_is_numbered_goes_again_over_rtx_only() {
    let mut track = track(Kind::Video);
    let before = track.place(begin(), &packet(1, 1), 3).unwrap();
    let numbered = Extensions { transport_sequence: Some(3), ..Extensions::default() };
    track.configure(&MediaLine { extensions: numbered, ..line(Kind::Video, 96) }, &description(false));
    assert_eq!(track.lost(before.header.sequence), None);
    let after = track.place(begin(), &MediaPacket { starts_keyframe: true, ..packet(1, 2) }, 3).unwrap();
    assert_eq!(after.index, before.index + 1);
    let lost = track.lost(after.header.sequence).unwrap();
    let cached = CachedPacket { timestamp: 0, marker: false, padding: false, payload: b"abc" };
    assert_eq!(track.resend(lost, &cached, false), None);
    track.configure(&MediaLine { extensions: numbered, ..line(Kind::Video, 96) }, &description(true));
    assert!(track.resend(lost, &cached, false).is_some_and(|again| again.original.is_some()));
}

#[test]
fn sender_reports_carry_the_tracks_own_time_and_counts() {
    let mut track = track(Kind::Audio);
    let t0 = begin();
    let info = SenderInfo { ntp: 0x0001_0002_0003_0004, rtp_timestamp: 50, packets: 999, octets: 999 };
    assert_eq!(track.sender_report(t0, Generation(1), info), None);
    let first = track.place(t0, &packet(1, 1), 100).unwrap();
    track.place(t0, &packet(2, 1), 60).unwrap();
    assert_eq!(track.sender_report(t0, Generation(1), info), None, "of the publisher that was shown before");
    let ours = track.sender_report(t0, Generation(2), info).unwrap();
    let offset = ours.rtp_timestamp.wrapping_sub(50);
    assert_eq!(offset.wrapping_add(packet(2, 1).timestamp), first.header.timestamp + 1_800);
    assert_eq!((ours.ntp, ours.packets, ours.octets), (info.ntp, 2, 160));

    let block =
        ReportBlock { last_sr: info.middle_ntp(), delay_since_last_sr: 65_536 / 4, fraction_lost: 9, ..ReportBlock::default() };
    track.receiver_report(t0 + Duration::from_millis(300), &block);
    assert_eq!(track.round_trip(), Some(Duration::from_millis(50)));
    assert_eq!(track.fraction_lost(), 9);
}

#[test]
fn on_a_line_that_loses_pictures_wait_for_a_second_repair() {
    let t0 = begin();
    let mut track = track(Kind::Video);
    track.place(t0, &packet(1, 100), 80).unwrap();
    let info = SenderInfo { ntp: 7 << 16, rtp_timestamp: 50, packets: 9, octets: 9 };
    track.sender_report(t0, Generation(1), info).unwrap();
    let mut report = |fraction_lost| {
        let block = ReportBlock { last_sr: info.middle_ntp(), fraction_lost, ..ReportBlock::default() };
        track.receiver_report(t0 + Duration::from_millis(160), &block);
        track.playout_delay()
    };
    assert_eq!(report(13), PlayoutDelay::default(), "once");
    let waits = (0..20).map(|_| report(13)).last();
    assert_eq!(waits, Some(PlayoutDelay::at_least(Duration::from_millis(320))));
    let waits = (0..20).map(|_| report(0)).last();
    assert_eq!(waits, Some(PlayoutDelay::default()));
}

proptest! {
    /// Whatever comes in whatever order, an index stands for one packet of one publisher.
    #[test]
    fn no_index_is_used_twice(steps in prop::collection::vec((0u64..4, 0u64..3_000, any::<bool>()), 1..300)) {
        let mut track = track(Kind::Video);
        let mut used: HashMap<u64, (u64, u64)> = HashMap::new();
        let mut generation = 0;
        for (switch, index, starts_keyframe) in steps {
            // Generations go up: a publisher that comes back has a new one.
            generation += u64::from(switch == 0);
            let packet = MediaPacket { starts_keyframe, ..packet(generation, index) };
            if let Some(placed) = track.place(begin(), &packet, 100) {
                let known = used.insert(placed.index, (generation, index));
                prop_assert!(known.is_none_or(|known| known == (generation, index)), "{known:?} {generation} {index}");
            }
        }
    }
}

/// The same layer may come back: then its packets have other times and numbers, and without RTX would go out under an index that was used.
#[test]
fn a_packet_of_a_run_that_is_over_is_not_sent_again() {
    let key = |generation, index| MediaPacket { starts_keyframe: true, ..packet(generation, index) };
    let cached = CachedPacket { timestamp: 3_000, marker: false, padding: false, payload: b"abc" };
    for rtx in [false, true] {
        let mut track = DownTrack::new(&line(Kind::Video, 96), &description(rtx));
        let sent = track.place(begin(), &key(1, 1), 3).unwrap();
        let lost = track.lost(sent.header.sequence).unwrap();
        assert!(track.resend(lost, &cached, false).is_some());
        track.place(begin(), &key(2, 5), 3).unwrap();
        track.place(begin(), &key(1, 9), 3).unwrap();
        assert_eq!(track.resend(lost, &cached, false), None);
    }
}
