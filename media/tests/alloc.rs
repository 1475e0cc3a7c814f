//! A forwarded packet costs no heap allocation: counted by the allocator, in a test binary of its own.

#![expect(unsafe_code, reason = "the only way to count allocations is to be the allocator")]
#![expect(clippy::disallowed_types, reason = "clients on real sockets beside a node with a thread")]

mod support;
#[expect(dead_code, reason = "this takes a part of it")]
#[path = "support/turn.rs"]
mod turn;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    net::{SocketAddr, UdpSocket},
    sync::mpsc,
    time::{Duration, Instant},
};

use staffline_media::{
    control::{Command, Event, NodeReport, Protocol},
    datagram::{Datagram, Route},
    driver::{self, Config, Handle, StreamPatience},
    outbox::Outbox,
    room::{Extensions, MediaDescription, Room},
    track::Ssrc,
};
use support::*;

thread_local! {
    /// Of this thread: those of the test runner do not count.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

struct Counting;

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps to the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: `ptr` was given by `alloc` above, which is the system's.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[cfg(target_env = "gnu")]
mod c {
    //! The cryptography is C, and allocates past Rust's allocator.

    use std::ffi::c_void;

    unsafe extern "C" {
        fn __libc_malloc(size: usize) -> *mut c_void;
    }

    // SAFETY: no other `malloc` is defined in this binary, and this one does what the C library's does.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
        super::count();
        // SAFETY: the C library's own.
        unsafe { __libc_malloc(size) }
    }
}

/// An outbox like the driver's: it writes over what has been sent.
struct Arena {
    bytes: Vec<u8>,
    next: usize,
    packets: u64,
    /// Those of more than 500 bytes.
    large: u64,
}

impl Arena {
    fn new() -> Self {
        Self { bytes: vec![0; 1 << 20], next: 0, packets: 0, large: 0 }
    }
}

impl Outbox for Arena {
    fn packet(&mut self, _: Route, len: usize) -> &mut [u8] {
        if self.next + len > self.bytes.len() {
            self.next = 0;
        }
        self.packets += 1;
        self.large += u64::from(len > 500);
        self.next += len;
        &mut self.bytes[self.next - len..self.next]
    }
}

const ROUNDS: u16 = 1_000;

/// The id of the transport-wide sequence number.
const NUMBER: u8 = 3;
const PLAYOUT_DELAY: u8 = 5;

/// One video line with transport-wide feedback.
fn numbered(member: u16, sends: bool, receives: bool) -> MediaDescription {
    let mut media = video(member, sends, receives);
    media.lines[0].extensions =
        Extensions { transport_sequence: Some(NUMBER), playout_delay: Some(PLAYOUT_DELAY), ..Extensions::default() };
    media
}

/// The publisher's packets of one round: nine in a row, and over RTX the one that the last round left out.
fn publish(publisher: &Client, round: u64) -> Vec<Vec<u8>> {
    let first = 10 * round;
    let video = |index: u64| {
        let [high, low] = (index as u16).to_be_bytes();
        let tail = [0xbe, 0xde, 0, 1, NUMBER << 4 | 1, high, low, 0];
        let payload = [DELTA, &[7; 1_000]].concat();
        publisher.rtp_with([0x90, VP8], index, 3_000 * index as u32, up_ssrc(1, 0), &tail, &payload)
    };
    let mut packets: Vec<_> = (first..first + 9).map(video).collect();
    if let Some(lost) = first.checked_sub(1) {
        let payload = [&(lost as u16).to_be_bytes()[..], DELTA, &[7; 1_000]].concat();
        packets.push(publisher.rtp_with([0x80, RTX], round, 0, rtx_ssrc(1, 0), &[], &payload));
    }
    packets
}

/// A subscriber's word that ten packets came, 250 µs one after the other; a round takes 15 ms.
fn came(round: u16) -> Vec<u8> {
    let (reference, rest) = (u32::from(round) * 15 / 64, round * 15 % 64);
    let mut feedback = vec![0x8f, 205, 0, 7, 0, 0, 0, 9, 0, 0, 0, 8];
    feedback.extend((10 * round + 1).to_be_bytes());
    feedback.extend([0, 10]);
    feedback.extend((reference << 8).to_be_bytes());
    feedback.extend([0x20, 10, 4 * rest as u8]);
    feedback.extend([1; 9]);
    feedback
}

/// Losses on both sides in every batch: so NACKs, retransmissions, keyframe requests, transport-wide feedback, and reports of every kind
/// are in it.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test needs one instant to count from")]
fn forwarding_allocates_nothing() {
    let start = Instant::now();
    for profile in [GCM, CM] {
        let mut room = Room::new();
        let publisher = Client::join(&mut room, profile, 1, numbered(1, true, false));
        let mut subscribers: Vec<_> = (2..12).map(|n| Client::join(&mut room, profile, n, numbered(n, false, true))).collect();

        // The subscribers' sequence numbers follow from the first packet's.
        let mut wire = Wire::default();
        let first = publisher.rtp(VP8, up_ssrc(1, 0), 40_000, DELTA);
        relay(&mut room, start, &[(publisher.member, first)], &mut wire);
        let first = subscribers[0].rtp_got(&wire)[0].index as u16;

        let mut rounds: Vec<_> = (0..ROUNDS)
            .map(|round| {
                let mut nack = vec![0x81, 205, 0, 3, 0, 0, 0, 9];
                nack.extend(down_ssrc(2, 0).0.to_be_bytes());
                nack.extend((first + 1 + 10 * round).to_be_bytes());
                nack.extend([0, 0x0f]);
                nack.extend(came(round));
                let video = publish(&publisher, 4_001 + u64::from(round)).into_iter().map(|data| (publisher.member, data));
                video.chain([(subscribers[0].member, subscribers[0].rtcp(&nack))]).collect::<Vec<_>>()
            })
            .collect();
        let members: Vec<Vec<_>> = rounds.iter().map(|round| round.iter().map(|(member, _)| *member).collect()).collect();
        let mut batches: Vec<Vec<_>> = rounds
            .iter_mut()
            .map(|round| round.iter_mut().map(|(_, data)| Datagram { route: route(0), data }).collect())
            .collect();

        let mut arena = Arena::new();
        let (mut before, mut forwarded) = (0, 0);
        for (round, (batch, members)) in batches.iter_mut().zip(&members).enumerate() {
            // By then the room's lists have grown to their size.
            if round == 200 {
                (before, forwarded) = (ALLOCATIONS.get(), arena.packets);
            }
            let now = start + Duration::from_millis(15) * round as u32;
            for (index, (datagram, member)) in batch.iter_mut().zip(members).enumerate() {
                room.receive(now, *member, index, datagram.data);
            }
            room.flush(now, batch, &mut arena);
        }
        let allocations = ALLOCATIONS.get() - before;
        let report = room.report();
        assert!(arena.packets - forwarded > 20_000, "{}", arena.packets - forwarded);
        assert!(
            report.retransmitted_packets > 500 && report.keyframe_requests > 0 && report.media_packets_dropped == 0,
            "{report:?}"
        );
        let estimated = room.member_report(subscribers[0].member).and_then(|report| report.bandwidth);
        assert!(estimated.is_some_and(|bandwidth| bandwidth != 300_000), "the feedback has done its work: {estimated:?}");
        assert_eq!(allocations, 0, "{profile:?}");
    }
}

/// A packet of each layer, of which every 40th begins a key frame.
fn publish_layers(publisher: &Client, round: u64) -> Vec<Vec<u8>> {
    let packet = |(layer, rid): (usize, &u8)| {
        let mut payload = vec![0x90, 0xc0, 0x80 | (round >> 8) as u8 & 0x7f, round as u8, round as u8];
        payload.extend(if round.is_multiple_of(40) { [0x10, 0, 0, 0x9d, 0x01, 0x2a, 16 << layer, 0, 16, 0] } else { [0x11; 10] });
        payload.resize([100, 300, 1_000][layer], 7);
        let ssrc = Ssrc(0x100 + layer as u32);
        publisher.rtp_with([0x90, VP8], 4_000 + round, 1_000 * round as u32, ssrc, &names(0, RID, *rid), &payload)
    };
    RIDS.iter().enumerate().map(packet).collect()
}

/// Subscribers whose lines get narrow and wide again: so there are changes of layers, and pictures whose numbers are written anew.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test needs one instant to count from")]
fn forwarding_layers_allocates_nothing() {
    let start = Instant::now();
    let mut room = Room::new();
    let publisher = Client::join(&mut room, GCM, 1, in_layers(video(1, true, false)));
    let mut subscribers: Vec<_> = (2..12).map(|n| Client::join(&mut room, GCM, n, video(n, false, true))).collect();
    let mut arena = Arena::new();
    let (mut allocated, mut forwarded) = (0, (0, 0));
    for round in 0..1_500_u32 {
        let mut packets: Vec<_> =
            publish_layers(&publisher, u64::from(round)).into_iter().map(|data| (publisher.member, data)).collect();
        if round.is_multiple_of(50) {
            // goog-remb, of 50 kbit/s or 1.6 Mbit/s.
            let exponent = if round / 500 % 2 == 0 { 3 } else { 8 };
            let remb = [&[0x8f, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0][..], b"REMB", &[0, exponent << 2, 0x18, 0x6a]].concat();
            packets.extend(subscribers.iter_mut().map(|subscriber| (subscriber.member, subscriber.rtcp(&remb))));
        }
        let members: Vec<_> = packets.iter().map(|(member, _)| *member).collect();
        let mut batch: Vec<_> = packets.iter_mut().map(|(_, data)| Datagram { route: route(0), data }).collect();
        let now = start + Duration::from_millis(15) * round;
        let allocations = ALLOCATIONS.get();
        for (index, (datagram, member)) in batch.iter_mut().zip(members).enumerate() {
            room.receive(now, member, index, datagram.data);
        }
        room.flush(now, &batch, &mut arena);
        if round >= 300 {
            allocated += ALLOCATIONS.get() - allocations;
        } else {
            forwarded = (arena.packets, arena.large);
        }
    }
    let (all, large) = (arena.packets - forwarded.0, arena.large - forwarded.1);
    assert!(all > 11_000 && (all / 10..all * 9 / 10).contains(&large), "{large} of {all} are of the highest layer");
    assert_eq!(allocated, 0);
}

/// From one allocation to another, as ChannelData, in indications both ways, and to the node.
#[test]
fn relaying_allocates_nothing() {
    let mut scene = turn::Scene::new();
    let mut clients: Vec<_> = (1..4).map(|n| scene.client(n, u128::from(n))).collect();
    let relayed: Vec<_> = clients.iter_mut().map(|client| scene.allocate(client)).collect();
    for (from, number, to) in [(0, 0x4000, relayed[1]), (1, 0x4001, relayed[0]), (0, 0x4002, relayed[2]), (0, 0x4003, turn::NODE)]
    {
        assert_eq!(scene.bind(&mut clients[from], number, to), 0);
    }
    assert_eq!(scene.permit(&mut clients[2], relayed[0]), 0);
    let data = [7; 1_000];
    let check = turn::message(1, 1, &[]);
    let mut packets = [
        turn::channel_data(0x4000, &data),
        turn::channel_data(0x4002, &data),
        turn::channel_data(0x4003, &check),
        clients[2].send_indication(relayed[0], &data),
    ];
    let routes = [0, 0, 0, 2].map(|index| clients[index].route);
    let mut arena = Arena::new();
    let (mut before, mut relayed) = (0, 0);
    for round in 0..400 {
        if round == 100 {
            (before, relayed) = (ALLOCATIONS.get(), arena.packets);
        }
        let mut packets = packets.iter_mut().zip(routes);
        let mut batch: [_; 4] = std::array::from_fn(|_| {
            let (data, route) = packets.next().unwrap();
            Datagram { route, data }
        });
        // The node's answers to strangers are limited.
        scene.now += Duration::from_millis(25);
        scene.port.handle_batch(scene.now, &mut batch, &mut arena);
    }
    let allocations = ALLOCATIONS.get() - before;
    assert_eq!((arena.packets - relayed, allocations), (4 * 300, 0));
}

/// A TURN client on a socket of its own.
struct Relayed {
    socket: UdpSocket,
    turn: turn::TurnClient,
}

#[expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
impl Relayed {
    /// And its relayed address.
    fn allocate(node: &Handle, user: u128) -> (Self, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(node.local_addr()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let credentials = node.credentials(turn::CALL, user, Duration::from_secs(600));
        let mut client = Self { socket, turn: turn::TurnClient::new(user as u16, Protocol::Udp, credentials) };
        let challenge = client.ask(&turn::message(turn::ALLOCATE, 1, &[turn::UDP]));
        client.turn.nonce = challenge.attribute(turn::NONCE).unwrap().to_vec();
        let granted = client.ask(&client.turn.request(turn::ALLOCATE, &[turn::UDP]));
        let relayed = granted.address(turn::XOR_RELAYED_ADDRESS);
        (client, relayed)
    }

    fn bind(&self, peer: SocketAddr) {
        let address = turn::xor_address(peer, self.turn.transaction);
        let number = [0x40, 0, 0, 0];
        let attributes = [(turn::XOR_PEER_ADDRESS, &address[..]), (turn::CHANNEL_NUMBER, &number[..])];
        assert_eq!(self.ask(&self.turn.request(turn::CHANNEL_BIND, &attributes)).code(), 0);
    }

    fn ask(&self, request: &[u8]) -> turn::Response {
        self.socket.send(request).unwrap();
        let mut response = [0; 1_000];
        let len = self.socket.recv(&mut response).unwrap();
        turn::Response::parse(&response[..len])
    }
}

/// Of the driver's own round: what it takes from the system for a batch, and from the heap.
#[test]
fn a_round_of_the_driver_receives_once_sends_once_and_allocates_nothing() {
    // Its places are there from the beginning.
    let (told, reports) = mpsc::sync_channel(8);
    let config = Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        shards: 1,
        advertised: Vec::new(),
        srtp_profiles: vec![GCM],
        stream_patience: StreamPatience::default(),
    };
    // Events are told on the media thread, whose allocations these are.
    let tell = move |event| match event {
        Event::Report { report, .. } => told.send((ALLOCATIONS.get(), report)).unwrap(),
        other => panic!("{other:?}"),
    };
    let node = driver::start(config, tell).unwrap();
    node.send(Command::OpenRelay { call: turn::CALL }).unwrap();
    let ((from, from_address), (to, to_address)) = (Relayed::allocate(&node, 1), Relayed::allocate(&node, 2));
    from.bind(to_address);
    to.bind(from_address);
    let (packet, mut received) = (turn::channel_data(0x4000, &[7; 1_000]), [0; 2_000]);
    let mut volleys = |count: u32, id: u64| -> (u64, NodeReport) {
        for _ in 0..count {
            (0..20).for_each(|_| assert_eq!(from.socket.send(&packet).unwrap(), packet.len()));
            (0..20).for_each(|_| assert_eq!(to.socket.recv(&mut received).unwrap(), packet.len()));
        }
        node.send(Command::Report { id }).unwrap();
        reports.recv().unwrap()
    };
    let (allocations_before, before) = volleys(50, 1);
    let (allocations, after) = volleys(250, 2);
    assert_eq!(after.turn_packets_out - before.turn_packets_out, 250 * 20);
    assert_eq!(allocations - allocations_before, 0);
    let batches = after.batches - before.batches;
    assert_eq!(after.send_calls - before.send_calls, batches);
    // After each there may be a look that finds silence.
    let received = after.receive_calls - before.receive_calls;
    assert!((batches..=2 * batches).contains(&received), "{received} calls for {batches} batches");
}

/// The count would notice.
#[test]
fn an_allocation_is_counted() {
    let before = ALLOCATIONS.get();
    std::hint::black_box(Box::new(1));
    assert!(ALLOCATIONS.get() > before);
}
