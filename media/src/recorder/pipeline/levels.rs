//! How loud the mix and each voice in it are along the way: the loudest sample of each tenth of a second, from 0 to 255. Written with the
//! events, so that who spoke when can be seen without decoding anything.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{books::hex, toc::RATE};
use crate::control::PeerId;

/// What one level stands for.
const STEP_MS: i64 = 100;

/// The same in samples.
const STEP: i64 = RATE as i64 * STEP_MS / 1000;

/// Five seconds are written at once; they are what a recording that breaks off may lack.
const BLOCK: usize = 50;

#[derive(Debug, Default)]
pub(super) struct Levels {
    /// Steps that are written.
    written: i64,
    /// From there on; so is each voice.
    mix: Vec<u8>,
    voices: BTreeMap<PeerId, Vec<u8>>,
}

/// A stretch of levels as the fields of an event.
#[derive(Debug)]
pub(super) struct Block {
    from_ms: i64,
    mix: Vec<u8>,
    /// Those that were heard.
    voices: Vec<(PeerId, Vec<u8>)>,
}

impl Levels {
    /// Samples of a voice that are added to the mix at `place`.
    pub(super) fn voice(&mut self, peer: PeerId, place: i64, samples: &[f32]) {
        raise(self.voices.entry(peer).or_default(), place - self.written * STEP, samples);
    }

    /// The mix itself.
    pub(super) fn mix(&mut self, place: i64, samples: &[f32]) {
        raise(&mut self.mix, place - self.written * STEP, samples);
    }

    /// What is complete when nothing changes any more before `position`.
    pub(super) fn take(&mut self, position: i64) -> Option<Block> {
        (position / STEP >= self.written + BLOCK as i64).then(|| self.block(BLOCK))
    }

    /// The rest of it, up to the end.
    pub(super) fn finish(&mut self, end: i64) -> Option<Block> {
        let steps = usize::try_from((end + STEP - 1) / STEP - self.written).unwrap_or(0);
        (steps > 0).then(|| self.block(steps))
    }

    fn block(&mut self, steps: usize) -> Block {
        let cut = |row: &mut Vec<u8>| {
            let mut levels = row.drain(..row.len().min(steps)).collect::<Vec<_>>();
            levels.resize(steps, 0);
            levels
        };
        let mix = cut(&mut self.mix);
        let voices = self.voices.iter_mut().map(|(peer, row)| (*peer, cut(row)));
        let voices = voices.filter(|(_, levels)| levels.iter().any(|level| *level > 0)).collect();
        self.voices.retain(|_, row| !row.is_empty());
        let from_ms = self.written * STEP_MS;
        self.written += steps as i64;
        Block { from_ms, mix, voices }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from_ms, mix, voices } = self;
        let mix = STANDARD.encode(mix);
        write!(f, r#""type":"levels","from_ms":{from_ms},"step_ms":{STEP_MS},"mix":"{mix}","speakers":{{"#)?;
        for (number, (peer, levels)) in voices.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, r#"{comma}"{}":"{}""#, hex(*peer), STANDARD.encode(levels))?;
        }
        f.write_str("}")
    }
}

/// Lets a row, whose first step begins at 0, know of samples at `place`.
fn raise(row: &mut Vec<u8>, place: i64, samples: &[f32]) {
    let gone = usize::try_from(place.saturating_neg()).unwrap_or(0);
    let Some(mut rest) = samples.get(gone..) else { return };
    let mut place = place.max(0);
    while !rest.is_empty() {
        let len = usize::try_from(STEP - place % STEP).map_or(rest.len(), |left| left.min(rest.len()));
        let (these, others) = rest.split_at(len);
        let level = these.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs())) * 256.0;
        let step = (place / STEP) as usize;
        if row.len() <= step {
            row.resize(step + 1, 0);
        }
        // From a number that is too large, or none, this makes the nearest.
        row[step] = row[step].max(level as u8);
        (rest, place) = (others, place + len as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: PeerId = PeerId(10);

    #[test]
    fn the_loudest_sample_of_each_step_counts() {
        let mut row = Vec::new();
        raise(&mut row, STEP - 2, &[0.25, -0.5, 0.125, 0.0]);
        raise(&mut row, 2 * STEP, &[f32::NAN, -7.0]);
        raise(&mut row, -2, &[1.0, 1.0, 0.75]);
        raise(&mut row, -9, &[1.0; 9]);
        assert_eq!(row, [192, 32, 255]);
    }

    #[test]
    fn blocks_are_as_long_as_time_and_tell_of_those_who_were_heard() {
        let mut levels = Levels::default();
        levels.mix(0, &vec![0.5; STEP as usize * 51]);
        levels.voice(ANNA, STEP * 49, &[0.5; 10]);
        levels.voice(PeerId(11), STEP * 50, &[0.25]);
        assert!(levels.take(STEP * 50 - 1).is_none(), "it is not complete");
        let block = levels.take(STEP * 50).unwrap();
        assert_eq!((block.from_ms, block.mix), (0, vec![128; 50]));
        assert_eq!(block.voices, [(ANNA, [vec![0; 49], vec![128]].concat())]);
        assert!(levels.take(STEP * 99).is_none());
        let rest = levels.finish(STEP * 52 + 1).unwrap();
        assert_eq!((rest.from_ms, &rest.mix[..]), (5000, &[128, 0, 0][..]));
        assert_eq!(
            rest.to_string(),
            r#""type":"levels","from_ms":5000,"step_ms":100,"mix":"gAAA","speakers":{"0000000000000000000000000000000b":"QAAA"}"#
        );
        assert!(levels.finish(STEP * 53).is_none());
    }
}
