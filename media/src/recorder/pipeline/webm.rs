//! A WebM file that only ever grows. Clusters are written whole; what is known only at the end (length, index) takes the place of an empty
//! stretch at the beginning, which has the same number of bytes.

use super::{ebml, vp8::Size};

/// Shorter than what may be lost if the machine dies.
pub(super) const CLUSTER_MS: u64 = 500;

/// Larger ones are split, so that most are written at once.
const CLUSTER_BYTES: usize = 60_000;

/// Between two places of the index that have no picture.
const CUE_MS: u64 = 5_000;

/// Between two places of the index: a sender may send nothing but key frames.
const KEY_CUE_MS: u64 = 1_000;

/// SeekHead with three entries, see [`seek_head`].
const SEEK_HEAD_LEN: usize = 68;
const DURATION_LEN: usize = 11;

/// Tracks of a file, by the numbers that their blocks have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Track {
    Audio = 1,
    Video = 2,
}

/// A frame in a file; times are milliseconds since its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) track: Track,
    pub(super) at_ms: u64,
    /// Sound always is, a picture when it needs no other.
    pub(super) is_key: bool,
    pub(super) data: Vec<u8>,
}

/// A place to seek to: a cluster's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    pub(super) at_ms: u64,
    pub(super) track: u8,
    /// Since the beginning of the segment's body.
    pub(super) position: u64,
}

/// The index as it grows with the clusters.
#[derive(Debug, Default)]
pub(super) struct Index {
    cues: Vec<Cue>,
    /// Of the last picture in it.
    last_key_ms: Option<u64>,
}

impl Index {
    /// Called for each block, with the position of its cluster.
    pub(super) fn block(&mut self, track: u8, at_ms: u64, is_key: bool, position: u64) {
        let is_picture = track == Track::Video as u8;
        let (last_ms, apart_ms) =
            if is_picture { (self.last_key_ms, KEY_CUE_MS) } else { (self.cues.last().map(|cue| cue.at_ms), CUE_MS) };
        if !is_key || last_ms.is_some_and(|last| at_ms < last + apart_ms) {
            return;
        }
        if is_picture {
            self.last_key_ms = Some(at_ms);
        }
        self.cues.push(Cue { at_ms, track, position });
    }

    /// The element, for the end of the file. Unset if there is nothing to seek to.
    fn element(&self) -> Option<Vec<u8>> {
        let mut body = Vec::with_capacity(self.cues.len() * 24);
        for cue in &self.cues {
            let mut place = Vec::new();
            ebml::uint(&mut place, ebml::CUE_TRACK, u64::from(cue.track));
            ebml::uint(&mut place, ebml::CUE_CLUSTER_POSITION, cue.position);
            let mut point = Vec::new();
            ebml::uint(&mut point, ebml::CUE_TIME, cue.at_ms);
            ebml::element(&mut point, ebml::CUE_TRACK_POSITIONS, &place);
            ebml::element(&mut body, ebml::CUE_POINT, &point);
        }
        let mut cues = Vec::with_capacity(body.len() + 8);
        ebml::element(&mut cues, ebml::CUES, &body);
        (!self.cues.is_empty()).then_some(cues)
    }
}

/// What ends a file: the bytes that take the place of its first ones, and those that come behind its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
}

/// The ending of a file of `len` bytes. Unset if nothing is in it.
pub(super) fn ending(index: &Index, duration_ms: u64, len: u64) -> Option<Ending> {
    let tail = index.element()?;
    let body = segment_start();
    let done = Done { duration_ms, body_len: len - body + tail.len() as u64, cues: len - body };
    Some(Ending { head: beginning(Some(&done)), tail })
}

/// Writes one file. What is written is for the caller to append.
#[derive(Debug)]
pub(super) struct Writer {
    index: Index,
    len: u64,
}

impl Writer {
    /// With the bytes to begin with.
    pub(super) fn new(has_sound: bool, picture: Option<Size>) -> (Self, Vec<u8>) {
        let mut head = beginning(None);
        tracks(&mut head, has_sound, picture);
        (Self { index: Index::default(), len: head.len() as u64 }, head)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Clusters of blocks in the order of their times, each to be appended at once.
    pub(super) fn clusters(&mut self, blocks: &[Block], mut append: impl FnMut(&[u8])) {
        let mut rest = blocks;
        while let Some(first) = rest.first() {
            let mut bytes = first.data.len();
            let belongs = |block: &&Block| {
                bytes += block.data.len();
                let begins_anew = block.track == Track::Video && block.is_key;
                !begins_anew && bytes <= CLUSTER_BYTES && block.at_ms < first.at_ms + CLUSTER_MS
            };
            let count = 1 + rest[1..].iter().take_while(belongs).count();
            let (blocks, behind) = rest.split_at(count);
            let cluster = self.cluster(blocks);
            append(&cluster);
            rest = behind;
        }
    }

    /// The ending of what was written up to now, which is `duration_ms` long.
    pub(super) fn finish(&mut self, duration_ms: u64) -> Option<Ending> {
        let ending = ending(&self.index, duration_ms, self.len)?;
        self.len += ending.tail.len() as u64;
        Some(ending)
    }

    fn cluster(&mut self, blocks: &[Block]) -> Vec<u8> {
        let start_ms = blocks.first().map_or(0, |block| block.at_ms);
        let position = self.len - segment_start();
        let mut body = Vec::with_capacity(blocks.iter().map(|block| block.data.len() + 16).sum());
        ebml::uint(&mut body, ebml::TIMESTAMP, start_ms);
        for block in blocks {
            self.index.block(block.track as u8, block.at_ms, block.is_key, position);
            ebml::header(&mut body, ebml::SIMPLE_BLOCK, block.data.len() as u64 + 4);
            // The track's number is written as a length is.
            body.push(0x80 | block.track as u8);
            body.extend_from_slice(&((block.at_ms - start_ms) as i16).to_be_bytes());
            body.push(if block.is_key { 0x80 } else { 0 });
            body.extend_from_slice(&block.data);
        }
        let mut cluster = Vec::with_capacity(body.len() + 12);
        ebml::element(&mut cluster, ebml::CLUSTER, &body);
        self.len += cluster.len() as u64;
        cluster
    }
}

/// What is known only at the end.
struct Done {
    duration_ms: u64,
    body_len: u64,
    /// Where the index is, since the beginning of the segment's body.
    cues: u64,
}

/// Everything before the tracks, with as many bytes at the end as at the beginning.
fn beginning(done: Option<&Done>) -> Vec<u8> {
    let mut out = ebml_header();
    segment_header(&mut out, done.map(|done| done.body_len));
    let info = info(done.map(|done| done.duration_ms));
    match done {
        Some(done) => seek_head(&mut out, info.len(), done.cues),
        None => ebml::void(&mut out, SEEK_HEAD_LEN),
    }
    out.extend_from_slice(&info);
    out
}

fn ebml_header() -> Vec<u8> {
    let mut body = Vec::new();
    ebml::uint(&mut body, ebml::EBML_VERSION, 1);
    ebml::uint(&mut body, ebml::EBML_READ_VERSION, 1);
    ebml::uint(&mut body, ebml::EBML_MAX_ID_LENGTH, 4);
    ebml::uint(&mut body, ebml::EBML_MAX_SIZE_LENGTH, 8);
    ebml::element(&mut body, ebml::DOC_TYPE, b"webm");
    ebml::uint(&mut body, ebml::DOC_TYPE_VERSION, 4);
    ebml::uint(&mut body, ebml::DOC_TYPE_READ_VERSION, 2);
    let mut out = Vec::new();
    ebml::element(&mut out, ebml::EBML, &body);
    out
}

/// With a length of eight bytes, all ones as long as it is not known.
fn segment_header(out: &mut Vec<u8>, len: Option<u64>) {
    out.extend_from_slice(&ebml::SEGMENT.to_be_bytes());
    out.extend_from_slice(&(1 << 56 | len.unwrap_or((1 << 56) - 1)).to_be_bytes());
}

/// How many bytes are before the segment's body.
pub(super) fn segment_start() -> u64 {
    ebml_header().len() as u64 + 12
}

fn info(duration_ms: Option<u64>) -> Vec<u8> {
    let mut body = Vec::new();
    ebml::uint(&mut body, ebml::TIMESTAMP_SCALE, 1_000_000);
    match duration_ms {
        Some(duration) => ebml::float(&mut body, ebml::DURATION, duration as f64),
        None => ebml::void(&mut body, DURATION_LEN),
    }
    ebml::element(&mut body, ebml::MUXING_APP, b"staffline");
    ebml::element(&mut body, ebml::WRITING_APP, b"staffline");
    let mut out = Vec::new();
    ebml::element(&mut out, ebml::INFO, &body);
    out
}

/// Where info, tracks and index are; all numbers with eight bytes.
fn seek_head(out: &mut Vec<u8>, info_len: usize, cues: u64) {
    let info = SEEK_HEAD_LEN as u64;
    let mut body = Vec::new();
    for (id, position) in [(ebml::INFO, info), (ebml::TRACKS, info + info_len as u64), (ebml::CUES, cues)] {
        let mut seek = Vec::new();
        ebml::element(&mut seek, ebml::SEEK_ID, &id.to_be_bytes());
        ebml::element(&mut seek, ebml::SEEK_POSITION, &position.to_be_bytes());
        ebml::element(&mut body, ebml::SEEK, &seek);
    }
    ebml::element(out, ebml::SEEK_HEAD, &body);
}

fn tracks(out: &mut Vec<u8>, has_sound: bool, picture: Option<Size>) {
    let mut body = Vec::new();
    if has_sound {
        let mut audio = Vec::new();
        ebml::float(&mut audio, ebml::SAMPLING_FREQUENCY, 48_000.0);
        ebml::uint(&mut audio, ebml::CHANNELS, 2);
        let mut entry = track(Track::Audio, b"A_OPUS");
        // Nothing is skipped at the start: what came first is heard first.
        ebml::element(&mut entry, ebml::CODEC_PRIVATE, &super::ogg::opus_head(2, 0));
        ebml::uint(&mut entry, ebml::SEEK_PRE_ROLL, 80_000_000);
        ebml::element(&mut entry, ebml::AUDIO, &audio);
        ebml::element(&mut body, ebml::TRACK_ENTRY, &entry);
    }
    if let Some(size) = picture {
        let mut video = Vec::new();
        ebml::uint(&mut video, ebml::PIXEL_WIDTH, u64::from(size.width));
        ebml::uint(&mut video, ebml::PIXEL_HEIGHT, u64::from(size.height));
        let mut entry = track(Track::Video, b"V_VP8");
        ebml::element(&mut entry, ebml::VIDEO, &video);
        ebml::element(&mut body, ebml::TRACK_ENTRY, &entry);
    }
    ebml::element(out, ebml::TRACKS, &body);
}

/// What both kinds have.
fn track(track: Track, codec: &[u8]) -> Vec<u8> {
    let number = track as u64;
    let mut entry = Vec::new();
    ebml::uint(&mut entry, ebml::TRACK_NUMBER, number);
    ebml::uint(&mut entry, ebml::TRACK_UID, number);
    ebml::uint(&mut entry, ebml::TRACK_TYPE, if track == Track::Video { 1 } else { 2 });
    ebml::uint(&mut entry, ebml::FLAG_LACING, 0);
    ebml::element(&mut entry, ebml::LANGUAGE, b"und");
    ebml::element(&mut entry, ebml::CODEC_ID, codec);
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 640, height: 360 };

    #[test]
    fn the_beginning_keeps_its_length() {
        let done = Done { duration_ms: 3_600_000, body_len: 1 << 33, cues: 1 << 32 };
        assert_eq!(beginning(None).len(), beginning(Some(&done)).len());
        let mut out = Vec::new();
        seek_head(&mut out, 40, u64::MAX);
        assert_eq!(out.len(), SEEK_HEAD_LEN);
        assert_eq!(info(None).len(), info(Some(u64::MAX)).len());
    }

    fn block(track: Track, at_ms: u64, is_key: bool, len: usize) -> Block {
        Block { track, at_ms, is_key, data: vec![1; len] }
    }

    /// How many blocks the clusters have that these are written in.
    fn check(blocks: &[Block]) -> Vec<usize> {
        let (mut writer, head) = Writer::new(true, Some(SIZE));
        let mut counts = Vec::new();
        let mut len = head.len() as u64;
        writer.clusters(blocks, |cluster| {
            let element = ebml::read(cluster).unwrap();
            assert_eq!((element.id, element.len), (ebml::CLUSTER, Some((cluster.len() - element.header) as u64)));
            counts.push(cluster.windows(2).filter(|bytes| *bytes == [0xa3, 0x85]).count());
            len += cluster.len() as u64;
        });
        assert_eq!(writer.len(), len);
        counts
    }

    #[test]
    fn clusters_are_short_and_begin_with_key_frames() {
        let sound = (0..50).map(|frame| block(Track::Audio, 20 * frame, true, 1)).collect::<Vec<_>>();
        assert_eq!(check(&sound), [25, 25]);
        let mut both = sound;
        both.insert(10, block(Track::Video, 190, true, 1));
        both.insert(12, block(Track::Video, 215, false, 1));
        assert_eq!(check(&both), [10, 27, 15]);
        assert_eq!(check(&[]), [0; 0]);
    }

    #[test]
    fn large_frames_have_clusters_of_their_own() {
        let blocks = [
            block(Track::Video, 0, true, 100_000),
            block(Track::Video, 33, false, 50_000),
            block(Track::Video, 66, false, 50_000),
        ];
        let (mut writer, _) = Writer::new(false, Some(SIZE));
        let mut lens = Vec::new();
        writer.clusters(&blocks, |cluster| lens.push(cluster.len() / 1000));
        assert_eq!(lens, [100, 50, 50]);
    }

    #[test]
    fn the_index_has_key_frames_and_else_some_sound() {
        let mut index = Index::default();
        for at_ms in (0..60_000).step_by(20) {
            index.block(1, at_ms, true, at_ms);
            if (20_000..40_000).contains(&at_ms) {
                index.block(2, at_ms + 5, at_ms % 4000 == 0, at_ms);
            }
        }
        let places = index.cues.iter().map(|cue| (cue.track, cue.at_ms)).collect::<Vec<_>>();
        assert_eq!(places[..5], [(1, 0), (1, 5000), (1, 10_000), (1, 15_000), (1, 20_000)]);
        assert_eq!(places[5..10], [(2, 20_005), (2, 24_005), (2, 28_005), (2, 32_005), (2, 36_005)]);
        assert_eq!(places[10..], [(1, 41_020), (1, 46_020), (1, 51_020), (1, 56_020)]);
    }
}
