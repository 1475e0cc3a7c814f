//! What handlers are given: checked bodies, paths and queries, and who asks.
//!
//! [`CurrentUser`] is the only way to a signed-in user. A handler that names none is open to everybody, and
//! the table in `tests/api/access.rs` says so.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio::time;
use url::Url;

use crate::{
    app::App,
    config::Tls,
    error::Error,
    tokens::TokenHash,
    users::{
        Role, User,
        sessions::{self, Session, Visitor},
    },
};

/// The name of the session's cookie.
pub const COOKIE: &str = "session_token";

/// The largest JSON body that is read, unless a route says otherwise.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A body that is too large is read on and thrown away up to here, because a browser that is still sending when the
/// connection closes shows "network error" instead of our answer.
const DISCARD_LIMIT: usize = 8 * 1024 * 1024;

/// The connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    pub tls: bool,
}

/// Who asks: the user of a live session.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub user: User,
    pub session: Session,
}

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        signed_in(parts, app).await?.ok_or_else(Error::not_signed_in)
    }
}

/// For a route that is not for users alone: a request without a session is nobody's.
impl axum::extract::OptionalFromRequestParts<App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Error> {
        signed_in(parts, app).await
    }
}

async fn signed_in(parts: &Parts, app: &App) -> Result<Option<CurrentUser>, Error> {
    let Some(token) = session_token(&parts.headers) else { return Ok(None) };
    let found = sessions::of_token(app, &TokenHash::of(token)).await?;
    Ok(found.map(|(session, user)| CurrentUser { user, session }))
}

/// A signed-in admin.
#[derive(Clone, Debug)]
pub struct Admin(pub CurrentUser);

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let current = CurrentUser::from_request_parts(parts, app).await?;
        if current.user.role == Role::Admin { Ok(Self(current)) } else { Err(Error::forbidden()) }
    }
}

/// A signed-in admin or compliance officer: who may read what others have done.
#[derive(Clone, Debug)]
pub struct Auditor(pub CurrentUser);

impl FromRequestParts<App> for Auditor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let current = CurrentUser::from_request_parts(parts, app).await?;
        if current.user.role.is_privileged() { Ok(Self(current)) } else { Err(Error::forbidden()) }
    }
}

/// The browser's session cookie, live or not: what a sign-in replaces and a sign-out ends.
#[derive(Clone, Debug)]
pub struct PresentedToken(pub Option<TokenHash>);

impl FromRequestParts<App> for PresentedToken {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        Ok(Self(session_token(&parts.headers).map(TokenHash::of)))
    }
}

/// Longer ones tell nobody more.
const LONGEST_AGENT: usize = 300;

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let peer = *parts.extensions.get::<Peer>().ok_or_else(|| Error::internal("a request without its connection"))?;
        let PresentedToken(before) = PresentedToken::from_request_parts(parts, app).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self { address: peer.address.ip().to_canonical(), agent: agent.chars().take(LONGEST_AGENT).collect(), before })
    }
}

/// The value of the session's cookie.
#[must_use]
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// How the client reached us.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub peer: Peer,
    /// `public_url`, or what the request itself was sent to.
    pub base: Url,
}

impl Arrival {
    /// Whether the browser's side of the connection is encrypted, by us or by a proxy before us.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.peer.tls || self.base.scheme() == "https"
    }
}

impl FromRequestParts<App> for Arrival {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let peer = *parts.extensions.get::<Peer>().ok_or_else(|| Error::internal("a request without its connection"))?;
        let base = match &app.config.public_url {
            Some(url) => url.clone(),
            None => own_url(&parts.uri, &parts.headers, peer.tls).ok_or_else(bad_host)?,
        };
        Ok(Self { peer, base })
    }
}

fn bad_host() -> Error {
    Error::new(StatusCode::BAD_REQUEST, "bad_host", "The request has no usable Host.")
}

/// The address that the request was sent to, by its `Host` (HTTP/1) or `:authority` (HTTP/2).
#[must_use]
pub fn own_url(uri: &Uri, headers: &HeaderMap, tls: bool) -> Option<Url> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = uri.authority().map(axum::http::uri::Authority::as_str).or(host)?;
    if authority.is_empty() || authority.contains(['/', '@', '?', '#', '\\']) {
        return None;
    }
    Url::parse(&format!("{}://{authority}/", if tls { "https" } else { "http" })).ok()
}

/// Whether the process itself ends TLS, so that plain HTTP must not be used again.
#[must_use]
pub fn ends_tls(app: &App) -> bool {
    app.config.tls != Tls::Off
}

/// A JSON body of at most `LIMIT` bytes.
#[derive(Clone, Copy, Debug)]
pub struct Json<T, const LIMIT: usize = BODY_LIMIT>(pub T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<App> for Json<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            let message = "Send JSON with Content-Type: application/json.";
            return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
        }
        let bytes = read_body(request.into_body(), LIMIT, app.tuning.request_patience).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Error::invalid("invalid_body", format!("The body does not fit: {error}.")),
            _ => Error::new(StatusCode::BAD_REQUEST, "bad_json", "The body is no JSON."),
        })
    }
}

/// A form of another site can send text/plain without asking; it cannot send this.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A body that must arrive within a time.
pub async fn read_body(body: Body, limit: usize, patience: Duration) -> Result<Vec<u8>, Error> {
    let slow = Error::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body took too long.");
    time::timeout(patience, collect_body(body, limit)).await.map_err(|_| slow)?
}

async fn collect_body(body: Body, limit: usize) -> Result<Vec<u8>, Error> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Error::new(StatusCode::BAD_REQUEST, "broken_body", "The body broke off."))?;
        length += chunk.len();
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        } else if length > DISCARD_LIMIT {
            break;
        }
    }
    if length <= limit { Ok(bytes) } else { Err(body_too_large(limit)) }
}

fn body_too_large(limit: usize) -> Error {
    let message = format!("The body is larger than {} KiB.", limit / 1_024);
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}

/// Parts of the path. One that does not parse names nothing: the same answer as for what is absent.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        path.map(|path| Self(path.0)).map_err(|_| Error::not_found())
    }
}

/// The query string.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, app).await;
        query.map(|query| Self(query.0)).map_err(|rejection| {
            Error::new(StatusCode::BAD_REQUEST, "bad_query", format!("The query does not fit: {}.", rejection.body_text()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        assert_eq!(session_token(&headers(&[("cookie", "a=b; session_token=xyz; c=d")])), Some("xyz"));
        assert_eq!(session_token(&headers(&[("cookie", "a=b"), ("cookie", "session_token=xyz")])), Some("xyz"));
        assert_eq!(session_token(&headers(&[("cookie", "my_session_token=xyz")])), None);
        assert_eq!(session_token(&headers(&[])), None);
    }

    #[test]
    fn our_own_url_comes_from_the_host() {
        let url = |host| own_url(&Uri::from_static("/x"), &headers(&[("host", host)]), false).map(String::from);
        assert_eq!(url("chat.example.com:8080").as_deref(), Some("http://chat.example.com:8080/"));
        assert_eq!(url("[::1]:8080").as_deref(), Some("http://[::1]:8080/"));
        assert_eq!(url("evil.example/@chat"), None);
        assert_eq!(url("user@chat"), None);
        let h2 = own_url(&Uri::from_static("https://chat.example.com/x"), &headers(&[]), true).map(String::from);
        assert_eq!(h2.as_deref(), Some("https://chat.example.com/"));
    }

    #[test]
    fn only_json_is_json() {
        assert!(is_json(&headers(&[("content-type", "application/json; charset=utf-8")])));
        assert!(!is_json(&headers(&[("content-type", "text/plain")])));
        assert!(!is_json(&headers(&[])));
    }
}
