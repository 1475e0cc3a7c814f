//! Takes up a recording that broke off: cuts what was written in part, and brings the log to its end in a new epoch.

use std::io;
use std::path::{Path, PathBuf};

use super::mend::{Mended, describe, mend};
use super::reader::{Broken, Fault, ReadError, Reader, Source};
use super::seal::{Ending, Hash, Kind, RECORD_HEADER, SEGMENT_HEADER, Sealer, trailer};
use super::segment::{SegmentWriter, Tail};
use super::sink::{Folder, SegmentFiles};
use super::walk::Walk;
use super::{Head, RecordingKey, RecordingSummary};

/// A recording after its recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub id: u128,
    /// It had come to its end already: nothing was changed.
    pub was_whole: bool,
    /// Bytes at the end that made no whole record.
    pub cut_bytes: u64,
    /// The segments that recovery has cut or written, and their lengths: they will not change any more.
    pub segments: Vec<(PathBuf, u64)>,
    pub summary: RecordingSummary,
}

#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    #[error("the disk failed")]
    Io(#[from] io::Error),
    #[error("the recording is being written")]
    Busy,
    #[error("nothing of the recording has reached the disk")]
    Empty,
    #[error("the recording is damaged: {0}")]
    Broken(#[from] Broken),
    #[error("the recording has broken off too often")]
    Exhausted,
}

impl From<ReadError> for RecoverError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::Io(error),
            ReadError::Broken(broken) => Self::Broken(broken),
            ReadError::NoStream => Self::Empty,
        }
    }
}

/// Brings a recording to its end that nobody writes any more. Bytes that make no whole record are kept in a file beside their
/// segment. What is whole already stays as it is, so it may be called again.
pub fn recover(folder: &Path, key: &RecordingKey) -> Result<Recovered, RecoverError> {
    if !folder.is_dir() {
        return Err(RecoverError::Empty);
    }
    let mut files = SegmentFiles::open(folder).map_err(|error| match error.kind() {
        io::ErrorKind::ResourceBusy => RecoverError::Busy,
        _ => RecoverError::Io(error),
    })?;
    let source = Folder::new(folder);
    let (segment, bytes) = last_segment(&source, &files)?;
    let end = End::find(&bytes, key).ok_or(Broken { segment, record: None, why: Fault::NoSegment })?;
    let mut recovery = Recovery { source: &source, key, cut_bytes: 0, segments: Vec::new() };
    if end.is_whole {
        let known = describe(&Reader::open(source.clone(), key)?)?;
        return recovery.report(&end, end.head, known);
    }
    if !end.is_closed {
        recovery.cut(&files, segment, &bytes, &end)?;
    }
    let (mended, head) = recovery.finish(&mut files, segment, &end)?;
    recovery.report(&end, Some(head), mended)
}

/// The last segment that has a beginning. One that was only just begun may have none: nothing of it was ever on the disk, and
/// it is removed.
fn last_segment(source: &Folder, files: &SegmentFiles) -> Result<(u32, Vec<u8>), RecoverError> {
    loop {
        let (segment, len) = source.segments()?.pop_last().ok_or(RecoverError::Empty)?;
        let bytes = source.read(segment, 0..len)?;
        let beginning = &bytes[..bytes.len().min(SEGMENT_HEADER)];
        if beginning.len() == SEGMENT_HEADER && beginning.iter().any(|byte| *byte != 0) {
            return Ok((segment, bytes));
        }
        files.remove(segment)?;
    }
}

/// How far the last segment is good.
struct End {
    id: u128,
    epoch: u8,
    /// Its length up to there, and the chain.
    good: usize,
    hash: Hash,
    head: Option<Head>,
    /// It has its index and its trailer.
    is_closed: bool,
    /// And the recording its end.
    is_whole: bool,
}

impl End {
    /// `None` if this begins no segment.
    fn find(bytes: &[u8], key: &RecordingKey) -> Option<Self> {
        let (header, mut walk) = Walk::begin(bytes)?;
        let sealer = Sealer::new(header.id, key);
        let (good, hash) = (walk.offset(), walk.hash());
        let mut end = Self { id: header.id, epoch: header.epoch, good, hash, head: None, is_closed: false, is_whole: false };
        let mut has_last = false;
        for record in walk.by_ref() {
            if sealer.open(record.place, record.header, &mut record.body.to_vec()).is_err() {
                break;
            }
            let after = record.offset + RECORD_HEADER + record.body.len();
            end.is_closed = record.header.kind == Kind::Index && is_trailer(&bytes[after..], record.offset);
            match record.header.kind {
                // An end that was written in part is none: it is written again.
                Kind::Last => has_last = true,
                Kind::Index if !end.is_closed => break,
                Kind::Data | Kind::Head if has_last => break,
                Kind::Index | Kind::Data | Kind::Head => {
                    let Self { good, hash, head, .. } = &mut end;
                    (*good, *hash) = (after, record.hash);
                    *head = Some(Head { segment: header.segment, record: record.place.record, hash: record.hash });
                }
            }
            if end.is_closed {
                break;
            }
        }
        end.is_whole = end.is_closed && has_last;
        Some(end)
    }
}

fn is_trailer(bytes: &[u8], index: usize) -> bool {
    u32::try_from(index).is_ok_and(|index| bytes == trailer(index))
}

struct Recovery<'a> {
    source: &'a Folder,
    key: &'a RecordingKey,
    cut_bytes: u64,
    segments: Vec<(PathBuf, u64)>,
}

impl Recovery<'_> {
    fn cut(&mut self, files: &SegmentFiles, segment: u32, bytes: &[u8], end: &End) -> io::Result<()> {
        let torn = &bytes[end.good..];
        self.cut_bytes = torn.len() as u64;
        files.cut(segment, end.good as u64, torn)?;
        self.segments.push((self.source.path(segment), end.good as u64));
        Ok(())
    }

    /// Writes the end into a segment of its own.
    fn finish(&mut self, files: &mut SegmentFiles, segment: u32, end: &End) -> Result<(Mended, Head), RecoverError> {
        let reader = Reader::open(self.source.clone(), self.key)?;
        let epoch = end.epoch.checked_add(1).ok_or(RecoverError::Exhausted)?;
        let tail = Tail { epoch, segment: segment + 1, hash: end.hash, lengths: reader.streams().collect() };
        let mut writer = SegmentWriter::resume(end.id, self.key, tail);
        // The header is safe before anything is sealed under its epoch: if this breaks off, too, the next epoch is another.
        files.write(&writer.take(), true)?;
        let mended = mend(&reader, self.cut_bytes, &mut writer)?;
        let head = writer.finish(Ending::Recovered);
        let written = files.write(&writer.take(), true)?;
        self.segments.extend(written.closed.into_iter().map(|closed| (closed.path, closed.bytes)));
        Ok((mended, head))
    }

    fn report(self, end: &End, head: Option<Head>, known: Mended) -> Result<Recovered, RecoverError> {
        let segments = self.source.segments()?;
        let summary = RecordingSummary {
            streams: known.streams,
            duration_ms: known.duration_ms,
            gaps: known.gaps,
            segments: u32::try_from(segments.len()).unwrap_or(u32::MAX),
            bytes: segments.values().sum(),
            head: head.ok_or(RecoverError::Empty)?,
        };
        Ok(Recovered { id: end.id, was_whole: end.is_whole, cut_bytes: self.cut_bytes, segments: self.segments, summary })
    }
}
