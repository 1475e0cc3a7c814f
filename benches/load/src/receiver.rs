//! The subscribers' loop: takes what arrives at any of them until it is told to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::peer::{self, Peer};
use load_kit::stats::Reception;
use load_kit::sys::Batch;

/// Between two looks at the sockets. The loop never blocks in poll: a blocked reader would have to be woken by the server's
/// own send call, several µs in a virtual machine, which no server pays when its clients are elsewhere. Latency does not
/// suffer, being taken from the kernel's time stamps.
const PAUSE: Duration = Duration::from_micros(150);
const TIMERS_EVERY: Duration = Duration::from_millis(20);

pub fn receive(subscribers: &mut [Peer], every: u64, reception: &mut Reception, stop: &AtomicBool) -> Result<()> {
    let mut batch = Batch::default();
    let mut poll = peer::poll(subscribers);
    let mut next_timers = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let mut idle = true;
        for i in poll.readable(Duration::ZERO) {
            idle = false;
            subscribers[i].count(&mut batch, every, |index, late_ns| reception.add(i, index, late_ns))?;
        }
        if idle {
            thread::sleep(PAUSE);
        }
        let now = Instant::now();
        if now >= next_timers {
            next_timers = now + TIMERS_EVERY;
            subscribers.iter_mut().try_for_each(|subscriber| subscriber.handle_timeouts(now))?;
        }
    }
    Ok(())
}
