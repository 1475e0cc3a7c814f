//! Recordings that have been kept long enough are erased: first their keys, in the transaction that looks for holds, then their bytes.

use super::{store::keeping, uploads};
use crate::{
    app::App,
    audit::{self, Action},
    ids::RecordingId,
};

const BATCH: u32 = 200;

/// Those whose time is over and that nothing holds, counted up to 1,000.
pub async fn due(app: &App) -> sqlx::Result<usize> {
    Ok(keeping::due(&app.db, app.clock.now(), 1_000).await?.len())
}

/// One round; returns how many were erased. It may be run again at any time.
pub async fn erase_due(app: &App) -> sqlx::Result<usize> {
    let now = app.clock.now();
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
