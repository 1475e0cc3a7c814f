//! What SDP negotiated with one member, as far as the packet path needs to know it.

pub use crate::rtp::Extensions;
use crate::track::{Kind, Mid, Rid, Ssrc};

/// The m-lines of one member, in the order of its SDP. The order counts: the n-th down track of a kind is slot n.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaDescription {
    pub lines: Vec<MediaLine>,
}

/// One m-line that was not rejected. `up` and `down` are from our side: up is what the member sends us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaLine {
    pub mid: Mid,
    pub kind: Kind,
    /// As this member numbers it, both ways (RFC 8829 §5.3.1: an answer uses the offer's numbers).
    pub payload_type: u8,
    /// RFC 4588; `None` when retransmissions are not negotiated as a stream of their own.
    pub rtx_payload_type: Option<u8>,
    /// RFC 2198, with the codec of `payload_type` alone in it; sound only.
    pub red_payload_type: Option<u8>,
    /// Hz.
    pub clock_rate: u32,
    pub feedback: Feedback,
    /// The id of `urn:ietf:params:rtp-hdrext:sdes:mid`, 1 to 255, when negotiated on this line.
    pub mid_extension: Option<u8>,
    pub extensions: Extensions,
    pub up: Option<UpDescription>,
    pub down: Option<DownDescription>,
}

/// RTCP feedback that the m-line allows (RFC 4585 `a=rtcp-fb`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    pub nack: bool,
    pub pli: bool,
    pub fir: bool,
    /// `goog-remb`.
    pub remb: bool,
}

/// What the member sends on this line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpDescription {
    /// Every SSRC the member announced (`a=ssrc`), media and RTX alike: their payload types tell them apart. Empty if it announced
    /// none: then the first SSRC with this line's mid or payload type is taken.
    pub ssrcs: Vec<Ssrc>,
    /// Set when the picture comes in layers: then no SSRC is taken but by its rid.
    pub simulcast: Option<Simulcast>,
}

/// The layers of one picture (RFC 8853), and how their packets name them (RFC 8852).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulcast {
    /// Two or three, each once. Their order says nothing: browsers differ in it.
    pub rids: Vec<Rid>,
    /// The id of `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`, 1 to 14.
    pub rid_extension: u8,
    /// The id of `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id`, by which RTX tells what it repairs.
    pub repaired_rid_extension: Option<u8>,
}

/// What we send the member on this line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownDescription {
    /// Ours, as the answer says it. It must differ from every other SSRC of this member's session, and stay the same over a renegotiation.
    pub ssrc: Ssrc,
    /// Only with `rtx_payload_type`.
    pub rtx_ssrc: Option<Ssrc>,
    /// RFC 3550 §6.5.1; audio and video that belong together have the same.
    pub cname: String,
}
