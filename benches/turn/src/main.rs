//! turn-load: the CPU time of a relayed ChannelData packet, ours and coturn's, in interleaved runs on one machine.
//!
//! Pairs of authenticated clients, each with an allocation and a channel to the other's: a packet goes from a client to its
//! relayed transport address, from there to the other's, and to the other client, as in a call that is relayed for both. The server
//! has one CPU, this program another. The receiving half of loopback runs inside the server's send call and is charged to it.

mod certificate;
mod client;
mod figures;
mod line;
mod load;
mod plan;
mod server;
mod stun;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use load_kit::run::{self, Timing};

use crate::certificate::Certificate;
use crate::figures::{Measured, Run};
use crate::plan::{Load, Transport};
use crate::server::{Host, Server};

const MAX_RUN_SECONDS: f64 = 30.0;

#[derive(Debug, Parser)]
#[command(about = "Relays ChannelData through our TURN server and coturn over loopback and writes what it costs")]
struct Options {
    /// Packets a second
    #[arg(long, default_value_t = 10_000)]
    pps: u32,
    /// Pairs of clients
    #[arg(long, default_value_t = 10)]
    pairs: usize,
    /// Seconds that are measured in each run
    #[arg(long, default_value_t = 4.0)]
    secs: f64,
    /// Seconds of load before
    #[arg(long, default_value_t = 1.0)]
    warmup: f64,
    /// Times that all of it is done
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only this transport
    #[arg(long)]
    only: Option<Transport>,
    /// Our server [default: examples/turn beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// The peer
    #[arg(long, value_name = "PROGRAM", default_value = "turnserver")]
    coturn: PathBuf,
    /// Leave it to the scheduler which CPUs are used (else the server has the first one for itself)
    #[arg(long)]
    no_pin: bool,
    /// Where the list of runs is written
    #[arg(long, default_value = "target/figures/turn.json")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "turn-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<()> {
    let timing = options.timing()?;
    run::forget(&options.out);
    let folder = tempfile::tempdir()?;
    let certificate = Certificate::make(folder.path())?;
    let host = Host { folder: folder.path().to_owned(), certificate, cpus: options.cpus()? };
    let ours = run::program(options.server.as_deref(), "examples/turn")?;
    let peer = server::coturn_version(&options.coturn)?;

    let mut out = io::stdout();
    writeln!(out, "{}", Run::TABLE_HEAD)?;
    let mut runs = Vec::new();
    for _ in 0..options.rounds {
        for load in options.loads() {
            let one = on(&host, &load, timing, host.ours(&ours, load.transport)).context("ours")?;
            let other = on(&host, &load, timing, host.coturn(&options.coturn)).context("coturn")?;
            let run = Run::new(&load, &one, &peer, &other);
            writeln!(out, "{}", run.table_row())?;
            runs.push(run);
        }
    }
    for line in Run::summary(&options.loads(), &runs) {
        writeln!(out, "{line}")?;
    }
    run::write(&options.out, &runs)
}

fn on(host: &Host, load: &Load, timing: Timing, server: Result<Server>) -> Result<Measured> {
    let tls = (load.transport == Transport::Tls).then_some(&host.certificate.client);
    load::run(load, timing, &server?, tls).with_context(|| load.to_string())
}

impl Options {
    fn timing(&self) -> Result<Timing> {
        ensure!(self.pps > 0 && self.pairs > 0, "no load at all");
        Timing::new(self.warmup, self.secs, MAX_RUN_SECONDS)
    }

    fn loads(&self) -> Vec<Load> {
        let wanted = |load: &Load| self.only.is_none_or(|only| only == load.transport);
        plan::plan(self.pps, self.pairs).into_iter().filter(wanted).collect()
    }

    /// The server's.
    fn cpus(&self) -> Result<Vec<usize>> {
        if self.no_pin { Ok(Vec::new()) } else { run::pin() }
    }
}
