//! What TURN adds to STUN: its methods, its attributes, and ChannelData (RFC 8656 §12, §17, §18).

use std::net::SocketAddr;

use super::peers::Family;
use crate::stun::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME, Message, Unknown, kind_of, read_xor_address};

pub(super) const ATTR_CHANNEL_NUMBER: u16 = 0x000c;
pub(super) const ATTR_LIFETIME: u16 = 0x000d;
pub(super) const ATTR_XOR_PEER_ADDRESS: u16 = 0x0012;
pub(super) const ATTR_DATA: u16 = 0x0013;
pub(super) const ATTR_XOR_RELAYED_ADDRESS: u16 = 0x0016;
const ATTR_REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
const ATTR_EVEN_PORT: u16 = 0x0018;
const ATTR_REQUESTED_TRANSPORT: u16 = 0x0019;
const ATTR_DONT_FRAGMENT: u16 = 0x001a;
const ATTR_RESERVATION_TOKEN: u16 = 0x0022;

/// The message type of a Data indication.
pub(super) const DATA_INDICATION: u16 = 0x0017;
/// REQUESTED-TRANSPORT for UDP.
pub(super) const UDP: u8 = 17;
/// Number and length of ChannelData.
pub(super) const CHANNEL_HEADER: usize = 4;

/// What a TURN client says in a STUN message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Allocate,
    Refresh,
    CreatePermission,
    ChannelBind,
    /// An indication: it is never answered.
    Send,
}

impl Method {
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match kind_of(bytes)? {
            0x0003 => Some(Self::Allocate),
            0x0004 => Some(Self::Refresh),
            0x0008 => Some(Self::CreatePermission),
            0x0009 => Some(Self::ChannelBind),
            0x0016 => Some(Self::Send),
            _ => None,
        }
    }
}

/// The attributes of a request or of a Send indication, read in place. Of those that come twice the first one counts
/// (RFC 8489 §14).
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) message: Message<'a>,
    pub(super) method: Method,
    pub(super) username: Option<&'a [u8]>,
    pub(super) realm: Option<&'a [u8]>,
    pub(super) nonce: Option<&'a [u8]>,
    pub(super) channel: Option<u16>,
    /// In seconds.
    pub(super) lifetime: Option<u32>,
    pub(super) transport: Option<u8>,
    /// The number of a family; there are others than [`Family`] knows.
    pub(super) family: Option<u8>,
    /// An even port is wanted; `true`: and the one above it reserved.
    pub(super) even_port: Option<bool>,
    pub(super) reservation: bool,
    pub(super) peer: Option<SocketAddr>,
    pub(super) data: Option<&'a [u8]>,
    pub(super) unknown: Unknown,
    /// An attribute has another length than its kind has.
    pub(super) malformed: bool,
}

impl<'a> Request<'a> {
    pub(super) fn parse(method: Method, bytes: &'a [u8]) -> Option<Self> {
        let message = Message::parse(bytes)?;
        let mut request = Self {
            message,
            method,
            username: None,
            realm: None,
            nonce: None,
            channel: None,
            lifetime: None,
            transport: None,
            family: None,
            even_port: None,
            reservation: false,
            peer: None,
            data: None,
            unknown: Unknown::default(),
            malformed: false,
        };
        for (kind, value) in message.attributes() {
            request.malformed |= request.read(kind, value).is_none();
        }
        Some(request)
    }

    /// `None` if the attribute is malformed.
    fn read(&mut self, kind: u16, value: &'a [u8]) -> Option<()> {
        match kind {
            ATTR_USERNAME => _ = self.username.get_or_insert(value),
            ATTR_REALM => _ = self.realm.get_or_insert(value),
            ATTR_NONCE => _ = self.nonce.get_or_insert(value),
            ATTR_DATA => _ = self.data.get_or_insert(value),
            ATTR_CHANNEL_NUMBER => _ = self.channel.get_or_insert((read_u32(value)? >> 16) as u16),
            ATTR_LIFETIME => _ = self.lifetime.get_or_insert(read_u32(value)?),
            ATTR_REQUESTED_TRANSPORT => _ = self.transport.get_or_insert((read_u32(value)? >> 24) as u8),
            ATTR_REQUESTED_ADDRESS_FAMILY => _ = self.family.get_or_insert((read_u32(value)? >> 24) as u8),
            ATTR_EVEN_PORT => _ = self.even_port.get_or_insert(value.first()? & 0x80 != 0),
            ATTR_RESERVATION_TOKEN => self.reservation = true,
            ATTR_XOR_PEER_ADDRESS => _ = self.peer.get_or_insert(self.read_address(value)?),
            // Nothing is fragmented on its way through memory.
            ATTR_DONT_FRAGMENT => {}
            other => self.unknown.note(other),
        }
        Some(())
    }

    fn read_address(&self, value: &[u8]) -> Option<SocketAddr> {
        read_xor_address(value, &self.message.transaction_id())
    }

    /// Of CreatePermission, which may name several. That none is malformed is known.
    pub(super) fn peers(&self) -> impl Iterator<Item = SocketAddr> {
        let of_peers = self.message.attributes().filter(|(kind, _)| *kind == ATTR_XOR_PEER_ADDRESS);
        of_peers.filter_map(|(_, value)| self.read_address(value))
    }

    /// `Err` for a family that there is not.
    pub(super) fn family(&self) -> Result<Option<Family>, ()> {
        match self.family {
            None => Ok(None),
            Some(1) => Ok(Some(Family::V4)),
            Some(2) => Ok(Some(Family::V6)),
            Some(_) => Err(()),
        }
    }
}

fn read_u32(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

/// The channels of RFC 8656 §12 are 0x4000 to 0x4fff. Clients of RFC 5766, coturn's tools among them, choose from twice that and
/// more, and no other datagram of ours begins so (RFC 7983 §7): why not let them.
pub(super) fn is_channel_number(number: u16) -> bool {
    (0x4000..=0x7fff).contains(&number)
}

/// The channel and the length of the data that follows. There may be padding after it.
pub(super) fn read_channel_header(bytes: &[u8]) -> Option<(u16, usize)> {
    let [a, b, c, d] = *bytes.first_chunk::<CHANNEL_HEADER>()?;
    let len = usize::from(u16::from_be_bytes([c, d]));
    let is_whole = bytes.len() >= CHANNEL_HEADER + len;
    is_whole.then_some((u16::from_be_bytes([a, b]), len))
}
