//! The folder of one recording: segments are appended to, made safe and reserved; and read.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::recorder::reader::Source;
use crate::recorder::segment::{Piece, SEGMENT_BYTES};
use crate::recorder::{Head, RecordingFailure};

/// The least that is reserved ahead: a minute of four voices needs less.
const MIN_AHEAD: u64 = 1 << 20;
/// What is reserved lasts for so many syncs; there is one a second.
const SYNCS_AHEAD: u64 = 60;

/// A segment that will not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClosedSegment {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) head: Head,
}

/// What became of some pieces.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) closed: Vec<ClosedSegment>,
    /// The disk has no room for another minute.
    pub(crate) is_short: bool,
}

#[derive(Debug)]
struct Segment {
    file: File,
    path: PathBuf,
    size: u64,
    /// Up to where the disk has room for it.
    reserved: u64,
}

/// The writing end. It holds a lock on the folder as long as it lives.
#[derive(Debug)]
pub(crate) struct SegmentFiles {
    folder: PathBuf,
    lock: File,
    segment: Option<Segment>,
    /// Bytes between two syncs: on average, and since the last.
    average: u64,
    unsynced: u64,
}

impl SegmentFiles {
    /// Makes the folder if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        if !folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            sync_folder(folder.parent().unwrap_or(folder))?;
        }
        let lock = File::open(folder)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::ResourceBusy, "the recording is being written"),
        })?;
        Ok(Self { folder: folder.to_owned(), lock, segment: None, average: 0, unsynced: 0 })
    }

    /// Appends; to `sync`, waits for the disk and sees to it that there is room for more. What is appended without survives the end
    /// of the process, but not that of the power.
    pub(crate) fn write(&mut self, pieces: &[Piece], sync: bool) -> io::Result<Written> {
        let mut written = Written::default();
        self.unsynced += pieces.iter().map(|piece| piece.bytes.len() as u64).sum::<u64>();
        for piece in pieces {
            let segment = match &mut self.segment {
                Some(segment) => segment,
                none => none.insert(create(&self.folder, &self.lock, piece.segment)?),
            };
            segment.file.write_all(&piece.bytes)?;
            segment.size += piece.bytes.len() as u64;
            if let Some(head) = piece.closes
                && let Some(segment) = self.segment.take()
            {
                written.closed.push(segment.close(head)?);
            }
        }
        if sync {
            self.average = self.average - self.average / 8 + self.unsynced / 8;
            self.unsynced = 0;
        }
        if let Some(segment) = self.segment.as_mut().filter(|_| sync) {
            segment.file.sync_data()?;
            written.is_short = !segment.reserve((SYNCS_AHEAD * self.average).max(MIN_AHEAD))?;
        }
        Ok(written)
    }

    /// Cuts a segment's end off, and keeps it in a file of its own.
    pub(crate) fn cut(&self, segment: u32, len: u64, torn: &[u8]) -> io::Result<()> {
        let path = segment_path(&self.folder, segment);
        if !torn.is_empty() {
            let mut beside =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path.with_extension("torn"))?;
            beside.write_all(torn)?;
            beside.sync_all()?;
        }
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(len)?;
        file.sync_all()?;
        self.lock.sync_all()
    }

    pub(crate) fn remove(&self, segment: u32) -> io::Result<()> {
        fs::remove_file(segment_path(&self.folder, segment))?;
        self.lock.sync_all()
    }
}

impl Drop for SegmentFiles {
    fn drop(&mut self) {
        // Closing it is not enough: a process that was just forked has the descriptor, too, until it becomes another program.
        if let Err(error) = self.lock.unlock() {
            tracing::error!(%error, "the folder of a recording stays locked");
        }
    }
}

impl Segment {
    /// Sees to it that `ahead` bytes more can be written, within the segment. `false` if the disk has no room for them.
    fn reserve(&mut self, ahead: u64) -> io::Result<bool> {
        let most = SEGMENT_BYTES as u64;
        if self.size >= most || self.reserved >= (self.size + ahead).min(most) {
            return Ok(true);
        }
        // Twice as much, so that not every write has to.
        let end = (self.size + 2 * ahead).min(most);
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.size, end.saturating_sub(self.size)) {
            Ok(()) => self.reserved = end,
            Err(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => return Ok(false),
            // A file system that cannot reserve.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.reserved = u64::MAX,
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// What was reserved and is not needed is given back.
    fn close(self, head: Head) -> io::Result<ClosedSegment> {
        self.file.set_len(self.size)?;
        self.file.sync_all()?;
        Ok(ClosedSegment { path: self.path, bytes: self.size, head })
    }
}

fn create(folder: &Path, lock: &File, number: u32) -> io::Result<Segment> {
    let path = segment_path(folder, number);
    // Never over what is there: no nonce may be used twice.
    let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
    lock.sync_all()?;
    Ok(Segment { file, path, size: 0, reserved: 0 })
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

pub(crate) fn segment_path(folder: &Path, segment: u32) -> PathBuf {
    folder.join(format!("{segment:05}.seg"))
}

/// How a failure of the disk is told.
pub(crate) fn failure(error: &io::Error) -> RecordingFailure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => RecordingFailure::DiskFull,
        _ => RecordingFailure::Disk(error.to_string()),
    }
}

/// The segments of a recording in a folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    pub fn path(&self, segment: u32) -> PathBuf {
        segment_path(&self.0, segment)
    }
}

impl Source for Folder {
    fn segments(&self) -> io::Result<BTreeMap<u32, u64>> {
        let mut segments = BTreeMap::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".seg")).and_then(|name| name.parse().ok());
            if let Some(number) = number {
                segments.insert(number, entry.metadata()?.len());
            }
        }
        Ok(segments)
    }

    fn read(&self, segment: u32, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path(segment))?;
        file.seek(SeekFrom::Start(range.start))?;
        let len = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
        let mut bytes = vec![0; len];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
