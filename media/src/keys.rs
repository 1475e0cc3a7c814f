//! SRTP keys out of the DTLS handshake (RFC 5764 §4.2): what to ask of the exporter, and whose part is whose.
//!
//! They come from `rtc-dtls`'s public exporter. `RTCPeerConnection` has no accessor for them, which is one
//! reason why the session drives the DTLS endpoint itself; `docs/upstream-srtp-keys.md` has the whole story.

use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::dtls::state::State;

use crate::srtp::{MasterKey, SrtpKeys, SrtpProfile};

const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";
const KEY_LEN: usize = 16;

impl SrtpProfile {
    pub(crate) fn in_dtls(self) -> SrtpProtectionProfile {
        match self {
            Self::AeadAes128Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            Self::Aes128CmHmacSha1_80 => SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        }
    }

    /// RFC 3711 §8.2 and RFC 7714 §12.
    fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm => 12,
            Self::Aes128CmHmacSha1_80 => 14,
        }
    }
}

/// The keys of a finished handshake; `None` if it did not negotiate `profile` or has no keys yet.
pub(crate) fn export(state: &State, profile: SrtpProfile) -> Option<SrtpKeys> {
    if state.srtp_protection_profile() != profile.in_dtls() {
        return None;
    }
    let len = 2 * (KEY_LEN + profile.salt_len());
    let material = state.export_keying_material(EXPORTER_LABEL, &[], len).ok()?;
    split(material.as_ref(), profile, state.is_client())
}

/// The material is client key, server key, client salt, server salt.
fn split(material: &[u8], profile: SrtpProfile, is_client: bool) -> Option<SrtpKeys> {
    let (keys, salts) = material.split_at_checked(2 * KEY_LEN)?;
    let (client_salt, server_salt) = salts.split_at_checked(profile.salt_len())?;
    let client = master_key(&keys[..KEY_LEN], client_salt)?;
    let server = master_key(&keys[KEY_LEN..], server_salt)?;
    let (tx, rx) = if is_client { (client, server) } else { (server, client) };
    Some(SrtpKeys { profile, tx, rx })
}

fn master_key(key: &[u8], salt: &[u8]) -> Option<MasterKey> {
    let mut padded = [0; 14];
    padded.get_mut(..salt.len())?.copy_from_slice(salt);
    Some(MasterKey { key: key.try_into().ok()?, salt: padded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_by_role() {
        for (profile, salt_len) in [(SrtpProfile::AeadAes128Gcm, 12), (SrtpProfile::Aes128CmHmacSha1_80, 14)] {
            let mut material = [[1; 16], [2; 16]].concat();
            material.extend(std::iter::repeat_n(3, salt_len));
            material.extend(std::iter::repeat_n(4, salt_len));
            let server = split(&material, profile, false).unwrap();
            let client = split(&material, profile, true).unwrap();
            assert_eq!((server.tx.key, server.rx.key), ([2; 16], [1; 16]));
            assert_eq!((server.tx.salt[..salt_len].to_vec(), server.rx.salt[salt_len - 1]), (vec![4; salt_len], 3));
            assert_eq!((server.tx, server.rx), (client.rx, client.tx));
        }
    }

    #[test]
    fn short_material_is_refused() {
        assert!(split(&[0; 40], SrtpProfile::AeadAes128Gcm, true).is_none());
    }
}
