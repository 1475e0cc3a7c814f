//! From packets to the bytes of files, without a clock, files or threads.
//!
//! ```text
//! order -> audio (timeline, holes filled)       -> reel -> webm
//!       \> video (vp8, timeline, only whole)    /
//!          audio -> mix -> ogg
//! ```
//!
//! Tracks are kept as they were sent, and nothing is ever changed that has been written. Each file says in an event where it begins in the
//! recording; what was lost, silent or moved is told in events as well, so that what is heard can be told from what was said.

mod audio;
mod books;
mod ebml;
mod levels;
mod member;
mod mix;
mod ogg;
mod order;
mod reel;
mod scan;
mod timeline;
mod toc;
mod video;
mod vp8;
mod webm;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::{Duration, Instant},
};

pub use self::{
    books::opened,
    scan::{Mended, Scan},
};
use self::{
    books::{Books, Desk, hex},
    member::Member,
};
use super::{Output, SenderClock, Source, StreamId, StreamSummary, Tapped};
use crate::control::PeerId;

/// Packets that come to us later than this have waited for us, and more wait behind them.
const BEHIND: Duration = Duration::from_millis(100);

/// Whether there is a file with all voices together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    On,
    Off,
}

/// What becomes of one recording. Times that are given to it go up.
pub struct Pipeline {
    epoch: Instant,
    members: BTreeMap<PeerId, Member>,
    /// Nothing more is taken of them.
    gone: BTreeSet<PeerId>,
    books: Books,
    has_begun: bool,
    /// When the last packet came, of those since the last tick.
    came: Option<Instant>,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("members", &self.members.keys()).finish_non_exhaustive()
    }
}

impl Pipeline {
    /// `notice` is said at the start of the mix: Ogg with Opus, or nothing. Without libopus there is no mix.
    pub fn new(epoch: Instant, notice: &[u8], mix: Mix) -> Self {
        let mix = match mix {
            Mix::On => mix::Mix::new(notice).inspect_err(|error| tracing::error!(%error, "recorded without a mix")).ok(),
            Mix::Off => None,
        };
        Self { epoch, members: BTreeMap::new(), gone: BTreeSet::new(), books: Books::new(mix), has_begun: false, came: None }
    }

    pub fn packet(&mut self, packet: &Tapped<'_>, out: &mut impl Output) {
        self.came = Some(packet.at);
        if let Some((member, mut desk)) = self.member(packet.peer, packet.at, out) {
            member.packet(packet, &mut desk);
        }
    }

    pub fn sender_report(&mut self, report: &SenderClock, out: &mut impl Output) {
        if let Some((member, mut desk)) = self.member(report.peer, report.at, out) {
            member.sender_report(report, &mut desk);
        }
    }

    /// Writes down a JSON object without a time. What is none is let go.
    pub fn note(&mut self, at: Instant, note: &str, out: &mut impl Output) {
        self.desk(at, out).1.note(note);
    }

    pub fn member_joined(&mut self, at: Instant, peer: PeerId, out: &mut impl Output) {
        if let Some((_, mut desk)) = self.member(peer, at, out) {
            desk.tell(format_args!(r#""type":"join","peer":"{}""#, hex(peer)));
        }
    }

    /// Their files end here, and nothing more is taken of them.
    pub fn member_left(&mut self, at: Instant, peer: PeerId, out: &mut impl Output) {
        let (members, mut desk) = self.desk(at, out);
        if let Some(mut member) = members.remove(&peer) {
            member.finish(true, &mut desk);
            desk.tell(format_args!(r#""type":"leave","peer":"{}""#, hex(peer)));
        }
        self.gone.insert(peer);
    }

    /// A source is not sent any more. The file of a screen ends here, and that with a camera: its last picture must not stand as if it were
    /// seen. Another file begins with what comes then.
    pub fn source_ended(&mut self, at: Instant, peer: PeerId, source: Source, out: &mut impl Output) {
        let (members, mut desk) = self.desk(at, out);
        if let Some(member) = members.get_mut(&peer) {
            desk.ended(peer, source);
            member.ended(source, &mut desk);
        }
    }

    /// To be called every 100 ms: gives up what comes no more, writes what is complete. Whoever has let packets wait need not care: while
    /// those are old that are handed over, nothing is given up that may be among the next.
    pub fn tick(&mut self, now: Instant, out: &mut impl Output) {
        let now = self.came.take().map_or(now, |came| now.min(came + BEHIND));
        let (members, mut desk) = self.desk(now, out);
        members.values_mut().for_each(|member| member.tick(&mut desk));
        let known = members.values().filter_map(Member::known_until).min().unwrap_or(i64::MAX);
        if let Some(mix) = &mut desk.books.mix {
            mix.advance(desk.now_us, known, desk.out);
        }
        while let Some(block) = desk.books.mix.as_mut().and_then(mix::Mix::take_levels) {
            desk.tell(format_args!("{block}"));
        }
    }

    /// Ends all streams. What there is of each, and how many stretches of all are missing.
    pub fn finish(&mut self, now: Instant, out: &mut impl Output) -> (Vec<StreamSummary>, u64) {
        let (members, mut desk) = self.desk(now, out);
        while let Some((_, mut member)) = members.pop_first() {
            member.finish(false, &mut desk);
        }
        let duration_ms = desk.now_ms();
        let common = |stream, bytes| StreamSummary { stream, peer: None, sources: Vec::new(), starts_ms: 0, duration_ms, bytes };
        if let Some(mix) = &mut desk.books.mix {
            mix.finish(desk.now_us, desk.out);
            desk.books.ended.push(common(StreamId::MIX, mix.bytes()));
        }
        let now_us = desk.now_us;
        let rest = desk.books.mix.as_mut().map(|mix| mix.finish_levels(now_us));
        for block in rest.into_iter().flatten() {
            desk.tell(format_args!("{block}"));
        }
        desk.tell(format_args!(r#""type":"end""#));
        desk.books.ended.push(common(StreamId::EVENTS, desk.books.bytes));
        let mut streams = std::mem::take(&mut desk.books.ended);
        streams.sort_by_key(|summary| summary.stream);
        (streams, desk.books.gaps)
    }

    /// Who would be understood sooner for a key frame, since the last call.
    pub fn wants_keyframe(&mut self, wishes: &mut Vec<(PeerId, Source)>) {
        wishes.append(&mut self.books.wishes);
    }

    fn member<'a>(&'a mut self, peer: PeerId, at: Instant, out: &'a mut impl Output) -> Option<(&'a mut Member, Desk<'a>)> {
        if self.gone.contains(&peer) {
            return None;
        }
        let (members, desk) = self.desk(at, out);
        Some((members.entry(peer).or_insert_with(|| Member::new(peer)), desk))
    }

    fn desk<'a>(&'a mut self, at: Instant, out: &'a mut impl Output) -> (&'a mut BTreeMap<PeerId, Member>, Desk<'a>) {
        let now_us = at.saturating_duration_since(self.epoch).as_micros() as i64;
        let mut desk = Desk { books: &mut self.books, out, now_us };
        if !std::mem::replace(&mut self.has_begun, true) {
            desk.tell(format_args!(r#""type":"begin","version":1"#));
        }
        (&mut self.members, desk)
    }
}
