//! What officers write on recordings. Each is an audit entry in the same transaction.

use super::{
    RecordingsError,
    model::{Hold, Note, Review},
    store::keeping,
};
use crate::{
    app::App,
    audit::{self, Action},
    clock::Millis,
    compliance::{MAX_REASON, checked},
    ids::{HoldId, NoteId, RecordingId, UserId},
    users,
};

const MAX_TAG: usize = 100;
const MAX_NOTE: usize = 4_000;

pub async fn mark(app: &App, id: RecordingId, tag: Option<String>, review: Review, by: UserId) -> Result<(), RecordingsError> {
    let tag = tag.map(|tag| checked(&tag, MAX_TAG).ok_or(RecordingsError::BadTag)).transpose()?;
    let mut tx = app.db.begin().await?;
    if !keeping::mark(&mut tx, id, tag.as_deref(), review).await? {
        return Err(RecordingsError::NotFound);
    }
    let action = Action::RecordingMarked { recording_id: id, tag, review };
    audit::append(&mut tx, Some(by), action, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

pub async fn note(app: &App, id: RecordingId, text: &str, at_ms: Option<u64>, by: UserId) -> Result<Note, RecordingsError> {
    let text = checked(text, MAX_NOTE).ok_or(RecordingsError::BadNote)?;
    let note = Note { id: NoteId::new(), author_id: by, text, at_ms, created_at: app.clock.now() };
    let mut tx = app.db.begin().await?;
    keeping::add_note(&mut tx, id, &note).await?;
    audit::append(&mut tx, Some(by), Action::RecordingNoted { recording_id: id, note_id: note.id }, note.created_at).await?;
    tx.commit().await?;
    Ok(note)
}

/// From its commit on the recording is not erased while it lasts.
pub async fn hold(
    app: &App,
    id: RecordingId,
    reason: &str,
    owner_id: UserId,
    until: Option<Millis>,
    by: UserId,
) -> Result<Hold, RecordingsError> {
    let reason = checked(reason, MAX_REASON).ok_or(RecordingsError::BadReason)?;
    let placed_at = app.clock.now();
    if until.is_some_and(|until| until <= placed_at) {
        return Err(RecordingsError::BadUntil);
    }
    users::active(&app.db, owner_id).await.map_err(|_| RecordingsError::NoSuchUser)?;
    let id_of_hold = HoldId::new();
    let hold = Hold { id: id_of_hold, reason, owner_id, placed_by: by, placed_at, until, released_at: None, released_by: None };
    let mut tx = app.db.begin().await?;
    if !keeping::lock(&mut tx, id).await? {
        return Err(RecordingsError::Erased);
    }
    keeping::add_hold(&mut tx, id, &hold).await?;
    let reason = hold.reason.clone();
    let action = Action::RecordingHeld { recording_id: id, hold_id: hold.id, owner_id, reason, until };
    audit::append(&mut tx, Some(by), action, placed_at).await?;
    tx.commit().await?;
    app.recordings.upload_soon();
    Ok(hold)
}

pub async fn release(app: &App, id: RecordingId, hold: HoldId, by: UserId) -> Result<(), RecordingsError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !keeping::release(&mut tx, id, hold, by, now).await? {
        return Err(RecordingsError::NotFound);
    }
    audit::append(&mut tx, Some(by), Action::RecordingHoldReleased { recording_id: id, hold_id: hold }, now).await?;
    tx.commit().await?;
    app.recordings.upload_soon();
    Ok(())
}
