//! The driver with real sockets over loopback: the same clients, in real time.

#![expect(clippy::disallowed_types, reason = "a client on a real socket beside a node with a thread")]

use std::net::UdpSocket;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use staffline_media::control::{CloseReason, Command, Event, PeerId, RoomId};
use staffline_media::driver::{self, Config, Handle, SendError, StreamPatience};
use staffline_media::srtp::SrtpProfile;

use crate::harness::{Client, Flavour, Medium};

pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Socketed {
    pub(crate) client: Client,
    socket: UdpSocket,
}

impl Socketed {
    pub(crate) fn new(now: Instant) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        let client = Client::new(now, socket.local_addr().unwrap(), Flavour::CHROMIUM);
        Self { client, socket }
    }

    /// Sends what is to be sent and waits a moment for what comes.
    pub(crate) fn turn(&mut self) {
        let now = clock();
        if self.client.next_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now);
        }
        while let Some((to, bytes)) = self.client.poll_transmit() {
            self.socket.send_to(&bytes, to).unwrap();
        }
        let mut buf = [0; 2048];
        while let Ok((len, from)) = self.socket.recv_from(&mut buf) {
            self.client.handle_datagram(clock(), from, &buf[..len]);
        }
        self.client.pump();
    }
}

#[expect(clippy::disallowed_methods, reason = "this test runs in real time")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

pub(crate) fn answer(events: &mpsc::Receiver<Event>) -> String {
    loop {
        match events.recv_timeout(PATIENCE).expect("an answer comes") {
            Event::Answer { sdp, .. } => return sdp,
            Event::Refused { reason, .. } => panic!("refused: {reason}"),
            _ => {}
        }
    }
}

pub(crate) fn config() -> Config {
    Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        shards: 1,
        advertised: vec![],
        srtp_profiles: vec![SrtpProfile::AeadAes128Gcm],
        stream_patience: StreamPatience::default(),
    }
}

pub(crate) fn start_with(config: Config) -> (Handle, mpsc::Receiver<Event>) {
    let (sender, events) = mpsc::channel();
    let node = driver::start(config, move |event| sender.send(event).unwrap_or(())).unwrap();
    (node, events)
}

#[test]
fn two_clients_hold_a_call_over_loopback() {
    let (node, events) = start_with(config());
    let mut clients = [Socketed::new(clock()), Socketed::new(clock())];
    for (index, socketed) in clients.iter_mut().enumerate() {
        socketed.client.publish(Medium::Video, 1000 + index as u32);
        let offer = socketed.client.offer(clock());
        node.send(Command::Join { room: RoomId(1), peer: PeerId(index as u128), offer }).unwrap();
        socketed.client.accept(clock(), &answer(&events));
    }
    let deadline = clock() + PATIENCE;
    while clients.iter().any(|socketed| socketed.client.numbers_of(1000).len() + socketed.client.numbers_of(1001).len() < 50) {
        assert!(clock() < deadline, "50 packets each way do not arrive");
        let all_connected = clients.iter().all(|socketed| socketed.client.is_connected());
        for socketed in &mut clients {
            if all_connected {
                socketed.client.send_all(clock());
            }
            socketed.turn();
        }
    }
    drop(node);
    let mut closed = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Closed { reason, .. } = event {
            closed.push(reason);
        }
    }
    assert_eq!(closed, [CloseReason::Left; 2], "a node that stops ends its sessions in order");
}

#[test]
fn report_comes_back_and_a_full_queue_is_told() {
    let (blocker, blocked) = mpsc::channel::<()>();
    let (sender, events) = mpsc::channel();
    let blocked = Arc::new(Mutex::new(blocked));
    let node = driver::start(config(), move |event| {
        let _ = blocked.lock().unwrap().recv();
        let _ = sender.send(event);
    })
    .unwrap();
    let full = (0..=2 * driver::COMMAND_QUEUE as u64).find_map(|id| node.send(Command::Report { id }).err());
    assert_eq!(full, Some(SendError::Full));
    drop(blocker);
    assert!(matches!(events.recv_timeout(PATIENCE).unwrap(), Event::Report { id: 0, .. }));
}

#[test]
fn nothing_to_advertise_is_an_error() {
    let config = Config { bind: "0.0.0.0:0".parse().unwrap(), ..config() };
    assert!(driver::start(config, |_| {}).is_err());
}

#[test]
fn a_panicking_receiver_of_events_does_not_stop_the_node() {
    let (sender, events) = mpsc::channel();
    let node = driver::start(config(), move |event| {
        assert!(!matches!(event, Event::Report { id: 1, .. }), "this panic is part of the test");
        let _ = sender.send(event);
    })
    .unwrap();
    node.send(Command::Report { id: 1 }).unwrap();
    node.send(Command::Report { id: 2 }).unwrap();
    assert!(matches!(events.recv_timeout(PATIENCE).unwrap(), Event::Report { id: 2, .. }));
}
