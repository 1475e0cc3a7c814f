//! chat-load: the built server as a whole process under a chat's load, over loopback, with real sign-ins, requests and sockets.
//!
//! It measures what staff feel: how long after one presses Enter the other's socket has the message while many are connected, what
//! an idle socket costs, how long a conversation of 50,000 messages takes to open, and how much a browser loads first.

mod delivery;
mod idle;
mod long;
mod page;
mod server;
mod staff;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde::Serialize;

use crate::server::Server;

#[derive(Debug, Parser)]
#[command(about = "Puts a chat's load on the server over loopback and writes what it costs")]
pub(crate) struct Options {
    /// Sockets connected while messages are timed, one a user
    #[arg(long, default_value_t = 500)]
    sockets: usize,
    /// Messages a second
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Seconds that are measured
    #[arg(long, default_value_t = 30)]
    secs: u32,
    /// Idle sockets whose memory is measured
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Messages of the long conversation
    #[arg(long, default_value_t = 50_000)]
    messages: usize,
    /// The server [default: staffline beside this program]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// The script that measures the page in Chromium; without it the page's two figures are left out
    #[arg(long, value_name = "SCRIPT")]
    page: Option<PathBuf>,
    /// Where the figures are written
    #[arg(long, default_value = "target/figures/chat.json")]
    out: PathBuf,
}

/// Milliseconds and bytes, as the names say.
#[derive(Debug, Serialize)]
struct Figures {
    delivery_ms_p50: f64,
    delivery_ms_p99: f64,
    delivery_ms_max: f64,
    messages_per_second: f64,
    sockets: usize,
    idle_sockets: usize,
    bytes_per_idle_socket: u64,
    /// The first page of the long conversation: the whole request as its client sees it, median.
    open_conversation_ms: f64,
    open_conversation_ms_p99: f64,
    /// The same request in the middle of it, as a jump makes it.
    jump_ms: f64,
    #[serde(flatten)]
    page: Option<page::Figures>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "chat-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Result<()> {
    ensure!(options.secs <= 120 && options.rate <= 1_000 && options.idle <= 15_000, "a run is bounded");
    // Figures of an earlier day must not be taken for the outcome of a run that failed.
    let _ = fs::remove_file(&options.out);
    let data = tempfile::tempdir()?;
    let program = options.program()?;
    let mut server = Server::start(&program, data.path()).await?;
    say(&format!("{} people sign in", options.sockets))?;
    let mut staff = staff::hire(&mut server, options.sockets).await?;

    let delivery = delivery::measure(&server, &staff, options.rate, Duration::from_secs(options.secs.into())).await?;
    say(&format!("delivery p50 {:.1} ms, p99 {:.1} ms", delivery.p50, delivery.p99))?;

    server.stop().await?;
    let conversation = long::seed(data.path(), &staff, options.messages).await?;
    server = Server::start(&program, data.path()).await?;
    staff::moved(&mut staff, &server.origin);
    let opened = long::open(&staff[0], &conversation).await?;
    say(&format!("a conversation of {} messages opens in {:.2} ms", options.messages, opened.newest_p50))?;
    let page = match &options.page {
        Some(script) => Some(page::measure(script, &server, &staff[0], &conversation).await?),
        None => None,
    };
    let idle = idle::measure(&server, &staff, options.idle).await?;
    say(&format!("{idle} bytes for each of {} idle sockets", options.idle))?;
    server.stop().await?;

    let figures = Figures {
        delivery_ms_p50: delivery.p50,
        delivery_ms_p99: delivery.p99,
        delivery_ms_max: delivery.max,
        messages_per_second: delivery.per_second,
        sockets: options.sockets,
        idle_sockets: options.idle,
        bytes_per_idle_socket: idle,
        open_conversation_ms: opened.newest_p50,
        open_conversation_ms_p99: opened.newest_p99,
        jump_ms: opened.middle_p50,
        page,
    };
    write(&options.out, &figures)
}

impl Options {
    fn program(&self) -> Result<PathBuf> {
        let beside = || std::env::current_exe().map(|me| me.with_file_name("staffline"));
        Ok(self.server.clone().map_or_else(beside, Ok)?)
    }
}

fn write(path: &Path, figures: &Figures) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string_pretty(figures)? + "\n";
    fs::write(path, &text).with_context(|| format!("{}", path.display()))?;
    say(&text)
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// The value that this share of the sorted samples does not exceed.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).map_or(0.0, |found| (found.as_secs_f64() * 1e5).round() / 1e2)
}
