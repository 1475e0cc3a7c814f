//! Pictures leave at the pace of a narrow line; sound does not wait.

use super::lines::*;
use super::*;

/// Packets of a key frame, and bytes of each.
const PACKETS: u64 = 28;
const BYTES: usize = 1_000;

/// A line of which nothing is known but that it is there: 300 kbit/s are believed of it.
fn narrow() -> Pair {
    let mut pair = Pair::new();
    pair.say(1, 1, KEYFRAME);
    pair.tell_arrivals();
    // What is tried at first is over.
    pair.pass(ms(1_000));
    pair.b_got();
    pair
}

/// A key frame that the publisher sends at once, and a word behind it.
fn burst(pair: &mut Pair, first: u64) {
    for index in first..first + PACKETS {
        let mut payload = if index == first { KEYFRAME } else { DELTA }.to_vec();
        payload.resize(BYTES, index as u8);
        pair.say(1, index, &payload);
    }
    pair.say(0, first, b"sound");
}

/// What comes to `b`, and when, in ms.
fn watch(pair: &mut Pair, time: u64) -> Vec<(u64, Got)> {
    let mut all = Vec::new();
    for at in 0..time {
        all.extend(pair.b_got().into_iter().map(|got| (at, got)));
        pair.pass(ms(1));
    }
    all
}

#[test]
fn a_key_frame_is_spread_and_the_sound_behind_it_does_not_wait() {
    let mut pair = narrow();
    burst(&mut pair, 2);
    let came = watch(&mut pair, 800);
    let (sounds, pictures): (Vec<_>, Vec<_>) =
        came.iter().filter(|(_, got)| got.payload_type != RTX).partition(|(_, got)| got.payload_type == OPUS);
    assert_eq!(sounds.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0]);
    assert_eq!(pictures.len() as u64, PACKETS);
    assert!(pictures.windows(2).all(|pair| pair[1].1.index == pair[0].1.index + 1), "in their order");
    assert!(pictures.iter().enumerate().all(|(n, (_, got))| got.payload[BYTES - 1] == n as u8 + 2 || n == 0));
    // 28 kB at half as much again as 300 kbit/s.
    let last = pictures.last().unwrap().0;
    assert!((400..=520).contains(&last), "{last} ms");
    let apart = pictures.windows(2).map(|pair| pair[1].0 - pair[0].0).max();
    assert!(apart <= Some(20), "{apart:?}");
    assert_eq!(pair.room.report().media_packets_dropped, 0);
}

#[test]
fn what_was_spread_fits_into_the_queue_of_the_line() {
    let mut pair = narrow();
    burst(&mut pair, 2);
    // A line of 300 kbit/s, with room for 300 ms of it.
    let (mut queue, mut longest, mut before) = (0_f64, 0_f64, 0);
    // What is tried on the line besides may be lost.
    for (at, got) in watch(&mut pair, 800).into_iter().filter(|(_, got)| got.payload_type != RTX) {
        queue = (queue - 37.5 * (at - before) as f64).max(0.0) + got.payload.len() as f64;
        (before, longest) = (at, longest.max(queue));
    }
    assert!(longest < 11_250.0, "{longest} bytes");
}

#[test]
fn what_waited_can_be_asked_for_again() {
    let mut pair = narrow();
    burst(&mut pair, 2);
    let came = watch(&mut pair, 800);
    let lost = came.iter().filter(|(_, got)| got.payload_type == VP8).nth(20).unwrap().1.index as u16;
    pair.b_says(|c| c.nack(Ssrc(5), down_ssrc(2, 1), &[lost]));
    let again = pair.b_got();
    assert_eq!((again.len(), again[0].payload_type, &again[0].payload[..2]), (1, RTX, &lost.to_be_bytes()[..]));
}

#[test]
fn a_line_that_tells_nothing_or_carries_much_is_not_paced() {
    let mut pair = Pair::new();
    pair.say(1, 1, KEYFRAME);
    pair.b_got();
    burst(&mut pair, 2);
    assert_eq!(pair.b_got().len() as u64, PACKETS + 1);
}

#[test]
fn more_than_can_wait_goes_at_once_and_a_new_description_forgets_what_waits() {
    let mut pair = narrow();
    for index in 2..402 {
        pair.say(1, index, DELTA);
    }
    assert!(pair.b_got().len() > 100);
    pair.room.reconfigure(pair.b.member, described(2));
    pair.say(1, 500, KEYFRAME);
    let came = watch(&mut pair, 600);
    assert_eq!(came.iter().filter(|(_, got)| got.payload_type == VP8).count(), 1);
}
