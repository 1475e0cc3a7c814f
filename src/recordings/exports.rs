//! Exports: who may take which recordings and conversations out of the server.

use super::{
    RecordingsError,
    model::{Export, Status},
    store::{exports, reading},
};
use crate::{
    app::App,
    audit::{self, Action},
    chat::archive,
    clock::Millis,
    compliance::{MAX_REASON, checked},
    ids::{ConversationId, ExportId, RecordingId, UserId},
};

const MOST: usize = 100;

/// What is to leave the server.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub recordings: Vec<RecordingId>,
    pub conversations: Vec<ConversationId>,
    /// Of the conversations.
    pub from: Option<Millis>,
    pub to: Option<Millis>,
    pub reason: String,
}

pub async fn request(app: &App, wanted: Wanted, by: UserId) -> Result<Export, RecordingsError> {
    let Wanted { mut recordings, mut conversations, from, to, reason } = wanted;
    let reason = checked(&reason, MAX_REASON).ok_or(RecordingsError::BadReason)?;
    recordings.sort();
    recordings.dedup();
    conversations.sort();
    conversations.dedup();
    let backwards = from.zip(to).is_some_and(|(from, to)| from >= to);
    if !(1..=MOST).contains(&(recordings.len() + conversations.len())) || backwards {
        return Err(RecordingsError::BadExport);
    }
    let now = app.clock.now();
    for id in &recordings {
        check_recording(app, *id, now).await?;
    }
    for id in &conversations {
        archive::export::check(app, *id, from, to).await?;
    }
    let export = Export {
        id: ExportId::new(),
        recording_ids: recordings.clone(),
        conversation_ids: conversations.clone(),
        from,
        to,
        reason: reason.clone(),
        requested_by: by,
        requested_at: now,
        needs_approval: app.calls.recording_policy().two_officers,
        approved_by: None,
        approved_at: None,
    };
    let mut tx = app.db.begin().await?;
    exports::insert(&mut tx, &export).await?;
    let action = Action::RecordingExportRequested {
        export_id: export.id,
        recording_ids: recordings,
        conversation_ids: conversations,
        reason,
    };
    audit::append(&mut tx, Some(by), action, now).await?;
    tx.commit().await?;
    Ok(export)
}

/// One that is whole.
async fn check_recording(app: &App, id: RecordingId, now: Millis) -> Result<(), RecordingsError> {
    let (entry, _) = reading::entry_of(&app.db, id, now).await?.ok_or(RecordingsError::NotFound)?;
    match entry.state {
        Status::Closed | Status::Recovered => Ok(()),
        Status::Erased => Err(RecordingsError::Erased),
        Status::Starting | Status::Recording | Status::Failed => Err(RecordingsError::NotClosed),
    }
}

/// By another officer than the one who asked.
pub async fn approve(app: &App, id: ExportId, by: UserId) -> Result<Export, RecordingsError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !exports::approve(&mut tx, id, by, now).await? {
        drop(tx);
        let export = exports::by_id(&app.db, id).await?.ok_or(RecordingsError::NotFound)?;
        let own = export.requested_by == by && !export.is_ready();
        return Err(if own { RecordingsError::OwnExport } else { RecordingsError::NotWaiting });
    }
    audit::append(&mut tx, Some(by), Action::RecordingExportApproved { export_id: id }, now).await?;
    tx.commit().await?;
    exports::by_id(&app.db, id).await?.ok_or(RecordingsError::NotFound)
}

/// One that may be taken now; that it is, is written first.
pub async fn take(app: &App, id: ExportId, by: UserId) -> Result<Export, RecordingsError> {
    let export = exports::by_id(&app.db, id).await?.ok_or(RecordingsError::NotFound)?;
    if !export.is_ready() {
        return Err(RecordingsError::NotApproved);
    }
    let mut tx = app.db.begin().await?;
    let (recording_ids, conversation_ids) = (export.recording_ids.clone(), export.conversation_ids.clone());
    let action = Action::RecordingExportTaken { export_id: id, recording_ids, conversation_ids };
    audit::append(&mut tx, Some(by), action, app.clock.now()).await?;
    tx.commit().await?;
    Ok(export)
}
