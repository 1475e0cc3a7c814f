//! What the senders say: real Opus of 32 kbit/s, 50 packets a second, encoded once and sent again and again.

use std::f32::consts::TAU;

use anyhow::Result;
use opus::{Application, Bitrate, Channels, Encoder};

/// Packets a second.
pub(crate) const RATE: u64 = 50;
const VOICES: u64 = 3;
/// Twelve seconds, four of which each voice speaks.
const FRAMES: u64 = 12 * RATE;
const SAMPLES: u64 = 960;

/// Voices that speak by turns: their packets.
pub(crate) fn voices() -> Result<Vec<Vec<Vec<u8>>>> {
    (0..VOICES).map(voice).collect()
}

/// Something like speech: three tones and noise, louder and softer.
fn voice(person: u64) -> Result<Vec<Vec<u8>>> {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip)?;
    encoder.set_bitrate(Bitrate::Bits(32_000))?;
    let mut noise = person + 1;
    let mut sample = |sample: u64, speaks: bool| {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let hiss = ((noise >> 40) as f32 / 8_388_608.0 - 1.0) * 0.02;
        let t = sample as f32 / 48_000.0;
        let tones = [110.0, 700.0, 1300.0].map(|hz| (t * TAU * (hz + 20.0 * person as f32)).sin());
        if speaks { tones.iter().sum::<f32>() * (t * 18.0).sin().abs() * 0.2 + hiss } else { hiss * 0.1 }
    };
    let frame = |frame: u64| {
        let speaks = (frame / (4 * RATE) + person).is_multiple_of(VOICES);
        let samples: Vec<f32> = (frame * SAMPLES..(frame + 1) * SAMPLES).map(|at| sample(at, speaks)).collect();
        Ok(encoder.encode_vec_float(&samples, 1275)?)
    };
    (0..FRAMES).map(frame).collect()
}
