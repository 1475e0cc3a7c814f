//! The closed, serialised list of what clients can be told, and kept for those who were away.
//!
//! An event is stored in the transaction of the change that it tells of, and published after commit. Its id is a position in one
//! stream for the whole server, without gaps in commit order: a client that knows the last id it saw can always catch up.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chat::{Conversation, Draft, Message},
    clock::Millis,
    db::{Db, Tx},
    ids::{ConversationId, UserId},
    users::{User, settings::Settings},
};

pub mod publisher;
pub mod routes;
pub mod store;

pub use store::{Bounds, Row, all, bounds, insert, lock, next_id, replace, visible};

/// Position in the event stream; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct EventId(pub i64);

/// A change that clients may see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Somebody wrote, or a call ended, in a conversation of the reader. Whoever sends a text has read everything up to it.
    MessageCreated { message: Message },
    /// A message was edited or deleted; replies to it quote it as it is now.
    MessageUpdated { message: Message },
    /// The time of the oldest messages of a conversation is over: those up to `up_to` are erased, and nothing quotes them any more.
    MessagesErased { conversation_id: ConversationId, up_to: EventId },
    /// The reader has become a member of a conversation.
    ConversationCreated { conversation: Conversation },
    /// The name, picture or members of a group have changed. `last_message` is unset: it is told by itself.
    ConversationUpdated { conversation: Conversation },
    /// The reader is no longer a member.
    ConversationLeft { conversation_id: ConversationId },
    /// A member has read up to `seq`. For the reader's own other devices `unread` follows from it.
    ReadMarked { conversation_id: ConversationId, user_id: UserId, seq: EventId },
    /// The reader has written on another device, and not sent; unset when it was sent or emptied.
    DraftChanged { conversation_id: ConversationId, draft: Option<Draft> },
    /// The reader has muted a conversation, or no longer.
    MutedChanged { conversation_id: ConversationId, muted: bool },
    /// A user was added or changed: name, role, deactivation.
    UserChanged { user: User },
    /// The reader has changed their settings, perhaps on another device.
    SettingsChanged { settings: Settings },
}

/// An event with its place in the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoredEvent {
    pub id: EventId,
    #[serde(flatten)]
    pub event: Event,
}

/// Who may see an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Everybody,
    User(UserId),
    /// Its members.
    Conversation(ConversationId),
}

/// Stores an event of the change that `tx` makes, as the last thing before the commit: from here on other writers wait.
pub async fn append(tx: &mut Tx, audience: Audience, event: &Event, now: Millis) -> sqlx::Result<EventId> {
    let id = next_id(tx).await?;
    insert(tx, id, audience, event, now).await?;
    Ok(id)
}

/// A stretch of the stream, as one user may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    pub events: Vec<StoredEvent>,
    /// Where to go on: the `after` of the next request.
    pub last_event_id: EventId,
    /// True if there is more at once.
    pub more: bool,
    /// True if events after `after` are no longer kept: fetch everything anew, then go on from `last_event_id`.
    pub reset: bool,
}

/// Events that are further behind than this are not replayed: fetching anew is cheaper for both sides.
pub const MAX_REPLAY: i64 = 10_000;

/// How long events are kept for those who are away.
pub const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Deletes what has been kept long enough; returns how much.
pub async fn forget_old(db: &Db, now: Millis) -> sqlx::Result<u64> {
    store::delete_older(db, now.minus(RETENTION)).await
}

/// Whether a client that has seen `after` can be told everything since.
#[must_use]
pub fn can_resume(after: EventId, bounds: Bounds) -> bool {
    after.0 + 1 >= bounds.first_kept.0 && after <= bounds.last && bounds.last.0 - after.0 <= MAX_REPLAY
}

/// What `user` may see of the stream after `after`, at most `limit` events.
pub async fn page(db: &Db, user: UserId, after: EventId, limit: u32) -> sqlx::Result<Page> {
    let bounds = bounds(db).await?;
    if !can_resume(after, bounds) {
        return Ok(Page { events: Vec::new(), last_event_id: bounds.last, more: false, reset: true });
    }
    let rows = visible(db, user, after, bounds.last, limit).await?;
    let events = rows.iter().map(Row::decode).collect::<sqlx::Result<Vec<_>>>()?;
    let more = events.len() == limit as usize;
    let last_event_id = if more { events.last().map_or(bounds.last, |event| event.id) } else { bounds.last };
    Ok(Page { events, last_event_id, more, reset: false })
}
