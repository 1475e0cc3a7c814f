//! How long the thread lets packets gather before it takes them.
//!
//! To wake up, to ask what has come, to take it and to send costs the system about the same for one packet as for ten. So where
//! many come, a short pause makes each of them cheaper (`make bench-turn`, `make bench-load`); where few come, there is none. The pause
//! is far below what a jitter buffer levels out, and shorter the more packets come.

use std::time::{Duration, Instant};

/// Over which time packets are counted.
const WINDOW: Duration = Duration::from_millis(20);
/// Packets a second below which nothing is gained: a call of two has about 300.
const BUSY: u32 = 1_500;
/// How many packets are to come together.
const TOGETHER: u32 = 16;
/// No packet waits longer, but for the slack of the system's timer (50 µs). A burst of video is spread over several times that by its
/// sender.
const LONGEST: Duration = Duration::from_millis(1);

/// The rate at which packets come.
#[derive(Debug)]
pub(super) struct Pace {
    since: Instant,
    packets: u32,
    pause: Duration,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, packets: 0, pause: Duration::ZERO }
    }

    /// So many packets were taken.
    pub(super) fn count(&mut self, packets: usize) {
        self.packets = self.packets.saturating_add(packets as u32);
    }

    /// How long to let packets gather now.
    pub(super) fn pause(&mut self, now: Instant) -> Duration {
        let counted = now.saturating_duration_since(self.since);
        if counted >= WINDOW {
            // A packet is due every so often.
            let every = counted / self.packets.max(1);
            let busy = every * BUSY <= Duration::from_secs(1);
            self.pause = if busy { (every * TOGETHER).min(LONGEST) } else { Duration::ZERO };
            (self.since, self.packets) = (now, 0);
        }
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    /// What the pause is after a window in which packets came at this rate.
    fn pause_at(packets_per_second: u32) -> Duration {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count((packets_per_second / 50) as usize);
        pace.pause(start + WINDOW)
    }

    #[test]
    fn few_packets_wait_for_nothing() {
        for rate in [0, 100, 1_450] {
            assert_eq!(pause_at(rate), Duration::ZERO, "{rate}");
        }
    }

    #[test]
    fn the_more_come_the_shorter_is_the_pause() {
        assert_eq!(pause_at(1_500), LONGEST);
        assert_eq!(pause_at(16_000), LONGEST);
        assert_eq!(pause_at(40_000), Duration::from_micros(400));
        assert_eq!(pause_at(200_000), Duration::from_micros(80));
    }

    #[test]
    fn a_burst_that_is_over_is_forgotten() {
        let start = begin();
        let mut pace = Pace::new(start);
        pace.count(1_000);
        assert!(pace.pause(start + WINDOW) > Duration::ZERO);
        assert!(pace.pause(start + WINDOW * 3 / 2) > Duration::ZERO, "the window is not over");
        assert_eq!(pace.pause(start + WINDOW * 2), Duration::ZERO);
    }
}
