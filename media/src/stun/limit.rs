//! How many answers strangers get: a source address may be forged, and what is asked costs its sender nothing.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// An office behind one NAT address may start many calls at once; a flood is much more than that.
pub(super) const PER_SOURCE: Limit = Limit { burst: 100, every: Duration::from_millis(20) };
pub(super) const ALL_SOURCES: Limit = Limit { burst: 2_000, every: Duration::from_micros(500) };
/// Sources remembered. Two that fall into one slot share its bucket: the table never grows.
const SLOTS: usize = 4096;

/// Counts the answers to those who have shown no credentials.
#[derive(Debug)]
pub(crate) struct Limiter {
    hasher: RandomState,
    sources: Box<[Bucket]>,
    all: Bucket,
}

impl Limiter {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            hasher: RandomState::new(),
            sources: vec![Bucket::full(PER_SOURCE, now); SLOTS].into(),
            all: Bucket::full(ALL_SOURCES, now),
        }
    }

    /// Whether `source` may have one more answer.
    pub(crate) fn allows(&mut self, now: Instant, source: SocketAddr) -> bool {
        let slot = self.slot_of(source);
        self.sources[slot].take(PER_SOURCE, now) && self.all.take(ALL_SOURCES, now)
    }

    /// Whether `source` has had all that it may have for now.
    pub(crate) fn is_exhausted(&mut self, now: Instant, source: SocketAddr) -> bool {
        let slot = self.slot_of(source);
        self.sources[slot].is_empty(PER_SOURCE, now)
    }

    fn slot_of(&self, source: SocketAddr) -> usize {
        self.hasher.hash_one(network_of(source.ip())) as usize % SLOTS
    }
}

/// Who is limited as one: an IPv4 address, or the /64 that one IPv6 host usually owns.
fn network_of(ip: IpAddr) -> u64 {
    match ip.to_canonical() {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) burst: u32,
    /// One more answer is allowed after this time.
    pub(super) every: Duration,
}

/// A token bucket.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: u32,
    /// Up to when tokens have been paid in.
    paid: Instant,
}

impl Bucket {
    fn full(limit: Limit, now: Instant) -> Self {
        Self { tokens: limit.burst, paid: now }
    }

    fn take(&mut self, limit: Limit, now: Instant) -> bool {
        let granted = !self.is_empty(limit, now);
        self.tokens = self.tokens.saturating_sub(1);
        granted
    }

    fn is_empty(&mut self, limit: Limit, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.paid).as_nanos() / limit.every.as_nanos();
        if earned >= u128::from(limit.burst - self.tokens) {
            (self.tokens, self.paid) = (limit.burst, now);
        } else {
            self.tokens += earned as u32;
            self.paid += limit.every * earned as u32;
        }
        self.tokens == 0
    }
}
