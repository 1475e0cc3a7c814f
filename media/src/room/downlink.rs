//! The line to a subscriber that tells when our packets came: what it carries, and the faster runs that find out.

use std::time::{Duration, Instant};

use super::{MemberKey, Room, Timer, member::Member, reports::REPORTS_APART};
use crate::{
    estimate::Estimator,
    outbox::Outbox,
    rtcp::TransportFeedback,
    timers::{Scheduled, Timers},
    track::Lost,
};

/// A subscriber that has told nothing for so long is not estimated any more.
const LIFETIME: Duration = Duration::from_secs(10);
/// Publishers are told at once when the line carries this much less than they were told, and soon when it carries more.
const LESS: f64 = 0.97;
const MORE: f64 = 1.05;
const SOON: Duration = Duration::from_millis(200);
/// While pictures wait for the line, nothing is tried on it; it is looked at again after this.
const LATER: Duration = Duration::from_millis(50);
/// A line that loses more than this is lossy, until it loses half as much.
const LOSSY: f64 = 0.02;
/// Bit/s that sound may have beside the pictures.
const SOUND: u64 = 100_000;

/// A faster run that is being sent.
#[derive(Clone, Copy, Debug)]
struct Run {
    left: u32,
    apart: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Downlink {
    pub(super) estimator: Estimator,
    pub(super) heard: Option<Instant>,
    /// What publishers know, in bit/s, and since when.
    told: Option<(u64, Instant)>,
    run: Option<Run>,
    is_lossy: bool,
    timer: Scheduled,
}

impl Downlink {
    /// Bit/s that the line carries, if the subscriber tells about it.
    pub(super) fn bitrate(&self, now: Instant) -> Option<u64> {
        self.heard.filter(|heard| now.saturating_duration_since(*heard) < LIFETIME).map(|_| self.estimator.bitrate())
    }

    /// Whether the line loses packets, if the subscriber tells about it. Its receiver reports count what was lost before us, too.
    pub(super) fn is_lossy(&self, now: Instant) -> Option<bool> {
        self.bitrate(now).map(|_| self.is_lossy)
    }

    /// Whether publishers have to hear of it now; they count as told.
    fn is_news(&mut self, now: Instant) -> bool {
        let bitrate = self.estimator.bitrate();
        let is_news = self.told.is_none_or(|(told, at)| {
            let part = bitrate as f64 / told as f64;
            part < LESS || part > MORE && now.saturating_duration_since(at) >= SOON
        });
        if is_news {
            self.told = Some((bitrate, now));
        }
        is_news
    }
}

impl Room {
    pub(super) fn take_transport_feedback(&mut self, now: Instant, key: MemberKey, feedback: TransportFeedback<'_>) {
        let most = self.most_sent(now, key.index);
        let Some(downlink) = self.members.get_mut(key.index).and_then(|member| member.downlink.as_mut()) else { return };
        downlink.estimator.set_most(now, most);
        downlink.estimator.feedback(now, feedback);
        downlink.heard = Some(now);
        downlink.is_lossy = downlink.estimator.loss() > if downlink.is_lossy { LOSSY / 2.0 } else { LOSSY };
        self.timers.schedule(Timer::Probe(key.index), &mut downlink.timer, downlink.estimator.next_probe());
        if downlink.is_news(now) {
            self.tell_publishers(now, key.index);
        }
        self.begin_ahead(now, key.index);
        self.choose_layers(now, key.index);
    }

    /// Those whose pictures this member is shown.
    fn tell_publishers(&mut self, now: Instant, index: usize) {
        let downs = self.members.get(index).map_or(0, |member| member.downs.len());
        for at in 0..downs {
            let down = self.members.get(index).and_then(|member| member.downs.get(at)).filter(|down| down.track.is_video());
            let owner = down.and_then(|down| self.ups.get(down.shown.source?.0)).map(|up| up.owner);
            let Some(publisher) = owner.and_then(|owner| self.members.get_mut(owner.index)) else { continue };
            let at = publisher.reported.map_or(now, |reported| now.max(reported + REPORTS_APART));
            self.timers.schedule(Timer::Report(publisher.key.index), &mut publisher.report_timer, Some(at));
        }
    }

    /// The next packet of a run, or a new run if one is due.
    pub(super) fn send_probe(&mut self, now: Instant, at: Instant, index: usize, out: &mut impl Outbox) {
        let most = self.most_sent(now, index);
        let Some(member) = self.members.get_mut(index) else { return };
        let Some(downlink) = &mut member.downlink else { return };
        if !Timers::<Timer>::claim(&mut downlink.timer, at) {
            return;
        }
        if downlink.run.is_none() && member.pacer.due(now).is_some() {
            self.timers.schedule(Timer::Probe(index), &mut downlink.timer, Some(now + LATER));
            return;
        }
        downlink.estimator.set_most(now, most);
        let run = downlink.run.take().or_else(|| {
            let probe = downlink.estimator.probe(now)?;
            Some(Run { left: probe.packets, apart: probe.apart })
        });
        let sent = run.is_some() && self.send_again(now, index, out);
        let Some(downlink) = self.members.get_mut(index).and_then(|member| member.downlink.as_mut()) else { return };
        downlink.run = run.filter(|run| sent && run.left > 1).map(|run| Run { left: run.left - 1, ..run });
        let next = downlink.run.map(|run| now + run.apart).or_else(|| downlink.estimator.next_probe());
        self.timers.schedule(Timer::Probe(index), &mut downlink.timer, next);
    }

    /// Bit/s that this member could be sent at most.
    fn most_sent(&self, now: Instant, index: usize) -> u64 {
        let Some(member) = self.members.get(index) else { return 0 };
        SOUND + super::reports::MAX_BITRATE * self.videos_sent(now, member) as u64
    }

    /// Fills the line with what the subscriber has already: the largest of the last packets, as a retransmission.
    fn send_again(&mut self, now: Instant, index: usize, out: &mut impl Outbox) -> bool {
        let Some(member) = self.members.get_mut(index) else { return false };
        let Some((down, up, lost)) = largest(member, &self.ups) else { return false };
        super::fan_out::send_again(
            now,
            member,
            &self.ups,
            super::Resend { member: index, down, up, lost },
            super::fan_out::Again::Probe,
            out,
            &mut self.report,
        )
    }
}

/// The largest of the newest packets of any track that has RTX.
fn largest(member: &Member, ups: &crate::table::Table<super::Up>) -> Option<(usize, super::UpKey, Lost)> {
    let tracks = member.downs.iter().enumerate().filter(|(_, down)| down.track.has_rtx());
    let packets = tracks.filter_map(|(at, down)| Some((at, down, down.shown.source?))).flat_map(|(at, down, source)| {
        let track = ups.get(source.0).map(|up| &up.track);
        down.track
            .newest()
            .filter_map(move |lost| Some((track?.cached(lost.generation, lost.up_index)?.payload.len(), (at, source, lost))))
    });
    packets.max_by_key(|(len, _)| *len).map(|(_, found)| found)
}
