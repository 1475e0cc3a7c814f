//! The rate that the delay allows: up while the queue stands, down as soon as it grows (draft-ietf-rmcat-gcc-02 §5.5).

use std::time::Duration;

use super::{LEAST, trend::Usage};

/// What is left of the rate that came, when the queue grows: the rest drains it.
const BACK_OFF: f64 = 0.85;
/// Growth for each second as long as the capacity is not known.
const GROWTH: f64 = 1.08;
/// More than this times what really came is not believed: it was never tried.
const UNTRIED: f64 = 1.5;
const UNTRIED_MORE: f64 = 10_000.0;
/// Growth near the known capacity, in bit/s for each second, is at least this.
const LEAST_GROWTH: f64 = 4_000.0;
const PACKET_BITS: f64 = 1_200.0 * 8.0;
/// A receiver tells of what came about this often.
const FEEDBACK: Duration = Duration::from_millis(100);
/// After one decrease the publisher is given this long, in µs, and a round trip, to follow it.
const APART: u64 = 250_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Hold,
    Increase,
}

/// At which rates the queue began to grow: mean and normalised variance, in kbit/s.
#[derive(Clone, Copy, Debug)]
struct Capacity {
    mean: f64,
    variance: f64,
}

impl Capacity {
    const WEIGHT: f64 = 0.05;

    fn of(seen: f64) -> Self {
        Self { mean: seen / 1_000.0, variance: 0.4 }
    }

    fn seen(self, bitrate: f64) -> Self {
        let seen = bitrate / 1_000.0;
        let mean = (1.0 - Self::WEIGHT) * self.mean + Self::WEIGHT * seen;
        let error = mean - seen;
        let variance = (1.0 - Self::WEIGHT) * self.variance + Self::WEIGHT * error * error / mean.max(1.0);
        Self { mean, variance: variance.clamp(0.4, 2.5) }
    }

    /// Bit/s beyond which it has become another line.
    fn bounds(self) -> (f64, f64) {
        let width = 3.0 * (self.variance * self.mean).sqrt();
        ((self.mean - width).max(0.0) * 1_000.0, (self.mean + width) * 1_000.0)
    }
}

#[derive(Debug)]
pub(super) struct RateControl {
    bitrate: f64,
    state: State,
    capacity: Option<Capacity>,
    updated: Option<u64>,
    decreased: Option<u64>,
}

impl RateControl {
    pub(super) fn new(bitrate: f64) -> Self {
        Self { bitrate, state: State::Increase, capacity: None, updated: None, decreased: None }
    }

    pub(super) fn bitrate(&self) -> f64 {
        self.bitrate
    }

    /// `came` is the rate that arrives, `ceiling` what could be sent at most.
    pub(super) fn update(&mut self, at: u64, usage: Usage, came: Option<f64>, round_trip: Duration, ceiling: f64) {
        let passed = self.updated.replace(at).map_or(0.0, |before| at.saturating_sub(before) as f64 / 1_000_000.0).min(1.0);
        match usage {
            Usage::Over => self.decrease(at, came, round_trip),
            Usage::Under => self.state = State::Hold,
            Usage::Normal if self.state == State::Hold => self.state = State::Increase,
            Usage::Normal => self.increase(passed, came, round_trip, ceiling),
        }
    }

    /// A faster run has shown that the line carries so much.
    pub(super) fn proved(&mut self, bitrate: f64) {
        if bitrate > self.bitrate {
            self.bitrate = bitrate;
            self.capacity = self.capacity.filter(|capacity| bitrate <= capacity.bounds().1);
        }
    }

    fn increase(&mut self, passed: f64, came: Option<f64>, round_trip: Duration, ceiling: f64) {
        if let Some(came) = came {
            self.capacity = self.capacity.filter(|capacity| came <= capacity.bounds().1);
        }
        let more = match self.capacity {
            Some(_) => self.growth_near_capacity(round_trip) * passed,
            None => (self.bitrate * (GROWTH.powf(passed) - 1.0)).max(1_000.0 * passed),
        };
        let limit = came.map_or(f64::MAX, |came| UNTRIED * came + UNTRIED_MORE).min(ceiling);
        if self.bitrate < limit {
            self.bitrate = (self.bitrate + more).min(limit);
        }
    }

    /// About a packet more for each time that it takes to see what it does.
    fn growth_near_capacity(&self, round_trip: Duration) -> f64 {
        let frame = self.bitrate / 30.0;
        let packet = frame / (frame / PACKET_BITS).ceil().max(1.0);
        (packet / (round_trip + FEEDBACK).as_secs_f64()).max(LEAST_GROWTH)
    }

    fn decrease(&mut self, at: u64, came: Option<f64>, round_trip: Duration) {
        let apart = APART + round_trip.as_micros() as u64;
        let is_soon = self.decreased.is_some_and(|before| at.saturating_sub(before) < apart);
        let came = came.unwrap_or(self.bitrate);
        if is_soon && came > self.bitrate / 2.0 {
            return;
        }
        let mut lower = BACK_OFF * came;
        if lower > self.bitrate {
            lower = self.capacity.map_or(lower, |capacity| BACK_OFF * capacity.mean * 1_000.0);
        }
        self.bitrate = lower.min(self.bitrate).max(LEAST);
        let known = self.capacity.filter(|capacity| came >= capacity.bounds().0);
        self.capacity = Some(known.map_or_else(|| Capacity::of(came), |capacity| capacity.seen(came)));
        self.state = State::Hold;
        self.decreased = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(100);

    #[test]
    fn grows_by_the_hundredth_until_something_is_known_and_by_the_packet_after() {
        let mut rate = RateControl::new(1_000_000.0);
        for step in 0..=10_u64 {
            rate.update(step * 100_000, Usage::Normal, Some(1_000_000.0), ROUND_TRIP, 5e6);
        }
        assert!((1_079_000.0..1_081_000.0).contains(&rate.bitrate()), "{}", rate.bitrate());
        rate.update(1_100_000, Usage::Over, Some(1_000_000.0), ROUND_TRIP, 5e6);
        assert_eq!(rate.bitrate(), 850_000.0);
        for step in 12..=32_u64 {
            rate.update(step * 100_000, Usage::Normal, Some(850_000.0), ROUND_TRIP, 5e6);
        }
        assert!((900_000.0..960_000.0).contains(&rate.bitrate()), "{}", rate.bitrate());
    }

    #[test]
    fn what_was_never_tried_is_not_believed() {
        let mut rate = RateControl::new(300_000.0);
        for step in 0..600_u64 {
            rate.update(step * 100_000, Usage::Normal, Some(100_000.0), ROUND_TRIP, 5e6);
        }
        assert_eq!(rate.bitrate(), 300_000.0);
    }

    #[test]
    fn one_overuse_is_one_decrease() {
        let mut rate = RateControl::new(1_000_000.0);
        for step in 0..5_u64 {
            rate.update(step * 10_000, Usage::Over, Some(1_000_000.0), ROUND_TRIP, 5e6);
        }
        assert_eq!(rate.bitrate(), 850_000.0);
    }
}
