//! The system calls of the driver, and all `unsafe` of this crate: a UDP socket with packet information, `recvmmsg`,
//! `sendmmsg` with `UDP_SEGMENT`, and a wait that a waker can end.

#![expect(unsafe_code, reason = "recvmmsg, sendmmsg, ppoll and eventfd have no safe wrapper in std")]

use std::io;
use std::mem::size_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_void};

use super::control::Control;
use super::outbox::{MAX_RUNS, Run};
use crate::control::Protocol;
use crate::datagram::{self, Datagram, Route};

/// Messages received with one call: a datagram each, or several of one length from one address (`UDP_GRO`).
pub(super) const BATCH: usize = 64;
/// Room for the longest message, and 1 KiB more: at a distance of a power of two the beginnings of all buffers, which is what
/// is mostly used of them, would fall into the same few sets of the processor's caches.
const BUFFER: usize = 65_536 + 1024;
/// Nothing of WebRTC is longer than an Ethernet frame; a longer datagram is dropped.
const MAX_DATAGRAM: usize = 2048;

const RECEIVE_BUFFER: c_int = 8 << 20;
const SEND_BUFFER: c_int = 8 << 20;

/// A bound, non-blocking UDP socket.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UdpSocket,
    is_ipv6: bool,
    /// It is bound to one address: then the system need not be told with each packet which one to send from, nor tell.
    has_one_address: bool,
}

impl Socket {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let family = if address.is_ipv6() { libc::AF_INET6 } else { libc::AF_INET };
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::socket(family, libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0) };
        check(fd)?;
        // SAFETY: the descriptor was just made and nobody else has it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let has_one_address = !address.ip().is_unspecified();
        let socket = Self { socket: UdpSocket::from(fd), is_ipv6: address.is_ipv6(), has_one_address };
        if socket.is_ipv6 {
            socket.set(libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0)?;
        }
        if !has_one_address && socket.is_ipv6 {
            socket.set(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        } else if !has_one_address {
            socket.set(libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
        }
        socket.set(libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_DO)?;
        // An older kernel gives every datagram singly.
        let _ = socket.set(libc::SOL_UDP, libc::UDP_GRO, 1);
        socket.enlarge(libc::SO_RCVBUFFORCE, libc::SO_RCVBUF, RECEIVE_BUFFER)?;
        socket.enlarge(libc::SO_SNDBUFFORCE, libc::SO_SNDBUF, SEND_BUFFER)?;
        let name = Name::new(address, false);
        // SAFETY: `name` is a socket address of the length given, and lives until the call returns.
        check(unsafe { libc::bind(socket.fd(), name.as_ptr().cast(), name.len()) })?;
        Ok(socket)
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// From now on a packet that is too long for its path is sent in fragments. Before, it is refused with `EMSGSIZE`: then no packet can be
    /// in fragments, none needs an identification (RFC 6864 §4.1), and the kernel makes none up (5.8 % of
    /// the samples of the thread with 50 subscribers, docs/packet-path.md).
    pub(super) fn allow_fragments(&self) -> io::Result<()> {
        self.set(libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_WANT)
    }

    /// Only root may exceed the system's limit; everybody else gets as much as that.
    fn enlarge(&self, force: c_int, plain: c_int, size: c_int) -> io::Result<()> {
        self.set(libc::SOL_SOCKET, force, size).or_else(|_| self.set(libc::SOL_SOCKET, plain, size))
    }

    fn set(&self, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
        set(self.fd(), level, option, value)
    }
}

fn set(fd: RawFd, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
    let (pointer, len) = (ptr::from_ref(&value).cast(), size_of::<c_int>() as libc::socklen_t);
    // SAFETY: the option's value is a `c_int` that lives until the call returns.
    check(unsafe { libc::setsockopt(fd, level, option, pointer, len) })?;
    Ok(())
}

/// The kernel takes no more once this many bytes have not left yet, whatever its buffer would hold.
pub(super) fn limit_unsent(socket: &TcpStream, bytes: c_int) -> io::Result<()> {
    set(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, bytes)
}

fn check(result: c_int) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// A socket address as the kernel wants it. An IPv4 address is written into the fields of the IPv6 one that have its
/// place: family and port are the same in both, and `sin_addr` lies where `sin6_flowinfo` does.
#[derive(Clone, Copy)]
struct Name(libc::sockaddr_in6);

impl Name {
    const EMPTY: Self = Self(libc::sockaddr_in6 {
        sin6_family: 0,
        sin6_port: 0,
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: [0; 16] },
        sin6_scope_id: 0,
    });

    /// `mapped`: an IPv4 address is to be used on an IPv6 socket.
    fn new(address: SocketAddr, mapped: bool) -> Self {
        let mut name = Self::EMPTY.0;
        name.sin6_port = address.port().to_be();
        match address {
            SocketAddr::V4(v4) if !mapped => {
                name.sin6_family = libc::AF_INET as libc::sa_family_t;
                name.sin6_flowinfo = v4.ip().to_bits().to_be();
            }
            SocketAddr::V4(v4) => {
                name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                name.sin6_addr.s6_addr = v4.ip().to_ipv6_mapped().octets();
            }
            SocketAddr::V6(v6) => {
                name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                name.sin6_addr.s6_addr = v6.ip().octets();
                name.sin6_scope_id = v6.scope_id();
            }
        }
        Self(name)
    }

    fn as_ptr(&self) -> *const libc::sockaddr_in6 {
        &raw const self.0
    }

    fn len(&self) -> libc::socklen_t {
        let len = if self.is_ipv4() { size_of::<libc::sockaddr_in>() } else { size_of::<libc::sockaddr_in6>() };
        len as libc::socklen_t
    }

    fn is_ipv4(&self) -> bool {
        self.0.sin6_family == libc::AF_INET as libc::sa_family_t
    }

    fn address(&self) -> SocketAddr {
        let port = u16::from_be(self.0.sin6_port);
        if self.is_ipv4() {
            return (Ipv4Addr::from_bits(u32::from_be(self.0.sin6_flowinfo)), port).into();
        }
        let ip = Ipv6Addr::from(self.0.sin6_addr.s6_addr);
        match ip.to_ipv4_mapped() {
            Some(ip) => (ip, port).into(),
            None => SocketAddrV6::new(ip, port, 0, self.0.sin6_scope_id).into(),
        }
    }
}

const EMPTY_HEADER: libc::mmsghdr = libc::mmsghdr {
    msg_hdr: libc::msghdr {
        msg_name: ptr::null_mut(),
        msg_namelen: 0,
        msg_iov: ptr::null_mut(),
        msg_iovlen: 0,
        msg_control: ptr::null_mut(),
        msg_controllen: 0,
        msg_flags: 0,
    },
    msg_len: 0,
};
const EMPTY_SLICE: libc::iovec = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };

/// Buffers for one `recvmmsg`, made once.
pub(super) struct Receiver {
    /// Ours: packet information has addresses only, and is there only where this one is none.
    local: SocketAddr,
    buffers: Box<[[u8; BUFFER]]>,
    names: Box<[Name]>,
    controls: Box<[Control]>,
    slices: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
    /// So many headers, the first ones, were written to by the kernel.
    stale: usize,
    /// The list of the last batch, empty: its room is used again.
    spare: Vec<Datagram<'static>>,
    calls: u64,
    batches: u64,
}

// SAFETY: the pointers in `slices` and `headers` are only used during `receive`, and point into the boxes beside them.
unsafe impl Send for Receiver {}

impl Receiver {
    pub(super) fn new(local: SocketAddr) -> Self {
        Self {
            local,
            buffers: vec![[0; BUFFER]; BATCH].into(),
            names: vec![Name::EMPTY; BATCH].into(),
            controls: vec![Control::EMPTY; BATCH].into(),
            slices: vec![EMPTY_SLICE; BATCH].into(),
            headers: vec![EMPTY_HEADER; BATCH].into(),
            stale: BATCH,
            spare: Vec::new(),
            calls: 0,
            batches: 0,
        }
    }

    /// System calls so far.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// Those of them that something was received with.
    pub(super) fn batches(&self) -> u64 {
        self.batches
    }

    /// Points the headers that the kernel has written to at their buffers again.
    fn prepare(&mut self) {
        for index in 0..self.stale {
            let buffer = self.buffers[index].as_mut_ptr().cast();
            self.slices[index] = libc::iovec { iov_base: buffer, iov_len: BUFFER };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = (&raw mut self.names[index].0).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            header.msg_iov = &raw mut self.slices[index];
            header.msg_iovlen = 1;
            header.msg_control = self.controls[index].as_mut_ptr().cast();
            header.msg_controllen = Control::SIZE as _;
            header.msg_flags = 0;
        }
        self.stale = 0;
    }

    /// Receives up to [`BATCH`] datagrams without waiting, and says how many.
    pub(super) fn receive(&mut self, socket: &Socket) -> io::Result<usize> {
        self.prepare();
        let headers = self.headers.as_mut_ptr();
        // SAFETY: the headers hold pointers into our boxes, which do not move, and their true lengths; the boxes live
        // and nobody else uses them until the call returns. Every byte pattern is valid in what the kernel writes.
        let received = unsafe { libc::recvmmsg(socket.fd(), headers, BATCH as _, libc::MSG_DONTWAIT as _, ptr::null_mut()) };
        let received = check(received);
        self.calls += 1;
        self.batches += u64::from(received.as_ref().is_ok_and(|received| *received > 0));
        // And the one after them: it was looked at in vain.
        self.stale = BATCH.min(received.as_ref().map_or(0, |received| *received) + 1);
        match received {
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EINTR)) => Ok(0),
            result => result,
        }
    }

    /// The datagrams of the last [`Receiver::receive`], without those that are too long for WebRTC. [`Self::take_back`] wants the list.
    pub(super) fn datagrams(&mut self, received: usize) -> Vec<Datagram<'_>> {
        let mut batch = datagram::recycled(std::mem::take(&mut self.spare));
        let described = self.headers.iter().zip(&self.names).zip(&self.controls);
        for (buffer, ((header, name), control)) in self.buffers.iter_mut().zip(described).take(received) {
            let remote = name.address();
            let came = control.read(header.msg_hdr.msg_controllen as _);
            let bound = self.local.ip();
            let unknown = if remote.is_ipv4() && bound.is_unspecified() { Ipv4Addr::UNSPECIFIED.into() } else { bound };
            let local = SocketAddr::new(came.destination.unwrap_or(unknown), self.local.port());
            let route = Route { local, remote, protocol: Protocol::Udp };
            let message = &mut buffer[..(header.msg_len as usize).min(BUFFER)];
            let segment = came.segment.unwrap_or(message.len()).max(1);
            if segment <= MAX_DATAGRAM {
                batch.extend(message.chunks_mut(segment).map(|data| Datagram { route, data }));
            }
        }
        batch
    }

    /// So that the next batch costs no allocation.
    pub(super) fn take_back(&mut self, spare: Vec<Datagram<'static>>) {
        self.spare = spare;
    }
}

/// Headers for one `sendmmsg`, made once.
pub(super) struct Sender {
    names: Box<[Name]>,
    controls: Box<[Control]>,
    slices: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
    calls: u64,
}

// SAFETY: as for `Receiver`: the pointers are written and used within `send` only.
unsafe impl Send for Sender {}

impl Sender {
    pub(super) fn new() -> Self {
        Self {
            names: vec![Name::EMPTY; MAX_RUNS].into(),
            controls: vec![Control::EMPTY; MAX_RUNS].into(),
            slices: vec![EMPTY_SLICE; MAX_RUNS].into(),
            headers: vec![EMPTY_HEADER; MAX_RUNS].into(),
            calls: 0,
        }
    }

    /// System calls so far.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// Sends the first of `runs`, whose bytes lie in `arena`, and says how many: at least one, or it is an error of the first.
    pub(super) fn send(&mut self, socket: &Socket, arena: &[u8], runs: &[Run]) -> io::Result<usize> {
        let count = runs.len().min(MAX_RUNS);
        for (index, run) in runs[..count].iter().enumerate() {
            self.prepare(index, run, &arena[run.start..run.start + run.len], socket);
        }
        self.calls += 1;
        let headers = self.headers.as_mut_ptr();
        // SAFETY: the first `count` headers were just filled with pointers into our boxes and into `arena`, which
        // outlives the call, with their true lengths. The kernel only reads what they point to.
        check(unsafe { libc::sendmmsg(socket.fd(), headers, count as _, libc::MSG_DONTWAIT as _) })
    }

    fn prepare(&mut self, index: usize, run: &Run, bytes: &[u8], socket: &Socket) {
        self.names[index] = Name::new(run.to.remote, socket.is_ipv6);
        let control = &mut self.controls[index];
        control.clear();
        if !socket.has_one_address {
            control.push_source(run.to.local.ip(), socket.is_ipv6);
        }
        if run.packets > 1 {
            control.push_segment(run.segment as u16);
        }
        let base = bytes.as_ptr().cast::<c_void>().cast_mut();
        self.slices[index] = libc::iovec { iov_base: base, iov_len: bytes.len() };
        let header = &mut self.headers[index].msg_hdr;
        header.msg_namelen = self.names[index].len();
        header.msg_name = (&raw mut self.names[index].0).cast();
        header.msg_iov = &raw mut self.slices[index];
        header.msg_iovlen = 1;
        header.msg_controllen = control.len() as _;
        header.msg_control = if control.len() == 0 { ptr::null_mut() } else { control.as_mut_ptr().cast() };
    }
}

/// Ends a [`wait`] from another thread.
#[derive(Debug)]
pub(super) struct Waker(OwnedFd);

impl Waker {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        check(fd)?;
        // SAFETY: the descriptor was just made and nobody else has it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub(super) fn wake(&self) {
        let one = 1_u64;
        // SAFETY: eight bytes are read from a `u64`. The only failure, a full counter, means that it is awake already.
        unsafe { libc::write(self.0.as_raw_fd(), ptr::from_ref(&one).cast(), size_of::<u64>()) };
    }

    fn reset(&self) {
        let mut count = 0_u64;
        // SAFETY: eight bytes are written to a `u64`. The only failure, a zero counter, leaves nothing to reset.
        unsafe { libc::read(self.0.as_raw_fd(), ptr::from_mut(&mut count).cast(), size_of::<u64>()) };
    }
}

/// Lets the system's timer end the sleeps of this thread when they are over, not up to 50 µs later (`timer_slack`, prctl(2)).
pub(super) fn sleep_precisely() {
    // SAFETY: no pointers are passed. Where it fails, sleeps are a little longer.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_usize) };
}

/// What a [`wait`] found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) datagrams: bool,
    pub(super) streams: bool,
}

/// Sleeps until something can be received, somebody wakes us, or `patience` is over. `streams` is an epoll descriptor, which costs
/// nothing as long as there is none.
pub(super) fn wait(socket: &Socket, waker: &Waker, streams: Option<RawFd>, patience: Option<Duration>) -> io::Result<Ready> {
    let readable = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // A negative descriptor is passed over.
    let mut polled = [readable(socket.fd()), readable(waker.0.as_raw_fd()), readable(streams.unwrap_or(-1))];
    let timeout = patience.map(|patience| libc::timespec {
        tv_sec: patience.as_secs().min(3600) as libc::time_t,
        tv_nsec: patience.subsec_nanos().into(),
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: three `pollfd` and the `timespec`, if any, live until the call returns; no signal mask is passed.
    let result = check(unsafe { libc::ppoll(polled.as_mut_ptr(), polled.len() as _, timeout, ptr::null()) });
    if polled[1].revents != 0 {
        waker.reset();
    }
    match result {
        Err(error) if error.raw_os_error() != Some(libc::EINTR) => Err(error),
        _ => Ok(Ready { datagrams: polled[0].revents != 0, streams: polled[2].revents != 0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(receiver: &mut Receiver, socket: &Socket, count: usize) -> Vec<(Route, Vec<u8>)> {
        let waker = Waker::new().unwrap();
        let mut all = Vec::new();
        while all.len() < count {
            wait(socket, &waker, None, Some(Duration::from_secs(5))).unwrap();
            let received = receiver.receive(socket).unwrap();
            assert!(received > 0, "nothing more came within 5 s, after {all:?}");
            all.extend(receiver.datagrams(received).into_iter().map(|datagram| (datagram.route, datagram.data.to_vec())));
        }
        all
    }

    /// Sends from `client` to `at`, and answers: the answer must come from the address that was asked.
    fn check_answer_from_asked_address(bind: &str, client: &str, at: &str) {
        let socket = Socket::bind(bind.parse().unwrap()).unwrap();
        let port = socket.local_addr().unwrap().port();
        let client = UdpSocket::bind(client).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let asked = SocketAddr::new(at.parse().unwrap(), port);
        client.send_to(b"question", asked).unwrap();
        let (route, data) = received(&mut Receiver::new(socket.local_addr().unwrap()), &socket, 1).remove(0);
        assert_eq!((route.local, route.remote, &data[..]), (asked, client.local_addr().unwrap(), &b"question"[..]));
        let run = Run { to: route, start: 0, len: 6, segment: 6, packets: 1 };
        assert_eq!(Sender::new().send(&socket, b"answer", &[run]).unwrap(), 1);
        let mut buf = [0; 10];
        assert_eq!(client.recv_from(&mut buf).unwrap(), (6, asked));
    }

    #[test]
    fn answers_leave_from_the_address_that_was_asked() {
        check_answer_from_asked_address("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1");
        check_answer_from_asked_address("0.0.0.0:0", "127.0.0.1:0", "127.0.0.1");
        check_answer_from_asked_address("0.0.0.0:0", "127.0.0.1:0", "127.0.0.77");
    }

    #[test]
    fn wildcard_of_ipv6_serves_ipv4_too() {
        if UdpSocket::bind("[::1]:0").is_err() {
            println!("this machine has no IPv6");
            return;
        }
        check_answer_from_asked_address("[::]:0", "127.0.0.1:0", "127.0.0.77");
        check_answer_from_asked_address("[::]:0", "[::1]:0", "::1");
    }

    #[test]
    fn a_datagram_longer_than_a_buffer_is_dropped() {
        let socket = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        client.send_to(&[1; 3000], to).unwrap();
        client.send_to(&[2; MAX_DATAGRAM], to).unwrap();
        let all = received(&mut Receiver::new(to), &socket, 1);
        assert_eq!(all[0].1, [2; MAX_DATAGRAM]);
    }

    #[test]
    fn a_run_that_arrives_as_one_message_is_cut_into_its_datagrams() {
        let (sender, socket) = (Socket::bind(local()).unwrap(), Socket::bind(local()).unwrap());
        let (from, to) = (sender.local_addr().unwrap(), socket.local_addr().unwrap());
        let bytes: Vec<u8> = (0..=250).collect();
        let route = Route { local: from, remote: to, protocol: Protocol::Udp };
        let run = Run { to: route, start: 0, len: 251, segment: 100, packets: 3 };
        Sender::new().send(&sender, &bytes, &[run]).unwrap();
        let all = received(&mut Receiver::new(to), &socket, 3);
        let expected = Route { local: to, remote: from, protocol: Protocol::Udp };
        assert!(all.iter().all(|(route, _)| *route == expected), "{all:?}");
        assert_eq!(all.iter().map(|(_, data)| data.len()).collect::<Vec<_>>(), [100, 100, 51]);
        assert_eq!(all.into_iter().flat_map(|(_, data)| data).collect::<Vec<_>>(), bytes);
    }

    fn local() -> SocketAddr {
        ([127, 0, 0, 1], 0).into()
    }

    #[test]
    fn a_waker_ends_the_wait_once() {
        let socket = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let waker = Waker::new().unwrap();
        waker.wake();
        waker.wake();
        wait(&socket, &waker, None, None).unwrap();
        wait(&socket, &waker, None, Some(Duration::from_millis(1))).unwrap();
    }
}
