//! Where packets are written to. The driver's outbox turns them into `sendmmsg` calls; a test's keeps them.

use std::time::Instant;

use crate::control::{PeerId, RoomId};
use crate::datagram::Route;
use crate::recorder::{SenderClock, Source, Tapped};

/// Room for outgoing packets, filled in place: no packet is copied after it was sealed.
pub trait Outbox {
    /// Gives `len` bytes to be filled at once by the caller. The packet is sent as it then is; packets reserved one after
    /// another for the same route and of the same length may share one system call (`UDP_SEGMENT`).
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8];

    /// Takes what happens in a recorded room. An outbox that records nothing leaves this out.
    fn record(&mut self, _room: RoomId, _what: Recorded<'_>) {}
}

/// What a recording is made of.
#[derive(Clone, Copy, Debug)]
pub enum Recorded<'a> {
    Packet(Tapped<'a>),
    Clock(SenderClock),
    Joined {
        at: Instant,
        peer: PeerId,
    },
    /// It is not sent any more, and may begin again.
    Ended {
        at: Instant,
        peer: PeerId,
        source: Source,
    },
    Left {
        at: Instant,
        peer: PeerId,
    },
}
