//! The publisher's payload: VP8 as far as a media node looks into it, then the packet's number and time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where our own fields lie: behind the VP8 payload descriptor (RFC 7741 §4.2) and the frame header.
const INDEX_AT: usize = 16;
const TIME_AT: usize = 24;
const END: usize = 32;

/// Descriptor: start of the first partition.
const START_OF_FRAME: u8 = 0x10;
/// Frame header (RFC 6386 §9.1): shown; and its lowest bit, set on all frames but keyframes.
const SHOWN: u8 = 0x10;
const INTER_FRAME: u8 = 0x01;
/// A keyframe's start code and its size, 640 × 480.
const KEYFRAME_START: [u8; 7] = [0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01];

/// What a packet says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The publisher's number of the packet, from 0.
    pub(crate) index: u64,
    /// When it was written, in CLOCK_REALTIME as the kernel's time stamps are.
    pub(crate) written_ns: u64,
}

impl Stamp {
    pub(crate) fn now(index: u64) -> Self {
        let written_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64);
        Self { index, written_ns }
    }

    /// Nothing if the payload is too short to be one of ours.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let field = |at| payload.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
        Some(Self { index: field(INDEX_AT)?, written_ns: field(TIME_AT)? })
    }
}

/// Writes descriptor, frame header and stamp; the rest of the payload stays as it is.
pub(crate) fn write(payload: &mut [u8], first_of_frame: bool, keyframe: bool, stamp: Stamp) {
    payload[0] = if first_of_frame { START_OF_FRAME } else { 0 };
    payload[1..4].copy_from_slice(&[if keyframe { SHOWN } else { SHOWN | INTER_FRAME }, 0, 0]);
    payload[4..11].copy_from_slice(&KEYFRAME_START);
    payload[INDEX_AT..TIME_AT].copy_from_slice(&stamp.index.to_be_bytes());
    payload[TIME_AT..END].copy_from_slice(&stamp.written_ns.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_comes_back_from_the_payload() {
        let mut payload = [0; 64];
        let stamp = Stamp { index: 7, written_ns: 1_700_000_000_000_000_000 };
        write(&mut payload, true, true, stamp);
        assert_eq!(Stamp::read(&payload), Some(stamp));
        assert_eq!((payload[0], payload[1] & 1), (0x10, 0));
        assert_eq!(Stamp::read(&payload[..END - 1]), None);
    }
}
