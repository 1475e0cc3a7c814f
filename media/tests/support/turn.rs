//! A TURN client, written from the RFCs: it shares no code with the server that it tests.

#![expect(unreachable_pub, reason = "several test binaries share it")]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use md5::{Digest, Md5};
use staffline_media::control::{Command, Event, NodeReport, Protocol, RoomId};
use staffline_media::datagram::{Datagram, Route};
use staffline_media::node::NodeConfig;
use staffline_media::outbox::Outbox;
use staffline_media::port::{Port, PortConfig};
use staffline_media::srtp::SrtpProfile;
use staffline_media::turn::credentials::{Authority, Credentials, Grant};

pub const ALLOCATE: u16 = 0x0003;
pub const REFRESH: u16 = 0x0004;
pub const CREATE_PERMISSION: u16 = 0x0008;
pub const CHANNEL_BIND: u16 = 0x0009;
pub const SEND: u16 = 0x0016;
pub const DATA: u16 = 0x0017;

pub const USERNAME: u16 = 0x0006;
pub const INTEGRITY: u16 = 0x0008;
pub const ERROR_CODE: u16 = 0x0009;
pub const CHANNEL_NUMBER: u16 = 0x000c;
pub const LIFETIME: u16 = 0x000d;
pub const XOR_PEER_ADDRESS: u16 = 0x0012;
pub const DATA_ATTRIBUTE: u16 = 0x0013;
pub const REALM: u16 = 0x0014;
pub const NONCE: u16 = 0x0015;
pub const XOR_RELAYED_ADDRESS: u16 = 0x0016;
pub const ADDRESS_FAMILY: u16 = 0x0017;
pub const EVEN_PORT: u16 = 0x0018;
pub const TRANSPORT: u16 = 0x0019;
pub const DONT_FRAGMENT: u16 = 0x001a;
pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub const RESERVATION_TOKEN: u16 = 0x0022;

/// REQUESTED-TRANSPORT: UDP.
pub const UDP: (u16, &[u8]) = (TRANSPORT, &[17, 0, 0, 0]);

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

pub type Attributes<'a> = &'a [(u16, &'a [u8])];

/// A message without integrity.
pub fn message(kind: u16, transaction: u64, attributes: Attributes<'_>) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend([0, 0]);
    bytes.extend(COOKIE);
    bytes.extend(transaction_id(transaction));
    for (kind, value) in attributes {
        push(&mut bytes, *kind, value);
    }
    bytes
}

pub fn transaction_id(transaction: u64) -> [u8; 12] {
    let mut id = [7; 12];
    id[4..].copy_from_slice(&transaction.to_be_bytes());
    id
}

pub fn push(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend(kind.to_be_bytes());
    bytes.extend((value.len() as u16).to_be_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    set_length(bytes, 0);
}

fn set_length(bytes: &mut [u8], more: usize) {
    let len = (bytes.len() - 20 + more) as u16;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
}

/// Signs with a long-term credential (RFC 8489 §9.2).
pub fn sign(bytes: &mut Vec<u8>, username: &str, realm: &str, password: &str) {
    let key = Md5::digest(format!("{username}:{realm}:{password}"));
    set_length(bytes, 24);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), bytes);
    push(bytes, INTEGRITY, tag.as_ref());
}

/// The value of an XOR-*-ADDRESS.
pub fn xor_address(address: SocketAddr, transaction: u64) -> Vec<u8> {
    let mask = [&COOKIE[..], &transaction_id(transaction)].concat();
    let octets = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let mut value = vec![0, if address.is_ipv4() { 1 } else { 2 }];
    value.extend((address.port() ^ 0x2112).to_be_bytes());
    value.extend(octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask));
    value
}

pub fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &(data.len() as u16).to_be_bytes(), data].concat()
}

/// A message of the server.
#[derive(Clone, Debug)]
pub struct Response {
    pub kind: u16,
    pub id: [u8; 12],
    pub attributes: Vec<(u16, Vec<u8>)>,
}

impl Response {
    pub fn parse(bytes: &[u8]) -> Self {
        assert_eq!((bytes[0] & 0xc0, &bytes[4..8]), (0, &COOKIE[..]), "no STUN message: {bytes:02x?}");
        assert_eq!(usize::from(u16::from_be_bytes([bytes[2], bytes[3]])) + 20, bytes.len());
        let mut attributes = Vec::new();
        let mut rest = &bytes[20..];
        while let [a, b, c, d, more @ ..] = rest {
            let len = usize::from(u16::from_be_bytes([*c, *d]));
            attributes.push((u16::from_be_bytes([*a, *b]), more[..len].to_vec()));
            rest = &more[len.next_multiple_of(4)..];
        }
        Self { kind: u16::from_be_bytes([bytes[0], bytes[1]]), id: bytes[8..20].try_into().expect("twelve bytes"), attributes }
    }

    pub fn attribute(&self, kind: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(known, _)| *known == kind).map(|(_, value)| value.as_slice())
    }

    /// The error code, 0 for success.
    pub fn code(&self) -> u16 {
        self.attribute(ERROR_CODE).map_or(0, |value| u16::from(value[2]) * 100 + u16::from(value[3]))
    }

    pub fn lifetime(&self) -> u32 {
        let value = self.attribute(LIFETIME).expect("a lifetime");
        u32::from_be_bytes(value.try_into().expect("four bytes"))
    }

    pub fn address(&self, kind: u16) -> SocketAddr {
        let value = self.attribute(kind).expect("an address");
        let mask = [&COOKIE[..], &self.id].concat();
        let octets: Vec<u8> = value[4..].iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect();
        let ip: IpAddr = match octets.len() {
            4 => <[u8; 4]>::try_from(octets).expect("IPv4").into(),
            _ => <[u8; 16]>::try_from(octets).expect("IPv6").into(),
        };
        SocketAddr::new(ip, u16::from_be_bytes([value[2], value[3]]) ^ 0x2112)
    }
}

/// What was sent to somebody.
#[derive(Debug, Default)]
pub struct Sent(pub Vec<(Route, Vec<u8>)>);

impl Outbox for Sent {
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8] {
        // As the driver's arena, it is not clean.
        self.0.push((to, vec![0xee; len]));
        &mut self.0.last_mut().expect("just pushed").1
    }
}

pub const NODE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 8080);
pub const NODE_V6: SocketAddr = SocketAddr::new(IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 8080);
pub const CALL: RoomId = RoomId(0xca11);
pub const OTHER_CALL: RoomId = RoomId(0xca12);
pub const ANNA: u128 = 0xa;
pub const BORIS: u128 = 0xb;

/// A client of the TURN server on its own 5-tuple.
#[derive(Clone, Debug)]
pub struct TurnClient {
    pub route: Route,
    pub credentials: Credentials,
    pub nonce: Vec<u8>,
    pub transaction: u64,
}

impl TurnClient {
    pub fn new(n: u16, protocol: Protocol, credentials: Credentials) -> Self {
        let remote = SocketAddr::from(([198, 51, (n >> 8) as u8, n as u8], 5000 + n));
        let route = Route { local: NODE, remote, protocol };
        Self { route, credentials, nonce: Vec::new(), transaction: 1000 * u64::from(n) }
    }

    /// A signed request with the present transaction.
    pub fn request(&self, kind: u16, attributes: Attributes<'_>) -> Vec<u8> {
        let mut bytes = message(kind, self.transaction, attributes);
        push(&mut bytes, USERNAME, self.credentials.username.as_bytes());
        push(&mut bytes, REALM, b"staffline");
        push(&mut bytes, NONCE, &self.nonce);
        sign(&mut bytes, &self.credentials.username, "staffline", &self.credentials.password);
        bytes
    }

    pub fn send_indication(&self, peer: SocketAddr, data: &[u8]) -> Vec<u8> {
        let peer = xor_address(peer, self.transaction);
        message(SEND, self.transaction, &[(XOR_PEER_ADDRESS, &peer), (DATA_ATTRIBUTE, data)])
    }
}

/// A port with an open call, and the time.
pub struct Scene {
    pub begun: Instant,
    pub now: Instant,
    pub port: Port,
    pub authority: Authority,
}

impl Scene {
    #[expect(clippy::disallowed_methods, reason = "virtual time has to begin somewhere")]
    pub fn new() -> Self {
        let now = Instant::now();
        let authority = Authority::new(b"a secret");
        let candidates = vec![NODE, NODE_V6];
        let srtp_profiles = vec![SrtpProfile::AeadAes128Gcm];
        let node = NodeConfig { candidates, tcp_port: NODE.port(), shard: 0, srtp_profiles, max_sessions: 10 };
        let port = Port::new(now, PortConfig { node, authority: authority.clone() }).expect("a port");
        let mut scene = Self { begun: now, now, port, authority };
        scene.command(Command::OpenRelay { call: CALL });
        scene
    }

    pub fn command(&mut self, command: Command) {
        self.port.handle_command(self.now, command, &mut Sent::default());
    }

    /// Credentials of now, for ten minutes.
    pub fn credentials(&self, call: RoomId, user: u128) -> Credentials {
        let until = self.now - self.begun + Duration::from_secs(600);
        self.authority.issue(&Grant { call, user, until })
    }

    pub fn client(&self, n: u16, user: u128) -> TurnClient {
        TurnClient::new(n, Protocol::Udp, self.credentials(CALL, user))
    }

    pub fn deliver(&mut self, route: Route, bytes: &[u8]) -> Vec<(Route, Vec<u8>)> {
        let mut bytes = bytes.to_vec();
        let mut sent = Sent::default();
        self.port.handle_batch(self.now, &mut [Datagram { route, data: &mut bytes }], &mut sent);
        sent.0
    }

    /// The one answer to a request as it is.
    pub fn ask_once(&mut self, route: Route, bytes: &[u8]) -> Response {
        let sent = self.deliver(route, bytes);
        assert_eq!(sent.len(), 1, "one answer to {bytes:02x?}");
        assert_eq!(sent[0].0, route);
        Response::parse(&sent[0].1)
    }

    /// The answer to a request, once challenged.
    pub fn ask(&mut self, client: &mut TurnClient, kind: u16, attributes: Attributes<'_>) -> Response {
        client.transaction += 1;
        if client.nonce.is_empty() {
            let challenge = self.ask_once(client.route, &message(ALLOCATE, client.transaction, &[UDP]));
            assert_eq!(challenge.code(), 401);
            client.nonce = challenge.attribute(NONCE).expect("a nonce").to_vec();
        }
        let request = client.request(kind, attributes);
        let response = self.ask_once(client.route, &request);
        assert_eq!((response.kind & 0xfeef, response.id), (kind, transaction_id(client.transaction)));
        response
    }

    pub fn allocate(&mut self, client: &mut TurnClient) -> SocketAddr {
        let response = self.ask(client, ALLOCATE, &[UDP]);
        assert_eq!(response.code(), 0, "{response:?}");
        response.address(XOR_RELAYED_ADDRESS)
    }

    pub fn permit(&mut self, client: &mut TurnClient, peer: SocketAddr) -> u16 {
        let value = xor_address(peer, client.transaction + 1);
        self.ask(client, CREATE_PERMISSION, &[(XOR_PEER_ADDRESS, &value)]).code()
    }

    pub fn bind(&mut self, client: &mut TurnClient, number: u16, peer: SocketAddr) -> u16 {
        let value = xor_address(peer, client.transaction + 1);
        let [high, low] = number.to_be_bytes();
        self.ask(client, CHANNEL_BIND, &[(CHANNEL_NUMBER, &[high, low, 0, 0]), (XOR_PEER_ADDRESS, &value)]).code()
    }

    /// Lets time pass and what is due happen.
    pub fn wait(&mut self, time: Duration) {
        self.now += time;
        self.port.handle_timeout(self.now, &mut Sent::default());
    }

    pub fn report(&mut self) -> NodeReport {
        self.command(Command::Report { id: 1 });
        loop {
            if let Event::Report { report, .. } = self.port.poll_event().expect("a report comes") {
                return report;
            }
        }
    }
}
