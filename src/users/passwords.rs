//! argon2id, off the async threads, and only a few at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{Semaphore, oneshot};

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes at the same time, on however many cores: they must leave some for those who are signed in.
const MAX_AT_ONCE: usize = 4;

/// Callers that may wait for a core; more are turned away at once.
const MAX_WAITING: usize = 64;

#[derive(Clone, Debug)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// Too many passwords are being checked.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

impl Passwords {
    #[must_use]
    pub fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MAX_AT_ONCE);
        Self { cores: Arc::new(Semaphore::new(cores)), waiting: Arc::default() }
    }

    /// A PHC string with a salt of its own.
    pub async fn hash(&self, password: String) -> Result<String, Busy> {
        self.run(move || hash(&password)).await
    }

    /// Whether `password` is the one of `hash`. Without a hash it takes the same time and is never right, so that
    /// nobody learns by the clock which logins exist.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        self.run(move || {
            let known = hash.is_some();
            verify(&password, hash.as_deref().unwrap_or(NOBODY)) && known
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _place = Place::take(&self.waiting)?;
        let permit = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| Busy)?;
        let (done, outcome) = oneshot::channel();
        // A thread of its own: each of the many threads for blocking work would keep the 19 MiB that it once allocated.
        let thread = thread::Builder::new().name("password".to_owned()).spawn(move || {
            // Held here, not by the caller, who may go away while the core still works.
            let _permit = permit;
            // Nobody waits any more: nothing to tell.
            let _ = done.send(work());
        });
        thread.map_err(|_| Busy)?;
        outcome.await.map_err(|_| Busy)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// A place in the queue.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, Busy> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING { Err(Busy) } else { Ok(place) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A hash of a password that nobody has, with the parameters above.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c3RhZmZsaW5lLW5vYm9keQ$pWOFcWmJVYk6nyDtd3DuaNYQGFSCmIiqMZjVHn9ZIgE";

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("constants within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    argon2().hash_password(password.as_bytes()).expect("a password of bounded length hashes").to_string()
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_opens_its_own_hash_only() {
        let hashed = hash("correct horse");
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("correct horse", &hashed));
        assert!(!verify("correct horsf", &hashed));
        assert_ne!(hashed, hash("correct horse"), "each hash has a salt of its own");
    }

    #[test]
    fn the_hash_of_nobody_costs_as_much_as_any_other() {
        let nobody = PasswordHash::new(NOBODY).expect("it parses, or verifying would return at once");
        let somebody = hash("x");
        let somebody = PasswordHash::new(&somebody).expect("ours");
        assert_eq!((nobody.algorithm, nobody.version, &nobody.params), (somebody.algorithm, somebody.version, &somebody.params));
        assert!(nobody.hash.is_some() && nobody.salt.is_some());
    }

    #[test]
    fn a_broken_hash_opens_nothing() {
        assert!(!verify("x", ""));
        assert!(!verify("x", "$argon2id$"));
    }

    #[tokio::test]
    async fn without_a_hash_nothing_is_right() {
        let passwords = Passwords::new();
        assert!(!passwords.verify("x".to_owned(), None).await.expect("not busy"));
    }
}
