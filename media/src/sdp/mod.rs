//! SDP offers and answers (RFC 8866, RFC 8829), read and written with `rtc-sdp`. The client always offers.

mod answer;
mod offer;
mod simulcast;

pub(crate) use answer::{LocalTransport, write as write_answer};
pub(crate) use offer::Offer;

use crate::dtls::Fingerprint;
use crate::room::{Extensions, Feedback, Simulcast};
use crate::track::{Kind, Mid, Ssrc};

/// One m-line of an offer, in its place: an answer has as many, in the same order (RFC 3264 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Accepted(Media),
    /// Answered with port 0: a data channel, a codec we don't have, something outside the bundle.
    Rejected {
        mid: Option<Mid>,
        media: String,
        protocols: Vec<String>,
        formats: Vec<String>,
    },
}

/// An m-line that we answer, with what the client offers on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) mid: Mid,
    pub(crate) kind: Kind,
    pub(crate) payload_type: u8,
    pub(crate) rtx_payload_type: Option<u8>,
    pub(crate) red: Option<RedOffer>,
    pub(crate) feedback: Feedback,
    pub(crate) mid_extension: Option<u8>,
    pub(crate) extensions: Extensions,
    /// The client sends on this line.
    pub(crate) sends: bool,
    /// The client receives on this line.
    pub(crate) receives: bool,
    /// What it announced to send with.
    pub(crate) ssrcs: Vec<Ssrc>,
    /// The layers that we take of what it offers to send.
    pub(crate) simulcast: Option<Simulcast>,
}

/// Sound that brings the packets before it along (RFC 2198).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RedOffer {
    pub(crate) payload_type: u8,
    /// The client would rather send this than its codec alone: browsers send what stands first in the answer.
    pub(crate) is_first: bool,
}

impl Kind {
    pub(crate) fn clock_rate(self) -> u32 {
        match self {
            Self::Audio => 48_000,
            Self::Video => 90_000,
        }
    }
}

/// What the client says of its end of the one transport (RFC 9143: all m-lines share it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteTransport {
    pub(crate) ufrag: String,
    pub(crate) fingerprints: Vec<Fingerprint>,
}

pub(crate) const SDES_MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const TRANSPORT_SEQUENCE_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
const REPAIRED_RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
const AUDIO_LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const PLAYOUT_DELAY_URI: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
