//! What a browser shows and loads: asked of Chromium by a script.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::{process::Command, time};

use crate::{server::Server, staff::Person};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// From navigation, with an empty cache, to the newest message of the long conversation on the screen, median.
    first_paint_ms: f64,
    /// All that the page loads until then but the API's answers, gzipped as it was sent.
    first_load_gzip_bytes: u64,
}

const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(script: &Path, server: &Server, reader: &Person, conversation: &str) -> Result<Figures> {
    let mut node = Command::new("node");
    node.arg(script)
        .arg(&server.origin)
        .arg(conversation)
        .env("SESSION_TOKEN", reader.cookie.trim_start_matches("session_token="));
    node.kill_on_drop(true).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = time::timeout(PATIENCE, node.output()).await.context("Chromium takes too long")??;
    ensure!(output.status.success(), "{} failed", script.display());
    serde_json::from_slice(&output.stdout).context("the script prints figures")
}
