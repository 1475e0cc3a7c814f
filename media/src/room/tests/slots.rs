//! Who is shown where, over joining, leaving and renegotiation.

use super::*;

fn publishers_of(room: &Room, client: &Client) -> Vec<(String, u128)> {
    room.slots(client.member).into_iter().map(|view| (view.mid.0, view.publisher.0)).collect()
}

fn at(mid: &str, publisher: u128) -> (String, u128) {
    (mid.to_owned(), publisher)
}

#[test]
fn each_publisher_takes_one_slot_and_frees_it() {
    let mut room = Room::new();
    let a = Client::join(&mut room, GCM, 1, two_way(1, 1));
    let b = Client::join(&mut room, GCM, 2, two_way(2, 1));
    let c = Client::join(&mut room, GCM, 3, two_way(3, 1));
    assert_eq!(publishers_of(&room, &a), [at("0", 2), at("1", 2), at("2", 3), at("3", 3)]);
    room.remove_member(b.member);
    assert_eq!(publishers_of(&room, &a), [at("2", 3), at("3", 3)]);
    Client::join(&mut room, GCM, 4, two_way(4, 1));
    assert_eq!(publishers_of(&room, &a), [at("0", 4), at("1", 4), at("2", 3), at("3", 3)]);
    assert_eq!(publishers_of(&room, &c), [at("0", 1), at("1", 1), at("2", 4), at("3", 4)]);
    assert_eq!(room.slots(a.member)[1].publisher_mid, Mid("1".into()));
    assert!(room.slots(b.member).is_empty() && room.member_report(b.member).is_none());
}

#[test]
fn who_finds_no_slot_waits_for_one() {
    let mut room = Room::new();
    let a = Client::join(&mut room, GCM, 1, two_way(1, 0));
    let b = Client::join(&mut room, GCM, 2, two_way(2, 0));
    let c = Client::join(&mut room, GCM, 3, two_way(3, 0));
    assert_eq!(room.report().unplaced_publications, 3);
    assert_eq!(publishers_of(&room, &a), [at("0", 2), at("1", 2)]);
    room.remove_member(b.member);
    assert_eq!(publishers_of(&room, &a), [at("0", 3), at("1", 3)]);
    assert_eq!(publishers_of(&room, &c), [at("0", 1), at("1", 1)]);
    assert_eq!(room.report().unplaced_publications, 0);
    room.remove_member(a.member);
    room.remove_member(c.member);
    assert!(room.is_empty());
}

#[test]
fn a_slot_goes_on_with_another_publisher() {
    let mut room = Room::new();
    let mut wire = Wire::default();
    let t0 = begin();
    let mut viewer = Client::join(&mut room, GCM, 9, two_way(9, 0));
    let mut last: Option<(Got, Got)> = None;
    for n in 1..=3u16 {
        let now = t0 + ms(1_000 * u64::from(n));
        let mut publisher = Client::join(&mut room, GCM, n, two_way(n, 0));
        let start = 20_000 * u64::from(n);
        let packets: Vec<_> = [DELTA, KEYFRAME, DELTA]
            .iter()
            .zip(start..)
            .flat_map(|(payload, index)| {
                [
                    (publisher.member, publisher.rtp(OPUS, up_ssrc(n, 0), index, payload)),
                    (publisher.member, publisher.rtp(VP8, up_ssrc(n, 1), index, payload)),
                ]
            })
            .collect();
        relay(&mut room, now, &packets, &mut wire);
        let got = viewer.rtp_got(&wire);
        let (audio, video): (Vec<_>, Vec<_>) = got.into_iter().partition(|packet| packet.payload_type == OPUS);
        assert_eq!(audio.len(), 3);
        // Only the first publisher's video may begin without a keyframe.
        assert_eq!(video.len(), if n == 1 { 3 } else { 2 });
        if let Some((last_audio, last_video)) = &last {
            assert_eq!(audio[0].index, last_audio.index + 1);
            assert_eq!(audio[0].timestamp.wrapping_sub(last_audio.timestamp), 48_000);
            assert_eq!(video[0].index, last_video.index + 1);
            assert_eq!(video[0].payload, KEYFRAME);
            assert_eq!(video[0].timestamp.wrapping_sub(last_video.timestamp), 90_000);
        }
        // It was asked for the keyframe that it sent by itself.
        assert!(publisher.rtcp_got(&wire).is_empty());
        last = audio.last().cloned().zip(video.last().cloned());
        room.remove_member(publisher.member);
        wire.clear();
    }
}

#[test]
fn a_renegotiation_leaves_alone_what_stays() {
    let mut room = Room::new();
    let mut wire = Wire::default();
    let a = Client::join(&mut room, GCM, 1, two_way(1, 0));
    let mut b = Client::join(&mut room, GCM, 2, two_way(2, 1));
    let say = |room: &mut Room, nth, index, wire: &mut Wire, b: &mut Client| {
        wire.clear();
        let payload_type = if nth == 0 { OPUS } else { VP8 };
        relay(room, begin(), &[(a.member, a.rtp(payload_type, up_ssrc(1, nth), index, DELTA))], wire);
        b.rtp_got(wire).pop()
    };
    let audio = say(&mut room, 0, 5, &mut wire, &mut b).unwrap();
    let video = say(&mut room, 1, 5, &mut wire, &mut b).unwrap();

    // The publisher adds a screen: it gets the next slot; the subscriber offers again what it had.
    let mut media = two_way(1, 0);
    media.lines.push(line(1, 2, Kind::Video, true, false));
    room.reconfigure(a.member, media);
    room.reconfigure(b.member, two_way(2, 1));
    assert_eq!(publishers_of(&room, &b), [at("0", 1), at("1", 1), at("3", 1)]);
    assert_eq!(say(&mut room, 0, 6, &mut wire, &mut b).unwrap().index, audio.index + 1);
    assert_eq!(say(&mut room, 1, 6, &mut wire, &mut b).unwrap().index, video.index + 1);
    assert_eq!(say(&mut room, 2, 6, &mut wire, &mut b).unwrap().ssrc, down_ssrc(2, 3));

    // The camera goes, and its source with it.
    let mut media = two_way(1, 0);
    media.lines[1].up = None;
    room.reconfigure(a.member, media);
    assert_eq!(publishers_of(&room, &b), [at("0", 1)]);
    assert_eq!(say(&mut room, 1, 7, &mut wire, &mut b), None);
    assert_eq!(say(&mut room, 0, 7, &mut wire, &mut b).unwrap().index, audio.index + 2);
}

#[test]
fn a_down_track_that_comes_back_goes_on_counting() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[0, 1, 2]);
    let before = show.first_got().pop().unwrap();
    let member = show.subscribers[0].member;
    show.room.reconfigure(member, MediaDescription::default());
    show.publish(&[3]);
    assert!(show.first_got().is_empty());
    show.room.reconfigure(member, video(2, false, true));
    let packet = show.publisher.rtp(VP8, up_ssrc(1, 0), 4, KEYFRAME);
    relay(&mut show.room, show.now, &[(show.publisher.member, packet)], &mut show.wire);
    // The client's check that no index is used twice is what would fail.
    assert!(show.first_got()[0].index > before.index);
}

#[test]
fn two_tracks_with_one_ssrc_are_not_both_sent() {
    let mut room = Room::new();
    let mut wire = Wire::default();
    let publisher = Client::join(&mut room, GCM, 1, two_way(1, 0));
    let mut media = two_way(2, 0);
    media.lines[1].down = media.lines[0].down.clone();
    let mut subscriber = Client::join(&mut room, GCM, 2, media);
    let packets = [
        (publisher.member, publisher.rtp(OPUS, up_ssrc(1, 0), 5, b"voice")),
        (publisher.member, publisher.rtp(VP8, up_ssrc(1, 1), 5, KEYFRAME)),
    ];
    relay(&mut room, begin(), &packets, &mut wire);
    assert_eq!(subscriber.rtp_got(&wire).len(), 1);
}

#[test]
fn packets_of_one_who_leaves_within_the_batch_are_forgotten() {
    let mut show = Show::new(GCM, 1);
    let mut data = show.publisher.rtp(VP8, up_ssrc(1, 0), 5, KEYFRAME);
    show.room.receive(show.now, show.publisher.member, 0, &mut data);
    show.room.remove_member(show.publisher.member);
    Client::join(&mut show.room, GCM, 3, video(3, true, false));
    show.room.flush(show.now, &[Datagram { route: route(0), data: &mut data }], &mut show.wire);
    assert!(show.first_got().is_empty());
}
