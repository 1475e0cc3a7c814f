//! What keeps messages from being erased. Each is an audit entry in the same transaction.

use super::{
    ArchiveError,
    model::Hold,
    store::{holds, keeping},
};
use crate::{
    app::App,
    audit::{self, Action},
    clock::Millis,
    compliance::{MAX_REASON, checked},
    events,
    ids::{ConversationId, HoldId, UserId},
    users,
};

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Conversation(ConversationId),
    /// All conversations that this person is or was in.
    Person(UserId),
}

/// A hold that is to be placed.
#[derive(Clone, Debug)]
pub struct NewHold {
    pub target: Target,
    pub reason: String,
    pub owner_id: UserId,
    pub until: Option<Millis>,
}

/// From its commit on nothing of what it is on is erased while it lasts.
pub async fn place(app: &App, new: NewHold, by: UserId) -> Result<Hold, ArchiveError> {
    let reason = checked(&new.reason, MAX_REASON).ok_or(ArchiveError::BadReason)?;
    let placed_at = app.clock.now();
    if new.until.is_some_and(|until| until <= placed_at) {
        return Err(ArchiveError::BadUntil);
    }
    users::active(&app.db, new.owner_id).await.map_err(|_| ArchiveError::NoSuchUser)?;
    let (conversation_id, user_id) = match new.target {
        Target::Conversation(id) => (Some(id), None),
        Target::Person(id) => (None, Some(id)),
    };
    let mut tx = app.db.begin().await?;
    // The same lock as that of erasing; what is there now stays.
    events::lock(&mut tx).await?;
    if !keeping::exists(&mut tx, new.target).await? {
        return Err(ArchiveError::NotFound);
    }
    let hold = Hold {
        id: HoldId::new(),
        conversation_id,
        user_id,
        messages: holds::count_messages(&mut tx, new.target).await?,
        reason,
        owner_id: new.owner_id,
        placed_by: by,
        placed_at,
        until: new.until,
        released_at: None,
        released_by: None,
    };
    holds::insert(&mut tx, &hold).await?;
    let action = Action::ConversationHeld {
        conversation_id,
        user_id,
        hold_id: hold.id,
        owner_id: hold.owner_id,
        reason: hold.reason.clone(),
        until: hold.until,
    };
    audit::append(&mut tx, Some(by), action, placed_at).await?;
    tx.commit().await?;
    Ok(hold)
}

pub async fn release(app: &App, id: HoldId, by: UserId) -> Result<(), ArchiveError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let (conversation_id, user_id) = holds::release(&mut tx, id, by, now).await?.ok_or(ArchiveError::NotFound)?;
    let action = Action::ConversationHoldReleased { conversation_id, user_id, hold_id: id };
    audit::append(&mut tx, Some(by), action, now).await?;
    Ok(tx.commit().await?)
}
