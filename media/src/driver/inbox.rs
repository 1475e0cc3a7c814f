//! Where a TCP connection's bytes are read to, decrypted, and cut into packets: one buffer for all connections, which are read one
//! after another.

use std::io::{self, ErrorKind, Read};

use rustls::ServerConnection;

use super::connection::Reading;
use crate::datagram::{Datagram, Route};
use crate::framing::{Framing, Garbage};

/// Read from a connection before another gets its turn.
const READ: usize = 64 * 1024;
/// What `rustls` may have held back, one record (RFC 8446 §5.2), and its own plaintext.
const HELD: usize = 48 * 1024;
/// What may come along with a new connection.
pub(super) const MAX_RECEIVED: usize = 64 * 1024;

pub(super) struct Inbox {
    /// As it came.
    sealed: Box<[u8]>,
    plain: Box<[u8]>,
    used: usize,
}

/// Where the frames in an inbox are.
#[derive(Debug, Default)]
pub(super) struct Cut {
    packets: Vec<std::ops::Range<usize>>,
    /// Up to here the bytes are whole frames.
    pub(super) whole: usize,
    /// What follows them is none.
    pub(super) garbage: bool,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { sealed: vec![0; READ].into(), plain: vec![0; MAX_RECEIVED + READ + HELD].into(), used: 0 }
    }

    /// Begins with the beginning of a frame.
    pub(super) fn begin(&mut self, pending: &[u8]) {
        self.used = 0;
        self.append(pending);
    }

    fn append(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(self.plain.len() - self.used);
        self.plain[self.used..self.used + len].copy_from_slice(&bytes[..len]);
        self.used += len;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.plain[..self.used]
    }

    pub(super) fn read(&mut self, socket: &mut impl Read) -> io::Result<Reading> {
        let Some(len) = read(socket, &mut self.plain[self.used..self.used + READ])? else { return Ok(Reading::Open) };
        self.used += len;
        Ok(if len == 0 { Reading::Ended } else { Reading::Open })
    }

    pub(super) fn read_tls(&mut self, socket: &mut impl Read, tls: &mut ServerConnection) -> io::Result<Reading> {
        let read = read(socket, &mut self.sealed)?;
        let len = read.unwrap_or(0);
        let mut from = 0;
        let mut ended = read == Some(0);
        loop {
            let state = tls.process_new_packets().map_err(io::Error::other)?;
            ended |= state.peer_has_closed();
            self.take_plain(tls, state.plaintext_bytes_to_read())?;
            if from == len {
                return Ok(if ended { Reading::Ended } else { Reading::Open });
            }
            // It takes a few KiB at a time.
            match tls.read_tls(&mut &self.sealed[from..len])? {
                0 => return Err(ErrorKind::InvalidData.into()),
                taken => from += taken,
            }
        }
    }

    fn take_plain(&mut self, tls: &mut ServerConnection, len: usize) -> io::Result<()> {
        let room = self.plain.get_mut(self.used..self.used + len).ok_or(ErrorKind::OutOfMemory)?;
        tls.reader().read_exact(room)?;
        self.used += len;
        Ok(())
    }

    /// Finds the frames.
    pub(super) fn cut(&self, framing: Framing) -> Cut {
        let mut cut = Cut::default();
        loop {
            match framing.first(&self.plain[cut.whole..self.used]) {
                Ok(Some(frame)) => {
                    let packet = cut.whole + frame.packet.start..cut.whole + frame.packet.end;
                    if !packet.is_empty() {
                        cut.packets.push(packet);
                    }
                    cut.whole += frame.len;
                }
                Ok(None) => return cut,
                Err(Garbage) => return Cut { garbage: true, ..cut },
            }
        }
    }

    /// What the first of the packets says that says something.
    pub(super) fn find<T>(&self, cut: &Cut, what: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        cut.packets.iter().find_map(|packet| what(&self.plain[packet.clone()]))
    }

    /// The packets of the frames that were found.
    pub(super) fn packets(&mut self, cut: &Cut, route: Route) -> Vec<Datagram<'_>> {
        let mut batch = Vec::with_capacity(cut.packets.len());
        let (mut rest, mut at) = (&mut self.plain[..cut.whole], 0);
        for packet in &cut.packets {
            let (before, after) = rest.split_at_mut(packet.end - at);
            batch.push(Datagram { route, data: &mut before[packet.start - at..] });
            (rest, at) = (after, packet.end);
        }
        batch
    }
}

/// `None` if nothing is there yet.
fn read(socket: &mut impl Read, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        match socket.read(buffer) {
            Ok(len) => return Ok(Some(len)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
