//! Pictures once more, before anybody asks: on a line that loses packets and has room, each one is sent again over RTX a moment later. A burst of
//! losses takes the packet, and a request or its answer with it; then a picture stands still for two round trips. Browsers do the like
//! where they look for more room.

use std::time::{Duration, Instant};

use super::{
    Resend, Room, Timer,
    fan_out::Again,
    member::{Down, Member},
};
use crate::{
    outbox::Outbox,
    timers::{Scheduled, Timers},
};

/// What was sent until one of these is over is sent again at the end of the next one: most bursts are shorter.
const APART: Duration = Duration::from_millis(40);
/// The line must carry so much more than the pictures have: then they fit twice, and a full line, which loses what does not fit, is left alone.
const ROOM: f64 = 2.5;
/// Over so many times `APART` it is smoothed how much the pictures have.
const SMOOTHING: f64 = 25.0;

/// Of one subscriber.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    is_running: bool,
    /// Bit/s of its pictures, smoothed.
    bitrate: f64,
    timer: Scheduled,
}

impl Room {
    /// After what the member said of its line.
    pub(super) fn begin_ahead(&mut self, now: Instant, index: usize) {
        let Some(member) = self.members.get_mut(index).filter(|member| !member.ahead.is_running) else { return };
        if !member.is_losing(now) {
            return;
        }
        member.take_ripe();
        member.take_ripe();
        member.ahead.is_running = true;
        self.timers.schedule(Timer::Ahead(index), &mut member.ahead.timer, Some(now + APART));
    }

    /// Sends again what has been on its way for long enough.
    pub(super) fn send_ahead(&mut self, now: Instant, at: Instant, index: usize, out: &mut impl Outbox) {
        let Some(member) = self.members.get_mut(index) else { return };
        if !Timers::<Timer>::claim(&mut member.ahead.timer, at) {
            return;
        }
        member.ahead.is_running = member.is_losing(now);
        let bytes = member.take_ripe();
        let ahead = &mut member.ahead;
        let bitrate = f64::from(bytes) * 8.0 / APART.as_secs_f64();
        ahead.bitrate += (bitrate - ahead.bitrate) / if ahead.bitrate == 0.0 { 1.0 } else { SMOOTHING };
        let wanted = ahead.bitrate * ROOM;
        if !ahead.is_running {
            ahead.bitrate = 0.0;
            return;
        }
        self.timers.schedule(Timer::Ahead(index), &mut ahead.timer, Some(now + APART));
        if member.line(now).is_none_or(|line| (line as f64) < wanted) {
            return;
        }
        for down in 0..member.downs.len() {
            let Down { track, shown, .. } = &member.downs[down];
            let Some(up) = shown.source.filter(|_| !shown.is_paused) else { continue };
            for sequence in track.ripe() {
                let Some(lost) = member.downs[down].track.lost(sequence as u16) else { continue };
                let resend = Resend { member: index, down, up, lost };
                super::fan_out::send_again(now, member, &self.ups, resend, Again::Ahead, out, &mut self.report);
            }
        }
    }
}

impl Member {
    fn is_losing(&self, now: Instant) -> bool {
        self.downlink.as_ref().and_then(|downlink| downlink.is_lossy(now)).unwrap_or(false)
    }

    /// What was new is ripe now. Gives the bytes of it that pictures have.
    fn take_ripe(&mut self) -> u32 {
        self.downs.iter_mut().filter(|down| down.track.is_video()).map(|down| down.track.ripen()).sum()
    }
}
