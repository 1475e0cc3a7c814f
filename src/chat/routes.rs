//! HTTP of conversations and messages; that of groups, and of what is each member's own, below.

use axum::{Json as Reply, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    ChatError, Conversation, Found, History, ListedConversation, Message, MessageVersion,
    messages::{self, NewMessage, Place},
    search, store,
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    events::EventId,
    http::extract::{CurrentUser, Json, Path, Query},
    ids::{ConversationId, MessageId, UserId},
};

pub mod groups;
pub mod names;
pub mod reads;

impl From<ChatError> for Error {
    fn from(error: ChatError) -> Self {
        use ChatError as E;
        match error {
            E::NoSuchConversation | E::NoSuchMessage => Self::not_found(),
            E::NotTheSender => Self::new(StatusCode::FORBIDDEN, "not_the_sender", "Only who sent it changes a message."),
            E::NotTheOwner => Self::new(StatusCode::FORBIDDEN, "not_the_owner", "Only the owner removes others."),
            E::NotEditable => Self::conflict("not_editable", "This is no text that can be edited or deleted."),
            E::NotAGroup => Self::conflict("not_a_group", "This is no group."),
            E::BadName => Self::invalid("bad_name", "A group has a name of 1 to 100 characters."),
            E::GroupTooLarge => Self::invalid("group_too_large", "A group has at most 1,001 members."),
            E::BadQuery => Self::invalid("bad_query", "Search by a word, in at most 200 characters."),
            E::File(error) => error.into(),
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
pub(super) const MESSAGE_BODY_LIMIT: usize = super::MAX_TEXT * "\\ud83d\\ude00".len() + 2_048;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Before {
    /// The `seq` of the oldest message that the client has. If none of `before`, `after` and `around` is set: the newest.
    #[param(value_type = Option<i64>)]
    before: Option<EventId>,
    /// The `seq` of the newest message that the client has.
    #[param(value_type = Option<i64>)]
    after: Option<EventId>,
    /// Half of the messages up to this `seq`, half after it: for a jump.
    #[param(value_type = Option<i64>)]
    around: Option<EventId>,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// The conversations of the user, those with the newest message first.
#[utoipa::path(get, path = "/api/conversations", operation_id = "list_conversations", tag = "chat", responses(
    (status = 200, body = Vec<ListedConversation>),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, current: CurrentUser) -> Result<Reply<Vec<ListedConversation>>, Error> {
    Ok(Reply(store::conversations::of_user(&app.db, current.user.id).await?))
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

/// The newest messages, or those before, after or around a place; in the order in which they were written: the oldest of them first.
#[utoipa::path(get, path = "/api/conversations/{id}/messages", tag = "chat", params(("id" = ConversationId, Path), Before), responses(
    (status = 200, body = History),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn history(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Query(Before { before, after, around, limit }): Query<Before>,
) -> Result<Reply<History>, Error> {
    let place = match (before, after, around) {
        (None, None, None) => Place::Newest,
        (Some(seq), None, None) => Place::Before(seq),
        (None, Some(seq), None) => Place::After(seq),
        (None, None, Some(seq)) => Place::Around(seq),
        _ => return Err(Error::new(StatusCode::BAD_REQUEST, "bad_query", "Give one of before, after and around.")),
    };
    let limit = limit.unwrap_or(50).clamp(1, 100);
    Ok(Reply(messages::history(&app.db, current.user.id, id, place, limit).await?))
}

/// Writes a message. Safe to repeat with the same `client_key`: the answer is then the message that is there.
#[utoipa::path(post, path = "/api/conversations/{id}/messages", tag = "chat", params(("id" = ConversationId, Path)),
    request_body = NewMessage, responses(
    (status = 200, description = "This key has been sent before", body = Message),
    (status = 201, description = "It is new", body = Message),
    (status = 404, description = "not_found: absent, or not a member; also of `reply_to` and `attachment_ids`", body = ErrorBody),
    (status = 409, description = "client_key_reused", body = ErrorBody),
    (status = 413, description = "body_too_large", body = ErrorBody),
    (status = 422, description = "message_empty, message_too_long, bad_text, bad_client_key, upload_incomplete, upload_already_sent, too_many_attachments", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn send(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(new): Json<NewMessage, MESSAGE_BODY_LIMIT>,
) -> Result<(StatusCode, Reply<Message>), Error> {
    let (message, new) = messages::send(&app, current.user.id, id, new).await?;
    Ok((created_if(new), Reply(message)))
}

fn created_if(new: bool) -> StatusCode {
    if new { StatusCode::CREATED } else { StatusCode::OK }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewText {
    #[schema(max_length = 16_000)]
    text: String,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for NewText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewText").finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// Words, each of which begins a word of the message; upper and lower case, е and ё are one.
    q: String,
    /// In this conversation only.
    conversation_id: Option<ConversationId>,
    /// The `seq` of the last hit that the client has.
    #[param(value_type = Option<i64>)]
    before: Option<EventId>,
    /// At most so many; 1 to 50, 20 if unset.
    limit: Option<u32>,
}

/// Edits a text of one's own. What it said before is kept for compliance.
#[utoipa::path(patch, path = "/api/messages/{id}", operation_id = "edit_message", tag = "chat", params(("id" = MessageId, Path)), request_body = NewText, responses(
    (status = 200, body = Message),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 403, description = "not_the_sender", body = ErrorBody),
    (status = 409, description = "not_editable: deleted, or no text", body = ErrorBody),
    (status = 422, description = "message_empty, message_too_long, bad_text", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn edit(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<MessageId>,
    Json(NewText { text }): Json<NewText, MESSAGE_BODY_LIMIT>,
) -> Result<Reply<Message>, Error> {
    Ok(Reply(messages::edit(&app, current.user.id, id, text).await?))
}

/// Deletes a message of one's own for everybody. What it said is kept for compliance.
#[utoipa::path(delete, path = "/api/messages/{id}", operation_id = "delete_message", tag = "chat", params(("id" = MessageId, Path)), responses(
    (status = 200, body = Message),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 403, description = "not_the_sender", body = ErrorBody),
    (status = 409, description = "not_editable: no text", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn delete(State(app): State<App>, current: CurrentUser, Path(id): Path<MessageId>) -> Result<Reply<Message>, Error> {
    Ok(Reply(messages::delete(&app, current.user.id, id).await?))
}

/// What a message said before, oldest first: for compliance officers, and for its sender until it is deleted.
#[utoipa::path(get, path = "/api/messages/{id}/versions", operation_id = "message_versions", tag = "chat", params(("id" = MessageId, Path)), responses(
    (status = 200, body = Vec<MessageVersion>),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn versions(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<MessageId>,
) -> Result<Reply<Vec<MessageVersion>>, Error> {
    Ok(Reply(messages::versions(&app, &current.user, id).await?))
}

/// Messages of one's own conversations by their text, newest first.
#[utoipa::path(get, path = "/api/search/messages", operation_id = "search_messages", tag = "chat", params(Search), responses(
    (status = 200, body = Found),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 422, description = "bad_query: no word in it", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn search(
    State(app): State<App>,
    current: CurrentUser,
    Query(Search { q, conversation_id, before, limit }): Query<Search>,
) -> Result<Reply<Found>, Error> {
    let limit = limit.unwrap_or(20).clamp(1, 50);
    let query = search::Query { text: q, conversation: conversation_id, before, limit };
    Ok(Reply(search::find(&app.db, current.user.id, &query).await?))
}
