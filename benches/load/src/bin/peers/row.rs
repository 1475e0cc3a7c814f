//! One run, as it stands in the list of figures.

use load_kit::meter::Span;
use load_kit::run::{loss_pct, thousandths};
use relay_load::calls::Outcome;
use relay_load::figures::Figures;
use relay_load::load::Load;
use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::plan::Part;

/// A generator later than this (for one packet in a hundred) puts another load on the server than it was told to.
const MAX_LAG_P99_US: u64 = 10_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) part: Part,
    /// Runs of one round follow one another: ratios are taken within it.
    pub(crate) round: usize,
    pub(crate) server: Contender,
    pub(crate) version: String,
    /// Of one publisher; none where there are rooms of two.
    pub(crate) subscribers: usize,
    pub(crate) rooms: usize,
    /// Of all publishers together.
    pub(crate) input_pps: u32,
    pub(crate) payload_bytes: usize,
    pub(crate) burst: u32,
    pub(crate) srtp_profile: String,
    pub(crate) cpu_ns_per_forwarded_packet: f64,
    pub(crate) loss_pct: f64,
    pub(crate) latency_us_p50: u64,
    pub(crate) latency_us_p99: u64,
    pub(crate) forwarded_pps: f64,
    /// The highest rate at which next to nothing was lost, if that was looked for.
    pub(crate) max_forwarded_pps: Option<f64>,
    pub(crate) generator_lag_us_p99: u64,
    pub(crate) generator_receive_drops: u64,
    pub(crate) others_cpu_pct: f64,
    /// False when the generator, not the server, was what was measured.
    pub(crate) valid: bool,
}

/// Whose run it is.
#[derive(Clone, Debug)]
pub(crate) struct Title {
    pub(crate) part: Part,
    pub(crate) round: usize,
    pub(crate) server: Contender,
    pub(crate) version: String,
}

impl Row {
    pub(crate) fn of_room(title: Title, figures: Figures) -> Self {
        let Title { part, round, server, version } = title;
        Self {
            part,
            round,
            server,
            version,
            subscribers: figures.subscribers,
            rooms: 1,
            input_pps: figures.input_pps,
            payload_bytes: figures.payload_bytes,
            burst: figures.burst,
            srtp_profile: figures.srtp_profile,
            cpu_ns_per_forwarded_packet: figures.cpu_ns_per_forwarded_packet,
            loss_pct: figures.loss_pct,
            latency_us_p50: figures.latency_us_p50,
            latency_us_p99: figures.latency_us_p99,
            forwarded_pps: figures.forwarded_pps,
            max_forwarded_pps: None,
            generator_lag_us_p99: figures.generator_lag_us_p99,
            generator_receive_drops: figures.generator_receive_drops,
            others_cpu_pct: figures.others_cpu_pct,
            valid: figures.valid,
        }
    }

    pub(crate) fn of_calls(title: Title, load: &relay_load::calls::Load, outcome: &Outcome) -> Self {
        let Title { part, round, server, version } = title;
        let Span { seconds, server: used, others_cpu_pct } = outcome.span;
        let picture = load.picture.unwrap_or(relay_load::calls::Picture { bytes: 0, packets: 0 });
        let lag = outcome.lag.quantile_us(0.99);
        Self {
            part,
            round,
            server,
            version,
            subscribers: 0,
            rooms: load.calls,
            input_pps: (outcome.expected as f64 / seconds).round() as u32,
            payload_bytes: picture.bytes,
            burst: picture.packets as u32,
            srtp_profile: outcome.profile.to_string(),
            cpu_ns_per_forwarded_packet: (used.run_ns as f64 / outcome.received.max(1) as f64).round(),
            loss_pct: loss_pct(outcome.received, outcome.expected),
            latency_us_p50: outcome.latency.quantile_us(0.50),
            latency_us_p99: outcome.latency.quantile_us(0.99),
            forwarded_pps: (outcome.received as f64 / seconds).round(),
            max_forwarded_pps: None,
            generator_lag_us_p99: lag,
            generator_receive_drops: outcome.receive_drops,
            others_cpu_pct: others_cpu_pct.round(),
            valid: outcome.receive_drops == 0 && lag <= MAX_LAG_P99_US,
        }
    }

    pub(crate) fn of_floor(title: Title, load: &Load, cpu_ns: f64) -> Self {
        let Title { part, round, server, version } = title;
        Self {
            part,
            round,
            server,
            version,
            subscribers: load.subscribers,
            rooms: 1,
            input_pps: load.input_pps,
            payload_bytes: load.payload_bytes,
            burst: load.burst,
            srtp_profile: "SRTP_AEAD_AES_128_GCM".to_owned(),
            cpu_ns_per_forwarded_packet: cpu_ns.round(),
            loss_pct: 0.0,
            latency_us_p50: 0,
            latency_us_p99: 0,
            forwarded_pps: load.forwarded_pps() as f64,
            max_forwarded_pps: None,
            generator_lag_us_p99: 0,
            generator_receive_drops: 0,
            others_cpu_pct: 0.0,
            valid: true,
        }
    }

    pub(crate) const HEAD: &str = "part     server             subs rooms  in pps burst  profile                      CPU ns/pkt  loss %   p50 µs   p99 µs   fwd pps  others %";

    pub(crate) fn line(&self) -> String {
        format!(
            "{:<8} {:<18} {:>4} {:>5} {:>7} {:>5}  {:<28} {:>10} {:>7} {:>8} {:>8} {:>9} {:>9}{}",
            self.part,
            self.server,
            self.subscribers,
            self.rooms,
            self.input_pps,
            self.burst,
            self.srtp_profile,
            self.cpu_ns_per_forwarded_packet,
            thousandths(self.loss_pct),
            self.latency_us_p50,
            self.latency_us_p99,
            self.forwarded_pps,
            self.others_cpu_pct,
            if self.valid { "" } else { "  INVALID: the generator was too slow" },
        )
    }
}
