//! HTTP of conversations and messages.

use axum::{Json as Reply, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{ChatError, Conversation, Found, History, ListedConversation, Message, MessageVersion, store};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    events::EventId,
    http::extract::{CurrentUser, Json, Path, Query},
    ids::{AttachmentId, ConversationId, MessageId, UserId},
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
    /// May be empty if there are attachments. `@login` and `@all` (`@все`) mention members.
    #[schema(max_length = 16_000)]
    text: String,
    /// A message of the same conversation.
    #[serde(default)]
    reply_to: Option<MessageId>,
    /// Uploads of the sender that are complete and not yet sent, in the order in which they are shown; at most 20.
    #[serde(default)]
    attachment_ids: Vec<AttachmentId>,
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
    let all = store::of_user(&app.db, current.user.id).await?.into_iter();
    let listed = |conversation| ListedConversation { conversation, unread: 0, unread_mentions: 0, muted: false, draft: None };
    Ok(Reply(all.map(listed).collect()))
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
    Query(Before { before, after, around, limit }): Query<Before>,
) -> Result<Reply<History>, Error> {
    let _contract = (after, around);
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
    Json(NewMessage { client_key, text, reply_to, attachment_ids }): Json<NewMessage, MESSAGE_BODY_LIMIT>,
) -> Result<(StatusCode, Reply<Message>), Error> {
    let _contract = (reply_to, attachment_ids);
    let (message, new) = super::send(&app, current.user.id, id, client_key, text).await?;
    Ok((created_if(new), Reply(message)))
}

fn created_if(new: bool) -> StatusCode {
    if new { StatusCode::CREATED } else { StatusCode::OK }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// 1 to 100 characters.
    name: String,
    /// Whom to have in it beside its maker; at most 1,000.
    user_ids: Vec<UserId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMembers {
    user_ids: Vec<UserId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewText {
    #[schema(max_length = 16_000)]
    text: String,
}

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

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Muted {
    muted: bool,
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

/// Makes a group; whoever makes it owns it.
#[utoipa::path(post, path = "/api/groups", operation_id = "create_group", tag = "chat", request_body = NewGroup, responses(
    (status = 201, body = Conversation),
    (status = 404, description = "not_found: one of the users", body = ErrorBody),
    (status = 409, description = "user_deactivated", body = ErrorBody),
    (status = 422, description = "bad_name, group_too_large", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn create_group(
    State(_app): State<App>,
    _current: CurrentUser,
    Json(NewGroup { name: _, user_ids: _ }): Json<NewGroup>,
) -> Result<(StatusCode, Reply<Conversation>), Error> {
    Err(Error::not_found())
}

/// Renames a group; any member may.
#[utoipa::path(patch, path = "/api/conversations/{id}", operation_id = "change_group", tag = "chat", params(("id" = ConversationId, Path)), request_body = GroupChange, responses(
    (status = 200, body = Conversation),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 409, description = "not_a_group", body = ErrorBody),
    (status = 422, description = "bad_name", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn change_group(
    State(_app): State<App>,
    _current: CurrentUser,
    Path(_id): Path<ConversationId>,
    Json(GroupChange { name: _ }): Json<GroupChange>,
) -> Result<Reply<Conversation>, Error> {
    Err(Error::not_found())
}

/// Adds members to a group; any member may. They see all of its history.
#[utoipa::path(post, path = "/api/conversations/{id}/members", operation_id = "add_members", tag = "chat", params(("id" = ConversationId, Path)), request_body = NewMembers, responses(
    (status = 200, body = Conversation),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 409, description = "not_a_group, user_deactivated", body = ErrorBody),
    (status = 422, description = "group_too_large", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn add_members(
    State(_app): State<App>,
    _current: CurrentUser,
    Path(_id): Path<ConversationId>,
    Json(NewMembers { user_ids: _ }): Json<NewMembers>,
) -> Result<Reply<Conversation>, Error> {
    Err(Error::not_found())
}

/// Leaves a group (oneself), or removes a member (the owner). An owner who leaves hands over to the longest-standing member.
#[utoipa::path(delete, path = "/api/conversations/{id}/members/{user_id}", operation_id = "remove_member", tag = "chat", params(("id" = ConversationId, Path), ("user_id" = UserId, Path)), responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 403, description = "not_the_owner", body = ErrorBody),
    (status = 409, description = "not_a_group", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn remove_member(
    State(_app): State<App>,
    _current: CurrentUser,
    Path((_id, _user_id)): Path<(ConversationId, UserId)>,
) -> Result<StatusCode, Error> {
    Err(Error::not_found())
}

/// Everything up to `seq` has been read; never goes back.
#[utoipa::path(put, path = "/api/conversations/{id}/read", operation_id = "mark_read", tag = "chat", params(("id" = ConversationId, Path)), request_body = ReadUpTo, responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn mark_read(
    State(_app): State<App>,
    _current: CurrentUser,
    Path(_id): Path<ConversationId>,
    Json(ReadUpTo { seq: _ }): Json<ReadUpTo>,
) -> Result<StatusCode, Error> {
    Err(Error::not_found())
}

/// Keeps what is written and not yet sent.
#[utoipa::path(put, path = "/api/conversations/{id}/draft", operation_id = "save_draft", tag = "chat", params(("id" = ConversationId, Path)), request_body = NewDraft, responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 422, description = "message_too_long, bad_text", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn save_draft(
    State(_app): State<App>,
    _current: CurrentUser,
    Path(_id): Path<ConversationId>,
    Json(NewDraft { text: _, reply_to: _ }): Json<NewDraft, MESSAGE_BODY_LIMIT>,
) -> Result<StatusCode, Error> {
    Err(Error::not_found())
}

/// Whether the conversation makes no notices for the user.
#[utoipa::path(put, path = "/api/conversations/{id}/muted", operation_id = "mute", tag = "chat", params(("id" = ConversationId, Path)), request_body = Muted, responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn mute(
    State(_app): State<App>,
    _current: CurrentUser,
    Path(_id): Path<ConversationId>,
    Json(Muted { muted: _ }): Json<Muted>,
) -> Result<StatusCode, Error> {
    Err(Error::not_found())
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
    State(_app): State<App>,
    _current: CurrentUser,
    Path(_id): Path<MessageId>,
    Json(NewText { text: _ }): Json<NewText, MESSAGE_BODY_LIMIT>,
) -> Result<Reply<Message>, Error> {
    Err(Error::not_found())
}

/// Deletes a message of one's own for everybody. What it said is kept for compliance.
#[utoipa::path(delete, path = "/api/messages/{id}", operation_id = "delete_message", tag = "chat", params(("id" = MessageId, Path)), responses(
    (status = 200, body = Message),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 403, description = "not_the_sender", body = ErrorBody),
    (status = 409, description = "not_editable: no text", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn delete(State(_app): State<App>, _current: CurrentUser, Path(_id): Path<MessageId>) -> Result<Reply<Message>, Error> {
    Err(Error::not_found())
}

/// What a message said before, oldest first: for its sender and for compliance officers.
#[utoipa::path(get, path = "/api/messages/{id}/versions", operation_id = "message_versions", tag = "chat", params(("id" = MessageId, Path)), responses(
    (status = 200, body = Vec<MessageVersion>),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn versions(
    State(_app): State<App>,
    _current: CurrentUser,
    Path(_id): Path<MessageId>,
) -> Result<Reply<Vec<MessageVersion>>, Error> {
    Err(Error::not_found())
}

/// Messages of one's own conversations by their text, newest first.
#[utoipa::path(get, path = "/api/search/messages", operation_id = "search_messages", tag = "chat", params(Search), responses(
    (status = 200, body = Found),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 422, description = "bad_query: no word in it", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn search(
    State(_app): State<App>,
    _current: CurrentUser,
    Query(Search { q: _, conversation_id: _, before: _, limit: _ }): Query<Search>,
) -> Result<Reply<Found>, Error> {
    Err(Error::not_found())
}
