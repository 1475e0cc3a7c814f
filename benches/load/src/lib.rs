//! WebRTC clients for load on media nodes, as a browser is one: real ICE, DTLS and SRTP, each on a socket of its own; WHIP and WHEP, and what
//! Janus speaks. `run` has the load of one publisher, `calls` that of many calls of two.

pub mod calls;
pub mod figures;
pub mod load;
pub mod payload;
pub mod peer;
pub mod profile;
pub mod publisher;
pub mod receiver;
pub mod run;
pub mod server;
pub mod signalling;
pub mod videoroom;
pub mod whip;
