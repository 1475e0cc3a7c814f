//! Janus, as Debian ships it or with event loops, on loopback and with one SRTP profile.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use load_kit::http::{self, LoopbackUrl};
use load_kit::process::{self, Process, free_port};
use relay_load::profile::Cipher;

const CONFIGURATION: &str = include_str!("../../../janus/janus.jcfg");
const HTTP: &str = include_str!("../../../janus/janus.transport.http.jcfg");
const VIDEOROOM: &str = include_str!("../../../janus/janus.plugin.videoroom.jcfg");
const SHIM: &str = include_str!("../../../janus/shim.c");

const START_TIMEOUT: Duration = Duration::from_secs(10);

/// The program, its configuration, and what is preloaded into it.
#[derive(Debug)]
pub(crate) struct Janus {
    program: PathBuf,
    folder: tempfile::TempDir,
    pub(crate) version: String,
}

#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) api: LoopbackUrl,
}

impl Janus {
    /// Fails if there is no such program, or no C compiler.
    pub(crate) fn new(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let source = folder.path().join("shim.c");
        fs::write(&source, SHIM)?;
        let library = folder.path().join("shim.so");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).args([&library, &source]).arg("-ldl").status();
        ensure!(built.context("cannot start cc")?.success(), "cc does not compile janus/shim.c");
        Ok(Self { program: program.to_owned(), folder, version: version(program)? })
    }

    pub(crate) fn start(&self, event_loops: bool, cipher: Cipher, cpus: &[usize]) -> Result<Running> {
        let folder = self.folder.path();
        let port = free_port()?;
        let loops = if event_loops { "event_loops = 1" } else { "" };
        fs::write(folder.join("janus.jcfg"), CONFIGURATION.replace("#@EVENT_LOOPS@", loops))?;
        fs::write(folder.join("janus.transport.http.jcfg"), HTTP.replace("#@PORT@", &port.to_string()))?;
        fs::write(folder.join("janus.plugin.videoroom.jcfg"), VIDEOROOM)?;
        let mut command = Command::new(&self.program);
        command.arg("-F").arg(folder).arg("-C").arg(folder.join("janus.jcfg"));
        command.env("LD_PRELOAD", folder.join("shim.so"));
        command.env(
            "SRTP_PROFILES",
            match cipher {
                Cipher::Gcm => "SRTP_AEAD_AES_128_GCM",
                Cipher::Cm => "SRTP_AES128_CM_SHA1_80",
            },
        );
        process::quiet(command.stderr(Stdio::null()));
        let mut process = Process::start(command, cpus)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        process.wait_until_it_listens(address)?;
        let api: LoopbackUrl = format!("http://{address}/").parse()?;
        wait_until_it_serves(&api.join("/janus/info")?)?;
        Ok(Running { process, api })
    }
}

/// It listens before its plugins are loaded, and hangs up meanwhile.
fn wait_until_it_serves(info: &LoopbackUrl) -> Result<()> {
    let end = Instant::now() + START_TIMEOUT;
    while !http::request_json("GET", info, "").is_ok_and(|reply| reply.status == 200) {
        ensure!(Instant::now() < end, "Janus does not answer on {info}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// `Janus version: 1102 (1.1.2)`
fn version(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output();
    let output = output.with_context(|| format!("cannot start {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let version =
        said.lines().find_map(|line| Some(line.strip_prefix("Janus version:")?.split_once('(')?.1.trim_end_matches(')')));
    Ok(version.context("its version")?.to_owned())
}
