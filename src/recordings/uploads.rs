//! Closed segments on their way to the object store, while their call still runs. Where files are kept in a folder, recordings stay in
//! theirs, and there is nothing to do.
//!
//! The local copy of a segment stays until [`super::local`] has read the other one. So nothing is lost while the store is away: what waits is
//! tried again, the admin's page and the metrics say so.

use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;
use tokio::{fs, time};
use utoipa::ToSchema;

use super::store::rows::{self, Departing};
use crate::{
    app::App,
    clock::Millis,
    files::{
        blobs::Key,
        object_lock::{Hold, LockError, Mode},
    },
    ids::RecordingId,
};

/// Between looks: an upload that failed is tried again then.
const EVERY: Duration = Duration::from_secs(30);
const BATCH: u32 = 100;
/// Of what the store says.
const MAX_WHY: usize = 300;

/// Why a segment is not there yet.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("the object store has {there} bytes of a segment of {here}")]
    Size { here: u64, there: u64 },
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// How uploads have fared.
#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    failing: Option<Failing>,
    failures: u64,
    /// Unset until the bucket was asked.
    lock: Option<Option<Mode>>,
}

/// Since when nothing gets there, and what was said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UploadsFailing)]
pub struct Failing {
    pub since: Millis,
    pub why: String,
}

/// How recordings get to the object store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RecordingUploads)]
pub struct Standing {
    /// Segments that are on this server only.
    pub waiting: u64,
    /// Set while the object store does not take them. Nothing is lost by it as long as this server has room.
    pub failing: Option<Failing>,
    /// Attempts that have failed since the start.
    pub failures: u64,
    /// The bucket lets nobody change or remove recordings before their time.
    pub locked: bool,
}

/// Unset where there is no object store.
pub async fn standing(app: &App) -> sqlx::Result<Option<Standing>> {
    if !app.files.blobs().is_remote() {
        return Ok(None);
    }
    let waiting = rows::waiting(&app.db).await?;
    let Health { failing, failures, lock } = app.recordings.health().clone();
    Ok(Some(Standing { waiting, failing, failures, locked: lock.flatten().is_some() }))
}

/// Uploads until the server stops.
pub async fn run(app: App) {
    if !app.files.blobs().is_remote() {
        return;
    }
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = round(&app) => {}
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.recordings.segment_waits() => {}
            () = time::sleep(EVERY) => {}
        }
    }
}

async fn round(app: &App) {
    let done = async {
        let lock = lock_mode(app).await?;
        upload(app, lock).await?;
        match lock {
            Some(mode) => hold(app, mode).await,
            None => Ok(()),
        }
    };
    let failed =
        done.await.inspect_err(|error| tracing::error!(%error, "segments of recordings are not in the object store yet"));
    let now = app.clock.now();
    let mut health = app.recordings.health();
    match failed {
        Ok(()) => health.failing = None,
        Err(error) => {
            let since = health.failing.as_ref().map_or(now, |failing| failing.since);
            health.failing = Some(Failing { since, why: error.to_string().chars().take(MAX_WHY).collect() });
            health.failures += 1;
        }
    }
}

/// Asked until the bucket has answered once.
async fn lock_mode(app: &App) -> Result<Option<Mode>, UploadError> {
    let known = app.recordings.health().lock;
    if let Some(lock) = known {
        return Ok(lock);
    }
    let lock = app.files.blobs().lock_mode().await?;
    tracing::info!(?lock, "whether the object store locks recordings");
    app.recordings.health().lock = Some(lock);
    Ok(lock)
}

/// What cannot be read here hinders none of the others; a store that does not answer, all.
async fn upload(app: &App, lock: Option<Mode>) -> Result<(), UploadError> {
    let (mut after, mut unread) = (None, None);
    loop {
        let due = rows::not_uploaded(&app.db, app.clock.now(), after.as_ref(), BATCH).await?;
        for one in &due {
            match upload_one(app, one, lock).await {
                Err(error @ UploadError::Io(_)) => {
                    tracing::error!(%error, recording.id = %one.id, segment = one.segment, "a segment cannot be read");
                    unread = Some(error);
                }
                done => done?,
            }
        }
        if due.len() < BATCH as usize {
            return unread.map_or(Ok(()), Err);
        }
        after = due.last().copied();
    }
}

async fn upload_one(app: &App, one: &Departing, lock: Option<Mode>) -> Result<(), UploadError> {
    let (blobs, key) = (app.files.blobs(), Key::Segment(one.id, one.segment));
    let path = app.recordings.segment_path(one.id, one.segment);
    let here = fs::metadata(&path).await?.len();
    if one.segment == 0 {
        upload_age_key(app, one.id).await?;
    }
    // What is not to be kept any longer is not held.
    let lock = lock.filter(|_| one.retain_until > app.clock.now());
    match lock {
        Some(mode) => blobs.put_held(key, Bytes::from(fs::read(&path).await?), one.hold(mode)).await?,
        None => blobs.put(key, &path).await?,
    }
    let there = blobs.size(key).await?;
    if there != here {
        return Err(UploadError::Size { here, there });
    }
    let mut tx = app.db.begin().await?;
    if !rows::set_uploaded(&mut tx, one.id, one.segment, app.clock.now()).await? {
        // Its objects may have been looked for before this one was there.
        return Ok(blobs.remove_recording(one.id, lock.is_some()).await?);
    }
    if lock.is_some() {
        rows::set_held(&mut tx, one).await?;
    }
    Ok(tx.commit().await?)
}

/// Never locked: without it, and without the rows of its keys, what is locked means nothing.
async fn upload_age_key(app: &App, id: RecordingId) -> Result<(), UploadError> {
    let path = app.recordings.age_key_path(id);
    match fs::try_exists(&path).await? {
        true => Ok(app.files.blobs().put(Key::AgeKey(id), &path).await?),
        false => Ok(()),
    }
}

impl Departing {
    fn hold(&self, mode: Mode) -> Hold {
        Hold { mode, until: self.retain_until, legal: self.held }
    }
}

/// A hold was placed or released, or the bucket has learnt to lock.
async fn hold(app: &App, mode: Mode) -> Result<(), UploadError> {
    loop {
        let due = rows::not_held(&app.db, app.clock.now(), BATCH).await?;
        for one in &due {
            app.files.blobs().hold(Key::Segment(one.id, one.segment), one.hold(mode)).await?;
            let mut tx = app.db.begin().await?;
            rows::set_held(&mut tx, one).await?;
            tx.commit().await?;
        }
        if due.len() < BATCH as usize {
            return Ok(());
        }
    }
}

/// Removes all bytes of a recording, wherever they are. What is gone already is no fault.
pub(super) async fn remove(app: &App, id: RecordingId) -> Result<(), UploadError> {
    // Keys first.
    app.files.blobs().delete(Key::AgeKey(id)).await?;
    match fs::remove_dir_all(app.recordings.folder_of(id)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let blobs = app.files.blobs();
    if !blobs.is_remote() {
        return Ok(());
    }
    let lock = lock_mode(app).await?;
    if lock.is_some() {
        for segment in rows::legally_held(&app.db, id).await? {
            blobs.set_legal_hold(Key::Segment(id, segment), false).await?;
        }
    }
    Ok(blobs.remove_recording(id, lock.is_some()).await?)
}
