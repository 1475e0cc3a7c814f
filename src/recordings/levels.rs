//! How loud a recording is along the way, as its recorder has written among the events (docs/recording.md). Pure.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use staffline_media::control::PeerId;

/// From 0 to 255, one for each step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    pub step_ms: u32,
    pub mix: Vec<u8>,
    /// By session, from where they were heard first.
    pub voices: BTreeMap<PeerId, Voice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    pub starts_ms: u64,
    pub levels: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct Line {
    from_ms: u64,
    step_ms: u32,
    mix: String,
    speakers: BTreeMap<String, String>,
}

/// What the events tell. Nothing, if there was no mix, or if it is older than levels are.
#[must_use]
pub fn of(events: &[u8]) -> Option<Levels> {
    let mut all: Option<Levels> = None;
    for line in events.split(|byte| *byte == b'\n').filter(|line| is_levels(line)) {
        let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
        let levels = all.get_or_insert(Levels { step_ms: line.step_ms.max(1), mix: Vec::new(), voices: BTreeMap::new() });
        levels.add(&line);
    }
    all
}

/// Whether an event tells of levels, and of nothing that happened.
#[must_use]
pub fn is_levels(line: &[u8]) -> bool {
    const TYPE: &[u8] = br#""type":"levels""#;
    // The time comes first.
    line.get(..64).unwrap_or(line).windows(TYPE.len()).any(|part| part == TYPE)
}

impl Levels {
    /// Each stretch goes on where the one before has ended.
    fn add(&mut self, line: &Line) {
        let at = self.mix.len();
        let follows = line.step_ms == self.step_ms && line.from_ms == at as u64 * u64::from(self.step_ms);
        let Some(mix) = STANDARD.decode(&line.mix).ok().filter(|_| follows) else { return };
        let steps = mix.len();
        self.mix.extend(mix);
        for (peer, levels) in &line.speakers {
            let Ok(peer) = u128::from_str_radix(peer, 16) else { continue };
            let Some(levels) = STANDARD.decode(levels).ok().filter(|levels| levels.len() == steps) else { continue };
            let begin = || Voice { starts_ms: line.from_ms, levels: Vec::new() };
            let voice = self.voices.entry(PeerId(peer)).or_insert_with(begin);
            let before = at - usize::try_from(voice.starts_ms / u64::from(self.step_ms)).unwrap_or(at).min(at);
            voice.levels.resize(before, 0);
            voice.levels.extend(levels);
        }
    }

    /// How loud those voices were that fit, in a stretch of the recording.
    #[must_use]
    pub fn between(&self, fits: impl Fn(PeerId) -> bool, starts_ms: u64, duration_ms: u64) -> Vec<u8> {
        let step = |ms: u64| usize::try_from(ms / u64::from(self.step_ms)).unwrap_or(usize::MAX);
        let from = step(starts_ms).min(self.mix.len());
        let to = step(starts_ms.saturating_add(duration_ms)).saturating_add(1).min(self.mix.len());
        let mut all = vec![0; to - from];
        for voice in self.voices.iter().filter(|(peer, _)| fits(**peer)).map(|(_, voice)| voice) {
            let begins = step(voice.starts_ms);
            for (at, level) in (from..to).zip(&mut all) {
                let heard = at.checked_sub(begins).and_then(|at| voice.levels.get(at));
                *level = heard.map_or(*level, |heard| (*level).max(*heard));
            }
        }
        all
    }
}

/// Of how many each must be the loudest, so that there are at most so many.
#[must_use]
pub fn coarser(levels: &[u8], most: usize) -> usize {
    levels.len().div_ceil(most.max(1)).max(1)
}

/// Each the loudest of so many.
#[must_use]
pub fn loudest(levels: &[u8], each: usize) -> Vec<u8> {
    levels.chunks(each.max(1)).map(|part| part.iter().copied().max().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = concat!(
        r#"{"at_ms":0,"type":"begin","version":1}"#,
        "\n",
        r#"{"at_ms":400,"type":"levels","from_ms":0,"step_ms":100,"mix":"AQID","speakers":{"0a":"AQAA"}}"#,
        "\n",
        r#"{"at_ms":500,"type":"levels","from_ms":300,"step_ms":100,"mix":"BAU=","speakers":{"0b":"Bwg="}}"#,
        "\n",
        r#"{"at_ms":501,"type":"levels","from_ms":900,"step_ms":100,"mix":"BAU=","speakers":{}}"#,
        "\n",
        r#"{"at_ms":700,"type":"levels","from_ms":500,"step_ms":100,"mix":"Bg==","speakers":{"0a":"CQ==","0b":"AAAA"}}"#,
        "\n{\"at_ms\":800,\"type\":\"levels\",",
    );

    #[test]
    fn stretches_are_put_together() {
        let levels = of(EVENTS.as_bytes()).expect("some");
        assert_eq!((levels.step_ms, &levels.mix[..]), (100, &[1, 2, 3, 4, 5, 6][..]), "what does not follow is left out");
        assert_eq!(levels.voices[&PeerId(10)], Voice { starts_ms: 0, levels: vec![1, 0, 0, 0, 0, 9] });
        assert_eq!(levels.voices[&PeerId(11)], Voice { starts_ms: 300, levels: vec![7, 8] });
        assert_eq!(levels.between(|_| true, 250, 200), [0, 7, 8], "from 200 to 500");
        assert_eq!(levels.between(|peer| peer == PeerId(10), 450, 9_999), [0, 9]);
        assert_eq!(levels.between(|_| true, 9_999, 1), [0; 0]);
        assert_eq!(of(b"{\"at_ms\":0,\"type\":\"begin\",\"version\":1}\n"), None);
    }

    #[test]
    fn what_is_too_fine_is_made_coarser() {
        assert_eq!(coarser(&[0; 9], 4), 3);
        assert_eq!(loudest(&[1, 5, 2, 4, 3], 2), [5, 4, 3]);
        assert_eq!((coarser(&[], 4), loudest(&[], 1)), (1, vec![]));
    }
}
