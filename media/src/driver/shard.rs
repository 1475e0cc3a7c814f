//! A media thread: what it owns, and the loop in which everything gets its turn.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::connection::Reading;
use super::inbox::{Cut, Inbox};
use super::outbox::SocketOutbox;
use super::pace::Pace;
use super::streams::{Arrival, Doors, Index, StreamPatience, Streams};
use super::sys::{self, Ready, Receiver, Socket, Waker};
use super::tape::Tape;
use super::{COMMAND_QUEUE, STREAM_QUEUE};
use crate::control::{Command, Event, Protocol, RefusedReason, RoomId};
use crate::datagram::{self, Route};
use crate::framing::Guess;
use crate::outbox::{Outbox, Recorded};
use crate::port::Port;
use crate::recorder::sink::Recorder;
use crate::shards;

/// Batches received in one go before timers and commands get their turn.
const MAX_BATCHES: usize = 8;

/// Where packets go: to the UDP socket, or into a connection.
struct Outboxes {
    udp: SocketOutbox,
    streams: Streams,
    tape: Tape,
}

impl Outboxes {
    fn flush(&mut self) {
        self.udp.flush();
        self.streams.flush();
        // Last: nobody waits for it.
        self.tape.flush();
    }

    fn discard(&mut self) {
        self.udp.discard();
        self.streams.discard();
    }

    fn unsent(&self) -> u64 {
        self.udp.unsent() + self.streams.unsent()
    }
}

impl Outbox for Outboxes {
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8] {
        match to.protocol {
            Protocol::Udp => self.udp.packet(to, len),
            _ => self.streams.packet(to, len),
        }
    }

    fn record(&mut self, room: RoomId, what: Recorded<'_>) {
        self.tape.record(room, what);
    }
}

/// Everything the thread owns.
pub(super) struct Shard<F> {
    port: Port,
    place: Place,
    socket: Arc<Socket>,
    receiver: Receiver,
    inbox: Inbox,
    outbox: Outboxes,
    pace: Pace,
    /// There was something in this turn: more may come at once.
    flowing: bool,
    commands: mpsc::Receiver<Command>,
    new_streams: mpsc::Receiver<Arrival>,
    /// What the recorder tells.
    recorded: mpsc::Receiver<Event>,
    on_event: F,
}

/// Which of the shards it is, and where the others are.
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) doors: Doors,
}

/// What became of the frames that a connection has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frames {
    Taken,
    /// There were some that are none.
    Garbage,
    /// The connection is another shard's, and has gone there with them.
    Moved,
}

/// What comes to the thread from others.
pub(super) struct Inlets {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) new_streams: mpsc::Receiver<Arrival>,
    pub(super) recorded: mpsc::Receiver<Event>,
}

impl<F: FnMut(Event)> Shard<F> {
    pub(super) fn new(
        port: Port,
        socket: Socket,
        place: Place,
        patience: StreamPatience,
        recorder: Recorder,
        inlets: Inlets,
        on_event: F,
    ) -> io::Result<Self> {
        let receiver = Receiver::new(socket.local_addr()?);
        let socket = Arc::new(socket);
        let udp = SocketOutbox::new(Arc::clone(&socket));
        let outbox = Outboxes { udp, streams: Streams::new(patience)?, tape: Tape::new(recorder) };
        let (inbox, pace) = (Inbox::new(), Pace::new(Instant::now()));
        let Inlets { commands, new_streams, recorded } = inlets;
        Ok(Self { port, place, socket, receiver, inbox, outbox, pace, flowing: false, commands, new_streams, recorded, on_event })
    }

    /// Ends when the handle is gone.
    pub(super) fn run(&mut self, waker: &Waker) {
        sys::sleep_precisely();
        let mut ready = Ready { datagrams: false, streams: false };
        while self.take_commands() {
            self.take_streams();
            self.flowing = false;
            // Nothing is asked of the system that it has not offered.
            if ready.datagrams {
                self.receive();
            }
            if ready.streams {
                self.serve_streams();
            }
            self.handle_timeouts();
            self.close_streams();
            self.serve_recorder();
            self.tell_events();
            match self.wait(waker) {
                Ok(found) => ready = found,
                Err(error) => tracing::error!(%error, "waiting for packets failed"),
            }
        }
        self.guarded(|shard| shard.port.close_all(Instant::now(), &mut shard.outbox));
        self.outbox.flush();
        self.tell_events();
        // Its thread closes what is being recorded, and is waited for.
        self.outbox.tape.end();
        self.serve_recorder();
    }

    fn serve_recorder(&mut self) {
        while let Ok(event) = self.recorded.try_recv() {
            self.tell(event);
        }
        let Self { port, outbox, .. } = self;
        for (room, peer, source) in outbox.tape.wishes() {
            port.ask_keyframe(room, peer, source);
        }
    }

    /// Until there is something to do; where much is to do, until some of it has gathered.
    fn wait(&mut self, waker: &Waker) -> io::Result<Ready> {
        let due = [self.port.next_timeout(), self.outbox.streams.next_timeout()].into_iter().flatten().min();
        let now = Instant::now();
        let mut patience = due.map(|at| at.saturating_duration_since(now));
        self.pace.count_sent(self.outbox.udp.take_written());
        let pause = self.pace.pause(now).min(patience.unwrap_or(Duration::MAX));
        if self.flowing && !pause.is_zero() {
            thread::sleep(pause);
            if self.outbox.streams.descriptor().is_none() {
                // There is one thing to ask, and the socket itself answers it as well.
                return Ok(Ready { datagrams: true, streams: false });
            }
            patience = patience.map(|patience| patience.saturating_sub(pause));
        }
        let ready = sys::wait(&self.socket, waker, self.outbox.streams.descriptor(), patience)?;
        if ready.datagrams {
            thread::sleep(self.pace.came(Instant::now()));
        }
        Ok(ready)
    }

    fn handle_timeouts(&mut self) {
        let now = Instant::now();
        self.guarded(|shard| {
            shard.port.handle_timeout(now, &mut shard.outbox);
            let Self { port, outbox, .. } = shard;
            outbox.streams.handle_timeout(now, |route| port.is_in_use(route));
        });
        self.outbox.flush();
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
        let done = self.guarded(|shard| {
            shard.outbox.tape.obey(&command);
            shard.port.handle_command(Instant::now(), command, &mut shard.outbox);
        });
        self.outbox.tape.flush();
        if let (false, Some(peer)) = (done, asker) {
            // Somebody waits for an answer to this offer.
            self.tell(Event::Refused { peer, reason: RefusedReason::Full });
        }
        let (unsent, connections) = (self.outbox.unsent(), self.outbox.streams.len() as u64);
        let (batches, receive_calls, send_calls) = (self.receiver.batches(), self.receiver.calls(), self.outbox.udp.calls());
        self.tell_events_with(|event| {
            if let (true, Event::Report { report, .. }) = (is_report, event) {
                report.unsent_packets = unsent;
                report.connections = connections;
                (report.batches, report.receive_calls, report.send_calls) = (batches, receive_calls, send_calls);
            }
        });
    }

    fn receive(&mut self) {
        self.pace.begin(Instant::now());
        for _ in 0..MAX_BATCHES {
            let received = match self.receiver.receive(&self.socket) {
                Ok(received) => received,
                Err(error) => {
                    tracing::warn!(%error, "receiving failed");
                    0
                }
            };
            if received > 0 {
                self.flowing = true;
                self.guarded(|shard| {
                    let mut batch = shard.receiver.datagrams(received);
                    shard.pace.count(batch.len());
                    shard.port.handle_batch(Instant::now(), &mut batch, &mut shard.outbox);
                    let spare = datagram::recycled(batch);
                    shard.receiver.take_back(spare);
                });
                self.outbox.flush();
            }
            if received < sys::BATCH {
                break;
            }
        }
        if !self.flowing {
            self.pace.waited_in_vain();
        }
    }

    fn take_streams(&mut self) {
        for _ in 0..STREAM_QUEUE {
            let Ok(arrival) = self.new_streams.try_recv() else { break };
            match self.outbox.streams.adopt(Instant::now(), arrival) {
                Ok(index) => self.serve_stream(index),
                Err(error) => tracing::debug!(%error, "a connection was not taken"),
            }
        }
    }

    fn serve_streams(&mut self) {
        self.flowing = true;
        for index in self.outbox.streams.ready() {
            self.serve_stream(index);
        }
    }

    /// Reads from one connection what has come, once, and answers it.
    fn serve_stream(&mut self, index: Index) {
        let Some(connection) = self.outbox.streams.get_mut(index) else { return };
        let read = connection.read(&mut self.inbox);
        let frames = self.take_frames(index);
        if frames == Frames::Moved {
            return;
        }
        // TLS has something to say of its own at times.
        self.outbox.streams.touch(index);
        self.outbox.flush();
        if frames == Frames::Garbage || !matches!(read, Ok(Reading::Open)) {
            self.outbox.streams.fail(index);
        }
    }

    /// Hands the whole frames in the inbox over as one batch, and keeps the rest.
    fn take_frames(&mut self, index: Index) -> Frames {
        let now = Instant::now();
        let Self { inbox, outbox, .. } = self;
        let Some(connection) = outbox.streams.get_mut(index) else { return Frames::Taken };
        if connection.route().is_none() {
            match connection.bind(inbox.bytes()) {
                Guess::Is(_) => {}
                Guess::TooShort => {
                    connection.keep(now, inbox.bytes(), true);
                    return Frames::Taken;
                }
                Guess::Neither => return Frames::Garbage,
            }
        }
        let Some((framing, route)) = outbox.streams.bound(index) else { return Frames::Garbage };
        let cut = inbox.cut(framing);
        if let Some(shard) = self.shard_of(&cut, &route) {
            self.hand_over(now, index, shard);
            return Frames::Moved;
        }
        let Self { inbox, outbox, .. } = self;
        if let Some(connection) = outbox.streams.get_mut(index) {
            connection.keep(now, &inbox.bytes()[cut.whole..], cut.whole == 0);
        }
        if cut.whole > 0 {
            self.guarded(|shard| {
                let mut batch = shard.inbox.packets(&cut, route);
                shard.pace.count(batch.len());
                shard.port.handle_batch(now, &mut batch, &mut shard.outbox);
            });
        }
        if cut.garbage { Frames::Garbage } else { Frames::Taken }
    }

    /// The other shard that a connection is for, of which nobody here knows yet.
    fn shard_of(&self, cut: &Cut, route: &Route) -> Option<usize> {
        let Place { number, doors } = &self.place;
        if doors.len() == 1 || self.port.is_in_use(route) {
            return None;
        }
        self.inbox.find(cut, |packet| shards::named_in(packet, doors.len())).filter(|shard| shard != number)
    }

    /// With all that has just come over it.
    fn hand_over(&mut self, now: Instant, index: Index, shard: usize) {
        let Some(mut connection) = self.outbox.streams.release(index) else { return };
        connection.keep(now, self.inbox.bytes(), true);
        if let Err(error) = self.place.doors[shard].hand(Arrival::Moved(Box::new(connection))) {
            tracing::debug!(%error, "a connection was not taken by its shard");
        }
    }

    /// Ends those that have ended, and tells of them.
    fn close_streams(&mut self) {
        while let Some(closed) = self.outbox.streams.close_one() {
            if let Some(route) = closed {
                self.guarded(|shard| shard.port.connection_closed(Instant::now(), &route, &mut shard.outbox));
                self.outbox.flush();
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
        self.tell_events_with(|_| {});
    }

    fn tell_events_with(&mut self, mut complete: impl FnMut(&mut Event)) {
        while let Some(mut event) = self.port.poll_event() {
            complete(&mut event);
            self.tell(event);
        }
    }

    fn tell(&mut self, event: Event) {
        if catch_unwind(AssertUnwindSafe(|| (self.on_event)(event))).is_err() {
            tracing::error!("the receiver of an event panicked");
        }
    }
}
