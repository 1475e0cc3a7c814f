//! Sender and receiver reports, REMB, BYE.

use super::*;
use crate::rtcp::SenderInfo;

const SR: SenderInfo = SenderInfo { ntp: 0x0123_4567_89ab_cdef, rtp_timestamp: 500, packets: 1, octets: 1 };

fn compounds_to_first(show: &mut Show) -> Vec<Vec<u8>> {
    let got = show.subscribers[0].rtcp_got(&show.wire);
    show.wire.clear();
    got
}

#[test]
fn a_sender_report_goes_on_as_each_down_tracks_own() {
    let mut show = Show::new(GCM, 2);
    show.publisher_says(|c| c.sender_report(up_ssrc(1, 0), SR));
    assert!(compounds_to_first(&mut show).is_empty(), "nothing was sent on it yet");
    show.publish(&[0, 1, 2]);
    show.publisher_says(|c| c.sender_report(up_ssrc(1, 0), SR));
    let compound = &compounds_to_first(&mut show)[0];
    let read: Vec<_> = packets(compound).collect();
    let Packet::SenderReport { ssrc, info, .. } = &read[0] else { panic!("{read:?}") };
    assert_eq!(*ssrc, down_ssrc(2, 0));
    assert_eq!((info.ntp, info.rtp_timestamp, info.packets, info.octets), (SR.ntp, 500, 3, 33));
    assert!(compound.windows(5).any(|bytes| bytes == b"slot0"), "the CNAME");

    // The subscriber's answer gives the round trip.
    show.pass(ms(80));
    let block = ReportBlock { ssrc: down_ssrc(2, 0).0, fraction_lost: 26, last_sr: SR.middle_ntp(), ..ReportBlock::default() };
    show.subscriber_says(|c| c.receiver_report(Ssrc(5), &[block]));
    let report = show.room.member_report(show.subscribers[0].member).unwrap();
    assert_eq!((report.round_trip, report.fraction_lost), (Some(ms(80)), 26));
}

#[test]
fn a_publisher_is_told_each_second_how_it_is_received() {
    let mut show = Show::new(GCM, 1);
    let keyframe = show.publisher.rtp(VP8, up_ssrc(1, 0), 10, KEYFRAME);
    relay(&mut show.room, show.now, &[(show.publisher.member, keyframe)], &mut show.wire);
    show.publish(&[11, 13]);
    show.publisher_says(|c| c.sender_report(up_ssrc(1, 0), SR));
    show.pass(ms(990));
    show.publisher.rtcp_got(&show.wire);
    show.wire.clear();
    show.pass(ms(10));
    let compounds = show.publisher.rtcp_got(&show.wire);
    let read: Vec<_> = packets(&compounds[0]).collect();
    let Packet::ReceiverReport { blocks } = read[0].clone() else { panic!("{read:?}") };
    let block = blocks.clone().next().unwrap();
    assert_eq!((block.ssrc, block.highest_sequence, block.cumulative_lost), (up_ssrc(1, 0).0, 13, 1));
    assert_eq!((block.fraction_lost, block.last_sr), (64, SR.middle_ntp()));
    assert_eq!(block.delay_since_last_sr, 65_536);
    assert!(matches!(read[2], Packet::Remb { bitrate } if (2_400_000..=2_500_000).contains(&bitrate)));
}

/// What the publisher may send, in kbit/s, when `n` subscribe and the first has this estimate.
fn told(n: u16, estimates: &[u64]) -> Vec<u64> {
    let mut show = Show::new(GCM, n);
    show.publish(&[0]);
    let told = |estimate: &u64| {
        let estimate = *estimate;
        show.subscriber_says(|c| c.remb(Ssrc(5), estimate, &[down_ssrc(2, 0)]));
        show.pass(ms(1_000));
        let compounds = show.publisher.rtcp_got(&show.wire);
        show.wire.clear();
        let bitrate = compounds.iter().flat_map(|compound| packets(compound)).find_map(|packet| match packet {
            Packet::Remb { bitrate } => Some(bitrate),
            _ => None,
        });
        bitrate.unwrap() / 1_000
    };
    estimates.iter().map(told).collect()
}

#[test]
fn the_bitrate_is_what_the_weakest_subscriber_takes_within_bounds() {
    assert_eq!(told(2, &[800_000, 10_000, 90_000_000]), [800, 150, 2_500]);
}

#[test]
fn in_a_call_of_two_the_picture_gives_way_to_the_sound() {
    assert_eq!(told(1, &[800_000, 40_000, 10_000]), [800, 40, 30]);
}

#[test]
fn who_publishes_nothing_is_told_nothing() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0]);
    show.wire.clear();
    show.pass(Duration::from_secs(5));
    assert!(compounds_to_first(&mut show).is_empty());
}

#[test]
fn a_source_that_says_bye_leaves_its_track_free() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0]);
    let ssrc = up_ssrc(1, 0).0.to_be_bytes();
    let bye = show.publisher.rtcp(&[&[0x81, 203, 0, 1][..], &ssrc].concat());
    relay(&mut show.room, show.now, &[(show.publisher.member, bye)], &mut show.wire);
    show.first_got();
    // A BYE can be wrong: who goes on is taken back, from a keyframe on.
    show.publish(&[1]);
    assert!(show.first_got().is_empty());
    let packet = show.publisher.rtp(VP8, up_ssrc(1, 0), 2, KEYFRAME);
    relay(&mut show.room, show.now, &[(show.publisher.member, packet)], &mut show.wire);
    assert_eq!(show.first_got().len(), 1);
}
