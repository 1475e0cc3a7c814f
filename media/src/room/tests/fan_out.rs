//! Every packet to everybody, unchanged but for what must change.

use super::*;

#[test]
fn one_publisher_reaches_50_subscribers() {
    for profile in [GCM, CM] {
        let mut show = Show::new(profile, 50);
        for start in (0..200).step_by(10) {
            show.publish(&(start..start + 10).collect::<Vec<_>>());
        }
        for subscriber in &mut show.subscribers {
            let got = subscriber.rtp_got(&show.wire);
            assert_eq!(got.len(), 200);
            for (index, packet) in got.iter().enumerate() {
                assert_eq!(packet.payload, [DELTA, &(index as u64).to_be_bytes()].concat());
                assert_eq!(packet.index, got[0].index + index as u64);
                assert_eq!(packet.timestamp, 3_000 * index as u32);
            }
        }
        assert_eq!(show.room.report().media_packets_dropped, 0);
        assert_eq!(show.room.member_report(show.publisher.member).map(|report| report.rtp_in), Some(200));
        assert_eq!(show.room.member_report(show.subscribers[49].member).map(|report| report.rtp_out), Some(200));
    }
}

#[test]
fn eight_hear_and_see_eight() {
    let mut room = Room::new();
    let mut wire = Wire::default();
    let mut clients: Vec<_> = (1..=8).map(|n| Client::join(&mut room, GCM, n, two_way(n, 6))).collect();
    for index in 0..50u64 {
        let speak = |(client, n): (&Client, u16)| {
            let content = [&[0x10, 0][..], &[n as u8], &index.to_be_bytes()].concat();
            [
                (client.member, client.rtp(OPUS, up_ssrc(n, 0), 65_500 + index, &content)),
                (client.member, client.rtp(VP8, up_ssrc(n, 1), index, &content)),
            ]
        };
        let packets: Vec<_> = clients.iter().zip(1..).flat_map(speak).collect();
        relay(&mut room, begin(), &packets, &mut wire);
    }
    assert_eq!(room.report().unplaced_publications, 0);
    for (client, n) in clients.iter_mut().zip(1u8..) {
        let got = client.rtp_got(&wire);
        assert_eq!(got.len(), 7 * 2 * 50);
        for line in 0..14 {
            let track: Vec<_> = got.iter().filter(|packet| packet.ssrc == down_ssrc(n.into(), line)).collect();
            let publisher = track[0].payload[2];
            assert_ne!(publisher, n);
            assert_eq!(track.len(), 50);
            for (index, packet) in track.iter().enumerate() {
                assert_eq!(packet.payload, [&[0x10, 0][..], &[publisher], &(index as u64).to_be_bytes()].concat());
                assert_eq!(packet.index, track[0].index + index as u64);
            }
            // A publisher's audio and video stand in one slot.
            let video: Vec<_> = got.iter().filter(|packet| packet.ssrc == down_ssrc(n.into(), line | 1)).collect();
            assert_eq!(video[0].payload[2], publisher);
        }
    }
}

#[test]
fn what_goes_to_one_address_is_one_run() {
    let mut show = Show::new(GCM, 5);
    show.publish(&[0, 1, 2]);
    let routes: Vec<_> = show.wire.routes().filter(|to| *to != show.publisher.route).collect();
    let expected: Vec<_> = show.subscribers.iter().flat_map(|subscriber| [subscriber.route; 3]).collect();
    assert_eq!(routes, expected);
}

#[test]
fn payload_types_are_each_members_own() {
    let mut room = Room::new();
    let mut wire = Wire::default();
    let mut firefox_media = two_way(2, 0);
    firefox_media.lines[0].payload_type = FIREFOX_OPUS;
    firefox_media.lines[1].payload_type = FIREFOX_VP8;
    let mut chromium = Client::join(&mut room, GCM, 1, two_way(1, 0));
    let mut firefox = Client::join(&mut room, CM, 2, firefox_media);
    let packets = [
        (chromium.member, chromium.rtp(OPUS, up_ssrc(1, 0), 5, b"a")),
        (chromium.member, chromium.rtp(VP8, up_ssrc(1, 1), 5, KEYFRAME)),
        (firefox.member, firefox.rtp(FIREFOX_OPUS, up_ssrc(2, 0), 5, b"a")),
        (firefox.member, firefox.rtp(FIREFOX_VP8, up_ssrc(2, 1), 5, KEYFRAME)),
    ];
    relay(&mut room, begin(), &packets, &mut wire);
    let types = |got: Vec<Got>| got.iter().map(|packet| packet.payload_type).collect::<Vec<_>>();
    assert_eq!(types(chromium.rtp_got(&wire)), [OPUS, VP8]);
    assert_eq!(types(firefox.rtp_got(&wire)), [FIREFOX_OPUS, FIREFOX_VP8]);
}

#[test]
fn marker_and_padding_stay_and_csrcs_and_extensions_go() {
    let mut show = Show::new(GCM, 1);
    let tail = [0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0];
    let packet = show.publisher.rtp_with([0x80 | 0x20 | 0x10 | 1, 0x80 | VP8], 7, 5, up_ssrc(1, 0), &tail, b"payload\x00\x02");
    relay(&mut show.room, show.now, &[(show.publisher.member, packet)], &mut show.wire);
    let got = show.first_got();
    assert_eq!((got[0].marker, got[0].padding, &got[0].payload[..]), (true, true, &b"payload\x00\x02"[..]));
}

#[test]
fn an_unannounced_source_is_known_by_its_mid_or_its_payload_type() {
    let mut room = Room::new();
    let mut wire = Wire::default();
    let mut media = MediaDescription {
        lines: vec![
            line(1, 0, Kind::Video, true, false),
            line(1, 1, Kind::Video, true, false),
            line(1, 2, Kind::Audio, true, false),
        ],
    };
    for line in &mut media.lines {
        line.up = Some(UpDescription::default());
    }
    let publisher = Client::join(&mut room, GCM, 1, media);
    let slots =
        [0, 1].map(|nth| line(2, nth, Kind::Video, false, true)).into_iter().chain([line(2, 2, Kind::Audio, false, true)]);
    let mut subscriber = Client::join(&mut room, GCM, 2, MediaDescription { lines: slots.collect() });
    // The second video by its mid, "1"; then the first by what is left, and the audio by its payload type.
    let mid = [0xbe, 0xde, 0, 1, 0x40, b'1', 0, 0];
    let packets = [
        (publisher.member, publisher.rtp_with([0x90, VP8], 5, 0, Ssrc(500), &mid, b"screen")),
        (publisher.member, publisher.rtp(VP8, Ssrc(600), 5, b"camera")),
        (publisher.member, publisher.rtp(OPUS, Ssrc(700), 5, b"voice")),
        (publisher.member, publisher.rtp(VP8, Ssrc(800), 5, b"one too many")),
        (publisher.member, publisher.rtp(RTX, Ssrc(601), 5, &[&4u16.to_be_bytes()[..], b"late"].concat())),
    ];
    relay(&mut room, begin(), &packets, &mut wire);
    let got: Vec<_> = subscriber.rtp_got(&wire).into_iter().map(|packet| (packet.ssrc, packet.payload)).collect();
    assert_eq!(
        got,
        [(down_ssrc(2, 1), b"screen".to_vec()), (down_ssrc(2, 0), b"camera".to_vec()), (down_ssrc(2, 2), b"voice".to_vec()),]
    );
    assert_eq!(room.report().drops.unwanted, 1);
}

#[test]
fn a_silent_source_can_be_followed_by_another() {
    let mut show = Show::new(GCM, 1);
    let mut media = video(1, true, false);
    media.lines[0].up = Some(UpDescription::default());
    show.room.reconfigure(show.publisher.member, media);
    let say = |show: &mut Show, ssrc, index, payload| {
        let packet = show.publisher.rtp(VP8, Ssrc(ssrc), index, payload);
        relay(&mut show.room, show.now, &[(show.publisher.member, packet)], &mut show.wire);
        show.first_got().len()
    };
    assert_eq!(say(&mut show, 10, 5, KEYFRAME), 1);
    assert_eq!(say(&mut show, 20, 5, KEYFRAME), 0, "the first is still there");
    show.pass(ms(1_500));
    assert_eq!(say(&mut show, 20, 6, KEYFRAME), 1);
    assert_eq!(say(&mut show, 10, 6, DELTA), 0);
    // What the first source sent cannot be played again, even when it has its track back.
    show.pass(ms(1_500));
    assert_eq!(say(&mut show, 10, 5, KEYFRAME), 0);
    assert_eq!(say(&mut show, 10, 7, KEYFRAME), 1);
}

#[test]
fn nothing_is_sent_before_keys_and_route() {
    let mut show = Show::new(GCM, 1);
    let member = show.subscribers[0].member;
    show.room.set_route(member, None);
    show.publish(&[0, 1]);
    assert!(show.wire.to(show.subscribers[0].route).is_empty());
    show.room.set_route(member, Some(show.subscribers[0].route));
    show.publish(&[2]);
    assert_eq!(show.first_got().len(), 1);

    let late = show.room.add_member(PeerId(9), video(9, false, true));
    show.room.set_route(late, Some(route(9)));
    show.publish(&[3]);
    assert!(show.wire.to(route(9)).is_empty());
}

#[test]
fn the_same_keys_again_change_nothing_and_new_ones_begin_at_roll_over_count_0() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0]);
    let member = show.subscribers[0].member;
    let first = show.first_got()[0].index;
    show.room.set_keys(member, keys(GCM, 2));
    show.publish(&[1]);
    assert_eq!(show.first_got()[0].index, first + 1);

    // 70,000 packets later the roll-over count is 1.
    for start in (2..70_000).step_by(500) {
        show.publish(&(start..start + 500).collect::<Vec<_>>());
        show.first_got();
    }
    show.room.set_keys(member, keys(CM, 2));
    let again = crate::srtp::Opener::new(CM, &keys(CM, 2).tx);
    let packet = show.publisher.rtp(VP8, up_ssrc(1, 0), 70_500, KEYFRAME);
    relay(&mut show.room, show.now, &[(show.publisher.member, packet)], &mut show.wire);
    let mut sent = show.wire.to(route(2)).remove(0);
    let opened = again.open_rtp(&mut crate::srtp::ReplayWindow::default(), 12, &mut sent).unwrap();
    assert!(opened.index < 65_536);
}
