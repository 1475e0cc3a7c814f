//! Carries events from the table to the hub, in the order of their ids.
//!
//! Transactions commit in the order of their ids, but the tasks that made them run on in any order, and one may be dropped right after
//! its commit. So nobody hands an event over: whoever commits only wakes this one task, which reads on from the last id it
//! published. It also looks by itself every second, for what another process wrote.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time,
};
use tokio_util::sync::CancellationToken;

use super::{Audience, EventId, store};
use crate::{
    db::{Db, Tx},
    hub::Hub,
    ids::{ConversationId, UserId},
};

const BATCH: u32 = 500;
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The handle with which writers wake the publisher.
#[derive(Clone, Debug, Default)]
pub struct Publisher {
    wake: Arc<Notify>,
    /// The last event that was handed to the hub.
    published: watch::Sender<EventId>,
}

/// Wakes the publisher when the commit is over, whether or not anybody still waits for its outcome.
struct WakeOnDrop<'a>(&'a Notify);

impl Drop for WakeOnDrop<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Publisher {
    /// Commits, then has the transaction's events published.
    pub async fn commit(&self, tx: Tx) -> sqlx::Result<()> {
        let _wake = WakeOnDrop(&self.wake);
        tx.commit().await
    }

    /// Tells how far the stream has been published, for those who follow it.
    #[must_use]
    pub fn published(&self) -> watch::Receiver<EventId> {
        self.published.subscribe()
    }

    /// Runs until `stop`. `last` is where the stream stands at start.
    pub async fn run(self, db: Db, hub: Hub, last: EventId, stop: CancellationToken) {
        self.published.send_replace(last);
        let mut task = Task { db, hub, last };
        let mut healthy = true;
        loop {
            let outcome = task.publish_new().await;
            self.published.send_if_modified(|published| std::mem::replace(published, task.last) != task.last);
            match outcome {
                Ok(true) => continue,
                Ok(false) => healthy = true,
                Err(error) => {
                    if std::mem::take(&mut healthy) {
                        tracing::error!(%error, "events cannot be read; trying again each second");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

struct Task {
    db: Db,
    hub: Hub,
    last: EventId,
}

impl Task {
    /// Publishes one batch; true if there may be more.
    async fn publish_new(&mut self) -> sqlx::Result<bool> {
        let rows = store::all(&self.db, self.last, BATCH).await?;
        // Read after the events: who was removed with one of them is told nothing any more.
        let mut members: HashMap<ConversationId, Vec<(UserId, EventId)>> = HashMap::new();
        for row in &rows {
            let to = match row.audience {
                Audience::Everybody => None,
                Audience::User(user) => Some(vec![user]),
                Audience::Conversation(id) => {
                    let members = match members.entry(id) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(unknown) => unknown.insert(store::members(&self.db, id).await?),
                    };
                    Some(members.iter().filter(|(_, joined)| *joined <= row.id).map(|(user, _)| *user).collect::<Vec<_>>())
                }
            };
            self.hub.publish(row.id, row.frame(), to.as_deref());
            self.last = row.id;
        }
        Ok(rows.len() == BATCH as usize)
    }
}
