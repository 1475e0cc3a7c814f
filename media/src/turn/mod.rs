//! The TURN server (RFC 8656) on our one port. Pure, as the node is.
//!
//! It relays between allocations of one call, and between an allocation and the media node (`peers` is the one place that judges).
//! Relayed transport addresses are virtual: no socket stands behind them, datagrams are handed over in memory.

mod allocation;
mod allocations;
pub mod credentials;
mod message;
mod nonces;
mod peers;
mod relay;
mod requests;

use std::net::SocketAddr;
use std::time::Instant;

use crate::control::{NodeReport, Protocol, RoomId};
use crate::datagram::{Datagram, Route};
use crate::outbox::Outbox;
use crate::stun::limit::Limiter;
use allocations::{Allocations, Key};
use credentials::Authority;
use message::{Method, Request};
use nonces::Nonces;
use peers::Peers;
pub(crate) use relay::RelayOutbox;
use relay::{SCRATCH_LEN, Traffic};
#[cfg(test)]
pub(crate) use requests::long_term_key;

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was for the TURN server, which has dealt with it.
    Done,
    /// It is for the media node, as it now is.
    ForNode,
    /// It belongs to nobody.
    Stray,
}

/// Who a peer address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Node,
    Allocation(Key),
}

/// The TURN server.
#[derive(Debug)]
pub(crate) struct TurnServer {
    authority: Authority,
    /// From when the times in credentials count.
    started: Instant,
    nonces: Nonces,
    peers: Peers,
    allocations: Allocations,
    traffic: Traffic,
    refused: u64,
    stray_packets: u64,
    /// Data indications sent so far.
    indications: u64,
    scratch: Vec<u8>,
    /// The allocation that is being worked on, for [`TurnServer::recover`].
    in_hand: Option<Key>,
}

impl TurnServer {
    pub(crate) fn new(now: Instant, authority: Authority, node: &[SocketAddr]) -> Self {
        Self {
            nonces: Nonces::new(now, authority.derive(b"nonces")),
            authority,
            started: now,
            peers: Peers::new(node),
            allocations: Allocations::new(),
            traffic: Traffic::default(),
            refused: 0,
            stray_packets: 0,
            indications: 0,
            scratch: vec![0; SCRATCH_LEN],
            in_hand: None,
        }
    }

    /// Takes credentials of this call from now on.
    pub(crate) fn open(&mut self, call: RoomId) {
        self.allocations.open(call);
    }

    /// Takes them no longer and ends all that they were good for.
    pub(crate) fn close(&mut self, call: RoomId) {
        self.allocations.close(call);
    }

    /// Takes a datagram, if it is one of TURN.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        datagram: &mut Datagram<'_>,
        limiter: &mut Limiter,
        out: &mut impl Outbox,
    ) -> Fate {
        let fate = match (datagram.data.first(), datagram.route.protocol) {
            (_, Protocol::Tcp | Protocol::Relayed) => Fate::ForNode,
            (Some(0x40..=0x7f), _) => self.take_channel_data(now, datagram, out),
            (Some(0..=3), protocol) => match Method::of(datagram.data) {
                Some(Method::Send) => self.take_send(now, datagram, out),
                Some(method) => self.take_request(now, method, datagram, limiter, out),
                // A stream of a TURN client carries no connectivity checks and no media.
                None if protocol == Protocol::Udp || asks_for_its_address(datagram.data) => Fate::ForNode,
                None => Fate::Stray,
            },
            (_, Protocol::Udp) => Fate::ForNode,
            (_, Protocol::TurnTcp | Protocol::TurnTls) => Fate::Stray,
        };
        self.in_hand = None;
        self.stray_packets += u64::from(fate == Fate::Stray);
        fate
    }

    fn take_request(
        &mut self,
        now: Instant,
        method: Method,
        datagram: &Datagram<'_>,
        limiter: &mut Limiter,
        out: &mut impl Outbox,
    ) -> Fate {
        let Some(request) = Request::parse(method, datagram.data) else { return Fate::Stray };
        self.in_hand = self.allocations.key_of(&datagram.route);
        self.answer(now, datagram.route, &request, limiter, out);
        Fate::Done
    }

    /// Who the peer of an allocation is, and its address as we write it. `None` is 403: nobody to whom it may speak.
    fn admit(&self, call: RoomId, peer: SocketAddr) -> Option<(SocketAddr, Target)> {
        let peer = SocketAddr::new(self.peers.admit(peer.ip())?, peer.port());
        if self.peers.is_node(&peer) {
            return Some((peer, Target::Node));
        }
        let key = self.allocations.at(&peer)?;
        let is_of_call = self.allocations.get(key).is_some_and(|other| other.grant.call == call);
        is_of_call.then_some((peer, Target::Allocation(key)))
    }

    /// A relayed address that has ended since it was last asked.
    pub(crate) fn poll_ended(&mut self) -> Option<SocketAddr> {
        self.allocations.poll_ended()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.allocations.next_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.allocations.handle_timeout(now);
    }

    pub(crate) fn has_allocation(&self, route: &Route) -> bool {
        self.allocations.key_of(route).is_some()
    }

    /// The connection of a client is gone.
    pub(crate) fn connection_closed(&mut self, connection: &Route) {
        if let Some(key) = self.allocations.key_of(connection) {
            self.allocations.end(key);
        }
    }

    /// After a panic: what it may have left half changed goes, everything else stays.
    pub(crate) fn recover(&mut self) {
        let lost = self.in_hand.take();
        self.allocations.recover(lost);
    }

    /// Completes the node's report.
    pub(crate) fn report(&self, report: &mut NodeReport) {
        report.allocations_udp = self.allocations.count(Protocol::Udp);
        report.allocations_tcp = self.allocations.count(Protocol::TurnTcp);
        report.allocations_tls = self.allocations.count(Protocol::TurnTls);
        report.turn_packets_in = self.traffic.packets_in;
        report.turn_bytes_in = self.traffic.bytes_in;
        report.turn_packets_out = self.traffic.packets_out;
        report.turn_bytes_out = self.traffic.bytes_out;
        report.turn_refused = self.refused;
        report.stray_packets += self.stray_packets;
    }
}

/// The call for which an Allocate request has credentials, which nobody has checked yet.
pub(crate) fn call_of(packet: &[u8]) -> Option<RoomId> {
    let method = Method::of(packet).filter(|method| *method == Method::Allocate)?;
    Some(Authority::read(Request::parse(method, packet)?.username?)?.call)
}

/// A Binding request of somebody without a session.
fn asks_for_its_address(bytes: &[u8]) -> bool {
    crate::stun::Request::parse(bytes).is_some_and(|request| request.username.is_none())
}
