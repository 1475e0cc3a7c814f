//! Plain HTTP on a port that speaks TLS: sent on to https, whatever was asked for.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use url::Url;

use crate::http::extract::own_url;

/// 308 keeps method and body.
pub fn router(public_url: Option<Url>) -> Router {
    Router::new().fallback(move |request: Request| async move { redirect(public_url, &request) })
}

fn redirect(public_url: Option<Url>, request: &Request) -> Response {
    let base = public_url.or_else(|| own_url(request.uri(), request.headers(), true));
    let Some(mut url) = base else { return StatusCode::BAD_REQUEST.into_response() };
    url.set_path(request.uri().path());
    url.set_query(request.uri().query());
    match HeaderValue::from_str(url.as_str()) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
