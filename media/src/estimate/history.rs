//! What was sent, by its transport-wide number, until the receiver has told what became of it.

use crate::rtcp::Arrival;

/// More than a second of what a picture of 2.5 Mbit/s and sound have; a feedback comes ten times a second.
const PACKETS: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is known, or the slot was never used.
    Flying,
    Lost,
    Came,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    /// Its number: a slot may hold an older packet's.
    number: u64,
    /// In µs.
    at: u64,
    len: u16,
    cluster: u8,
    state: State,
}

/// What a feedback says of a packet that it has not said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    /// It was said to be lost, but was only late.
    Found,
    Came {
        came: i64,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Resolved {
    pub(super) sent: u64,
    pub(super) len: usize,
    pub(super) cluster: u8,
    pub(super) fate: Fate,
}

#[derive(Debug)]
pub(super) struct History {
    ring: Box<[Sent]>,
    /// The number of the next packet. The first is 1: a slot of zeros is nobody's.
    next: u64,
}

impl History {
    pub(super) fn new() -> Self {
        let empty = Sent { number: 0, at: 0, len: 0, cluster: 0, state: State::Came };
        Self { ring: vec![empty; PACKETS].into(), next: 1 }
    }

    #[inline]
    pub(super) fn sent(&mut self, at: u64, len: usize, cluster: u8) -> u16 {
        let number = self.next;
        self.next += 1;
        self.ring[number as usize % PACKETS] =
            Sent { number, at, len: len.min(usize::from(u16::MAX)) as u16, cluster, state: State::Flying };
        number as u16
    }

    /// `None` for what was never sent, is forgotten, or was told before.
    pub(super) fn resolve(&mut self, arrival: Arrival) -> Option<Resolved> {
        let newest = self.next - 1;
        let number = newest.checked_sub(u64::from((newest as u16).wrapping_sub(arrival.sequence)))?;
        let sent = self.ring.get_mut(number as usize % PACKETS).filter(|sent| sent.number == number)?;
        let (fate, state) = match (sent.state, arrival.at) {
            (State::Flying, None) => (Fate::Lost, State::Lost),
            (State::Flying, Some(came)) => (Fate::Came { came }, State::Came),
            (State::Lost, Some(_)) => (Fate::Found, State::Came),
            (State::Lost, None) | (State::Came, _) => return None,
        };
        sent.state = state;
        Some(Resolved { sent: sent.at, len: usize::from(sent.len), cluster: sent.cluster, fate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(history: &mut History, sequence: u16, at: Option<i64>) -> Option<(u64, Fate)> {
        history.resolve(Arrival { sequence, at }).map(|resolved| (resolved.sent, resolved.fate))
    }

    #[test]
    fn each_packet_is_told_of_once_and_a_late_one_is_found() {
        let mut history = History::new();
        let numbers: Vec<u16> = (0..3).map(|at| history.sent(at, 100, 0)).collect();
        assert_eq!(told(&mut history, numbers[0], Some(9)), Some((0, Fate::Came { came: 9 })));
        assert_eq!(told(&mut history, numbers[0], Some(9)), None);
        assert_eq!(told(&mut history, numbers[1], None), Some((1, Fate::Lost)));
        assert_eq!(told(&mut history, numbers[1], None), None);
        assert_eq!(told(&mut history, numbers[1], Some(12)), Some((1, Fate::Found)));
        assert_eq!(told(&mut history, numbers[2].wrapping_add(1), Some(1)), None, "never sent");
    }

    #[test]
    fn numbers_wrap_and_what_is_old_is_forgotten() {
        let mut history = History::new();
        let mut last = 0;
        for at in 0..70_000 {
            last = history.sent(at, 100, 0);
        }
        assert_eq!(told(&mut history, last, Some(1)), Some((69_999, Fate::Came { came: 1 })));
        assert_eq!(told(&mut history, last.wrapping_sub(1_024), Some(1)), None);
        assert_eq!(told(&mut history, last.wrapping_sub(1_023), Some(1)), Some((68_976, Fate::Came { came: 1 })));
    }
}
