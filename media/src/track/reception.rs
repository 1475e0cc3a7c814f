//! How well a publisher's packets reach us, as receiver reports tell it (RFC 3550 appendices A.3 and A.8).

use std::time::Instant;

use crate::rtcp::{ReportBlock, SenderInfo};

#[derive(Debug)]
pub(super) struct Reception {
    clock_rate: u32,
    /// Index and arrival of the first packet: indexes and times are counted from there.
    first: Option<(u64, Instant)>,
    highest: u64,
    received: u64,
    /// Expected and received when the last report was made.
    prior: (u64, u64),
    transit: u32,
    /// Times 16.
    jitter: u32,
    sender: Option<(u32, Instant)>,
}

impl Reception {
    pub(super) fn new(clock_rate: u32) -> Self {
        Self { clock_rate, first: None, highest: 0, received: 0, prior: (0, 0), transit: 0, jitter: 0, sender: None }
    }

    pub(super) fn packet(&mut self, now: Instant, index: u64, timestamp: u32) {
        let (_, start) = *self.first.get_or_insert((index, now));
        self.highest = self.highest.max(index);
        self.received += 1;
        let arrival = now.saturating_duration_since(start).as_micros() * u128::from(self.clock_rate) / 1_000_000;
        let transit = (arrival as u32).wrapping_sub(timestamp);
        if self.received > 1 {
            let difference = (transit.wrapping_sub(self.transit) as i32).unsigned_abs();
            self.jitter = (self.jitter - ((self.jitter + 8) >> 4)).saturating_add(difference);
        }
        self.transit = transit;
    }

    pub(super) fn sender_report(&mut self, now: Instant, info: SenderInfo) {
        self.sender = Some((info.middle_ntp(), now));
    }

    /// `None` as long as nothing came.
    pub(super) fn report(&mut self, now: Instant, ssrc: u32) -> Option<ReportBlock> {
        let (first, _) = self.first?;
        let expected = self.highest.saturating_sub(first) + 1;
        let since = (expected.saturating_sub(self.prior.0), self.received - self.prior.1);
        self.prior = (expected, self.received);
        let lost = since.0.saturating_sub(since.1);
        let fraction = (lost * 256).checked_div(since.0).unwrap_or(0).min(255);
        let cumulative = (expected as i64 - self.received as i64).clamp(-(1 << 23), (1 << 23) - 1);
        let (last_sr, delay) = self.sender.map_or((0, 0), |(ntp, at)| {
            (ntp, (now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000).min(u128::from(u32::MAX)) as u32)
        });
        Some(ReportBlock {
            ssrc,
            fraction_lost: fraction as u8,
            cumulative_lost: cumulative as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter >> 4,
            last_sr,
            delay_since_last_sr: delay,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::begin;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn loss_is_counted_since_the_last_report_and_from_the_start() {
        let t0 = begin();
        let mut reception = Reception::new(90_000);
        assert_eq!(reception.report(t0, 7), None);
        for index in [65_530, 65_531, 65_534, 65_537] {
            reception.packet(t0, index, 0);
        }
        let block = reception.report(t0, 7).unwrap();
        assert_eq!((block.fraction_lost, block.cumulative_lost, block.highest_sequence), (128, 4, 65_537));
        // Two of the lost ones come late: the total shrinks, this interval has lost nothing.
        reception.packet(t0, 65_535, 0);
        reception.packet(t0, 65_536, 0);
        reception.packet(t0, 65_538, 0);
        let block = reception.report(t0, 7).unwrap();
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 2));
        let block = reception.report(t0, 7).unwrap();
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 2));
    }

    #[test]
    fn jitter_is_0_in_step_and_approaches_a_steady_deviation() {
        let t0 = begin();
        let mut reception = Reception::new(48_000);
        for n in 0..100 {
            reception.packet(t0 + ms(20 * n), n, 960 * n as u32);
        }
        assert_eq!(reception.report(t0, 7).unwrap().jitter, 0);
        // Every second packet 5 ms late: each transit differs from the last by 240 ticks.
        for n in 100..600 {
            reception.packet(t0 + ms(20 * n + 5 * (n % 2)), n, 960 * n as u32);
        }
        let jitter = reception.report(t0, 7).unwrap().jitter;
        assert!((230..=240).contains(&jitter), "{jitter}");
    }

    #[test]
    fn the_senders_report_is_named_with_its_age() {
        let t0 = begin();
        let mut reception = Reception::new(48_000);
        reception.packet(t0, 1, 0);
        reception.sender_report(t0, SenderInfo { ntp: 0x1111_2222_3333_4444, rtp_timestamp: 0, packets: 0, octets: 0 });
        let block = reception.report(t0 + ms(500), 7).unwrap();
        assert_eq!((block.last_sr, block.delay_since_last_sr), (0x2222_3333, 32_768));
    }
}
