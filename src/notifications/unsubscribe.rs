//! The link in every mail that stops them (RFC 8058). It needs no sign-in, so it is signed: who has a mail of a user may stop that
//! user's mail, and nothing else.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use url::Url;

use super::{NoticesError, store};
use crate::{
    app::App,
    ids::UserId,
    users::settings::{self, SettingsChange},
};

const KEY_BYTES: usize = 32;
/// Half of SHA-256: enough against guessing, short enough for a link.
const TAG_BYTES: usize = 16;

/// What signs the links; made at first use and kept in the database.
#[derive(Clone)]
pub struct Signer(hmac::Key);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Signer {
    pub async fn load_or_make(app: &App) -> Result<Self, NoticesError> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).expect("the system's random generator works, or nothing here is safe");
        let kept = store::keep_secret(app, "unsubscribe_key", &BASE64_URL_SAFE_NO_PAD.encode(key)).await?;
        let key = BASE64_URL_SAFE_NO_PAD.decode(kept).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    #[must_use]
    pub fn token(&self, user: UserId) -> String {
        let id = user.as_u128().to_be_bytes();
        let tag = hmac::sign(&self.0, &id);
        BASE64_URL_SAFE_NO_PAD.encode([&id[..], &tag.as_ref()[..TAG_BYTES]].concat())
    }

    pub fn user(&self, token: &str) -> Result<UserId, NoticesError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| NoticesError::BadToken)?;
        let (id, tag) = bytes.split_at_checked(16).ok_or(NoticesError::BadToken)?;
        let right = hmac::sign(&self.0, id);
        verify_slices_are_equal(tag, &right.as_ref()[..TAG_BYTES]).map_err(|_| NoticesError::BadToken)?;
        let id = u128::from_be_bytes(id.try_into().map_err(|_| NoticesError::BadToken)?);
        uuid::Uuid::from_u128(id).to_string().parse().map_err(|_| NoticesError::BadToken)
    }
}

#[must_use]
pub fn link(base: &Url, token: &str) -> Url {
    let mut url = base.clone();
    url.set_path("/api/unsubscribe");
    url.query_pairs_mut().append_pair("token", token);
    url
}

/// Stops a user's mail, as their own settings page would.
pub async fn stop(app: &App, user: UserId) -> Result<(), NoticesError> {
    settings::change(app, user, SettingsChange::without_mail()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_its_user_and_cannot_be_made_by_others() {
        let signer = |byte| Signer(hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]));
        let (user, other) = (UserId::new(), UserId::new());
        let token = signer(1).token(user);
        assert_eq!(signer(1).user(&token).expect("its own"), user);
        assert!(signer(2).user(&token).is_err());
        let forged = BASE64_URL_SAFE_NO_PAD
            .encode([&other.as_u128().to_be_bytes()[..], &BASE64_URL_SAFE_NO_PAD.decode(&token).expect("base64")[16..]].concat());
        for bad in ["", "x", "AAAA", &token[..30], &format!("{token}AA"), &forged] {
            assert!(signer(1).user(bad).is_err(), "{bad}");
        }
    }
}
