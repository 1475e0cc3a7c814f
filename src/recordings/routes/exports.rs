//! Recordings that leave the server: asked for with a reason, approved by a second officer where the policy says so.

use axum::{
    Json as Reply,
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    audit::Action,
    clock::Millis,
    compliance::officer::{Officer, record},
    error::{Error, ErrorBody},
    http::extract::{Json, Path},
    ids::{ConversationId, ExportId, RecordingId},
    recordings::{bundle, exports, model::Export, store},
    users::settings::{self, Language},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRecordingExport)]
pub struct NewExport {
    /// Recordings.
    #[serde(default)]
    ids: Vec<RecordingId>,
    /// 1 to 100 with the recordings.
    #[serde(default)]
    conversation_ids: Vec<ConversationId>,
    /// Of the conversations, messages from this time on.
    #[serde(default)]
    from: Option<Millis>,
    /// And before this time.
    #[serde(default)]
    to: Option<Millis>,
    /// 1 to 1,000 characters.
    reason: String,
}

/// Asks for a bundle of recordings and conversations. It may be taken at once, or when another officer has approved it.
#[utoipa::path(post, path = "/api/recordings/exports", tag = "recordings", operation_id = "export_recordings", request_body = NewExport, responses(
    (status = 201, body = Export),
    (status = 404, description = "not_found: one of them; compliance officers only", body = ErrorBody),
    (status = 409, description = "erased: one of them; not_closed: one of them goes on; too_large: more than 200,000 messages of one conversation", body = ErrorBody),
    (status = 422, description = "bad_reason, bad_export: not 1 to 100, or a period that ends before it begins", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn request(
    State(app): State<App>,
    Officer(current): Officer,
    Json(NewExport { ids, conversation_ids, from, to, reason }): Json<NewExport>,
) -> Result<(StatusCode, Reply<Export>), Error> {
    let wanted = exports::Wanted { recordings: ids, conversations: conversation_ids, from, to, reason };
    let export = exports::request(&app, wanted, current.user.id).await?;
    Ok((StatusCode::CREATED, Reply(export)))
}

/// Exports that were asked for, the newest first, the last 100.
#[utoipa::path(get, path = "/api/recordings/exports", tag = "recordings", operation_id = "recording_exports", responses(
    (status = 200, body = Vec<Export>),
    (status = 404, description = "not_found: compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, Officer(current): Officer) -> Result<Reply<Vec<Export>>, Error> {
    record(&app, &current, Action::RecordingsListed { query: "exports".to_owned() }).await?;
    Ok(Reply(store::exports::list(&app.db, 100).await?))
}

/// Approves an export that another officer has asked for.
#[utoipa::path(post, path = "/api/recordings/exports/{id}/approve", tag = "recordings", operation_id = "approve_recording_export",
    params(("id" = ExportId, Path)), responses(
        (status = 200, body = Export),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 409, description = "own_export: another officer has to; not_waiting", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn approve(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<ExportId>,
) -> Result<Reply<Export>, Error> {
    Ok(Reply(exports::approve(&app, id, current.user.id).await?))
}

/// The bundle: a tar with the tracks, the mixes, the messages, a signed manifest, and how to verify it. That it is taken is written before its first byte.
#[utoipa::path(get, path = "/api/recordings/exports/{id}/bundle", tag = "recordings", operation_id = "recording_bundle",
    params(("id" = ExportId, Path)), responses(
        (status = 200, description = "A tar archive", body = Vec<u8>, content_type = "application/x-tar"),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 409, description = "not_approved; erased: one of them; damaged: one of them is not what was recorded; too_large", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn take(State(app): State<App>, Officer(current): Officer, Path(id): Path<ExportId>) -> Result<Response, Error> {
    let export = exports::take(&app, id, current.user.id).await?;
    let language = settings::of(&app.db, current.user.id).await?.language.unwrap_or(Language::Ru);
    let chunks = bundle::make(&app, export, language).await?;
    let body = Body::from_stream(stream::unfold(chunks, |mut chunks| async { chunks.recv().await.map(|chunk| (chunk, chunks)) }));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"staffline-{id}.tar\""));
    headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    // No compression, and no half of it under the name of the whole.
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    Ok(response)
}
