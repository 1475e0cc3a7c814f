//! relay-load: one WebRTC publisher and N WebRTC subscribers against the media node as a whole process, over loopback.
//!
//! Everything is real: ICE, DTLS, SRTP, one UDP socket per client as a browser has, WHIP and WHEP as any client speaks them.
//! The publisher's packets carry their number and time; a subscriber's latency ends at the *kernel's* receive time stamp, so
//! that this program's own scheduling is not in it. The receiving half of loopback (softirq, delivery into the subscriber's
//! queue) runs inside the server's send call and is therefore charged to the server.

mod plan;
mod sharded;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use load_kit::http::LoopbackUrl;
use load_kit::run::{self as kit, Timing};
use relay_load::figures::Figures;
use relay_load::load::Load;
use relay_load::run;
use relay_load::server::Server;
use relay_load::whip::Whip;

/// No run is repeated when all of them have taken this long already.
const REPEAT_UNTIL: Duration = Duration::from_secs(90);
const MAX_RUN_SECONDS: f64 = 30.0;
const MAX_RUNS: usize = 100;

#[derive(Debug, Parser)]
#[command(about = "Puts a WebRTC load on the media node over loopback and writes what it costs")]
struct Options {
    /// A load, SUBSCRIBERS:PPS:PAYLOAD:gcm|cm[:BURST]; may be repeated. Without any: 1, 10 and 50 subscribers with both ciphers
    #[arg(long = "run", value_name = "LOAD")]
    runs: Vec<Load>,
    /// Seconds that are measured in each run
    #[arg(long, default_value_t = 4.0)]
    secs: f64,
    /// Seconds of load before
    #[arg(long, default_value_t = 1.0)]
    warmup: f64,
    /// Times that all of it is done
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// The server; one is started for each run [default: examples/whip beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Instead, the WHIP URL of a server that runs already
    #[arg(long, value_name = "URL", requires_all = ["whep", "pid"])]
    whip: Option<LoopbackUrl>,
    /// and its WHEP URL
    #[arg(long, value_name = "URL", requires = "whip")]
    whep: Option<LoopbackUrl>,
    /// and its process id
    #[arg(long, requires = "whip")]
    pid: Option<u32>,
    /// Leave it to the scheduler which CPUs are used (else the server has the first one for itself)
    #[arg(long)]
    no_pin: bool,
    /// Shards of the server: each gets the load in a room of its own, all at once, and the CPU time of its thread is what counts. All CPUs
    /// are used by both sides
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=8), conflicts_with_all = ["whip", "no_pin"])]
    shards: Option<u8>,
    /// Where the list of runs is written
    #[arg(long, default_value = "target/figures/relay-load.json")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "relay-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<()> {
    let timing = options.timing()?;
    let loads = options.loads()?;
    kit::forget(&options.out);
    if let Some(shards) = options.shards {
        let program = kit::program(options.server.as_deref(), "examples/whip")?;
        return sharded::measure(&loads, timing, &program, shards.into(), &options.out);
    }
    let server_cpus = if options.no_pin { Vec::new() } else { kit::pin()? };

    let start = Instant::now();
    let mut out = io::stdout();
    writeln!(out, "{}", Figures::TABLE_HEAD)?;
    let mut all = Vec::new();
    for load in &loads {
        let once =
            || options.server(load, &server_cpus).and_then(|server| run::run(load, timing, server.pid, &mut Whip::new(&server)));
        let mut figures = once().with_context(|| load.to_string())?;
        if !figures.valid && start.elapsed() < REPEAT_UNTIL {
            writeln!(out, "{}, repeated:", figures.table_row())?;
            figures = once().with_context(|| load.to_string())?;
        }
        writeln!(out, "{}", figures.table_row())?;
        all.push(figures);
    }
    kit::write(&options.out, &all)
}

impl Options {
    fn timing(&self) -> Result<Timing> {
        Timing::new(self.warmup, self.secs, MAX_RUN_SECONDS)
    }

    fn loads(&self) -> Result<Vec<Load>> {
        let loads = if self.runs.is_empty() { plan::default_plan() } else { self.runs.clone() };
        ensure!(loads.len().saturating_mul(self.rounds) <= MAX_RUNS, "at most {MAX_RUNS} runs");
        Ok(loads.repeat(self.rounds))
    }

    fn server(&self, load: &Load, cpus: &[usize]) -> Result<Server> {
        if let (Some(whip), Some(whep), Some(pid)) = (&self.whip, &self.whep, self.pid) {
            return Ok(Server::external(whip, whep, pid));
        }
        let program = kit::program(self.server.as_deref(), "examples/whip")?;
        Server::start(&program, load.cipher, cpus, None)
    }
}
