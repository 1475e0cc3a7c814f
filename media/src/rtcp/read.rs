//! Reading: an iterator over a decrypted compound packet. It ends at the first thing that cannot be RTCP.

use super::{
    APPLICATION, BYE, FIR, NACK, PAYLOAD_FEEDBACK, PLI, RECEIVER_REPORT, ReportBlock, SENDER_REPORT, SenderInfo,
    TRANSPORT_FEEDBACK, TRANSPORT_WIDE, TransportFeedback, ssrc, word,
};
use crate::track::Ssrc;

const BLOCK: usize = 24;

/// One packet of a compound; its lists are read as they are iterated.
#[derive(Clone, Debug)]
pub(crate) enum Packet<'a> {
    SenderReport {
        ssrc: Ssrc,
        info: SenderInfo,
        blocks: Blocks<'a>,
    },
    ReceiverReport {
        blocks: Blocks<'a>,
    },
    Bye {
        ssrcs: Ssrcs<'a>,
    },
    Nack {
        media: Ssrc,
        lost: Lost<'a>,
    },
    Pli {
        media: Ssrc,
    },
    Fir {
        media: Ssrcs<'a>,
    },
    /// In bit/s.
    Remb {
        bitrate: u64,
    },
    Transport(TransportFeedback<'a>),
    /// A kind that we have no use for.
    Other,
}

pub(crate) fn packets(compound: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    let mut rest = compound;
    std::iter::from_fn(move || {
        let [first, kind, l0, l1] = *rest.first_chunk::<4>()?;
        let (packet, next) = rest.split_at_checked(4 + 4 * usize::from(u16::from_be_bytes([l0, l1])))?;
        if first >> 6 != 2 {
            return None;
        }
        rest = next;
        Some(parse(kind, first & 0x1f, packet).unwrap_or(Packet::Other))
    })
}

/// `count` is the header's five bits: a count of reports or sources, or a feedback format.
fn parse(kind: u8, count: u8, packet: &[u8]) -> Option<Packet<'_>> {
    let blocks = |from| Some(Blocks { rest: packet.get(from..)?, left: count });
    Some(match (kind, count) {
        (SENDER_REPORT, _) => {
            let ntp = u64::from(word(packet, 8)?) << 32 | u64::from(word(packet, 12)?);
            let info =
                SenderInfo { ntp, rtp_timestamp: word(packet, 16)?, packets: word(packet, 20)?, octets: word(packet, 24)? };
            Packet::SenderReport { ssrc: ssrc(packet, 4)?, info, blocks: blocks(28)? }
        }
        (RECEIVER_REPORT, _) => Packet::ReceiverReport { blocks: blocks(8)? },
        (BYE, _) => Packet::Bye { ssrcs: Ssrcs { rest: packet.get(4..)?, left: usize::from(count), stride: 4 } },
        (TRANSPORT_FEEDBACK, NACK) => Packet::Nack { media: ssrc(packet, 8)?, lost: Lost::new(packet.get(12..)?) },
        (TRANSPORT_FEEDBACK, TRANSPORT_WIDE) => Packet::Transport(TransportFeedback::parse(packet)?),
        (PAYLOAD_FEEDBACK, PLI) => Packet::Pli { media: ssrc(packet, 8)? },
        (PAYLOAD_FEEDBACK, FIR) => Packet::Fir { media: Ssrcs { rest: packet.get(12..)?, left: usize::MAX, stride: 8 } },
        (PAYLOAD_FEEDBACK, APPLICATION) => Packet::Remb { bitrate: remb(packet)? },
        _ => Packet::Other,
    })
}

/// draft-alvestrand-rmcat-remb §2.2.
fn remb(packet: &[u8]) -> Option<u64> {
    if packet.get(12..16)? != b"REMB" {
        return None;
    }
    let field = word(packet, 16)?;
    let exponent = field >> 18 & 0x3f;
    let mantissa = u64::from(field & 0x3_ffff);
    // A mantissa of 18 bits leaves 46 to shift into; more is more than any line has.
    Some(mantissa.checked_shl(exponent).filter(|_| exponent <= 46).unwrap_or(u64::MAX))
}

#[derive(Clone, Debug)]
pub(crate) struct Blocks<'a> {
    rest: &'a [u8],
    left: u8,
}

impl Iterator for Blocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        self.left = self.left.checked_sub(1)?;
        let (block, rest) = self.rest.split_at_checked(BLOCK)?;
        self.rest = rest;
        let loss = word(block, 4)?;
        Some(ReportBlock {
            ssrc: word(block, 0)?,
            fraction_lost: (loss >> 24) as u8,
            // The shift carries the sign of the 24 bits.
            cumulative_lost: (loss << 8) as i32 >> 8,
            highest_sequence: word(block, 8)?,
            jitter: word(block, 12)?,
            last_sr: word(block, 16)?,
            delay_since_last_sr: word(block, 20)?,
        })
    }
}

/// SSRCs, one at the start of every `stride` bytes.
#[derive(Clone, Debug)]
pub(crate) struct Ssrcs<'a> {
    rest: &'a [u8],
    left: usize,
    stride: usize,
}

impl Iterator for Ssrcs<'_> {
    type Item = Ssrc;

    fn next(&mut self) -> Option<Ssrc> {
        self.left = self.left.checked_sub(1)?;
        let (entry, rest) = self.rest.split_at_checked(self.stride)?;
        self.rest = rest;
        ssrc(entry, 0)
    }
}

/// Sequence numbers of a NACK: a packet id, and a bit for each of the 16 behind it (RFC 4585 §6.2.1).
#[derive(Clone, Debug)]
pub(crate) struct Lost<'a> {
    rest: &'a [u8],
    /// The next number of the current entry, and which of those from there on are lost.
    next: u16,
    bits: u32,
}

impl<'a> Lost<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, next: 0, bits: 0 }
    }
}

impl Iterator for Lost<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.bits == 0 {
            let ([p0, p1, b0, b1], rest) = self.rest.split_first_chunk::<4>()?;
            self.rest = rest;
            self.next = u16::from_be_bytes([*p0, *p1]);
            self.bits = u32::from(u16::from_be_bytes([*b0, *b1])) << 1 | 1;
        }
        let skip = self.bits.trailing_zeros();
        let lost = self.next.wrapping_add(skip as u16);
        self.next = lost.wrapping_add(1);
        self.bits = self.bits >> skip >> 1;
        Some(lost)
    }
}
