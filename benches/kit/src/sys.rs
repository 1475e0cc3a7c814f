//! The system calls that std has no door to, behind safe functions: batched receive with kernel time stamps, poll,
//! drop counters, CPU affinity, and a child that dies with its parent.
#![expect(unsafe_code, reason = "std has no recvmmsg, poll, socket options, CPU affinity or parent-death signal")]

use std::io;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::time::Duration;

/// Datagrams taken from a socket by one system call at most.
const BATCH: usize = 64;
/// More than any datagram of this tool's traffic.
const SLOT: usize = 2048;
/// Bytes of kernel queue asked for per socket, so that the generator is not what drops.
const RECEIVE_QUEUE: libc::c_int = 8 << 20;
/// `SK_MEMINFO_DROPS` of linux/sock_diag.h.
const MEMINFO_DROPS: usize = 8;

/// A non-blocking socket on 127.0.0.1 whose datagrams carry the kernel's time of arrival.
pub fn udp_socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    set_option(&socket, libc::SO_TIMESTAMPNS, 1)?;
    // FORCE goes past the machine's limit but needs a privilege; a queue that stays small is seen in `receive_drops`.
    set_option(&socket, libc::SO_RCVBUF, RECEIVE_QUEUE)?;
    set_option(&socket, libc::SO_RCVBUFFORCE, RECEIVE_QUEUE).or_else(|e| match e.kind() {
        io::ErrorKind::PermissionDenied => Ok(()),
        _ => Err(e),
    })?;
    Ok(socket)
}

fn set_option(socket: &UdpSocket, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let (value, len) = (ptr::from_ref(&value).cast(), size_of::<libc::c_int>() as libc::socklen_t);
    // SAFETY: `value` points to a c_int that outlives the call, and `len` is its size.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, value, len) }).map(drop)
}

/// Datagrams that the kernel dropped at this socket because this program read too slowly.
pub fn receive_drops(socket: &UdpSocket) -> io::Result<u64> {
    let mut info = [0u32; 16];
    let mut len = size_of_val(&info) as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes, which is the size of `info`.
    check(unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, info.as_mut_ptr().cast(), &raw mut len)
    })?;
    Ok(u64::from(info[MEMINFO_DROPS]))
}

/// One received datagram: where it lies in its [`Batch`], who sent it, when the kernel queued it (CLOCK_REALTIME).
#[derive(Clone, Copy, Debug)]
pub struct Received {
    slot: usize,
    len: usize,
    pub from: SocketAddr,
    pub at_ns: u64,
}

/// Reusable buffers of `recvmmsg`.
#[derive(Debug)]
pub struct Batch {
    buffers: Vec<[u8; SLOT]>,
    received: Vec<Received>,
}

/// Space for the one control message asked for, aligned as `cmsghdr` wants it.
type Control = [u64; 8];

impl Default for Batch {
    fn default() -> Self {
        Self { buffers: vec![[0; SLOT]; BATCH], received: Vec::with_capacity(BATCH) }
    }
}

impl Batch {
    /// Takes what waits at the socket, up to a batch, without blocking; gives how many there were.
    pub fn receive(&mut self, socket: &UdpSocket) -> usize {
        // SAFETY: all of these are plain C structures for which zeros are valid.
        let (mut names, mut headers): ([libc::sockaddr_in; BATCH], [libc::mmsghdr; BATCH]) =
            unsafe { (mem::zeroed(), mem::zeroed()) };
        let mut controls: [Control; BATCH] = [[0; 8]; BATCH];
        let mut slices: Vec<libc::iovec> =
            self.buffers.iter_mut().map(|b| libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: SLOT }).collect();
        for i in 0..BATCH {
            let header = &mut headers[i].msg_hdr;
            header.msg_iov = &raw mut slices[i];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut names[i]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            header.msg_control = controls[i].as_mut_ptr().cast();
            header.msg_controllen = size_of::<Control>();
        }
        // SAFETY: each header points to a buffer, a name and a control area of this frame, with their true sizes.
        let count = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), BATCH as u32, libc::MSG_DONTWAIT, ptr::null_mut())
        };
        let count = usize::try_from(count).unwrap_or(0);
        self.received.clear();
        self.received.extend((0..count).map(|slot| Received {
            slot,
            len: headers[slot].msg_len as usize,
            from: address(&names[slot]),
            at_ns: arrival_ns(&headers[slot].msg_hdr),
        }));
        count
    }

    /// What the last [`Batch::receive`] brought.
    pub fn datagrams(&self) -> impl Iterator<Item = (Received, &[u8])> {
        self.received.iter().map(|r| (*r, &self.buffers[r.slot][..r.len]))
    }
}

fn address(name: &libc::sockaddr_in) -> SocketAddr {
    SocketAddrV4::new(u32::from_be(name.sin_addr.s_addr).into(), u16::from_be(name.sin_port)).into()
}

/// The time stamp among a message's control messages, 0 if the kernel gave none.
fn arrival_ns(header: &libc::msghdr) -> u64 {
    // SAFETY: the kernel filled `header`, whose control area is still alive; the macros stay within its length, and a
    // control message of this type carries a timespec, read without assuming its alignment.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while let Some(message) = control.as_ref() {
            if message.cmsg_level == libc::SOL_SOCKET && message.cmsg_type == libc::SCM_TIMESTAMPNS {
                let time = ptr::read_unaligned(libc::CMSG_DATA(control).cast::<libc::timespec>());
                return time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
    0
}

/// As many messages to as many addresses, sent by one `sendmmsg`: what a server's send call costs at the least.
#[derive(Debug)]
pub struct Fan {
    bytes: Box<[u8]>,
    each: usize,
    names: Box<[libc::sockaddr_in]>,
    slices: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
    control: Box<[Control]>,
}

// SAFETY: the pointers lead into the boxes beside them, and are written and used within `send` only.
unsafe impl Send for Fan {}

impl Fan {
    /// `each` bytes to each address, as datagrams of `segment` bytes (`UDP_SEGMENT`).
    pub fn new(to: &[SocketAddrV4], each: usize, segment: usize) -> Self {
        let count = to.len();
        // SAFETY: all of these are plain C structures for which zeros are valid.
        let (slice, header, name): (libc::iovec, libc::mmsghdr, libc::sockaddr_in) =
            unsafe { (mem::zeroed(), mem::zeroed(), mem::zeroed()) };
        let name = |to: &SocketAddrV4| libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: to.port().to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from(*to.ip()).to_be() },
            ..name
        };
        let control = if segment < each { vec![segmented(segment as u16)] } else { Vec::new() };
        Self {
            bytes: vec![0; each * count].into(),
            each,
            names: to.iter().map(name).collect(),
            slices: vec![slice; count].into(),
            headers: vec![header; count].into(),
            control: control.into(),
        }
    }

    /// What is sent to each address, one after another.
    pub fn messages(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes.chunks_mut(self.each)
    }

    /// How many messages were taken.
    pub fn send(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        let count = self.headers.len();
        for (i, message) in self.bytes.chunks_mut(self.each).enumerate() {
            self.slices[i] = libc::iovec { iov_base: message.as_mut_ptr().cast(), iov_len: message.len() };
            let header = &mut self.headers[i].msg_hdr;
            header.msg_iov = &raw mut self.slices[i];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut self.names[i]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            if let Some(control) = self.control.first_mut() {
                header.msg_control = control.as_mut_ptr().cast();
                // SAFETY: the macro only counts.
                header.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<u16>() as u32) } as usize;
            }
        }
        // SAFETY: each header points into the boxes of `self`, with their true sizes, and the kernel only reads what they point to.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), self.headers.as_mut_ptr(), count as u32, 0) };
        check(sent).map(|sent| sent as usize)
    }
}

/// The control message that cuts what is sent into datagrams.
fn segmented(segment: u16) -> Control {
    let mut control: Control = [0; 8];
    let message = control.as_mut_ptr().cast::<libc::cmsghdr>();
    // SAFETY: a `Control` is aligned for a cmsghdr and has room for it and two bytes of data.
    unsafe {
        (*message).cmsg_level = libc::SOL_UDP;
        (*message).cmsg_type = libc::UDP_SEGMENT;
        (*message).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as usize;
        ptr::write_unaligned(libc::CMSG_DATA(message).cast::<u16>(), segment);
    }
    control
}

/// The sockets of several peers, UDP or TCP, asked together which of them have something to read.
#[derive(Debug)]
pub struct Poll(Vec<libc::pollfd>);

impl Poll {
    pub fn new<'a, S: AsRawFd + 'a>(sockets: impl Iterator<Item = &'a S>) -> Self {
        let entry = |fd: RawFd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        Self(sockets.map(|s| entry(s.as_raw_fd())).collect())
    }

    /// Waits at most `timeout`, to the nanosecond; gives the indices of the sockets that are readable.
    pub fn readable(&mut self, timeout: Duration) -> impl Iterator<Item = usize> {
        let time = libc::timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
        // SAFETY: the array and its length belong together, and `time` outlives the call.
        let count = unsafe { libc::ppoll(self.0.as_mut_ptr(), self.0.len() as libc::nfds_t, &raw const time, ptr::null()) };
        // After an error or a time-out the entries' answers are not to be read.
        let entries = if count > 0 { self.0.as_slice() } else { &[] };
        entries.iter().enumerate().filter(|(_, e)| e.revents != 0).map(|(i, _)| i)
    }
}

/// The CPUs this thread may run on.
pub fn cpus() -> io::Result<Vec<usize>> {
    // SAFETY: a cpu_set_t is an array of bits for which zeros are valid; the kernel writes at most its size, and CPU_ISSET
    // is asked only for bits that it has.
    unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        check(libc::sched_getaffinity(0, size_of_val(&set), &raw mut set))?;
        Ok((0..libc::CPU_SETSIZE as usize).filter(|&cpu| libc::CPU_ISSET(cpu, &set)).collect())
    }
}

/// Confines this thread, and those it starts from now on, to these CPUs.
pub fn run_on(cpus: &[usize]) -> io::Result<()> {
    // SAFETY: zeros are a valid cpu_set_t, CPU_SET checks its bound, and the size passed is the set's own.
    unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        cpus.iter().for_each(|&cpu| libc::CPU_SET(cpu, &mut set));
        check(libc::sched_setaffinity(0, size_of_val(&set), &raw const set)).map(drop)
    }
}

/// Makes the child end when this thread does, however that happens, and run on these CPUs (none: wherever it likes).
pub fn confine(child: &mut Command, cpus: Vec<usize>) {
    let prepare = move || {
        // SAFETY: prctl with this option reads nothing but its arguments.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })?;
        if cpus.is_empty() { Ok(()) } else { run_on(&cpus) }
    };
    // SAFETY: between fork and exec the closure makes two system calls; it neither allocates nor locks.
    unsafe { child.pre_exec(prepare) };
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_sends_each_address_its_datagrams() {
        let sockets = [udp_socket().unwrap(), udp_socket().unwrap()];
        let to: Vec<SocketAddrV4> = sockets
            .iter()
            .map(|socket| match socket.local_addr().unwrap() {
                SocketAddr::V4(address) => address,
                SocketAddr::V6(address) => panic!("{address}"),
            })
            .collect();
        let mut fan = Fan::new(&to, 6, 3);
        for (i, message) in fan.messages().enumerate() {
            message.copy_from_slice(if i == 0 { b"abcdef" } else { b"uvwxyz" });
        }
        assert_eq!(fan.send(&udp_socket().unwrap()).unwrap(), 2);
        let mut batch = Batch::default();
        for (socket, expected) in sockets.iter().zip([["abc", "def"], ["uvw", "xyz"]]) {
            assert!(Poll::new(std::iter::once(socket)).readable(Duration::from_secs(5)).next().is_some());
            assert_eq!(batch.receive(socket), 2);
            assert!(batch.datagrams().map(|(_, data)| data).eq(expected.map(str::as_bytes)));
        }
    }
}
