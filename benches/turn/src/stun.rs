//! The few STUN and TURN messages that a client sends (RFC 8489, 8656), and what it reads of the answers.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::hmac;
use md5::{Digest, Md5};

pub(crate) const HEADER_LEN: usize = 20;
const COOKIE: u32 = 0x2112_a442;
const CLASSES: u16 = 0x0110;
const CLASS_SUCCESS: u16 = 0x0100;
const INTEGRITY_LEN: usize = 20;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const CHANNEL_NUMBER: u16 = 0x000c;
const XOR_PEER_ADDRESS: u16 = 0x0012;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const XOR_RELAYED_ADDRESS: u16 = 0x0016;
const REQUESTED_TRANSPORT: u16 = 0x0019;

const UDP: u8 = 17;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    Allocate = 0x0003,
    ChannelBind = 0x0009,
}

/// A request that grows attribute by attribute.
#[derive(Debug)]
pub(crate) struct Request(Vec<u8>);

impl Request {
    pub(crate) fn new(method: Method, transaction: u64) -> Self {
        let mut bytes = (method as u16).to_be_bytes().to_vec();
        bytes.extend([0; 2]);
        bytes.extend(COOKIE.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(transaction.to_be_bytes());
        Self(bytes)
    }

    fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        self.0.extend(kind.to_be_bytes());
        self.0.extend((value.len() as u16).to_be_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    pub(crate) fn relaying_udp(self) -> Self {
        self.attribute(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0])
    }

    pub(crate) fn channel(self, number: u16, peer: SocketAddr) -> Result<Self> {
        let SocketAddr::V4(peer) = peer else { bail!("IPv4 only") };
        let [high, low] = number.to_be_bytes();
        let mut address = vec![0, 1];
        address.extend((peer.port() ^ (COOKIE >> 16) as u16).to_be_bytes());
        address.extend((peer.ip().to_bits() ^ COOKIE).to_be_bytes());
        Ok(self.attribute(CHANNEL_NUMBER, &[high, low, 0, 0]).attribute(XOR_PEER_ADDRESS, &address))
    }

    /// The finished message; signed if there is something to sign with.
    pub(crate) fn finish(mut self, login: Option<&Login>) -> Vec<u8> {
        if let Some(login) = login {
            let credentials = &login.credentials;
            self = self.attribute(USERNAME, credentials.username.as_bytes());
            self = self.attribute(REALM, login.realm.as_bytes()).attribute(NONCE, &login.nonce);
            self.set_length(INTEGRITY_LEN + 4);
            let tag = hmac::sign(&login.key, &self.0);
            self = self.attribute(MESSAGE_INTEGRITY, tag.as_ref());
        }
        self.set_length(0);
        self.0
    }

    fn set_length(&mut self, to_come: usize) {
        let length = (self.0.len() - HEADER_LEN + to_come) as u16;
        self.0[2..4].copy_from_slice(&length.to_be_bytes());
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// What a client signs with, once the server has told its realm and a nonce.
#[derive(Debug)]
pub(crate) struct Login {
    credentials: Credentials,
    realm: String,
    nonce: Vec<u8>,
    key: hmac::Key,
}

impl Login {
    /// From the answer to a request that was not signed.
    pub(crate) fn new(credentials: &Credentials, refusal: &Answer<'_>) -> Result<Self> {
        let realm = refusal.get(REALM).context("a 401 without a realm")?;
        let realm = String::from_utf8(realm.to_vec())?;
        let nonce = refusal.get(NONCE).context("a 401 without a nonce")?.to_vec();
        let Credentials { username, password } = credentials;
        // The long-term key of RFC 8489 §9.2.2.
        let key = Md5::digest(format!("{username}:{realm}:{password}"));
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
        Ok(Self { credentials: credentials.clone(), realm, nonce, key })
    }
}

/// A server's answer, as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() >= HEADER_LEN && bytes[0] < 4 && bytes[4..8] == COOKIE.to_be_bytes()).then_some(Self(bytes))
    }

    pub(crate) fn answers(&self, request: &[u8]) -> bool {
        self.0[8..HEADER_LEN] == request[8..HEADER_LEN]
    }

    fn is_success(&self) -> bool {
        u16::from_be_bytes([self.0[0], self.0[1]]) & CLASSES == CLASS_SUCCESS
    }

    /// 0 if it is no error.
    pub(crate) fn error_code(&self) -> u16 {
        self.get(ERROR_CODE).map_or(0, |value| match value {
            [_, _, class, number, ..] => u16::from(*class) * 100 + u16::from(*number),
            _ => 0,
        })
    }

    pub(crate) fn expect_success(&self) -> Result<()> {
        ensure!(self.is_success(), "the TURN server refused: {}", self.error_code());
        Ok(())
    }

    pub(crate) fn relayed_address(&self) -> Result<SocketAddr> {
        let value = self.get(XOR_RELAYED_ADDRESS).context("no relayed address")?;
        let [_, 1, p0, p1, a @ ..] = value else { bail!("the relayed address is not IPv4") };
        let port = u16::from_be_bytes([*p0, *p1]) ^ (COOKIE >> 16) as u16;
        let ip = u32::from_be_bytes(a.try_into().context("a short address")?) ^ COOKIE;
        Ok(SocketAddrV4::new(Ipv4Addr::from_bits(ip), port).into())
    }

    fn get(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = &self.0[HEADER_LEN..];
        while let [k0, k1, l0, l1, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            if u16::from_be_bytes([*k0, *k1]) == wanted {
                return after.get(..length);
            }
            rest = after.get(length.next_multiple_of(4)..)?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refusal as a server writes it.
    fn refusal() -> Vec<u8> {
        let mut bytes = Request::new(Method::Allocate, 7)
            .attribute(ERROR_CODE, &[0, 0, 4, 1])
            .attribute(REALM, b"lab")
            .attribute(NONCE, b"once")
            .finish(None);
        bytes[..2].copy_from_slice(&0x0113u16.to_be_bytes());
        bytes
    }

    #[test]
    fn a_refusal_is_read_and_signed_against() {
        let bytes = refusal();
        let answer = Answer::read(&bytes).unwrap();
        assert_eq!((answer.error_code(), answer.expect_success().is_err()), (401, true));
        let login = Login::new(&Credentials { username: "u".into(), password: "p".into() }, &answer).unwrap();
        let plain = Request::new(Method::Allocate, 8).relaying_udp().finish(None);
        let signed = Request::new(Method::Allocate, 8).relaying_udp().finish(Some(&login));
        assert_eq!(Answer::read(&signed).unwrap().get(USERNAME), Some(b"u".as_slice()));
        assert_eq!(Answer::read(&signed).unwrap().get(MESSAGE_INTEGRITY).map(<[u8]>::len), Some(INTEGRITY_LEN));
        assert_eq!(usize::from(u16::from_be_bytes([signed[2], signed[3]])), signed.len() - HEADER_LEN);
        assert!(signed.len() > plain.len() && !Answer::read(&signed).unwrap().answers(&bytes));
    }

    #[test]
    fn an_address_comes_back() {
        let peer: SocketAddr = "203.0.113.9:50000".parse().unwrap();
        let mut bytes = Request::new(Method::ChannelBind, 1).channel(0x4000, peer).unwrap().finish(None);
        // The second attribute, read as if it were the answer's.
        bytes[28..30].copy_from_slice(&XOR_RELAYED_ADDRESS.to_be_bytes());
        assert_eq!(Answer::read(&bytes).unwrap().relayed_address().unwrap(), peer);
        assert!(Answer::read(&bytes[..19]).is_none());
    }
}
