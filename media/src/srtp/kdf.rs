//! Session keys from master keys (RFC 3711 §4.3, key derivation rate 0; RFC 7714 §11 uses the same function with its salt padded).

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};

use super::MasterKey;

#[derive(Clone, Copy, Debug)]
pub(super) enum Label {
    RtpKey = 0,
    RtpAuth = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpAuth = 4,
    RtcpSalt = 5,
}

/// AES-CM as a pseudo-random function: the first `N` bytes of its key stream for this label.
pub(super) fn derive<const N: usize>(master: &MasterKey, label: Label) -> [u8; N] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(&master.salt);
    iv[7] ^= label as u8;
    let mut derived = [0; N];
    UnboundCipherKey::new(&AES_128, &master.key)
        .and_then(EncryptingKey::ctr)
        .and_then(|key| key.less_safe_encrypt(&mut derived, EncryptionContext::Iv128((&iv).into())))
        .expect("a 16-byte key and a 16-byte IV are what AES-128-CTR takes");
    derived
}

#[cfg(test)]
mod tests {
    use super::{super::test_util::hex, *};

    /// RFC 3711 appendix B.3.
    #[test]
    fn derives_the_keys_of_rfc_3711() {
        let master = MasterKey { key: hex("e1f97a0d3e018be0d64fa32c06de4139"), salt: hex("0ec675ad498afeebb6960b3aabe6") };
        assert_eq!(derive::<16>(&master, Label::RtpKey), hex("c61e7a93744f39ee10734afe3ff7a087"));
        assert_eq!(derive::<14>(&master, Label::RtpSalt), hex("30cbbc08863d8c85d49db34a9ae1"));
        assert_eq!(derive::<20>(&master, Label::RtpAuth), hex("cebe321f6ff7716b6fd4ab49af256a156d38baa4"));
    }
}
