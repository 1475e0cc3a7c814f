//! The data path: from a client to its peer, and from the media node to a client. No allocation, no lock and one copy a datagram.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Instant;

use super::allocation::Allocation;
use super::allocations::Key;
use super::message::{ATTR_DATA, ATTR_XOR_PEER_ADDRESS, CHANNEL_HEADER, DATA_INDICATION, Method, Request, read_channel_header};
use super::{Fate, Target, TurnServer};
use crate::control::{Protocol, RoomId};
use crate::datagram::{Datagram, Route};
use crate::outbox::{Outbox, Recorded};
use crate::stun::{HEADER_LEN, write_header, write_xor_address};

/// What a message to a client may hold: its length field has 16 bits, and a header takes a part of it.
const MAX_PAYLOAD: usize = 65_000;
/// What is written for a client that is not there any more goes here. No datagram of the node is longer.
pub(super) const SCRATCH_LEN: usize = 2048;

/// Datagrams and bytes of their payload.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traffic {
    pub(super) packets_in: u64,
    pub(super) bytes_in: u64,
    pub(super) packets_out: u64,
    pub(super) bytes_out: u64,
}

impl TurnServer {
    pub(super) fn take_channel_data(&mut self, now: Instant, datagram: &mut Datagram<'_>, out: &mut impl Outbox) -> Fate {
        let Some((number, len)) = read_channel_header(datagram.data) else { return Fate::Stray };
        let Some(key) = self.allocations.key_of(&datagram.route) else { return Fate::Stray };
        self.in_hand = Some(key);
        let Some(peer) = self.allocations.get(key).and_then(|own| own.peer_of(now, number)) else { return Fate::Stray };
        self.forward(now, key, peer, datagram, CHANNEL_HEADER..CHANNEL_HEADER + len, out)
    }

    /// RFC 8656 §11.2. An indication carries no credentials; the permission stands for them.
    pub(super) fn take_send(&mut self, now: Instant, datagram: &mut Datagram<'_>, out: &mut impl Outbox) -> Fate {
        let Some(key) = self.allocations.key_of(&datagram.route) else { return Fate::Stray };
        self.in_hand = Some(key);
        let Some((peer, data)) = read_send(datagram.data) else { return Fate::Stray };
        let is_permitted = |own: &&Allocation| own.permits(now, peer.ip());
        match self.peers.admit(peer.ip()).zip(self.allocations.get(key).filter(is_permitted)) {
            Some(_) => self.forward(now, key, peer, datagram, data, out),
            None => Fate::Done,
        }
    }

    /// Hands the payload of a datagram, which is a part of it, to the peer.
    fn forward(
        &mut self,
        now: Instant,
        from: Key,
        peer: SocketAddr,
        datagram: &mut Datagram<'_>,
        payload: Range<usize>,
        out: &mut impl Outbox,
    ) -> Fate {
        let Some(own) = self.allocations.get(from) else { return Fate::Stray };
        let (relayed, len) = (own.relayed, payload.len());
        self.traffic.packets_in += 1;
        self.traffic.bytes_in += len as u64;
        match self.admit(own.grant.call, peer) {
            Some((peer, Target::Node)) => {
                let data = std::mem::take(&mut datagram.data);
                datagram.data = &mut data[payload];
                datagram.route = Route { local: peer, remote: relayed, protocol: Protocol::Relayed };
                Fate::ForNode
            }
            Some((_, Target::Allocation(key))) => {
                if let Some(room) =
                    self.allocations.get(key).and_then(|to| envelope(&mut self.indications, now, to, relayed, len, out))
                {
                    room.copy_from_slice(&datagram.data[payload]);
                    self.traffic.packets_out += 1;
                    self.traffic.bytes_out += len as u64;
                }
                Fate::Done
            }
            // The peer has gone, and with it what it was sent.
            None => Fate::Done,
        }
    }

    /// Room for a datagram of the node, in the envelope that the client of the relayed address wants.
    fn wrap<'b>(&'b mut self, now: Instant, to: Route, len: usize, out: &'b mut impl Outbox) -> &'b mut [u8] {
        let allocation = self.allocations.at(&to.remote).and_then(|key| self.allocations.get(key));
        if let Some(room) = allocation.and_then(|to_client| envelope(&mut self.indications, now, to_client, to.local, len, out)) {
            self.traffic.packets_out += 1;
            self.traffic.bytes_out += len as u64;
            return room;
        }
        if self.scratch.len() < len {
            self.scratch.resize(len, 0);
        }
        &mut self.scratch[..len]
    }
}

/// Peer, and where the data is.
fn read_send(bytes: &[u8]) -> Option<(SocketAddr, Range<usize>)> {
    let request = Request::parse(Method::Send, bytes)?;
    let is_understood = request.unknown.names().is_empty() && !request.malformed;
    let (peer, data) = request.peer.zip(request.data).filter(|_| is_understood)?;
    let at = data.as_ptr().addr() - bytes.as_ptr().addr();
    Some((peer, at..at + data.len()))
}

/// Reserves a message from `peer` to the client of an allocation and gives the part of it that holds the data: ChannelData, or a
/// Data indication if the client has bound no channel (RFC 8656 §11.3, §12.7). `None` if it does not want to hear of the peer.
fn envelope<'b>(
    indications: &mut u64,
    now: Instant,
    to: &Allocation,
    peer: SocketAddr,
    len: usize,
    out: &'b mut impl Outbox,
) -> Option<&'b mut [u8]> {
    if len > MAX_PAYLOAD || !to.permits(now, peer.ip()) {
        return None;
    }
    match to.channel_of(now, &peer) {
        Some(number) => Some(channel_data(to.route, number, len, out)),
        None => {
            *indications += 1;
            Some(data_indication(*indications, to.route, peer, len, out))
        }
    }
}

fn channel_data(to: Route, number: u16, len: usize, out: &mut impl Outbox) -> &mut [u8] {
    // In a stream the next message begins at a multiple of four (RFC 8656 §12.5).
    let is_stream = matches!(to.protocol, Protocol::TurnTcp | Protocol::TurnTls);
    let padded = if is_stream { len.next_multiple_of(4) } else { len };
    let message = out.packet(to, CHANNEL_HEADER + padded);
    message[..2].copy_from_slice(&number.to_be_bytes());
    message[2..4].copy_from_slice(&(len as u16).to_be_bytes());
    let (data, padding) = message[CHANNEL_HEADER..].split_at_mut(len);
    padding.fill(0);
    data
}

fn data_indication(count: u64, to: Route, peer: SocketAddr, len: usize, out: &mut impl Outbox) -> &mut [u8] {
    // Nobody answers an indication, so its transaction only has to be another one each time.
    let mut transaction = [0; 12];
    transaction[4..].copy_from_slice(&count.to_be_bytes());
    let (address, address_len) = write_xor_address(peer, &transaction);
    let body = 4 + address_len + 4 + len.next_multiple_of(4);
    let message = out.packet(to, HEADER_LEN + body);
    write_header(message, DATA_INDICATION, &transaction);
    let (peer_attribute, data_attribute) = message[HEADER_LEN..].split_at_mut(4 + address_len);
    write_attribute_header(peer_attribute, ATTR_XOR_PEER_ADDRESS, address_len);
    peer_attribute[4..].copy_from_slice(&address[..address_len]);
    write_attribute_header(data_attribute, ATTR_DATA, len);
    let (data, padding) = data_attribute[4..].split_at_mut(len);
    padding.fill(0);
    data
}

fn write_attribute_header(attribute: &mut [u8], kind: u16, len: usize) {
    attribute[..2].copy_from_slice(&kind.to_be_bytes());
    attribute[2..4].copy_from_slice(&(len as u16).to_be_bytes());
}

/// The outbox of the media node: what it sends to relayed addresses is wrapped for their clients, everything else goes as it is.
#[derive(Debug)]
pub(crate) struct RelayOutbox<'a, O> {
    pub(crate) turn: &'a mut TurnServer,
    pub(crate) now: Instant,
    pub(crate) out: &'a mut O,
}

impl<O: Outbox> Outbox for RelayOutbox<'_, O> {
    #[inline]
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8] {
        if to.protocol == Protocol::Relayed { self.turn.wrap(self.now, to, len, self.out) } else { self.out.packet(to, len) }
    }

    fn record(&mut self, room: RoomId, what: Recorded<'_>) {
        self.out.record(room, what);
    }
}
