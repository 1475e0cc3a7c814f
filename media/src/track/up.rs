//! An up track: what a publisher sends us on one m-line, from authenticated packet to packet worth forwarding.

use std::time::{Duration, Instant};

use super::{
    Kind, Ssrc,
    keyframe::KeyframeRequests,
    layers::{Layer, Meter},
    nack::{CachedPacket, Due, MAX_MISSING, MissingPackets, PacketCache},
    reception::Reception,
    vp8::Descriptor,
};
use crate::{
    room::{Feedback, MediaLine},
    rtcp::{Compound, ReportBlock, SenderInfo},
    rtp::{Extensions, Header, PLAYOUT_DELAY, PlayoutDelay},
    srtp::ReplayWindow,
};

/// A source that was not announced may take a track over once the source it has was silent for this long.
const SILENCE: Duration = Duration::from_secs(1);

/// A stream that was not heard for so long has stopped: its camera is off, its screen no longer shared. (A screen that stands still comes
/// about once a second.)
const STOPPED: Duration = Duration::from_secs(5);

/// A gap shows when the next packet comes, which may be of the next frame.
const FRAME: Duration = Duration::from_millis(40);

/// Pictures that wait longer than this are none to talk by: then it is better that they stand still at times.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// The two streams of an up track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Media,
    /// RFC 4588.
    Rtx,
}

/// Names one run of packet indexes: a new source begins a new one. Unique in the room, so that a down track sees every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(pub(crate) u64);

/// What a down track has to know of a packet besides its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaPacket {
    pub(crate) generation: Generation,
    /// ROC and SEQ of the publisher. Within one generation, an index is forwarded once.
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) padding: bool,
    pub(crate) starts_keyframe: bool,
    /// Of a picture.
    pub(crate) descriptor: Descriptor,
    /// RFC 6464, if the publisher tells it.
    pub(crate) audio_level: Option<u8>,
    /// Of a picture: what the publisher wants, and what repairs on its line take.
    pub(crate) playout_delay: PlayoutDelay,
}

/// What of a packet's header goes on to subscribers.
#[derive(Clone, Copy, Debug)]
struct Plain {
    timestamp: u32,
    marker: bool,
    padding: bool,
}

impl From<&Header> for Plain {
    fn from(&Header { timestamp, marker, padding, .. }: &Header) -> Self {
        Self { timestamp, marker, padding }
    }
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: Ssrc,
    heard: Instant,
}

#[derive(Debug)]
pub(crate) struct UpTrack {
    kind: Kind,
    feedback: Feedback,
    extensions: Extensions,
    clock_rate: u32,
    generation: Generation,
    media: Option<Stream>,
    rtx: Option<Stream>,
    /// Across media and RTX: a packet comes once, whichever way it came first. A second one with its index, but other content, would
    /// be sealed under a nonce that was used.
    seen: ReplayWindow,
    cache: PacketCache,
    missing: MissingPackets,
    keyframe: KeyframeRequests,
    fir_command: u8,
    reception: Reception,
    meter: Meter,
    /// Of the last key frame.
    pixels: u32,
    /// What the publisher wants; it says so only when that changes.
    playout_delay: PlayoutDelay,
}

impl UpTrack {
    pub(crate) fn new(line: &MediaLine, generation: Generation) -> Self {
        Self {
            kind: line.kind,
            feedback: line.feedback,
            extensions: line.extensions,
            clock_rate: line.clock_rate,
            generation,
            media: None,
            rtx: None,
            seen: ReplayWindow::default(),
            cache: PacketCache::new(line.kind),
            missing: MissingPackets::new(),
            keyframe: KeyframeRequests::default(),
            fir_command: 0,
            reception: Reception::new(line.clock_rate),
            meter: Meter::default(),
            pixels: 0,
            playout_delay: PlayoutDelay::default(),
        }
    }

    /// A renegotiation that leaves the track in place.
    pub(crate) fn configure(&mut self, line: &MediaLine) {
        self.feedback = line.feedback;
        self.extensions = line.extensions;
    }

    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    pub(crate) fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// Whether the publisher's rate is told by goog-remb.
    pub(crate) fn wants_remb(&self) -> bool {
        self.kind == Kind::Video && self.feedback.remb
    }

    pub(crate) fn ssrc(&self) -> Option<Ssrc> {
        self.media.map(|stream| stream.ssrc)
    }

    /// Whether there is something to send on: what is silent takes no share of anybody's bandwidth.
    pub(crate) fn is_sending(&self, now: Instant) -> bool {
        self.media.is_some_and(|stream| now.saturating_duration_since(stream.heard) < STOPPED)
    }

    pub(crate) fn pixels(&self) -> u32 {
        self.pixels
    }

    /// What it is as one of several layers.
    pub(crate) fn layer(&self, now: Instant) -> Layer {
        let is_sent = self.live_source(now, Role::Media).is_some();
        Layer { is_sent, pixels: self.pixels, bitrate: self.meter.bitrate() }
    }

    /// The source of one stream, if there is one that was heard lately: then no other may take its place.
    pub(crate) fn live_source(&self, now: Instant, role: Role) -> Option<Ssrc> {
        let stream = *self.stream(role);
        stream.filter(|stream| now.saturating_duration_since(stream.heard) < SILENCE).map(|stream| stream.ssrc)
    }

    /// A new source for one stream. For media everything begins anew, under a generation of its own.
    pub(crate) fn bind(&mut self, now: Instant, role: Role, ssrc: Ssrc, generation: Generation) {
        *self.stream_mut(role) = Some(Stream { ssrc, heard: now });
        if role == Role::Media {
            self.generation = generation;
            self.seen = ReplayWindow::default();
            self.missing.clear();
            self.reception = Reception::new(self.clock_rate);
            self.meter = Meter::default();
            self.playout_delay = PlayoutDelay::default();
            self.ask_keyframe();
            self.cache.clear();
        }
    }

    /// The source said goodbye, or was renegotiated away.
    pub(crate) fn unbind(&mut self, ssrc: Ssrc) {
        self.rtx = self.rtx.filter(|stream| stream.ssrc != ssrc);
        if self.ssrc() == Some(ssrc) {
            self.media = None;
            self.missing.clear();
        }
    }

    /// An authenticated packet of the media stream.
    pub(crate) fn take_media(&mut self, now: Instant, header: &Header, index: u64, payload: &[u8]) -> Option<MediaPacket> {
        self.reception.packet(now, index, header.timestamp);
        if let Some(media) = &mut self.media {
            media.heard = now;
        }
        self.take(now, header.into(), index, payload)
    }

    /// An authenticated packet of the RTX stream; `original` is the sequence number in its first two bytes, `payload` is what follows.
    pub(crate) fn take_rtx(&mut self, now: Instant, header: &Header, original: u16, payload: &[u8]) -> Option<MediaPacket> {
        if let Some(rtx) = &mut self.rtx {
            rtx.heard = now;
        }
        self.seen.highest()?;
        let index = self.seen.index_of(original)?;
        self.take(now, header.into(), index, payload)
    }

    /// A packet that came along with a later one of the media stream. Only what is missing since the newest is of use; what is older than
    /// this run may be what was said on hold.
    pub(crate) fn take_brought(&mut self, now: Instant, timestamp: u32, index: u64, payload: &[u8]) -> Option<MediaPacket> {
        let is_missing = self.seen.highest().is_some_and(|highest| highest < index);
        let header = Plain { timestamp, marker: false, padding: false };
        (is_missing && !payload.is_empty()).then(|| self.take(now, header, index, payload))?
    }

    fn take(&mut self, now: Instant, header: Plain, index: u64, payload: &[u8]) -> Option<MediaPacket> {
        if !self.seen.is_new(index) {
            return None;
        }
        self.note_gap(now, index);
        self.seen.mark(index);
        let descriptor = if self.kind == Kind::Video { Descriptor::parse(payload) } else { Descriptor::default() };
        let keyframe = descriptor.keyframe(payload);
        if let Some(pixels) = keyframe {
            self.keyframe.keyframe_seen();
            self.pixels = pixels;
        }
        self.meter.came(now, payload.len());
        let Plain { timestamp, marker, padding } = header;
        self.cache.insert(index, CachedPacket { timestamp, marker, padding, payload });
        let (generation, starts_keyframe) = (self.generation, keyframe.is_some());
        let playout_delay = self.playout_delay(now);
        Some(MediaPacket {
            generation,
            index,
            timestamp,
            marker,
            padding,
            starts_keyframe,
            descriptor,
            audio_level: None,
            playout_delay,
        })
    }

    pub(crate) fn wants_playout_delay(&mut self, told: [u8; PLAYOUT_DELAY]) {
        self.playout_delay = PlayoutDelay::from_bytes(told);
    }

    /// A subscriber knows its own line, and waits for what is repaired there. Of the publisher's line it knows nothing: without being told
    /// it would stand still for each repair.
    pub(crate) fn playout_delay(&self, now: Instant) -> PlayoutDelay {
        let repairs = self.missing.repair_time(now).map(|time| PlayoutDelay::at_least((time + FRAME).min(LONGEST_WAIT)));
        self.playout_delay.and(repairs.unwrap_or_default())
    }

    fn note_gap(&mut self, now: Instant, index: u64) {
        let Some(highest) = self.seen.highest().filter(|_| self.kind == Kind::Video && self.feedback.nack) else { return };
        if index < highest {
            self.missing.came(now, index);
        } else if self.missing.skipped(now, highest, index).is_err() {
            self.ask_keyframe();
        }
    }

    /// What was sent under this index, if it is still at hand.
    pub(crate) fn cached(&self, generation: Generation, index: u64) -> Option<CachedPacket<'_>> {
        (generation == self.generation).then(|| self.cache.get(index))?
    }

    /// A subscriber cannot go on without a keyframe.
    pub(crate) fn ask_keyframe(&mut self) {
        if self.kind == Kind::Video && (self.feedback.pli || self.feedback.fir) {
            self.keyframe.ask();
        }
    }

    /// When there are packets to ask for.
    pub(crate) fn nack_due(&self) -> Option<Instant> {
        self.media.and_then(|_| self.missing.due())
    }

    /// When a keyframe is to be asked for: in the past if nothing holds it back.
    pub(crate) fn keyframe_due(&self, now: Instant) -> Option<Instant> {
        self.keyframe.due(now, self.media?.heard)
    }

    /// Writes what the publisher is to be asked for now, and tells whether a keyframe is among it.
    pub(crate) fn feedback(&mut self, now: Instant, sender: Ssrc, compound: &mut Compound) -> bool {
        let Some(Stream { ssrc: media, heard }) = self.media else { return false };
        let mut lost = [0; MAX_MISSING];
        let Due { count, gave_up } = self.missing.take_due(now, &mut lost);
        if gave_up {
            self.ask_keyframe();
        }
        let keyframe = self.keyframe.take_due(now, heard);
        if count == 0 && !keyframe {
            return false;
        }
        compound.receiver_report(sender, &[]);
        if count > 0 {
            compound.nack(sender, media, &lost[..count]);
        }
        if keyframe && self.feedback.pli {
            compound.pli(sender, media);
        } else if keyframe {
            self.fir_command = self.fir_command.wrapping_add(1);
            compound.fir(sender, media, self.fir_command);
        }
        keyframe
    }

    pub(crate) fn sender_report(&mut self, now: Instant, info: SenderInfo) {
        self.reception.sender_report(now, info);
    }

    pub(crate) fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        self.reception.report(now, self.ssrc()?.0)
    }

    fn stream(&self, role: Role) -> &Option<Stream> {
        match role {
            Role::Media => &self.media,
            Role::Rtx => &self.rtx,
        }
    }

    fn stream_mut(&mut self, role: Role) -> &mut Option<Stream> {
        match role {
            Role::Media => &mut self.media,
            Role::Rtx => &mut self.rtx,
        }
    }
}
