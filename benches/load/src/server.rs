//! The media node behind WHIP and WHEP: a process of our own for one run, or one that somebody else runs.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use load_kit::http::LoopbackUrl;
use load_kit::process::{self, Process, free_port};

use crate::profile::Cipher;

#[derive(Debug)]
pub struct Server {
    _process: Option<Process>,
    pub pid: u32,
    pub whip: LoopbackUrl,
    pub whep: LoopbackUrl,
}

impl Server {
    /// Starts `executable` on free loopback ports and waits until it answers. What is sent in its rooms is recorded in `record`, if
    /// that is a folder.
    pub fn start(executable: &Path, cipher: Cipher, cpus: &[usize], record: Option<&Path>) -> Result<Self> {
        let more: Vec<&OsStr> = record.iter().flat_map(|folder| [OsStr::new("--record"), folder.as_os_str()]).collect();
        Self::start_with(executable, cipher, cpus, &more)
    }

    /// The media node with so many shards.
    pub fn with_shards(executable: &Path, cipher: Cipher, shards: usize) -> Result<Self> {
        Self::start_with(executable, cipher, &[], &["--shards".as_ref(), shards.to_string().as_ref()])
    }

    fn start_with(executable: &Path, cipher: Cipher, cpus: &[usize], more: &[&OsStr]) -> Result<Self> {
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = Command::new(executable);
        command.args(["--http", &http.to_string(), "--udp", "127.0.0.1:0", "--profile", cipher.flag()]);
        command.args(more);
        process::quiet(&mut command);
        let mut process = Process::start(command, cpus)?;
        process.wait_until_it_listens(http)?;
        let base: LoopbackUrl = format!("http://{http}/").parse()?;
        Ok(Self { pid: process.pid, _process: Some(process), whip: base.join("/whip")?, whep: base.join("/whep")? })
    }

    /// A server that runs already.
    pub fn external(whip: &LoopbackUrl, whep: &LoopbackUrl, pid: u32) -> Self {
        Self { _process: None, pid, whip: whip.clone(), whep: whep.clone() }
    }
}
