//! A microphone: Opus packets in, an unbroken row of them out. Where there is nothing to play there are packets of silence, so that the row
//! is as long as the time that has gone by.

use super::{
    order::{Order, Packet},
    timeline::{HOLD_US, Standing, Timeline, ticks},
    toc::{self, FRAME, RATE},
};
use crate::recorder::Tapped;

/// Until then it is not known what is usual; what comes waits for it.
const SETTLE_US: i64 = 200_000;

/// Packets that settle the anchor: many more than come in that time.
const MOST_SETTLING: usize = 256;

/// Of what is lost at most this is made up from what came before and after.
pub(super) const CONCEALED: i64 = 3;

/// The last packet is on its way when a track ends: no gap.
const NO_GAP: i64 = 5 * FRAME;

/// Why there is nothing to hear or see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Packets were sent and did not come.
    Loss,
    /// None were sent.
    Silence,
    /// The sender was gone.
    Disconnect,
}

impl Reason {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Silence => "silence",
            Self::Disconnect => "disconnect",
        }
    }
}

/// What a microphone gives. Places are samples since the start of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Each begins where the one before ends.
    Packet {
        place: i64,
        samples: u32,
        /// So many frames are missing before it that can be made up.
        lost: i64,
        payload: Vec<u8>,
    },
    Filler {
        place: i64,
        payload: [u8; 1],
    },
    Gap {
        from: i64,
        to: i64,
        reason: Reason,
    },
    Anchor {
        place: i64,
        timestamp: i64,
        reason: &'static str,
    },
}

#[derive(Debug)]
pub(super) struct AudioTrack {
    generation: u64,
    order: Order,
    timeline: Timeline,
    settling: Option<Settling>,
    /// When the first packet came.
    first_us: i64,
    /// Where the row ends; unset until it begins.
    cursor: Option<i64>,
    hole: Option<Hole>,
    /// Of the packet before, of this generation.
    last_index: Option<u64>,
    /// The generation has changed, and nothing has come of the new one.
    renewed: bool,
    toc: u8,
}

/// A packet with a time.
#[derive(Debug)]
struct Voice {
    at_us: i64,
    index: u64,
    time: i64,
    samples: u32,
    payload: Vec<u8>,
}

/// Packets whose times make no sense yet.
#[derive(Debug)]
struct Settling {
    since_us: i64,
    held: Vec<Voice>,
}

/// A stretch without sound that goes on.
#[derive(Debug)]
struct Hole {
    from: i64,
    lost: bool,
}

impl AudioTrack {
    pub(super) fn new(at_us: i64, generation: u64) -> Self {
        Self {
            generation,
            order: Order::new(),
            timeline: Timeline::new(RATE),
            settling: None,
            first_us: at_us,
            cursor: None,
            hole: None,
            last_index: None,
            renewed: false,
            toc: 0xf8,
        }
    }

    pub(super) fn packet(&mut self, at_us: i64, packet: &Tapped<'_>, out: &mut Vec<Heard>) {
        if packet.generation < self.generation {
            return;
        }
        if packet.generation > self.generation {
            self.flush(out);
            self.generation = packet.generation;
            (self.order, self.timeline) = (Order::new(), Timeline::new(RATE));
            (self.last_index, self.renewed) = (None, true);
        }
        while !self.order.reaches(packet.index) {
            let Some(next) = self.order.flush() else { break };
            self.take(next, out);
        }
        self.order.push(Packet {
            at_us,
            index: packet.index,
            timestamp: packet.timestamp,
            marker: packet.marker,
            payload: packet.payload.to_vec(),
        });
        self.drain(at_us, out);
    }

    /// A sender report: what stands still without its timestamps saying so is moved to where the sender's clock has it.
    pub(super) fn report(&mut self, clock_us: i64, timestamp: u32, out: &mut Vec<Heard>) {
        if self.settling.is_some() {
            return;
        }
        let Some(told) = self.timeline.report(clock_us, timestamp) else { return };
        let Some((on_grid, by)) = self.on_grid(told.by(), self.timeline.near(timestamp)) else { return };
        self.timeline.follow(told, by);
        out.push(Heard::Anchor { place: on_grid, timestamp: self.timeline.near(timestamp), reason: "reports" });
    }

    /// What does not come any more gives way to silence.
    pub(super) fn tick(&mut self, now_us: i64, out: &mut Vec<Heard>) {
        self.drain(now_us, out);
        if self.settling.as_ref().is_some_and(|settling| now_us - settling.since_us >= SETTLE_US) {
            self.settle(out);
        }
        if self.settling.is_none() {
            self.fill_until(self.timeline.due(now_us - HOLD_US), out);
        }
    }

    /// Nothing more comes; `left` if that is because the sender is gone.
    pub(super) fn finish(&mut self, now_us: i64, left: bool, out: &mut Vec<Heard>) {
        self.flush(out);
        self.fill_until(ticks(now_us, RATE), out);
        let Some((hole, to)) = self.hole.take().zip(self.cursor) else { return };
        let reason = match (hole.lost, left) {
            (true, _) => Reason::Loss,
            (_, true) => Reason::Disconnect,
            _ => Reason::Silence,
        };
        if to - hole.from >= NO_GAP {
            out.push(Heard::Gap { from: hole.from, to, reason });
        }
    }

    /// Up to here it is known what there is to hear.
    pub(super) fn known_until(&self) -> i64 {
        self.cursor.unwrap_or_else(|| ticks(self.first_us, RATE) - 2 * FRAME)
    }

    /// The place of an RTP timestamp near to what is heard now.
    pub(super) fn place_of(&self, timestamp: u32) -> Option<i64> {
        self.timeline.place(self.timeline.near(timestamp))
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    fn flush(&mut self, out: &mut Vec<Heard>) {
        while let Some(packet) = self.order.flush() {
            self.take(packet, out);
        }
        self.settle(out);
    }

    fn drain(&mut self, now_us: i64, out: &mut Vec<Heard>) {
        while let Some(packet) = self.order.pop(now_us) {
            self.take(packet, out);
        }
    }

    fn take(&mut self, packet: Packet, out: &mut Vec<Heard>) {
        let Packet { at_us, index, timestamp, payload, .. } = packet;
        if payload.is_empty() {
            self.last_index = Some(index);
        }
        let Some(samples) = toc::samples(&payload) else { return };
        let voice = Voice { at_us, index, time: self.timeline.extend(timestamp), samples, payload };
        if let Some(settling) = &mut self.settling {
            settling.held.push(voice);
            if settling.held.len() >= MOST_SETTLING {
                self.settle(out);
            }
            return;
        }
        let Some(place) = self.timeline.place(voice.time) else {
            self.settling = Some(Settling { since_us: at_us, held: vec![voice] });
            return;
        };
        match self.timeline.judge(at_us, place.saturating_add(i64::from(samples))) {
            Standing::Good => self.put(voice, out),
            Standing::Drifted(by) => {
                self.correct(by, voice.time, "drift", out);
                self.put(voice, out);
            }
            Standing::Off(_) => {
                self.settling = Some(Settling { since_us: at_us, held: vec![voice] });
            }
        }
    }

    /// Finds out where the packets belong that have come meanwhile: by the one that came quickest.
    fn settle(&mut self, out: &mut Vec<Heard>) {
        let Some(Settling { held, .. }) = self.settling.take() else { return };
        if self.timeline.is_anchored() {
            let late = |voice: &Voice| Some(self.timeline.lateness(voice.at_us, self.end_of(voice)?));
            let least = held.iter().filter_map(late).min().unwrap_or(0);
            // A row of packets that was held up somewhere catches up; one that does not has another clock than before.
            if self.timeline.is_off(least) {
                self.correct(least, held[0].time, "jump", out);
            }
        } else {
            self.anchor(&held, out);
        }
        for voice in held {
            let end = self.end_of(&voice);
            if end.is_some_and(|end| !self.timeline.is_off(self.timeline.lateness(voice.at_us, end))) {
                self.put(voice, out);
            }
        }
    }

    /// A packet comes when its last sample has been taken.
    fn anchor(&mut self, held: &[Voice], out: &mut Vec<Heard>) {
        let origin = |voice: &Voice| ticks(voice.at_us, RATE) - i64::from(voice.samples) - voice.time;
        let Some((origin, time)) = held.iter().map(|voice| (origin(voice), voice.time)).min() else { return };
        let place = origin + time;
        let grid = self.cursor.unwrap_or(0);
        let on_grid = grid + (place - grid).div_euclid(FRAME) * FRAME;
        self.timeline.anchor(time, on_grid, on_grid, place);
        out.push(Heard::Anchor { place: on_grid, timestamp: time, reason: "arrival" });
    }

    /// Moves what comes from `time` on, by whole frames of what there is.
    fn correct(&mut self, by: i64, time: i64, reason: &'static str, out: &mut Vec<Heard>) {
        let Some((on_grid, by)) = self.on_grid(by, time) else { return };
        self.timeline.correct(by);
        out.push(Heard::Anchor { place: on_grid, timestamp: time, reason });
    }

    /// Where something belongs that is to be moved, whole frames from what there is, and by how much that moves it.
    fn on_grid(&self, by: i64, time: i64) -> Option<(i64, i64)> {
        let (place, cursor) = self.timeline.place(time).zip(self.cursor)?;
        let on_grid = cursor + frames(place.saturating_add(by) - cursor) * FRAME;
        Some((on_grid, on_grid - place))
    }

    fn end_of(&self, voice: &Voice) -> Option<i64> {
        self.timeline.place(voice.time).map(|place| place.saturating_add(i64::from(voice.samples)))
    }

    /// Puts a packet at the end of the row, after the silence before it. One whose place is taken is let go.
    fn put(&mut self, voice: Voice, out: &mut Vec<Heard>) {
        let Some(place) = self.timeline.place(voice.time) else { return };
        if self.cursor.is_none() && place < 0 {
            return;
        }
        let cursor = *self.cursor.get_or_insert(place);
        let missing = frames(place - cursor);
        if missing < 0 {
            return;
        }
        self.fill(missing, out);
        let follows = self.last_index.is_none_or(|last| last.checked_add(1) == Some(voice.index));
        self.last_index = Some(voice.index);
        let place = cursor + missing * FRAME;
        let is_silent = voice.payload.len() <= toc::SILENT;
        if is_silent {
            self.hole.get_or_insert(Hole { from: place, lost: false });
        }
        if let Some(hole) = &mut self.hole {
            hole.lost |= !follows;
        }
        let lost = if follows || missing > CONCEALED { 0 } else { missing };
        if !is_silent {
            self.close_hole(place, out);
            self.toc = voice.payload[0];
        }
        self.cursor = Some(place + i64::from(voice.samples));
        out.push(Heard::Packet { place, samples: voice.samples, lost, payload: voice.payload });
    }

    fn close_hole(&mut self, to: i64, out: &mut Vec<Heard>) {
        let renewed = std::mem::take(&mut self.renewed);
        let Some(Hole { from, lost }) = self.hole.take() else { return };
        let reason = match (renewed, lost) {
            (true, _) => Reason::Disconnect,
            (_, true) => Reason::Loss,
            _ => Reason::Silence,
        };
        out.push(Heard::Gap { from, to, reason });
    }

    fn fill_until(&mut self, end: i64, out: &mut Vec<Heard>) {
        if let Some(cursor) = self.cursor {
            self.fill((end - cursor).div_euclid(FRAME), out);
        }
    }

    fn fill(&mut self, frames: i64, out: &mut Vec<Heard>) {
        let Some(cursor) = self.cursor.filter(|_| frames > 0) else { return };
        self.hole.get_or_insert(Hole { from: cursor, lost: false });
        let payload = toc::filler(self.toc);
        out.extend((0..frames).map(|frame| Heard::Filler { place: cursor + frame * FRAME, payload }));
        self.cursor = Some(cursor + frames * FRAME);
    }
}

/// As many frames as are nearest.
fn frames(samples: i64) -> i64 {
    (samples + FRAME / 2).div_euclid(FRAME)
}
