//! How loud a sound is along its way, and its samples at another rate.

/// Bars of a waveform.
pub const BARS: usize = 64;

/// Samples of which the loudest counts: 20 ms at 48 kHz.
const WINDOW: usize = 960;

/// Grows while a sound is heard; its length is not known before.
#[derive(Clone, Debug, Default)]
pub struct Waveform {
    windows: Vec<f32>,
    peak: f32,
    filled: usize,
}

impl Waveform {
    pub fn hear(&mut self, samples: &[f32]) {
        for sample in samples {
            // A sample that is no number is as good as silence.
            self.peak = self.peak.max(sample.abs().min(1.0));
            self.filled += 1;
            if self.filled == WINDOW {
                self.windows.push(std::mem::take(&mut self.peak));
                self.filled = 0;
            }
        }
    }

    /// One byte a bar, the loudest = 255.
    #[must_use]
    pub fn bars(mut self) -> [u8; BARS] {
        if self.filled > 0 || self.windows.is_empty() {
            self.windows.push(self.peak);
        }
        let bar = |n: usize| {
            let (from, to) = (n * self.windows.len() / BARS, (n + 1) * self.windows.len() / BARS);
            let part = &self.windows[from..to.max(from + 1)];
            // The mean: speech has peaks everywhere, and bars of peaks would all be alike.
            part.iter().sum::<f32>() / part.len() as f32
        };
        let bars: [f32; BARS] = std::array::from_fn(bar);
        let loudest = bars.iter().copied().fold(f32::EPSILON, f32::max);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 255")]
        bars.map(|bar| (bar / loudest * 255.0).round() as u8)
    }
}

/// Samples at another rate, by a cubic through the four around each: enough for speech.
#[derive(Clone, Copy, Debug)]
pub struct Resampler {
    step: f64,
    /// Where the next sample is, between the second and the third of `around`.
    at: f64,
    around: [f32; 4],
}

impl Resampler {
    #[must_use]
    pub fn new(from: u32, to: u32) -> Self {
        Self { step: f64::from(from.max(1)) / f64::from(to), at: 0.0, around: [0.0; 4] }
    }

    pub fn push(&mut self, sample: f32, mut give: impl FnMut(f32)) {
        self.around.rotate_left(1);
        self.around[3] = sample;
        while self.at < 1.0 {
            #[expect(clippy::cast_possible_truncation, reason = "a fraction")]
            give(self.between(self.at as f32));
            self.at += self.step;
        }
        self.at -= 1.0;
    }

    /// Catmull and Rom's spline.
    fn between(&self, at: f32) -> f32 {
        let [a, b, c, d] = self.around;
        let (slope, bend, twist) = (0.5 * (c - a), a - 2.5 * b + 2.0 * c - 0.5 * d, 0.5 * (d - a) + 1.5 * (b - c));
        ((twist * at + bend) * at + slope) * at + b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_follow_the_sound_whatever_its_length() {
        let mut waveform = Waveform::default();
        waveform.hear(&vec![0.1; 48_000]);
        waveform.hear(&vec![-0.5; 48_000]);
        let bars = waveform.bars();
        assert_eq!((bars[10], bars[50]), (51, 255));
        assert_eq!(Waveform::default().bars(), [0; BARS]);
        let mut short = Waveform::default();
        short.hear(&[0.3, f32::NAN, f32::INFINITY]);
        assert_eq!(short.bars(), [255; BARS]);
    }

    #[test]
    fn a_tone_stays_the_tone_that_it_was() {
        let tone = |n: u32, rate: f32| (n as f32 * 440.0 * std::f32::consts::TAU / rate).sin();
        let (mut resampler, mut samples) = (Resampler::new(44_100, 48_000), Vec::new());
        (0..44_100).for_each(|n| resampler.push(tone(n, 44_100.0), |sample| samples.push(sample)));
        // The step between two samples is rounded: at most one falls on the other side of the second.
        assert!(samples.len().abs_diff(48_000) <= 1, "{}", samples.len());
        // Two samples of the old rate behind, because of the four around.
        let late = 2.0 * 48_000.0 / 44_100.0;
        for (n, sample) in (100_u32..).zip(&samples[100..47_000]) {
            let expected = ((n as f32 - late) * 440.0 * std::f32::consts::TAU / 48_000.0).sin();
            assert!((sample - expected).abs() < 0.01, "{n}: {sample} {expected}");
        }
    }
}
