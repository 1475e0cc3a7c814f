//! What the fuzz targets call (docs/fuzzing.md): one function for each parser that bytes from the network reach, and for the whole port.
//!
//! It is no part of the crate: it is there in tests and under cargo-fuzz only. `media/fuzz` gives these functions to libFuzzer, `replay` runs
//! them on stable Rust over the corpus and some mutations of it. Each panics on what must never be; that includes what a parser may not say.

mod bytes;
mod dtls;
mod framing;
mod port;
mod relay;
#[cfg(test)]
mod replay;
mod room;
mod rtcp;
mod rtp;
mod sdp;
#[cfg(test)]
mod seeds;
mod srtp;
mod stun;
#[expect(dead_code, reason = "each user takes a part of it")]
#[path = "../../tests/support/turn.rs"]
mod turn_client;

pub use self::{
    dtls::dtls, framing::framing, port::port, relay::turn, room::room, rtcp::rtcp, rtp::rtp, sdp::sdp, srtp::srtp, stun::stun,
};

/// A target by its name, which is also that of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 10] = [
    ("dtls", dtls),
    ("framing", framing),
    ("port", port),
    ("room", room),
    ("rtcp", rtcp),
    ("rtp", rtp),
    ("sdp", sdp),
    ("srtp", srtp),
    ("stun", stun),
    ("turn", turn),
];
