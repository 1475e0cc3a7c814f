//! Removes what nobody will come back for: uploads that were given up, attachments that were never sent, files of which no row knows.
//! What hangs on a message stays, even if the message is deleted: it is kept for compliance, until the message's time is over.

use std::{collections::HashSet, path::Path, time::UNIX_EPOCH};

use futures_util::TryStreamExt;

use super::{
    FilesError,
    blobs::{Found, Key},
    complete, staging, store,
    uploads::{IDLE, UNSENT},
};
use crate::{
    app::App,
    clock::Millis,
    ids::{AttachmentId, PictureId},
};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub uploads: usize,
    pub staged: usize,
    pub objects: usize,
}

pub async fn sweep(app: &App) -> Result<Swept, FilesError> {
    let now = app.clock.now();
    Ok(Swept {
        uploads: sweep_uploads(app, now).await?,
        staged: sweep_staged(app, now).await?,
        objects: sweep_objects(app, now).await?,
    })
}

async fn sweep_uploads(app: &App, now: Millis) -> Result<usize, FilesError> {
    let gone = store::delete_stale(&app.db, now.minus(IDLE), now.minus(UNSENT)).await?;
    for id in &gone {
        complete::discard(app, *id).await;
    }
    Ok(gone.len())
}

/// A file younger than the span may be of something that is just being made.
async fn sweep_staged(app: &App, now: Millis) -> Result<usize, FilesError> {
    let files = app.files.staging.list().await?;
    let growing: HashSet<_> = store::unfinished(&app.db).await?.into_iter().collect();
    let mut removed = 0;
    for (path, id) in files {
        let wanted = id.is_some_and(|id| growing.contains(&id));
        if !wanted && modified_at(&path).await.is_some_and(|at| at < now.minus(IDLE)) {
            staging::remove(&path).await;
            removed += 1;
        }
    }
    Ok(removed)
}

async fn modified_at(path: &Path) -> Option<Millis> {
    let modified = tokio::fs::metadata(path).await.ok()?.modified().ok()?;
    Some(Millis(0).plus(modified.duration_since(UNIX_EPOCH).ok()?))
}

/// The rows are asked for after the objects, so that none is missed whose object was listed.
async fn sweep_objects(app: &App, now: Millis) -> Result<usize, FilesError> {
    let old = app.files.blobs.list().try_filter(|found| std::future::ready(found.written_at < now.minus(IDLE)));
    let old: Vec<Found> = old.try_collect().await?;
    let attachments: HashSet<AttachmentId> = store::all(&app.db).await?.into_iter().collect();
    let pictures: HashSet<PictureId> = store::pictures(&app.db).await?.into_iter().collect();
    let orphan = |found: &Found| match found.key {
        Some(Key::Attachment(id) | Key::Thumbnail(id)) => !attachments.contains(&id),
        Some(Key::Picture(id)) => !pictures.contains(&id),
        // Recordings have a retention of their own.
        Some(Key::Segment(..) | Key::AgeKey(_)) => false,
        // Not ours: another program's, in a bucket that is shared.
        None => false,
    };
    let mut removed = 0;
    for found in old.iter().filter(|found| orphan(found)) {
        app.files.blobs.delete_found(found).await?;
        removed += 1;
    }
    Ok(removed)
}
