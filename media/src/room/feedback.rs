//! RTCP in: what publishers say of themselves, and what subscribers say of us and ask for.

use std::time::Instant;

use super::{Dropped, MemberKey, Resend, Room, member::Binding, member::Member, schedule_feedback};
use crate::{
    rtcp::{Packet, packets},
    track::{Role, Ssrc},
};

/// Packets that one batch's NACKs may ask for; a subscriber that still lacks some asks again.
const MAX_RESENDS: usize = 1_024;

/// Sender reports of one batch; browsers send a few a second.
const MAX_SENDER_REPORTS: usize = 64;

/// Packets that the transport-wide feedback of one datagram may tell of: those that are lost take no room in it. A browser tells of some
/// dozens, and the estimate remembers fewer than this.
const MAX_TOLD: usize = 4_096;

impl Room {
    pub(super) fn receive_rtcp(&mut self, now: Instant, key: MemberKey, data: &mut [u8]) -> Result<(), Dropped> {
        let srtp = self.member_mut(key).and_then(|member| member.srtp.as_mut()).ok_or(Dropped::Unwanted)?;
        let len = srtp.opener.open_rtcp(data)?;
        let mut may_tell = MAX_TOLD;
        for packet in packets(&data[..len]) {
            match packet {
                Packet::Transport(feedback) => {
                    let Some(left) = may_tell.checked_sub(feedback.told()) else { continue };
                    may_tell = left;
                    self.take_transport_feedback(now, key, feedback);
                }
                packet => drop(self.take_rtcp(now, key, packet)),
            }
        }
        Ok(())
    }

    fn take_rtcp(&mut self, now: Instant, key: MemberKey, packet: Packet<'_>) -> Option<()> {
        let member = self.members.get_mut(key.index)?;
        match packet {
            Packet::SenderReport { ssrc, info, blocks } => {
                blocks.for_each(|block| take_block(now, member, block));
                let up = media_of(member, ssrc)?;
                let track = &mut self.ups.get_mut(up.up.0)?.track;
                track.sender_report(now, info);
                if self.sender_reports.len() < MAX_SENDER_REPORTS {
                    self.sender_reports.push((up.up, track.generation(), info));
                }
            }
            Packet::ReceiverReport { blocks } => blocks.for_each(|block| take_block(now, member, block)),
            Packet::Bye { ssrcs } => ssrcs.for_each(|ssrc| self.take_bye(key, ssrc)),
            Packet::Nack { media, lost } => self.take_nack(key, media, lost),
            Packet::Pli { media } => self.take_keyframe_request(now, key, media)?,
            Packet::Fir { media } => {
                media.for_each(|media| {
                    self.take_keyframe_request(now, key, media);
                });
            }
            Packet::Remb { bitrate } => {
                member.remb = Some((bitrate, now));
                self.choose_layers(now, key.index);
            }
            Packet::Transport(_) | Packet::Other => {}
        }
        Some(())
    }

    /// Not passed on: the down track may soon show somebody else.
    fn take_bye(&mut self, key: MemberKey, ssrc: Ssrc) {
        let Some(member) = self.members.get_mut(key.index) else { return };
        for source in member.sources.iter_mut().filter(|source| source.ssrc == ssrc) {
            let binding = source.binding.take();
            if let Some(up) = binding.and_then(|binding| self.ups.get_mut(binding.up.0)) {
                up.track.unbind(ssrc);
            }
        }
    }

    fn take_nack(&mut self, key: MemberKey, media: Ssrc, lost: impl Iterator<Item = u16>) {
        let Some(member) = self.members.get_mut(key.index) else { return };
        let Some((at, down)) = member.down_by_ssrc(media) else { return };
        let Some(up) = down.shown.source else { return };
        let room = MAX_RESENDS.saturating_sub(self.resends.len());
        let found = lost.take(room).filter_map(|sequence| down.track.lost(sequence));
        self.resends.extend(found.map(|lost| Resend { member: key.index, down: at, up, lost }));
    }

    fn take_keyframe_request(&mut self, now: Instant, key: MemberKey, media: Ssrc) -> Option<()> {
        let (_, down) = self.members.get_mut(key.index)?.down_by_ssrc(media)?;
        // During a pause nothing would be shown of it.
        let key = down.shown.source.filter(|_| !down.shown.is_paused)?;
        let up = self.ups.get_mut(key.0)?;
        up.track.ask_keyframe();
        schedule_feedback(&mut self.timers, now, key, up);
        Some(())
    }
}

fn take_block(now: Instant, member: &mut Member, block: crate::rtcp::ReportBlock) {
    if let Some((_, down)) = member.down_by_ssrc(Ssrc(block.ssrc)) {
        down.track.receiver_report(now, &block);
    }
}

fn media_of(member: &Member, ssrc: Ssrc) -> Option<Binding> {
    let source = member.sources.iter().find(|source| source.ssrc == ssrc)?;
    source.binding.filter(|binding| binding.role == Role::Media)
}
