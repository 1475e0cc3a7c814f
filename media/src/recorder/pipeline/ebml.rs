//! EBML elements (RFC 8794), as far as WebM files of our own need them.

/// An element's id, with its length marker.
pub(super) type Id = u32;

/// Appends an element.
pub(super) fn element(out: &mut Vec<u8>, id: Id, body: &[u8]) {
    header(out, id, body.len() as u64);
    out.extend_from_slice(body);
}

/// Appends what an element of some length begins with.
pub(super) fn header(out: &mut Vec<u8>, id: Id, len: u64) {
    let bytes = id.to_be_bytes();
    out.extend_from_slice(&bytes[id.leading_zeros() as usize / 8..]);
    // All ones means that the length is not known.
    let width = (1..8).find(|width| len < (1 << (7 * width)) - 1).unwrap_or(8);
    let marked = len | 1 << (7 * width);
    out.extend_from_slice(&marked.to_be_bytes()[8 - width..]);
}

/// An unsigned integer of as few bytes as it needs.
pub(super) fn uint(out: &mut Vec<u8>, id: Id, value: u64) {
    let bytes = value.to_be_bytes();
    element(out, id, &bytes[(value.leading_zeros() as usize / 8).min(7)..]);
}

pub(super) fn float(out: &mut Vec<u8>, id: Id, value: f64) {
    element(out, id, &value.to_be_bytes());
}

/// An element that is to be passed over, with this many bytes altogether: 2 to 128.
pub(super) fn void(out: &mut Vec<u8>, len: usize) {
    let body = vec![0; len - 2];
    element(out, VOID, &body);
}

/// An element as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) id: Id,
    /// Of id and length.
    pub(super) header: usize,
    /// Unset if it says that it does not know.
    pub(super) len: Option<u64>,
}

/// What the bytes begin with; unset if that is cut off or nothing that can be read.
pub(super) fn read(bytes: &[u8]) -> Option<Element> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    if width > 4 {
        return None;
    }
    let id = bytes.get(..width)?.iter().fold(0, |id, byte| id << 8 | Id::from(*byte));
    let (value, len_width) = number(bytes.get(width..)?)?;
    let is_known = value != (1 << (7 * len_width)) - 1;
    Some(Element { id, header: width + len_width, len: is_known.then_some(value) })
}

/// A number that says its own width, and that.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    if width > 8 {
        return None;
    }
    let marked = bytes.get(..width)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((marked & !(1 << (7 * width)), width))
}

pub(super) const EBML: Id = 0x1a45_dfa3;
pub(super) const EBML_VERSION: Id = 0x4286;
pub(super) const EBML_READ_VERSION: Id = 0x42f7;
pub(super) const EBML_MAX_ID_LENGTH: Id = 0x42f2;
pub(super) const EBML_MAX_SIZE_LENGTH: Id = 0x42f3;
pub(super) const DOC_TYPE: Id = 0x4282;
pub(super) const DOC_TYPE_VERSION: Id = 0x4287;
pub(super) const DOC_TYPE_READ_VERSION: Id = 0x4285;
pub(super) const VOID: Id = 0xec;
pub(super) const SEGMENT: Id = 0x1853_8067;
pub(super) const SEEK_HEAD: Id = 0x114d_9b74;
pub(super) const SEEK: Id = 0x4dbb;
pub(super) const SEEK_ID: Id = 0x53ab;
pub(super) const SEEK_POSITION: Id = 0x53ac;
pub(super) const INFO: Id = 0x1549_a966;
pub(super) const TIMESTAMP_SCALE: Id = 0x2a_d7b1;
pub(super) const DURATION: Id = 0x4489;
pub(super) const MUXING_APP: Id = 0x4d80;
pub(super) const WRITING_APP: Id = 0x5741;
pub(super) const TRACKS: Id = 0x1654_ae6b;
pub(super) const TRACK_ENTRY: Id = 0xae;
pub(super) const TRACK_NUMBER: Id = 0xd7;
pub(super) const TRACK_UID: Id = 0x73c5;
pub(super) const TRACK_TYPE: Id = 0x83;
pub(super) const FLAG_LACING: Id = 0x9c;
pub(super) const LANGUAGE: Id = 0x22_b59c;
pub(super) const CODEC_ID: Id = 0x86;
pub(super) const CODEC_PRIVATE: Id = 0x63a2;
pub(super) const SEEK_PRE_ROLL: Id = 0x56bb;
pub(super) const AUDIO: Id = 0xe1;
pub(super) const SAMPLING_FREQUENCY: Id = 0xb5;
pub(super) const CHANNELS: Id = 0x9f;
pub(super) const VIDEO: Id = 0xe0;
pub(super) const PIXEL_WIDTH: Id = 0xb0;
pub(super) const PIXEL_HEIGHT: Id = 0xba;
pub(super) const CLUSTER: Id = 0x1f43_b675;
pub(super) const TIMESTAMP: Id = 0xe7;
pub(super) const SIMPLE_BLOCK: Id = 0xa3;
pub(super) const CUES: Id = 0x1c53_bb6b;
pub(super) const CUE_POINT: Id = 0xbb;
pub(super) const CUE_TIME: Id = 0xb3;
pub(super) const CUE_TRACK_POSITIONS: Id = 0xb7;
pub(super) const CUE_TRACK: Id = 0xf7;
pub(super) const CUE_CLUSTER_POSITION: Id = 0xf1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_read_as_it_was_written() {
        for len in [0, 1, 126, 127, 128, 16_382, 16_383, 16_384, 2_097_151, 1 << 40] {
            for id in [VOID, SEEK, TIMESTAMP_SCALE, CLUSTER] {
                let mut bytes = Vec::new();
                header(&mut bytes, id, len);
                assert_eq!(read(&bytes), Some(Element { id, header: bytes.len(), len: Some(len) }));
                for cut in 0..bytes.len() {
                    assert_eq!(read(&bytes[..cut]), None);
                }
            }
        }
        assert_eq!(read(&[0xec, 0xff]), Some(Element { id: VOID, header: 2, len: None }));
        assert_eq!(read(&[0, 0x80]), None);
        assert_eq!(read(&[0xec, 0]), None);
    }

    #[test]
    fn numbers_are_short() {
        let mut bytes = Vec::new();
        uint(&mut bytes, TIMESTAMP, 0);
        uint(&mut bytes, TIMESTAMP, 256);
        void(&mut bytes, 11);
        assert_eq!(bytes, [0xe7, 0x81, 0, 0xe7, 0x82, 1, 0, 0xec, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
