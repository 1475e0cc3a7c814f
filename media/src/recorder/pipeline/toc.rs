//! What an Opus packet says of itself in its first byte, the table of contents (RFC 6716 §3.1), and what stands where there was none.

/// Samples in a second, as Opus counts them in RTP and everywhere else, whatever it was made of (RFC 7587 §4.1).
pub(super) const RATE: u32 = 48_000;

/// 20 ms: the frame that browsers send, that silence is made of, and that the mix has.
pub(super) const FRAME: i64 = 960;

/// 120 ms, the longest packet.
pub(super) const LONGEST: usize = 5_760;

/// As good as silence: no frame, or one that says only that there is nothing to say.
pub(super) const SILENT: usize = 2;

/// How many samples a packet has; unset for what is no Opus packet.
pub(super) fn samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = frames * frame(toc >> 3);
    (1..=LONGEST as u32).contains(&samples).then_some(samples)
}

/// A frame's samples by the packet's configuration.
fn frame(config: u8) -> u32 {
    match (config, config & 3) {
        (0..12, 3) => 2_880,
        (0..12, step) => 480 << step,
        (12..16, step) => 480 << (step & 1),
        (_, step) => 120 << step,
    }
}

/// A packet of 20 ms without a frame: a decoder fades from what it played to silence. Mode, bandwidth and channels are those of the
/// packet before, so that the decoder has nothing to change.
pub(super) fn filler(toc: u8) -> [u8; 1] {
    let config = toc >> 3;
    let config = match config {
        0..12 => config & !3 | 1,
        12..16 => config | 1,
        _ => config | 3,
    };
    [config << 3 | toc & 4]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_samples_as_libopus_does() {
        for toc in 0..=255u8 {
            for second in [0, 1, 2, 3, 6, 48, 63, 0x83] {
                let packet = [toc, second, 0, 0];
                let theirs = opus::packet::get_nb_samples(&packet, RATE).ok().filter(|samples| *samples > 0);
                assert_eq!(samples(&packet), theirs.map(|samples| samples as u32), "{packet:?}");
            }
        }
        assert_eq!(samples(&[]), None);
        assert_eq!(samples(&[3]), None, "the number of frames is missing");
    }

    #[test]
    fn a_filler_is_20_ms_of_the_same_kind() {
        for toc in 0..=255u8 {
            let filler = filler(toc);
            assert_eq!(samples(&filler), Some(FRAME as u32), "{toc}");
            let kind = |packet: &[u8]| (opus::packet::get_bandwidth(packet).ok(), opus::packet::get_nb_channels(packet).ok());
            assert_eq!(kind(&filler), kind(&[toc]), "{toc}");
        }
    }
}
