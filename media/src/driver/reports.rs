//! The node's report: the sum of those of its shards, each of which tells its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::control::{Event, NodeReport};

/// Reports that are being put together. As many as commands can wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports(Arc<Mutex<HashMap<u64, Sum>>>);

#[derive(Debug, Default)]
struct Sum {
    /// Shards that have not told theirs.
    missing: usize,
    report: NodeReport,
}

impl Reports {
    /// The report of this id comes from so many shards.
    pub(super) fn expect(&self, id: u64, shards: usize) {
        self.sums().insert(id, Sum { missing: shards, report: NodeReport::default() });
    }

    /// It does not come: not all shards were asked.
    pub(super) fn forget(&self, id: u64) {
        self.sums().remove(&id);
    }

    /// Adds what a shard tells to what the others told; the last one's event becomes the whole node's. All other events pass.
    pub(super) fn complete(&self, event: Event) -> Option<Event> {
        let Event::Report { id, report } = event else { return Some(event) };
        let mut sums = self.sums();
        let sum = sums.get_mut(&id)?;
        sum.report += &report;
        sum.missing -= 1;
        if sum.missing > 0 {
            return None;
        }
        sums.remove(&id).map(|sum| Event::Report { id, report: sum.report })
    }

    /// Held for a few map operations, a few times a minute.
    fn sums(&self) -> MutexGuard<'_, HashMap<u64, Sum>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reports: &Reports, id: u64, rooms: u64) -> Option<u64> {
        let event = reports.complete(Event::Report { id, report: NodeReport { rooms, ..NodeReport::default() } })?;
        let Event::Report { report, .. } = event else { panic!("{event:?}") };
        Some(report.rooms)
    }

    #[test]
    fn the_last_shard_tells_the_sum() {
        let reports = Reports::default();
        reports.expect(1, 3);
        reports.expect(2, 1);
        assert_eq!([told(&reports, 1, 10), told(&reports, 1, 20), told(&reports, 2, 7)], [None, None, Some(7)]);
        assert_eq!(told(&reports, 1, 30), Some(60));
        assert!(reports.sums().is_empty());
    }

    #[test]
    fn what_is_not_awaited_is_not_told() {
        let reports = Reports::default();
        reports.expect(1, 2);
        reports.forget(1);
        assert_eq!(told(&reports, 1, 10), None);
        assert!(reports.sums().is_empty());
    }
}
