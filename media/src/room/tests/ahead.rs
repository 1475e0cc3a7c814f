//! Pictures once more, before anybody asks.

use super::{
    lines::{Pair, number_in},
    *,
};

/// Of so many packets the line loses one.
const LOSES: usize = 20;
const NOTHING: usize = usize::MAX;
/// Payload of a packet whose pictures fit some six times into what is believed of a line, and of one whose pictures fit once.
const SMALL: usize = 100;
const LARGE: usize = 700;

struct Line {
    pair: Pair,
    next: u64,
    ms: u32,
    numbered: usize,
}

impl Line {
    fn new() -> Self {
        let mut line = Self { pair: Pair::new(), next: 0, ms: 0, numbered: 0 };
        line.pair.say(1, 0, KEYFRAME);
        line
    }

    fn pass(&mut self, time: u32) {
        self.ms += time;
        self.pair.pass(ms(time.into()));
    }

    /// Two packets of a picture. Gives their numbers in the down track.
    fn send(&mut self, len: usize) -> Vec<u16> {
        self.pair.b_got();
        for _ in 0..2 {
            self.next += 1;
            self.pair.say(1, self.next, &[DELTA, &vec![7; len]].concat());
        }
        self.pair.b_got().iter().map(|got| got.index as u16).collect()
    }

    /// Ten seconds of pictures, in which the subscriber tells what came, and that one of `loses` did not.
    fn run(&mut self, len: usize, loses: usize) {
        for _ in 0..250 {
            self.next += 2;
            let payload = [DELTA, &vec![7; len]].concat();
            self.pair.say(1, self.next - 1, &payload);
            self.pair.say(1, self.next, &payload);
            self.pass(40);
            let numbers: Vec<_> = self.pair.b_got().iter().map(|got| number_in(&got.extensions)).collect();
            let arrival = |_: &u16| {
                self.numbered += 1;
                (!self.numbered.is_multiple_of(loses)).then_some(self.ms * 4)
            };
            let arrivals: Vec<_> = numbers.iter().map(arrival).collect();
            self.pair.b_says(|c| {
                c.transport_feedback(Ssrc(5), down_ssrc(2, 1), numbers[0], 0, &arrivals);
            });
        }
        // What was sent last has come again.
        self.pass(80);
    }

    /// The numbers that come again over RTX within a time.
    fn again(&mut self, time: u32) -> Vec<u16> {
        self.pass(time);
        let got = self.pair.b_got().into_iter().filter(|got| got.payload_type == RTX);
        got.map(|got| u16::from_be_bytes([got.payload[0], got.payload[1]])).collect()
    }
}

#[test]
fn a_line_that_loses_gets_each_picture_once_more_a_moment_later() {
    let mut line = Line::new();
    line.run(SMALL, LOSES);
    let sent = line.send(SMALL);
    assert_eq!((sent.len(), line.again(39)), (2, vec![]), "a burst may not be over");
    assert_eq!(line.again(41), sent);
    assert_eq!(line.again(200), [0; 0], "once");
    assert_eq!(line.pair.room.report().retransmitted_packets, 0, "nobody asked");
    line.run(SMALL, NOTHING);
    let sent = line.send(SMALL);
    let again = line.again(200);
    // A probe takes one of them, again and again.
    assert!(!sent.iter().all(|sent| again.contains(sent)), "it loses no more: {again:?}");
    line.run(SMALL, LOSES);
    let sent = line.send(SMALL);
    assert!(line.again(80).ends_with(&sent), "and again");
}

#[test]
fn a_line_without_room_is_left_alone() {
    let mut line = Line::new();
    line.run(LARGE, LOSES);
    line.send(LARGE);
    assert_eq!(line.again(200), [0; 0]);
}

/// One whose publisher's line loses does not lose anything itself, though its receiver reports say so.
#[test]
fn what_was_lost_before_us_is_not_sent_twice() {
    let mut line = Line::new();
    line.run(SMALL, NOTHING);
    for _ in 0..30 {
        line.pair.b_says(|c| {
            let block = ReportBlock { ssrc: down_ssrc(2, 1).0, fraction_lost: 30, ..ReportBlock::default() };
            c.receiver_report(Ssrc(5), &[block]);
        });
    }
    line.send(SMALL);
    assert_eq!(line.again(200), [0; 0]);
}

#[test]
fn without_rtx_nothing_is_sent_twice() {
    let mut line = Line::new();
    let mut media = lines::described(2);
    media.lines[1].down.as_mut().unwrap().rtx_ssrc = None;
    line.pair.room.reconfigure(line.pair.b.member, media);
    line.run(SMALL, LOSES);
    line.send(SMALL);
    assert_eq!(line.again(200), [0; 0]);
}
