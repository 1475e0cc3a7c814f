//! Messages that have been kept long enough are erased: text, earlier versions, files, search words, quotes of them.
//!
//! What goes is always the oldest stretch of a conversation, so what is left has no holes, and one event tells its members of it. What
//! decides is read in the transaction that deletes, under the lock that every writer of the chat takes: the policy, who is in the
//! conversation, holds.

use std::collections::HashMap;

use super::{
    policy::{ChatRetention, cut_off},
    store::{erasing, keeping},
};
use crate::{
    app::App,
    audit::{self, Action},
    chat::{Conversation, Message, MessageContent, search},
    clock::Millis,
    events::{self, Audience, Event, EventId},
    files,
    ids::ConversationId,
};

/// Messages that go in one transaction, during which nobody writes.
const BATCH: u32 = 500;

/// Conversations with messages whose time is over and that nothing seems to hold.
pub async fn due(app: &App) -> sqlx::Result<Vec<ConversationId>> {
    let (now, policy) = (app.clock.now(), keeping::policy(app.db.read()).await?);
    let Some(shortest) = policy.shortest() else { return Ok(Vec::new()) };
    let people = keeping::everybody(&app.db).await?;
    let is_due = |(id, oldest): &(ConversationId, Millis)| {
        let people = people.get(id).map_or(&[][..], Vec::as_slice);
        policy.days(*id, people).is_some_and(|days| *oldest < cut_off(now, days))
    };
    let mut due = Vec::new();
    for (id, _) in keeping::begun_before(&app.db, cut_off(now, shortest)).await?.iter().filter(|one| is_due(one)) {
        if !keeping::is_held(app.db.read(), *id, now).await? {
            due.push(*id);
        }
    }
    Ok(due)
}

/// One round; returns how many messages were erased. It may be run again at any time.
pub async fn erase_due(app: &App) -> sqlx::Result<u64> {
    let mut erased = 0;
    for id in due(app).await? {
        loop {
            let count = erase(app, id).await?;
            erased += count;
            if count == 0 {
                break;
            }
        }
    }
    if erased > 0 {
        forget_told(app).await?;
        search::tidy(&app.db).await?;
    }
    Ok(erased)
}

/// The oldest messages of a conversation whose time is over, at most a batch; how many they were. None if something holds them.
pub async fn erase(app: &App, id: ConversationId) -> sqlx::Result<u64> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // First, because it is the lock: a hold is placed before, and is seen, or after, and finds what is left.
    let event_id = events::next_id(&mut tx).await?;
    let policy = keeping::policy(&mut *tx).await?;
    let Some(up_to) = over(&mut tx, id, &policy, now).await? else { return Ok(0) };
    if keeping::is_held(&mut *tx, id, now).await? {
        return Ok(0);
    }
    let gone = erasing::erase(&mut tx, app.db.engine(), id, up_to).await?;
    let action = Action::MessagesErased { conversation_id: id, up_to, messages: gone.messages, files: gone.files.len() as u64 };
    audit::append(&mut tx, None, action, now).await?;
    let event = Event::MessagesErased { conversation_id: id, up_to };
    events::insert(&mut tx, event_id, Audience::Conversation(id), &event, now).await?;
    app.publisher.commit(tx).await?;
    files::discard(app, &gone.files).await;
    tracing::info!(conversation.id = %id, messages = gone.messages, files = gone.files.len(), "messages were erased");
    Ok(gone.messages)
}

/// The newest of the messages that may go in one batch.
async fn over(tx: &mut crate::db::Tx, id: ConversationId, policy: &ChatRetention, now: Millis) -> sqlx::Result<Option<EventId>> {
    let people = keeping::people(&mut **tx, id).await?;
    match policy.days(id, &people) {
        Some(days) => erasing::last_before(tx, id, cut_off(now, days), BATCH).await,
        None => Ok(None),
    }
}

/// Takes what is erased out of the events that are kept for those who were away. If this is cut off, those events go by their own age.
async fn forget_told(app: &App) -> sqlx::Result<()> {
    const PAGE: u32 = 1_000;
    let erased = erasing::erased(&app.db).await?;
    let mut after = EventId(0);
    loop {
        let rows = events::all(&app.db, after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        for row in &rows {
            let stored = row.decode()?;
            if let Some(event) = without_erased(&stored.event, &erased) {
                events::replace(&app.db, row.id, &event).await?;
            }
        }
    }
}

/// The event as it may still be told; `None` if nothing in it is erased.
fn without_erased(event: &Event, erased: &HashMap<ConversationId, EventId>) -> Option<Event> {
    match event {
        Event::MessageCreated { message } | Event::MessageUpdated { message } => {
            let (conversation_id, up_to) = (message.conversation_id, *erased.get(&message.conversation_id)?);
            if message.seq <= up_to {
                return Some(Event::MessagesErased { conversation_id, up_to });
            }
            let message = without_quote(message, up_to)?;
            Some(match event {
                Event::MessageCreated { .. } => Event::MessageCreated { message },
                _ => Event::MessageUpdated { message },
            })
        }
        Event::ConversationCreated { conversation } => {
            let (last, up_to) = (conversation.last_message.as_ref()?, *erased.get(&conversation.id)?);
            let last_message = if last.seq <= up_to { None } else { Some(without_quote(last, up_to)?) };
            Some(Event::ConversationCreated { conversation: Conversation { last_message, ..conversation.clone() } })
        }
        Event::DraftChanged { conversation_id, draft: Some(draft) } => {
            draft.reply_to.as_ref().filter(|quote| erased.get(conversation_id).is_some_and(|up_to| quote.seq <= *up_to))?;
            let mut draft = draft.clone();
            draft.reply_to = None;
            Some(Event::DraftChanged { conversation_id: *conversation_id, draft: Some(draft) })
        }
        _ => None,
    }
}

/// `None` if it quotes nothing that is erased.
fn without_quote(message: &Message, up_to: EventId) -> Option<Message> {
    let mut message = message.clone();
    match &mut message.content {
        MessageContent::Text { reply_to, .. } if reply_to.as_ref().is_some_and(|quote| quote.seq <= up_to) => *reply_to = None,
        _ => return None,
    }
    Some(message)
}
