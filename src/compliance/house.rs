//! The hourly round: what has been kept long enough is erased, recordings and messages alike, unless the clock cannot be trusted.

use std::time::Duration;

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

/// A round every hour until the server stops; each also lays down and mails where the chain of all recordings stands,
/// and removes copies of what S3 has.
pub async fn keep(app: App) {
    loop {
        if let Err(error) = round(&app).await {
            tracing::error!(%error, "what has been kept long enough was not erased");
        }
        if let Err(error) = local::clear(&app).await {
            tracing::error!(%error, "copies of recordings that are in the object store are still here");
        }
        if let Err(error) = daily::write(&app).await {
            tracing::error!(%error, "the head of the recordings was not laid down");
        }
        if let Err(error) = mailed::send(&app).await {
            tracing::error!(%error, "the head of the recordings was not mailed");
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
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
