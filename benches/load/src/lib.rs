//! WebRTC clients for load on the media node, as a browser is one: real ICE, DTLS, SRTP, WHIP and WHEP, each on a socket of its own.

pub mod payload;
pub mod peer;
pub mod profile;
pub mod server;
pub mod whip;
