//! Payloads that carry the packet's number and time: VP8 as far as a media node looks into it, and Opus that decodes.

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

/// Opus packet of one frame, with padding (RFC 6716 §3.2.5): the code of its first byte, the second byte, and what is padded: a stamp.
const OPUS_CODE: u8 = 3;
const OPUS_PADDED: u8 = 0x41;
const STAMP_BYTES: usize = 16;

/// What a packet says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The publisher's number of the packet, from 0.
    pub index: u64,
    /// When it was written, in CLOCK_REALTIME as the kernel's time stamps are.
    pub written_ns: u64,
}

impl Stamp {
    pub fn now(index: u64) -> Self {
        let written_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64);
        Self { index, written_ns }
    }

    /// Nothing if the payload is too short to be one of ours.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let field = |at| payload.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
        Some(Self { index: field(INDEX_AT)?, written_ns: field(TIME_AT)? })
    }

    /// As a voice has it.
    pub fn read_behind(payload: &[u8]) -> Option<Self> {
        let (before, written_ns) = payload.split_last_chunk()?;
        let index = before.last_chunk()?;
        Some(Self { index: u64::from_be_bytes(*index), written_ns: u64::from_be_bytes(*written_ns) })
    }
}

/// Puts a packet of one Opus frame into `payload`, with a stamp where decoders look at nothing.
pub fn write_voice(payload: &mut Vec<u8>, packet: &[u8], stamp: Stamp) {
    payload.clear();
    if let [toc, frame @ ..] = packet {
        payload.extend([toc | OPUS_CODE, OPUS_PADDED, STAMP_BYTES as u8]);
        payload.extend(frame);
        payload.extend(stamp.index.to_be_bytes());
        payload.extend(stamp.written_ns.to_be_bytes());
    }
}

/// Writes descriptor, frame header and stamp; the rest of the payload stays as it is.
pub fn write(payload: &mut [u8], first_of_frame: bool, keyframe: bool, stamp: Stamp) {
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

    #[test]
    fn a_voice_with_a_stamp_sounds_like_the_one_without() {
        let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
        let tone: Vec<f32> = (0..960).map(|sample| (sample as f32 * 0.05).sin() * 0.5).collect();
        let packet = encoder.encode_vec_float(&tone, 1275).unwrap();
        let stamp = Stamp { index: 7, written_ns: 1_700_000_000_000_000_000 };
        let mut payload = Vec::new();
        write_voice(&mut payload, &packet, stamp);
        assert_eq!(Stamp::read_behind(&payload), Some(stamp));
        let decoded = |packet: &[u8]| {
            let mut samples = vec![0.0; 960];
            let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).unwrap();
            assert_eq!(decoder.decode_float(packet, &mut samples, false).unwrap(), 960);
            samples
        };
        assert_eq!(decoded(&payload), decoded(&packet));
        assert_eq!(Stamp::read_behind(&[0; 15]), None);
    }
}
