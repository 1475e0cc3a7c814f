//! One allocation: whose it is, which peers may speak to it, and by which channels (RFC 8656 §2.2, §9, §12).

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use super::credentials::Grant;
use super::message::is_channel_number;
use crate::datagram::Route;
use crate::stun::TransactionId;
use crate::timers::Scheduled;

const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
/// A call has few peers: the other end's allocations, the media node, and those of before an ICE restart.
const MAX_CHANNELS: usize = 64;
/// Only our own addresses are ever permitted, so this is more than there are.
const MAX_PERMISSIONS: usize = 16;

/// Why something is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BindError {
    /// Not a channel number, or number and peer are bound otherwise.
    Conflict,
    Full,
}

#[derive(Debug)]
struct Permission {
    peer: IpAddr,
    until: Instant,
}

#[derive(Debug)]
struct Channel {
    number: u16,
    peer: SocketAddr,
    until: Instant,
}

/// What a client has on us.
#[derive(Debug)]
pub(super) struct Allocation {
    /// The 5-tuple that it is known by.
    pub(super) route: Route,
    pub(super) relayed: SocketAddr,
    pub(super) grant: Grant,
    pub(super) username: Box<[u8]>,
    /// Of the username and its password (RFC 8489 §9.2.2).
    pub(super) key: hmac::Key,
    /// Of the Allocate, which may be repeated.
    pub(super) transaction: TransactionId,
    /// What the Allocate was granted.
    pub(super) lifetime: Duration,
    pub(super) expires: Instant,
    pub(super) timer: Scheduled,
    permissions: Vec<Permission>,
    channels: Vec<Channel>,
}

/// What it takes to make one.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) route: Route,
    pub(super) relayed: SocketAddr,
    pub(super) grant: Grant,
    pub(super) username: Box<[u8]>,
    pub(super) key: hmac::Key,
    pub(super) transaction: TransactionId,
    pub(super) lifetime: Duration,
}

impl Allocation {
    pub(super) fn new(now: Instant, terms: Terms) -> Self {
        let Terms { route, relayed, grant, username, key, transaction, lifetime } = terms;
        Self {
            route,
            relayed,
            grant,
            username,
            key,
            transaction,
            lifetime,
            expires: now + lifetime,
            timer: Scheduled::default(),
            permissions: Vec::new(),
            channels: Vec::new(),
        }
    }

    /// Lets the peers at this address, whatever their ports, speak to the client. `false`: there is no room for another one.
    pub(super) fn permit(&mut self, now: Instant, peer: IpAddr) -> bool {
        self.permissions.retain(|permission| permission.until > now);
        let until = now + PERMISSION_LIFETIME;
        let is_full = self.permissions.len() == MAX_PERMISSIONS;
        match self.permissions.iter_mut().find(|permission| permission.peer == peer) {
            Some(permission) => permission.until = until,
            None if is_full => return false,
            None => self.permissions.push(Permission { peer, until }),
        }
        true
    }

    pub(super) fn permits(&self, now: Instant, peer: IpAddr) -> bool {
        self.permissions.iter().any(|permission| permission.peer == peer && permission.until > now)
    }

    /// Binds a channel or renews it (RFC 8656 §12.2).
    pub(super) fn bind(&mut self, now: Instant, number: u16, peer: SocketAddr) -> Result<(), BindError> {
        self.channels.retain(|channel| channel.until > now);
        let until = now + CHANNEL_LIFETIME;
        let is_full = self.channels.len() == MAX_CHANNELS;
        let known = self.channels.iter_mut().find(|channel| channel.number == number || channel.peer == peer);
        match known {
            Some(channel) if channel.number == number && channel.peer == peer => channel.until = until,
            Some(_) => return Err(BindError::Conflict),
            None if !is_channel_number(number) => return Err(BindError::Conflict),
            None if is_full => return Err(BindError::Full),
            None => self.channels.push(Channel { number, peer, until }),
        }
        Ok(())
    }

    pub(super) fn peer_of(&self, now: Instant, number: u16) -> Option<SocketAddr> {
        let channel = self.channels.iter().find(|channel| channel.number == number)?;
        (channel.until > now).then_some(channel.peer)
    }

    pub(super) fn channel_of(&self, now: Instant, peer: &SocketAddr) -> Option<u16> {
        let channel = self.channels.iter().find(|channel| channel.peer == *peer)?;
        (channel.until > now).then_some(channel.number)
    }
}
