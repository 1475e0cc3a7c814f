//! Reads any STUN message: its frame, its integrity, its fingerprint, and one attribute after another.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

use super::{
    ATTR_FINGERPRINT, ATTR_MESSAGE_INTEGRITY, FINGERPRINT_XOR, HEADER_LEN, INTEGRITY_LEN, MAGIC_COOKIE, crc32, integrity_of,
};

pub(crate) type TransactionId = [u8; 12];

/// Attributes below this value must be understood (RFC 8489 §14).
const COMPREHENSION_OPTIONAL: u16 = 0x8000;
/// How many unknown attributes an error answer names; a request with more is answered with the first ones.
pub(super) const MAX_UNKNOWN: usize = 8;

/// The message type (class and method) of what may be a STUN message.
pub(crate) fn kind_of(bytes: &[u8]) -> Option<u16> {
    be16(bytes, 0)
}

/// Begins `message`, which is as long as it will be.
pub(crate) fn write_header(message: &mut [u8], kind: u16, transaction: &TransactionId) {
    let body = (message.len() - HEADER_LEN) as u16;
    message[..2].copy_from_slice(&kind.to_be_bytes());
    message[2..4].copy_from_slice(&body.to_be_bytes());
    message[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    message[8..HEADER_LEN].copy_from_slice(transaction);
}

/// A STUN message whose frame is whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    bytes: &'a [u8],
    /// Where the attributes end that the integrity, if there is one, covers.
    end: usize,
    integrity_at: Option<usize>,
    has_fingerprint: bool,
}

impl<'a> Message<'a> {
    /// `None` for a length that does not fit, a wrong cookie (so RFC 3489 clients get no answer), a wrong fingerprint.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.get(..HEADER_LEN)?;
        let body_len = usize::from(be16(header, 2)?);
        // The two highest bits of each STUN message are zero.
        if header[0] > 3 || be32(header, 4)? != MAGIC_COOKIE || body_len % 4 != 0 || bytes.len() != HEADER_LEN + body_len {
            return None;
        }
        let mut message = Self { bytes, end: bytes.len(), integrity_at: None, has_fingerprint: false };
        let mut at = HEADER_LEN;
        while at < bytes.len() {
            let (kind, value) = attribute_at(bytes, at)?;
            message.check_attribute(kind, value, at)?;
            at += 4 + value.len().next_multiple_of(4);
        }
        Some(message)
    }

    /// Nothing comes after the fingerprint; after the integrity only the fingerprint counts (RFC 8489 §14.5, §14.7).
    fn check_attribute(&mut self, kind: u16, value: &[u8], at: usize) -> Option<()> {
        if self.has_fingerprint {
            return None;
        }
        match kind {
            ATTR_FINGERPRINT => {
                let expected = crc32(self.bytes.get(..at)?) ^ FINGERPRINT_XOR;
                if be32(value, 0)? != expected || value.len() != 4 {
                    return None;
                }
                self.has_fingerprint = true;
                self.end = self.end.min(at);
            }
            ATTR_MESSAGE_INTEGRITY if self.integrity_at.is_none() => {
                if value.len() != INTEGRITY_LEN {
                    return None;
                }
                self.integrity_at = Some(at);
                self.end = at;
            }
            _ => {}
        }
        Some(())
    }

    pub(crate) fn kind(&self) -> u16 {
        u16::from_be_bytes([self.bytes[0], self.bytes[1]])
    }

    pub(crate) fn transaction_id(&self) -> TransactionId {
        let mut id = [0; 12];
        id.copy_from_slice(&self.bytes[8..HEADER_LEN]);
        id
    }

    pub(crate) fn has_fingerprint(&self) -> bool {
        self.has_fingerprint
    }

    pub(crate) fn has_integrity(&self) -> bool {
        self.integrity_at.is_some()
    }

    /// Type and value of each attribute before the integrity and the fingerprint.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let (bytes, end) = (self.bytes, self.end);
        let mut at = HEADER_LEN;
        std::iter::from_fn(move || {
            let (kind, value) = if at < end { attribute_at(bytes, at)? } else { return None };
            at += 4 + value.len().next_multiple_of(4);
            Some((kind, value))
        })
    }

    /// Whether the message carries a MESSAGE-INTEGRITY made with `key`. The comparison takes the same time
    /// wherever the first difference is.
    pub(crate) fn is_authentic(&self, key: &hmac::Key) -> bool {
        let Some(at) = self.integrity_at else { return false };
        let Some(tag) = self.bytes.get(at + 4..at + 4 + INTEGRITY_LEN) else { return false };
        verify_slices_are_equal(integrity_of(key, &self.bytes[..at]).as_ref(), tag).is_ok()
    }
}

fn attribute_at(bytes: &[u8], at: usize) -> Option<(u16, &[u8])> {
    let len = usize::from(be16(bytes, at + 2)?);
    Some((be16(bytes, at)?, bytes.get(at + 4..at + 4 + len)?))
}

/// Attributes that must be understood and are not; the answer to them is [`super::Answer::unknown_attributes`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unknown {
    names: [u16; MAX_UNKNOWN],
    len: usize,
}

impl Unknown {
    /// Notes an attribute that nobody here knows, if it must be understood.
    pub(crate) fn note(&mut self, kind: u16) {
        if kind < COMPREHENSION_OPTIONAL && self.len < MAX_UNKNOWN {
            self.names[self.len] = kind;
            self.len += 1;
        }
    }

    pub(crate) fn names(&self) -> &[u16] {
        &self.names[..self.len]
    }
}

/// An address as XOR-MAPPED-ADDRESS and its like carry it (RFC 8489 §14.2): the value, and how much of it counts.
pub(crate) fn write_xor_address(address: SocketAddr, transaction: &TransactionId) -> ([u8; 20], usize) {
    let mask = mask_of(transaction);
    let mut value = [0; 20];
    let port = address.port() ^ (MAGIC_COOKIE >> 16) as u16;
    value[2..4].copy_from_slice(&port.to_be_bytes());
    let (family, octets, len) = match address.ip().to_canonical() {
        IpAddr::V4(ip) => (1, ip.to_ipv6_mapped().octets(), 4),
        IpAddr::V6(ip) => (2, ip.octets(), 16),
    };
    value[1] = family;
    for (slot, (octet, mask)) in value[4..].iter_mut().zip(octets[16 - len..].iter().zip(mask)) {
        *slot = octet ^ mask;
    }
    (value, 4 + len)
}

/// What [`write_xor_address`] writes, read.
pub(crate) fn read_xor_address(value: &[u8], transaction: &TransactionId) -> Option<SocketAddr> {
    let mask = mask_of(transaction);
    let port = be16(value, 2)? ^ (MAGIC_COOKIE >> 16) as u16;
    let octets = value.get(4..)?;
    let ip = match (value[1], octets.len()) {
        (1, 4) => Ipv4Addr::from(std::array::from_fn(|at| octets[at] ^ mask[at])).into(),
        (2, 16) => IpAddr::from(Ipv6Addr::from(std::array::from_fn::<u8, 16, _>(|at| octets[at] ^ mask[at]))),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn mask_of(transaction: &TransactionId) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(transaction);
    mask
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
