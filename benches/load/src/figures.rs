//! What one run has shown: a JSON object for programs, a table row for people.

use serde::Serialize;

use crate::profile::SrtpProfile;
use load_kit::meter::Span;
use load_kit::run::{loss_pct, thousandths};
use load_kit::stats::Reception;

use crate::load::Load;
use crate::publisher::Sent;

/// A generator that sends later than this (for one burst in a hundred) doesn't put the load on the server that it claims.
const MAX_LAG_P99_US: u64 = 10_000;

#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub subscribers: usize,
    pub input_pps: u32,
    pub payload_bytes: usize,
    pub burst: u32,
    pub srtp_profile: String,
    /// Run time of the server's threads by the scheduler's clock, per packet that arrived at a subscriber.
    pub cpu_ns_per_forwarded_packet: f64,
    pub context_switches_per_forwarded_packet: f64,
    pub loss_pct: f64,
    pub worst_subscriber_loss_pct: f64,
    pub duplicates: u64,
    /// From the publisher's writing, before its own SRTP, to the kernel's receive time stamp at the subscriber's socket.
    pub latency_us_p50: u64,
    pub latency_us_p99: u64,
    pub latency_us_max: u64,
    pub packets_sent: u64,
    pub packets_expected: u64,
    pub packets_received: u64,
    pub forwarded_pps: f64,
    pub server_threads: u64,
    pub generator_lag_us_p99: u64,
    pub generator_lag_us_max: u64,
    /// Datagrams that the kernel dropped at the subscribers' sockets: lost by the generator, not by the server.
    pub generator_receive_drops: u64,
    /// CPU time of other processes meanwhile, in percent of one CPU.
    pub others_cpu_pct: f64,
    /// False when the generator, not the server, was what was measured.
    pub valid: bool,
}

impl Figures {
    pub fn new(load: &Load, profile: SrtpProfile, sent: &Sent, reception: &Reception, drops: u64) -> Self {
        let Span { seconds, server, others_cpu_pct } = sent.after.since(&sent.before);
        let received = reception.received();
        let per_packet = |total: u64| total as f64 / received.max(1) as f64;
        let generator_lag_us_p99 = sent.lag.quantile_us(0.99);
        Self {
            subscribers: load.subscribers,
            input_pps: load.input_pps,
            payload_bytes: load.payload_bytes,
            burst: load.burst,
            srtp_profile: profile.to_string(),
            cpu_ns_per_forwarded_packet: per_packet(server.run_ns).round(),
            context_switches_per_forwarded_packet: thousandths(per_packet(server.switches)),
            loss_pct: loss_pct(received, reception.expected()),
            worst_subscriber_loss_pct: loss_pct(reception.fewest(), reception.sent()),
            duplicates: reception.duplicates,
            latency_us_p50: reception.latency.quantile_us(0.50),
            latency_us_p99: reception.latency.quantile_us(0.99),
            latency_us_max: reception.latency.max_us(),
            packets_sent: reception.sent(),
            packets_expected: reception.expected(),
            packets_received: received,
            forwarded_pps: (received as f64 / seconds).round(),
            server_threads: server.threads,
            generator_lag_us_p99,
            generator_lag_us_max: sent.lag.max_us(),
            generator_receive_drops: drops,
            others_cpu_pct: others_cpu_pct.round(),
            valid: drops == 0 && generator_lag_us_p99 <= MAX_LAG_P99_US,
        }
    }

    pub const TABLE_HEAD: &str = "subs  in pps  bytes  burst  profile                      CPU ns/pkt  loss %   p50 µs   p99 µs  fwd pps  ctxsw/pkt  others %";

    pub fn table_row(&self) -> String {
        format!(
            "{:>4} {:>7} {:>6} {:>6}  {:<28} {:>10} {:>7} {:>8} {:>8} {:>8} {:>10} {:>9}{}",
            self.subscribers,
            self.input_pps,
            self.payload_bytes,
            self.burst,
            self.srtp_profile,
            self.cpu_ns_per_forwarded_packet,
            self.loss_pct,
            self.latency_us_p50,
            self.latency_us_p99,
            self.forwarded_pps,
            self.context_switches_per_forwarded_packet,
            self.others_cpu_pct,
            self.complaint(),
        )
    }

    fn complaint(&self) -> String {
        if self.valid {
            return String::new();
        }
        let (drops, lag) = (self.generator_receive_drops, self.generator_lag_us_p99);
        format!("  INVALID: the generator dropped {drops} packets, its p99 lag was {lag} µs")
    }
}
