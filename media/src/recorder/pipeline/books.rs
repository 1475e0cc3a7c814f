//! What all tracks of a recording share: the numbers of streams, the events, the count of gaps, the mix.

use std::fmt;

use super::{audio::Reason, mix::Mix};
use crate::{
    control::PeerId,
    recorder::{Output, Source, StreamId, StreamSummary},
};

pub(super) struct Books {
    pub(super) mix: Option<Mix>,
    /// Of streams that have ended.
    pub(super) ended: Vec<StreamSummary>,
    pub(super) gaps: u64,
    /// Who is to be asked for a key frame.
    pub(super) wishes: Vec<(PeerId, Source)>,
    next_stream: u16,
    /// Of the events.
    pub(super) bytes: u64,
}

impl Books {
    pub(super) fn new(mix: Option<Mix>) -> Self {
        Self { mix, ended: Vec::new(), gaps: 0, wishes: Vec::new(), next_stream: StreamId::FIRST_TRACK.0, bytes: 0 }
    }
}

/// The books open at a time, and where to write.
pub(super) struct Desk<'a> {
    pub(super) books: &'a mut Books,
    pub(super) out: &'a mut dyn Output,
    pub(super) now_us: i64,
}

impl Desk<'_> {
    pub(super) fn now_ms(&self) -> u64 {
        millis(self.now_us)
    }

    /// The number of a new stream; unset when all are used up.
    pub(super) fn open_stream(&mut self) -> Option<StreamId> {
        let stream = self.books.next_stream;
        self.books.next_stream = stream.checked_add(1)?;
        Some(StreamId(stream))
    }

    /// Writes an event; `fields` are those of a JSON object, without the braces.
    pub(super) fn tell(&mut self, fields: fmt::Arguments<'_>) {
        let line = format!("{{\"at_ms\":{},{fields}}}\n", self.now_ms());
        self.write_events(&line);
    }

    /// Writes an object from outside, with the time as its first field. What is no object is let go.
    pub(super) fn note(&mut self, note: &str) {
        let Some(fields) = note.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { return };
        // In JSON a line can only end between tokens.
        let fields = fields.trim().replace(['\n', '\r'], " ");
        let comma = if fields.is_empty() { "" } else { "," };
        let line = format!("{{\"at_ms\":{}{comma}{fields}}}\n", self.now_ms());
        self.write_events(&line);
    }

    pub(super) fn gap(&mut self, stream: StreamId, source: Source, from_ms: u64, to_ms: u64, reason: Reason) {
        self.books.gaps += 1;
        let (source, reason) = (name(source), reason.name());
        self.tell(format_args!(
            r#""type":"gap","stream":{},"source":"{source}","from_ms":{from_ms},"to_ms":{to_ms},"reason":"{reason}""#,
            stream.0
        ));
    }

    /// A source is not sent any more.
    pub(super) fn ended(&mut self, peer: PeerId, source: Source) {
        self.tell(format_args!(r#""type":"ended","peer":"{}","source":"{}""#, hex(peer), name(source)));
    }

    fn write_events(&mut self, line: &str) {
        self.books.bytes += line.len() as u64;
        self.out.write(StreamId::EVENTS, line.as_bytes());
    }
}

/// What the event tells that says a stream begins; its end is not known then. Unset for other events.
pub fn opened(event: &str) -> Option<StreamSummary> {
    let rest = event.split_once(r#","type":"stream","stream":"#)?.1;
    let (stream, rest) = rest.split_once(r#","peer":""#)?;
    let (peer, rest) = rest.split_once(r#"","sources":["#)?;
    let (names, rest) = rest.split_once(r#"],"starts_ms":"#)?;
    let all = [Source::Microphone, Source::Camera, Source::Screen];
    let source = |quoted: &str| all.into_iter().find(|source| quoted.trim_matches('"') == name(*source));
    Some(StreamSummary {
        stream: StreamId(stream.parse().ok()?),
        peer: Some(PeerId(u128::from_str_radix(peer, 16).ok()?)),
        sources: names.split(',').map(source).collect::<Option<_>>()?,
        starts_ms: rest.trim_end().strip_suffix('}')?.parse().ok()?,
        duration_ms: 0,
        bytes: 0,
    })
}

/// A peer as events name it.
pub(super) fn hex(peer: PeerId) -> impl fmt::Display {
    fmt::from_fn(move |f| write!(f, "{:032x}", peer.0))
}

pub(super) fn name(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
    }
}

/// Nothing is before the start.
pub(super) fn millis(us: i64) -> u64 {
    u64::try_from(us / 1000).unwrap_or(0)
}
