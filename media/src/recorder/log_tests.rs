//! The sealed log as a whole: what is written is read, any change is found and named, and a break costs the torn record alone.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::seal::{Ending, Kind, SEGMENT_HEADER, TRAILER};
use super::segment::{SEGMENT_AGE, SEGMENT_BYTES};
use super::sink::SegmentFiles;
use super::walk::Walk;
use super::*;

const ID: u128 = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10;
const KEY: RecordingKey = RecordingKey([7; 32]);

/// Segments in memory.
#[derive(Clone, Debug, Default)]
struct Memory(BTreeMap<u32, Vec<u8>>);

impl SegmentSource for Memory {
    fn segments(&self) -> io::Result<BTreeMap<u32, u64>> {
        Ok(self.0.iter().map(|(segment, bytes)| (*segment, bytes.len() as u64)).collect())
    }

    fn read(&self, segment: u32, range: Range<u64>) -> io::Result<Vec<u8>> {
        Ok(self.0[&segment][range.start as usize..range.end as usize].to_vec())
    }
}

impl Memory {
    fn append(&mut self, pieces: Vec<Piece>) -> Vec<Head> {
        let mut heads = Vec::new();
        for piece in pieces {
            self.0.entry(piece.segment).or_default().extend_from_slice(&piece.bytes);
            heads.extend(piece.closes);
        }
        heads
    }
}

/// A writer with the streams as they should be read.
struct Log {
    writer: SegmentWriter,
    memory: Memory,
    heads: Vec<Head>,
    model: BTreeMap<StreamId, Vec<u8>>,
    now: Instant,
}

impl Log {
    fn new() -> Self {
        Self::with_key(&KEY)
    }

    fn with_key(key: &RecordingKey) -> Self {
        let writer = SegmentWriter::new(ID, key);
        Self { writer, memory: Memory::default(), heads: Vec::new(), model: BTreeMap::new(), now: crate::testing::begin() }
    }

    fn write(&mut self, stream: u16, bytes: &[u8]) {
        self.writer.write(StreamId(stream), bytes);
        self.model.entry(StreamId(stream)).or_default().extend_from_slice(bytes);
    }

    fn replace(&mut self, stream: u16, bytes: &[u8]) {
        let Some(model) = self.model.get_mut(&StreamId(stream)) else { return };
        let len = bytes.len().min(model.len());
        model[..len].copy_from_slice(&bytes[..len]);
        self.writer.replace_head(StreamId(stream), &bytes[..len]);
    }

    fn sync(&mut self, after: Duration) {
        self.now += after;
        self.writer.seal(self.now);
        self.heads.extend(self.writer.head());
        self.heads.extend(self.memory.append(self.writer.take()));
    }

    fn finish(mut self) -> (Memory, Vec<Head>, BTreeMap<StreamId, Vec<u8>>) {
        self.writer.finish(Ending::InOrder);
        self.heads.extend(self.memory.append(self.writer.take()));
        self.model.retain(|_, bytes| !bytes.is_empty());
        (self.memory, self.heads, self.model)
    }
}

/// Three segments of some records.
fn small() -> (Memory, Vec<Head>, BTreeMap<StreamId, Vec<u8>>) {
    let mut log = Log::new();
    for round in 0..3_u8 {
        for part in 0..3 {
            log.write(0, format!("event {round} {part}\n").as_bytes());
            log.write(2, &[round; 40]);
            log.sync(Duration::from_secs(1));
        }
        log.replace(2, b"a better head");
        log.sync(SEGMENT_AGE);
    }
    log.finish()
}

fn broken<T: fmt::Debug>(result: Result<T, ReadError>) -> Broken {
    match result {
        Err(ReadError::Broken(broken)) => broken,
        other => panic!("expected a fault, not {other:?}"),
    }
}

/// Which record a byte belongs to; `None` for the header, the index for the trailer.
fn record_at(segment: &[u8], offset: usize) -> Option<u64> {
    let (_, walk) = Walk::begin(segment).unwrap();
    let mut last = None;
    for record in walk {
        if record.offset <= offset {
            last = Some(record.place.record);
        }
    }
    last
}

#[test]
fn what_is_written_is_read_and_found_untouched() {
    let (memory, heads, model) = small();
    assert_eq!(memory.0.len(), 4, "one for each minute, and the end");
    let reader = Reader::open(memory.clone(), &KEY).unwrap();
    assert!(reader.is_whole());
    assert_eq!(reader.id(), ID);
    for (stream, bytes) in &model {
        assert_eq!(reader.read(*stream, 0..u64::MAX).unwrap(), *bytes);
    }
    let verified = verify(&memory, Some(&KEY), &heads).unwrap();
    assert!(verified.is_whole);
    assert_eq!(verified.head, heads.last().copied());
    assert_eq!(verified.streams, reader.streams().collect::<Vec<_>>());
    let without_key = verify(&memory, None, &heads).unwrap();
    assert_eq!(Verified { streams: Vec::new(), ..verified }, without_key);
    assert!(matches!(reader.read(StreamId(9), 0..1), Err(ReadError::NoStream)));
}

/// R10.
#[test]
fn a_flipped_bit_is_found_and_named() {
    let (memory, heads, _) = small();
    let last = &heads[heads.len() - 1..];
    for (segment, bytes) in &memory.0 {
        for bit in 0..bytes.len() * 8 {
            let mut changed = memory.clone();
            changed.0.get_mut(segment).unwrap()[bit / 8] ^= 1 << (bit % 8);
            let found = broken(verify(&changed, Some(&KEY), &[]));
            let expected = record_at(bytes, bit / 8);
            // A header is tried by the records that follow it.
            let is_named = found.record == expected || expected.is_none() && found.record == Some(0);
            assert!(found.segment == *segment && is_named, "bit {bit} of segment {segment}, in {expected:?}: {found}");
            let found = broken(verify(&changed, None, last));
            assert!(found.segment <= *segment, "without the key, bit {bit} of segment {segment}: {found}");
            let found = broken(verify(&changed, None, &heads));
            assert!(found.segment + 1 >= *segment, "between two heads, bit {bit} of segment {segment}: {found}");
        }
    }
}

#[test]
fn a_damaged_record_is_never_read() {
    let (memory, _, model) = small();
    let bytes = &memory.0[&1];
    for at in SEGMENT_HEADER..bytes.len() {
        let mut changed = memory.clone();
        changed.0.get_mut(&1).unwrap()[at] ^= 0x10;
        let Ok(reader) = Reader::open(changed, &KEY) else { continue };
        for (stream, expected) in &model {
            if let Ok(read) = reader.read(*stream, 0..u64::MAX) {
                assert_eq!(read, *expected, "byte {at}");
            }
        }
    }
}

#[test]
fn a_cut_tail_is_found() {
    let (memory, heads, _) = small();
    let (last, bytes) = memory.0.last_key_value().unwrap();
    for len in 0..bytes.len() {
        let mut cut = memory.clone();
        cut.0.get_mut(last).unwrap().truncate(len);
        broken(verify(&cut, None, &heads));
        broken(verify(&cut, Some(&KEY), &heads));
        if let Ok(verified) = verify(&cut, Some(&KEY), &[]) {
            assert!(!verified.is_whole, "cut to {len}");
        }
    }
    let mut cut = memory.clone();
    cut.0.remove(last);
    assert_eq!(broken(verify(&cut, None, &heads)).why, Fault::Missing);
}

#[test]
fn missing_swapped_and_surplus_segments_are_found() {
    let (memory, heads, _) = small();
    let mut missing = memory.clone();
    missing.0.remove(&1);
    assert_eq!(broken(verify(&missing, None, &[])), Broken { segment: 1, record: None, why: Fault::Missing });
    assert_eq!(broken(Reader::open(missing, &KEY)).why, Fault::Missing);

    let mut swapped = memory.clone();
    let (one, two) = (memory.0[&1].clone(), memory.0[&2].clone());
    swapped.0.extend([(1, two), (2, one)]);
    assert_eq!(broken(verify(&swapped, None, &[])), Broken { segment: 1, record: None, why: Fault::Misplaced });

    let mut surplus = memory;
    let mut more = Log::new();
    more.write(0, b"more");
    surplus.0.insert(4, more.finish().0.0.remove(&0).unwrap());
    broken(verify(&surplus, None, &heads));
    assert_eq!(broken(verify(&Memory::default(), None, &[])).why, Fault::Missing);
}

/// Whoever has the key can write a log that is good in itself. The heads that were kept elsewhere are what it cannot have.
#[test]
fn a_chain_written_anew_is_found_by_the_heads() {
    let (_, heads, _) = small();
    let mut log = Log::new();
    for (segment, head) in heads.iter().enumerate() {
        log.write(0, format!("other {segment} {}", head.record).as_bytes());
        log.sync(if head.record > 4 { SEGMENT_AGE } else { Duration::from_secs(1) });
    }
    let (rewritten, ..) = log.finish();
    verify(&rewritten, Some(&KEY), &[]).unwrap();
    let found = broken(verify(&rewritten, Some(&KEY), &heads));
    assert_eq!((found.segment, found.why), (0, Fault::OtherThanKept));
    broken(verify(&rewritten, None, &heads[heads.len() - 1..]));
}

#[test]
fn another_key_opens_nothing() {
    let (memory, ..) = small();
    let found = broken(verify(&memory, Some(&RecordingKey([8; 32])), &[]));
    assert_eq!(found, Broken { segment: 0, record: Some(0), why: Fault::Forged });
}

#[test]
fn a_long_second_is_cut_into_records_and_segments() {
    let mut log = Log::new();
    let picture: Vec<u8> = (0..5_000_000_u32).map(|index| (index % 251) as u8).collect();
    for _ in 0..8 {
        log.write(2, &picture);
        log.write(0, b"event\n");
        log.sync(Duration::from_secs(1));
    }
    let (memory, heads, model) = log.finish();
    assert_eq!(memory.0.len(), 3);
    assert!(memory.0.values().all(|segment| segment.len() <= SEGMENT_BYTES));
    verify(&memory, Some(&KEY), &heads).unwrap();
    let reader = Reader::open(memory, &KEY).unwrap();
    assert!(reader.read(StreamId(2), 0..u64::MAX).unwrap() == model[&StreamId(2)]);
}

#[test]
fn more_records_than_an_index_holds_begin_another_segment() {
    let mut log = Log::new();
    for round in 0..4_000_u32 {
        log.write(0, &round.to_be_bytes());
        log.write(1, &round.to_le_bytes());
        log.sync(Duration::from_millis(1));
    }
    let (memory, heads, model) = log.finish();
    assert_eq!(memory.0.len(), 2);
    verify(&memory, Some(&KEY), &heads).unwrap();
    let reader = Reader::open(memory, &KEY).unwrap();
    assert_eq!(reader.read(StreamId(1), 0..u64::MAX).unwrap(), model[&StreamId(1)]);
}

#[derive(Clone, Debug)]
enum Step {
    Write(u16, Vec<u8>),
    Replace(u16, Vec<u8>),
    Sync(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = || prop_oneof![prop::collection::vec(any::<u8>(), 0..400), (0..150_000_usize).prop_map(|len| vec![3; len])];
    let step = prop_oneof![
        4 => (0..4_u16, bytes()).prop_map(|(stream, bytes)| Step::Write(stream, bytes)),
        1 => (0..4_u16, bytes()).prop_map(|(stream, bytes)| Step::Replace(stream, bytes)),
        3 => (0..40_u64).prop_map(Step::Sync),
    ];
    prop::collection::vec(step, 1..40)
}

fn run(log: &mut Log, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Write(stream, bytes) => log.write(stream, &bytes),
            Step::Replace(stream, bytes) => log.replace(stream, &bytes),
            Step::Sync(seconds) => log.sync(Duration::from_secs(seconds)),
        }
    }
}

fn write_folder(folder: &Path, memory: &Memory) {
    for (segment, bytes) in &memory.0 {
        fs::write(Folder::new(folder).path(*segment), bytes).unwrap();
    }
}

/// No nonce may ever stand for two different records.
fn note_nonces(nonces: &mut HashMap<[u8; 12], Vec<u8>>, segment: &[u8]) {
    let Some((_, walk)) = Walk::begin(segment) else { return };
    let known: Vec<_> = walk.map(|record| (record.place.nonce(), record.body.to_vec())).collect();
    for (nonce, body) in known {
        let before = nonces.entry(nonce).or_insert_with(|| body.clone());
        assert_eq!(*before, body, "a nonce was used twice");
    }
}

fn note_folder(nonces: &mut HashMap<[u8; 12], Vec<u8>>, folder: &Path) {
    let source = Folder::new(folder);
    for (segment, len) in source.segments().unwrap() {
        note_nonces(nonces, &source.read(segment, 0..len).unwrap());
    }
}

/// Cuts the last segment somewhere behind `safe`.
fn break_off(folder: &Path, safe: usize, at: prop::sample::Index) {
    let source = Folder::new(folder);
    let (segment, len) = source.segments().unwrap().pop_last().unwrap();
    let file = fs::OpenOptions::new().write(true).open(source.path(segment)).unwrap();
    file.set_len((safe + at.index(len as usize + 1 - safe)) as u64).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_range_is_read_as_it_was_written(steps in steps(), ranges in prop::collection::vec((any::<prop::sample::Index>(), 0..200_000_u64), 12)) {
        let mut log = Log::new();
        run(&mut log, steps);
        let (memory, heads, model) = log.finish();
        verify(&memory, Some(&KEY), &heads).unwrap();
        let reader = Reader::open(memory, &KEY).unwrap();
        prop_assert_eq!(reader.streams().map(|(stream, _)| stream).collect::<Vec<_>>(), model.keys().copied().collect::<Vec<_>>());
        for (start, len) in ranges {
            for (stream, bytes) in &model {
                let start = start.index(bytes.len() + 1);
                let end = bytes.len().min(start + len as usize);
                prop_assert!(reader.read(*stream, start as u64..start as u64 + len).unwrap() == bytes[start..end]);
            }
        }
    }

    /// Broken off anywhere, recovered, and the recovery broken off in its turn, several times: what was safe is there, the log is
    /// good, and no nonce was used twice.
    #[test]
    fn what_breaks_off_is_taken_up(steps in steps(), cut in any::<prop::sample::Index>(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..4)) {
        let mut log = Log::new();
        run(&mut log, steps);
        log.sync(Duration::ZERO);
        let folder = tempfile::tempdir().unwrap();
        write_folder(folder.path(), &log.memory);
        let mut nonces = HashMap::new();
        note_folder(&mut nonces, folder.path());
        break_off(folder.path(), 0, cut);
        let mut is_there = true;
        for cut in again {
            is_there = recover(folder.path(), &KEY).is_ok();
            if !is_there { break }
            note_folder(&mut nonces, folder.path());
            // Recovery makes its header safe before anything else.
            break_off(folder.path(), SEGMENT_HEADER, cut);
        }
        match recover(folder.path(), &KEY) {
            Ok(recovered) => {
                note_folder(&mut nonces, folder.path());
                let source = Folder::new(folder.path());
                let verified = verify(&source, Some(&KEY), &[recovered.summary.head]).unwrap();
                prop_assert!(verified.is_whole);
                let reader = Reader::open(source, &KEY).unwrap();
                // The events get a line more.
                for (stream, len) in reader.streams().filter(|(stream, _)| *stream != StreamId::EVENTS) {
                    prop_assert!(len <= log.model[&stream].len() as u64);
                }
                prop_assert!(recover(folder.path(), &KEY).unwrap().was_whole);
            }
            // Not even the first header was there.
            Err(error) => prop_assert!(matches!(error, RecoverError::Empty), "{:?} {}", error, is_there),
        }
    }
}

/// Everything that was in a whole record before the break is read afterwards, and what was not is kept beside it.
#[test]
fn a_break_costs_the_torn_record_alone() {
    let (memory, ..) = small();
    let (last, bytes) = memory.0.iter().nth(2).unwrap();
    let whole: Vec<_> = Walk::begin(bytes).unwrap().1.collect();
    for len in [SEGMENT_HEADER + 1, bytes.len() - TRAILER - 1, bytes.len() - 1, bytes.len() / 2] {
        let folder = tempfile::tempdir().unwrap();
        let mut cut = memory.clone();
        cut.0.retain(|segment, _| segment <= last);
        cut.0.get_mut(last).unwrap().truncate(len);
        write_folder(folder.path(), &cut);
        let expected: u64 =
            memory.0.range(..last).map(|(_, bytes)| data_in(bytes, usize::MAX)).sum::<u64>() + data_in(bytes, len);
        let recovered = recover(folder.path(), &KEY).unwrap();
        let reader = Reader::open(Folder::new(folder.path()), &KEY).unwrap();
        let read = reader.streams().filter(|(stream, _)| *stream != StreamId::EVENTS).map(|(_, len)| len).sum::<u64>();
        assert_eq!(read, expected, "cut to {len} with {} records", whole.len());
        let torn = folder.path().join(format!("{last:05}.torn"));
        assert_eq!(torn.metadata().map_or(0, |torn| torn.len()), recovered.cut_bytes);
        assert_eq!(verify(&Folder::new(folder.path()), Some(&KEY), &[]).unwrap().breaks, 1);
    }
}

/// Plain bytes of the data records that end before `len`, without the events, which get a line more.
fn data_in(segment: &[u8], len: usize) -> u64 {
    let records = Walk::begin(segment).unwrap().1.take_while(|record| record.offset + record.header.whole() <= len);
    let records = records.filter(|record| record.header.stream != StreamId::EVENTS);
    records.filter(|record| record.header.kind == Kind::Data).map(|record| u64::from(record.header.plain())).sum()
}

#[test]
fn what_is_being_written_is_not_recovered_and_a_changed_beginning_not_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, ..) = small();
    write_folder(folder.path(), &memory);
    let files = SegmentFiles::open(folder.path()).unwrap();
    assert!(matches!(recover(folder.path(), &KEY), Err(RecoverError::Busy)));
    drop(files);
    let mut changed = memory;
    changed.0.get_mut(&3).unwrap()[0] ^= 1;
    write_folder(folder.path(), &changed);
    assert!(matches!(recover(folder.path(), &KEY), Err(RecoverError::Broken(_))));
    assert!(matches!(recover(&folder.path().join("none"), &KEY), Err(RecoverError::Empty)));
}
