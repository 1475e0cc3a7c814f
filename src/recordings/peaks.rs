//! The waveform of a mix: Ogg with Opus that this server has written. Pure. For recordings without levels (`levels.rs`).

use std::io::Cursor;

use ogg::PacketReader;
use opus::{Channels, Decoder};

/// At which speech is decoded: loudness does not need more.
const RATE: u32 = 8_000;
/// Samples of the longest packet of Opus, 120 ms.
const LONGEST_PACKET: usize = 960;
/// Peaks of the longest recording: beyond that, each stands for more.
const MOST: usize = 4_000;
/// What a peak of a short recording stands for.
const SHORTEST_MS: u32 = 100;

/// What one peak stands for in ms, and the peaks. Nothing, if there is no sound.
#[must_use]
pub fn of(mix: &[u8]) -> (u32, Vec<u8>) {
    let mut fine = Vec::new();
    let (mut loudest, mut filled) = (0_u16, 0_u32);
    let window = RATE * SHORTEST_MS / 1_000;
    for_each_sample(mix, |sample| {
        loudest = loudest.max(sample.unsigned_abs());
        filled += 1;
        if filled == window {
            fine.push(byte(std::mem::take(&mut loudest)));
            filled = 0;
        }
    });
    if filled > 0 {
        fine.push(byte(loudest));
    }
    let step = fine.len().div_ceil(MOST).max(1);
    let peaks = fine.chunks(step).map(|part| part.iter().copied().max().unwrap_or(0)).collect();
    (SHORTEST_MS * u32::try_from(step).unwrap_or(u32::MAX), peaks)
}

fn byte(loudness: u16) -> u8 {
    u8::try_from(loudness >> 7).unwrap_or(u8::MAX)
}

/// Ends where the mix cannot be read any more.
fn for_each_sample(mix: &[u8], mut hear: impl FnMut(i16)) {
    let Ok(mut decoder) = Decoder::new(RATE, Channels::Mono) else { return };
    let mut packets = PacketReader::new(Cursor::new(mix));
    let mut samples = [0_i16; LONGEST_PACKET];
    let mut headers = 2;
    while let Ok(Some(packet)) = packets.read_packet() {
        if headers > 0 {
            headers -= 1;
            continue;
        }
        let Ok(count) = decoder.decode(&packet.data, &mut samples, false) else { return };
        samples[..count].iter().for_each(|sample| hear(*sample));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_mix_has_no_peaks() {
        assert_eq!(of(b""), (SHORTEST_MS, vec![]));
        assert_eq!(of(b"OggS garbage"), (SHORTEST_MS, vec![]));
    }

    #[test]
    fn a_second_of_sound_after_one_of_silence_is_seen() {
        use ogg::writing::{PacketWriteEndInfo, PacketWriter};
        use opus::{Application, Encoder};
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Audio).expect("libopus");
        let mut bytes = Vec::new();
        let mut writer = PacketWriter::new(&mut bytes);
        for head in [&b"OpusHead"[..], b"OpusTags"] {
            writer.write_packet(head, 1, PacketWriteEndInfo::EndPage, 0).expect("a Vec");
        }
        for frame in 0..100_u64 {
            let loud = if frame < 50 { 0.0 } else { 0.5 };
            #[expect(clippy::cast_precision_loss, reason = "a tone for a test")]
            let tone: Vec<f32> = (0..960).map(|n| loud * (f64::from(n) * 0.06 + frame as f64).sin() as f32).collect();
            let packet = encoder.encode_vec_float(&tone, 1_275).expect("a frame");
            let end = if frame == 99 { PacketWriteEndInfo::EndStream } else { PacketWriteEndInfo::EndPage };
            writer.write_packet(packet, 1, end, (frame + 1) * 960).expect("a Vec");
        }
        drop(writer);
        let (ms, peaks) = of(&bytes);
        assert_eq!((ms, peaks.len()), (100, 20));
        assert!(peaks[..9].iter().all(|peak| *peak < 10) && peaks[12..].iter().all(|peak| *peak > 60), "{peaks:?}");
    }
}
