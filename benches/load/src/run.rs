//! One run: a publisher and its subscribers join a fresh server, then the load is put on it and measured.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::peer::{self, Direction, Medium, Peer};
use crate::profile::{NotingCrypto, SrtpProfile};
use crate::signalling::Signalling;
use load_kit::meter::Meter;
use load_kit::run::Timing;
use load_kit::stats::Reception;

use crate::figures::Figures;
use crate::load::Load;
use crate::publisher::{Publisher, Sent};
use crate::receiver;

/// For the keyframe requests, STUN and RTCP of the set-up to pass.
const SETTLE: Duration = Duration::from_millis(300);
/// For what is still queued in the server when the publisher has ended.
const LINGER: Duration = Duration::from_millis(500);

/// The indices of the packets that count, whole bursts on both sides.
fn window(timing: Timing, load: &Load) -> Range<u64> {
    let burst = u64::from(load.burst);
    let packets = |time: Duration| {
        let bursts = (time.as_secs_f64() * f64::from(load.input_pps)) as u64 / burst;
        bursts.max(1) * burst
    };
    let start = packets(timing.warmup);
    start..start + packets(timing.measured)
}

/// Puts one load on the server. Fails if any subscriber gets nothing at all, or another cipher than was asked for.
pub fn run(load: &Load, timing: Timing, server_pid: u32, signalling: &mut dyn Signalling) -> Result<Figures> {
    Joined::new(load, signalling)?.exchange(timing, &Meter::of(server_pid))
}

/// Clients that are connected and wait for the load.
#[derive(Debug)]
pub struct Joined<'a> {
    load: &'a Load,
    profile: SrtpProfile,
    publisher: Peer,
    subscribers: Vec<Peer>,
}

impl<'a> Joined<'a> {
    pub fn new(load: &'a Load, signalling: &mut dyn Signalling) -> Result<Self> {
        let crypto = NotingCrypto::default();
        let (publisher, subscribers) = join(load, &crypto, signalling)?;
        let profile = crypto.negotiated()?;
        ensure!(load.cipher.includes(profile), "asked for {:?} but got {profile}", load.cipher);
        Ok(Self { load, profile, publisher, subscribers })
    }

    pub fn exchange(self, timing: Timing, meter: &Meter) -> Result<Figures> {
        let Self { load, profile, publisher, mut subscribers } = self;
        let window = window(timing, load);
        let mut reception = Reception::new(load.subscribers, window.clone());
        let exchange = Exchange { every: load.decrypt_every(), window: &window, meter };
        let sent = exchange.run(Publisher::new(publisher, load), &mut subscribers, &mut reception)?;
        let without = reception.without_any();
        ensure!(without == 0, "{without} of {} subscribers received nothing", load.subscribers);
        let drops = subscribers.iter().map(Peer::receive_drops).sum::<Result<u64>>()?;
        Ok(Figures::new(load, profile, &sent, &reception, drops))
    }
}

/// Publisher first, as WHEP wants it, then all subscribers; every one has ICE and DTLS up in the end.
fn join(load: &Load, crypto: &NotingCrypto, signalling: &mut dyn Signalling) -> Result<(Peer, Vec<Peer>)> {
    let (mut publisher, offer) = Peer::new(&[(Medium::Picture, Direction::SendOnly)], crypto)?;
    publisher.accept_answer(&signalling.publish(&offer)?)?;
    let mut peers = vec![publisher];
    peer::connect_all(&mut peers)?;
    for _ in 0..load.subscribers {
        peers.push(signalling.subscribe(crypto)?);
        peer::serve_all(&mut peers, Duration::from_millis(1))?;
    }
    peer::connect_all(&mut peers)?;
    peer::serve_all(&mut peers, SETTLE)?;
    let subscribers = peers.split_off(1);
    Ok((peers.pop().context("the publisher")?, subscribers))
}

/// Sets its flag when it goes, so that the receiver ends however the publisher does.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Publisher and receiver, each on a thread of its own.
struct Exchange<'a> {
    /// Of how many packets one is decrypted.
    every: u64,
    window: &'a Range<u64>,
    meter: &'a Meter,
}

impl Exchange<'_> {
    fn run(&self, mut publisher: Publisher<'_>, subscribers: &mut [Peer], reception: &mut Reception) -> Result<Sent> {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let _stop = StopOnDrop(&stop);
                let sent = publisher.publish(self.window, self.meter)?;
                publisher.linger(LINGER)?;
                Ok(sent)
            });
            let received = receiver::receive(subscribers, self.every, reception, &stop);
            let sent = sending.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            received.and(sent)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_whole_bursts_and_never_empty() {
        let timing = Timing { warmup: Duration::from_secs(1), measured: Duration::from_secs(4) };
        let window = |text: &str| super::window(timing, &text.parse().unwrap());
        assert_eq!(window("10:2000:1100:gcm"), 2000..10_000);
        assert_eq!(window("10:25:1100:gcm:10"), 20..120);
        let short = Timing { warmup: Duration::ZERO, measured: Duration::from_millis(1) };
        assert_eq!(super::window(short, &"1:1:1100:gcm".parse().unwrap()), 1..2);
    }
}
