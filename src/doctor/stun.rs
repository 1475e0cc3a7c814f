//! The client's side of STUN (RFC 8489) and of a first TURN request (RFC 8656): what a probe asks, and what it makes of the answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of a header, without which there is no message.
pub const HEADER: usize = 20;
/// Answers to these questions are short; more is no answer to them.
pub const LONGEST: usize = 1_024;

const COOKIE: u32 = 0x2112_a442;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const ERROR_CODE: u16 = 0x0009;
/// For UDP: type, length, protocol 17, three reserved bytes.
const REQUESTED_TRANSPORT: [u8; 8] = [0x00, 0x19, 0x00, 0x04, 17, 0, 0, 0];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// "Where do I come from?"
    Binding,
    /// "Relay for me", without credentials: a TURN server says 401 to that.
    Allocate,
}

/// What a server says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Mapped(SocketAddr),
    Error(u16),
    /// A success that names no address.
    Other,
}

/// A request that is on its way.
#[derive(Clone, Debug)]
pub struct Request {
    bytes: Vec<u8>,
    method: u16,
    id: [u8; 12],
}

impl Request {
    /// With a transaction id that nobody guesses.
    pub fn new(question: Question) -> Result<Self, getrandom::Error> {
        let mut id = [0; 12];
        getrandom::fill(&mut id)?;
        Ok(Self::with_id(question, id))
    }

    fn with_id(question: Question, id: [u8; 12]) -> Self {
        let (method, attributes): (u16, &[u8]) = match question {
            Question::Binding => (0x0001, &[]),
            Question::Allocate => (0x0003, &REQUESTED_TRANSPORT),
        };
        let length = u16::try_from(attributes.len()).expect("0 or 8");
        let head = [method.to_be_bytes(), length.to_be_bytes()].concat();
        Self { bytes: [&head[..], &COOKIE.to_be_bytes(), &id, attributes].concat(), method, id }
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What a message says to this request; `None` if it is no answer to it.
    #[must_use]
    pub fn read(&self, message: &[u8]) -> Option<Answer> {
        let kind = be16(message, 0)?;
        let fits = message.len() == whole_length(message.get(..HEADER)?.try_into().ok()?)?;
        if !fits || message[8..HEADER] != self.id {
            return None;
        }
        if kind == self.method | 0x0110 {
            return self.attribute(message, ERROR_CODE).and_then(error_code).map(Answer::Error);
        }
        (kind == self.method | 0x0100).then(|| {
            let mapped = self.attribute(message, XOR_MAPPED_ADDRESS).and_then(|value| self.address(value));
            mapped.map_or(Answer::Other, Answer::Mapped)
        })
    }

    fn attribute<'a>(&self, message: &'a [u8], wanted: u16) -> Option<&'a [u8]> {
        let mut rest = message.get(HEADER..)?;
        loop {
            let (kind, length) = (be16(rest, 0)?, usize::from(be16(rest, 2)?));
            let value = rest.get(4..4 + length)?;
            if kind == wanted {
                return Some(value);
            }
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
    }

    /// RFC 8489 §14.2: hidden from middleboxes that rewrite addresses.
    fn address(&self, value: &[u8]) -> Option<SocketAddr> {
        let port = be16(value, 2)? ^ (COOKIE >> 16) as u16;
        let ip: IpAddr = match (value.get(1)?, value.get(4..)?) {
            (1, bytes) => Ipv4Addr::from_bits(u32::from_be_bytes(bytes.try_into().ok()?) ^ COOKIE).into(),
            (2, bytes) => {
                let key = [&COOKIE.to_be_bytes()[..], &self.id].concat();
                let key = u128::from_be_bytes(key.try_into().ok()?);
                Ipv6Addr::from_bits(u128::from_be_bytes(bytes.try_into().ok()?) ^ key).into()
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }
}

/// How long the message is that begins so; `None` if no STUN message begins so.
#[must_use]
pub fn whole_length(header: &[u8; HEADER]) -> Option<usize> {
    let length = HEADER + usize::from(be16(header, 2)?);
    let is_stun = header[0] < 4 && header[4..8] == COOKIE.to_be_bytes();
    (is_stun && length.is_multiple_of(4) && length <= LONGEST).then_some(length)
}

/// RFC 8489 §14.8.
fn error_code(value: &[u8]) -> Option<u16> {
    Some(u16::from(value.get(2)? & 7) * 100 + u16::from(*value.get(3)?))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 §2.2 and §2.3: the answers of the test vectors, without what comes after their address.
    const ID: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
    const IPV4: &str = "0101000c2112a442b7e7a701bc34d686fa87dfae002000080001a147e112a643";
    const IPV6: &str = "010100182112a442b7e7a701bc34d686fa87dfae002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
    }

    #[test]
    fn answers_name_the_address_that_was_seen() {
        let request = Request::with_id(Question::Binding, ID);
        assert_eq!(request.read(&bytes(IPV4)), Some(Answer::Mapped("192.0.2.1:32853".parse().expect("v4"))));
        let v6 = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().expect("v6");
        assert_eq!(request.read(&bytes(IPV6)), Some(Answer::Mapped(v6)));
    }

    #[test]
    fn a_turn_server_asks_for_credentials() {
        let request = Request::with_id(Question::Allocate, ID);
        assert_eq!(request.bytes().len(), 28);
        let refusal = "011300082112a442b7e7a701bc34d686fa87dfae0009000400000401";
        assert_eq!(request.read(&bytes(refusal)), Some(Answer::Error(401)));
        assert_eq!(Request::with_id(Question::Binding, ID).read(&bytes(refusal)), None, "another method");
    }

    #[test]
    fn noise_is_no_answer() {
        let request = Request::with_id(Question::Binding, ID);
        let whole = bytes(IPV4);
        for length in 0..whole.len() {
            assert_eq!(request.read(&whole[..length]), None, "{length} bytes");
        }
        for at in [4, 8, 19] {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert_eq!(request.read(&other), None, "byte {at}");
        }
        let mut foreign = whole;
        foreign[23] = 200;
        assert_eq!(request.read(&foreign), Some(Answer::Other), "an attribute longer than the message");
        assert_eq!(request.read(request.bytes()), None, "our own question");
        assert_eq!(request.read(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None);
    }
}
