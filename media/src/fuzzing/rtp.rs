//! RTP headers and their extensions.

use crate::rtp::{HEADER, Header, OutHeader, is_rtcp};

pub fn rtp(data: &[u8]) {
    let _ = is_rtcp(data);
    let Some(header) = Header::parse(data) else { return };
    assert!(header.len <= data.len() && header.len >= HEADER);
    for id in 0..=u8::MAX {
        if let Some(value) = header.extension(data, id) {
            let at = value.as_ptr().addr() - data.as_ptr().addr();
            assert!(at > HEADER && at + value.len() <= header.len, "a value lies in the header");
        }
    }
    let Header { marker, padding, payload_type, sequence, timestamp, ssrc, .. } = header;
    let again = OutHeader { marker, padding, payload_type, sequence, timestamp, ssrc }.to_bytes();
    let again = Header::parse(&again).expect("what is written can be read");
    assert_eq!((again.marker, again.padding, again.payload_type), (marker, padding, payload_type));
    assert_eq!((again.sequence, again.timestamp, again.ssrc, again.len), (sequence, timestamp, ssrc, HEADER));
}
