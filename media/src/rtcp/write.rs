//! Writing: a compound packet on the stack, no larger than what passes any path. What does not fit is left out.

use super::{
    APPLICATION, FIR, NACK, PAYLOAD_FEEDBACK, PLI, RECEIVER_REPORT, ReportBlock, SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
    TRANSPORT_FEEDBACK, TRANSPORT_WIDE, twcc,
};
use crate::track::Ssrc;

/// Leaves room for the SRTCP index, the tag, and the headers of IPv6, UDP and TURN in 1,280 bytes.
pub(super) const CAPACITY: usize = 1_160;

/// Of a packet's first byte.
const PADDING: u8 = 0x20;

/// Report blocks that one packet counts (five bits).
const MAX_BLOCKS: usize = 31;

#[derive(Debug)]
pub(crate) struct Compound {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Default for Compound {
    fn default() -> Self {
        Self { bytes: [0; CAPACITY], len: 0 }
    }
}

impl Compound {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// RFC 3550 §6.4.1, without report blocks: what we receive of the peer is in our receiver reports.
    pub(crate) fn sender_report(&mut self, ssrc: Ssrc, info: SenderInfo) {
        self.packet(SENDER_REPORT, 0, |packet| {
            packet.word(ssrc.0);
            packet.word((info.ntp >> 32) as u32);
            packet.word(info.ntp as u32);
            packet.word(info.rtp_timestamp);
            packet.word(info.packets);
            packet.word(info.octets);
        });
    }

    /// RFC 3550 §6.4.2.
    pub(crate) fn receiver_report(&mut self, sender: Ssrc, blocks: &[ReportBlock]) {
        let blocks = &blocks[..blocks.len().min(MAX_BLOCKS)];
        self.packet(RECEIVER_REPORT, blocks.len() as u8, |packet| {
            packet.word(sender.0);
            for block in blocks {
                packet.word(block.ssrc);
                packet.word(u32::from(block.fraction_lost) << 24 | block.cumulative_lost as u32 & 0xff_ffff);
                packet.word(block.highest_sequence);
                packet.word(block.jitter);
                packet.word(block.last_sr);
                packet.word(block.delay_since_last_sr);
            }
        });
    }

    /// RFC 3550 §6.5: one chunk with the CNAME.
    pub(crate) fn source_description(&mut self, ssrc: Ssrc, cname: &str) {
        let cname = &cname.as_bytes()[..cname.len().min(255)];
        self.packet(SOURCE_DESCRIPTION, 1, |packet| {
            packet.word(ssrc.0);
            packet.bytes(&[1, cname.len() as u8]);
            packet.bytes(cname);
            // At least one zero ends the list, as many as fill the word.
            packet.bytes(&[0; 4][..4 - (2 + cname.len()) % 4]);
        });
    }

    /// RFC 4585 §6.2.1. `lost` goes up, modulo 2^16.
    pub(crate) fn nack(&mut self, sender: Ssrc, media: Ssrc, lost: &[u16]) {
        self.packet(TRANSPORT_FEEDBACK, NACK, |packet| {
            packet.word(sender.0);
            packet.word(media.0);
            let mut rest = lost;
            while let [first, tail @ ..] = rest {
                let together = tail.iter().take_while(|next| (1..=16).contains(&next.wrapping_sub(*first))).count();
                let bits = tail[..together].iter().fold(0u16, |bits, next| bits | 1 << (next.wrapping_sub(*first) - 1));
                packet.word(u32::from(*first) << 16 | u32::from(bits));
                rest = &tail[together..];
            }
        });
    }

    /// RFC 4585 §6.3.1.
    pub(crate) fn pli(&mut self, sender: Ssrc, media: Ssrc) {
        self.packet(PAYLOAD_FEEDBACK, PLI, |packet| {
            packet.word(sender.0);
            packet.word(media.0);
        });
    }

    /// RFC 5104 §4.3.1; `command` goes up with each new request.
    pub(crate) fn fir(&mut self, sender: Ssrc, media: Ssrc, command: u8) {
        self.packet(PAYLOAD_FEEDBACK, FIR, |packet| {
            packet.word(sender.0);
            packet.word(0);
            packet.word(media.0);
            packet.word(u32::from(command) << 24);
        });
    }

    /// draft-alvestrand-rmcat-remb: at most `bitrate` bit/s for these together.
    pub(crate) fn remb(&mut self, sender: Ssrc, bitrate: u64, media: &[Ssrc]) {
        let exponent = (64 - 18u32).saturating_sub(bitrate.leading_zeros());
        let mantissa = (bitrate >> exponent) as u32;
        self.packet(PAYLOAD_FEEDBACK, APPLICATION, |packet| {
            packet.word(sender.0);
            packet.word(0);
            packet.bytes(b"REMB");
            packet.word((media.len() as u32) << 24 | exponent << 18 | mantissa);
            media.iter().for_each(|ssrc| packet.word(ssrc.0));
        });
    }

    /// When packets came, in ticks of 250 µs; `count` goes up with each. Gives of how many it tells.
    pub(crate) fn transport_feedback(
        &mut self,
        sender: Ssrc,
        media: Ssrc,
        base: u16,
        count: u8,
        arrivals: &[Option<u32>],
    ) -> usize {
        let mut told = 0;
        self.packet(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, |packet| {
            told = twcc::write(packet, sender, media, base, count, arrivals);
        });
        told
    }

    /// Writes one packet with its header; takes it back if it did not fit.
    fn packet(&mut self, kind: u8, count: u8, body: impl FnOnce(&mut Body<'_>)) {
        let start = self.len;
        let mut packet = Body { bytes: &mut self.bytes[start..], len: 0, overflown: false };
        packet.bytes(&[0x80 | count, kind, 0, 0]);
        body(&mut packet);
        let Body { len, overflown, .. } = packet;
        if overflown {
            return;
        }
        let words = (len / 4 - 1) as u16;
        self.bytes[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
        self.len = start + len;
    }
}

pub(super) struct Body<'a> {
    bytes: &'a mut [u8],
    len: usize,
    overflown: bool,
}

impl Body<'_> {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        match self.bytes.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.overflown = true,
        }
    }

    pub(super) fn word(&mut self, word: u32) {
        self.bytes(&word.to_be_bytes());
    }

    /// Fills the last word (RFC 3550 §6.4.1, padding).
    pub(super) fn pad(&mut self) {
        let missing = (4 - self.len % 4) % 4;
        if missing > 0 {
            self.bytes(&[0, 0][..missing - 1]);
            self.bytes(&[missing as u8]);
            self.bytes[0] |= PADDING;
        }
    }
}
