//! RTP headers (RFC 3550 §5.1, RFC 8285): read from any packet, written without CSRCs and with the extensions of our own down tracks.

use std::time::Duration;

use crate::track::Ssrc;

/// The length of the header that we write, and the least that any packet has.
pub(crate) const HEADER: usize = 12;

const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
const MARKER: u8 = 0x80;
const ONE_BYTE_EXTENSIONS: u16 = 0xbede;
/// What all extensions of one packet take at most.
const MAX_EXTENSIONS: usize = 16;

/// Whether a datagram that is RTP or RTCP is the latter (RFC 5761 §4).
pub(crate) fn is_rtcp(data: &[u8]) -> bool {
    data.get(1).is_some_and(|second| (192..=223).contains(second))
}

/// The fields of a received header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) marker: bool,
    /// The payload ends with padding, its last byte says how much.
    pub(crate) padding: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: Ssrc,
    /// Where the payload begins, behind CSRCs and extensions.
    pub(crate) len: usize,
    block: Option<Block>,
}

/// Where the extensions of a received header are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    profile: u16,
    start: usize,
}

impl Header {
    /// `None` for what is no RTP version 2, or too short for what its header announces.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let fixed = data.first_chunk::<HEADER>()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut len = HEADER + 4 * usize::from(fixed[0] & 0x0f);
        let mut block = None;
        if fixed[0] & EXTENSION != 0 {
            let [p0, p1, l0, l1] = *data.get(len..)?.first_chunk::<4>()?;
            block = Some(Block { profile: u16::from_be_bytes([p0, p1]), start: len + 4 });
            len += 4 + 4 * usize::from(u16::from_be_bytes([l0, l1]));
        }
        (len <= data.len()).then_some(Self {
            marker: fixed[1] & MARKER != 0,
            padding: fixed[0] & PADDING != 0,
            payload_type: fixed[1] & !MARKER,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: Ssrc(u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]])),
            len,
            block,
        })
    }

    /// The value of the header extension `id` in the packet that this header was parsed from (RFC 8285 §4.2, §4.3).
    pub(crate) fn extension<'a>(&self, data: &'a [u8], id: u8) -> Option<&'a [u8]> {
        let block = self.block?;
        let one_byte = block.profile == ONE_BYTE_EXTENSIONS;
        if !one_byte && block.profile & 0xfff0 != 0x1000 {
            return None;
        }
        let mut rest = data.get(block.start..self.len)?;
        while let [first, tail @ ..] = rest {
            if *first == 0 {
                rest = tail;
                continue;
            }
            let (found, len, body) = if one_byte {
                (first >> 4, usize::from(first & 0x0f) + 1, tail)
            } else {
                let (len, body) = tail.split_first()?;
                (*first, usize::from(*len), body)
            };
            // RFC 8285 §4.2: the one-byte id 15 ends the list.
            if one_byte && found == 15 {
                return None;
            }
            let (value, next) = body.split_at_checked(len)?;
            if found == id {
                return Some(value);
            }
            rest = next;
        }
        None
    }
}

/// Header extensions of an m-line in both directions, by their ids (1 to 14), when negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// The transport-wide sequence number, with its RTCP feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub transport_sequence: Option<u8>,
    /// How loud the sound is (RFC 6464).
    pub audio_level: Option<u8>,
    /// How long a picture waits before it is shown (`http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`).
    pub playout_delay: Option<u8>,
}

impl Extensions {
    /// Of the whole header that has them: their room in it is always the same.
    pub(crate) fn header_len(self) -> usize {
        let room = |id: Option<u8>, len| id.map_or(0, |_| 1 + len);
        match room(self.transport_sequence, 2) + room(self.audio_level, 1) + room(self.playout_delay, PLAYOUT_DELAY) {
            0 => HEADER,
            len => HEADER + (4 + len).next_multiple_of(4),
        }
    }

    /// Writes `header` and the extensions to the beginning of a packet (RFC 8285 §4.2). A value that there is none of leaves its room empty.
    #[inline]
    pub(crate) fn write(self, header: OutHeader, values: ExtensionValues, packet: &mut [u8]) {
        packet[..HEADER].copy_from_slice(&header.to_bytes());
        let len = self.header_len();
        if len == HEADER {
            return;
        }
        packet[0] |= EXTENSION;
        let words = (len - HEADER) / 4 - 1;
        let mut block = [0; MAX_EXTENSIONS];
        block[..4].copy_from_slice(&[0xbe, 0xde, 0, words as u8]);
        let mut at = 4;
        if let Some(id) = self.transport_sequence {
            let [high, low] = values.transport_sequence.to_be_bytes();
            block[at..at + 3].copy_from_slice(&[id << 4 | 1, high, low]);
            at += 3;
        }
        if let (Some(id), Some(level)) = (self.audio_level, values.audio_level) {
            block[at..at + 2].copy_from_slice(&[id << 4, level]);
            at += 2;
        }
        if let Some(id) = self.playout_delay {
            let [a, b, c] = values.playout_delay.to_bytes();
            block[at..at + 4].copy_from_slice(&[id << 4 | 2, a, b, c]);
        }
        packet[HEADER..len].copy_from_slice(&block[..len - HEADER]);
    }
}

/// What the extensions of one packet say, as far as its m-line has them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExtensionValues {
    pub(crate) transport_sequence: u16,
    pub(crate) audio_level: Option<u8>,
    pub(crate) playout_delay: PlayoutDelay,
}

/// Bytes of a [`PlayoutDelay`].
pub(crate) const PLAYOUT_DELAY: usize = 3;

/// How long a receiver lets a picture wait from its arrival until it is shown: the least and the most, in 10 ms, of 12 bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlayoutDelay {
    least: u16,
    most: u16,
}

impl Default for PlayoutDelay {
    /// What a browser does by itself. A smaller `most` without a `least` would make it show pictures as soon as they come.
    fn default() -> Self {
        Self { least: 0, most: 1_000 }
    }
}

impl PlayoutDelay {
    pub(crate) fn from_bytes(bytes: [u8; PLAYOUT_DELAY]) -> Self {
        let [a, b, c] = bytes.map(u16::from);
        Self { least: a << 4 | b >> 4, most: (b & 0xf) << 8 | c }
    }

    fn to_bytes(self) -> [u8; PLAYOUT_DELAY] {
        let (least, most) = (self.least.min(0xfff), self.most.min(0xfff));
        [(least >> 4) as u8, (least << 4 | most >> 8) as u8, most as u8]
    }

    /// Not shorter than this.
    pub(crate) fn at_least(time: Duration) -> Self {
        let least = time.as_millis().div_ceil(10).min(0xfff) as u16;
        Self { least, ..Self::default() }
    }

    /// As long as both say: where they contradict each other, the longer one.
    #[inline]
    pub(crate) fn and(self, other: Self) -> Self {
        let least = self.least.max(other.least);
        Self { least, most: self.most.min(other.most).max(least) }
    }
}

/// What a down track says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutHeader {
    pub(crate) marker: bool,
    pub(crate) padding: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: Ssrc,
}

impl OutHeader {
    #[inline]
    pub(crate) fn to_bytes(self) -> [u8; HEADER] {
        let s = self.sequence.to_be_bytes();
        let t = self.timestamp.to_be_bytes();
        let c = self.ssrc.0.to_be_bytes();
        let first = 0x80 | if self.padding { PADDING } else { 0 };
        let second = self.payload_type | if self.marker { MARKER } else { 0 };
        [first, second, s[0], s[1], t[0], t[1], t[2], t[3], c[0], c[1], c[2], c[3]]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fixed(first: u8) -> Vec<u8> {
        vec![first, 0x80 | 96, 0x12, 0x34, 0, 0, 0, 5, 0, 0, 0, 7]
    }

    #[test]
    fn reads_what_it_writes() {
        let out = OutHeader {
            marker: true,
            padding: true,
            payload_type: 111,
            sequence: 0xfffe,
            timestamp: 1 << 31,
            ssrc: Ssrc(0xcafe_babe),
        };
        let header = Header::parse(&out.to_bytes()).unwrap();
        assert_eq!((header.marker, header.padding, header.payload_type), (true, true, 111));
        assert_eq!((header.sequence, header.timestamp, header.ssrc, header.len), (0xfffe, 1 << 31, Ssrc(0xcafe_babe), 12));
    }

    #[test]
    fn extensions_are_found_where_they_were_written() {
        let header = OutHeader { marker: false, padding: false, payload_type: 111, sequence: 1, timestamp: 2, ssrc: Ssrc(3) };
        let both = Extensions { transport_sequence: Some(3), audio_level: Some(1), playout_delay: None };
        let loud = ExtensionValues { transport_sequence: 0xabcd, audio_level: Some(0x85), ..Default::default() };
        let mut packet = [0xff; 40];
        both.write(header, loud, &mut packet);
        let read = Header::parse(&packet).unwrap();
        assert_eq!((read.len, read.sequence), (both.header_len(), 1));
        assert_eq!(read.extension(&packet, 3), Some(&[0xab, 0xcd][..]));
        assert_eq!(read.extension(&packet, 1), Some(&[0x85][..]));
        both.write(header, ExtensionValues::default(), &mut packet);
        assert_eq!(Header::parse(&packet).unwrap().extension(&packet, 1), None);
        let one = Extensions { audio_level: None, ..both };
        one.write(header, loud, &mut packet);
        assert_eq!(Header::parse(&packet).map(|header| header.len), Some(20));
        Extensions::default().write(header, loud, &mut packet);
        assert_eq!(Header::parse(&packet).map(|header| header.len), Some(HEADER));
    }

    #[test]
    fn a_picture_says_how_long_it_waits() {
        let header = OutHeader { marker: false, padding: false, payload_type: 96, sequence: 1, timestamp: 2, ssrc: Ssrc(3) };
        let all = Extensions { transport_sequence: Some(3), audio_level: Some(1), playout_delay: Some(5) };
        let playout_delay = PlayoutDelay::at_least(Duration::from_millis(331));
        let mut packet = [0xff; 40];
        all.write(header, ExtensionValues { transport_sequence: 7, audio_level: Some(1), playout_delay }, &mut packet);
        let read = Header::parse(&packet).unwrap();
        assert_eq!(read.len, HEADER + MAX_EXTENSIONS);
        assert_eq!(read.extension(&packet, 5), Some(&[0x02, 0x23, 0xe8][..]), "34 and 1,000");
        assert_eq!((read.extension(&packet, 1), read.extension(&packet, 3)), (Some(&[1][..]), Some(&[0, 7][..])));
        assert_eq!(PlayoutDelay::from_bytes([0x02, 0x23, 0xe8]), playout_delay);
        let short = PlayoutDelay::from_bytes([0x00, 0xa0, 0x14]);
        assert_eq!(short.and(PlayoutDelay::default()), short, "the publisher's own");
        assert_eq!(short.and(playout_delay).to_bytes(), [0x02, 0x20, 0x22]);
        let long = PlayoutDelay::at_least(Duration::from_secs(100));
        assert_eq!(long.and(short).to_bytes(), [0xff; 3]);
    }

    #[test]
    fn csrcs_and_extensions_come_before_the_payload() {
        let mut data = fixed(0x80 | 0x10 | 2);
        data.extend([0; 8]);
        data.extend([0xbe, 0xde, 0, 1, 0x10, b'3', 0, 0, b'p']);
        let header = Header::parse(&data).unwrap();
        assert_eq!(header.len, 28);
        assert_eq!(header.extension(&data, 1), Some(&b"3"[..]));
    }

    #[test]
    fn finds_one_byte_and_two_byte_extensions() {
        let mut one = fixed(0x90);
        one.extend([0xbe, 0xde, 0, 2, 0x21, 9, 9, 0, 0x41, b'a', b'b', 0]);
        let header = Header::parse(&one).unwrap();
        assert_eq!(header.extension(&one, 4), Some(&b"ab"[..]));
        assert_eq!(header.extension(&one, 5), None);

        let mut two = fixed(0x90);
        two.extend([0x10, 0, 0, 2, 20, 0, 4, 2, b'a', b'b', 0, 0]);
        let header = Header::parse(&two).unwrap();
        assert_eq!(header.extension(&two, 4), Some(&b"ab"[..]));
        assert_eq!(header.extension(&two, 20), Some(&b""[..]));
    }

    #[test]
    fn an_extension_longer_than_its_block_is_not_found() {
        let mut data = fixed(0x90);
        data.extend([0xbe, 0xde, 0, 1, 0x4f, b'a', b'b', b'c']);
        data.extend([b'x'; 40]);
        assert_eq!(Header::parse(&data).unwrap().extension(&data, 4), None);
    }

    #[test]
    fn what_is_too_short_is_no_header() {
        assert_eq!(Header::parse(&fixed(0x80)[..11]), None);
        assert_eq!(Header::parse(&fixed(0x81)), None);
        assert_eq!(Header::parse(&fixed(0x90)), None);
        assert_eq!(Header::parse(&fixed(0x40)), None);
    }

    proptest! {
        #[test]
        fn no_input_panics(data in prop::collection::vec(any::<u8>(), 0..80), id in any::<u8>()) {
            if let Some(header) = Header::parse(&data) {
                prop_assert!(header.len <= data.len());
                let _ = header.extension(&data, id);
            }
        }
    }
}
