//! Sound that brings the packet before it along, both ways.

use super::*;
use crate::red::{Before, Red};

/// Two that speak with each other, members 1 and 2.
struct Talk {
    room: Room,
    wire: Wire,
    now: Instant,
    a: Client,
    b: Client,
}

fn one_block(before: &[u8], own: &[u8]) -> Vec<u8> {
    let before = Before::new(3_000, before).unwrap();
    let mut payload = vec![0; before.len() + own.len()];
    before.write(OPUS, own, &mut payload);
    payload
}

impl Talk {
    fn new() -> Self {
        let mut room = Room::new();
        let [a, b] = [1, 2].map(|n| Client::join(&mut room, GCM, n, with_red(two_way(n, 0))));
        Self { room, wire: Wire::default(), now: begin(), a, b }
    }

    /// What the other one gets of it, by payload type, index (from the first one's on), timestamp and payload.
    fn say(&mut self, packets: &[(u8, u64, &[u8])]) -> Vec<(u8, u64, u32, Vec<u8>)> {
        let sealed = |(payload_type, index, payload): &(u8, u64, &[u8])| {
            (self.a.member, self.a.rtp(*payload_type, up_ssrc(1, 0), *index, payload))
        };
        let sealed: Vec<_> = packets.iter().map(sealed).collect();
        relay(&mut self.room, self.now, &sealed, &mut self.wire);
        self.now += ms(20);
        let got = self.b.rtp_got(&self.wire);
        self.wire.clear();
        got.into_iter().map(|got| (got.payload_type, got.index, got.timestamp, got.payload)).collect()
    }

    /// The listener says what it loses, in 256ths, so often.
    fn lose(&mut self, fraction_lost: u8, times: usize) {
        for _ in 0..times {
            let mut compound = Compound::default();
            let block = ReportBlock { ssrc: down_ssrc(2, 0).0, fraction_lost, ..ReportBlock::default() };
            compound.receiver_report(Ssrc(5), &[block]);
            let packet = self.b.rtcp(compound.bytes());
            relay(&mut self.room, self.now, &[(self.b.member, packet)], &mut self.wire);
        }
        self.wire.clear();
    }
}

#[test]
fn what_was_lost_on_the_way_to_us_is_sent_in_its_place() {
    let mut talk = Talk::new();
    let first = talk.say(&[(OPUS, 0, b"zero")])[0].1;
    let got = talk.say(&[(RED, 2, &one_block(b"one", b"two"))]);
    assert_eq!(got, [(OPUS, first + 1, 3_000, b"one".to_vec()), (OPUS, first + 2, 6_000, b"two".to_vec())]);
    assert_eq!(talk.say(&[(OPUS, 1, b"late")]), [], "it has been there");
    assert_eq!(talk.room.report().drops.replayed, 1);
    let got = talk.say(&[(RED, 3, &one_block(b"two", b"three"))]);
    assert_eq!(got, [(OPUS, first + 3, 9_000, b"three".to_vec())], "nothing was missing");
}

#[test]
fn what_was_said_on_hold_does_not_come_along() {
    let mut talk = Talk::new();
    talk.say(&[(OPUS, 0, b"zero")]);
    talk.room.hold_back(talk.now, talk.a.member, true);
    assert_eq!(talk.say(&[(RED, 1, &one_block(b"zero", b"secret"))]), []);
    talk.room.hold_back(talk.now, talk.a.member, false);
    let got = talk.say(&[(RED, 2, &one_block(b"secret", b"two"))]);
    assert_eq!(got.iter().map(|packet| &packet.3[..]).collect::<Vec<_>>(), [b"two"]);
}

#[test]
fn a_line_that_loses_gets_each_packet_twice() {
    let mut talk = Talk::new();
    talk.lose(5, 30);
    assert_eq!(talk.say(&[(OPUS, 0, b"zero")])[0].0, OPUS, "2 % are nothing");
    // As Chromium reports it: once in five seconds.
    talk.lose(13, 1);
    let got = talk.say(&[(OPUS, 1, b"one"), (OPUS, 2, b"two")]);
    let expected = [one_block(b"zero", b"one"), one_block(b"one", b"two")];
    assert_eq!(got.iter().map(|packet| packet.0).collect::<Vec<_>>(), [RED, RED]);
    assert_eq!(got.into_iter().map(|packet| packet.3).collect::<Vec<_>>(), expected);
    // One is missing: nothing can come along.
    let got = talk.say(&[(OPUS, 4, b"four"), (OPUS, 5, b"five")]);
    assert_eq!((got[0].0, &got[0].3[..]), (OPUS, &b"four"[..]));
    assert_eq!(Red::parse(&got[1].3, OPUS).map(|red| red.blocks().count()), Some(1));
    talk.lose(4, 30);
    assert_eq!(talk.say(&[(OPUS, 6, b"six")])[0].0, RED, "it still loses something");
    talk.lose(0, 30);
    assert_eq!(talk.say(&[(OPUS, 7, b"seven")])[0].0, OPUS);
}

#[test]
fn two_packets_that_are_too_long_for_one_go_alone() {
    let mut talk = Talk::new();
    talk.lose(26, 10);
    let (half, more) = ([7; 597], [7; 599]);
    talk.say(&[(OPUS, 0, &half)]);
    let got = talk.say(&[(OPUS, 1, &half), (OPUS, 2, &more), (OPUS, 3, &half)]);
    let sent: Vec<_> = got.iter().map(|packet| (packet.0, packet.3.len())).collect();
    assert_eq!(sent, [(RED, 1_199), (OPUS, 599), (OPUS, 597)]);
}

#[test]
fn what_was_padded_does_not_come_along() {
    let mut talk = Talk::new();
    talk.lose(26, 10);
    let padded = talk.a.rtp_with([0xa0, OPUS], 0, 0, up_ssrc(1, 0), &[], b"zero\x00\x02");
    relay(&mut talk.room, talk.now, &[(talk.a.member, padded)], &mut talk.wire);
    let got = talk.say(&[(OPUS, 1, b"one"), (OPUS, 2, b"two")]);
    assert_eq!(got.iter().map(|packet| packet.0).collect::<Vec<_>>(), [OPUS, OPUS, RED]);
}

#[test]
fn who_did_not_ask_for_it_gets_none() {
    let mut talk = Talk::new();
    talk.room.reconfigure(talk.b.member, two_way(2, 0));
    talk.lose(26, 10);
    talk.say(&[(OPUS, 0, b"zero")]);
    assert_eq!(talk.say(&[(OPUS, 1, b"one")])[0].0, OPUS);
    // And who sends it without having said so is not heard.
    talk.room.reconfigure(talk.a.member, two_way(1, 0));
    assert_eq!(talk.say(&[(RED, 2, &one_block(b"one", b"two"))]), []);
    assert_eq!(talk.room.report().drops.unwanted, 1);
}

#[test]
fn nobody_gets_what_was_said_before_he_was_shown_it() {
    let mut talk = Talk::new();
    talk.lose(26, 10);
    talk.say(&[(OPUS, 0, b"zero")]);
    let Talk { mut room, mut wire, now, a, .. } = talk;
    let mut late = Client::join(&mut room, GCM, 3, with_red(two_way(3, 0)));
    let mut compound = Compound::default();
    let block = ReportBlock { ssrc: down_ssrc(3, 0).0, fraction_lost: 26, ..ReportBlock::default() };
    compound.receiver_report(Ssrc(5), &[block]);
    for _ in 0..10 {
        let packet = late.rtcp(compound.bytes());
        relay(&mut room, now, &[(late.member, packet)], &mut wire);
    }
    wire.clear();
    for (index, payload_type) in [(1, OPUS), (2, RED)] {
        let packet = a.rtp(OPUS, up_ssrc(1, 0), index, b"sound");
        relay(&mut room, now, &[(a.member, packet)], &mut wire);
        let got: Vec<_> = late.rtp_got(&wire).into_iter().filter(|got| got.ssrc == down_ssrc(3, 0)).collect();
        assert_eq!(got.iter().map(|got| got.payload_type).collect::<Vec<_>>(), [payload_type], "packet {index}");
        wire.clear();
    }
}

#[test]
fn what_is_none_is_dropped() {
    let mut talk = Talk::new();
    talk.say(&[(OPUS, 0, b"zero")]);
    let other = [&[96][..], b"pictures"].concat();
    let short = [0x80 | OPUS, 0, 0x0c, 200, OPUS, 1];
    assert_eq!(talk.say(&[(RED, 1, &other), (RED, 2, &short), (RED, 3, b"")]), []);
    assert_eq!(talk.room.report().drops.malformed, 3);
    assert_eq!(talk.say(&[(OPUS, 4, b"four")]).len(), 1);
}

#[test]
fn sound_is_not_sent_again() {
    let mut talk = Talk::new();
    let sent = talk.say(&[(OPUS, 0, b"zero"), (OPUS, 1, b"one")]);
    // With what it may bring along, it would be two packets under one nonce.
    talk.lose(26, 10);
    let mut compound = Compound::default();
    compound.nack(Ssrc(5), down_ssrc(2, 0), &[sent[1].1 as u16]);
    let packet = talk.b.rtcp(compound.bytes());
    relay(&mut talk.room, talk.now, &[(talk.b.member, packet)], &mut talk.wire);
    assert_eq!(talk.wire.to(talk.b.route), [[0; 0]; 0]);
}
