//! The driver: one thread with one UDP socket, the TCP connections that were handed to it, the clock and the timer. It gives a
//! [`Port`] what arrives and sends what it writes.
//!
//! Queues and what happens when they are full: commands, [`COMMAND_QUEUE`] of them, and new connections, [`STREAM_QUEUE`], then
//! [`SendError::Full`] for the caller; received datagrams, the socket's buffer, then the kernel drops; packets to send, the
//! socket's buffer or the connection's queue, then they are dropped here and counted ([`NodeReport::unsent_packets`]): media that
//! is late is worth nothing.
//!
//! A panic in the node does not end the thread: it is logged, the room it happened in is closed, and all others go on.
//!
//! [`NodeReport::unsent_packets`]: crate::control::NodeReport::unsent_packets

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is the one place of this crate with a thread, a clock, a socket and a channel"
)]

mod connection;
mod control;
mod inbox;
mod outbox;
mod pace;
mod shard;
mod streams;
mod sys;
mod tape;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::control::{Command, Event, RoomId};
use crate::node::NodeConfig;
use crate::port::{Port, PortConfig};
use crate::recorder::sink::Recorder;
use crate::srtp::SrtpProfile;
use crate::turn::credentials::{Authority, Credentials, Grant};
use shard::{Inlets, Shard};
use sys::{Socket, Waker};

pub use connection::Stream;
pub use streams::StreamPatience;

/// Commands that wait for the node.
pub const COMMAND_QUEUE: usize = 1024;
/// TCP connections that wait for the node.
pub const STREAM_QUEUE: usize = 256;
/// A shard is one thread: long before this number its processor is the limit.
const MAX_SESSIONS: usize = 10_000;
/// How a node is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// The UDP address; `[::]` serves IPv4 as well, port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Under which addresses clients reach us, the preferred one first; the port is the bound one. Behind 1:1 NAT these
    /// are the public ones. May be empty if `bind` names an address.
    pub advertised: Vec<IpAddr>,
    /// The preferred one first.
    pub srtp_profiles: Vec<SrtpProfile>,
    pub stream_patience: StreamPatience,
}

/// The command or connection was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("the media node is behind with what it is asked")]
    Full,
    #[error("the media node has stopped")]
    Stopped,
}

impl<T> From<mpsc::TrySendError<T>> for SendError {
    fn from(error: mpsc::TrySendError<T>) -> Self {
        match error {
            mpsc::TrySendError::Full(_) => Self::Full,
            mpsc::TrySendError::Disconnected(_) => Self::Stopped,
        }
    }
}

/// A running node. Dropping it ends all sessions in order and waits for the thread.
#[derive(Debug)]
pub struct Handle {
    commands: Option<mpsc::SyncSender<Command>>,
    streams: mpsc::SyncSender<Stream>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
    local: SocketAddr,
    authority: Authority,
    started: Instant,
}

impl Handle {
    /// Never blocks.
    pub fn send(&self, command: Command) -> Result<(), SendError> {
        let commands = self.commands.as_ref().ok_or(SendError::Stopped)?;
        commands.try_send(command)?;
        self.waker.wake();
        Ok(())
    }

    /// Hands over a TCP connection: from now on it is read and written by the media thread, and closed by it when it is nobody's
    /// or says nonsense. Never blocks; a connection that is not taken is closed.
    pub fn adopt(&self, stream: Stream) -> Result<(), SendError> {
        self.streams.try_send(stream)?;
        self.waker.wake();
        Ok(())
    }

    /// Credentials with which `user` may allocate on our TURN server for `ttl` from now, as long as `call` is open
    /// ([`Command::OpenRelay`]).
    pub fn credentials(&self, call: RoomId, user: u128, ttl: Duration) -> Credentials {
        self.authority.issue(&Grant { call, user, until: self.started.elapsed() + ttl })
    }

    /// The address the socket is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // The thread ends when nobody can send it a command any more.
        self.commands = None;
        self.waker.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the media thread had panicked");
        }
    }
}

/// Binds the socket and starts the thread. `on_event` is called on that thread and must not block.
pub fn start(config: Config, on_event: impl FnMut(Event) + Send + 'static) -> io::Result<Handle> {
    let socket = Socket::bind(config.bind)?;
    let local = socket.local_addr()?;
    let advertised = match config.advertised {
        advertised if !advertised.is_empty() => advertised,
        _ if !local.ip().is_unspecified() => vec![local.ip()],
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to advertise to clients")),
    };
    let candidates: Vec<_> = advertised.into_iter().map(|ip| SocketAddr::new(ip, local.port())).collect();
    let authority = Authority::generate().map_err(io::Error::other)?;
    let started = Instant::now();
    let node = NodeConfig { candidates, srtp_profiles: config.srtp_profiles, max_sessions: MAX_SESSIONS };
    let port = Port::new(started, PortConfig { node, authority: authority.clone() }).map_err(io::Error::other)?;
    let (sender, commands) = mpsc::sync_channel(COMMAND_QUEUE);
    let (streams, new_streams) = mpsc::sync_channel(STREAM_QUEUE);
    let waker = Arc::new(Waker::new()?);
    let (recorder, recorded) = recorder(&waker)?;
    let inlets = Inlets { commands, new_streams, recorded };
    let mut shard = Shard::new(port, socket, config.stream_patience, recorder, inlets, on_event)?;
    let thread_waker = Arc::clone(&waker);
    let thread = Builder::new().name("media".to_owned()).spawn(move || shard.run(&thread_waker))?;
    Ok(Handle { commands: Some(sender), streams, waker, thread: Some(thread), local, authority, started })
}

/// The recorder, and what it tells. Not bounded: it tells a few things a minute of each recording.
fn recorder(waker: &Arc<Waker>) -> io::Result<(Recorder, mpsc::Receiver<Event>)> {
    let (sender, recorded) = mpsc::channel();
    let waker = Arc::clone(waker);
    let recorder = Recorder::start(move |room, id, what| {
        if sender.send(Event::Recording { room, id, what }).is_ok() {
            waker.wake();
        }
    })?;
    Ok((recorder, recorded))
}
