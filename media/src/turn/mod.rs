//! The TURN server (RFC 8656) on our one port.

pub mod credentials;
