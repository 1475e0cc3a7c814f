//! Who a datagram belongs to: its kind by its first byte (RFC 7983), its session by its route.
//!
//! A route is bound only after a connectivity check over it carried the session's credentials, and it stays with that
//! session as long as the checks go on, so nobody can take over somebody else's address by forging one packet.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use crate::datagram::Route;

/// What a datagram is, by its first byte (RFC 7983 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Stun,
    Dtls,
    /// SRTP or SRTCP.
    Media,
    Unknown,
}

pub(crate) fn classify(datagram: &[u8]) -> Class {
    match datagram.first() {
        Some(128..=191) => Class::Media,
        Some(0..=3) => Class::Stun,
        Some(20..=63) => Class::Dtls,
        _ => Class::Unknown,
    }
}

/// A client has a few interfaces and a few addresses before its NATs.
const MAX_ROUTES_PER_SESSION: usize = 16;
/// A route checked within this time is not given to another session. Browsers check every 2 to 15 s.
const HELD_FOR: Duration = Duration::from_secs(20);

/// The routes of all sessions; `K` names a session.
#[derive(Debug)]
pub(crate) struct Routes<K> {
    bound: HashMap<Route, Binding<K>, FastHash>,
}

#[derive(Clone, Copy, Debug)]
struct Binding<K> {
    session: K,
    checked: Instant,
}

impl<K: Copy + PartialEq> Routes<K> {
    pub(crate) fn new() -> Self {
        Self { bound: HashMap::with_hasher(FastHash::default()) }
    }

    pub(crate) fn session_of(&self, route: &Route) -> Option<K> {
        self.bound.get(route).map(|binding| binding.session)
    }

    /// Whether `route` may be bound to `session`: it is its own, nobody's, or its owner has gone silent.
    pub(crate) fn is_free_for(&self, now: Instant, route: &Route, session: K) -> bool {
        self.bound
            .get(route)
            .is_none_or(|binding| binding.session == session || now.saturating_duration_since(binding.checked) >= HELD_FOR)
    }

    /// Binds `route`, or renews its binding, if it [is free](Self::is_free_for). A session that has too many loses
    /// the one that was checked longest ago, but not `keep`, the one it sends on.
    pub(crate) fn bind(&mut self, now: Instant, route: Route, session: K, keep: Option<Route>) {
        if !self.is_free_for(now, &route, session) {
            return;
        }
        if self.session_of(&route) != Some(session) {
            self.make_room(session, keep);
        }
        self.bound.insert(route, Binding { session, checked: now });
    }

    /// A new binding is rare, so the routes of one session are found by looking at all.
    fn make_room(&mut self, session: K, keep: Option<Route>) {
        let of_session = self.bound.iter().filter(|(_, binding)| binding.session == session);
        if of_session.clone().count() < MAX_ROUTES_PER_SESSION {
            return;
        }
        let oldest = of_session.filter(|(route, _)| Some(**route) != keep).min_by_key(|(_, binding)| binding.checked);
        if let Some(route) = oldest.map(|(route, _)| *route) {
            self.bound.remove(&route);
        }
    }

    /// The route is gone; says whose it was.
    pub(crate) fn remove(&mut self, route: &Route) -> Option<K> {
        self.bound.remove(route).map(|binding| binding.session)
    }

    /// The session is over.
    pub(crate) fn unbind(&mut self, session: K) {
        self.bound.retain(|_, binding| binding.session != session);
    }

    pub(crate) fn len(&self) -> usize {
        self.bound.len()
    }
}

/// A fast hash for routes, seeded for each table. Only authenticated addresses are keys, so flooding it with
/// collisions is no way in: it takes a session to put 16 keys here.
#[derive(Clone, Debug)]
pub(crate) struct FastHash {
    seed: u64,
}

impl Default for FastHash {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(0) }
    }
}

impl BuildHasher for FastHash {
    type Hasher = FastHasher;

    fn build_hasher(&self) -> FastHasher {
        FastHasher(self.seed)
    }
}

#[derive(Debug)]
pub(crate) struct FastHasher(u64);

impl FastHasher {
    fn mix(&mut self, word: u64) {
        const ODD: u128 = 0x9e37_79b9_7f4a_7c15;
        let product = u128::from(self.0 ^ word).wrapping_add(1) * ODD;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.mix(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Protocol;
    use crate::testing::begin;

    fn route(last: u8, port: u16) -> Route {
        let remote = ([192, 0, 2, last], port).into();
        Route { local: ([192, 0, 2, 254], 443).into(), remote, protocol: Protocol::Udp }
    }

    #[test]
    fn first_byte_tells_the_kind() {
        let cases = [(0, Class::Stun), (3, Class::Stun), (4, Class::Unknown), (19, Class::Unknown), (20, Class::Dtls)];
        let more = [(63, Class::Dtls), (64, Class::Unknown), (127, Class::Unknown), (128, Class::Media)];
        let last = [(191, Class::Media), (192, Class::Unknown), (255, Class::Unknown)];
        for (byte, class) in cases.into_iter().chain(more).chain(last) {
            assert_eq!(classify(&[byte, 1, 2]), class, "{byte}");
        }
        assert_eq!(classify(&[]), Class::Unknown);
    }

    #[test]
    fn a_held_route_is_not_given_away() {
        let now = begin();
        let mut routes = Routes::new();
        routes.bind(now, route(1, 1), 'a', None);
        routes.bind(now + HELD_FOR / 2, route(1, 1), 'b', None);
        assert_eq!(routes.session_of(&route(1, 1)), Some('a'));
        routes.bind(now + HELD_FOR, route(1, 1), 'b', None);
        assert_eq!(routes.session_of(&route(1, 1)), Some('b'), "the first client has gone silent");
    }

    #[test]
    fn unbinding_frees_only_that_session() {
        let now = begin();
        let mut routes = Routes::new();
        routes.bind(now, route(1, 1), 'a', None);
        routes.bind(now, route(1, 2), 'b', None);
        routes.unbind('a');
        assert_eq!((routes.session_of(&route(1, 1)), routes.session_of(&route(1, 2))), (None, Some('b')));
    }

    #[test]
    fn routes_of_a_session_are_limited() {
        let now = begin();
        let mut routes = Routes::new();
        routes.bind(now, route(2, 1), 'b', None);
        for port in 0..100 {
            let at = now + Duration::from_millis(u64::from(port));
            routes.bind(at, route(1, port), 'a', Some(route(1, 0)));
        }
        assert_eq!(routes.len(), MAX_ROUTES_PER_SESSION + 1);
        assert_eq!(routes.session_of(&route(1, 0)), Some('a'), "the one in use stays");
        assert_eq!(routes.session_of(&route(1, 99)), Some('a'));
        assert_eq!(routes.session_of(&route(1, 50)), None);
        assert_eq!(routes.session_of(&route(2, 1)), Some('b'));
    }

    #[test]
    fn hash_spreads_neighbouring_routes() {
        let hash = FastHash::default();
        let mut buckets = [0_u32; 64];
        for port in 0..6400 {
            buckets[hash.hash_one(route(1, port)) as usize % 64] += 1;
        }
        assert!(buckets.iter().all(|count| (50..200).contains(count)), "{buckets:?}");
    }
}
