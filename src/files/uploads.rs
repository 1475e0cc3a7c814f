//! The life of an upload: made, filled chunk by chunk, completed or given up. The rules of tus 1.0 without its HTTP.

use std::{io, time::Duration};

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use futures_util::StreamExt;
use tokio::time::{self, Instant, MissedTickBehavior};

use super::{FilesError, complete, limits, names, staging::Staged, store, store::Upload, turns::Turn};
use crate::{
    app::App,
    clock::Millis,
    ids::{AttachmentId, SessionId, UserId},
    users::sessions::{self, Session},
};

/// What a client wants to upload.
#[derive(Clone, Debug, Default)]
pub struct NewUpload {
    pub size: u64,
    pub name: String,
    pub voice: bool,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u32>,
}

/// A request that brings bytes.
#[derive(Debug)]
pub struct Chunk {
    pub offset: u64,
    /// As its header says; bytes that come without an end are cut at the size of the upload anyway.
    pub length: Option<u64>,
    pub sha256: Option<Vec<u8>>,
    pub body: Body,
}

/// Where an upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub received: u64,
    pub size: u64,
    /// When it is given up unless more comes, or it is sent.
    pub expires_at: Millis,
}

/// How long an upload may be without new bytes.
pub const IDLE: Duration = Duration::from_secs(60 * 60);

/// How long a complete one may wait to be sent.
pub const UNSENT: Duration = Duration::from_secs(24 * 60 * 60);

/// Uploads of one user that are unfinished or unsent: empty files take no quota, but they take rows.
const MAX_LOOSE: u64 = 500;

/// Bytes, or time, after which what came is made safe though more is coming.
const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
const CHECKPOINT_AFTER: Duration = Duration::from_secs(30);

/// How long a request may bring no byte. Its client finds out by itself and resumes.
const SILENCE: Duration = Duration::from_secs(60);

/// The largest voice message as recorded.
const MAX_VOICE_BYTES: u64 = 50 * 1024 * 1024;

/// Makes an upload, within the limits of now.
pub async fn create(app: &App, session: Session, new: NewUpload) -> Result<(AttachmentId, Progress), FilesError> {
    let limits = limits::current(&app.db, &app.config).await?;
    let max_file = if new.voice { limits.max_file_bytes.min(MAX_VOICE_BYTES) } else { limits.max_file_bytes };
    if new.size > max_file {
        return Err(FilesError::FileTooLarge);
    }
    let upload = Upload {
        id: AttachmentId::new(),
        owner_id: session.user_id,
        name: names::clean(&new.name),
        size: new.size,
        received: 0,
        voice: new.voice,
        completed_at: None,
        width: new.width,
        height: new.height,
        duration_ms: new.duration_ms,
        touched_at: app.clock.now(),
    };
    let mut tx = app.db.begin().await?;
    let (bytes, loose) = store::usage_of(&mut tx, session.user_id).await?;
    if bytes.saturating_add(new.size) > limits.max_user_bytes || loose >= MAX_LOOSE {
        return Err(FilesError::QuotaExceeded);
    }
    store::insert_upload(&mut tx, &upload).await?;
    tx.commit().await?;
    let progress = progress(&upload);
    if upload.size == 0 {
        // Nothing will come that could complete it.
        let turn = app.files.turns.take(upload.id).await;
        complete::in_background(app, upload.clone(), turn).await?;
    }
    Ok((upload.id, progress))
}

/// Where an upload stands. Whoever still sends to it is asked to end first, so that the answer stays true.
pub async fn progress_of(app: &App, owner: UserId, id: AttachmentId) -> Result<Progress, FilesError> {
    find(app, owner, id).await?;
    let turn = app.files.turns.take(id).await;
    let mut upload = find(app, owner, id).await?;
    if upload.completed_at.is_some() {
        return Ok(progress(&upload));
    }
    // A lost disk must not make an upload that can never end.
    upload.received = app.files.staging.append(id, upload.received).await?.length();
    let progress = progress(&upload);
    if upload.received == upload.size {
        // All of it was here when the server went down.
        complete::in_background(app, upload, turn).await?;
    }
    Ok(progress)
}

/// Gives an upload up.
pub async fn terminate(app: &App, owner: UserId, id: AttachmentId) -> Result<(), FilesError> {
    find(app, owner, id).await?;
    let _turn = app.files.turns.take(id).await;
    if !store::delete_upload(&app.db, id).await? {
        return Err(FilesError::NoSuchFile);
    }
    complete::discard(app, id).await;
    Ok(())
}

/// Takes a chunk in. What has come of it stays even if the rest does not come, unless it has a checksum.
/// With the last one the upload is completed.
pub async fn append(app: &App, session: Session, id: AttachmentId, chunk: Chunk) -> Result<Progress, FilesError> {
    let task = receive_and_complete(app.clone(), session, id, chunk);
    // A task of its own: when its connection breaks, the handler is dropped where it stands.
    app.tasks.spawn(task).await.map_err(|error| FilesError::Io(io::Error::other(error)))?
}

async fn receive_and_complete(app: App, session: Session, id: AttachmentId, chunk: Chunk) -> Result<Progress, FilesError> {
    find(&app, session.user_id, id).await?;
    let turn = app.files.turns.take(id).await;
    let mut upload = find(&app, session.user_id, id).await?;
    if upload.completed_at.is_some() {
        return match (chunk.offset == upload.size, chunk.length) {
            (true, Some(0)) => Ok(progress(&upload)),
            (true, _) => Err(FilesError::MoreThanDeclared),
            (false, _) => Err(FilesError::WrongOffset),
        };
    }
    let staged = app.files.staging.append(id, upload.received).await?;
    if chunk.offset != staged.length() {
        return Err(FilesError::WrongOffset);
    }
    let receiver = Receiver {
        app: &app,
        session: session.id,
        upload: &mut upload,
        turn: &turn,
        staged,
        began_at: chunk.offset,
        safe: chunk.offset,
        checked: chunk.sha256.is_some(),
    };
    receiver.receive(chunk).await?;
    if upload.received == upload.size {
        let progress = progress(&upload);
        complete::in_background(&app, upload, turn).await?;
        return Ok(progress);
    }
    Ok(progress(&upload))
}

async fn find(app: &App, owner: UserId, id: AttachmentId) -> Result<Upload, FilesError> {
    store::upload(app.db.read(), id, owner).await?.ok_or(FilesError::NoSuchFile)
}

fn progress(upload: &Upload) -> Progress {
    let span = if upload.received == upload.size { UNSENT } else { IDLE };
    Progress { received: upload.received, size: upload.size, expires_at: upload.touched_at.plus(span) }
}

/// One request on its way into the staged file.
struct Receiver<'a> {
    app: &'a App,
    session: SessionId,
    upload: &'a mut Upload,
    turn: &'a Turn,
    staged: Staged,
    began_at: u64,
    /// How much of the file is on the disk, and known to the database.
    safe: u64,
    /// With a checksum nothing counts until all of it has come.
    checked: bool,
}

impl Receiver<'_> {
    async fn receive(mut self, chunk: Chunk) -> Result<(), FilesError> {
        if chunk.length.is_some_and(|length| length > self.upload.size - self.began_at) {
            return Err(FilesError::MoreThanDeclared);
        }
        let mut digest = Context::new(&SHA256);
        let read = self.read(chunk.body, &mut digest).await;
        let read = read.and_then(|()| match chunk.sha256 {
            Some(expected) if digest.finish().as_ref() != expected => Err(FilesError::WrongChecksum),
            _ => Ok(()),
        });
        let kept = match &read {
            Ok(()) => self.staged.length(),
            Err(FilesError::Io(_) | FilesError::StorageFull) => self.safe,
            Err(error) if error.keeps_bytes() && !self.checked => self.staged.length(),
            Err(_) => self.began_at,
        };
        let settled = self.settle(kept).await;
        read.and(settled)
    }

    /// Reads until the body ends, which may be before the upload does.
    async fn read(&mut self, body: Body, digest: &mut Context) -> Result<(), FilesError> {
        let mut body = body.into_data_stream();
        let mut recheck = time::interval(self.app.tuning.recheck_upload);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut silent_at, mut checkpoint_at) = (Instant::now() + SILENCE, Instant::now() + CHECKPOINT_AFTER);
        loop {
            let bytes = tokio::select! {
                biased;
                () = self.turn.taken_over.cancelled() => return Err(FilesError::TakenOver),
                () = self.app.stop.cancelled() => return Err(FilesError::Broken),
                _ = recheck.tick() => {
                    self.check_session().await?;
                    continue;
                }
                () = time::sleep_until(silent_at) => return Err(FilesError::Broken),
                bytes = body.next() => bytes,
            };
            let Some(bytes) = bytes else { return Ok(()) };
            let bytes = bytes.map_err(|_| FilesError::Broken)?;
            if self.staged.length() + bytes.len() as u64 > self.upload.size {
                return Err(FilesError::MoreThanDeclared);
            }
            if self.checked {
                digest.update(&bytes);
            }
            self.staged.write(&bytes).await?;
            silent_at = Instant::now() + SILENCE;
            let due = self.staged.length() - self.safe >= CHECKPOINT_BYTES || Instant::now() >= checkpoint_at;
            if due && !self.checked {
                self.checkpoint().await?;
                checkpoint_at = Instant::now() + CHECKPOINT_AFTER;
            }
        }
    }

    /// One who has been signed out, here or by another process, brings nothing more.
    async fn check_session(&self) -> Result<(), FilesError> {
        match sessions::end_of(self.app, self.session).await? {
            Some(_) => Ok(()),
            None => Err(FilesError::SessionEnded),
        }
    }

    /// Leaves `kept` bytes in the file, safely.
    async fn settle(&mut self, kept: u64) -> Result<(), FilesError> {
        if kept < self.staged.length() {
            self.staged.cut(kept).await?;
        }
        if self.staged.length() == self.safe {
            return Ok(());
        }
        let saved = self.checkpoint().await;
        if saved.is_err() {
            // What was not written must not seem to be there.
            self.staged.cut(self.safe).await?;
        }
        saved
    }

    /// Makes what is in the file count: on the disk first, then in the database.
    async fn checkpoint(&mut self) -> Result<(), FilesError> {
        self.staged.sync().await?;
        let (received, now) = (self.staged.length(), self.app.clock.now());
        if !store::set_received(&self.app.db, self.upload.id, received, now).await? {
            return Err(FilesError::NoSuchFile);
        }
        self.safe = received;
        (self.upload.received, self.upload.touched_at) = (received, now);
        Ok(())
    }
}
