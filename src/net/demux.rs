//! What a TCP connection is, by its first byte.

/// The same question is asked again inside TLS: clients of TURN say nothing by ALPN that could be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstByte {
    /// A TLS handshake record (RFC 8446 §5.1).
    Tls,
    /// A method in capital letters (RFC 9112 §3).
    Http,
    /// STUN and TURN (RFC 7983 §7), or the length of such a message where ICE-TCP puts it before.
    Media,
    /// Nothing is served to it.
    Unknown,
}

impl FirstByte {
    #[must_use]
    pub fn of(byte: u8) -> Self {
        match byte {
            0x16 => Self::Tls,
            b'A'..=b'Z' => Self::Http,
            0..=3 => Self::Media,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_tells() {
        assert_eq!(FirstByte::of(0x16), FirstByte::Tls);
        for method in ["GET", "POST", "PRI", "OPTIONS"] {
            assert_eq!(FirstByte::of(method.as_bytes()[0]), FirstByte::Http);
        }
        for byte in 0..=3 {
            assert_eq!(FirstByte::of(byte), FirstByte::Media);
        }
        for byte in [4, 0x15, 0x17, 0x40, b'g', 0x80, 0xff] {
            assert_eq!(FirstByte::of(byte), FirstByte::Unknown, "{byte:#x}");
        }
    }
}
