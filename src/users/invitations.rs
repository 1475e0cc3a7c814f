//! One-time links: the first admin's, a new user's, and the one that sets a forgotten password anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{NewUser, Role, User, UsersError, login_key, sessions, store};
use crate::{
    app::App,
    audit::{self, Action},
    clock::Millis,
    db::Tx,
    events::{self, Audience, Event},
    ids::UserId,
    tokens::{Token, TokenHash},
    users::sessions::{NewSession, Visitor},
};

/// How long a link can be used.
pub const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A link that was just made; afterwards only its hash is known.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub token: Token,
    pub expires_at: Millis,
}

impl Invitation {
    /// The token is the fragment, which browsers send to nobody: it gets into no log.
    #[must_use]
    pub fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        url.set_path("/invitation");
        url.set_fragment(Some(self.token.as_str()));
        url
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationKind {
    /// Creates the first admin.
    Setup,
    /// Sets the password of a user who is there already.
    Invitation,
}

/// What one who follows a link sets. `name`, `login` and `email` are for the first admin only.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub token: String,
    #[schema(min_length = 10, max_length = 200)]
    pub password: String,
    pub name: Option<String>,
    pub login: Option<String>,
    pub email: Option<String>,
}

impl std::fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptance").field("login", &self.login).finish_non_exhaustive()
    }
}

/// Makes a link and voids those before it. Without a user it is for the first admin.
pub async fn renew(tx: &mut Tx, user: Option<UserId>, now: Millis) -> Result<Invitation, UsersError> {
    let invitation = Invitation { token: Token::new(), expires_at: now.plus(LIFETIME) };
    store::delete_invitations(tx, user).await?;
    store::insert_invitation(tx, &invitation.token.hash(), user, now, invitation.expires_at).await?;
    Ok(invitation)
}

/// The link for the first admin, if there is none yet.
pub async fn setup(app: &App) -> Result<Option<Invitation>, UsersError> {
    let mut tx = app.db.begin().await?;
    if store::has_admin(&mut *tx).await? {
        return Ok(None);
    }
    let invitation = renew(&mut tx, None, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(invitation))
}

/// Whom a link that can still be used is for; `None` for the first admin.
pub async fn look_up(app: &App, token: &str) -> Result<Option<User>, UsersError> {
    let user = store::invitation(&app.db, &TokenHash::of(token), app.clock.now()).await?.ok_or(UsersError::BadInvitation)?;
    match user {
        Some(id) => {
            let user = store::by_id(app.db.read(), id).await?.filter(|user| user.deactivated_at.is_none());
            user.map(Some).ok_or(UsersError::BadInvitation)
        }
        None if store::has_admin(app.db.read()).await? => Err(UsersError::BadInvitation),
        None => Ok(None),
    }
}

/// Uses a link: sets the password and signs in. The browser's session until now ends, and so do all others of the user.
pub async fn accept(app: &App, acceptance: Acceptance, visitor: &Visitor) -> Result<(User, NewSession), UsersError> {
    let invited = look_up(app, &acceptance.token).await?;
    let Acceptance { token, password, name, login, email } = acceptance;
    let now = app.clock.now();
    let (user, is_new) = match invited {
        Some(user) => (user, false),
        None => {
            let text = Option::unwrap_or_default;
            (NewUser { name: text(name), login: text(login), email: text(email), role: Role::Admin }.check(now)?, true)
        }
    };
    check_password(&password, &user.login)?;
    let hash = app.passwords.hash(password).await?;

    let mut tx = app.db.begin().await?;
    // First, because it is the lock under which two links cannot create two first admins.
    let event_id = events::next_id(&mut tx).await?;
    store::use_invitation(&mut tx, &TokenHash::of(&token), now).await?.ok_or(UsersError::BadInvitation)?;
    if is_new {
        create_first_admin(&mut tx, &user, &hash).await?;
    } else {
        store::set_password(&mut tx, user.id, &hash).await?;
        store::delete_sessions_of(&mut tx, user.id).await?;
    }
    // Read again: an admin may have changed the name or role since the link was looked up.
    let user = store::by_id(&mut *tx, user.id).await?.ok_or(UsersError::NoSuchUser)?;
    let ended = sessions::end_in(&mut tx, visitor.before.as_ref()).await?;
    let session = sessions::begin(app, &mut tx, user.id, visitor).await?;
    audit::append(&mut tx, Some(user.id), Action::InvitationAccepted { address: visitor.address }, now).await?;
    events::insert(&mut tx, event_id, Audience::Everybody, &Event::UserChanged { user: user.clone() }, now).await?;
    app.publisher.commit(tx).await?;
    app.hub.close_user(user.id);
    sessions::close_sockets(app, ended);
    Ok((user, session))
}

async fn create_first_admin(tx: &mut Tx, user: &User, hash: &str) -> Result<(), UsersError> {
    if store::has_admin(&mut **tx).await? {
        return Err(UsersError::BadInvitation);
    }
    if store::insert(tx, user, Some(hash)).await? { Ok(()) } else { Err(UsersError::LoginTaken) }
}

/// Length is what counts (NIST SP 800-63B); the upper bound keeps hashing cheap.
pub(super) fn check_password(password: &str, login: &str) -> Result<(), UsersError> {
    let long_enough = (10..=200).contains(&password.chars().count());
    if long_enough && login_key(password) != login_key(login) { Ok(()) } else { Err(UsersError::BadPassword) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_the_login() {
        assert!(check_password("длинный пароль", "anna").is_ok());
        assert!(check_password("короткий9", "anna").is_err());
        assert!(check_password("Anna.Anderson", "anna.anderson").is_err());
        assert!(check_password(&"x".repeat(200), "anna").is_ok());
        assert!(check_password(&"x".repeat(201), "anna").is_err());
    }

    #[test]
    fn the_secret_is_in_the_fragment() {
        let invitation = Invitation { token: Token::new(), expires_at: Millis(0) };
        let url = invitation.url(&Url::parse("https://chat.example.com:8443/").expect("a URL"));
        assert_eq!(url.as_str(), format!("https://chat.example.com:8443/invitation#{}", invitation.token.as_str()));
        assert!(!url[..url::Position::AfterQuery].contains(invitation.token.as_str()));
    }
}
