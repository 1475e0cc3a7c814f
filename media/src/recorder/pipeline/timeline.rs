//! Where a track's packets stand in the recording: by their RTP timestamps from an anchor, not by when they came, which is only where the
//! anchor is from and what it is watched by.
//!
//! Everything here is counted in ticks of the track's clock. Timestamps become 64 bits wide here, and nothing behind this knows that they
//! were 32 bits once.

/// What has happened is not changed: a packet that is later than this has its place taken by silence.
pub(super) const HOLD_US: i64 = 1_000_000;

/// What the network and the sender may do without anything being wrong.
const SLACK_US: i64 = 60_000;

/// A lateness that lasts is none: the sender's clock is slow, or stood still, or the way has become longer.
const DRIFT_US: i64 = 10_000_000;

/// What two reports one after the other say is apart by less stays. Half a frame of sound, and what keeps the place from going to and fro.
const APART_US: i64 = 15_000;

/// Ticks of a clock in some microseconds, rounded down.
pub(super) fn ticks(us: i64, rate: u32) -> i64 {
    (i128::from(us) * i128::from(rate)).div_euclid(1_000_000) as i64
}

/// The other way, rounded to the nearest.
pub(super) fn micros(ticks: i64, rate: u32) -> i64 {
    (i128::from(ticks) * 1_000_000 + i128::from(rate / 2)).div_euclid(i128::from(rate)) as i64
}

/// What is to be thought of a packet's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// As the anchor has it.
    Good,
    /// So much later than it should be, for so long that the anchor is wrong.
    Drifted(i64),
    /// So late that it has no place any more, or (less than nothing) so early that it would have been sent before it was taken: either
    /// the network held it up, or its timestamp is of another clock than those before.
    Off(i64),
}

/// What reports say of a place, and by how much it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The device stood still, or its clock is another than the sender's.
    Apart(i64),
    /// The anchor itself is too early.
    Early(i64),
}

impl Told {
    pub(super) fn by(self) -> i64 {
        match self {
            Self::Apart(by) | Self::Early(by) => by,
        }
    }
}

#[derive(Debug)]
pub(super) struct Timeline {
    rate: u32,
    /// The timestamp before, extended.
    last: Option<i64>,
    /// An extended timestamp and its place in the recording.
    anchor: Option<(i64, i64)>,
    /// How much later than by the anchor packets come when nothing keeps them.
    base: i64,
    late: Option<Late>,
    reported: Reported,
}

/// What the sender's reports tell: by how much its clock is ahead of the place of the timestamp that goes with it.
#[derive(Debug, Default)]
struct Reported {
    /// When the place was last known to be right.
    agreed: Option<i64>,
    /// The report before, against that.
    before: Option<i64>,
    /// The least lateness of what came since then.
    least: Option<i64>,
    /// Whether the anchor was held against what came in the time between two reports.
    is_settled: bool,
}

/// Since when packets are later than [`SLACK_US`], each of them, and the least of it.
#[derive(Clone, Copy, Debug)]
struct Late {
    since_us: i64,
    least: i64,
}

impl Timeline {
    pub(super) fn new(rate: u32) -> Self {
        Self { rate, last: None, anchor: None, base: 0, late: None, reported: Reported::default() }
    }

    /// The 64-bit timestamp nearest to the one before.
    pub(super) fn extend(&mut self, timestamp: u32) -> i64 {
        let extended = self.near(timestamp);
        self.last = Some(extended);
        extended
    }

    /// As [`extend`](Self::extend), for what is no packet of the track.
    pub(super) fn near(&self, timestamp: u32) -> i64 {
        let Some(last) = self.last else { return i64::from(timestamp) };
        last + i64::from(timestamp.wrapping_sub(last as u32) as i32)
    }

    /// The place of an extended timestamp. Without an anchor there is none.
    pub(super) fn place(&self, extended: i64) -> Option<i64> {
        self.anchor.map(|(from, place)| place.saturating_add(extended.saturating_sub(from)))
    }

    pub(super) fn is_anchored(&self) -> bool {
        self.anchor.is_some()
    }

    /// `extended` stands at `place`, and what stands at `end` should come at `due`.
    pub(super) fn anchor(&mut self, extended: i64, place: i64, end: i64, due: i64) {
        self.anchor = Some((extended, place));
        self.base = due - end;
        self.late = None;
        self.reported = Reported::default();
    }

    /// The sender says that all of it belongs elsewhere; that does not change when it comes.
    pub(super) fn align(&mut self, by: i64) {
        self.base -= by;
        self.shift(by);
    }

    /// What comes now belongs elsewhere: it comes at another time than it did.
    pub(super) fn correct(&mut self, by: i64) {
        self.shift(by);
        self.reported = Reported::default();
    }

    /// The same, because of what was told.
    pub(super) fn follow(&mut self, told: Told, by: i64) {
        self.shift(by);
        (self.reported.before, self.reported.least) = (None, None);
        if let (Told::Early(_), Some(agreed)) = (told, &mut self.reported.agreed) {
            *agreed -= by;
        }
    }

    fn shift(&mut self, by: i64) {
        if let Some((_, place)) = &mut self.anchor {
            *place = place.saturating_add(by);
        }
        self.late = None;
    }

    /// What a report tells: the sender's clock, and the timestamp of then. By how much the place is wrong, if two reports one after the other say it and what
    /// came between them came later by about as much. A device that stands still for a moment goes on with the next timestamp: arrival alone does not tell that
    /// from a queue on the line, and reports alone not from a clock that was set.
    pub(super) fn report(&mut self, clock_us: i64, timestamp: u32) -> Option<Told> {
        let ahead = ticks(clock_us, self.rate).saturating_sub(self.place(self.near(timestamp))?);
        let least = self.reported.least.take();
        let Some(agreed) = self.reported.agreed else {
            self.reported.agreed = Some(ahead);
            return None;
        };
        let by = ahead.saturating_sub(agreed);
        let (apart, slack) = (ticks(APART_US, self.rate), ticks(SLACK_US, self.rate));
        if !self.reported.is_settled && by.abs() <= apart {
            return self.settle(least?, apart, slack);
        }
        let before = self.reported.before.replace(by)?;
        let lasting = if (by < 0) == (before < 0) { by.abs().min(before.abs()) } else { 0 };
        let is_so = lasting > apart && (least? - by).abs() <= slack;
        is_so.then_some(Told::Apart(by))
    }

    /// The anchor is of the very first packets, and a device that begins may stand still before its first report. Once, what came in the seconds between two
    /// reports that agree counts more, if all of it was later.
    fn settle(&mut self, least: i64, apart: i64, slack: i64) -> Option<Told> {
        self.reported.is_settled = true;
        (least > apart && least <= slack).then_some(Told::Early(least))
    }

    /// How much later than it should something comes that ends at `end`.
    pub(super) fn lateness(&self, at_us: i64, end: i64) -> i64 {
        ticks(at_us, self.rate).saturating_sub(end).saturating_sub(self.base)
    }

    /// Whether something with this lateness has no place, or one in the future.
    pub(super) fn is_off(&self, lateness: i64) -> bool {
        lateness < -ticks(SLACK_US, self.rate) || lateness > ticks(HOLD_US, self.rate)
    }

    /// Called for all that comes, in order.
    pub(super) fn judge(&mut self, at_us: i64, end: i64) -> Standing {
        let late = self.lateness(at_us, end);
        if self.is_off(late) {
            return Standing::Off(late);
        }
        self.reported.least = Some(self.reported.least.map_or(late, |least| least.min(late)));
        if late <= ticks(SLACK_US, self.rate) {
            self.late = None;
            return Standing::Good;
        }
        let run = self.late.get_or_insert(Late { since_us: at_us, least: late });
        run.least = run.least.min(late);
        if at_us - run.since_us > DRIFT_US { Standing::Drifted(run.least) } else { Standing::Good }
    }

    /// What has come by now has its place before this.
    pub(super) fn due(&self, now_us: i64) -> i64 {
        ticks(now_us, self.rate).saturating_sub(self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_wrap_and_go_back() {
        let mut timeline = Timeline::new(48_000);
        let start = timeline.extend(u32::MAX - 959);
        assert_eq!(timeline.extend(0) - start, 960);
        assert_eq!(timeline.extend(u32::MAX - 959) - start, 0);
        assert_eq!(timeline.near(960) - start, 1920);
        for _ in 0..10 {
            timeline.extend(1 << 31);
            timeline.extend(0);
        }
    }

    #[test]
    fn ticks_and_micros_are_each_others_inverse() {
        for rate in [48_000, 90_000] {
            for us in [-1_000_000, -20_000, 0, 20_000, 3_600_000_000] {
                assert_eq!(micros(ticks(us, rate), rate), us);
            }
        }
        ticks(i64::MAX, 90_000);
    }

    /// A track of 48 kHz, anchored so that the first packet is on time.
    fn anchored() -> Timeline {
        let mut timeline = Timeline::new(48_000);
        let first = timeline.extend(0);
        timeline.anchor(first, 0, 0, 0);
        timeline
    }

    #[test]
    fn lateness_that_lasts_is_a_drift() {
        let mut timeline = anchored();
        let ms = |ms: i64| ms * 48;
        assert_eq!(timeline.judge(1_050_000, ms(1000)), Standing::Good);
        assert_eq!(timeline.judge(1_170_000, ms(1100)), Standing::Good, "it may be the network's");
        assert_eq!(timeline.judge(6_190_000, ms(6100)), Standing::Good);
        assert_eq!(timeline.judge(11_180_000, ms(11_100)), Standing::Drifted(ms(70)));
        timeline.correct(ms(70));
        assert_eq!(timeline.judge(11_200_000, ms(11_190)), Standing::Good);
    }

    #[test]
    fn one_packet_on_time_ends_the_lateness() {
        let mut timeline = anchored();
        for at_ms in (0..60_000).step_by(20) {
            let late = if at_ms % 9000 == 0 { 10 } else { 90 };
            assert_eq!(timeline.judge((at_ms + late) * 1000, at_ms * 48), Standing::Good, "{at_ms}");
        }
    }

    #[test]
    fn what_the_sender_says_moves_the_place_and_not_the_expectation() {
        let mut timeline = anchored();
        timeline.align(200 * 48);
        assert_eq!(timeline.place(0), Some(200 * 48));
        assert_eq!(timeline.judge(0, 200 * 48), Standing::Good);
        assert_eq!(timeline.due(1_000_000), 1200 * 48);
    }

    const NOTHING: [i64; 0] = [];

    /// Half a minute of packets that come so many ms late, and a report each five seconds whose clock is so many ms ahead; the corrections, in ms.
    fn follow(late_ms: impl Fn(i64) -> i64, ahead_ms: impl Fn(i64) -> i64) -> Vec<i64> {
        let mut timeline = anchored();
        let mut by = Vec::new();
        for at_ms in (20..30_000).step_by(20) {
            let timestamp = timeline.extend((at_ms * 48) as u32);
            let place = timeline.place(timestamp).unwrap();
            timeline.judge((at_ms + late_ms(at_ms)) * 1000, place);
            if at_ms % 5000 == 0
                && let Some(told) = timeline.report((7_000_000 + at_ms + ahead_ms(at_ms)) * 1000, timestamp as u32)
            {
                timeline.follow(told, told.by());
                by.push(told.by() / 48);
            }
        }
        by
    }

    fn from(start_ms: i64, by: i64) -> impl Fn(i64) -> i64 {
        move |at_ms| if at_ms > start_ms { by } else { 0 }
    }

    #[test]
    fn a_device_that_stood_still_is_followed_by_what_it_reports() {
        assert_eq!(follow(from(12_000, 40), from(12_000, 40)), [40], "once, and no more");
        assert_eq!(follow(from(12_000, 10), from(12_000, 10)), NOTHING, "less than a frame");
        assert_eq!(follow(from(12_000, -30), from(12_000, -30)), [-30], "a clock that was slow");
        let twice = |at_ms| from(7_000, 30)(at_ms) + from(17_000, 50)(at_ms);
        assert_eq!(follow(twice, twice), [30, 50]);
    }

    #[test]
    fn an_anchor_that_was_too_early_is_moved_once() {
        assert_eq!(follow(from(300, 40), |_| 0), [40]);
        assert_eq!(follow(from(300, 40), from(12_000, 100)), [40], "and then nothing comes later");
        let both = |at_ms| from(300, 40)(at_ms) + from(12_000, 30)(at_ms);
        assert_eq!(follow(both, from(12_000, 30)), [40, 30]);
        assert_eq!(follow(|at_ms| if at_ms % 3000 == 0 { 0 } else { 50 }, |_| 0), NOTHING, "what is only sometimes late");
    }

    #[test]
    fn what_only_the_line_or_only_a_report_says_is_not_followed() {
        assert_eq!(follow(from(12_000, 55), |_| 0), NOTHING, "a queue on the line");
        assert_eq!(follow(|_| 0, from(12_000, 200)), NOTHING, "a clock that was set");
        assert_eq!(follow(|_| 0, from(12_000, -200)), NOTHING);
        assert_eq!(follow(|_| 0, |at_ms| if at_ms == 15_000 { 40 } else { 0 }), NOTHING, "one report that was sent late");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mut timeline = anchored();
        assert_eq!(timeline.judge(1_000_000, 1100 * 48), Standing::Off(-100 * 48));
        assert_eq!(timeline.judge(3_000_000, 1000 * 48), Standing::Off(2000 * 48));
    }
}
