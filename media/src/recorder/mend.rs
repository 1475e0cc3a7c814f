//! What the streams of a recording lack that broke off: tracks their lengths and their tables of contents, the mix its last page, the events
//! a line that says so. Pure but for what it reads.

use std::ops::Range;

use super::pipeline::{Mended as Ending, Scan, opened};
use super::reader::{ReadError, Reader, Source};
use super::segment::SegmentWriter;
use super::{Output, StreamId, StreamSummary};

/// So much of a stream is looked at in one go.
const STEP: u64 = 1 << 20;

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
            apply(writer, summary.stream, &mended);
            summary.duration_ms = summary.duration_ms.max(mended.duration_ms);
        }
    }
    // A file that had only just begun has nothing in it to hear.
    story.streams.retain(|summary| summary.duration_ms > 0);
    let mut duration_ms = story.duration_ms();
    if reader.stream_len(StreamId::MIX).is_some()
        && let Some(mended) = scan(reader, StreamId::MIX)?
    {
        apply(writer, StreamId::MIX, &mended);
        duration_ms = duration_ms.max(mended.duration_ms);
        story.streams.push(common(StreamId::MIX, mended.duration_ms));
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

fn apply(writer: &mut SegmentWriter, stream: StreamId, mended: &Ending) {
    mended.patches.iter().for_each(|(at, patch)| writer.patch(stream, *at, patch));
    writer.write(stream, &mended.tail);
}

fn scan<S: Source>(reader: &Reader<S>, stream: StreamId) -> Result<Option<Ending>, ReadError> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
