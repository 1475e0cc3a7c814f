//! The load of calls: pairs of clients join their rooms and talk to each other; what arrives is counted, and how late.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use crate::payload::{self, Stamp};
use crate::peer::{self, Direction, Medium, Peer};
use crate::profile::{NotingCrypto, SrtpProfile};
use crate::server::Server;
use crate::whip::Whip;
use anyhow::{Result, ensure};
use load_kit::meter::{Meter, Reading, Span};
use load_kit::run::Timing;
use load_kit::stats::{Histogram, Reception};
use load_kit::sys::Batch;

/// Packets of a voice for each picture.
const STEPS_A_PICTURE: u64 = 2;
/// Shorter waits are spun away: a sleep takes longer than it is told.
const SPIN: Duration = Duration::from_micros(100);
/// For what is still in the server when the last packet was sent.
const LINGER: Duration = Duration::from_millis(500);
/// For the STUN and RTCP of the set-up to pass.
const SETTLE: Duration = Duration::from_millis(300);
const TIMERS_EVERY: Duration = Duration::from_millis(20);
/// Somewhere not at 0.
const FIRST_SEQUENCE: u64 = 1000;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Load {
    /// Of two people each.
    pub calls: usize,
    /// Of Opus, by turns.
    pub voices: Vec<Vec<Vec<u8>>>,
    /// Between two packets of a voice.
    pub step: Duration,
    pub picture: Option<Picture>,
}

/// What is shown, once every other packet of the voice.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    /// Of each packet.
    pub bytes: usize,
    /// Sent at once.
    pub packets: u64,
}

/// What has arrived in the measured window.
#[derive(Debug)]
pub struct Outcome {
    pub expected: u64,
    pub received: u64,
    pub latency: Histogram,
    /// How long after its time each packet was sent.
    pub lag: Histogram,
    pub span: Span,
    /// Datagrams that the kernel dropped at the clients' sockets.
    pub receive_drops: u64,
    pub profile: SrtpProfile,
}

/// Puts the load on the server for that time. `meanwhile` runs beside it, once everybody talks.
pub fn run(load: &Load, timing: Timing, server: &Server, meanwhile: impl FnOnce() -> Result<()> + Send) -> Result<Outcome> {
    let crypto = NotingCrypto::default();
    let mut signalling = Whip::new(server);
    let peers = join(load, &crypto, &mut signalling)?;
    let mut exchange = Exchange::new(load, timing, peers);
    let meter = Meter::of(server.pid);
    let (before, after) = thread::scope(|scope| {
        let beside = scope.spawn(meanwhile);
        let readings = exchange.talk(&meter);
        beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        readings
    })?;
    exchange.receive_until(Instant::now() + LINGER)?;
    exchange.outcome(&before, &after, crypto.negotiated()?)
}

/// The two of a call stand side by side.
fn join(load: &Load, crypto: &NotingCrypto, signalling: &mut Whip<'_>) -> Result<Vec<Peer>> {
    let both = [(Medium::Voice, Direction::SendRecv), (Medium::Picture, Direction::SendRecv)];
    let lines = if load.picture.is_some() { &both[..] } else { &both[..1] };
    let mut peers = Vec::new();
    for room in 0..load.calls as u64 {
        for _ in 0..2 {
            let (mut peer, offer) = Peer::new(lines, crypto)?;
            peer.accept_answer(&signalling.call(room, &offer)?)?;
            peers.push(peer);
        }
        peer::serve_all(&mut peers, Duration::from_millis(1))?;
    }
    peer::connect_all(&mut peers)?;
    peer::serve_all(&mut peers, SETTLE)?;
    Ok(peers)
}

struct Exchange<'a> {
    load: &'a Load,
    peers: Vec<Peer>,
    /// The number of each one's last key frame.
    keyframes: Vec<u64>,
    /// Steps that count.
    window: Range<u64>,
    voices: Reception,
    pictures: Reception,
    lag: Histogram,
    batch: Batch,
    payload: Vec<u8>,
    picture: Vec<u8>,
    next_timers: Instant,
}

impl<'a> Exchange<'a> {
    fn new(load: &'a Load, timing: Timing, peers: Vec<Peer>) -> Self {
        let pictures = |time: Duration| (time.as_secs_f64() / load.step.as_secs_f64()) as u64 / STEPS_A_PICTURE;
        let Picture { bytes, packets } = load.picture.unwrap_or(Picture { bytes: 0, packets: 0 });
        let from = pictures(timing.warmup);
        let window = from..from + pictures(timing.measured).max(1);
        Self {
            load,
            keyframes: vec![0; peers.len()],
            voices: Reception::new(peers.len(), window.start * STEPS_A_PICTURE..window.end * STEPS_A_PICTURE),
            pictures: Reception::new(if packets > 0 { peers.len() } else { 0 }, window.start * packets..window.end * packets),
            window: window.start * STEPS_A_PICTURE..window.end * STEPS_A_PICTURE,
            peers,
            lag: Histogram::default(),
            batch: Batch::default(),
            payload: Vec::new(),
            picture: vec![0; bytes],
            next_timers: Instant::now(),
        }
    }

    /// All speak at the same rate, one after another, so that the load is even.
    fn talk(&mut self, meter: &Meter) -> Result<(Reading, Reading)> {
        let senders = self.peers.len();
        let start = Instant::now();
        let mut before = meter.read()?;
        for step in 0..self.window.end {
            if step == self.window.start {
                before = meter.read()?;
            }
            for sender in 0..senders {
                let due = start + self.load.step * step as u32 + self.load.step * sender as u32 / senders as u32;
                self.receive_until(due)?;
                if self.window.contains(&step) {
                    self.lag.add(due.elapsed().as_micros() as u64);
                }
                self.speak(sender, step)?;
                let turn = step + sender as u64 % STEPS_A_PICTURE;
                if let (Some(picture), true) = (self.load.picture, turn.is_multiple_of(STEPS_A_PICTURE)) {
                    self.show(sender, step / STEPS_A_PICTURE, picture.packets)?;
                }
            }
        }
        Ok((before, meter.read()?))
    }

    fn speak(&mut self, sender: usize, step: u64) -> Result<()> {
        let voice = &self.load.voices[sender % self.load.voices.len()];
        let packet = &voice[(step % voice.len() as u64) as usize];
        payload::write_voice(&mut self.payload, packet, Stamp::now(step));
        self.peers[sender].send(Medium::Voice, FIRST_SEQUENCE + step, 960 * step as u32, false, &self.payload)
    }

    fn show(&mut self, sender: usize, number: u64, packets: u64) -> Result<()> {
        if self.peers[sender].take_keyframe_request() {
            self.keyframes[sender] = number;
        }
        for place in 0..packets {
            let index = number * packets + place;
            payload::write(&mut self.picture, place == 0, number == self.keyframes[sender], Stamp::now(index));
            let (sequence, time, last) = (FIRST_SEQUENCE + index, 3600 * number as u32, place == packets - 1);
            self.peers[sender].send(Medium::Picture, sequence, time, last, &self.picture)?;
        }
        Ok(())
    }

    /// Looks at least once.
    fn receive_until(&mut self, due: Instant) -> Result<()> {
        loop {
            self.receive()?;
            let now = Instant::now();
            if now >= self.next_timers {
                self.next_timers = now + TIMERS_EVERY;
                self.peers.iter_mut().try_for_each(|peer| peer.handle_timeouts(now))?;
            }
            let left = due.saturating_duration_since(now);
            if left.is_zero() {
                return Ok(());
            }
            // Not in poll: a reader that blocks there is woken by the server's own send call, at the server's cost.
            if left > SPIN {
                thread::sleep(left - SPIN);
            }
        }
    }

    fn receive(&mut self) -> Result<()> {
        let mut poll = peer::poll(&self.peers);
        let Self { peers, batch, voices, pictures, .. } = self;
        for i in poll.readable(Duration::ZERO) {
            peers[i].receive(batch, |medium, stamp, arrived_ns| {
                let reception = if medium == Medium::Voice { &mut *voices } else { &mut *pictures };
                reception.add(i, stamp.index, Some(arrived_ns.saturating_sub(stamp.written_ns)));
            })?;
        }
        Ok(())
    }

    fn outcome(self, before: &Reading, after: &Reading, profile: SrtpProfile) -> Result<Outcome> {
        let Self { peers, mut voices, pictures, lag, .. } = self;
        let without = voices.without_any() + pictures.without_any();
        ensure!(without == 0, "{without} of {} received nothing", peers.len());
        voices.latency.merge(&pictures.latency);
        Ok(Outcome {
            expected: voices.expected() + pictures.expected(),
            received: voices.received() + pictures.received(),
            latency: voices.latency,
            lag,
            span: after.since(before),
            receive_drops: peers.iter().map(Peer::receive_drops).sum::<Result<u64>>()?,
            profile,
        })
    }
}
