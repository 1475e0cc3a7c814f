//! One table of every deadline of the node.
//!
//! Each owner keeps the instant at which it will be woken (`Scheduled`); the heap may hold older entries, which are
//! recognised by not being that instant any more. A deadline that moves later costs nothing: its owner is woken
//! at the earlier time and asks again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// When an owner is to be woken, if at all. Only [`Timers`] writes it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scheduled(Option<Instant>);

#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

impl<K: Copy + Ord> Timers<K> {
    /// With room for what a call of a few people has, so that no packet pays for its growth.
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::with_capacity(32) }
    }

    /// Wakes `owner` not later than `at`.
    pub(crate) fn schedule(&mut self, owner: K, slot: &mut Scheduled, at: Option<Instant>) {
        let Some(at) = at else { return };
        if slot.0.is_none_or(|scheduled| at < scheduled) {
            slot.0 = Some(at);
            self.heap.push(Reverse((at, owner)));
        }
    }

    /// How many entries there are, those included that nobody waits for any more.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// When to call [`Timers::pop_due`]; it may be earlier than the next deadline, never later.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// An owner whose time may have come, with the entry that [`Timers::claim`] judges.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, K)> {
        let due = self.next().is_some_and(|at| at <= now);
        due.then(|| self.heap.pop()).flatten().map(|Reverse(entry)| entry)
    }

    /// Whether the entry popped for an owner is the one it waits for. The owner then has to schedule again.
    pub(crate) fn claim(slot: &mut Scheduled, at: Instant) -> bool {
        let is_current = slot.0 == Some(at);
        if is_current {
            slot.0 = None;
        }
        is_current
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::begin;

    #[test]
    fn wakes_in_order_and_only_once_for_each() {
        let start = begin();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::new();
        let (mut a, mut b) = (Scheduled::default(), Scheduled::default());
        timers.schedule('a', &mut a, Some(at(30)));
        timers.schedule('b', &mut b, Some(at(20)));
        timers.schedule('a', &mut a, Some(at(10)));
        timers.schedule('a', &mut a, Some(at(40)));
        assert_eq!(timers.next(), Some(at(10)));
        assert!(timers.pop_due(at(9)).is_none());
        let mut woken = Vec::new();
        while let Some((entry, owner)) = timers.pop_due(at(50)) {
            let slot = if owner == 'a' { &mut a } else { &mut b };
            if Timers::<char>::claim(slot, entry) {
                woken.push((owner, entry));
            }
        }
        assert_eq!(woken, [('a', at(10)), ('b', at(20))]);
    }
}
