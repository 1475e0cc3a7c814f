//! The rate that the losses allow. A line may lose packets by its nature, as radio does: sending less does not help then. So what it loses
//! anyway is learnt, and only what is lost beyond that counts: if the rate was brought down and the losses stayed, they are the line's.

use std::time::Duration;

use super::{LEAST, trend::Usage};

/// Windows over which the share that is lost is smoothed.
const SMOOTHING: f64 = 8.0;
/// A judgement needs so many packets and so long, in µs.
const PACKETS: u32 = 50;
const WINDOW: u64 = 250_000;
/// Lost beyond what the line loses anyway: that is a queue that runs over.
const TOO_MUCH: f64 = 0.06;
/// Standard deviations that may be chance. Of fifty packets on a line that loses 5 %, seven are lost now and then; but not twice running.
const NOISE: f64 = 1.5;
/// Between two decreases, in µs, and a round trip.
const APART: u64 = 300_000;
/// The rate came down to this part of what it was, and as much is lost as before: it was not the rate.
const IN_VAIN: f64 = 0.7;
const AS_BEFORE: f64 = 0.6;
/// For each window without excess.
const GROWTH: f64 = 1.05;
/// How quickly what the line loses anyway is unlearnt and learnt.
const UNLEARN: f64 = 0.1;
const LEARN: f64 = 0.02;

/// The rate is being brought down.
#[derive(Clone, Copy, Debug)]
struct Episode {
    from: f64,
    loss: f64,
}

#[derive(Debug, Default)]
pub(super) struct LossControl {
    came: u32,
    lost: u32,
    began: Option<u64>,
    /// What of the packets is lost, smoothed.
    share: f64,
    /// What the line loses anyway.
    inherent: f64,
    /// Bit/s, while losses limit.
    limit: Option<f64>,
    episode: Option<Episode>,
    decreased: u64,
    /// The last judgement was that too much is lost.
    losing: bool,
}

impl LossControl {
    pub(super) fn came(&mut self) {
        self.came += 1;
    }

    pub(super) fn lost(&mut self) {
        self.lost += 1;
    }

    /// One that was counted as lost has come late.
    pub(super) fn found(&mut self) {
        self.lost = self.lost.saturating_sub(1);
        self.came += 1;
    }

    pub(super) fn bitrate(&self) -> f64 {
        self.limit.unwrap_or(f64::MAX)
    }

    /// Too much is being lost: nothing more can be tried now. A limit under which it is not any more, can.
    pub(super) fn is_losing(&self) -> bool {
        self.losing
    }

    pub(super) fn share(&self) -> f64 {
        self.share
    }

    pub(super) fn proved(&mut self, bitrate: f64) {
        self.limit = self.limit.map(|limit| limit.max(bitrate));
    }

    /// `rate` is what the delay allows.
    pub(super) fn update(&mut self, at: u64, rate: f64, came: Option<f64>, round_trip: Duration, usage: Usage) {
        let began = *self.began.get_or_insert(at);
        let packets = self.came + self.lost;
        if packets < PACKETS || at.saturating_sub(began) < WINDOW {
            return;
        }
        let loss = f64::from(self.lost) / f64::from(packets);
        let noise = NOISE * (loss * (1.0 - loss) / f64::from(packets)).sqrt();
        (self.came, self.lost, self.began) = (0, 0, Some(at));
        self.share += (loss - self.share) / SMOOTHING;
        let was_losing = std::mem::replace(&mut self.losing, loss - noise - self.inherent > TOO_MUCH);
        if self.losing && !was_losing && self.limit.is_none() {
            return;
        }
        if self.losing {
            let apart = APART + round_trip.as_micros() as u64;
            if at.saturating_sub(self.decreased) >= apart {
                self.decrease(at, loss, rate.min(came.unwrap_or(rate)), usage);
            }
        } else {
            self.calm(loss, rate);
        }
    }

    fn decrease(&mut self, at: u64, loss: f64, rate: f64, usage: Usage) {
        let episode = *self.episode.get_or_insert(Episode { from: rate, loss });
        let limit = self.limit.unwrap_or(rate);
        let in_vain = usage != Usage::Over && limit <= IN_VAIN * episode.from && loss >= AS_BEFORE * episode.loss;
        if in_vain {
            self.inherent = loss;
            (self.limit, self.episode) = (None, None);
            return;
        }
        self.limit = Some((limit * (1.0 - 0.5 * loss)).max(LEAST));
        self.decreased = at;
    }

    fn calm(&mut self, loss: f64, rate: f64) {
        let learn = if loss < self.inherent { UNLEARN } else { LEARN };
        self.inherent += learn * (loss - self.inherent);
        self.limit = self.limit.map(|limit| limit * GROWTH).filter(|limit| *limit < rate);
        if self.limit.is_none() {
            self.episode = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(100);

    /// Every window has 100 packets; `lost` says how many of them are lost at a rate.
    fn run(control: &mut LossControl, windows: std::ops::Range<u64>, lost: impl Fn(f64) -> u32) -> f64 {
        let mut sent = 1_000_000.0;
        for window in windows {
            let lost = lost(sent);
            for n in 0..100 {
                if n < lost { control.lost() } else { control.came() }
            }
            let came = sent * f64::from(100 - lost) / 100.0;
            control.update(window * 250_000, 1_000_000.0, Some(came), ROUND_TRIP, Usage::Normal);
            sent = control.bitrate().min(1_000_000.0);
        }
        sent
    }

    #[test]
    fn a_line_that_loses_anyway_is_not_sent_less_for_long() {
        let mut control = LossControl::default();
        assert_eq!(run(&mut control, 1..80, |_| 12), 1_000_000.0);
        assert_eq!(control.limit, None);
    }

    #[test]
    fn a_line_that_loses_what_is_too_much_is_sent_what_it_carries() {
        let mut control = LossControl::default();
        let over = |sent: f64| ((1.0 - 600_000.0 / sent).max(0.0) * 100.0) as u32;
        let sent = run(&mut control, 1..80, over);
        // It goes up and down between 670,000 and 780,000.
        assert!((450_000.0..800_000.0).contains(&sent), "{sent}");
    }

    #[test]
    fn when_it_loses_no_more_all_is_as_before() {
        let mut control = LossControl::default();
        run(&mut control, 1..20, |sent| if sent > 500_000.0 { 40 } else { 0 });
        assert!(control.limit.is_some());
        assert_eq!(run(&mut control, 20..120, |_| 0), 1_000_000.0);
    }
}
