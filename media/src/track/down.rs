//! A down track: what we send a subscriber on one m-line. Its sequence numbers and timestamps go on, whichever publisher is behind it.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use super::{
    Kind, Ssrc,
    nack::{CachedPacket, LATE},
    splice::{Lost, Splice, Spliced},
    up::{Generation, LONGEST_WAIT, MediaPacket},
    vp8::PictureShift,
};
use crate::{
    room::{DownDescription, MediaLine},
    rtcp::{ReportBlock, SenderInfo},
    rtp::{Extensions, OutHeader, PlayoutDelay},
};

/// Of so many packets one is chosen to fill a line with: about what two frames have.
const NEWEST: u64 = 32;

/// What a subscriber may have sent again at once, and for each byte sent: asking cannot make us send it more than half as much again.
const RESEND_BURST: usize = 128 * 1024;
const RESEND_SHARE: usize = 2;

/// A browser waits one round trip for repairs. On a line that loses more than this, some repairs are lost too, and come with the second; and
/// sound brings the packet before it along (until it loses half as much).
const LOSSY: f32 = 0.02;
/// Reports. Of pictures one comes about every second, of sound every five, with 250 packets in it.
const LOSS_SMOOTHING: f32 = 8.0;
const LOSS_SMOOTHING_OF_SOUND: f32 = 2.0;
/// Until the gap shows, and its request leaves.
const FRAME: Duration = Duration::from_millis(60);

#[derive(Clone, Copy, Debug)]
struct Rtx {
    ssrc: Ssrc,
    payload_type: u8,
}

/// A packet's place in the down track: the index to seal it with, its header, and what becomes of the picture's numbers in its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) index: u64,
    pub(crate) header: OutHeader,
    pub(crate) pictures: PictureShift,
}

/// What goes out for a [`Lost`] packet. Over RTX, the original sequence number stands before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retransmission {
    pub(crate) placed: Placed,
    pub(crate) original: Option<u16>,
}

#[derive(Debug)]
pub(crate) struct DownTrack {
    kind: Kind,
    ssrc: Ssrc,
    payload_type: u8,
    rtx: Option<Rtx>,
    /// Of sound.
    red_payload_type: Option<u8>,
    extensions: Extensions,
    header_len: usize,
    cname: String,
    splice: Splice,
    next_rtx_index: u64,
    /// For sender reports, modulo 2^32.
    packets: u32,
    octets: u32,
    /// Bytes that may be sent again now.
    resend_budget: usize,
    /// What is sent before anybody asks: the indexes between the last two marks, and where the last one is, in packets and in bytes.
    ripe: Range<u64>,
    marked: u64,
    marked_octets: u32,
    /// The last sender report: the middle of its NTP time, and when we sent it.
    reported: Option<(u32, Instant)>,
    /// What the subscriber last said.
    round_trip: Option<Duration>,
    fraction_lost: u8,
    /// What of the packets is lost, smoothed: 0 to 1.
    loss: f32,
    is_lossy: bool,
    /// What a picture waits for repairs on the subscriber's line.
    playout_delay: PlayoutDelay,
}

impl DownTrack {
    /// The first index comes from the SSRC, which is random, and is below 2^15: a subscriber that misses the first packets must not take
    /// an early roll-over for none (RFC 3711 §3.3.1).
    pub(crate) fn new(line: &MediaLine, down: &DownDescription) -> Self {
        let first = u64::from(down.ssrc.0.wrapping_mul(0x9e37_79b9) >> 18);
        let mut track = Self {
            kind: line.kind,
            ssrc: down.ssrc,
            payload_type: line.payload_type,
            rtx: None,
            red_payload_type: None,
            extensions: Extensions::default(),
            header_len: 0,
            cname: String::new(),
            splice: Splice::new(line.clock_rate, line.kind == Kind::Video, first),
            next_rtx_index: u64::from(down.ssrc.0.wrapping_mul(0x85eb_ca6b) >> 18),
            packets: 0,
            octets: 0,
            resend_budget: RESEND_BURST,
            ripe: 0..0,
            marked: 0,
            marked_octets: 0,
            reported: None,
            round_trip: None,
            fraction_lost: 0,
            loss: 0.0,
            is_lossy: false,
            playout_delay: PlayoutDelay::default(),
        };
        track.configure(line, down);
        track
    }

    /// A renegotiation. Another payload type, or another extension, makes other packets, which may not go out under an index that was used.
    pub(crate) fn configure(&mut self, line: &MediaLine, down: &DownDescription) {
        debug_assert_eq!(self.ssrc, down.ssrc);
        if (self.payload_type, self.extensions) != (line.payload_type, line.extensions) {
            self.payload_type = line.payload_type;
            self.splice.end_mapping();
        }
        self.rtx = down.rtx_ssrc.zip(line.rtx_payload_type).map(|(ssrc, payload_type)| Rtx { ssrc, payload_type });
        self.red_payload_type = line.red_payload_type;
        (self.extensions, self.header_len) = (line.extensions, line.extensions.header_len());
        self.cname.clone_from(&down.cname);
    }

    /// What comes until the next packet is placed is left out.
    pub(crate) fn pause(&mut self) {
        self.splice.pause();
    }

    /// New keys begin a new roll-over count on the other side; sequence numbers go on.
    pub(crate) fn rekey(&mut self) {
        self.splice.rekey();
        self.next_rtx_index &= 0xffff;
    }

    /// What stands in the header of each packet, and how long that is.
    pub(crate) fn extensions(&self) -> (Extensions, usize) {
        (self.extensions, self.header_len)
    }

    /// The run of an up track that it shows.
    pub(crate) fn generation(&self) -> Option<Generation> {
        self.splice.generation()
    }

    pub(crate) fn has_rtx(&self) -> bool {
        self.rtx.is_some()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn is_video(&self) -> bool {
        self.kind == Kind::Video
    }

    pub(crate) fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Whether one of our SSRCs for another track is one of this track's.
    pub(crate) fn uses(&self, other: &DownDescription) -> bool {
        let ours = [Some(self.ssrc), self.rtx.map(|rtx| rtx.ssrc)];
        ours.contains(&Some(other.ssrc)) || other.rtx_ssrc.is_some() && ours.contains(&other.rtx_ssrc)
    }

    pub(crate) fn cname(&self) -> &str {
        &self.cname
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    pub(crate) fn fraction_lost(&self) -> u8 {
        self.fraction_lost
    }

    /// Where a packet goes; `None` if it is older than the mapping, or if a keyframe must come first.
    #[inline]
    pub(crate) fn place(&mut self, now: Instant, packet: &MediaPacket, payload_len: usize) -> Option<Placed> {
        let spliced = self.splice.place(now, packet)?;
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload_len as u32);
        self.resend_budget = (self.resend_budget + payload_len / RESEND_SHARE).min(RESEND_BURST);
        Some(self.placed(spliced, packet.marker, packet.padding))
    }

    fn placed(&self, Spliced { index, timestamp, pictures }: Spliced, marker: bool, padding: bool) -> Placed {
        let (payload_type, ssrc) = (self.payload_type, self.ssrc);
        let header = OutHeader { marker, padding, payload_type, sequence: index as u16, timestamp, ssrc };
        Placed { index, header, pictures }
    }

    /// Whether packets may bring the one before along.
    #[inline]
    pub(crate) fn takes_red(&self) -> bool {
        self.red_payload_type.is_some()
    }

    /// Whether packets get lost, by the subscriber's reports: on its line, or before us.
    #[inline]
    pub(crate) fn is_lossy(&self) -> bool {
        self.is_lossy
    }

    /// The payload type of a packet with this index that brings the one before along, if that was of the same run.
    pub(crate) fn red(&self, index: u64) -> Option<u8> {
        self.lost(index.checked_sub(1)? as u16)?;
        self.red_payload_type
    }

    /// What a NACK's sequence number stands for, if it is of the present mapping.
    pub(crate) fn lost(&self, sequence: u16) -> Option<Lost> {
        self.splice.lost(sequence)
    }

    /// The newest packets that were placed, the last first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = Lost> {
        let last = self.splice.next_index;
        (1..=NEWEST).map_while(move |back| self.lost(last.checked_sub(back)? as u16))
    }

    /// Sets a mark. Ripe is what was placed between the last mark and the one before. Gives the bytes since the last one.
    pub(crate) fn ripen(&mut self) -> u32 {
        let next = self.splice.next_index;
        self.ripe = self.ripe.end..self.marked;
        let bytes = self.octets.wrapping_sub(self.marked_octets);
        (self.marked, self.marked_octets) = (next, self.octets);
        bytes
    }

    pub(crate) fn ripe(&self) -> Range<u64> {
        self.ripe.clone()
    }

    /// How a packet goes out again: over RTX when there is one, otherwise as it was. `None` when the subscriber has had enough for now, which
    /// it has not of what is sent `ahead`: that is each packet once.
    pub(crate) fn resend(&mut self, lost: Lost, packet: &CachedPacket<'_>, ahead: bool) -> Option<Retransmission> {
        // Sound may have brought another packet along: sent without it, it would be another one under the same nonce.
        if self.kind == Kind::Audio {
            return None;
        }
        let spliced = self.splice.again(lost, packet.timestamp)?;
        // With other extensions it would be another packet under the same nonce.
        if self.rtx.is_none() && self.extensions != Extensions::default() {
            return None;
        }
        if !ahead {
            self.resend_budget = self.resend_budget.checked_sub(packet.payload.len())?;
        }
        let placed = self.placed(spliced, packet.marker, packet.padding);
        let Some(Rtx { ssrc, payload_type }) = self.rtx else { return Some(Retransmission { placed, original: None }) };
        let index = self.next_rtx_index;
        self.next_rtx_index += 1;
        let original = Some(placed.header.sequence);
        let header = OutHeader { ssrc, payload_type, sequence: index as u16, ..placed.header };
        Some(Retransmission { placed: Placed { index, header, ..placed }, original })
    }

    /// The publisher's sender report, as ours: NTP time kept, RTP time of this track. `None` before the publisher's packets are.
    pub(crate) fn sender_report(&mut self, now: Instant, generation: Generation, info: SenderInfo) -> Option<SenderInfo> {
        let rtp_timestamp = self.splice.time_of(generation, info.rtp_timestamp)?;
        self.reported = Some((info.middle_ntp(), now));
        Some(SenderInfo { ntp: info.ntp, rtp_timestamp, packets: self.packets, octets: self.octets })
    }

    /// What the subscriber says of this track (RFC 3550 §6.4.1: round trip = now - LSR - DLSR).
    pub(crate) fn receiver_report(&mut self, now: Instant, block: &ReportBlock) {
        self.fraction_lost = block.fraction_lost;
        if let Some((_, sent)) = self.reported.filter(|(ntp, _)| *ntp == block.last_sr && block.last_sr != 0) {
            let held = Duration::from_micros(u64::from(block.delay_since_last_sr) * 1_000_000 / 65_536);
            self.round_trip = now.saturating_duration_since(sent).checked_sub(held).or(self.round_trip);
        }
        let smoothing = if self.is_video() { LOSS_SMOOTHING } else { LOSS_SMOOTHING_OF_SOUND };
        self.loss += (f32::from(block.fraction_lost) / 256.0 - self.loss) / smoothing;
        self.is_lossy = self.loss > if self.is_lossy { LOSSY / 2.0 } else { LOSSY };
        let repaired = self.round_trip.filter(|_| self.loss > LOSSY).map(|time| time + FRAME + time.saturating_sub(LATE));
        self.playout_delay = repaired.map(|time| PlayoutDelay::at_least(time.min(LONGEST_WAIT))).unwrap_or_default();
    }

    pub(crate) fn playout_delay(&self) -> PlayoutDelay {
        self.playout_delay
    }
}

#[cfg(test)]
#[path = "down_tests.rs"]
mod tests;
