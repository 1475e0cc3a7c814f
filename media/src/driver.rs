//! The driver: a thread for each shard, with a UDP socket, the TCP connections that were handed to it, the clock and the timer. It gives
//! a [`Port`] what arrives and sends what it writes. One shard is the usual; what there are more of takes the next ports.
//!
//! Queues of a shard and what happens when they are full: commands, [`COMMAND_QUEUE`] of them, and new connections, [`STREAM_QUEUE`],
//! then [`SendError::Full`] for the caller; received datagrams, the socket's buffer, then the kernel drops; packets to send, the
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
mod reports;
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
use crate::shards::{MAX_SHARDS, shard_of};
use crate::srtp::SrtpProfile;
use crate::turn::credentials::{Authority, Credentials, Grant};
use reports::Reports;
use shard::{Inlets, Place, Shard};
use streams::{Arrival, Door, Doors};
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
    /// The UDP address of the first shard; the others take the next ports. `[::]` serves IPv4 as well, with port 0 the system chooses
    /// each. ICE-TCP is advertised at the first port.
    pub bind: SocketAddr,
    /// 1 to [`MAX_SHARDS`].
    pub shards: usize,
    /// Under which addresses clients reach us, the preferred one first; the ports are the bound ones. Behind 1:1 NAT these
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

/// A running node. Dropping it ends all sessions in order and waits for the threads.
#[derive(Debug)]
pub struct Handle {
    shards: Vec<Running>,
    doors: Doors,
    reports: Reports,
    authority: Authority,
    started: Instant,
}

/// A shard's thread, and the way to it.
#[derive(Debug)]
struct Running {
    commands: Option<mpsc::SyncSender<Command>>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
    local: SocketAddr,
}

impl Handle {
    /// Never blocks.
    pub fn send(&self, command: Command) -> Result<(), SendError> {
        match command {
            Command::Report { id } => self.ask_all(id),
            of_room => {
                let shard = of_room.room().map_or(0, |room| shard_of(room, self.shards.len()));
                self.shards[shard].send(of_room)
            }
        }
    }

    fn ask_all(&self, id: u64) -> Result<(), SendError> {
        self.reports.expect(id, self.shards.len());
        let asked = self.shards.iter().try_for_each(|shard| shard.send(Command::Report { id }));
        asked.inspect_err(|_| self.reports.forget(id))
    }

    /// Hands over a TCP connection: from now on it is read and written by a media thread, and closed by it when it is nobody's
    /// or says nonsense. Never blocks; a connection that is not taken is closed.
    pub fn adopt(&self, stream: Stream) -> Result<(), SendError> {
        // Its first packets say where it belongs.
        self.doors[0].hand(Arrival::New(stream))
    }

    /// Credentials with which `user` may allocate on our TURN server for `ttl` from now, as long as `call` is open
    /// ([`Command::OpenRelay`]): by UDP at [`Handle::address_of`] the call, by TCP wherever connections are taken.
    pub fn credentials(&self, call: RoomId, user: u128, ttl: Duration) -> Credentials {
        self.authority.issue(&Grant { call, user, until: self.started.elapsed() + ttl })
    }

    /// The address that the first shard's socket is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.shards[0].local
    }

    /// The address of the shard that a room or a call is on.
    pub fn address_of(&self, room: RoomId) -> SocketAddr {
        self.shards[shard_of(room, self.shards.len())].local
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // All at once, and then they are waited for.
        self.shards.iter_mut().for_each(Running::end);
    }
}

impl Running {
    fn send(&self, command: Command) -> Result<(), SendError> {
        let commands = self.commands.as_ref().ok_or(SendError::Stopped)?;
        commands.try_send(command)?;
        self.waker.wake();
        Ok(())
    }

    /// The thread ends when nobody can send it a command any more.
    fn end(&mut self) {
        self.commands = None;
        self.waker.wake();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a media thread had panicked");
        }
    }
}

/// Binds the sockets and starts the threads. `on_event` is called on each of them, a copy of its own, and must not block.
pub fn start(mut config: Config, on_event: impl FnMut(Event) + Clone + Send + 'static) -> io::Result<Handle> {
    let sockets = bind(&config)?;
    let first = sockets[0].local_addr()?;
    if config.advertised.is_empty() {
        config.advertised.push(first.ip());
    }
    if config.advertised.iter().any(IpAddr::is_unspecified) {
        return Err(invalid("no address to advertise to clients"));
    }
    let authority = Authority::generate().map_err(io::Error::other)?;
    let started = Instant::now();
    let doors = sockets.iter().map(|_| Door::new()).collect::<io::Result<Vec<_>>>()?;
    let (doors, new_streams): (Vec<_>, Vec<_>) = doors.into_iter().unzip();
    let plan =
        Plan { config, tcp_port: first.port(), authority, started, doors: doors.into(), reports: Reports::default(), on_event };
    let seats = sockets.into_iter().zip(new_streams).enumerate();
    let shards =
        seats.map(|(number, (socket, new_streams))| plan.start(number, socket, new_streams)).collect::<io::Result<_>>()?;
    let Plan { authority, doors, reports, .. } = plan;
    Ok(Handle { shards, doors, reports, authority, started })
}

fn bind(config: &Config) -> io::Result<Vec<Socket>> {
    if !(1..=MAX_SHARDS).contains(&config.shards) {
        return Err(invalid("1 to 64 shards"));
    }
    let port_of = |shard: usize| match config.bind.port() {
        0 => Ok(0),
        first => u16::try_from(usize::from(first) + shard).map_err(|_| invalid("no ports above 65535")),
    };
    (0..config.shards).map(|shard| Socket::bind(SocketAddr::new(config.bind.ip(), port_of(shard)?))).collect()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// What all shards of a node are made with.
struct Plan<F> {
    /// With an address to advertise.
    config: Config,
    tcp_port: u16,
    authority: Authority,
    started: Instant,
    doors: Doors,
    reports: Reports,
    on_event: F,
}

impl<F: FnMut(Event) + Clone + Send + 'static> Plan<F> {
    fn start(&self, number: usize, socket: Socket, new_streams: mpsc::Receiver<Arrival>) -> io::Result<Running> {
        let local = socket.local_addr()?;
        let Config { advertised, srtp_profiles, stream_patience, .. } = self.config.clone();
        let candidates = advertised.into_iter().map(|ip| SocketAddr::new(ip, local.port())).collect();
        let (tcp_port, max_sessions) = (self.tcp_port, MAX_SESSIONS);
        let node = NodeConfig { candidates, tcp_port, shard: number, srtp_profiles, max_sessions };
        let port = Port::new(self.started, PortConfig { node, authority: self.authority.clone() }).map_err(io::Error::other)?;
        let waker = self.doors[number].waker();
        let (sender, commands) = mpsc::sync_channel(COMMAND_QUEUE);
        let (recorder, recorded) = recorder(&waker)?;
        let inlets = Inlets { commands, new_streams, recorded };
        let (reports, mut on_event) = (self.reports.clone(), self.on_event.clone());
        let tell = move |event| reports.complete(event).into_iter().for_each(&mut on_event);
        let place = Place { number, doors: Arc::clone(&self.doors) };
        let mut shard = Shard::new(port, socket, place, stream_patience, recorder, inlets, tell)?;
        let name = if number == 0 { "media".to_owned() } else { format!("media-{number}") };
        let thread_waker = Arc::clone(&waker);
        let thread = Builder::new().name(name).spawn(move || shard.run(&thread_waker))?;
        Ok(Running { commands: Some(sender), waker, thread: Some(thread), local })
    }
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

#[cfg(test)]
mod tests;
