//! Reads streams out of a sealed log, wherever its segments are kept: only the records that are asked for are fetched and decrypted.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use super::seal::{Entry, Kind, Place, RECORD_HEADER, SEGMENT_HEADER, Sealer, SegmentHeader, read_trailer};
use super::walk::Walk;
use super::{RecordingKey, StreamId};

/// So much of a segment's end is fetched at first: mostly its whole index.
const TAIL: u64 = 16 * 1024;

/// Where segments are kept. The calls may block.
pub trait Source {
    /// Number and length of each segment there is.
    fn segments(&self) -> io::Result<BTreeMap<u32, u64>>;

    /// A part of a segment; the range is within its length.
    fn read(&self, segment: u32, range: Range<u64>) -> io::Result<Vec<u8>>;
}

/// Where a log is not what was written, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("segment {segment}{}: {why}", record.map(|record| format!(", record {record}")).unwrap_or_default())]
pub struct Broken {
    pub segment: u32,
    /// Unset for the segment's header.
    pub record: Option<u64>,
    pub why: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is missing")]
    Missing,
    #[error("it does not begin as a segment does")]
    NoSegment,
    #[error("it is another segment, or one of another recording")]
    Misplaced,
    #[error("it does not follow on the records before it: one of them, or this, was changed")]
    Chain,
    #[error("it was changed, or is cut off")]
    Forged,
    #[error("it is cut off")]
    CutOff,
    #[error("it contradicts the records before it")]
    Contradiction,
    #[error("nothing may follow here")]
    Surplus,
    #[error("it is not the record whose hash was kept")]
    OtherThanKept,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the segments cannot be read")]
    Io(#[from] io::Error),
    #[error("the recording is damaged: {0}")]
    Broken(#[from] Broken),
    #[error("the recording has no such stream")]
    NoStream,
}

/// Some plain bytes of a stream, in their record.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Of its first byte, in the stream.
    start: u64,
    place: Place,
    entry: Entry,
}

#[derive(Debug, Default)]
struct Layout {
    len: u64,
    parts: Vec<Part>,
    /// What has taken the place of bytes, by where; later ones over earlier ones.
    heads: Vec<(u64, Vec<u8>)>,
}

/// A recording that can be read.
#[derive(Debug)]
pub struct Reader<S> {
    source: S,
    sealer: Sealer,
    streams: BTreeMap<StreamId, Layout>,
    is_whole: bool,
}

impl<S: Source> Reader<S> {
    /// Reads where everything is: the header and the index of each segment.
    pub fn open(source: S, key: &RecordingKey) -> Result<Self, ReadError> {
        let segments = source.segments()?;
        let first = segments.get(&0).copied().unwrap_or_default();
        let header = read_header(&source, 0, first)?;
        let mut reader = Self { source, sealer: Sealer::new(header.id, key), streams: BTreeMap::new(), is_whole: false };
        for (expected, (segment, len)) in (0..).zip(segments) {
            if segment != expected {
                return Err(Broken { segment: expected, record: None, why: Fault::Missing }.into());
            }
            reader.add_segment(segment, len)?;
        }
        Ok(reader)
    }

    /// As the log itself says.
    pub fn id(&self) -> u128 {
        self.sealer.id()
    }

    /// The streams and their lengths.
    pub fn streams(&self) -> impl Iterator<Item = (StreamId, u64)> {
        self.streams.iter().map(|(stream, layout)| (*stream, layout.len))
    }

    pub fn stream_len(&self, stream: StreamId) -> Option<u64> {
        self.streams.get(&stream).map(|layout| layout.len)
    }

    /// Whether the recording has come to its end, as opposed to goes on, or having broken off.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Bytes of a stream; fewer if it ends before the range does.
    pub fn read(&self, stream: StreamId, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let layout = self.streams.get(&stream).ok_or(ReadError::NoStream)?;
        let range = range.start.min(layout.len)..range.end.min(layout.len);
        let mut bytes = Vec::with_capacity(usize::try_from(range.end.saturating_sub(range.start)).unwrap_or_default());
        let first = layout.parts.partition_point(|part| part.start + u64::from(part.entry.plain) <= range.start);
        for part in layout.parts[first..].iter().take_while(|part| part.start < range.end) {
            let plain = self.open_record(part.place, part.entry)?;
            let wanted = overlap(part.start, plain.len(), &range);
            bytes.extend_from_slice(&plain[wanted]);
        }
        for (at, head) in &layout.heads {
            let wanted = overlap(*at, head.len(), &range);
            if !wanted.is_empty() {
                let to = usize::try_from(at + wanted.start as u64 - range.start).expect("within a Vec");
                bytes[to..to + wanted.len()].copy_from_slice(&head[wanted]);
            }
        }
        Ok(bytes)
    }

    /// Where the segments are.
    pub fn source(&self) -> &S {
        &self.source
    }

    fn add_segment(&mut self, segment: u32, len: u64) -> Result<(), ReadError> {
        let header = read_header(&self.source, segment, len)?;
        if (header.id, header.segment) != (self.sealer.id(), segment) {
            return Err(Broken { segment, record: None, why: Fault::Misplaced }.into());
        }
        let entries = match self.read_index(&header, len)? {
            Some(entries) => entries,
            None => self.walk(segment, len)?,
        };
        for (record, entry) in (0..).zip(entries) {
            self.add_record(Place { epoch: header.epoch, segment, record }, entry)?;
        }
        Ok(())
    }

    fn add_record(&mut self, place: Place, entry: Entry) -> Result<(), ReadError> {
        match entry.kind {
            Kind::Data => {
                let layout = self.streams.entry(entry.stream).or_default();
                layout.parts.push(Part { start: layout.len, place, entry });
                layout.len += u64::from(entry.plain);
            }
            Kind::Head => {
                let plain = self.open_record(place, entry)?;
                let Some((offset, head)) = plain.split_first_chunk() else { return Err(forged(place)) };
                let layout = self.streams.entry(entry.stream).or_default();
                layout.heads.push((u64::from_be_bytes(*offset), head.to_vec()));
            }
            Kind::Last => self.is_whole = true,
            Kind::Index => {}
        }
        Ok(())
    }

    /// `None` if the segment was not closed, or its end is damaged.
    fn read_index(&self, header: &SegmentHeader, len: u64) -> Result<Option<Vec<Entry>>, ReadError> {
        let start = len.saturating_sub(TAIL).max(SEGMENT_HEADER as u64);
        let mut tail = self.source.read(header.segment, start..len)?;
        let Some(index) = read_trailer(&tail).map(u64::from).filter(|index| *index < len) else { return Ok(None) };
        if index < start {
            tail.splice(..0, self.source.read(header.segment, index..start)?);
        }
        let from = usize::try_from(index.saturating_sub(start)).expect("within a Vec");
        Ok(self.open_index(header, &tail[from..]))
    }

    fn open_index(&self, header: &SegmentHeader, bytes: &[u8]) -> Option<Vec<Entry>> {
        let record = super::seal::RecordHeader::read(bytes).filter(|record| record.kind == Kind::Index)?;
        let mut body = bytes.get(RECORD_HEADER..record.whole())?.to_vec();
        let number = u64::from(record.plain()) / Entry::SIZE as u64;
        let place = Place { epoch: header.epoch, segment: header.segment, record: number };
        Entry::read_all(self.sealer.open(place, record, &mut body).ok()?)
    }

    /// Finds the records without an index: by all their headers.
    fn walk(&self, segment: u32, len: u64) -> Result<Vec<Entry>, ReadError> {
        let bytes = self.source.read(segment, 0..len)?;
        let no_segment = Broken { segment, record: None, why: Fault::NoSegment };
        let (_, walk) = Walk::begin(&bytes).ok_or(no_segment)?;
        let records = walk.take_while(|record| record.header.kind != Kind::Index);
        Ok(records
            .map(|record| Entry {
                kind: record.header.kind,
                stream: record.header.stream,
                plain: record.header.plain(),
                offset: u32::try_from(record.offset).unwrap_or(u32::MAX),
            })
            .collect())
    }

    fn open_record(&self, place: Place, entry: Entry) -> Result<Vec<u8>, ReadError> {
        let start = u64::from(entry.offset);
        let header = entry.header();
        let mut bytes = self.source.read(place.segment, start..start + header.whole() as u64)?;
        if bytes.get(..RECORD_HEADER) != Some(&header.to_bytes()) {
            return Err(forged(place));
        }
        let mut body = bytes.split_off(RECORD_HEADER);
        let plain = self.sealer.open(place, header, &mut body).map_err(|_| forged(place))?.len();
        body.truncate(plain);
        Ok(body)
    }
}

fn forged(place: Place) -> ReadError {
    Broken { segment: place.segment, record: Some(place.record), why: Fault::Forged }.into()
}

fn read_header<S: Source>(source: &S, segment: u32, len: u64) -> Result<SegmentHeader, ReadError> {
    let why = if len == 0 { Fault::Missing } else { Fault::NoSegment };
    let broken = Broken { segment, record: None, why };
    if len < SEGMENT_HEADER as u64 {
        return Err(broken.into());
    }
    let bytes = source.read(segment, 0..SEGMENT_HEADER as u64)?;
    Ok(SegmentHeader::read(&bytes).ok_or(broken)?)
}

/// Which of `len` bytes, the first of which is at `start`, fall into `range`.
fn overlap(start: u64, len: usize, range: &Range<u64>) -> Range<usize> {
    let within = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(len);
    let (from, to) = (within(range.start), within(range.end));
    from..to.max(from)
}
