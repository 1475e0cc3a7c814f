//! Keyframes: when the publisher is asked for one.

use std::time::{Duration, Instant};

/// At most one request per up track in this time, however many subscribers ask: a keyframe is many times the size of other frames.
const THROTTLE: Duration = Duration::from_millis(500);

/// How long a requested keyframe may take before it is asked for again. It doubles each time, so that a publisher that sends no VP8 is left
/// in peace; one that sends nothing at all (its camera is off, its screen no longer shared) is not asked again before it does.
const RETRY: Duration = Duration::from_secs(1);
const MAX_DOUBLINGS: u32 = 4;

/// What one up track owes its subscribers.
#[derive(Debug, Default)]
pub(super) struct KeyframeRequests {
    /// Somebody waits for a keyframe that has not come.
    wanted: bool,
    /// Somebody has asked since the last request was sent.
    asked: bool,
    last: Option<Instant>,
    tries: u32,
}

impl KeyframeRequests {
    pub(super) fn ask(&mut self) {
        self.wanted = true;
        self.asked = true;
        self.tries = 0;
    }

    pub(super) fn keyframe_seen(&mut self) {
        self.wanted = false;
        self.asked = false;
        self.tries = 0;
    }

    /// When a request is to be sent, to a publisher that was last heard then: in the past if nothing holds it back.
    pub(super) fn due(&self, now: Instant, heard: Instant) -> Option<Instant> {
        match self.last {
            _ if !self.wanted => None,
            None => Some(now),
            Some(last) if self.asked => Some(last + THROTTLE),
            Some(last) if heard <= last => None,
            Some(last) => Some(last + RETRY * 2u32.pow(self.tries.min(MAX_DOUBLINGS))),
        }
    }

    /// Whether to send one now; it counts as sent.
    pub(super) fn take_due(&mut self, now: Instant, heard: Instant) -> bool {
        let due = self.due(now, heard).is_some_and(|due| due <= now);
        if due {
            self.tries += u32::from(!self.asked);
            self.asked = false;
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    #[test]
    fn requests_are_throttled_and_a_pending_one_is_sent_at_the_end() {
        let t0 = begin();
        let at = |ms| t0 + Duration::from_millis(ms);
        let mut requests = KeyframeRequests::default();
        assert_eq!(requests.due(t0, t0), None);
        requests.ask();
        assert!(requests.take_due(t0, t0));
        requests.ask();
        assert!(!requests.take_due(at(499), at(499)));
        assert_eq!(requests.due(at(499), at(499)), Some(at(500)));
        assert!(requests.take_due(at(500), at(500)));
        assert!(!requests.take_due(at(1_000), at(1_000)));
    }

    #[test]
    fn a_request_is_repeated_ever_slower_until_the_keyframe_comes() {
        let t0 = begin();
        let mut requests = KeyframeRequests::default();
        requests.ask();
        assert!(requests.take_due(t0, t0));
        let mut sent = Vec::new();
        for second in 1..=60 {
            let now = t0 + Duration::from_secs(second);
            if requests.take_due(now, now) {
                sent.push(second);
            }
        }
        assert_eq!(sent, [1, 3, 7, 15, 31, 47]);
        requests.keyframe_seen();
        assert_eq!(requests.due(t0 + Duration::from_secs(100), t0), None);
    }
}
