//! What has been kept long enough is erased: first its keys, in the transaction that looks for holds, then its bytes.
//!
//! A clock that jumps by a day or more, either way, erases nothing until an admin has looked at it. A server that was off for so long
//! cannot tell that from a jump, and asks as well.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    daily,
    store::{keeping, policy},
    uploads,
};
use crate::{
    app::App,
    audit::{self, Action},
    clock::Millis,
    ids::{RecordingId, UserId},
};

const JUMP: Duration = Duration::from_secs(24 * 60 * 60);
const BATCH: u32 = 200;
const EVERY: Duration = Duration::from_secs(60 * 60);

/// What the job knows of the clock.
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

/// Where retention stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Retention)]
pub struct Standing {
    /// Set while nothing is erased, because the clock jumped.
    pub frozen: Option<Jump>,
    /// Recordings whose time is over and that nothing holds, at most 1,000.
    pub due: usize,
}

pub async fn standing(app: &App) -> sqlx::Result<Standing> {
    let frozen = policy::clock(&app.db).await?.and_then(|clock| clock.frozen);
    Ok(Standing { frozen, due: keeping::due(&app.db, app.clock.now(), 1_000).await?.len() })
}

/// Erases what has been kept long enough, and lays down where the chain of all recordings stands, every hour until the server stops.
pub async fn keep_house(app: App) {
    loop {
        if let Err(error) = run(&app).await {
            tracing::error!(%error, "recordings whose time is over were not erased");
        }
        if let Err(error) = daily::write(&app).await {
            tracing::error!(%error, "the head of the recordings was not laid down");
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// One round; returns how many were erased. It may be run again at any time.
pub async fn run(app: &App) -> sqlx::Result<usize> {
    let now = app.clock.now();
    if !clock_is_steady(app, now).await? {
        return Ok(0);
    }
    let mut erased = 0;
    loop {
        let due = keeping::due(&app.db, now, BATCH).await?;
        let mut held = 0;
        for id in &due {
            if erase(app, *id).await? { erased += 1 } else { held += 1 }
        }
        if due.len() < BATCH as usize || held == due.len() {
            break;
        }
    }
    for id in keeping::erased(&app.db).await? {
        remove_bytes(app, id).await?;
    }
    Ok(erased)
}

/// False if something holds it, or its time is not over.
pub async fn erase(app: &App, id: RecordingId) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !keeping::lock(&mut tx, id).await? || !keeping::erase(&mut tx, id, now).await? {
        return Ok(false);
    }
    audit::append(&mut tx, None, Action::RecordingErased { recording_id: id }, now).await?;
    tx.commit().await?;
    tracing::info!(recording.id = %id, "a recording was erased");
    Ok(true)
}

/// What fails is tried again in the next round.
async fn remove_bytes(app: &App, id: RecordingId) -> sqlx::Result<()> {
    if let Err(error) = uploads::remove(app, id).await {
        tracing::warn!(%error, recording.id = %id, "bytes of an erased recording are still there");
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    keeping::forget_segments(&mut tx, id).await?;
    tx.commit().await
}

async fn clock_is_steady(app: &App, now: Millis) -> sqlx::Result<bool> {
    let known = policy::clock(&app.db).await?;
    if known.as_ref().is_some_and(|clock| clock.frozen.is_some()) {
        return Ok(false);
    }
    let seen_at = known.map_or(now, |clock| clock.seen_at);
    let jumped = seen_at.until(now).max(now.until(seen_at)) >= JUMP;
    let frozen = jumped.then_some(Jump { before: seen_at, after: now });
    let mut tx = app.db.begin().await?;
    policy::set_clock(&mut tx, &ClockState { seen_at: now, frozen }, now).await?;
    if let Some(Jump { before, after }) = frozen {
        tracing::error!(
            before = before.0,
            after = after.0,
            "the clock jumped: no recording is erased until an admin confirms it"
        );
        audit::append(&mut tx, None, Action::RetentionFrozen { before, after }, now).await?;
    }
    tx.commit().await?;
    Ok(!jumped)
}

/// An admin has looked at the clock. False if nothing was frozen.
pub async fn confirm(app: &App, by: UserId) -> sqlx::Result<bool> {
    let now = app.clock.now();
    if policy::clock(&app.db).await?.is_none_or(|clock| clock.frozen.is_none()) {
        return Ok(false);
    }
    let mut tx = app.db.begin().await?;
    policy::set_clock(&mut tx, &ClockState { seen_at: now, frozen: None }, now).await?;
    audit::append(&mut tx, Some(by), Action::RetentionConfirmed, now).await?;
    tx.commit().await?;
    Ok(true)
}
