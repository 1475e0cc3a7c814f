//! When a publisher's packets came, told to it ten times a second: from that it estimates its own line, as it does in a call without us.

use std::time::{Duration, Instant};

use super::{MemberKey, Room, Timer};
use crate::{
    outbox::Outbox,
    rtcp::{Compound, TICK},
    timers::{Scheduled, Timers},
    track::Ssrc,
};

const INTERVAL: Duration = Duration::from_millis(100);
/// Packets between two feedbacks, lost ones included: ten times what a browser sends. After more, the count begins anew.
const MOST: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Uplink {
    /// The transport-wide sequence number of the first packet in `arrivals`.
    base: u16,
    /// In ticks since `began`; `None` for those between that have not come.
    arrivals: Vec<Option<u32>>,
    began: Option<Instant>,
    feedbacks: u8,
    timer: Scheduled,
}

impl Uplink {
    fn came(&mut self, now: Instant, sequence: u16) {
        let ticks = self.ticks(now, sequence);
        let ahead = sequence.wrapping_sub(self.base.wrapping_add(self.arrivals.len() as u16)) as i16;
        let Ok(missing) = usize::try_from(ahead) else {
            let late = self.arrivals.len().checked_sub(usize::from(ahead.unsigned_abs()));
            if let Some(slot) = late.and_then(|at| self.arrivals.get_mut(at)) {
                slot.get_or_insert(ticks);
            }
            return;
        };
        if self.arrivals.len() + missing >= MOST {
            self.arrivals.clear();
            self.base = sequence;
        } else {
            self.arrivals.extend(std::iter::repeat_n(None, missing));
        }
        self.arrivals.push(Some(ticks));
    }

    fn ticks(&mut self, now: Instant, sequence: u16) -> u32 {
        let began = *self.began.get_or_insert_with(|| {
            self.base = sequence;
            now
        });
        (now.saturating_duration_since(began).as_micros() / TICK.unsigned_abs() as u128) as u32
    }

    /// Tells what came, as far as one packet takes it; the rest follows with the next.
    fn write(&mut self, sender: Ssrc, media: Ssrc, compound: &mut Compound) {
        compound.receiver_report(sender, &[]);
        let told = compound.transport_feedback(sender, media, self.base, self.feedbacks, &self.arrivals);
        self.arrivals.drain(..told);
        self.base = self.base.wrapping_add(told as u16);
        self.feedbacks = self.feedbacks.wrapping_add(1);
    }
}

impl Room {
    /// An authentic packet with a transport-wide sequence number came.
    pub(super) fn note_arrival(&mut self, now: Instant, key: MemberKey, sequence: u16) {
        let Some(member) = self.members.get_mut(key.index) else { return };
        member.uplink.came(now, sequence);
        self.timers.schedule(Timer::Arrivals(key.index), &mut member.uplink.timer, Some(now + INTERVAL));
    }

    pub(super) fn send_arrivals(&mut self, now: Instant, at: Instant, index: usize, out: &mut impl Outbox) {
        let Some(member) = self.members.get_mut(index) else { return };
        if !Timers::<Timer>::claim(&mut member.uplink.timer, at) || member.uplink.arrivals.is_empty() {
            return;
        }
        // Any source of the session will do (draft §3.1): the last that joined.
        let Some(media) = member.sources.first().map(|source| source.ssrc) else { return };
        let mut compound = Compound::default();
        let sender = member.local_ssrc();
        member.uplink.write(sender, media, &mut compound);
        if !member.uplink.arrivals.is_empty() {
            self.timers.schedule(Timer::Arrivals(index), &mut member.uplink.timer, Some(now + INTERVAL));
        }
        member.send_rtcp(&compound, out, &mut self.report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rtcp::{Packet, packets},
        testing::begin,
    };

    /// What is told of packets that came at these ms: (number, ms).
    fn told(uplink: &mut Uplink) -> Vec<(u16, Option<i64>)> {
        let mut compound = Compound::default();
        uplink.write(Ssrc(1), Ssrc(2), &mut compound);
        let found = packets(compound.bytes()).find_map(|packet| match packet {
            Packet::Transport(feedback) => Some(feedback),
            _ => None,
        });
        found.unwrap().map(|arrival| (arrival.sequence, arrival.at.map(|at| at / 1_000))).collect()
    }

    fn come(uplink: &mut Uplink, arrivals: &[(u16, u64)]) {
        let start = begin();
        for (sequence, ms) in arrivals {
            let began = *uplink.began.get_or_insert(start);
            if uplink.arrivals.is_empty() && uplink.feedbacks == 0 {
                uplink.base = *sequence;
            }
            uplink.came(began + Duration::from_millis(*ms), *sequence);
        }
    }

    #[test]
    fn tells_of_each_packet_once_over_the_wrap_and_of_late_ones() {
        let mut uplink = Uplink::default();
        come(&mut uplink, &[(65_534, 0), (65_535, 5), (2, 9), (1, 11)]);
        assert_eq!(told(&mut uplink), [(65_534, Some(0)), (65_535, Some(5)), (0, None), (1, Some(11)), (2, Some(9))]);
        come(&mut uplink, &[(0, 12), (4, 100)]);
        assert_eq!(told(&mut uplink), [(3, None), (4, Some(100))], "what came too late is lost");
    }

    #[test]
    fn a_gap_too_large_begins_anew() {
        let mut uplink = Uplink::default();
        come(&mut uplink, &[(10, 0), (20_000, 5), (20_001, 6)]);
        assert_eq!(told(&mut uplink), [(20_000, Some(5)), (20_001, Some(6))]);
    }
}
