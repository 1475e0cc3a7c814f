//! ICE-lite for one session (RFC 8445 §2.5): it answers connectivity checks and never sends its own.
//!
//! The client is always the controlling agent. The pair it nominates is where we send; a later nomination
//! moves the session there, so a client may change its network without a new offer. `rtc-ice` is not used
//! here: its agent keeps the first nominated pair until it has failed, and pings although it is lite.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use crate::datagram::Route;
use crate::stun::{Answer, Request};

/// Consent lasts this long after an authenticated check (RFC 7675 §5.1); a session that is not connected
/// by then has failed.
pub(crate) const CONSENT_LIFETIME: Duration = Duration::from_secs(30);

const UFRAG_LEN: usize = 8;
const PASSWORD_LEN: usize = 24;
/// RFC 8839 §5.4.
pub(crate) const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A username fragment of ours: it tells the session that a check is for.
pub(crate) type Ufrag = [u8; UFRAG_LEN];

/// One generation of credentials (an ICE restart begins the next one).
#[derive(Debug)]
struct Credentials {
    ufrag: Ufrag,
    password: String,
    key: hmac::Key,
    remote_ufrag: String,
}

impl Credentials {
    /// The first character of the fragment says which shard gave it.
    fn generate(shard: usize, remote_ufrag: &str) -> Result<Self, getrandom::Error> {
        let mut ufrag: Ufrag = random_ice_chars()?;
        ufrag[0] = ICE_CHARS[shard % ICE_CHARS.len()];
        let password = String::from_utf8_lossy(&random_ice_chars::<PASSWORD_LEN>()?).into_owned();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        Ok(Self { ufrag, password, key, remote_ufrag: remote_ufrag.to_owned() })
    }

    /// RFC 8445 §7.2.2: the receiver's fragment first.
    fn fits(&self, username: &[u8]) -> bool {
        username.strip_prefix(&self.ufrag[..]).and_then(|rest| rest.strip_prefix(b":")) == Some(self.remote_ufrag.as_bytes())
    }
}

/// The shard in whose fragment a check's username begins.
pub(crate) fn shard_in(username: &[u8]) -> Option<usize> {
    let first = username.first()?;
    ICE_CHARS.iter().position(|known| known == first)
}

/// 6 random bits a character.
fn random_ice_chars<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.map(|byte| ICE_CHARS[usize::from(byte % 64)]))
}

/// The lite agent.
#[derive(Debug)]
pub(crate) struct IceLite {
    shard: usize,
    current: Credentials,
    /// Still accepted after a restart, until the client's first check with the new ones.
    previous: Option<Credentials>,
    nominated: Option<Route>,
    consent_until: Instant,
}

/// A check that carried this session's credentials.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) answer: Answer,
    /// The check succeeded: its address is now known to belong to the client.
    pub(crate) authenticated: bool,
    /// The nominated pair is another one than before.
    pub(crate) moved: bool,
}

impl IceLite {
    pub(crate) fn new(now: Instant, shard: usize, remote_ufrag: &str) -> Result<Self, getrandom::Error> {
        Ok(Self {
            shard,
            current: Credentials::generate(shard, remote_ufrag)?,
            previous: None,
            nominated: None,
            consent_until: now + CONSENT_LIFETIME,
        })
    }

    pub(crate) fn ufrag(&self) -> Ufrag {
        self.current.ufrag
    }

    pub(crate) fn previous_ufrag(&self) -> Option<Ufrag> {
        self.previous.as_ref().map(|previous| previous.ufrag)
    }

    pub(crate) fn password(&self) -> &str {
        &self.current.password
    }

    pub(crate) fn nominated(&self) -> Option<Route> {
        self.nominated
    }

    /// There is no way over `route` any more. `true` if it was the nominated one: nothing is sent until the client nominates another.
    pub(crate) fn lose(&mut self, route: &Route) -> bool {
        self.nominated.take_if(|nominated| nominated == route).is_some()
    }

    pub(crate) fn consent_until(&self) -> Instant {
        self.consent_until
    }

    /// The client's fragment changed in its offer: an ICE restart (RFC 8445 §9). Media goes on over the
    /// nominated pair until the client nominates with the new credentials.
    pub(crate) fn restart_if_new(&mut self, remote_ufrag: &str) -> Result<(), getrandom::Error> {
        if self.current.remote_ufrag != remote_ufrag {
            let next = Credentials::generate(self.shard, remote_ufrag)?;
            self.previous = Some(std::mem::replace(&mut self.current, next));
        }
        Ok(())
    }

    /// Answers a check. `None`, silence, if its username or its integrity is not this session's.
    pub(crate) fn handle_check(&mut self, now: Instant, request: &Request<'_>, route: Route) -> Option<Checked> {
        let username = request.username?;
        let is_current = self.current.fits(username);
        let previous = self.previous.as_ref().filter(|previous| previous.fits(username));
        let credentials = if is_current { &self.current } else { previous? };
        if !request.is_authentic(&credentials.key) {
            return None;
        }
        let refusal = if !request.unknown_attributes().is_empty() {
            Some(request.unknown_attributes_answer())
        } else if request.controlled {
            Some(request.role_conflict())
        } else {
            None
        };
        let authenticated = refusal.is_none();
        let answer = refusal.unwrap_or_else(|| request.success(route.remote));
        let answer = answer.with_integrity(&credentials.key).with_fingerprint();
        let moved = authenticated && self.accept(now, is_current, request.use_candidate.then_some(route));
        Some(Checked { answer, authenticated, moved })
    }

    fn accept(&mut self, now: Instant, is_current: bool, nominated: Option<Route>) -> bool {
        self.consent_until = now + CONSENT_LIFETIME;
        // A late check of the generation before must not pull the session back to its old pair.
        let generation_counts = is_current || self.nominated.is_none();
        if is_current {
            self.previous = None;
        }
        let moved = generation_counts && nominated.is_some() && nominated != self.nominated;
        if moved {
            self.nominated = nominated;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Protocol;
    use crate::stun::tests::signed_request;
    use crate::testing::begin;

    fn route(port: u16) -> Route {
        Route { local: "192.0.2.1:443".parse().unwrap(), remote: ([198, 51, 100, 1], port).into(), protocol: Protocol::Udp }
    }

    fn check(ice: &mut IceLite, username: &str, password: &str, nominate: bool, port: u16) -> Option<Checked> {
        let bytes = signed_request(username, password, nominate);
        ice.handle_check(begin(), &Request::parse(&bytes).unwrap(), route(port))
    }

    fn username(ice: &IceLite, remote: &str) -> String {
        format!("{}:{remote}", String::from_utf8_lossy(&ice.ufrag()))
    }

    #[test]
    fn authenticated_check_is_answered_and_nominates() {
        let mut ice = IceLite::new(begin(), 0, "them").unwrap();
        let (username, password) = (username(&ice, "them"), ice.password().to_owned());
        let plain = check(&mut ice, &username, &password, false, 1).unwrap();
        assert!(plain.authenticated && !plain.moved && ice.nominated().is_none());
        let nominating = check(&mut ice, &username, &password, true, 1).unwrap();
        assert!(nominating.moved && ice.nominated() == Some(route(1)));
        assert!(!check(&mut ice, &username, &password, true, 1).unwrap().moved, "nothing new");
        assert!(check(&mut ice, &username, &password, true, 2).unwrap().moved, "the client changed its network");
        assert_eq!(ice.nominated(), Some(route(2)));
    }

    #[test]
    fn a_lost_pair_is_replaced_by_the_next_nomination() {
        let mut ice = IceLite::new(begin(), 0, "them").unwrap();
        let (username, password) = (username(&ice, "them"), ice.password().to_owned());
        check(&mut ice, &username, &password, true, 1).unwrap();
        assert!(!ice.lose(&route(2)), "another one");
        assert!(ice.lose(&route(1)) && ice.nominated().is_none());
        assert!(check(&mut ice, &username, &password, true, 2).unwrap().moved);
        assert_eq!(ice.nominated(), Some(route(2)));
    }

    #[test]
    fn every_fragment_says_which_shard_gave_it() {
        let mut ice = IceLite::new(begin(), 63, "them").unwrap();
        let first = ice.ufrag();
        ice.restart_if_new("next").unwrap();
        assert_ne!(first, ice.ufrag());
        assert_eq!([first, ice.ufrag()].map(|ufrag| shard_in(&ufrag)), [Some(63); 2]);
    }

    #[test]
    fn wrong_password_or_username_is_met_with_silence() {
        let mut ice = IceLite::new(begin(), 0, "them").unwrap();
        let (good, password) = (username(&ice, "them"), ice.password().to_owned());
        assert!(check(&mut ice, &good, "wrong", true, 1).is_none());
        for bad in [username(&ice, "they"), username(&ice, "themm"), username(&ice, ""), "them".to_owned(), String::new()] {
            assert!(check(&mut ice, &bad, &password, true, 1).is_none(), "{bad}");
        }
        assert!(ice.nominated().is_none());
    }

    #[test]
    fn a_lost_route_is_not_sent_on_and_may_be_nominated_again() {
        let mut ice = IceLite::new(begin(), 0, "them").unwrap();
        let (username, password) = (username(&ice, "them"), ice.password().to_owned());
        check(&mut ice, &username, &password, true, 1).unwrap();
        assert!(!ice.lose(&route(2)) && ice.nominated() == Some(route(1)));
        assert!(ice.lose(&route(1)) && ice.nominated().is_none());
        assert!(check(&mut ice, &username, &password, true, 1).unwrap().moved);
    }

    #[test]
    fn restart_keeps_the_old_pair_until_the_new_one_is_nominated() {
        let mut ice = IceLite::new(begin(), 0, "them").unwrap();
        let (old_username, old_password) = (username(&ice, "them"), ice.password().to_owned());
        check(&mut ice, &old_username, &old_password, true, 1).unwrap();
        ice.restart_if_new("them").unwrap();
        assert_eq!(username(&ice, "them"), old_username, "the same fragment is no restart");
        ice.restart_if_new("next").unwrap();
        assert!(check(&mut ice, &old_username, &old_password, true, 7).unwrap().authenticated);
        assert_eq!(ice.nominated(), Some(route(1)), "the generation before cannot move the session");
        let (new_username, new_password) = (username(&ice, "next"), ice.password().to_owned());
        assert!(check(&mut ice, &new_username, &new_password, true, 2).unwrap().moved);
        assert!(check(&mut ice, &old_username, &old_password, true, 1).is_none(), "the old credentials are gone");
    }
}
