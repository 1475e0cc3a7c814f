//! Conversations and messages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    calls::CallRecord,
    clock::Millis,
    events::EventId,
    ids::{ConversationId, MessageId, UserId},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    Direct,
    Group,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub members: Vec<UserId>,
    pub created_at: Millis,
    pub last_message: Option<Message>,
}

/// What somebody wrote, or the history entry of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    /// Place in the conversation: the id of the event that told of it. History is paged by it.
    pub seq: EventId,
    pub sender_id: UserId,
    /// Chosen by the sender's client: a retry with the same key is the same message.
    pub client_key: String,
    pub created_at: Millis,
    #[serde(flatten)]
    pub content: MessageContent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MessageContent {
    Text {
        text: String,
    },
    /// Written by the server when a call has ended.
    Call {
        call: CallRecord,
    },
}
