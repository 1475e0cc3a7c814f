//! One writer at a time for each upload. The newest wins: the connection of the one before may hang without knowing it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use futures_util::FutureExt;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use crate::ids::AttachmentId;

/// The handle, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    // Held for a map operation, never across an await.
    uploads: Arc<Mutex<HashMap<AttachmentId, Entry>>>,
}

#[derive(Debug, Default)]
struct Entry {
    lock: Arc<tokio::sync::Mutex<()>>,
    /// Of who came last.
    newest: CancellationToken,
    /// Those who have the lock or wait for it: with the last of them the entry goes.
    present: usize,
}

/// The right to change an upload, given back when dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    id: AttachmentId,
    guard: Option<OwnedMutexGuard<()>>,
    /// Cancelled when somebody else wants the turn. Whoever only waits for bytes gives way; a completion is finished first.
    pub taken_over: CancellationToken,
}

impl Turns {
    fn uploads(&self) -> MutexGuard<'_, HashMap<AttachmentId, Entry>> {
        self.uploads.lock().expect("nothing panics while it holds the map")
    }

    /// Asks whoever has the turn to end, and waits for that.
    pub async fn take(&self, id: AttachmentId) -> Turn {
        let taken_over = CancellationToken::new();
        let (mut lock, guard) = {
            let mut uploads = self.uploads();
            let entry = uploads.entry(id).or_default();
            entry.present += 1;
            std::mem::replace(&mut entry.newest, taken_over.clone()).cancel();
            // Asked once while the map is held: of two who come at once, the one who is taken over stands first in the queue.
            // Behind the other it would wait for one whom nobody asks to end.
            let mut lock = Box::pin(Arc::clone(&entry.lock).lock_owned());
            let guard = lock.as_mut().now_or_never();
            (lock, guard)
        };
        // Made before the wait, so that one who gives up waiting is counted off as well.
        let mut turn = Turn { turns: self.clone(), id, guard, taken_over };
        if turn.guard.is_none() {
            turn.guard = Some(lock.as_mut().await);
        }
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard = None;
        let mut uploads = self.turns.uploads();
        let Some(entry) = uploads.get_mut(&self.id) else { return };
        entry.present -= 1;
        if entry.present == 0 {
            uploads.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{task::JoinSet, time};

    use super::*;

    #[tokio::test]
    async fn the_newest_gets_the_turn_and_nothing_stays_behind() {
        let (turns, id) = (Turns::default(), AttachmentId::new());
        let first = turns.take(id).await;
        let other = turns.take(AttachmentId::new()).await;
        assert!(!first.taken_over.is_cancelled() && !other.taken_over.is_cancelled());
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(id).await }
        });
        first.taken_over.cancelled().await;
        drop(first);
        let second = waiting.await.expect("it gets the turn");
        assert!(!second.taken_over.is_cancelled());
        drop((second, other));
        assert!(turns.uploads().is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_who_come_at_once_none_waits_for_one_whom_nobody_asks_to_end() {
        let (turns, id) = (Turns::default(), AttachmentId::new());
        for _ in 0..2_000 {
            let mut crowd = JoinSet::new();
            for _ in 0..4 {
                let turns = turns.clone();
                crowd.spawn(async move { turns.take(id).await.taken_over.cancelled().await });
            }
            for _ in 0..3 {
                let ended = time::timeout(Duration::from_secs(10), crowd.join_next()).await;
                ended.expect("only the newest goes on").expect("there are four").expect("each gets its turn");
            }
            drop(turns.take(id).await);
            crowd.join_all().await;
        }
    }
}
