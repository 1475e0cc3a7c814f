//! What conversations and messages are, on the wire and in Rust.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    calls::{CallRecord, Outcome},
    clock::Millis,
    events::EventId,
    files::Attachment,
    ids::{ConversationId, MessageId, PictureId, UserId},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    Direct,
    Group,
}

/// A conversation as an admin sees it who makes a rule for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamedConversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// Of a group.
    pub name: Option<String>,
    /// The two of a direct conversation.
    pub user_ids: Vec<UserId>,
}

/// A conversation as all its members see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    /// Of a group; unset for a direct conversation.
    pub name: Option<String>,
    pub picture: Option<PictureId>,
    pub members: Vec<Member>,
    pub created_at: Millis,
    pub last_message: Option<Message>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    pub user_id: UserId,
    /// Of a group: may remove others and delete nobody's messages but their own. One member is it.
    pub owner: bool,
    /// Everything up to this message has been read.
    pub read_seq: EventId,
}

/// A conversation with what only its reader sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ListedConversation {
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Messages of others after `read_seq`, counted up to 1,000. Deleted ones, notices and calls that were answered or declined
    /// are not among them.
    pub unread: u32,
    /// Those of them that mention the reader.
    pub unread_mentions: u32,
    pub muted: bool,
    pub draft: Option<Draft>,
}

/// Unsent text; the same on all devices of its writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    pub text: String,
    pub reply_to: Option<Quote>,
    pub updated_at: Millis,
}

/// What somebody wrote, the history entry of a call, or what changed in a group.
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
        /// Empty if the attachments say it all.
        text: String,
        edited_at: Option<Millis>,
        // Boxed, because few messages have one.
        reply_to: Option<Box<Quote>>,
        attachments: Vec<Attachment>,
        /// Members named in the text as `@login`; `@all` (`@все`) names everybody.
        mentions: Vec<UserId>,
    },
    /// It was there, and its sender has deleted it.
    Deleted { deleted_at: Millis },
    /// Written by the server when a call has ended.
    Call { call: CallRecord },
    /// Written by the server when a group has changed; the sender is who changed it.
    Notice { notice: Notice },
}

impl MessageContent {
    /// Whether it is unread until it is read: what somebody wrote, and calls that nobody answered.
    #[must_use]
    pub fn counts(&self) -> bool {
        match self {
            Self::Text { .. } => true,
            Self::Call { call } => matches!(call.outcome, Outcome::Missed | Outcome::Cancelled | Outcome::Busy),
            Self::Deleted { .. } | Self::Notice { .. } => false,
        }
    }
}

/// What changed in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Notice {
    Created {
        name: String,
    },
    Renamed {
        name: String,
    },
    PictureChanged,
    MembersAdded {
        user_ids: Vec<UserId>,
    },
    MemberRemoved {
        user_id: UserId,
    },
    MemberLeft,
    /// The owner was deactivated; the sender is who did that.
    OwnerChanged {
        user_id: UserId,
    },
}

/// The message that is replied to, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quote {
    pub message_id: MessageId,
    pub seq: EventId,
    pub sender_id: UserId,
    /// The beginning of its text, at most 200 characters.
    pub text: String,
    /// Its first attachment, if it has one.
    pub attachment: Option<QuotedAttachment>,
    pub deleted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuotedAttachment {
    #[serde(flatten)]
    pub attachment: Attachment,
    /// How many more there are.
    pub more: u32,
}

/// What a message said before it was edited or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageVersion {
    pub text: String,
    /// When this text was replaced.
    pub replaced_at: Millis,
}

/// A stretch of a conversation, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct History {
    pub messages: Vec<Message>,
    /// True if there are older ones: ask again with `before` = the first one's `seq`.
    pub more: bool,
    /// True if there are newer ones: ask again with `after` = the last one's `seq`.
    pub more_after: bool,
}

/// Messages that a search found, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// True if there are more: ask again with `before` = the last hit's `seq`.
    pub more: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hit {
    pub message: Message,
    /// What matched in `message.text`: start and end, counted in UTF-16 code units as JavaScript does.
    pub ranges: Vec<[u32; 2]>,
}
