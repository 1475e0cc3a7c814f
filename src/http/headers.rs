//! Headers that every answer carries.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::extract::{Peer, own_url};
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// Adds them. The API's answers are never kept by a cache, unless they say so, and differ by cookie. A file brings a stricter
/// content policy of its own.
pub async fn add(request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let tls = request.extensions().get::<Peer>().is_some_and(|peer| peer.tls);
    let socket = own_url(request.uri(), request.headers(), tls);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        PERMISSIONS,
        HeaderValue::from_static("microphone=(self), camera=(self), display-capture=(self), geolocation=()"),
    );
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        insert_policy(headers, socket.as_ref().map(url::Url::authority));
    }
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    response
}

/// Only our own files, no inline script. Older browsers do not count a WebSocket of the same host as 'self', hence its name.
fn insert_policy(headers: &mut HeaderMap, authority: Option<&str>) {
    let sockets = authority.map(|name| format!(" ws://{name} wss://{name}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; \
         font-src 'self'; connect-src 'self'{sockets}; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
}
