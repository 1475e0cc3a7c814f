//! What answers on our one port: the TURN server, and behind it the media node. Pure, as the node is.
//!
//! A datagram of a TURN client is dealt with here; everything else goes to the node as it came.

use std::time::Instant;

use crate::control::{Command, Event};
use crate::datagram::{Datagram, Route};
use crate::node::{Node, NodeConfig, NodeError};
use crate::outbox::Outbox;
use crate::turn::credentials::Authority;

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
}

impl Port {
    /// Made at the instant from which the times in TURN credentials count.
    pub fn new(now: Instant, config: PortConfig) -> Result<Self, NodeError> {
        Ok(Self { node: Node::new(now, config.node)? })
    }

    /// What has happened since it was last asked.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.node.poll_event()
    }

    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Outbox) {
        self.node.handle_command(now, command, out);
    }

    /// Takes what was received at once. Whatever it leads to is written before this returns.
    pub fn handle_batch(&mut self, now: Instant, batch: &mut [Datagram<'_>], out: &mut impl Outbox) {
        self.node.handle_batch(now, batch, out);
    }

    /// When [`Port::handle_timeout`] wants to be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.node.next_timeout()
    }

    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Outbox) {
        self.node.handle_timeout(now, out);
    }

    /// Whether a TCP connection has proved to be somebody's: it carries an allocation or a session. One that has not after a
    /// while is closed by the driver.
    pub fn is_in_use(&self, _connection: &Route) -> bool {
        false
    }

    /// A TCP connection is gone, and with it the allocation that it carried.
    pub fn connection_closed(&mut self, _now: Instant, _connection: &Route, _out: &mut impl Outbox) {}

    /// Ends everything in order.
    pub fn close_all(&mut self, now: Instant, out: &mut impl Outbox) {
        self.node.close_all(now, out);
    }

    /// After a panic in one of the calls above; see [`Node::recover`].
    pub fn recover(&mut self) {
        self.node.recover();
    }
}
