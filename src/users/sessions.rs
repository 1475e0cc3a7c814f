//! Login sessions: what the cookie `session_token` stands for.

use std::net::IpAddr;

use crate::{
    app::App,
    audit::{self, Action},
    clock::Millis,
    db::Tx,
    ids::{SessionId, UserId},
    tokens::{Token, TokenHash},
    users::{User, UsersError, login_key, store},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub expires_at: Millis,
}

/// A session that has just begun, with the secret that only the browser keeps.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub session: Session,
    pub token: Token,
}

/// The browser that somebody signs in with.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub address: IpAddr,
    /// As it calls itself, cut to a sensible length.
    pub agent: String,
    /// Its session until now. It ends with a sign-in, so that a cookie that somebody planted is worth nothing.
    pub before: Option<TokenHash>,
}

/// A session that is renewed within a day of its making would be written at each visit for nothing.
const EXTEND_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// The live session of a cookie, and its user.
pub async fn of_token(app: &App, token: &TokenHash) -> sqlx::Result<Option<(Session, User)>> {
    store::session(&app.db, token, app.clock.now()).await
}

/// When a session ends, if it has not yet and its user may sign in.
pub async fn end_of(app: &App, id: SessionId) -> sqlx::Result<Option<Millis>> {
    store::session_end(&app.db, id, app.clock.now()).await
}

/// Checks login and password and begins a session.
pub async fn sign_in(app: &App, login: &str, password: String, visitor: &Visitor) -> Result<(User, NewSession), UsersError> {
    let found = store::credentials(&app.db, &login_key(login)).await?;
    let (id, hash) = found.map_or((None, None), |(id, hash)| (Some(id), hash));
    let right = app.passwords.verify(password, hash).await?;
    let Some(id) = id.filter(|_| right) else {
        if let Some(id) = id {
            log_failure(app, id, visitor.address);
        }
        return Err(UsersError::WrongCredentials);
    };
    let mut tx = app.db.begin().await?;
    // Read here: the user may have been deactivated while the password was checked.
    let user = store::by_id(&mut *tx, id).await?.filter(|user| user.deactivated_at.is_none());
    let user = user.ok_or(UsersError::WrongCredentials)?;
    let ended = end_in(&mut tx, visitor.before.as_ref()).await?;
    let new = begin(app, &mut tx, id, visitor).await?;
    if user.role.is_privileged() {
        audit::append(&mut tx, Some(id), Action::SignedIn { address: visitor.address }, app.clock.now()).await?;
    }
    tx.commit().await?;
    close_sockets(app, ended);
    Ok((user, new))
}

/// Writes a wrong password to the audit log, beside the answer: a login that exists must not take longer to refuse than one that
/// does not. Only some of a flood are written.
pub fn log_failure(app: &App, user_id: UserId, address: IpAddr) {
    if !app.sign_in_limits.is_worth_logging(user_id) {
        return;
    }
    let app = app.clone();
    app.tasks.clone().spawn(async move {
        let written = async {
            let mut tx = app.db.begin().await?;
            audit::append(&mut tx, None, Action::SignInFailed { user_id, address }, app.clock.now()).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::error!(%error, user.id = %user_id, "a failed sign-in was not written to the audit log");
        }
    });
}

/// Begins a session in a transaction of the caller.
pub async fn begin(app: &App, tx: &mut Tx, user_id: UserId, visitor: &Visitor) -> Result<NewSession, UsersError> {
    let now = app.clock.now();
    let token = Token::new();
    let session = Session { id: SessionId::new(), user_id, expires_at: now.plus(app.config.session_lifetime) };
    store::insert_session(tx, &session, &token.hash(), &visitor.agent, now).await?;
    Ok(NewSession { session, token })
}

/// Ends the session of a token and its sockets.
pub async fn sign_out(app: &App, token: &TokenHash) -> Result<(), UsersError> {
    let mut tx = app.db.begin().await?;
    let ended = end_in(&mut tx, Some(token)).await?;
    tx.commit().await?;
    close_sockets(app, ended);
    Ok(())
}

/// Moves the end of a session on, if that is worth a write. True if it was.
pub async fn extend(app: &App, session: Session) -> Result<bool, UsersError> {
    let until = app.clock.now().plus(app.config.session_lifetime);
    if session.expires_at.until(until) < EXTEND_AFTER {
        return Ok(false);
    }
    let mut tx = app.db.begin().await?;
    store::extend_session(&mut tx, session.id, until).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends a session in a transaction of the caller, who closes its sockets after the commit.
pub async fn end_in(tx: &mut Tx, token: Option<&TokenHash>) -> Result<Option<SessionId>, UsersError> {
    match token {
        Some(token) => Ok(store::delete_session(tx, token).await?),
        None => Ok(None),
    }
}

/// Closes the sockets of a session that has ended. After the commit, or a socket could be opened in between.
pub fn close_sockets(app: &App, ended: Option<SessionId>) {
    if let Some(session) = ended {
        app.hub.close_session(session);
    }
}
