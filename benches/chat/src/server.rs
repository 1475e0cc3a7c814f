//! The server under test: a process of our own on loopback, with the embedded defaults.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time,
};

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) origin: String,
}

impl Server {
    /// It ends with this value.
    pub(crate) async fn start(program: &Path, data: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.env_clear().arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0", "--log-filter", "warn"]);
        command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("its output is ours")?).lines();
        let line = time::timeout(PATIENCE, lines.next_line()).await??.context("the server ended at once")?;
        let origin = line.split(": ").nth(1).context("the first line has the address")?.trim_end_matches('/').to_owned();
        ensure!(origin.starts_with("http://127.0.0.1:"), "load is only ever sent to loopback, not to {origin}");
        Ok(Self { child, lines, origin })
    }

    /// The token of the link for the first admin.
    pub(crate) async fn setup_token(&mut self) -> Result<String> {
        loop {
            let line = time::timeout(PATIENCE, self.lines.next_line()).await??.context("the server ended")?;
            if let Some((_, token)) = line.split_once("/invitation#") {
                return Ok(token.to_owned());
            }
        }
    }

    /// Memory that the process holds in RAM, bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        let id = self.child.id().context("it runs")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").trim().parse::<u64>()? * 1_024)
    }

    pub(crate) async fn stop(&mut self) -> Result<()> {
        let id = self.child.id().context("it runs")?.to_string();
        ensure!(Command::new("kill").args(["-TERM", &id]).status().await?.success(), "no signal");
        match time::timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => ensure!(status?.success(), "the server did not end well"),
            Err(_) => bail!("the server does not stop"),
        }
        Ok(())
    }
}
