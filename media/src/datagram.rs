//! What the driver hands in: one datagram with its addresses, in a buffer that may be rewritten.

use std::net::SocketAddr;

use crate::control::Protocol;

/// Where a datagram came from and where an answer goes: the local address matters on a machine with
/// several, since ICE checks that answers come from the address that was asked (RFC 8445 §7.2.5.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub protocol: Protocol,
}

/// A received datagram. `data` is decrypted in place.
#[derive(Debug)]
pub struct Datagram<'a> {
    pub route: Route,
    pub data: &'a mut [u8],
}
