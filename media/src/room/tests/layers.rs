//! Pictures in layers: how a layer is known, which one a subscriber is shown, what its publisher may take, and what is recorded.

use super::*;
use crate::{
    control::RoomId,
    outbox::{Outbox, Recorded},
};

/// Bytes of each layer's packets; each sends one every 10 ms.
const SIZES: [usize; 3] = [100, 400, 1_200];
/// What the layers take then, in bit/s.
const RATES: [u64; 3] = [80_000, 320_000, 960_000];

/// A publisher in layers, member 1, and subscribers from member 2 on.
struct Scene {
    room: Room,
    wire: Wire,
    now: Instant,
    publisher: Client,
    subscribers: Vec<Client>,
    next: [u64; 3],
    /// What each layer's next packet is the beginning of.
    key: [bool; 3],
    /// Those that are sent.
    sent: Vec<usize>,
}

fn ssrc(layer: usize) -> Ssrc {
    Ssrc(0x100 + layer as u32)
}

/// Of a layer, with the numbers of its own; `width` is that of a key frame, in 16 pixels.
fn frame(layer: usize, index: u64, key: bool) -> Vec<u8> {
    let side = 16_u8 << layer;
    let mut frame = vec![0x90, 0xc0, 0x80 | layer as u8, index as u8, index as u8];
    let size = [0x10, 0, 0, 0x9d, 0x01, 0x2a, side, 0, side, 0];
    frame.extend(if key { &size[..] } else { &[0x11, 0, 0] });
    frame.resize(SIZES[layer], layer as u8);
    frame
}

impl Scene {
    fn new(subscribers: u16) -> Self {
        let mut room = Room::new();
        let publisher = Client::join(&mut room, GCM, 1, in_layers(video(1, true, false)));
        let subscribers = (2..2 + subscribers).map(|n| Client::join(&mut room, GCM, n, video(n, false, true))).collect();
        let (next, key, sent) = ([10, 500, 65_400], [true; 3], vec![0, 1, 2]);
        Self { room, wire: Wire::default(), now: begin(), publisher, subscribers, next, key, sent }
    }

    fn packet(&mut self, layer: usize) -> Vec<u8> {
        let index = self.next[layer];
        self.next[layer] += 1;
        let key = std::mem::take(&mut self.key[layer]);
        let timestamp = 1_000_000 * layer as u32 + 900 * index as u32;
        let tail = names(0, RID, RIDS[layer]);
        self.publisher.rtp_with([0x90, VP8], index, timestamp, ssrc(layer), &tail, &frame(layer, index, key))
    }

    /// All layers send; the publisher makes the key frames that it is asked for. Gives what it was told.
    fn run(&mut self, time: Duration) -> (Vec<usize>, Vec<u64>) {
        let end = self.now + time;
        let (mut asked, mut told) = (Vec::new(), Vec::new());
        while self.now < end {
            let packets: Vec<_> =
                self.sent.clone().into_iter().map(|layer| (self.publisher.member, self.packet(layer))).collect();
            relay(&mut self.room, self.now, &packets, &mut self.wire);
            self.now += ms(10);
            while self.room.next_timeout().is_some_and(|due| due <= self.now) {
                self.room.handle_timeout(self.now, &mut self.wire);
            }
            let (more_asked, more_told) = self.told();
            asked.extend(more_asked);
            told.extend(more_told);
        }
        (asked, told)
    }

    /// Key frames that the publisher was asked for since, by layer, and the REMBs. What subscribers were sent stays on the wire.
    fn told(&mut self) -> (Vec<usize>, Vec<u64>) {
        let (mut asked, mut told) = (Vec::new(), Vec::new());
        let compounds = self.publisher.rtcp_got(&self.wire);
        self.wire.forget(self.publisher.route);
        for compound in compounds {
            for packet in packets(&compound) {
                match packet {
                    Packet::Pli { media } => asked.extend((0..3).filter(|layer| ssrc(*layer) == media)),
                    Packet::Remb { bitrate } => told.push(bitrate),
                    _ => {}
                }
            }
        }
        asked.iter().for_each(|layer| self.key[*layer] = true);
        (asked, told)
    }

    /// Says what a subscriber's line carries, for as long as REMBs count.
    fn line(&mut self, subscriber: usize, bitrate: u64) {
        let mut compound = Compound::default();
        compound.remb(Ssrc(1), bitrate, &[]);
        let packet = self.subscribers[subscriber].rtcp(compound.bytes());
        relay(&mut self.room, self.now, &[(self.subscribers[subscriber].member, packet)], &mut self.wire);
    }

    /// What a subscriber got since, and of which layer each packet is.
    fn got(&mut self, subscriber: usize) -> Vec<(usize, Got)> {
        let client = &mut self.subscribers[subscriber];
        let got = client.rtp_got(&self.wire);
        self.wire.forget(client.route);
        let layer = |got: &Got| SIZES.iter().position(|size| *size == got.payload.len()).expect("whole packets");
        got.into_iter().map(|got| (layer(&got), got)).collect()
    }

    /// The layers that a subscriber was shown since, one after another.
    fn seen(&mut self, subscriber: usize) -> Vec<usize> {
        let mut seen: Vec<_> = self.got(subscriber).into_iter().map(|(layer, _)| layer).collect();
        seen.dedup();
        seen
    }
}

#[test]
fn one_that_knows_nothing_of_its_line_gets_the_highest_and_a_narrow_one_what_fits() {
    let mut scene = Scene::new(3);
    scene.line(1, 100_000);
    scene.line(2, 500_000);
    scene.run(Duration::from_secs(6));
    let last = [0, 1, 2].map(|subscriber| scene.seen(subscriber).last().copied());
    assert_eq!(last, [Some(2), Some(0), Some(1)]);
}

#[test]
fn a_subscriber_changes_at_key_frames_within_one_stream() {
    let mut scene = Scene::new(1);
    scene.run(Duration::from_secs(5));
    scene.line(0, 100_000);
    scene.run(Duration::from_secs(3));
    scene.line(0, 2_000_000);
    let (asked, _) = scene.run(Duration::from_secs(4));
    assert!(asked.contains(&2), "{asked:?}");
    let got = scene.got(0);
    let mut layers: Vec<_> = got.iter().map(|(layer, _)| *layer).collect();
    layers.dedup();
    assert!(layers.ends_with(&[2, 0, 2]), "{layers:?}");
    for pair in got.windows(2) {
        let ((before, a), (layer, b)) = (&pair[0], &pair[1]);
        assert_eq!(b.index, a.index + 1);
        let passed = b.timestamp.wrapping_sub(a.timestamp);
        // The layers of one moment come in one batch; a change takes 20 ms at least.
        assert!(if before == layer { passed == 900 } else { (900..=1_800).contains(&passed) }, "{passed}");
        let picture = |got: &Got| u16::from_be_bytes([got.payload[2] & 0x7f, got.payload[3]]);
        let is_key = b.payload[5] & 1 == 0;
        assert!(before == layer || is_key, "a change without a key frame");
        assert!(before == layer || picture(b) == picture(a) + 1, "{} {}", picture(a), picture(b));
        assert_eq!(b.payload[4], if before == layer { b.payload[4] } else { a.payload[4].wrapping_add(1) });
    }
}

#[test]
fn when_a_layer_is_sent_no_more_another_takes_its_place() {
    let mut scene = Scene::new(1);
    scene.run(Duration::from_secs(5));
    assert_eq!(scene.seen(0).last(), Some(&2));
    scene.sent = vec![0, 1];
    scene.run(Duration::from_secs(3));
    assert_eq!(scene.seen(0).last(), Some(&1));
    scene.sent = vec![0, 1, 2];
    scene.run(Duration::from_secs(6));
    assert_eq!(scene.seen(0).last(), Some(&2));
}

#[test]
fn a_slow_subscriber_takes_nothing_from_the_others() {
    let mut scene = Scene::new(2);
    scene.run(Duration::from_secs(2));
    scene.line(0, 100_000);
    scene.line(1, 1_500_000);
    scene.run(Duration::from_secs(2));
    let (_, told) = scene.run(Duration::from_secs(3));
    // The best line's, and the two layers below beside it.
    let expected = 1_500_000 + RATES[0] + RATES[1];
    assert!(told.iter().all(|told| told.abs_diff(expected) < expected / 50) && !told.is_empty(), "{told:?}, {expected}");
}

#[test]
fn each_layer_is_repaired_by_its_own_rtx() {
    let mut scene = Scene::new(1);
    scene.run(Duration::from_secs(5));
    scene.got(0);
    let lost = scene.packet(2);
    let index = scene.next[2] - 1;
    drop(lost);
    let next = (scene.publisher.member, scene.packet(2));
    relay(&mut scene.room, scene.now, &[next], &mut scene.wire);
    let payload = [&(index as u16).to_be_bytes()[..], &frame(2, index, false)].concat();
    let timestamp = 2_000_000 + 900 * index as u32;
    for (rid, forwarded) in [(b'x', 0), (RIDS[1], 0), (RIDS[2], 1)] {
        let (tail, rtx) = (names(0, REPAIRED_RID, rid), Ssrc(0x200 + u32::from(rid)));
        let again = scene.publisher.rtp_with([0x90, RTX], 7, timestamp, rtx, &tail, &payload);
        scene.got(0);
        relay(&mut scene.room, scene.now, &[(scene.publisher.member, again)], &mut scene.wire);
        assert_eq!(scene.got(0).len(), forwarded, "{}", char::from(rid));
    }
}

#[test]
fn what_names_no_layer_is_not_taken_and_remembered_nowhere() {
    let mut scene = Scene::new(1);
    let sources = |scene: &Scene| scene.room.members.get(scene.publisher.member.index).unwrap().sources.len();
    let tails: [&[u8]; 5] = [
        &names(0, RID, b'x'),
        &names(0, REPAIRED_RID, b'l'),
        &names(0, 0, 0),
        // A rid of 16 letters, and an empty one in a two-byte header.
        &[
            0xbe,
            0xde,
            0,
            5,
            RID << 4 | 15,
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            b'l',
            0,
            0,
            0,
        ],
        &[0x10, 0, 0, 1, RID, 0, 0, 0],
    ];
    for n in 0..1_000_u32 {
        let packet = scene.publisher.rtp_with([0x90, VP8], 1, 0, Ssrc(0x5000 + n), tails[n as usize % 5], KEYFRAME);
        relay(&mut scene.room, scene.now, &[(scene.publisher.member, packet)], &mut scene.wire);
    }
    assert_eq!((sources(&scene), scene.room.report().drops.unwanted), (0, 1_000));
    assert_eq!(scene.room.members.get(scene.publisher.member.index).unwrap().lines[0].ups.len(), 3);
}

#[test]
fn a_layer_that_is_renegotiated_goes_on() {
    let mut scene = Scene::new(1);
    scene.run(Duration::from_secs(5));
    scene.got(0);
    scene.room.reconfigure(scene.publisher.member, in_layers(video(1, true, false)));
    scene.room.reconfigure(scene.subscribers[0].member, video(2, false, true));
    scene.run(ms(100));
    let got = scene.got(0);
    assert!(got.len() == 10 && got.iter().all(|(layer, _)| *layer == 2), "{}", got.len());
    // Without the highest: the others are the tracks that they were.
    let mut media = in_layers(video(1, true, false));
    media.lines[0].up.as_mut().unwrap().simulcast.as_mut().unwrap().rids.pop();
    let before = scene.room.ups.len();
    scene.room.reconfigure(scene.publisher.member, media);
    assert_eq!(scene.room.ups.len(), before - 1);
    scene.run(Duration::from_secs(5));
    assert_eq!(scene.seen(0).last(), Some(&1));
}

/// What the recorder is handed of the publisher's packets: (run, index, timestamp, length).
#[derive(Default)]
struct Tape {
    wire: Wire,
    packets: Vec<(u64, u64, u32, usize)>,
}

impl Outbox for Tape {
    fn packet(&mut self, to: crate::datagram::Route, len: usize) -> &mut [u8] {
        self.wire.packet(to, len)
    }

    fn record(&mut self, _: RoomId, what: Recorded<'_>) {
        if let Recorded::Packet(packet) = what {
            self.packets.push((packet.generation, packet.index, packet.timestamp, packet.payload.len()));
        }
    }
}

#[test]
fn the_recording_has_the_highest_layer_in_one_run() {
    let mut scene = Scene::new(1);
    scene.room.set_recorded(Some(RoomId(1)));
    scene.line(0, 100_000);
    let mut tape = Tape::default();
    for (sent, rounds) in [(vec![0, 1, 2], 500), (vec![0, 1], 300), (vec![0, 1, 2], 600)] {
        for _ in 0..rounds {
            let mut packets: Vec<_> = sent.iter().map(|layer| scene.packet(*layer)).collect();
            let mut batch: Vec<_> =
                packets.iter_mut().map(|data| crate::datagram::Datagram { route: scene.publisher.route, data }).collect();
            for (at, datagram) in batch.iter_mut().enumerate() {
                scene.room.receive(scene.now, scene.publisher.member, at, datagram.data);
            }
            scene.room.flush(scene.now, &batch, &mut tape);
            scene.now += ms(10);
            while scene.room.next_timeout().is_some_and(|due| due <= scene.now) {
                scene.room.handle_timeout(scene.now, &mut tape);
            }
            std::mem::swap(&mut scene.wire, &mut tape.wire);
            scene.told();
            scene.wire.clear();
        }
    }
    let mut layers: Vec<_> = tape.packets.iter().map(|(.., len)| SIZES.iter().position(|size| size == len).unwrap()).collect();
    layers.dedup();
    assert!(layers.ends_with(&[2, 1, 2]), "{layers:?}");
    for pair in tape.packets.windows(2) {
        assert_eq!((pair[0].0, pair[0].1 + 1), (pair[1].0, pair[1].1), "one run without a gap");
        assert!((900..=270_000).contains(&pair[1].2.wrapping_sub(pair[0].2)));
    }
    assert!(tape.packets.len() > 1_150, "{}", tape.packets.len());
}
