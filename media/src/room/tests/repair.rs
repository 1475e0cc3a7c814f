//! Loss on both sides, and keyframes.

use super::*;

#[test]
fn a_nack_is_answered_over_rtx() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0, 1, 2, 3]);
    let sent = show.first_got();
    show.subscriber_says(|c| c.nack(Ssrc(5), down_ssrc(2, 0), &[sent[1].index as u16, sent[2].index as u16]));
    let again = show.first_got();
    assert_eq!(again.len(), 2);
    for (repeat, original) in again.iter().zip(&sent[1..]) {
        assert_eq!((repeat.payload_type, repeat.ssrc), (RTX, Ssrc(down_ssrc(2, 0).0 | 1)));
        assert_eq!(repeat.timestamp, original.timestamp);
        assert_eq!(repeat.payload, [&(original.index as u16).to_be_bytes()[..], &original.payload].concat());
    }
    assert_eq!(show.room.report().retransmitted_packets, 2);
}

#[test]
fn without_rtx_the_same_bytes_are_sent_again() {
    for profile in [GCM, CM] {
        let mut show = Show::new(profile, 1);
        let mut media = video(2, false, true);
        media.lines[0].down.as_mut().unwrap().rtx_ssrc = None;
        show.room.reconfigure(show.subscribers[0].member, media);
        show.publish(&[65_534, 65_535, 65_536]);
        let sealed = show.wire.to(show.subscribers[0].route);
        let sent = show.first_got();
        show.subscriber_says(|c| c.nack(Ssrc(5), down_ssrc(2, 0), &[sent[1].index as u16]));
        assert_eq!(show.wire.to(show.subscribers[0].route), [sealed[1].clone()]);
    }
}

#[test]
fn a_nack_for_what_was_never_sent_is_ignored() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0]);
    show.first_got();
    show.subscriber_says(|c| c.nack(Ssrc(5), down_ssrc(2, 0), &(0..250).map(|n| n * 200).collect::<Vec<_>>()));
    show.subscriber_says(|c| c.nack(Ssrc(5), Ssrc(4_711), &[1]));
    assert!(show.first_got().len() <= 1);
}

#[test]
fn what_the_publisher_lost_is_asked_for_and_forwarded_in_its_place() {
    let mut show = Show::new(GCM, 2);
    show.publish(&[0, 1]);
    show.publish(&[4, 5, 3]);
    let sent = show.first_got();
    let first = sent[0].index;
    assert_eq!(sent.iter().map(|packet| packet.index - first).collect::<Vec<_>>(), [0, 1, 4, 5, 3]);
    assert_eq!(show.asked_of_publisher().0, [0; 0]);
    show.pass(ms(10));
    let (lost, _) = show.asked_of_publisher();
    assert_eq!(lost, [2]);

    let payload = [&2u16.to_be_bytes()[..], DELTA, &2u64.to_be_bytes()].concat();
    let repeat = show.publisher.rtp_with([0x80, RTX], 0, 6_000, rtx_ssrc(1, 0), &[], &payload);
    relay(&mut show.room, show.now, &[(show.publisher.member, repeat)], &mut show.wire);
    let got = show.first_got();
    assert_eq!((got[0].index - first, got[0].timestamp, &got[0].payload[..3]), (2, 6_000, DELTA));
    show.pass(ms(500));
    assert_eq!(show.asked_of_publisher().0, [0; 0]);

    // And by NACK from the cache, as if it had never been away.
    show.subscriber_says(|c| c.nack(Ssrc(5), down_ssrc(2, 0), &[(first + 2) as u16]));
    assert_eq!(show.first_got().len(), 1);
}

#[test]
fn a_packet_that_comes_twice_is_forwarded_once() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0, 2]);
    assert_eq!(show.first_got().len(), 2);
    // By RTX with another content: the first one counts, or one index would be sealed twice.
    for (sequence, osn) in [(0, 2u16), (1, 0)] {
        let payload = [&osn.to_be_bytes()[..], b"something else"].concat();
        let repeat = show.publisher.rtp_with([0x80, RTX], sequence, 0, rtx_ssrc(1, 0), &[], &payload);
        relay(&mut show.room, show.now, &[(show.publisher.member, repeat)], &mut show.wire);
    }
    // RTX first, the late original second.
    let payload = [&1u16.to_be_bytes()[..], b"one"].concat();
    let repeat = show.publisher.rtp_with([0x80, RTX], 2, 3_000, rtx_ssrc(1, 0), &[], &payload);
    relay(&mut show.room, show.now, &[(show.publisher.member, repeat)], &mut show.wire);
    show.publish(&[1]);
    let got = show.first_got();
    assert_eq!(got.iter().map(|packet| &packet.payload[..]).collect::<Vec<_>>(), [b"one"]);
    assert_eq!(show.room.report().drops.replayed, 3);
}

#[test]
fn padding_that_probes_the_bandwidth_is_no_packet() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0]);
    show.first_got();
    let probe = show.publisher.rtp_with([0x80 | 0x20, RTX], 0, 0, rtx_ssrc(1, 0), &[], &[[0; 223].as_slice(), &[224]].concat());
    relay(&mut show.room, show.now, &[(show.publisher.member, probe)], &mut show.wire);
    assert!(show.first_got().is_empty());
    assert_eq!(show.room.report().media_packets_dropped, 0);
}

#[test]
fn keyframe_requests_are_throttled_and_repeated_until_one_comes() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0]);
    // A new source, and a new subscriber.
    assert_eq!(show.asked_of_publisher().1, 1);
    for _ in 0..20 {
        show.subscriber_says(|c| {
            c.pli(Ssrc(5), down_ssrc(2, 0));
            c.fir(Ssrc(5), down_ssrc(2, 0), 1);
        });
        show.pass(ms(20));
    }
    assert_eq!(show.asked_of_publisher().1, 0);
    show.pass(ms(100));
    assert_eq!(show.asked_of_publisher().1, 1, "the pending one");
    show.pass(ms(10));
    show.publish(&[1]);
    show.pass(ms(990));
    assert_eq!(show.asked_of_publisher().1, 1, "again");
    let keyframe = show.publisher.rtp(VP8, up_ssrc(1, 0), 2, KEYFRAME);
    relay(&mut show.room, show.now, &[(show.publisher.member, keyframe)], &mut show.wire);
    show.pass(Duration::from_secs(20));
    assert_eq!(show.asked_of_publisher().1, 0);
    assert_eq!(show.room.report().keyframe_requests, 3);
}

#[test]
fn a_new_subscriber_gets_a_keyframe_asked_for() {
    let mut show = Show::new(GCM, 1);
    let keyframe = show.publisher.rtp(VP8, up_ssrc(1, 0), 0, KEYFRAME);
    relay(&mut show.room, show.now, &[(show.publisher.member, keyframe)], &mut show.wire);
    assert_eq!(show.asked_of_publisher().1, 0);
    Client::join(&mut show.room, GCM, 7, video(7, false, true));
    show.publish(&[1]);
    assert_eq!(show.asked_of_publisher().1, 1);
}

#[test]
fn a_gap_too_large_to_repair_asks_for_a_keyframe() {
    let mut show = Show::new(GCM, 1);
    let keyframe = show.publisher.rtp(VP8, up_ssrc(1, 0), 0, KEYFRAME);
    relay(&mut show.room, show.now, &[(show.publisher.member, keyframe)], &mut show.wire);
    show.publish(&[500]);
    show.pass(ms(100));
    assert_eq!(show.asked_of_publisher(), (vec![], 1));
}
