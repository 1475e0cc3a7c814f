//! The certificate at the start: from files, from an authority, or made by ourselves for a trial.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::{
    acme,
    certificates::{self, ACME_TLS, Certificates},
};
use crate::config::{Config, Tls};

/// A client that names only others is refused, so the names of STUN and TURN (RFC 7443) are among them; what it then speaks, its first
/// byte tells.
const ALPN: [&[u8]; 4] = [b"h2", b"http/1.1", b"stun.turn", b"stun.nat-discovery"];

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path}: {problem}")]
    File { path: PathBuf, problem: String },
    #[error("the certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl TlsError {
    pub(super) fn file(path: &Path, problem: &impl ToString) -> Self {
        Self::File { path: path.to_owned(), problem: problem.to_string() }
    }
}

/// What the port needs to speak TLS, and what the admin may want to compare.
pub struct Identity {
    pub acceptor: TlsAcceptor,
    /// SHA-256 of the certificate at the start, as browsers show it.
    pub fingerprint: String,
    pub certificates: Arc<Certificates>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// Loads or makes the certificate; `None` if TLS is off.
pub fn load(config: &Config) -> Result<Option<Identity>, TlsError> {
    let certified = match &config.tls {
        Tls::Off => return Ok(None),
        Tls::Files { cert, key } => from_files(cert, key)?,
        Tls::SelfSigned => self_signed(config)?,
        // Until the authority has given one.
        Tls::Acme(settings) => match acme::kept(config, settings) {
            Some(certified) => certified,
            None => self_signed(config)?,
        },
    };
    let fingerprint = certificates::fingerprint(&certified);
    let certificates = Arc::new(Certificates::new(certified));
    let resolver = Arc::clone(&certificates);
    let mut server = rustls::ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
    server.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    if matches!(config.tls, Tls::Acme(_)) {
        server.alpn_protocols.push(ACME_TLS.to_vec());
    }
    Ok(Some(Identity { acceptor: TlsAcceptor::from(Arc::new(server)), fingerprint, certificates }))
}

fn self_signed(config: &Config) -> Result<CertifiedKey, TlsError> {
    let (cert, key) = (config.data.join("tls-cert.pem"), config.data.join("tls-key.pem"));
    if !(cert.exists() && key.exists()) {
        make(config, &cert, &key)?;
    }
    from_files(&cert, &key)
}

pub(super) fn from_files(cert: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let read = |path: &Path| fs::read(path).map_err(|problem| TlsError::file(path, &problem));
    certificates::read(&read(cert)?, &read(key)?).map_err(|problem| TlsError::file(cert, &problem))
}

/// For every name and address by which this machine may be called.
fn make(config: &Config, cert: &Path, key: &Path) -> Result<(), TlsError> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let public = config.public_url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let mut names: Vec<String> = ["localhost", host.trim(), public.trim_matches(['[', ']'])].map(str::to_owned).into();
    names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    names.extend(config.media_addresses().iter().map(ToString::to_string));
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    let rcgen::CertifiedKey { cert: made, signing_key } = rcgen::generate_simple_self_signed(names)?;
    write_private(key, &signing_key.serialize_pem())?;
    write_private(cert, &made.pem())
}

/// The key must never have been readable by others, not even for a moment.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), TlsError> {
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|problem| TlsError::file(path, &problem))
}
