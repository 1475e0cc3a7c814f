//! How much longer one burst of packets was under way than the one before it: the slope of the line's queue.

/// Packets that leave within this time are one group.
const GROUP: u64 = 5_000;
/// Packets that come closer together than they were sent, within this, were held up together: they are one group too.
const BURST: i64 = 5_000;
const LONGEST_BURST: i64 = 100_000;

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    first_sent: u64,
    last_sent: u64,
    first_came: i64,
    last_came: i64,
    /// 0 for a group that is not begun.
    packets: usize,
}

/// Between two groups, in ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delta {
    pub(super) sent: f64,
    pub(super) came: f64,
    /// When the later one came, by the receiver's clock.
    pub(super) at: f64,
}

#[derive(Debug, Default)]
pub(super) struct Groups {
    before: Group,
    current: Group,
}

impl Groups {
    /// What the packets before this one say, if it begins another group.
    pub(super) fn came(&mut self, sent: u64, came: i64) -> Option<Delta> {
        if self.current.packets == 0 {
            self.current = Group { first_sent: sent, last_sent: sent, first_came: came, last_came: came, packets: 1 };
            return None;
        }
        // Overtaken: it says nothing of the queue.
        if sent < self.current.first_sent {
            return None;
        }
        if self.belongs(sent, came) {
            self.current.last_sent = self.current.last_sent.max(sent);
            self.current.last_came = self.current.last_came.max(came);
            self.current.packets += 1;
            return None;
        }
        let next = Group { first_sent: sent, last_sent: sent, first_came: came, last_came: came, packets: 1 };
        let current = std::mem::replace(&mut self.current, next);
        let before = std::mem::replace(&mut self.before, current);
        (before.packets > 0).then(|| Delta {
            sent: (current.last_sent as f64 - before.last_sent as f64) / 1_000.0,
            came: (current.last_came - before.last_came) as f64 / 1_000.0,
            at: current.last_came as f64 / 1_000.0,
        })
    }

    fn belongs(&self, sent: u64, came: i64) -> bool {
        let apart = came - self.current.last_came;
        let propagation = apart - (sent as i64 - self.current.last_sent as i64);
        let held_up = propagation < 0 && apart <= BURST && came - self.current.first_came < LONGEST_BURST;
        held_up || sent - self.current.first_sent <= GROUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_grows_shows_in_the_difference_of_two_bursts() {
        let mut groups = Groups::default();
        // Three frames of two packets, 33 ms apart, each 3 ms longer under way than the one before.
        let mut deltas = Vec::new();
        for frame in 0..4_u64 {
            for packet in 0..2_u64 {
                let sent = frame * 33_000 + packet * 1_000;
                let came = 50_000 + sent + frame * 3_000;
                deltas.extend(groups.came(sent, came as i64));
            }
        }
        assert_eq!(deltas.len(), 2);
        assert!(deltas.iter().all(|delta| (delta.came - delta.sent - 3.0).abs() < 0.001), "{deltas:?}");
    }

    #[test]
    fn what_was_held_up_and_comes_at_once_is_one_group() {
        let mut groups = Groups::default();
        assert!(groups.came(0, 0).is_none());
        for packet in 1..8_u64 {
            assert!(groups.came(packet * 10_000, 90_000 + packet as i64).is_none() || packet == 1);
        }
    }
}
