//! Holds on conversations and on people.

use axum::{Json as Reply, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    audit::Action,
    chat::archive::{
        ArchiveError,
        holds::{self, Target},
        model::Hold,
        store,
    },
    clock::Millis,
    compliance::officer::{Officer, record},
    error::{Error, ErrorBody},
    http::extract::{Json, Path},
    ids::{ConversationId, HoldId, UserId},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewConversationHold)]
pub struct NewHold {
    /// One of the two.
    #[serde(default)]
    conversation_id: Option<ConversationId>,
    /// All conversations that this person is or was in, or comes into.
    #[serde(default)]
    user_id: Option<UserId>,
    /// 1 to 1,000 characters.
    reason: String,
    /// Who answers for it.
    owner_id: UserId,
    /// Unset: until it is released.
    #[serde(default)]
    until: Option<Millis>,
}

/// Holds that were placed on conversations and people, the newest first, the last 500.
#[utoipa::path(get, path = "/api/archive/holds", tag = "archive", operation_id = "conversation_holds", responses(
    (status = 200, body = Vec<Hold>),
    (status = 404, description = "not_found: compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, Officer(current): Officer) -> Result<Reply<Vec<Hold>>, Error> {
    record(&app, &current, Action::ConversationsSearched { query: "holds".to_owned() }).await?;
    Ok(Reply(store::holds::list(&app.db, 500).await?))
}

/// Holds a conversation, or all conversations of a person: nothing of them is erased while the hold lasts.
#[utoipa::path(post, path = "/api/archive/holds", tag = "archive", operation_id = "hold_conversations", request_body = NewHold, responses(
    (status = 201, body = Hold),
    (status = 404, description = "not_found: there is no such conversation or person; compliance officers only", body = ErrorBody),
    (status = 422, description = "bad_hold: not one of the two; bad_reason, bad_until, no_such_user", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn place(
    State(app): State<App>,
    Officer(current): Officer,
    Json(NewHold { conversation_id, user_id, reason, owner_id, until }): Json<NewHold>,
) -> Result<(StatusCode, Reply<Hold>), Error> {
    let target = match (conversation_id, user_id) {
        (Some(id), None) => Target::Conversation(id),
        (None, Some(id)) => Target::Person(id),
        _ => return Err(ArchiveError::BadHold.into()),
    };
    let hold = holds::place(&app, holds::NewHold { target, reason, owner_id, until }, current.user.id).await?;
    Ok((StatusCode::CREATED, Reply(hold)))
}

/// Releases a hold.
#[utoipa::path(post, path = "/api/archive/holds/{id}/release", tag = "archive", operation_id = "release_conversations",
    params(("id" = HoldId, Path)), responses(
        (status = 204, description = "Released"),
        (status = 404, description = "not_found: there is none that lasts; compliance officers only", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn release(State(app): State<App>, Officer(current): Officer, Path(id): Path<HoldId>) -> Result<StatusCode, Error> {
    holds::release(&app, id, current.user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
