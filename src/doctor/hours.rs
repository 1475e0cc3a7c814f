//! What the relay carried, hour by hour: differences of the media node's counters, added to a row a minute. A restart loses at most that.

use std::time::Duration;

use staffline_media::control::NodeReport;
use tokio::time::{self, MissedTickBehavior};

use super::{
    dashboard::{Hour, hour_of},
    store,
};
use crate::app::App;

const EVERY: Duration = Duration::from_secs(60);

/// Bytes that were carried since the start of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub turn_bytes: u64,
    pub media_bytes: u64,
}

impl Carried {
    fn of(report: &NodeReport) -> Self {
        Self {
            turn_bytes: report.turn_bytes_in + report.turn_bytes_out,
            media_bytes: report.media_bytes_in + report.media_bytes_out,
        }
    }

    /// Adds what has come since `self` to the hour that it is, and becomes `now`. After a failure the next time adds all of it.
    pub async fn add(&mut self, app: &App, now: Self) -> sqlx::Result<()> {
        let hour = Hour {
            at: hour_of(app.clock.now()),
            turn_bytes: now.turn_bytes.saturating_sub(self.turn_bytes),
            media_bytes: now.media_bytes.saturating_sub(self.media_bytes),
        };
        if (hour.turn_bytes, hour.media_bytes) != (0, 0) {
            let mut tx = app.db.begin().await?;
            store::add_to_hour(&mut tx, &hour).await?;
            tx.commit().await?;
        }
        *self = now;
        Ok(())
    }
}

/// Counts until the server stops, and once more then.
pub async fn run(app: App) {
    let mut carried = Carried::default();
    let mut tick = time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let goes_on = tokio::select! {
            () = app.stop.cancelled() => false,
            _ = tick.tick() => true,
        };
        if let Some(report) = app.calls.report().await
            && let Err(error) = carried.add(&app, Carried::of(&report)).await
        {
            tracing::warn!(%error, "what the relay carried was not written");
        }
        if !goes_on {
            return;
        }
    }
}
