//! Writes one answer into a fixed buffer. An answer says no more than it must: no reason phrases, no SOFTWARE.

use std::net::SocketAddr;

use aws_lc_rs::hmac;

use super::message::MAX_UNKNOWN;
use super::{
    ATTR_ERROR_CODE, ATTR_FINGERPRINT, ATTR_MESSAGE_INTEGRITY, ATTR_UNKNOWN_ATTRIBUTES, ATTR_XOR_MAPPED_ADDRESS, CLASS_ERROR,
    CLASS_SUCCESS, FINGERPRINT_XOR, HEADER_LEN, Message, TransactionId, Unknown, crc32, integrity_of, write_header,
    write_xor_address,
};

/// The longest message written here: an error with every attribute, or the success of an Allocate over IPv6 with integrity.
const MAX_ANSWER_LEN: usize = 128;

/// An answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    buf: [u8; MAX_ANSWER_LEN],
    len: usize,
}

impl Answer {
    pub(crate) fn success(request: &Message<'_>) -> Self {
        Self::new(request.kind() | CLASS_SUCCESS, request.transaction_id())
    }

    /// An error of three digits (RFC 8489 §14.8), its reason left empty.
    pub(crate) fn error(request: &Message<'_>, code: u16) -> Self {
        let mut answer = Self::new(request.kind() | CLASS_ERROR, request.transaction_id());
        answer.push(ATTR_ERROR_CODE, &[0, 0, (code / 100) as u8, (code % 100) as u8]);
        answer
    }

    /// 420, with the names of what is not known (RFC 8489 §6.3.1).
    pub(crate) fn unknown_attributes(request: &Message<'_>, unknown: &Unknown) -> Self {
        let mut answer = Self::error(request, 420);
        let mut names = [0; 2 * MAX_UNKNOWN];
        for (slot, name) in names.chunks_exact_mut(2).zip(unknown.names()) {
            slot.copy_from_slice(&name.to_be_bytes());
        }
        answer.push(ATTR_UNKNOWN_ATTRIBUTES, &names[..2 * unknown.names().len()]);
        answer
    }

    pub(super) fn new(kind: u16, transaction: TransactionId) -> Self {
        let mut answer = Self { buf: [0; MAX_ANSWER_LEN], len: HEADER_LEN };
        write_header(&mut answer.buf[..HEADER_LEN], kind, &transaction);
        answer
    }

    pub(crate) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.push(kind, value);
        self
    }

    /// "This is where you come from."
    pub(crate) fn with_mapped_address(self, mapped: SocketAddr) -> Self {
        self.with_xor_address(ATTR_XOR_MAPPED_ADDRESS, mapped)
    }

    pub(crate) fn with_xor_address(self, kind: u16, address: SocketAddr) -> Self {
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&self.buf[8..HEADER_LEN]);
        let (value, len) = write_xor_address(address, &transaction);
        self.with(kind, &value[..len])
    }

    /// Signs what is there so far (RFC 8489 §14.5).
    pub(crate) fn with_integrity(self, key: &hmac::Key) -> Self {
        let tag = integrity_of(key, &self.buf[..self.len]);
        self.with(ATTR_MESSAGE_INTEGRITY, tag.as_ref())
    }

    /// Seals the answer with a FINGERPRINT, which must be the last attribute (RFC 8489 §14.7).
    pub(crate) fn with_fingerprint(mut self) -> Self {
        let len = (self.len - HEADER_LEN + 8) as u16;
        self.buf[2..4].copy_from_slice(&len.to_be_bytes());
        let crc = crc32(&self.buf[..self.len]) ^ FINGERPRINT_XOR;
        self.with(ATTR_FINGERPRINT, &crc.to_be_bytes())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    pub(super) fn push(&mut self, kind: u16, value: &[u8]) {
        let at = self.len;
        self.buf[at..at + 2].copy_from_slice(&kind.to_be_bytes());
        self.buf[at + 2..at + 4].copy_from_slice(&(value.len() as u16).to_be_bytes());
        self.buf[at + 4..at + 4 + value.len()].copy_from_slice(value);
        self.len = at + 4 + value.len().next_multiple_of(4);
        let body = (self.len - HEADER_LEN) as u16;
        self.buf[2..4].copy_from_slice(&body.to_be_bytes());
    }

    #[cfg(test)]
    pub(super) fn set_byte(&mut self, at: usize, byte: u8) {
        self.buf[at] = byte;
    }
}
