//! The receiver's clock, of which only differences count: it starts over every 12 days, may be set anew, and may lie.

/// 24 bits of 64 ms, in µs.
const PERIOD: i64 = (1 << 24) * 64_000;
/// Packets overtake each other by less than this; what is earlier was told by another clock.
const BACK: i64 = 1_000_000;
/// After longer than this nothing can be compared with what was before.
const AHEAD: i64 = 60_000_000;

#[derive(Debug, Default)]
pub(super) struct Clock {
    told: Option<i64>,
    at: i64,
}

impl Clock {
    /// A time that goes on over the end of the period; `None` when it begins anew, so that what came before counts no more.
    pub(super) fn read(&mut self, told: i64) -> Option<i64> {
        let passed = (told - self.told.replace(told)? + PERIOD / 2).rem_euclid(PERIOD) - PERIOD / 2;
        if !(-BACK..=AHEAD).contains(&passed) || self.at > i64::MAX / 2 {
            self.at = 0;
            return None;
        }
        self.at += passed;
        Some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_over_the_end_of_the_period_and_begins_anew_after_a_jump() {
        let mut clock = Clock::default();
        let last = PERIOD / 2 - 64_000;
        assert_eq!(clock.read(last), None);
        assert_eq!(clock.read(-PERIOD / 2 + 64_000), Some(128_000));
        assert_eq!(clock.read(-PERIOD / 2 + 60_000), Some(124_000), "overtaken");
        assert_eq!(clock.read(0), None);
        assert_eq!(clock.read(5_000), Some(5_000));
        assert_eq!(clock.read(-2_000_000), None, "set back");
    }
}
