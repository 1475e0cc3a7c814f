//! The bytes of recordings on their way to an officer. That they go out is written before the first of them.

use std::{ops::Range, sync::Arc};

use axum::{
    Json as Reply,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use staffline_media::recorder::{Reader, StreamId};
use utoipa::ToSchema;

use super::find::found;
use crate::{
    app::App,
    audit::Action,
    compliance::officer::{Officer, record},
    error::{Error, ErrorBody},
    http::{
        extract::Path,
        range::{self, Asked},
    },
    ids::{RecordingId, UserId},
    recordings::{
        RecordingsError, check, levels,
        model::StreamKind,
        shelf::{self, Shelf, blocking},
        store::reading,
    },
};

/// What is decrypted at once.
const CHUNK: u64 = 256 * 1024;
/// The longest events that are read into memory.
const MAX_EVENTS: u64 = 64 * 1024 * 1024;

/// A stream of a recording, whole or a range of it.
#[utoipa::path(get, path = "/api/recordings/{id}/streams/{stream}", tag = "recordings", operation_id = "recording_stream",
    params(("id" = RecordingId, Path), ("stream" = u16, Path)), responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 409, description = "erased; damaged: the bytes are not what was recorded", body = ErrorBody),
        (status = 416, description = "bad_range: there are no such bytes", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn stream(
    State(app): State<App>,
    Officer(current): Officer,
    Path((id, stream)): Path<(RecordingId, u16)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    found(&app, id).await?;
    let reader = Arc::new(shelf::open(&app, id).await?);
    let number = StreamId(stream);
    let size = reader.stream_len(number).ok_or_else(Error::not_found)?;
    let (status, range) = match range::of(&headers, size) {
        Asked::All => (StatusCode::OK, 0..size),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Nothing => return Ok(no_such_range(size)),
    };
    record(&app, &current, Action::RecordingPlayed { recording_id: id, stream, from: range.start }).await?;
    // The first bytes before the answer begins: damage is said, and not played.
    let first = range.start..range.end.min(range.start.saturating_add(CHUNK));
    let beginning = read(&reader, number, first.clone()).await?;
    let streams = reading::streams(&app.db, id).await?;
    let known = streams.into_iter().find(|known| known.stream == stream);
    let kind = known.map_or_else(|| StreamKind::of(stream).content_type(&[]).to_owned(), |known| known.content_type);
    let mut response = (status, body(reader, number, beginning, first.end..range.end)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, value(&kind));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    headers.insert(header::CONTENT_DISPOSITION, value(&format!("inline; filename=\"{id}-{stream}.{}\"", ending(&kind))));
    if status == StatusCode::PARTIAL_CONTENT {
        headers.insert(header::CONTENT_RANGE, value(&format!("bytes {}-{}/{size}", range.start, range.end - 1)));
    }
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    Ok(response)
}

/// As the name of a file ends.
fn ending(content_type: &str) -> &'static str {
    match content_type {
        "audio/ogg" => "ogg",
        "application/x-ndjson" => "jsonl",
        _ => "webm",
    }
}

fn no_such_range(size: u64) -> Response {
    let refused = Error::new(StatusCode::RANGE_NOT_SATISFIABLE, "bad_range", "The stream has no such bytes.");
    let mut response = refused.into_response();
    response.headers_mut().insert(header::CONTENT_RANGE, value(&format!("bytes */{size}")));
    response
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

async fn read(reader: &Arc<Reader<Shelf>>, stream: StreamId, range: Range<u64>) -> Result<Bytes, RecordingsError> {
    let reader = Arc::clone(reader);
    blocking(move || Ok(Bytes::from(reader.read(stream, range)?))).await
}

/// What follows the beginning, a chunk at a time.
fn body(reader: Arc<Reader<Shelf>>, stream: StreamId, beginning: Bytes, rest: Range<u64>) -> Body {
    let chunks = stream::try_unfold((Some(beginning), rest), move |(ready, rest)| {
        let reader = Arc::clone(&reader);
        async move {
            if let Some(ready) = ready {
                return Ok(Some((ready, (None, rest))));
            }
            if rest.is_empty() {
                return Ok(None);
            }
            let next = rest.start..rest.end.min(rest.start + CHUNK);
            let bytes = read(&reader, stream, next.clone()).await;
            // The answer has begun: all that can be done is to break it off.
            let bytes = bytes.inspect_err(|error| tracing::error!(%error, "a recording broke off while it was played"))?;
            Ok::<_, RecordingsError>(Some((bytes, (None, next.end..rest.end))))
        }
    });
    Body::from_stream(chunks)
}

/// The events as they are written.
pub(super) async fn happened(app: &App, id: RecordingId) -> Result<Vec<u8>, RecordingsError> {
    whole(app, id, StreamId::EVENTS, MAX_EVENTS).await
}

pub(super) async fn whole(app: &App, id: RecordingId, stream: StreamId, most: u64) -> Result<Vec<u8>, RecordingsError> {
    let reader = shelf::open(app, id).await?;
    blocking(move || {
        let size = reader.stream_len(stream).ok_or(RecordingsError::NotFound)?;
        Ok(reader.read(stream, 0..size.min(most))?)
    })
    .await
}

/// What happened in a recording, in order: JSON objects with `type` and `at_ms`.
pub(super) async fn lines(app: &App, id: RecordingId) -> Result<Vec<Value>, RecordingsError> {
    let bytes = happened(app, id).await?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !levels::is_levels(line));
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// A line of a recording's events. Each kind has fields of its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordedEvent {
    r#type: String,
    /// Since the start of the recording.
    at_ms: u64,
    /// Of what a participant did.
    user_id: Option<UserId>,
}

/// What happened: who joined and left, who was muted, gaps and their reasons.
#[utoipa::path(get, path = "/api/recordings/{id}/events", tag = "recordings", operation_id = "recording_events", params(("id" = RecordingId, Path)),
    responses(
        (status = 200, body = Vec<RecordedEvent>, description = "The oldest first"),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 409, description = "erased, damaged", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn events(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<RecordingId>,
) -> Result<Reply<Vec<Value>>, Error> {
    found(&app, id).await?;
    record(&app, &current, Action::RecordingOpened { recording_id: id, what: "events".to_owned() }).await?;
    Ok(Reply(lines(&app, id).await?))
}

/// Whether a recording is what was recorded.
#[utoipa::path(post, path = "/api/recordings/{id}/verify", tag = "recordings", operation_id = "verify_recording", params(("id" = RecordingId, Path)),
    responses(
        (status = 200, body = check::Report),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 409, description = "erased", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn verify(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<RecordingId>,
) -> Result<Reply<check::Report>, Error> {
    found(&app, id).await?;
    let report = check::recording(&app, id).await?;
    record(&app, &current, Action::RecordingVerified { recording_id: id, fine: report.ok }).await?;
    Ok(Reply(report))
}
