//! Lost packets, both ways: the cache from which subscribers' NACKs are answered, and the list of what a publisher still owes us.
//!
//! The cache holds what the publisher sent, decrypted, once per up track. Keeping sealed packets would cost each subscriber 1.5 MB and a
//! second copy of every forwarded packet; from the shared one a retransmission is sealed again, which is rare. Sealed again under its
//! own SSRC and index it is the same packet, byte for byte, since header and payload are; over RTX it has an index of its own.

use std::{
    fmt,
    time::{Duration, Instant},
};

use super::Kind;

/// 2.5 Mbit/s are some 260 packets/s: four seconds. A power of two, so that the modulo is a mask.
const PACKETS: usize = 1024;
/// Sound is not sent again, but a packet may bring those before it along.
const SOUNDS: usize = 4;

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
    pub(super) fn new(kind: Kind) -> Self {
        let packets = if kind == Kind::Video { PACKETS } else { SOUNDS };
        Self { entries: vec![EMPTY; packets].into(), payloads: vec![0; packets * SLOT].into() }
    }

    fn slot(&self, index: u64) -> usize {
        index as usize & (self.entries.len() - 1)
    }

    pub(super) fn clear(&mut self) {
        self.entries.fill(EMPTY);
    }

    /// `index` must be given once only. One that is older than what its slot holds is left out.
    pub(super) fn insert(&mut self, index: u64, packet: CachedPacket<'_>) {
        let slot = self.slot(index);
        let len = packet.payload.len();
        let entry = &mut self.entries[slot];
        if len == 0 || len > SLOT || (entry.len > 0 && entry.index >= index) {
            return;
        }
        *entry = Entry { index, timestamp: packet.timestamp, len: len as u16, marker: packet.marker, padding: packet.padding };
        self.payloads[slot * SLOT..][..len].copy_from_slice(packet.payload);
    }

    pub(super) fn get(&self, index: u64) -> Option<CachedPacket<'_>> {
        let slot = self.slot(index);
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

/// To the second request. A line that loses packets loses requests too, and they are small; a publisher that got both sends once in a
/// round trip.
const REPEAT: Duration = Duration::from_millis(20);

/// The further requests are a round trip apart, as the repairs show it, at first as many as `STEADY`; from there it doubles.
const ROUND_TRIP: Duration = Duration::from_millis(100);
const LEAST_ROUND_TRIP: Duration = Duration::from_millis(20);
const MOST_ROUND_TRIP: Duration = Duration::from_secs(1);
const STEADY: u32 = 5;
const TRIES: u32 = 10;

/// What has not come by then is of no use: subscribers need a keyframe.
const GIVE_UP: Duration = Duration::from_secs(2);

/// More missing at once than this is not repaired packet by packet: a keyframe is cheaper.
pub(super) const MAX_MISSING: usize = 128;

/// What the publisher has not sent, or the network has not brought. It never grows beyond what it is made with.
#[derive(Debug)]
pub(super) struct MissingPackets {
    /// Ascending by index.
    list: Vec<Missing>,
    due: Option<Instant>,
    repairs: Repairs,
}

#[derive(Clone, Copy, Debug)]
struct Missing {
    index: u64,
    noticed: Instant,
    due: Instant,
    tries: u32,
}

/// More is missing than can be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// What is to be asked for now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Sequence numbers that were written.
    pub(super) count: usize,
    /// Something was asked for often enough, and will not come.
    pub(super) gave_up: bool,
}

impl MissingPackets {
    pub(super) fn new() -> Self {
        Self { list: Vec::with_capacity(MAX_MISSING), due: None, repairs: Repairs::default() }
    }

    /// How long repairs take stays: the line is the same.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.due = None;
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What nearly all repairs take but for [`LATE`], and at least what one takes mostly, while the line needs them.
    pub(super) fn repair_time(&self, now: Instant) -> Option<Duration> {
        self.repairs.time(now)
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
        self.list.extend((highest + 1..index).map(|index| Missing { index, noticed: now, due, tries: 0 }));
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
        Ok(())
    }

    /// A late or repeated packet came.
    pub(super) fn came(&mut self, now: Instant, index: u64) {
        if let Ok(at) = self.list.binary_search_by_key(&index, |missing| missing.index) {
            let missing = self.list.remove(at);
            if missing.tries > 0 {
                self.repairs.came(now, missing.noticed);
            }
            if self.list.is_empty() {
                self.due = None;
            }
        }
    }

    /// Writes the sequence numbers to ask for now, ascending. Those asked for often enough are given up.
    pub(super) fn take_due(&mut self, now: Instant, lost: &mut [u16; MAX_MISSING]) -> Due {
        let round_trip = self.repairs.round_trip();
        let mut taken = Due { count: 0, gave_up: false };
        self.list.retain_mut(|missing| {
            if missing.due > now {
                return true;
            }
            if missing.tries == TRIES || now.saturating_duration_since(missing.noticed) >= GIVE_UP {
                taken.gave_up = true;
                return false;
            }
            lost[taken.count] = missing.index as u16;
            taken.count += 1;
            missing.due =
                now + if missing.tries == 0 { REPEAT } else { round_trip * 2u32.pow(missing.tries.saturating_sub(STEADY)) };
            missing.tries += 1;
            true
        });
        self.due = self.list.iter().map(|missing| missing.due).min();
        taken
    }
}

/// So many repairs show that the line needs them, as long as none of them is longer ago than this (as browsers have it).
const NEEDED: u32 = 3;
const NEEDED_FOR: Duration = Duration::from_secs(60);

/// A picture that comes so much too late does not yet stand still to the eye, or to a browser's count of freezes (150 ms); waiting for it as
/// well would delay the sound, which waits for its picture, all the time.
pub(super) const LATE: Duration = Duration::from_millis(60);

/// How long repairs have taken lately.
#[derive(Debug, Default)]
struct Repairs {
    count: u32,
    last: Option<Instant>,
    /// From a request to the packet, smoothed. Of several requests the first counts: rather too long than too short.
    round_trip: Option<Duration>,
    /// From the gap to the packet, what nearly all took: up at once, down by a 64th of the difference with each that took less.
    longest: Duration,
}

impl Repairs {
    fn came(&mut self, now: Instant, noticed: Instant) {
        let took = now.saturating_duration_since(noticed);
        let round_trip = took.saturating_sub(REORDERING);
        let smoothed = self.round_trip.map_or(round_trip, |before| (before * 7 + round_trip.min(before * 2)) / 8);
        self.round_trip = Some(smoothed.clamp(LEAST_ROUND_TRIP, MOST_ROUND_TRIP));
        if self.is_over(now) {
            (self.count, self.longest) = (0, Duration::ZERO);
        }
        self.longest = took.max(self.longest - self.longest.saturating_sub(took) / 64);
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
    }

    fn is_over(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now.saturating_duration_since(last) > NEEDED_FOR)
    }

    fn round_trip(&self) -> Duration {
        self.round_trip.unwrap_or(ROUND_TRIP)
    }

    fn time(&self, now: Instant) -> Option<Duration> {
        let time = self.longest.saturating_sub(LATE).max(self.round_trip() + REORDERING);
        (self.count >= NEEDED && !self.is_over(now)).then_some(time)
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
        let mut cache = PacketCache::new(Kind::Video);
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
        let mut cache = PacketCache::new(Kind::Video);
        cache.insert(0, packet(b""));
        cache.insert(1, packet(&[0; SLOT + 1]));
        cache.insert(2, packet(&[7; SLOT]));
        assert!(cache.get(0).is_none() && cache.get(1).is_none());
        assert_eq!(cache.get(2).map(|p| p.payload.len()), Some(SLOT));
    }

    fn take(missing: &mut MissingPackets, now: Instant) -> Vec<u16> {
        let mut lost = [0; MAX_MISSING];
        let count = missing.take_due(now, &mut lost).count;
        lost[..count].to_vec()
    }

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// When a packet that never comes is asked for, in ms from the gap on, and when it is given up.
    fn requests(missing: &mut MissingPackets, gap: Instant, index: u64) -> (Vec<u128>, u128) {
        missing.skipped(gap, index - 1, index + 1).unwrap();
        let mut asked = Vec::new();
        loop {
            let now = missing.due().unwrap();
            let after = (now - gap).as_millis();
            if missing.take_due(now, &mut [0; MAX_MISSING]).gave_up {
                return (asked, after);
            }
            asked.push(after);
        }
    }

    #[test]
    fn a_gap_is_asked_for_after_the_reordering_time_and_only_so_often() {
        let t0 = begin();
        let mut missing = MissingPackets::new();
        assert_eq!(missing.skipped(t0, 65_533, 65_537), Ok(()));
        assert_eq!(missing.due(), Some(t0 + REORDERING));
        missing.came(t0 + ms(5), 65_535);
        assert!(take(&mut missing, t0 + REORDERING - ms(1)).is_empty());
        assert_eq!(take(&mut missing, t0 + REORDERING), [65_534, 0]);
        missing.came(t0 + ms(40), 65_534);
        missing.came(t0 + ms(40), 65_536);
        assert_eq!(missing.due(), None);
        let (asked, given_up) = requests(&mut missing, t0 + ms(100), 65_540);
        assert_eq!(asked, [10, 30, 60, 90, 120, 150, 180, 240, 360, 600], "a round trip is 30 ms");
        assert_eq!(given_up, 1_080);
    }

    #[test]
    fn requests_follow_the_round_trip_of_the_line() {
        let t0 = begin();
        let mut missing = MissingPackets::new();
        assert_eq!(requests(&mut missing, t0, 10).0[..4], [10, 30, 130, 230], "nothing is known");
        for n in 0..40 {
            let gap = t0 + ms(10_000 + 1_000 * n);
            missing.skipped(gap, 20 + 2 * n, 22 + 2 * n).unwrap();
            take(&mut missing, gap + ms(10));
            missing.came(gap + ms(510), 21 + 2 * n);
        }
        let (asked, given_up) = requests(&mut missing, t0 + ms(60_000), 200);
        assert_eq!(asked[..3].iter().map(|ms| ms / 10 * 10).collect::<Vec<_>>(), [10, 30, 530]);
        assert!(asked.len() == 5 && (2_000..2_600).contains(&given_up), "{asked:?} {given_up}");
    }

    #[test]
    fn what_nearly_all_repairs_take_is_known_while_they_are_needed() {
        let t0 = begin();
        let mut missing = MissingPackets::new();
        let mut repair = |n: u64, took: u64| {
            let gap = t0 + ms(1_000 * n);
            missing.skipped(gap, 2 * n, 2 * n + 2).unwrap();
            take(&mut missing, gap + ms(10));
            missing.came(gap + ms(took), 2 * n + 1);
            missing.repair_time(gap + ms(took))
        };
        assert_eq!((repair(1, 170), repair(2, 170)), (None, None));
        assert_eq!(repair(3, 170), Some(ms(170)));
        assert_eq!(repair(4, 330), Some(ms(270)), "one that was lost again");
        let later = (5..24).filter_map(|n| repair(n, 170)).last();
        assert!(later.is_some_and(|later| (ms(220)..ms(240)).contains(&later)), "{later:?}");
        let later = (24..300).filter_map(|n| repair(n, 170)).last();
        assert!(later.is_some_and(|later| later < ms(175)), "{later:?}");
        assert_eq!(repair(361, 170), None, "nothing was lost for a minute");
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
