//! What is each member's own: how far they have read, what they have not sent yet, whether they want notices; and who writes.

use super::{ChatError, Draft, member, messages, store};
use crate::{
    app::App,
    events::{self, Audience, Event, EventId},
    ids::{ConversationId, MessageId, UserId},
    ws::frames::ServerFrame,
};

/// Marks everything up to `seq` as read; never goes back, and never past what there is.
pub async fn mark_read(app: &App, reader: UserId, conversation_id: ConversationId, seq: EventId) -> Result<(), ChatError> {
    let standing =
        store::members::standing(app.db.read(), conversation_id, reader).await?.ok_or(ChatError::NoSuchConversation)?;
    let Some((_, newest)) = standing.ends else { return Ok(()) };
    let seq = seq.min(newest);
    // Mostly another tab was faster: nothing to write, nobody to keep waiting.
    if seq <= standing.read_seq {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    let event_id = events::next_id(&mut tx).await?;
    member(&mut *tx, conversation_id, reader).await?;
    if !store::members::advance_read(&mut tx, conversation_id, reader, seq).await? {
        return Ok(());
    }
    let event = Event::ReadMarked { conversation_id, user_id: reader, seq };
    events::insert(&mut tx, event_id, Audience::Conversation(conversation_id), &event, app.clock.now()).await?;
    Ok(app.publisher.commit(tx).await?)
}

/// Keeps what is written and not yet sent; nothing written, and no reply begun, is no draft.
pub async fn save_draft(
    app: &App,
    writer: UserId,
    conversation_id: ConversationId,
    text: String,
    reply_to: Option<MessageId>,
) -> Result<(), ChatError> {
    messages::check_text(&text, true)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let event_id = events::next_id(&mut tx).await?;
    member(&mut *tx, conversation_id, writer).await?;
    let reply_to = match reply_to {
        Some(id) => Some(messages::quote(&mut tx, conversation_id, id).await?),
        None => None,
    };
    let draft = if text.trim().is_empty() && reply_to.is_none() { None } else { Some(Draft { text, reply_to, updated_at: now }) };
    match &draft {
        Some(draft) => store::members::save_draft(&mut tx, conversation_id, writer, draft).await?,
        None if store::members::delete_draft(&mut tx, conversation_id, writer).await? => {}
        None => return Ok(()),
    }
    let event = Event::DraftChanged { conversation_id, draft };
    events::insert(&mut tx, event_id, Audience::User(writer), &event, now).await?;
    Ok(app.publisher.commit(tx).await?)
}

pub async fn mute(app: &App, user: UserId, conversation_id: ConversationId, muted: bool) -> Result<(), ChatError> {
    let mut tx = app.db.begin().await?;
    let event_id = events::next_id(&mut tx).await?;
    member(&mut *tx, conversation_id, user).await?;
    if !store::members::set_muted(&mut tx, conversation_id, user, muted).await? {
        return Ok(());
    }
    let event = Event::MutedChanged { conversation_id, muted };
    events::insert(&mut tx, event_id, Audience::User(user), &event, app.clock.now()).await?;
    Ok(app.publisher.commit(tx).await?)
}

/// Shows the other members that the user writes. Nothing of it is stored.
pub async fn typing(app: &App, user_id: UserId, conversation_id: ConversationId) -> Result<(), ChatError> {
    let members = store::members::of(app.db.read(), conversation_id).await?;
    if !members.contains(&user_id) {
        return Err(ChatError::NoSuchConversation);
    }
    let frame = ServerFrame::Typing { conversation_id, user_id };
    members.into_iter().filter(|member| *member != user_id).for_each(|member| app.hub.send_to_user(member, &frame));
    Ok(())
}
