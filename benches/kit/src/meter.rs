//! Readings of the clocks at one moment, and what lies between two of them.

use std::process;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::cpu::{self, Usage};

#[derive(Debug)]
pub struct Meter {
    pub server_pid: u32,
    /// Only the server's thread of this name counts as the server.
    pub thread: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub struct Reading {
    at: Instant,
    server: Usage,
    generator: Usage,
    machine_busy_s: f64,
}

/// What was used between two readings.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub seconds: f64,
    pub server: Usage,
    /// CPU time of all that is neither server nor generator, in percent of one CPU: how quiet the machine was.
    pub others_cpu_pct: f64,
}

impl Meter {
    /// All threads of the server.
    pub fn of(server_pid: u32) -> Self {
        Self { server_pid, thread: None }
    }

    pub fn read(&self) -> Result<Reading> {
        Ok(Reading {
            at: Instant::now(),
            server: self.server().context("the server is gone")?,
            generator: Usage::of(process::id()).unwrap_or_default(),
            machine_busy_s: cpu::machine_busy_s(),
        })
    }

    fn server(&self) -> Option<Usage> {
        match &self.thread {
            Some(name) => Usage::of_named(self.server_pid, name),
            None => Usage::of(self.server_pid),
        }
    }
}

impl Reading {
    pub fn since(&self, earlier: &Self) -> Span {
        let seconds = (self.at - earlier.at).as_secs_f64();
        let (server, generator) = (self.server.since(&earlier.server), self.generator.since(&earlier.generator));
        let busy_s = self.machine_busy_s - earlier.machine_busy_s;
        let others_s = busy_s - (server.run_ns + generator.run_ns) as f64 / 1e9;
        Span { seconds, server, others_cpu_pct: (100.0 * others_s / seconds).max(0.0) }
    }
}
