//! The one task that carries out what calls order and keeps what the recorder tells, in order.
//!
//! What cannot be written stays and is tried again, but for a beginning: a recording whose key is not kept is refused at once, and
//! the call is told.

use std::time::{Duration, Instant};

use staffline_media::{
    control::{Command, RoomId},
    recorder::{Head, RecordingEvent, RecordingPlan, RecordingSummary},
};
use tokio::time;

use super::{
    Job, Recordings, heads,
    orders::{Begun, Note, Order, Unrecorded},
    recovery,
    store::rows,
};
use crate::{
    app::App,
    audit::{self, Action},
    ids::RecordingId,
};

/// Said at the start, in Russian and English: the page plays the same file to the participants.
const NOTICE: &[u8] = include_bytes!("../../web/public/recorded.ogg");

/// Between attempts to write to a database that does not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the end of the process waits for recordings to be closed in order; what is not is recovered at the next start.
const CLOSING: Duration = Duration::from_secs(8);

/// Why a recording did not begin.
#[derive(Debug, thiserror::Error)]
enum BeginError {
    #[error(transparent)]
    Key(#[from] super::keys::KeyError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Keeps what comes until the server stops; then until the recordings are closed.
pub async fn run(app: App) {
    loop {
        let done = work(&app).await;
        tokio::select! {
            () = app.stop.cancelled() => break,
            () = app.recordings.0.wake.notified() => {}
            () = time::sleep(AGAIN), if !done => {}
        }
    }
    if time::timeout(CLOSING, close_all(&app)).await.is_err() {
        tracing::warn!("some recordings were not closed in time, and will be recovered at the next start");
    }
}

/// The calls end with the process, and their recordings with them.
async fn close_all(app: &App) {
    loop {
        let done = work(app).await;
        if done && app.calls.live_calls() == 0 && app.recordings.is_idle() {
            return;
        }
        tokio::select! {
            () = app.recordings.0.wake.notified() => {}
            () = time::sleep(Duration::from_millis(50)) => {}
        }
    }
}

/// Everything that waits, oldest first; true if all of it is done.
async fn work(app: &App) -> bool {
    while let Some(job) = app.recordings.first() {
        if let Err(error) = carry_out(app, job).await {
            tracing::error!(%error, "what is known of a recording cannot be written; trying again");
            return false;
        }
        app.recordings.done();
    }
    true
}

async fn carry_out(app: &App, job: Job) -> sqlx::Result<()> {
    match job {
        Job::Order(Order::Start(begun)) => begin(app, &begun).await,
        Job::Order(Order::Note { id, room, note }) => {
            if let Note::Join { user_id, peer } = &note {
                let mut tx = app.db.begin().await?;
                rows::add_peer(&mut tx, id, *peer, *user_id).await?;
                tx.commit().await?;
            }
            tell(app, room, &note)
        }
        Job::Order(Order::Stop { id, room }) => {
            if !app.calls.tell_recorder(Command::StopRecording { room }) {
                app.recordings.closed(id);
            }
            Ok(())
        }
        Job::Consent(consent) => {
            let mut tx = app.db.begin().await?;
            rows::add_consent(&mut tx, &consent).await?;
            tx.commit().await
        }
        Job::Unrecorded(unrecorded) => keep_failure(app, &unrecorded).await,
        Job::Event { id, what } => keep_event(app, id, what).await,
    }
}

fn tell(app: &App, room: RoomId, note: &Note) -> sqlx::Result<()> {
    let note = serde_json::to_string(note).map_err(|error| sqlx::Error::Encode(error.into()))?;
    app.calls.tell_recorder(Command::NoteRecording { room, note });
    Ok(())
}

/// The row and its keys first. A call whose recording cannot be kept is told, and the order is done with.
async fn begin(app: &App, begun: &Begun) -> sqlx::Result<()> {
    let (id, room) = (begun.id, begun.room);
    let begins = match plan(app, begun).await {
        Ok(plan) => app.calls.tell_recorder(Command::StartRecording { room, plan }),
        Err(error) => {
            tracing::error!(%error, recording.id = %id, "a recording did not begin");
            false
        }
    };
    if !begins {
        app.calls.recorder_failed(room, id);
        return Ok(());
    }
    app.recordings.opened(id);
    Ok(())
}

async fn plan(app: &App, begun: &Begun) -> Result<RecordingPlan, BeginError> {
    let (key, wrapped) = app.recordings.keys().make(begun.id)?;
    let mut tx = app.db.begin().await?;
    rows::begin(&mut tx, begun, &wrapped).await?;
    tx.commit().await?;
    let folder = app.recordings.folder_of(begun.id);
    if let Some(age) = wrapped.age_file() {
        super::keys::make_private_folder(&folder)?;
        tokio::fs::write(app.recordings.age_key_path(begun.id), age).await?;
    }
    Ok(RecordingPlan {
        id: begun.id.as_u128(),
        folder,
        key,
        notice: NOTICE.to_vec(),
        clock: Some((Instant::now(), app.clock.now().0)),
    })
}

async fn keep_failure(app: &App, failure: &Unrecorded) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    if rows::add_failure(&mut tx, failure).await? {
        let of = failure.of.clone();
        let action = Action::RecordingFailed {
            call_id: of.call_id,
            caller_id: of.caller_id,
            callee_id: of.callee_id,
            rule: of.rule,
            fault: failure.why,
        };
        audit::append(&mut tx, None, action, failure.at).await?;
    }
    tx.commit().await?;
    tracing::warn!(call.id = %failure.of.call_id, fault = ?failure.why, "a call was not recorded");
    Ok(())
}

async fn keep_event(app: &App, id: RecordingId, what: RecordingEvent) -> sqlx::Result<()> {
    match what {
        RecordingEvent::Started => {
            let mut tx = app.db.begin().await?;
            rows::set_state(&mut tx, id, "recording").await?;
            tx.commit().await
        }
        RecordingEvent::Synced(head) => keep_head(app, id, &head).await,
        RecordingEvent::SegmentClosed { bytes, head, .. } => {
            let mut tx = app.db.begin().await?;
            rows::add_segment(&mut tx, id, head.segment, bytes, &super::hex(&head.hash)).await?;
            heads::append(&mut tx, app, id, &head, false).await?;
            tx.commit().await?;
            app.recordings.upload_soon();
            Ok(())
        }
        RecordingEvent::Lagging(on) => {
            tracing::warn!(recording.id = %id, on, "the recorder is behind");
            Ok(())
        }
        RecordingEvent::Failed(failure) => {
            tracing::error!(recording.id = %id, %failure, "a recording has broken off");
            app.recordings.closed(id);
            recovery::recover_later(app, id);
            Ok(())
        }
        RecordingEvent::Closed(summary) => {
            keep_end(app, id, "closed", &summary).await?;
            app.recordings.closed(id);
            Ok(())
        }
    }
}

async fn keep_head(app: &App, id: RecordingId, head: &Head) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    heads::append(&mut tx, app, id, head, false).await?;
    tx.commit().await
}

/// The row, its streams and the last, signed head, or nothing.
pub(super) async fn keep_end(app: &App, id: RecordingId, state: &str, summary: &RecordingSummary) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    rows::close(&mut tx, id, state, summary, app.clock.now()).await?;
    heads::append(&mut tx, app, id, &summary.head, true).await?;
    tx.commit().await?;
    tracing::info!(recording.id = %id, state, recording.ms = summary.duration_ms, recording.bytes = summary.bytes, "a recording is kept");
    Ok(())
}

impl Recordings {
    fn first(&self) -> Option<Job> {
        self.waiting().jobs.front().cloned()
    }

    fn done(&self) {
        self.waiting().jobs.pop_front();
    }

    fn opened(&self, id: RecordingId) {
        self.waiting().open.insert(id);
    }

    fn closed(&self, id: RecordingId) {
        self.waiting().open.remove(&id);
    }

    /// Nothing waits, and no recording is open.
    fn is_idle(&self) -> bool {
        let waiting = self.waiting();
        waiting.jobs.is_empty() && waiting.open.is_empty()
    }
}
