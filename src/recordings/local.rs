//! The copies of recordings on this server, once they are in the object store as well: each goes some hours after its recording was closed,
//! when the other was read and is the same, byte for byte.

use std::io;

use tokio::fs;

use super::{store::rows, uploads::UploadError};
use crate::{app::App, files::blobs::Key, ids::RecordingId};

/// One round; returns how many segments went. It may be run again at any time.
pub async fn clear(app: &App) -> Result<usize, ClearError> {
    if !app.files.blobs().is_remote() {
        return Ok(0);
    }
    let mut cleared = 0;
    let mut folders = fs::read_dir(app.recordings.folder()).await?;
    while let Some(folder) = folders.next_entry().await? {
        let Some(id) = folder.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if may_go(app, id).await? {
            cleared += clear_one(app, id).await?;
        }
    }
    Ok(cleared)
}

/// Why a copy is still here.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ClearError(UploadError);

impl<E: Into<UploadError>> From<E> for ClearError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

async fn may_go(app: &App, id: RecordingId) -> sqlx::Result<bool> {
    let closed_at = rows::departed(&app.db, id).await?;
    Ok(closed_at.is_some_and(|at| at.plus(app.config.recording_local) <= app.clock.now()))
}

async fn clear_one(app: &App, id: RecordingId) -> Result<usize, ClearError> {
    let mut cleared = 0;
    for (segment, _) in rows::uploaded(&app.db, id).await? {
        let path = app.recordings.segment_path(id, segment);
        let here = match fs::read(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            read => read?,
        };
        if app.files.blobs().read(Key::Segment(id, segment)).await?.as_deref() == Some(&here[..]) {
            fs::remove_file(&path).await?;
            cleared += 1;
        } else {
            tracing::error!(recording.id = %id, segment, "the object store has another segment, or none: it is uploaded again");
            let mut tx = app.db.begin().await?;
            rows::set_not_uploaded(&mut tx, id, segment).await?;
            tx.commit().await?;
            app.recordings.upload_soon();
        }
    }
    clear_age_key(app, id).await?;
    // What a crash has torn off is in no segment: its folder stays with it.
    let _ = fs::remove_dir(app.recordings.folder_of(id)).await;
    Ok(cleared)
}

async fn clear_age_key(app: &App, id: RecordingId) -> Result<(), ClearError> {
    let path = app.recordings.age_key_path(id);
    let here = match fs::read(&path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    if app.files.blobs().read(Key::AgeKey(id)).await?.as_deref() == Some(&here[..]) {
        fs::remove_file(&path).await?;
    }
    Ok(())
}
