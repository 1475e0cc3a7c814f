//! The TURN server behind the port: messages with and without credentials, ChannelData, indications, connections that come and go.

use std::net::SocketAddr;
use std::time::Duration;

use super::bytes::Bytes;
use super::stun::message;
use super::turn_client::{
    ALLOCATE, ANNA, BORIS, CALL, CHANNEL_BIND, CHANNEL_NUMBER, CREATE_PERMISSION, NODE, NODE_V6, NONCE, REALM, REFRESH, Response,
    SEND, Scene, Sent, TurnClient, UDP, USERNAME, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS, channel_data, push, sign, xor_address,
};
use crate::control::{Command, Protocol};
use crate::datagram::{Datagram, Route};

const KINDS: [u16; 6] = [ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND, SEND, 0x0001];
/// Of what strangers are sent for a byte of theirs, a challenge is the most.
const CHALLENGE: usize = 100;

struct Turn {
    scene: Scene,
    clients: [TurnClient; 3],
    relayed: [Option<SocketAddr>; 3],
}

pub fn turn(data: &[u8]) {
    let scene = Scene::new();
    let (anna, boris) = (scene.credentials(CALL, ANNA), scene.credentials(CALL, BORIS));
    let clients = [
        TurnClient::new(1, Protocol::Udp, anna.clone()),
        TurnClient::new(2, Protocol::TurnTcp, boris),
        TurnClient::new(3, Protocol::TurnTls, anna),
    ];
    let mut turn = Turn { scene, clients, relayed: [None; 3] };
    let mut script = Bytes::new(data);
    while let Some(step) = script.step(10) {
        let who = script.below(3);
        turn.step(step, who, &mut script);
    }
    let report = turn.scene.report();
    assert!(report.allocations_udp <= 1 && report.allocations_tcp <= 1 && report.allocations_tls <= 1, "one for each 5-tuple");
}

impl Turn {
    fn step(&mut self, step: u8, who: usize, script: &mut Bytes<'_>) {
        let route = self.clients[who].route;
        match step {
            0 => self.deliver(route, script.piece()),
            1 => {
                let kind = KINDS[script.below(6)];
                self.deliver(route, &message(kind, script.piece()));
            }
            2 => {
                let request = self.signed(who, KINDS[script.below(6)], script.piece());
                self.deliver(route, &request);
            }
            3 => self.allocate(who),
            4 => {
                let (peer, number) = (self.peer(script), script.u16());
                self.bind(who, peer, number);
            }
            5 => {
                let (number, data) = (script.u16(), script.piece());
                self.deliver(route, &channel_data(number, data));
            }
            6 => {
                let indication = self.clients[who].send_indication(self.peer(script), script.piece());
                self.deliver(route, &indication);
            }
            7 => self.scene.wait(script.time()),
            8 => self.scene.port.connection_closed(self.scene.now, &route, &mut Sent::default()),
            _ => {
                let call = CALL;
                self.scene.command(Command::CloseRelay { call });
                self.scene.command(Command::OpenRelay { call });
            }
        }
    }

    fn peer(&self, script: &mut Bytes<'_>) -> SocketAddr {
        match script.below(6) {
            who @ 0..3 => self.relayed[who].unwrap_or(NODE),
            3 => NODE,
            4 => NODE_V6,
            _ => SocketAddr::new(script.u32().to_be_bytes().into(), script.u16()),
        }
    }

    /// A request of somebody who knows the password, whatever else is in it.
    fn signed(&mut self, who: usize, kind: u16, attributes: &[u8]) -> Vec<u8> {
        self.challenge(who);
        let client = &self.clients[who];
        let mut bytes = Vec::new();
        push_credentials(&mut bytes, client);
        bytes.extend_from_slice(attributes);
        let mut bytes = message(kind, &bytes);
        sign(&mut bytes, &client.credentials.username, "staffline", &client.credentials.password);
        bytes
    }

    fn challenge(&mut self, who: usize) {
        let client = &self.clients[who];
        if !client.nonce.is_empty() {
            return;
        }
        let sent = self.scene.deliver(client.route, &super::turn_client::message(ALLOCATE, 1, &[UDP]));
        if let Some(nonce) = sent.first().and_then(|(_, answer)| Response::parse(answer).attribute(NONCE).map(<[u8]>::to_vec)) {
            self.clients[who].nonce = nonce;
        }
    }

    fn allocate(&mut self, who: usize) {
        self.challenge(who);
        let client = &mut self.clients[who];
        client.transaction += 1;
        let (route, request) = (client.route, client.request(ALLOCATE, &[UDP]));
        for (_, answer) in self.scene.deliver(route, &request) {
            let answer = Response::parse(&answer);
            if answer.code() == 0 {
                self.relayed[who] = Some(answer.address(XOR_RELAYED_ADDRESS));
            }
        }
    }

    fn bind(&mut self, who: usize, peer: SocketAddr, number: u16) {
        self.challenge(who);
        let client = &mut self.clients[who];
        client.transaction += 1;
        let value = xor_address(peer, client.transaction);
        let [high, low] = number.to_be_bytes();
        let request = client.request(CHANNEL_BIND, &[(CHANNEL_NUMBER, &[high, low, 0, 0]), (XOR_PEER_ADDRESS, &value)]);
        let route = client.route;
        self.deliver(route, &request);
    }

    /// Whatever is sent goes to one of the clients, and is what a client can read.
    fn deliver(&mut self, route: Route, bytes: &[u8]) {
        let had_one = self.scene.port.is_in_use(&route);
        let mut bytes = bytes.to_vec();
        let (len, now) = (bytes.len(), self.scene.now);
        let mut sent = Sent::default();
        self.scene.port.handle_batch(now, &mut [Datagram { route, data: &mut bytes }], &mut sent);
        for (to, packet) in sent.0 {
            assert!(self.clients.iter().any(|client| client.route == to), "sent to {to:?}");
            assert!(had_one || packet.len() <= len + CHALLENGE, "{} bytes for {len}", packet.len());
            assert!(to.protocol == Protocol::Udp || packet.len().is_multiple_of(4), "RFC 8656 §12.5");
            match packet[0] {
                0..=3 => drop(Response::parse(&packet)),
                0x40..=0x7f => assert!(usize::from(u16::from_be_bytes([packet[2], packet[3]])) + 4 <= packet.len()),
                other => panic!("{other:#x} is neither STUN nor ChannelData"),
            }
        }
        assert!(self.scene.port.next_timeout().is_none_or(|at| at <= now + Duration::from_secs(3600)));
    }
}

fn push_credentials(bytes: &mut Vec<u8>, client: &TurnClient) {
    // As behind a header of 20 bytes.
    let mut whole = message(ALLOCATE, &[]);
    push(&mut whole, USERNAME, client.credentials.username.as_bytes());
    push(&mut whole, REALM, b"staffline");
    push(&mut whole, NONCE, &client.nonce);
    bytes.extend_from_slice(&whole[20..]);
}
