//! One run: pairs of clients send each other numbered packets at a fixed rate, and what arrives is counted.

use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use load_kit::meter::{Meter, Reading};
use load_kit::run::Timing;
use load_kit::stats::Histogram;
use load_kit::sys::{Batch, Poll};

use crate::client::{self, Client};
use crate::figures::Measured;
use crate::plan::Load;
use crate::server::Server;

/// Shorter waits are spun away: a sleep takes longer than it is told.
const SPIN: Duration = Duration::from_micros(100);
/// For what is still in the server when the last packet was sent.
const LINGER: Duration = Duration::from_millis(500);

/// Puts one load on a server. A single thread sends and receives: it has the CPU that the server has not.
pub(crate) fn run(load: &Load, timing: Timing, server: &Server, tls: Option<&Arc<rustls::ClientConfig>>) -> Result<Measured> {
    let pairs = (0..load.pairs).map(|_| client::pair(server, tls)).collect::<Result<Vec<_>>>()?;
    let packets = |time: Duration| (time.as_secs_f64() * f64::from(load.pps)) as u64;
    let window = packets(timing.warmup)..packets(timing.warmup) + packets(timing.measured);
    let mut exchange = Exchange {
        clients: pairs.into_iter().flatten().collect(),
        payload: vec![0; load.bytes],
        arrived: vec![false; (window.end - window.start) as usize],
        batch: Batch::default(),
        lag: Histogram::default(),
        window,
    };
    let (before, after) = exchange.send_all(load, &Meter::of(server.process.pid))?;
    let end = Instant::now() + LINGER;
    while Instant::now() < end {
        exchange.receive(Duration::from_millis(1))?;
    }
    exchange.measured(&before, &after)
}

struct Exchange {
    /// The two of a pair stand side by side.
    clients: Vec<Client>,
    payload: Vec<u8>,
    /// Of the packets in the window.
    arrived: Vec<bool>,
    batch: Batch,
    /// How long after its time each packet was sent.
    lag: Histogram,
    /// The numbers of the packets that count.
    window: Range<u64>,
}

impl Exchange {
    /// Every burst at its time, the clients in turn; the readings at both edges of the window.
    fn send_all(&mut self, load: &Load, meter: &Meter) -> Result<(Reading, Reading)> {
        let burst = u64::from(load.burst);
        let step = Duration::from_secs(1) * load.burst / load.pps;
        let start = Instant::now();
        let mut before = meter.read()?;
        for number in 0..self.window.end {
            let due = start + step * (number / burst) as u32;
            if number % burst == 0 {
                self.receive_until(due)?;
            }
            if number == self.window.start {
                before = meter.read()?;
            }
            if number >= self.window.start {
                self.lag.add(due.elapsed().as_micros() as u64);
            }
            self.payload[..8].copy_from_slice(&number.to_be_bytes());
            let client = (number / burst) as usize % self.clients.len();
            self.clients[client].send(&self.payload)?;
        }
        Ok((before, meter.read()?))
    }

    /// Looks at least once.
    fn receive_until(&mut self, due: Instant) -> Result<()> {
        loop {
            self.receive(Duration::ZERO)?;
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            // Not in poll: a reader that blocks there is woken by the server's own send call, at the server's cost.
            if left > SPIN {
                thread::sleep(left - SPIN);
            }
        }
    }

    fn receive(&mut self, timeout: Duration) -> Result<()> {
        let mut poll = Poll::new(self.clients.iter().map(|client| &client.line));
        let Self { clients, arrived, batch, window, .. } = self;
        for i in poll.readable(timeout) {
            clients[i].receive(batch, |payload| {
                let number = payload.first_chunk().map_or(u64::MAX, |bytes| u64::from_be_bytes(*bytes));
                if window.contains(&number) {
                    arrived[(number - window.start) as usize] = true;
                }
            })?;
        }
        Ok(())
    }

    fn measured(&self, before: &Reading, after: &Reading) -> Result<Measured> {
        let received = self.arrived.iter().filter(|&&arrived| arrived).count();
        ensure!(received > 0, "nothing arrived");
        Ok(Measured {
            sent: self.arrived.len(),
            received,
            span: after.since(before),
            lag_us_p99: self.lag.quantile_us(0.99),
            receive_drops: self.clients.iter().map(|client| client.line.receive_drops()).sum::<Result<u64>>()?,
        })
    }
}
