//! The driver's outbox: packets are written into one arena and leave with `sendmmsg`, those of one length to one
//! address as one `UDP_SEGMENT` run.

use std::io;
use std::sync::Arc;

use super::sys::{Sender, Socket};
use crate::datagram::Route;
use crate::outbox::Outbox;

/// Holds the fan-out of a full batch of small packets, or 256 full-sized ones; more is sent in between.
const ARENA: usize = 384 * 1024;
/// Messages of one `sendmmsg`.
pub(super) const MAX_RUNS: usize = 256;
/// The kernel takes 64 segments and 65,507 bytes at once (`UDP_MAX_SEGMENTS` of older kernels, RFC 768).
const MAX_SEGMENTS: usize = 64;
const MAX_RUN_BYTES: usize = 65_000;

/// Packets for one address, each `segment` bytes long but the last, which may be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) to: Route,
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) segment: usize,
    pub(super) packets: usize,
}

impl Run {
    fn single(to: Route, start: usize, len: usize) -> Self {
        Self { to, start, len, segment: len, packets: 1 }
    }

    /// Whether a packet of `len` bytes for `to` may follow in this run.
    fn takes(&self, to: Route, len: usize) -> bool {
        let is_open = self.len == self.segment * self.packets;
        is_open && self.to == to && len <= self.segment && self.packets < MAX_SEGMENTS && self.len + len <= MAX_RUN_BYTES
    }

    /// The same packets, one by one.
    fn split(self) -> impl Iterator<Item = Self> {
        let end = self.start + self.len;
        (self.start..end).step_by(self.segment.max(1)).map(move |start| {
            let len = self.segment.min(end - start);
            Self::single(self.to, start, len)
        })
    }
}

pub(super) struct SocketOutbox {
    socket: Arc<Socket>,
    sender: Sender,
    arena: Box<[u8]>,
    used: usize,
    runs: Vec<Run>,
    /// The kernel and the network card take runs.
    segmentation: bool,
    /// A path was found that does not take packets as long as ours.
    fragments: bool,
    /// Packets since [`Self::take_written`].
    written: usize,
    unsent: u64,
}

impl SocketOutbox {
    pub(super) fn new(socket: Arc<Socket>) -> Self {
        Self {
            socket,
            sender: Sender::new(),
            arena: vec![0; ARENA].into(),
            used: 0,
            runs: Vec::with_capacity(MAX_RUNS),
            segmentation: true,
            fragments: false,
            written: 0,
            unsent: 0,
        }
    }

    /// Packets that were written since this was last asked.
    pub(super) fn take_written(&mut self) -> usize {
        std::mem::take(&mut self.written)
    }

    /// Packets that could not be sent so far.
    pub(super) fn unsent(&self) -> u64 {
        self.unsent
    }

    /// System calls so far.
    pub(super) fn calls(&self) -> u64 {
        self.sender.calls()
    }

    /// Forgets what is not sent yet.
    pub(super) fn discard(&mut self) {
        self.runs.clear();
        self.used = 0;
    }

    /// Sends what has been written.
    pub(super) fn flush(&mut self) {
        let mut done = 0;
        while done < self.runs.len() {
            match self.sender.send(&self.socket, &self.arena, &self.runs[done..]) {
                Ok(sent) => done += sent,
                Err(error) => done += self.give_up_on(done, &error),
            }
        }
        self.discard();
    }

    /// The run at `index` could not be sent. Says how many are dealt with.
    fn give_up_on(&mut self, index: usize, error: &io::Error) -> usize {
        let run = self.runs[index];
        let rest = self.runs.len() - index;
        match error.raw_os_error() {
            Some(libc::EINTR) => 0,
            Some(libc::EMSGSIZE) if !self.fragments => {
                tracing::info!(to = %run.to.remote, "packets are too long for a path: from now on they are sent in fragments where it must be");
                self.fragments =
                    self.socket.allow_fragments().inspect_err(|error| tracing::error!(%error, "no fragments")).is_ok();
                usize::from(!self.fragments)
            }
            // The buffer is full: what would be sent after waiting would be late.
            Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => {
                self.unsent += self.runs[index..].iter().map(|run| run.packets as u64).sum::<u64>();
                rest
            }
            _ if run.packets > 1 => {
                self.send_one_by_one(run, error);
                1
            }
            // No way to this one address, or an error that its network reported: the others are not concerned.
            _ => {
                tracing::debug!(%error, "a packet was not sent");
                self.unsent += 1;
                1
            }
        }
    }

    /// A run was refused. If its packets are taken singly, and not for their length, the path does not know segmentation.
    fn send_one_by_one(&mut self, run: Run, refusal: &io::Error) {
        let singles: Vec<Run> = run.split().collect();
        for single in singles {
            match self.sender.send(&self.socket, &self.arena, &[single]) {
                Ok(_) if self.segmentation && refusal.raw_os_error() != Some(libc::EMSGSIZE) => {
                    tracing::info!(error = %refusal, "segmentation of runs is not supported here");
                    self.segmentation = false;
                }
                Ok(_) => {}
                Err(_) => self.unsent += 1,
            }
        }
    }
}

impl Outbox for SocketOutbox {
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8] {
        if self.used + len > self.arena.len() {
            self.flush();
        }
        let start = self.used;
        match self.runs.last_mut() {
            Some(run) if self.segmentation && run.takes(to, len) => {
                run.len += len;
                run.packets += 1;
            }
            _ => {
                if self.runs.len() == MAX_RUNS {
                    self.flush();
                    return self.packet(to, len);
                }
                self.runs.push(Run::single(to, start, len));
            }
        }
        self.used += len;
        self.written += 1;
        &mut self.arena[start..start + len]
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};
    use std::time::Duration;

    use super::*;
    use crate::control::Protocol;

    fn pair() -> (SocketOutbox, UdpSocket, Route) {
        let socket = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let route = Route { local: socket.local_addr().unwrap(), remote: peer.local_addr().unwrap(), protocol: Protocol::Udp };
        (SocketOutbox::new(Arc::new(socket)), peer, route)
    }

    fn write(outbox: &mut SocketOutbox, to: Route, lens: &[usize]) {
        for (index, len) in lens.iter().enumerate() {
            outbox.packet(to, *len).fill(index as u8);
        }
    }

    fn check_received(peer: &UdpSocket, lens: &[usize]) {
        let mut buf = [0; 2000];
        for (index, len) in lens.iter().enumerate() {
            let received = peer.recv(&mut buf).unwrap();
            assert_eq!((received, buf[0]), (*len, index as u8), "packet {index}");
        }
    }

    #[test]
    fn packets_of_one_length_share_a_run() {
        let (mut outbox, peer, route) = pair();
        let other = Route { remote: "127.0.0.1:9".parse().unwrap(), ..route };
        let lens = [100, 100, 100, 40, 100, 200];
        write(&mut outbox, route, &lens);
        outbox.packet(other, 200).fill(0);
        let runs: Vec<(usize, usize)> = outbox.runs.iter().map(|run| (run.packets, run.len)).collect();
        assert_eq!(runs, [(4, 340), (1, 100), (1, 200), (1, 200)], "a shorter one ends a run, a longer one begins another");
        outbox.flush();
        check_received(&peer, &lens);
        assert_eq!(outbox.unsent(), 0);
    }

    #[test]
    fn long_runs_are_cut_where_the_kernel_wants_it() {
        let (mut outbox, peer, route) = pair();
        let small = [20; 130];
        write(&mut outbox, route, &small);
        assert!(outbox.runs.iter().all(|run| run.packets <= MAX_SEGMENTS));
        outbox.flush();
        check_received(&peer, &small);
        let large = [1400; 60];
        write(&mut outbox, route, &large);
        assert!(outbox.runs.iter().all(|run| run.len <= MAX_RUN_BYTES));
        outbox.flush();
        check_received(&peer, &large);
    }

    #[test]
    fn more_than_the_arena_is_sent_in_between() {
        let (mut outbox, peer, route) = pair();
        for _ in 0..4 {
            let lens: Vec<usize> = (0..100).map(|n| 1000 + n % 2).collect();
            write(&mut outbox, route, &lens);
            outbox.flush();
            check_received(&peer, &lens);
        }
        for index in 0..600_usize {
            // Alternating lengths, so that no run forms and the number of messages overflows first.
            outbox.packet(route, 10 + index % 2 * 10).fill(7);
        }
        assert!(outbox.runs.len() <= MAX_RUNS);
    }

    #[test]
    fn runs_without_segmentation_arrive_all_the_same() {
        let (mut outbox, peer, route) = pair();
        let lens = [300, 300, 300, 7];
        write(&mut outbox, route, &lens);
        let run = outbox.runs[0];
        outbox.send_one_by_one(run, &io::Error::from_raw_os_error(libc::EIO));
        check_received(&peer, &lens);
        assert!(!outbox.segmentation);
        outbox.discard();
        write(&mut outbox, route, &lens);
        assert_eq!(outbox.runs.len(), 4);
    }

    /// Set where the loopback takes no packet of more than 1,000 bytes.
    const SMALL: &str = "STAFFLINE_SMALL_PACKETS";

    /// Runs this test once more, in a network of its own.
    fn run_with_small_packets() {
        let program = std::env::current_exe().unwrap();
        let script = "ip link set lo up mtu 1000 && exec \"$0\" --exact \"$1\" --nocapture";
        let name = "driver::outbox::tests::a_path_that_takes_small_packets_only_gets_fragments";
        // Root needs no user namespace, which some machines do not give; others need one.
        let outputs = [&["--net"][..], &["--map-root-user", "--net"]].map(|flags| {
            let mut unshare = std::process::Command::new("unshare");
            unshare.args(flags).args(["sh", "-c", script]).arg(&program).arg(name).env(SMALL, "1").output()
        });
        let has_passed = |output: &std::io::Result<std::process::Output>| {
            output.as_ref().is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("1 passed"))
        };
        let left_out = std::env::var("STAFFLINE_SKIP").unwrap_or_default().split(',').any(|word| word == "netlab");
        assert!(
            outputs.iter().any(has_passed) || left_out,
            "{outputs:?}: run the tests as root, or go without by STAFFLINE_SKIP=netlab"
        );
    }

    #[test]
    fn a_path_that_takes_small_packets_only_gets_fragments() {
        if std::env::var_os(SMALL).is_none() {
            return run_with_small_packets();
        }
        let (mut outbox, peer, route) = pair();
        outbox.packet(route, 900).fill(0);
        outbox.flush();
        assert!(!outbox.fragments, "all of it has fitted");
        outbox.packet(route, 1_400).fill(1);
        // And as a run, which is not taken as one.
        for n in 2..5 {
            outbox.packet(route, 1_200).fill(n);
        }
        outbox.flush();
        check_received(&peer, &[900]);
        let mut buf = [0; 2000];
        for (n, len) in [(1, 1_400), (2, 1_200), (3, 1_200), (4, 1_200)] {
            assert_eq!((peer.recv(&mut buf).unwrap(), buf[0]), (len, n));
        }
        assert_eq!((outbox.fragments, outbox.segmentation, outbox.unsent()), (true, true, 0));
    }

    #[test]
    fn an_unreachable_address_does_not_hold_up_the_others() {
        let (mut outbox, peer, route) = pair();
        // Multicast needs no listener to fail: 255.255.255.255 without SO_BROADCAST is EACCES.
        let forbidden = Route { remote: SocketAddr::from(([255, 255, 255, 255], 9)), ..route };
        outbox.packet(route, 10).fill(0);
        outbox.packet(forbidden, 10).fill(9);
        outbox.packet(forbidden, 10).fill(9);
        outbox.packet(route, 20).fill(1);
        outbox.flush();
        check_received(&peer, &[10, 20]);
        assert_eq!(outbox.unsent(), 2);
        assert!(outbox.segmentation, "the refusal had another reason");
    }
}
