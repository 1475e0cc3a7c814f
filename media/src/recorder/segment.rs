//! Streams of bytes become records, records become segments: everything of the writing side but the disk. Pure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::seal::{
    Ending, Entry, HEAD_OFFSET, Hash, Kind, Last, MAX_PLAIN, MAX_SEGMENT, Place, RECORD_HEADER, SEGMENT_HEADER, Sealer,
    SegmentHeader, TAG, TRAILER, link, trailer,
};
use super::{Head, Output, RecordingKey, StreamId};

/// A segment is closed, and may be carried elsewhere, when it is so old or would be longer than this.
pub(super) const SEGMENT_AGE: Duration = Duration::from_secs(60);
pub(super) const SEGMENT_BYTES: usize = 16 << 20;
/// As many as fit into the index, which is one record.
const SEGMENT_RECORDS: usize = MAX_PLAIN / Entry::SIZE - 1;

/// Bytes for the end of a segment's file.
#[derive(Debug)]
pub struct Piece {
    pub segment: u32,
    pub bytes: Vec<u8>,
    /// Nothing follows in this segment: the chain at its end.
    pub closes: Option<Head>,
}

/// Where a log goes on that had broken off.
#[derive(Debug)]
pub struct Tail {
    /// Higher than any before.
    pub epoch: u8,
    /// The one to begin.
    pub segment: u32,
    /// The chain before it.
    pub hash: Hash,
    /// Of the streams up to there.
    pub lengths: BTreeMap<StreamId, u64>,
}

/// Takes the streams of one recording and gives pieces of the log.
#[derive(Debug)]
pub struct SegmentWriter {
    sealer: Sealer,
    epoch: u8,
    segment: u32,
    /// The chain, up to the last record.
    hash: Hash,
    /// Written to the streams, but in no record yet.
    open: BTreeMap<StreamId, Vec<u8>>,
    lengths: BTreeMap<StreamId, u64>,
    /// The records of this segment.
    entries: Vec<Entry>,
    /// Length of this segment.
    size: usize,
    /// When this segment was first sealed.
    begun: Option<Instant>,
    /// Sealed, of this segment, and not taken.
    bytes: Vec<u8>,
    /// Of segments before it.
    closed: Vec<Piece>,
    /// Length of all closed segments.
    total: u64,
}

impl SegmentWriter {
    pub fn new(id: u128, key: &RecordingKey) -> Self {
        Self::resume(id, key, Tail { epoch: 0, segment: 0, hash: [0; 32], lengths: BTreeMap::new() })
    }

    /// Begins with the segment that `tail` names.
    pub fn resume(id: u128, key: &RecordingKey, tail: Tail) -> Self {
        let mut writer = Self {
            sealer: Sealer::new(id, key),
            epoch: tail.epoch,
            segment: tail.segment,
            hash: tail.hash,
            open: BTreeMap::new(),
            lengths: tail.lengths,
            entries: Vec::new(),
            size: 0,
            begun: None,
            bytes: Vec::new(),
            closed: Vec::new(),
            total: 0,
        };
        writer.begin_segment();
        writer
    }

    /// Closes the records of all that was written, and the segment if it is time.
    pub fn seal(&mut self, now: Instant) {
        self.seal_open();
        let begun = *self.begun.get_or_insert(now);
        if now.saturating_duration_since(begun) >= SEGMENT_AGE && !self.entries.is_empty() {
            self.rotate();
        }
    }

    /// Ends the recording. Nothing may be written any more.
    pub fn finish(&mut self, ending: Ending) -> Head {
        self.seal_open();
        let streams = self.lengths.iter().map(|(stream, len)| (*stream, *len)).filter(|(_, len)| *len > 0).collect();
        self.record(Kind::Last, StreamId(0), &Last { ending, streams }.to_bytes());
        self.close_segment()
    }

    /// What was sealed since the last call, in order.
    pub fn take(&mut self) -> Vec<Piece> {
        let mut pieces = std::mem::take(&mut self.closed);
        if !self.bytes.is_empty() {
            pieces.push(Piece { segment: self.segment, bytes: std::mem::take(&mut self.bytes), closes: None });
        }
        pieces
    }

    /// Bytes that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.bytes.len() + self.closed.iter().map(|piece| piece.bytes.len()).sum::<usize>()
    }

    /// The chain after the last record that was sealed; before the first of a segment there is none to name.
    pub fn head(&self) -> Option<Head> {
        let record = self.entries.len().checked_sub(1)?;
        Some(Head { segment: self.segment, record: record as u64, hash: self.hash })
    }

    pub fn segments(&self) -> u32 {
        self.segment + 1
    }

    /// Length of all segments since this writer was made.
    pub fn bytes(&self) -> u64 {
        self.total + self.size as u64
    }

    /// Plain bytes of a stream, from its beginning.
    pub fn stream_len(&self, stream: StreamId) -> u64 {
        self.lengths.get(&stream).copied().unwrap_or_default()
    }

    /// Takes the place of bytes of a stream from `at` on; all of them have been written before.
    pub fn patch(&mut self, stream: StreamId, at: u64, bytes: &[u8]) {
        // What is replaced is in the log before what takes its place.
        if let Some(mut open) = self.open.remove(&stream) {
            self.seal_stream(stream, &mut open);
        }
        let mut at = at;
        for chunk in bytes.chunks(MAX_PLAIN - HEAD_OFFSET) {
            self.record(Kind::Head, stream, &[&at.to_be_bytes()[..], chunk].concat());
            at += chunk.len() as u64;
        }
    }

    fn begin_segment(&mut self) {
        let header =
            SegmentHeader { id: self.sealer.id(), segment: self.segment, epoch: self.epoch, before: self.hash }.to_bytes();
        self.hash = link(&self.hash, &header, &[]);
        self.bytes.extend_from_slice(&header);
        self.size = SEGMENT_HEADER;
        self.begun = None;
    }

    fn seal_open(&mut self) {
        for (stream, mut bytes) in std::mem::take(&mut self.open) {
            self.seal_stream(stream, &mut bytes);
        }
    }

    /// Seals all of a stream's bytes, and leaves their memory for the next.
    fn seal_stream(&mut self, stream: StreamId, bytes: &mut Vec<u8>) {
        for chunk in bytes.chunks(MAX_PLAIN) {
            self.record(Kind::Data, stream, chunk);
        }
        bytes.clear();
        self.open.insert(stream, std::mem::take(bytes));
    }

    /// Appends a record, in the next segment if this one is full.
    fn record(&mut self, kind: Kind, stream: StreamId, plain: &[u8]) {
        let index = RECORD_HEADER + (self.entries.len() + 1) * Entry::SIZE + TAG + TRAILER;
        let is_full = self.size + RECORD_HEADER + plain.len() + TAG + index > SEGMENT_BYTES;
        if is_full || self.entries.len() >= SEGMENT_RECORDS {
            self.rotate();
        }
        let plain_len = u32::try_from(plain.len()).expect("a record has at most 64 KiB");
        let offset = u32::try_from(self.size).expect("a segment has at most 16 MiB");
        self.append(kind, stream, plain);
        self.entries.push(Entry { kind, stream, plain: plain_len, offset });
    }

    fn append(&mut self, kind: Kind, stream: StreamId, plain: &[u8]) {
        let place = Place { epoch: self.epoch, segment: self.segment, record: self.entries.len() as u64 };
        let start = self.bytes.len();
        self.sealer.seal(place, kind, stream, plain, &mut self.bytes);
        let (header, body) = self.bytes[start..].split_at(RECORD_HEADER);
        self.hash = link(&self.hash, header, body);
        self.size += self.bytes.len() - start;
    }

    fn rotate(&mut self) {
        self.close_segment();
        assert!(self.segment < MAX_SEGMENT, "the numbers of segments are used up");
        self.segment += 1;
        self.begin_segment();
    }

    fn close_segment(&mut self) -> Head {
        let offset = u32::try_from(self.size).expect("a segment has at most 16 MiB");
        let mut index = Vec::with_capacity(self.entries.len() * Entry::SIZE);
        self.entries.iter().for_each(|entry| entry.write(&mut index));
        self.append(Kind::Index, StreamId(0), &index);
        self.bytes.extend_from_slice(&trailer(offset));
        self.size += TRAILER;
        self.total += self.size as u64;
        self.size = 0;
        let head = Head { segment: self.segment, record: self.entries.len() as u64, hash: self.hash };
        self.entries.clear();
        let bytes = std::mem::take(&mut self.bytes);
        self.closed.push(Piece { segment: self.segment, bytes, closes: Some(head) });
        head
    }
}

impl Output for SegmentWriter {
    fn write(&mut self, stream: StreamId, bytes: &[u8]) {
        *self.lengths.entry(stream).or_default() += bytes.len() as u64;
        let open = self.open.entry(stream).or_default();
        open.extend_from_slice(bytes);
        if open.len() >= MAX_PLAIN {
            let mut bytes = std::mem::take(open);
            self.seal_stream(stream, &mut bytes);
        }
    }

    fn replace_head(&mut self, stream: StreamId, bytes: &[u8]) {
        self.patch(stream, 0, bytes);
    }
}
