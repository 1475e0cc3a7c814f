//! A node on its port, its clients and the network between them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use staffline_media::control::{CloseReason, Command, Event, NodeReport, PeerId, Protocol, RefusedReason, RoomId};
use staffline_media::datagram::{Datagram, Route};
use staffline_media::node::NodeConfig;
use staffline_media::outbox::{Outbox, Recorded};
use staffline_media::port::{Port, PortConfig};
use staffline_media::recorder::{SenderClock, Source, Tapped};
use staffline_media::srtp::SrtpProfile;
use staffline_media::turn::credentials::Authority;

use super::client::{Client, Flavour};
use super::network::{Flying, Network};

pub(crate) const NODE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 8080);

/// Of the TURN credentials in this world.
pub(crate) const SECRET: &[u8] = b"a secret";

pub(crate) type Envelope = fn(&[u8]) -> Vec<u8>;

/// A client's allocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TurnLink {
    pub(crate) route: Route,
    pub(crate) relayed: SocketAddr,
    /// What the client says and hears of the node.
    pub(crate) wrap: Envelope,
    pub(crate) unwrap: Envelope,
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) node: Port,
    pub(crate) network: Network,
    pub(crate) clients: Vec<Client>,
    pub(crate) events: Vec<Event>,
    pub(crate) recorded: Vec<Noted>,
    /// The ways of those clients that come through our TURN server.
    pub(crate) links: Vec<TurnLink>,
    /// Datagrams that nobody in this world waited for, by their destination.
    pub(crate) unclaimed: HashMap<SocketAddr, Vec<Vec<u8>>>,
    /// Where clients join.
    pub(crate) room: RoomId,
    reports: u64,
}

#[derive(Default)]
struct Kept {
    packets: Vec<(Route, Vec<u8>)>,
    recorded: Vec<Noted>,
}

/// What the recorder was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Noted {
    Packet { peer: PeerId, source: Source, index: u64, payload: Vec<u8> },
    Clock { peer: PeerId, source: Source },
    Joined(PeerId),
    Ended(PeerId, Source),
    Left(PeerId),
}

impl Outbox for Kept {
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8] {
        self.packets.push((to, vec![0; len]));
        &mut self.packets.last_mut().unwrap().1
    }

    fn record(&mut self, room: RoomId, what: Recorded<'_>) {
        assert_eq!(room, RoomId(1));
        self.recorded.push(match what {
            Recorded::Packet(Tapped { peer, source, index, payload, .. }) => {
                Noted::Packet { peer, source, index, payload: payload.to_vec() }
            }
            Recorded::Clock(SenderClock { peer, source, .. }) => Noted::Clock { peer, source },
            Recorded::Joined { peer, .. } => Noted::Joined(peer),
            Recorded::Ended { peer, source, .. } => Noted::Ended(peer, source),
            Recorded::Left { peer, .. } => Noted::Left(peer),
        });
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_profiles(seed, vec![SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80])
    }

    #[expect(clippy::disallowed_methods, reason = "virtual time has to begin somewhere")]
    pub(crate) fn with_profiles(seed: u64, srtp_profiles: Vec<SrtpProfile>) -> Self {
        let now = Instant::now();
        let node = NodeConfig { candidates: vec![NODE], tcp_port: NODE.port(), shard: 0, srtp_profiles, max_sessions: 100 };
        let authority = Authority::new(SECRET);
        Self {
            now,
            node: Port::new(now, PortConfig { node, authority }).unwrap(),
            links: Vec::new(),
            network: Network::new(seed),
            clients: Vec::new(),
            events: Vec::new(),
            recorded: Vec::new(),
            unclaimed: HashMap::new(),
            room: RoomId(1),
            reports: 0,
        }
    }

    /// A client at an address of its own; its index is its peer id.
    pub(crate) fn add_client(&mut self, flavour: Flavour) -> usize {
        let index = self.clients.len();
        let address = SocketAddr::from(([198, 51, 100, index as u8 + 1], 5000));
        self.clients.push(Client::new(self.now, address, flavour));
        index
    }

    /// A client that knows no other way than this one through the TURN server: its address is the relayed one.
    pub(crate) fn add_client_behind(&mut self, link: TurnLink, flavour: Flavour) -> usize {
        self.clients.push(Client::new(self.now, link.relayed, flavour));
        self.links.push(link);
        self.clients.len() - 1
    }

    /// A datagram straight into the port, and what it writes at once.
    pub(crate) fn ask(&mut self, route: Route, bytes: &[u8]) -> Vec<(Route, Vec<u8>)> {
        let mut bytes = bytes.to_vec();
        let mut out = Kept::default();
        self.node.handle_batch(self.now, &mut [Datagram { route, data: &mut bytes }], &mut out);
        out.packets
    }

    pub(crate) fn peer(index: usize) -> PeerId {
        PeerId(index as u128)
    }

    /// Offers and takes the answer, for the first time or again.
    pub(crate) fn negotiate(&mut self, index: usize) {
        let peer = Self::peer(index);
        let is_new = !self.events.iter().any(|event| matches!(event, Event::Answer { peer: known, .. } if *known == peer));
        let offer = self.clients[index].offer(self.now);
        self.command(if is_new {
            Command::Join { room: self.room, peer, offer }
        } else {
            Command::Renegotiate { room: self.room, peer, offer }
        });
        let answer = self.last_answer(peer).expect("the offer is answered");
        self.clients[index].accept(self.now, &answer);
        self.collect(index);
    }

    pub(crate) fn last_answer(&self, of: PeerId) -> Option<String> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Answer { peer, sdp } if *peer == of => Some(sdp.clone()),
            _ => None,
        })
    }

    /// What became of an offer that nobody follows up.
    pub(crate) fn try_join(&mut self, peer: PeerId, offer: String) -> Result<(), RefusedReason> {
        self.command(Command::Join { room: self.room, peer, offer });
        match self.events.last() {
            Some(Event::Answer { .. }) => Ok(()),
            Some(Event::Refused { reason, .. }) => Err(reason.clone()),
            other => panic!("neither answered nor refused: {other:?}"),
        }
    }

    pub(crate) fn command(&mut self, command: Command) {
        let mut out = Kept::default();
        self.node.handle_command(self.now, command, &mut out);
        self.dispatch(out);
    }

    pub(crate) fn report(&mut self) -> NodeReport {
        self.reports += 1;
        self.command(Command::Report { id: self.reports });
        match self.events.pop() {
            Some(Event::Report { id, report }) if id == self.reports => report,
            other => panic!("no report but {other:?}"),
        }
    }

    pub(crate) fn closed(&self, index: usize) -> Option<CloseReason> {
        self.events.iter().find_map(|event| match event {
            Event::Closed { peer, reason } if *peer == Self::peer(index) => Some(*reason),
            _ => None,
        })
    }

    /// Lets everybody join and connect.
    pub(crate) fn connect_all(&mut self) {
        for index in 0..self.clients.len() {
            if self.last_answer(Self::peer(index)).is_none() {
                self.negotiate(index);
            }
        }
        self.run_until(Duration::from_secs(20), |world| world.clients.iter().all(Client::is_connected));
        let connected = |peer| move |event: &&Event| matches!(event, Event::Connected { peer: known, .. } if *known == peer);
        for index in 0..self.clients.len() {
            let told = self.events.iter().filter(connected(Self::peer(index))).count();
            assert_eq!(told, 1, "the node tells once that client {index} is connected");
        }
    }

    /// Every 20 ms every client sends a packet on each of its tracks.
    pub(crate) fn stream(&mut self, packets: u32) {
        for _ in 0..packets {
            for index in 0..self.clients.len() {
                self.clients[index].send_all(self.now);
                self.collect(index);
            }
            self.run_for(Duration::from_millis(20));
        }
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
    }

    /// Panics if it takes longer.
    pub(crate) fn run_until(&mut self, at_most: Duration, is_done: impl Fn(&Self) -> bool) {
        let end = self.now + at_most;
        while !is_done(self) {
            assert!(self.step(end), "not done within {at_most:?}");
        }
    }

    /// Goes on to the next thing that happens before `end`, or to `end`: then it is `false`.
    fn step(&mut self, end: Instant) -> bool {
        let mut next = [self.network.next_arrival(), self.node.next_timeout()].into_iter().flatten().min();
        for client in &mut self.clients {
            next = [next, client.next_timeout()].into_iter().flatten().min();
        }
        let Some(next) = next.filter(|next| *next <= end) else {
            self.now = end;
            return false;
        };
        self.now = self.now.max(next);
        self.deliver();
        let mut out = Kept::default();
        self.node.handle_timeout(self.now, &mut out);
        self.dispatch(out);
        for index in 0..self.clients.len() {
            let now = self.now;
            if self.clients[index].next_timeout().is_some_and(|at| at <= now) {
                self.clients[index].handle_timeout(now);
            }
            self.collect(index);
        }
        true
    }

    fn deliver(&mut self) {
        let mut to_node = Vec::new();
        for flying in self.network.arrived(self.now) {
            if flying.to == NODE {
                to_node.push(flying);
            } else if let Some(index) = self.clients.iter().position(|client| client.address() == flying.to) {
                self.clients[index].handle_datagram(self.now, flying.from, &flying.bytes);
                self.collect(index);
            } else if let Some(link) = self.links.iter().find(|link| link.route.remote == flying.to).copied() {
                let client = self.clients.iter_mut().find(|client| client.address() == link.relayed).unwrap();
                client.handle_datagram(self.now, NODE, &(link.unwrap)(&flying.bytes));
            } else {
                self.unclaimed.entry(flying.to).or_default().push(flying.bytes);
            }
        }
        self.deliver_to_node(&mut to_node);
    }

    fn deliver_to_node(&mut self, arrived: &mut [Flying]) {
        let mut batch: Vec<Datagram<'_>> = arrived
            .iter_mut()
            .map(|flying| {
                let link = self.links.iter().find(|link| link.route.remote == flying.from);
                let protocol = link.map_or(Protocol::Udp, |link| link.route.protocol);
                Datagram { route: Route { local: NODE, remote: flying.from, protocol }, data: &mut flying.bytes }
            })
            .collect();
        let mut out = Kept::default();
        self.node.handle_batch(self.now, &mut batch, &mut out);
        self.dispatch(out);
    }

    /// Puts a datagram of anybody on the way to the node.
    pub(crate) fn inject(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.network.send(self.now, Flying { from, to: NODE, bytes: bytes.to_vec() });
    }

    fn dispatch(&mut self, out: Kept) {
        self.recorded.extend(out.recorded);
        for (route, bytes) in out.packets {
            assert_eq!(route.local, NODE, "the node answers from where it was asked");
            self.network.send(self.now, Flying { from: NODE, to: route.remote, bytes });
        }
        while let Some(event) = self.node.poll_event() {
            self.events.push(event);
        }
    }

    /// Takes what a client has to send and to tell.
    pub(crate) fn collect(&mut self, index: usize) {
        let client = &mut self.clients[index];
        client.pump();
        let link = self.links.iter().find(|link| link.relayed == client.address());
        while let Some((to, bytes)) = client.poll_transmit() {
            self.network.send(
                self.now,
                match link {
                    Some(link) => Flying { from: link.route.remote, to, bytes: (link.wrap)(&bytes) },
                    None => Flying { from: client.address(), to, bytes },
                },
            );
        }
    }
}
