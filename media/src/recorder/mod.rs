//! The recorder: a subscriber of a room that is no peer. It gets every packet of a recorded room, decrypted, and writes what becomes of
//! them to a sealed log that cannot be changed unnoticed.
//!
//! ```text
//! Room::flush -> tap -> bounded queue -> sink (a thread of its own) -> pipeline -> segments
//! ```
//!
//! The media thread copies packets into the queue and never waits for it: a disk that is slow or full delays no call. What is
//! recorded, who has agreed to it and who may hear it is the owner's business.

pub mod batch;
#[cfg(test)]
mod log_tests;
mod mend;
pub mod pipeline;
mod reader;
mod recover;
pub mod seal;
mod segment;
pub mod sink;
mod verify;
mod walk;

use std::{fmt, path::PathBuf, time::Instant};

use crate::control::PeerId;

pub use reader::{Broken, Fault, ReadError, Reader, Source as SegmentSource};
pub use recover::{RecoverError, Recovered, recover};
pub use segment::{Piece, SegmentWriter, Tail};
pub use sink::Folder;
pub use verify::{Verified, verify};

/// One stream of bytes of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u16);

impl StreamId {
    /// What happened, one JSON object a line, each with `at_ms` since the start of the recording.
    pub const EVENTS: Self = Self(0);
    /// All voices together, Ogg with Opus.
    pub const MIX: Self = Self(1);
    /// The first track file, WebM; the others follow.
    pub const FIRST_TRACK: Self = Self(2);
}

/// What a track of a participant shows or sounds like, by the order of the m-lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    Microphone,
    Camera,
    Screen,
}

/// A packet as the room had it: decrypted, in whatever order it came, never twice.
#[derive(Clone, Copy, Debug)]
pub struct Tapped<'a> {
    /// When it came.
    pub at: Instant,
    pub peer: PeerId,
    pub source: Source,
    /// A new one begins a new run of indexes and timestamps: the sender has another SSRC.
    pub generation: u64,
    /// ROC and sequence number (RFC 3711 §3.3.1): 2^16 × ROC + SEQ.
    pub index: u64,
    pub timestamp: u32,
    pub marker: bool,
    /// The RTP payload, without padding.
    pub payload: &'a [u8],
}

/// A sender report (RFC 3550 §6.4.1): where a track's clock stands by the clock of its sender.
#[derive(Clone, Copy, Debug)]
pub struct SenderClock {
    pub at: Instant,
    pub peer: PeerId,
    pub source: Source,
    pub generation: u64,
    /// 32.32 seconds since 1900, of the sender's clock.
    pub ntp: u64,
    pub timestamp: u32,
}

/// Where the bytes of streams go.
pub trait Output {
    /// Appends to a stream.
    fn write(&mut self, stream: StreamId, bytes: &[u8]);

    /// Takes the place of the first bytes of a stream; not longer than what was written first.
    fn replace_head(&mut self, stream: StreamId, bytes: &[u8]);
}

/// The secret of one recording.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordingKey(pub [u8; 32]);

impl fmt::Debug for RecordingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingKey(..)")
    }
}

/// What is needed to begin a recording.
#[derive(Clone, Debug)]
pub struct RecordingPlan {
    pub id: u128,
    /// Its own; it is made if it is not there.
    pub folder: PathBuf,
    pub key: RecordingKey,
    /// Said at the start and mixed in: Ogg Opus, mono; nothing if it is empty.
    pub notice: Vec<u8>,
    /// A moment, and what the clock on the wall said then, in milliseconds since 1970: what it said at the start is written down.
    pub clock: Option<(Instant, i64)>,
}

/// What the recorder tells of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingEvent {
    /// The first bytes are on the disk, and there is room for a minute more.
    Started,
    /// Up to here everything is on the disk: the chain's head.
    Synced(Head),
    /// A segment is complete and will not change.
    SegmentClosed { path: PathBuf, bytes: u64, head: Head },
    /// What is heard now is written later than it should be, until `false`.
    Lagging(bool),
    /// It has ended too early; what there is up to here is kept.
    Failed(RecordingFailure),
    /// It has ended as it should.
    Closed(RecordingSummary),
}

/// A place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub segment: u32,
    /// The last record before it.
    pub record: u64,
    /// SHA-256 over everything up to here.
    pub hash: [u8; 32],
}

/// Why a recording could not begin, or did not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingFailure {
    #[error("the disk is full")]
    DiskFull,
    #[error("the disk failed: {0}")]
    Disk(String),
    #[error("the disk is too slow: what had to be written was lost")]
    Behind,
    #[error("the recorder failed")]
    Internal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingSummary {
    pub streams: Vec<StreamSummary>,
    pub duration_ms: u64,
    /// Stretches that were lost or silent, all tracks together.
    pub gaps: u64,
    pub segments: u32,
    pub bytes: u64,
    pub head: Head,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSummary {
    pub stream: StreamId,
    /// Unset for the mix and the events.
    pub peer: Option<PeerId>,
    /// What it has in it; nothing for the mix and the events.
    pub sources: Vec<Source>,
    /// Since the start of the recording.
    pub starts_ms: u64,
    pub duration_ms: u64,
    /// Of the plain stream.
    pub bytes: u64,
}
