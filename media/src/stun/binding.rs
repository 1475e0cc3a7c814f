//! Binding requests: of anybody who asks for its reflexive address, and the connectivity checks of ICE (RFC 8445 §7).

use std::net::SocketAddr;

use aws_lc_rs::hmac;

use super::{
    ATTR_ICE_CONTROLLED, ATTR_MESSAGE_INTEGRITY_SHA256, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, Answer, Message,
    Unknown,
};

pub(super) const BINDING_REQUEST: u16 = 0x0001;

/// A Binding request, read in place.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    message: Message<'a>,
    pub(crate) username: Option<&'a [u8]>,
    pub(crate) use_candidate: bool,
    /// The sender believes that it is the controlled agent (RFC 8445 §7.1.3).
    pub(crate) controlled: bool,
    unknown: Unknown,
}

impl<'a> Request<'a> {
    /// Reads a Binding request. Anything else is `None`.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        Message::parse(bytes).and_then(Self::read)
    }

    fn read(message: Message<'a>) -> Option<Self> {
        if message.kind() != BINDING_REQUEST {
            return None;
        }
        let unknown = Unknown::default();
        let mut request = Self { message, username: None, use_candidate: false, controlled: false, unknown };
        for (kind, value) in message.attributes() {
            match kind {
                ATTR_USERNAME => request.username = Some(value),
                ATTR_USE_CANDIDATE => request.use_candidate = true,
                ATTR_ICE_CONTROLLED => request.controlled = true,
                ATTR_PRIORITY | ATTR_MESSAGE_INTEGRITY_SHA256 => {}
                other => request.unknown.note(other),
            }
        }
        Some(request)
    }

    pub(crate) fn has_fingerprint(&self) -> bool {
        self.message.has_fingerprint()
    }

    /// Attributes that must be understood and are not: the answer is then [`Request::unknown_attributes_answer`].
    pub(crate) fn unknown_attributes(&self) -> &[u16] {
        self.unknown.names()
    }

    pub(crate) fn is_authentic(&self, key: &hmac::Key) -> bool {
        self.message.is_authentic(key)
    }

    /// "This is where you come from."
    pub(crate) fn success(&self, mapped: SocketAddr) -> Answer {
        Answer::success(&self.message).with_mapped_address(mapped)
    }

    /// 420: the request demands something that this server does not know (RFC 8489 §6.3.1).
    pub(crate) fn unknown_attributes_answer(&self) -> Answer {
        Answer::unknown_attributes(&self.message, &self.unknown)
    }

    /// 487: both ends think that the other one nominates; this end never does (RFC 8445 §7.3.1.1).
    pub(crate) fn role_conflict(&self) -> Answer {
        Answer::error(&self.message, 487)
    }

    #[cfg(test)]
    pub(super) fn message(&self) -> &Message<'a> {
        &self.message
    }
}
