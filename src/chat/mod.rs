//! Conversations and messages.

use crate::{
    app::App,
    calls::CallRecord,
    clock::Millis,
    db::{Db, Tx},
    events::{self, Audience, Event, EventId},
    ids::{ConversationId, MessageId, UserId},
    users::{self, UsersError},
};

mod model;
pub mod routes;
pub mod store;

pub use model::{
    Conversation, ConversationKind, Draft, Found, History, Hit, ListedConversation, Member, Message, MessageContent,
    MessageVersion, Notice, Quote, QuotedAttachment,
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
    #[error("a client key has 8 to 64 letters, digits, dots, dashes or underscores")]
    BadClientKey,
    #[error("the client key was used in another conversation")]
    ClientKeyReused,
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
    if let Some(found) = store::by_direct_key(&app.db, &key).await? {
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
    if !store::insert(&mut tx, &conversation, Some(&key)).await? {
        // The other one opened it at the same moment, and has committed: the unique key made us wait for that.
        drop(tx);
        let found = store::by_direct_key(&app.db, &key).await?;
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

/// Writes a message; the same key gives the same message again. True if it is new.
pub async fn send(
    app: &App,
    sender_id: UserId,
    conversation_id: ConversationId,
    client_key: String,
    text: String,
) -> Result<(Message, bool), ChatError> {
    check_text(&text)?;
    check_client_key(&client_key)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !store::is_member(&mut *tx, conversation_id, sender_id).await? {
        return Err(ChatError::NoSuchConversation);
    }
    if let Some(sent) = store::by_client_key(&mut *tx, sender_id, &client_key).await? {
        return same_message(sent, conversation_id);
    }
    let seq = events::next_id(&mut tx).await?;
    let content = MessageContent::Text { text, edited_at: None, reply_to: None, attachments: Vec::new(), mentions: Vec::new() };
    let message = Message { id: MessageId::new(), conversation_id, seq, sender_id, client_key, created_at: now, content };
    if !store::insert_message(&mut tx, &message).await? {
        // The same key in another request of this moment, which has committed by now. Our id goes back with the rollback.
        tx.rollback().await?;
        let sent = store::by_client_key(app.db.read(), sender_id, &message.client_key).await?;
        return same_message(sent.ok_or(ChatError::ClientKeyReused)?, conversation_id);
    }
    tell(&mut tx, &message).await?;
    app.publisher.commit(tx).await?;
    Ok((message, true))
}

/// A retry is answered with what was sent, but a key names one message, not one in each conversation.
fn same_message(sent: Message, conversation: ConversationId) -> Result<(Message, bool), ChatError> {
    if sent.conversation_id == conversation { Ok((sent, false)) } else { Err(ChatError::ClientKeyReused) }
}

/// Writes the history entry of a call that has ended, in the transaction of the caller, who commits by [`App::publisher`].
/// `None` if it has been written before.
///
/// [`App::publisher`]: crate::app::Parts::publisher
pub async fn append_call(
    tx: &mut Tx,
    conversation: ConversationId,
    call: &CallRecord,
    now: Millis,
) -> sqlx::Result<Option<Message>> {
    let message = Message {
        id: MessageId::new(),
        conversation_id: conversation,
        seq: events::next_id(tx).await?,
        sender_id: call.caller_id,
        client_key: format!("call:{}", call.id),
        created_at: now,
        content: MessageContent::Call { call: call.clone() },
    };
    if !store::insert_message(tx, &message).await? {
        return Ok(None);
    }
    tell(tx, &message).await?;
    Ok(Some(message))
}

/// Under the id that the message has as its `seq`.
async fn tell(tx: &mut Tx, message: &Message) -> sqlx::Result<()> {
    let event = Event::MessageCreated { message: message.clone() };
    events::insert(tx, message.seq, Audience::Conversation(message.conversation_id), &event, message.created_at).await
}

/// The newest messages before `before` (of all, if unset) that a member may read.
pub async fn history(
    db: &Db,
    reader: UserId,
    conversation: ConversationId,
    before: Option<EventId>,
    limit: u32,
) -> Result<History, ChatError> {
    if !store::is_member(db.read(), conversation, reader).await? {
        return Err(ChatError::NoSuchConversation);
    }
    let before = before.unwrap_or(EventId(i64::MAX));
    // One more than asked for tells whether there are more.
    let mut messages = store::messages_before(db, conversation, before, limit + 1).await?;
    let more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    messages.reverse();
    Ok(History { messages, more, more_after: false })
}

fn check_text(text: &str) -> Result<(), ChatError> {
    if text.trim().is_empty() {
        return Err(ChatError::Empty);
    }
    // PostgreSQL keeps no NUL in a text.
    if text.contains('\0') {
        return Err(ChatError::BadText);
    }
    if text.chars().count() > MAX_TEXT { Err(ChatError::TooLong) } else { Ok(()) }
}

fn check_client_key(key: &str) -> Result<(), ChatError> {
    let fits = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if (8..=64).contains(&key.len()) && fits { Ok(()) } else { Err(ChatError::BadClientKey) }
}
