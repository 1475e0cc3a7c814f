//! What a recorded room hands to the recorder: every packet as it came in, and what ties the clocks of its senders together.

use std::time::Instant;

use super::{
    MemberKey, Room, Up, UpKey,
    member::{Line, Member},
};
use crate::{
    control::{PeerId, RoomId},
    datagram::Datagram,
    outbox::{Outbox, Recorded},
    recorder::{SenderClock, Source, Tapped},
    table::Table,
    track::Kind,
};

impl Room {
    /// From now on all that comes in is recorded under this name, or nothing any more.
    pub fn set_recorded(&mut self, room: Option<RoomId>) {
        self.recorded = room;
        let all: Vec<UpKey> =
            self.members.iter().flat_map(|member| member.lines.iter().flat_map(|line| line.ups.iter().copied())).collect();
        if room.is_some() {
            self.ask_keyframes(&all);
        }
    }

    pub fn recorded(&self) -> Option<RoomId> {
        self.recorded
    }

    /// What a member may send, as a recording names it.
    pub fn sources(&self, member: MemberKey) -> Vec<Source> {
        let lines = self.member(member).map(|member| &member.lines[..]).unwrap_or_default();
        lines.iter().filter_map(|line| self.ups.get(line.ups.first()?.0)?.source).collect()
    }

    /// The recorder cannot go on with this picture without a key frame.
    pub fn ask_keyframe_of(&mut self, peer: PeerId, source: Source) {
        let owner = self.members.iter().find(|member| member.peer == peer).map(|member| member.key);
        let lines = owner.and_then(|owner| self.member(owner)).map(|member| &member.lines[..]).unwrap_or_default();
        let is_it = |line: &&Line| line.ups.first().and_then(|up| self.ups.get(up.0)?.source) == Some(source);
        let asked = |line: &Line| line.tap.as_ref().map_or(&line.ups[..], |tap| tap.shown.asked()).to_vec();
        let asked = lines.iter().find(is_it).map(asked).unwrap_or_default();
        self.ask_keyframes(&asked);
    }

    /// Before anything of the batch is forwarded.
    pub(super) fn tap(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        let Some(room) = self.recorded else { return };
        for pending in &self.pending {
            let Some((peer, source, line)) = origin(&mut self.members, &self.ups, pending.up) else { continue };
            let datagram = batch.get(pending.index_in_batch);
            let Some(payload) = datagram.and_then(|datagram| datagram.data.get(pending.payload.clone())) else { continue };
            let packet = &pending.packet;
            let payload = if packet.padding { without_padding(payload) } else { payload };
            let (generation, (index, timestamp)) = match &mut line.tap {
                Some(tap) => {
                    let Some(place) = tap.place(now, pending.up, packet) else { continue };
                    (tap.generation.0, place)
                }
                None => (packet.generation.0, (packet.index, packet.timestamp)),
            };
            let marker = packet.marker;
            let tapped = Tapped { at: now, peer, source, generation, index, timestamp, marker, payload };
            out.record(room, Recorded::Packet(tapped));
        }
        for (up, generation, info) in &self.sender_reports {
            let is_present = self.ups.get(up.0).is_some_and(|up| up.track.generation() == *generation);
            let Some((peer, source, line)) = origin(&mut self.members, &self.ups, *up).filter(|_| is_present) else { continue };
            let (run, timestamp) = match &line.tap {
                Some(tap) => {
                    let Some(timestamp) = tap.splice.time_of(*generation, info.rtp_timestamp) else { continue };
                    (tap.generation, timestamp)
                }
                None => (*generation, info.rtp_timestamp),
            };
            let clock = SenderClock { at: now, peer, source, generation: run.0, ntp: info.ntp, timestamp };
            out.record(room, Recorded::Clock(clock));
        }
    }

    /// By the order of its m-lines: the first sound, the first picture, the second. What is beyond is not recorded.
    pub(super) fn name_sources(&mut self, index: usize) {
        let Some(member) = self.members.get(index) else { return };
        let (mut sounds, mut pictures) = (0, 0);
        for line in &member.lines {
            let source = match line.description.kind {
                Kind::Audio => nth(&[Source::Microphone], &mut sounds),
                Kind::Video => nth(&[Source::Camera, Source::Screen], &mut pictures),
            };
            for up in &line.ups {
                if let Some(up) = self.ups.get_mut(up.0) {
                    up.source = source;
                }
            }
        }
    }
}

/// Whose an up track is, what it is in the recording, and its line.
fn origin<'a>(members: &'a mut Table<Member>, ups: &Table<Up>, key: UpKey) -> Option<(PeerId, Source, &'a mut Line)> {
    let up = ups.get(key.0)?;
    let member = members.get_mut(up.owner.index).filter(|member| member.key == up.owner)?;
    let line = member.lines.iter_mut().find(|line| line.ups.contains(&key))?;
    Some((member.peer, up.source?, line))
}

fn nth(names: &[Source], count: &mut usize) -> Option<Source> {
    *count += 1;
    names.get(*count - 1).copied()
}

/// RFC 3550 §5.1: its last byte says how long it is.
fn without_padding(payload: &[u8]) -> &[u8] {
    let padding = payload.last().map_or(0, |len| usize::from(*len));
    &payload[..payload.len().saturating_sub(padding)]
}
