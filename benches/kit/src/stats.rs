//! Counting on the receiving side: which packets of the measured window arrived where, and how late.

use std::ops::Range;

/// Times in whole µs up to one second; longer ones count as one second.
#[derive(Debug)]
pub struct Histogram {
    buckets: Vec<u32>,
    count: u64,
    max_us: u64,
}

const LONGEST_US: u64 = 1_000_000;

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; LONGEST_US as usize + 1], count: 0, max_us: 0 }
    }
}

impl Histogram {
    pub fn add(&mut self, us: u64) {
        self.buckets[us.min(LONGEST_US) as usize] += 1;
        self.count += 1;
        self.max_us = self.max_us.max(us);
    }

    pub fn merge(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(sum, n)| *sum += n);
        self.count += other.count;
        self.max_us = self.max_us.max(other.max_us);
    }

    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The smallest time that at least this share of the samples does not exceed; 0 without samples.
    pub fn quantile_us(&self, share: f64) -> u64 {
        let wanted = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().position(|&n| {
            seen += u64::from(n);
            seen >= wanted
        });
        found.unwrap_or(0) as u64
    }
}

/// What all subscribers received of the packets `window` (indices of the publisher's packets).
#[derive(Debug)]
pub struct Reception {
    window: Range<u64>,
    arrived: Vec<Vec<bool>>,
    pub latency: Histogram,
    pub duplicates: u64,
}

impl Reception {
    pub fn new(subscribers: usize, window: Range<u64>) -> Self {
        let packets = (window.end - window.start) as usize;
        Self { window, arrived: vec![vec![false; packets]; subscribers], latency: Histogram::default(), duplicates: 0 }
    }

    /// Notes a packet, and how late it came if that is known; those before and after the window are not counted.
    pub fn add(&mut self, subscriber: usize, index: u64, latency_ns: Option<u64>) {
        if !self.window.contains(&index) {
            return;
        }
        let seen = &mut self.arrived[subscriber][(index - self.window.start) as usize];
        if std::mem::replace(seen, true) {
            self.duplicates += 1;
        } else if let Some(latency_ns) = latency_ns {
            self.latency.add(latency_ns / 1000);
        }
    }

    pub fn sent(&self) -> u64 {
        self.window.end - self.window.start
    }

    /// Packets that should have arrived at all subscribers together.
    pub fn expected(&self) -> u64 {
        self.sent() * self.arrived.len() as u64
    }

    pub fn received(&self) -> u64 {
        self.per_subscriber().sum()
    }

    /// Packets that arrived at the subscriber that got the fewest.
    pub fn fewest(&self) -> u64 {
        self.per_subscriber().min().unwrap_or(0)
    }

    /// Subscribers to which nothing of the window came.
    pub fn without_any(&self) -> usize {
        self.per_subscriber().filter(|&packets| packets == 0).count()
    }

    fn per_subscriber(&self) -> impl Iterator<Item = u64> {
        self.arrived.iter().map(|packets| packets.iter().filter(|&&arrived| arrived).count() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_samples() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|us| histogram.add(us));
        assert_eq!((histogram.quantile_us(0.5), histogram.quantile_us(0.99), histogram.max_us()), (50, 99, 100));
        histogram.add(5_000_000);
        assert_eq!((histogram.quantile_us(1.0), histogram.max_us()), (LONGEST_US, 5_000_000));
        assert_eq!(Histogram::default().quantile_us(0.5), 0);
        let mut both = Histogram::default();
        (101..=200).for_each(|us| both.add(us));
        both.merge(&histogram);
        assert_eq!((both.quantile_us(0.5), both.max_us()), (101, 5_000_000));
    }

    #[test]
    fn only_the_window_counts_and_each_packet_once() {
        let mut reception = Reception::new(2, 10..14);
        for index in [9, 10, 11, 11, 13, 14] {
            reception.add(0, index, Some(1_000));
        }
        reception.add(1, 12, None);
        assert_eq!((reception.expected(), reception.received(), reception.fewest(), reception.duplicates), (8, 4, 1, 1));
        assert_eq!((reception.without_any(), Reception::new(2, 10..14).without_any()), (0, 2));
    }
}
