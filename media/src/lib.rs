//! The media node: everything between a datagram on our port and a datagram to somebody else.
//!
//! ```text
//! driver   recvmmsg -> a batch of datagrams
//! demux    datagram -> peer session (RFC 7983; a route is bound after ICE authenticated it)
//! session  sdp, ice (lite, on stun), dtls (by rtc-dtls) and its keys: until media can flow
//! room     SRTP in place -> up track -> every down track -> SRTP in place -> outbox
//! driver   outbox -> sendmmsg with UDP_SEGMENT
//! ```
//!
//! [`node`] puts these together, owns them all by value and keeps their deadlines (`timers`); [`control`] is how
//! the rest of the program speaks to it, usually through the [`driver`]'s handle.
//!
//! All of this is one shard, a thread with a port; there may be several, which share nothing ([`shards`]).
//!
//! Only `driver` does I/O, reads a clock or owns a thread. The rest is told the time and is pure.

// So that tests/support reads the same from in here.
#[cfg(any(test, feature = "fuzzing"))]
extern crate self as staffline_media;

pub mod control;
pub mod datagram;
mod demux;
pub mod driver;
mod dtls;
mod estimate;
pub mod framing;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod ice;
mod keys;
pub mod node;
pub mod outbox;
pub mod port;
pub mod recorder;
mod red;
pub mod room;
mod rtcp;
mod rtp;
mod sdp;
mod session;
pub mod shards;
pub mod srtp;
mod stun;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../tests/support/mod.rs"]
mod support;
mod table;
#[cfg(any(test, feature = "fuzzing"))]
mod testing;
mod timers;
pub mod track;
pub mod turn;
