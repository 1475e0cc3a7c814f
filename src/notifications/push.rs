//! Web push (RFC 8030): tells the browsers of those who have no page open.
//!
//! It follows the event stream from where it stands at start, and the calls that begin to ring; what fails is not tried again. A
//! push service that says that a subscription is gone has it forgotten.

use std::sync::Arc;

use serde::Serialize;
use tokio::{
    sync::{Semaphore, broadcast::error::RecvError},
    time,
};

use super::{
    compose::{one_line, shortened},
    outbox::concerns,
    settings::Mail,
    words,
};
use crate::{
    app::App,
    calls::Ring,
    chat::{Message, MessageContent},
    clock::Millis,
    events::{self, Event, EventId},
    files::AttachmentKind,
    ids::{CallId, ConversationId},
    users::settings::Language,
};

pub mod addresses;
pub mod client;
pub mod encryption;
pub mod store;
pub mod vapid;

use client::{Client, Outcome, Push, Urgency};
use store::Subscription;
use vapid::Keys;

/// Events that are read at once.
const BATCH: u32 = 500;
/// A message that is older when it is read is no news.
const FRESH: std::time::Duration = std::time::Duration::from_secs(5 * 60);
/// How long a push service keeps a message for a device that is off.
const MESSAGE_TTL: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
/// Pushes on their way at the same time; more wait.
const AT_ONCE: usize = 16;
/// Characters of a message in a notice.
const EXCERPT: usize = 140;

/// What the service worker is told. Encrypted for the browser; the push service sees none of it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Payload<'a> {
    Message {
        conversation_id: ConversationId,
        title: String,
        body: String,
    },
    /// Rings until `until`.
    Call {
        call_id: CallId,
        conversation_id: ConversationId,
        title: String,
        body: &'a str,
        until: Millis,
    },
    /// The notice of the call goes.
    CallEnded {
        call_id: CallId,
        conversation_id: ConversationId,
        title: String,
        body: &'a str,
    },
}

/// Runs until the server stops.
pub async fn run(app: App, keys: Keys) {
    let sender = Sender { app: app.clone(), client: Arc::new(Client::new(keys)), slots: Arc::new(Semaphore::new(AT_ONCE)) };
    let (mut published, mut rings) = (app.publisher.published(), app.calls.rings());
    let mut position = *published.borrow_and_update();
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            changed = published.changed() => if changed.is_err() { return },
            ring = rings.recv() => match ring {
                Ok(ring) => sender.ring(&ring).await,
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "calls were not pushed"),
                Err(RecvError::Closed) => return,
            },
        }
        position = match sender.follow(position).await {
            Ok(position) => position,
            Err(error) => {
                tracing::error!(%error, "events were not pushed");
                *published.borrow()
            }
        };
    }
}

/// What sending needs, cheap to clone.
#[derive(Clone)]
struct Sender {
    app: App,
    client: Arc<Client>,
    // Permits for pushes on their way; whoever follows the stream waits for one, and reads on when there is room.
    slots: Arc<Semaphore>,
}

impl Sender {
    /// Pushes what is new in the stream; gives back where it stands.
    async fn follow(&self, mut position: EventId) -> sqlx::Result<EventId> {
        loop {
            let rows = events::all(&self.app.db, position, BATCH).await?;
            for row in &rows {
                if let Ok(Event::MessageCreated { message }) = row.decode().map(|stored| stored.event) {
                    self.message(&message).await?;
                }
                position = row.id;
            }
            if rows.len() < BATCH as usize {
                return Ok(position);
            }
        }
    }

    async fn message(&self, message: &Message) -> sqlx::Result<()> {
        // Of a call its end tells, see `ring`.
        let written = matches!(message.content, MessageContent::Text { .. });
        if !written || message.created_at.until(self.app.clock.now()) > FRESH {
            return Ok(());
        }
        let to = store::of_members(&self.app.db, message.conversation_id, message.sender_id, self.app.clock.now()).await?;
        let to: Vec<_> = to.into_iter().filter(|found| concerns(message, found.user_id, found.muted)).collect();
        if to.iter().all(|found| self.app.hub.attends(found.user_id)) {
            return Ok(());
        }
        let names = store::names(&self.app.db, message.conversation_id, message.sender_id).await?;
        let include_text = Mail::load(&self.app).await?.settings.include_text;
        for found in to.into_iter().filter(|found| !self.app.hub.attends(found.user_id)) {
            let body = if include_text { body(message, found.language) } else { words::new_message(found.language).to_owned() };
            let payload = message_payload(message.conversation_id, &names, body);
            let push = Push { ttl: MESSAGE_TTL, urgency: Urgency::High, topic: Some(topic(message.conversation_id.as_u128())) };
            self.send(found.subscription, push, &payload).await;
        }
        Ok(())
    }

    /// A call rings the browsers of the callee that have no page open; when it ends, they stop.
    async fn ring(&self, ring: &Ring) {
        if let Err(error) = self.try_ring(ring).await {
            tracing::error!(%error, "a call was not pushed");
        }
    }

    async fn try_ring(&self, ring: &Ring) -> sqlx::Result<()> {
        let app = &self.app;
        if !ring.over && app.hub.attends(ring.callee_id) {
            return Ok(());
        }
        let to = store::of_user(&app.db, ring.callee_id, app.clock.now()).await?;
        if to.is_empty() {
            return Ok(());
        }
        let names = store::names(&app.db, ring.conversation_id, ring.caller_id).await?;
        for found in to {
            let payload = call_payload(ring, &names.sender, found.language);
            let push =
                Push { ttl: crate::calls::ringing::RING, urgency: Urgency::High, topic: Some(topic(ring.call_id.as_u128())) };
            self.send(found.subscription, push, &payload).await;
        }
        Ok(())
    }

    /// Sends beside whatever comes next, once there is a slot.
    async fn send(&self, to: Subscription, push: Push, payload: &Payload<'_>) {
        let payload = serde_json::to_vec(payload).expect("a payload of ours is JSON");
        let Ok(slot) = self.slots.clone().acquire_owned().await else { return };
        let sender = self.clone();
        self.app.tasks.spawn(async move {
            let sending = sender.client.send(&sender.app, &to, &push, &payload);
            let outcome = tokio::select! {
                () = sender.app.stop.cancelled() => return,
                outcome = time::timeout(sender.app.tuning.send_patience, sending) => outcome,
            };
            drop(slot);
            match outcome {
                Ok(Ok(Outcome::Taken)) => {}
                Ok(Ok(Outcome::Gone)) => sender.forget(&to).await,
                Ok(Err(error)) => tracing::warn!(%error, "a push was not sent"),
                Err(_) => tracing::warn!("a push service did not answer in time"),
            }
        });
    }

    async fn forget(&self, gone: &Subscription) {
        if let Err(error) = store::delete(&self.app.db, &gone.endpoint).await {
            tracing::error!(%error, "a subscription that is gone was not forgotten");
        }
    }
}

fn message_payload(conversation_id: ConversationId, names: &store::Names, body: String) -> Payload<'static> {
    let sender = one_line(&names.sender);
    match &names.group {
        Some(group) => Payload::Message { conversation_id, title: one_line(group), body: format!("{sender}: {body}") },
        None => Payload::Message { conversation_id, title: sender, body },
    }
}

fn call_payload(ring: &Ring, caller: &str, language: Language) -> Payload<'static> {
    let (call_id, conversation_id, title) = (ring.call_id, ring.conversation_id, one_line(caller));
    if !ring.over {
        let body = words::incoming_call(language, ring.kind);
        return Payload::Call { call_id, conversation_id, title, body, until: ring.at.plus(crate::calls::ringing::RING) };
    }
    let body = if ring.missed { words::missed_call(language) } else { words::call_over(language) };
    Payload::CallEnded { call_id, conversation_id, title, body }
}

/// What a message says, in a line or two.
fn body(message: &Message, language: Language) -> String {
    let MessageContent::Text { text, attachments, .. } = &message.content else {
        return words::missed_call(language).to_owned();
    };
    let text = shortened(&one_line(text), EXCERPT);
    match attachments.first() {
        _ if !text.is_empty() => text,
        Some(first) if first.kind == AttachmentKind::Voice => words::voice(language).to_owned(),
        Some(first) => {
            let count = u32::try_from(attachments.len()).unwrap_or(u32::MAX);
            words::files(language, count, Some(&shortened(&one_line(&first.name), EXCERPT)))
        }
        None => words::new_message(language).to_owned(),
    }
}

/// A push service keeps only the newest message of a topic for a device that is off: 32 characters (RFC 8030 §5.4).
fn topic(id: u128) -> String {
    format!("{id:032x}")
}
