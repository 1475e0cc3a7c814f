//! peers: our media node beside others under the same load, over loopback, in one run.
//!
//! Servers take turns in rounds, each a fresh process on the first CPU, while the clients have the others; ratios are taken within a round. What a
//! run is, is in the library: real ICE, DTLS and SRTP. All servers are made to use one SRTP profile.

mod contender;
mod floor;
mod janus;
mod plan;
mod plot;
mod row;
mod search;
mod table;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use load_kit::run::{self as kit, Timing};
use relay_load::load::Load;
use relay_load::{calls, run};

use crate::contender::{Contender, Programs};
use crate::janus::Janus;
use crate::plan::{Case, Part};
use crate::row::{Row, Title};
use crate::table::Runs;

const MAX_RUN_SECONDS: f64 = 30.0;
const MAX_ROUNDS: usize = 9;
/// What precedes the measured time where a rate is only tried.
const TRY_WARMUP: f64 = 0.6;

#[derive(Debug, Parser)]
#[command(about = "Measures the media node beside Janus and the reference servers")]
struct Options {
    /// What is measured [default: all of it]
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Times that all servers have their turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds that are measured in each run
    #[arg(long, default_value_t = 1.5)]
    secs: f64,
    /// Seconds of load before
    #[arg(long, default_value_t = 0.7)]
    warmup: f64,
    /// Ours [default: examples/whip beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Janus
    #[arg(long, value_name = "PROGRAM", default_value = "janus")]
    janus: PathBuf,
    /// Leave Janus out
    #[arg(long)]
    no_janus: bool,
    /// The reference servers `naive` and `fast`; left out if there is no such program
    #[arg(long, value_name = "PROGRAM", default_value = "target/reference/release/reference-sfu")]
    reference: PathBuf,
    /// Keep the runs of other parts that the list has already
    #[arg(long)]
    keep: bool,
    /// Where the list of runs is written
    #[arg(long, default_value = "target/figures/peers.json")]
    out: PathBuf,
    /// Where the plot is drawn
    #[arg(long, default_value = "target/figures/peers.svg")]
    plot: PathBuf,
}

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<()> {
    ensure!((1..=MAX_ROUNDS).contains(&options.rounds), "1 to {MAX_ROUNDS} rounds");
    let parts = if options.only.is_empty() { Part::ALL.to_vec() } else { options.only.clone() };
    let mut rows = if options.keep { kept(&options.out, &parts)? } else { Vec::new() };
    kit::forget(&options.out);
    let bench = Bench {
        programs: options.programs()?,
        timing: Timing::new(options.warmup, options.secs, MAX_RUN_SECONDS)?,
        tried: Timing::new(TRY_WARMUP, options.secs, MAX_RUN_SECONDS)?,
    };
    say(Row::HEAD)?;
    for part in parts {
        let rounds = if part == Part::Highest { 1 } else { options.rounds };
        for round in 0..rounds {
            bench.round(part, round, &mut rows)?;
        }
        // What has been measured is not lost with what comes after.
        kit::write(&options.out, &rows)?;
    }
    let runs = Runs(&rows);
    fs::write(&options.plot, plot::draw(&runs, "CPU time of the server for each forwarded packet"))?;
    say(&format!("\n{}\n{}", runs.servers(), runs.verdicts()))
}

fn kept(path: &Path, parts: &[Part]) -> Result<Vec<Row>> {
    let Ok(json) = fs::read(path) else { return Ok(Vec::new()) };
    let rows: Vec<Row> = serde_json::from_slice(&json).with_context(|| format!("{}", path.display()))?;
    Ok(rows.into_iter().filter(|row| !parts.contains(&row.part)).collect())
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

impl Options {
    fn programs(&self) -> Result<Programs> {
        let janus = (!self.no_janus).then(|| Janus::new(&self.janus)).transpose()?;
        let reference = self.reference.exists().then(|| self.reference.clone());
        if reference.is_none() {
            say(&format!("without naive and fast: there is no {}", self.reference.display()))?;
        }
        let staffline = kit::program(self.server.as_deref(), "examples/whip")?;
        // Last: what is started before has all CPUs.
        Ok(Programs { staffline, janus, reference, cpus: kit::pin()? })
    }
}

struct Bench {
    programs: Programs,
    timing: Timing,
    tried: Timing,
}

impl Bench {
    fn round(&self, part: Part, round: usize, rows: &mut Vec<Row>) -> Result<()> {
        if part == Part::Highest {
            return self.programs.contenders().into_iter().try_for_each(|server| self.highest(server, rows));
        }
        for case in plan::cases(part, &self.programs.contenders()) {
            match case {
                Case::Calls(load) => self.calls(self.title(part, round, Contender::Staffline), &load, rows)?,
                Case::Room(load, servers) => {
                    for server in servers {
                        let row = self.room(self.title(part, round, server), &load, self.timing)?;
                        say(&row.line())?;
                        rows.push(row);
                    }
                }
            }
        }
        Ok(())
    }

    fn title(&self, part: Part, round: usize, server: Contender) -> Title {
        Title { part, round, server, version: self.programs.version(server) }
    }

    fn room(&self, title: Title, load: &Load, timing: Timing) -> Result<Row> {
        let what = format!("{} {load}", title.server);
        if title.server == Contender::Floor {
            let cpu_ns = floor::measure(load, timing, &self.programs.cpus).context(what)?;
            return Ok(Row::of_floor(title, load, cpu_ns));
        }
        let server = self.programs.start(title.server, load.cipher).with_context(|| what.clone())?;
        let figures = run::run(load, timing, server.pid(), &mut *server.signalling()?).context(what)?;
        Ok(Row::of_room(title, figures))
    }

    fn calls(&self, title: Title, load: &calls::Load, rows: &mut Vec<Row>) -> Result<()> {
        let server = relay_load::server::Server::start(
            &self.programs.staffline,
            relay_load::profile::Cipher::Gcm,
            &self.programs.cpus,
            None,
        )?;
        let outcome = calls::run(load, self.timing, &server, || Ok(())).with_context(|| format!("{} rooms", load.calls))?;
        let row = Row::of_calls(title, load, &outcome);
        say(&row.line())?;
        rows.push(row);
        Ok(())
    }

    /// The highest rate, and a run at half of it.
    fn highest(&self, server: Contender, rows: &mut Vec<Row>) -> Result<()> {
        let at = |pps: u32, timing| {
            let row = self.room(self.title(Part::Highest, 0, server), &plan::at_rate(pps), timing)?;
            say(&row.line())?;
            Ok(row)
        };
        let Some(best) = search::highest(|pps| at(pps, self.tried))? else { return say(&format!("{server} carries nothing")) };
        let rate = best.forwarded_pps;
        rows.push(Row { max_forwarded_pps: Some(rate), ..best });
        rows.push(at((rate / 2.0) as u32, self.timing)?);
        Ok(())
    }
}
