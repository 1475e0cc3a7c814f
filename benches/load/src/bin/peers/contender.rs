//! Those that are measured: ours, Janus, and the reference servers if they are built.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use load_kit::http::LoopbackUrl;
use load_kit::process::{self, Process, free_port};
use relay_load::profile::Cipher;
use relay_load::server::Server;
use relay_load::signalling::Signalling;
use relay_load::videoroom::VideoRoom;
use relay_load::whip::Whip;
use serde::{Deserialize, Serialize};

use crate::janus::{self, Janus};

/// Under its name in the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Contender {
    Staffline,
    Janus,
    JanusEventLoops,
    /// str0m does everything, one system call for each packet.
    Naive,
    /// The packet path alone: no cache for NACKs, no replay window, no statistics.
    Fast,
    /// No server: [`crate::floor`].
    Floor,
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Staffline => "staffline",
            Self::Janus => "janus",
            Self::JanusEventLoops => "janus-event-loops",
            Self::Naive => "naive",
            Self::Fast => "fast",
            Self::Floor => "floor",
        })
    }
}

/// What they are started with.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) staffline: PathBuf,
    pub(crate) janus: Option<Janus>,
    pub(crate) reference: Option<PathBuf>,
    /// The server's.
    pub(crate) cpus: Vec<usize>,
}

/// A server that runs until the value goes.
#[derive(Debug)]
pub(crate) enum Running {
    Whip(Server),
    Janus(janus::Running),
    Reference(Process, Server),
}

impl Programs {
    /// All that can be started, ours first.
    pub(crate) fn contenders(&self) -> Vec<Contender> {
        let mut all = vec![Contender::Staffline];
        all.extend(self.janus.iter().flat_map(|_| [Contender::Janus, Contender::JanusEventLoops]));
        all.extend(self.reference.iter().flat_map(|_| [Contender::Naive, Contender::Fast]));
        all
    }

    pub(crate) fn version(&self, contender: Contender) -> String {
        match contender {
            Contender::Janus | Contender::JanusEventLoops => self.janus.as_ref().map_or("", |janus| &janus.version).to_owned(),
            Contender::Naive | Contender::Fast => "str0m 0.25.0".to_owned(),
            Contender::Staffline | Contender::Floor => env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    pub(crate) fn start(&self, contender: Contender, cipher: Cipher) -> Result<Running> {
        let janus = || self.janus.as_ref().context("there is no Janus");
        match contender {
            Contender::Staffline => Server::start(&self.staffline, cipher, &self.cpus, None).map(Running::Whip),
            Contender::Janus => janus()?.start(false, cipher, &self.cpus).map(Running::Janus),
            Contender::JanusEventLoops => janus()?.start(true, cipher, &self.cpus).map(Running::Janus),
            Contender::Naive => self.reference("naive", cipher),
            Contender::Fast => self.reference("fast", cipher),
            Contender::Floor => anyhow::bail!("the floor is no server"),
        }
    }

    fn reference(&self, mode: &str, cipher: Cipher) -> Result<Running> {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (http, udp) = (at(free_port()?), at(free_port()?));
        let mut command = Command::new(self.reference.as_ref().context("the reference servers are not built")?);
        command.args(["--mode", mode, "--http", &http.to_string(), "--udp", &udp.to_string()]);
        command.env(
            "REFERENCE_SRTP",
            match cipher {
                Cipher::Gcm => "gcm128",
                Cipher::Cm => "cm",
            },
        );
        process::quiet(command.stderr(Stdio::null()));
        let mut process = Process::start(command, &self.cpus)?;
        process.wait_until_it_listens(http)?;
        let base: LoopbackUrl = format!("http://{http}/").parse()?;
        let server = Server::external(&base.join("/whip")?, &base.join("/whep")?, process.pid);
        Ok(Running::Reference(process, server))
    }
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        match self {
            Self::Whip(server) => server.pid,
            Self::Janus(running) => running.process.pid,
            Self::Reference(process, _) => process.pid,
        }
    }

    pub(crate) fn signalling(&self) -> Result<Box<dyn Signalling + '_>> {
        Ok(match self {
            Self::Whip(server) | Self::Reference(_, server) => Box::new(Whip::new(server)),
            Self::Janus(running) => Box::new(VideoRoom::new(running.api.clone())?),
        })
    }
}
