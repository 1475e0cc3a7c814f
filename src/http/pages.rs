//! The web part: built files, embedded in a release, read from `web/dist` in a debug build.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";

/// Shown in place of the page when the binary was built without it.
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Staffline</title>\
    <p>The server runs, but its web part has not been built. Run <code>make run</code>, or <code>npm run build</code> in <code>web/</code>.";

/// Everything that is no route of ours: a file, or the page, which finds its own way by the path.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path == "api" {
        return Error::not_found().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Error::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This cannot be done here.").into_response();
    }
    match Files::get(path).map(|file| (path, file)) {
        Some((path, file)) => respond(path, file, &headers),
        // A name with an extension is a file; the page under its name would only confuse.
        None if path.rsplit('/').next().is_some_and(|name| name.contains('.')) => Error::not_found().into_response(),
        None => match Files::get(INDEX) {
            Some(file) => respond(INDEX, file, &headers),
            None => (StatusCode::SERVICE_UNAVAILABLE, axum::response::Html(NOT_BUILT)).into_response(),
        },
    }
}

fn respond(path: &str, file: rust_embed::EmbeddedFile, request: &HeaderMap) -> Response {
    let etag =
        file.metadata.sha256_hash().iter().take(16).fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
    // Vite puts a hash of the content into the names under assets/.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let unchanged = request.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == etag.as_bytes());
    let mut response = if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(file.data).into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, tag);
    }
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, with_charset(kind));
    }
    response
}

fn with_charset(kind: HeaderValue) -> HeaderValue {
    match kind.as_bytes() {
        b"text/html" => HeaderValue::from_static("text/html; charset=utf-8"),
        b"text/javascript" => HeaderValue::from_static("text/javascript; charset=utf-8"),
        b"text/css" => HeaderValue::from_static("text/css; charset=utf-8"),
        _ => kind,
    }
}
