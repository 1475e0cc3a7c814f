//! One TCP connection of a client: bytes in, decrypted if it is TLS; packets out, in a queue that is short, because media that is
//! late is worth nothing.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Instant;

use rustls::ServerConnection;

use super::inbox::Inbox;
use super::sys;
use crate::control::Protocol;
use crate::datagram::Route;
use crate::framing::{Framing, Guess};

/// Bytes that may wait in a connection; a packet beyond them is dropped.
const QUEUE: usize = 128 * 1024;
/// Bytes that the kernel may keep beyond those on their way: it would hide seconds of media on a thin line.
const KERNEL_QUEUE: i32 = 32 * 1024;
/// Bytes sealed at once, the most that one TLS record carries (RFC 8446 §5.1).
const RECORD: usize = 16 * 1024;
/// An empty queue keeps this much memory.
const KEPT: usize = 16 * 1024;

/// A connection that [`Handle::adopt`](super::Handle::adopt) hands to a media thread.
#[derive(Debug)]
pub struct Stream {
    pub socket: TcpStream,
    /// TLS with its handshake done.
    pub tls: Option<Box<ServerConnection>>,
    /// What was read already, decrypted.
    pub received: Vec<u8>,
}

/// Whether more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Open,
    Ended,
}

#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
    local: SocketAddr,
    remote: SocketAddr,
    /// Known from its first bytes on.
    bound: Option<(Framing, Route)>,
    /// The beginning of a frame.
    pending: Vec<u8>,
    /// Since when that frame is awaited.
    pub(super) pending_since: Option<Instant>,
    /// Frames to send, of which `sent` bytes are; those up to `whole` were there at the last flush.
    out: Vec<u8>,
    sent: usize,
    whole: usize,
    /// epoll is to tell when it can be written to.
    pub(super) awaits_room: bool,
    /// It stands in the list of those that have something to send.
    pub(super) is_dirty: bool,
    /// Since when it has been nobody's.
    pub(super) unused_since: Option<Instant>,
}

impl Connection {
    pub(super) fn new(now: Instant, stream: Stream) -> io::Result<Self> {
        let Stream { socket, mut tls, received } = stream;
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        sys::limit_unsent(&socket, KERNEL_QUEUE)?;
        if let Some(tls) = &mut tls {
            // Ours is the limit: what waits is counted before it is sealed.
            tls.set_buffer_limit(None);
        }
        let (local, remote) = (canonical(socket.local_addr()?), canonical(socket.peer_addr()?));
        Ok(Self {
            socket,
            tls,
            local,
            remote,
            bound: None,
            pending: received,
            pending_since: Some(now),
            out: Vec::new(),
            sent: 0,
            whole: 0,
            awaits_room: false,
            is_dirty: false,
            unused_since: Some(now),
        })
    }

    /// In another shard, which has neither list nor epoll of the one before.
    pub(super) fn moved(mut self) -> Self {
        (self.is_dirty, self.awaits_room) = (false, false);
        self
    }

    /// Bytes that have come and are no whole frames, or were not looked at.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    pub(super) fn address(&self) -> IpAddr {
        self.remote.ip()
    }

    pub(super) fn route(&self) -> Option<Route> {
        self.bound.map(|(_, route)| route)
    }

    pub(super) fn bound(&self) -> Option<(Framing, Route)> {
        self.bound
    }

    /// Puts what has come after the frame that was not whole into `inbox`.
    pub(super) fn read(&mut self, inbox: &mut Inbox) -> io::Result<Reading> {
        inbox.begin(&self.pending);
        self.pending.clear();
        match &mut self.tls {
            None => inbox.read(&mut &self.socket),
            Some(tls) => inbox.read_tls(&mut &self.socket, tls),
        }
    }

    /// Learns from its first bytes what it is.
    pub(super) fn bind(&mut self, first: &[u8]) -> Guess {
        let guess = Guess::of(first);
        if let Guess::Is(framing) = guess {
            let protocol = match (framing, &self.tls) {
                (Framing::Turn, Some(_)) => Protocol::TurnTls,
                (Framing::Turn, None) => Protocol::TurnTcp,
                (Framing::IceTcp, None) => Protocol::Tcp,
                // RFC 6544 knows no TLS.
                (Framing::IceTcp, Some(_)) => return Guess::Neither,
            };
            self.bound = Some((framing, Route { local: self.local, remote: self.remote, protocol }));
        }
        guess
    }

    /// Keeps the beginning of a frame. A frame that goes on is not awaited anew.
    pub(super) fn keep(&mut self, now: Instant, rest: &[u8], goes_on: bool) {
        self.pending.extend_from_slice(rest);
        if rest.is_empty() {
            self.pending_since = None;
        } else if !goes_on || self.pending_since.is_none() {
            self.pending_since = Some(now);
        }
    }

    /// Room for a packet of `len` bytes behind what waits; `None` if too much does.
    pub(super) fn packet(&mut self, len: usize) -> Option<&mut [u8]> {
        let (framing, _) = self.bound?;
        if self.out.len() - self.sent + len > QUEUE {
            return None;
        }
        if let Some(header) = framing.header(len) {
            self.out.extend(header);
        }
        let start = self.out.len();
        self.out.resize(start + len, 0);
        self.out.get_mut(start..)
    }

    /// Forgets what was written since the last flush: it may be half a frame.
    pub(super) fn discard(&mut self) {
        self.out.truncate(self.whole);
    }

    /// What was written goes to the packets that wait.
    pub(super) fn hold(&mut self) {
        self.whole = self.out.len();
    }

    /// Whether something waits to be sent.
    pub(super) fn waits(&self) -> bool {
        self.sent < self.out.len() || self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Sends what waits, as far as the kernel takes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let done = match self.flush_some() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            done => done,
        };
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        } else if self.sent >= QUEUE / 2 {
            self.out.drain(..self.sent);
            self.sent = 0;
        }
        self.whole = self.out.len();
        done
    }

    fn flush_some(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            while self.sent < self.out.len() {
                self.sent += write(&self.socket, |mut socket| socket.write(&self.out[self.sent..]))?;
            }
            return Ok(());
        };
        loop {
            while tls.wants_write() {
                write(&self.socket, |mut socket| tls.write_tls(&mut socket))?;
            }
            // Sealed only when the record before is gone, so that what waits stays what is counted.
            let waiting = &self.out[self.sent..];
            if waiting.is_empty() {
                return Ok(());
            }
            let record = &waiting[..waiting.len().min(RECORD)];
            tls.writer().write_all(record)?;
            self.sent += record.len();
        }
    }

    /// Gives back what a burst has taken.
    pub(super) fn shrink(&mut self) {
        if self.out.is_empty() {
            self.out.shrink_to(KEPT);
        }
        self.pending.shrink_to(self.pending.len());
    }

    /// Says goodbye, if the kernel takes it at once.
    pub(super) fn close(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        if let Err(error) = self.flush_some() {
            tracing::trace!(%error, "a connection was not closed in order");
        }
    }
}

/// One write, again if a signal came between; zero bytes are an end.
fn write(socket: &TcpStream, mut write: impl FnMut(&TcpStream) -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match write(socket) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// An IPv4 address is one, whatever the family of the listener.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => SocketAddr::new(address.ip().to_canonical(), address.port()),
        address => address,
    }
}
