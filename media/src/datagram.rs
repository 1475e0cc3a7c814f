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

/// The same list, empty, for datagrams that live elsewhere: it keeps its room, since std collects in place what is of one size.
pub(crate) fn recycled<'to>(mut list: Vec<Datagram<'_>>) -> Vec<Datagram<'to>> {
    list.clear();
    list.into_iter().map(|_| unreachable!("the list is empty")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recycled_list_keeps_its_room() {
        let list: Vec<Datagram<'_>> = Vec::with_capacity(64);
        let (room, capacity) = (list.as_ptr().addr(), list.capacity());
        let again: Vec<Datagram<'static>> = recycled(list);
        assert_eq!((again.as_ptr().addr(), again.capacity()), (room, capacity));
    }
}
