//! The media thread's way to the recorder: gathers the packets of a recorded room, and passes on what is to be done about it.

use std::fmt;
use std::time::Instant;

use crate::control::{Command, RoomId};
use crate::outbox::Recorded;
use crate::recorder::batch::Batch;
use crate::recorder::sink::{KeyframeWish, Order, Recorder};

pub(super) struct Tape {
    /// Until [`Self::end`].
    recorder: Option<Recorder>,
    /// Of the room that was flushed last.
    batch: Option<Box<Batch>>,
}

impl Tape {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), batch: None }
    }

    pub(super) fn record(&mut self, room: RoomId, what: Recorded<'_>) {
        match what {
            Recorded::Packet(packet) => self.batch(room, packet.at).push(&packet),
            Recorded::Clock(clock) => self.batch(room, clock.at).push_clock(clock),
            Recorded::Joined { peer, .. } => self.order(room, Order::Joined(peer)),
            Recorded::Ended { peer, source, .. } => self.order(room, Order::Ended(peer, source)),
            Recorded::Left { peer, .. } => self.order(room, Order::Left(peer)),
        }
    }

    /// What a command asks of the recorder; the rest of it is the port's.
    pub(super) fn obey(&mut self, command: &Command) {
        match command {
            Command::StartRecording { room, plan } => self.order(*room, Order::Start(plan.clone())),
            Command::NoteRecording { room, note } => self.order(*room, Order::Note(note.clone())),
            Command::StopRecording { room } => self.order(*room, Order::Stop),
            _ => {}
        }
    }

    /// Hands over what has gathered.
    pub(super) fn flush(&mut self) {
        if let (Some(batch), Some(recorder)) = (self.batch.take(), &mut self.recorder) {
            recorder.offer(batch);
        }
    }

    pub(super) fn wishes(&mut self) -> impl Iterator<Item = KeyframeWish> {
        self.recorder.iter_mut().flat_map(Recorder::take_keyframe_wishes)
    }

    /// Closes what is being recorded, and waits until it is on the disk.
    pub(super) fn end(&mut self) {
        self.flush();
        self.recorder = None;
    }

    fn order(&mut self, room: RoomId, order: Order) {
        self.flush();
        if let Some(recorder) = &mut self.recorder {
            recorder.order(room, order);
        }
    }

    fn batch(&mut self, room: RoomId, at: Instant) -> &mut Batch {
        if self.batch.as_ref().is_some_and(|batch| batch.room != room || batch.at != at) {
            self.flush();
        }
        let Self { recorder, batch } = self;
        batch.get_or_insert_with(|| match recorder {
            Some(recorder) => recorder.batch(room, at),
            None => Box::new(Batch::new(room, at)),
        })
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape").finish_non_exhaustive()
    }
}
