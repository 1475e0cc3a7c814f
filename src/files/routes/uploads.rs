//! Resumable uploads: tus 1.0 with creation, termination, checksum (SHA-256) and expiration.

use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::digest::SHA256_OUTPUT_LEN;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    app::App,
    clock::Millis,
    error::{Error, ErrorBody},
    files::{
        limits,
        uploads::{self, Chunk, NewUpload, Progress},
    },
    http::extract::{CurrentUser, Path},
    ids::AttachmentId,
};

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

/// Bytes of `Upload-Metadata`: a name of 255 characters fits, whatever its script.
const MAX_METADATA: usize = 4 * 1024;

/// What this server can do.
#[utoipa::path(options, path = "/api/uploads", tag = "files", operation_id = "upload_options", responses(
    (status = 204, description = "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm"),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn options(State(app): State<App>, _: CurrentUser) -> Result<Response, Error> {
    let limits = limits::current(&app.db, &app.config).await?;
    let mut response = tus(Ok(StatusCode::NO_CONTENT.into_response()));
    let headers = response.headers_mut();
    headers.insert(TUS_VERSION, VERSION);
    headers.insert(TUS_EXTENSION, HeaderValue::from_static("creation,termination,checksum,expiration"));
    headers.insert(TUS_MAX_SIZE, HeaderValue::from(limits.max_file_bytes));
    headers.insert(TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static("sha256"));
    Ok(response)
}

/// Makes an upload: `Upload-Length`, and `Upload-Metadata` with `filename`, and where they fit `voice`, `width`, `height` and
/// `duration_ms`. Its address, in `Location`, ends with the id of the attachment that it becomes.
#[utoipa::path(post, path = "/api/uploads", tag = "files", operation_id = "create_upload", responses(
    (status = 201, description = "Made: Location, Upload-Offset, Upload-Expires"),
    (status = 400, description = "bad_upload: Upload-Length or Upload-Metadata", body = ErrorBody),
    (status = 412, description = "wrong_tus_version", body = ErrorBody),
    (status = 413, description = "file_too_large, quota_exceeded", body = ErrorBody),
    (status = 507, description = "storage_full", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn create(State(app): State<App>, current: CurrentUser, headers: HeaderMap) -> Response {
    let made = async {
        check_version(&headers)?;
        let (id, progress) = uploads::create(&app, current.session, new_upload(&headers)?).await?;
        let mut response = describe(StatusCode::CREATED, progress);
        let location = format!("/api/uploads/{id}");
        response.headers_mut().insert(header::LOCATION, HeaderValue::try_from(location).expect("a plain path"));
        Ok(response)
    };
    tus(made.await)
}

/// Where an upload stands. A request that still sends to it is ended first.
#[utoipa::path(head, path = "/api/uploads/{id}", tag = "files", operation_id = "upload_progress", params(("id" = AttachmentId, Path)), responses(
    (status = 200, description = "Upload-Offset, Upload-Length, Upload-Expires"),
    (status = 404, description = "not_found: no upload of the reader, or sent"),
    (status = "default", description = "Refused"),
))]
pub async fn progress(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<AttachmentId>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        check_version(&headers)?;
        let progress = uploads::progress_of(&app, current.user.id, id).await?;
        let mut response = describe(StatusCode::OK, progress);
        response.headers_mut().insert(UPLOAD_LENGTH, HeaderValue::from(progress.size));
        Ok(response)
    };
    tus(found.await)
}

/// Brings bytes, from `Upload-Offset` on, with `Upload-Checksum: sha256 …` if the client likes. When the last of them is answered,
/// the attachment is complete and may be sent.
#[utoipa::path(patch, path = "/api/uploads/{id}", tag = "files", operation_id = "upload_chunk", params(("id" = AttachmentId, Path)),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"), responses(
    (status = 204, description = "Taken in: Upload-Offset, Upload-Expires"),
    (status = 400, description = "bad_upload: Upload-Offset or Upload-Checksum", body = ErrorBody),
    (status = 404, description = "not_found: no upload of the sender, or sent", body = ErrorBody),
    (status = 408, description = "request_timeout: no bytes came", body = ErrorBody),
    (status = 409, description = "wrong_offset", body = ErrorBody),
    (status = 413, description = "more_than_declared", body = ErrorBody),
    (status = 415, description = "unsupported_media_type", body = ErrorBody),
    (status = 422, description = "not_a_voice_message: no sound, or longer than 15 minutes", body = ErrorBody),
    (status = 423, description = "taken_over: a later request goes on with it", body = ErrorBody),
    (status = 460, description = "wrong_checksum", body = ErrorBody),
    (status = 507, description = "storage_full", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn append(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<AttachmentId>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let appended = async {
        check_version(&headers)?;
        let chunk = chunk(&headers, body)?;
        Ok(describe(StatusCode::NO_CONTENT, uploads::append(&app, current.session, id, chunk).await?))
    };
    tus(appended.await)
}

/// Gives an upload up that has not been sent.
#[utoipa::path(delete, path = "/api/uploads/{id}", tag = "files", operation_id = "delete_upload", params(("id" = AttachmentId, Path)), responses(
    (status = 204, description = "Gone"),
    (status = 404, description = "not_found: no upload of the reader, or sent", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn terminate(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<AttachmentId>,
    headers: HeaderMap,
) -> Response {
    let gone = async {
        check_version(&headers)?;
        uploads::terminate(&app, current.user.id, id).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    tus(gone.await)
}

/// Every answer says which protocol it is of.
fn tus(answer: Result<Response, Error>) -> Response {
    let wrong_version = answer.as_ref().is_err_and(|error| error.status() == StatusCode::PRECONDITION_FAILED);
    let mut response = answer.into_response();
    response.headers_mut().insert(TUS_RESUMABLE, VERSION);
    if wrong_version {
        response.headers_mut().insert(TUS_VERSION, VERSION);
    }
    response
}

fn describe(status: StatusCode, progress: Progress) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(UPLOAD_OFFSET, HeaderValue::from(progress.received));
    if let Ok(date) = HeaderValue::try_from(date(progress.expires_at)) {
        headers.insert(UPLOAD_EXPIRES, date);
    }
    response
}

fn date(at: Millis) -> String {
    let since = Duration::from_millis(u64::try_from(at.0).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}

fn check_version(headers: &HeaderMap) -> Result<(), Error> {
    if headers.get(TUS_RESUMABLE) == Some(&VERSION) {
        return Ok(());
    }
    Err(Error::new(StatusCode::PRECONDITION_FAILED, "wrong_tus_version", "Send Tus-Resumable: 1.0.0."))
}

fn bad(message: &'static str) -> Error {
    Error::new(StatusCode::BAD_REQUEST, "bad_upload", message)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn size(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    let digits = text(headers, name)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn new_upload(headers: &HeaderMap) -> Result<NewUpload, Error> {
    let size = size(headers, UPLOAD_LENGTH).ok_or_else(|| bad("Upload-Length must say how many bytes will come."))?;
    let mut new = NewUpload { size, ..NewUpload::default() };
    let Some(metadata) = headers.get(UPLOAD_METADATA) else { return Ok(new) };
    let metadata = metadata.to_str().ok().filter(|text| text.len() <= MAX_METADATA);
    let metadata = metadata.ok_or_else(|| bad("Upload-Metadata is too long, or no plain text."))?;
    for pair in metadata.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = BASE64_STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let value = value.ok_or_else(|| bad("Upload-Metadata must be pairs of a key and base64 of UTF-8."))?;
        match key {
            "filename" => new.name = value,
            "voice" => new.voice = value.is_empty() || value == "1",
            "width" => new.width = plausible(&value, MAX_SIDE),
            "height" => new.height = plausible(&value, MAX_SIDE),
            "duration_ms" => new.duration_ms = plausible(&value, MAX_DURATION_MS),
            // Clients send what they like, such as filetype: nothing that we would believe.
            _ => {}
        }
    }
    Ok(new)
}

/// Pixels of a video's side, and its length: 24 hours.
const MAX_SIDE: u32 = 16_384;
const MAX_DURATION_MS: u32 = 24 * 60 * 60 * 1_000;

fn plausible(value: &str, most: u32) -> Option<u32> {
    value.parse().ok().filter(|number| (1..=most).contains(number))
}

fn chunk(headers: &HeaderMap, body: Body) -> Result<Chunk, Error> {
    if text(headers, header::CONTENT_TYPE) != Some("application/offset+octet-stream") {
        let message = "Send the bytes as application/offset+octet-stream.";
        return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
    }
    let offset = size(headers, UPLOAD_OFFSET).ok_or_else(|| bad("Upload-Offset must say where the bytes belong."))?;
    Ok(Chunk { offset, length: size(headers, header::CONTENT_LENGTH), sha256: checksum(headers)?, body })
}

fn checksum(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Error> {
    if !headers.contains_key(UPLOAD_CHECKSUM) {
        return Ok(None);
    }
    let digest = text(headers, UPLOAD_CHECKSUM).and_then(|value| value.strip_prefix("sha256 "));
    let digest = digest.and_then(|digest| BASE64_STANDARD.decode(digest.trim()).ok());
    let digest = digest.filter(|digest| digest.len() == SHA256_OUTPUT_LEN);
    digest.map(Some).ok_or_else(|| bad("Upload-Checksum must be sha256 and base64 of the digest."))
}
