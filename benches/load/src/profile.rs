//! SRTP profiles: which a server is told to offer, and which was really negotiated, by a crypto provider that notes what it is asked for.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Result, bail};
use clap::ValueEnum;
use str0m::crypto::{CryptoProvider, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80};

/// A DTLS-SRTP protection profile, under its name in the IANA registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrtpProfile {
    Aes128CmSha1_80,
    AeadAes128Gcm,
    AeadAes256Gcm,
}

/// The class of SRTP profiles that the server is told to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cipher {
    Gcm,
    Cm,
}

impl Cipher {
    /// As the server's `--profile` wants it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Gcm => "gcm",
            Self::Cm => "cm",
        }
    }

    pub fn includes(self, profile: SrtpProfile) -> bool {
        (profile == SrtpProfile::Aes128CmSha1_80) == (self == Self::Cm)
    }
}

const ALL: [SrtpProfile; 3] = [SrtpProfile::Aes128CmSha1_80, SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm];

impl fmt::Display for SrtpProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aes128CmSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
        })
    }
}

/// The crypto of all peers of one run. str0m asks it for a cipher when DTLS has settled on a profile.
#[derive(Debug)]
pub struct NotingCrypto {
    provider: Arc<CryptoProvider>,
    noted: &'static Noting,
}

#[derive(Debug)]
struct Noting {
    srtp: &'static dyn SrtpProvider,
    /// One bit per profile.
    used: AtomicU8,
}

impl Default for NotingCrypto {
    fn default() -> Self {
        let mut provider = str0m::crypto::from_feature_flags();
        // str0m wants it for ever: a few bytes for each of a bounded number of runs.
        let noted: &'static Noting = Box::leak(Box::new(Noting { srtp: provider.srtp_provider, used: AtomicU8::new(0) }));
        provider.srtp_provider = noted;
        Self { provider: Arc::new(provider), noted }
    }
}

impl NotingCrypto {
    pub fn provider(&self) -> Arc<CryptoProvider> {
        Arc::clone(&self.provider)
    }

    /// The one profile that all peers use.
    pub fn negotiated(&self) -> Result<SrtpProfile> {
        let used = self.noted.used.load(Ordering::Relaxed);
        let profiles: Vec<SrtpProfile> = ALL.into_iter().filter(|&p| used & bit(p) != 0).collect();
        match profiles[..] {
            [profile] => Ok(profile),
            _ => bail!("the peers do not share one SRTP profile but have {profiles:?}"),
        }
    }
}

fn bit(profile: SrtpProfile) -> u8 {
    1 << profile as u8
}

impl Noting {
    fn note(&self, profile: SrtpProfile) -> &'static dyn SrtpProvider {
        self.used.fetch_or(bit(profile), Ordering::Relaxed);
        self.srtp
    }
}

impl SrtpProvider for Noting {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        self.note(SrtpProfile::Aes128CmSha1_80).aes_128_cm_sha1_80()
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        self.note(SrtpProfile::AeadAes128Gcm).aead_aes_128_gcm()
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        self.note(SrtpProfile::AeadAes256Gcm).aead_aes_256_gcm()
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        self.srtp.srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        self.srtp.srtp_aes_256_ecb_round(key, input, output);
    }
}
