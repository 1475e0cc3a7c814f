//! RFC 5769 test vectors, and what must stay unanswered.

use super::binding::BINDING_REQUEST;
use super::*;

/// A Binding request with the given attributes (type, value), without integrity.
pub(crate) fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend_from_slice(b"transaction!");
    for (kind, value) in attributes {
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&(value.len() as u16).to_be_bytes());
        message.extend_from_slice(value);
        message.resize(message.len().next_multiple_of(4), 0);
    }
    let len = (message.len() - HEADER_LEN) as u16;
    message[2..4].copy_from_slice(&len.to_be_bytes());
    message
}

/// RFC 5769 §2.1, a request with short-term credentials.
const SAMPLE_REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae\
    80220010 5354554e207465737420636c69656e74 00240004 6e0001ff 80290008 932ff9b151263b36 \
    00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf";
/// RFC 5769 §2.2 and §2.3, the answers over IPv4 and IPv6 (their SOFTWARE included).
const SAMPLE_IPV4: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 \
    00200008 0001a147e112a643 00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96";
const SAMPLE_IPV6: &str = "010100482112a442b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 \
    00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9 00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 \
    80280004 c8fb0b4c";
const SAMPLE_PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")).collect()
}

fn key(password: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password)
}

#[test]
fn sample_request_is_read_and_authentic() {
    let bytes = hex(SAMPLE_REQUEST);
    let request = Request::parse(&bytes).expect("the sample is well-formed");
    assert_eq!(request.username, Some(&b"evtj:h6vY"[..]));
    assert!(request.has_fingerprint() && request.controlled && !request.use_candidate);
    assert!(request.is_authentic(&key(SAMPLE_PASSWORD)));
    assert!(!request.is_authentic(&key(b"another password")));
}

/// RFC 5769 §2.4, a request with long-term credentials.
const SAMPLE_LONG_TERM: &str = "000100602112a442 78ad3433c6ad72c029da412e \
    00060012 e3839ee38388e383aae38383e382afe382b9 0000 \
    0015001c 662f2f3439396b39353464364f4c33346f4c394653547679363473 41 \
    0014000b 6578616d706c652e6f7267 00 00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666";

#[test]
fn sample_request_with_long_term_credentials_is_authentic() {
    let bytes = hex(SAMPLE_LONG_TERM);
    let message = Message::parse(&bytes).expect("the sample is well-formed");
    let attribute = |kind| message.attributes().find(|(known, _)| *known == kind).map(|(_, value)| value);
    let username = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}".as_bytes();
    assert_eq!(attribute(ATTR_USERNAME), Some(username));
    assert_eq!(attribute(ATTR_REALM), Some(&b"example.org"[..]));
    assert_eq!(attribute(ATTR_NONCE), Some(&b"f//499k954d6OL34oL9FSTvy64sA"[..]));
    for (password, is_authentic) in [("TheMatrIX", true), ("TheMatrix", false)] {
        let key = crate::turn::long_term_key(username, "example.org", password);
        assert_eq!(message.is_authentic(&key), is_authentic);
    }
}

#[test]
fn xor_addresses_are_read_as_they_are_written() {
    for address in ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:1"] {
        let address = address.parse().expect("an address");
        let (value, len) = write_xor_address(address, b"transaction!");
        assert_eq!(read_xor_address(&value[..len], b"transaction!"), Some(address));
    }
    for bad in [&[][..], &[0, 1, 0], &[0, 1, 0, 0, 1, 2, 3], &[0, 2, 0, 0, 1, 2, 3, 4], &[0, 3, 0, 0, 1, 2, 3, 4]] {
        assert_eq!(read_xor_address(bad, b"transaction!"), None, "{bad:?}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let good = hex(SAMPLE_REQUEST);
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted = Request::parse(&bytes)
            .is_some_and(|request| request.is_authentic(&key(SAMPLE_PASSWORD)) && request.has_fingerprint());
        assert!(!accepted, "bit {bit} was flipped and nobody noticed");
    }
}

fn check_answer(sample: &str, mapped: &str) {
    let request = hex(SAMPLE_REQUEST);
    let request = Request::parse(&request).expect("the sample is well-formed");
    let mut answer = Answer::success(request.message());
    // The samples pad SOFTWARE with a space where we would write a zero, so it is pushed with its padding and the
    // length is put right: the signature covers the padding.
    answer.push(0x8022, b"test vector ");
    answer.set_byte(HEADER_LEN + 3, 11);
    let answer = answer.with_mapped_address(mapped.parse().expect("an address"));
    let answer = answer.with_integrity(&key(SAMPLE_PASSWORD)).with_fingerprint();
    assert_eq!(answer.as_bytes(), hex(sample));
}

#[test]
fn sample_answers_are_written_byte_for_byte() {
    check_answer(SAMPLE_IPV4, "192.0.2.1:32853");
    check_answer(SAMPLE_IPV6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

#[test]
fn mapped_address_is_shown_as_ipv4() {
    let bytes = request(&[]);
    let request = Request::parse(&bytes).expect("a request");
    let plain = request.success("192.0.2.1:9".parse().expect("an address"));
    let mapped = request.success("[::ffff:192.0.2.1]:9".parse().expect("an address"));
    assert_eq!(plain.as_bytes(), mapped.as_bytes());
}

#[test]
fn unknown_required_attribute_is_named_in_a_420() {
    let bytes = request(&[(0x7ff0, b"abcd"), (0x8001, b"optional")]);
    let request = Request::parse(&bytes).expect("a request");
    assert_eq!(request.unknown_attributes(), [0x7ff0]);
    let answer = request.unknown_attributes_answer();
    assert_eq!(&answer.as_bytes()[..4], [1, 0x11, 0, 16]);
    assert_eq!(&answer.as_bytes()[20..], [0, 9, 0, 4, 0, 0, 4, 20, 0, 10, 0, 2, 0x7f, 0xf0, 0, 0]);
}

#[test]
fn longest_answers_fit() {
    let many: Vec<(u16, &[u8])> = (0..20).map(|n| (0x7f00 + n, &b""[..])).collect();
    let bytes = request(&many);
    let request = Request::parse(&bytes).expect("a request");
    request.unknown_attributes_answer().with_integrity(&key(b"x")).with_fingerprint();
    let mapped = "[2001:db8::1]:9".parse().expect("an address");
    request.success(mapped).with_integrity(&key(b"x")).with_fingerprint();
}

#[test]
fn what_is_no_request_is_not_answered() {
    let good = request(&[(ATTR_USERNAME, b"abc")]);
    assert!(Request::parse(&good).is_some());
    for len in 0..good.len() {
        assert!(Request::parse(&good[..len]).is_none(), "cut to {len} bytes");
    }
    let mut with_tail = good.clone();
    with_tail.extend_from_slice(&[0; 4]);
    let mut response = good.clone();
    response[0] = 1;
    let mut old = good.clone();
    old[4] = 0;
    let mut overlong = good;
    overlong[23] = 200;
    for bad in [with_tail, response, old, overlong] {
        assert!(Request::parse(&bad).is_none(), "{bad:02x?}");
    }
}

#[test]
fn attributes_after_the_integrity_are_ignored() {
    let signed = {
        let bytes = request(&[]);
        let request = Request::parse(&bytes).expect("a request");
        let mut message = Answer::new(BINDING_REQUEST, request.message().transaction_id()).with_integrity(&key(b"x"));
        message.push(ATTR_USE_CANDIDATE, &[]);
        message.as_bytes().to_vec()
    };
    let request = Request::parse(&signed).expect("a request");
    assert!(request.is_authentic(&key(b"x")) && !request.use_candidate);
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = Request::parse(&bytes);
        let mut request = vec![0, 1, 0, bytes.len() as u8, 0x21, 0x12, 0xa4, 0x42];
        request.extend_from_slice(b"transaction!");
        request.extend_from_slice(&bytes);
        if let Some(request) = Request::parse(&request) {
            request.is_authentic(&key(b"x"));
            request.unknown_attributes_answer();
        }
    }
}

/// A connectivity check as a controlling agent sends it.
pub(crate) fn signed_request(username: &str, password: &str, nominate: bool) -> Vec<u8> {
    let bytes = request(&[]);
    let mut message = Answer::new(BINDING_REQUEST, Message::parse(&bytes).expect("a request").transaction_id());
    message.push(ATTR_USERNAME, username.as_bytes());
    if nominate {
        message.push(ATTR_USE_CANDIDATE, &[]);
    }
    message.with_integrity(&key(password.as_bytes())).with_fingerprint().as_bytes().to_vec()
}
