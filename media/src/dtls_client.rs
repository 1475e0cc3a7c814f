//! An independent client of tests and fuzz targets: its own `rtc-dtls` endpoint, its keys taken from its own exporter.

use super::*;

pub(crate) struct Client {
    pub(crate) endpoint: Endpoint,
    pub(crate) now: Instant,
}

impl Client {
    pub(crate) fn new(now: Instant, identity: &Identity, profiles: &[SrtpProfile]) -> Self {
        let config = ConfigBuilder::default()
            .with_crypto_provider(identity.provider.clone())
            .with_certificates(vec![identity.certificate.clone()])
            .with_srtp_protection_profiles(profiles.iter().map(|profile| profile.in_dtls()).collect())
            .with_insecure_skip_verify(true)
            .build(true, None)
            .expect("the configuration is whole");
        let mut endpoint = Endpoint::new(PEER, TransportProtocol::UDP, None);
        endpoint.connect(now, PEER, Arc::new(config), None).expect("a first flight");
        Self { endpoint, now }
    }

    /// What it has to say.
    pub(crate) fn poll_transmit(&mut self) -> Option<BytesMut> {
        self.endpoint.poll_transmit().map(|transmit| transmit.message)
    }

    /// What it does not understand, it leaves.
    pub(crate) fn receive(&mut self, datagram: &[u8]) {
        let _ = self.endpoint.read(self.now, PEER, None, BytesMut::from(datagram));
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        let _ = self.endpoint.handle_timeout(PEER, now);
    }

    /// Once the handshake is done.
    pub(crate) fn keys(&self, profile: SrtpProfile) -> Option<SrtpKeys> {
        keys::export(self.endpoint.get_connection_state(PEER)?, profile)
    }
}
