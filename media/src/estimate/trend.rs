//! Whether the queue of the line grows: a straight line through the last delays, and a threshold that follows how restless they are
//! (draft-ietf-rmcat-gcc-02 §5, with the regression that browsers use in place of the Kalman filter).

use std::collections::VecDeque;

use super::groups::Delta;

/// Points of the straight line.
const WINDOW: usize = 20;
/// How much of the smoothed delay stays with each point.
const SMOOTHING: f64 = 0.9;
/// Makes ms of slope comparable with the threshold; as many deltas as this count at most.
const GAIN: f64 = 4.0;
const MOST_DELTAS: f64 = 60.0;
/// In ms.
const FIRST_THRESHOLD: f64 = 12.5;
const THRESHOLDS: (f64, f64) = (6.0, 600.0);
/// How quickly the threshold goes up and down (for each ms, draft §5.4).
const UP: f64 = 0.0087;
const DOWN: f64 = 0.039;
/// A single peak is not followed.
const PEAK: f64 = 15.0;
/// So long, in ms, the slope must be over the threshold.
const OVERUSE: f64 = 10.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Usage {
    #[default]
    Normal,
    /// The queue grows.
    Over,
    /// The queue drains.
    Under,
}

#[derive(Debug)]
pub(super) struct Trend {
    first: Option<f64>,
    points: VecDeque<(f64, f64)>,
    accumulated: f64,
    smoothed: f64,
    deltas: u32,
    before: f64,
    threshold: f64,
    updated: Option<f64>,
    /// For how long the slope has been over the threshold, in ms.
    over_for: Option<f64>,
    times_over: u32,
    usage: Usage,
}

impl Default for Trend {
    fn default() -> Self {
        Self { points: VecDeque::with_capacity(WINDOW + 1), ..Self::empty() }
    }
}

impl Trend {
    const fn empty() -> Self {
        Self {
            first: None,
            points: VecDeque::new(),
            accumulated: 0.0,
            smoothed: 0.0,
            deltas: 0,
            before: 0.0,
            threshold: FIRST_THRESHOLD,
            updated: None,
            over_for: None,
            times_over: 0,
            usage: Usage::Normal,
        }
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// The delays that follow have nothing to do with those before. How restless they are is kept.
    pub(super) fn clear(&mut self) {
        let mut points = std::mem::take(&mut self.points);
        points.clear();
        *self = Self { points, threshold: self.threshold, ..Self::empty() };
    }

    pub(super) fn update(&mut self, delta: Delta) -> Usage {
        let first = *self.first.get_or_insert(delta.at);
        self.deltas = (self.deltas + 1).min(1_000);
        self.accumulated += delta.came - delta.sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        self.points.push_back((delta.at - first, self.smoothed));
        if self.points.len() > WINDOW {
            self.points.pop_front();
        }
        let slope = if self.points.len() == WINDOW { slope(&self.points).unwrap_or(self.before) } else { self.before };
        self.judge(slope, delta);
        self.usage
    }

    fn judge(&mut self, slope: f64, delta: Delta) {
        let scaled = f64::from(self.deltas).min(MOST_DELTAS) * slope * GAIN;
        if scaled > self.threshold {
            let over_for = self.over_for.map_or(delta.sent / 2.0, |over_for| over_for + delta.sent);
            self.over_for = Some(over_for);
            self.times_over += 1;
            if over_for > OVERUSE && self.times_over > 1 && slope >= self.before {
                self.over_for = Some(0.0);
                self.times_over = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = None;
            self.times_over = 0;
            self.usage = if scaled < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.before = slope;
        self.follow(scaled.abs(), delta.at);
    }

    fn follow(&mut self, scaled: f64, at: f64) {
        let since = self.updated.replace(at).map_or(0.0, |updated| (at - updated).clamp(0.0, 100.0));
        if scaled > self.threshold + PEAK {
            return;
        }
        let speed = if scaled < self.threshold { DOWN } else { UP };
        self.threshold = (self.threshold + speed * (scaled - self.threshold) * since).clamp(THRESHOLDS.0, THRESHOLDS.1);
    }
}

/// The slope of the straight line through the points, by least squares.
fn slope(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let n = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let (above, below) = points
        .iter()
        .fold((0.0, 0.0), |(above, below), (x, y)| (above + (x - mean_x) * (y - mean_y), below + (x - mean_x) * (x - mean_x)));
    (below > 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The usage after so many groups, 20 ms apart, each so many ms longer under way than the one before.
    fn after(groups: u32, longer: f64) -> Usage {
        let mut trend = Trend::default();
        let mut at = 0.0;
        let mut usage = Usage::Normal;
        for _ in 0..groups {
            at += 20.0 + longer;
            usage = trend.update(Delta { sent: 20.0, came: 20.0 + longer, at });
        }
        usage
    }

    #[test]
    fn a_queue_that_stands_is_normal_one_that_grows_is_overuse_one_that_drains_is_underuse() {
        assert_eq!(after(60, 0.0), Usage::Normal);
        assert_eq!(after(60, 2.0), Usage::Over);
        assert_eq!(after(60, -2.0), Usage::Under);
    }

    #[test]
    fn jitter_alone_is_no_overuse() {
        let mut trend = Trend::default();
        let mut overuses = 0;
        for n in 0..2_000_u32 {
            // Between 0 and 8 ms late, by no rule that the line through them could see.
            let late = f64::from(n.wrapping_mul(2_654_435_761) >> 16 & 7);
            let before = f64::from(n.wrapping_sub(1).wrapping_mul(2_654_435_761) >> 16 & 7);
            let at = f64::from(n) * 20.0 + late;
            overuses += u32::from(trend.update(Delta { sent: 20.0, came: 20.0 + late - before, at }) == Usage::Over);
        }
        assert!(overuses < 20, "{overuses} of 2000");
    }
}
