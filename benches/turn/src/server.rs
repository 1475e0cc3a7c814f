//! The servers: ours and coturn, each a process of its own for one run, confined to the same CPU.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use load_kit::process::{self, Process, free_port};

use crate::certificate::Certificate;
use crate::plan::Transport;
use crate::stun::Credentials;

/// The name, the password and the realm of coturn's one user.
const WORD: &str = "load";

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) udp: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) credentials: Credentials,
}

/// What both are started with.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) folder: PathBuf,
    pub(crate) certificate: Certificate,
    pub(crate) cpus: Vec<usize>,
}

impl Host {
    /// The example of the media crate. It says what its clients sign with and where it listens, and runs until its input ends.
    pub(crate) fn ours(&self, program: &Path, transport: Transport) -> Result<Server> {
        let mut command = Command::new(program);
        command.args(["--udp", "127.0.0.1:0"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        if transport == Transport::Tls {
            command.arg("--tls-cert").arg(&self.certificate.chain).arg("--tls-key").arg(&self.certificate.key);
        }
        let mut process = self.start(command)?;
        let mut lines = process.lines().context("its output")?;
        let mut line = || lines.next().with_context(|| format!("{} ended at once", program.display()))?.context("its output");
        let (login, place) = (line()?, line()?);
        let (username, password) = login.split_once(' ').context("its credentials")?;
        let address = place.strip_prefix("turn ").and_then(|rest| rest.split('/').next()).context("where it listens")?;
        let address = address.parse().with_context(|| place.clone())?;
        let credentials = Credentials { username: username.to_owned(), password: password.to_owned() };
        Ok(Server { process, udp: address, tls: address, credentials })
    }

    /// coturn with one relay thread, and free to relay between its own ports.
    pub(crate) fn coturn(&self, program: &Path) -> Result<Server> {
        let (plain, tls) = (free_port()?, free_port()?);
        let mut command = Command::new(program);
        command.args([
            "-n",
            "--no-cli",
            "--no-dtls",
            "--no-multicast-peers",
            "--allow-loopback-peers",
            "--lt-cred-mech",
            "--simple-log",
        ]);
        command.args(["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--relay-threads=1", "--log-file=stdout"]);
        command.args([format!("--listening-port={plain}"), format!("--tls-listening-port={tls}")]);
        command.args([format!("--user={WORD}:{WORD}"), format!("--realm={WORD}")]);
        let path = |name: &str, path: &Path| format!("--{name}={}", path.display());
        command.args([path("cert", &self.certificate.chain), path("pkey", &self.certificate.key)]);
        command.args([path("userdb", &self.folder.join("users")), path("pidfile", &self.folder.join("pid"))]);
        process::quiet(command.current_dir(&self.folder));
        let mut process = self.start(command)?;
        let credentials = Credentials { username: WORD.to_owned(), password: WORD.to_owned() };
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        process.wait_until_it_listens(at(tls))?;
        Ok(Server { process, udp: at(plain), tls: at(tls), credentials })
    }

    fn start(&self, mut command: Command) -> Result<Process> {
        command.stderr(Stdio::null());
        Process::start(command, &self.cpus)
    }
}

/// As it names itself.
pub(crate) fn coturn_version(program: &Path) -> Result<String> {
    let output =
        Command::new(program).arg("--version").output().with_context(|| format!("cannot start {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(format!("coturn {}", said.lines().last().unwrap_or_default().trim()))
}
