//! Staff: who there is, in which role, how they get in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use utoipa::ToSchema;

use crate::{
    app::App,
    audit::{self, Action, Described},
    chat,
    clock::Millis,
    db::{Db, Tx},
    events::{self, Audience, Event},
    ids::{PictureId, UserId},
};

pub mod account;
pub mod invitations;
pub mod limits;
pub mod passwords;
pub mod routes;
pub mod sessions;
pub mod settings;
pub mod store;

pub use store::list as all;

/// What a user may do. Each route names the roles that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Employee,
    Manager,
    Compliance,
    Admin,
}

/// Whether a user could be reached just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Online,
    Away,
    Offline,
}

/// A user as every signed-in colleague may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: UserId,
    pub login: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub picture: Option<PictureId>,
    /// Until the user has followed the invitation and set a password.
    pub invited: bool,
    pub created_at: Millis,
    pub last_seen_at: Option<Millis>,
    pub deactivated_at: Option<Millis>,
}

impl Role {
    /// Who sees more than their own, and therefore is looked at more closely.
    #[must_use]
    pub fn is_privileged(self) -> bool {
        matches!(self, Self::Admin | Self::Compliance)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Manager => "manager",
            Self::Compliance => "compliance",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("there is no role {0:?}")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let all = [Self::Employee, Self::Manager, Self::Compliance, Self::Admin];
        all.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// Why something about users was not done.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    #[error("a name has 1 to 100 characters")]
    BadName,
    #[error("a login has 2 to 64 letters, digits, dots, dashes or underscores")]
    BadLogin,
    #[error("that is no e-mail address")]
    BadEmail,
    #[error("a password has 10 to 200 characters and is not the login")]
    BadPassword,
    #[error("somebody has this login already")]
    LoginTaken,
    #[error("no such user")]
    NoSuchUser,
    #[error("the last active admin stays")]
    LastAdmin,
    #[error("the user is deactivated")]
    Deactivated,
    #[error("the link is used up, expired or wrong")]
    BadInvitation,
    #[error("login or password is wrong")]
    WrongCredentials,
    #[error("that is not the present password")]
    WrongPassword,
    #[error(transparent)]
    Busy(#[from] passwords::Busy),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Who a new user is to be, as somebody typed it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    pub name: String,
    pub login: String,
    pub email: String,
    pub role: Role,
}

/// What an admin changes; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub deactivated: Option<bool>,
}

/// One login, however it is typed: upper and lower case are one, in any script.
#[must_use]
pub fn login_key(login: &str) -> String {
    login.trim().to_lowercase()
}

impl NewUser {
    /// The user that this makes, not yet stored.
    pub fn check(self, now: Millis) -> Result<User, UsersError> {
        let login = self.login.trim().to_owned();
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !(2..=64).contains(&login.chars().count()) || !login.chars().all(fits) {
            return Err(UsersError::BadLogin);
        }
        Ok(User {
            id: UserId::new(),
            name: check_name(&self.name)?,
            email: check_email(&self.email)?,
            login,
            role: self.role,
            picture: None,
            invited: true,
            created_at: now,
            last_seen_at: None,
            deactivated_at: None,
        })
    }
}

fn check_name(name: &str) -> Result<String, UsersError> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(UsersError::BadName) }
}

/// Not the grammar of RFC 5321, only what keeps a typing error or a second header out.
fn check_email(email: &str) -> Result<String, UsersError> {
    let email = email.trim();
    let clean = email.len() <= 254 && !email.chars().any(|c| c.is_control() || c.is_whitespace() || "<>,;\"".contains(c));
    match email.split_once('@') {
        Some((name, host)) if clean && !name.is_empty() && !host.is_empty() && !host.contains('@') => Ok(email.to_owned()),
        _ => Err(UsersError::BadEmail),
    }
}

/// A user who may be written to and called.
pub async fn active(db: &Db, id: UserId) -> Result<User, UsersError> {
    let user = store::by_id(db.read(), id).await?.ok_or(UsersError::NoSuchUser)?;
    if user.deactivated_at.is_some() { Err(UsersError::Deactivated) } else { Ok(user) }
}

/// Refuses if one of them is absent or deactivated.
pub async fn all_active(connection: &mut AnyConnection, ids: &[UserId]) -> Result<(), UsersError> {
    for id in ids {
        let user = store::by_id(&mut *connection, *id).await?.ok_or(UsersError::NoSuchUser)?;
        if user.deactivated_at.is_some() {
            return Err(UsersError::Deactivated);
        }
    }
    Ok(())
}

/// Who has a login, in whatever case it is typed.
pub async fn by_login(db: &Db, login: &str) -> Result<UserId, UsersError> {
    store::by_login(db, &login_key(login)).await?.ok_or(UsersError::NoSuchUser)
}

/// Remembers when a user's last device went.
pub async fn left(db: &Db, id: UserId, at: Millis) -> Result<(), UsersError> {
    Ok(store::set_last_seen(db, id, at).await?)
}

/// Deletes sessions and links that can no longer be used; returns how many.
pub async fn forget_expired(db: &Db, now: Millis) -> sqlx::Result<u64> {
    store::delete_expired(db, now).await
}

/// Adds a user and makes the link with which they get in. `by` is unset for the command line, here and below.
pub async fn add(app: &App, new: NewUser, by: Option<UserId>) -> Result<(User, invitations::Invitation), UsersError> {
    let now = app.clock.now();
    let user = new.check(now)?;
    let mut tx = app.db.begin().await?;
    if !store::insert(&mut tx, &user, None).await? {
        return Err(UsersError::LoginTaken);
    }
    let invitation = invitations::renew(&mut tx, Some(user.id), now).await?;
    let User { id, login, name, role, .. } = user.clone();
    audit::append(&mut tx, by, Action::UserAdded { user_id: id, login, name, role }, now).await?;
    events::append(&mut tx, Audience::Everybody, &Event::UserChanged { user: user.clone() }, now).await?;
    app.publisher.commit(tx).await?;
    Ok((user, invitation))
}

/// Makes a new link for a user and voids the one before. For one who has a password, the link sets a new one.
pub async fn invite_again(app: &App, id: UserId, by: Option<UserId>) -> Result<invitations::Invitation, UsersError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let user = store::by_id(&mut *tx, id).await?.ok_or(UsersError::NoSuchUser)?;
    if user.deactivated_at.is_some() {
        return Err(UsersError::Deactivated);
    }
    let invitation = invitations::renew(&mut tx, Some(id), now).await?;
    audit::append(&mut tx, by, Action::UserInvitedAgain { user_id: id }, now).await?;
    tx.commit().await?;
    Ok(invitation)
}

/// Changes a user. One who is deactivated is signed out everywhere at once, and their groups get other owners.
pub async fn change(app: &App, id: UserId, change: UserChange, by: UserId) -> Result<User, UsersError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // First, because it is the lock under which two admins cannot demote each other at the same time.
    let event_id = events::next_id(&mut tx).await?;
    let before = store::by_id(&mut *tx, id).await?.ok_or(UsersError::NoSuchUser)?;
    let after = change.apply(&before, now)?;
    if is_active_admin(&before) && !is_active_admin(&after) && store::active_admins(&mut tx).await? <= 1 {
        return Err(UsersError::LastAdmin);
    }
    store::update(&mut tx, &after).await?;
    if after.deactivated_at.is_some() {
        store::delete_sessions_of(&mut tx, id).await?;
        store::delete_invitations(&mut tx, Some(id)).await?;
    }
    log_change(&mut tx, &before, &after, by, now).await?;
    events::insert(&mut tx, event_id, Audience::Everybody, &Event::UserChanged { user: after.clone() }, now).await?;
    if before.deactivated_at.is_none() && after.deactivated_at.is_some() {
        chat::groups::hand_over_all(&mut tx, id, by, now).await?;
    }
    app.publisher.commit(tx).await?;
    if after.deactivated_at.is_some() {
        app.hub.close_user(id);
        // Also those that ring, and those whose device was away.
        app.calls.user_gone(id);
    }
    Ok(after)
}

/// One entry for each thing that changed; none if nothing did.
async fn log_change(tx: &mut Tx, before: &User, after: &User, by: UserId, now: Millis) -> sqlx::Result<()> {
    let user_id = after.id;
    let (was, is) = (Described::from(before), Described::from(after));
    let state = match (before.deactivated_at.is_some(), after.deactivated_at.is_some()) {
        (false, true) => Some(Action::UserDeactivated { user_id }),
        (true, false) => Some(Action::UserReactivated { user_id }),
        _ => None,
    };
    let described = (was != is).then_some(Action::UserChanged { user_id, before: was, after: is });
    for action in described.into_iter().chain(state) {
        audit::append(tx, Some(by), action, now).await?;
    }
    Ok(())
}

/// Sets or takes away the picture of a user; the one before comes back.
pub async fn set_picture(app: &App, id: UserId, picture: Option<PictureId>) -> Result<Option<PictureId>, UsersError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // First, so that of two pictures at the same time one replaces the other.
    let event_id = events::next_id(&mut tx).await?;
    let mut user = store::by_id(&mut *tx, id).await?.ok_or(UsersError::NoSuchUser)?;
    let before = std::mem::replace(&mut user.picture, picture);
    if before == picture {
        return Ok(None);
    }
    store::set_picture(&mut tx, id, picture).await?;
    events::insert(&mut tx, event_id, Audience::Everybody, &Event::UserChanged { user }, now).await?;
    app.publisher.commit(tx).await?;
    Ok(before)
}

fn is_active_admin(user: &User) -> bool {
    user.role == Role::Admin && user.deactivated_at.is_none() && !user.invited
}

impl UserChange {
    fn apply(self, before: &User, now: Millis) -> Result<User, UsersError> {
        let mut user = before.clone();
        if let Some(name) = self.name {
            user.name = check_name(&name)?;
        }
        if let Some(role) = self.role {
            user.role = role;
        }
        match self.deactivated {
            Some(true) => user.deactivated_at = user.deactivated_at.or(Some(now)),
            Some(false) => user.deactivated_at = None,
            None => {}
        }
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_user(login: &str, name: &str, email: &str) -> NewUser {
        NewUser { name: name.to_owned(), login: login.to_owned(), email: email.to_owned(), role: Role::Employee }
    }

    #[test]
    fn logins_are_one_in_any_case_and_script() {
        assert_eq!(login_key(" Anna "), login_key("aNNA"));
        assert_eq!(login_key("Иван"), login_key("иВАН"));
        assert_ne!(login_key("анна"), login_key("anna"));
    }

    #[test]
    fn what_was_typed_is_trimmed_and_checked() {
        let user = new_user(" Анна.К ", " Анна К ", " anna@example.com ").check(Millis(1)).expect("it is fine");
        assert_eq!((user.login.as_str(), user.name.as_str(), user.email.as_str()), ("Анна.К", "Анна К", "anna@example.com"));
        let bad = [
            (new_user("a", "A", "a@b"), "login"),
            (new_user("a b", "A", "a@b"), "login"),
            (new_user("anna", " ", "a@b"), "name"),
            (new_user("anna", "A\nB", "a@b"), "name"),
            (new_user("anna", "A", "a@b\r\nBcc: c@d"), "e-mail"),
            (new_user("anna", "A", "nobody"), "e-mail"),
            (new_user("anna", "A", "a@b,c@d"), "e-mail"),
        ];
        for (user, field) in bad {
            let error = user.clone().check(Millis(1)).expect_err(&format!("{user:?}"));
            assert!(error.to_string().contains(field), "{user:?}: {error}");
        }
    }

    #[test]
    fn roles_are_the_same_words_in_json_and_in_the_database() {
        for role in [Role::Employee, Role::Manager, Role::Compliance, Role::Admin] {
            assert_eq!(role.to_string().parse::<Role>().expect("its own word"), role);
            assert_eq!(serde_json::to_value(role).expect("JSON"), role.to_string());
        }
        assert!("Admin".parse::<Role>().is_err());
    }
}
