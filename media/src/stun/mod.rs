//! STUN messages (RFC 8489), read in place and written into fixed buffers. Nothing here but [`limit`] keeps state.
//!
//! Three callers share it: [`server`] answers anybody who asks for its reflexive address, `ice` answers the connectivity
//! checks of a session, and `turn` its clients. What is not well-formed is `None`.

mod answer;
mod binding;
pub(crate) mod limit;
mod message;
pub(crate) mod server;

pub(crate) use answer::Answer;
pub(crate) use binding::Request;
pub(crate) use message::{Message, TransactionId, Unknown, kind_of, read_xor_address, write_header, write_xor_address};

use aws_lc_rs::hmac;

pub(crate) const HEADER_LEN: usize = 20;
const MAGIC_COOKIE: u32 = 0x2112_a442;
/// The class bits of a message type (RFC 8489 §5); a request has none of them.
const CLASS_SUCCESS: u16 = 0x0100;
const CLASS_ERROR: u16 = 0x0110;

pub(crate) const ATTR_USERNAME: u16 = 0x0006;
const ATTR_MESSAGE_INTEGRITY: u16 = 0x0008;
const ATTR_ERROR_CODE: u16 = 0x0009;
const ATTR_UNKNOWN_ATTRIBUTES: u16 = 0x000a;
pub(crate) const ATTR_REALM: u16 = 0x0014;
pub(crate) const ATTR_NONCE: u16 = 0x0015;
const ATTR_MESSAGE_INTEGRITY_SHA256: u16 = 0x001c;
const ATTR_XOR_MAPPED_ADDRESS: u16 = 0x0020;
const ATTR_PRIORITY: u16 = 0x0024;
const ATTR_USE_CANDIDATE: u16 = 0x0025;
const ATTR_FINGERPRINT: u16 = 0x8028;
const ATTR_ICE_CONTROLLED: u16 = 0x8029;

const INTEGRITY_LEN: usize = 20;
const FINGERPRINT_XOR: u32 = 0x5354_554e;

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
