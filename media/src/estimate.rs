//! How much the line to a subscriber carries: bandwidth estimation at the sender, from the transport-wide feedback of the receiver
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01), in the way of GCC (draft-ietf-rmcat-gcc-02).
//!
//! Every packet to the subscriber gets a number ([`Estimator::sent`]); the subscriber says when each one came ([`Estimator::feedback`]).
//! Three things are read from that: whether the queue of the line grows (`trend`), how much of what was sent is lost beyond what the line
//! loses anyway (`loss`), and what a short faster run proves (`probe`). The lowest of them holds. Pure: it is told the time, and a packet costs one
//! write into a ring.

mod acked;
mod clock;
mod groups;
mod history;
mod loss;
mod probe;
mod rate;
#[cfg(test)]
mod tests;
mod trend;

use std::time::{Duration, Instant};

use crate::rtcp::Arrival;
use acked::Acked;
use clock::Clock;
use groups::Groups;
use history::{Fate, History};
use loss::LossControl;
pub(crate) use probe::Probe;
use probe::Probing;
use rate::RateControl;
use trend::{Trend, Usage};

/// What is believed of a line of which nothing is known, in bit/s: a browser begins with as much.
const START: f64 = 300_000.0;
/// No estimate is below this, in bit/s: sound with its headers.
const LEAST: f64 = 30_000.0;
/// The round trip as long as none has been measured.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// The estimate for one line.
#[derive(Debug)]
pub(crate) struct Estimator {
    began: Option<Instant>,
    /// More is never wanted, in bit/s: what the published tracks have at most.
    most: f64,
    history: History,
    clock: Clock,
    groups: Groups,
    trend: Trend,
    acked: Acked,
    rate: RateControl,
    loss: LossControl,
    probing: Probing,
    round_trip: Duration,
}

impl Default for Estimator {
    fn default() -> Self {
        Self::new(START as u64)
    }
}

impl Estimator {
    pub(crate) fn new(most: u64) -> Self {
        let most = most as f64;
        Self {
            began: None,
            most,
            history: History::new(),
            clock: Clock::default(),
            groups: Groups::default(),
            trend: Trend::default(),
            acked: Acked::default(),
            rate: RateControl::new(START.min(most)),
            loss: LossControl::default(),
            probing: Probing::new(START.min(most)),
            round_trip: ROUND_TRIP,
        }
    }

    /// The most that the subscriber could be sent has changed, in bit/s.
    pub(crate) fn set_most(&mut self, now: Instant, most: u64) {
        if self.most < most as f64 {
            let at = self.since(now);
            self.probing.more_is_wanted(at);
        }
        self.most = most as f64;
    }

    /// A packet of so many bytes, headers of RTP included, leaves now. Gives its transport-wide sequence number.
    #[inline]
    pub(crate) fn sent(&mut self, now: Instant, len: usize, probe: bool) -> u16 {
        let at = self.since(now);
        let cluster = if probe { self.probing.sent(at) } else { 0 };
        self.history.sent(at, len, cluster)
    }

    /// What a feedback says, in ascending order of numbers.
    pub(crate) fn feedback(&mut self, now: Instant, arrivals: impl Iterator<Item = Arrival>) {
        let at = self.since(now);
        let mut usage = self.trend.usage();
        let mut newest_sent = None;
        for arrival in arrivals {
            let Some(packet) = self.history.resolve(arrival) else { continue };
            match packet.fate {
                Fate::Lost => self.loss.lost(),
                Fate::Found => self.loss.found(),
                Fate::Came { came } => {
                    self.loss.came();
                    newest_sent = newest_sent.max(Some(packet.sent));
                    let Some(came) = self.clock.read(came) else {
                        self.begin_anew();
                        continue;
                    };
                    self.acked.came(came, packet.len);
                    self.probing.came(packet.cluster, packet.sent, came, packet.len);
                    if self.probing.disturbs(packet.sent) {
                        continue;
                    }
                    if let Some(delta) = self.groups.came(packet.sent, came) {
                        usage = self.trend.update(delta);
                    }
                }
            }
        }
        let Some(newest_sent) = newest_sent else { return };
        self.round_trip = Duration::from_micros(at.saturating_sub(newest_sent));
        self.adjust(at, usage);
    }

    /// The receiver's times cannot be compared with those before.
    fn begin_anew(&mut self) {
        self.groups = Groups::default();
        self.trend.clear();
        self.acked.clear();
    }

    fn adjust(&mut self, at: u64, usage: Usage) {
        let acked = self.acked.bitrate();
        let ceiling = self.most * 1.05;
        self.rate.update(at, usage, acked, self.round_trip, ceiling);
        if usage == Usage::Over {
            self.probing.congested(at);
        }
        self.loss.update(at, self.rate.bitrate(), acked, self.round_trip, usage);
        if let Some(proved) = self.probing.result(at).filter(|_| usage != Usage::Over) {
            self.rate.proved(proved.min(ceiling));
            self.loss.proved(proved);
        }
    }

    /// Bit/s that the line carries, what is sent of sound included. That nothing is sent yet makes it no less than what is believed at first:
    /// a publisher that begins would hear of it.
    pub(crate) fn bitrate(&self) -> u64 {
        self.rate.bitrate().min(self.loss.bitrate()).clamp(LEAST, self.most.max(START)) as u64
    }

    /// What of the packets is lost on the line, smoothed: 0 to 1.
    pub(crate) fn loss(&self) -> f64 {
        self.loss.share()
    }

    /// A faster run to be sent now, to see whether the line carries more.
    pub(crate) fn probe(&mut self, now: Instant) -> Option<Probe> {
        let (at, bitrate) = (self.since(now), self.bitrate() as f64);
        self.probing.due(at, bitrate, self.most, self.round_trip, self.trend.usage() != Usage::Normal || self.loss.is_losing())
    }

    /// When [`Estimator::probe`] should be asked again.
    pub(crate) fn next_probe(&self) -> Option<Instant> {
        self.began.map(|began| began + Duration::from_micros(self.probing.next()))
    }

    fn since(&mut self, now: Instant) -> u64 {
        now.saturating_duration_since(*self.began.get_or_insert(now)).as_micros() as u64
    }
}
