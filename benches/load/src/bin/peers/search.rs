//! The highest rate that a server forwards on one CPU with next to no loss.

use std::io::{self, Write};

use anyhow::Result;

use crate::row::Row;

const FIRST_PPS: u32 = 30_000;
const MOST_PPS: u32 = 450_000;
/// The search ends when the two rates between which the answer lies are so close, in percent.
const CLOSE_PCT: u32 = 8;
pub(crate) const MAX_LOSS_PCT: f64 = 0.1;
/// A big socket buffer hides for some seconds that a server cannot keep up. Its packets are late, though.
const MAX_LATENCY_P99_US: u64 = 20_000;

/// The run at the highest rate that was carried, if any was. A rate is given a second try; one at which a client is left with nothing at all is not
/// carried.
pub(crate) fn highest(mut run: impl FnMut(u32) -> Result<Row>) -> Result<Option<Row>> {
    let mut carried = |pps: u32| -> Result<Option<Row>> {
        for _ in 0..2 {
            match run(pps) {
                Ok(row) if is_carried(&row, pps) => return Ok(Some(row)),
                Ok(_) => {}
                Err(error) => writeln!(io::stdout(), "{pps} packets/s: {error:#}")?,
            }
        }
        Ok(None)
    };
    let (mut best, mut good, mut pps) = (None, 0, FIRST_PPS);
    let mut bad = loop {
        match carried(pps)? {
            Some(row) => (best, good) = (Some(row), pps),
            None => break pps,
        }
        if pps == MOST_PPS {
            return Ok(best);
        }
        pps = (pps * 3 / 2).min(MOST_PPS);
    };
    while good > 0 && (bad - good) * 100 > bad * CLOSE_PCT {
        let middle = good.midpoint(bad);
        match carried(middle)? {
            Some(row) => (best, good) = (Some(row), middle),
            None => bad = middle,
        }
    }
    Ok(best)
}

fn is_carried(row: &Row, pps: u32) -> bool {
    row.loss_pct < MAX_LOSS_PCT && row.latency_us_p99 < MAX_LATENCY_P99_US && row.forwarded_pps > 0.98 * f64::from(pps)
}

#[cfg(test)]
mod tests {
    use anyhow::ensure;

    use super::*;
    use crate::table::tests::row;

    /// A server that carries so much.
    fn found(limit: u32) -> Option<f64> {
        let run = |pps: u32| {
            let loss_pct = if pps > limit { 1.0 } else { 0.0 };
            ensure!(pps < 3 * limit, "nothing arrived");
            Ok(Row { loss_pct, forwarded_pps: f64::from(pps), ..row() })
        };
        highest(run).unwrap().map(|row| row.forwarded_pps)
    }

    #[test]
    fn finds_the_highest_rate_from_below() {
        for limit in [30_000, 84_000, 300_000, 449_999] {
            let found = found(limit).unwrap();
            assert!(found <= f64::from(limit) && found > 0.9 * f64::from(limit), "{limit}: {found}");
        }
        assert_eq!((found(29_000), found(9_000)), (None, None));
        assert_eq!(found(1_000_000), Some(f64::from(MOST_PPS)));
    }
}
