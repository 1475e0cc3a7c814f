//! Conversations and messages as officers find and read them. Each look is written before it is answered.

use axum::{
    Json as Reply,
    extract::{RawQuery, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    app::App,
    audit::{self, Action, Target},
    chat::{
        archive::{
            model::ArchivedDetail,
            reading::{self, ArchivedConversations, ArchivedHits, ArchivedMessages},
            store,
        },
        messages::Place,
        store::archive::reading::Period,
    },
    clock::Millis,
    compliance::officer::{Officer, record},
    error::{Error, ErrorBody},
    events::EventId,
    http::extract::{Path, Query},
    ids::{ConversationId, UserId},
};

/// Entries of the audit log that come with a conversation.
const ACCESS: u32 = 100;
/// Characters of a query that the audit log keeps.
const LONGEST_QUERY: usize = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In the name of a group, or in the name or login of somebody who is or was in it.
    q: Option<String>,
    /// Conversations that this user is or was in.
    user_id: Option<UserId>,
    conversation_id: Option<ConversationId>,
    /// With messages from this time on.
    from: Option<Millis>,
    /// With messages from before.
    to: Option<Millis>,
    /// The `last_seq` of the last conversation that the client has.
    #[param(value_type = Option<i64>)]
    before: Option<EventId>,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// Conversations that have messages, those with the newest first.
#[utoipa::path(get, path = "/api/archive/conversations", tag = "archive", operation_id = "archived_conversations", params(Wanted), responses(
    (status = 200, body = ArchivedConversations),
    (status = 404, description = "not_found: compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(
    State(app): State<App>,
    Officer(current): Officer,
    RawQuery(query): RawQuery,
    Query(wanted): Query<Wanted>,
) -> Result<Reply<ArchivedConversations>, Error> {
    record(&app, &current, searched(query)).await?;
    let filter = reading::Filter {
        text: wanted.q,
        person: wanted.user_id,
        conversation: wanted.conversation_id,
        period: Period::of(wanted.from, wanted.to),
        before: wanted.before,
        limit: wanted.limit.unwrap_or(50).clamp(1, 100),
    };
    Ok(Reply(reading::conversations(&app, &filter).await?))
}

fn searched(query: Option<String>) -> Action {
    Action::ConversationsSearched { query: query.unwrap_or_default().chars().take(LONGEST_QUERY).collect() }
}

/// A conversation, with its holds and who has looked at it.
#[utoipa::path(get, path = "/api/archive/conversations/{id}", tag = "archive", operation_id = "archived_conversation",
    params(("id" = ConversationId, Path)), responses(
        (status = 200, body = ArchivedDetail),
        (status = 404, description = "not_found: there is none, or nothing of it is left; compliance officers only", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn detail(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<ConversationId>,
) -> Result<Reply<ArchivedDetail>, Error> {
    let conversation = reading::conversation(&app, id).await?;
    record(&app, &current, Action::ConversationOpened { conversation_id: id, what: "detail".to_owned() }).await?;
    Ok(Reply(ArchivedDetail {
        holds: store::holds::of_conversation(&app.db, id).await?,
        accesses: audit::of(&app.db, Target::Conversation(id), ACCESS).await?,
        conversation,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Stretch {
    /// The `seq` of the oldest message that the client has. If none of these is set: the newest.
    #[param(value_type = Option<i64>)]
    before: Option<EventId>,
    /// The `seq` of the newest message that the client has.
    #[param(value_type = Option<i64>)]
    after: Option<EventId>,
    /// Half of the messages up to this `seq`, half after it.
    #[param(value_type = Option<i64>)]
    around: Option<EventId>,
    /// Likewise, around the first message that was written at this time or later.
    at: Option<Millis>,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// Messages of a conversation with what they said before and all files, also of deleted ones.
#[utoipa::path(get, path = "/api/archive/conversations/{id}/messages", tag = "archive", operation_id = "archived_messages",
    params(("id" = ConversationId, Path), Stretch), responses(
        (status = 200, body = ArchivedMessages),
        (status = 400, description = "bad_query: more than one place", body = ErrorBody),
        (status = 404, description = "not_found: there is none, or nothing of it is left; compliance officers only", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn messages(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<ConversationId>,
    RawQuery(query): RawQuery,
    Query(Stretch { before, after, around, at, limit }): Query<Stretch>,
) -> Result<Reply<ArchivedMessages>, Error> {
    reading::conversation(&app, id).await?;
    let what = format!("messages {}", query.unwrap_or_default()).trim_end().chars().take(LONGEST_QUERY).collect();
    record(&app, &current, Action::ConversationOpened { conversation_id: id, what }).await?;
    let place = match (before, after, around, at) {
        (None, None, None, None) => Place::Newest,
        (Some(seq), None, None, None) => Place::Before(seq),
        (None, Some(seq), None, None) => Place::After(seq),
        (None, None, Some(seq), None) => Place::Around(seq),
        (None, None, None, Some(at)) => store::reading::place_at(&app.db, id, at).await?.map_or(Place::Newest, Place::Around),
        _ => return Err(Error::new(StatusCode::BAD_REQUEST, "bad_query", "Give one of before, after, around and at.")),
    };
    Ok(Reply(reading::messages(&app, id, place, limit.unwrap_or(50).clamp(1, 100)).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// Words, each of which begins a word of the message, or of what it said before; upper and lower case, е and ё are one.
    q: String,
    /// Sent by this user.
    user_id: Option<UserId>,
    conversation_id: Option<ConversationId>,
    /// Sent at this time or later.
    from: Option<Millis>,
    /// Sent before.
    to: Option<Millis>,
    /// The `seq` of the last message that the client has.
    #[param(value_type = Option<i64>)]
    before: Option<EventId>,
    /// At most so many; 1 to 50, 20 if unset.
    limit: Option<u32>,
}

/// Messages of all conversations by what they say or said, the newest first.
#[utoipa::path(get, path = "/api/archive/messages", tag = "archive", operation_id = "search_archive", params(Search), responses(
    (status = 200, body = ArchivedHits),
    (status = 404, description = "not_found: compliance officers only", body = ErrorBody),
    (status = 422, description = "bad_query: no word in it", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn search(
    State(app): State<App>,
    Officer(current): Officer,
    RawQuery(query): RawQuery,
    Query(search): Query<Search>,
) -> Result<Reply<ArchivedHits>, Error> {
    record(&app, &current, searched(query)).await?;
    let query = reading::Query {
        text: search.q,
        conversation: search.conversation_id,
        sender: search.user_id,
        period: Period::of(search.from, search.to),
        before: search.before,
        limit: search.limit.unwrap_or(20).clamp(1, 50),
    };
    Ok(Reply(reading::find(&app, &query).await?))
}
