//! Two shards: each room on its own, whatever way its clients come, and one node to its owner.

#![expect(clippy::disallowed_types, reason = "a client on a real socket beside a node with threads")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::mpsc;
use std::time::Duration;

use staffline_media::control::{CloseReason, Command, Event, PeerId, Protocol, RoomId};
use staffline_media::driver::{self, Config, Handle};
use staffline_media::recorder::{RecordingEvent, RecordingKey, RecordingPlan, Source};

use crate::harness::{Client, Flavour, Medium};
use crate::sockets::{PATIENCE, Socketed, clock, config, start_with};
use crate::streams::{Tcped, await_report, connect, connect_tls, join, origin, report};
use crate::turn::client::{
    ALLOCATE, CHANNEL_BIND, CHANNEL_NUMBER, NONCE, Response, TurnClient, UDP, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS,
    channel_data, message, xor_address,
};

const FIRST: RoomId = RoomId(10);
const SECOND: RoomId = RoomId(11);
const CHANNEL: u16 = 0x4007;

fn start() -> (Handle, mpsc::Receiver<Event>) {
    let (node, events) = start_with(Config { shards: 2, ..config() });
    assert_eq!(node.address_of(FIRST), node.local_addr());
    assert_ne!(node.address_of(SECOND), node.local_addr());
    (node, events)
}

/// Somebody in a call, however they reach the node.
trait Caller {
    fn client(&mut self) -> &mut Client;
    fn turn(&mut self);
}

impl Caller for Socketed {
    fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    fn turn(&mut self) {
        Self::turn(self);
    }
}

impl Caller for Tcped {
    fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    fn turn(&mut self) {
        Self::turn(self);
    }
}

/// Until each has 50 packets more of each other in `calls`.
fn talk(calls: &mut [(u32, &mut dyn Caller)], pairs: &[(u32, u32)]) {
    let seen = |calls: &mut [(u32, &mut dyn Caller)]| -> Vec<usize> {
        let heard = |calls: &mut [(u32, &mut dyn Caller)], by: u32, of: u32| {
            let listener = calls.iter_mut().find(|(n, _)| *n == by).unwrap();
            listener.1.client().numbers_of(origin(of)).len()
        };
        pairs.iter().flat_map(|(a, b)| [heard(calls, *a, *b), heard(calls, *b, *a)]).collect()
    };
    let before = seen(calls);
    let deadline = clock() + PATIENCE;
    loop {
        let now = seen(calls);
        if now.iter().zip(&before).all(|(now, before)| now - before >= 50) {
            return;
        }
        assert!(clock() < deadline, "50 packets more do not arrive: {before:?}, {now:?}");
        let all_connected = calls.iter_mut().all(|(_, caller)| caller.client().is_connected());
        for (_, caller) in calls.iter_mut() {
            if all_connected {
                caller.client().send_all(clock());
            }
            caller.turn();
        }
    }
}

#[test]
fn each_room_is_on_a_shard_of_its_own() {
    let (node, events) = start();
    let mut all: Vec<_> = (0..4).map(|_| Socketed::new(clock())).collect();
    for (n, socketed) in (0..).zip(&mut all) {
        join(&node, &events, if n < 2 { FIRST } else { SECOND }, &mut socketed.client, n);
    }
    let mut calls: Vec<_> = (0..).zip(all.iter_mut().map(|socketed| socketed as &mut dyn Caller)).collect();
    talk(&mut calls, &[(0, 1), (2, 3)]);
    let found = report(&node, &events);
    assert_eq!((found.rooms, found.sessions), (2, 4), "the sum of both shards");
    assert!(found.media_packets_in >= 200 && found.media_packets_out >= 200, "{found:?}");

    // A command reaches the shard of its room, and no other's is touched.
    node.send(Command::Leave { room: SECOND, peer: PeerId(3) }).unwrap();
    await_report(&node, &events, "one has left", |report| report.sessions == 3);
    talk(&mut calls, &[(0, 1)]);
    drop(node);
    let closed = events.try_iter().filter_map(|event| match event {
        Event::Closed { peer, reason } => Some((peer.0, reason)),
        _ => None,
    });
    let mut closed: Vec<_> = closed.collect();
    closed.sort_by_key(|(peer, _)| *peer);
    assert_eq!(closed, [0, 1, 2].map(|peer| (peer, CloseReason::Left)), "both shards end in order");
}

#[test]
fn ice_tcp_finds_the_shard_of_its_session() {
    let (node, events) = start();
    for room in [FIRST, SECOND] {
        let (mut tcp, mut udp) = (Tcped::new(&node, room), Socketed::new(clock()));
        join(&node, &events, room, &mut tcp.client, 0);
        join(&node, &events, room, &mut udp.client, 1);
        talk(&mut [(0, &mut tcp), (1, &mut udp)], &[(0, 1)]);
        let connected = events.try_iter().find_map(|event| match event {
            Event::Connected { peer: PeerId(0), protocol, .. } => Some(protocol),
            _ => None,
        });
        assert_eq!(connected, Some(Protocol::Tcp));
        assert_eq!(report(&node, &events).connections, 1, "on one shard, not on both");
        drop(tcp);
        await_report(&node, &events, "its end is seen", |report| report.connections == 0);
        for n in [0, 1] {
            node.send(Command::Leave { room, peer: PeerId(n) }).unwrap();
        }
        await_report(&node, &events, "they have left", |report| report.sessions == 0);
    }
}

/// Reads one message or ChannelData of a stream.
fn read_frame(stream: &mut impl Read) -> Vec<u8> {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame).unwrap();
    let len = usize::from(u16::from_be_bytes([frame[2], frame[3]]));
    let is_stun = frame[0] < 4;
    frame.resize(if is_stun { 20 + len } else { (4 + len).next_multiple_of(4) }, 0);
    stream.read_exact(&mut frame[4..]).unwrap();
    frame
}

/// A client of the TURN server in a stream, with an allocation.
struct Allocated<S> {
    stream: S,
    turn: TurnClient,
    relayed: SocketAddr,
}

impl<S: Read + Write> Allocated<S> {
    fn new(node: &Handle, call: RoomId, stream: S) -> Self {
        let turn = TurnClient::new(1, Protocol::TurnTcp, node.credentials(call, 7, Duration::from_secs(600)));
        let mut made = Self { stream, turn, relayed: SocketAddr::from(([0, 0, 0, 0], 0)) };
        let challenge = made.ask(&message(ALLOCATE, 1, &[UDP]));
        made.turn.nonce = challenge.attribute(NONCE).unwrap().to_vec();
        let granted = made.ask(&made.turn.request(ALLOCATE, &[UDP]));
        assert_eq!(granted.code(), 0, "{granted:?}");
        made.relayed = granted.address(XOR_RELAYED_ADDRESS);
        made
    }

    fn ask(&mut self, request: &[u8]) -> Response {
        self.stream.write_all(request).unwrap();
        Response::parse(&read_frame(&mut self.stream))
    }

    /// The error code of binding a channel to a peer; 0 if it is bound.
    fn bind(&mut self, peer: SocketAddr) -> u16 {
        self.turn.transaction += 1;
        let address = xor_address(peer, self.turn.transaction);
        let [high, low] = CHANNEL.to_be_bytes();
        let request = self.turn.request(CHANNEL_BIND, &[(XOR_PEER_ADDRESS, &address), (CHANNEL_NUMBER, &[high, low, 0, 0])]);
        self.ask(&request).code()
    }
}

/// A client of the call whose datagrams travel through the TURN server.
struct Relayed {
    client: Client,
    node: SocketAddr,
    stream: TcpStream,
    received: Vec<u8>,
}

impl Relayed {
    fn new(node: &Handle, room: RoomId) -> Self {
        let mut allocated = Allocated::new(node, room, connect(node));
        assert_eq!(allocated.bind(node.address_of(room)), 0);
        let Allocated { stream, relayed, .. } = allocated;
        stream.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        Self {
            client: Client::new(clock(), relayed, Flavour::CHROMIUM),
            node: node.address_of(room),
            stream,
            received: Vec::new(),
        }
    }
}

impl Caller for Relayed {
    fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    fn turn(&mut self) {
        if self.client.next_timeout().is_some_and(|at| at <= clock()) {
            self.client.handle_timeout(clock());
        }
        while let Some((to, bytes)) = self.client.poll_transmit() {
            assert_eq!(to, self.node);
            let mut frame = channel_data(CHANNEL, &bytes);
            frame.resize(frame.len().next_multiple_of(4), 0);
            self.stream.write_all(&frame).unwrap();
        }
        let mut buffer = [0; 4096];
        if let Ok(len) = self.stream.read(&mut buffer) {
            assert!(len > 0, "the connection stays");
            self.received.extend(&buffer[..len]);
        }
        while let Some([first, second, high, low]) = self.received.first_chunk()
            && let len = usize::from(u16::from_be_bytes([*high, *low]))
            && self.received.len() >= (4 + len).next_multiple_of(4)
        {
            assert_eq!([*first, *second], CHANNEL.to_be_bytes());
            let frame: Vec<u8> = self.received.drain(..(4 + len).next_multiple_of(4)).collect();
            self.client.handle_datagram(clock(), self.node, &frame[4..4 + len]);
        }
        self.client.pump();
    }
}

#[test]
fn a_turn_client_reaches_the_shard_of_its_call() {
    let (node, events) = start();
    for room in [FIRST, SECOND] {
        node.send(Command::OpenRelay { call: room }).unwrap();
        let (mut relayed, mut udp) = (Relayed::new(&node, room), Socketed::new(clock()));
        join(&node, &events, room, &mut relayed.client, 0);
        join(&node, &events, room, &mut udp.client, 1);
        talk(&mut [(0, &mut relayed), (1, &mut udp)], &[(0, 1)]);
        let found = report(&node, &events);
        assert_eq!((found.allocations_tcp, found.connections), (1, 1));
        assert!(found.turn_packets_in > 50 && found.turn_packets_out > 50, "{found:?}");
        node.send(Command::CloseRelay { call: room }).unwrap();
        for n in [0, 1] {
            node.send(Command::Leave { room, peer: PeerId(n) }).unwrap();
        }
        await_report(&node, &events, "all have gone", |report| report.sessions == 0 && report.allocations_tcp == 0);
    }
}

#[test]
fn tls_goes_along_with_its_connection() {
    let (node, events) = start();
    node.send(Command::OpenRelay { call: SECOND }).unwrap();
    let mut allocated = Allocated::new(&node, SECOND, connect_tls(&node));
    let found = report(&node, &events);
    assert_eq!((found.allocations_tls, found.connections), (1, 1));
    assert_eq!(allocated.bind(node.address_of(SECOND)), 0);
    assert_eq!(allocated.bind(node.address_of(FIRST)), 403, "another shard's port is nobody that this call has to do with");
}

/// Over UDP the client asks the right port itself; two ends of a call over different transports meet.
#[test]
fn the_ends_of_a_relayed_call_meet_on_its_shard() {
    let (node, _events) = start();
    node.send(Command::OpenRelay { call: SECOND }).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.connect(node.address_of(SECOND)).unwrap();
    let mut udp = Allocated::new(&node, SECOND, Datagrams { socket: &socket, rest: Vec::new() });
    let mut tcp = Allocated::new(&node, SECOND, connect(&node));
    assert_eq!((udp.bind(tcp.relayed), tcp.bind(udp.relayed)), (0, 0));
    udp.stream.write_all(&channel_data(CHANNEL, b"over")).unwrap();
    assert_eq!(read_frame(&mut tcp.stream), channel_data(CHANNEL, b"over"));
}

/// A socket as a stream of messages.
struct Datagrams<'a> {
    socket: &'a UdpSocket,
    rest: Vec<u8>,
}

impl Read for Datagrams<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() {
            self.rest.resize(2048, 0);
            let len = self.socket.recv(&mut self.rest)?;
            self.rest.truncate(len);
        }
        let len = buffer.len().min(self.rest.len());
        buffer[..len].copy_from_slice(&self.rest[..len]);
        self.rest.drain(..len);
        Ok(len)
    }
}

impl Write for Datagrams<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.socket.send(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn rooms_of_both_shards_are_recorded() {
    let (node, events) = start();
    let folder = tempfile::tempdir().unwrap();
    let mut all: Vec<_> = (0..4).map(|_| Socketed::new(clock())).collect();
    for (room, first) in [(FIRST, 0), (SECOND, 2)] {
        let (id, key) = (room.0, RecordingKey([0; 32]));
        let plan = RecordingPlan { id, folder: folder.path().join(id.to_string()), key, notice: Vec::new(), clock: None };
        node.send(Command::StartRecording { room, plan }).unwrap();
        for n in [first, first + 1] {
            // What is sent as a picture is no picture that could be recorded.
            all[n as usize].client.publish(Medium::Audio, 2000 + n);
            join(&node, &events, room, &mut all[n as usize].client, n);
        }
    }
    let mut calls: Vec<_> = (0..).zip(all.iter_mut().map(|socketed| socketed as &mut dyn Caller)).collect();
    talk(&mut calls, &[(0, 1), (2, 3)]);
    for room in [FIRST, SECOND] {
        node.send(Command::StopRecording { room }).unwrap();
    }
    let deadline = clock() + PATIENCE;
    for _ in [FIRST, SECOND] {
        let (room, summary) = loop {
            assert!(clock() < deadline, "both are closed");
            match events.recv_timeout(PATIENCE).unwrap() {
                Event::Recording { room, what: RecordingEvent::Closed(summary), .. } => break (room, summary),
                Event::Recording { what: RecordingEvent::Failed(failure), .. } => panic!("{failure}"),
                _ => {}
            }
        };
        let mut heard: Vec<_> = summary
            .streams
            .iter()
            .filter(|stream| stream.sources == [Source::Microphone])
            .filter_map(|stream| stream.peer)
            .collect();
        heard.sort_unstable();
        let first = if room == FIRST { 0 } else { 2 };
        assert_eq!(heard, [PeerId(first), PeerId(first + 1)], "{room:?}");
    }
}

#[test]
fn ports_follow_one_another() {
    // Somebody else may take the second one meanwhile.
    let started = (0..20).find_map(|_| {
        let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        driver::start(Config { bind: free, shards: 2, ..config() }, |_| {}).ok()
    });
    let node = started.expect("two free ports");
    assert_eq!(node.address_of(SECOND).port(), node.local_addr().port() + 1);
}

#[test]
fn shards_and_ports_that_there_are_not_are_an_error() {
    let last: SocketAddr = "127.0.0.1:65535".parse().unwrap();
    for wrong in
        [Config { shards: 0, ..config() }, Config { shards: 65, ..config() }, Config { bind: last, shards: 2, ..config() }]
    {
        assert!(driver::start(wrong, |_| {}).is_err());
    }
}
