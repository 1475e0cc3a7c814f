//! A camera or a screen: VP8 packets in, whole frames with their times out, and wishes for key frames.

use super::{
    audio::Reason,
    books::millis,
    order::{Order, Packet},
    timeline::{HOLD_US, Standing, Timeline, micros, ticks},
    vp8::{Assembler, Frame, Size},
};
use crate::recorder::Tapped;

const RATE: u32 = 90_000;

/// Between two wishes.
const ASK_US: i64 = 500_000;

/// So that one can seek, and a loss nobody noticed does not last.
const KEY_US: i64 = 4_000_000;

/// The first frame is a key frame, but takes some time to come.
const FIRST_US: i64 = 200_000;

/// Who has sent nothing for so long is not asked, and not waited for.
const IDLE_US: i64 = 1_000_000;

/// A camera that has sent nothing for so long has been switched off, or is gone.
const DEAD_US: i64 = 5_000_000;

/// Frames that are all too late for so long have another clock than before.
const STUCK_US: i64 = 500_000;

/// Between two corrections of frames that come too early.
const CORRECT_US: i64 = 1_000_000;

/// A frame may still come for the time between two of them.
const NEXT_FRAME_US: i64 = 50_000;

/// What a camera or a screen gives, in milliseconds since the start of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Frame { at_ms: u64, key: Option<Size>, data: Vec<u8> },
    Gap { from_ms: u64, to_ms: u64, reason: Reason },
    Anchor { at_ms: u64, timestamp: i64, reason: &'static str },
}

#[derive(Debug)]
pub(super) struct VideoTrack {
    generation: u64,
    order: Order,
    timeline: Timeline,
    assembler: Assembler,
    /// Of the frame before.
    last_ms: Option<u64>,
    /// Frames are missing behind the one before, for this reason.
    hole: Option<Reason>,
    first_packet_us: i64,
    last_packet_us: i64,
    last_key_us: i64,
    asked_us: Option<i64>,
    corrected_us: Option<i64>,
    /// Since when every frame was too late, and the least of it.
    stuck: Option<(i64, i64)>,
}

impl VideoTrack {
    pub(super) fn new(at_us: i64, generation: u64) -> Self {
        Self {
            generation,
            order: Order::new(),
            timeline: Timeline::new(RATE),
            assembler: Assembler::new(),
            last_ms: None,
            hole: None,
            first_packet_us: at_us,
            last_packet_us: at_us,
            last_key_us: at_us,
            asked_us: None,
            corrected_us: None,
            stuck: None,
        }
    }

    pub(super) fn packet(&mut self, at_us: i64, packet: &Tapped<'_>, out: &mut Vec<Seen>) {
        if packet.generation < self.generation {
            return;
        }
        if packet.generation > self.generation {
            self.flush(out);
            self.generation = packet.generation;
            (self.order, self.timeline, self.assembler) = (Order::new(), Timeline::new(RATE), Assembler::new());
            (self.hole, self.stuck) = (self.last_ms.map(|_| Reason::Disconnect), None);
        }
        self.last_packet_us = at_us;
        while !self.order.reaches(packet.index) {
            let Some(next) = self.order.flush() else { break };
            self.take(&next, out);
        }
        self.order.push(Packet {
            at_us,
            index: packet.index,
            timestamp: packet.timestamp,
            marker: packet.marker,
            payload: packet.payload.to_vec(),
        });
        self.tick(at_us, out);
    }

    pub(super) fn tick(&mut self, now_us: i64, out: &mut Vec<Seen>) {
        while let Some(packet) = self.order.pop(now_us) {
            self.take(&packet, out);
        }
    }

    /// Nothing more comes. What is missing at the end is told.
    pub(super) fn finish(&mut self, now_us: i64, out: &mut Vec<Seen>) {
        self.flush(out);
        if let Some((reason, from_ms)) = self.hole.take().zip(self.last_ms)
            && millis(now_us) > from_ms
        {
            out.push(Seen::Gap { from_ms, to_ms: millis(now_us), reason });
        }
    }

    fn flush(&mut self, out: &mut Vec<Seen>) {
        while let Some(packet) = self.order.flush() {
            self.take(&packet, out);
        }
    }

    /// Whether to ask for a key frame now.
    pub(super) fn wants_keyframe(&mut self, now_us: i64) -> bool {
        let is_idle = now_us - self.last_packet_us > IDLE_US;
        let is_waiting = self.assembler.is_waiting() && now_us - self.first_packet_us >= FIRST_US;
        let is_due = is_waiting || now_us - self.last_key_us >= KEY_US;
        let may_ask = self.asked_us.is_none_or(|asked| now_us - asked >= ASK_US);
        let wants = is_due && may_ask && !is_idle;
        if wants {
            self.asked_us = Some(now_us);
        }
        wants
    }

    /// Nothing comes of it, and nobody has said that it has ended.
    pub(super) fn is_dead(&self, now_us: i64) -> bool {
        now_us - self.last_packet_us > DEAD_US
    }

    /// Frames are missing since the last one, if anything is to come.
    pub(super) fn miss(&mut self, reason: Reason) {
        self.hole.get_or_insert(reason);
    }

    /// What is written from here on begins with a key frame.
    pub(super) fn need_keyframe(&mut self) {
        if !self.assembler.is_waiting() {
            self.assembler.wait();
            self.hole = self.last_ms.map(|_| Reason::Loss);
        }
    }

    /// Frames that are still to come are not before this.
    pub(super) fn known_until_ms(&self, now_us: i64) -> u64 {
        if now_us - self.last_packet_us > IDLE_US {
            return millis(now_us);
        }
        let waiting_us = [self.order.oldest_us(), self.assembler.began_us()].into_iter().flatten().min();
        let due = self.timeline.due(waiting_us.unwrap_or(now_us).max(now_us - HOLD_US));
        millis((micros(due, RATE) - NEXT_FRAME_US).min(now_us))
    }

    /// The place of an RTP timestamp near to what is seen now, in microseconds.
    pub(super) fn place_us(&self, timestamp: u32) -> Option<i64> {
        self.timeline.place(self.timeline.near(timestamp)).map(|place| micros(place, RATE))
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The sender says that all of it belongs elsewhere.
    pub(super) fn align(&mut self, by_us: i64, timestamp: u32, out: &mut Vec<Seen>) {
        self.timeline.align(ticks(by_us, RATE));
        self.tell_anchor(self.timeline.near(timestamp), "reports", out);
    }

    fn take(&mut self, packet: &Packet, out: &mut Vec<Seen>) {
        let was_waiting = self.assembler.is_waiting();
        let frame = self.assembler.take(packet);
        if self.assembler.is_waiting() && !was_waiting {
            self.hole = self.last_ms.map(|_| Reason::Loss);
        }
        if let Some(frame) = frame {
            self.put(frame, out);
        }
    }

    fn put(&mut self, frame: Frame, out: &mut Vec<Seen>) {
        let time = self.timeline.extend(frame.timestamp);
        if !self.timeline.is_anchored() {
            let place = ticks(frame.at_us, RATE);
            self.timeline.anchor(time, place, place, place);
            self.tell_anchor(time, "arrival", out);
        }
        self.watch(&frame, time, out);
        let Some(place) = self.timeline.place(time) else { return };
        // One that would come from the future is as early as it can be.
        let place = place.min(self.timeline.due(frame.at_us));
        let at_ms = millis(micros(place, RATE)).max(self.last_ms.map_or(0, |last| last + 1));
        if let Some((reason, from_ms)) = self.hole.take().zip(self.last_ms) {
            out.push(Seen::Gap { from_ms, to_ms: at_ms, reason });
        }
        self.last_ms = Some(at_ms);
        if frame.key.is_some() {
            self.last_key_us = frame.at_us;
        }
        out.push(Seen::Frame { at_ms, key: frame.key, data: frame.data });
    }

    /// Corrects the anchor when it has become wrong. Nothing is lost by it: frames are shown for longer, or for shorter.
    fn watch(&mut self, frame: &Frame, time: i64, out: &mut Vec<Seen>) {
        let Some(place) = self.timeline.place(time) else { return };
        let standing = self.timeline.judge(frame.at_us, place);
        let Standing::Off(late) = standing else {
            self.stuck = None;
            if let Standing::Drifted(by) = standing {
                self.correct(by, time, "drift", out);
            }
            return;
        };
        if late < 0 {
            if self.corrected_us.is_none_or(|corrected| frame.at_us - corrected >= CORRECT_US) {
                self.corrected_us = Some(frame.at_us);
                self.correct(late, time, "jump", out);
            }
            return;
        }
        let (since_us, least) = self.stuck.unwrap_or((frame.at_us, late));
        let least = least.min(late);
        self.stuck = Some((since_us, least));
        if frame.at_us - since_us >= STUCK_US {
            self.stuck = None;
            self.correct(least, time, "jump", out);
        }
    }

    fn correct(&mut self, by: i64, time: i64, reason: &'static str, out: &mut Vec<Seen>) {
        self.timeline.correct(by);
        self.tell_anchor(time, reason, out);
    }

    fn tell_anchor(&self, timestamp: i64, reason: &'static str, out: &mut Vec<Seen>) {
        if let Some(place) = self.timeline.place(timestamp) {
            out.push(Seen::Anchor { at_ms: millis(micros(place, RATE)), timestamp, reason });
        }
    }
}
