//! Sound that brings the packets before it along (RFC 2198, `audio/red`): what one packet loses, the next one has.

use std::ops::Range;

/// Packets before its own that one packet brings. Browsers bring one.
const MOST: usize = 4;
/// Of all but the last block: the mark that another one follows, payload type, timestamp offset and length (RFC 2198 §3).
const HEADER: usize = 4;
const FOLLOWS: u8 = 0x80;
const MAX_OFFSET: u32 = (1 << 14) - 1;
const MAX_LEN: usize = (1 << 10) - 1;

/// A packet that is brought along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// By how much its timestamp is lower.
    pub(crate) offset: u32,
    /// Where its payload is.
    pub(crate) range: Range<usize>,
}

/// What is in a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Red {
    blocks: [Block; MOST],
    count: usize,
    /// Where its own payload begins, which goes to the end.
    pub(crate) own: usize,
}

impl Red {
    /// `None` if it is malformed, or has something else in it than `payload_type`.
    pub(crate) fn parse(payload: &[u8], payload_type: u8) -> Option<Self> {
        let mut blocks: [Block; MOST] = Default::default();
        let (mut count, mut at) = (0, 0);
        loop {
            let first = *payload.get(at)?;
            if first & !FOLLOWS != payload_type {
                return None;
            }
            if first & FOLLOWS == 0 {
                break;
            }
            let [_, high, middle, low] = *payload.get(at..)?.first_chunk::<HEADER>()?;
            let offset = u32::from(high) << 6 | u32::from(middle) >> 2;
            let len = usize::from(middle & 3) << 8 | usize::from(low);
            *blocks.get_mut(count)? = Block { offset, range: 0..len };
            (count, at) = (count + 1, at + HEADER);
        }
        let mut own = at + 1;
        for block in &mut blocks[..count] {
            block.range = own..own + block.range.end;
            own = block.range.end;
        }
        (own <= payload.len()).then_some(Self { blocks, count, own })
    }

    /// The packets that it brings along, the oldest first, and how many packets before its own each of them is.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (u64, &Block)> {
        self.blocks[..self.count].iter().enumerate().map(|(at, block)| ((self.count - at) as u64, block))
    }
}

/// What a packet is to bring along: the payload of the one before it, and by how much its timestamp is lower.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before<'a> {
    offset: u32,
    payload: &'a [u8],
}

impl<'a> Before<'a> {
    /// `None` if it does not fit into a block.
    pub(crate) fn new(offset: u32, payload: &'a [u8]) -> Option<Self> {
        (offset <= MAX_OFFSET && (1..=MAX_LEN).contains(&payload.len())).then_some(Self { offset, payload })
    }

    /// What it adds to a packet, in bytes.
    pub(crate) fn len(&self) -> usize {
        HEADER + 1 + self.payload.len()
    }

    /// Writes a packet with it and `own` in it; `to` has [`Self::len`] and the length of `own` together.
    pub(crate) fn write(&self, payload_type: u8, own: &[u8], to: &mut [u8]) {
        let (offset, len) = (self.offset, self.payload.len());
        let (header, rest) = to.split_at_mut(HEADER + 1);
        header[0] = FOLLOWS | payload_type;
        header[1] = (offset >> 6) as u8;
        header[2] = (offset << 2) as u8 | (len >> 8) as u8;
        header[3] = len as u8;
        header[HEADER] = payload_type;
        rest[..len].copy_from_slice(self.payload);
        rest[len..].copy_from_slice(own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let (longest, own) = (vec![7; MAX_LEN], b"own");
        for (offset, before) in [(960, &b"before"[..]), (MAX_OFFSET, &longest), (0, b"b")] {
            let before = Before::new(offset, before).unwrap();
            let mut packet = vec![0; before.len() + own.len()];
            before.write(111, own, &mut packet);
            let red = Red::parse(&packet, 111).unwrap();
            let [(1, block)] = red.blocks().collect::<Vec<_>>()[..] else { panic!("{red:?}") };
            assert_eq!((block.offset, &packet[block.range.clone()]), (offset, before.payload));
            assert_eq!(&packet[red.own..], own);
            assert_eq!(Red::parse(&packet, 96), None, "another codec");
        }
    }

    #[test]
    fn what_a_block_cannot_say_is_not_written() {
        let too_long = [0; MAX_LEN + 1];
        assert!(Before::new(MAX_OFFSET + 1, b"x").is_none());
        assert!(Before::new(1, &too_long).is_none());
        assert!(Before::new(1, b"").is_none());
    }

    /// RFC 2198 §3: two blocks before the packet's own, offsets 1,920 and 960, lengths 2 and 3.
    #[test]
    fn several_blocks_are_told_by_their_distance() {
        let packet = [&[0x80 | 111, 30, 0, 2][..], &[0x80 | 111, 15, 0, 3], &[111], b"aabbbcccc"].concat();
        let red = Red::parse(&packet, 111).unwrap();
        let blocks: Vec<_> = red.blocks().map(|(before, block)| (before, block.offset, &packet[block.range.clone()])).collect();
        assert_eq!(blocks, [(2, 1_920, &b"aa"[..]), (1, 960, b"bbb")]);
        assert_eq!(&packet[red.own..], b"cccc");
        assert_eq!(Red::parse(&[111], 111).unwrap().own, 1, "nothing in it is a packet as well");
    }

    #[test]
    fn what_is_cut_or_has_too_many_blocks_is_refused() {
        let packet = [&[0x80 | 111, 15, 0, 3][..], &[111], b"bbb"].concat();
        assert!(Red::parse(&packet, 111).is_some());
        for len in 0..packet.len() {
            assert_eq!(Red::parse(&packet[..len], 111), None, "{len} bytes");
        }
        let many = [&[0x80 | 111, 0, 0, 0].repeat(MOST + 1)[..], &[111]].concat();
        assert_eq!(Red::parse(&many, 111), None);
        assert!(Red::parse(&many[HEADER..], 111).is_some());
    }
}
