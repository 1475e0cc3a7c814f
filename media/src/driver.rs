//! The driver: one thread with one UDP socket, the clock and the timer. It gives a [`Port`] what arrives and sends
//! what it writes.
//!
//! Queues and what happens when they are full: commands, [`COMMAND_QUEUE`] of them, then [`SendError::Full`] for the
//! caller; received datagrams, the socket's buffer, then the kernel drops; datagrams to send, the socket's buffer, then
//! they are dropped here and counted ([`NodeReport::unsent_packets`]): media that is late is worth nothing.
//!
//! A panic in the node does not end the thread: it is logged, the room it happened in is closed, and all others go on.
//!
//! [`NodeReport::unsent_packets`]: crate::control::NodeReport::unsent_packets

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is the one place of this crate with a thread, a clock, a socket and a channel"
)]

mod control;
mod outbox;
mod sys;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::control::{Command, Event, RefusedReason, RoomId};
use crate::node::NodeConfig;
use crate::port::{Port, PortConfig};
use crate::srtp::SrtpProfile;
use crate::turn::credentials::{Authority, Credentials, Grant};
use outbox::SocketOutbox;
use sys::{Receiver, Socket, Waker};

/// Commands that wait for the node.
pub const COMMAND_QUEUE: usize = 1024;
/// A shard is one thread: long before this number its processor is the limit.
const MAX_SESSIONS: usize = 10_000;
/// Batches received in one go before timers and commands get their turn.
const MAX_BATCHES: usize = 8;

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
}

/// The command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("the media node is behind with its commands")]
    Full,
    #[error("the media node has stopped")]
    Stopped,
}

/// A running node. Dropping it ends all sessions in order and waits for the thread.
#[derive(Debug)]
pub struct Handle {
    commands: Option<mpsc::SyncSender<Command>>,
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
        commands.try_send(command).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => SendError::Full,
            mpsc::TrySendError::Disconnected(_) => SendError::Stopped,
        })?;
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
    let waker = Arc::new(Waker::new()?);
    let socket = Arc::new(socket);
    let outbox = SocketOutbox::new(Arc::clone(&socket));
    let mut shard = Shard { port, socket, receiver: Receiver::new(local.port()), outbox, commands, on_event };
    let thread_waker = Arc::clone(&waker);
    let thread = Builder::new().name("media".to_owned()).spawn(move || shard.run(&thread_waker))?;
    Ok(Handle { commands: Some(sender), waker, thread: Some(thread), local, authority, started })
}

/// Everything the thread owns.
struct Shard<F> {
    port: Port,
    socket: Arc<Socket>,
    receiver: Receiver,
    outbox: SocketOutbox,
    commands: mpsc::Receiver<Command>,
    on_event: F,
}

impl<F: FnMut(Event)> Shard<F> {
    fn run(&mut self, waker: &Waker) {
        loop {
            let goes_on = self.take_commands();
            if !goes_on {
                break;
            }
            self.receive();
            self.guarded(|shard| shard.port.handle_timeout(Instant::now(), &mut shard.outbox));
            self.outbox.flush();
            self.tell_events();
            let patience = self.port.next_timeout().map(|at| at.saturating_duration_since(Instant::now()));
            if let Err(error) = sys::wait(&self.socket, waker, patience) {
                tracing::error!(%error, "waiting for packets failed");
            }
        }
        self.guarded(|shard| shard.port.close_all(Instant::now(), &mut shard.outbox));
        self.outbox.flush();
        self.tell_events();
    }

    /// `false` when the handle is gone.
    fn take_commands(&mut self) -> bool {
        // Not more than the queue holds, so that a busy owner cannot keep the media waiting.
        for _ in 0..COMMAND_QUEUE {
            match self.commands.try_recv() {
                Ok(command) => self.take_command(command),
                Err(mpsc::TryRecvError::Empty) => break,
                Err(mpsc::TryRecvError::Disconnected) => return false,
            }
        }
        true
    }

    fn take_command(&mut self, command: Command) {
        let is_report = matches!(command, Command::Report { .. });
        let asker = match &command {
            Command::Join { peer, .. } | Command::Renegotiate { peer, .. } => Some(*peer),
            _ => None,
        };
        let done = self.guarded(|shard| shard.port.handle_command(Instant::now(), command, &mut shard.outbox));
        if let (false, Some(peer)) = (done, asker) {
            // Somebody waits for an answer to this offer.
            self.tell(Event::Refused { peer, reason: RefusedReason::Full });
        }
        self.tell_events_with(|event, unsent| {
            if let (true, Event::Report { report, .. }) = (is_report, event) {
                report.unsent_packets = unsent;
            }
        });
    }

    fn receive(&mut self) {
        for _ in 0..MAX_BATCHES {
            let received = match self.receiver.receive(&self.socket) {
                Ok(received) => received,
                Err(error) => {
                    tracing::warn!(%error, "receiving failed");
                    0
                }
            };
            if received > 0 {
                self.guarded(|shard| {
                    let mut batch = shard.receiver.datagrams(received);
                    shard.port.handle_batch(Instant::now(), &mut batch, &mut shard.outbox);
                });
                self.outbox.flush();
            }
            if received < sys::BATCH {
                break;
            }
        }
    }

    /// Runs a call into the node; a panic in it costs one room, not the thread and with it every call.
    /// `false` if it panicked.
    fn guarded(&mut self, call: impl FnOnce(&mut Self)) -> bool {
        let done = catch_unwind(AssertUnwindSafe(|| call(self))).is_ok();
        if !done {
            tracing::error!("the media node panicked; the room it was working on is closed");
            // What it was just writing may be half written.
            self.outbox.discard();
            self.port.recover();
        }
        done
    }

    fn tell_events(&mut self) {
        self.tell_events_with(|_, _| {});
    }

    fn tell_events_with(&mut self, mut complete: impl FnMut(&mut Event, u64)) {
        while let Some(mut event) = self.port.poll_event() {
            complete(&mut event, self.outbox.unsent());
            self.tell(event);
        }
    }

    fn tell(&mut self, event: Event) {
        if catch_unwind(AssertUnwindSafe(|| (self.on_event)(event))).is_err() {
            tracing::error!("the receiver of an event panicked");
        }
    }
}
