//! The bytes of attachments on their way out: whole or a range, never run by the browser.

use std::ops::Range;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    app::App,
    audit::Action,
    compliance::officer::{Officer, record},
    error::{Error, ErrorBody},
    files::{AttachmentKind, FilesError, blobs::Key, names, sniff, store},
    http::{
        extract::{CurrentUser, Path, Query},
        range::{self, Asked},
    },
    ids::AttachmentId,
};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// Anything: saved as a file, whatever it is.
    #[serde(default)]
    download: Option<String>,
}

/// The bytes of an attachment. Images, videos and sounds that every browser knows are shown in place, all else is saved as a file.
#[utoipa::path(get, path = "/api/attachments/{id}", tag = "files", operation_id = "download", params(("id" = AttachmentId, Path), How), responses(
    (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 206, description = "The range that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 304, description = "Unchanged: it never changes"),
    (status = 404, description = "not_found: absent, deleted, or on a message that the reader may not see", body = ErrorBody),
    (status = 416, description = "bad_range: there are no such bytes", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn download(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<AttachmentId>,
    Query(how): Query<How>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let attachment = store::readable(&app.db, id, current.user.id).await?.ok_or_else(Error::not_found)?;
    let inline = attachment.kind != AttachmentKind::File && how.download.is_none();
    let object = Object {
        key: Key::Attachment(id),
        size: attachment.size,
        content_type: &attachment.content_type,
        etag: format!("\"{id}\""),
        disposition: names::disposition(inline, &attachment.name),
        cache: REVALIDATE,
    };
    object.respond(&app, &headers).await
}

/// The bytes of a file that is kept for compliance, also of a deleted message. That an officer took it is written before the first byte.
#[utoipa::path(get, path = "/api/archive/attachments/{id}", tag = "archive", operation_id = "archived_attachment",
    params(("id" = AttachmentId, Path), How), responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "not_found: there is none, or its time is over; compliance officers only", body = ErrorBody),
        (status = 416, description = "bad_range: there are no such bytes", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn archived(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<AttachmentId>,
    Query(how): Query<How>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (attachment, conversation_id) = store::kept(&app.db, id).await?.ok_or_else(Error::not_found)?;
    record(&app, &current, Action::ConversationFileTaken { conversation_id, attachment_id: id }).await?;
    let inline = attachment.kind != AttachmentKind::File && how.download.is_none();
    let object = Object {
        key: Key::Attachment(id),
        size: attachment.size,
        content_type: &attachment.content_type,
        etag: format!("\"{id}\""),
        disposition: names::disposition(inline, &attachment.name),
        cache: "no-store",
    };
    object.respond(&app, &headers).await
}

/// A small copy of an image, for the chat.
#[utoipa::path(get, path = "/api/attachments/{id}/thumbnail", tag = "files", operation_id = "thumbnail", params(("id" = AttachmentId, Path)), responses(
    (status = 200, description = "At most 640 by 640 pixels, JPEG or WebP", body = Vec<u8>, content_type = "image/*"),
    (status = 304, description = "Unchanged: it never changes"),
    (status = 404, description = "not_found: as for the attachment, or there is none", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn thumbnail(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<AttachmentId>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let attachment = store::readable(&app.db, id, current.user.id).await?.ok_or_else(Error::not_found)?;
    if !attachment.preview {
        return Err(Error::not_found());
    }
    respond_small(&app, Key::Thumbnail(id), &id.to_string(), REVALIDATE, &headers).await
}

/// Answers with an image that the server has made.
pub(super) async fn respond_small(
    app: &App,
    key: Key,
    name: &str,
    cache: &'static str,
    request: &HeaderMap,
) -> Result<Response, Error> {
    let bytes = app.files.blobs.read(key).await.map_err(FilesError::Store)?.ok_or_else(Error::not_found)?;
    let content_type = sniff::sniff(&bytes).content_type;
    let disposition = names::disposition(true, &format!("{name}.{}", content_type.trim_start_matches("image/")));
    let etag = format!("\"{name}\"");
    let object = Object { key, size: bytes.len() as u64, content_type, etag, disposition, cache };
    object.respond_with(request, async |range| Ok(Body::from(bytes.slice(to_usize(range))))).await
}

/// A range of bytes that are in memory.
fn to_usize(range: Range<u64>) -> Range<usize> {
    let index = |at| usize::try_from(at).unwrap_or(usize::MAX);
    index(range.start)..index(range.end)
}

/// What a reader may have today they may not tomorrow: asked each time, but not sent again.
const REVALIDATE: &str = "private, max-age=0, must-revalidate";

/// Something in the store, and how it is answered with.
struct Object<'a> {
    key: Key,
    size: u64,
    content_type: &'a str,
    etag: String,
    disposition: HeaderValue,
    cache: &'static str,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    Nothing,
    Unchanged,
}

impl Object<'_> {
    async fn respond(self, app: &App, request: &HeaderMap) -> Result<Response, Error> {
        let key = self.key;
        self.respond_with(request, async |range| stream(app, key, range).await).await
    }

    async fn respond_with(
        self,
        request: &HeaderMap,
        body: impl AsyncFnOnce(Range<u64>) -> Result<Body, FilesError>,
    ) -> Result<Response, Error> {
        let wanted = self.wanted(request);
        let (status, range) = match &wanted {
            Wanted::Unchanged => (StatusCode::NOT_MODIFIED, 0..0),
            Wanted::All => (StatusCode::OK, 0..self.size),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range.clone()),
            Wanted::Nothing => return Ok(self.no_such_range()),
        };
        let mut response = match wanted {
            Wanted::Unchanged => status.into_response(),
            _ => (status, body(range.clone()).await?).into_response(),
        };
        let headers = response.headers_mut();
        if status != StatusCode::NOT_MODIFIED {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
            headers.insert(header::CONTENT_TYPE, value(self.content_type));
            headers.insert(header::CONTENT_DISPOSITION, self.disposition);
        }
        if status == StatusCode::PARTIAL_CONTENT {
            headers.insert(header::CONTENT_RANGE, value(&format!("bytes {}-{}/{}", range.start, range.end - 1, self.size)));
        }
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::ETAG, value(&self.etag));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
        Ok(response)
    }

    fn wanted(&self, request: &HeaderMap) -> Wanted {
        let text = |name: HeaderName| request.get(name).and_then(|value| value.to_str().ok());
        let known = |list: &str| list.split(',').any(|tag| tag.trim().trim_start_matches("W/") == self.etag || tag.trim() == "*");
        if text(header::IF_NONE_MATCH).is_some_and(known) {
            return Wanted::Unchanged;
        }
        // A range of another version would be of no use; dates are never given out, so none can match.
        if text(header::IF_RANGE).is_some_and(|tag| tag != self.etag) {
            return Wanted::All;
        }
        match range::of(request, self.size) {
            Asked::All => Wanted::All,
            Asked::Part(range) => Wanted::Part(range),
            Asked::Nothing => Wanted::Nothing,
        }
    }

    fn no_such_range(&self) -> Response {
        let refused = Error::new(StatusCode::RANGE_NOT_SATISFIABLE, "bad_range", "The file has no such bytes.");
        let mut response = refused.into_response();
        response.headers_mut().insert(header::CONTENT_RANGE, value(&format!("bytes */{}", self.size)));
        response
    }
}

async fn stream(app: &App, key: Key, range: Range<u64>) -> Result<Body, FilesError> {
    let stream = app.files.blobs.get(key, range).await?;
    // The answer has begun: all that can be done is to break it off.
    Ok(Body::from_stream(stream.inspect_err(move |error| tracing::error!(%error, ?key, "an object broke off"))))
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}
