//! AES_CM_128_HMAC_SHA1_80 (RFC 3711 §4.1.1, §4.2.1): the keys of one direction, for RTP or for RTCP.

use aws_lc_rs::{
    cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey},
    constant_time,
    error::Unspecified,
    hmac,
};

pub(super) const TAG: usize = 10;

#[derive(Debug)]
pub(super) struct Cm {
    key: EncryptingKey,
    /// `k_s * 2^16`.
    salt: u128,
    /// Keyed once: the two hash blocks of the key are not computed again for each packet.
    mac: hmac::Key,
}

impl Cm {
    pub(super) fn new(key: &[u8; 16], salt: [u8; 14], auth: &[u8; 20]) -> Self {
        let mut shifted = [0; 16];
        shifted[..14].copy_from_slice(&salt);
        Self {
            key: UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::ctr).expect("a 16-byte key is what AES-128 takes"),
            salt: u128::from_be_bytes(shifted),
            mac: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth),
        }
    }

    /// Encrypts or decrypts: the key stream of (SSRC, index) laid over the text.
    pub(super) fn apply_key_stream(&self, ssrc: u32, index: u64, text: &mut [u8]) -> Result<(), Unspecified> {
        let iv = (self.salt ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16).to_be_bytes();
        self.key.less_safe_encrypt(text, EncryptionContext::Iv128((&iv).into())).map(drop)
    }

    /// Over the packet as it is sent, and the four bytes that are implied (ROC) or follow (the RTCP index).
    pub(super) fn tag(&self, packet: &[u8], trailer: u32) -> [u8; TAG] {
        let mut mac = hmac::Context::with_key(&self.mac);
        mac.update(packet);
        mac.update(&trailer.to_be_bytes());
        let mut tag = [0; TAG];
        tag.copy_from_slice(&mac.sign().as_ref()[..TAG]);
        tag
    }

    pub(super) fn verify(&self, packet: &[u8], trailer: u32, tag: &[u8]) -> Result<(), Unspecified> {
        constant_time::verify_slices_are_equal(&self.tag(packet, trailer), tag)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::test_util::hex, *};

    /// RFC 3711 appendix B.2.
    #[test]
    fn makes_the_key_stream_of_rfc_3711() {
        let cm = Cm::new(&hex("2b7e151628aed2a6abf7158809cf4f3c"), hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd"), &[0; 20]);
        let mut stream = [0; 48];
        cm.apply_key_stream(0, 0, &mut stream).unwrap();
        let expected =
            hex::<48>("e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab 41e95b3bb0a2e8dd477901e4fca894c0");
        assert_eq!(stream, expected);
    }
}
