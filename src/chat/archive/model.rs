//! What officers see of the chat.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit,
    chat::{ConversationKind, Message, MessageVersion},
    clock::Millis,
    events::EventId,
    files::Attachment,
    ids::{ConversationId, HoldId, MessageId, UserId},
};

/// A conversation that has messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArchivedConversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// Of a group.
    pub name: Option<String>,
    /// Who is and who was in it.
    pub people: Vec<Person>,
    /// How many are kept.
    pub messages: u64,
    /// Of the oldest and the newest that is kept.
    pub first_at: Millis,
    pub last_at: Millis,
    /// Of the newest: where a list goes on.
    pub last_seq: EventId,
    /// Whether there were older messages, whose time is over.
    pub erased: bool,
    /// A hold on it, or on somebody who is or was in it, lasts.
    pub held: bool,
    /// How long its messages are kept; unset: for ever.
    pub retention_days: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ArchivedPerson)]
pub struct Person {
    pub user_id: UserId,
    /// Unset: still in it.
    pub left_at: Option<Millis>,
}

/// A conversation with what lasts on it and who looked.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ArchivedDetail {
    #[serde(flatten)]
    pub conversation: ArchivedConversation,
    /// On it, and on those who are or were in it; the oldest first.
    pub holds: Vec<Hold>,
    /// Who did what with it, the newest first; the last 100.
    pub accesses: Vec<audit::Entry>,
}

/// A message as it is now, with all that it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArchivedMessage {
    #[serde(flatten)]
    pub message: Message,
    /// What it said before, the oldest first; of a deleted message the last is what it said when it was deleted.
    pub versions: Vec<MessageVersion>,
    /// All that was sent with it, also if it is deleted. Their bytes: `GET /api/archive/attachments/{id}`.
    pub files: Vec<Attachment>,
    /// The message that it replied to.
    pub reply_to_id: Option<MessageId>,
    /// Who deleted it, if it is.
    pub deleted_by: Option<UserId>,
}

/// While one lasts, nothing of a conversation, or of all conversations of a person, is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConversationHold)]
pub struct Hold {
    pub id: HoldId,
    /// One of the two is set.
    pub conversation_id: Option<ConversationId>,
    /// All conversations that this person is or was in.
    pub user_id: Option<UserId>,
    /// How many messages there were when it was placed: so many are there at least until it ends.
    pub messages: u64,
    pub reason: String,
    /// Who answers for it.
    pub owner_id: UserId,
    pub placed_by: UserId,
    pub placed_at: Millis,
    /// Unset: until it is released.
    pub until: Option<Millis>,
    pub released_at: Option<Millis>,
    pub released_by: Option<UserId>,
}
