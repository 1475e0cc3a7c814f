//! VP8 frames from RTP packets (RFC 7741). Only whole frames come out, and none whose reference may be missing: after a loss the next one
//! is a key frame.

use super::order::Packet;

/// A frame that is larger is none that a camera or a screen makes.
const LARGEST: usize = 4 << 20;

/// Of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u16,
    pub(super) height: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// When its first packet came.
    pub(super) at_us: i64,
    pub(super) timestamp: u32,
    /// Set for a key frame.
    pub(super) key: Option<Size>,
    pub(super) data: Vec<u8>,
}

/// Takes packets in order, and knows what is missing by their indexes.
#[derive(Debug)]
pub(super) struct Assembler {
    /// Everything since a key frame is here.
    whole: bool,
    /// The index that comes next.
    next: Option<u64>,
    frame: Option<Frame>,
}

impl Assembler {
    pub(super) fn new() -> Self {
        Self { whole: false, next: None, frame: None }
    }

    /// Nothing comes out until there is a key frame.
    pub(super) fn is_waiting(&self) -> bool {
        !self.whole
    }

    /// What comes next is of no use without a key frame.
    pub(super) fn wait(&mut self) {
        self.whole = false;
        self.frame = None;
    }

    /// When the frame began that is not whole yet.
    pub(super) fn began_us(&self) -> Option<i64> {
        self.frame.as_ref().map(|frame| frame.at_us)
    }

    /// The frame that ends with this packet.
    pub(super) fn take(&mut self, packet: &Packet) -> Option<Frame> {
        if self.next.is_some_and(|next| next != packet.index) {
            self.wait();
        }
        self.next = packet.index.checked_add(1);
        if packet.payload.is_empty() {
            // Nothing but padding: a probe of the sender's for bandwidth.
            return None;
        }
        if self.append(packet).is_none() {
            self.wait();
            return None;
        }
        if !packet.marker {
            return None;
        }
        let mut frame = self.frame.take()?;
        let Some(kind) = kind(&frame.data) else {
            self.wait();
            return None;
        };
        if let Kind::Key(size) = kind {
            frame.key = Some(size);
            self.whole = true;
        }
        self.whole.then_some(frame)
    }

    /// Unset for a packet that does not go on with what is here.
    fn append(&mut self, packet: &Packet) -> Option<()> {
        let (is_first, part) = payload(&packet.payload)?;
        if is_first {
            if self.frame.is_some() {
                return None;
            }
            let data = Vec::with_capacity(part.len());
            self.frame = Some(Frame { at_us: packet.at_us, timestamp: packet.timestamp, key: None, data });
        }
        let frame = self.frame.as_mut()?;
        if frame.timestamp != packet.timestamp || frame.data.len() + part.len() > LARGEST {
            return None;
        }
        frame.data.extend_from_slice(part);
        Some(())
    }
}

/// Whether a frame begins with this packet, and what is behind the payload descriptor (RFC 7741 §4.2).
fn payload(packet: &[u8]) -> Option<(bool, &[u8])> {
    let (&first, mut rest) = packet.split_first()?;
    if first & 0x80 != 0 {
        let (&extension, tail) = rest.split_first()?;
        rest = tail;
        if extension & 0x80 != 0 {
            // The picture's number, of 7 or 15 bits.
            let long = rest.first()? & 0x80 != 0;
            rest = rest.get(if long { 2 } else { 1 }..)?;
        }
        if extension & 0x40 != 0 {
            rest = rest.get(1..)?;
        }
        if extension & 0x30 != 0 {
            rest = rest.get(1..)?;
        }
    }
    (!rest.is_empty()).then_some((first & 0x17 == 0x10, rest))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Key(Size),
    Delta,
}

/// By the frame's header (RFC 6386 §9.1); unset if the frame cannot be one.
fn kind(frame: &[u8]) -> Option<Kind> {
    let tag = frame.first_chunk::<3>()?;
    let tag = u32::from_le_bytes([tag[0], tag[1], tag[2], 0]);
    let is_key = tag & 1 == 0;
    let header = if is_key { 10 } else { 3 };
    if frame.len() < header + (tag >> 5) as usize {
        return None;
    }
    if !is_key {
        return Some(Kind::Delta);
    }
    let [0x9d, 0x01, 0x2a, w0, w1, h0, h1] = *frame.get(3..10)?.first_chunk::<7>()? else { return None };
    // The upper two bits ask players to scale it.
    let size = Size { width: u16::from_le_bytes([w0, w1]) & 0x3fff, height: u16::from_le_bytes([h0, h1]) & 0x3fff };
    (size.width > 0 && size.height > 0).then_some(Kind::Key(size))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: Size = Size { width: 640, height: 360 };

    fn key() -> Vec<u8> {
        let mut frame = vec![0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01];
        frame.resize(30, 7);
        frame
    }

    fn delta(byte: u8) -> Vec<u8> {
        vec![0x11, 0, 0, byte, byte]
    }

    /// A frame in packets of ten bytes.
    fn packets(frame: &[u8], index: u64) -> Vec<Packet> {
        let parts = frame.chunks(10).collect::<Vec<_>>();
        let last = parts.len() - 1;
        let packet = |(number, part): (usize, &&[u8])| {
            let descriptor = if number == 0 { 0x10 } else { 0 };
            Packet {
                at_us: index as i64,
                index: index + number as u64,
                timestamp: index as u32,
                marker: number == last,
                payload: [&[descriptor], *part].concat(),
            }
        };
        parts.iter().enumerate().map(packet).collect()
    }

    /// What comes of packets: sizes of key frames, and for others what is in them.
    fn check(packets: &[Packet]) -> Vec<Result<Size, u8>> {
        let mut assembler = Assembler::new();
        packets.iter().filter_map(|packet| assembler.take(packet)).map(|frame| frame.key.ok_or(frame.data[3])).collect()
    }

    fn stream() -> Vec<Packet> {
        [packets(&key(), 10), packets(&delta(1), 13), packets(&delta(2), 14), packets(&key(), 15), packets(&delta(3), 18)]
            .concat()
    }

    #[test]
    fn frames_come_out_whole() {
        assert_eq!(check(&stream()), [Ok(SIZE), Err(1), Err(2), Ok(SIZE), Err(3)]);
    }

    #[test]
    fn after_a_loss_nothing_comes_until_a_key_frame() {
        for (lost, left) in [
            (0, vec![Ok(SIZE), Err(3)]),
            (2, vec![Ok(SIZE), Err(3)]),
            (3, vec![Ok(SIZE), Ok(SIZE), Err(3)]),
            (4, vec![Ok(SIZE), Err(1), Ok(SIZE), Err(3)]),
            (6, vec![Ok(SIZE), Err(1), Err(2)]),
        ] {
            let mut packets = stream();
            packets.remove(lost);
            assert_eq!(check(&packets), left, "without packet {lost}");
        }
    }

    #[test]
    fn padding_is_no_loss() {
        let mut packets = stream();
        packets.iter_mut().skip(4).for_each(|packet| packet.index += 1);
        packets.insert(4, Packet { at_us: 0, index: 14, timestamp: 13, marker: false, payload: vec![] });
        assert_eq!(check(&packets).len(), 5);
    }

    #[test]
    fn the_descriptor_is_read_to_its_end() {
        for (descriptor, is_first) in [
            (&[0x10][..], true),
            (&[0x00], false),
            (&[0x11], false),
            (&[0x90, 0x80, 0x01], true),
            (&[0x90, 0x80, 0x81, 0x02], true),
            (&[0x90, 0xf0, 0x81, 0x02, 0x03, 0x04], true),
            (&[0x80, 0x10, 0x04], false),
            (&[0x90, 0x40, 0x04], true),
        ] {
            let packet = [descriptor, &[0xaa, 0xbb]].concat();
            assert_eq!(payload(&packet), Some((is_first, &[0xaa, 0xbb][..])), "{descriptor:x?}");
            assert_eq!(payload(descriptor), None, "nothing behind it: {descriptor:x?}");
        }
    }

    #[test]
    fn what_is_no_frame_is_not_kept() {
        assert_eq!(kind(&key()), Some(Kind::Key(SIZE)));
        assert_eq!(kind(&[0x11, 0, 0]), Some(Kind::Delta));
        assert_eq!(kind(&[0x11, 0x01, 0]), None, "its first partition is longer than it");
        assert_eq!(kind(&[0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 1, 0]), None, "no width");
        assert_eq!(kind(&[0x10, 0, 0, 0x9d, 0x01, 0x2b, 1, 0, 1, 0]), None, "no start code");
    }

    proptest! {
        #[test]
        fn nothing_panics(payloads in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..20)), 0..50)) {
            let mut assembler = Assembler::new();
            for (index, (marker, payload)) in payloads.into_iter().enumerate() {
                assembler.take(&Packet { at_us: 0, index: index as u64, timestamp: 0, marker, payload });
            }
        }
    }
}
