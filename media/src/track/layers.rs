//! The layers of one picture (simulcast, RFC 8853): how much each takes, and which of them a line carries. Pure.

use std::time::{Duration, Instant};

/// Over so long the rate of a layer is measured: a key frame is many times the size of other frames.
const WINDOW: Duration = Duration::from_secs(1);

/// What a layer may have more than the line is believed to carry before it is left: rates and estimates waver, and the publisher's encoder
/// follows what the best line carries.
const STAY: f64 = 1.2;

/// Between two changes, of which the second is to a higher layer.
pub(crate) const RISE: Duration = Duration::from_secs(3);

/// How much comes of one source.
#[derive(Debug, Default)]
pub(super) struct Meter {
    began: Option<Instant>,
    bytes: usize,
    bitrate: Option<u64>,
}

impl Meter {
    #[inline]
    pub(super) fn came(&mut self, now: Instant, bytes: usize) {
        let passed = now.saturating_duration_since(*self.began.get_or_insert(now));
        if passed >= WINDOW {
            // After a pause nothing is known.
            let bits = self.bytes as u128 * 8_000_000;
            self.bitrate = (passed < 2 * WINDOW).then(|| (bits / passed.as_micros()) as u64);
            (self.began, self.bytes) = (Some(now), 0);
        }
        self.bytes += bytes;
    }

    /// Bit/s of payload in the last whole window.
    pub(super) fn bitrate(&self) -> Option<u64> {
        self.bitrate
    }
}

/// One layer as it comes from the publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) is_sent: bool,
    /// Of its last key frame.
    pub(crate) pixels: u32,
    /// Bit/s; `None` until it has been measured.
    pub(crate) bitrate: Option<u64>,
}

impl Layer {
    /// The larger picture is the better one; of two of one size, the one that takes more.
    pub(crate) fn rank(&self) -> (u32, u64) {
        (self.pixels, self.bitrate.unwrap_or(0))
    }
}

/// The highest layer that a line of so many bit/s carries (`None`: nothing is known of it), at least the lowest of those that are sent.
/// `None` if none is. A layer of unknown rate is taken only when it is the lowest, or shown already.
pub(crate) fn choose(layers: &[Layer], shown: Option<usize>, line: Option<u64>, may_rise: bool) -> Option<usize> {
    let sent = || (0..layers.len()).filter(|at| layers[*at].is_sent);
    let rank = |at: &usize| layers[*at].rank();
    let shown = shown.filter(|at| layers.get(*at).is_some_and(|layer| layer.is_sent));
    let lowest = sent().min_by_key(rank)?;
    let fits = |at: usize| {
        let is_shown = shown == Some(at);
        let most = line.map_or(f64::INFINITY, |line| line as f64 * if is_shown { STAY } else { 1.0 });
        layers[at].bitrate.map_or(is_shown, |bitrate| bitrate as f64 <= most)
    };
    let is_allowed = |at: usize| may_rise || shown.is_none_or(|shown| rank(&at) <= rank(&shown));
    sent().filter(|at| *at == lowest || fits(*at) && is_allowed(*at)).max_by_key(rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    fn layer(pixels: u32, kilobits: u64) -> Layer {
        Layer { is_sent: true, pixels, bitrate: Some(kilobits * 1_000) }
    }

    /// In an order that says nothing.
    fn three() -> [Layer; 3] {
        [layer(1280 * 720, 2_000), layer(320 * 180, 150), layer(640 * 360, 500)]
    }

    const HIGH: Option<usize> = Some(0);
    const LOW: Option<usize> = Some(1);
    const MIDDLE: Option<usize> = Some(2);

    #[test]
    fn the_highest_that_fits_is_taken_and_kept_while_it_nearly_fits() {
        for (line, shown, expected) in [
            (2_000, LOW, HIGH),
            (1_999, LOW, MIDDLE),
            (1_700, HIGH, HIGH),
            (1_600, HIGH, MIDDLE),
            (500, LOW, MIDDLE),
            (499, LOW, LOW),
            (420, MIDDLE, MIDDLE),
            (400, MIDDLE, LOW),
            (30, HIGH, LOW),
            (30, None, LOW),
        ] {
            assert_eq!(choose(&three(), shown, Some(line * 1_000), true), expected, "{line} {shown:?}");
        }
        assert_eq!(choose(&three(), LOW, None, true), HIGH, "nothing is known of the line");
    }

    #[test]
    fn one_rises_not_at_any_time_but_always_falls() {
        assert_eq!(choose(&three(), MIDDLE, None, false), MIDDLE);
        assert_eq!(choose(&three(), None, None, false), HIGH, "nothing was shown");
        assert_eq!(choose(&three(), HIGH, Some(600_000), false), MIDDLE);
    }

    #[test]
    fn what_is_not_sent_is_not_chosen_and_what_is_not_measured_not_risen_to() {
        let mut layers = three();
        layers[0].is_sent = false;
        assert_eq!(choose(&layers, HIGH, None, false), MIDDLE, "whatever was shown has gone");
        assert_eq!(choose(&[Layer::default(); 3], HIGH, None, true), None);
        let mut layers = three();
        layers[0].bitrate = None;
        assert_eq!(choose(&layers, LOW, None, true), MIDDLE);
        assert_eq!(choose(&layers, HIGH, Some(100_000), true), HIGH);
        let unmeasured = [Layer { is_sent: true, ..Layer::default() }; 3];
        assert!(choose(&unmeasured, None, Some(1), true).is_some());
    }

    #[test]
    fn a_rate_is_that_of_the_last_second_and_none_after_a_pause() {
        let t0 = begin();
        let mut meter = Meter::default();
        for n in 0..=100_u64 {
            meter.came(t0 + Duration::from_millis(10 * n), 1_000);
        }
        assert_eq!(meter.bitrate(), Some(800_000));
        meter.came(t0 + Duration::from_secs(9), 1_000);
        assert_eq!(meter.bitrate(), None);
    }
}
