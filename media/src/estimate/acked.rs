//! What really came: the bitrate at the receiver.

use std::collections::VecDeque;

/// Over which time, in µs by the receiver's clock.
const WINDOW: i64 = 500_000;
/// With less than this nothing is said.
const LEAST_WINDOW: i64 = 150_000;
/// Packets that are remembered: a receiver that tells one time of all that comes must not make us keep all.
const MOST_PACKETS: usize = 1_024;

#[derive(Debug)]
pub(super) struct Acked {
    packets: VecDeque<(i64, usize)>,
    bytes: usize,
}

impl Default for Acked {
    fn default() -> Self {
        Self { packets: VecDeque::with_capacity(MOST_PACKETS), bytes: 0 }
    }
}

impl Acked {
    pub(super) fn came(&mut self, at: i64, len: usize) {
        let newest = self.packets.back().map_or(at, |(newest, _)| at.max(*newest));
        if self.packets.len() == MOST_PACKETS {
            self.bytes -= self.packets.pop_front().map_or(0, |(_, len)| len);
        }
        self.packets.push_back((newest, len));
        self.bytes += len;
        while let Some((_, len)) = self.packets.pop_front_if(|(oldest, _)| newest - *oldest > WINDOW) {
            self.bytes -= len;
        }
    }

    pub(super) fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }

    /// In bit/s.
    pub(super) fn bitrate(&self) -> Option<f64> {
        let (first, last) = (self.packets.front()?, self.packets.back()?);
        let time = last.0 - first.0;
        // The first one's bytes came before the time that is counted.
        (time >= LEAST_WINDOW).then(|| (self.bytes - first.1) as f64 * 8_000_000.0 / time as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_rate_of_the_last_half_second() {
        let mut acked = Acked::default();
        for n in 0..200_i64 {
            assert!(n > 14 || acked.bitrate().is_none());
            acked.came(n * 10_000, 1_250);
        }
        assert_eq!(acked.bitrate().map(f64::round), Some(1_000_000.0));
        for n in 0..51_i64 {
            acked.came(2_000_000 + n * 10_000, 125);
        }
        assert_eq!(acked.bitrate().map(f64::round), Some(100_000.0));
    }
}
