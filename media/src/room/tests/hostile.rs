//! Input that no honest peer sends: dropped, counted, without a trace.

use proptest::prelude::*;

use super::*;

#[test]
fn what_is_dropped_is_counted_by_its_reason() {
    let mut show = Show::new(GCM, 1);
    let good = show.publisher.rtp(VP8, up_ssrc(1, 0), 5, DELTA);
    let mut forged = good.clone();
    forged[20] ^= 1;
    let member = show.publisher.member;
    let packets = [
        (member, forged),
        (member, good.clone()),
        (member, good),
        (member, show.publisher.rtp(100, up_ssrc(1, 0), 6, DELTA)),
        (member, show.publisher.rtp(100, Ssrc(99), 6, DELTA)),
        (member, vec![0x80, 96, 0]),
        (member, vec![0x80, 200, 0]),
    ];
    relay(&mut show.room, show.now, &packets, &mut show.wire);
    let report = show.room.report();
    assert_eq!(report.drops, Drops { malformed: 2, unauthenticated: 1, replayed: 1, unwanted: 2 });
    assert_eq!((report.media_packets_in, report.media_packets_dropped), (7, 6));
    assert_eq!(show.first_got().len(), 1);
}

#[test]
fn a_member_that_has_left_is_ignored() {
    let mut show = Show::new(GCM, 1);
    let gone = show.publisher.member;
    show.room.remove_member(gone);
    show.publish(&[0]);
    show.room.set_keys(gone, keys(GCM, 1));
    show.room.set_route(gone, None);
    show.room.reconfigure(gone, video(1, true, true));
    show.room.remove_member(gone);
    assert_eq!(show.wire.len(), 0);
    assert_eq!(show.room.report().drops.unwanted, 1);
}

#[test]
fn sources_without_end_are_refused_at_some_point() {
    let mut show = Show::new(GCM, 1);
    let mut media = video(1, true, false);
    media.lines[0].up = Some(UpDescription::default());
    show.room.reconfigure(show.publisher.member, media);
    for ssrc in 0..400 {
        let packet = show.publisher.rtp(VP8, Ssrc(ssrc), 0, KEYFRAME);
        relay(&mut show.room, show.now, &[(show.publisher.member, packet)], &mut show.wire);
        show.pass(ms(1_100));
    }
    assert_eq!(show.room.report().drops.unwanted, 400 - 256);
}

#[test]
fn a_nack_storm_is_answered_within_bounds() {
    let mut show = Show::new(GCM, 1);
    show.publish(&(0..600).collect::<Vec<_>>());
    let sent = show.first_got();
    let all: Vec<_> = sent.iter().map(|packet| packet.index as u16).collect();
    for _ in 0..100 {
        show.subscriber_says(|c| c.nack(Ssrc(5), down_ssrc(2, 0), &all));
    }
    let bytes: u64 = show.wire.to(show.subscribers[0].route).iter().map(|packet| packet.len() as u64).sum();
    assert!(bytes < 1_000_000, "{bytes}");
}

#[derive(Clone, Debug)]
enum Step {
    Garbage(Vec<u8>),
    Mutated {
        rtcp: bool,
        at: usize,
        with: u8,
        cut: usize,
    },
    /// Authentic RTCP with any content.
    Rtcp {
        kind: u8,
        count: u8,
        body: Vec<u8>,
    },
    /// Authentic RTP with any header and index.
    Rtp {
        first: u8,
        second: u8,
        index: u32,
        rtx: bool,
        payload: Vec<u8>,
    },
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..120);
    prop_oneof![
        bytes().prop_map(Step::Garbage),
        bytes().prop_map(|mut data| {
            data.insert(0, 0x90);
            Step::Garbage(data)
        }),
        (any::<bool>(), 0..80usize, any::<u8>(), 0..90usize).prop_map(|(rtcp, at, with, cut)| Step::Mutated {
            rtcp,
            at,
            with,
            cut
        }),
        (199u8..208, any::<u8>(), bytes()).prop_map(|(kind, count, body)| Step::Rtcp { kind, count, body }),
        (any::<u8>(), prop_oneof![Just(VP8), Just(RTX), any::<u8>()], 0..100_000u32, any::<bool>(), bytes())
            .prop_map(|(first, second, index, rtx, payload)| Step::Rtp { first, second, index, rtx, payload }),
        (0..2_000u64).prop_map(Step::Pass),
    ]
}

impl Show {
    fn suffer(&mut self, step: Step) {
        let member = self.publisher.member;
        let packet = match step {
            Step::Pass(time) => return self.pass(ms(time)),
            Step::Garbage(data) => data,
            Step::Mutated { rtcp, at, with, cut } => {
                let mut data = if rtcp {
                    self.publisher.rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 9, 0x80, 201, 0, 1, 0, 0, 0, 9])
                } else {
                    self.publisher.rtp(VP8, up_ssrc(1, 0), 700, DELTA)
                };
                let at = at % data.len();
                data[at] ^= with;
                data.truncate(cut.max(1));
                data
            }
            Step::Rtcp { kind, count, mut body } => {
                body.resize(body.len().max(4).next_multiple_of(4), 0);
                body.splice(0..0, [0x80 | count & 0x1f, kind, 0, (body.len() / 4) as u8]);
                // Aimed at what there is.
                if body.len() >= 12 && count & 0x80 != 0 {
                    body[8..12].copy_from_slice(&down_ssrc(2, 0).0.to_be_bytes());
                }
                let packet = self.subscribers[0].rtcp(&body);
                return relay(&mut self.room, self.now, &[(self.subscribers[0].member, packet)], &mut self.wire);
            }
            Step::Rtp { first, second, index, rtx, payload } => {
                let ssrc = if rtx { rtx_ssrc(1, 0) } else { up_ssrc(1, 0) };
                // Without extension and CSRCs: those would stand in what is encrypted.
                self.publisher.rtp_with([0x80 | first & 0x20, second], index.into(), 0, ssrc, &[], &payload)
            }
        };
        relay(&mut self.room, self.now, &[(member, packet)], &mut self.wire);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// No step panics, none makes the room seal one index with two contents (the client would see), and afterwards an honest packet passes.
    #[test]
    fn nothing_breaks_the_room(steps in prop::collection::vec(step(), 1..60)) {
        let mut show = Show::new(GCM, 1);
        for step in steps {
            show.suffer(step);
            show.first_got();
        }
        let honest = Client::join(&mut show.room, GCM, 8, two_way(8, 0));
        let mut viewer = Client::join(&mut show.room, GCM, 9, two_way(9, 1));
        let packet = honest.rtp(OPUS, up_ssrc(8, 0), 3, b"voice");
        relay(&mut show.room, show.now, &[(honest.member, packet)], &mut show.wire);
        let got = viewer.rtp_got(&show.wire);
        prop_assert_eq!(got.len(), 1);
        prop_assert_eq!(&got[0].payload[..], b"voice");
    }

    /// Datagrams that are not authentic leave nothing behind: the next honest packet is forwarded as if they had not come.
    #[test]
    fn forgeries_leave_no_trace(forgeries in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 12..100)), 1..40)) {
        let mut show = Show::new(CM, 1);
        show.publish(&[100]);
        let first = show.first_got()[0].index;
        for (sequence, mut data) in forgeries {
            data[0] = 0x80;
            data[1] = VP8;
            data[2..4].copy_from_slice(&sequence.to_be_bytes());
            data[8..12].copy_from_slice(&up_ssrc(1, 0).0.to_be_bytes());
            relay(&mut show.room, show.now, &[(show.publisher.member, data)], &mut show.wire);
        }
        show.publish(&[101]);
        let got = show.first_got();
        prop_assert_eq!(got.len(), 1);
        prop_assert_eq!(got[0].index, first + 1);
    }
}
