//! Who may allocate: time-limited credentials in the way of "A REST API for access to TURN services", checked without a table.
//!
//! The username is `seconds:call:user`: until when (in seconds since the node's start, by a clock that nobody sets), for which
//! call, and whose. The password is `base64(HMAC-SHA-1(secret, username))`. The secret is made at each start and never leaves the
//! process, so credentials end with it at the latest. Of a granted allocation only the beginning is bound to that time: it lives as
//! long as its call is open.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_STANDARD, Engine};

use crate::control::RoomId;

/// What a client gives to its `RTCIceServer`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// What credentials say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    pub call: RoomId,
    pub user: u128,
    /// Since the start of the node; whole seconds count.
    pub until: Duration,
}

/// Makes credentials, and knows its own.
#[derive(Clone)]
pub struct Authority {
    secret: hmac::Key,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// The longest username that [`Authority::issue`] makes: 20 digits and twice 32 hexadecimal ones.
const MAX_USERNAME: usize = 20 + 2 * 33;

impl Authority {
    /// With a new secret of its own.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self::new(&secret))
    }

    pub fn new(secret: &[u8]) -> Self {
        Self { secret: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret) }
    }

    pub fn issue(&self, grant: &Grant) -> Credentials {
        let username = format!("{}:{:032x}:{:032x}", grant.until.as_secs(), grant.call.0, grant.user);
        let password = self.password_of(username.as_bytes());
        Credentials { username, password }
    }

    /// The password that belongs to a username, whoever sent it: only one who was given it can sign with it.
    pub(crate) fn password_of(&self, username: &[u8]) -> String {
        BASE64_STANDARD.encode(hmac::sign(&self.secret, username))
    }

    /// A key for something else, which ends with the process as well.
    pub(crate) fn derive(&self, purpose: &[u8]) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&self.secret, purpose).as_ref())
    }

    /// What a username says. It holds only once a message was signed with its password.
    pub(crate) fn read(username: &[u8]) -> Option<Grant> {
        if username.len() > MAX_USERNAME {
            return None;
        }
        let mut words = str::from_utf8(username).ok()?.split(':');
        let until = Duration::from_secs(words.next()?.parse().ok()?);
        let call = RoomId(u128::from_str_radix(words.next()?, 16).ok()?);
        let user = u128::from_str_radix(words.next()?, 16).ok()?;
        words.next().is_none().then_some(Grant { call, user, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Grant = Grant { call: RoomId(0xca11), user: 0x0a, until: Duration::from_secs(600) };

    #[test]
    fn a_username_says_what_was_granted() {
        let made = Authority::new(b"secret").issue(&GRANT);
        assert_eq!(Authority::read(made.username.as_bytes()), Some(GRANT));
        assert!(made.username.len() <= MAX_USERNAME);
    }

    #[test]
    fn the_password_is_bound_to_every_part() {
        let authority = Authority::new(b"secret");
        let made = authority.issue(&GRANT);
        assert_eq!(authority.password_of(made.username.as_bytes()), made.password);
        let others = [
            authority.issue(&Grant { call: RoomId(0xca12), ..GRANT }),
            authority.issue(&Grant { user: 0x0b, ..GRANT }),
            authority.issue(&Grant { until: Duration::from_secs(601), ..GRANT }),
            Authority::new(b"another").issue(&GRANT),
        ];
        for other in others {
            assert_ne!(other.password, made.password);
        }
    }

    #[test]
    fn other_usernames_say_nothing() {
        for bad in ["", ":", "1:2", "1:2:3:4", "x:2:3", "1:x:3", "1:2:x", "-1:2:3", "1:2:\u{e9}"] {
            assert_eq!(Authority::read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Authority::read(&[0xff, b':']), None);
        assert_eq!(Authority::read(format!("1:{:0100}:1", 1).as_bytes()), None);
    }
}
