//! What one room hands over at once: the packets of one flush, copied behind each other.

use std::time::Instant;

use super::{SenderClock, Source, Tapped};
use crate::control::{PeerId, RoomId};

/// Batches of a common size are used again; a larger one is given back to the allocator.
const KEPT_BYTES: usize = 256 * 1024;

/// What is known of a packet besides its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PacketMeta {
    peer: PeerId,
    source: Source,
    generation: u64,
    index: u64,
    timestamp: u32,
    marker: bool,
    /// Where the payload lies in the batch's bytes.
    start: usize,
    end: usize,
}

/// Packets and clocks of one room, in the order in which they came.
#[derive(Debug)]
pub struct Batch {
    pub room: RoomId,
    /// When they came.
    pub at: Instant,
    packets: Vec<PacketMeta>,
    clocks: Vec<SenderClock>,
    bytes: Vec<u8>,
    /// Packets that were in it and had to give way.
    dropped: u64,
}

impl Batch {
    pub fn new(room: RoomId, at: Instant) -> Self {
        Self { room, at, packets: Vec::new(), clocks: Vec::new(), bytes: Vec::new(), dropped: 0 }
    }

    /// Empties it for other packets; its memory stays.
    pub fn reset(&mut self, room: RoomId, at: Instant) {
        (self.room, self.at, self.dropped) = (room, at, 0);
        self.packets.clear();
        self.clocks.clear();
        self.bytes.clear();
    }

    /// Copies a packet. Its time is the batch's.
    pub fn push(&mut self, packet: &Tapped<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(packet.payload);
        let Tapped { peer, source, generation, index, timestamp, marker, .. } = *packet;
        let end = self.bytes.len();
        self.packets.push(PacketMeta { peer, source, generation, index, timestamp, marker, start, end });
    }

    pub fn push_clock(&mut self, clock: SenderClock) {
        self.clocks.push(clock);
    }

    pub fn is_empty(&self) -> bool {
        self.packets.is_empty() && self.clocks.is_empty()
    }

    pub fn packets(&self) -> impl Iterator<Item = Tapped<'_>> {
        self.packets.iter().map(|meta| Tapped {
            at: self.at,
            peer: meta.peer,
            source: meta.source,
            generation: meta.generation,
            index: meta.index,
            timestamp: meta.timestamp,
            marker: meta.marker,
            payload: &self.bytes[meta.start..meta.end],
        })
    }

    pub fn clocks(&self) -> &[SenderClock] {
        &self.clocks
    }

    /// Packets that gave way in [`Self::drop_video`].
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Leaves the voices only, when there is no room for all.
    pub fn drop_video(&mut self) {
        let Self { packets, bytes, dropped, .. } = self;
        let mut kept = 0;
        packets.retain_mut(|meta| {
            if meta.source != Source::Microphone {
                *dropped += 1;
                return false;
            }
            bytes.copy_within(meta.start..meta.end, kept);
            (meta.start, meta.end) = (kept, kept + meta.end - meta.start);
            kept = meta.end;
            true
        });
        bytes.truncate(kept);
    }

    /// The memory that it needs in a queue, in bytes.
    pub fn weight(&self) -> usize {
        size_of::<Self>()
            + self.bytes.len()
            + self.packets.len() * size_of::<PacketMeta>()
            + self.clocks.len() * size_of::<SenderClock>()
    }

    /// Whether its memory is worth keeping.
    pub(super) fn is_handy(&self) -> bool {
        self.bytes.capacity() <= KEPT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    fn packet(source: Source, index: u64, payload: &[u8]) -> Tapped<'_> {
        Tapped { at: begin(), peer: PeerId(1), source, generation: 0, index, timestamp: 0, marker: false, payload }
    }

    #[test]
    fn video_gives_way_and_the_voices_stay_whole() {
        let mut batch = Batch::new(RoomId(7), begin());
        for (source, index, payload) in [
            (Source::Camera, 1, &b"picture"[..]),
            (Source::Microphone, 2, b"voice"),
            (Source::Screen, 3, b"screen"),
            (Source::Microphone, 4, b""),
            (Source::Microphone, 5, b"another voice"),
        ] {
            batch.push(&packet(source, index, payload));
        }
        let before = batch.weight();
        batch.drop_video();
        let kept: Vec<_> = batch.packets().map(|packet| (packet.index, packet.payload)).collect();
        assert_eq!(kept, [(2, &b"voice"[..]), (4, b""), (5, b"another voice")]);
        assert_eq!(batch.dropped(), 2);
        assert!(batch.weight() < before - 13);
        batch.reset(RoomId(8), begin());
        assert!(batch.is_empty() && batch.dropped() == 0);
    }
}
