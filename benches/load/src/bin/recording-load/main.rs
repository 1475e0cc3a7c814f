//! recording-load: calls of two people each that are recorded, against the media node as a whole process, over loopback.
//!
//! Everything is real but the people: ICE, DTLS, SRTP, one UDP socket per client, voices of real Opus, the recorder with its mix, its
//! encryption and its disk. What is sent of pictures has the headers of VP8 and is no picture. The same calls are forwarded with and
//! without being recorded in turns, so that the one is compared with the other on the same machine within minutes; then once on
//! a disk that hangs and on one that is full. Afterwards each recording is verified, and each file of it opened by a player.

mod check;
mod cost;
mod disk;
mod figures;
mod soak;
mod voice;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use load_kit::run::{self as kit, Timing};
use relay_load::calls::{self, Load, Outcome, Picture};
use relay_load::profile::Cipher;
use relay_load::server::Server;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::check::Checked;
use crate::disk::Disk;
use crate::figures::Figures;

const MAX_CALLS: usize = 100;
const MAX_RUN_SECONDS: f64 = 600.0;
/// Of calls on a bad disk.
const DISK_SECONDS: f64 = 15.0;
/// On a bad disk, for each call: what is reserved, and more than a run needs.
const DISK_MIB: u64 = 16;
const HANGS: Duration = Duration::from_secs(3);
/// Before a disk becomes bad, and between.
const WELL: Duration = Duration::from_secs(3);
/// What loopback loses by chance, in percent: one packet in ten thousand.
const CHANCE_PCT: f64 = 0.01;

#[derive(Debug, Parser)]
#[command(about = "Puts recorded calls on the media node over loopback and writes what they cost")]
struct Options {
    /// Calls at once, of two people each
    #[arg(long, default_value_t = 40)]
    calls: usize,
    /// Seconds that are measured of recorded calls
    #[arg(long, default_value_t = 60.0)]
    secs: f64,
    /// Seconds that are measured of calls that are not recorded, before and after
    #[arg(long, default_value_t = 30.0)]
    plain_secs: f64,
    /// Seconds of load before
    #[arg(long, default_value_t = 2.0)]
    warmup: f64,
    /// Bytes of each of 25 pictures a second; 0: none
    #[arg(long, default_value_t = 800)]
    picture_bytes: usize,
    /// Instead, recorded calls one after another for so many minutes: does the server's memory grow?
    #[arg(long, value_name = "MINUTES")]
    soak: Option<f64>,
    /// The server [default: examples/whip beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Also what the pipeline costs by itself: examples/recording
    #[arg(long, value_name = "PROGRAM")]
    cost: Option<PathBuf>,
    /// Leave it to the scheduler which CPUs are used (else the server has the first one for itself)
    #[arg(long)]
    no_pin: bool,
    /// Go without the disks that hang and are full: they are made by root
    #[arg(long)]
    no_disks: bool,
    /// Where figures are set [default: target/figures/recording.json, or soak.json]
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = Bench::new(&options).and_then(|bench| match options.soak {
        Some(minutes) => soak::soak(&bench, minutes, options.secs),
        None => measure(&bench, &options),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "recording-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What all runs have in common.
struct Bench {
    load: Load,
    program: PathBuf,
    /// The server's.
    cpus: Vec<usize>,
    out: PathBuf,
    /// Where recordings lie meanwhile: on the disk that the figures are on.
    folder: tempfile::TempDir,
}

/// Recorded calls, and what has become of the recordings.
#[derive(Debug, Serialize)]
struct Recorded {
    #[serde(flatten)]
    figures: Figures,
    recordings: Checked,
}

impl Bench {
    fn new(options: &Options) -> Result<Self> {
        ensure!((1..=MAX_CALLS).contains(&options.calls), "1 to {MAX_CALLS} calls");
        ensure!(matches!(options.picture_bytes, 0 | 64..=1180), "pictures of 64 to 1180 bytes");
        let name = if options.soak.is_some() { "target/figures/soak.json" } else { "target/figures/recording.json" };
        let out = options.out.clone().unwrap_or_else(|| name.into());
        let near = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(near)?;
        let picture = (options.picture_bytes > 0).then_some(Picture { bytes: options.picture_bytes, packets: 1 });
        Ok(Self {
            load: Load {
                calls: options.calls,
                voices: voice::voices()?,
                step: Duration::from_secs(1) / voice::RATE as u32,
                picture,
            },
            program: kit::program(options.server.as_deref(), "examples/whip")?,
            cpus: if options.no_pin { Vec::new() } else { kit::pin()? },
            folder: tempfile::tempdir_in(near)?,
            out,
        })
    }

    fn start(&self, record: Option<&Path>) -> Result<Server> {
        Server::start(&self.program, Cipher::Gcm, &self.cpus, record)
    }

    fn plain(&self, timing: Timing) -> Result<Outcome> {
        calls::run(&self.load, timing, &self.start(None)?, || Ok(()))
    }

    fn recorded(&self, timing: Timing, folder: &Path, meanwhile: impl FnOnce() -> Result<()> + Send) -> Result<Recorded> {
        let server = self.start(Some(folder))?;
        let outcome = calls::run(&self.load, timing, &server, meanwhile)?;
        let call_ms = (timing.warmup + timing.measured).as_millis() as u64;
        let recordings = check::check(&server, folder, self.load.calls, call_ms)?;
        Ok(Recorded { figures: Figures::new(self.load.calls, &[outcome]), recordings })
    }

    /// Twice.
    fn on_a_disk_that_hangs(&self, timing: Timing) -> Result<Recorded> {
        let disk = Disk::real(DISK_MIB * self.load.calls as u64 + 64, self.folder.path())?;
        self.recorded(timing, disk.path(), || {
            for _ in 0..2 {
                thread::sleep(WELL);
                disk.hang(HANGS)?;
            }
            Ok(())
        })
    }

    fn on_a_full_disk(&self, timing: Timing) -> Result<Recorded> {
        let disk = Disk::small(DISK_MIB * self.load.calls as u64)?;
        self.recorded(timing, disk.path(), || {
            thread::sleep(WELL);
            disk.fill()
        })
    }

    fn sent(&self) -> Value {
        let packets = || self.load.voices.iter().flatten().map(Vec::len);
        json!({
            "people_per_call": 2,
            "voice_packets_per_second": voice::RATE,
            "voice_kbit_per_second": packets().sum::<usize>() as u64 * 8 * voice::RATE / packets().count() as u64 / 1000,
            "pictures_per_second": if self.load.picture.is_some() { voice::RATE / 2 } else { 0 },
            "picture_bytes": self.load.picture.map(|picture| picture.bytes),
        })
    }
}

fn measure(bench: &Bench, options: &Options) -> Result<()> {
    let calls = bench.load.calls;
    let timing = Timing::new(options.warmup, options.secs, MAX_RUN_SECONDS)?;
    let plain_timing = Timing::new(options.warmup, options.plain_secs, MAX_RUN_SECONDS)?;
    let mut fields = Map::new();
    if let Some(program) = &options.cost {
        fields.extend(cost::measure(program)?);
    }
    say(Figures::TABLE_HEAD)?;
    let before = bench.plain(plain_timing).context("without recording")?;
    let recorded = bench.recorded(timing, bench.folder.path(), || Ok(())).context("recorded")?;
    let after = bench.plain(plain_timing).context("without recording")?;
    let plain = Figures::new(calls, &[before, after]);
    say(&plain.table_row("not recorded"))?;
    say(&recorded.table_row("recorded"))?;

    fields.insert("concurrent_calls".into(), json!(calls));
    fields.insert("sent".into(), bench.sent());
    fields.insert("forward_loss_pct".into(), json!(recorded.figures.forward_loss_pct));
    let cost = recorded.figures.cpu_s_per_call_minute - plain.cpu_s_per_call_minute;
    fields.insert("cpu_s_per_call_minute_recording".into(), json!(kit::thousandths(cost)));
    let mut faults = recorded.faults(&plain, "recorded");
    if !options.no_disks {
        let timing = Timing::new(options.warmup, DISK_SECONDS, MAX_RUN_SECONDS)?;
        for (name, run) in [
            ("hanging_disk", bench.on_a_disk_that_hangs(timing).context("on a disk that hangs")?),
            ("full_disk", bench.on_a_full_disk(timing).context("on a full disk")?),
        ] {
            say(&run.table_row(name))?;
            faults.extend(run.added_loss(&plain, name));
            fields.insert(name.into(), json!(run));
        }
    }
    fields.insert("not_recorded".into(), json!(plain));
    fields.insert("recorded".into(), json!(recorded));
    say(&serde_json::to_string_pretty(&fields)?)?;
    kit::merge(&bench.out, fields)?;
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

impl Recorded {
    fn table_row(&self, name: &str) -> String {
        let Checked { recordings, verified, files, broken, gaps, left_out, lagged, failures, .. } = &self.recordings;
        let told = format!("{verified} of {recordings} verified, {files} files, {} broken", broken.len());
        let missing = format!("{gaps} gaps, {left_out} packets left out, {lagged} lagged, failures: {failures:?}");
        format!("{}\n  {told}; {missing}", self.figures.table_row(name))
    }

    /// What must not be, of recordings on a disk without faults.
    fn faults(&self, plain: &Figures, name: &str) -> Vec<String> {
        let Checked { recordings, verified, broken, gaps, left_out, .. } = &self.recordings;
        let mut faults = broken.clone();
        faults.extend((recordings != verified).then(|| format!("{verified} of {recordings} are whole")));
        faults.extend((*gaps > 0 || *left_out > 0).then(|| format!("{gaps} gaps, {left_out} packets left out")));
        faults.extend(self.added_loss(plain, name));
        faults
    }

    fn added_loss(&self, plain: &Figures, name: &str) -> Option<String> {
        let (loss, usual) = (self.figures.forward_loss_pct, plain.forward_loss_pct);
        (loss > usual + CHANCE_PCT).then(|| format!("{name}: {loss} % were lost, {usual} % without recording"))
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}
