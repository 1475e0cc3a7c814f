//! HTTP of notices: the admin's mail settings, the link that stops mail, and push subscriptions.

use axum::{
    Json as Reply,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    MailSettings, NoticesError, compose,
    push::{client, encryption, store as push_store, vapid::Keys},
    settings::{self, Mail, Password},
    smtp::{self, Problem, SendError},
    store,
    unsubscribe::{self, Signer},
    words,
};
use crate::{
    app::App,
    clock::Millis,
    error::{Error, ErrorBody},
    http::extract::{Admin, Arrival, CurrentUser, Json, Path, Query},
    ids::{MailId, UserId},
    users::{self, User, settings::Language},
};

impl From<NoticesError> for Error {
    fn from(error: NoticesError) -> Self {
        use NoticesError as E;
        match error {
            E::BadServer => Self::invalid("bad_mail_server", "A mail server has a name and a port."),
            E::BadSender => Self::invalid("bad_mail_sender", "The sender is an address, as in Staffline <chat@example.com>."),
            E::BadDelay => Self::invalid("bad_mail_delay", "The delay is 1 to 1,440 minutes."),
            E::PasswordNeedsTls => Self::invalid("password_needs_tls", "A password goes over an encrypted connection only."),
            E::SetByConfig => Self::conflict("set_by_config", "The server's configuration sets the mail server."),
            E::MailOff => Self::conflict("mail_off", "No mail server is set."),
            E::BadSubscription => Self::invalid("bad_subscription", "That is no push subscription of a browser."),
            E::BadToken => Self::not_found(),
            E::User(error) => error.into(),
            E::Database(error) => error.into(),
        }
    }
}

/// The mail settings, and how mail does.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailReport {
    settings: MailSettings,
    /// A password is kept; nobody is told which.
    has_password: bool,
    /// Server, sender and password come from the server's configuration: the page cannot change them.
    fixed: bool,
    /// Mails on their way.
    waiting: u32,
    /// Mails of the last 30 days that were given up.
    failed: u32,
    last_sent_at: Option<Millis>,
    /// What the mail server said to a mail that is still on its way or was given up, and when.
    problem: Option<MailProblem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MailProblem {
    at: Millis,
    said: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailChange {
    settings: MailSettings,
    /// Left out: the one that is kept stays, if server, port and user do. Empty: none.
    #[serde(default)]
    password: Option<String>,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for MailChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailChange").finish_non_exhaustive()
    }
}

/// What came of a mail that was sent while somebody waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailOutcome {
    /// Unset: the mail server took it.
    problem: Option<Problem>,
    /// In the words of the mail server or of the network.
    said: String,
    /// The address that it went to.
    address: String,
}

/// The mail settings.
#[utoipa::path(get, path = "/api/admin/mail", tag = "admin", operation_id = "mail_settings", responses(
    (status = 200, body = MailReport),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn mail(State(app): State<App>, _: Admin) -> Result<Reply<MailReport>, Error> {
    Ok(Reply(report(&app).await?))
}

async fn report(app: &App) -> sqlx::Result<MailReport> {
    let mail = Mail::load(app).await?;
    let outbox = store::outbox(&app.db).await?;
    Ok(MailReport {
        settings: mail.settings,
        has_password: mail.password.is_some(),
        fixed: app.config.smtp.is_some(),
        waiting: outbox.waiting,
        failed: outbox.failed,
        last_sent_at: outbox.last_sent_at,
        problem: outbox.problem.map(|(at, said)| MailProblem { at, said }),
    })
}

/// Sets how mail goes out.
#[utoipa::path(put, path = "/api/admin/mail", tag = "admin", operation_id = "set_mail_settings", request_body = MailChange, responses(
    (status = 200, body = MailReport),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 409, description = "set_by_config", body = ErrorBody),
    (status = 422, description = "bad_mail_server, bad_mail_sender, bad_mail_delay, password_needs_tls", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_mail(
    State(app): State<App>,
    Admin(current): Admin,
    Json(MailChange { settings, password }): Json<MailChange>,
) -> Result<Reply<MailReport>, Error> {
    settings::save(&app, current.user.id, settings, password.map(Password)).await?;
    Ok(Reply(report(&app).await?))
}

/// Sends a mail to the admin who asks, with the settings that are saved, and tells what the mail server said.
#[utoipa::path(post, path = "/api/admin/mail/test", tag = "admin", operation_id = "test_mail", responses(
    (status = 200, body = MailOutcome),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 409, description = "mail_off", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn test_mail(State(app): State<App>, Admin(current): Admin) -> Result<Reply<MailOutcome>, Error> {
    let outcome = send_now(&app, &current.user, |envelope| {
        let language = envelope.language;
        compose::short(envelope, words::test_subject(language), words::test_body(language), None)
    });
    Ok(Reply(outcome.await?))
}

/// Makes a new invitation link and mails it. The answer has no link: whoever reads that mailbox is to follow it.
#[utoipa::path(post, path = "/api/users/{id}/invitation/mail", tag = "users", operation_id = "mail_invitation", params(("id" = UserId, Path)), responses(
    (status = 200, body = MailOutcome),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 404, description = "not_found", body = ErrorBody),
    (status = 409, description = "mail_off, user_deactivated", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn mail_invitation(
    State(app): State<App>,
    Admin(current): Admin,
    arrival: Arrival,
    Path(id): Path<UserId>,
) -> Result<Reply<MailOutcome>, Error> {
    if Mail::load(&app).await?.settings.server.is_none() {
        return Err(NoticesError::MailOff.into());
    }
    let user = users::active(&app.db, id).await?;
    let invitation = users::invite_again(&app, id, Some(current.user.id)).await?;
    let url = invitation.url(&arrival.base);
    let outcome = send_now(&app, &user, |envelope| {
        let language = envelope.language;
        let button = Some((words::invitation_button(language), &url));
        compose::short(envelope, words::invitation_subject(language), words::invitation_body(language), button)
    });
    Ok(Reply(outcome.await?))
}

/// How long somebody waits for an answer of the mail server.
const WAITS: std::time::Duration = std::time::Duration::from_secs(15);

async fn send_now(
    app: &App,
    to: &User,
    compose: impl FnOnce(&compose::Envelope<'_>) -> Result<lettre::Message, SendError>,
) -> Result<MailOutcome, Error> {
    let mail = Mail::load(app).await?;
    if mail.settings.server.is_none() {
        return Err(NoticesError::MailOff.into());
    }
    let language = users::settings::of(&app.db, to.id).await?.language.unwrap_or(mail.settings.language);
    let envelope =
        compose::Envelope { mail: &mail, name: &to.name, email: &to.email, language, id: MailId::new(), date: app.clock.now() };
    let sent = match compose(&envelope) {
        Ok(message) => smtp::send(&mail, app.config.smtp_ca.as_deref(), &message, app.tuning.send_patience.min(WAITS)).await,
        Err(error) => Err(error),
    };
    let address = to.email.clone();
    Ok(match sent {
        Ok(said) => MailOutcome { problem: None, said, address },
        Err(SendError { problem, said }) => MailOutcome { problem: Some(problem), said, address },
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnsubscribeToken {
    /// From the link of a mail.
    #[serde(default)]
    token: String,
}

/// The page behind the link that stops mail. It changes nothing: mail programs look at links before their reader does.
#[utoipa::path(get, path = "/api/unsubscribe", tag = "notices", params(UnsubscribeToken), responses(
    (status = 200, description = "A page with one button", body = String, content_type = "text/html"),
    (status = 404, description = "A page that says so", body = String, content_type = "text/html"),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn unsubscribe_page(
    State(app): State<App>,
    Query(UnsubscribeToken { token }): Query<UnsubscribeToken>,
) -> Result<Response, Error> {
    let (user, language) = whose(&app, &token).await?;
    let [title, question, button] = words::unsubscribe_page(language);
    let body = match user {
        // Without an action the form goes where the page came from, token and all.
        Some(_) => format!("<p>{question}</p><form method=\"post\"><button>{button}</button></form>"),
        None => format!("<p>{}</p>", words::bad_link(language)),
    };
    Ok(page(user.is_some(), language, title, &body))
}

/// Stops mail about messages: the page's button, or a mail program's own (RFC 8058). Needs no sign-in.
#[utoipa::path(post, path = "/api/unsubscribe", tag = "notices", operation_id = "unsubscribe", params(UnsubscribeToken), responses(
    (status = 200, description = "A page that says so", body = String, content_type = "text/html"),
    (status = 404, description = "A page that says so", body = String, content_type = "text/html"),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn unsubscribe(
    State(app): State<App>,
    Query(UnsubscribeToken { token }): Query<UnsubscribeToken>,
) -> Result<Response, Error> {
    let (user, language) = whose(&app, &token).await?;
    if let Some(user) = user {
        unsubscribe::stop(&app, user).await?;
    }
    let said = if user.is_some() { words::unsubscribed(language) } else { words::bad_link(language) };
    Ok(page(user.is_some(), language, words::unsubscribe_page(language)[0], &format!("<p>{said}</p>")))
}

/// Whose mail a token stops, and their language.
async fn whose(app: &App, token: &str) -> Result<(Option<UserId>, Language), NoticesError> {
    let mail = Mail::load(app).await?;
    let Ok(user) = Signer::load_or_make(app).await?.user(token) else { return Ok((None, mail.settings.language)) };
    let settings = users::settings::of(&app.db, user).await?;
    Ok((Some(user), settings.language.unwrap_or(mail.settings.language)))
}

/// Plain, because our policy allows neither inline style nor script; a browser's own look will do.
fn page(found: bool, language: Language, title: &str, body: &str) -> Response {
    let language = match language {
        Language::Ru => "ru",
        Language::En => "en",
    };
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    (if found { StatusCode::OK } else { StatusCode::NOT_FOUND }, Html(html)).into_response()
}

/// What a page needs to subscribe.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushKey {
    /// The `applicationServerKey`, base64url.
    key: String,
}

/// The server's public key for `pushManager.subscribe`.
#[utoipa::path(get, path = "/api/push/key", tag = "notices", operation_id = "push_key", responses(
    (status = 200, body = PushKey),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn push_key(State(app): State<App>, _: CurrentUser) -> Result<Reply<PushKey>, Error> {
    Ok(Reply(PushKey { key: Keys::load_or_make(&app).await?.public() }))
}

/// What `PushSubscription.toJSON()` gives, and the language of the page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushSubscription {
    endpoint: String,
    /// Base64url.
    p256dh: String,
    /// Base64url.
    auth: String,
    language: Language,
}

// Whoever knows it could write to the browser.
impl std::fmt::Debug for PushSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushSubscription").finish_non_exhaustive()
    }
}

/// Sends notices to this browser while no page is open, until the session ends.
#[utoipa::path(put, path = "/api/push/subscription", tag = "notices", operation_id = "subscribe_push", request_body = PushSubscription, responses(
    (status = 204),
    (status = 422, description = "bad_subscription", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn subscribe(
    State(app): State<App>,
    current: CurrentUser,
    Json(new): Json<PushSubscription>,
) -> Result<StatusCode, Error> {
    check(&new, app.config.push_private)?;
    let subscription = push_store::Subscription { endpoint: new.endpoint, p256dh: new.p256dh, auth: new.auth };
    let now = app.clock.now();
    push_store::keep(&app.db, current.user.id, current.session.id, &subscription, new.language, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check(new: &PushSubscription, private: bool) -> Result<(), NoticesError> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let length = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map(|bytes| bytes.len()).unwrap_or_default();
    let keys = length(&new.p256dh) == encryption::PUBLIC_KEY && length(&new.auth) == encryption::AUTH_SECRET;
    if keys && client::check_endpoint(&new.endpoint, private).is_ok() { Ok(()) } else { Err(NoticesError::BadSubscription) }
}

/// Sends no more notices to this browser.
#[utoipa::path(delete, path = "/api/push/subscription", tag = "notices", operation_id = "unsubscribe_push", responses(
    (status = 204),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn unsubscribe_push(State(app): State<App>, current: CurrentUser) -> Result<StatusCode, Error> {
    push_store::delete_of_session(&app.db, current.session.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
