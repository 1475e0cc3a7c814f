//! What the streams of a recording lack that broke off: tracks their lengths and their tables of contents, the mix its last page, the events
//! a line that says so. Pure but for what it reads.

use std::ops::Range;

use super::pipeline::{Scan, opened};
use super::reader::{ReadError, Reader, Source};
use super::segment::SegmentWriter;
use super::{Output, StreamId, StreamSummary};

/// So much of a stream is looked at in one go.
const STEP: u64 = 1 << 20;
/// The last page of the mix begins within so many bytes of its end.
const OGG_TAIL: u64 = 128 * 1024;
/// A page with one packet of one byte.
const LAST_PAGE: usize = 29;
/// Opus counts at 48 kHz (RFC 7845 §4).
const SAMPLES_PER_MS: u64 = 48;
/// A packet without a frame, 20 ms long (RFC 6716 §3.1).
const SILENCE: u8 = 0xf8;
const SILENCE_SAMPLES: u64 = 960;

/// What is known of a recording after it was mended.
#[derive(Debug, Default)]
pub(super) struct Mended {
    pub(super) streams: Vec<StreamSummary>,
    pub(super) duration_ms: u64,
    pub(super) gaps: u64,
}

/// Reads the streams, and appends what they lack.
pub(super) fn mend<S: Source>(reader: &Reader<S>, cut_bytes: u64, writer: &mut SegmentWriter) -> Result<Mended, ReadError> {
    let mut story = Story::read(reader)?;
    for summary in &mut story.streams {
        if let Some(mended) = scan(reader, summary.stream)? {
            mended.patches.iter().for_each(|(at, patch)| writer.patch(summary.stream, *at, patch));
            writer.write(summary.stream, &mended.tail);
            summary.duration_ms = mended.duration_ms;
        }
    }
    // A file that had only just begun has nothing in it to hear.
    story.streams.retain(|summary| summary.duration_ms > 0);
    let mut duration_ms = story.duration_ms();
    if let Some(len) = reader.stream_len(StreamId::MIX) {
        let mix = mix_end(reader, len)?;
        if let Some(page) = mix.as_ref().and_then(MixEnd::last_page) {
            writer.write(StreamId::MIX, &page);
        }
        let played = mix.map_or(0, |mix| mix.duration_ms());
        duration_ms = duration_ms.max(played);
        story.streams.push(common(StreamId::MIX, played));
    }
    if reader.stream_len(StreamId::EVENTS).is_some() {
        let newline = if story.is_torn { "\n" } else { "" };
        let line = format!("{newline}{{\"at_ms\":{duration_ms},\"type\":\"recovered\",\"cut_bytes\":{cut_bytes}}}\n");
        writer.write(StreamId::EVENTS, line.as_bytes());
        story.streams.push(common(StreamId::EVENTS, duration_ms));
    }
    story.streams.retain(|summary| writer.stream_len(summary.stream) > 0);
    story.streams.sort_by_key(|summary| summary.stream);
    story.streams.iter_mut().for_each(|summary| summary.bytes = writer.stream_len(summary.stream));
    Ok(Mended { streams: story.streams, duration_ms, gaps: story.gaps })
}

/// What can be known of a recording that nobody has seen the end of, or that was read again.
pub(super) fn describe<S: Source>(reader: &Reader<S>) -> Result<Mended, ReadError> {
    let mut story = Story::read(reader)?;
    let duration_ms = story.duration_ms();
    for stream in [StreamId::MIX, StreamId::EVENTS] {
        if reader.stream_len(stream).is_some() {
            story.streams.push(common(stream, duration_ms));
        }
    }
    story.streams.sort_by_key(|summary| summary.stream);
    story.streams.iter_mut().for_each(|summary| summary.bytes = reader.stream_len(summary.stream).unwrap_or_default());
    Ok(Mended { streams: story.streams, duration_ms, gaps: story.gaps })
}

fn common(stream: StreamId, duration_ms: u64) -> StreamSummary {
    StreamSummary { stream, peer: None, sources: Vec::new(), starts_ms: 0, duration_ms, bytes: 0 }
}

fn steps(len: u64) -> impl Iterator<Item = Range<u64>> {
    (0..len).step_by(STEP as usize).map(move |start| start..len.min(start + STEP))
}

fn scan<S: Source>(reader: &Reader<S>, stream: StreamId) -> Result<Option<super::pipeline::Mended>, ReadError> {
    let mut scan = Scan::default();
    for range in steps(reader.stream_len(stream).unwrap_or_default()) {
        scan.feed(&reader.read(stream, range)?);
    }
    Ok(scan.finish())
}

/// What the events tell.
#[derive(Debug, Default)]
struct Story {
    streams: Vec<StreamSummary>,
    gaps: u64,
    last_ms: u64,
    /// The last line has no end.
    is_torn: bool,
}

impl Story {
    fn read<S: Source>(reader: &Reader<S>) -> Result<Self, ReadError> {
        let mut story = Self::default();
        let mut line = Vec::new();
        for range in steps(reader.stream_len(StreamId::EVENTS).unwrap_or_default()) {
            for byte in reader.read(StreamId::EVENTS, range)? {
                if byte == b'\n' {
                    story.event(&String::from_utf8_lossy(&line));
                    line.clear();
                } else {
                    line.push(byte);
                }
            }
        }
        story.is_torn = !line.is_empty();
        Ok(story)
    }

    fn event(&mut self, event: &str) {
        let Some(rest) = event.strip_prefix(r#"{"at_ms":"#) else { return };
        let (at, fields) = rest.split_once(',').unwrap_or((rest, ""));
        self.last_ms = self.last_ms.max(at.parse().unwrap_or_default());
        if fields.starts_with(r#""type":"gap""#) {
            self.gaps += 1;
        } else if let Some(summary) = opened(event) {
            self.streams.push(summary);
        } else if let Some((stream, duration_ms)) = ended(fields)
            && let Some(summary) = self.streams.iter_mut().find(|summary| summary.stream == stream)
        {
            summary.duration_ms = duration_ms;
        }
    }

    fn duration_ms(&self) -> u64 {
        self.streams.iter().map(|summary| summary.starts_ms + summary.duration_ms).fold(self.last_ms, u64::max)
    }
}

/// What an event tells of the end of a stream.
fn ended(fields: &str) -> Option<(StreamId, u64)> {
    let rest = fields.strip_prefix(r#""type":"stream_end","stream":"#)?;
    let (stream, rest) = rest.split_once(r#","duration_ms":"#)?;
    Some((StreamId(stream.parse().ok()?), rest.strip_suffix('}')?.parse().ok()?))
}

/// The last page of an Ogg stream (RFC 3533 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MixEnd {
    flags: u8,
    granule: u64,
    serial: u32,
    page: u32,
    /// What is not played at the beginning, in samples.
    skip: u16,
}

/// Unset if no page can be found.
fn mix_end<S: Source>(reader: &Reader<S>, len: u64) -> Result<Option<MixEnd>, ReadError> {
    let head = reader.read(StreamId::MIX, 0..64)?;
    let skip = head.get(38..40).map_or(0, |skip| u16::from_le_bytes([skip[0], skip[1]]));
    let tail = reader.read(StreamId::MIX, len.saturating_sub(OGG_TAIL)..len)?;
    Ok((0..tail.len()).rev().find_map(|at| MixEnd::read(&tail[at..], skip)))
}

impl MixEnd {
    fn read(page: &[u8], skip: u16) -> Option<Self> {
        let fields = page.strip_prefix(b"OggS\0")?;
        let (flags, fields) = fields.split_first()?;
        let (granule, fields) = fields.split_first_chunk()?;
        let (serial, fields) = fields.split_first_chunk()?;
        let (number, _) = fields.split_first_chunk()?;
        let (serial, page) = (u32::from_le_bytes(*serial), u32::from_le_bytes(*number));
        Some(Self { flags: *flags, granule: u64::from_le_bytes(*granule), serial, page, skip })
    }

    fn duration_ms(&self) -> u64 {
        self.granule.saturating_sub(u64::from(self.skip)) / SAMPLES_PER_MS
    }

    /// A page that ends the stream where it is: its packet is played only where there is no other. None if the stream has ended.
    fn last_page(&self) -> Option<[u8; LAST_PAGE]> {
        const END_OF_STREAM: u8 = 4;
        if self.flags & END_OF_STREAM != 0 {
            return None;
        }
        let mut page = [0; LAST_PAGE];
        page[..4].copy_from_slice(b"OggS");
        page[5] = END_OF_STREAM;
        page[6..14].copy_from_slice(&self.granule.max(SILENCE_SAMPLES).to_le_bytes());
        page[14..18].copy_from_slice(&self.serial.to_le_bytes());
        page[18..22].copy_from_slice(&(self.page + 1).to_le_bytes());
        page[26..].copy_from_slice(&[1, 1, SILENCE]);
        let check = ogg_check(&page);
        page[22..26].copy_from_slice(&check.to_le_bytes());
        Some(page)
    }
}

/// The checksum of a page whose own field is zero (RFC 3533 §6, field 7).
fn ogg_check(page: &[u8]) -> u32 {
    page.iter().fold(0, |check, byte| {
        (0..8).fold(check ^ u32::from(*byte) << 24, |check, _| {
            let shifted = check << 1;
            if check >> 31 == 1 { shifted ^ 0x04c1_1db7 } else { shifted }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_is_one_that_others_read() {
        let mut bytes = Vec::new();
        let mut writer = ogg::PacketWriter::new(&mut bytes);
        writer.write_packet(vec![1; 19], 7, ogg::PacketWriteEndInfo::EndPage, 0).unwrap();
        writer.write_packet(vec![2; 300], 7, ogg::PacketWriteEndInfo::EndPage, 960).unwrap();
        drop(writer);
        let end = (0..bytes.len()).rev().find_map(|at| MixEnd::read(&bytes[at..], 312)).unwrap();
        assert_eq!((end.granule, end.serial, end.page, end.duration_ms()), (960, 7, 1, 13));
        bytes.extend_from_slice(&end.last_page().unwrap());
        let mut reader = ogg::PacketReader::new(std::io::Cursor::new(&bytes));
        assert_eq!(std::iter::from_fn(|| reader.read_packet().unwrap()).count(), 3);
        let ended = MixEnd::read(&bytes[bytes.len() - LAST_PAGE..], 0).unwrap();
        assert_eq!((ended.last_page(), ended.page), (None, 2));
    }

    #[test]
    fn events_tell_the_story() {
        let mut story = Story::default();
        for event in [
            r#"{"at_ms":0,"type":"begin","version":1}"#,
            r#"{"at_ms":40,"type":"stream","stream":2,"peer":"0000000000000000000000000000000a","sources":["microphone"],"starts_ms":40}"#,
            r#"{"at_ms":900,"type":"gap","stream":2,"source":"microphone","from_ms":100,"to_ms":140,"reason":"loss"}"#,
            r#"{"at_ms":2000,"type":"stream_end","stream":2,"duration_ms":1960}"#,
            r#"{"at_ms":nonsense"#,
            "nonsense",
        ] {
            story.event(event);
        }
        assert_eq!((story.gaps, story.duration_ms(), story.streams.len()), (1, 2000, 1));
        assert_eq!((story.streams[0].starts_ms, story.streams[0].duration_ms), (40, 1960));
    }
}
