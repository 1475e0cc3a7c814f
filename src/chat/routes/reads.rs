//! HTTP of what is each member's own: reading, drafts, muting.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::MESSAGE_BODY_LIMIT;
use crate::{
    app::App,
    chat::reads,
    error::{Error, ErrorBody},
    events::EventId,
    http::extract::{CurrentUser, Json, Path},
    ids::{ConversationId, MessageId},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadUpTo {
    seq: EventId,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    /// Empty, without a reply: there is no draft any more.
    #[schema(max_length = 16_000)]
    text: String,
    #[serde(default)]
    reply_to: Option<MessageId>,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for NewDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewDraft").finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Muted {
    muted: bool,
}

/// Everything up to `seq` has been read; never goes back.
#[utoipa::path(put, path = "/api/conversations/{id}/read", operation_id = "mark_read", tag = "chat", params(("id" = ConversationId, Path)), request_body = ReadUpTo, responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn mark_read(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(ReadUpTo { seq }): Json<ReadUpTo>,
) -> Result<StatusCode, Error> {
    reads::mark_read(&app, current.user.id, id, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps what is written and not yet sent.
#[utoipa::path(put, path = "/api/conversations/{id}/draft", operation_id = "save_draft", tag = "chat", params(("id" = ConversationId, Path)), request_body = NewDraft, responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 422, description = "message_too_long, bad_text", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn save_draft(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(NewDraft { text, reply_to }): Json<NewDraft, MESSAGE_BODY_LIMIT>,
) -> Result<StatusCode, Error> {
    reads::save_draft(&app, current.user.id, id, text, reply_to).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the conversation makes no notices for the user.
#[utoipa::path(put, path = "/api/conversations/{id}/muted", operation_id = "mute", tag = "chat", params(("id" = ConversationId, Path)), request_body = Muted, responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn mute(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(Muted { muted }): Json<Muted>,
) -> Result<StatusCode, Error> {
    reads::mute(&app, current.user.id, id, muted).await?;
    Ok(StatusCode::NO_CONTENT)
}
