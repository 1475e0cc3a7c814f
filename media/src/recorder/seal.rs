//! The format of the sealed log, byte for byte: headers, nonces, what is encrypted how, and the chain of hashes. Pure.
//!
//! All numbers are big-endian. `docs/recording.md` says the same in prose.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA256};

use super::{RecordingKey, StreamId};

/// The most plain bytes of one record.
pub const MAX_PLAIN: usize = 64 * 1024;
pub const TAG: usize = 16;
/// What the plain bytes of a head begin with.
pub const HEAD_OFFSET: usize = 8;
pub const RECORD_HEADER: usize = 7;
pub const SEGMENT_HEADER: usize = 61;
/// What follows the last record of a segment that was closed in order: where its index begins, and [`END`].
pub const TRAILER: usize = 8;

const MAGIC: &[u8; 8] = b"STFREC1\n";
const END: &[u8; 4] = b"END\n";
/// The segment's number has three bytes in a nonce: at a minute each, 31 years.
pub const MAX_SEGMENT: u32 = 0x00ff_ffff;

/// SHA-256 over everything up to a place in the log.
pub type Hash = [u8; 32];

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Bytes that are appended to its stream.
    Data = 1,
    /// An offset in its stream (u64), and bytes that take the place of those there.
    Head = 2,
    /// The records of this segment ([`Entry`] each); the last record of a closed segment.
    Index = 3,
    /// How the recording ended ([`Last`]).
    Last = 4,
}

impl Kind {
    fn read(byte: u8) -> Option<Self> {
        [Self::Data, Self::Head, Self::Index, Self::Last].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// What stands in the clear before each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// Of what follows: the encrypted bytes and their tag.
    pub len: u32,
    pub kind: Kind,
    pub stream: StreamId,
}

impl RecordHeader {
    /// For so many plain bytes.
    pub fn new(kind: Kind, stream: StreamId, plain: usize) -> Self {
        let len = u32::try_from(plain + TAG).expect("a record has at most 64 KiB");
        Self { len, kind, stream }
    }

    pub fn to_bytes(self) -> [u8; RECORD_HEADER] {
        let mut bytes = [0; RECORD_HEADER];
        bytes[..4].copy_from_slice(&self.len.to_be_bytes());
        bytes[4] = self.kind as u8;
        bytes[5..].copy_from_slice(&self.stream.0.to_be_bytes());
        bytes
    }

    /// `None` if this begins no record.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk()?;
        let (kind, rest) = rest.split_first()?;
        let len = u32::from_be_bytes(*len);
        (TAG..=MAX_PLAIN + TAG).contains(&(len as usize)).then_some(())?;
        Some(Self { len, kind: Kind::read(*kind)?, stream: StreamId(u16::from_be_bytes(*rest.first_chunk()?)) })
    }

    /// Of the plain bytes.
    pub fn plain(self) -> u32 {
        self.len - TAG as u32
    }

    /// Of header, encrypted bytes and tag.
    pub fn whole(self) -> usize {
        RECORD_HEADER + self.len as usize
    }
}

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    pub id: u128,
    pub segment: u32,
    /// Raised by each recovery, so that no nonce is used again.
    pub epoch: u8,
    /// The chain before this segment; zeros in the first.
    pub before: Hash,
}

impl SegmentHeader {
    pub fn to_bytes(self) -> [u8; SEGMENT_HEADER] {
        let mut bytes = [0; SEGMENT_HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..24].copy_from_slice(&self.id.to_be_bytes());
        bytes[24..28].copy_from_slice(&self.segment.to_be_bytes());
        bytes[28] = self.epoch;
        bytes[29..].copy_from_slice(&self.before);
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (id, rest) = rest.split_first_chunk()?;
        let (segment, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first()?;
        let (id, segment) = (u128::from_be_bytes(*id), u32::from_be_bytes(*segment));
        Some(Self { id, segment, epoch: *epoch, before: *rest.first_chunk()? })
    }
}

/// The trailer of a segment whose index begins at `index`.
pub fn trailer(index: u32) -> [u8; TRAILER] {
    let mut bytes = [0; TRAILER];
    bytes[..4].copy_from_slice(&index.to_be_bytes());
    bytes[4..].copy_from_slice(END);
    bytes
}

/// Where the index begins, if these are the last bytes of a closed segment.
pub fn read_trailer(bytes: &[u8]) -> Option<u32> {
    let trailer = bytes.last_chunk::<TRAILER>()?;
    let index = u32::from_be_bytes(*trailer.strip_suffix(END)?.first_chunk()?);
    (index as usize >= SEGMENT_HEADER).then_some(index)
}

/// A record as the index has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    pub stream: StreamId,
    /// Length of the plain bytes.
    pub plain: u32,
    /// Of the record's header, since the segment's beginning.
    pub offset: u32,
}

impl Entry {
    pub const SIZE: usize = 11;

    pub fn write(self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        out.extend_from_slice(&self.stream.0.to_be_bytes());
        out.extend_from_slice(&self.plain.to_be_bytes());
        out.extend_from_slice(&self.offset.to_be_bytes());
    }

    /// All entries of an index.
    pub fn read_all(index: &[u8]) -> Option<Vec<Self>> {
        let (entries, rest) = index.as_chunks::<{ Self::SIZE }>();
        if !rest.is_empty() {
            return None;
        }
        entries.iter().map(Self::read).collect()
    }

    fn read(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let [kind, s0, s1, p0, p1, p2, p3, o0, o1, o2, o3] = *bytes;
        Some(Self {
            kind: Kind::read(kind)?,
            stream: StreamId(u16::from_be_bytes([s0, s1])),
            plain: u32::from_be_bytes([p0, p1, p2, p3]),
            offset: u32::from_be_bytes([o0, o1, o2, o3]),
        })
    }

    pub fn header(self) -> RecordHeader {
        RecordHeader::new(self.kind, self.stream, self.plain as usize)
    }
}

/// How a recording came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// It was stopped.
    InOrder = 0,
    /// It had broken off; what there was is whole.
    Recovered = 1,
}

/// What the `last` record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    pub ending: Ending,
    /// The lengths of all streams.
    pub streams: Vec<(StreamId, u64)>,
}

impl Last {
    const STREAM: usize = 10;

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.ending as u8];
        for (stream, len) in &self.streams {
            bytes.extend_from_slice(&stream.0.to_be_bytes());
            bytes.extend_from_slice(&len.to_be_bytes());
        }
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (ending, rest) = bytes.split_first()?;
        let ending = [Ending::InOrder, Ending::Recovered].into_iter().find(|known| *known as u8 == *ending)?;
        let (streams, rest) = rest.as_chunks::<{ Self::STREAM }>();
        let streams =
            streams.iter().map(|[s0, s1, len @ ..]| (StreamId(u16::from_be_bytes([*s0, *s1])), u64::from_be_bytes(*len)));
        rest.is_empty().then(|| Self { ending, streams: streams.collect() })
    }
}

/// The chain over the log: `h = SHA-256(h ‖ header ‖ body)` for each record, `h = SHA-256(h ‖ header)` for each segment.
pub fn link(before: &Hash, header: &[u8], body: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in [&before[..], header, body] {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Where a record stands. No two records of a recording have the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub epoch: u8,
    pub segment: u32,
    /// From 0 in each segment.
    pub record: u64,
}

impl Place {
    pub fn nonce(self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&(u32::from(self.epoch) << 24 | self.segment & MAX_SEGMENT).to_be_bytes());
        nonce[4..].copy_from_slice(&self.record.to_be_bytes());
        nonce
    }
}

/// Encrypts and decrypts the records of one recording: AES-256-GCM.
pub struct Sealer {
    id: u128,
    key: LessSafeKey,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The record is not what was written: another key, another place, or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forged;

impl Sealer {
    pub fn new(id: u128, key: &RecordingKey) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key.0).expect("a 32-byte key is what AES-256-GCM takes");
        Self { id, key: LessSafeKey::new(key) }
    }

    pub fn id(&self) -> u128 {
        self.id
    }

    /// Recording id, nonce and header: a record is good in its place only.
    fn aad(&self, place: Place, header: RecordHeader) -> Aad<[u8; 16 + 12 + RECORD_HEADER]> {
        let mut aad = [0; 16 + 12 + RECORD_HEADER];
        aad[..16].copy_from_slice(&self.id.to_be_bytes());
        aad[16..28].copy_from_slice(&place.nonce());
        aad[28..].copy_from_slice(&header.to_bytes());
        Aad::from(aad)
    }

    /// Appends a record to `out`.
    pub fn seal(&self, place: Place, kind: Kind, stream: StreamId, plain: &[u8], out: &mut Vec<u8>) {
        let header = RecordHeader::new(kind, stream, plain.len());
        out.extend_from_slice(&header.to_bytes());
        let start = out.len();
        out.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(place.nonce());
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, self.aad(place, header), &mut out[start..])
            .expect("64 KiB are less than AES-GCM can take");
        out.extend_from_slice(tag.as_ref());
    }

    /// Decrypts a record's body in place; the plain bytes.
    pub fn open<'a>(&self, place: Place, header: RecordHeader, body: &'a mut [u8]) -> Result<&'a mut [u8], Forged> {
        let nonce = Nonce::assume_unique_for_key(place.nonce());
        self.key.open_in_place(nonce, self.aad(place, header), body).map_err(|_| Forged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { epoch: 2, segment: 0x01_02_03, record: 4 };

    #[test]
    fn a_record_opens_in_its_place_and_nowhere_else() {
        let sealer = Sealer::new(7, &RecordingKey([1; 32]));
        let mut sealed = Vec::new();
        sealer.seal(PLACE, Kind::Data, StreamId(5), b"hello", &mut sealed);
        let header = RecordHeader::read(&sealed).unwrap();
        assert_eq!((header.kind, header.stream, header.plain(), header.whole()), (Kind::Data, StreamId(5), 5, sealed.len()));
        let open = |sealer: &Sealer, place, header| {
            let mut body = sealed[RECORD_HEADER..].to_vec();
            sealer.open(place, header, &mut body).map(|plain| plain.to_vec())
        };
        assert_eq!(open(&sealer, PLACE, header).unwrap(), b"hello");
        for place in [Place { epoch: 3, ..PLACE }, Place { segment: 9, ..PLACE }, Place { record: 5, ..PLACE }] {
            assert_eq!(open(&sealer, place, header), Err(Forged), "{place:?}");
        }
        for header in [RecordHeader { kind: Kind::Head, ..header }, RecordHeader { stream: StreamId(6), ..header }] {
            assert_eq!(open(&sealer, PLACE, header), Err(Forged), "{header:?}");
        }
        assert_eq!(open(&Sealer::new(8, &RecordingKey([1; 32])), PLACE, header), Err(Forged));
        assert_eq!(open(&Sealer::new(7, &RecordingKey([2; 32])), PLACE, header), Err(Forged));
    }

    #[test]
    fn nonces_are_laid_out_as_documented() {
        assert_eq!(PLACE.nonce(), [2, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 4]);
    }

    #[test]
    fn headers_are_read_back_and_garbage_is_none() {
        let header = SegmentHeader { id: 5, segment: 6, epoch: 7, before: [8; 32] };
        assert_eq!(SegmentHeader::read(&header.to_bytes()), Some(header));
        assert_eq!(SegmentHeader::read(&header.to_bytes()[..60]), None);
        for (len, kind) in [(15_u32, 1_u8), (MAX_PLAIN as u32 + 17, 1), (20, 0), (20, 5)] {
            let bytes = [&len.to_be_bytes()[..], &[kind], &[0, 0]].concat();
            assert_eq!(RecordHeader::read(&bytes), None, "{len} {kind}");
        }
        let last = Last { ending: Ending::Recovered, streams: vec![(StreamId(0), 1), (StreamId(9), u64::MAX)] };
        assert_eq!(Last::read(&last.to_bytes()), Some(last));
        let entry = Entry { kind: Kind::Head, stream: StreamId(513), plain: 70_000, offset: 61 };
        let mut index = Vec::new();
        entry.write(&mut index);
        assert_eq!(Entry::read_all(&index), Some(vec![entry]));
        assert_eq!(Entry::read_all(&index[1..]), None);
    }
}
