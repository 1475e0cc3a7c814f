//! What comes out: a run of ours and one of the peer's beside each other.

use load_kit::meter::Span;
use load_kit::run::thousandths;
use serde::Serialize;

use crate::plan::{Load, Transport};

/// A generator later than this at the 99th percentile puts another load on the server than it was told to.
const MAX_LAG_P99_US: u64 = 20_000;
const MAX_LOSS: f64 = 0.001;

/// One run on one server.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) sent: usize,
    pub(crate) received: usize,
    pub(crate) span: Span,
    pub(crate) lag_us_p99: u64,
    pub(crate) receive_drops: u64,
}

impl Measured {
    fn cpu_ns_per_packet(&self) -> f64 {
        (self.span.server.run_ns as f64 / self.received as f64).round()
    }

    fn loss(&self) -> f64 {
        (self.sent - self.received) as f64 / self.sent as f64
    }

    /// Whether it was the server that was measured.
    fn is_valid(&self) -> bool {
        self.receive_drops == 0 && self.lag_us_p99 <= MAX_LAG_P99_US && self.loss() < MAX_LOSS
    }
}

/// Both servers under one load, one right after the other.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    transport: Transport,
    bytes: usize,
    pps: u32,
    pairs: usize,
    burst: u32,
    /// Run time of the server's threads by the scheduler's clock, per packet that arrived at the other client.
    cpu_ns_per_packet: f64,
    loss: f64,
    peer: String,
    peer_cpu_ns_per_packet: f64,
    peer_loss: f64,
    /// Ours as a share of the peer's.
    ratio: f64,
    /// CPU time of other processes, in percent of one CPU: how quiet the machine was.
    others_cpu_pct: f64,
    /// False when the generator was what was measured, or packets were lost.
    valid: bool,
}

impl Run {
    pub(crate) fn new(load: &Load, ours: &Measured, peer: &str, theirs: &Measured) -> Self {
        Self {
            transport: load.transport,
            bytes: load.bytes,
            pps: load.pps,
            pairs: load.pairs,
            burst: load.burst,
            cpu_ns_per_packet: ours.cpu_ns_per_packet(),
            loss: ours.loss(),
            peer: peer.to_owned(),
            peer_cpu_ns_per_packet: theirs.cpu_ns_per_packet(),
            peer_loss: theirs.loss(),
            ratio: thousandths(ours.cpu_ns_per_packet() / theirs.cpu_ns_per_packet()),
            others_cpu_pct: ours.span.others_cpu_pct.max(theirs.span.others_cpu_pct).round(),
            valid: ours.is_valid() && theirs.is_valid(),
        }
    }

    pub(crate) const TABLE_HEAD: &str =
        "transport  bytes  burst     pps  pairs   ours ns/pkt   peer ns/pkt  ratio   loss %  peer's %  others %";

    pub(crate) fn table_row(&self) -> String {
        format!(
            "{:<9} {:>6} {:>6} {:>7} {:>6} {:>13} {:>13} {:>6.3} {:>8.3} {:>9.3} {:>9}{}",
            format!("{:?}", self.transport).to_lowercase(),
            self.bytes,
            self.burst,
            self.pps,
            self.pairs,
            self.cpu_ns_per_packet,
            self.peer_cpu_ns_per_packet,
            self.ratio,
            100.0 * self.loss,
            100.0 * self.peer_loss,
            self.others_cpu_pct,
            if self.valid { "" } else { "  INVALID: packets were lost, or the generator was too slow" },
        )
    }

    fn load(&self) -> Load {
        Load { transport: self.transport, bytes: self.bytes, pps: self.pps, pairs: self.pairs, burst: self.burst }
    }

    /// The median of each load, in words.
    pub(crate) fn summary(loads: &[Load], runs: &[Self]) -> Vec<String> {
        loads.iter().map(|load| Self::median(load, runs)).collect()
    }

    fn median(load: &Load, runs: &[Self]) -> String {
        let mut these: Vec<_> = runs.iter().filter(|run| run.valid && run.load() == *load).collect();
        these.sort_by(|one, other| one.ratio.total_cmp(&other.ratio));
        match these.get(these.len() / 2) {
            None => format!("{load}: no valid run"),
            Some(run) => format!(
                "{load}: {} ns per packet, {} {} ns: {:.0} % of it (median of {})",
                run.cpu_ns_per_packet,
                run.peer,
                run.peer_cpu_ns_per_packet,
                100.0 * run.ratio,
                these.len()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use load_kit::cpu::Usage;

    use super::*;

    fn measured(run_ns: u64, received: usize) -> Measured {
        let server = Usage { run_ns, ..Usage::default() };
        let span = Span { seconds: 1.0, server, others_cpu_pct: 0.0 };
        Measured { sent: 1000, received, span, lag_us_p99: 10, receive_drops: 0 }
    }

    #[test]
    fn the_ratio_is_ours_to_theirs() {
        let load = Load { transport: Transport::Udp, bytes: 120, pps: 1000, pairs: 1, burst: 1 };
        let run = Run::new(&load, &measured(2_000_000, 1000), "peer", &measured(8_000_000, 1000));
        assert_eq!((run.cpu_ns_per_packet, run.peer_cpu_ns_per_packet, run.ratio, run.valid), (2000.0, 8000.0, 0.25, true));
        assert!(Run::summary(&[load], &[run])[0].contains("25 % of it (median of 1)"));
        assert!(!Run::new(&load, &measured(1, 998), "peer", &measured(1, 1000)).valid);
    }
}
