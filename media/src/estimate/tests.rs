//! The estimator on lines that exist only here, in virtual time: a sender that does as it is told, a queue with a rate and a length, losses and jitter
//! from a seed, and feedback as browsers send it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::*;
use crate::testing::begin;

/// A step of the simulation, in µs.
const STEP: u64 = 1_000;
const FEEDBACK: u64 = 100_000;
const FRAME: u64 = 33_333;
const SOUND: u64 = 20_000;
const SOUND_LEN: usize = 120;
const PACKET: usize = 1_100;

#[derive(Clone, Copy)]
struct Line {
    /// In bit/s.
    rate: f64,
    /// One way, in µs.
    delay: u64,
    /// What the queue holds, in µs of the rate.
    queue: u64,
    /// In per mille.
    loss: u64,
    jitter: u64,
}

const GOOD: Line = Line { rate: 3e6, delay: 20_000, queue: 300_000, loss: 0, jitter: 0 };

struct Simulation {
    estimator: Estimator,
    start: Instant,
    now: u64,
    line: Line,
    seed: u64,
    /// When the queue will be empty.
    busy_until: u64,
    /// (sequence, arrival), in order of arrival.
    flying: VecDeque<(u64, u16)>,
    arrived: Vec<(u16, u64)>,
    first_unreported: u16,
    newest: u16,
    /// (when, what the encoder is told).
    told: VecDeque<(u64, u64)>,
    encoder: f64,
    frame_bytes: VecDeque<usize>,
    probe: Option<(Probe, u64, u32)>,
    most: u64,
    bytes: u64,
    delays: Vec<u64>,
    lost: u64,
}

/// What a while of it came to.
#[derive(Debug)]
struct Seen {
    kbit_s: f64,
    /// In the queue, ms.
    p95: f64,
    lost: u64,
}

impl Simulation {
    fn new(line: Line, most: u64, seed: u64) -> Self {
        let start = begin();
        Self {
            estimator: Estimator::new(most),
            start,
            now: 0,
            line,
            seed,
            busy_until: 0,
            flying: VecDeque::new(),
            arrived: Vec::new(),
            first_unreported: 1,
            newest: 0,
            told: VecDeque::new(),
            encoder: 300_000.0,
            frame_bytes: VecDeque::new(),
            probe: None,
            most,
            bytes: 0,
            delays: Vec::new(),
            lost: 0,
        }
    }

    fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_micros(self.now)
    }

    fn send(&mut self, len: usize, probe: bool) {
        let sequence = self.estimator.sent(self.instant(), len, probe);
        self.newest = sequence;
        let waits = self.busy_until.saturating_sub(self.now);
        if waits > self.line.queue {
            self.lost += 1;
            return;
        }
        self.busy_until = self.now + waits + ((len + 40) as f64 * 8e6 / self.line.rate) as u64;
        if self.random() % 1_000 < self.line.loss {
            self.lost += 1;
            return;
        }
        let jitter = if self.line.jitter > 0 { self.random() % self.line.jitter } else { 0 };
        self.delays.push(self.busy_until - self.now);
        let at = (self.busy_until + self.line.delay + jitter).max(self.flying.back().map_or(0, |(at, _)| *at));
        self.flying.push_back((at, sequence));
        self.bytes += len as u64 + 40;
    }

    fn run(&mut self, seconds: u64) -> Seen {
        (self.bytes, self.lost) = (0, 0);
        self.delays.clear();
        let end = self.now + seconds * 1_000_000;
        while self.now < end {
            self.step();
            self.now += STEP;
        }
        self.delays.sort_unstable();
        let p95 = self.delays.get(self.delays.len() * 95 / 100).map_or(0.0, |delay| *delay as f64 / 1_000.0);
        Seen { kbit_s: self.bytes as f64 * 8.0 / seconds as f64 / 1_000.0, p95, lost: self.lost }
    }

    fn step(&mut self) {
        if self.now % SOUND < STEP {
            self.send(SOUND_LEN, false);
        }
        self.picture();
        self.probe();
        while let Some((at, sequence)) = self.flying.pop_front_if(|(at, _)| *at <= self.now) {
            self.arrived.push((sequence, at));
        }
        if self.now % FEEDBACK < STEP && !self.arrived.is_empty() {
            self.report();
        }
        // The publisher hears of it after a round trip of its own, and its encoder takes a moment.
        while let Some((_, bitrate)) = self.told.pop_front_if(|(at, _)| *at + 150_000 <= self.now) {
            self.encoder = (bitrate as f64 - 60_000.0).clamp(30_000.0, self.most as f64);
        }
    }

    fn picture(&mut self) {
        if self.now % FRAME < STEP {
            let size = (self.encoder * FRAME as f64 / 8e6) as usize * (80 + self.random() as usize % 40) / 100;
            let mut left = size;
            while left > 0 {
                let len = left.min(PACKET);
                self.frame_bytes.push_back(len.max(40));
                left -= len;
            }
        }
        // Two and a half times as fast as it has to be, as a browser spreads it.
        let each = self.frame_bytes.front().map_or(1, |len| (*len as f64 * 8e6 / (2.5 * self.encoder)) as u64).max(STEP);
        if self.now % each < STEP
            && let Some(len) = self.frame_bytes.pop_front()
        {
            self.send(len, false);
        }
    }

    fn probe(&mut self) {
        if self.probe.is_none()
            && let Some(probe) = self.estimator.probe(self.instant())
        {
            self.probe = Some((probe, self.now, 0));
        }
        while let Some((probe, began, sent)) = self.probe {
            if self.now < began + u64::from(sent) * probe.apart.as_micros() as u64 {
                break;
            }
            self.send(PACKET, true);
            self.probe = (sent + 1 < probe.packets).then_some((probe, began, sent + 1));
        }
    }

    fn report(&mut self) {
        let arrived = std::mem::take(&mut self.arrived);
        let newest =
            arrived.iter().map(|(sequence, _)| *sequence).max_by_key(|sequence| sequence.wrapping_sub(self.first_unreported));
        let Some(newest) = newest else { return };
        let count = newest.wrapping_sub(self.first_unreported).wrapping_add(1);
        let arrivals: Vec<Arrival> = (0..count)
            .map(|n| self.first_unreported.wrapping_add(n))
            .map(|sequence| Arrival {
                sequence,
                at: arrived.iter().find(|(s, _)| *s == sequence).map(|(_, at)| *at as i64 + 77_000_000),
            })
            .collect();
        self.first_unreported = newest.wrapping_add(1);
        // On its way back.
        self.now += self.line.delay;
        self.estimator.feedback(self.instant(), arrivals.into_iter());
        self.now -= self.line.delay;
        self.told.push_back((self.now + self.line.delay, self.estimator.bitrate()));
    }
}

#[test]
fn a_line_that_carries_all_is_used_wholly_within_two_seconds() {
    let mut simulation = Simulation::new(GOOD, 2_500_000, 1);
    simulation.run(2);
    let seen = simulation.run(10);
    assert!(seen.kbit_s > 2_200.0 && seen.lost == 0, "{seen:?}");
}

#[test]
fn a_narrow_line_is_filled_and_its_queue_stays_short() {
    for rate in [300e3, 500e3, 1e6, 1.8e6] {
        let mut simulation = Simulation::new(Line { rate, ..GOOD }, 2_500_000, 2);
        let first = simulation.run(10);
        let seen = simulation.run(50);
        println!("{rate}: first {first:?}, then {seen:?}");
        assert!(seen.kbit_s * 1_000.0 > 0.90 * rate, "{rate}: {seen:?}");
        assert!(seen.p95 < 260.0 && seen.lost < 20, "{rate}: {seen:?}");
    }
}

#[test]
fn a_drop_is_followed_and_so_is_the_way_back() {
    let mut simulation = Simulation::new(GOOD, 2_500_000, 3);
    simulation.run(20);
    simulation.line.rate = 500e3;
    let drop = simulation.run(3);
    let narrow = simulation.run(27);
    simulation.line.rate = 3e6;
    let back = simulation.run(6);
    let wide = simulation.run(20);
    println!("drop {drop:?} narrow {narrow:?} back {back:?} wide {wide:?}");
    assert!(narrow.kbit_s > 400.0 && narrow.p95 < 250.0, "{narrow:?}");
    assert!(wide.kbit_s > 2_200.0, "{wide:?}");
}

#[test]
fn losses_that_are_the_lines_own_do_not_take_the_picture() {
    for loss in [20, 50, 100] {
        let mut simulation = Simulation::new(Line { loss, ..GOOD }, 2_500_000, 4);
        let first = simulation.run(10);
        let seen = simulation.run(50);
        println!("{loss}: first {first:?} then {seen:?}");
        assert!(seen.kbit_s > 1_900.0, "{loss}: {seen:?}");
    }
}

#[test]
fn jitter_does_not_take_the_picture() {
    for jitter in [5_000, 15_000, 30_000] {
        let mut simulation = Simulation::new(Line { jitter, ..GOOD }, 2_500_000, 5);
        simulation.run(10);
        let seen = simulation.run(50);
        println!("{jitter}: {seen:?}");
        assert!(seen.kbit_s > 1_800.0, "{jitter}: {seen:?}");
    }
}

#[test]
fn a_short_queue_is_found_by_its_losses() {
    let mut simulation = Simulation::new(Line { rate: 600e3, queue: 60_000, ..GOOD }, 2_500_000, 6);
    simulation.run(20);
    let seen = simulation.run(40);
    println!("{seen:?}");
    assert!(seen.kbit_s > 400.0 && seen.lost < 200, "{seen:?}");
}
