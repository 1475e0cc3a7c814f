//! A server under test: a process of its own that ends with its value, and with this process.

use std::io::{BufRead, BufReader, Lines};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::sys;

const START_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Process {
    child: Child,
    pub pid: u32,
}

impl Process {
    /// On these CPUs; on all if none are named.
    pub fn start(mut command: Command, cpus: &[usize]) -> Result<Self> {
        sys::confine(&mut command, cpus.to_vec());
        let child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { pid: child.id(), child })
    }

    /// What it says, if that was piped; once.
    pub fn lines(&mut self) -> Option<Lines<BufReader<ChildStdout>>> {
        self.child.stdout.take().map(|output| BufReader::new(output).lines())
    }

    pub fn wait_until_it_listens(&mut self, address: SocketAddr) -> Result<()> {
        let end = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once: {status}");
            }
            if Instant::now() > end {
                bail!("the server does not answer on {address}");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It holds nothing worth an orderly end; a child that is gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that reads nothing and says nothing.
pub fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null())
}

/// On loopback, free for TCP and UDP.
pub fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port")
}
