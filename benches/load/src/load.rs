//! The load of one publisher and its subscribers.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use crate::profile::Cipher;

/// One load: a publisher, its subscribers, and what it sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    pub subscribers: usize,
    /// Packets per second from the publisher.
    pub input_pps: u32,
    /// RTP payload.
    pub payload_bytes: usize,
    pub cipher: Cipher,
    /// Packets sent at once, as a video frame is; the rate stays the same.
    pub burst: u32,
}

/// Of RTP; below it our own fields don't fit, above it the packet exceeds what WebRTC sends.
const PAYLOAD_BYTES: std::ops::RangeInclusive<usize> = 64..=1180;
const MAX_SUBSCRIBERS: usize = 200;
const MAX_FORWARDED_PPS: u64 = 500_000;
const MAX_BURST: u32 = 100;
/// As many as the clients decrypt without effort.
const DECRYPTED_PPS: u64 = 25_000;

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
    /// Packets per second that are to arrive at all subscribers together.
    pub fn forwarded_pps(&self) -> u64 {
        u64::from(self.input_pps) * self.subscribers as u64
    }

    /// Of how many packets a subscriber decrypts one, so that it is not the clients that are measured. The others are counted by their
    /// headers, which are in clear.
    pub fn decrypt_every(&self) -> u64 {
        self.forwarded_pps().div_ceil(DECRYPTED_PPS).max(1)
    }

    pub fn check(&self) -> Result<()> {
        ensure!((1..=MAX_SUBSCRIBERS).contains(&self.subscribers), "1 to {MAX_SUBSCRIBERS} subscribers");
        ensure!(self.input_pps > 0, "at least one packet per second");
        ensure!(self.forwarded_pps() <= MAX_FORWARDED_PPS, "at most {MAX_FORWARDED_PPS} forwarded packets per second");
        ensure!(PAYLOAD_BYTES.contains(&self.payload_bytes), "a payload of {PAYLOAD_BYTES:?} bytes");
        ensure!((1..=MAX_BURST.min(self.input_pps)).contains(&self.burst), "bursts of 1 to {MAX_BURST} packets");
        Ok(())
    }
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
        assert_eq!((load.forwarded_pps(), load.decrypt_every()), (20_000, 1));
        assert_eq!("10:20000:1100:gcm".parse::<Load>().unwrap().decrypt_every(), 8);
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
}
