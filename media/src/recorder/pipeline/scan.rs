//! Streams of ours that were cut off, read again to find out how they could have ended.

use super::{
    ebml,
    ogg::Pages,
    toc::{self, RATE},
    webm::{self, Index, Track},
};

/// A cluster is never nearly as large: what claims to be is broken.
const LARGEST: u64 = 64 << 20;

/// How a stream that was cut off is made whole. One that has ended already needs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Bytes that take the place of others, and from where on: those of the head, and those that turn the beginning of what is not whole
    /// into something to pass over.
    pub patches: Vec<(u64, Vec<u8>)>,
    /// Comes behind all that is there.
    pub tail: Vec<u8>,
    pub duration_ms: u64,
}

/// Reads a track file or the mix piece by piece.
#[derive(Debug)]
pub struct Scan(Kind);

#[derive(Debug)]
enum Kind {
    /// The first bytes, as long as they are too few to tell.
    Unknown(Vec<u8>),
    Webm(Clusters),
    Ogg(Pages),
}

impl Default for Scan {
    fn default() -> Self {
        Self(Kind::Unknown(Vec::new()))
    }
}

impl Scan {
    /// Takes the bytes that come next.
    pub fn feed(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Kind::Webm(clusters) => clusters.feed(bytes),
            Kind::Ogg(pages) => pages.feed(bytes),
            Kind::Unknown(first) => {
                first.extend_from_slice(bytes);
                if first.len() >= 4 {
                    let first = std::mem::take(first);
                    let is_ogg = first.starts_with(b"OggS");
                    self.0 = if is_ogg { Kind::Ogg(Pages::default()) } else { Kind::Webm(Clusters::default()) };
                    self.feed(&first);
                }
            }
        }
    }

    /// Unset if nothing is in it that can be played, or if it is none of ours.
    pub fn finish(&self) -> Option<Mended> {
        match &self.0 {
            Kind::Webm(clusters) => clusters.finish(),
            Kind::Ogg(pages) => pages.finish(),
            Kind::Unknown(_) => None,
        }
    }
}

/// A WebM file.
#[derive(Debug, Default)]
struct Clusters {
    /// What is not a whole element yet.
    rest: Vec<u8>,
    /// Bytes in whole elements.
    keep: u64,
    index: Index,
    end_ms: u64,
    stage: Stage,
    /// Its head was replaced, as is done last.
    has_ended: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Header,
    Segment,
    Clusters,
    /// What cannot be read.
    Broken,
}

impl Clusters {
    fn feed(&mut self, bytes: &[u8]) {
        if self.stage == Stage::Broken {
            return;
        }
        self.rest.extend_from_slice(bytes);
        let mut done = 0;
        while let Some(len) = self.element(done) {
            done += len;
        }
        self.rest.drain(..done);
        self.keep += done as u64;
    }

    fn finish(&self) -> Option<Mended> {
        if self.has_ended {
            return (self.end_ms > 0).then(|| Mended { patches: vec![], tail: vec![], duration_ms: self.end_ms });
        }
        if self.stage != Stage::Clusters {
            return None;
        }
        let (torn, mut tail) = pass_over(self.rest.len());
        let ending = webm::ending(&self.index, self.end_ms, self.keep + (self.rest.len() + tail.len()) as u64)?;
        tail.extend_from_slice(&ending.tail);
        let mut patches = vec![(0, ending.head)];
        patches.extend((!torn.is_empty()).then_some((self.keep, torn)));
        Some(Mended { patches, tail, duration_ms: self.end_ms })
    }

    /// How long the element is that begins here, if it is whole.
    fn element(&mut self, start: usize) -> Option<usize> {
        let element = ebml::read(&self.rest[start..])?;
        let len = match (self.stage, element.id, element.len) {
            (Stage::Segment, ebml::SEGMENT, len) => {
                self.has_ended = len.is_some();
                element.header
            }
            // An end without a head is none: it is passed over, and made anew.
            (Stage::Clusters, ebml::CUES, _) => return None,
            (Stage::Header, ebml::EBML, Some(len)) if len <= LARGEST => element.header + len as usize,
            (Stage::Clusters, ebml::SEEK_HEAD | ebml::VOID | ebml::INFO | ebml::TRACKS | ebml::CLUSTER, Some(len))
                if len <= LARGEST =>
            {
                element.header + len as usize
            }
            _ => {
                self.stage = Stage::Broken;
                return None;
            }
        };
        if self.rest.len() - start < len {
            return None;
        }
        match self.stage {
            Stage::Header => self.stage = Stage::Segment,
            Stage::Segment => self.stage = Stage::Clusters,
            Stage::Clusters | Stage::Broken => {}
        }
        if element.id == ebml::CLUSTER {
            let position = self.keep + start as u64;
            let body = self.rest[start + element.header..start + len].to_vec();
            self.cluster(&body, position)?;
        }
        Some(len)
    }

    fn cluster(&mut self, mut body: &[u8], position: u64) -> Option<()> {
        let position = position.checked_sub(webm::segment_start())?;
        let mut start_ms = 0;
        while !body.is_empty() {
            let element = ebml::read(body)?;
            let end = element.header.checked_add(usize::try_from(element.len?).ok()?)?;
            let content = body.get(element.header..end)?;
            match element.id {
                ebml::TIMESTAMP if content.len() <= 8 => {
                    start_ms = content.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
                }
                ebml::SIMPLE_BLOCK => self.block(content, start_ms, position)?,
                _ => {}
            }
            body = &body[end..];
        }
        Some(())
    }

    fn block(&mut self, block: &[u8], start_ms: u64, position: u64) -> Option<()> {
        let &[track, high, low, flags, ref data @ ..] = block else { return None };
        let at_ms = start_ms.checked_add_signed(i64::from(i16::from_be_bytes([high, low])))?;
        let track = track & 0x7f;
        let is_sound = track == Track::Audio as u8;
        let samples = if is_sound { toc::samples(data).unwrap_or(0) } else { 0 };
        self.end_ms = self.end_ms.max(at_ms + u64::from(samples) * 1000 / u64::from(RATE));
        self.index.block(track, at_ms, flags & 0x80 != 0, position);
        Some(())
    }
}

/// Makes so many bytes an element that is passed over: what they begin with then, and what must come behind them.
fn pass_over(len: usize) -> (Vec<u8>, Vec<u8>) {
    const VOID: u8 = ebml::VOID as u8;
    match len {
        0 => (vec![], vec![]),
        // Its length is zero, and does not fit.
        1 => (vec![VOID], vec![0x80]),
        2..9 => (vec![VOID, 0x80 | (len - 2) as u8], vec![]),
        _ => ([&[VOID][..], &(1 << 56 | (len - 9) as u64).to_be_bytes()].concat(), vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::pipeline::{vp8::Size, webm::Block};

    /// Ten seconds of sound and pictures, and how they end.
    fn file() -> (Vec<u8>, webm::Ending) {
        let (mut writer, mut bytes) = webm::Writer::new(true, Some(Size { width: 640, height: 360 }));
        let mut blocks = Vec::new();
        for frame in 0..500 {
            blocks.push(Block { track: Track::Audio, at_ms: frame * 20, is_key: true, data: vec![0xf8; 80] });
            if frame % 2 == 0 {
                blocks.push(Block {
                    track: Track::Video,
                    at_ms: frame * 20 + 1,
                    is_key: frame % 200 == 0,
                    data: vec![0x9d; 900],
                });
            }
        }
        writer.clusters(&blocks, |cluster| bytes.extend_from_slice(cluster));
        let ending = writer.finish(10_000).unwrap();
        (bytes, ending)
    }

    fn scan(bytes: &[u8], piece: usize) -> Option<Mended> {
        let mut scan = Scan::default();
        bytes.chunks(piece).for_each(|piece| scan.feed(piece));
        scan.finish()
    }

    #[test]
    fn a_file_without_its_end_gets_the_one_it_would_have_had() {
        let (bytes, ending) = file();
        for piece in [1, 7, 4096, usize::MAX] {
            let mended = scan(&bytes, piece).unwrap();
            assert_eq!(mended.duration_ms, 10_000);
            assert_eq!((mended.patches, mended.tail), (vec![(0, ending.head.clone())], ending.tail.clone()));
        }
    }

    #[test]
    fn what_is_cut_off_is_passed_over() {
        for len in [1, 2, 3, 8, 9, 10, 200, 70_000] {
            let (torn, tail) = pass_over(len);
            assert!(torn.len() <= len);
            let whole = [&torn[..], &vec![7; len - torn.len()], &tail].concat();
            let element = ebml::read(&whole).unwrap();
            assert_eq!((element.id, element.header + element.len.unwrap() as usize), (ebml::VOID, whole.len()), "{len}");
        }
    }

    #[test]
    fn what_has_ended_needs_nothing() {
        let (mut bytes, ending) = file();
        bytes[..ending.head.len()].copy_from_slice(&ending.head);
        bytes.extend_from_slice(&ending.tail);
        assert_eq!(scan(&bytes, 1000), Some(Mended { patches: vec![], tail: vec![], duration_ms: 10_000 }));
    }

    #[test]
    fn an_end_without_its_head_is_made_anew() {
        let (mut bytes, ending) = file();
        let end = bytes.len() as u64;
        bytes.extend_from_slice(&ending.tail);
        let mended = scan(&bytes, 1000).unwrap();
        assert_eq!((mended.patches[1].0, mended.patches[1].1[0]), (end, ebml::VOID as u8));
        assert_eq!((mended.tail, mended.duration_ms), (ending.tail, 10_000));
    }

    #[test]
    fn what_is_something_else_is_left_alone() {
        assert_eq!(scan(b"OggS and more", 5), None);
        assert_eq!(scan(&[0; 100], 5), None);
        assert_eq!(scan(&[], 5), None);
    }
}
