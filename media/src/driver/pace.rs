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
    /// Something came within the distance of the round before: then it is likely to again. Bursts at a greater distance from each other
    /// are not waited for.
    gathers: bool,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, packets: 0, sent: 0, distance: Duration::ZERO, round: now, gathers: true }
    }

    /// A round begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.round = now;
    }

    /// There is something to take that was waited for. Says how long to wait for the rest of its burst.
    pub(super) fn came(&mut self, now: Instant) -> Duration {
        let after = now.saturating_duration_since(self.round);
        let paused = self.gathers && after >= self.distance;
        self.gathers = after < self.distance + BURST;
        // What was there when a pause ended has gathered already.
        if paused && self.gathers { Duration::ZERO } else { self.distance.min(BURST) }
    }

    /// A pause was over, and nothing had come.
    pub(super) fn waited_in_vain(&mut self) {
        self.gathers = false;
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
        if !self.gathers {
            return Duration::ZERO;
        }
        self.distance.saturating_sub(now.saturating_duration_since(self.round))
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
    fn where_nothing_comes_in_a_pause_the_next_is_left_out() {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count(100);
        let mut round = start + WINDOW;
        pace.begin(round);
        let distance = pace.pause(round);
        assert!(distance > Duration::ZERO);
        pace.waited_in_vain();
        assert_eq!(pace.pause(round), Duration::ZERO);
        for (after, pause) in [(distance * 2, Duration::ZERO), (distance / 2, distance), (distance / 2, distance)] {
            round += after;
            assert_eq!(pace.came(round), BURST);
            pace.begin(round);
            pace.count(100);
            assert_eq!(pace.pause(round), pause, "after {after:?}");
        }
    }

    #[test]
    fn what_came_in_a_pause_has_gathered() {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count(100);
        pace.begin(start + WINDOW);
        let distance = pace.pause(start + WINDOW);
        let over = start + WINDOW + distance;
        assert_eq!(pace.came(over), Duration::ZERO);
        assert_eq!(pace.pause(start + WINDOW), distance, "and the next is worth it");
        assert_eq!(pace.came(over + BURST), BURST, "it came after the pause");
        assert_eq!(pace.pause(start + WINDOW), Duration::ZERO);
    }

    #[test]
    fn a_burst_that_is_over_is_forgotten() {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count(1_000);
        assert_eq!(pace.came(start), Duration::ZERO, "nothing is known yet");
        pace.pause(start + WINDOW);
        assert_eq!(pace.came(start + WINDOW), BURST);
        pace.pause(start + WINDOW * 3 / 2);
        assert_eq!(pace.came(start + WINDOW * 3 / 2), BURST, "the window is not over");
        pace.pause(start + WINDOW * 2);
        assert_eq!(pace.came(start + WINDOW * 2), Duration::ZERO);
    }
}
