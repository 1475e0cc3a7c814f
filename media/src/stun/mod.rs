//! STUN Binding messages (RFC 8489): reading requests, writing answers. Nothing here keeps state.
//!
//! Two callers share it: [`server`] answers anybody who asks for its reflexive address, and `ice` answers
//! the connectivity checks of a session. Both need exactly one method (Binding) and a handful of attributes,
//! so messages are read in place, without an allocation, and what is not a well-formed request is `None`.

pub(crate) mod server;

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

const HEADER_LEN: usize = 20;
const MAGIC_COOKIE: u32 = 0x2112_a442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const ATTR_USERNAME: u16 = 0x0006;
const ATTR_MESSAGE_INTEGRITY: u16 = 0x0008;
const ATTR_ERROR_CODE: u16 = 0x0009;
const ATTR_UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const ATTR_MESSAGE_INTEGRITY_SHA256: u16 = 0x001c;
const ATTR_XOR_MAPPED_ADDRESS: u16 = 0x0020;
const ATTR_PRIORITY: u16 = 0x0024;
const ATTR_USE_CANDIDATE: u16 = 0x0025;
const ATTR_FINGERPRINT: u16 = 0x8028;
const ATTR_ICE_CONTROLLED: u16 = 0x8029;

const INTEGRITY_LEN: usize = 20;
const FINGERPRINT_XOR: u32 = 0x5354_554e;
/// Attributes below this value must be understood (RFC 8489 §14).
const COMPREHENSION_OPTIONAL: u16 = 0x8000;
/// How many unknown attributes an error answer names; a request with more is answered with the first ones.
const MAX_UNKNOWN: usize = 8;

/// The longest message written here: an error with every attribute, or a success over IPv6 with integrity.
pub(crate) const MAX_ANSWER_LEN: usize = 128;

/// A Binding request, read in place.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    message: &'a [u8],
    pub(crate) username: Option<&'a [u8]>,
    pub(crate) use_candidate: bool,
    /// The sender believes that it is the controlled agent (RFC 8445 §7.1.3).
    pub(crate) controlled: bool,
    pub(crate) has_fingerprint: bool,
    integrity_at: Option<usize>,
    unknown: [u16; MAX_UNKNOWN],
    unknown_len: usize,
}

impl<'a> Request<'a> {
    /// Reads a Binding request. Anything else is `None`: another class or method, a length that does not
    /// fit, a wrong cookie (so RFC 3489 clients get no answer), a wrong fingerprint.
    pub(crate) fn parse(message: &'a [u8]) -> Option<Self> {
        let header = message.get(..HEADER_LEN)?;
        let body_len = usize::from(be16(header, 2)?);
        let right_kind = be16(header, 0)? == BINDING_REQUEST && be32(header, 4)? == MAGIC_COOKIE;
        if !right_kind || body_len % 4 != 0 || message.len() != HEADER_LEN + body_len {
            return None;
        }
        let mut request = Request {
            message,
            username: None,
            use_candidate: false,
            controlled: false,
            has_fingerprint: false,
            integrity_at: None,
            unknown: [0; MAX_UNKNOWN],
            unknown_len: 0,
        };
        request.read_attributes()?;
        Some(request)
    }

    fn read_attributes(&mut self) -> Option<()> {
        let mut at = HEADER_LEN;
        while at < self.message.len() {
            let kind = be16(self.message, at)?;
            let len = usize::from(be16(self.message, at + 2)?);
            let value = self.message.get(at + 4..at + 4 + len)?;
            self.read_attribute(kind, value, at)?;
            at += 4 + len.next_multiple_of(4);
        }
        Some(())
    }

    fn read_attribute(&mut self, kind: u16, value: &'a [u8], at: usize) -> Option<()> {
        // Nothing after the fingerprint; after the integrity only the fingerprint counts (RFC 8489 §14.5, §14.7).
        if self.has_fingerprint {
            return None;
        }
        if self.integrity_at.is_some() && kind != ATTR_FINGERPRINT {
            return Some(());
        }
        match kind {
            ATTR_USERNAME => self.username = Some(value),
            ATTR_MESSAGE_INTEGRITY if value.len() == INTEGRITY_LEN => self.integrity_at = Some(at),
            ATTR_MESSAGE_INTEGRITY => return None,
            ATTR_USE_CANDIDATE => self.use_candidate = true,
            ATTR_ICE_CONTROLLED => self.controlled = true,
            ATTR_FINGERPRINT => {
                let expected = crc32(self.message.get(..at)?) ^ FINGERPRINT_XOR;
                if be32(value, 0)? != expected || value.len() != 4 {
                    return None;
                }
                self.has_fingerprint = true;
            }
            ATTR_PRIORITY | ATTR_MESSAGE_INTEGRITY_SHA256 => {}
            unknown if unknown < COMPREHENSION_OPTIONAL && self.unknown_len < MAX_UNKNOWN => {
                self.unknown[self.unknown_len] = unknown;
                self.unknown_len += 1;
            }
            _ => {}
        }
        Some(())
    }

    /// Attributes that must be understood and are not: the answer is then [`unknown_attributes`].
    pub(crate) fn unknown_attributes(&self) -> &[u16] {
        &self.unknown[..self.unknown_len]
    }

    /// Whether the message carries a MESSAGE-INTEGRITY made with `key`. The comparison takes the same time
    /// wherever the first difference is.
    pub(crate) fn is_authentic(&self, key: &hmac::Key) -> bool {
        let Some(at) = self.integrity_at else { return false };
        let Some(tag) = self.message.get(at + 4..at + 4 + INTEGRITY_LEN) else { return false };
        verify_slices_are_equal(integrity_of(key, &self.message[..at]).as_ref(), tag).is_ok()
    }

    fn transaction_id(&self) -> [u8; 12] {
        let mut id = [0; 12];
        id.copy_from_slice(&self.message[8..HEADER_LEN]);
        id
    }
}

/// MESSAGE-INTEGRITY covers everything before it, with the length field as if it were the last attribute
/// (RFC 8489 §14.5).
fn integrity_of(key: &hmac::Key, before: &[u8]) -> hmac::Tag {
    let len = (before.len() - HEADER_LEN + 4 + INTEGRITY_LEN) as u16;
    let mut context = hmac::Context::with_key(key);
    context.update(&before[..2]);
    context.update(&len.to_be_bytes());
    context.update(&before[4..]);
    context.sign()
}

/// Writes one answer into a fixed buffer.
#[derive(Debug)]
pub(crate) struct Answer {
    buf: [u8; MAX_ANSWER_LEN],
    len: usize,
}

impl Answer {
    /// "This is where you come from."
    pub(crate) fn success(request: &Request<'_>, mapped: SocketAddr) -> Self {
        let mut answer = Self::new(BINDING_SUCCESS, request);
        answer.push_xor_mapped_address(mapped, request);
        answer
    }

    /// 420: the request demands something that this server does not know (RFC 8489 §6.3.1).
    pub(crate) fn unknown_attributes(request: &Request<'_>) -> Self {
        let mut answer = Self::error(request, 4, 20);
        let mut names = [0; 2 * MAX_UNKNOWN];
        for (slot, name) in names.chunks_exact_mut(2).zip(request.unknown_attributes()) {
            slot.copy_from_slice(&name.to_be_bytes());
        }
        answer.push(ATTR_UNKNOWN_ATTRIBUTES, &names[..2 * request.unknown_attributes().len()]);
        answer
    }

    /// 487: both ends think that the other one nominates; this end never does (RFC 8445 §7.3.1.1).
    pub(crate) fn role_conflict(request: &Request<'_>) -> Self {
        Self::error(request, 4, 87)
    }

    fn error(request: &Request<'_>, class: u8, number: u8) -> Self {
        let mut answer = Self::new(BINDING_ERROR, request);
        answer.push(ATTR_ERROR_CODE, &[0, 0, class, number]);
        answer
    }

    fn new(kind: u16, request: &Request<'_>) -> Self {
        let mut answer = Self { buf: [0; MAX_ANSWER_LEN], len: HEADER_LEN };
        answer.buf[..2].copy_from_slice(&kind.to_be_bytes());
        answer.buf[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        answer.buf[8..HEADER_LEN].copy_from_slice(&request.transaction_id());
        answer
    }

    /// Signs what is there so far (RFC 8489 §14.5).
    pub(crate) fn with_integrity(mut self, key: &hmac::Key) -> Self {
        let tag = integrity_of(key, &self.buf[..self.len]);
        self.push(ATTR_MESSAGE_INTEGRITY, tag.as_ref());
        self
    }

    /// Seals the answer with a FINGERPRINT, which must be the last attribute (RFC 8489 §14.7).
    pub(crate) fn with_fingerprint(mut self) -> Self {
        let len = (self.len - HEADER_LEN + 8) as u16;
        self.buf[2..4].copy_from_slice(&len.to_be_bytes());
        let crc = crc32(&self.buf[..self.len]) ^ FINGERPRINT_XOR;
        self.push(ATTR_FINGERPRINT, &crc.to_be_bytes());
        self
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    fn push_xor_mapped_address(&mut self, mapped: SocketAddr, request: &Request<'_>) {
        let mut mask = [0; 16];
        mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        mask[4..].copy_from_slice(&request.transaction_id());
        let mut value = [0; 20];
        let port = mapped.port() ^ (MAGIC_COOKIE >> 16) as u16;
        value[2..4].copy_from_slice(&port.to_be_bytes());
        let (family, octets, len) = match mapped.ip().to_canonical() {
            IpAddr::V4(ip) => (1, ip.to_ipv6_mapped().octets(), 4),
            IpAddr::V6(ip) => (2, ip.octets(), 16),
        };
        value[1] = family;
        for (slot, (octet, mask)) in value[4..].iter_mut().zip(octets[16 - len..].iter().zip(mask)) {
            *slot = octet ^ mask;
        }
        self.push(ATTR_XOR_MAPPED_ADDRESS, &value[..4 + len]);
    }

    fn push(&mut self, kind: u16, value: &[u8]) {
        let at = self.len;
        self.buf[at..at + 2].copy_from_slice(&kind.to_be_bytes());
        self.buf[at + 2..at + 4].copy_from_slice(&(value.len() as u16).to_be_bytes());
        self.buf[at + 4..at + 4 + value.len()].copy_from_slice(value);
        self.len = at + 4 + value.len().next_multiple_of(4);
        let body = (self.len - HEADER_LEN) as u16;
        self.buf[2..4].copy_from_slice(&body.to_be_bytes());
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// CRC-32 as in ISO 3309 / ITU-T V.42, which FINGERPRINT is made of.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = crc32_table();
    !bytes.iter().fold(!0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8))
}

const fn crc32_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
pub(crate) mod tests;
