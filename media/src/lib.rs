//! The media node: everything between a datagram on our one port and a datagram to somebody else.
//!
//! ```text
//! driver   recvmmsg -> a batch of datagrams
//! demux    datagram -> peer session (RFC 7983; bound after ICE authenticated the address)
//! session  STUN, DTLS and SDP of one peer, by `rtc`
//! room     SRTP in place -> up track -> every down track -> SRTP in place -> outbox
//! driver   outbox -> sendmmsg with UDP_SEGMENT
//! ```
//!
//! Only `driver` does I/O, reads a clock or owns a thread. The rest is told the time and is pure.

pub mod control;
pub mod datagram;
pub mod outbox;
pub mod room;
pub mod srtp;
pub mod track;
