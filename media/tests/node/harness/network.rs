//! A network in memory: every datagram takes the same time, some get lost.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const DELAY: Duration = Duration::from_millis(10);

#[derive(Clone, Debug)]
pub(crate) struct Flying {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Network {
    flying: BTreeMap<(Instant, u64), Flying>,
    sent: u64,
    random: u64,
    /// In thousandths.
    media_loss: u64,
    handshake_loss: u64,
    pub(crate) lost: u64,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self { flying: BTreeMap::new(), sent: 0, random: seed | 1, media_loss: 0, handshake_loss: 0, lost: 0 }
    }

    /// From now on this share of the media gets lost.
    pub(crate) fn lose_media(&mut self, percent: u64) {
        self.media_loss = percent * 10;
    }

    /// From now on this share of STUN and DTLS gets lost.
    pub(crate) fn lose_handshakes(&mut self, percent: u64) {
        self.handshake_loss = percent * 10;
    }

    pub(crate) fn send(&mut self, now: Instant, flying: Flying) {
        let is_media = flying.bytes.first().is_some_and(|byte| (128..192).contains(byte));
        let loss = if is_media { self.media_loss } else { self.handshake_loss };
        if self.next_random() % 1000 < loss {
            self.lost += 1;
            return;
        }
        self.sent += 1;
        self.flying.insert((now + DELAY, self.sent), flying);
    }

    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.flying.keys().next().map(|(at, _)| *at)
    }

    /// Everything that has arrived by `now`, in order.
    pub(crate) fn arrived(&mut self, now: Instant) -> Vec<Flying> {
        let later = self.flying.split_off(&(now + Duration::from_nanos(1), 0));
        std::mem::replace(&mut self.flying, later).into_values().collect()
    }

    /// xorshift64*
    fn next_random(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}
