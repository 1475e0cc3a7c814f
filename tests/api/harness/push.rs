//! A push service of the tests, and a browser's end of what goes through it: it decrypts as RFC 8291 says.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    signature::{self, ECDSA_P256_SHA256_FIXED},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time,
};

use super::{Client, PATIENCE};

/// What a browser has subscribed with, and the service that it named.
pub(crate) struct Browser {
    listener: TcpListener,
    pub(crate) endpoint: String,
    key: PrivateKey,
    auth: [u8; 16],
}

/// A push as it came in, decrypted.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Value,
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; N] {
    let mut derived = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(&[info], Length(N)).unwrap().fill(&mut derived).unwrap();
    derived
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/push/secret-path?x=1", listener.local_addr().unwrap());
        Self { listener, endpoint, key: PrivateKey::generate(&ECDH_P256).unwrap(), auth: [7; 16] }
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        self.key.compute_public_key().unwrap().as_ref().to_vec()
    }

    /// What its page sends to our server.
    pub(crate) fn subscription(&self) -> Value {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({"endpoint": self.endpoint, "p256dh": encode(&self.public()), "auth": encode(&self.auth), "language": "en"})
    }

    /// The next push, answered with a status.
    pub(crate) async fn pushed(&mut self, status: &str) -> Pushed {
        let (stream, _) = time::timeout(PATIENCE, self.listener.accept()).await.expect("a push comes").unwrap();
        let (headers, body) = request(stream, status).await;
        Pushed { headers, payload: serde_json::from_slice(&self.decrypt(&body)).unwrap() }
    }

    fn decrypt(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (record_size, rest) = rest.split_at(4);
        assert!(u32::from_be_bytes(record_size.try_into().unwrap()) as usize >= rest.len());
        let (server, record) = rest[1..].split_at(usize::from(rest[0]));
        let public = self.public();
        let keying = agreement::agree(&self.key, UnparsedPublicKey::new(&ECDH_P256, server), (), |shared| {
            Ok(derive::<32>(&self.auth, shared, &[b"WebPush: info\0", &public[..], server].concat()))
        });
        let keying = keying.unwrap();
        let key: [u8; 16] = derive(salt, &keying, b"Content-Encoding: aes128gcm\0");
        let nonce: [u8; 12] = derive(salt, &keying, b"Content-Encoding: nonce\0");
        let mut record = record.to_vec();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let plain = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).unwrap();
        let (delimiter, payload) = plain.split_last().unwrap();
        assert_eq!(*delimiter, 2);
        payload.to_vec()
    }
}

async fn request(mut stream: TcpStream, status: &str) -> (Vec<(String, String)>, Vec<u8>) {
    let mut bytes = Vec::new();
    let head = loop {
        stream.read_buf(&mut bytes).await.unwrap();
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    assert!(text.starts_with("POST /push/secret-path?x=1 HTTP/1.1\r\n"), "{text}");
    let headers: Vec<_> = text.lines().filter_map(|line| line.split_once(": ")).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect();
    let length: usize = headers.iter().find(|(name, _)| name == "content-length").unwrap().1.parse().unwrap();
    while bytes.len() < head + length {
        stream.read_buf(&mut bytes).await.unwrap();
    }
    stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
    (headers, bytes[head..].to_vec())
}

impl Pushed {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name} in {self:?}")).1
    }

    /// The claims of the VAPID token, once its signature fits the server's key (RFC 8292).
    pub(crate) fn claims(&self, server_key: &str) -> Value {
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let value = self.header("authorization").strip_prefix("vapid t=").unwrap();
        let (token, key) = value.split_once(", k=").unwrap();
        assert_eq!(key, server_key);
        let (signed, signed_with) = token.rsplit_once('.').unwrap();
        let public = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key));
        public.verify(signed.as_bytes(), &decode(signed_with)).expect("the signature fits");
        let (head, claims) = signed.split_once('.').unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&decode(head)).unwrap(), json!({"typ": "JWT", "alg": "ES256"}));
        serde_json::from_slice(&decode(claims)).unwrap()
    }
}

impl Client {
    /// Has this browser be pushed to for as long as the session lasts.
    pub(crate) async fn take_pushes(&self, browser: &Browser) {
        self.put("/api/push/subscription", &browser.subscription()).await.expect(204);
    }
}
