//! AEAD_AES_128_GCM (RFC 7714): one key and salt of one direction, for RTP or for RTCP.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    error::Unspecified,
};

pub(super) const TAG: usize = 16;

pub(super) struct Gcm {
    key: LessSafeKey,
    salt: [u8; 12],
}

impl Gcm {
    pub(super) fn new(key: &[u8; 16], salt: [u8; 12]) -> Self {
        let key = UnboundKey::new(&AES_128_GCM, key).expect("a 16-byte key is what AES-128-GCM takes");
        Self { key: LessSafeKey::new(key), salt }
    }

    /// RFC 7714 §8.1 and §9.1: an RTP index is ROC and SEQ, an RTCP index is its 31 bits; both stand in the last six bytes.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let mut nonce = self.salt;
        let fields = (u128::from(ssrc) << 48 | u128::from(index)).to_be_bytes();
        nonce.iter_mut().zip(&fields[4..]).for_each(|(byte, field)| *byte ^= field);
        Nonce::assume_unique_for_key(nonce)
    }

    /// `text` to `sealed`, which has the same length, and the tag behind it: no copy is made in between.
    pub(super) fn seal(
        &self,
        ssrc: u32,
        index: u64,
        aad: &[u8],
        text: &[u8],
        sealed: &mut [u8],
        tag: &mut [u8],
    ) -> Result<(), Unspecified> {
        self.key.seal_out_of_place_scatter(self.nonce(ssrc, index), Aad::from(aad), text, sealed, &[], tag)
    }

    pub(super) fn seal_in_place(
        &self,
        ssrc: u32,
        index: u64,
        aad: &[u8],
        text: &mut [u8],
        tag: &mut [u8],
    ) -> Result<(), Unspecified> {
        let sealed = self.key.seal_in_place_separate_tag(self.nonce(ssrc, index), Aad::from(aad), text)?;
        tag.copy_from_slice(sealed.as_ref());
        Ok(())
    }

    /// `sealed` ends with the tag. Nothing of it may be used if this fails.
    pub(super) fn open_in_place(&self, ssrc: u32, index: u64, aad: &[u8], sealed: &mut [u8]) -> Result<(), Unspecified> {
        self.key.open_in_place(self.nonce(ssrc, index), Aad::from(aad), sealed).map(drop)
    }
}

impl fmt::Debug for Gcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gcm(redacted)")
    }
}
