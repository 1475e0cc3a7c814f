//! The closed, serialised list of what clients can be told, and kept for those who were away.
//!
//! An event is stored in the transaction of the change that it tells of, and published after commit. Its id is a position in one
//! stream for the whole server, without gaps in commit order: a client that knows the last id it saw can always catch up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chat::{Conversation, Message},
    users::User,
};

/// Position in the event stream; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct EventId(pub i64);

/// A change that clients may see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Somebody wrote, or a call ended, in a conversation of the reader.
    MessageCreated { message: Message },
    /// The reader has become a member of a conversation.
    ConversationCreated { conversation: Conversation },
    /// A user was added or changed: name, role, deactivation.
    UserChanged { user: User },
}

/// An event with its place in the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoredEvent {
    pub id: EventId,
    #[serde(flatten)]
    pub event: Event,
}
