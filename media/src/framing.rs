//! How packets stand one after another in a TCP connection. TURN's tell their own length (RFC 8489 §6.2.2, RFC 8656 §12.5);
//! ICE-TCP puts two bytes of length before each (RFC 4571).

use std::ops::Range;

const COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;
const LENGTH: usize = 2;

/// Nothing of WebRTC is longer than an Ethernet frame; TURN adds its own headers. A longer frame is no frame.
pub const MAX_FRAME: usize = 4096;

/// Bytes with which a connection has told what it is.
pub const TELLING: usize = LENGTH + 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Turn,
    IceTcp,
}

/// What the first bytes of a connection say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    Is(Framing),
    /// More of them may say more.
    TooShort,
    /// Neither of both: the first packet of either is a STUN message.
    Neither,
}

/// The bytes are no beginning of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbage;

/// One whole frame at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The packet.
    pub packet: Range<usize>,
    /// With length and padding.
    pub len: usize,
}

impl Guess {
    #[must_use]
    pub fn of(first: &[u8]) -> Self {
        match first.first() {
            None => Self::TooShort,
            Some(0..=3) if first.get(4..8) == Some(&COOKIE) => Self::Is(Framing::Turn),
            Some(0..=3) if first.get(6..TELLING) == Some(&COOKIE) => Self::Is(Framing::IceTcp),
            Some(0..=3) if first.len() < TELLING => Self::TooShort,
            Some(_) => Self::Neither,
        }
    }
}

impl Framing {
    /// The frame at the beginning of `bytes`; `None` if it is not whole yet.
    pub fn first(self, bytes: &[u8]) -> Result<Option<Frame>, Garbage> {
        let frame = match self {
            Self::IceTcp => be16(bytes, 0).map(|len| Frame { packet: LENGTH..LENGTH + len, len: LENGTH + len }),
            Self::Turn => turn_frame(bytes)?,
        };
        match frame {
            Some(frame) if frame.len > MAX_FRAME => Err(Garbage),
            frame => Ok(frame.filter(|frame| frame.len <= bytes.len())),
        }
    }

    /// What stands before a packet of `len` bytes. TURN's packets come with their padding.
    pub fn header(self, len: usize) -> Option<[u8; LENGTH]> {
        (self == Self::IceTcp).then(|| (len as u16).to_be_bytes())
    }
}

fn turn_frame(bytes: &[u8]) -> Result<Option<Frame>, Garbage> {
    let Some(first) = bytes.first() else { return Ok(None) };
    let is_stun = first & 0xc0 == 0;
    // Channels are 0x4000 to 0x7fff, as the TURN server has them (docs/turn.md).
    if !is_stun && first & 0xc0 != 0x40 {
        return Err(Garbage);
    }
    let Some(body) = be16(bytes, 2) else { return Ok(None) };
    if !is_stun {
        let len = CHANNEL_HEADER + body;
        return Ok(Some(Frame { packet: 0..len, len: len.next_multiple_of(4) }));
    }
    let is_wrong = body % 4 != 0 || bytes.get(4..8).is_some_and(|cookie| cookie != COOKIE);
    let len = STUN_HEADER + body;
    if is_wrong { Err(Garbage) } else { Ok(Some(Frame { packet: 0..len, len })) }
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stun(body: usize) -> Vec<u8> {
        let mut message = vec![0, 1];
        message.extend((body as u16).to_be_bytes());
        message.extend(COOKIE);
        message.resize(STUN_HEADER + body, 7);
        message
    }

    fn framed(packet: &[u8]) -> Vec<u8> {
        [&(packet.len() as u16).to_be_bytes(), packet].concat()
    }

    #[test]
    fn the_place_of_the_cookie_tells() {
        let (turn, ice) = (stun(0), framed(&stun(100)));
        for len in 0..8 {
            assert_eq!(Guess::of(&turn[..len]), Guess::TooShort, "{len} bytes");
        }
        for len in 0..TELLING {
            assert_eq!(Guess::of(&ice[..len]), Guess::TooShort, "{len} bytes");
        }
        assert_eq!(Guess::of(&turn[..8]), Guess::Is(Framing::Turn));
        assert_eq!(Guess::of(&turn), Guess::Is(Framing::Turn));
        assert_eq!(Guess::of(&ice[..TELLING]), Guess::Is(Framing::IceTcp));
        assert_eq!(Guess::of(&[0; 30]), Guess::Neither);
        for first in [4, 0x16, b'G', 0x40, 0x80, 0xff] {
            assert_eq!(Guess::of(&[first]), Guess::Neither, "{first:#x}");
        }
    }

    #[test]
    fn a_frame_is_whole_or_awaited_at_every_length() {
        let channel = [&[0x40, 0, 0, 5][..], &[1; 5], &[0; 3]].concat();
        let cases = [
            (Framing::Turn, stun(8), 0..28),
            (Framing::Turn, channel, 0..9),
            (Framing::Turn, vec![0x7f, 0xff, 0, 0], 0..4),
            (Framing::IceTcp, framed(&[9; 3]), 2..5),
            (Framing::IceTcp, framed(&[]), 2..2),
        ];
        for (framing, bytes, packet) in cases {
            for len in 0..bytes.len() {
                assert_eq!(framing.first(&bytes[..len]), Ok(None), "{len} bytes of {bytes:?}");
            }
            let frame = Frame { packet, len: bytes.len() };
            assert_eq!(framing.first(&bytes), Ok(Some(frame.clone())));
            assert_eq!(framing.first(&[&bytes[..], &[0xff; 9]].concat()), Ok(Some(frame)), "what follows counts for nothing");
        }
    }

    #[test]
    fn garbage_is_known_as_soon_as_it_can_be() {
        for bytes in [&[0x80][..], &[0xbf], &[0xff], &[0, 1, 0, 1], &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43], &[0, 1, 0xff, 0xfc]] {
            assert_eq!(Framing::Turn.first(bytes), Err(Garbage), "{bytes:x?}");
        }
        assert_eq!(Framing::Turn.first(&[0x40, 0, 0x10, 0]), Err(Garbage), "too long");
        assert_eq!(Framing::IceTcp.first(&[0x10, 0]), Err(Garbage), "too long");
    }

    #[test]
    fn only_ice_tcp_has_a_header() {
        assert_eq!(Framing::IceTcp.header(0x123), Some([1, 0x23]));
        assert_eq!(Framing::Turn.header(8), None);
    }
}
