//! Who we are to a push service (RFC 8292): a key pair made at first start, and a token for each push signed with it.

use std::{fmt, time::Duration};

use aws_lc_rs::{
    error::Unspecified,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use url::Url;

use crate::{
    app::App,
    clock::Millis,
    notifications::{NoticesError, store},
};

/// Push services refuse tokens of more than 24 hours.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// The server's keys.
pub struct Keys(EcdsaKeyPair);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// A new pair would void every subscription, so the first one is kept for good.
    pub async fn load_or_make(app: &App) -> Result<Self, NoticesError> {
        let broken = |_| sqlx::Error::Protocol("the push keys cannot be used".to_owned());
        let fresh =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).and_then(|pair| pair.to_pkcs8v1()).map_err(broken)?;
        let kept = store::keep_secret(app, "vapid_key", &BASE64_URL_SAFE_NO_PAD.encode(fresh.as_ref())).await?;
        let pkcs8 = BASE64_URL_SAFE_NO_PAD.decode(kept).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).map_err(|_| broken(Unspecified))?;
        Ok(Self(pair))
    }

    /// What a page gives to `pushManager.subscribe`.
    #[must_use]
    pub fn public(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.public_key())
    }

    /// The value of `Authorization`. `subject`: where the operator of the push service finds us.
    pub fn authorization(&self, endpoint: &Url, subject: &str, now: Millis) -> Result<String, Unspecified> {
        let encode = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let expires = now.plus(LIFETIME).0 / 1_000;
        let claims = json!({"aud": endpoint.origin().ascii_serialization(), "exp": expires, "sub": subject});
        let signed = format!("{}.{}", encode(json!({"typ": "JWT", "alg": "ES256"})), encode(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes())?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public()))
    }
}
