//! DTLS of one session: always the server, on an `rtc-dtls` endpoint, until it has given the SRTP keys.
//!
//! `rtc-dtls` follows the client's order of SRTP profiles, and browsers put AES-CM first. We prefer GCM, which
//! costs a fifth of the processor time, so the handshake is first tried with our best profile alone; a client that has
//! none of it fails on its first flight, and that flight is played again with the next profile.
//!
//! Lost flights are sent again by us, byte for byte, which to the client is a datagram that came late. The endpoint's own timer
//! stops for good at any repeated record of the client, and browsers repeat after 50 ms: without this, one lost datagram
//! of our second flight would end the handshake.

use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use bytes::BytesMut;
use rtc::crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
use rtc::dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc::dtls::crypto::Certificate;
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::shared::TransportProtocol;
use rtc::shared::error::Error;

use crate::keys;
use crate::srtp::{SrtpKeys, SrtpProfile};

/// SHA-256 of a certificate, as `a=fingerprint` has it.
pub(crate) type Fingerprint = [u8; 32];

/// The endpoint tells its peers apart by address. We have one peer, whatever its address is today.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);
/// A first flight of a client is a fragmented ClientHello or two.
const MAX_FIRST_FLIGHT: usize = 8;
/// RFC 6347 §4.2.4.1 says 1 s; on a call's first second everybody is waiting, so we begin as browsers do, and double.
const FIRST_RESEND: Duration = Duration::from_millis(200);
const LAST_RESEND: Duration = Duration::from_secs(3);
/// A handshake takes about ten datagrams of the client. What comes before its keys is kept by `rtc-dtls`, so there must be an end.
const MAX_HANDSHAKE: usize = 300;

/// The node's certificate, made at its start: clients know it by the fingerprint in our answer.
pub(crate) struct Identity {
    provider: Arc<dyn RTCCryptoProvider>,
    certificate: Certificate,
    fingerprint: Fingerprint,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl Identity {
    pub(crate) fn generate() -> Result<Self, Error> {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let certificate = Certificate::generate_self_signed(vec!["staffline".to_owned()], provider.crypto())?;
        let der = certificate.certificate.first().ok_or(Error::ErrNonCertificate)?;
        let fingerprint = fingerprint_of(der);
        Ok(Self { provider, certificate, fingerprint })
    }

    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    fn handshake(&self, profile: SrtpProfile, expected: Arc<[Fingerprint]>) -> Result<Arc<HandshakeConfig>, Error> {
        let config = ConfigBuilder::default()
            .with_crypto_provider(self.provider.clone())
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(vec![profile.in_dtls()])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_verify_peer_certificate(Some(Arc::new(move |chain: &[Vec<u8>], _: &[_]| {
                let presented = chain.first().map(|der| fingerprint_of(der)).ok_or(Error::ErrNonCertificate)?;
                if expected.contains(&presented) { Ok(()) } else { Err(Error::ErrNoMatchingCertificateFingerprint) }
            })))
            .build(false, None)?;
        Ok(Arc::new(config))
    }
}

fn fingerprint_of(der: &[u8]) -> Fingerprint {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
    fingerprint
}

/// The session's end of DTLS.
pub(crate) struct Dtls {
    endpoint: Endpoint,
    profile: SrtpProfile,
    /// To be tried after `profile`, with what it takes to build their endpoints.
    fallbacks: Vec<(SrtpProfile, Arc<HandshakeConfig>)>,
    /// What the client sent before anything was answered, to be played again to a fallback.
    first_flight: Vec<BytesMut>,
    /// What we sent last, until the client shows that it has it.
    flight: Vec<BytesMut>,
    resend: Option<Resend>,
    /// To be sent now.
    outgoing: VecDeque<BytesMut>,
    /// Datagrams taken before `connected`.
    taken: usize,
    connected: bool,
}

impl fmt::Debug for Dtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dtls").field("profile", &self.profile).field("connected", &self.connected).finish_non_exhaustive()
    }
}

/// When `Dtls::flight` is sent again, and how long to wait after that.
#[derive(Clone, Copy, Debug)]
struct Resend {
    at: Instant,
    interval: Duration,
}

/// Why the session cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DtlsError {
    #[error("the peer closed the session")]
    Closed,
    #[error("no SRTP profile was negotiated")]
    NoProfile,
    #[error("the handshake does not come to an end")]
    Endless,
    #[error(transparent)]
    Handshake(#[from] Error),
}

impl Dtls {
    /// Expects a client with one of the certificates `expected`; `profiles` with the preferred one first.
    pub(crate) fn new(identity: &Identity, profiles: &[SrtpProfile], expected: &[Fingerprint]) -> Result<Self, Error> {
        let expected: Arc<[Fingerprint]> = expected.into();
        let mut configs = Vec::with_capacity(profiles.len());
        for profile in profiles.iter().rev() {
            configs.push((*profile, identity.handshake(*profile, expected.clone())?));
        }
        let (profile, config) = configs.pop().ok_or(Error::ErrNoSuchSrtpProfile)?;
        Ok(Self {
            endpoint: endpoint(config),
            profile,
            fallbacks: configs,
            first_flight: Vec::new(),
            flight: Vec::new(),
            resend: None,
            outgoing: VecDeque::new(),
            taken: 0,
            connected: false,
        })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Takes a datagram. The keys come once, when the handshake is done.
    pub(crate) fn receive(&mut self, now: Instant, datagram: &[u8]) -> Result<Option<SrtpKeys>, DtlsError> {
        let datagram = BytesMut::from(datagram);
        if !self.connected {
            self.taken += 1;
            if self.taken > MAX_HANDSHAKE {
                return Err(DtlsError::Endless);
            }
        }
        if !self.fallbacks.is_empty() && self.first_flight.len() < MAX_FIRST_FLIGHT {
            self.first_flight.push(datagram.clone());
        }
        let result = self.read(now, datagram);
        if !self.fallbacks.is_empty()
            && let Err(DtlsError::Handshake(Error::ErrServerNoMatchingSrtpProfile)) = result
        {
            return self.fall_back(now);
        }
        self.collect(now);
        match result {
            // Once connected, a datagram that cannot be read is somebody's noise, not the end of the session.
            Err(DtlsError::Handshake(error)) if self.connected => {
                tracing::debug!(%error, "a DTLS record was not understood");
                Ok(None)
            }
            result => result,
        }
    }

    /// Takes what the endpoint wants to send. Whatever it is, it is the flight that follows the last one.
    fn collect(&mut self, now: Instant) {
        let new: Vec<BytesMut> = std::iter::from_fn(|| self.endpoint.poll_transmit()).map(|transmit| transmit.message).collect();
        if self.connected {
            (self.flight, self.resend) = (Vec::new(), None);
        } else if !new.is_empty() {
            // An answer goes out: this profile is agreed on.
            self.fallbacks.clear();
            self.first_flight.clear();
            self.flight.clone_from(&new);
            self.resend = Some(Resend { at: now + FIRST_RESEND, interval: FIRST_RESEND });
        }
        self.outgoing.extend(new);
    }

    fn read(&mut self, now: Instant, datagram: BytesMut) -> Result<Option<SrtpKeys>, DtlsError> {
        let mut keys = None;
        for event in self.endpoint.read(now, PEER, None, datagram)? {
            match event {
                EndpointEvent::HandshakeComplete => {
                    let state = self.endpoint.get_connection_state(PEER).ok_or(DtlsError::NoProfile)?;
                    keys = Some(keys::export(state, self.profile).ok_or(DtlsError::NoProfile)?);
                    self.connected = true;
                    self.fallbacks.clear();
                    self.first_flight.clear();
                }
                EndpointEvent::PeerClosed => return Err(DtlsError::Closed),
                // No data channel was negotiated.
                _ => {}
            }
        }
        Ok(keys)
    }

    /// The endpoint with the refused profile is dropped together with the alert that it wanted to send.
    fn fall_back(&mut self, now: Instant) -> Result<Option<SrtpKeys>, DtlsError> {
        let (profile, config) = self.fallbacks.pop().ok_or(DtlsError::NoProfile)?;
        (self.profile, self.endpoint) = (profile, endpoint(config));
        for datagram in std::mem::take(&mut self.first_flight) {
            self.receive(now, &datagram)?;
        }
        Ok(None)
    }

    /// What is to be sent now.
    pub(crate) fn poll_transmit(&mut self) -> Option<BytesMut> {
        self.outgoing.pop_front()
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.resend.map(|resend| resend.at)
    }

    /// Sends the last flight again, if it is time.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let Some(resend) = self.resend.filter(|resend| resend.at <= now) else { return };
        self.outgoing.extend(self.flight.iter().cloned());
        let interval = (resend.interval * 2).min(LAST_RESEND);
        self.resend = Some(Resend { at: now + interval, interval });
    }

    /// Queues a `close_notify`.
    pub(crate) fn close(&mut self, now: Instant) {
        if let Err(error) = self.endpoint.close(now) {
            tracing::debug!(%error, "DTLS could not be closed in order");
        }
        self.collect(now);
    }
}

fn endpoint(config: Arc<HandshakeConfig>) -> Endpoint {
    Endpoint::new(PEER, TransportProtocol::UDP, Some(config))
}

#[cfg(any(test, feature = "fuzzing"))]
#[path = "dtls_client.rs"]
pub(crate) mod client;
#[cfg(test)]
#[path = "dtls_tests.rs"]
mod tests;
