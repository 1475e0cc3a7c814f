//! HTTP of users, sign-in and invitations.

use std::time::Duration;

use axum::{
    Json as Reply,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    NewUser, Presence, User, UserChange, UsersError,
    account::{self, OtherSession, PasswordChange},
    invitations::{self, Acceptance, Invitation, InvitationKind},
    sessions::{self, Visitor},
    settings::{self, Settings, SettingsChange},
    store,
};
use crate::{
    app::App,
    clock::Millis,
    error::{Error, ErrorBody},
    http::extract::{Admin, Arrival, COOKIE, CurrentUser, Json, Path, PresentedToken, session_token},
    ids::UserId,
    tokens::Token,
};

impl From<UsersError> for Error {
    fn from(error: UsersError) -> Self {
        use UsersError as E;
        match error {
            E::BadName => Self::invalid("bad_name", "A name has 1 to 100 characters."),
            E::BadLogin => Self::invalid("bad_login", "A login has 2 to 64 letters, digits, dots, dashes or underscores."),
            E::BadEmail => Self::invalid("bad_email", "That is no e-mail address."),
            E::BadPassword => Self::invalid("bad_password", "A password has 10 to 200 characters and is not the login."),
            E::LoginTaken => Self::conflict("login_taken", "Somebody has this login already."),
            E::NoSuchUser => Self::not_found(),
            E::LastAdmin => Self::conflict("last_admin", "The last active admin cannot be removed."),
            E::Deactivated => Self::conflict("user_deactivated", "This user is deactivated."),
            E::BadInvitation => Self::new(StatusCode::NOT_FOUND, "bad_invitation", "This link is used up, expired or wrong."),
            E::WrongCredentials => Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "Login or password is wrong."),
            E::WrongPassword => Self::invalid("wrong_password", "That is not the present password."),
            E::Busy(busy) => Self::unavailable(busy),
            E::Database(error) => error.into(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    login: String,
    password: String,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    user: User,
}

/// A user with their presence.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedUser {
    #[serde(flatten)]
    user: User,
    presence: Presence,
}

/// A link to hand over; it is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationLink {
    #[schema(example = "https://chat.example.com/invitation#TOKEN")]
    url: String,
    expires_at: Millis,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AddedUser {
    user: User,
    invitation: InvitationLink,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationToken {
    token: String,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvitationToken").finish_non_exhaustive()
    }
}

/// Whom a link is for. `name` and `login` are unset for the first admin, who chooses them.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationInfo {
    kind: InvitationKind,
    name: Option<String>,
    login: Option<String>,
}

/// Longer ones are nobody's, and would only fill memory.
const LONGEST_LOGIN: usize = 256;
/// As [`invitations`] checks it when one is set; longer ones only cost time.
const LONGEST_PASSWORD: usize = 800;

/// Signs in. The answer sets the cookie `session_token`; a session that the browser had before ends.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn, responses(
    (status = 200, body = SignedIn),
    (status = 401, description = "wrong_credentials", body = ErrorBody),
    (status = 429, description = "too_many_requests, with Retry-After", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn sign_in(
    State(app): State<App>,
    arrival: Arrival,
    visitor: Visitor,
    Json(SignIn { login, password }): Json<SignIn>,
) -> Result<impl IntoResponse, Error> {
    if login.len() > LONGEST_LOGIN || password.len() > LONGEST_PASSWORD {
        return Err(UsersError::WrongCredentials.into());
    }
    app.sign_in_limits.check(&super::login_key(&login), visitor.address).map_err(Error::too_many_requests)?;
    let (user, new) = sessions::sign_in(&app, &login, password, &visitor).await?;
    let cookie = cookie(&app, &arrival, &new.token);
    Ok((AppendHeaders([cookie]), Reply(SignedIn { user })))
}

/// Who is signed in. Moves the end of the session on.
#[utoipa::path(get, path = "/api/session", tag = "session", responses(
    (status = 200, body = SignedIn),
    (status = 401, description = "not_signed_in", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn current(
    State(app): State<App>,
    arrival: Arrival,
    headers: HeaderMap,
    current: CurrentUser,
) -> Result<impl IntoResponse, Error> {
    let extended = sessions::extend(&app, current.session).await?;
    let token = session_token(&headers).filter(|_| extended);
    let renewed = token.map(|token| cookie_header(token, app.config.session_lifetime, arrival.is_secure()));
    Ok((AppendHeaders(renewed), Reply(SignedIn { user: current.user })))
}

/// Signs out: ends the session, and its sockets with 4401. Fine without a session, too.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses(
    (status = 204),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn sign_out(
    State(app): State<App>,
    arrival: Arrival,
    PresentedToken(token): PresentedToken,
) -> Result<impl IntoResponse, Error> {
    if let Some(token) = token {
        sessions::sign_out(&app, &token).await?;
    }
    let expired = cookie_header("", Duration::ZERO, arrival.is_secure());
    Ok((StatusCode::NO_CONTENT, AppendHeaders([expired])))
}

/// Where else the user is signed in, the newest first.
#[utoipa::path(get, path = "/api/session/others", tag = "session", operation_id = "other_sessions", responses(
    (status = 200, body = Vec<OtherSession>),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn others(State(app): State<App>, current: CurrentUser) -> Result<Reply<Vec<OtherSession>>, Error> {
    Ok(Reply(store::other_sessions(&app.db, current.session, app.clock.now()).await?))
}

/// Signs out everywhere but here: ends the other sessions, and their sockets with 4401.
#[utoipa::path(delete, path = "/api/session/others", tag = "session", operation_id = "end_other_sessions", responses(
    (status = 204),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn end_others(State(app): State<App>, current: CurrentUser) -> Result<StatusCode, Error> {
    account::end_others(&app, current.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets another password for oneself. Every other session ends, as at `DELETE /api/session/others`.
#[utoipa::path(put, path = "/api/users/me/password", tag = "users", operation_id = "change_password", request_body = PasswordChange, responses(
    (status = 204),
    (status = 422, description = "wrong_password, bad_password", body = ErrorBody),
    (status = 429, description = "too_many_requests, with Retry-After", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn change_password(
    State(app): State<App>,
    current: CurrentUser,
    visitor: Visitor,
    Json(change): Json<PasswordChange>,
) -> Result<StatusCode, Error> {
    if change.current_password.len() > LONGEST_PASSWORD {
        return Err(UsersError::WrongPassword.into());
    }
    // The same as at the sign-in: who found an open page has no more guesses than who did not.
    let login = super::login_key(&current.user.login);
    app.sign_in_limits.check(&login, visitor.address).map_err(Error::too_many_requests)?;
    account::change_password(&app, &current.user, current.session, change, visitor.address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whom an invitation link is for. Changes nothing; a POST because the token is a secret, and URLs are logged.
#[utoipa::path(post, path = "/api/invitations/lookup", tag = "session", request_body = InvitationToken, responses(
    (status = 200, body = InvitationInfo),
    (status = 404, description = "bad_invitation", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn look_up_invitation(
    State(app): State<App>,
    arrival: Arrival,
    Json(InvitationToken { token }): Json<InvitationToken>,
) -> Result<Reply<InvitationInfo>, Error> {
    app.sign_in_limits.check_address(arrival.peer.address.ip()).map_err(Error::too_many_requests)?;
    Ok(Reply(match invitations::look_up(&app, &token).await? {
        Some(user) => InvitationInfo { kind: InvitationKind::Invitation, name: Some(user.name), login: Some(user.login) },
        None => InvitationInfo { kind: InvitationKind::Setup, name: None, login: None },
    }))
}

/// Uses an invitation link up: sets the password (and, for the first admin, who they are) and signs in.
#[utoipa::path(post, path = "/api/invitations/accept", tag = "session", request_body = Acceptance, responses(
    (status = 200, body = SignedIn),
    (status = 404, description = "bad_invitation", body = ErrorBody),
    (status = 422, description = "bad_password, bad_name, bad_login, bad_email", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn accept_invitation(
    State(app): State<App>,
    arrival: Arrival,
    visitor: Visitor,
    Json(acceptance): Json<Acceptance>,
) -> Result<impl IntoResponse, Error> {
    app.sign_in_limits.check_address(visitor.address).map_err(Error::too_many_requests)?;
    let (user, new) = invitations::accept(&app, acceptance, &visitor).await?;
    Ok((AppendHeaders([cookie(&app, &arrival, &new.token)]), Reply(SignedIn { user })))
}

/// All staff, by name, with their presence now; changes of presence come over the socket.
#[utoipa::path(get, path = "/api/users", operation_id = "list_users", tag = "users", responses(
    (status = 200, body = Vec<ListedUser>),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, _: CurrentUser) -> Result<Reply<Vec<ListedUser>>, Error> {
    let users = store::list(&app.db).await?;
    Ok(Reply(users.into_iter().map(|user| ListedUser { presence: app.hub.presence(user.id), user }).collect()))
}

/// What the user has set for themselves.
#[utoipa::path(get, path = "/api/users/me/settings", tag = "users", operation_id = "settings", responses(
    (status = 200, body = Settings),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn settings(State(app): State<App>, current: CurrentUser) -> Result<Reply<Settings>, Error> {
    Ok(Reply(settings::of(&app.db, current.user.id).await?))
}

/// Changes one's own settings, on every device.
#[utoipa::path(patch, path = "/api/users/me/settings", tag = "users", operation_id = "change_settings", request_body = SettingsChange, responses(
    (status = 200, body = Settings),
    (status = 422, description = "invalid_body", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn change_settings(
    State(app): State<App>,
    current: CurrentUser,
    Json(change): Json<SettingsChange>,
) -> Result<Reply<Settings>, Error> {
    Ok(Reply(settings::change(&app, current.user.id, change).await?))
}

/// Adds a user. The answer has the link with which they get in.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = AddedUser),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 409, description = "login_taken", body = ErrorBody),
    (status = 422, description = "bad_name, bad_login, bad_email", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn add(
    State(app): State<App>,
    Admin(current): Admin,
    arrival: Arrival,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Reply<AddedUser>), Error> {
    let (user, invitation) = super::add(&app, new, Some(current.user.id)).await?;
    Ok((StatusCode::CREATED, Reply(AddedUser { user, invitation: link(&arrival, &invitation) })))
}

/// Changes a user's name or role, deactivates or reactivates them. Who is deactivated is signed out at once.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users", params(("id" = UserId, Path)), request_body = UserChange, responses(
    (status = 200, body = User),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 404, description = "not_found", body = ErrorBody),
    (status = 409, description = "last_admin", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn change(
    State(app): State<App>,
    Admin(current): Admin,
    Path(id): Path<UserId>,
    Json(change): Json<UserChange>,
) -> Result<Reply<User>, Error> {
    Ok(Reply(super::change(&app, id, change, current.user.id).await?))
}

/// Makes a new invitation link and voids the one before. For a user who has a password, the link sets a new one.
#[utoipa::path(post, path = "/api/users/{id}/invitation", tag = "users", params(("id" = UserId, Path)), responses(
    (status = 201, body = InvitationLink),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 404, description = "not_found", body = ErrorBody),
    (status = 409, description = "user_deactivated", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn invite_again(
    State(app): State<App>,
    Admin(current): Admin,
    arrival: Arrival,
    Path(id): Path<UserId>,
) -> Result<(StatusCode, Reply<InvitationLink>), Error> {
    let invitation = super::invite_again(&app, id, Some(current.user.id)).await?;
    Ok((StatusCode::CREATED, Reply(link(&arrival, &invitation))))
}

fn link(arrival: &Arrival, invitation: &Invitation) -> InvitationLink {
    InvitationLink { url: invitation.url(&arrival.base).into(), expires_at: invitation.expires_at }
}

fn cookie(app: &App, arrival: &Arrival, token: &Token) -> (HeaderName, HeaderValue) {
    cookie_header(token.as_str(), app.config.session_lifetime, arrival.is_secure())
}

/// `Lax`, so that a link in a mail opens the page signed in; what another site could send with it is stopped by the Origin check.
fn cookie_header(value: &str, lifetime: Duration, secure: bool) -> (HeaderName, HeaderValue) {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={}{secure}", lifetime.as_secs());
    let mut value = HeaderValue::from_str(&text).expect("base64url and ASCII");
    value.set_sensitive(true);
    (header::SET_COOKIE, value)
}
