//! The recorder's thread: all recordings, each in its turn.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::TryRecvError;
use std::thread;
use std::time::{Duration, Instant};

use super::live::Live;
use super::pool::{Job, Pool, Token};
use super::{Ends, Message, Order};
use crate::control::RoomId;
use crate::recorder::batch::Batch;
use crate::recorder::{RecordingEvent, RecordingFailure, RecordingPlan};

/// While something is recorded, it looks so often whether there is something to do: nobody has to wake it up for each packet.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const TICK_EVERY: Duration = Duration::from_millis(100);
/// Messages in one go, before the disk and the clock get their turn.
const MESSAGES_AT_ONCE: usize = 4096;
/// How long the end of the process waits for a disk.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Worker<F> {
    ends: Ends,
    pool: Pool,
    on_event: F,
    recordings: BTreeMap<Token, Live>,
    /// Those that take packets.
    rooms: HashMap<RoomId, Token>,
    next_token: Token,
    next_tick: Instant,
}

impl<F: FnMut(RoomId, u128, RecordingEvent)> Worker<F> {
    pub(super) fn new(ends: Ends, pool: Pool, on_event: F) -> Self {
        let next_tick = Instant::now();
        Self { ends, pool, on_event, recordings: BTreeMap::new(), rooms: HashMap::new(), next_token: 0, next_tick }
    }

    /// Ends when the media thread's end is gone, and all recordings are closed.
    pub(super) fn run(mut self) {
        while self.take_messages() {
            self.take_done();
            self.tick();
            if !self.recordings.is_empty() {
                thread::sleep(LOOK_EVERY);
            }
        }
        self.close();
    }

    /// `false` when nobody can send any more.
    fn take_messages(&mut self) -> bool {
        if self.recordings.is_empty() {
            match self.ends.inbox.recv() {
                Ok(message) => self.take(message),
                Err(_) => return false,
            }
        }
        for _ in 0..MESSAGES_AT_ONCE {
            match self.ends.inbox.try_recv() {
                Ok(message) => self.take(message),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        true
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Batch(batch) => self.take_batch(batch),
            Message::Order(order) => {
                let (room, at, order) = *order;
                self.take_order(room, at, order);
            }
        }
    }

    fn take_batch(&mut self, mut batch: Box<Batch>) {
        self.ends.load.remove(&batch);
        self.work(batch.room, |live| {
            live.batch(&mut batch);
            None
        });
        if batch.is_handy() {
            let _ = self.ends.spare.try_send(batch);
        }
    }

    fn take_order(&mut self, room: RoomId, at: Instant, order: Order) {
        match order {
            Order::Start(plan) => self.start(room, &plan, at),
            Order::Note(note) => self.work(room, |live| {
                live.note(at, &note);
                None
            }),
            Order::Joined(peer) => self.work(room, |live| {
                live.joined(at, peer);
                None
            }),
            Order::Ended(peer, source) => self.work(room, |live| {
                live.ended(at, peer, source);
                None
            }),
            Order::Left(peer) => self.work(room, |live| {
                live.left(at, peer);
                None
            }),
            Order::Stop => self.work(room, |live| live.stop(at)),
            Order::Lost => self.work(room, |live| {
                live.fail(RecordingFailure::Behind);
                None
            }),
        }
    }

    fn start(&mut self, room: RoomId, plan: &RecordingPlan, at: Instant) {
        if self.rooms.contains_key(&room) {
            tracing::error!("a room that is recorded was to be recorded again");
            return self.tell(room, plan.id, RecordingEvent::Failed(RecordingFailure::Internal));
        }
        let token = self.next_token;
        self.next_token += 1;
        let started = catch_unwind(AssertUnwindSafe(|| Live::start(room, token, plan, at)));
        match started.unwrap_or(Err(RecordingFailure::Internal)) {
            Ok((live, job)) => {
                self.recordings.insert(token, live);
                self.rooms.insert(room, token);
                self.pool.submit(job);
            }
            Err(failure) => self.tell(room, plan.id, RecordingEvent::Failed(failure)),
        }
    }

    fn take_done(&mut self) {
        while let Some(done) = self.pool.take_done() {
            let now = Instant::now();
            self.work_on(done.token, |live| live.written(done.files, done.result, now));
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if now < self.next_tick {
            return;
        }
        self.next_tick = now + TICK_EVERY;
        let tokens: Vec<_> = self.recordings.keys().copied().collect();
        let mut wishes = Vec::new();
        for token in tokens {
            let Some(room) = self.recordings.get(&token).map(|live| live.room) else { continue };
            self.work_on(token, |live| {
                let job = live.tick(now);
                live.wants_keyframe(&mut wishes);
                job
            });
            for (peer, source) in wishes.drain(..) {
                let _ = self.ends.wishes.try_send((room, peer, source));
            }
        }
    }

    /// Works on the recording of a room; ignored where nothing is recorded.
    fn work(&mut self, room: RoomId, work: impl FnOnce(&mut Live) -> Option<Job>) {
        if let Some(token) = self.rooms.get(&room) {
            self.work_on(*token, work);
        }
    }

    /// A panic ends this recording, and no other.
    fn work_on(&mut self, token: Token, work: impl FnOnce(&mut Live) -> Option<Job>) {
        let Some(live) = self.recordings.get_mut(&token) else { return };
        match catch_unwind(AssertUnwindSafe(|| work(live))) {
            Ok(Some(job)) => self.pool.submit(job),
            Ok(None) => {}
            Err(_) => {
                tracing::error!(recording.id = live.id, "the recorder panicked; this recording has failed");
                live.fail(RecordingFailure::Internal);
            }
        }
        let (room, id, is_open, is_over) = (live.room, live.id, live.is_open(), live.is_over);
        let events = std::mem::take(&mut live.events);
        if !is_open && self.rooms.get(&room) == Some(&token) {
            self.rooms.remove(&room);
        }
        // Whoever hears of its end may take hold of its folder.
        if is_over {
            self.recordings.remove(&token);
        }
        for event in events {
            self.tell(room, id, event);
        }
    }

    /// Ends all recordings in order, as far as the disk lets it.
    fn close(&mut self) {
        let now = Instant::now();
        for token in self.recordings.keys().copied().collect::<Vec<_>>() {
            self.work_on(token, |live| live.stop(now));
        }
        while !self.recordings.is_empty() && now.elapsed() < PATIENCE {
            self.take_done();
            self.tick();
            thread::sleep(LOOK_EVERY);
        }
        if !self.recordings.is_empty() {
            tracing::error!(recordings = self.recordings.len(), "the disk did not take the ends of recordings");
        }
    }

    fn tell(&mut self, room: RoomId, id: u128, event: RecordingEvent) {
        if catch_unwind(AssertUnwindSafe(|| (self.on_event)(room, id, event))).is_err() {
            tracing::error!("the receiver of an event panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc;

    use super::*;
    use crate::recorder::RecordingKey;
    use crate::recorder::sink::{Load, SegmentFiles};

    #[test]
    fn a_panic_ends_one_recording_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (messages, inbox) = mpsc::sync_channel(8);
        let (spare, _spare) = mpsc::sync_channel(8);
        let (wishes, _wishes) = mpsc::sync_channel(8);
        let ends = Ends { inbox, load: Arc::new(Load::default()), spare, wishes };
        let write: super::super::pool::Write = Arc::new(SegmentFiles::write);
        let (told, events) = mpsc::channel();
        let mut worker = Worker::new(ends, Pool::start(&write).unwrap(), move |room, _, event| told.send((room, event)).unwrap());
        for room in [RoomId(1), RoomId(2)] {
            let key = RecordingKey([0; 32]);
            let plan = RecordingPlan {
                id: room.0,
                folder: folder.path().join(room.0.to_string()),
                key,
                notice: Vec::new(),
                clock: None,
            };
            worker.take_order(room, Instant::now(), Order::Start(plan));
        }
        worker.work(RoomId(1), |_| panic!("on purpose"));
        assert_eq!(events.try_recv(), Ok((RoomId(1), RecordingEvent::Failed(RecordingFailure::Internal))));
        worker.take_order(RoomId(2), Instant::now(), Order::Stop);
        drop(messages);
        worker.run();
        assert!(events.try_iter().any(|(room, event)| room == RoomId(2) && matches!(event, RecordingEvent::Closed(_))));
    }
}
