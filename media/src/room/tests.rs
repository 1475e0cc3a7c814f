//! Rooms with real SRTP on both ends: fan-out, slots, repair, reports, and what hostile input does.

use std::time::{Duration, Instant};

use super::*;
use crate::{
    rtcp::{Compound, Packet, ReportBlock, packets},
    srtp::SrtpProfile,
    support,
    testing::begin,
    track::{Kind, Ssrc},
};
use support::*;

mod ahead;
mod bad_line;
mod consistency;
mod fan_out;
mod hostile;
mod layers;
mod lines;
mod pacing;
mod red;
mod repair;
mod reports;
mod screen;
mod short;
mod slots;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// One publisher of video on line 0, member 1, and `n` subscribers from member 2 on.
struct Show {
    room: Room,
    wire: Wire,
    now: Instant,
    publisher: Client,
    subscribers: Vec<Client>,
}

impl Show {
    fn new(profile: SrtpProfile, n: u16) -> Self {
        let mut room = Room::new();
        let publisher = Client::join(&mut room, profile, 1, video(1, true, false));
        let subscribers = (2..2 + n).map(|m| Client::join(&mut room, profile, m, video(m, false, true))).collect();
        Self { room, wire: Wire::default(), now: begin(), publisher, subscribers }
    }

    /// The publisher's packets with these indexes, in one batch.
    fn publish(&mut self, indexes: &[u64]) {
        let packet = |index: &u64| {
            let payload = [DELTA, &index.to_be_bytes()].concat();
            (self.publisher.member, self.publisher.rtp(VP8, up_ssrc(1, 0), *index, &payload))
        };
        let packets: Vec<_> = indexes.iter().map(packet).collect();
        relay(&mut self.room, self.now, &packets, &mut self.wire);
    }

    /// What the first subscriber says.
    fn subscriber_says(&mut self, write: impl FnOnce(&mut Compound)) {
        let mut compound = Compound::default();
        write(&mut compound);
        let packet = self.subscribers[0].rtcp(compound.bytes());
        relay(&mut self.room, self.now, &[(self.subscribers[0].member, packet)], &mut self.wire);
    }

    fn publisher_says(&mut self, write: impl FnOnce(&mut Compound)) {
        let mut compound = Compound::default();
        write(&mut compound);
        let packet = self.publisher.rtcp(compound.bytes());
        relay(&mut self.room, self.now, &[(self.publisher.member, packet)], &mut self.wire);
    }

    /// Time passes; every timer runs at its time.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.room.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.room.handle_timeout(self.now, &mut self.wire);
        }
        self.now = end;
    }

    fn first_got(&mut self) -> Vec<Got> {
        let got = self.subscribers[0].rtp_got(&self.wire);
        self.wire.clear();
        got
    }

    /// What the publisher was told, as it left: (NACKed numbers, keyframe requests).
    fn asked_of_publisher(&mut self) -> (Vec<u16>, usize) {
        let mut lost = Vec::new();
        let mut keyframes = 0;
        for compound in self.publisher.rtcp_got(&self.wire) {
            for packet in packets(&compound) {
                match packet {
                    Packet::Nack { media, lost: numbers } if media == up_ssrc(1, 0) => lost.extend(numbers),
                    Packet::Pli { media } if media == up_ssrc(1, 0) => keyframes += 1,
                    _ => {}
                }
            }
        }
        self.wire.clear();
        (lost, keyframes)
    }
}
