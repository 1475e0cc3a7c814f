//! Whether a picture is left out for a while, so that the sound beside it comes through. Pure.

use std::time::{Duration, Instant};

/// What a picture may have more than the line is believed to carry before it is left out: rates and estimates waver.
const STAY: f64 = 1.2;
/// What the line is to carry more than the picture takes before it comes back.
const COME_BACK: f64 = 1.5;
/// So long its publisher has to send less, once it was told.
const SHORT: Duration = Duration::from_secs(3);
/// After so long it is tried again, even if nothing is known to be better: without pictures little is sent, and little is learnt of the line.
const FIRST: Duration = Duration::from_secs(10);
/// If it soon fails again, the next pause is twice as long, up to this.
const LONGEST: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(30);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Pause,
    Resume,
}

#[derive(Debug, Default)]
pub(crate) struct Pause {
    /// Since when the line carries too little.
    short: Option<Instant>,
    /// Set during a pause.
    until: Option<Instant>,
    length: Duration,
    resumed: Option<Instant>,
}

impl Pause {
    pub(crate) fn is_on(&self) -> bool {
        self.until.is_some()
    }

    /// `left`: bit/s that the line has for this picture beside all else. `least`: what its lowest layer takes. `None` is not known.
    pub(crate) fn update(&mut self, now: Instant, left: Option<u64>, least: Option<u64>) -> Option<Change> {
        let part = left.zip(least).map(|(left, least)| left as f64 / least as f64);
        match self.until {
            Some(until) if now >= until || part.is_some_and(|part| part >= COME_BACK) => {
                *self = Self { short: None, until: None, length: self.length, resumed: Some(now) };
                Some(Change::Resume)
            }
            None if part.is_some_and(|part| part * STAY < 1.0) => {
                let short = *self.short.get_or_insert(now);
                (now.saturating_duration_since(short) >= SHORT).then(|| self.begin(now))
            }
            None => {
                self.short = None;
                None
            }
            Some(_) => None,
        }
    }

    fn begin(&mut self, now: Instant) -> Change {
        let failed = self.resumed.is_some_and(|resumed| now.saturating_duration_since(resumed) < SOON);
        self.length = if failed { (self.length * 2).min(LONGEST) } else { FIRST };
        self.until = Some(now + self.length);
        Change::Pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    /// What is done, and in which second, on a line that carries `left(second)` for a picture of 100 kbit/s; it is looked at ten times a second.
    fn run(seconds: u64, left: impl Fn(u64, bool) -> u64) -> Vec<(u64, Change)> {
        let start = begin();
        let mut pause = Pause::default();
        let mut changes = Vec::new();
        for tenth in 0..seconds * 10 {
            let now = start + Duration::from_millis(100 * tenth);
            let left = left(tenth / 10, pause.is_on());
            changes.extend(pause.update(now, Some(left), Some(100_000)).map(|change| (tenth / 10, change)));
        }
        changes
    }

    #[test]
    fn a_picture_that_nearly_fits_or_is_too_large_for_a_moment_stays() {
        assert_eq!(run(60, |_, _| 84_000), []);
        assert_eq!(run(60, |second, _| if second % 4 == 3 { 200_000 } else { 10_000 }), []);
    }

    #[test]
    fn one_that_does_not_fit_goes_and_comes_back_when_it_does() {
        let line = |second, _| if second < 8 { 80_000 } else { 150_000 };
        assert_eq!(run(60, line), [(3, Change::Pause), (8, Change::Resume)]);
        let unclear = |second, _| if second < 8 { 80_000 } else { 149_000 };
        assert_eq!(run(60, unclear), [(3, Change::Pause), (13, Change::Resume)], "it is tried");
    }

    #[test]
    fn a_line_that_stays_narrow_is_tried_less_and_less_often() {
        let pauses: Vec<_> =
            run(300, |_, _| 50_000).into_iter().filter(|(_, change)| *change == Change::Pause).map(|(at, _)| at).collect();
        let apart: Vec<_> = pauses.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(apart, [13, 23, 43, 63, 63, 63]);
        let later = run(200, |second, _| if (20..100).contains(&second) { 500_000 } else { 50_000 });
        assert_eq!(later.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [3, 13, 16, 20, 103, 113, 116, 136, 139, 179, 182]);
    }

    #[test]
    fn nothing_is_done_of_which_nothing_is_known() {
        let mut pause = Pause::default();
        for second in 0..10 {
            let now = begin() + Duration::from_secs(second);
            assert_eq!(pause.update(now, None, Some(100_000)), None);
            assert_eq!(pause.update(now, Some(0), None), None);
        }
    }
}
