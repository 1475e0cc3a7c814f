//! STUN: what strangers are answered, and what a session's checks are.

use std::net::SocketAddr;

use aws_lc_rs::hmac;

use super::bytes::Bytes;
use crate::control::Protocol;
use crate::datagram::Route;
use crate::ice::IceLite;
use crate::stun::{Message, Request, server::StunServer};
use crate::testing::begin;

const BINDING: u16 = 0x0001;
const USERNAME: u16 = 0x0006;
const INTEGRITY: u16 = 0x0008;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;

pub fn stun(data: &[u8]) {
    let mut script = Bytes::new(data);
    let (what, address) = (script.u8(), script.u8());
    let remote: SocketAddr =
        if address.is_multiple_of(2) { ([192, 0, 2, address], 9).into() } else { ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 9).into() };
    let route = Route { local: ([192, 0, 2, 1], 443).into(), remote, protocol: Protocol::Udp };
    let ice = IceLite::new(begin(), 0, "them").expect("there is randomness");
    let message = match what % 4 {
        0 => script.rest().to_vec(),
        1 => message(script.u16(), script.rest()),
        2 => sealed(message(BINDING, script.rest()), None),
        _ => {
            let username = [&ice.ufrag(), &b":them"[..]].concat();
            let mut bytes = message(BINDING, script.rest());
            push(&mut bytes, USERNAME, &username);
            push(&mut bytes, USE_CANDIDATE, &[]);
            sealed(bytes, Some(ice.password().as_bytes()))
        }
    };
    if let Some(read) = Message::parse(&message) {
        assert!(read.attributes().count() <= message.len() / 4);
    }
    if let Some(request) = Request::parse(&message) {
        stranger(&request, &message, remote);
        check(ice, &request, route, what % 4 == 3);
    }
}

fn stranger(request: &Request<'_>, message: &[u8], remote: SocketAddr) {
    let now = begin();
    let answer = StunServer::new(now).answer(now, request, remote).expect("the first one is answered");
    let answer = answer.as_bytes();
    assert!(answer.len() <= message.len() * 23 / 10, "{} bytes for {}", answer.len(), message.len());
    let read = Message::parse(answer).expect("an answer is STUN");
    assert!(read.kind() & 0x0110 != 0 && !read.has_integrity());
    assert_eq!(read.transaction_id()[..], message[8..20]);
}

/// Only who knows the password is answered.
fn check(mut ice: IceLite, request: &Request<'_>, route: Route, is_signed: bool) {
    let Some(checked) = ice.handle_check(begin(), request, route) else { return };
    assert!(is_signed, "a check without the password was answered");
    assert_eq!(checked.authenticated, request.unknown_attributes().is_empty() && !request.controlled);
    assert_eq!(checked.moved, checked.authenticated && request.use_candidate && ice.nominated() == Some(route));
    Message::parse(checked.answer.as_bytes()).expect("an answer is STUN");
}

/// A message with these attributes, as they are.
pub(super) fn message(kind: u16, attributes: &[u8]) -> Vec<u8> {
    let attributes = &attributes[..attributes.len().min(60_000) / 4 * 4];
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend((attributes.len() as u16).to_be_bytes());
    bytes.extend(b"\x21\x12\xa4\x42transaction!");
    bytes.extend_from_slice(attributes);
    bytes
}

pub(super) fn push(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend(kind.to_be_bytes());
    bytes.extend((value.len() as u16).to_be_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    set_length(bytes, 0);
}

fn set_length(bytes: &mut [u8], more: usize) {
    let len = (bytes.len() - 20 + more) as u16;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
}

/// With integrity, if there is a password, and a fingerprint.
pub(super) fn sealed(mut bytes: Vec<u8>, password: Option<&[u8]>) -> Vec<u8> {
    if let Some(password) = password {
        set_length(&mut bytes, 24);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password), &bytes);
        push(&mut bytes, INTEGRITY, tag.as_ref());
    }
    set_length(&mut bytes, 8);
    let crc = crc32(&bytes) ^ 0x5354_554e;
    push(&mut bytes, FINGERPRINT, &crc.to_be_bytes());
    bytes
}

/// Bit by bit, which is not how the server does it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
        }
    }
    !crc
}
