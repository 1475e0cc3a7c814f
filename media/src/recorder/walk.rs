//! From record to record through the bytes of a segment, with the chain. Pure.

use super::seal::{Hash, Place, RECORD_HEADER, RecordHeader, SEGMENT_HEADER, SegmentHeader, link};

/// One record in its segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub place: Place,
    /// Of its header, since the segment's beginning.
    pub offset: usize,
    pub header: RecordHeader,
    /// Encrypted bytes and tag.
    pub body: &'a [u8],
    /// The chain after it.
    pub hash: Hash,
}

/// Ends where no whole record follows.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    next: Place,
    offset: usize,
    hash: Hash,
}

impl<'a> Walk<'a> {
    /// `None` if this begins no segment.
    pub(super) fn begin(bytes: &'a [u8]) -> Option<(SegmentHeader, Self)> {
        let header = SegmentHeader::read(bytes)?;
        let hash = link(&header.before, &bytes[..SEGMENT_HEADER], &[]);
        let next = Place { epoch: header.epoch, segment: header.segment, record: 0 };
        Some((header, Self { bytes, next, offset: SEGMENT_HEADER, hash }))
    }

    /// What comes after the records so far.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.offset..]
    }

    /// Where that is.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The number of the record that would come next.
    pub(super) fn number(&self) -> u64 {
        self.next.record
    }

    /// The chain over all before it.
    pub(super) fn hash(&self) -> Hash {
        self.hash
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let rest = self.rest();
        let header = RecordHeader::read(rest)?;
        let body = rest.get(RECORD_HEADER..header.whole())?;
        self.hash = link(&self.hash, &rest[..RECORD_HEADER], body);
        let record = Record { place: self.next, offset: self.offset, header, body, hash: self.hash };
        self.offset += header.whole();
        self.next.record += 1;
        Some(record)
    }
}
