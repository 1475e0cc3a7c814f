//! Ancillary data of messages (RFC 3542 §20), written and read by hand: a length, a level and a type, then the data, aligned to a
//! word. The macros of the C library would need `unsafe` for what is a matter of offsets.

use std::mem::size_of;
use std::net::{IpAddr, Ipv6Addr};

use libc::c_int;

/// The ancillary data of one message.
#[derive(Clone, Copy)]
#[repr(align(8))]
pub(super) struct Control {
    bytes: [u8; Control::SIZE],
    len: usize,
}

const CONTROL_HEADER: usize = size_of::<libc::cmsghdr>();

impl Control {
    /// Room for one `in6_pktinfo` and one `u16`, with their headers.
    pub(super) const SIZE: usize = 64;
    pub(super) const EMPTY: Self = Self { bytes: [0; Self::SIZE], len: 0 };

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// What has been pushed.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }

    fn push(&mut self, level: c_int, kind: c_int, data: &[u8]) {
        let len = CONTROL_HEADER + data.len();
        let message = &mut self.bytes[self.len..][..len.next_multiple_of(size_of::<usize>())];
        message[..size_of::<usize>()].copy_from_slice(&len.to_ne_bytes());
        message[CONTROL_HEADER - 8..CONTROL_HEADER - 4].copy_from_slice(&level.to_ne_bytes());
        message[CONTROL_HEADER - 4..CONTROL_HEADER].copy_from_slice(&kind.to_ne_bytes());
        message[CONTROL_HEADER..len].copy_from_slice(data);
        self.len += message.len();
    }

    /// From which of our addresses to send.
    pub(super) fn push_source(&mut self, source: IpAddr, on_ipv6: bool) {
        match source {
            _ if source.is_unspecified() => {}
            IpAddr::V4(ip) if !on_ipv6 => {
                // `in_pktinfo`: interface, the address to send from, and one that only counts when receiving.
                let mut info = [0; 12];
                info[4..8].copy_from_slice(&ip.octets());
                self.push(libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
            }
            IpAddr::V4(ip) => self.push_source_ipv6(ip.to_ipv6_mapped()),
            IpAddr::V6(ip) => self.push_source_ipv6(ip),
        }
    }

    fn push_source_ipv6(&mut self, ip: Ipv6Addr) {
        let mut info = [0; 20];
        info[..16].copy_from_slice(&ip.octets());
        self.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
    }

    pub(super) fn push_segment(&mut self, segment: u16) {
        self.push(libc::SOL_UDP, libc::UDP_SEGMENT, &segment.to_ne_bytes());
    }

    /// What the kernel says of a received message, in its first `len` bytes.
    pub(super) fn read(&self, len: usize) -> Received {
        let mut received = Received::default();
        let mut rest = self.bytes.get(..len).unwrap_or_default();
        while let Some((level, kind, data, next)) = split_control(rest) {
            match (level, kind) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let ip = data.get(8..).and_then(|ip| ip.first_chunk::<4>());
                    received.destination = ip.map(|ip| IpAddr::from(*ip));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    received.destination = data.first_chunk::<16>().map(|ip| IpAddr::from(*ip).to_canonical());
                }
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    let segment = data.first_chunk().map(|segment| c_int::from_ne_bytes(*segment));
                    received.segment = segment.and_then(|segment| usize::try_from(segment).ok());
                }
                _ => {}
            }
            rest = next;
        }
        received
    }
}

/// What came with a message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Received {
    /// The address of ours that it was sent to.
    pub(super) destination: Option<IpAddr>,
    /// The length of its datagrams, if there are several; the last may be shorter.
    pub(super) segment: Option<usize>,
}

/// Level, type and data of the first entry, and what follows it.
fn split_control(bytes: &[u8]) -> Option<(c_int, c_int, &[u8], &[u8])> {
    let len = usize::from_ne_bytes(*bytes.first_chunk()?);
    let data = bytes.get(CONTROL_HEADER..len)?;
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().map(c_int::from_ne_bytes).ok();
    let next = bytes.get(len.next_multiple_of(size_of::<usize>())..).unwrap_or_default();
    Some((word(CONTROL_HEADER - 8)?, word(CONTROL_HEADER - 4)?, data, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (source, on_ipv6) in [("2001:db8::1", true), ("192.0.2.1", true)] {
            let mut control = Control::EMPTY;
            control.push_source(source.parse().unwrap(), on_ipv6);
            assert_eq!(control.read(control.len()).destination, Some(source.parse().unwrap()));
        }
    }

    #[test]
    fn cut_or_odd_data_says_nothing() {
        let mut control = Control::EMPTY;
        control.push_source("2001:db8::1".parse().unwrap(), true);
        for len in 0..control.len() - 4 {
            assert!(control.read(len).destination.is_none(), "{len} bytes");
        }
        control.bytes = [0xff; Control::SIZE];
        assert!(control.read(Control::SIZE).destination.is_none());
        control.bytes = [0; Control::SIZE];
        assert!(control.read(Control::SIZE + 1).destination.is_none());
    }
}
