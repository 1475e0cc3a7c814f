//! Files in the format of age (age-encryption.org/v1) for X25519 recipients: a key that an officer can open with the `age` command and
//! a secret that the server has never seen. Encryption of a few bytes only, so of the format one chunk.

use std::str::FromStr;

use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, EphemeralPrivateKey, UnparsedPublicKey, X25519},
    error::Unspecified,
    hkdf::{self, HKDF_SHA256},
    hmac,
    rand::SystemRandom,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// An X25519 public key, `age1…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no age recipient (age1…)")]
pub struct BadRecipient(String);

impl FromStr for Recipient {
    type Err = BadRecipient;

    fn from_str(text: &str) -> Result<Self, BadRecipient> {
        let bytes = bech32(text.trim(), "age");
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| BadRecipient(text.to_owned()))
    }
}

/// One file that each of the recipients can open; nothing if there are no random numbers, or one of the keys is degenerate.
pub(super) fn encrypt(recipients: &[Recipient], plain: &[u8; 32]) -> Option<Vec<u8>> {
    let mut file_key = [0; 16];
    getrandom::fill(&mut file_key).ok()?;
    let mut header = String::from("age-encryption.org/v1\n");
    for recipient in recipients {
        header += &stanza(recipient, &file_key).ok()?;
    }
    header += "---";
    let mac_key = derived(&file_key, &[], b"header");
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &mac_key), header.as_bytes());
    let mut file = format!("{header} {}\n", STANDARD_NO_PAD.encode(mac)).into_bytes();
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).ok()?;
    file.extend_from_slice(&nonce);
    let payload_key = derived(&file_key, &nonce, b"payload");
    // The STREAM nonce of the first chunk, which is also the last.
    let mut counter = [0; 12];
    counter[11] = 1;
    file.extend(seal(&payload_key, counter, plain).ok()?);
    Some(file)
}

/// The file key for one recipient: `-> X25519 <our ephemeral share>` and the wrapped key.
fn stanza(Recipient(theirs): &Recipient, file_key: &[u8; 16]) -> Result<String, Unspecified> {
    let ephemeral = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new())?;
    let share = ephemeral.compute_public_key()?;
    let salt = [share.as_ref(), theirs].concat();
    let peer = UnparsedPublicKey::new(&X25519, theirs);
    let wrap_key = agreement::agree_ephemeral(ephemeral, peer, Unspecified, |shared| {
        Ok(derived(shared, &salt, b"age-encryption.org/v1/X25519"))
    })?;
    let wrapped = seal(&wrap_key, [0; 12], file_key)?;
    Ok(format!("-> X25519 {}\n{}\n", STANDARD_NO_PAD.encode(share.as_ref()), STANDARD_NO_PAD.encode(wrapped)))
}

fn seal(key: &[u8; 32], nonce: [u8; 12], plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key)?);
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)?;
    Ok(sealed)
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

fn derived(secret: &[u8], salt: &[u8], info: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let info = [info];
    let okm = hkdf::Salt::new(HKDF_SHA256, salt).extract(secret).expand(&info, Length).and_then(|okm| okm.fill(&mut key));
    okm.expect("32 bytes are one block");
    key
}

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The bytes of a Bech32 string (BIP 173) with this prefix, in lower case, as age writes them.
fn bech32(text: &str, prefix: &str) -> Option<Vec<u8>> {
    let data = text.strip_prefix(prefix)?.strip_prefix('1')?;
    let value = |byte: u8| CHARSET.iter().position(|known| *known == byte).and_then(|at| u8::try_from(at).ok());
    let values: Vec<u8> = data.bytes().map(value).collect::<Option<_>>()?;
    let expanded = prefix.bytes().map(|byte| byte >> 5).chain([0]).chain(prefix.bytes().map(|byte| byte & 31));
    if polymod(expanded.chain(values.iter().copied())) != 1 {
        return None;
    }
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for value in &values[..values.len().checked_sub(6)?] {
        held = (held << 5 | u32::from(*value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    // What is left over is padding, of zeros.
    (bits < 5 && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.fold(1, |sum, value| {
        let top = sum >> 25;
        let sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1).fold(sum, |sum, (_, generator)| sum ^ generator)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the age README.
    const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn a_recipient_is_32_bytes_with_a_checksum() {
        assert!(RECIPIENT.parse::<Recipient>().is_ok());
        let wrong = RECIPIENT.replace("mcac8p", "mcac8q");
        for text in ["", "age1", "age1qqqq", &wrong, &RECIPIENT.to_uppercase(), &RECIPIENT[..40], "ssh-ed25519 AAAA"] {
            assert!(text.parse::<Recipient>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_has_a_stanza_for_each_recipient() {
        let recipient: Recipient = RECIPIENT.parse().expect("of the README");
        let file = encrypt(&[recipient.clone(), recipient], &[5; 32]).expect("random numbers");
        let text = String::from_utf8_lossy(&file);
        assert_eq!(text.matches("-> X25519 ").count(), 2);
        assert!(text.starts_with("age-encryption.org/v1\n") && text.contains("\n--- "));
        let header = file.windows(5).position(|part| part == b"\n--- ").expect("an end") + 5;
        assert_eq!(file.len() - header, 43 + 1 + 16 + 32 + 16, "MAC, nonce, one chunk");
    }
}
