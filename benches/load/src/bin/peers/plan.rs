//! What is measured: parts of cases, each on some of the contenders.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use relay_load::calls::{self, Picture};
use relay_load::load::Load;
use relay_load::profile::Cipher;
use serde::{Deserialize, Serialize};

use crate::contender::Contender;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// 10 and 50 subscribers, packets one by one and in bursts, on all contenders beside the floor
    Peers,
    /// The same with AES-CM, on those that speak it
    Cm,
    /// Ours with more and more subscribers, at the same rate of forwarded packets
    Flat,
    /// Ours with more and more calls of two, at the same rate
    Rooms,
    /// The highest rate without loss, and how late packets are at half of it
    Highest,
}

impl Part {
    pub(crate) const ALL: [Self; 5] = [Self::Peers, Self::Cm, Self::Flat, Self::Rooms, Self::Highest];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Peers => "peers",
            Self::Cm => "cm",
            Self::Flat => "flat",
            Self::Rooms => "rooms",
            Self::Highest => "highest",
        })
    }
}

const FORWARDED_PPS: u32 = 20_000;
const PAYLOAD_BYTES: usize = 1100;
/// Packets of a video frame.
pub(crate) const BURST: u32 = 10;
pub(crate) const SUBSCRIBERS: [usize; 2] = [10, 50];
const FLAT_SUBSCRIBERS: [usize; 5] = [10, 20, 50, 100, 200];
const ROOMS: [usize; 5] = [10, 20, 40, 100, 200];
/// So many people talk at the pace of a real call: 50 packets of sound a second and 100 of picture. Fewer send faster, more send slower, so that
/// the rate of all together stays the same.
const ROOMS_AT_LIFE: u32 = 40;
const VOICE_STEP: Duration = Duration::from_millis(20);
/// 25 pictures a second of four packets.
const PICTURE: Picture = Picture { bytes: PAYLOAD_BYTES, packets: 4 };
/// With the three bytes and the stamp around it, 120.
const VOICE_BYTES: usize = 102;

/// One load, and who gets it.
#[derive(Clone, Debug)]
pub(crate) enum Case {
    Room(Load, Vec<Contender>),
    Calls(calls::Load),
}

fn load(subscribers: usize, burst: u32, cipher: Cipher) -> Load {
    Load { subscribers, input_pps: FORWARDED_PPS / subscribers as u32, payload_bytes: PAYLOAD_BYTES, cipher, burst }
}

/// The load of a search for the highest rate.
pub(crate) fn at_rate(forwarded_pps: u32) -> Load {
    let subscribers = SUBSCRIBERS[0];
    Load { input_pps: forwarded_pps / subscribers as u32, ..load(subscribers, 1, Cipher::Gcm) }
}

/// What is done in each round of a part.
pub(crate) fn cases(part: Part, contenders: &[Contender]) -> Vec<Case> {
    let both = |subscribers| [load(subscribers, 1, Cipher::Gcm), load(subscribers, BURST, Cipher::Gcm)];
    match part {
        Part::Peers => {
            let all: Vec<_> = contenders.iter().copied().chain([Contender::Floor]).collect();
            SUBSCRIBERS.into_iter().flat_map(both).map(|load| Case::Room(load, all.clone())).collect()
        }
        Part::Cm => {
            let speak_it: Vec<_> = contenders.iter().copied().filter(|one| *one != Contender::Fast).collect();
            SUBSCRIBERS.into_iter().map(|subscribers| Case::Room(load(subscribers, 1, Cipher::Cm), speak_it.clone())).collect()
        }
        Part::Flat => {
            FLAT_SUBSCRIBERS.into_iter().flat_map(both).map(|load| Case::Room(load, vec![Contender::Staffline])).collect()
        }
        Part::Rooms => ROOMS.into_iter().map(|rooms| Case::Calls(rooms_of_two(rooms))).collect(),
        Part::Highest => Vec::new(),
    }
}

fn rooms_of_two(calls: usize) -> calls::Load {
    let voices = vec![vec![vec![0x78; VOICE_BYTES]]];
    calls::Load { calls, voices, step: VOICE_STEP * calls as u32 / ROOMS_AT_LIFE, picture: Some(PICTURE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_load_keeps_its_bounds_and_the_rate() {
        let contenders = [Contender::Staffline, Contender::Janus, Contender::Fast];
        for case in Part::ALL.into_iter().flat_map(|part| cases(part, &contenders)) {
            match case {
                Case::Room(load, _) => {
                    load.check().unwrap();
                    assert_eq!(load.forwarded_pps(), u64::from(FORWARDED_PPS));
                }
                Case::Calls(load) => {
                    let per_person = (1.0 + PICTURE.packets as f64 / 2.0) / load.step.as_secs_f64();
                    assert_eq!((2.0 * load.calls as f64 * per_person).round(), 12_000.0);
                }
            }
        }
    }
}
