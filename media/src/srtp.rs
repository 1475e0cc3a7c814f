//! SRTP and SRTCP (RFC 3711, RFC 7714): keys, replay windows, and sealing and opening in place.

use std::fmt;

/// The protection profiles we negotiate (RFC 5764 §4.1.2, RFC 7714 §14.2), the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SrtpProfile {
    AeadAes128Gcm,
    Aes128CmHmacSha1_80,
}

/// A master key and salt of one direction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey {
    pub key: [u8; 16],
    /// 14 bytes for AES-CM; 12 for GCM, padded with two zeros behind (RFC 7714 §11).
    pub salt: [u8; 14],
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

/// What DTLS negotiated for one session (RFC 5764 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    pub profile: SrtpProfile,
    /// With which we send.
    pub tx: MasterKey,
    /// With which the peer sends.
    pub rx: MasterKey,
}
