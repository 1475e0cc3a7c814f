//! The whole port: datagrams and TCP connections of two clients and of strangers, commands and time. A client can come up by a real
//! handshake, and then says what it likes under its keys.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::bytes::Bytes;
use super::stun::{message, push, sealed};
use super::turn_client::{
    ALLOCATE, ANNA, CALL, CHANNEL_BIND, CHANNEL_NUMBER, NODE, NONCE, Response, Sent, TurnClient, UDP, XOR_PEER_ADDRESS,
    channel_data, xor_address,
};
use crate::control::{Command, Event, PeerId, Protocol, RoomId};
use crate::datagram::{Datagram, Route};
use crate::dtls::{Identity, client::Client};
use crate::framing::{Framing, Guess};
use crate::node::NodeConfig;
use crate::port::{Port, PortConfig};
use crate::srtp::{Sealer, SrtpProfile};
use crate::testing::begin;
use crate::turn::credentials::{Authority, Grant};

const OFFER: &str = include_str!("../sdp/testdata/chromium-offer.sdp");
const PROFILES: [SrtpProfile; 2] = [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80];
const ROOM: RoomId = RoomId(1);
const CHANNEL: u16 = 0x4000;
/// Sources that the offer announces: audio, video, its retransmissions; and one that it does not.
const SSRCS: [u32; 4] = [1001, 2_231_627_014, 632_943_048, 7];
/// Routes to a session are no more than this (`demux`).
const MAX_ROUTES: usize = 16;

thread_local! {
    static IDENTITIES: [Identity; 2] = [(); 2].map(|()| Identity::generate().expect("there is randomness"));
}

/// A client with a session, or without.
struct Peer {
    id: PeerId,
    offer: String,
    dtls: Client,
    route: Route,
    /// The node's fragment and password.
    ice: Option<(String, String)>,
    sealer: Option<Sealer>,
    index: u64,
    rtcp_index: u32,
}

/// A TCP connection, as the driver keeps it.
struct Stream {
    route: Route,
    is_tls: bool,
    framing: Option<Framing>,
    pending: Vec<u8>,
}

struct Scene {
    port: Port,
    now: Instant,
    peers: Vec<Peer>,
    streams: Vec<Stream>,
    turn: TurnClient,
    batch: Vec<(Route, Vec<u8>)>,
    /// From where something came: nothing may be sent elsewhere.
    seen: HashSet<Route>,
}

pub fn port(data: &[u8]) {
    let mut scene = Scene::new();
    let mut script = Bytes::new(data);
    while let Some(step) = script.step(13) {
        let who = script.below(2);
        scene.step(step, who, &mut script);
    }
    scene.flush();
    scene.check();
}

fn udp(n: usize) -> Route {
    Route { local: NODE, remote: ([203, 0, 113, n as u8 + 1], 5000).into(), protocol: Protocol::Udp }
}

impl Scene {
    fn new() -> Self {
        let (now, authority) = (begin(), Authority::new(b"a secret"));
        let node = NodeConfig {
            candidates: vec![NODE],
            tcp_port: NODE.port(),
            shard: 0,
            srtp_profiles: PROFILES.to_vec(),
            max_sessions: 8,
        };
        let port = Port::new(now, PortConfig { node, authority: authority.clone() }).expect("a port");
        let grant = Grant { call: CALL, user: ANNA, until: Duration::from_secs(600) };
        let turn = TurnClient::new(1, Protocol::Udp, authority.issue(&grant));
        let peers = IDENTITIES.with(|identities| {
            identities
                .iter()
                .zip(PROFILES)
                .enumerate()
                .map(|(n, (identity, profile))| Peer::new(now, n, identity, profile))
                .collect()
        });
        let streams = (0..3).map(Stream::new).collect();
        let mut scene = Self { port, now, peers, streams, turn, batch: Vec::new(), seen: HashSet::new() };
        scene.command(Command::OpenRelay { call: CALL });
        scene.join(0);
        scene.join(1);
        scene
    }

    fn step(&mut self, step: u8, who: usize, script: &mut Bytes<'_>) {
        match step {
            0 => self.say(udp(script.below(6)), script.piece().to_vec()),
            1 => self.check_path(who, script),
            2 => {
                let start = [20 + script.u8() % 44, 254, 253];
                self.say(self.peers[who].route, [&start[..], script.piece()].concat());
            }
            3 => self.handshake(who),
            4 => self.rtp(who, script),
            5 => self.rtcp(who, script),
            6 => {
                let stream = script.below(3);
                self.stream(stream, script.piece());
            }
            7 => self.pass(script.time()),
            8 => self.order(who, script),
            9 => self.flush(),
            10 => {
                let stream = script.below(3);
                self.close(stream);
            }
            11 => self.allocate(),
            // Through the TURN server to the node.
            _ => self.say(self.turn.route, channel_data(CHANNEL, script.piece())),
        }
    }

    /// Waits for the end of the batch.
    fn say(&mut self, route: Route, bytes: Vec<u8>) {
        self.seen.insert(route);
        self.batch.push((route, bytes));
    }

    fn check_path(&mut self, who: usize, script: &mut Bytes<'_>) {
        let (how, path, more) = (script.u8(), script.below(4), script.piece());
        let Some((ufrag, password)) = &self.peers[who].ice else { return };
        let mut check = message(1, more);
        push(&mut check, 0x0006, format!("{ufrag}:F7gI").as_bytes());
        if how & 1 == 0 {
            push(&mut check, 0x0025, &[]);
        }
        let check = sealed(check, (how & 2 == 0).then_some(password.as_bytes()));
        if how & 4 > 0 {
            return self.say(self.turn.route, channel_data(CHANNEL, &check));
        }
        self.peers[who].route = udp(path);
        self.say(udp(path), check);
    }

    /// Goes on with it for some rounds, after a check.
    fn handshake(&mut self, who: usize) {
        self.flush();
        for _ in 0..8 {
            while let Some(datagram) = self.peers[who].dtls.poll_transmit() {
                self.say(self.peers[who].route, datagram.to_vec());
            }
            self.flush();
        }
        let peer = &mut self.peers[who];
        let keys = PROFILES.into_iter().find_map(|profile| peer.dtls.keys(profile));
        if let (None, Some(keys)) = (&peer.sealer, keys) {
            peer.sealer = Some(Sealer::new(keys.profile, &keys.tx));
        }
    }

    fn rtp(&mut self, who: usize, script: &mut Bytes<'_>) {
        let (first, second, ssrc) = (0x80 | script.u8() & 0x3f, script.u8(), SSRCS[script.below(4)]);
        let (tail, payload) = (script.piece(), script.piece());
        let peer = &mut self.peers[who];
        let Some(sealer) = &peer.sealer else { return };
        let mut packet = vec![first, second];
        packet.extend((peer.index as u16).to_be_bytes());
        packet.extend((3000 * peer.index as u32).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend_from_slice(tail);
        let header = packet.len();
        packet.extend_from_slice(payload);
        packet.resize(packet.len() + sealer.rtp_overhead(), 0);
        sealer.seal_rtp_in_place(peer.index, header, &mut packet);
        peer.index += 1;
        self.say(self.peers[who].route, packet);
    }

    fn rtcp(&mut self, who: usize, script: &mut Bytes<'_>) {
        let peer = &mut self.peers[who];
        let Some(sealer) = &peer.sealer else { return };
        let mut packet = script.piece().to_vec();
        packet.resize(packet.len().max(8), 0);
        packet[1] = 192 + packet[1] % 32;
        packet.resize(packet.len() + sealer.rtcp_overhead(), 0);
        sealer.seal_rtcp(peer.rtcp_index, &mut packet);
        peer.rtcp_index += 1;
        self.say(self.peers[who].route, packet);
    }

    /// As `driver::shard` does it.
    fn stream(&mut self, at: usize, bytes: &[u8]) {
        let stream = &mut self.streams[at];
        stream.pending.extend_from_slice(bytes);
        if stream.framing.is_none() {
            match Guess::of(&stream.pending) {
                Guess::Is(Framing::IceTcp) if stream.is_tls => return self.close(at),
                Guess::Is(framing) => stream.bind(framing),
                Guess::TooShort => return,
                Guess::Neither => return self.close(at),
            }
        }
        let Some(framing) = stream.framing else { return };
        let mut packets = Vec::new();
        let garbage = loop {
            match framing.first(&stream.pending) {
                Ok(Some(frame)) => {
                    packets.push(stream.pending[frame.packet].to_vec());
                    stream.pending.drain(..frame.len);
                }
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        let route = stream.route;
        packets.into_iter().filter(|packet| !packet.is_empty()).for_each(|packet| self.say(route, packet));
        self.flush();
        if garbage {
            self.close(at);
        }
    }

    fn close(&mut self, at: usize) {
        self.flush();
        let route = self.streams[at].route;
        let mut sent = Sent::default();
        self.port.connection_closed(self.now, &route, &mut sent);
        self.hear(sent);
        assert!(!self.port.is_in_use(&route), "nothing hangs on a connection that is gone");
        self.streams[at] = Stream::new(at);
    }

    fn allocate(&mut self) {
        self.flush();
        self.turn.transaction += 1;
        let challenge = self.ask(super::turn_client::message(ALLOCATE, self.turn.transaction, &[UDP]));
        let Some(nonce) = challenge.and_then(|answer| Response::parse(&answer).attribute(NONCE).map(<[u8]>::to_vec)) else {
            return;
        };
        self.turn.nonce = nonce;
        self.turn.transaction += 1;
        self.ask(self.turn.request(ALLOCATE, &[UDP]));
        self.turn.transaction += 1;
        let [high, low] = CHANNEL.to_be_bytes();
        let node = xor_address(NODE, self.turn.transaction);
        self.ask(self.turn.request(CHANNEL_BIND, &[(CHANNEL_NUMBER, &[high, low, 0, 0]), (XOR_PEER_ADDRESS, &node)]));
    }

    fn ask(&mut self, mut request: Vec<u8>) -> Option<Vec<u8>> {
        let route = self.turn.route;
        self.seen.insert(route);
        let mut sent = Sent::default();
        self.port.handle_batch(self.now, &mut [Datagram { route, data: &mut request }], &mut sent);
        sent.0.into_iter().find(|(to, _)| *to == route).map(|(_, answer)| answer)
    }

    fn order(&mut self, who: usize, script: &mut Bytes<'_>) {
        self.flush();
        let (peer, on) = (self.peers[who].id, script.u8() & 1 > 0);
        match script.u8() % 7 {
            0 => self.command(Command::Leave { room: ROOM, peer }),
            1 => self.join(who),
            2 => {
                let offer = damaged(&self.peers[who].offer, script);
                self.command(Command::Renegotiate { room: ROOM, peer, offer });
            }
            3 => self.command(Command::HoldBack { room: ROOM, peer, on }),
            4 if on => self.command(Command::OpenRelay { call: CALL }),
            4 => self.command(Command::CloseRelay { call: CALL }),
            5 => self.command(Command::StopRecording { room: ROOM }),
            _ => self.port.ask_keyframe(ROOM, peer, crate::recorder::Source::Camera),
        }
    }

    fn join(&mut self, who: usize) {
        let (peer, offer) = (self.peers[who].id, self.peers[who].offer.clone());
        self.command(Command::Join { room: ROOM, peer, offer });
    }

    fn command(&mut self, command: Command) {
        let mut sent = Sent::default();
        self.port.handle_command(self.now, command, &mut sent);
        self.hear(sent);
        while let Some(event) = self.port.poll_event() {
            if let Event::Answer { peer, sdp } = event {
                let of = |name| sdp.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let known = self.peers.iter_mut().find(|known| known.id == peer).expect("one of those who asked");
                known.ice = of("a=ice-ufrag:").zip(of("a=ice-pwd:"));
            }
        }
    }

    fn flush(&mut self) {
        let mut packets = std::mem::take(&mut self.batch);
        let mut batch: Vec<_> = packets.iter_mut().map(|(route, data)| Datagram { route: *route, data }).collect();
        let mut sent = Sent::default();
        self.port.handle_batch(self.now, &mut batch, &mut sent);
        self.hear(sent);
    }

    fn pass(&mut self, time: Duration) {
        self.flush();
        let end = self.now + time;
        let mut woken = 0;
        while let Some(due) = self.port.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let mut sent = Sent::default();
            self.port.handle_timeout(self.now, &mut sent);
            self.hear(sent);
            woken += 1;
            assert!(woken < 100_000, "it spins");
        }
        self.now = end;
    }

    /// Nothing goes to an address from which nothing came.
    fn hear(&mut self, sent: Sent) {
        for (to, packet) in sent.0 {
            assert!(self.seen.contains(&to), "{} bytes were sent to {to:?}", packet.len());
            assert!(!packet.is_empty());
            if matches!(packet[0], 20..=63) {
                self.peers.iter_mut().filter(|peer| peer.route == to).for_each(|peer| peer.dtls.receive(&packet));
            }
        }
    }

    /// Whatever came before, the next one is served.
    fn check(&mut self) {
        assert!(self.port.bound_routes() <= MAX_ROUTES * self.peers.len());
        self.peers[0].id = PeerId(99);
        self.peers[0].ice = None;
        self.join(0);
        assert!(self.peers[0].ice.is_some(), "a newcomer is answered");
        let route = udp(9);
        let mut request = message(1, &[]);
        self.seen.insert(route);
        let mut sent = Sent::default();
        self.port.handle_batch(self.now, &mut [Datagram { route, data: &mut request }], &mut sent);
        assert_eq!(sent.0.len(), 1, "who asks for its address is told");
    }
}

impl Peer {
    fn new(now: Instant, n: usize, identity: &Identity, profile: SrtpProfile) -> Self {
        let fingerprint: Vec<_> = identity.fingerprint().iter().map(|byte| format!("{byte:02X}")).collect();
        let line = |line: &str| {
            if line.starts_with("a=fingerprint") {
                format!("a=fingerprint:sha-256 {}\r\n", fingerprint.join(":"))
            } else {
                format!("{line}\r\n")
            }
        };
        Self {
            id: PeerId(n as u128 + 1),
            offer: OFFER.lines().map(line).collect(),
            dtls: Client::new(now, identity, &[profile]),
            route: udp(n),
            ice: None,
            sealer: None,
            index: 65_530,
            rtcp_index: 0,
        }
    }
}

impl Stream {
    fn new(n: usize) -> Self {
        let remote = ([198, 18, 0, n as u8 + 1], 6000).into();
        let route = Route { local: NODE, remote, protocol: Protocol::TurnTcp };
        Self { route, is_tls: n == 2, framing: None, pending: Vec::new() }
    }

    fn bind(&mut self, framing: Framing) {
        self.framing = Some(framing);
        self.route.protocol = match (framing, self.is_tls) {
            (Framing::Turn, true) => Protocol::TurnTls,
            (Framing::Turn, false) => Protocol::TurnTcp,
            (Framing::IceTcp, _) => Protocol::Tcp,
        };
    }
}

/// With something else in a place or two.
fn damaged(offer: &str, script: &mut Bytes<'_>) -> String {
    let (at, len, with) = (usize::from(script.u16()) % offer.len(), script.below(64), script.piece());
    let end = (at + len).min(offer.len());
    [&offer.as_bytes()[..at], with, &offer.as_bytes()[end..]].concat().iter().map(|byte| char::from(byte & 0x7f)).collect()
}
