//! What answers on our one port: the TURN server, and behind it the media node. Pure, as the node is.
//!
//! A datagram of a TURN client is dealt with by the one; everything else goes to the other as it came. What a TURN client sends to
//! the media node is unwrapped in place and goes there as well, over a route of [`Protocol::Relayed`].

use std::net::SocketAddr;
use std::time::Instant;

use crate::control::{Command, Event, PeerId, Protocol, RoomId};
use crate::datagram::{Datagram, Route};
use crate::node::{Node, NodeConfig, NodeError};
use crate::outbox::Outbox;
use crate::recorder::Source;
use crate::turn::credentials::Authority;
use crate::turn::{Fate, RelayOutbox, TurnServer};

/// What a port is made with.
#[derive(Clone, Debug)]
pub struct PortConfig {
    pub node: NodeConfig,
    /// Who may allocate.
    pub authority: Authority,
}

/// The one port.
#[derive(Debug)]
pub struct Port {
    node: Node,
    turn: TurnServer,
    /// Where clients reach the node, and so the local addresses of relayed routes.
    candidates: Vec<SocketAddr>,
}

impl Port {
    /// Made at the instant from which the times in TURN credentials count.
    pub fn new(now: Instant, config: PortConfig) -> Result<Self, NodeError> {
        let plain = |address: &SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        let candidates: Vec<_> = config.node.candidates.iter().map(plain).collect();
        let turn = TurnServer::new(now, config.authority, &candidates);
        Ok(Self { node: Node::new(now, config.node)?, turn, candidates })
    }

    /// What has happened since it was last asked.
    pub fn poll_event(&mut self) -> Option<Event> {
        let mut event = self.node.poll_event();
        if let Some(Event::Report { report, .. }) = &mut event {
            self.turn.report(report);
        }
        event
    }

    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Outbox) {
        match command {
            Command::OpenRelay { call } => self.turn.open(call),
            Command::CloseRelay { call } => {
                self.turn.close(call);
                self.forget_ended();
            }
            other => self.node.handle_command(now, other, &mut RelayOutbox { turn: &mut self.turn, now, out }),
        }
    }

    /// Takes what was received at once. Whatever it leads to is written before this returns.
    pub fn handle_batch(&mut self, now: Instant, batch: &mut [Datagram<'_>], out: &mut impl Outbox) {
        let mut for_node = 0;
        for index in 0..batch.len() {
            if self.turn.take(now, &mut batch[index], self.node.limiter(), out) == Fate::ForNode {
                batch.swap(for_node, index);
                for_node += 1;
            }
        }
        self.forget_ended();
        self.node.handle_batch(now, &mut batch[..for_node], &mut RelayOutbox { turn: &mut self.turn, now, out });
    }

    /// When [`Port::handle_timeout`] wants to be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        [self.node.next_timeout(), self.turn.next_timeout()].into_iter().flatten().min()
    }

    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Outbox) {
        self.turn.handle_timeout(now);
        self.forget_ended();
        self.node.handle_timeout(now, &mut RelayOutbox { turn: &mut self.turn, now, out });
    }

    /// Whether a TCP connection has proved to be somebody's: it carries an allocation or a session. One that has not after a
    /// while is closed by the driver.
    pub fn is_in_use(&self, connection: &Route) -> bool {
        self.turn.has_allocation(connection) || self.node.is_bound(connection)
    }

    /// A TCP connection is gone, and with it the allocation or the session's route that it carried.
    pub fn connection_closed(&mut self, _now: Instant, connection: &Route, _out: &mut impl Outbox) {
        self.turn.connection_closed(connection);
        self.forget_ended();
        self.node.route_lost(connection);
    }

    /// A relayed address may be somebody else's next, so no session must hold it for its client's.
    fn forget_ended(&mut self) {
        while let Some(remote) = self.turn.poll_ended() {
            for local in &self.candidates {
                self.node.route_lost(&Route { local: *local, remote, protocol: Protocol::Relayed });
            }
        }
    }

    /// The recorder wants a key frame.
    pub fn ask_keyframe(&mut self, room: RoomId, peer: PeerId, source: Source) {
        self.node.ask_keyframe(room, peer, source);
    }

    /// Ends everything in order.
    pub fn close_all(&mut self, now: Instant, out: &mut impl Outbox) {
        self.node.close_all(now, &mut RelayOutbox { turn: &mut self.turn, now, out });
    }

    /// After a panic in one of the calls above; see [`Node::recover`]. A panic in the node ends no allocation, one in the TURN
    /// server no session.
    pub fn recover(&mut self) {
        self.node.recover();
        self.turn.recover();
        self.forget_ended();
    }

    /// How many addresses are bound to sessions of the node.
    pub fn bound_routes(&self) -> usize {
        self.node.bound_routes()
    }
}
