//! What the room says by itself, when its timers run out: NACKs and keyframe requests, and once a second how a publisher is received and
//! how much it may send.

use std::time::{Duration, Instant};

use super::{MemberKey, Room, Timer, UpKey, member::Member, schedule_feedback};
use crate::{
    outbox::Outbox,
    rtcp::{Compound, ReportBlock},
    timers::Timers,
    track::Ssrc,
};

pub(super) const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Sooner than this a publisher is not told again, however many subscribers have news of their lines.
pub(super) const REPORTS_APART: Duration = Duration::from_millis(50);

/// What a publisher's video may have, in bit/s, while no subscriber says otherwise: 720p of a browser's VP8 wants no more.
pub(super) const MAX_BITRATE: u64 = 2_500_000;

/// What it is never pressed below: a subscriber that cannot take this much loses packets, the others keep a picture.
const MIN_BITRATE: u64 = 150_000;

/// In a call of two there are no others: on a narrow line the picture gives way to the sound. Browsers send no less than this.
const MIN_BITRATE_OF_TWO: u64 = 30_000;

/// A subscriber that has estimated nothing for this long (browsers do so once a second) does not count.
const REMB_LIFETIME: Duration = Duration::from_secs(10);

/// Up tracks that one report tells of.
const MAX_BLOCKS: usize = 31;

impl Room {
    pub(super) fn send_feedback(&mut self, now: Instant, at: Instant, timer: Timer, key: UpKey, out: &mut impl Outbox) {
        let Some(up) = self.ups.get_mut(key.0) else { return };
        let slot = if timer == Timer::Nack(key) { &mut up.nack_timer } else { &mut up.keyframe_timer };
        if !Timers::<Timer>::claim(slot, at) {
            return;
        }
        let Some(owner) = self.members.get_mut(up.owner.index).filter(|member| member.key == up.owner) else { return };
        let mut compound = Compound::default();
        let keyframe = up.track.feedback(now, owner.local_ssrc(), &mut compound);
        self.report.keyframe_requests += u64::from(keyframe);
        owner.send_rtcp(&compound, out, &mut self.report);
        schedule_feedback(&mut self.timers, now, key, up);
    }

    pub(super) fn send_report(&mut self, now: Instant, at: Instant, index: usize, out: &mut impl Outbox) {
        let Some(member) = self.members.get_mut(index) else { return };
        if !Timers::<Timer>::claim(&mut member.report_timer, at) {
            return;
        }
        self.timers.schedule(Timer::Report(index), &mut member.report_timer, Some(now + REPORT_INTERVAL));
        member.reported = Some(now);
        let key = member.key;
        self.choose_layers_of(now, key);
        let compound = self.receiver_report(now, key);
        if let Some(member) = self.members.get_mut(index) {
            member.send_rtcp(&compound, out, &mut self.report);
        }
    }

    fn receiver_report(&mut self, now: Instant, key: MemberKey) -> Compound {
        let mut compound = Compound::default();
        let Some(member) = self.members.get(key.index) else { return compound };
        let mut blocks = [ReportBlock::default(); MAX_BLOCKS];
        let mut videos = [Ssrc(0); MAX_BLOCKS];
        let (mut count, mut video_count) = (0, 0);
        for key in member.lines.iter().flat_map(|line| line.ups.iter().copied()).take(MAX_BLOCKS) {
            let Some(up) = self.ups.get_mut(key.0) else { continue };
            let Some(block) = up.track.report(now) else { continue };
            blocks[count] = block;
            count += 1;
            if up.track.wants_remb() && up.track.is_sending(now) {
                videos[video_count] = Ssrc(block.ssrc);
                video_count += 1;
            }
        }
        if count > 0 {
            let sender = member.local_ssrc();
            compound.receiver_report(sender, &blocks[..count]);
            compound.source_description(sender, member.cname());
            if video_count > 0 {
                compound.remb(sender, self.pictures_may_take(now, member), &videos[..video_count]);
            }
        }
        compound
    }

    /// Bit/s for all pictures of a publisher together. Each plain one has what the lowest line of all who are shown one carries.
    fn pictures_may_take(&self, now: Instant, publisher: &Member) -> u64 {
        let floor = if self.members.iter().count() > 2 { MIN_BITRATE } else { MIN_BITRATE_OF_TWO };
        let is_sent = |key: &UpKey| self.ups.get(key.0).is_some_and(|up| up.track.wants_remb() && up.track.is_sending(now));
        let sent = || publisher.lines.iter().filter(|line| line.ups.iter().any(is_sent)).map(|line| &line.ups[..]);
        let layered = sent().filter(|ups| ups.len() > 1).map(|ups| self.layers_may_take(now, ups, floor));
        let plain = || sent().filter(|ups| ups.len() == 1);
        let shares = plain().map(|ups| {
            let shares = self.members.iter().filter_map(|other| self.share(now, other, ups[0]));
            shares.min().unwrap_or(MAX_BITRATE)
        });
        let each = shares.min().unwrap_or(MAX_BITRATE).clamp(floor, MAX_BITRATE);
        layered.sum::<u64>() + each * plain().count() as u64
    }

    /// What a subscriber can take of an up track that it is shown: its own estimate, shared by all videos that are sent to it.
    pub(super) fn share(&self, now: Instant, subscriber: &Member, up: UpKey) -> Option<u64> {
        subscriber.down_of.get(up.0).copied().flatten()?;
        subscriber.line(now)?.checked_div(self.videos_sent(now, subscriber) as u64)
    }

    pub(super) fn videos_sent(&self, now: Instant, subscriber: &Member) -> usize {
        let is_sent = |layer: &UpKey| self.ups.get(layer.0).is_some_and(|up| up.track.is_sending(now));
        subscriber.downs.iter().filter(|down| down.track.is_video() && down.shown.layers.iter().any(is_sent)).count()
    }
}

impl Member {
    /// Bit/s that the line to it carries, if that is known.
    pub(super) fn line(&self, now: Instant) -> Option<u64> {
        let told = || self.remb.filter(|(_, at)| now.saturating_duration_since(*at) <= REMB_LIFETIME).map(|(bitrate, _)| bitrate);
        self.downlink.as_ref().and_then(|downlink| downlink.bitrate(now)).or_else(told)
    }
}
