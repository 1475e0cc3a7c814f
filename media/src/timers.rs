//! One table of every deadline of the node.
//!
//! Each owner keeps the instant at which it will be woken (`Scheduled`); the heap may hold older entries, which are
//! recognised by not being that instant any more. A deadline that moves later costs nothing: its owner is woken
//! at the earlier time and asks again. One that moves nearer leaves an entry behind, which is used when its time is wanted again: an
//! owner with one far deadline and many near ones has two entries, not one for each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// When an owner is to be woken, if at all. Only [`Timers`] writes it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scheduled {
    next: Option<Instant>,
    /// A later entry that is in the heap as well.
    left: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

impl<K: Copy + Ord> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new() }
    }

    /// Wakes `owner` not later than `at`.
    pub(crate) fn schedule(&mut self, owner: K, slot: &mut Scheduled, at: Option<Instant>) {
        let Some(at) = at else { return };
        if slot.next.is_some_and(|next| next <= at) {
            return;
        }
        if let Some(left) = slot.left.filter(|left| *left <= at) {
            *slot = Scheduled { next: Some(left), left: None };
            return;
        }
        slot.left = [slot.next, slot.left].into_iter().flatten().min();
        slot.next = Some(at);
        self.heap.push(Reverse((at, owner)));
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
        let is_current = slot.next == Some(at);
        if is_current {
            slot.next = None;
        } else if slot.left == Some(at) {
            slot.left = None;
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

    #[test]
    fn one_far_deadline_and_many_near_ones_are_two_entries() {
        let start = begin();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::new();
        let mut slot = Scheduled::default();
        let mut woken = Vec::new();
        for n in 0..120 {
            timers.schedule('a', &mut slot, Some(at(1_000)));
            timers.schedule('a', &mut slot, Some(at(10 * n + 5)));
            while let Some((entry, _)) = timers.pop_due(at(10 * n + 9)) {
                if Timers::<char>::claim(&mut slot, entry) {
                    woken.push(entry);
                }
            }
            assert!(timers.len() <= 1, "{}", timers.len());
        }
        // What is due in the past is due at once.
        assert_eq!(woken.iter().filter(|entry| **entry == at(1_000)).count(), 20);
        assert_eq!(woken.len(), 120);
    }

    #[test]
    fn an_entry_that_was_left_behind_wakes_only_when_it_is_wanted() {
        let start = begin();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::new();
        let mut slot = Scheduled::default();
        for ms in [300, 200, 100] {
            timers.schedule('a', &mut slot, Some(at(ms)));
        }
        let mut pop =
            |slot: &mut Scheduled| timers.pop_due(at(1_000)).map(|(entry, _)| (entry, Timers::<char>::claim(slot, entry)));
        assert_eq!(pop(&mut slot), Some((at(100), true)));
        assert_eq!(pop(&mut slot), Some((at(200), false)));
        assert_eq!(pop(&mut slot), Some((at(300), false)));
        assert_eq!(pop(&mut slot), None);
        timers.schedule('a', &mut slot, Some(at(400)));
        assert_eq!(timers.next(), Some(at(400)), "nothing is believed to be there that is not");
    }
}
