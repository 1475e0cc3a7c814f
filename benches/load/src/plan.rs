//! Which loads are put on the server, one after another.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use relay_load::profile::Cipher;

/// One load: a publisher, its subscribers, and what it sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) subscribers: usize,
    /// Packets per second from the publisher.
    pub(crate) input_pps: u32,
    /// RTP payload.
    pub(crate) payload_bytes: usize,
    pub(crate) cipher: Cipher,
    /// Packets sent at once, as a video frame is; the rate stays the same.
    pub(crate) burst: u32,
}

/// Of RTP; below it our own fields don't fit, above it the packet exceeds what WebRTC sends.
const PAYLOAD_BYTES: std::ops::RangeInclusive<usize> = 64..=1180;
const MAX_SUBSCRIBERS: usize = 200;
const MAX_FORWARDED_PPS: u64 = 500_000;
const MAX_BURST: u32 = 100;

impl FromStr for Load {
    type Err = anyhow::Error;

    /// `SUBSCRIBERS:PPS:PAYLOAD:gcm|cm[:BURST]`
    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let (subscribers, pps, payload, cipher, burst) = match parts[..] {
            [subscribers, pps, payload, cipher] => (subscribers, pps, payload, cipher, "1"),
            [subscribers, pps, payload, cipher, burst] => (subscribers, pps, payload, cipher, burst),
            _ => bail!("a load is SUBSCRIBERS:PPS:PAYLOAD:gcm|cm[:BURST]"),
        };
        let load = Self {
            subscribers: subscribers.parse().context("SUBSCRIBERS")?,
            input_pps: pps.parse().context("PPS")?,
            payload_bytes: payload.parse().context("PAYLOAD")?,
            cipher: Cipher::from_str(cipher, false).map_err(|e| anyhow::anyhow!(e))?,
            burst: burst.parse().context("BURST")?,
        };
        load.check()?;
        Ok(load)
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subscribers, input_pps, payload_bytes, cipher, burst } = self;
        write!(f, "{subscribers}:{input_pps}:{payload_bytes}:{}:{burst}", cipher.flag())
    }
}

impl Load {
    fn check(&self) -> Result<()> {
        ensure!((1..=MAX_SUBSCRIBERS).contains(&self.subscribers), "1 to {MAX_SUBSCRIBERS} subscribers");
        ensure!(self.input_pps > 0, "at least one packet per second");
        let forwarded = u64::from(self.input_pps) * self.subscribers as u64;
        ensure!(forwarded <= MAX_FORWARDED_PPS, "at most {MAX_FORWARDED_PPS} forwarded packets per second");
        ensure!(PAYLOAD_BYTES.contains(&self.payload_bytes), "a payload of {PAYLOAD_BYTES:?} bytes");
        ensure!((1..=MAX_BURST.min(self.input_pps)).contains(&self.burst), "bursts of 1 to {MAX_BURST} packets");
        Ok(())
    }
}

/// What is measured when nothing else is asked for: video-like packets to 1, 10 and 50 subscribers with both ciphers, then
/// audio-like packets and bursts as of video frames. At most about 20,000 forwarded packets per second.
pub(crate) fn default_plan() -> Vec<Load> {
    let mut plan = Vec::new();
    for (subscribers, input_pps) in [(1, 2000), (10, 2000), (50, 400)] {
        for cipher in [Cipher::Gcm, Cipher::Cm] {
            plan.push(Load { subscribers, input_pps, payload_bytes: 1100, cipher, burst: 1 });
        }
    }
    for cipher in [Cipher::Gcm, Cipher::Cm] {
        plan.push(Load { subscribers: 10, input_pps: 2000, payload_bytes: 120, cipher, burst: 1 });
    }
    for (subscribers, input_pps) in [(10, 2000), (50, 400)] {
        plan.push(Load { subscribers, input_pps, payload_bytes: 1100, cipher: Cipher::Gcm, burst: 10 });
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_read_and_bounded() {
        let load: Load = "10:2000:1100:cm:10".parse().unwrap();
        assert_eq!(load, Load { subscribers: 10, input_pps: 2000, payload_bytes: 1100, cipher: Cipher::Cm, burst: 10 });
        assert_eq!(load.to_string(), "10:2000:1100:cm:10");
        assert_eq!("1:50:120:gcm".parse::<Load>().unwrap().burst, 1);
        for text in [
            "",
            "10:2000",
            "10:2000:1100:rot13",
            "0:1:100:gcm",
            "201:1:100:gcm",
            "200:9999:100:gcm",
            "1:1:10:gcm",
            "1:5:100:gcm:6",
        ] {
            assert!(text.parse::<Load>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_plan_keeps_its_own_bounds() {
        for load in default_plan() {
            load.check().unwrap();
            assert!(u64::from(load.input_pps) * load.subscribers as u64 <= 20_000);
        }
    }
}
