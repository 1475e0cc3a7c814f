//! A call in virtual time, and what was recorded of it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use opus::{Application, Channels, Encoder};
use staffline_media::{
    control::PeerId,
    recorder::{
        Output, SenderClock, Source, StreamId, StreamSummary, Tapped,
        pipeline::{Mix, Pipeline},
    },
};

use crate::reading::File;

pub(crate) const ANNA: PeerId = PeerId(0xa);
pub(crate) const BORIS: PeerId = PeerId(0xb);

/// The streams as they would be read back.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    pub(crate) bytes: BTreeMap<StreamId, Vec<u8>>,
    /// How long a stream was after it was written to.
    pub(crate) writes: Vec<(StreamId, usize)>,
    /// First bytes that have given way to others.
    pub(crate) replaced: BTreeMap<StreamId, Vec<u8>>,
}

impl Output for Streams {
    fn write(&mut self, stream: StreamId, bytes: &[u8]) {
        let all = self.bytes.entry(stream).or_default();
        all.extend_from_slice(bytes);
        self.writes.push((stream, all.len()));
    }

    fn replace_head(&mut self, stream: StreamId, bytes: &[u8]) {
        let all = self.bytes.get_mut(&stream).unwrap();
        self.replaced.insert(stream, all[..bytes.len()].to_vec());
        all[..bytes.len()].copy_from_slice(bytes);
    }
}

/// A packet of somebody's, of its own memory. It says when it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) at_us: u64,
    pub(crate) peer: PeerId,
    pub(crate) source: Source,
    pub(crate) generation: u64,
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Vec<u8>,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Packet(Packet),
    /// Arrival, peer, source, generation, the sender's clock in microseconds, and the timestamp.
    Report(u64, PeerId, Source, u64, u64, u32),
    Join(u64, PeerId),
    Leave(u64, PeerId),
    Ended(u64, PeerId, Source),
}

impl What {
    fn at_us(&self) -> u64 {
        match self {
            Self::Packet(packet) => packet.at_us,
            Self::Report(at, ..) | Self::Join(at, _) | Self::Leave(at, _) | Self::Ended(at, ..) => *at,
        }
    }
}

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) streams: Streams,
    pub(crate) summaries: Vec<StreamSummary>,
    pub(crate) gaps: u64,
    /// When who was asked for a key frame.
    pub(crate) wishes: Vec<(u64, PeerId, Source)>,
}

impl Recorded {
    pub(crate) fn bytes(&self, stream: StreamId) -> &[u8] {
        &self.streams.bytes[&stream]
    }

    /// The track files of somebody.
    pub(crate) fn files(&self, peer: PeerId) -> Vec<(&StreamSummary, File)> {
        let theirs = self.summaries.iter().filter(|summary| summary.peer == Some(peer));
        theirs.map(|summary| (summary, File::read(self.bytes(summary.stream)))).collect()
    }

    /// The only track file of somebody.
    pub(crate) fn file(&self, peer: PeerId) -> (&StreamSummary, File) {
        let mut files = self.files(peer);
        assert_eq!(files.len(), 1);
        files.remove(0)
    }

    pub(crate) fn events(&self) -> Vec<String> {
        let events = std::str::from_utf8(self.bytes(StreamId::EVENTS)).unwrap();
        events.lines().map(str::to_owned).collect()
    }

    /// The gaps: stream, from, to, reason.
    pub(crate) fn gaps(&self) -> Vec<(u64, u64, u64, String)> {
        let gaps = self.events().into_iter().filter(|event| event.contains(r#""type":"gap""#));
        gaps.map(|gap| (number(&gap, "stream"), number(&gap, "from_ms"), number(&gap, "to_ms"), text(&gap, "reason"))).collect()
    }
}

/// A number of an event's.
pub(crate) fn number(event: &str, field: &str) -> u64 {
    let rest = event.split_once(&format!("\"{field}\":")).unwrap().1;
    rest.split([',', '}']).next().unwrap().parse().unwrap()
}

fn text(event: &str, field: &str) -> String {
    event.split_once(&format!("\"{field}\":\"")).unwrap().1.split('"').next().unwrap().to_owned()
}

/// Plays what happens, with a tick every 100 ms, up to the end.
pub(crate) fn record(mix: Mix, notice: &[u8], mut what: Vec<What>, end_ms: u64) -> Recorded {
    // The recording goes by differences, so any start will do.
    let epoch = start();
    let mut pipeline = Pipeline::new(epoch, notice, mix);
    let mut streams = Streams::default();
    let (mut wishes, mut asked) = (Vec::new(), Vec::new());
    let at = |us: u64| epoch + Duration::from_micros(us);
    what.sort_by_key(What::at_us);
    let mut what = what.into_iter().take_while(|what| what.at_us() <= end_ms * 1000).peekable();
    for tick_ms in (0..=end_ms).step_by(100) {
        while let Some(what) = what.next_if(|what| what.at_us() <= tick_ms * 1000) {
            happen(&mut pipeline, &mut streams, at(what.at_us()), what);
        }
        pipeline.tick(at(tick_ms * 1000), &mut streams);
        pipeline.wants_keyframe(&mut asked);
        wishes.extend(asked.drain(..).map(|(peer, source)| (tick_ms, peer, source)));
    }
    for what in what {
        happen(&mut pipeline, &mut streams, at(what.at_us()), what);
    }
    let (summaries, gaps) = pipeline.finish(at(end_ms * 1000), &mut streams);
    Recorded { streams, summaries, gaps, wishes }
}

#[expect(clippy::disallowed_methods, reason = "there is no other way to have a time")]
pub(crate) fn start() -> Instant {
    Instant::now()
}

pub(crate) fn happen(pipeline: &mut Pipeline, streams: &mut Streams, at: Instant, what: What) {
    match what {
        What::Packet(packet) => {
            let Packet { peer, source, generation, index, timestamp, marker, payload, .. } = &packet;
            let (peer, source, generation, index) = (*peer, *source, *generation, *index);
            let tapped = Tapped { at, peer, source, generation, index, timestamp: *timestamp, marker: *marker, payload };
            pipeline.packet(&tapped, streams);
        }
        What::Report(_, peer, source, generation, clock_us, timestamp) => {
            let ntp = ((u128::from(clock_us) << 32) / 1_000_000) as u64;
            pipeline.sender_report(&SenderClock { at, peer, source, generation, ntp, timestamp }, streams);
        }
        What::Join(_, peer) => pipeline.member_joined(at, peer, streams),
        What::Leave(_, peer) => pipeline.member_left(at, peer, streams),
        What::Ended(_, peer, source) => pipeline.source_ended(at, peer, source, streams),
    }
}

/// An Opus packet of 20 ms that tells when it was taken; no decoder is to hear it.
pub(crate) fn dated(ms: u64) -> Vec<u8> {
    [&[0xfc][..], &ms.to_be_bytes()].concat()
}

/// When that was, for a packet of [`dated`].
pub(crate) fn date(payload: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(payload.get(1..)?.try_into().ok()?))
}

/// What a microphone sends from `from_ms` to `to_ms`: a packet every 20 ms, which comes as it is sent.
pub(crate) fn voice(peer: PeerId, from_ms: u64, to_ms: u64, payload: impl Fn(u64) -> Vec<u8>) -> Vec<Packet> {
    // Both wrap soon.
    let (index, timestamp) = (65_500, u32::MAX - 9_600);
    let packet = |frame: u64| Packet {
        at_us: (from_ms + 20 * (frame + 1)) * 1000,
        peer,
        source: Source::Microphone,
        generation: 1,
        index: index + frame,
        timestamp: timestamp.wrapping_add(960 * frame as u32),
        marker: frame == 0,
        payload: payload(from_ms + 20 * frame),
    };
    (0..(to_ms - from_ms) / 20).map(packet).collect()
}

/// What a camera sends of these frames, each with the time when it was taken: packets of at most a kilobyte.
pub(crate) fn pictures(peer: PeerId, source: Source, frames: &[(u64, Vec<u8>)]) -> Vec<Packet> {
    let mut packets = Vec::new();
    let timestamp = u32::MAX - 90_000;
    for (ms, frame) in frames {
        let last = frame.chunks(1000).count() - 1;
        for (number, part) in frame.chunks(1000).enumerate() {
            packets.push(Packet {
                at_us: ms * 1000,
                peer,
                source,
                generation: 1,
                index: 65_000 + packets.len() as u64,
                timestamp: timestamp.wrapping_add((ms * 90) as u32),
                marker: number == last,
                payload: [&[if number == 0 { 0x10 } else { 0 }], part].concat(),
            });
        }
    }
    packets
}

pub(crate) fn happens(packets: impl IntoIterator<Item = Packet>) -> Vec<What> {
    packets.into_iter().map(What::Packet).collect()
}

/// The head of a VP8 key frame and as many bytes behind it: enough for whoever does not decode it.
pub(crate) fn key_frame(width: u16, height: u16, len: usize) -> Vec<u8> {
    let mut frame = vec![0x10, 0, 0, 0x9d, 0x01, 0x2a];
    frame.extend_from_slice(&width.to_le_bytes());
    frame.extend_from_slice(&height.to_le_bytes());
    frame.resize(10 + len, 0);
    frame
}

pub(crate) fn delta_frame(len: usize) -> Vec<u8> {
    let mut frame = vec![0x11, 0, 0];
    frame.resize(3 + len, 0);
    frame
}

/// Real sound: a tone where `is_on`, else silence, in packets of 20 ms.
pub(crate) fn tone(frames: u64, is_on: impl Fn(u64) -> bool) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap();
    let frame = |frame: u64| {
        let sample = |sample: u64| if is_on(frame) { (sample as f32 * 0.0576).sin() * 0.4 } else { 0.0 };
        let samples = (frame * 960..(frame + 1) * 960).map(sample).collect::<Vec<_>>();
        encoder.encode_vec_float(&samples, 1275).unwrap()
    };
    (0..frames).map(frame).collect()
}

/// A seeded source of numbers (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}
