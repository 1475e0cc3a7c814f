//! The recorder's thread, and the media thread's end of the way to it. Everything of this folder that reads a clock, waits or
//! touches a disk is in here and below.
//!
//! Queues and what happens when they are full:
//! - batches and orders to the thread, [`SLOTS`] and [`MAX_BYTES`]: from half on pictures give way and the recording notes it; a
//!   batch that does not fit at all ends its recording (`Behind`), orders always fit;
//! - batches on their way back, [`SPARE`], then their memory is freed;
//! - wishes for key frames, [`WISHES`], then they are forgotten: the pipeline wishes again.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is the one place of the recorder with threads, a clock, files and channels"
)]

mod disk;
mod live;
mod pool;
mod worker;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use super::batch::Batch;
use super::{RecordingEvent, RecordingPlan, Source};
use crate::control::{PeerId, RoomId};
use pool::{Pool, Write};
use worker::Worker;

pub use disk::Folder;
pub(super) use disk::SegmentFiles;

/// Batches and orders that wait for the thread.
pub const SLOTS: usize = 16_384;
/// The slots that batches leave to orders.
const ORDER_SLOTS: usize = 1024;
/// What waits for the thread, all recordings together.
pub const MAX_BYTES: usize = 32 << 20;
const SPARE: usize = 256;
const WISHES: usize = 256;
/// Where the processor is scarce, a packet is forwarded first and recorded then: threads of the recorder count for a third of another.
const NICENESS: i32 = 5;

/// What is to be done for the recording of a room.
#[derive(Clone, Debug)]
pub enum Order {
    Start(RecordingPlan),
    /// A JSON object without a time.
    Note(String),
    Joined(PeerId),
    /// A source is not sent any more.
    Ended(PeerId, Source),
    Left(PeerId),
    Stop,
    /// What had to be recorded was lost on the way.
    Lost,
}

/// A sender that would be understood sooner if it sent a key frame.
pub type KeyframeWish = (RoomId, PeerId, Source);

/// What travels to the thread.
#[derive(Debug)]
enum Message {
    Batch(Box<Batch>),
    Order(Box<(RoomId, Instant, Order)>),
}

/// What is on its way to the thread.
#[derive(Debug, Default)]
struct Load {
    batches: AtomicUsize,
    bytes: AtomicUsize,
}

impl Load {
    fn add(&self, batch: &Batch) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(batch.weight(), Ordering::Relaxed);
    }

    fn remove(&self, batch: &Batch) {
        self.batches.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(batch.weight(), Ordering::Relaxed);
    }

    fn is_half(&self) -> bool {
        self.batches.load(Ordering::Relaxed) > SLOTS / 2 || self.bytes.load(Ordering::Relaxed) > MAX_BYTES / 2
    }

    fn has_room(&self, batch: &Batch) -> bool {
        self.batches.load(Ordering::Relaxed) < SLOTS - ORDER_SLOTS
            && self.bytes.load(Ordering::Relaxed) + batch.weight() <= MAX_BYTES
    }
}

/// The media thread's end. Dropping it ends all recordings in order and waits for the thread.
#[derive(Debug)]
pub struct Recorder {
    messages: Option<SyncSender<Message>>,
    load: Arc<Load>,
    spare: Receiver<Box<Batch>>,
    wishes: Receiver<KeyframeWish>,
    /// Orders that found the queue full.
    late: VecDeque<Message>,
    /// Rooms whose recordings have lost something: nothing more of them is taken.
    lost: Vec<RoomId>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts the thread. `on_event` is called on it, with the room and the recording's id, and must not block.
    pub fn start(on_event: impl FnMut(RoomId, u128, RecordingEvent) + Send + 'static) -> io::Result<Self> {
        let write: Write = Arc::new(SegmentFiles::write);
        Self::start_on(&write, on_event)
    }

    /// On a disk that may be slower than it is.
    fn start_on(write: &Write, on_event: impl FnMut(RoomId, u128, RecordingEvent) + Send + 'static) -> io::Result<Self> {
        let (messages, inbox) = mpsc::sync_channel(SLOTS);
        let (spare_sender, spare) = mpsc::sync_channel(SPARE);
        let (wish_sender, wishes) = mpsc::sync_channel(WISHES);
        let load = Arc::new(Load::default());
        let ends = Ends { inbox, load: Arc::clone(&load), spare: spare_sender, wishes: wish_sender };
        let worker = Worker::new(ends, Pool::start(write)?, on_event);
        let thread = Builder::new().name("recorder".to_owned()).spawn(move || {
            give_way();
            worker.run();
        })?;
        Ok(Self { messages: Some(messages), load, spare, wishes, late: VecDeque::new(), lost: Vec::new(), thread: Some(thread) })
    }

    /// An empty batch, of memory that was used before if there is some.
    pub fn batch(&mut self, room: RoomId, at: Instant) -> Box<Batch> {
        match self.spare.try_recv() {
            Ok(mut batch) => {
                batch.reset(room, at);
                batch
            }
            Err(_) => Box::new(Batch::new(room, at)),
        }
    }

    /// Hands packets over. Never blocks: what does not fit is lost, and the recording with it.
    pub fn offer(&mut self, mut batch: Box<Batch>) {
        self.send_late();
        if self.lost.contains(&batch.room) {
            return;
        }
        if self.load.is_half() {
            batch.drop_video();
        }
        if !self.load.has_room(&batch) {
            return self.lose(batch.room);
        }
        self.load.add(&batch);
        match self.messages.as_ref().map(|messages| messages.try_send(Message::Batch(batch))) {
            None | Some(Ok(())) => {}
            Some(Err(TrySendError::Full(message) | TrySendError::Disconnected(message))) => {
                let Message::Batch(batch) = message else { return };
                self.load.remove(&batch);
                self.lose(batch.room);
            }
        }
    }

    /// Never blocks. Orders keep their place among the batches.
    pub fn order(&mut self, room: RoomId, order: Order) {
        if matches!(order, Order::Start(_)) {
            self.lost.retain(|lost| *lost != room);
        }
        self.late.push_back(Message::Order(Box::new((room, Instant::now(), order))));
        self.send_late();
    }

    /// Whom to ask for a key frame, since the last call.
    pub fn take_keyframe_wishes(&mut self) -> impl Iterator<Item = KeyframeWish> {
        self.send_late();
        self.wishes.try_iter()
    }

    fn lose(&mut self, room: RoomId) {
        self.lost.push(room);
        self.order(room, Order::Lost);
    }

    fn send_late(&mut self) {
        let Some(messages) = &self.messages else { return };
        while let Some(message) = self.late.pop_front() {
            if let Err(TrySendError::Full(message)) = messages.try_send(message) {
                self.late.push_front(message);
                break;
            }
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.send_late();
        // The thread ends when nobody can send it anything any more.
        self.messages = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the recorder's thread had panicked");
        }
    }
}

/// Of the calling thread alone: on Linux each has a niceness of its own (setpriority(2), "C library/kernel differences").
fn give_way() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "the recorder does not give way to the media thread");
    }
}

/// The thread's ends of the queues.
struct Ends {
    inbox: Receiver<Message>,
    load: Arc<Load>,
    spare: SyncSender<Box<Batch>>,
    wishes: SyncSender<KeyframeWish>,
}

#[cfg(test)]
mod tests;
