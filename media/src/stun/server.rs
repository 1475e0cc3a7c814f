//! The STUN server for clients without a session: "where do I come from?" (RFC 8489 Binding).
//!
//! It is reachable by anybody, with a source address that may be forged, so an answer is never longer than it
//! must be, carries no SOFTWARE, and each source (and all of them together) gets only so many a second.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::{Answer, Request};

/// An office behind one NAT address may start many calls at once; a flood is much more than that.
const PER_SOURCE: Limit = Limit { burst: 100, every: Duration::from_millis(20) };
const ALL_SOURCES: Limit = Limit { burst: 2_000, every: Duration::from_micros(500) };
/// Sources remembered. Two that fall into one slot share its bucket: the table never grows.
const SLOTS: usize = 4096;

/// Answers Binding requests within its limits.
#[derive(Debug)]
pub(crate) struct StunServer {
    hasher: RandomState,
    sources: Box<[Bucket]>,
    all: Bucket,
    answers: u64,
}

impl StunServer {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            hasher: RandomState::new(),
            sources: vec![Bucket::full(PER_SOURCE, now); SLOTS].into(),
            all: Bucket::full(ALL_SOURCES, now),
            answers: 0,
        }
    }

    /// Answers given so far.
    pub(crate) fn answers(&self) -> u64 {
        self.answers
    }

    /// The answer to `request` from `source`, or silence.
    pub(crate) fn answer(&mut self, now: Instant, request: &Request<'_>, source: SocketAddr) -> Option<Answer> {
        let slot = self.hasher.hash_one(network_of(source.ip())) as usize % SLOTS;
        if !self.sources[slot].take(PER_SOURCE, now) || !self.all.take(ALL_SOURCES, now) {
            return None;
        }
        self.answers += 1;
        let answer = if request.unknown_attributes().is_empty() {
            Answer::success(request, source)
        } else {
            Answer::unknown_attributes(request)
        };
        Some(if request.has_fingerprint { answer.with_fingerprint() } else { answer })
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
struct Limit {
    burst: u32,
    /// One more answer is allowed after this time.
    every: Duration,
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
        let earned = now.saturating_duration_since(self.paid).as_nanos() / limit.every.as_nanos();
        if earned >= u128::from(limit.burst - self.tokens) {
            (self.tokens, self.paid) = (limit.burst, now);
        } else {
            self.tokens += earned as u32;
            self.paid += limit.every * earned as u32;
        }
        let granted = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::tests::request;
    use crate::testing::begin;

    fn source(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 1234))
    }

    #[test]
    fn answers_until_the_bucket_is_empty_and_again_later() {
        let now = begin();
        let mut server = StunServer::new(now);
        let bytes = request(&[]);
        let request = Request::parse(&bytes).expect("a request");
        for _ in 0..PER_SOURCE.burst {
            assert!(server.answer(now, &request, source(1)).is_some());
        }
        assert!(server.answer(now, &request, source(1)).is_none(), "the burst is used up");
        let later = now + PER_SOURCE.every;
        assert!(server.answer(later, &request, source(1)).is_some(), "one more is earned");
        assert!(server.answer(later, &request, source(1)).is_none(), "and only one");
    }

    #[test]
    fn one_source_does_not_silence_another() {
        let now = begin();
        let mut server = StunServer::new(now);
        let bytes = request(&[]);
        let request = Request::parse(&bytes).expect("a request");
        while server.answer(now, &request, source(1)).is_some() {}
        let silenced = (2..250).filter(|last| server.answer(now, &request, source(*last)).is_none()).count();
        assert!(silenced < 5, "{silenced} of 248 other sources share a slot with the flooding one");
    }

    #[test]
    fn all_sources_together_are_limited() {
        let now = begin();
        let mut server = StunServer::new(now);
        let bytes = request(&[]);
        let request = Request::parse(&bytes).expect("a request");
        let answered =
            (0..20_000_u32).filter(|n| server.answer(now, &request, SocketAddr::from((n.to_be_bytes(), 1))).is_some()).count();
        assert_eq!(answered, ALL_SOURCES.burst as usize);
    }

    #[test]
    fn answer_to_a_bare_request_is_as_short_as_it_can_be() {
        let now = begin();
        let mut server = StunServer::new(now);
        let bytes = request(&[]);
        let answer = server.answer(now, &Request::parse(&bytes).expect("a request"), source(7)).expect("an answer");
        assert_eq!(answer.as_bytes().len(), 20 + 12);
    }
}
