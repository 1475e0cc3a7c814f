//! The server under test: a process of our own for one run, or one that somebody else runs.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::http::LoopbackUrl;
use crate::plan::Cipher;
use load_kit::sys;

const START_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Server {
    child: Option<Child>,
    pub(crate) pid: u32,
    pub(crate) whip: LoopbackUrl,
    pub(crate) whep: LoopbackUrl,
}

impl Server {
    /// Starts `executable` on free loopback ports and waits until it answers. It ends with this value, and with this process.
    pub(crate) fn start(executable: &Path, cipher: Cipher, cpus: &[usize]) -> Result<Self> {
        let http = format!("127.0.0.1:{}", free_port()?);
        let mut command = Command::new(executable);
        command.args(["--http", &http, "--udp", "127.0.0.1:0", "--profile", cipher.flag()]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        sys::confine(&mut command, cpus.to_vec());
        let child = command.spawn().with_context(|| format!("cannot start {}", executable.display()))?;
        let base: LoopbackUrl = format!("http://{http}/").parse()?;
        let mut server = Self { pid: child.id(), child: Some(child), whip: base.join("/whip")?, whep: base.join("/whep")? };
        server.wait_until_up(&http)?;
        Ok(server)
    }

    /// A server that runs already.
    pub(crate) fn external(whip: &LoopbackUrl, whep: &LoopbackUrl, pid: u32) -> Self {
        Self { child: None, pid, whip: whip.clone(), whep: whep.clone() }
    }

    fn wait_until_up(&mut self, http: &str) -> Result<()> {
        let end = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(http).is_err() {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().transpose()) {
                bail!("the server ended at once: {}", status?);
            }
            if Instant::now() > end {
                bail!("the server does not answer on {http}");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It holds nothing worth an orderly end; a child that is gone already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
