//! Which packet indexes were seen (RFC 3711 §3.3.2), and the index that a 16-bit sequence number means (§3.3.1).

/// How far behind the newest index a packet may be. Far more than the 64 that the RFC asks for: a browser without RTX answers a NACK by
/// sending the packet again under its old sequence number, which at 1,000 packets/s and a slow round trip is hundreds of packets ago.
pub(crate) const WINDOW: u64 = 1024 - 64;

const WORDS: usize = 16;

/// A sliding bitmap of the indexes seen (the ring of RFC 6479: moving on never shifts, it clears the words it enters).
#[derive(Clone, Debug, Default)]
pub struct ReplayWindow {
    highest: Option<u64>,
    seen: [u64; WORDS],
}

impl ReplayWindow {
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// The 48-bit index nearest to the newest one whose low bits are `sequence`; `None` if that lies before index 0.
    pub fn index_of(&self, sequence: u16) -> Option<u64> {
        let Some(highest) = self.highest else {
            return Some(u64::from(sequence));
        };
        let distance = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        highest.checked_add_signed(distance).filter(|index| index >> 48 == 0)
    }

    /// Neither seen before nor too old to tell.
    pub fn is_new(&self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index + WINDOW <= highest => false,
            Some(highest) if index <= highest => self.seen[word(index)] & bit(index) == 0,
            _ => true,
        }
    }

    /// Marks an index that is new and authenticated.
    pub fn mark(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => {}
            Some(highest) => {
                let entered = (index / 64 - highest / 64).min(WORDS as u64);
                for step in 0..entered {
                    self.seen[word((index / 64 - step) * 64)] = 0;
                }
                self.highest = Some(index);
            }
            None => self.highest = Some(index),
        }
        self.seen[word(index)] |= bit(index);
    }
}

fn word(index: u64) -> usize {
    (index / 64) as usize % WORDS
}

fn bit(index: u64) -> u64 {
    1 << (index % 64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_late_joiner_starts_at_roll_over_count_0() {
        assert_eq!(ReplayWindow::default().index_of(65_535), Some(65_535));
    }

    #[test]
    fn the_index_follows_the_sequence_over_the_wrap_both_ways() {
        let mut window = ReplayWindow::default();
        window.mark(65_534);
        assert_eq!(window.index_of(1), Some(65_537));
        window.mark(65_537);
        assert_eq!(window.index_of(65_535), Some(65_535));
        assert_eq!(window.index_of(0), Some(65_536));
        assert!(window.is_new(65_535) && window.is_new(65_536));
        assert!(!window.is_new(65_534) && !window.is_new(65_537));
    }

    #[test]
    fn nothing_lies_before_index_0() {
        let mut window = ReplayWindow::default();
        window.mark(3);
        assert_eq!(window.index_of(65_535), None);
    }

    #[test]
    fn what_is_too_old_is_refused() {
        let mut window = ReplayWindow::default();
        window.mark(5_000);
        assert!(window.is_new(5_000 - WINDOW + 1));
        assert!(!window.is_new(5_000 - WINDOW));
    }

    proptest! {
        /// Against a set that forgets nothing.
        #[test]
        fn an_index_is_accepted_once(steps in prop::collection::vec(-1_200i64..1_500, 1..400)) {
            let mut window = ReplayWindow::default();
            let mut seen = HashSet::new();
            let mut newest = 10_000u64;
            for step in steps {
                let index = newest.saturating_add_signed(step);
                let fresh = index > newest || (newest - index < WINDOW);
                let first_time = window.highest().is_none() || fresh && !seen.contains(&index);
                prop_assert_eq!(window.is_new(index), first_time);
                if first_time {
                    window.mark(index);
                    seen.insert(index);
                    newest = window.highest().unwrap_or(0);
                }
            }
        }
    }
}
