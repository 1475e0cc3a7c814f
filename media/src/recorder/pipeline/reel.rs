//! The files of one participant, one after the other: sound and camera in one, or a screen. A file cannot have a track that its head does
//! not name, so when one begins later there is a new file with both.

use super::{
    books::{Desk, hex, millis, name},
    timeline::micros,
    toc,
    vp8::Size,
    webm::{Block, CLUSTER_MS, Track, Writer},
};
use crate::{
    control::PeerId,
    recorder::{Source, StreamId, StreamSummary},
};

/// So long sound waits for a camera that was switched on at the same time.
const PATIENCE_MS: u64 = 1_000;

/// What waits to be written is never more, however late something else is.
const MOST_BYTES: usize = 8 << 20;

/// Frames since the start of the recording; a place where they go.
#[derive(Debug)]
pub(super) struct Reel {
    peer: PeerId,
    /// What a picture of it shows.
    video: Source,
    has_sound: bool,
    picture: Option<Size>,
    /// In the order in which they came.
    waiting: Vec<Block>,
    waiting_bytes: usize,
    since_ms: u64,
    /// Where the next file begins at the latest.
    from_ms: u64,
    stream: Option<StreamId>,
    file: Option<File>,
    /// No picture any more from here on: the file ends as soon as its sound has come so far.
    cut_ms: Option<u64>,
}

/// A file that is open, see [`Reel::stream`] for its number.
#[derive(Debug)]
struct File {
    writer: Writer,
    sources: Vec<Source>,
    start_ms: u64,
    /// Where that ends which has been written.
    last_ms: u64,
    /// Up to here blocks have been written: what comes later is not before this.
    written_ms: u64,
    /// Where the last picture is.
    picture_ms: Option<u64>,
}

impl Reel {
    pub(super) fn new(peer: PeerId, video: Source) -> Self {
        Self {
            peer,
            video,
            has_sound: false,
            picture: None,
            waiting: Vec::new(),
            waiting_bytes: 0,
            since_ms: 0,
            from_ms: u64::MAX,
            stream: None,
            file: None,
            cut_ms: None,
        }
    }

    /// The number that the file has or will have.
    pub(super) fn stream(&self) -> Option<StreamId> {
        self.stream
    }

    /// Takes sound. Returns whether the file must go on with a key frame.
    #[must_use]
    pub(super) fn sound(&mut self, at_ms: u64, data: Vec<u8>, desk: &mut Desk<'_>) -> bool {
        let begins = !std::mem::replace(&mut self.has_sound, true);
        let has_turned = begins && self.turn(at_ms, desk);
        self.push(Block { track: Track::Audio, at_ms, is_key: true, data }, desk);
        has_turned
    }

    /// Takes a picture.
    pub(super) fn picture(&mut self, at_ms: u64, key: Option<Size>, data: Vec<u8>, desk: &mut Desk<'_>) {
        self.cut(desk);
        let begins = self.picture.is_none();
        if begins && key.is_none() {
            return;
        }
        if begins {
            self.turn(at_ms, desk);
        }
        self.picture = key.or(self.picture);
        self.push(Block { track: Track::Video, at_ms, is_key: key.is_some(), data }, desk);
    }

    /// No picture comes any more, and the last one must not stand as if it were seen: what is heard from here on is in another file.
    pub(super) fn end_picture(&mut self, at_ms: u64) {
        if self.picture.is_some() {
            self.cut_ms = Some(at_ms);
        }
    }

    /// Opens the file when it is time, and writes what is known to be complete: nothing more comes that is before `known_ms`.
    pub(super) fn tick(&mut self, known_ms: u64, desk: &mut Desk<'_>) {
        if self.cut_ms.is_some_and(|cut_ms| cut_ms <= known_ms) {
            self.cut(desk);
        }
        if self.file.is_none() && !self.waiting.is_empty() {
            let is_complete = self.picture.is_some() && (self.has_sound || self.video == Source::Screen);
            let is_full = self.waiting_bytes > MOST_BYTES;
            if is_complete || is_full || desk.now_ms() >= self.since_ms + PATIENCE_MS {
                self.open(desk);
            }
        }
        if self.waiting_bytes > MOST_BYTES {
            self.write(u64::MAX, desk);
        } else if self.waiting.iter().any(|block| block.at_ms + CLUSTER_MS <= known_ms) {
            self.write(known_ms, desk);
        }
    }

    /// Ends the file. A new one begins with what comes then.
    pub(super) fn close(&mut self, end_ms: u64, desk: &mut Desk<'_>) {
        self.cut(desk);
        if self.file.is_none() && !self.waiting.is_empty() {
            self.open(desk);
        }
        self.trim(end_ms);
        self.write(u64::MAX, desk);
        let (Some(mut file), Some(stream)) = (self.file.take(), self.stream.take()) else { return };
        (self.has_sound, self.picture) = (false, None);
        let duration_ms = end_ms.max(file.last_ms).saturating_sub(file.start_ms);
        if let Some(ending) = file.writer.finish(duration_ms) {
            desk.out.write(stream, &ending.tail);
            desk.out.replace_head(stream, &ending.head);
        }
        desk.tell(format_args!(r#""type":"stream_end","stream":{},"duration_ms":{duration_ms}"#, stream.0));
        desk.books.ended.push(StreamSummary {
            stream,
            peer: Some(self.peer),
            sources: file.sources,
            starts_ms: file.start_ms,
            duration_ms,
            bytes: file.writer.len(),
        });
    }

    /// Ends the file where the picture ended, if it did.
    fn cut(&mut self, desk: &mut Desk<'_>) {
        let Some(cut_ms) = self.cut_ms.take() else { return };
        let has_sound = self.has_sound;
        let waiting = std::mem::take(&mut self.waiting);
        let (before, after) = waiting.into_iter().partition::<Vec<_>, _>(|block| block.at_ms < cut_ms);
        self.waiting = before;
        let came_ms = self.waiting.iter().map(end_ms).fold(cut_ms, u64::max);
        self.close(came_ms, desk);
        self.waiting_bytes = 0;
        (self.has_sound, self.picture) = (has_sound, None);
        self.from_ms = if has_sound { came_ms } else { u64::MAX };
        after.into_iter().for_each(|block| self.push(block, desk));
    }

    /// There is something new, from `at_ms` on, that the file does not have: it ends here. Whether there was one.
    fn turn(&mut self, at_ms: u64, desk: &mut Desk<'_>) -> bool {
        self.cut(desk);
        let Some(file) = &self.file else { return false };
        let (has_sound, picture) = (self.has_sound, self.picture);
        let came_ms = self.waiting.iter().map(end_ms).fold(file.last_ms, u64::max);
        self.close(came_ms, desk);
        (self.has_sound, self.picture) = (has_sound, picture);
        // Sound goes on where it ended.
        self.from_ms = came_ms.min(at_ms);
        true
    }

    fn push(&mut self, block: Block, desk: &mut Desk<'_>) {
        if self.stream.is_none() {
            let Some(stream) = desk.open_stream() else { return };
            self.stream = Some(stream);
            self.since_ms = desk.now_ms();
        }
        self.waiting_bytes += block.data.len();
        self.waiting.push(block);
    }

    fn open(&mut self, desk: &mut Desk<'_>) {
        let Some((start_ms, stream)) = self.waiting.iter().map(|block| block.at_ms).min().zip(self.stream) else { return };
        let start_ms = start_ms.min(std::mem::replace(&mut self.from_ms, u64::MAX));
        let (writer, head) = Writer::new(self.has_sound, self.picture);
        desk.out.write(stream, &head);
        let sound = self.has_sound.then_some(Source::Microphone);
        let sources = sound.into_iter().chain(self.picture.map(|_| self.video)).collect::<Vec<_>>();
        let names = sources.iter().map(|source| format!("\"{}\"", name(*source))).collect::<Vec<_>>().join(",");
        let (number, peer) = (stream.0, hex(self.peer));
        desk.tell(format_args!(
            r#""type":"stream","stream":{number},"peer":"{peer}","sources":[{names}],"starts_ms":{start_ms}"#
        ));
        self.file = Some(File { writer, sources, start_ms, last_ms: start_ms, written_ms: start_ms, picture_ms: None });
    }

    /// Takes out what is behind the end: sound that would be longer than the time that has gone by. Pictures are shown at the end.
    fn trim(&mut self, latest_ms: u64) {
        self.waiting.retain_mut(|block| match block.track {
            Track::Audio => end_ms(block) <= latest_ms,
            Track::Video => {
                block.at_ms = block.at_ms.min(latest_ms);
                true
            }
        });
    }

    /// Writes what is before `until_ms`.
    fn write(&mut self, until_ms: u64, desk: &mut Desk<'_>) {
        let (Some(file), Some(stream)) = (&mut self.file, self.stream) else { return };
        self.waiting.sort_by_key(|block| block.at_ms);
        let count = self.waiting.partition_point(|block| block.at_ms < until_ms);
        let mut blocks = self.waiting.drain(..count).collect::<Vec<_>>();
        self.waiting_bytes = self.waiting.iter().map(|block| block.data.len()).sum();
        file.settle(&mut blocks);
        file.writer.clusters(&blocks, |cluster| desk.out.write(stream, cluster));
    }
}

impl File {
    /// Gives blocks, in the order of their times, their times in the file. Pictures that come too late are shown later, each at a time of its
    /// own; sound never comes too late.
    fn settle(&mut self, blocks: &mut [Block]) {
        for block in blocks.iter_mut().filter(|block| block.track == Track::Video) {
            let least_ms = self.picture_ms.map_or(0, |last| last + 1).max(self.written_ms);
            block.at_ms = block.at_ms.max(least_ms);
            self.picture_ms = Some(block.at_ms);
        }
        blocks.sort_by_key(|block| block.at_ms);
        for block in blocks {
            self.last_ms = self.last_ms.max(end_ms(block));
            self.written_ms = self.written_ms.max(block.at_ms);
            block.at_ms = block.at_ms.saturating_sub(self.start_ms);
        }
    }
}

/// Nobody knows how long a picture is shown.
fn end_ms(block: &Block) -> u64 {
    let samples = match block.track {
        Track::Audio => toc::samples(&block.data).unwrap_or(0),
        Track::Video => 0,
    };
    block.at_ms + u64::from(samples) * 1000 / u64::from(toc::RATE)
}

/// A place of sound in milliseconds.
pub(super) fn sound_ms(place: i64) -> u64 {
    millis(micros(place, toc::RATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a sender report moves back, and what is cut at the end, comes to one time with what was written: two pictures of one time are no
    /// picture to players.
    #[test]
    fn no_two_pictures_have_one_time() {
        let writer = Writer::new(true, None).0;
        let mut file = File { writer, sources: Vec::new(), start_ms: 100, last_ms: 100, written_ms: 100, picture_ms: None };
        let block = |(track, at_ms)| Block { track, at_ms, is_key: true, data: vec![0x78] };
        let mut settle = |blocks: &[(Track, u64)]| {
            let mut blocks: Vec<_> = blocks.iter().copied().map(block).collect();
            file.settle(&mut blocks);
            blocks.iter().map(|block| (block.track, block.at_ms)).collect::<Vec<_>>()
        };
        let (sound, picture) = (Track::Audio, Track::Video);
        assert_eq!(settle(&[(sound, 120), (picture, 140), (picture, 140)]), [(sound, 20), (picture, 40), (picture, 41)]);
        assert_eq!(settle(&[(picture, 130), (picture, 135), (sound, 142)]), [(picture, 42), (sound, 42), (picture, 43)]);
    }
}
