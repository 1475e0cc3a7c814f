//! Exports: who may take which recordings out of the server.

use super::{
    RecordingsError, marks,
    model::{Export, Status},
    store::{exports, reading},
};
use crate::{
    app::App,
    audit::{self, Action},
    ids::{ExportId, RecordingId, UserId},
};

const MAX_RECORDINGS: usize = 100;
const MAX_REASON: usize = 1_000;

pub async fn request(app: &App, mut ids: Vec<RecordingId>, reason: &str, by: UserId) -> Result<Export, RecordingsError> {
    let reason = marks::checked(reason, MAX_REASON).ok_or(RecordingsError::BadReason)?;
    ids.sort();
    ids.dedup();
    if !(1..=MAX_RECORDINGS).contains(&ids.len()) {
        return Err(RecordingsError::BadExport);
    }
    let now = app.clock.now();
    for id in &ids {
        let (entry, _) = reading::entry_of(&app.db, *id, now).await?.ok_or(RecordingsError::NotFound)?;
        match entry.state {
            Status::Closed | Status::Recovered => {}
            Status::Erased => return Err(RecordingsError::Erased),
            Status::Starting | Status::Recording | Status::Failed => return Err(RecordingsError::NotClosed),
        }
    }
    let export = Export {
        id: ExportId::new(),
        recording_ids: ids.clone(),
        reason: reason.clone(),
        requested_by: by,
        requested_at: now,
        needs_approval: app.calls.recording_policy().two_officers,
        approved_by: None,
        approved_at: None,
    };
    let mut tx = app.db.begin().await?;
    exports::insert(&mut tx, &export).await?;
    let action = Action::RecordingExportRequested { export_id: export.id, recording_ids: ids, reason };
    audit::append(&mut tx, Some(by), action, now).await?;
    tx.commit().await?;
    Ok(export)
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
    let action = Action::RecordingExportTaken { export_id: id, recording_ids: export.recording_ids.clone() };
    audit::append(&mut tx, Some(by), action, app.clock.now()).await?;
    tx.commit().await?;
    Ok(export)
}
