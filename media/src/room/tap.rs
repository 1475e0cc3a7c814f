//! What a recorded room hands to the recorder: every packet as it came in, and what ties the clocks of its senders together.

use std::time::Instant;

use super::{MemberKey, Room, Up, UpKey};
use crate::{
    control::{PeerId, RoomId},
    datagram::Datagram,
    outbox::{Outbox, Recorded},
    recorder::{SenderClock, Source, Tapped},
    track::Kind,
};

impl Room {
    /// From now on all that comes in is recorded under this name, or nothing any more.
    pub fn set_recorded(&mut self, room: Option<RoomId>) {
        self.recorded = room;
        let all: Vec<UpKey> = self.members.iter().flat_map(|member| member.lines.iter().filter_map(|line| line.up)).collect();
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
        lines.iter().filter_map(|line| self.ups.get(line.up?.0)?.source).collect()
    }

    /// The recorder cannot go on with this picture without a key frame.
    pub fn ask_keyframe_of(&mut self, peer: PeerId, source: Source) {
        let owner = self.members.iter().find(|member| member.peer == peer).map(|member| member.key);
        let wanted = self.ups.iter_mut().find(|(_, up)| Some(up.owner) == owner && up.source == Some(source));
        if let Some((_, up)) = wanted {
            up.track.ask_keyframe();
        }
    }

    /// Before anything of the batch is forwarded.
    pub(super) fn tap(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        let Some(room) = self.recorded else { return };
        for pending in &self.pending {
            let Some((peer, source, _)) = self.origin(pending.up) else { continue };
            let datagram = batch.get(pending.index_in_batch);
            let Some(payload) = datagram.and_then(|datagram| datagram.data.get(pending.payload.clone())) else { continue };
            let packet = &pending.packet;
            let payload = if packet.padding { without_padding(payload) } else { payload };
            let (generation, index) = (packet.generation.0, packet.index);
            let (timestamp, marker) = (packet.timestamp, packet.marker);
            let tapped = Tapped { at: now, peer, source, generation, index, timestamp, marker, payload };
            out.record(room, Recorded::Packet(tapped));
        }
        for (up, generation, info) in &self.sender_reports {
            let Some((peer, source, track)) = self.origin(*up) else { continue };
            if track.track.generation() == *generation {
                let (generation, timestamp) = (generation.0, info.rtp_timestamp);
                let clock = SenderClock { at: now, peer, source, generation, ntp: info.ntp, timestamp };
                out.record(room, Recorded::Clock(clock));
            }
        }
    }

    fn origin(&self, key: UpKey) -> Option<(PeerId, Source, &Up)> {
        let up = self.ups.get(key.0)?;
        Some((self.member(up.owner)?.peer, up.source?, up))
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
            if let Some(up) = line.up.and_then(|up| self.ups.get_mut(up.0)) {
                up.source = source;
            }
        }
    }
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
