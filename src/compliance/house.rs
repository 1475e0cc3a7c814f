//! The hourly round: what has been kept long enough is erased, recordings and messages alike, unless the clock cannot be trusted.

use std::{fmt::Display, time::Duration};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    clock::{self, Jump},
    store,
};
use crate::{
    app::App,
    chat::archive::retention as messages,
    recordings::{daily, local, mailed, retention as recordings, uploads},
};

const EVERY: Duration = Duration::from_secs(60 * 60);

/// Where retention stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Retention)]
pub struct Standing {
    /// Set while nothing is erased, because the clock jumped.
    pub frozen: Option<Jump>,
    /// Recordings whose time is over and that nothing holds, at most 1,000.
    pub due: usize,
    /// Conversations with messages whose time is over and that nothing holds.
    pub due_conversations: usize,
    /// Unset where recordings are kept on this server alone.
    pub uploads: Option<uploads::Standing>,
}

/// What a round erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    pub recordings: usize,
    pub messages: u64,
}

pub async fn standing(app: &App) -> sqlx::Result<Standing> {
    let frozen = store::clock(&app.db).await?.and_then(|clock| clock.frozen);
    let (due, due_conversations) = (recordings::due(app).await?, messages::due(app).await?.len());
    Ok(Standing { frozen, due, due_conversations, uploads: uploads::standing(app).await? })
}

/// Works every hour until the server stops.
pub async fn keep(app: App) {
    loop {
        work(&app).await;
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// A round; then where the chain of all recordings stands is laid down and mailed, and copies of what S3 has are removed. What fails keeps the rest
/// from nothing.
async fn work(app: &App) {
    log(round(app).await, "what has been kept long enough was not erased");
    log(local::clear(app).await, "copies of recordings that are in the object store are still here");
    log(daily::write(app).await, "the head of the recordings was not laid down");
    log(mailed::send(app).await, "the head of the recordings was not mailed");
}

fn log<T>(done: Result<T, impl Display>, otherwise: &'static str) {
    if let Err(error) = done {
        tracing::error!(%error, "{otherwise}");
    }
}

/// It may be run again at any time.
pub async fn round(app: &App) -> sqlx::Result<Erased> {
    if !clock::is_steady(app, app.clock.now()).await? {
        return Ok(Erased::default());
    }
    // What is wrong with the one keeps the other waiting no longer than it must.
    let (recordings, messages) = (recordings::erase_due(app).await, messages::erase_due(app).await);
    Ok(Erased { recordings: recordings?, messages: messages? })
}
