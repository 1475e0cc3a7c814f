//! RTP headers and their extensions, and sound that brings other packets along.

use crate::red::{Before, Red};
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
    red(&data[header.len..], header.payload_type);
    let Header { marker, padding, payload_type, sequence, timestamp, ssrc, .. } = header;
    let again = OutHeader { marker, padding, payload_type, sequence, timestamp, ssrc }.to_bytes();
    let again = Header::parse(&again).expect("what is written can be read");
    assert_eq!((again.marker, again.padding, again.payload_type), (marker, padding, payload_type));
    assert_eq!((again.sequence, again.timestamp, again.ssrc, again.len), (sequence, timestamp, ssrc, HEADER));
}

fn red(payload: &[u8], payload_type: u8) {
    let Some(red) = Red::parse(payload, payload_type) else { return };
    let mut at = 0;
    for (_, block) in red.blocks() {
        assert!(at <= block.range.start && block.range.end <= red.own, "blocks follow one another");
        at = block.range.end;
        let Some(before) = Before::new(block.offset, &payload[block.range.clone()]) else { continue };
        let mut again = vec![0; before.len() + payload[red.own..].len()];
        before.write(payload_type, &payload[red.own..], &mut again);
        let read = Red::parse(&again, payload_type).expect("what is written can be read");
        let (_, one) = read.blocks().next().expect("it has a block");
        assert_eq!((one.offset, &again[one.range.clone()]), (block.offset, &payload[block.range.clone()]));
        assert_eq!(again[read.own..], payload[red.own..]);
    }
}
