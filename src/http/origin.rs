//! A page of another site must not act in the name of whoever reads it.
//!
//! `SameSite` alone lets sibling subdomains through, so every unsafe method and every WebSocket upgrade must
//! say in `Origin` that it comes from this very server.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::Url;

use super::extract::{Peer, own_url};
use crate::{app::App, error::Error};

/// Mail programs press this button for their reader (RFC 8058), from no page at all. The token in the URL is what counts there, not the cookie.
const FROM_ANYWHERE: &str = "/api/unsubscribe";

/// Refuses what another origin sends, before anything else looks at it.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let tls = request.extensions().get::<Peer>().is_some_and(|peer| peer.tls);
    let unsafe_here = !request.method().is_safe() && request.uri().path() != FROM_ANYWHERE;
    let needed = unsafe_here || is_upgrade(request.method(), request.headers());
    if needed && !is_own(app.config.public_url.as_ref(), request.uri(), request.headers(), tls) {
        return Error::new(StatusCode::FORBIDDEN, "foreign_origin", "This request comes from another site.").into_response();
    }
    next.run(request).await
}

/// HTTP/2 upgrades by CONNECT, which is no safe method anyway.
fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    let websocket = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    method == Method::CONNECT || headers.get_all(header::UPGRADE).iter().any(websocket)
}

fn is_own(public_url: Option<&Url>, uri: &Uri, headers: &HeaderMap, tls: bool) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
    let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()) else { return false };
    let same = |url: &Url| url.origin().is_tuple() && url.origin() == origin.origin();
    public_url.is_some_and(same) || own_url(uri, headers, tls).as_ref().is_some_and(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(public: Option<&str>, tls: bool, origin: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "chat.example.com:8080".parse().expect("a value"));
        for value in origin {
            headers.append(header::ORIGIN, value.parse().expect("a value"));
        }
        let public = public.map(|url| Url::parse(url).expect("a URL"));
        is_own(public.as_ref(), &Uri::from_static("/api/x"), &headers, tls)
    }

    #[test]
    fn only_the_own_origin_passes() {
        assert!(check(None, false, &["http://chat.example.com:8080"]));
        assert!(check(None, true, &["https://chat.example.com:8080"]));
        let foreign: [&[&str]; 8] = [
            &[],
            &["null"],
            &["http://evil.example"],
            &["http://chat.example.com"],
            &["http://sub.chat.example.com:8080"],
            &["https://chat.example.com:8080"],
            &["http://chat.example.com:8080", "http://evil.example"],
            &["file://"],
        ];
        for origin in foreign {
            assert!(!check(None, false, origin), "{origin:?}");
        }
    }

    #[test]
    fn behind_a_proxy_the_public_url_counts() {
        let public = Some("https://staff.example.com/");
        assert!(check(public, false, &["https://staff.example.com"]));
        assert!(check(public, false, &["http://chat.example.com:8080"]));
        assert!(!check(public, false, &["https://other.example.com"]));
    }
}
