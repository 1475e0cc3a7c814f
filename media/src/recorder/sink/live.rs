//! One recording while it runs: packets through the pipeline into the log, the log in pieces to the disk, and what is told of it.
//! It is told the time.

use std::io;
use std::time::{Duration, Instant};

use super::disk::{ClosedSegment, SegmentFiles, Written, failure};
use super::pool::{Job, Token};
use crate::control::{PeerId, RoomId};
use crate::recorder::batch::Batch;
use crate::recorder::pipeline::{Mix, Pipeline};
use crate::recorder::seal::Ending;
use crate::recorder::segment::SegmentWriter;
use crate::recorder::{Head, RecordingEvent, RecordingFailure, RecordingPlan, RecordingSummary, SenderClock, Source};

/// What the pipeline has written goes to the file with each tick, and is safe from the end of the process then; from that of the power
/// so often.
const SYNC_EVERY: Duration = Duration::from_secs(1);
const TELL_HEAD_EVERY: Duration = Duration::from_secs(10);
/// What is not on the disk after this time is told of.
const LAGGING_AFTER: Duration = Duration::from_secs(2);
/// A recording whose disk takes nothing for so long has failed, and so it has when more than so much waits for it. Pictures give
/// way from half of that on.
const BEHIND_AFTER: Duration = Duration::from_secs(15);
const MAX_WAITING: usize = 16 << 20;

/// What the disk is working at.
#[derive(Debug)]
struct InFlight {
    bytes: usize,
    /// When the oldest of it came.
    since: Instant,
    sync: bool,
    /// What is on the disk when it is done.
    head: Option<Head>,
}

/// A recording. Its events gather in it until they are taken.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) room: RoomId,
    pub(super) id: u128,
    token: Token,
    pipeline: Pipeline,
    writer: SegmentWriter,
    /// Here, or in the pool.
    files: Option<SegmentFiles>,
    in_flight: Option<InFlight>,
    begun: Instant,
    /// The latest that the pipeline was told.
    latest: Instant,
    /// When the oldest packet came that is neither on the disk nor on its way there.
    oldest: Option<Instant>,
    next_sync: Instant,
    /// There was something to give to the disk while it was at work.
    is_due: bool,
    next_head: Instant,
    has_started: bool,
    is_lagging: bool,
    /// The disk has no room for a minute more: no pictures from then on.
    is_short: bool,
    /// Packets that gave way since it was noted last.
    dropped: u64,
    /// Set when it has been stopped.
    summary: Option<RecordingSummary>,
    /// It has told of its end.
    pub(super) is_over: bool,
    pub(super) events: Vec<RecordingEvent>,
}

impl Live {
    /// Takes hold of the folder, and gives the first job.
    pub(super) fn start(room: RoomId, token: Token, plan: &RecordingPlan, now: Instant) -> Result<(Self, Job), RecordingFailure> {
        let files = SegmentFiles::open(&plan.folder).map_err(|error| failure(&error))?;
        let mut live = Self {
            room,
            id: plan.id,
            token,
            pipeline: Pipeline::new(now, &plan.notice, Mix::On),
            writer: SegmentWriter::new(plan.id, &plan.key),
            files: Some(files),
            in_flight: None,
            oldest: None,
            begun: now,
            latest: now,
            next_sync: now,
            is_due: false,
            next_head: now + TELL_HEAD_EVERY,
            has_started: false,
            is_lagging: false,
            is_short: false,
            dropped: 0,
            summary: None,
            is_over: false,
            events: Vec::new(),
        };
        if let Some((at, unix_ms)) = plan.clock {
            live.pipeline.note(now, &clock_note(unix_ms + apart_ms(at, now)), &mut live.writer);
        }
        let job = live.write(now).ok_or(RecordingFailure::Internal)?;
        Ok((live, job))
    }

    pub(super) fn batch(&mut self, batch: &mut Batch) {
        if self.is_short || self.waiting() > MAX_WAITING / 2 {
            batch.drop_video();
        }
        self.dropped += batch.dropped();
        self.oldest = Some(self.oldest.map_or(batch.at, |oldest| oldest.min(batch.at)));
        batch.at = self.clock(batch.at);
        for packet in batch.packets() {
            self.pipeline.packet(&packet, &mut self.writer);
        }
        for clock in batch.clocks() {
            self.pipeline.sender_report(&SenderClock { at: batch.at, ..*clock }, &mut self.writer);
        }
    }

    pub(super) fn note(&mut self, at: Instant, note: &str) {
        let at = self.clock(at);
        self.pipeline.note(at, note, &mut self.writer);
    }

    pub(super) fn joined(&mut self, at: Instant, peer: PeerId) {
        let at = self.clock(at);
        self.pipeline.member_joined(at, peer, &mut self.writer);
    }

    pub(super) fn ended(&mut self, at: Instant, peer: PeerId, source: Source) {
        let at = self.clock(at);
        self.pipeline.source_ended(at, peer, source, &mut self.writer);
    }

    pub(super) fn left(&mut self, at: Instant, peer: PeerId) {
        let at = self.clock(at);
        self.pipeline.member_left(at, peer, &mut self.writer);
    }

    pub(super) fn wants_keyframe(&mut self, wishes: &mut Vec<(PeerId, Source)>) {
        self.pipeline.wants_keyframe(wishes);
    }

    /// Whether it still takes packets.
    pub(super) fn is_open(&self) -> bool {
        self.summary.is_none() && !self.is_over
    }

    /// What time brings.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Job> {
        if self.is_open() {
            let at = self.clock(now);
            self.note_dropped(at);
            self.pipeline.tick(at, &mut self.writer);
        }
        self.watch(now);
        if self.is_over { None } else { self.write(now) }
    }

    /// Ends it in order: closed once all of it is on the disk.
    pub(super) fn stop(&mut self, at: Instant) -> Option<Job> {
        if !self.is_open() {
            return None;
        }
        let now = self.clock(at);
        self.note_dropped(now);
        let duration = now.saturating_duration_since(self.begun);
        let (streams, gaps) = self.pipeline.finish(now, &mut self.writer);
        let head = self.writer.finish(Ending::InOrder);
        let (segments, bytes) = (self.writer.segments(), self.writer.bytes());
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.summary = Some(RecordingSummary { streams, duration_ms, gaps, segments, bytes, head });
        self.next_sync = now;
        self.write(now)
    }

    /// It has ended too early; what is on the disk stays.
    pub(super) fn fail(&mut self, failure: RecordingFailure) {
        if !self.is_over {
            self.is_over = true;
            self.events.push(RecordingEvent::Failed(failure));
        }
    }

    /// The disk has done its job.
    pub(super) fn written(&mut self, files: SegmentFiles, result: io::Result<Written>, now: Instant) -> Option<Job> {
        self.files = Some(files);
        let in_flight = self.in_flight.take()?;
        match result {
            _ if self.is_over => return None,
            Err(error) => self.fail(failure(&error)),
            Ok(written) if written.is_short && !self.has_started => self.fail(RecordingFailure::DiskFull),
            Ok(written) => self.tell_written(written, &in_flight, now),
        }
        self.watch(now);
        let is_due = std::mem::take(&mut self.is_due) && !self.is_over;
        is_due.then(|| self.write(now)).flatten()
    }

    fn tell_written(&mut self, written: Written, done: &InFlight, now: Instant) {
        if !self.has_started {
            self.has_started = true;
            self.events.push(RecordingEvent::Started);
        }
        if done.sync {
            self.is_short = written.is_short;
        }
        for ClosedSegment { path, bytes, head } in written.closed {
            self.events.push(RecordingEvent::Synced(head));
            self.events.push(RecordingEvent::SegmentClosed { path, bytes, head });
        }
        if let Some(head) = done.head.filter(|_| done.sync && now >= self.next_head) {
            self.next_head = now + TELL_HEAD_EVERY;
            self.events.push(RecordingEvent::Synced(head));
        }
        if self.writer.waiting() == 0
            && let Some(summary) = self.summary.take()
        {
            self.is_over = true;
            self.events.push(RecordingEvent::Closed(summary));
        }
    }

    /// Gives all that there is to the disk, unless that is at work.
    fn write(&mut self, now: Instant) -> Option<Job> {
        if self.is_open() {
            self.writer.seal(now);
        }
        let Some(files) = self.files.take() else {
            self.is_due = true;
            return None;
        };
        let (bytes, pieces) = (self.writer.waiting(), self.writer.take());
        let sync = now >= self.next_sync;
        if pieces.is_empty() && !sync {
            self.files = Some(files);
            return None;
        }
        if sync {
            self.next_sync = now + SYNC_EVERY;
        }
        let since = self.oldest.take().unwrap_or(now);
        self.in_flight = Some(InFlight { bytes, since, sync, head: self.writer.head() });
        Some(Job { token: self.token, files, pieces, sync })
    }

    /// Tells when the disk does not keep up, and gives up when that lasts.
    fn watch(&mut self, now: Instant) {
        let since = self.in_flight.as_ref().map(|in_flight| in_flight.since).or(self.oldest);
        let lag = since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if lag > BEHIND_AFTER || self.waiting() > MAX_WAITING {
            self.fail(RecordingFailure::Behind);
        }
        if !self.is_over && self.is_lagging != (lag > LAGGING_AFTER) {
            self.is_lagging = !self.is_lagging;
            self.events.push(RecordingEvent::Lagging(self.is_lagging));
        }
    }

    /// Bytes that are sealed and not on the disk.
    fn waiting(&self) -> usize {
        self.writer.waiting() + self.in_flight.as_ref().map_or(0, |in_flight| in_flight.bytes)
    }

    /// The pipeline's time only goes forward. A tick may overtake what the media thread was just about to hand over.
    fn clock(&mut self, at: Instant) -> Instant {
        self.latest = self.latest.max(at);
        self.latest
    }

    fn note_dropped(&mut self, now: Instant) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let note = format!(r#"{{"type":"left_out","video_packets":{dropped}}}"#);
            self.pipeline.note(now, &note, &mut self.writer);
        }
    }
}

fn clock_note(unix_ms: i64) -> String {
    format!(r#"{{"type":"clock","unix_ms":{unix_ms}}}"#)
}

/// From one moment to another, which may be before it.
fn apart_ms(from: Instant, to: Instant) -> i64 {
    let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    ms(to.saturating_duration_since(from)) - ms(from.saturating_duration_since(to))
}
