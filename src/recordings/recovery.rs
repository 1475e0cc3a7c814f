//! Recordings that broke off, by a crash or a fault, are brought to their end: what there is of them is kept.

use std::time::Duration;

use staffline_media::recorder::{RecoverError, Recovered, recover};
use tokio::time;

use super::{keeper, shelf::blocking, store::rows};
use crate::{app::App, ids::RecordingId};

/// How often, and after which pause, it is tried while the recorder may still have the recording open.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// What the process before left open. Before the first recording of this one.
pub async fn recover_all(app: &App) -> sqlx::Result<()> {
    for id in rows::unfinished(&app.db).await? {
        tracing::warn!(recording.id = %id, "a recording was cut off by the end of the process before");
        recover_one(app, id).await?;
    }
    Ok(())
}

/// One that the recorder has given up.
pub(super) fn recover_later(app: &App, id: RecordingId) {
    let app = app.clone();
    app.clone().tasks.spawn(async move {
        for _ in 0..TRIES {
            match recover_one(&app, id).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, recording.id = %id, "a recording that broke off is not closed yet"),
            }
            tokio::select! {
                () = app.stop.cancelled() => return,
                () = time::sleep(PAUSE) => {}
            }
        }
    });
}

/// False if somebody still writes it. What cannot be brought to its end is `failed`, and stays as it is on the disk.
async fn recover_one(app: &App, id: RecordingId) -> sqlx::Result<bool> {
    let Some(wrapped) = rows::wrapped_key(&app.db, id).await? else { return Ok(true) };
    let key = match app.recordings.keys().unwrap(id, &wrapped) {
        Ok(key) => key,
        Err(error) => {
            tracing::error!(%error, recording.id = %id, "a recording cannot be recovered");
            return Ok(true);
        }
    };
    let folder = app.recordings.folder_of(id);
    match blocking(move || Ok(recover(&folder, &key))).await {
        Ok(Ok(recovered)) => keep(app, id, &recovered).await?,
        Ok(Err(RecoverError::Busy)) => return Ok(false),
        Ok(Err(error)) => give_up(app, id, &error).await?,
        Err(error) => tracing::error!(%error, recording.id = %id, "a recording could not be recovered"),
    }
    Ok(true)
}

async fn give_up(app: &App, id: RecordingId, error: &RecoverError) -> sqlx::Result<()> {
    if !matches!(error, RecoverError::Empty) {
        tracing::error!(%error, recording.id = %id, "a recording could not be recovered");
    }
    let mut tx = app.db.begin().await?;
    rows::set_state(&mut tx, id, "failed").await?;
    tx.commit().await
}

async fn keep(app: &App, id: RecordingId, recovered: &Recovered) -> sqlx::Result<()> {
    let numbered = recovered.segments.iter().filter_map(|(path, bytes)| {
        let number = path.file_stem()?.to_str()?.parse::<u32>().ok()?;
        Some((number, *bytes))
    });
    let mut tx = app.db.begin().await?;
    for (segment, bytes) in numbered {
        let last = segment == recovered.summary.head.segment;
        let hash = if last { super::hex(&recovered.summary.head.hash) } else { String::new() };
        rows::add_segment(&mut tx, id, segment, bytes, &hash).await?;
    }
    tx.commit().await?;
    app.recordings.upload_soon();
    keeper::keep_end(app, id, if recovered.was_whole { "closed" } else { "recovered" }, &recovered.summary).await
}
