//! What a call leaves in the database: a row from before its first ring, and one history entry in its place when it has ended.
//!
//! A row that a process finds at its start is of a call that died with the process before: it gets its entry then. So a call that
//! anybody has heard of has exactly one, whatever happens.

use std::time::Duration;

use tokio::time::{self, MissedTickBehavior};

use super::{
    ringing::{Facts, History},
    store,
};
use crate::{app::App, chat, ids::CallId};

/// How often it is written down that the calls are still there: so much may be missing at the end of one that a crash cuts off.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Between attempts to write to a database that does not answer.
const SAVE_AGAIN: Duration = Duration::from_secs(1);

/// Something to be written. Notes of one call are written in their order.
#[derive(Clone, Debug)]
pub(super) enum Note {
    /// It was answered, or moved.
    Lives(Facts),
    Ended(History),
    /// It was announced and did not come to be.
    NeverWas(CallId),
}

/// Writes until the server stops; then ends what still lives, and writes that.
pub async fn run(app: App) {
    let calls = &app.calls;
    let mut heartbeat = time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let saved = save(&app).await;
        tokio::select! {
            () = app.stop.cancelled() => break,
            () = calls.noted() => {}
            _ = heartbeat.tick() => stay_alive(&app).await,
            () = time::sleep(SAVE_AGAIN), if !saved => {}
        }
    }
    calls.end_all();
    if !save(&app).await {
        tracing::error!("the history of the last calls waits for the next start");
    }
}

/// Gives their entry to the calls that the process before has left behind. Before the first call of this one.
pub async fn recover(app: &App) -> sqlx::Result<()> {
    for (facts, seen_at) in store::live(&app.db).await? {
        let history = facts.lost(seen_at);
        tracing::warn!(call.id = %history.record.id, "a call was cut off by the end of the process before");
        write(app, &Note::Ended(history)).await?;
    }
    Ok(())
}

/// Before anybody hears of a call.
pub(super) async fn announce(app: &App, facts: &Facts) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    store::keep(&mut tx, facts, app.clock.now()).await?;
    tx.commit().await
}

/// Writes what is noted, oldest first; true if all of it is. What fails stays for the next time.
async fn save(app: &App) -> bool {
    while let Some(note) = app.calls.first_note() {
        if let Err(error) = write(app, &note).await {
            tracing::error!(%error, "the history of calls cannot be written; trying again");
            return false;
        }
        app.calls.note_written();
    }
    true
}

async fn write(app: &App, note: &Note) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    match note {
        Note::Lives(facts) => store::keep(&mut tx, facts, app.clock.now()).await?,
        Note::NeverWas(id) => store::forget(&mut tx, *id).await?,
        // The call's row, its history entry and the end of its life, or nothing. What was written before is left as it is.
        Note::Ended(history) => {
            let record = &history.record;
            if store::insert(&mut tx, history).await? {
                chat::append_call(&mut tx, history.conversation_id, record, record.ended_at).await?;
            }
            store::forget(&mut tx, record.id).await?;
        }
    }
    app.publisher.commit(tx).await.map(drop)
}

async fn stay_alive(app: &App) {
    if app.calls.live_calls() == 0 {
        return;
    }
    if let Err(error) = store::stay_alive(&app.db, app.clock.now()).await {
        tracing::warn!(%error, "that the calls live was not written");
    }
}
