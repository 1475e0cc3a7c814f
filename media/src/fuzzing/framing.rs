//! A TCP connection from its first byte on: what it is, and where its frames lie, in however small pieces they come.

use super::bytes::Bytes;
use crate::framing::{Framing, Guess, MAX_FRAME, TELLING};

pub fn framing(data: &[u8]) {
    let mut script = Bytes::new(data);
    let step = script.below(64) + 1;
    let stream = script.rest();
    let guesses: Vec<_> = (0..=stream.len().min(TELLING + 4)).map(|len| Guess::of(&stream[..len])).collect();
    for pair in guesses.windows(2) {
        assert!(pair[0] == Guess::TooShort || pair[0] == pair[1], "more bytes change no answer: {pair:?}");
    }
    assert!(stream.len() < TELLING || Guess::of(stream) != Guess::TooShort);
    for framing in [Framing::Turn, Framing::IceTcp] {
        let whole = cut(framing, stream, stream.len().max(1));
        assert_eq!(whole, cut(framing, stream, step), "the pieces that it comes in change nothing");
    }
}

/// The packets of a stream that comes in pieces of `step` bytes, and whether it ended with garbage.
fn cut(framing: Framing, stream: &[u8], step: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut packets, mut pending) = (Vec::new(), Vec::new());
    for piece in stream.chunks(step) {
        pending.extend_from_slice(piece);
        loop {
            match framing.first(&pending) {
                Ok(Some(frame)) => {
                    assert!(frame.len > 0 && frame.len <= MAX_FRAME && frame.packet.end <= frame.len);
                    packets.push(pending[frame.packet].to_vec());
                    pending.drain(..frame.len);
                }
                Ok(None) => break,
                Err(_) => return (packets, true),
            }
        }
        assert!(pending.len() < MAX_FRAME + step, "what waits for its end is bounded");
    }
    (packets, false)
}
