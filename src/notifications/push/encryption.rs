//! The body of a push, readable by the browser alone: RFC 8291 (keys) over RFC 8188 (`aes128gcm`), with the primitives of aws-lc-rs.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
};

const SALT: usize = 16;
const KEY: usize = 16;
const NONCE: usize = 12;
/// An uncompressed point of P-256.
pub const PUBLIC_KEY: usize = 65;
pub const AUTH_SECRET: usize = 16;
/// Push services take 4,096 bytes: what is left for the payload after the header (86), the tag (16) and the delimiter (1).
pub const MAX_PAYLOAD: usize = 4_096 - 86 - 16 - 1;
/// One record holds everything.
const RECORD_SIZE: u32 = 4_096;

/// How long a derived key is to be.
#[derive(Clone, Copy, Debug)]
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Encrypts for a browser's public key and authentication secret.
pub fn encrypt(payload: &[u8], browser: &[u8], auth: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|_| Unspecified)?;
    seal(payload, browser, auth, &PrivateKey::generate(&ECDH_P256)?, salt)
}

fn seal(payload: &[u8], browser: &[u8], auth: &[u8], ours: &PrivateKey, salt: [u8; SALT]) -> Result<Vec<u8>, Unspecified> {
    if payload.len() > MAX_PAYLOAD {
        return Err(Unspecified);
    }
    let public = ours.compute_public_key()?;
    let keying = agreement::agree(ours, UnparsedPublicKey::new(&ECDH_P256, browser), Unspecified, |shared| {
        let info = [b"WebPush: info\0", browser, public.as_ref()].concat();
        derive::<32>(auth, shared, &info)
    })?;
    let key: [u8; KEY] = derive(&salt, &keying, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; NONCE] = derive(&salt, &keying, b"Content-Encoding: nonce\0")?;

    // The last record's delimiter is 2 (RFC 8188 §2).
    let mut record = [payload, &[2]].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    let id_length = u8::try_from(public.as_ref().len()).map_err(|_| Unspecified)?;
    Ok([&salt[..], &RECORD_SIZE.to_be_bytes(), &[id_length], public.as_ref(), &record].concat())
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<[u8; N], Unspecified> {
    let mut derived = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(&[info], Length(N))?.fill(&mut derived)?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// RFC 8291, Appendix A.
    #[test]
    fn the_example_of_the_rfc_comes_out() {
        let browser = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let ours =
            PrivateKey::from_private_key(&ECDH_P256, &bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).expect("a key");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("16 bytes");
        let sealed = seal(b"When I grow up, I want to be a watermelon", &browser, &auth, &ours, salt).expect("it fits");
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
            AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(sealed), expected);
    }

    #[test]
    fn what_cannot_be_encrypted_is_refused() {
        let (key, auth) = (PrivateKey::generate(&ECDH_P256).expect("a key"), [1; AUTH_SECRET]);
        let public = key.compute_public_key().expect("its other half");
        assert_eq!(encrypt(&[0; MAX_PAYLOAD], public.as_ref(), &auth).expect("it fits").len(), 4_096);
        assert!(encrypt(&[0; MAX_PAYLOAD + 1], public.as_ref(), &auth).is_err());
        assert!(encrypt(b"x", &[4; PUBLIC_KEY], &auth).is_err(), "no point of the curve");
    }
}
