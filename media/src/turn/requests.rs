//! Requests of TURN clients: who may ask (RFC 8489 §9.2), and what they are granted (RFC 8656 §7 to §12).

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use md5::{Digest, Md5};

use super::allocation::{Allocation, BindError, Terms};
use super::allocations::Key;
use super::credentials::{Authority, Grant};
use super::message::{ATTR_LIFETIME, ATTR_XOR_RELAYED_ADDRESS, Method, Request, UDP};
use super::peers::Family;
use super::{Target, TurnServer};
use crate::datagram::Route;
use crate::outbox::Outbox;
use crate::stun::limit::Limiter;
use crate::stun::{ATTR_NONCE, ATTR_REALM, Answer};

pub(super) const REALM: &str = "staffline";
/// RFC 8656 §7.2, §3.2.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// Why a request is refused (RFC 8489 §14.8, RFC 8656 §19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
enum Refusal {
    BadRequest = 400,
    Unauthenticated = 401,
    Forbidden = 403,
    UnknownAttribute = 420,
    AllocationMismatch = 437,
    StaleNonce = 438,
    AddressFamilyNotSupported = 440,
    WrongCredentials = 441,
    UnsupportedTransportProtocol = 442,
    PeerAddressFamilyMismatch = 443,
    AllocationQuotaReached = 486,
    InsufficientCapacity = 508,
}

/// Who has proved to know a password.
struct Client {
    grant: Grant,
    key: hmac::Key,
    /// The allocation of this 5-tuple.
    allocation: Option<Key>,
}

impl TurnServer {
    /// Answers a request, or not: strangers get only so many answers.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        route: Route,
        request: &Request<'_>,
        limiter: &mut Limiter,
        out: &mut impl Outbox,
    ) {
        // To judge credentials costs more than to make them up; those who have had their answers wait with their next ones as well.
        if self.allocations.key_of(&route).is_none() && limiter.is_exhausted(now, route.remote) {
            return;
        }
        let answer = match self.authenticate(now, route, request) {
            Ok(client) => {
                let answer = self.serve(now, route, request, &client).unwrap_or_else(|refusal| {
                    self.refused += 1;
                    refuse(request, refusal)
                });
                answer.with_integrity(&client.key)
            }
            Err(refusal) => {
                // Everybody is challenged once, and again when a nonce has grown old.
                let is_usual = !request.message.has_integrity() || refusal == Refusal::StaleNonce;
                self.refused += u64::from(!is_usual);
                if !limiter.allows(now, route.remote) {
                    return;
                }
                self.refuse_stranger(now, route, request, refusal)
            }
        };
        let answer = if request.message.has_fingerprint() { answer.with_fingerprint() } else { answer };
        let answer = answer.as_bytes();
        out.packet(route, answer.len()).copy_from_slice(answer);
    }

    /// Unsigned; with what it takes to try again, if that is of use.
    fn refuse_stranger(&self, now: Instant, route: Route, request: &Request<'_>, refusal: Refusal) -> Answer {
        let answer = refuse(request, refusal);
        match refusal {
            Refusal::Unauthenticated | Refusal::StaleNonce => {
                answer.with(ATTR_REALM, REALM.as_bytes()).with(ATTR_NONCE, &self.nonces.issue(now, route.remote))
            }
            _ => answer,
        }
    }

    /// RFC 8489 §9.2.4.
    fn authenticate(&self, now: Instant, route: Route, request: &Request<'_>) -> Result<Client, Refusal> {
        let allocation = self.allocations.key_of(&route);
        if !request.message.has_integrity() {
            return Err(self.challenge(request, allocation));
        }
        let (Some(username), Some(_), Some(nonce)) = (request.username, request.realm, request.nonce) else {
            return Err(Refusal::BadRequest);
        };
        if !self.nonces.is_fresh(now, route.remote, nonce) {
            return Err(Refusal::StaleNonce);
        }
        let known = allocation.and_then(|key| self.allocations.get(key));
        if let Some(own) = known.filter(|own| *own.username == *username) {
            let client = Client { grant: own.grant, key: own.key.clone(), allocation };
            return request.message.is_authentic(&client.key).then_some(client).ok_or(Refusal::Unauthenticated);
        }
        let grant = Authority::read(username).ok_or(Refusal::Unauthenticated)?;
        let key = long_term_key(username, REALM, &self.authority.password_of(username));
        if !request.message.is_authentic(&key) {
            return Err(Refusal::Unauthenticated);
        }
        let client = Client { grant, key, allocation };
        match known {
            // The credentials of an allocation are those that it was made with (RFC 8656 §5).
            Some(_) if request.method == Method::Allocate => Ok(client),
            Some(_) => Err(Refusal::WrongCredentials),
            None if self.is_granted(now, &grant) => Ok(client),
            None => Err(Refusal::Unauthenticated),
        }
    }

    fn is_granted(&self, now: Instant, grant: &Grant) -> bool {
        now.saturating_duration_since(self.started) <= grant.until && self.allocations.is_open(grant.call)
    }

    /// What an unsigned request is answered. The challenge is longer than the shortest requests, and their source may be forged;
    /// so it goes only to those who could do something with it.
    fn challenge(&self, request: &Request<'_>, allocation: Option<Key>) -> Refusal {
        match request.method {
            Method::Allocate if request.transport.is_none() => Refusal::BadRequest,
            Method::Allocate => Refusal::Unauthenticated,
            _ if allocation.is_none() => Refusal::AllocationMismatch,
            _ => Refusal::Unauthenticated,
        }
    }

    fn serve(&mut self, now: Instant, route: Route, request: &Request<'_>, client: &Client) -> Result<Answer, Refusal> {
        if !request.unknown.names().is_empty() {
            return Err(Refusal::UnknownAttribute);
        }
        if request.malformed {
            return Err(Refusal::BadRequest);
        }
        match (request.method, client.allocation) {
            (Method::Allocate, None) => self.allocate(now, route, request, client),
            (Method::Allocate, Some(key)) => self.allocate_again(key, request),
            (_, None) => Err(Refusal::AllocationMismatch),
            (Method::Refresh, Some(key)) => self.refresh(now, key, request),
            (Method::CreatePermission, Some(key)) => self.create_permission(now, key, request),
            (Method::ChannelBind, Some(key)) => self.bind_channel(now, key, request),
            // An indication is no request.
            (Method::Send, Some(_)) => Err(Refusal::BadRequest),
        }
    }

    /// RFC 8656 §7.2.
    fn allocate(&mut self, now: Instant, route: Route, request: &Request<'_>, client: &Client) -> Result<Answer, Refusal> {
        let transport = request.transport.ok_or(Refusal::BadRequest)?;
        if transport != UDP {
            return Err(Refusal::UnsupportedTransportProtocol);
        }
        if request.reservation && (request.even_port.is_some() || request.family.is_some()) {
            return Err(Refusal::BadRequest);
        }
        // Nobody reserves a port beside another: RTP and RTCP share one (RFC 8834 §4.5).
        if request.reservation || request.even_port == Some(true) {
            return Err(Refusal::InsufficientCapacity);
        }
        let family = request.family().map_err(|()| Refusal::AddressFamilyNotSupported)?;
        let ip = self.peers.relay_address(family).ok_or(Refusal::AddressFamilyNotSupported)?;
        let grant = client.grant;
        if !self.allocations.is_within_quota(grant.call, grant.user) {
            return Err(Refusal::AllocationQuotaReached);
        }
        let even = request.even_port.is_some();
        let relayed = self.allocations.free_address(ip, even, self.peers.node()).ok_or(Refusal::InsufficientCapacity)?;
        let terms = Terms {
            route,
            relayed,
            grant,
            username: request.username.unwrap_or_default().into(),
            key: client.key.clone(),
            transaction: request.message.transaction_id(),
            lifetime: lifetime_of(request),
        };
        let allocation = Allocation::new(now, terms);
        let answer = allocated(request, &allocation);
        self.allocations.insert(allocation);
        tracing::debug!(protocol = ?route.protocol, "TURN allocation");
        Ok(answer)
    }

    /// The same request again, whose answer was lost, is answered alike; another one is a mistake.
    fn allocate_again(&self, key: Key, request: &Request<'_>) -> Result<Answer, Refusal> {
        let own = self.allocations.get(key).ok_or(Refusal::AllocationMismatch)?;
        let is_repeated = own.transaction == request.message.transaction_id() && request.username == Some(&*own.username);
        if is_repeated { Ok(allocated(request, own)) } else { Err(Refusal::AllocationMismatch) }
    }

    /// RFC 8656 §8.2.
    fn refresh(&mut self, now: Instant, key: Key, request: &Request<'_>) -> Result<Answer, Refusal> {
        let own = self.allocations.get(key).ok_or(Refusal::AllocationMismatch)?;
        let family = request.family().map_err(|()| Refusal::PeerAddressFamilyMismatch)?;
        if family.is_some_and(|family| family != Family::of(&own.relayed.ip())) {
            return Err(Refusal::PeerAddressFamilyMismatch);
        }
        let lifetime = if request.lifetime == Some(0) {
            self.allocations.end(key);
            Duration::ZERO
        } else {
            let lifetime = lifetime_of(request);
            self.allocations.prolong(now, key, lifetime);
            lifetime
        };
        Ok(Answer::success(&request.message).with(ATTR_LIFETIME, &seconds(lifetime)))
    }

    /// RFC 8656 §10.2. All peers are permitted, or none.
    fn create_permission(&mut self, now: Instant, key: Key, request: &Request<'_>) -> Result<Answer, Refusal> {
        let own = self.allocations.get(key).ok_or(Refusal::AllocationMismatch)?;
        let family = Family::of(&own.relayed.ip());
        if request.peer.is_none() {
            return Err(Refusal::BadRequest);
        }
        for peer in request.peers() {
            let ip = self.peers.admit(peer.ip()).ok_or(Refusal::Forbidden)?;
            if Family::of(&ip) != family {
                return Err(Refusal::PeerAddressFamilyMismatch);
            }
        }
        let own = self.allocations.get_mut(key).ok_or(Refusal::AllocationMismatch)?;
        for peer in request.peers() {
            let ip = self.peers.admit(peer.ip()).ok_or(Refusal::Forbidden)?;
            if !own.permit(now, ip) {
                return Err(Refusal::InsufficientCapacity);
            }
        }
        Ok(Answer::success(&request.message))
    }

    /// RFC 8656 §12.2. The peer has to be there already: it is one of our own.
    fn bind_channel(&mut self, now: Instant, key: Key, request: &Request<'_>) -> Result<Answer, Refusal> {
        let (Some(number), Some(peer)) = (request.channel, request.peer) else { return Err(Refusal::BadRequest) };
        let own = self.allocations.get(key).ok_or(Refusal::AllocationMismatch)?;
        let (peer, _): (_, Target) = self.admit(own.grant.call, peer).ok_or(Refusal::Forbidden)?;
        if Family::of(&peer.ip()) != Family::of(&own.relayed.ip()) {
            return Err(Refusal::PeerAddressFamilyMismatch);
        }
        let own = self.allocations.get_mut(key).ok_or(Refusal::AllocationMismatch)?;
        own.bind(now, number, peer).map_err(|error| match error {
            BindError::Conflict => Refusal::BadRequest,
            BindError::Full => Refusal::InsufficientCapacity,
        })?;
        if !own.permit(now, peer.ip()) {
            return Err(Refusal::InsufficientCapacity);
        }
        Ok(Answer::success(&request.message))
    }
}

fn refuse(request: &Request<'_>, refusal: Refusal) -> Answer {
    match refusal {
        Refusal::UnknownAttribute => Answer::unknown_attributes(&request.message, &request.unknown),
        other => Answer::error(&request.message, other as u16),
    }
}

fn allocated(request: &Request<'_>, allocation: &Allocation) -> Answer {
    Answer::success(&request.message)
        .with_xor_address(ATTR_XOR_RELAYED_ADDRESS, allocation.relayed)
        .with(ATTR_LIFETIME, &seconds(allocation.lifetime))
        .with_mapped_address(allocation.route.remote)
}

/// What is asked for, within our limits.
fn lifetime_of(request: &Request<'_>) -> Duration {
    let asked = request.lifetime.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(seconds.into()));
    asked.clamp(DEFAULT_LIFETIME, MAX_LIFETIME)
}

fn seconds(lifetime: Duration) -> [u8; 4] {
    (lifetime.as_secs() as u32).to_be_bytes()
}

/// RFC 8489 §9.2.2.
pub(crate) fn long_term_key(username: &[u8], realm: &str, password: &str) -> hmac::Key {
    let mut digest = Md5::new();
    for part in [username, b":", realm.as_bytes(), b":", password.as_bytes()] {
        digest.update(part);
    }
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &digest.finalize())
}
