//! Messages: sent, edited, deleted, read back.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{ChatError, History, MAX_TEXT, Message, MessageContent, MessageVersion, Quote, member, mentions, search, store};
use crate::{
    app::App,
    audit::{self, Action},
    calls::CallRecord,
    clock::Millis,
    db::{Db, Tx},
    events::{self, Audience, Event, EventId},
    files,
    ids::{AttachmentId, ConversationId, MessageId, UserId},
    users::{Role, User},
};

/// What somebody writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Chosen by the client, 8 to 64 characters: a retry with the same key is the same message.
    #[schema(min_length = 8, max_length = 64)]
    pub client_key: String,
    /// May be empty if there are attachments. `@login` and `@all` (`@все`) mention members.
    #[schema(max_length = 16_000)]
    pub text: String,
    /// A message of the same conversation.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    /// Uploads of the sender that are complete and not yet sent, in the order in which they are shown; at most 20.
    #[serde(default)]
    pub attachment_ids: Vec<AttachmentId>,
}

// What is in it is nobody's business, not even the log's.
impl std::fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMessage").finish_non_exhaustive()
    }
}

/// Writes a message; the same key gives the same message again. True if it is new.
pub async fn send(
    app: &App,
    sender_id: UserId,
    conversation_id: ConversationId,
    new: NewMessage,
) -> Result<(Message, bool), ChatError> {
    check_text(&new.text, !new.attachment_ids.is_empty())?;
    check_client_key(&new.client_key)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // First, because it is the lock under which nobody leaves the conversation and no other request uses the key.
    let seq = events::next_id(&mut tx).await?;
    member(&mut *tx, conversation_id, sender_id).await?;
    if let Some(sent) = store::messages::by_client_key(&mut tx, sender_id, &new.client_key).await? {
        return same_message(sent, conversation_id);
    }
    let reply_to = match new.reply_to {
        Some(id) => Some(Box::new(quote(&mut tx, conversation_id, id).await?)),
        None => None,
    };
    let content =
        MessageContent::Text { text: new.text, edited_at: None, reply_to, attachments: Vec::new(), mentions: Vec::new() };
    let client_key = new.client_key;
    let mut message = Message { id: MessageId::new(), conversation_id, seq, sender_id, client_key, created_at: now, content };
    if !store::messages::insert(&mut tx, &message).await? {
        return Err(ChatError::ClientKeyReused);
    }
    hang_on(&mut tx, &mut message, &new.attachment_ids).await?;
    name_members(&mut tx, &mut message, false).await?;
    search::index(&mut tx, app.db.engine(), &message).await?;
    store::members::advance_read(&mut tx, conversation_id, sender_id, seq).await?;
    tell(&mut tx, &message).await?;
    forget_draft(&mut tx, &message).await?;
    app.publisher.commit(tx).await?;
    Ok((message, true))
}

/// A retry is answered with what was sent, but a key names one message, not one in each conversation.
fn same_message(sent: Message, conversation: ConversationId) -> Result<(Message, bool), ChatError> {
    if sent.conversation_id == conversation { Ok((sent, false)) } else { Err(ChatError::ClientKeyReused) }
}

/// What a reply to a message of the conversation quotes.
pub(super) async fn quote(tx: &mut Tx, conversation: ConversationId, id: MessageId) -> Result<Quote, ChatError> {
    store::messages::quote_of(tx, conversation, id).await?.ok_or(ChatError::NoSuchMessage)
}

async fn hang_on(tx: &mut Tx, message: &mut Message, ids: &[AttachmentId]) -> Result<(), ChatError> {
    if ids.is_empty() {
        return Ok(());
    }
    let hung = files::attach(tx, message.sender_id, message.id, ids).await?;
    store::messages::set_attachments(tx, message.id, &hung).await?;
    if let MessageContent::Text { attachments, .. } = &mut message.content {
        *attachments = hung;
    }
    Ok(())
}

/// Notes whom a text names; `again` if it named somebody before.
async fn name_members(tx: &mut Tx, message: &mut Message, again: bool) -> sqlx::Result<()> {
    let MessageContent::Text { text, .. } = &message.content else { return Ok(()) };
    let named = if text.contains('@') {
        let members = store::members::by_login_key(tx, message.conversation_id).await?;
        mentions::named(text, &members, message.sender_id)
    } else {
        Vec::new()
    };
    if again || !named.is_empty() {
        store::messages::set_mentions(tx, message, &named).await?;
    }
    if let MessageContent::Text { mentions, .. } = &mut message.content {
        *mentions = named;
    }
    Ok(())
}

/// The draft of what has been sent is done with. One that goes on differently was begun while this message waited to be sent.
async fn forget_draft(tx: &mut Tx, message: &Message) -> sqlx::Result<()> {
    let MessageContent::Text { text, .. } = &message.content else { return Ok(()) };
    let (conversation_id, sender) = (message.conversation_id, message.sender_id);
    let draft = store::members::draft_of(tx, conversation_id, sender).await?;
    if !draft.is_some_and(|draft| text.starts_with(draft.text.trim())) {
        return Ok(());
    }
    store::members::delete_draft(tx, conversation_id, sender).await?;
    let event = Event::DraftChanged { conversation_id, draft: None };
    events::append(tx, Audience::User(sender), &event, message.created_at).await.map(drop)
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
    if !store::messages::insert(tx, &message).await? {
        return Ok(None);
    }
    tell(tx, &message).await?;
    Ok(Some(message))
}

/// Under the id that the message has as its `seq`.
pub(super) async fn tell(tx: &mut Tx, message: &Message) -> sqlx::Result<()> {
    let event = Event::MessageCreated { message: message.clone() };
    events::insert(tx, message.seq, Audience::Conversation(message.conversation_id), &event, message.created_at).await
}

/// Changes what a text of `editor` says; what it said before is kept. The same text again changes nothing.
pub async fn edit(app: &App, editor: UserId, id: MessageId, text: String) -> Result<Message, ChatError> {
    check_text(&text, true)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // First: whoever edits at the same moment waits, and finds what this one has written.
    let event_id = events::next_id(&mut tx).await?;
    let mut message = own(&mut tx, id, editor).await?;
    let MessageContent::Text { text: said, edited_at, attachments, .. } = &mut message.content else {
        return Err(ChatError::NotEditable);
    };
    if *said == text {
        return Ok(message);
    }
    check_text(&text, !attachments.is_empty())?;
    store::messages::insert_version(&mut tx, id, said, now).await?;
    store::messages::set_text(&mut tx, id, &text, now).await?;
    *said = text;
    *edited_at = Some(now);
    name_members(&mut tx, &mut message, true).await?;
    search::index(&mut tx, app.db.engine(), &message).await?;
    tell_change(&mut tx, event_id, &message, now).await?;
    app.publisher.commit(tx).await?;
    Ok(message)
}

/// Deletes a text of `deleter` for everybody; what it said is kept. Deleting it again changes nothing.
pub async fn delete(app: &App, deleter: UserId, id: MessageId) -> Result<Message, ChatError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let event_id = events::next_id(&mut tx).await?;
    let mut message = own(&mut tx, id, deleter).await?;
    match &message.content {
        MessageContent::Text { text, .. } => store::messages::insert_version(&mut tx, id, text, now).await?,
        MessageContent::Deleted { .. } => return Ok(message),
        MessageContent::Call { .. } | MessageContent::Notice { .. } => return Err(ChatError::NotEditable),
    }
    store::messages::set_deleted(&mut tx, id, now).await?;
    message.content = MessageContent::Deleted { deleted_at: now };
    search::index(&mut tx, app.db.engine(), &message).await?;
    tell_change(&mut tx, event_id, &message, now).await?;
    app.publisher.commit(tx).await?;
    Ok(message)
}

async fn own(tx: &mut Tx, id: MessageId, user: UserId) -> Result<Message, ChatError> {
    let message = store::messages::of_member(&mut **tx, id, user).await?.ok_or(ChatError::NoSuchMessage)?;
    if message.sender_id == user { Ok(message) } else { Err(ChatError::NotTheSender) }
}

async fn tell_change(tx: &mut Tx, event_id: EventId, message: &Message, now: Millis) -> sqlx::Result<()> {
    let event = Event::MessageUpdated { message: message.clone() };
    events::insert(tx, event_id, Audience::Conversation(message.conversation_id), &event, now).await
}

/// What a message said before, for compliance officers, and for its sender while a member who has not deleted it; for others there is no
/// such message.
/// An officer's look at what others said is written to the audit log before the answer.
pub async fn versions(app: &App, reader: &User, id: MessageId) -> Result<Vec<MessageVersion>, ChatError> {
    let db = &app.db;
    let message = if reader.role == Role::Compliance {
        store::messages::by_id(db.read(), id).await?
    } else {
        let deleted = |message: &Message| matches!(message.content, MessageContent::Deleted { .. });
        let own = |message: &Message| message.sender_id == reader.id && !deleted(message);
        store::messages::of_member(db.read(), id, reader.id).await?.filter(own)
    };
    let message = message.ok_or(ChatError::NoSuchMessage)?;
    if message.sender_id != reader.id {
        let action = Action::MessageVersionsRead { message_id: id, conversation_id: message.conversation_id };
        let mut tx = db.begin().await?;
        audit::append(&mut tx, Some(reader.id), action, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(store::messages::versions(db, message.id).await?)
}

/// Where in a conversation to read.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Newest,
    Before(EventId),
    After(EventId),
    /// Half up to it, half after it.
    Around(EventId),
}

impl Place {
    pub(super) fn stretch(self, limit: u32) -> store::messages::Stretch {
        let (before, older, after, newer) = match self {
            Self::Newest => (i64::MAX, limit, 0, 0),
            Self::Before(seq) => (seq.0, limit, 0, 0),
            Self::After(seq) => (0, 0, seq.0, limit),
            Self::Around(seq) => (seq.0.saturating_add(1), limit.div_ceil(2), seq.0, limit / 2),
        };
        store::messages::Stretch { before: EventId(before), older, after: EventId(after), newer }
    }
}

/// A stretch of a conversation that a member may read.
pub async fn history(
    db: &Db,
    reader: UserId,
    conversation: ConversationId,
    place: Place,
    limit: u32,
) -> Result<History, ChatError> {
    let standing = store::members::standing(db.read(), conversation, reader).await?.ok_or(ChatError::NoSuchConversation)?;
    let messages = store::messages::stretch(db, conversation, place.stretch(limit)).await?;
    let (more, more_after) = match (standing.ends, messages.first(), messages.last()) {
        (Some((oldest, newest)), Some(first), Some(last)) => (first.seq > oldest, last.seq < newest),
        // Nothing there: what there is lies all on the other side.
        (Some(_), ..) => (matches!(place, Place::After(_)), !matches!(place, Place::After(_))),
        (None, ..) => (false, false),
    };
    Ok(History { messages, more, more_after })
}

pub(super) fn check_text(text: &str, may_be_empty: bool) -> Result<(), ChatError> {
    if !may_be_empty && text.trim().is_empty() {
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
