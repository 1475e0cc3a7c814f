//! The certificate with which connections are answered now; it may be replaced while they are open.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::digest;
use rustls::{
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// The protocol of an authority that looks whether a name is ours (RFC 8737).
pub const ACME_TLS: &[u8] = b"acme-tls/1";

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("{0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("there is no certificate in it")]
    Empty,
    #[error("{0}")]
    Use(#[from] rustls::Error),
}

/// Certificate and key, as files have them.
pub fn read(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, CertificateError> {
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err(CertificateError::Empty);
    }
    Ok(CertifiedKey::from_der(chain, PrivateKeyDer::from_pem_slice(key)?, &default_provider())?)
}

/// SHA-256, as browsers show it.
#[must_use]
pub fn fingerprint(certified: &CertifiedKey) -> String {
    let leaf = certified.cert.first().map(AsRef::as_ref).unwrap_or_default();
    let hash = digest::digest(&digest::SHA256, leaf);
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// Shared by the acceptor, which asks at each handshake, and by whoever keeps it new.
pub struct Certificates {
    // Both locks are held for a copy of an `Arc` only.
    current: RwLock<Arc<CertifiedKey>>,
    /// Answers to an authority, by the name that it asks for.
    challenges: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("fingerprint", &fingerprint(&self.current())).finish_non_exhaustive()
    }
}

impl Certificates {
    #[must_use]
    pub fn new(current: CertifiedKey) -> Self {
        Self { current: RwLock::new(Arc::new(current)), challenges: RwLock::default() }
    }

    #[must_use]
    pub fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// New connections get this one. Says whether it is another one.
    pub fn replace(&self, new: CertifiedKey) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = current.cert != new.cert;
        if is_other {
            *current = Arc::new(new);
        }
        is_other
    }

    pub fn challenge(&self, name: String, answer: CertifiedKey) {
        self.challenges.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(answer));
    }

    pub fn forget_challenges(&self) {
        self.challenges.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_authority = hello.alpn().is_some_and(|mut names| names.any(|name| name == ACME_TLS));
        if !is_authority {
            // Whatever name was asked for: the client judges whether ours will do.
            return Some(self.current());
        }
        let challenges = self.challenges.read().unwrap_or_else(PoisonError::into_inner);
        challenges.get(&hello.server_name()?.to_ascii_lowercase()).cloned()
    }
}
