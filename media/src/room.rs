//! A room: every member's SRTP contexts, up tracks and down tracks, and the packet path between them.
//!
//! It is pure: it is told the time, gets datagrams in and writes datagrams out. The calls of one batch are
//!
//! ```text
//! for each media datagram i:  room.receive(now, member, i, datagram.data)
//! once, at the end:           room.flush(now, &batch, outbox)
//! ```
//!
//! `receive` decrypts in place and remembers what is to be forwarded; `flush` writes it, subscriber by subscriber, so that packets to the
//! same address follow one another. Between the two the batch must not be touched.

mod ahead;
mod description;
mod downlink;
mod fan_out;
mod feedback;
mod layers;
mod member;
mod pacer;
mod receive;
mod reports;
mod slots;
mod tap;
#[cfg(test)]
mod tests;
mod uplink;

use std::{ops::Range, time::Duration, time::Instant};

pub use description::{DownDescription, Extensions, Feedback, MediaDescription, MediaLine, Simulcast, UpDescription};

use crate::{
    control::{PeerId, RoomId},
    datagram::{Datagram, Route},
    outbox::Outbox,
    recorder::Source,
    rtcp::SenderInfo,
    rtp,
    srtp::{Rejected, SrtpKeys},
    table::Table,
    timers::{Scheduled, Timers},
    track::{Generation, Lost, MAX_LAYERS, MediaPacket, Mid, Rid, UpTrack},
};
use layers::LayerTap;
use member::{Line, Member};

/// A member of one room, given by [`Room::add_member`]. A key of a member that has gone is ignored wherever it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberKey {
    index: usize,
    generation: u64,
}

/// Which publisher a member's down slot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotView {
    /// The m-line of the subscriber.
    pub mid: Mid,
    pub publisher: PeerId,
    /// The m-line of the publisher.
    pub publisher_mid: Mid,
}

/// Counters since the room began; they stay when a member goes. Names as in [`crate::control::NodeReport`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomReport {
    pub media_packets_in: u64,
    pub media_bytes_in: u64,
    pub media_packets_out: u64,
    pub media_bytes_out: u64,
    /// The sum of `drops`.
    pub media_packets_dropped: u64,
    pub retransmitted_packets: u64,
    pub keyframe_requests: u64,
    pub drops: Drops,
    /// Publications that find no free slot at some member, now: each such pair counts.
    pub unplaced_publications: u64,
}

/// Why packets were not taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    pub malformed: u64,
    pub unauthenticated: u64,
    /// Seen before, too old to tell, or a retransmission of what had come already.
    pub replayed: u64,
    /// Of no negotiated payload type or source, or of a member without keys.
    pub unwanted: u64,
}

/// Counters and state of one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberReport {
    /// RTP packets of this member that authenticated and belong to a track.
    pub rtp_in: u64,
    /// RTP packets sent to this member, retransmissions left out.
    pub rtp_out: u64,
    /// Of the down track that has the longest, by the member's own reports.
    pub round_trip: Option<Duration>,
    /// Of the down track that loses most, in 256ths.
    pub fraction_lost: u8,
    /// Bit/s that the line to this member carries, where its reports tell.
    pub bandwidth: Option<u64>,
}

/// An up track's place in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UpKey(usize);

#[derive(Debug)]
struct Up {
    track: UpTrack,
    owner: MemberKey,
    /// What it is in a recording.
    source: Option<Source>,
    /// Two, since one deadline is always near and the other mostly far: with one, each near one would leave a far one behind in the table.
    nack_timer: Scheduled,
    keyframe_timer: Scheduled,
}

/// Who is woken by a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Nack(UpKey),
    Keyframe(UpKey),
    /// Receiver reports to the member at this index.
    Report(usize),
    /// What came of the member at this index, for its own estimate.
    Arrivals(usize),
    /// A faster run to the member at this index.
    Probe(usize),
    /// Pictures that wait for the line to the member at this index.
    Pace(usize),
    /// Pictures that the member at this index gets once more.
    Ahead(usize),
}

/// A decrypted packet that waits in the batch for [`Room::flush`].
#[derive(Clone, Debug)]
struct Pending {
    up: UpKey,
    index_in_batch: usize,
    payload: Range<usize>,
    packet: MediaPacket,
}

/// A packet that a subscriber has asked for again.
#[derive(Clone, Copy, Debug)]
struct Resend {
    member: usize,
    down: usize,
    up: UpKey,
    lost: Lost,
}

/// Why a packet was not taken.
#[derive(Clone, Copy, Debug)]
enum Dropped {
    Rejected(Rejected),
    Duplicate,
    Unwanted,
}

impl From<Rejected> for Dropped {
    fn from(reason: Rejected) -> Self {
        Self::Rejected(reason)
    }
}

/// Members, tracks, and what waits between [`Room::receive`] and [`Room::flush`]. The lists keep their room from batch to batch: once they
/// have grown to a batch's size, a packet costs no allocation.
#[derive(Debug)]
pub struct Room {
    members: Table<Member>,
    ups: Table<Up>,
    pending: Vec<Pending>,
    resends: Vec<Resend>,
    sender_reports: Vec<(UpKey, Generation, SenderInfo)>,
    timers: Timers<Timer>,
    /// Names members and runs of packets, each once.
    next_generation: u64,
    /// There may be a member whose line carries no picture for now.
    is_short: bool,
    /// All that comes in is recorded under this name.
    recorded: Option<RoomId>,
    report: RoomReport,
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl Room {
    pub fn new() -> Self {
        Self {
            members: Table::new(),
            ups: Table::new(),
            pending: Vec::new(),
            resends: Vec::new(),
            sender_reports: Vec::new(),
            timers: Timers::new(),
            next_generation: 0,
            is_short: false,
            recorded: None,
            report: RoomReport::default(),
        }
    }

    /// A member joins: its up tracks take a free slot at every other member, and the others' tracks take its slots. Nothing flows before
    /// [`Room::set_keys`] and [`Room::set_route`].
    pub fn add_member(&mut self, peer: PeerId, media: MediaDescription) -> MemberKey {
        let generation = self.new_generation().0;
        let index = self.members.insert(Member::new(MemberKey { index: 0, generation }, peer));
        let key = MemberKey { index, generation };
        if let Some(member) = self.members.get_mut(index) {
            member.key = key;
        }
        self.reconfigure(key, media);
        key
    }

    /// The member renegotiated. Up tracks are told by their mid, down tracks by their SSRC: what stays goes on without a break.
    pub fn reconfigure(&mut self, member: MemberKey, media: MediaDescription) {
        let Some(mut old) = self.member_mut(member).map(|member| std::mem::take(&mut member.lines)) else { return };
        let ups: Vec<_> = media.lines.iter().map(|line| self.configure_ups(member, line, &mut old)).collect();
        old.into_iter().flat_map(|line| line.ups).for_each(|up| self.remove_up(up));
        let Some(state) = self.members.get_mut(member.index) else { return };
        state.configure_downs(&media);
        state.pacer.clear();
        let line = |(description, (ups, tap))| Line { description, ups, tap };
        state.lines = media.lines.into_iter().zip(ups).map(line).collect();
        self.name_sources(member.index);
        let Some(state) = self.members.get_mut(member.index) else { return };
        state.rebind_sources(|up, ssrc| {
            if let Some(up) = self.ups.get_mut(up.0) {
                up.track.unbind(ssrc);
            }
        });
        // Its resends name down tracks by their place.
        self.resends.retain(|resend| resend.member != member.index);
        self.assign_slots();
    }

    /// The member goes; its slots at the others become free.
    pub fn remove_member(&mut self, member: MemberKey) {
        let Some(ups) =
            self.member(member).map(|member| member.lines.iter().flat_map(|line| line.ups.clone()).collect::<Vec<_>>())
        else {
            return;
        };
        self.members.remove(member.index);
        ups.into_iter().for_each(|up| self.remove_up(up));
        self.resends.retain(|resend| resend.member != member.index);
        self.assign_slots();
    }

    pub fn is_empty(&self) -> bool {
        self.members.len() == 0
    }

    /// DTLS is done. Calling it again with the same keys changes nothing.
    pub fn set_keys(&mut self, member: MemberKey, keys: SrtpKeys) {
        let Some(state) = self.member_mut(member) else { return };
        if state.set_keys(keys) {
            let shown: Vec<_> = state.downs.iter().filter_map(|down| down.shown.source).collect();
            self.ask_keyframes(&shown);
        }
    }

    /// Where to send: the pair that ICE nominated. Nothing is sent without it.
    pub fn set_route(&mut self, member: MemberKey, route: Option<Route>) {
        let Some(state) = self.member_mut(member) else { return };
        let had_one = std::mem::replace(&mut state.route, route).is_some();
        if !had_one && route.is_some() {
            let shown: Vec<_> = state.downs.iter().filter_map(|down| down.shown.source).collect();
            self.ask_keyframes(&shown);
        }
    }

    /// Takes an SRTP or SRTCP datagram of a member (first byte 128 to 191, RFC 7983). RTP is decrypted in place and remembered with
    /// `index_in_batch` until [`Room::flush`]; what RTCP asks for is queued for it.
    pub fn receive(&mut self, now: Instant, member: MemberKey, index_in_batch: usize, data: &mut [u8]) {
        self.report.media_packets_in += 1;
        self.report.media_bytes_in += data.len() as u64;
        let taken = if rtp::is_rtcp(data) {
            self.receive_rtcp(now, member, data)
        } else {
            self.receive_rtp(now, member, index_in_batch, data)
        };
        if let Err(reason) = taken {
            self.count_drop(reason);
        }
    }

    /// Sends what [`Room::receive`] remembered. `batch[i].data` must be the bytes given to it with index `i`.
    pub fn flush(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        self.tap(now, batch, out);
        self.forward(now, batch, out);
        self.forward_sender_reports(now, out);
        self.resend(now, out);
        self.handle_timeout(now, out);
    }

    /// When [`Room::handle_timeout`] wants to be called; ask again after each call of this room.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Sends what is due: receiver reports, NACKs, keyframe requests, REMB.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Outbox) {
        while let Some((at, timer)) = self.timers.pop_due(now) {
            match timer {
                Timer::Nack(up) | Timer::Keyframe(up) => self.send_feedback(now, at, timer, up, out),
                Timer::Report(member) => self.send_report(now, at, member, out),
                Timer::Arrivals(member) => self.send_arrivals(now, at, member, out),
                Timer::Probe(member) => self.send_probe(now, at, member, out),
                Timer::Pace(member) => self.send_waiting(now, at, member, out),
                Timer::Ahead(member) => self.send_ahead(now, at, member, out),
            }
        }
    }

    pub fn report(&self) -> RoomReport {
        let Drops { malformed, unauthenticated, replayed, unwanted } = self.report.drops;
        RoomReport { media_packets_dropped: malformed + unauthenticated + replayed + unwanted, ..self.report }
    }

    pub fn member_report(&self, member: MemberKey) -> Option<MemberReport> {
        let member = self.member(member)?;
        Some(MemberReport {
            rtp_in: member.rtp_in,
            rtp_out: member.rtp_out,
            round_trip: member.downs.iter().filter_map(|down| down.track.round_trip()).max(),
            fraction_lost: member.downs.iter().map(|down| down.track.fraction_lost()).max().unwrap_or(0),
            bandwidth: member
                .downlink
                .as_ref()
                .filter(|downlink| downlink.heard.is_some())
                .map(|downlink| downlink.estimator.bitrate()),
        })
    }

    /// What this member's down slots show, in the order of its m-lines; empty slots are left out.
    pub fn slots(&self, member: MemberKey) -> Vec<SlotView> {
        let Some(member) = self.member(member) else { return Vec::new() };
        let view = |down: &member::Down| {
            let source = down.shown.source?;
            let publisher = self.member(self.ups.get(source.0)?.owner)?;
            let publisher_mid = publisher.lines.iter().find(|line| line.ups.contains(&source))?.description.mid.clone();
            let mid = member.lines.get(down.line)?.description.mid.clone();
            Some(SlotView { mid, publisher: publisher.peer, publisher_mid })
        };
        member.downs.iter().filter_map(view).collect()
    }

    fn member(&self, key: MemberKey) -> Option<&Member> {
        self.members.get(key.index).filter(|member| member.key == key)
    }

    fn member_mut(&mut self, key: MemberKey) -> Option<&mut Member> {
        self.members.get_mut(key.index).filter(|member| member.key == key)
    }

    fn new_generation(&mut self) -> Generation {
        self.next_generation += 1;
        Generation(self.next_generation)
    }

    /// The up tracks of a line: those it had, which are taken out of `old`, and new ones. A layer is known by its rid.
    fn configure_ups(&mut self, owner: MemberKey, line: &MediaLine, old: &mut [Line]) -> (Vec<UpKey>, Option<LayerTap>) {
        let mut before = old.iter_mut().find(|old| old.description.mid == line.mid && old.description.kind == line.kind);
        let mut ups = Vec::new();
        for layer in layers_of(line) {
            let known = before.as_mut().and_then(|old| {
                let at = layers_of(&old.description).position(|known| known == layer)?;
                old.ups.get(at).copied()
            });
            let up = match known.and_then(|key| Some((key, self.ups.get_mut(key.0)?))) {
                Some((key, up)) => {
                    up.track.configure(line);
                    key
                }
                None => self.add_up(owner, line),
            };
            ups.push(up);
        }
        let mut tap = None;
        if let Some(old) = before {
            tap = old.tap.take().filter(|_| old.ups == ups);
            old.ups.retain(|up| !ups.contains(up));
        }
        if ups.len() > 1 && tap.is_none() {
            tap = Some(LayerTap::new(&ups, line.clock_rate, self.new_generation()));
        }
        (ups, tap)
    }

    fn add_up(&mut self, owner: MemberKey, line: &MediaLine) -> UpKey {
        let track = UpTrack::new(line, self.new_generation());
        UpKey(self.ups.insert(Up {
            track,
            owner,
            source: None,
            nack_timer: Scheduled::default(),
            keyframe_timer: Scheduled::default(),
        }))
    }

    /// Nothing of it may be forwarded any more: its key may soon be another's.
    fn remove_up(&mut self, key: UpKey) {
        self.ups.remove(key.0);
        self.pending.retain(|pending| pending.up != key);
        self.resends.retain(|resend| resend.up != key);
        self.sender_reports.retain(|(up, ..)| *up != key);
    }

    fn assign_slots(&mut self) {
        self.report.unplaced_publications = slots::assign(&mut self.members, &mut self.ups);
    }

    /// The requests go out with the next packet of the track, which also tells the time.
    fn ask_keyframes(&mut self, ups: &[UpKey]) {
        for key in ups {
            if let Some(up) = self.ups.get_mut(key.0) {
                up.track.ask_keyframe();
            }
        }
    }

    fn count_drop(&mut self, reason: Dropped) {
        let drops = &mut self.report.drops;
        *match reason {
            Dropped::Rejected(Rejected::Malformed) => &mut drops.malformed,
            Dropped::Rejected(Rejected::Unauthenticated) => &mut drops.unauthenticated,
            Dropped::Rejected(Rejected::Replayed) | Dropped::Duplicate => &mut drops.replayed,
            Dropped::Unwanted => &mut drops.unwanted,
        } += 1;
    }
}

/// What the member sends on a line, by rid: one stream without a name, where there is no simulcast.
fn layers_of(line: &MediaLine) -> impl Iterator<Item = Option<&Rid>> {
    let rids = line.up.as_ref().and_then(|up| up.simulcast.as_ref()).map(|simulcast| &simulcast.rids[..]);
    let unnamed = (line.up.is_some() && rids.is_none()).then_some(None);
    unnamed.into_iter().chain(rids.unwrap_or_default().iter().take(MAX_LAYERS).map(Some))
}

/// Wakes the room when the track has something to say.
fn schedule_feedback(timers: &mut Timers<Timer>, now: Instant, key: UpKey, up: &mut Up) {
    timers.schedule(Timer::Nack(key), &mut up.nack_timer, up.track.nack_due());
    timers.schedule(Timer::Keyframe(key), &mut up.keyframe_timer, up.track.keyframe_due(now));
}
