//! Handshakes in memory with an independent `rtc-dtls` client.

use super::{client::Client, *};
use crate::testing::begin;

impl Client {
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
    let client_keys = client.keys(keys.profile).unwrap();
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
fn a_client_that_wants_no_encryption_is_not_talked_to() {
    let now = begin();
    let identity = Identity::generate().unwrap();
    // A client's own hello, with this cipher suite in the place of each of its own (RFC 6347 §4.2.1): record type and message of the answer.
    let answer = |suite: Option<[u8; 2]>| {
        let mut server = Dtls::new(&identity, &[GCM], &[]).unwrap();
        let mut hello = Client::new(now, &identity, &[GCM]).poll_transmit().unwrap();
        let (session, cookie) = (usize::from(hello[59]), usize::from(hello[60 + usize::from(hello[59])]));
        let at = 61 + session + cookie;
        let len = usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
        if let Some(suite) = suite {
            hello[at + 2..][..len].chunks_mut(2).for_each(|own| own.copy_from_slice(&suite));
        }
        let taken = server.receive(now, &hello);
        taken.ok().and(server.poll_transmit()).map(|datagram| (datagram[0], datagram[13]))
    };
    assert_eq!(answer(None), Some((22, 3)), "a HelloVerifyRequest");
    // TLS_RSA_WITH_NULL_SHA256, TLS_NULL_WITH_NULL_NULL, TLS_ECDH_anon_WITH_NULL_SHA.
    for suite in [[0, 0x3b], [0, 0], [0xc0, 0x15]] {
        assert!(answer(Some(suite)).is_none_or(|(record, _)| record != 22), "{suite:x?}");
    }
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
