//! Conversations and messages: what a direct conversation is, and who may do what in any.
//!
//! Every write takes the next event id first, before it looks at anything: its lock puts writers in a row, so that each finds what the one
//! before has left, and nobody writes in a conversation that somebody else is just removing them from.

use sqlx::AnyExecutor;

use crate::{
    app::App,
    db::Tx,
    events::{self, Audience, Event, EventId},
    files::FilesError,
    ids::{ConversationId, UserId},
    users::{self, UsersError},
};

pub mod archive;
pub mod groups;
mod mentions;
pub mod messages;
mod model;
mod names;
pub mod reads;
pub mod routes;
pub mod search;
pub mod store;

pub use messages::append_call;
pub use model::{
    Conversation, ConversationKind, Draft, Found, History, Hit, ListedConversation, Member, Message, MessageContent,
    MessageVersion, NamedConversation, Notice, Quote, QuotedAttachment,
};

/// Why something in the chat was not done.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// Absent, or the user is no member: nobody learns which.
    #[error("no such conversation")]
    NoSuchConversation,
    #[error("one does not write to oneself")]
    WithOneself,
    #[error("a message says something")]
    Empty,
    #[error("a message has at most {MAX_TEXT} characters")]
    TooLong,
    #[error("a message has no NUL character")]
    BadText,
    /// Absent, or in a conversation that the user is no member of.
    #[error("no such message")]
    NoSuchMessage,
    #[error("only its sender changes a message")]
    NotTheSender,
    #[error("this cannot be edited or deleted")]
    NotEditable,
    #[error("the conversation is no group")]
    NotAGroup,
    #[error("only the owner removes others")]
    NotTheOwner,
    #[error("a group has a name of 1 to 100 characters")]
    BadName,
    #[error("a group has at most {} members", groups::MAX_OTHERS + 1)]
    GroupTooLarge,
    #[error("nothing can be searched by this")]
    BadQuery,
    #[error("a client key has 8 to 64 letters, digits, dots, dashes or underscores")]
    BadClientKey,
    #[error("the client key was used in another conversation")]
    ClientKeyReused,
    #[error(transparent)]
    File(#[from] FilesError),
    #[error(transparent)]
    User(#[from] UsersError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Characters of a message.
pub const MAX_TEXT: usize = 16_000;

/// Opens the direct conversation of two users, or finds it; true if it is new.
pub async fn open_direct(app: &App, me: UserId, other: UserId) -> Result<(Conversation, bool), ChatError> {
    if me == other {
        return Err(ChatError::WithOneself);
    }
    let key = direct_key(me, other);
    if let Some(found) = store::conversations::by_direct_key(&app.db, &key).await? {
        return Ok((found, false));
    }
    users::active(&app.db, other).await?;
    let now = app.clock.now();
    let conversation = Conversation {
        id: ConversationId::new(),
        kind: ConversationKind::Direct,
        name: None,
        picture: None,
        members: [me.min(other), me.max(other)].map(|user_id| Member { user_id, owner: false, read_seq: EventId(0) }).to_vec(),
        created_at: now,
        last_message: None,
    };
    let mut tx = app.db.begin().await?;
    if !store::conversations::insert(&mut tx, &conversation, Some(&key)).await? {
        // The other one opened it at the same moment, and has committed: the unique key made us wait for that.
        drop(tx);
        let found = store::conversations::by_direct_key(&app.db, &key).await?;
        return found.map(|found| (found, false)).ok_or(ChatError::NoSuchConversation);
    }
    let event = Event::ConversationCreated { conversation: conversation.clone() };
    events::append(&mut tx, Audience::Conversation(conversation.id), &event, now).await?;
    app.publisher.commit(tx).await?;
    Ok((conversation, true))
}

/// The same for both, whoever asks.
fn direct_key(one: UserId, other: UserId) -> String {
    format!("{}:{}", one.min(other), one.max(other))
}

/// Refuses who is no member.
async fn member(executor: impl AnyExecutor<'_>, conversation: ConversationId, user: UserId) -> Result<(), ChatError> {
    let is_member = store::members::is_member(executor, conversation, user).await?;
    if is_member { Ok(()) } else { Err(ChatError::NoSuchConversation) }
}

/// Where a member of a group stands; refuses others, and direct conversations.
async fn standing_in_group(tx: &mut Tx, id: ConversationId, user: UserId) -> Result<store::members::Standing, ChatError> {
    let standing = store::members::standing(&mut **tx, id, user).await?.ok_or(ChatError::NoSuchConversation)?;
    if standing.group { Ok(standing) } else { Err(ChatError::NotAGroup) }
}
