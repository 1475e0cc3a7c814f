//! SRTP and SRTCP (RFC 3711, RFC 7714): keys, replay windows, and sealing and opening in place.

mod cm;
mod gcm;
mod kdf;
mod replay;
#[cfg(test)]
pub(crate) mod test_util;
#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::error::Unspecified;

use cm::Cm;
use gcm::Gcm;
use kdf::{Label, derive};
pub use replay::ReplayWindow;

use crate::track::Ssrc;

/// The fixed header of RTP (RFC 3550 §5.1), which is all the header that we send.
const RTP_HEADER: usize = 12;

/// What SRTCP leaves in clear: the first header and the sender's SSRC (RFC 3711 §3.4).
const RTCP_CLEAR: usize = 8;

/// The E flag and the SRTCP index.
const RTCP_INDEX: usize = 4;

const ENCRYPTED: u32 = 1 << 31;

/// How many RTCP senders we keep a replay window for. A peer has one per track that it sends, and one more; a window outlives its track.
const RTCP_SENDERS: usize = 256;

/// The protection profiles we negotiate (RFC 5764 §4.1.2, RFC 7714 §14.2), the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SrtpProfile {
    AeadAes128Gcm,
    Aes128CmHmacSha1_80,
}

/// A master key and salt of one direction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey {
    pub key: [u8; 16],
    /// 14 bytes for AES-CM; 12 for GCM, padded with two zeros behind (RFC 7714 §11).
    pub salt: [u8; 14],
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

/// What DTLS negotiated for one session (RFC 5764 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    pub profile: SrtpProfile,
    /// With which we send.
    pub tx: MasterKey,
    /// With which the peer sends.
    pub rx: MasterKey,
}

/// Why a packet was not let in. Nothing was changed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("it is no SRTP or SRTCP packet")]
    Malformed,
    #[error("it was seen before, or is too old to tell")]
    Replayed,
    #[error("its authentication tag is wrong")]
    Unauthenticated,
}

impl From<Unspecified> for Rejected {
    fn from(_: Unspecified) -> Self {
        Self::Unauthenticated
    }
}

/// The session keys of one direction.
#[derive(Debug)]
enum Session {
    Gcm {
        rtp: Gcm,
        rtcp: Gcm,
    },
    /// Boxed: a keyed HMAC is some 1.7 kB.
    Cm {
        rtp: Box<Cm>,
        rtcp: Box<Cm>,
    },
}

impl Session {
    fn new(profile: SrtpProfile, master: &MasterKey) -> Self {
        match profile {
            SrtpProfile::AeadAes128Gcm => Self::Gcm {
                rtp: Gcm::new(&derive(master, Label::RtpKey), derive(master, Label::RtpSalt)),
                rtcp: Gcm::new(&derive(master, Label::RtcpKey), derive(master, Label::RtcpSalt)),
            },
            SrtpProfile::Aes128CmHmacSha1_80 => Self::Cm {
                rtp: Box::new(Cm::new(
                    &derive(master, Label::RtpKey),
                    derive(master, Label::RtpSalt),
                    &derive(master, Label::RtpAuth),
                )),
                rtcp: Box::new(Cm::new(
                    &derive(master, Label::RtcpKey),
                    derive(master, Label::RtcpSalt),
                    &derive(master, Label::RtcpAuth),
                )),
            },
        }
    }

    fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => gcm::TAG,
            Self::Cm { .. } => cm::TAG,
        }
    }
}

/// Seals what we send. It keeps no index: whoever calls it must never give one (SSRC, index) to two different packets.
#[derive(Debug)]
pub struct Sealer(Session);

impl Sealer {
    pub fn new(profile: SrtpProfile, master: &MasterKey) -> Self {
        Self(Session::new(profile, master))
    }

    /// Bytes that sealing adds to an RTP packet.
    pub fn rtp_overhead(&self) -> usize {
        self.0.tag_len()
    }

    /// Bytes that sealing adds to an RTCP packet.
    pub fn rtcp_overhead(&self) -> usize {
        self.0.tag_len() + RTCP_INDEX
    }

    /// Seals `payload` into `packet`, which begins with its header and is as long as the sealed packet. `index` is ROC and SEQ.
    ///
    /// This cannot fail for what fits into a datagram. Should the cipher refuse all the same, the packet becomes zeros: no plaintext leaves.
    pub fn seal_rtp(&self, index: u64, header_len: usize, payload: &[u8], packet: &mut [u8]) {
        debug_assert_eq!(packet.len(), header_len + payload.len() + self.rtp_overhead());
        let sealed = match &self.0 {
            Session::Gcm { rtp, .. } => {
                let (header, rest) = packet.split_at_mut(header_len);
                let (text, tag) = rest.split_at_mut(payload.len());
                rtp.seal(ssrc_at(header, 8), index, header, payload, text, tag)
            }
            Session::Cm { rtp, .. } => {
                let (authenticated, tag) = packet.split_at_mut(header_len + payload.len());
                let (header, text) = authenticated.split_at_mut(header_len);
                rtp.apply_key_stream_to(ssrc_at(header, 8), index, payload, text)
                    .map(|()| tag.copy_from_slice(&rtp.tag(authenticated, (index >> 16) as u32)))
            }
        };
        zero_unless(sealed, packet);
    }

    /// The same for a packet with its payload in place and any header; the last [`Sealer::rtp_overhead`] bytes are free.
    pub fn seal_rtp_in_place(&self, index: u64, header_len: usize, packet: &mut [u8]) {
        let sealed = self.seal_rtp_parts(index, header_len, packet);
        zero_unless(sealed, packet);
    }

    fn seal_rtp_parts(&self, index: u64, header_len: usize, packet: &mut [u8]) -> Result<(), Unspecified> {
        let end = packet.len() - self.rtp_overhead();
        let ssrc = ssrc_at(packet, 8);
        match &self.0 {
            Session::Gcm { rtp, .. } => {
                let (header, rest) = packet.split_at_mut(header_len);
                let (text, tag) = rest.split_at_mut(end - header_len);
                rtp.seal_in_place(ssrc, index, header, text, tag)
            }
            Session::Cm { rtp, .. } => {
                rtp.apply_key_stream(ssrc, index, &mut packet[header_len..end]);
                let tag = rtp.tag(&packet[..end], (index >> 16) as u32);
                packet[end..].copy_from_slice(&tag);
                Ok(())
            }
        }
    }

    /// Seals a compound packet in place; the last [`Sealer::rtcp_overhead`] bytes are free. `index` has 31 bits and is used once.
    pub fn seal_rtcp(&self, index: u32, packet: &mut [u8]) {
        let sealed = self.seal_rtcp_parts(index, packet);
        zero_unless(sealed, packet);
    }

    fn seal_rtcp_parts(&self, index: u32, packet: &mut [u8]) -> Result<(), Unspecified> {
        let end = packet.len() - self.rtcp_overhead();
        let ssrc = ssrc_at(packet, 4);
        let trailer = index | ENCRYPTED;
        match &self.0 {
            Session::Gcm { rtcp, .. } => {
                let (header, rest) = packet.split_at_mut(RTCP_CLEAR);
                let (text, rest) = rest.split_at_mut(end - RTCP_CLEAR);
                let (tag, index_field) = rest.split_at_mut(gcm::TAG);
                index_field.copy_from_slice(&trailer.to_be_bytes());
                rtcp.seal_in_place(ssrc, u64::from(index), &rtcp_aad(header, trailer), text, tag)
            }
            Session::Cm { rtcp, .. } => {
                rtcp.apply_key_stream(ssrc, u64::from(index), &mut packet[RTCP_CLEAR..end]);
                let tag = rtcp.tag(&packet[..end], trailer);
                packet[end..end + RTCP_INDEX].copy_from_slice(&trailer.to_be_bytes());
                packet[end + RTCP_INDEX..].copy_from_slice(&tag);
                Ok(())
            }
        }
    }
}

/// An RTP packet that was let in: its payload lies between the header and `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// ROC and SEQ.
    pub index: u64,
    pub end: usize,
}

/// Opens what a peer sends. The replay windows of RTP live with the tracks, those of RTCP here.
#[derive(Debug)]
pub struct Opener {
    session: Session,
    rtcp_senders: Vec<(Ssrc, ReplayWindow)>,
}

impl Opener {
    pub fn new(profile: SrtpProfile, master: &MasterKey) -> Self {
        Self { session: Session::new(profile, master), rtcp_senders: Vec::new() }
    }

    /// Decrypts in place. `window` is that of the packet's SSRC, and moves on only if the packet is authentic.
    pub fn open_rtp(&self, window: &mut ReplayWindow, header_len: usize, packet: &mut [u8]) -> Result<Opened, Rejected> {
        if header_len < RTP_HEADER || packet.len() < header_len + self.session.tag_len() {
            return Err(Rejected::Malformed);
        }
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let index = window.index_of(sequence).ok_or(Rejected::Replayed)?;
        if !window.is_new(index) {
            return Err(Rejected::Replayed);
        }
        let ssrc = ssrc_at(packet, 8);
        let end = packet.len() - self.session.tag_len();
        match &self.session {
            Session::Gcm { rtp, .. } => {
                let (header, sealed) = packet.split_at_mut(header_len);
                rtp.open_in_place(ssrc, index, header, sealed)?;
            }
            Session::Cm { rtp, .. } => {
                let (text, tag) = packet.split_at_mut(end);
                rtp.verify(text, (index >> 16) as u32, tag)?;
                rtp.apply_key_stream(ssrc, index, &mut text[header_len..]);
            }
        }
        window.mark(index);
        Ok(Opened { index, end })
    }

    /// Decrypts a compound packet in place and gives its length.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Rejected> {
        let overhead = self.session.tag_len() + RTCP_INDEX;
        let end = packet.len().checked_sub(overhead).filter(|end| *end >= RTCP_CLEAR).ok_or(Rejected::Malformed)?;
        let ssrc = Ssrc(ssrc_at(packet, 4));
        let index_at = match self.session {
            Session::Gcm { .. } => packet.len() - RTCP_INDEX,
            Session::Cm { .. } => end,
        };
        let trailer = ssrc_at(packet, index_at);
        let index = u64::from(trailer & !ENCRYPTED);
        let known = self.rtcp_senders.iter().position(|(sender, _)| *sender == ssrc);
        if known.is_some_and(|at| !self.rtcp_senders[at].1.is_new(index)) {
            return Err(Rejected::Replayed);
        }
        // A peer that keeps to its session never gets here; another's packet is authenticated before it takes a place.
        if known.is_none() && self.rtcp_senders.len() == RTCP_SENDERS {
            return Err(Rejected::Replayed);
        }
        self.open_rtcp_parts(ssrc, trailer, end, packet)?;
        let at = known.unwrap_or_else(|| {
            self.rtcp_senders.push((ssrc, ReplayWindow::default()));
            self.rtcp_senders.len() - 1
        });
        self.rtcp_senders[at].1.mark(index);
        Ok(end)
    }

    fn open_rtcp_parts(&self, ssrc: Ssrc, trailer: u32, end: usize, packet: &mut [u8]) -> Result<(), Rejected> {
        // We always encrypt, and WebRTC asks the same of everybody (RFC 8834 §5).
        if trailer & ENCRYPTED == 0 {
            return Err(Rejected::Malformed);
        }
        let index = u64::from(trailer & !ENCRYPTED);
        match &self.session {
            Session::Gcm { rtcp, .. } => {
                let (header, rest) = packet.split_at_mut(RTCP_CLEAR);
                let sealed = &mut rest[..end - RTCP_CLEAR + gcm::TAG];
                rtcp.open_in_place(ssrc.0, index, &rtcp_aad(header, trailer), sealed)?;
            }
            Session::Cm { rtcp, .. } => {
                let (text, rest) = packet.split_at_mut(end);
                rtcp.verify(text, trailer, &rest[RTCP_INDEX..])?;
                rtcp.apply_key_stream(ssrc.0, index, &mut text[RTCP_CLEAR..]);
            }
        }
        Ok(())
    }
}

/// RFC 7714 §9.2: the clear header and the index word.
fn rtcp_aad(header: &[u8], trailer: u32) -> [u8; RTCP_CLEAR + RTCP_INDEX] {
    let mut aad = [0; RTCP_CLEAR + RTCP_INDEX];
    aad[..RTCP_CLEAR].copy_from_slice(header);
    aad[RTCP_CLEAR..].copy_from_slice(&trailer.to_be_bytes());
    aad
}

fn ssrc_at(packet: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]])
}

fn zero_unless(sealed: Result<(), Unspecified>, packet: &mut [u8]) {
    debug_assert!(sealed.is_ok());
    if sealed.is_err() {
        packet.fill(0);
    }
}
