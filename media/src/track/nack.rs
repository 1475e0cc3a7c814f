//! Lost packets, both ways: the cache from which subscribers' NACKs are answered, and the list of what a publisher still owes us.
//!
//! The cache holds what the publisher sent, decrypted, once per up track. Keeping sealed packets would cost each subscriber 1.5 MB and a
//! second copy of every forwarded packet; from the shared one a retransmission is sealed again, which is rare. Sealed again under its
//! own SSRC and index it is the same packet, byte for byte, since header and payload are; over RTX it has an index of its own.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// 2.5 Mbit/s are some 260 packets/s: four seconds. A power of two, so that the modulo is a mask.
const PACKETS: usize = 1024;

/// The largest payload kept: what is left of 1,500 bytes by IP, UDP, RTP and the tag. A larger one is forwarded, but not repaired.
const SLOT: usize = 1_444;

#[derive(Clone, Copy, Debug)]
pub(crate) struct CachedPacket<'a> {
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) padding: bool,
    pub(crate) payload: &'a [u8],
}

#[derive(Clone, Copy)]
struct Entry {
    index: u64,
    timestamp: u32,
    /// 0 for an empty slot: empty payloads are not kept.
    len: u16,
    marker: bool,
    padding: bool,
}

const EMPTY: Entry = Entry { index: 0, timestamp: 0, len: 0, marker: false, padding: false };

/// A ring by packet index. Allocated as a whole; the pages of a track that never sends are never touched.
pub(super) struct PacketCache {
    entries: Box<[Entry]>,
    payloads: Box<[u8]>,
}

impl fmt::Debug for PacketCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketCache").finish_non_exhaustive()
    }
}

impl PacketCache {
    pub(super) fn new() -> Self {
        Self { entries: vec![EMPTY; PACKETS].into(), payloads: vec![0; PACKETS * SLOT].into() }
    }

    pub(super) fn clear(&mut self) {
        self.entries.fill(EMPTY);
    }

    /// `index` must be given once only. One that is older than what its slot holds is left out.
    pub(super) fn insert(&mut self, index: u64, packet: CachedPacket<'_>) {
        let slot = index as usize % PACKETS;
        let len = packet.payload.len();
        let entry = &mut self.entries[slot];
        if len == 0 || len > SLOT || (entry.len > 0 && entry.index >= index) {
            return;
        }
        *entry = Entry { index, timestamp: packet.timestamp, len: len as u16, marker: packet.marker, padding: packet.padding };
        self.payloads[slot * SLOT..][..len].copy_from_slice(packet.payload);
    }

    pub(super) fn get(&self, index: u64) -> Option<CachedPacket<'_>> {
        let slot = index as usize % PACKETS;
        let entry = self.entries[slot];
        (entry.len > 0 && entry.index == index).then(|| CachedPacket {
            timestamp: entry.timestamp,
            marker: entry.marker,
            padding: entry.padding,
            payload: &self.payloads[slot * SLOT..][..usize::from(entry.len)],
        })
    }
}

/// Packets that overtake each other on the way arrive within this time; what is then missing is asked for.
const REORDERING: Duration = Duration::from_millis(10);

/// To the second request; it doubles from there, so that slow round trips are not flooded.
const RETRY: Duration = Duration::from_millis(40);
const TRIES: u32 = 5;

/// More missing at once than this is not repaired packet by packet: a keyframe is cheaper.
pub(super) const MAX_MISSING: usize = 128;

/// What the publisher has not sent, or the network has not brought. It never grows beyond what it is made with.
#[derive(Debug)]
pub(super) struct MissingPackets {
    /// Ascending by index.
    list: Vec<Missing>,
    due: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Missing {
    index: u64,
    due: Instant,
    tries: u32,
}

/// More is missing than can be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl MissingPackets {
    pub(super) fn new() -> Self {
        Self { list: Vec::with_capacity(MAX_MISSING), due: None }
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.due = None;
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A packet newer than `highest` came: those between are missing.
    pub(super) fn skipped(&mut self, now: Instant, highest: u64, index: u64) -> Result<(), TooMany> {
        let gap = index.saturating_sub(highest + 1);
        if gap == 0 {
            return Ok(());
        }
        if gap as usize > MAX_MISSING - self.list.len() {
            self.clear();
            return Err(TooMany);
        }
        let due = now + REORDERING;
        self.list.extend((highest + 1..index).map(|index| Missing { index, due, tries: 0 }));
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
        Ok(())
    }

    /// A late or repeated packet came.
    pub(super) fn came(&mut self, index: u64) {
        if let Ok(at) = self.list.binary_search_by_key(&index, |missing| missing.index) {
            self.list.remove(at);
            if self.list.is_empty() {
                self.due = None;
            }
        }
    }

    /// Writes the sequence numbers to ask for now, ascending, and gives how many. Those asked for often enough are given up.
    pub(super) fn take_due(&mut self, now: Instant, lost: &mut [u16; MAX_MISSING]) -> usize {
        let mut count = 0;
        self.list.retain_mut(|missing| {
            if missing.due > now {
                return true;
            }
            if missing.tries == TRIES {
                return false;
            }
            lost[count] = missing.index as u16;
            count += 1;
            missing.due = now + RETRY * 2u32.pow(missing.tries);
            missing.tries += 1;
            true
        });
        self.due = self.list.iter().map(|missing| missing.due).min();
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    fn packet(payload: &[u8]) -> CachedPacket<'_> {
        CachedPacket { timestamp: 1, marker: true, padding: false, payload }
    }

    #[test]
    fn the_cache_gives_what_was_put_in_until_it_is_overwritten() {
        let mut cache = PacketCache::new();
        cache.insert(5, packet(b"five"));
        cache.insert(6, packet(b"six"));
        assert_eq!(cache.get(5).map(|p| p.payload), Some(&b"five"[..]));
        assert!(cache.get(7).is_none());
        assert!(cache.get(5 + PACKETS as u64).is_none());
        cache.insert(5 + PACKETS as u64, packet(b"newer"));
        assert!(cache.get(5).is_none());
        cache.insert(5, packet(b"late"));
        assert_eq!(cache.get(5 + PACKETS as u64).map(|p| p.payload), Some(&b"newer"[..]));
        assert_eq!(cache.get(6).map(|p| p.payload), Some(&b"six"[..]));
    }

    #[test]
    fn the_cache_leaves_out_what_is_empty_or_too_large() {
        let mut cache = PacketCache::new();
        cache.insert(0, packet(b""));
        cache.insert(1, packet(&[0; SLOT + 1]));
        cache.insert(2, packet(&[7; SLOT]));
        assert!(cache.get(0).is_none() && cache.get(1).is_none());
        assert_eq!(cache.get(2).map(|p| p.payload.len()), Some(SLOT));
    }

    fn take(missing: &mut MissingPackets, now: Instant) -> Vec<u16> {
        let mut lost = [0; MAX_MISSING];
        let count = missing.take_due(now, &mut lost);
        lost[..count].to_vec()
    }

    #[test]
    fn a_gap_is_asked_for_after_the_reordering_time_and_only_so_often() {
        let t0 = begin();
        let mut missing = MissingPackets::new();
        assert_eq!(missing.skipped(t0, 65_533, 65_537), Ok(()));
        assert_eq!(missing.due(), Some(t0 + REORDERING));
        missing.came(65_535);
        assert!(take(&mut missing, t0 + REORDERING - Duration::from_millis(1)).is_empty());
        assert_eq!(take(&mut missing, t0 + REORDERING), [65_534, 0]);
        missing.came(65_534);
        let mut asked = 1;
        while let Some(due) = missing.due() {
            asked += take(&mut missing, due).len();
        }
        assert_eq!(asked, 5);
    }

    #[test]
    fn a_gap_too_large_is_left_to_a_keyframe() {
        let t0 = begin();
        let mut missing = MissingPackets::new();
        assert_eq!(missing.skipped(t0, 0, 101), Ok(()));
        assert_eq!(missing.skipped(t0, 101, 200), Err(TooMany));
        assert_eq!(missing.due(), None);
    }
}
