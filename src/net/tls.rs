//! The certificate: from files, or made by ourselves for a trial.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::digest;
use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::TlsAcceptor;

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
    #[error("the certificate cannot be used: {0}")]
    Use(#[from] rustls::Error),
}

/// What the port needs to speak TLS, and what the admin may want to compare.
pub struct Identity {
    pub acceptor: TlsAcceptor,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// Loads or makes the certificate; `None` if TLS is off.
pub fn load(config: &Config) -> Result<Option<Identity>, TlsError> {
    match &config.tls {
        Tls::Off => Ok(None),
        Tls::Files { cert, key } => identity(cert, key).map(Some),
        Tls::SelfSigned => {
            let (cert, key) = (config.data.join("tls-cert.pem"), config.data.join("tls-key.pem"));
            if !(cert.exists() && key.exists()) {
                make(config, &cert, &key)?;
            }
            identity(&cert, &key).map(Some)
        }
    }
}

fn identity(cert: &Path, key: &Path) -> Result<Identity, TlsError> {
    let problem = |path: &Path| {
        let path = path.to_owned();
        move |problem: rustls::pki_types::pem::Error| TlsError::File { path, problem: problem.to_string() }
    };
    let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(problem(cert))?;
    let Some(leaf) = chain.first() else {
        return Err(TlsError::File { path: cert.to_owned(), problem: "there is no certificate in it".to_owned() });
    };
    let fingerprint = fingerprint(leaf);
    let key = PrivateKeyDer::from_pem_file(key).map_err(problem(key))?;
    let mut server = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    server.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(server)), fingerprint })
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = digest::digest(&digest::SHA256, certificate);
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
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
    let CertifiedKey { cert: made, signing_key } = rcgen::generate_simple_self_signed(names)?;
    write_private(key, &signing_key.serialize_pem())?;
    write_private(cert, &made.pem())
}

/// The key must never have been readable by others, not even for a moment.
fn write_private(path: &Path, text: &str) -> Result<(), TlsError> {
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|problem| TlsError::File { path: path.to_owned(), problem: problem.to_string() })
}
