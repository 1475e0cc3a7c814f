//! A span and one line for each request.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

use crate::app::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id of ours: one that a client chose could pass for another's in the log.
///
/// The matched path is logged, not the path: ids would make every line different, and a query is nobody's business.
pub async fn request(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let path = request.extensions().get::<MatchedPath>().map_or("(page)", MatchedPath::as_str);
    let span = tracing::info_span!("request", %id, method = %request.method(), path);
    let began = app.clock.now();
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let latency_ms = u64::try_from(began.until(app.clock.now()).as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), latency_ms, "answered"));
    response
}
