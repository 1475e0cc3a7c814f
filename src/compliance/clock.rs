//! The clock by which the time of what is kept ends.
//!
//! A clock that jumps by a day or more, either way, erases nothing until an admin has looked at it. A server that was off for so long
//! cannot tell that from a jump, and asks as well.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store;
use crate::{
    app::App,
    audit::{self, Action},
    clock::Millis,
    ids::UserId,
};

const JUMP: Duration = Duration::from_secs(24 * 60 * 60);

/// What the hourly job knows of the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// When the job last ran.
    pub seen_at: Millis,
    pub frozen: Option<Jump>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ClockJump)]
pub struct Jump {
    pub before: Millis,
    pub after: Millis,
}

/// Looks at the clock before anything is erased; false while it cannot be trusted.
pub(super) async fn is_steady(app: &App, now: Millis) -> sqlx::Result<bool> {
    let known = store::clock(&app.db).await?;
    if known.as_ref().is_some_and(|clock| clock.frozen.is_some()) {
        return Ok(false);
    }
    let seen_at = known.map_or(now, |clock| clock.seen_at);
    let jumped = seen_at.until(now).max(now.until(seen_at)) >= JUMP;
    let frozen = jumped.then_some(Jump { before: seen_at, after: now });
    let mut tx = app.db.begin().await?;
    store::set_clock(&mut tx, &ClockState { seen_at: now, frozen }, now).await?;
    if let Some(Jump { before, after }) = frozen {
        tracing::error!(before = before.0, after = after.0, "the clock jumped: nothing is erased until an admin confirms it");
        audit::append(&mut tx, None, Action::RetentionFrozen { before, after }, now).await?;
    }
    tx.commit().await?;
    Ok(!jumped)
}

/// An admin has looked at the clock. False if nothing was frozen.
pub async fn confirm(app: &App, by: UserId) -> sqlx::Result<bool> {
    let now = app.clock.now();
    if store::clock(&app.db).await?.is_none_or(|clock| clock.frozen.is_none()) {
        return Ok(false);
    }
    let mut tx = app.db.begin().await?;
    store::set_clock(&mut tx, &ClockState { seen_at: now, frozen: None }, now).await?;
    audit::append(&mut tx, Some(by), Action::RetentionConfirmed, now).await?;
    tx.commit().await?;
    Ok(true)
}
