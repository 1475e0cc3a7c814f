//! Recorded calls one after another, for hours: what the server's process holds in RAM must not grow.

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use load_kit::cpu;
use load_kit::run::{self as kit, Timing, thousandths};
use relay_load::calls;
use relay_load::server::Server;
use serde::Serialize;

use crate::check::{self, Checked};
use crate::figures::Figures;
use crate::{Bench, say};

const MAX_GROWTH_PCT: f64 = 10.0;
const MINUTE: Duration = Duration::from_secs(60);
/// The most of each minute counts: calls begin and end at other times.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Samples that are compared.
const FEW: usize = 3;

#[derive(Debug, Default, Serialize)]
struct Report {
    minutes: f64,
    concurrent_calls: usize,
    call_seconds: f64,
    recordings: usize,
    verified: usize,
    files: usize,
    broken: Vec<String>,
    failures: BTreeMap<String, usize>,
    gaps: u64,
    left_out: u64,
    bytes: u64,
    worst_forward_loss_pct: f64,
    worst_latency_us_p99: u64,
    /// Of the last minutes to the first ones after the warm-up.
    rss_growth_pct: Option<f64>,
    /// For each minute.
    rss_mib: Vec<f64>,
}

/// Runs calls of `secs` until the minutes are over. The report is written after each, so that one that breaks off has told all the same.
pub(crate) fn soak(bench: &Bench, minutes: f64, secs: f64) -> Result<()> {
    kit::forget(&bench.out);
    let timing = Timing::new(1.0, secs, 600.0)?;
    let server = bench.start(Some(bench.folder.path()))?;
    let mut report = Report { concurrent_calls: bench.load.calls, call_seconds: secs, ..Report::default() };
    let begun = Instant::now();
    let (stop, stopped) = mpsc::channel::<()>();
    let (samples, sampled) = mpsc::channel();
    let pid = server.pid;
    thread::scope(|scope| {
        scope.spawn(move || sample(pid, &stopped, &samples));
        // Dropped at the end of this closure, however that comes.
        let _stop = stop;
        while begun.elapsed().as_secs_f64() < minutes * 60.0 {
            report.round(bench, timing, &server)?;
            report.minutes = thousandths(begun.elapsed().as_secs_f64() / 60.0);
            report.rss_mib.extend(sampled.try_iter());
            report.rss_growth_pct = growth_pct(&report.rss_mib);
            kit::write_json(&bench.out, &report)?;
            say(&report.line())?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    report.judge()
}

/// Sends what is held at most in each minute.
fn sample(pid: u32, stopped: &mpsc::Receiver<()>, samples: &mpsc::Sender<f64>) {
    let (mut most, mut next) = (0, Instant::now() + MINUTE);
    while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(LOOK_EVERY) {
        most = most.max(cpu::resident(pid).unwrap_or_default());
        if Instant::now() >= next {
            next += MINUTE;
            let _ = samples.send(thousandths(std::mem::take(&mut most) as f64 / f64::from(1 << 20)));
        }
    }
}

impl Report {
    fn round(&mut self, bench: &Bench, timing: Timing, server: &Server) -> Result<()> {
        let outcome = calls::run(&bench.load, timing, server, || Ok(()))?;
        let figures = Figures::new(bench.load.calls, &[outcome]);
        let call_ms = (timing.warmup + timing.measured).as_millis() as u64;
        let folder = bench.folder.path();
        let checked = check::check(server, folder, bench.load.calls, call_ms)?;
        for entry in fs::read_dir(folder)? {
            fs::remove_dir_all(entry?.path())?;
        }
        self.add(&figures, checked);
        Ok(())
    }

    fn add(&mut self, figures: &Figures, checked: Checked) {
        self.recordings += checked.recordings;
        self.verified += checked.verified;
        self.files += checked.files;
        self.broken.extend(checked.broken);
        for (failure, count) in checked.failures {
            *self.failures.entry(failure).or_default() += count;
        }
        self.gaps += checked.gaps;
        self.left_out += checked.left_out;
        self.bytes += checked.bytes;
        self.worst_forward_loss_pct = self.worst_forward_loss_pct.max(figures.forward_loss_pct);
        self.worst_latency_us_p99 = self.worst_latency_us_p99.max(figures.latency_us_p99);
    }

    fn line(&self) -> String {
        let rss = self.rss_mib.last().map_or_else(String::new, |mib| format!(", {mib:.1} MiB"));
        let (minutes, verified, recordings) = (self.minutes, self.verified, self.recordings);
        format!("{minutes:.1} min: {verified} of {recordings} recordings verified{rss}")
    }

    fn judge(&self) -> Result<()> {
        let Self { broken, recordings, verified, gaps, .. } = self;
        ensure!(broken.is_empty() && recordings == verified, "{verified} of {recordings} are whole; {}", broken.join("; "));
        ensure!(*gaps == 0, "{gaps} gaps");
        let growth = self.rss_growth_pct.unwrap_or_default();
        ensure!(growth <= MAX_GROWTH_PCT, "what the server holds in RAM has grown by {growth} %: {:?} MiB", self.rss_mib);
        Ok(())
    }
}

/// By how much the last samples are above the first ones after the warm-up: a fifth of all, ten at most.
fn growth_pct(samples: &[f64]) -> Option<f64> {
    let warm = samples.get((samples.len() / 5).clamp(1, 10)..)?;
    let (first, last) = (warm.get(..FEW)?, warm.get(warm.len().checked_sub(FEW)?..)?);
    Some(thousandths(100.0 * (median(last) / median(first) - 1.0)))
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_from_warming_up_and_from_a_peak() {
        assert_eq!(growth_pct(&[10.0, 50.0, 50.0, 50.0, 90.0, 50.0, 50.0]), Some(0.0));
        let leaks: Vec<f64> = (0..100).map(|minute| 100.0 + f64::from(minute)).collect();
        assert!(growth_pct(&leaks).unwrap() > 70.0);
        assert_eq!(growth_pct(&[10.0, 10.0, 10.0]), None);
    }
}
