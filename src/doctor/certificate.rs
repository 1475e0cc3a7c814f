//! A look at the certificate of a server, good or bad: the connection goes on, and what is wrong with it is a finding.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

/// A certificate that ends within this time should have been renewed.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Why browsers refuse a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    Expired,
    NotYetValid,
    WrongName,
    /// Self-signed, of an authority that this machine does not know, or sent without what leads to one.
    UnknownIssuer,
    Other(String),
}

/// What is to be said of a server's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    pub fault: Option<CertificateFault>,
    /// It ends within 14 days.
    pub expires_soon: bool,
}

/// The authorities that this machine and browsers know.
#[derive(Clone, Debug)]
pub struct Trust(Arc<WebPkiServerVerifier>);

impl Trust {
    /// Reads those of the system; Mozilla's are added, so that a machine without any knows the public ones.
    pub fn load() -> Result<Self, Error> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::of(roots)
    }

    pub fn of(roots: RootCertStore) -> Result<Self, Error> {
        let verifier = WebPkiServerVerifier::builder(Arc::new(roots)).build();
        verifier.map(Self).map_err(|error| Error::General(error.to_string()))
    }

    /// For one connection: what it finds is in the look afterwards.
    pub(super) fn look(&self) -> (ClientConfig, Arc<Look>) {
        let look = Arc::new(Look { trusted: self.0.clone(), found: Mutex::default() });
        let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(look.clone()).with_no_client_auth();
        (config, look)
    }
}

/// Remembers what is wrong with a certificate, and lets it pass: nothing secret goes over the connection of a probe.
#[derive(Debug)]
pub(super) struct Look {
    trusted: Arc<WebPkiServerVerifier>,
    // Set once, in the handshake.
    found: Mutex<Certificate>,
}

impl Look {
    pub(super) fn found(&self) -> Certificate {
        self.found.lock().expect("nothing panics while it holds it").clone()
    }
}

impl ServerCertVerifier for Look {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |time| self.trusted.verify_server_cert(end_entity, intermediates, name, ocsp, time).err().map(fault);
        let soon = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + SOON);
        let mut fault = at(now);
        // The name is looked at only in a chain that is trusted: here it counts on its own.
        let named = ParsedCertificate::try_from(end_entity).and_then(|parsed| verify_server_name(&parsed, name));
        if named.is_err() && !matches!(fault, Some(CertificateFault::Expired | CertificateFault::NotYetValid)) {
            fault = Some(CertificateFault::WrongName);
        }
        let expires_soon = at(soon) == Some(CertificateFault::Expired);
        *self.found.lock().expect("nothing panics while it holds it") = Certificate { fault, expires_soon };
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trusted.supported_verify_schemes()
    }
}

fn fault(error: Error) -> CertificateFault {
    use CertificateError as E;
    match error {
        Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => CertificateFault::Expired,
        Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => CertificateFault::NotYetValid,
        Error::InvalidCertificate(E::NotValidForName | E::NotValidForNameContext { .. }) => CertificateFault::WrongName,
        Error::InvalidCertificate(E::UnknownIssuer) => CertificateFault::UnknownIssuer,
        other => CertificateFault::Other(other.to_string()),
    }
}
