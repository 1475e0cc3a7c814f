//! Packets of one sender put back in order. What is missing is waited for, but not for long, and never with more than a ring of packets.

/// As many packets as can wait: more than a second of a fast video.
const SLOTS: u64 = 512;

/// A missing packet comes within this time or not at all: the room asks for it again sooner.
const PATIENCE_US: i64 = 500_000;

/// Nobody knows whether the packet that comes first was sent first.
const START_US: i64 = 100_000;

/// A packet of its own memory. Times are microseconds since the start of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) at_us: i64,
    pub(super) index: u64,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) payload: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Order {
    /// By index modulo their number; made when the first packet comes.
    slots: Vec<Option<Packet>>,
    /// How many of them are taken.
    held: usize,
    /// Arrival of the first packet and, until something was given out, the lowest index.
    start_us: Option<i64>,
    given: bool,
    /// What is to be given out next.
    next: u64,
}

impl Order {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), held: 0, start_us: None, given: false, next: 0 }
    }

    /// Whether a packet can be taken in without pushing out what waits; if not, it is time to [`flush`](Self::flush).
    pub(super) fn reaches(&self, index: u64) -> bool {
        self.held == 0 || index < self.next.saturating_add(SLOTS)
    }

    /// Late packets and those that came before are let go, and those that this does not [reach](Self::reaches).
    pub(super) fn push(&mut self, packet: Packet) {
        if self.held == 0 && (!self.given || packet.index >= self.next.saturating_add(SLOTS)) {
            self.next = packet.index;
        }
        self.start_us.get_or_insert(packet.at_us);
        if packet.index < self.next && self.reaches_back(packet.index) {
            self.next = packet.index;
        }
        if packet.index < self.next || packet.index - self.next >= SLOTS {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize(SLOTS as usize, None);
        }
        let slot = &mut self.slots[(packet.index % SLOTS) as usize];
        if slot.is_none() {
            *slot = Some(packet);
            self.held += 1;
        }
    }

    /// The next packet, unless one before it may still come.
    pub(super) fn pop(&mut self, now_us: i64) -> Option<Packet> {
        if self.held == 0 || self.start_us.is_none_or(|start| now_us < start.saturating_add(START_US)) {
            return None;
        }
        if self.slots[(self.next % SLOTS) as usize].is_none() && self.oldest_us()?.saturating_add(PATIENCE_US) > now_us {
            return None;
        }
        self.flush()
    }

    /// The first packet of those that wait, whatever is missing before it.
    pub(super) fn flush(&mut self) -> Option<Packet> {
        let ahead = (0..SLOTS).take(self.slots.len()).find(|ahead| self.slots[self.slot(*ahead)].is_some())?;
        let slot = self.slot(ahead);
        self.next = self.next.saturating_add(ahead + 1);
        self.given = true;
        self.held -= 1;
        self.slots[slot].take()
    }

    /// When the one came that has waited longest.
    pub(super) fn oldest_us(&self) -> Option<i64> {
        if self.held == 0 {
            return None;
        }
        self.slots.iter().flatten().map(|packet| packet.at_us).min()
    }

    /// Before anything was given out an earlier packet may begin.
    fn reaches_back(&self, index: u64) -> bool {
        !self.given
            && self.next - index.min(self.next) < SLOTS / 2
            && self.slots.iter().flatten().all(|packet| packet.index - index.min(packet.index) < SLOTS)
    }

    fn slot(&self, ahead: u64) -> usize {
        (self.next.wrapping_add(ahead) % SLOTS) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(index: u64, at_ms: i64) -> Packet {
        Packet { at_us: at_ms * 1000, index, timestamp: 0, marker: false, payload: vec![1] }
    }

    /// Takes packets in, each a millisecond after the one before; what came out until `now_ms`.
    fn check(indexes: &[u64], now_ms: i64) -> Vec<u64> {
        let mut order = Order::new();
        let mut out = Vec::new();
        for (at, index) in indexes.iter().enumerate() {
            while !order.reaches(*index) {
                out.extend(order.flush().map(|packet| packet.index));
            }
            order.push(packet(*index, at as i64));
        }
        while let Some(packet) = order.pop(now_ms * 1000) {
            out.push(packet.index);
        }
        out
    }

    #[test]
    fn gives_packets_in_order_once() {
        assert_eq!(check(&[7, 8, 9], 99), [0; 0], "an earlier one may come");
        assert_eq!(check(&[7, 8, 9], 101), [7, 8, 9]);
        assert_eq!(check(&[8, 7, 9], 101), [7, 8, 9]);
        assert_eq!(check(&[7, 7, 8, 7, 9, 9], 101), [7, 8, 9]);
        assert_eq!(check(&[0, 2, 1], 101), [0, 1, 2]);
        assert_eq!(check(&[65_534, 65_536, 65_535], 101), [65_534, 65_535, 65_536]);
    }

    #[test]
    fn waits_half_a_second_for_what_is_missing() {
        assert_eq!(check(&[7, 9, 10], 499), [7]);
        assert_eq!(check(&[7, 9, 10], 502), [7, 9, 10]);
        assert_eq!(check(&[7, 9, 11], 502), [7, 9, 11]);
    }

    #[test]
    fn a_jump_pushes_out_what_waits() {
        assert_eq!(check(&[7, 9, 9 + SLOTS], 600), [7, 9, 9 + SLOTS]);
        assert_eq!(check(&[7, u64::MAX, u64::MAX - 1], 600), [7, u64::MAX], "the end of the world, and no panic");
        assert_eq!(check(&[1 << 40, 3], 600), [1 << 40, 3][..1]);
    }

    #[test]
    fn what_comes_too_late_is_let_go() {
        let mut order = Order::new();
        order.push(packet(5, 0));
        assert_eq!(order.pop(200_000).map(|packet| packet.index), Some(5));
        order.push(packet(4, 201));
        order.push(packet(5, 201));
        assert_eq!(order.pop(900_000), None);
        assert_eq!(order.oldest_us(), None);
    }
}
