//! The VP8 payload descriptor (RFC 7741 §4.2): the numbers of pictures in it, read once for each packet, and written anew for each
//! subscriber that has seen others before.

/// What the first octets of a packet say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// Its PictureID has 15 bits, or else 7.
    long: bool,
    picture: Option<u16>,
    /// TL0PICIDX: counts the pictures of the lowest temporal layer.
    base_picture: Option<u8>,
    /// Where the frame goes on; 0 if the packet is none of VP8.
    len: u8,
    starts_frame: bool,
}

impl Descriptor {
    /// What cannot be read has no numbers.
    pub(super) fn parse(payload: &[u8]) -> Self {
        Self::read(payload).unwrap_or_default()
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        // S set, partition index 0.
        let starts_frame = first & 0x17 == 0x10;
        if first & 0x80 == 0 {
            return Some(Self { starts_frame, len: 1, ..Self::default() });
        }
        let extended = *payload.get(1)?;
        let mut found = Self { starts_frame, len: 2, ..Self::default() };
        if extended & 0x80 != 0 {
            let high = *payload.get(2)?;
            found.long = high & 0x80 != 0;
            let low = if found.long { payload.get(3).copied()? } else { 0 };
            found.picture = Some(if found.long { u16::from_be_bytes([high & 0x7f, low]) } else { u16::from(high) });
            found.len += if found.long { 2 } else { 1 };
        }
        if extended & 0x40 != 0 {
            found.base_picture = Some(*payload.get(usize::from(found.len))?);
            found.len += 1;
        }
        if extended & 0x30 != 0 {
            found.len += 1;
        }
        Some(found)
    }

    /// The size of the key frame that begins here, in pixels (RFC 6386 §9.1): 0 if it cannot be told. `None` if none begins here.
    pub(super) fn keyframe(&self, payload: &[u8]) -> Option<u32> {
        let frame = payload.get(usize::from(self.len)..).filter(|_| self.starts_frame)?;
        if frame.first()? & 1 != 0 {
            return None;
        }
        let [w0, w1, h0, h1] = frame.get(6..).and_then(|size| size.first_chunk()).copied().unwrap_or_default();
        // The upper two bits ask players to scale it.
        let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
        Some(side(w0, w1) * side(h0, h1))
    }

    /// The numbers as a subscriber has them.
    pub(super) fn shifted(self, shift: PictureShift) -> Self {
        let picture = self.picture.map(|picture| picture.wrapping_add(shift.picture) & self.mask());
        let base_picture = self.base_picture.map(|picture| picture.wrapping_add(shift.base_picture));
        Self { picture, base_picture, ..self }
    }

    /// What makes these numbers follow `last`.
    pub(super) fn shift_behind(self, last: Self) -> PictureShift {
        let picture = last.picture.zip(self.picture);
        let base_picture = last.base_picture.zip(self.base_picture);
        PictureShift {
            picture: picture.map_or(0, |(last, picture)| last.wrapping_add(1).wrapping_sub(picture) & 0x7fff),
            base_picture: base_picture.map_or(0, |(last, picture)| last.wrapping_add(1).wrapping_sub(picture)),
        }
    }

    /// A packet without numbers changes nothing of those that were last.
    pub(super) fn or(self, last: Self) -> Self {
        Self { picture: self.picture.or(last.picture), base_picture: self.base_picture.or(last.base_picture), ..self }
    }

    fn mask(&self) -> u16 {
        if self.long { 0x7fff } else { 0x7f }
    }
}

/// What is added to the numbers of a publisher's pictures, so that those of the down track are in a row. In a PictureID of 7 bits its
/// lower bits count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PictureShift {
    picture: u16,
    base_picture: u8,
}

impl PictureShift {
    #[inline]
    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Writes the numbers of a payload anew. What cannot be read is left as it is.
    pub(crate) fn apply(self, payload: &mut [u8]) {
        let read = Descriptor::parse(payload);
        let numbers = read.shifted(self);
        let mut at = 2;
        if let Some(picture) = numbers.picture {
            let [high, low] = picture.to_be_bytes();
            if read.long {
                payload[at..at + 2].copy_from_slice(&[high | 0x80, low]);
                at += 2;
            } else {
                payload[at] = low;
                at += 1;
            }
        }
        if let Some(picture) = numbers.base_picture {
            payload[at] = picture;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_a_keyframe_by_its_first_packet() {
        let table: [(&[u8], bool, &str); 9] = [
            (&[0x10, 0x00], true, "start, P = 0"),
            (&[0x10, 0x01], false, "start of an interframe"),
            (&[0x00, 0x00], false, "not the start of a partition"),
            (&[0x11, 0x00], false, "partition 1"),
            (&[0x90, 0x80, 0x05, 0x00], true, "7-bit picture id"),
            (&[0x90, 0x80, 0x85, 0x05, 0x00], true, "15-bit picture id"),
            (&[0x90, 0xe0, 0x85, 0x05, 7, 0x20, 0x01], false, "picture id, TL0PICIDX and TID before an interframe"),
            (&[0x90, 0xe0, 0x85, 0x05, 7, 0x20, 0x00], true, "the same before a keyframe"),
            (&[0x90, 0x80], false, "cut short"),
        ];
        for (payload, expected, case) in table {
            assert_eq!(Descriptor::parse(payload).keyframe(payload).is_some(), expected, "{case}");
        }
        assert_eq!(Descriptor::parse(&[]).keyframe(&[]), None);
    }

    #[test]
    fn a_keyframe_tells_its_size() {
        let payload = [0x90, 0x80, 0x05, 0x00, 1, 2, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0x68, 0x81];
        assert_eq!(Descriptor::parse(&payload).keyframe(&payload), Some(640 * 360));
        assert_eq!(Descriptor::parse(&payload).keyframe(&payload[..12]), Some(0));
    }

    #[test]
    fn numbers_go_on_behind_others_over_their_wraps() {
        let last = Descriptor::parse(&[0x90, 0xc0, 0xff, 0xff, 0xff, 1]);
        let table: [(&[u8], &[u8], &str); 5] = [
            (&[0x90, 0xc0, 0x80, 0x09, 0x30, 9], &[0x90, 0xc0, 0x80, 0x00, 0x00, 9], "15 bits"),
            (&[0x90, 0xc0, 0x09, 0x30, 9], &[0x90, 0xc0, 0x00, 0x00, 9], "7 bits"),
            (&[0x90, 0x40, 0x30, 9], &[0x90, 0x40, 0x00, 9], "TL0PICIDX alone"),
            (&[0x90, 0x20, 0x30, 9], &[0x90, 0x20, 0x30, 9], "a temporal layer alone"),
            (&[0x10, 0x30, 9], &[0x10, 0x30, 9], "no extension"),
        ];
        for (payload, expected, case) in table {
            let shift = Descriptor::parse(payload).shift_behind(last);
            let mut written = payload.to_vec();
            shift.apply(&mut written);
            assert_eq!(written, expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_was_meant(mut payload in prop::collection::vec(any::<u8>(), 0..9), picture in 0u16..0x8000, base_picture: u8) {
            let (read, before) = (Descriptor::parse(&payload), payload.clone());
            let shift = PictureShift { picture, base_picture };
            shift.apply(&mut payload);
            prop_assert_eq!(Descriptor::parse(&payload), read.shifted(shift));
            let back = PictureShift { picture: (0x8000 - picture) & 0x7fff, base_picture: base_picture.wrapping_neg() };
            back.apply(&mut payload);
            prop_assert_eq!(payload, before, "nothing else is changed");
        }
    }
}
