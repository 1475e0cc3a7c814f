//! DTLS: a handshake with a real client whose datagrams are lost, repeated and damaged, between datagrams of nobody.

use std::time::Instant;

use super::bytes::Bytes;
use crate::dtls::{Dtls, Identity, client::Client};
use crate::srtp::SrtpProfile;
use crate::testing::begin;

const PROFILES: [SrtpProfile; 2] = [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80];

thread_local! {
    static IDENTITIES: [Identity; 2] = [(); 2].map(|()| Identity::generate().expect("there is randomness"));
}

struct Talk {
    server: Dtls,
    client: Client,
    now: Instant,
    /// What the client sent last.
    last: Vec<u8>,
    /// Nothing was damaged, and nothing came from elsewhere.
    honest: bool,
    over: bool,
}

pub fn dtls(data: &[u8]) {
    IDENTITIES.with(|[ours, theirs]| {
        let mut script = Bytes::new(data);
        let offered = [&PROFILES[..], &PROFILES[1..], &PROFILES[..1]][script.below(3)];
        let now = begin();
        let server = Dtls::new(ours, &PROFILES, &[*theirs.fingerprint()]).expect("an endpoint");
        let client = Client::new(now, theirs, offered);
        let mut talk = Talk { server, client, now, last: Vec::new(), honest: true, over: false };
        while let Some(step) = script.step(6) {
            talk.step(step, &mut script);
            if talk.over {
                assert!(!talk.honest, "a client that does all as it should is not sent away");
                return;
            }
        }
    });
}

impl Talk {
    fn step(&mut self, step: u8, script: &mut Bytes<'_>) {
        match step {
            0 => {
                self.honest = false;
                self.give(script.piece());
            }
            1 => {
                if let Some(datagram) = self.client.poll_transmit() {
                    self.give(&datagram);
                    self.last = datagram.to_vec();
                }
            }
            2 => {
                let (at, with) = (usize::from(script.u16()), script.u8());
                let mut datagram = self.client.poll_transmit().map_or_else(|| self.last.clone(), |datagram| datagram.to_vec());
                if let Some(byte) = datagram.get_mut(at) {
                    self.honest &= with == 0;
                    *byte ^= with;
                }
                self.give(&datagram);
            }
            3 => self.give(&self.last.clone()),
            4 => {
                self.now += script.time();
                self.server.handle_timeout(self.now);
                self.client.handle_timeout(self.now);
            }
            _ => self.answer(),
        }
    }

    fn give(&mut self, datagram: &[u8]) {
        match self.server.receive(self.now, datagram) {
            Ok(Some(keys)) => {
                assert!(self.server.is_connected());
                if let Some(theirs) = self.client.keys(keys.profile) {
                    assert_eq!((keys.tx, keys.rx), (theirs.rx, theirs.tx));
                }
            }
            Ok(None) => {}
            Err(_) => self.over = true,
        }
    }

    /// What the server has to say reaches the client.
    fn answer(&mut self) {
        let mut datagrams = 0;
        while let Some(datagram) = self.server.poll_transmit() {
            datagrams += 1;
            self.client.receive(&datagram);
        }
        assert!(datagrams < 400, "{datagrams} datagrams wait to be sent");
    }
}
