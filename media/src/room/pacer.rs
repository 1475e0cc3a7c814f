//! Pictures to a narrow line leave at its pace, a little faster than it carries them, as a sender's own do (draft-ietf-rmcat-gcc-02 §4). A key
//! frame sent at once would fill the queue of the line: what does not fit is lost, and the sound that comes behind waits.
//!
//! What waits is not copied: its payload is in the NACK cache of the up track. Sound never waits, nor what was asked for again. On a line that is
//! not narrow nothing waits; there a burst is over before it matters, and goes out as one run.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::UpKey;
use crate::{timers::Scheduled, track::MediaPacket};

/// A line that carries as much or more is not paced, in bit/s.
const NARROW: u64 = 1_000_000;
/// Of what the line is believed to carry. The line is the slower one, so its queue is never empty while something waits here.
const FASTER: f64 = 1.5;
/// Whatever the line is believed to carry, no packet waits much longer: beliefs may be wrong.
const LONGEST: Duration = Duration::from_millis(500);
/// What may go out at once, as the time that it takes.
const BURST: Duration = Duration::from_millis(10);
/// Packets that can wait: some 300 kB.
const MOST: usize = 256;

/// A packet that waits. Its place in the down track is found when it leaves.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) up: UpKey,
    pub(super) packet: MediaPacket,
    len: usize,
}

/// Of one subscriber.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    waiting: VecDeque<Waiting>,
    /// Bytes.
    queued: usize,
    /// Until when the line has to do with what was sent.
    busy: Option<Instant>,
    pub(super) timer: Scheduled,
}

/// What goes to a narrow line now, in bit/s.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace(f64);

impl Pacer {
    /// `None` where nothing needs to wait.
    #[inline]
    pub(super) fn pace(&self, line: Option<u64>) -> Option<Pace> {
        let line = line.filter(|line| *line < NARROW)?;
        let drained = self.queued as f64 * 8.0 / LONGEST.as_secs_f64();
        Some(Pace((line as f64 * FASTER).max(drained)))
    }

    /// When the next one may go; now, if nothing holds it back.
    fn next(&self) -> Option<Instant> {
        self.busy.and_then(|busy| busy.checked_sub(BURST))
    }

    /// Whether a picture's packet has to wait.
    pub(super) fn must_wait(&self, now: Instant) -> bool {
        !self.waiting.is_empty() || self.next().is_some_and(|next| next > now)
    }

    /// `false` if there is no room: then it goes at once.
    pub(super) fn wait(&mut self, up: UpKey, packet: &MediaPacket, len: usize) -> bool {
        if self.waiting.len() == MOST {
            return false;
        }
        if self.waiting.capacity() == 0 {
            self.waiting.reserve_exact(MOST);
        }
        self.queued += len;
        self.waiting.push_back(Waiting { up, packet: *packet, len });
        true
    }

    /// So many bytes were sent, of sound or picture.
    #[inline]
    pub(super) fn sent(&mut self, now: Instant, len: Option<usize>, pace: Option<Pace>) {
        let Some((len, Pace(bitrate))) = len.zip(pace) else { return };
        let takes = Duration::from_secs_f64(len as f64 * 8.0 / bitrate);
        self.busy = Some(self.busy.map_or(now, |busy| busy.max(now)) + takes);
    }

    /// One that may leave now; all of them where nothing needs to wait any more.
    pub(super) fn take(&mut self, now: Instant, pace: Option<Pace>) -> Option<Waiting> {
        if pace.is_some() && self.next().is_some_and(|next| next > now) {
            return None;
        }
        let waiting = self.waiting.pop_front()?;
        self.queued -= waiting.len;
        Some(waiting)
    }

    /// When to ask again.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        (!self.waiting.is_empty()).then(|| self.next().unwrap_or(now))
    }

    /// What waits is not sent any more: its down track is another now.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.queued = 0;
    }
}
