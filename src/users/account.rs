//! What users do with their own account: another password, and an end to the sessions they no longer want.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{User, UsersError, invitations::check_password, login_key, sessions, sessions::Session, store};
use crate::{
    app::App,
    audit::{self, Action},
    clock::Millis,
    ids::SessionId,
};

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub current_password: String,
    #[schema(min_length = 10, max_length = 200)]
    pub new_password: String,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

/// Another session of the same user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OtherSession {
    pub id: SessionId,
    /// The `User-Agent` of the browser that signed in.
    pub agent: String,
    pub created_at: Millis,
}

/// Sets another password. Every session but this one ends, and so do links that would set yet another.
pub async fn change_password(
    app: &App,
    user: &User,
    session: Session,
    change: PasswordChange,
    address: IpAddr,
) -> Result<(), UsersError> {
    let PasswordChange { current_password, new_password } = change;
    let known = store::credentials(&app.db, &login_key(&user.login)).await?.and_then(|(_, hash)| hash);
    if !app.passwords.verify(current_password, known.clone()).await? {
        sessions::log_failure(app, user.id, address);
        return Err(UsersError::WrongPassword);
    }
    check_password(&new_password, &user.login)?;
    let hash = app.passwords.hash(new_password).await?;
    let mut tx = app.db.begin().await?;
    // Another device may have changed it since: whoever comes second did not know the password that holds now.
    if !store::replace_password(&mut tx, user.id, known.as_deref(), &hash).await? {
        return Err(UsersError::WrongPassword);
    }
    store::delete_other_sessions(&mut tx, session).await?;
    store::delete_invitations(&mut tx, Some(user.id)).await?;
    audit::append(&mut tx, Some(user.id), Action::PasswordChanged { address }, app.clock.now()).await?;
    tx.commit().await?;
    app.hub.close_others(user.id, session.id);
    Ok(())
}

/// Signs out everywhere but here.
pub async fn end_others(app: &App, session: Session) -> Result<(), UsersError> {
    let mut tx = app.db.begin().await?;
    store::delete_other_sessions(&mut tx, session).await?;
    tx.commit().await?;
    app.hub.close_others(session.user_id, session.id);
    Ok(())
}
