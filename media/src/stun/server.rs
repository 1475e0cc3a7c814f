//! The STUN server for clients without a session: "where do I come from?" (RFC 8489 Binding).
//!
//! It is reachable by anybody, with a source address that may be forged, so an answer is never longer than it
//! must be, carries no SOFTWARE, and each source (and all of them together) gets only so many a second.

use std::net::SocketAddr;
use std::time::Instant;

use super::limit::Limiter;
use super::{Answer, Request};

/// Answers Binding requests within its limits.
#[derive(Debug)]
pub(crate) struct StunServer {
    limiter: Limiter,
    answers: u64,
}

impl StunServer {
    pub(crate) fn new(now: Instant) -> Self {
        Self { limiter: Limiter::new(now), answers: 0 }
    }

    /// Answers given so far.
    pub(crate) fn answers(&self) -> u64 {
        self.answers
    }

    /// What all answers to strangers are counted with, whoever gives them.
    pub(crate) fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    /// The answer to `request` from `source`, or silence.
    pub(crate) fn answer(&mut self, now: Instant, request: &Request<'_>, source: SocketAddr) -> Option<Answer> {
        if !self.limiter.allows(now, source) {
            return None;
        }
        self.answers += 1;
        let answer =
            if request.unknown_attributes().is_empty() { request.success(source) } else { request.unknown_attributes_answer() };
        Some(if request.has_fingerprint() { answer.with_fingerprint() } else { answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::limit::{ALL_SOURCES, PER_SOURCE};
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
