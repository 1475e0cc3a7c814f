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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    /// An independent client: its own `rtc-dtls` endpoint, its keys taken from its own exporter.
    struct Client {
        endpoint: Endpoint,
        now: Instant,
    }

    impl Client {
        fn new(now: Instant, identity: &Identity, profiles: &[SrtpProfile]) -> Self {
            let config = ConfigBuilder::default()
                .with_crypto_provider(identity.provider.clone())
                .with_certificates(vec![identity.certificate.clone()])
                .with_srtp_protection_profiles(profiles.iter().map(|profile| profile.in_dtls()).collect())
                .with_insecure_skip_verify(true)
                .build(true, None)
                .unwrap();
            let mut endpoint = Endpoint::new(PEER, TransportProtocol::UDP, None);
            endpoint.connect(now, PEER, Arc::new(config), None).unwrap();
            Self { endpoint, now }
        }

        /// Exchanges datagrams until both are silent.
        fn handshake(&mut self, server: &mut Dtls) -> Result<Option<SrtpKeys>, DtlsError> {
            let mut keys = None;
            loop {
                let mut silent = true;
                while let Some(datagram) = self.endpoint.poll_transmit() {
                    silent = false;
                    keys = server.receive(self.now, &datagram.message)?.or(keys);
                }
                while let Some(datagram) = server.poll_transmit() {
                    silent = false;
                    let _ = self.endpoint.read(self.now, PEER, None, datagram);
                }
                if silent {
                    return Ok(keys);
                }
            }
        }

        fn keys(&self, profile: SrtpProfile) -> SrtpKeys {
            keys::export(self.endpoint.get_connection_state(PEER).unwrap(), profile).unwrap()
        }
    }

    const GCM: SrtpProfile = SrtpProfile::AeadAes128Gcm;
    const CM: SrtpProfile = SrtpProfile::Aes128CmHmacSha1_80;

    /// Handshakes and gives the profile that both ends have the same keys for.
    fn negotiate(ours: &[SrtpProfile], theirs: &[SrtpProfile]) -> Option<SrtpProfile> {
        let now = begin();
        let (identity, client_identity) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let mut server = Dtls::new(&identity, ours, &[*client_identity.fingerprint()]).unwrap();
        let mut client = Client::new(now, &client_identity, theirs);
        let keys = client.handshake(&mut server).ok().flatten()?;
        let client_keys = client.keys(keys.profile);
        assert_eq!((keys.tx, keys.rx), (client_keys.rx, client_keys.tx), "both ends must derive the same keys");
        assert_ne!(keys.tx, keys.rx);
        assert!(server.is_connected());
        Some(keys.profile)
    }

    #[test]
    fn gcm_is_chosen_whatever_the_clients_order_is() {
        assert_eq!(negotiate(&[GCM, CM], &[CM, GCM]), Some(GCM));
        assert_eq!(negotiate(&[GCM, CM], &[GCM, CM]), Some(GCM));
    }

    #[test]
    fn client_without_gcm_gets_cm() {
        assert_eq!(negotiate(&[GCM, CM], &[CM]), Some(CM));
        assert_eq!(negotiate(&[CM], &[GCM, CM]), Some(CM));
    }

    #[test]
    fn client_without_a_common_profile_is_refused() {
        assert_eq!(negotiate(&[GCM], &[CM]), None);
    }

    #[test]
    fn another_certificate_than_the_offers_is_refused() {
        let now = begin();
        let (identity, stranger) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let mut server = Dtls::new(&identity, &[GCM], &[[7; 32]]).unwrap();
        let result = Client::new(now, &stranger, &[GCM]).handshake(&mut server);
        assert!(matches!(result, Err(DtlsError::Handshake(_))), "{result:?}");
        assert!(!server.is_connected());
    }

    #[test]
    fn a_lost_flight_is_sent_again_whatever_the_client_repeats() {
        let now = begin();
        let client_identity = Identity::generate().unwrap();
        let mut server = Dtls::new(&Identity::generate().unwrap(), &[GCM], &[*client_identity.fingerprint()]).unwrap();
        let mut client = Client::new(now, &client_identity, &[GCM]);
        // ClientHello, HelloVerifyRequest, ClientHello; then our flight is lost and the client says hello again.
        let first = client.endpoint.poll_transmit().unwrap().message;
        server.receive(now, &first).unwrap();
        client.endpoint.read(now, PEER, None, server.poll_transmit().unwrap()).unwrap();
        let second = client.endpoint.poll_transmit().unwrap().message;
        server.receive(now, &second).unwrap();
        let lost: Vec<BytesMut> = std::iter::from_fn(|| server.poll_transmit()).collect();
        assert!(!lost.is_empty());
        client.endpoint.handle_timeout(PEER, now + Duration::from_secs(2)).unwrap();
        while let Some(again) = client.endpoint.poll_transmit() {
            server.receive(now, &again.message).unwrap();
        }
        assert!(server.poll_transmit().is_none());
        server.handle_timeout(now + FIRST_RESEND);
        assert!(client.handshake(&mut server).unwrap().is_some(), "the flight came again and the handshake went on");
        assert!(server.next_timeout().is_none());
    }

    #[test]
    fn a_handshake_that_does_not_end_is_ended() {
        let now = begin();
        let mut server = Dtls::new(&Identity::generate().unwrap(), &[GCM], &[]).unwrap();
        // Application data of the next epoch: it is kept until there are keys to read it.
        let early = [&[23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 40][..], &[0; 40]].concat();
        let taken = (0..1000).take_while(|_| server.receive(now, &early).is_ok()).count();
        assert_eq!(taken, MAX_HANDSHAKE);
    }

    #[test]
    fn close_notify_of_the_client_ends_the_session_and_noise_does_not() {
        let now = begin();
        let (identity, client_identity) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let mut server = Dtls::new(&identity, &[GCM], &[*client_identity.fingerprint()]).unwrap();
        let mut client = Client::new(now, &client_identity, &[GCM]);
        client.handshake(&mut server).unwrap().unwrap();
        for noise in [&[22_u8][..], &[21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40], &[63; 300]] {
            assert!(server.receive(now, noise).unwrap().is_none(), "{noise:?}");
        }
        client.endpoint.close(now).unwrap();
        assert!(matches!(client.handshake(&mut server), Err(DtlsError::Closed)));
    }
}
