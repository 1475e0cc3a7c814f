//! The keys of recordings: one for each, wrapped by the server's own key and for age recipients; and the key that signs.

use std::{
    fmt, io,
    io::{Read as _, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use staffline_media::recorder::RecordingKey;

use crate::{config::Config, ids::RecordingId};

pub mod age;

use age::Recipient;

/// The name of the file in the data folder.
const FILE_NAME: &str = "recordings.key";
const WRAPPING: &[u8] = b"staffline recording key wrapping 1";
const SIGNING: &[u8] = b"staffline recording heads signing 1";

/// Wraps and unwraps the keys of recordings, and signs.
pub struct Keys {
    wrapping: LessSafeKey,
    signing: Ed25519KeyPair,
    recipients: Vec<Recipient>,
}

/// A key of a recording as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// For the server, base64.
    pub server: String,
    /// An age file for all recipients, base64; unset if there are none.
    pub age: Option<String>,
}

impl Wrapped {
    /// As the `age` command reads it.
    #[must_use]
    pub fn age_file(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.age.as_ref()?).ok()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key of the recording is not wrapped by the key of this server")]
    NotOurs,
    #[error("no random numbers")]
    Random,
}

/// Readable by the server's own account only.
pub(super) fn make_private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl Keys {
    /// The key that is set, or that of the file, which is made if it is not there.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let secret = match &config.recording_key {
            Some(secret) => secret.0,
            None => read_or_make(&config.data.join(FILE_NAME))?,
        };
        Ok(Self::of(&secret, config.recording_recipients.clone()))
    }

    fn of(secret: &[u8; 32], recipients: Vec<Recipient>) -> Self {
        let wrapping = UnboundKey::new(&AES_256_GCM, &derived(secret, WRAPPING)).expect("32 bytes");
        let signing = Ed25519KeyPair::from_seed_unchecked(&derived(secret, SIGNING)).expect("32 bytes");
        Self { wrapping: LessSafeKey::new(wrapping), signing, recipients }
    }

    #[cfg(test)]
    pub(super) fn for_tests() -> Self {
        Self::of(&[7; 32], Vec::new())
    }

    /// A new key, and how it is kept.
    pub fn make(&self, id: RecordingId) -> Result<(RecordingKey, Wrapped), KeyError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| KeyError::Random)?;
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
        let mut sealed = key.to_vec();
        let aad = Aad::from(id.as_u128().to_be_bytes());
        self.wrapping
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| KeyError::Random)?;
        let server = STANDARD.encode([&nonce[..], &sealed].concat());
        let age = match self.recipients.is_empty() {
            true => None,
            false => Some(STANDARD.encode(age::encrypt(&self.recipients, &key).ok_or(KeyError::Random)?)),
        };
        Ok((RecordingKey(key), Wrapped { server, age }))
    }

    pub fn unwrap(&self, id: RecordingId, server: &str) -> Result<RecordingKey, KeyError> {
        let bytes = STANDARD.decode(server).map_err(|_| KeyError::NotOurs)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(KeyError::NotOurs)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError::NotOurs)?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(id.as_u128().to_be_bytes());
        let key = self.wrapping.open_in_place(nonce, aad, &mut sealed).map_err(|_| KeyError::NotOurs)?;
        let key: &[u8; 32] = (&*key).try_into().map_err(|_| KeyError::NotOurs)?;
        Ok(RecordingKey(*key))
    }

    /// Ed25519 (RFC 8032), base64.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.signing.sign(message).as_ref())
    }

    /// By which the signatures are checked, raw.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("recipients", &self.recipients.len()).finish_non_exhaustive()
    }
}

/// HKDF-SHA256 (RFC 5869): each purpose has a key of its own.
fn derived(secret: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]);
    let purpose = [purpose];
    let okm = salt.extract(secret).expand(&purpose, Length).and_then(|okm| okm.fill(&mut key));
    okm.expect("32 bytes are one block");
    key
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

/// 32 random bytes as base64, readable by the server's own account only.
fn read_or_make(path: &Path) -> anyhow::Result<[u8; 32]> {
    use anyhow::Context as _;
    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret)?;
            writeln!(file, "{}", STANDARD.encode(secret))?;
            file.sync_all()?;
            std::fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(secret)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut text = String::new();
            std::fs::File::open(path)?.read_to_string(&mut text)?;
            parse_secret(&text).with_context(|| format!("{} holds no key: 32 bytes as base64", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

/// 32 bytes as base64.
#[must_use]
pub fn parse_secret(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_unwrapped_by_the_server_that_wrapped_it_and_for_its_recording_only() {
        let keys = Keys::of(&[7; 32], Vec::new());
        let id = RecordingId::new();
        let (key, wrapped) = keys.make(id).expect("random numbers");
        assert_eq!(wrapped.age, None);
        assert!(keys.unwrap(id, &wrapped.server).expect("ours") == key);
        assert!(keys.unwrap(RecordingId::new(), &wrapped.server).is_err());
        assert!(Keys::of(&[8; 32], Vec::new()).unwrap(id, &wrapped.server).is_err());
        assert!(keys.unwrap(id, "").is_err() && keys.unwrap(id, "AAAA").is_err() && keys.unwrap(id, "§").is_err());
    }

    #[test]
    fn the_key_file_is_made_once_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE_NAME);
        let secret = read_or_make(&path).expect("it is made");
        assert_eq!(read_or_make(&path).expect("it is read"), secret);
        assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "short").expect("it is writable");
        assert!(read_or_make(&path).is_err(), "a broken key is not replaced: everything would be lost");
    }
}
