//! Closed segments on their way to the object store, while their call still runs. Where files are kept in a folder, recordings stay in
//! theirs, and there is nothing to do.

use std::time::Duration;

use tokio::time;

use super::store::rows;
use crate::{app::App, files::blobs::Key, ids::RecordingId};

/// Between looks: an upload that failed is tried again then.
const EVERY: Duration = Duration::from_secs(30);
const BATCH: u32 = 100;

/// Why a segment is not there yet.
#[derive(Debug, thiserror::Error)]
enum UploadError {
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Uploads until the server stops.
pub async fn run(app: App) {
    if !app.files.blobs().is_remote() {
        return;
    }
    loop {
        if let Err(error) = upload(&app).await {
            tracing::error!(%error, "segments of recordings are not in the object store yet");
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.recordings.segment_waits() => {}
            () = time::sleep(EVERY) => {}
        }
    }
}

async fn upload(app: &App) -> Result<(), UploadError> {
    loop {
        let due = rows::not_uploaded(&app.db, BATCH).await?;
        for (id, segment) in &due {
            let path = app.recordings.folder_of(*id).join(format!("{segment:05}.seg"));
            app.files.blobs().put(Key::Segment(*id, *segment), &path).await?;
            let mut tx = app.db.begin().await?;
            rows::set_uploaded(&mut tx, *id, *segment, app.clock.now()).await?;
            tx.commit().await?;
        }
        if due.len() < BATCH as usize {
            return Ok(());
        }
    }
}

/// Removes all bytes of a recording, wherever they are. What is gone already is no fault.
pub(super) async fn remove(app: &App, id: RecordingId) -> Result<(), RemoveError> {
    match tokio::fs::remove_dir_all(app.recordings.folder_of(id)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    for segment in rows::uploaded(&app.db, id).await?.into_keys() {
        app.files.blobs().delete(Key::Segment(id, segment)).await?;
    }
    Ok(())
}

/// Why bytes of an erased recording are still there; without its key they mean nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum RemoveError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
