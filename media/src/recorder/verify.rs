//! Whether a log is what was written: the chain without the key, the contents with it.

use std::collections::BTreeMap;

use super::reader::{Broken, Fault, ReadError, Source};
use super::seal::{Entry, Hash, Kind, Last, MAX_PLAIN, Sealer, SegmentHeader, read_trailer, trailer};
use super::walk::{Record, Walk};
use super::{Head, RecordingKey, StreamId};

/// A log without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub id: u128,
    pub segments: u32,
    pub records: u64,
    pub bytes: u64,
    /// Whether it has come to its end, as opposed to being cut off between two records; a cut is found by the heads alone.
    pub is_whole: bool,
    /// How often it broke off and was taken up again.
    pub breaks: u8,
    /// The chain at its end.
    pub head: Option<Head>,
    /// Lengths of the plain streams; known with the key only.
    pub streams: Vec<(StreamId, u64)>,
}

/// Walks through all of it. Without the key, a changed record is known by the next hash that is: the record that is named is then
/// the first that no hash vouches for. With the key it is the changed one.
pub fn verify(source: &impl Source, key: Option<&RecordingKey>, heads: &[Head]) -> Result<Verified, ReadError> {
    let segments = source.segments()?;
    let mut verifier = Verifier::new(key, heads);
    for (expected, (segment, len)) in (0..).zip(&segments) {
        if *segment != expected {
            return Err(broken(expected, None, Fault::Missing));
        }
        verifier.segment(expected, &source.read(*segment, 0..*len)?)?;
    }
    verifier.finish()
}

fn broken(segment: u32, record: Option<u64>, why: Fault) -> ReadError {
    Broken { segment, record, why }.into()
}

struct Verifier<'a> {
    key: Option<&'a RecordingKey>,
    /// Of the first segment.
    sealer: Option<(u128, Option<Sealer>)>,
    heads: BTreeMap<(u32, u64), Hash>,
    chain: Hash,
    epoch: u8,
    /// The segment before this one was closed in order.
    is_closed: bool,
    /// The first record that nothing vouches for, while there is no key.
    unvouched: (u32, u64),
    lengths: BTreeMap<StreamId, u64>,
    verified: Verified,
}

impl<'a> Verifier<'a> {
    fn new(key: Option<&'a RecordingKey>, heads: &[Head]) -> Self {
        let heads = heads.iter().map(|head| ((head.segment, head.record), head.hash)).collect();
        let verified =
            Verified { id: 0, segments: 0, records: 0, bytes: 0, is_whole: false, breaks: 0, head: None, streams: Vec::new() };
        Self {
            key,
            sealer: None,
            heads,
            chain: [0; 32],
            epoch: 0,
            is_closed: true,
            unvouched: (0, 0),
            lengths: BTreeMap::new(),
            verified,
        }
    }

    fn segment(&mut self, segment: u32, bytes: &[u8]) -> Result<(), ReadError> {
        let (header, mut walk) = Walk::begin(bytes).ok_or(broken(segment, None, Fault::NoSegment))?;
        self.header(segment, &header)?;
        let mut entries = Vec::new();
        self.is_closed = false;
        for record in walk.by_ref() {
            self.record(&record, &entries)?;
            let Record { header, offset, .. } = record;
            if header.kind == Kind::Index {
                self.is_closed = true;
                break;
            }
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            entries.push(Entry { kind: header.kind, stream: header.stream, plain: header.plain(), offset });
        }
        self.end_of_segment(segment, &walk, entries.last())?;
        self.chain = walk.hash();
        self.verified.segments += 1;
        self.verified.records += walk.number();
        self.verified.bytes += bytes.len() as u64;
        Ok(())
    }

    fn header(&mut self, segment: u32, header: &SegmentHeader) -> Result<(), ReadError> {
        let key = self.key;
        let (id, _) = self.sealer.get_or_insert_with(|| (header.id, key.map(|key| Sealer::new(header.id, key))));
        let (is_ours, is_here) = (header.id == *id, header.segment == segment);
        if !is_here {
            return Err(broken(segment, None, Fault::Misplaced));
        }
        if self.verified.is_whole {
            return Err(broken(segment, None, Fault::Surplus));
        }
        if header.before != self.chain {
            return Err(match self.key {
                None if segment > 0 => broken(self.unvouched.0, Some(self.unvouched.1), Fault::Chain),
                _ => broken(segment, None, Fault::Chain),
            });
        }
        if !is_ours {
            return Err(broken(segment, None, Fault::Misplaced));
        }
        // Only a recovery may leave a segment without its end, and it raises the epoch.
        let is_next = if self.is_closed { header.epoch >= self.epoch } else { header.epoch > self.epoch };
        if !is_next {
            return Err(broken(segment, None, Fault::Contradiction));
        }
        self.epoch = header.epoch;
        self.unvouched = (segment, 0);
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>, entries: &[Entry]) -> Result<(), ReadError> {
        let (segment, number, kind) = (record.place.segment, record.place.record, record.header.kind);
        let fault = |why| broken(segment, Some(number), why);
        if entries.last().is_some_and(|entry| entry.kind == Kind::Last) && kind != Kind::Index {
            return Err(fault(Fault::Surplus));
        }
        if let Some((_, Some(sealer))) = &self.sealer {
            let mut body = record.body.to_vec();
            let plain = sealer.open(record.place, record.header, &mut body).map_err(|_| fault(Fault::Forged))?;
            self.contents(record, plain, entries).ok_or(fault(Fault::Contradiction))?;
        }
        if let Some(hash) = self.heads.remove(&(segment, number)) {
            if hash != record.hash {
                return Err(match self.key {
                    Some(_) => fault(Fault::OtherThanKept),
                    None => broken(self.unvouched.0, Some(self.unvouched.1), Fault::OtherThanKept),
                });
            }
            self.unvouched = (segment, number + 1);
        }
        self.verified.head = Some(Head { segment, record: number, hash: record.hash });
        Ok(())
    }

    /// What can only be seen with the key. `None` if it contradicts what came before.
    fn contents(&mut self, record: &Record<'_>, plain: &[u8], entries: &[Entry]) -> Option<()> {
        let len = self.lengths.entry(record.header.stream).or_default();
        match record.header.kind {
            Kind::Data => *len += plain.len() as u64,
            Kind::Head => {
                let (offset, head) = plain.split_first_chunk()?;
                let end = u64::from_be_bytes(*offset).checked_add(head.len() as u64)?;
                (end <= *len).then_some(())?;
            }
            Kind::Index => (Entry::read_all(plain)? == entries).then_some(())?,
            Kind::Last => {
                let last = Last::read(plain)?;
                self.lengths.retain(|_, len| *len > 0);
                last.streams.iter().copied().eq(self.lengths.iter().map(|(stream, len)| (*stream, *len))).then_some(())?;
            }
        }
        Some(())
    }

    /// Behind the index stands the trailer and nothing else; without an index nothing does.
    fn end_of_segment(&mut self, segment: u32, walk: &Walk<'_>, last: Option<&Entry>) -> Result<(), ReadError> {
        let (rest, number) = (walk.rest(), walk.number());
        if !self.is_closed {
            return if rest.is_empty() { Ok(()) } else { Err(broken(segment, Some(number), Fault::CutOff)) };
        }
        let index = read_trailer(rest).filter(|index| rest == trailer(*index) && self.is_index(walk, *index, number));
        index.ok_or(broken(segment, Some(number.saturating_sub(1)), Fault::CutOff))?;
        self.verified.is_whole = last.is_some_and(|entry| entry.kind == Kind::Last);
        Ok(())
    }

    /// The index has one entry for each record before it, so its length, and where it begins, follow.
    fn is_index(&self, walk: &Walk<'_>, index: u32, number: u64) -> bool {
        let plain = usize::try_from(number.saturating_sub(1)).map_or(MAX_PLAIN, |records| (records * Entry::SIZE).min(MAX_PLAIN));
        let whole = super::seal::RecordHeader::new(Kind::Index, StreamId(0), plain).whole();
        walk.offset().checked_sub(whole) == Some(index as usize)
    }

    fn finish(mut self) -> Result<Verified, ReadError> {
        let Some((id, _)) = self.sealer else { return Err(broken(0, None, Fault::Missing)) };
        if let Some((segment, record)) = self.heads.keys().next() {
            return Err(broken(*segment, Some(*record), Fault::Missing));
        }
        self.lengths.retain(|_, len| *len > 0);
        let streams = self.lengths.into_iter().collect();
        self.verified.id = id;
        Ok(Verified { breaks: self.epoch, streams, ..self.verified })
    }
}
