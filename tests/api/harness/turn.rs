//! A TURN client over UDP (RFC 8656): as much of one as it takes to allocate and to ask whether an allocation lives.

use std::net::SocketAddr;

use aws_lc_rs::hmac;
use md5::{Digest, Md5};
use serde_json::Value;
use tokio::{net::UdpSocket, time};

use super::{PATIENCE, TestApp};

const REALM: &str = "staffline";
const COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
const ALLOCATE: u16 = 0x0003;
const REFRESH: u16 = 0x0004;
/// What turns the type of a request into that of an answer.
const SUCCESS: u16 = 0x0100;
const USERNAME: u16 = 0x0006;
const INTEGRITY: u16 = 0x0008;
const ERROR: u16 = 0x0009;
const REALM_OF: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const TRANSPORT: u16 = 0x0019;
const UDP: [u8; 4] = [17, 0, 0, 0];

/// One socket, with the credentials of an `RTCIceServer`.
pub(crate) struct Turn {
    socket: UdpSocket,
    username: String,
    credential: String,
    nonce: Vec<u8>,
    transaction: u8,
}

impl Turn {
    pub(crate) async fn of(app: &TestApp, ice_server: &Value) -> Self {
        let text = |name: &str| ice_server[name].as_str().unwrap().to_owned();
        let socket = UdpSocket::bind(SocketAddr::new(app.address.ip(), 0)).await.unwrap();
        socket.connect(app.address).await.unwrap();
        Self { socket, username: text("username"), credential: text("credential"), nonce: Vec::new(), transaction: 0 }
    }

    /// The code of the refusal, if it is one.
    pub(crate) async fn allocate(&mut self) -> Result<(), u16> {
        self.ask(ALLOCATE).await
    }

    /// As [`Self::allocate`].
    pub(crate) async fn refresh(&mut self) -> Result<(), u16> {
        self.ask(REFRESH).await
    }

    /// Comes back when the allocation has ended.
    pub(crate) async fn ended(&mut self) {
        let ends = async {
            loop {
                if let Err(code) = self.refresh().await {
                    assert!(code == 401 || code == 437, "{code}");
                    return;
                }
            }
        };
        time::timeout(PATIENCE, ends).await.expect("it ends");
    }

    /// Asks, and once more with the nonce that the server wants.
    async fn ask(&mut self, kind: u16) -> Result<(), u16> {
        match self.ask_once(kind).await {
            Err((401 | 438, nonce)) if !nonce.is_empty() && nonce != self.nonce => {
                self.nonce = nonce;
                self.ask_once(kind).await.map_err(|(code, _)| code)
            }
            answer => answer.map_err(|(code, _)| code),
        }
    }

    /// A refusal comes with its nonce.
    async fn ask_once(&mut self, kind: u16) -> Result<(), (u16, Vec<u8>)> {
        self.transaction += 1;
        let request = self.request(kind);
        let mut answer = [0; 1_500];
        let read = async {
            self.socket.send(&request).await.unwrap();
            self.socket.recv(&mut answer).await.unwrap()
        };
        let length = time::timeout(PATIENCE, read).await.expect("the TURN server answers");
        let answer = &answer[..length];
        assert_eq!(answer[4..20], request[4..20], "cookie and transaction");
        if u16::from_be_bytes([answer[0], answer[1]]) == kind | SUCCESS {
            return Ok(());
        }
        let error = attribute(answer, ERROR).expect("what is no success is an error");
        let code = u16::from(error[2]) * 100 + u16::from(error[3]);
        Err((code, attribute(answer, NONCE).unwrap_or_default().to_vec()))
    }

    fn request(&self, kind: u16) -> Vec<u8> {
        let mut message = [&kind.to_be_bytes()[..], &[0, 0], &COOKIE, &[self.transaction; 12]].concat();
        if kind == ALLOCATE {
            push(&mut message, TRANSPORT, &UDP);
        }
        if !self.nonce.is_empty() {
            push(&mut message, USERNAME, self.username.as_bytes());
            push(&mut message, REALM_OF, REALM.as_bytes());
            push(&mut message, NONCE, &self.nonce);
            self.sign(&mut message);
        }
        message
    }

    /// RFC 8489 §14.5, with the key of §9.2.2.
    fn sign(&self, message: &mut Vec<u8>) {
        let key = Md5::digest(format!("{}:{REALM}:{}", self.username, self.credential));
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
        // The length that is signed counts the signature already.
        let signed = message.len() + 24;
        set_length(message, signed);
        let tag = hmac::sign(&key, message);
        push(message, INTEGRITY, tag.as_ref());
    }
}

fn push(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(kind.to_be_bytes());
    message.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
    let whole = message.len();
    set_length(message, whole);
}

fn set_length(message: &mut [u8], whole: usize) {
    message[2..4].copy_from_slice(&u16::try_from(whole - 20).unwrap().to_be_bytes());
}

fn attribute(message: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = &message[20..];
    while let [k0, k1, l0, l1, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        if u16::from_be_bytes([*k0, *k1]) == wanted {
            return after.get(..length);
        }
        rest = after.get(length.next_multiple_of(4)..)?;
    }
    None
}
