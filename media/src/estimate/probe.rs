//! Faster runs: a few packets sent closer together than the estimate allows show in a few ms what growing step by step would show in half
//! a minute.

use std::time::Duration;

/// What is sent in a run, in bytes, and how long it takes at least.
const PACKET: f64 = 1_200.0;
const LEAST_PACKETS: u32 = 5;
const LENGTH: f64 = 0.015;
/// Of the packets of a run, so many have to come.
const SHARE: f64 = 0.8;
/// At first, as multiples of what is believed.
const FIRST: [f64; 2] = [3.0, 6.0];
const AGAIN: f64 = 2.0;
/// A run that brought so much of what was sent was not the end of it. Packets may be smaller than a run is planned with.
const PROVED: f64 = 0.7;
/// Came more slowly than sent by this: the line is full, and a little less is what it carries.
const SATURATED: f64 = 0.9;
const BELOW_SATURATION: f64 = 0.95;
/// Came faster than sent by this: the times say nothing.
const NONSENSE: f64 = 2.0;
/// Between two runs when nothing has changed, and after congestion, in µs.
const APART: u64 = 4_000_000;
const AFTER_CONGESTION: u64 = 1_500_000;
/// While the line is busy, it is looked at again after this, in µs.
const BUSY: u64 = 500_000;
/// Near the most, nothing is left to find out.
const NEAR: f64 = 0.95;
/// So long after a run, in µs, the queue that it made itself is on the line.
const DISTURBED: u64 = 150_000;
/// A run that has not come back by then, in µs, and two round trips, has failed.
const PATIENCE: u64 = 500_000;

/// A run to be sent: packets of the usual size, so far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) packets: u32,
    pub(crate) apart: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    cluster: u8,
    bitrate: f64,
    packets: u32,
    began: u64,
    sent: u32,
    came: u32,
    bytes: usize,
    first: Option<(u64, i64, usize)>,
    last: Option<(u64, i64, usize)>,
}

#[derive(Debug)]
pub(super) struct Probing {
    /// Multiples of the first estimate that have not been tried.
    first: &'static [f64],
    start: f64,
    run: Option<Run>,
    /// What a run has shown to be worth a faster one.
    next_bitrate: Option<f64>,
    next: u64,
    cluster: u8,
    /// When the last run was sent, and was gone from the line.
    disturbed: (u64, u64),
}

impl Probing {
    pub(super) fn new(start: f64) -> Self {
        Self { first: &FIRST, start, run: None, next_bitrate: None, next: 0, cluster: 0, disturbed: (0, 0) }
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn more_is_wanted(&mut self, at: u64) {
        self.next = self.next.min(at);
    }

    pub(super) fn congested(&mut self, at: u64) {
        (self.run, self.next_bitrate, self.first) = (None, None, &[]);
        self.next = self.next.max(at + AFTER_CONGESTION);
    }

    /// What is to be tried now.
    pub(super) fn due(&mut self, at: u64, bitrate: f64, most: f64, round_trip: Duration, busy: bool) -> Option<Probe> {
        if at < self.next {
            return None;
        }
        let patience = PATIENCE + 2 * round_trip.as_micros() as u64;
        if let Some(run) = self.run {
            if at < run.began + patience {
                self.next = run.began + patience;
                return None;
            }
            self.run = None;
        }
        self.next = at + if busy { BUSY } else { APART };
        if busy || bitrate >= NEAR * most {
            return None;
        }
        let tried = match (self.first, self.next_bitrate.take()) {
            ([first, rest @ ..], None) => {
                self.first = rest;
                first * self.start
            }
            (_, Some(next)) => next,
            ([], None) => AGAIN * bitrate,
        };
        Some(self.begin(at, tried.clamp(bitrate, 1.2 * most), patience))
    }

    fn begin(&mut self, at: u64, bitrate: f64, patience: u64) -> Probe {
        self.cluster = self.cluster.checked_add(1).unwrap_or(1);
        let packets = LEAST_PACKETS.max((bitrate * LENGTH / (8.0 * PACKET)).ceil() as u32);
        let (cluster, came, sent, bytes) = (self.cluster, 0, 0, 0);
        self.run = Some(Run { cluster, bitrate, packets, began: at, sent, came, bytes, first: None, last: None });
        self.next = at + patience;
        Probe { packets, apart: Duration::from_secs_f64(8.0 * PACKET / bitrate) }
    }

    /// A packet of the present run leaves. Gives what marks it; 0 marks none.
    pub(super) fn sent(&mut self, at: u64) -> u8 {
        let Some(run) = &mut self.run else { return 0 };
        if run.sent == 0 {
            self.disturbed.0 = at;
        }
        self.disturbed.1 = at + DISTURBED;
        run.sent += 1;
        run.cluster
    }

    /// Whether what was sent then was behind a run: its delay says nothing of the estimate.
    pub(super) fn disturbs(&self, sent: u64) -> bool {
        (self.disturbed.0..self.disturbed.1).contains(&sent)
    }

    pub(super) fn came(&mut self, cluster: u8, sent: u64, came: i64, len: usize) {
        let Some(run) = self.run.as_mut().filter(|run| cluster != 0 && run.cluster == cluster) else { return };
        run.came += 1;
        run.bytes += len;
        let packet = (sent, came, len);
        run.first = Some(run.first.filter(|first| first.0 <= sent).unwrap_or(packet));
        run.last = Some(run.last.filter(|last| last.1 >= came).unwrap_or(packet));
    }

    /// What the run has shown, once enough of it has come, in bit/s.
    pub(super) fn result(&mut self, at: u64) -> Option<f64> {
        let run = self.run.filter(|run| f64::from(run.came) >= SHARE * f64::from(run.packets) && run.came > 1)?;
        let (first, last) = (run.first?, run.last?);
        self.run = None;
        self.next = at + APART;
        let (sent, came) = ((last.0 as f64 - first.0 as f64) / 1e6, (last.1 - first.1) as f64 / 1e6);
        if sent <= 0.0 || came <= 0.0 {
            return None;
        }
        let (sent, came) = ((run.bytes - last.2) as f64 * 8.0 / sent, (run.bytes - first.2) as f64 * 8.0 / came);
        if came > NONSENSE * sent {
            return None;
        }
        let shown = if came < SATURATED * sent { BELOW_SATURATION * came } else { came.min(sent) };
        if shown > PROVED * sent.min(run.bitrate) {
            self.next_bitrate = Some(AGAIN * shown);
            self.next = at;
        }
        Some(shown)
    }
}
