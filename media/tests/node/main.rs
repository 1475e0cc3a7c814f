//! The node against independent clients: `rtc`'s own `RTCPeerConnection`s with all their interceptors, in virtual
//! time over a network in memory that loses packets by a seed. One more test uses the driver and real sockets.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

mod harness;
mod hostile;
mod lifecycle;
mod loss;
mod recording;
mod relay;
mod renegotiation;
mod shards;
mod sockets;
mod streams;
mod turn;
