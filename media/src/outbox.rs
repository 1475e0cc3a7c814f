//! Where packets are written to. The driver's outbox turns them into `sendmmsg` calls; a test's keeps them.

use crate::datagram::Route;

/// Room for outgoing packets, filled in place: no packet is copied after it was sealed.
pub trait Outbox {
    /// Gives `len` bytes to be filled at once by the caller. The packet is sent as it then is; packets reserved one after
    /// another for the same route and of the same length may share one system call (`UDP_SEGMENT`).
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8];
}
