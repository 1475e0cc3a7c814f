//! All TCP connections of a media thread: which there are, who wants to be read or written, and who has stayed too long.
//!
//! Bounded, for each shard: [`MAX_CONNECTIONS`] connections, [`MAX_OF_ADDRESS`] of one address; for each one frame that is not whole, and a queue
//! of packets to send, beyond which packets are dropped and counted.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use super::connection::{Connection, Stream};
use super::inbox::MAX_RECEIVED;
use super::sys::Waker;
use super::{STREAM_QUEUE, SendError};
use crate::datagram::Route;
use crate::demux::FastHash;
use crate::framing::Framing;
use crate::table::Table;

/// All of them wait in the thread's memory.
const MAX_CONNECTIONS: usize = 10_000;
/// An office behind one NAT address may be large.
const MAX_OF_ADDRESS: u32 = 256;
/// Connections that get their turn before the datagrams of the UDP socket get theirs.
const EVENTS: usize = 64;
/// How often it is looked for those that have stayed too long.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// How long a TCP connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPatience {
    /// To be somebody's ([`Port::is_in_use`](crate::port::Port::is_in_use)).
    pub unused: Duration,
    /// To complete a frame that it has begun.
    pub frame: Duration,
}

impl Default for StreamPatience {
    fn default() -> Self {
        Self { unused: Duration::from_secs(15), frame: Duration::from_secs(10) }
    }
}

/// A connection on its way to a shard.
#[derive(Debug)]
pub(super) enum Arrival {
    New(Stream),
    /// From another shard.
    Moved(Box<Connection>),
}

/// Where connections come in to a shard.
#[derive(Debug)]
pub(super) struct Door {
    streams: mpsc::SyncSender<Arrival>,
    waker: Arc<Waker>,
}

/// Those of all shards, by their numbers.
pub(super) type Doors = Arc<[Door]>;

impl Door {
    pub(super) fn new() -> io::Result<(Self, mpsc::Receiver<Arrival>)> {
        let (streams, new_streams) = mpsc::sync_channel(STREAM_QUEUE);
        Ok((Self { streams, waker: Arc::new(Waker::new()?) }, new_streams))
    }

    /// Never blocks; a connection that is not taken is closed.
    pub(super) fn hand(&self, arrival: Arrival) -> Result<(), SendError> {
        self.streams.try_send(arrival)?;
        self.waker.wake();
        Ok(())
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }
}

pub(super) type Index = usize;

pub(super) struct Streams {
    epoll: OwnedFd,
    patience: StreamPatience,
    table: Table<Connection>,
    by_route: HashMap<Route, Index, FastHash>,
    of_address: HashMap<IpAddr, u32>,
    /// Have something to send since the last flush.
    dirty: Vec<Index>,
    /// Are to be closed.
    failed: Vec<Index>,
    /// Where the last packet went: the next one usually goes there, too.
    last: Option<(Route, Index)>,
    /// Where packets are written that are not sent.
    void: Vec<u8>,
    unsent: u64,
    sweep_at: Option<Instant>,
}

impl Streams {
    pub(super) fn new(patience: StreamPatience) -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            patience,
            table: Table::new(),
            by_route: HashMap::default(),
            of_address: HashMap::new(),
            dirty: Vec::new(),
            failed: Vec::new(),
            last: None,
            void: Vec::new(),
            unsent: 0,
            sweep_at: None,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Packets that could not be sent so far.
    pub(super) fn unsent(&self) -> u64 {
        self.unsent
    }

    /// Readable when [`Streams::events`] has some; `None` while there is no connection.
    pub(super) fn descriptor(&self) -> Option<RawFd> {
        (self.table.len() > 0).then(|| self.epoll.as_raw_fd())
    }

    /// Takes a connection in, or drops it if there are too many.
    pub(super) fn adopt(&mut self, now: Instant, arrival: Arrival) -> io::Result<Index> {
        if self.table.len() >= MAX_CONNECTIONS {
            return Err(io::Error::other("too many connections"));
        }
        let connection = match arrival {
            Arrival::New(stream) => Connection::new(now, stream)?,
            Arrival::Moved(connection) => connection.moved(),
        };
        if connection.pending() > MAX_RECEIVED {
            return Err(io::Error::other("it has said too much"));
        }
        let address = connection.address();
        if self.of_address.get(&address).is_some_and(|count| *count >= MAX_OF_ADDRESS) {
            return Err(io::Error::other("too many connections of one address"));
        }
        let index = self.table.insert(connection);
        *self.of_address.entry(address).or_default() += 1;
        self.sweep_at.get_or_insert(now + SWEEP_EVERY);
        let added = self.table.get(index).map(|added| {
            epoll::add(&self.epoll, added.socket(), EventData::new_u64(index as u64), EventFlags::IN | EventFlags::RDHUP)
        });
        if let Some(Err(error)) = added {
            self.remove(index);
            return Err(error.into());
        }
        Ok(index)
    }

    /// The connections that can be read (or have ended), after those that can be written to got what waits.
    pub(super) fn ready(&mut self) -> Vec<Index> {
        let mut events = Vec::with_capacity(EVENTS);
        let timeout = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        if let Err(error) = epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
            tracing::warn!(%error, "epoll failed");
        }
        let mut readable = Vec::with_capacity(events.len());
        for Event { flags, data, .. } in events {
            let index = data.u64() as Index;
            if flags.contains(EventFlags::OUT) {
                self.flush_one(index);
            }
            if flags.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR) {
                readable.push(index);
            }
        }
        readable
    }

    pub(super) fn get_mut(&mut self, index: Index) -> Option<&mut Connection> {
        self.table.get_mut(index)
    }

    /// Makes a connection that has told what it is known by its route.
    pub(super) fn bound(&mut self, index: Index) -> Option<(Framing, Route)> {
        let (framing, route) = self.table.get(index)?.bound()?;
        // The one before on the same addresses has ended, and nobody has read its end yet. The client tries again.
        let is_new = *self.by_route.entry(route).or_insert(index) == index;
        is_new.then_some((framing, route))
    }

    /// It is to be closed.
    pub(super) fn fail(&mut self, index: Index) {
        self.failed.push(index);
    }

    /// One of those that are to be closed is; its route, if it was known by one.
    pub(super) fn close_one(&mut self) -> Option<Option<Route>> {
        let index = self.failed.pop()?;
        Some(self.remove(index))
    }

    fn remove(&mut self, index: Index) -> Option<Route> {
        let (connection, route) = self.take_out(index)?;
        // With its last descriptor it leaves epoll, too.
        connection.close();
        route
    }

    /// Lets go of a connection that another shard takes over.
    pub(super) fn release(&mut self, index: Index) -> Option<Connection> {
        let (connection, _) = self.take_out(index)?;
        if let Err(error) = epoll::delete(&self.epoll, connection.socket()) {
            tracing::warn!(%error, "epoll failed");
            return None;
        }
        Some(connection)
    }

    /// And the route that it was known by.
    fn take_out(&mut self, index: Index) -> Option<(Connection, Option<Route>)> {
        let connection = self.table.remove(index)?;
        let address = connection.address();
        if let Some(count) = self.of_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&address);
            }
        }
        self.last = None;
        let route = connection.route().filter(|route| self.by_route.get(route) == Some(&index));
        if let Some(route) = &route {
            self.by_route.remove(route);
        }
        Some((connection, route))
    }

    /// Room for a packet, to be sent by [`Streams::flush`].
    pub(super) fn packet(&mut self, to: Route, len: usize) -> &mut [u8] {
        let index = match self.last {
            Some((route, index)) if route == to => Some(index),
            _ => self.by_route.get(&to).copied(),
        };
        self.last = index.map(|index| (to, index));
        let connection = index.and_then(|index| Some((index, self.table.get_mut(index)?)));
        if let Some((index, connection)) = connection {
            if !connection.is_dirty {
                connection.is_dirty = true;
                self.dirty.push(index);
            }
            if let Some(room) = connection.packet(len) {
                return room;
            }
        }
        self.unsent += 1;
        self.void.resize(len.max(self.void.len()), 0);
        &mut self.void[..len]
    }

    /// A connection may have something to send that is no packet.
    pub(super) fn touch(&mut self, index: Index) {
        if let Some(connection) = self.table.get_mut(index)
            && !connection.is_dirty
        {
            connection.is_dirty = true;
            self.dirty.push(index);
        }
    }

    pub(super) fn flush(&mut self) {
        while let Some(index) = self.dirty.pop() {
            if let Some(connection) = self.table.get_mut(index) {
                connection.is_dirty = false;
                // Whoever waits for room is written to when there is some.
                if connection.awaits_room {
                    connection.hold();
                } else {
                    self.flush_one(index);
                }
            }
        }
    }

    fn flush_one(&mut self, index: Index) {
        let Some(connection) = self.table.get_mut(index) else { return };
        if let Err(error) = connection.flush() {
            tracing::debug!(%error, "a connection cannot be written to");
            self.failed.push(index);
            return;
        }
        let waits = connection.waits();
        if waits == connection.awaits_room {
            return;
        }
        connection.awaits_room = waits;
        let out = if waits { EventFlags::OUT } else { EventFlags::empty() };
        let events = EventFlags::IN | EventFlags::RDHUP | out;
        if let Err(error) = epoll::modify(&self.epoll, connection.socket(), EventData::new_u64(index as u64), events) {
            tracing::warn!(%error, "epoll failed");
            self.failed.push(index);
        }
    }

    /// Forgets what was written since the last flush.
    pub(super) fn discard(&mut self) {
        while let Some(index) = self.dirty.pop() {
            if let Some(connection) = self.table.get_mut(index) {
                connection.is_dirty = false;
                connection.discard();
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.sweep_at
    }

    /// Closes whoever has stayed too long.
    pub(super) fn handle_timeout(&mut self, now: Instant, is_in_use: impl Fn(&Route) -> bool) {
        if self.sweep_at.is_none_or(|at| now < at) {
            return;
        }
        let StreamPatience { unused, frame } = self.patience;
        let is_over = |since: Option<Instant>, patience| since.is_some_and(|since| now.duration_since(since) >= patience);
        for (index, connection) in self.table.iter_mut() {
            connection.shrink();
            if connection.route().is_some_and(|route| is_in_use(&route)) {
                connection.unused_since = None;
            } else {
                connection.unused_since.get_or_insert(now);
            }
            if is_over(connection.unused_since, unused) || is_over(connection.pending_since, frame) {
                self.failed.push(index);
            }
        }
        self.sweep_at = (self.table.len() > 0).then_some(now + SWEEP_EVERY.min(frame / 2));
    }
}
