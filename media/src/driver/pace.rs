//! How long the thread lets packets gather before it takes them.
//!
//! To wake up, to ask what has come, to take it and to send costs the system about the same for one packet as for ten, and what goes to one
//! address goes as one run. So where many come, rounds begin at some distance from each other, which makes each packet cheaper (`make bench-peers`,
//! `docs/packet-path.md`); where few come, each is taken at once. The distance is far below what a jitter buffer levels out, and shorter the
//! more packets come and the more have to be sent. A round that takes longer than that is followed by the next without a pause.

use std::time::{Duration, Instant};

/// Over which time packets are counted.
const WINDOW: Duration = Duration::from_millis(20);
/// Packets a second below which nothing is gained: a call of two has about 300.
const BUSY: u32 = 1_500;
/// How many packets are to come together.
const TOGETHER: u32 = 16;
/// How many are to be sent together: from then on what a round costs by itself is little beside them, and lateness is not worth it.
const SENT_TOGETHER: u32 = 40;
/// No packet waits longer. A burst of video is spread over several times that by its sender.
const LONGEST: Duration = Duration::from_millis(2);
/// After a silence, the first packet waits so long for the rest of its burst.
const BURST: Duration = Duration::from_micros(200);

/// The rates at which packets come and go.
#[derive(Debug)]
pub(super) struct Pace {
    since: Instant,
    packets: u32,
    sent: u32,
    distance: Duration,
    /// When the present round began.
    round: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, packets: 0, sent: 0, distance: Duration::ZERO, round: now }
    }

    /// A round begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.round = now;
    }

    /// So many packets were taken.
    pub(super) fn count(&mut self, packets: usize) {
        self.packets = self.packets.saturating_add(packets as u32);
    }

    /// So many were sent.
    pub(super) fn count_sent(&mut self, packets: usize) {
        self.sent = self.sent.saturating_add(packets as u32);
    }

    /// How long to let packets gather now.
    pub(super) fn pause(&mut self, now: Instant) -> Duration {
        let counted = now.saturating_duration_since(self.since);
        if counted >= WINDOW {
            // A packet is due every so often.
            let every = counted / self.packets.max(1);
            let every_sent = counted / self.sent.max(1);
            let busy = every * BUSY <= Duration::from_secs(1);
            let distance = (every * TOGETHER).min(every_sent * SENT_TOGETHER).min(LONGEST);
            self.distance = if busy { distance } else { Duration::ZERO };
            (self.since, self.packets, self.sent) = (now, 0, 0);
        }
        self.distance.saturating_sub(now.saturating_duration_since(self.round))
    }

    /// How long the first packet after a silence waits for others.
    pub(super) fn burst(&self) -> Duration {
        self.distance.min(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    /// What the pause is after a window in which packets came and were sent at these rates.
    fn pause_at(packets_per_second: u32, sent_per_second: u32) -> Duration {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count((packets_per_second / 50) as usize);
        pace.count_sent((sent_per_second / 50) as usize);
        pace.begin(start + WINDOW);
        pace.pause(start + WINDOW)
    }

    #[test]
    fn few_packets_wait_for_nothing() {
        for rate in [0, 100, 1_450] {
            assert_eq!(pause_at(rate, 10 * rate), Duration::ZERO, "{rate}");
        }
    }

    #[test]
    fn the_more_come_the_shorter_is_the_pause() {
        assert_eq!(pause_at(1_500, 1_500), LONGEST);
        assert_eq!(pause_at(16_000, 16_000), Duration::from_millis(1));
        assert_eq!(pause_at(40_000, 40_000), Duration::from_micros(400));
        assert_eq!(pause_at(200_000, 200_000), Duration::from_micros(80));
    }

    #[test]
    fn the_more_are_sent_the_shorter_is_the_pause() {
        assert_eq!(pause_at(2_000, 20_000), LONGEST);
        assert_eq!(pause_at(10_000, 100_000), Duration::from_micros(400));
        assert_eq!(pause_at(20_000, 200_000), Duration::from_micros(200));
    }

    #[test]
    fn a_round_that_took_as_long_is_followed_at_once() {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count(1_000);
        pace.begin(start + WINDOW);
        let distance = pace.pause(start + WINDOW);
        assert!(distance > Duration::ZERO);
        assert_eq!(pace.pause(start + WINDOW + distance / 4), distance * 3 / 4);
        assert_eq!(pace.pause(start + WINDOW + distance), Duration::ZERO);
    }

    #[test]
    fn a_burst_that_is_over_is_forgotten() {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count(1_000);
        assert_eq!(pace.burst(), Duration::ZERO, "nothing is known yet");
        pace.pause(start + WINDOW);
        assert_eq!(pace.burst(), BURST);
        pace.pause(start + WINDOW * 3 / 2);
        assert_eq!(pace.burst(), BURST, "the window is not over");
        pace.pause(start + WINDOW * 2);
        assert_eq!(pace.burst(), Duration::ZERO);
    }
}
