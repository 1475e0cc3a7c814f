//! One consistent run of packets, whichever up track is behind it: what a down track sends, and what a recording has of a picture in layers.
//!
//! One mapping holds for one run of the publisher's packets: `index = base + (up index - first)`. So a gap in front of us stays a
//! gap behind us, a late packet finds its place, and a NACK finds its packet. Each new mapping begins above all that was used before,
//! so no index ever stands for two packets.

use std::time::Instant;

use super::{
    up::{Generation, MediaPacket},
    vp8::{Descriptor, PictureShift},
};

/// A gap larger than this is closed: nobody could repair it, and a jump of half the sequence space would cost the subscriber its ROC.
const MAX_GAP: u64 = 1_000;

#[derive(Clone, Copy, Debug)]
struct Mapping {
    generation: Generation,
    first: u64,
    base: u64,
    timestamp_offset: u32,
    pictures: PictureShift,
}

/// The newest packet: where the next publisher's begin.
#[derive(Clone, Copy, Debug)]
struct Last {
    timestamp: u32,
    at: Instant,
    descriptor: Descriptor,
}

/// A packet's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spliced {
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    pub(crate) pictures: PictureShift,
}

/// A packet found for a NACK: the up track's index, and where it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) generation: Generation,
    pub(crate) up_index: u64,
    index: u64,
}

#[derive(Debug)]
pub(crate) struct Splice {
    clock_rate: u32,
    /// Another publisher's picture has to begin with a key frame: the decoder would lay the differences over the wrong picture.
    is_picture: bool,
    max_gap: u64,
    /// What is missing now was left out by us, and not lost.
    paused: bool,
    mapping: Option<Mapping>,
    /// The lowest index that was never used.
    pub(super) next_index: u64,
    last: Option<Last>,
}

impl Splice {
    pub(crate) fn new(clock_rate: u32, is_picture: bool, next_index: u64) -> Self {
        Self { clock_rate, is_picture, max_gap: MAX_GAP, paused: false, mapping: None, next_index, last: None }
    }

    /// For whom it matters what is missing, and who counts further than sequence numbers do.
    pub(crate) fn with_every_gap(self) -> Self {
        Self { max_gap: u64::MAX, ..self }
    }

    /// The run that was placed last.
    pub(super) fn generation(&self) -> Option<Generation> {
        self.mapping.map(|mapping| mapping.generation)
    }

    /// What comes next begins a new mapping.
    pub(super) fn end_mapping(&mut self) {
        self.mapping = None;
    }

    /// What comes until the next packet is placed is left out: nobody is to miss it.
    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    /// Sequence numbers go on, under roll-over count 0.
    pub(super) fn rekey(&mut self) {
        self.next_index &= 0xffff;
        self.mapping = None;
    }

    /// Where a packet goes; `None` if it is older than the mapping, or if a keyframe must come first.
    #[inline]
    pub(crate) fn place(&mut self, now: Instant, packet: &MediaPacket) -> Option<Spliced> {
        let mapping = match self.mapping {
            Some(mapping) if mapping.generation == packet.generation => mapping,
            _ => self.begin(now, packet)?,
        };
        let mut index = mapping.base + packet.index.checked_sub(mapping.first)?;
        let timestamp = packet.timestamp.wrapping_add(mapping.timestamp_offset);
        if index >= self.next_index {
            if index - self.next_index > self.max_gap || self.paused {
                self.paused = false;
                index = self.next_index;
                self.mapping = Some(Mapping { base: index, first: packet.index, ..mapping });
            }
            self.next_index = index + 1;
            let descriptor = packet.descriptor.shifted(mapping.pictures);
            let before = self.last.map_or(descriptor, |last| last.descriptor);
            self.last = Some(Last { timestamp, at: now, descriptor: descriptor.or(before) });
        }
        Some(Spliced { index, timestamp, pictures: mapping.pictures })
    }

    /// Begins a mapping with this packet.
    #[cold]
    fn begin(&mut self, now: Instant, packet: &MediaPacket) -> Option<Mapping> {
        if self.is_picture && self.last.is_some() && !packet.starts_keyframe {
            return None;
        }
        let timestamp_offset = self.last.map_or(0, |last| {
            let passed = now.saturating_duration_since(last.at).as_micros() * u128::from(self.clock_rate) / 1_000_000;
            let passed = (passed as u32).max(self.clock_rate / 50);
            last.timestamp.wrapping_add(passed).wrapping_sub(packet.timestamp)
        });
        let pictures = self.last.map_or_else(PictureShift::default, |last| packet.descriptor.shift_behind(last.descriptor));
        let (generation, first, base) = (packet.generation, packet.index, self.next_index);
        let mapping = Mapping { generation, first, base, timestamp_offset, pictures };
        self.mapping = Some(mapping);
        Some(mapping)
    }

    /// What a sequence number stands for, if it is of the present mapping.
    pub(super) fn lost(&self, sequence: u16) -> Option<Lost> {
        let mapping = self.mapping?;
        let newest = self.next_index.checked_sub(1)?;
        let index = newest.checked_sub(u64::from((newest as u16).wrapping_sub(sequence)))?;
        let up_index = mapping.first + index.checked_sub(mapping.base)?;
        Some(Lost { generation: mapping.generation, up_index, index })
    }

    /// Where a packet that has this timestamp at the publisher goes again. `None` if its mapping is over: the same layer may have come back
    /// meanwhile, and the packet would be another one.
    pub(super) fn again(&self, lost: Lost, timestamp: u32) -> Option<Spliced> {
        let mapping = self.mapping.filter(|mapping| mapping.generation == lost.generation && lost.index >= mapping.base)?;
        let timestamp = timestamp.wrapping_add(mapping.timestamp_offset);
        Some(Spliced { index: lost.index, timestamp, pictures: mapping.pictures })
    }

    /// The time of the publisher's clock here, if its packets are.
    pub(crate) fn time_of(&self, generation: Generation, timestamp: u32) -> Option<u32> {
        let mapping = self.mapping.filter(|mapping| mapping.generation == generation)?;
        Some(timestamp.wrapping_add(mapping.timestamp_offset))
    }
}
