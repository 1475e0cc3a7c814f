//! The chat for compliance: how long messages are kept, what holds them, what officers find and read of it, and what leaves the server.
//!
//! Members see a message as it is now. What it said before, and what was deleted, stays for officers until the message's time is over;
//! then all of it goes at once ([`retention`]).

use crate::{
    app::App,
    audit::{self, Action},
    ids::UserId,
    recordings::policy::draft::DraftError,
};

pub mod export;
pub mod holds;
pub mod model;
pub mod page;
pub mod policy;
pub mod reading;
pub mod retention;
pub mod routes;

use super::store::archive as store;
use policy::{ChatRetention, Draft};

/// Why something about what is kept of the chat was not done.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("there is no such thing")]
    NotFound,
    #[error("a reason has 1 to 1000 characters")]
    BadReason,
    #[error("a hold ends in the future")]
    BadUntil,
    #[error("there is no such user")]
    NoSuchUser,
    #[error("a hold is on one conversation or on one person")]
    BadHold,
    #[error("search by a word, in at most 200 characters")]
    BadQuery,
    #[error("the policy has been changed since it was read")]
    PolicyChanged,
    #[error("too many messages for one export: choose a shorter period")]
    TooLarge,
    #[error(transparent)]
    Draft(#[from] DraftError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// How long messages are kept, as an admin has set it.
pub async fn retention_policy(app: &App) -> sqlx::Result<ChatRetention> {
    store::keeping::policy(app.db.read()).await
}

/// Replaces it as a whole; the next round goes by it.
pub async fn set_retention_policy(app: &App, draft: Draft, by: UserId) -> Result<ChatRetention, ArchiveError> {
    let known = crate::recordings::known(&app.db).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // Two admins come one after the other, and neither while messages are being erased.
    crate::events::lock(&mut tx).await?;
    let before = store::keeping::policy(&mut *tx).await?;
    if draft.version.is_some_and(|version| version != before.version) {
        return Err(ArchiveError::PolicyChanged);
    }
    let after = draft.check(before.version, &known)?;
    store::keeping::set_policy(&mut tx, &after, by, now).await?;
    let action = Action::ChatRetentionChanged { before: Box::new(before), after: Box::new(after.clone()) };
    audit::append(&mut tx, Some(by), action, now).await?;
    tx.commit().await?;
    tracing::info!(user.id = %by, policy.version = after.version, rules = after.rules.len(), "retention of messages set");
    Ok(after)
}
