//! A publisher whose line loses packets, in virtual time: what a subscriber sees whose own line is good, and so knows nothing of it.

use std::collections::BTreeMap;

use super::*;

const PLAYOUT: u8 = 5;
/// One way, in ms.
const DELAY: u64 = 80;
const FRAME: u64 = 50;
const PACKETS: u64 = 4;
/// What a player waits by itself on a line without jitter, and how much later than that it counts a frame as a freeze, in ms.
const BY_ITSELF: u64 = 30;
const FREEZE: u64 = 150;

/// Packets of the line, by the ms of their arrival.
#[derive(Default)]
struct Flying(BTreeMap<(u64, u64), Vec<u8>>, u64);

impl Flying {
    fn send(&mut self, now: u64, packet: Vec<u8>) {
        self.1 += 1;
        self.0.insert((now + DELAY, self.1), packet);
    }

    fn arrived(&mut self, now: u64) -> Option<Vec<u8>> {
        let entry = self.0.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}

struct Frame {
    left: u64,
    complete: u64,
    /// The longest that the subscriber has been told to wait until then.
    told: u64,
}

struct Line {
    show: Show,
    /// In per cent, both ways.
    loss: u64,
    seed: u64,
    up: Flying,
    back: Flying,
    /// When each packet was sent again; a browser does so once in a round trip.
    again: BTreeMap<u16, u64>,
    rtx: u64,
    frames: BTreeMap<u32, Frame>,
    told: u64,
}

impl Line {
    fn new(loss: u64) -> Self {
        let mut show = Show::new(GCM, 1);
        let mut media = video(2, false, true);
        media.lines[0].extensions.playout_delay = Some(PLAYOUT);
        show.room.reconfigure(show.subscribers[0].member, media);
        let (up, back, again, frames) = Default::default();
        Self { show, loss, seed: 7, up, back, again, rtx: 0, frames, told: 0 }
    }

    fn is_lost(&mut self) -> bool {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % 100 < self.loss
    }

    fn publish(&mut self, now: u64, packet: Vec<u8>) {
        if !self.is_lost() {
            self.up.send(now, packet);
        }
    }

    fn run(&mut self, seconds: u64) {
        let start = self.show.now;
        for now in 0..seconds * 1_000 {
            if now % FRAME == 0 {
                self.send_frame(now);
            }
            while let Some(packet) = self.up.arrived(now) {
                let from = self.show.publisher.member;
                relay(&mut self.show.room, self.show.now, &[(from, packet)], &mut self.show.wire);
            }
            self.show.pass((start + ms(now)).saturating_duration_since(self.show.now));
            self.watch(now);
            self.answer(now);
        }
    }

    fn send_frame(&mut self, now: u64) {
        let frame = now / FRAME;
        self.frames.insert(frame as u32, Frame { left: PACKETS, complete: 0, told: 0 });
        for index in PACKETS * frame..PACKETS * (frame + 1) {
            let payload = if frame == 0 { KEYFRAME } else { DELTA };
            let packet = self.show.publisher.rtp_with([0x80, VP8], index, frame as u32, up_ssrc(1, 0), &[], payload);
            self.publish(now, packet);
        }
    }

    /// What goes out to both.
    fn watch(&mut self, now: u64) {
        for got in self.show.subscribers[0].rtp_got(&self.show.wire) {
            let [first, a, b, _] = got.extensions[..] else { panic!("{:?}", got.extensions) };
            assert_eq!(first, PLAYOUT << 4 | 2);
            self.told = 10 * (u64::from(a) << 4 | u64::from(b) >> 4);
            let Some(frame) = self.frames.get_mut(&got.timestamp) else { continue };
            frame.left -= 1;
            (frame.complete, frame.told) = (now, frame.told.max(self.told));
        }
        let from_us: Vec<_> = self.show.publisher.rtcp_got(&self.show.wire);
        self.show.wire.clear();
        for compound in from_us {
            if !self.is_lost() {
                self.back.send(now, compound);
            }
        }
    }

    /// The publisher's browser sends again what it is asked for.
    fn answer(&mut self, now: u64) {
        while let Some(compound) = self.back.arrived(now) {
            for packet in packets(&compound) {
                let Packet::Nack { lost, .. } = packet else { continue };
                for number in lost {
                    if self.again.get(&number).is_some_and(|before| now < before + 2 * DELAY) {
                        continue;
                    }
                    self.again.insert(number, now);
                    let payload = [&number.to_be_bytes()[..], DELTA].concat();
                    let timestamp = u32::from(number) / PACKETS as u32;
                    let again = self.show.publisher.rtp_with([0x80, RTX], self.rtx, timestamp, rtx_ssrc(1, 0), &[], &payload);
                    self.rtx += 1;
                    self.publish(now, again);
                }
            }
        }
    }

    /// Frames that came too late for a player: one that waits as it is told, and one that is told nothing.
    fn freezes(&self) -> (usize, usize) {
        let late = |number: &u32, frame: &Frame| match frame.left {
            0 => frame.complete.saturating_sub(u64::from(*number) * FRAME + DELAY),
            _ => u64::MAX,
        };
        // Not the beginning, in which nothing is known, and not what is still under way.
        let end = self.frames.len() as u32 - 40;
        let seen = || self.frames.iter().filter(|(number, _)| (100..end).contains(*number));
        let told = seen().filter(|(number, frame)| late(number, frame) > frame.told.max(BY_ITSELF) + FREEZE).count();
        let untold = seen().filter(|(number, frame)| late(number, frame) > BY_ITSELF + FREEZE).count();
        (told, untold)
    }
}

#[test]
fn a_subscriber_waits_for_what_is_repaired_on_the_publishers_line() {
    let mut line = Line::new(5);
    line.run(55);
    let (told, untold) = line.freezes();
    assert!(untold > 20 && told == 0, "{told} freezes, {untold} without being told");
    assert!((200..=500).contains(&line.told), "{} ms", line.told);
}

#[test]
fn on_a_good_line_nobody_waits() {
    let mut line = Line::new(0);
    line.run(10);
    assert_eq!((line.told, line.freezes()), (0, (0, 0)));
}
