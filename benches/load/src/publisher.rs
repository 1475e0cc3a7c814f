//! The publisher: paced sending, and the readings at both edges of the measured window.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::payload::{self, Stamp};
use crate::peer::{Medium, Peer};
use load_kit::meter::{Meter, Reading};
use load_kit::stats::Histogram;
use load_kit::sys::Batch;

use crate::load::Load;

/// RTP packets of one video frame.
const FRAME_PACKETS: u64 = 10;
/// Frames from one keyframe to the next, unless one is asked for.
const KEYFRAME_EVERY: u64 = 300;
/// Bursts between two looks at the socket when sending leaves no time to wait at it.
const LOOK_EVERY: u32 = 64;
/// Somewhere not at 0.
const FIRST_SEQUENCE: u64 = 1000;

/// What the publisher did in the measured window.
#[derive(Debug)]
pub struct Sent {
    /// How long after its time each burst was sent.
    pub lag: Histogram,
    pub before: Reading,
    pub after: Reading,
}

#[derive(Debug)]
pub struct Publisher<'a> {
    peer: Peer,
    load: &'a Load,
    payload: Vec<u8>,
    batch: Batch,
    next: u64,
    last_keyframe: u64,
}

impl<'a> Publisher<'a> {
    pub fn new(peer: Peer, load: &'a Load) -> Self {
        let payload = vec![0; load.payload_bytes];
        Self { peer, load, payload, batch: Batch::default(), next: 0, last_keyframe: 0 }
    }

    /// Sends the packets 0 to the end of the window, in bursts, each at its time.
    pub fn publish(&mut self, window: &Range<u64>, meter: &Meter) -> Result<Sent> {
        let step = Duration::from_secs(1) * self.load.burst / self.load.input_pps;
        let start = Instant::now();
        let mut lag = Histogram::default();
        let mut before = meter.read()?;
        for tick in 0.. {
            let due = start + step * tick;
            self.peer.serve_until(due, &mut self.batch)?;
            if self.next >= window.end {
                break;
            }
            if self.next == window.start {
                before = meter.read()?;
            }
            if self.next >= window.start {
                lag.add(due.elapsed().as_micros() as u64);
            }
            self.send_burst()?;
            if tick % LOOK_EVERY == 0 {
                self.peer.receive(&mut self.batch, |_, _, _| ())?;
            }
        }
        Ok(Sent { lag, before, after: meter.read()? })
    }

    /// Keeps the peer alive while the server sends what it still has.
    pub fn linger(&mut self, time: Duration) -> Result<()> {
        self.peer.serve_until(Instant::now() + time, &mut self.batch)
    }

    fn send_burst(&mut self) -> Result<()> {
        for _ in 0..self.load.burst {
            self.send_packet()?;
        }
        Ok(())
    }

    fn send_packet(&mut self) -> Result<()> {
        let index = self.next;
        self.next += 1;
        let (frame, place) = (index / FRAME_PACKETS, index % FRAME_PACKETS);
        if place == 0 && (self.peer.take_keyframe_request() || frame == self.last_keyframe + KEYFRAME_EVERY) {
            self.last_keyframe = frame;
        }
        payload::write(&mut self.payload, place == 0, frame == self.last_keyframe, Stamp::now(index));
        let rtp_time = (frame * FRAME_PACKETS * 90_000 / u64::from(self.load.input_pps)) as u32;
        self.peer.send(Medium::Picture, FIRST_SEQUENCE + index, rtp_time, place == FRAME_PACKETS - 1, &self.payload)
    }
}
