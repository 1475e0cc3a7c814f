//! What a run has shown: a JSON object for programs, a table row for people.

use load_kit::run::{loss_pct, thousandths};
use load_kit::stats::Histogram;
use serde::Serialize;

use relay_load::calls::Outcome;

/// A generator that sends later than this (one packet in a hundred) doesn't put the load on the server that it claims.
const MAX_LAG_P99_US: u64 = 20_000;

/// One run, or several of a kind together.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) forward_loss_pct: f64,
    pub(crate) packets_expected: u64,
    pub(crate) packets_received: u64,
    /// From the sender's writing, before its SRTP, to the kernel's receive time stamp at the other's socket.
    pub(crate) latency_us_p50: u64,
    pub(crate) latency_us_p99: u64,
    pub(crate) latency_us_max: u64,
    /// Of the server's threads by the scheduler's clock, for each call and minute.
    pub(crate) cpu_s_per_call_minute: f64,
    pub(crate) seconds: f64,
    pub(crate) generator_lag_us_p99: u64,
    pub(crate) generator_receive_drops: u64,
    /// CPU time of other processes meanwhile, in percent of one CPU.
    pub(crate) others_cpu_pct: f64,
    /// False when the generator, not the server, was what was measured.
    pub(crate) valid: bool,
}

impl Figures {
    pub(crate) fn new(calls: usize, runs: &[Outcome]) -> Self {
        let sum = |of: fn(&Outcome) -> u64| runs.iter().map(of).sum::<u64>();
        let (expected, received, drops) = (sum(|run| run.expected), sum(|run| run.received), sum(|run| run.receive_drops));
        let (mut latency, mut lag) = (Histogram::default(), Histogram::default());
        for run in runs {
            latency.merge(&run.latency);
            lag.merge(&run.lag);
        }
        let seconds: f64 = runs.iter().map(|run| run.span.seconds).sum();
        let cpu_s = sum(|run| run.span.server.run_ns) as f64 / 1e9;
        let generator_lag_us_p99 = lag.quantile_us(0.99);
        Self {
            forward_loss_pct: loss_pct(received, expected),
            packets_expected: expected,
            packets_received: received,
            latency_us_p50: latency.quantile_us(0.50),
            latency_us_p99: latency.quantile_us(0.99),
            latency_us_max: latency.max_us(),
            cpu_s_per_call_minute: thousandths(cpu_s / calls as f64 / (seconds / 60.0)),
            seconds: thousandths(seconds),
            generator_lag_us_p99,
            generator_receive_drops: drops,
            others_cpu_pct: runs.iter().map(|run| run.span.others_cpu_pct).fold(0.0, f64::max).round(),
            valid: drops == 0 && generator_lag_us_p99 <= MAX_LAG_P99_US,
        }
    }

    pub(crate) const TABLE_HEAD: &str =
        "                       s   packets   loss %   p50 µs   p99 µs   max µs  CPU s/call/min  lag p99 µs  others %";

    pub(crate) fn table_row(&self, name: &str) -> String {
        format!(
            "{name:<18} {:>5.0} {:>9} {:>8} {:>8} {:>8} {:>8} {:>15} {:>11} {:>9}{}",
            self.seconds,
            self.packets_expected,
            self.forward_loss_pct,
            self.latency_us_p50,
            self.latency_us_p99,
            self.latency_us_max,
            self.cpu_s_per_call_minute,
            self.generator_lag_us_p99,
            self.others_cpu_pct,
            if self.valid { "" } else { "  INVALID: the generator was too slow" },
        )
    }
}
