//! Up tracks (what a publisher sends us), down tracks (what we send a subscriber), and their vocabulary.

mod down;
mod keyframe;
mod layers;
mod nack;
mod pause;
mod reception;
mod splice;
mod up;
mod vp8;

use std::fmt;

/// Layers that one picture may come in: a browser sends three.
pub(crate) const MAX_LAYERS: usize = 3;

pub(crate) use down::DownTrack;
pub(crate) use layers::{Layer, RISE, choose};
pub(crate) use pause::{Change, Pause};
pub(crate) use splice::{Lost, Splice};
pub(crate) use up::{Generation, MediaPacket, Role, UpTrack};

/// A synchronisation source (RFC 3550 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ssrc(pub u32);

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// The media identification of an m-line (RFC 5888 `a=mid`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mid(pub String);

impl fmt::Display for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The RTP stream id of one simulcast layer (RFC 8851 `a=rid`), unique on its m-line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rid(pub String);

impl fmt::Display for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Opus.
    Audio,
    /// VP8.
    Video,
}
