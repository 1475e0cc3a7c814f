//! All allocations: by the 5-tuple of their client, by their relayed address, by their call; how many there may be; when they end.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::allocation::Allocation;
use crate::control::{Protocol, RoomId};
use crate::datagram::Route;
use crate::demux::FastHash;
use crate::table::Table;
use crate::timers::{Scheduled, Timers};

/// A browser allocates once for each of its network interfaces and each of our three URLs, and again when it restarts ICE.
const MAX_PER_USER_AND_CALL: usize = 24;
/// Somebody whose page was reloaded a few times has allocations of before.
const MAX_PER_USER: usize = 96;
/// Of the 16,384 relayed ports, so that a free one is always found soon.
const MAX_IN_ALL: usize = 10_000;
/// The dynamic ports (RFC 6335 §6), from which relayed addresses are taken (RFC 8656 §7.2).
const FIRST_PORT: u16 = 49_152;

pub(super) type Key = usize;

#[derive(Debug)]
pub(super) struct Allocations {
    table: Table<Allocation>,
    by_route: HashMap<Route, Key, FastHash>,
    by_relayed: HashMap<SocketAddr, Key, FastHash>,
    /// The calls whose credentials are taken, and the allocations of each.
    calls: HashMap<RoomId, Vec<Key>>,
    users: HashMap<u128, usize>,
    timers: Timers<Key>,
    /// Relayed addresses that nobody has any more, until the node is told.
    ended: Vec<SocketAddr>,
}

impl Allocations {
    pub(super) fn new() -> Self {
        Self {
            table: Table::new(),
            by_route: HashMap::default(),
            by_relayed: HashMap::default(),
            calls: HashMap::new(),
            users: HashMap::new(),
            timers: Timers::new(),
            ended: Vec::new(),
        }
    }

    pub(super) fn open(&mut self, call: RoomId) {
        self.calls.entry(call).or_default();
    }

    pub(super) fn is_open(&self, call: RoomId) -> bool {
        self.calls.contains_key(&call)
    }

    /// Ends all of a call at once.
    pub(super) fn close(&mut self, call: RoomId) {
        for key in self.calls.remove(&call).unwrap_or_default() {
            self.end(key);
        }
    }

    pub(super) fn count(&self, protocol: Protocol) -> u64 {
        self.table.iter().filter(|allocation| allocation.route.protocol == protocol).count() as u64
    }

    pub(super) fn key_of(&self, route: &Route) -> Option<Key> {
        self.by_route.get(route).copied()
    }

    pub(super) fn get(&self, key: Key) -> Option<&Allocation> {
        self.table.get(key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Allocation> {
        self.table.get_mut(key)
    }

    pub(super) fn at(&self, relayed: &SocketAddr) -> Option<Key> {
        self.by_relayed.get(relayed).copied()
    }

    /// Whether this user may have another one for this call.
    pub(super) fn is_within_quota(&self, call: RoomId, user: u128) -> bool {
        let in_call = self.calls.get(&call).map_or(&[][..], Vec::as_slice);
        let of_user = in_call.iter().filter(|key| self.table.get(**key).is_some_and(|has| has.grant.user == user));
        of_user.count() < MAX_PER_USER_AND_CALL && self.users.get(&user).is_none_or(|count| *count < MAX_PER_USER)
    }

    /// A relayed address at `ip` that nobody has. `None` if there are allocations enough, or no randomness.
    pub(super) fn free_address(&self, ip: IpAddr, even: bool, taken: &[SocketAddr]) -> Option<SocketAddr> {
        if self.table.len() >= MAX_IN_ALL {
            return None;
        }
        let random = getrandom::u32().ok()? as u16;
        let (step, random) = if even { (2, random & !1) } else { (1, random) };
        let ports = (0..=u16::MAX - FIRST_PORT).step_by(step).map(|n| FIRST_PORT | random.wrapping_add(n) & !FIRST_PORT);
        let mut addresses = ports.map(|port| SocketAddr::new(ip, port));
        addresses.find(|address| !self.by_relayed.contains_key(address) && !taken.contains(address))
    }

    pub(super) fn insert(&mut self, allocation: Allocation) {
        let (route, relayed, grant, expires) = (allocation.route, allocation.relayed, allocation.grant, allocation.expires);
        let key = self.table.insert(allocation);
        self.by_route.insert(route, key);
        self.by_relayed.insert(relayed, key);
        self.calls.entry(grant.call).or_default().push(key);
        *self.users.entry(grant.user).or_default() += 1;
        self.schedule(key, expires);
        if self.timers.len() > 2 * MAX_IN_ALL {
            self.reschedule();
        }
    }

    /// Lets an allocation live for `lifetime` from now.
    pub(super) fn prolong(&mut self, now: Instant, key: Key, lifetime: Duration) {
        if let Some(allocation) = self.table.get_mut(key) {
            allocation.expires = now + lifetime;
            let expires = allocation.expires;
            self.schedule(key, expires);
        }
    }

    fn schedule(&mut self, key: Key, expires: Instant) {
        if let Some(allocation) = self.table.get_mut(key) {
            self.timers.schedule(key, &mut allocation.timer, Some(expires));
        }
    }

    pub(super) fn end(&mut self, key: Key) {
        let Some(allocation) = self.table.remove(key) else { return };
        self.by_route.remove(&allocation.route);
        self.by_relayed.remove(&allocation.relayed);
        if let Some(of_call) = self.calls.get_mut(&allocation.grant.call) {
            of_call.retain(|other| *other != key);
        }
        if let Some(count) = self.users.get_mut(&allocation.grant.user) {
            *count -= 1;
            if *count == 0 {
                self.users.remove(&allocation.grant.user);
            }
        }
        self.ended.push(allocation.relayed);
    }

    /// A relayed address that has ended since it was last asked.
    pub(super) fn poll_ended(&mut self) -> Option<SocketAddr> {
        self.ended.pop()
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, key)) = self.timers.pop_due(now) {
            let Some(allocation) = self.table.get_mut(key) else { continue };
            if !Timers::<Key>::claim(&mut allocation.timer, at) {
                continue;
            }
            let expires = allocation.expires;
            if expires <= now {
                self.end(key);
            } else {
                self.schedule(key, expires);
            }
        }
    }

    /// After a panic: makes the indexes fit what there is, without `lost`, whose allocation may be half changed.
    pub(super) fn recover(&mut self, lost: Option<Key>) {
        if let Some(allocation) = lost.and_then(|key| self.table.remove(key)) {
            self.ended.push(allocation.relayed);
        }
        self.by_route.clear();
        self.by_relayed.clear();
        self.users.clear();
        self.calls.values_mut().for_each(Vec::clear);
        for (key, allocation) in self.table.iter_mut() {
            self.by_route.insert(allocation.route, key);
            self.by_relayed.insert(allocation.relayed, key);
            self.calls.entry(allocation.grant.call).or_default().push(key);
            *self.users.entry(allocation.grant.user).or_default() += 1;
        }
        self.reschedule();
    }

    /// Forgets the timers of what is gone: a client that allocates and lets go all day long must not make their table grow.
    fn reschedule(&mut self) {
        self.timers = Timers::new();
        for (key, allocation) in self.table.iter_mut() {
            allocation.timer = Scheduled::default();
            self.timers.schedule(key, &mut allocation.timer, Some(allocation.expires));
        }
    }
}
