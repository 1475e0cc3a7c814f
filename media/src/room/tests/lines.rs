//! Transport-wide numbers and their feedback, both ways, and what is carried over in headers.

use super::*;
use crate::rtcp::Arrival;

const NUMBER: u8 = 3;
const LEVEL: u8 = 1;

/// Two that send and receive sound and picture, with transport-wide feedback.
pub(super) struct Pair {
    pub(super) room: Room,
    wire: Wire,
    now: Instant,
    a: Client,
    pub(super) b: Client,
    /// Of the next packet that `a` sends.
    number: u16,
}

pub(super) fn described(member: u16) -> MediaDescription {
    let mut media = two_way(member, 0);
    for line in &mut media.lines {
        let audio_level = (line.kind == Kind::Audio).then_some(LEVEL);
        line.extensions = Extensions { transport_sequence: Some(NUMBER), audio_level, ..Extensions::default() };
    }
    media
}

impl Pair {
    pub(super) fn new() -> Self {
        let mut room = Room::new();
        let a = Client::join(&mut room, GCM, 1, described(1));
        let b = Client::join(&mut room, GCM, 2, described(2));
        Self { room, wire: Wire::default(), now: begin(), a, b, number: 0 }
    }

    /// A packet of `a` on a line, with its transport-wide number and how loud it is.
    pub(super) fn say(&mut self, line: u16, index: u64, payload: &[u8]) {
        let [high, low] = self.number.to_be_bytes();
        self.number = self.number.wrapping_add(1);
        let tail = [0xbe, 0xde, 0, 2, NUMBER << 4 | 1, high, low, LEVEL << 4, 0x9b, 0, 0, 0];
        let payload_type = if line == 0 { OPUS } else { VP8 };
        let packet = self.a.rtp_with([0x90, payload_type], index, 960 * index as u32, up_ssrc(1, line), &tail, payload);
        relay(&mut self.room, self.now, &[(self.a.member, packet)], &mut self.wire);
    }

    pub(super) fn b_got(&mut self) -> Vec<Got> {
        let got = self.b.rtp_got(&self.wire);
        self.wire.clear();
        got
    }

    pub(super) fn b_says(&mut self, write: impl FnOnce(&mut Compound)) {
        let mut compound = Compound::default();
        write(&mut compound);
        let packet = self.b.rtcp(compound.bytes());
        relay(&mut self.room, self.now, &[(self.b.member, packet)], &mut self.wire);
    }

    /// Tells when each of the packets came that `b` got since, 5 ms one after the other.
    pub(super) fn tell_arrivals(&mut self) {
        let numbers: Vec<_> = self.b_got().iter().map(|got| number_in(&got.extensions)).collect();
        let arrivals: Vec<Option<u32>> = (0..numbers.len() as u32).map(|n| Some(n * 20)).collect();
        self.b_says(|c| {
            c.transport_feedback(Ssrc(5), down_ssrc(2, 1), numbers[0], 0, &arrivals);
        });
    }

    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.room.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.room.handle_timeout(self.now, &mut self.wire);
        }
        self.now = end;
    }

    /// What `a` was told: bitrates, and arrivals.
    fn a_was_told(&mut self) -> (Vec<u64>, Vec<Arrival>) {
        let (mut bitrates, mut arrivals) = (Vec::new(), Vec::new());
        for compound in self.a.rtcp_got(&self.wire) {
            for packet in packets(&compound) {
                match packet {
                    Packet::Remb { bitrate } => bitrates.push(bitrate),
                    Packet::Transport(feedback) => arrivals.extend(feedback),
                    _ => {}
                }
            }
        }
        self.wire.clear();
        (bitrates, arrivals)
    }
}

pub(super) fn number_in(extensions: &[u8]) -> u16 {
    assert_eq!(extensions[0], NUMBER << 4 | 1);
    u16::from_be_bytes([extensions[1], extensions[2]])
}

#[test]
fn all_that_goes_to_one_subscriber_is_numbered_together() {
    let mut pair = Pair::new();
    pair.say(1, 5, KEYFRAME);
    pair.say(0, 9, b"sound");
    pair.say(1, 6, DELTA);
    let got = pair.b_got();
    let first = number_in(&got[0].extensions);
    let numbers: Vec<u16> = got.iter().map(|got| number_in(&got.extensions).wrapping_sub(first)).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(got[1].extensions[3..5], [LEVEL << 4, 0x9b], "how loud it is goes on");
    let lost = got[2].index as u16;
    pair.b_says(|c| c.nack(Ssrc(5), down_ssrc(2, 1), &[lost]));
    let again = pair.b_got();
    assert_eq!((again.len(), again[0].payload_type, number_in(&again[0].extensions).wrapping_sub(first)), (1, RTX, 3));
    assert_eq!(again[0].payload[..2], lost.to_be_bytes());
}

#[test]
fn a_publisher_is_told_when_its_packets_came() {
    let mut pair = Pair::new();
    pair.number = 65_535;
    pair.say(0, 1, b"sound");
    pair.pass(ms(20));
    pair.number = 1;
    pair.say(1, 1, KEYFRAME);
    pair.pass(ms(79));
    assert!(pair.a_was_told().1.is_empty());
    pair.pass(ms(1));
    let (_, arrivals) = pair.a_was_told();
    let times: Vec<_> =
        arrivals.iter().map(|arrival| (arrival.sequence, arrival.at.map(|at| at - arrivals[0].at.unwrap()))).collect();
    assert_eq!(times, [(65_535, Some(0)), (0, None), (1, Some(20_000))]);
    pair.pass(ms(500));
    assert!(pair.a_was_told().1.is_empty(), "told once");
}

#[test]
fn what_a_subscribers_line_carries_is_told_to_the_publisher_at_once() {
    let mut pair = Pair::new();
    let mut told = Vec::new();
    let mut index = 0;
    let mut numbers = Vec::new();
    // Each group of packets is 3 ms longer under way than the one before: the queue of the line grows.
    let mut late = 0;
    for round in 0..60_u32 {
        for _ in 0..4 {
            index += 1;
            pair.say(1, index, if index == 1 { KEYFRAME } else { DELTA });
        }
        for got in pair.b_got() {
            numbers.push((number_in(&got.extensions), round * 100 + late));
        }
        late += 12;
        pair.pass(ms(25));
        if round % 4 == 3 {
            let numbers = std::mem::take(&mut numbers);
            let arrivals: Vec<Option<u32>> = numbers.iter().map(|(_, at)| Some(*at)).collect();
            pair.b_says(|c| {
                c.transport_feedback(Ssrc(5), down_ssrc(2, 1), numbers[0].0, 0, &arrivals);
            });
            told.extend(pair.a_was_told().0);
        }
    }
    let bandwidth = pair.room.member_report(pair.b.member).and_then(|report| report.bandwidth).unwrap();
    assert!(bandwidth < 150_000, "{bandwidth}");
    assert_eq!(told.first(), Some(&300_000), "{told:?}");
    assert!(told.last().is_some_and(|last| last.abs_diff(bandwidth) <= bandwidth / 20), "{told:?} {bandwidth}");
}

#[test]
fn more_is_tried_with_what_the_subscriber_has_already() {
    let mut pair = Pair::new();
    let large = [DELTA, &[7; 1_000]].concat();
    pair.say(1, 1, KEYFRAME);
    for index in 2..20 {
        pair.say(1, index, &large);
    }
    let first = pair.b_got();
    let arrivals: Vec<Option<u32>> = (0..first.len() as u32).map(|n| Some(n * 20)).collect();
    pair.b_says(|c| {
        c.transport_feedback(Ssrc(5), down_ssrc(2, 1), number_in(&first[0].extensions), 0, &arrivals);
    });
    pair.pass(ms(100));
    let tried = pair.b_got();
    assert!((5..=6).contains(&tried.len()), "{}", tried.len());
    assert!(tried.iter().all(|got| got.payload_type == RTX && got.payload.len() > 1_000));
    let numbers: Vec<u16> = tried.iter().map(|got| number_in(&got.extensions)).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    assert_eq!(pair.room.report().retransmitted_packets, 0, "nobody has asked for them");
}

#[test]
fn what_has_no_number_is_not_told_as_lost() {
    let mut pair = Pair::new();
    let mut media = described(2);
    media.lines[0].extensions.transport_sequence = None;
    pair.room.reconfigure(pair.b.member, media);
    pair.say(1, 1, KEYFRAME);
    for index in 1..200 {
        pair.say(0, index, b"sound");
    }
    pair.say(1, 2, DELTA);
    let pictures: Vec<_> = pair.b_got().into_iter().filter(|got| got.payload_type == VP8).collect();
    let numbers: Vec<u16> = pictures.iter().map(|got| number_in(&got.extensions)).collect();
    assert_eq!(numbers[1], numbers[0].wrapping_add(1));
}

#[test]
fn what_comes_while_it_is_held_back_has_come_all_the_same() {
    let mut pair = Pair::new();
    pair.say(0, 1, b"sound");
    pair.room.hold_back(pair.now, pair.a.member, true);
    pair.say(0, 2, b"sound");
    pair.pass(ms(100));
    assert_eq!(pair.a_was_told().1.len(), 2);
}

#[test]
fn publishers_are_not_told_more_often_for_more_subscribers() {
    let mut pair = Pair::new();
    let mut others: Vec<_> = (3..40).map(|n| Client::join(&mut pair.room, GCM, n, described(n))).collect();
    pair.say(1, 1, KEYFRAME);
    let mut told = 0;
    for round in 0..100_u16 {
        pair.say(1, u64::from(round) + 2, DELTA);
        for other in &mut others {
            let mut compound = Compound::default();
            // Each has news all the time: half of what it gets is lost.
            compound.transport_feedback(Ssrc(5), Ssrc(6), round, 0, &[(round % 2 == 0).then_some(u32::from(round) * 40)]);
            let packet = other.rtcp(compound.bytes());
            relay(&mut pair.room, pair.now, &[(other.member, packet)], &mut pair.wire);
        }
        pair.pass(ms(10));
        told += pair.a_was_told().0.len();
    }
    assert!((1..=21).contains(&told), "{told} times in a second");
}

#[test]
fn a_feedback_that_tells_of_too_much_is_left_out() {
    let mut pair = Pair::new();
    for index in 1..100 {
        pair.say(1, index, if index == 1 { KEYFRAME } else { DELTA });
    }
    let first = number_in(&pair.b_got()[0].extensions);
    // 65,535 packets that are lost, in eight runs and a rest.
    let runs = [&[0x1f, 0xff].repeat(8)[..], &[0, 7, 0, 0]].concat();
    let told = |count: u16, chunks: &[u8]| {
        let mut bytes = vec![0x8f, 205, 0, 4 + chunks.len() as u8 / 4, 0, 0, 0, 1, 0, 0, 0, 2];
        bytes.extend(first.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(chunks);
        bytes
    };
    let told_of = |pair: &Pair| pair.room.members.get(pair.b.member.index).unwrap().downlink.as_ref().unwrap().heard.is_some();
    let packet = pair.b.rtcp(&told(u16::MAX, &runs).repeat(20));
    relay(&mut pair.room, pair.now, &[(pair.b.member, packet)], &mut pair.wire);
    assert!(!told_of(&pair));
    let packet = pair.b.rtcp(&told(99, &[0, 99, 0, 0]));
    relay(&mut pair.room, pair.now, &[(pair.b.member, packet)], &mut pair.wire);
    assert!(told_of(&pair));
}

#[test]
fn lines_without_feedback_are_as_they_were() {
    let mut show = Show::new(GCM, 1);
    show.publish(&[1, 2]);
    let got = show.first_got();
    assert!(got.iter().all(|got| got.extensions.is_empty()));
    assert_eq!(show.room.member_report(show.subscribers[0].member).unwrap().bandwidth, None);
}
