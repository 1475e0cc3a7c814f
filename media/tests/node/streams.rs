//! TCP connections that were handed to the driver: STUN, TURN's framing and ICE-TCP over them, plain and inside TLS, and those who
//! say half of something.

#![expect(clippy::disallowed_types, reason = "a client on a real socket beside a node with a thread")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rcgen::CertifiedKey;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConnection, ServerConnection, StreamOwned};
use staffline_media::control::{Command, Event, NodeReport, PeerId, Protocol, RoomId};
use staffline_media::driver::{Config, Handle, Stream, StreamPatience};

use crate::harness::{Client, Flavour, Medium};
use crate::sockets::{PATIENCE, Socketed, answer, clock, config, start_with};

const ROOM: RoomId = RoomId(1);

/// Both ends of a connection, ours first.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    theirs.set_nodelay(true).unwrap();
    (listener.accept().unwrap().0, theirs)
}

pub(crate) fn connect(node: &Handle) -> TcpStream {
    let (socket, theirs) = pair();
    node.adopt(Stream { socket, tls: None, received: Vec::new() }).unwrap();
    theirs
}

/// A connection with its handshake done on both ends.
pub(crate) fn connect_tls(node: &Handle) -> StreamOwned<ClientConnection, TcpStream> {
    let (mut socket, theirs) = pair();
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let server = server.unwrap().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
    let mut tls = ServerConnection::new(Arc::new(server)).unwrap();
    let client = ClientConnection::new(Arc::new(client), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut client = StreamOwned::new(client, theirs);
    std::thread::scope(|scope| {
        scope.spawn(|| while client.conn.is_handshaking() && client.conn.complete_io(&mut client.sock).is_ok() {});
        while tls.is_handshaking() {
            tls.complete_io(&mut socket).unwrap();
        }
    });
    node.adopt(Stream { socket, tls: Some(Box::new(tls)), received: Vec::new() }).unwrap();
    client
}

fn binding(id: u8) -> Vec<u8> {
    [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[id; 12]].concat()
}

/// Reads one STUN message and gives its transaction back.
fn read_success(stream: &mut impl Read) -> u8 {
    let mut header = [0; 20];
    stream.read_exact(&mut header).unwrap();
    assert_eq!(header[..2], [1, 1], "a success");
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]]))];
    stream.read_exact(&mut body).unwrap();
    header[8]
}

fn check_answers(mut stream: impl Read + Write) {
    stream.write_all(&binding(1)).unwrap();
    assert_eq!(read_success(&mut stream), 1);
    let (first, rest) = (binding(2), [binding(3), binding(4), binding(5)[..7].to_vec()].concat());
    for byte in first {
        stream.write_all(&[byte]).unwrap();
    }
    stream.write_all(&rest).unwrap();
    assert_eq!([2, 3, 4].map(|_| read_success(&mut stream)), [2, 3, 4]);
    stream.write_all(&binding(5)[7..]).unwrap();
    assert_eq!(read_success(&mut stream), 5, "however it is cut");
}

/// What the other end does: nothing comes any more.
fn is_closed(stream: &mut impl Read) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(0) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        Ok(_) => false,
    }
}

pub(crate) fn report(node: &Handle, events: &mpsc::Receiver<Event>) -> NodeReport {
    node.send(Command::Report { id: 0 }).unwrap();
    loop {
        if let Event::Report { report, .. } = events.recv_timeout(PATIENCE).unwrap() {
            return report;
        }
    }
}

pub(crate) fn await_report(node: &Handle, events: &mpsc::Receiver<Event>, what: &str, is_there: impl Fn(&NodeReport) -> bool) {
    let deadline = clock() + PATIENCE;
    while !is_there(&report(node, events)) {
        assert!(clock() < deadline, "{what}: {:?}", report(node, events));
    }
}

#[test]
fn stun_is_answered_however_it_is_cut() {
    let (node, events) = start_with(config());
    check_answers(connect(&node));
    check_answers(connect_tls(&node));
    await_report(&node, &events, "ended ones are let go of", |report| report.connections == 0);
}

#[test]
fn what_was_read_before_counts() {
    let (node, _events) = start_with(config());
    let (socket, mut theirs) = pair();
    node.adopt(Stream { socket, tls: None, received: [binding(1), binding(2)[..3].to_vec()].concat() }).unwrap();
    assert_eq!(read_success(&mut theirs), 1);
    theirs.write_all(&binding(2)[3..]).unwrap();
    assert_eq!(read_success(&mut theirs), 2);
}

#[test]
fn nonsense_closes_at_once_and_dawdling_in_time() {
    // Longer than the test: what is to be closed at once is not closed by the clock.
    let (node, events) = start_with(config());
    let framed = |len: u16| [&len.to_be_bytes()[..], &binding(1)].concat();
    let nonsense =
        [b"GET / HTTP/1.1".to_vec(), vec![0; 10], [binding(1), vec![0xff]].concat(), [framed(20), vec![0xff; 2]].concat()];
    for bytes in &nonsense {
        let mut stream = connect(&node);
        stream.write_all(bytes).unwrap();
        while !is_closed(&mut stream) {
            assert!(bytes.len() > 20, "{bytes:x?} is answered");
        }
    }
    let mut tls = connect_tls(&node);
    tls.write_all(&framed(20)).unwrap();
    assert!(is_closed(&mut tls), "ICE-TCP has no TLS");
    let mut tls = connect_tls(&node);
    tls.sock.write_all(&[0x17, 3, 3, 0, 30, 1, 2, 3]).unwrap();
    tls.sock.write_all(&[0; 30]).unwrap();
    assert!(is_closed(&mut tls), "a forged record");
    await_report(&node, &events, "all are let go of", |report| report.connections == 0);
}

#[test]
fn who_dawdles_is_closed_and_holds_up_nobody() {
    // Those who do not dawdle have to keep to it as well.
    let patience = StreamPatience { unused: Duration::from_secs(3600), frame: Duration::from_secs(2) };
    let (node, _events) = start_with(Config { stream_patience: patience, ..config() });
    let mut halves: Vec<_> = [1, 5, 12, 19].map(|len| (connect(&node), len)).into();
    for (stream, len) in &mut halves {
        stream.write_all(&binding(1)[..*len]).unwrap();
    }
    check_answers(connect(&node));
    for (stream, len) in &mut halves {
        assert!(is_closed(stream), "after {len} bytes");
    }
}

#[test]
fn who_is_nobody_is_closed_in_time() {
    // Until then each has to have asked.
    let patience = StreamPatience { unused: Duration::from_secs(3), frame: Duration::from_secs(3600) };
    let (node, _events) = start_with(Config { stream_patience: patience, ..config() });
    let (mut tls, mut silent, mut asking) = (connect_tls(&node), connect(&node), connect(&node));
    asking.write_all(&binding(1)).unwrap();
    tls.write_all(&binding(2)).unwrap();
    assert_eq!((read_success(&mut asking), read_success(&mut tls)), (1, 2));
    assert!(is_closed(&mut silent) && is_closed(&mut asking) && is_closed(&mut tls));
}

#[test]
fn one_address_has_not_all_the_room() {
    let (node, events) = start_with(config());
    let mut all = Vec::new();
    for n in 0..300_u32 {
        all.push(connect(&node));
        if n % 100 == 99 {
            report(&node, &events);
        }
    }
    assert_eq!(report(&node, &events).connections, 256);
    assert!(is_closed(&mut all[299]));
    all.truncate(100);
    await_report(&node, &events, "room again", |report| report.connections == 100);
    check_answers(connect(&node));
}

/// A client of the call whose datagrams travel in a TCP connection.
pub(crate) struct Tcped {
    pub(crate) client: Client,
    stream: TcpStream,
    /// Where the client has it that its datagrams go.
    node: SocketAddr,
    received: Vec<u8>,
}

impl Tcped {
    pub(crate) fn new(node: &Handle, room: RoomId) -> Self {
        let stream = connect(node);
        stream.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        // The kernel would hold megabytes for one who does not read.
        rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 16 * 1024).unwrap();
        let client = Client::new(clock(), stream.local_addr().unwrap(), Flavour::CHROMIUM);
        Self { client, stream, node: node.address_of(room), received: Vec::new() }
    }

    fn write(&mut self) {
        if self.client.next_timeout().is_some_and(|at| at <= clock()) {
            self.client.handle_timeout(clock());
        }
        while let Some((_, bytes)) = self.client.poll_transmit() {
            self.stream.write_all(&[&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat()).unwrap();
        }
    }

    pub(crate) fn turn(&mut self) {
        self.write();
        let mut buffer = [0; 4096];
        if let Ok(len) = self.stream.read(&mut buffer) {
            assert!(len > 0, "the connection stays");
            self.received.extend(&buffer[..len]);
        }
        while let Some(len) = self.received.first_chunk().map(|len| 2 + usize::from(u16::from_be_bytes(*len)))
            && self.received.len() >= len
        {
            let frame: Vec<u8> = self.received.drain(..len).collect();
            assert!(len < 1500, "the framing holds");
            self.client.handle_datagram(clock(), self.node, &frame[2..]);
        }
        self.client.pump();
    }
}

/// With a picture of [`origin`].
pub(crate) fn join(node: &Handle, events: &mpsc::Receiver<Event>, room: RoomId, client: &mut Client, n: u32) {
    client.publish(Medium::Video, origin(n));
    let offer = client.offer(clock());
    node.send(Command::Join { room, peer: PeerId(n.into()), offer }).unwrap();
    let sdp = answer(events);
    let (udp, tcp) = (node.address_of(room).port(), node.local_addr().port());
    assert!(sdp.contains(&format!(" udp 2130706431 127.0.0.1 {udp} typ host\r\n")), "{sdp}");
    assert!(sdp.contains(&format!(" tcp 1520435199 127.0.0.1 {tcp} typ host tcptype passive\r\n")), "{sdp}");
    client.accept(clock(), &sdp);
}

pub(crate) fn origin(n: u32) -> u32 {
    1000 + n
}

#[test]
fn a_call_over_ice_tcp_survives_a_reader_that_pauses() {
    let (node, events) = start_with(config());
    let (mut tcp, mut udp) = (Tcped::new(&node, ROOM), Socketed::new(clock()));
    join(&node, &events, ROOM, &mut tcp.client, 0);
    join(&node, &events, ROOM, &mut udp.client, 1);
    let deadline = clock() + PATIENCE;
    let step = |tcp: &mut Tcped, udp: &mut Socketed, reads: bool| {
        let seen = (tcp.client.numbers_of(1001).len(), udp.client.numbers_of(1000).len());
        assert!(clock() < deadline, "it goes on: {seen:?}, {:?} and {:?}", tcp.client.state, udp.client.state);
        if tcp.client.is_connected() && udp.client.is_connected() {
            tcp.client.send_all(clock());
            udp.client.send_all(clock());
        }
        if reads {
            tcp.turn();
        } else {
            tcp.write();
        }
        udp.turn();
    };
    while tcp.client.numbers_of(1001).len() < 50 || udp.client.numbers_of(1000).len() < 50 {
        step(&mut tcp, &mut udp, true);
    }
    let connected = events.try_iter().filter_map(|event| match event {
        Event::Connected { peer, protocol, .. } => Some((peer.0, protocol)),
        _ => None,
    });
    let mut connected: Vec<_> = connected.collect();
    connected.sort_by_key(|(peer, _)| *peer);
    assert_eq!(connected, [(0, Protocol::Tcp), (1, Protocol::Udp)]);
    // Media that would be late is dropped, whole packets of it.
    let mut unsent = 0;
    while unsent < 50 {
        for _ in 0..100 {
            step(&mut tcp, &mut udp, false);
        }
        unsent = report(&node, &events).unsent_packets;
    }
    let newest = tcp.client.numbers_of(1001).into_iter().max().unwrap() + 1000;
    while tcp.client.numbers_of(1001).into_iter().max() < Some(newest) {
        step(&mut tcp, &mut udp, true);
    }
    tcp.stream.shutdown(Shutdown::Both).unwrap();
    await_report(&node, &events, "its end is seen", |report| report.connections == 0);
}
