//! HTTP of conversations and messages.

use axum::{Json as Reply, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{ChatError, Conversation, History, Message, store};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    events::EventId,
    http::extract::{CurrentUser, Json, Path, Query},
    ids::{ConversationId, UserId},
};

impl From<ChatError> for Error {
    fn from(error: ChatError) -> Self {
        use ChatError as E;
        match error {
            E::NoSuchConversation => Self::not_found(),
            E::WithOneself => Self::invalid("conversation_with_oneself", "A conversation needs somebody else."),
            E::User(error) => error.into(),
            E::Empty => Self::invalid("message_empty", "The message is empty."),
            E::TooLong => Self::invalid("message_too_long", "A message has at most 16,000 characters."),
            E::BadText => Self::invalid("bad_text", "A message has no NUL character."),
            E::BadClientKey => {
                Self::invalid("bad_client_key", "A client key has 8 to 64 letters, digits, dots, dashes or underscores.")
            }
            E::ClientKeyReused => Self::conflict("client_key_reused", "This client key was used in another conversation."),
            E::Database(error) => error.into(),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenConversation {
    user_id: UserId,
}

/// The longest message fits however its characters are escaped.
const MESSAGE_BODY_LIMIT: usize = super::MAX_TEXT * "\\ud83d\\ude00".len() + 1_024;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Chosen by the client, 8 to 64 characters: a retry with the same key is the same message.
    #[schema(min_length = 8, max_length = 64)]
    client_key: String,
    #[schema(min_length = 1, max_length = 16_000)]
    text: String,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMessage").finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Before {
    /// The `seq` of the oldest message that the client has; unset for the newest.
    #[param(value_type = Option<i64>)]
    before: Option<EventId>,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// The conversations of the user, those with the newest message first.
#[utoipa::path(get, path = "/api/conversations", operation_id = "list_conversations", tag = "chat", responses(
    (status = 200, body = Vec<Conversation>),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, current: CurrentUser) -> Result<Reply<Vec<Conversation>>, Error> {
    Ok(Reply(store::of_user(&app.db, current.user.id).await?))
}

/// Opens the direct conversation with a user, or finds it.
#[utoipa::path(post, path = "/api/conversations", operation_id = "open_conversation", tag = "chat", request_body = OpenConversation, responses(
    (status = 200, description = "It was there", body = Conversation),
    (status = 201, description = "It is new", body = Conversation),
    (status = 404, description = "not_found", body = ErrorBody),
    (status = 409, description = "user_deactivated", body = ErrorBody),
    (status = 422, description = "conversation_with_oneself", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn open(
    State(app): State<App>,
    current: CurrentUser,
    Json(OpenConversation { user_id }): Json<OpenConversation>,
) -> Result<(StatusCode, Reply<Conversation>), Error> {
    let (conversation, new) = super::open_direct(&app, current.user.id, user_id).await?;
    Ok((created_if(new), Reply(conversation)))
}

/// The newest messages before `before`, in the order in which they were written: the oldest of them first.
#[utoipa::path(get, path = "/api/conversations/{id}/messages", tag = "chat", params(("id" = ConversationId, Path), Before), responses(
    (status = 200, body = History),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn history(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(Before { before, limit }): Query<Before>,
) -> Result<Reply<History>, Error> {
    let limit = limit.unwrap_or(50).clamp(1, 100);
    Ok(Reply(super::history(&app.db, current.user.id, id, before, limit).await?))
}

/// Writes a message. Safe to repeat with the same `client_key`: the answer is then the message that is there.
#[utoipa::path(post, path = "/api/conversations/{id}/messages", tag = "chat", params(("id" = ConversationId, Path)),
    request_body = NewMessage, responses(
    (status = 200, description = "This key has been sent before", body = Message),
    (status = 201, description = "It is new", body = Message),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 409, description = "client_key_reused", body = ErrorBody),
    (status = 413, description = "body_too_large", body = ErrorBody),
    (status = 422, description = "message_empty, message_too_long, bad_text, bad_client_key", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn send(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(NewMessage { client_key, text }): Json<NewMessage, MESSAGE_BODY_LIMIT>,
) -> Result<(StatusCode, Reply<Message>), Error> {
    let (message, new) = super::send(&app, current.user.id, id, client_key, text).await?;
    Ok((created_if(new), Reply(message)))
}

fn created_if(new: bool) -> StatusCode {
    if new { StatusCode::CREATED } else { StatusCode::OK }
}
