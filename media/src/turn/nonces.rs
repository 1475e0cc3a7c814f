//! Nonces that nobody has to remember: the second they were made in, and a signature over it and the client's address. So a
//! flood of strangers costs no memory, and what one client was given is of no use to another.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::prelude::{BASE64_STANDARD, Engine};

/// How long a nonce is good for; then the client is given another one (438) and asks again.
const LIFETIME: Duration = Duration::from_secs(600);
/// Short, since it is the greater part of an answer that strangers get.
pub(super) const NONCE_LEN: usize = 16;
const TIME_LEN: usize = 3;
const RAW_LEN: usize = 12;
/// The seconds are counted in 24 bits.
const PERIOD: u64 = 1 << (8 * TIME_LEN);

#[derive(Debug)]
pub(super) struct Nonces {
    key: hmac::Key,
    started: Instant,
}

impl Nonces {
    pub(super) fn new(started: Instant, key: hmac::Key) -> Self {
        Self { key, started }
    }

    pub(super) fn issue(&self, now: Instant, client: SocketAddr) -> [u8; NONCE_LEN] {
        let seconds = self.seconds(now).to_be_bytes();
        let raw = self.signed([seconds[5], seconds[6], seconds[7]], client);
        let mut nonce = [0; NONCE_LEN];
        // 12 bytes are 16 characters, without padding.
        let _ = BASE64_STANDARD.encode_slice(raw, &mut nonce);
        nonce
    }

    /// Whether this client was given this nonce not long ago.
    pub(super) fn is_fresh(&self, now: Instant, client: SocketAddr, nonce: &[u8]) -> bool {
        let mut raw = [0; RAW_LEN];
        if nonce.len() != NONCE_LEN || BASE64_STANDARD.decode_slice(nonce, &mut raw) != Ok(RAW_LEN) {
            return false;
        }
        let [high, middle, low, ..] = raw;
        let made = u64::from_be_bytes([0, 0, 0, 0, 0, high, middle, low]);
        let age = (PERIOD + self.seconds(now) - made) % PERIOD;
        age <= LIFETIME.as_secs() && verify_slices_are_equal(&self.signed([high, middle, low], client), &raw).is_ok()
    }

    fn seconds(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.started).as_secs() % PERIOD
    }

    fn signed(&self, seconds: [u8; TIME_LEN], client: SocketAddr) -> [u8; RAW_LEN] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&seconds);
        match client.ip() {
            IpAddr::V4(ip) => context.update(&ip.octets()),
            IpAddr::V6(ip) => context.update(&ip.octets()),
        }
        context.update(&client.port().to_be_bytes());
        let mut raw = [0; RAW_LEN];
        raw[..TIME_LEN].copy_from_slice(&seconds);
        raw[TIME_LEN..].copy_from_slice(&context.sign().as_ref()[..RAW_LEN - TIME_LEN]);
        raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    fn nonces(now: Instant) -> Nonces {
        Nonces::new(now, hmac::Key::new(hmac::HMAC_SHA256, b"key"))
    }

    fn client(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    #[test]
    fn is_good_for_its_client_and_its_time() {
        let start = begin();
        let nonces = nonces(start);
        for made_after in [0, 5, PERIOD - 3] {
            let made = start + Duration::from_secs(made_after);
            let nonce = nonces.issue(made, client(1));
            assert!(nonces.is_fresh(made, client(1), &nonce));
            assert!(nonces.is_fresh(made + LIFETIME, client(1), &nonce), "made after {made_after} s");
            assert!(!nonces.is_fresh(made + LIFETIME + Duration::from_secs(1), client(1), &nonce));
            assert!(!nonces.is_fresh(made, client(2), &nonce));
        }
    }

    #[test]
    fn nobody_makes_one_up() {
        let start = begin();
        let nonces = nonces(start);
        let nonce = nonces.issue(start, client(1));
        for at in 0..NONCE_LEN {
            let mut bad = nonce;
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            assert!(!nonces.is_fresh(start, client(1), &bad), "byte {at}");
            assert!(!nonces.is_fresh(start, client(1), &nonce[..at]), "cut to {at}");
        }
        let other = Nonces::new(start, hmac::Key::new(hmac::HMAC_SHA256, b"other"));
        assert!(!other.is_fresh(start, client(1), &nonce));
        assert!(!nonces.is_fresh(start, client(1), &[0xff; NONCE_LEN]));
    }
}
