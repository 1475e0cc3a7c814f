//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): when each packet of a session came, by its
//! transport-wide sequence number.

use super::{word, write::Body};
use crate::track::Ssrc;

/// The unit of deltas, in µs.
pub(crate) const TICK: i64 = 250;
/// The unit of the reference time, in ticks: 64 ms.
const REFERENCE: i64 = 256;
/// Symbols of one chunk with two bits for each.
const CHUNK: usize = 7;
const MOST_RUN: u16 = 0x1fff;

/// What is told of packets from `base` on, read as it is iterated.
#[derive(Clone, Debug)]
pub(crate) struct TransportFeedback<'a> {
    sequence: u16,
    left: u16,
    chunks: &'a [u8],
    chunk: Chunk,
    deltas: &'a [u8],
    /// In ticks, by the receiver's clock: 24 bits of 64 ms, signed.
    time: i64,
}

/// What is left of a chunk.
#[derive(Clone, Copy, Debug)]
enum Chunk {
    Run {
        symbol: u8,
        left: u16,
    },
    /// `bits` for each symbol; the next ones stand at the top of the 14.
    Vector {
        symbols: u16,
        bits: u32,
        left: u16,
    },
}

/// One packet, and when it came in µs by the receiver's clock, if it did. The clock starts over every 12 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) sequence: u16,
    pub(crate) at: Option<i64>,
}

impl<'a> TransportFeedback<'a> {
    pub(super) fn parse(packet: &'a [u8]) -> Option<Self> {
        let counts = word(packet, 12)?;
        // The sign is carried down.
        let reference = (word(packet, 16)? as i32) >> 8;
        let (sequence, left) = ((counts >> 16) as u16, counts as u16);
        let chunks = packet.get(20..)?;
        let len = chunks_len(chunks, left)?;
        let (chunks, deltas) = chunks.split_at_checked(len)?;
        let time = i64::from(reference) * REFERENCE;
        Some(Self { sequence, left, chunks, chunk: Chunk::Run { symbol: 0, left: 0 }, deltas, time })
    }

    /// Of how many packets it tells.
    pub(crate) fn told(&self) -> usize {
        usize::from(self.left)
    }

    fn symbol(&mut self) -> Option<u8> {
        loop {
            match &mut self.chunk {
                Chunk::Run { symbol, left } if *left > 0 => {
                    *left -= 1;
                    return Some(*symbol);
                }
                Chunk::Vector { symbols, bits, left } if *left > 0 => {
                    *left -= 1;
                    let symbol = *symbols >> (u32::from(*left) * *bits) & ((1 << *bits) - 1);
                    return Some(symbol as u8);
                }
                _ => {
                    let (next, rest) = self.chunks.split_first_chunk::<2>()?;
                    self.chunks = rest;
                    self.chunk = Chunk::read(u16::from_be_bytes(*next));
                }
            }
        }
    }

    /// `None` when the deltas end before the symbols do: then the rest is nothing to go by.
    fn delta(&mut self, symbol: u8) -> Option<i64> {
        let (delta, rest) = match symbol {
            1 => self.deltas.split_first().map(|(delta, rest)| (i64::from(*delta), rest))?,
            _ => self.deltas.split_first_chunk::<2>().map(|(delta, rest)| (i64::from(i16::from_be_bytes(*delta)), rest))?,
        };
        self.deltas = rest;
        Some(delta)
    }
}

impl Chunk {
    fn read(chunk: u16) -> Self {
        match chunk >> 14 {
            0 | 1 => Self::Run { symbol: (chunk >> 13 & 3) as u8, left: chunk & MOST_RUN },
            2 => Self::Vector { symbols: chunk & 0x3fff, bits: 1, left: 14 },
            _ => Self::Vector { symbols: chunk & 0x3fff, bits: 2, left: CHUNK as u16 },
        }
    }

    fn len(self) -> u16 {
        match self {
            Self::Run { left, .. } | Self::Vector { left, .. } => left,
        }
    }
}

/// The bytes of the chunks that describe so many packets.
fn chunks_len(chunks: &[u8], packets: u16) -> Option<usize> {
    let mut described = 0;
    let mut len = 0;
    while described < u32::from(packets) {
        let chunk = *chunks.get(len..)?.first_chunk()?;
        described += u32::from(Chunk::read(u16::from_be_bytes(chunk)).len());
        len += 2;
    }
    Some(len)
}

impl Iterator for TransportFeedback<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        self.left = self.left.checked_sub(1)?;
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let at = match self.symbol()? {
            // 3 is reserved: it came, at a time that is not told.
            0 | 3 => None,
            symbol => {
                self.time += self.delta(symbol)?;
                Some(self.time * TICK)
            }
        };
        Some(Arrival { sequence, at })
    }
}

/// Writes what came of the packets from `base` on, each with its time in ticks of our clock, and gives how many it tells of: it ends before one that
/// came more than 8 s from the one before, or when the packet is full.
pub(super) fn write(packet: &mut Body<'_>, sender: Ssrc, media: Ssrc, base: u16, count: u8, arrivals: &[Option<u32>]) -> usize {
    let first = i64::from(arrivals.iter().flatten().next().copied().unwrap_or(0));
    let reference = first / REFERENCE;
    let told = fitting(arrivals, reference * REFERENCE);
    packet.word(sender.0);
    packet.word(media.0);
    packet.word(u32::from(base) << 16 | told as u32);
    packet.word((reference as u32 & 0xff_ffff) << 8 | u32::from(count));
    let mut time = reference * REFERENCE;
    for chunk in arrivals[..told].chunks(CHUNK) {
        let symbols = (0..CHUNK).map(|n| chunk.get(n).copied().flatten().map_or(0, |at| symbol(&mut time, at)));
        let bits = symbols.fold(0, |bits, symbol| bits << 2 | symbol);
        packet.bytes(&(0xc000 | bits).to_be_bytes());
    }
    let mut time = reference * REFERENCE;
    for at in arrivals[..told].iter().flatten() {
        let delta = i64::from(*at) - time;
        match symbol(&mut time, *at) {
            1 => packet.bytes(&[delta as u8]),
            _ => packet.bytes(&(delta as i16).to_be_bytes()),
        }
    }
    packet.pad();
    told
}

/// Small deltas have a byte, larger and negative ones two.
fn symbol(time: &mut i64, at: u32) -> u16 {
    let delta = i64::from(at) - *time;
    *time = i64::from(at);
    if (0..=255).contains(&delta) { 1 } else { 2 }
}

/// What one packet takes: two bits and at most two bytes each, within what is left of 1,100 bytes.
fn fitting(arrivals: &[Option<u32>], mut time: i64) -> usize {
    const MOST: usize = 450;
    let is_far = |at: &Option<u32>| {
        let Some(at) = at else { return false };
        let delta = i64::from(*at) - std::mem::replace(&mut time, i64::from(*at));
        i16::try_from(delta).is_err()
    };
    arrivals.iter().take(MOST).position(is_far).unwrap_or(arrivals.len().min(MOST))
}
