//! What the machine asks for at the least: a packet sealed for each subscriber and handed to the kernel, and nothing else.
//!
//! One thread on the server's CPU does it at the pace of a server under the same load; it decrypts nothing and receives nothing. The receiving
//! half of loopback runs inside its send call, as it does for every server here.

use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use load_kit::cpu::Usage;
use load_kit::run::Timing;
use load_kit::sys::{self, Batch, Fan};
use relay_load::load::Load;

const HEADER: usize = 12;
const TAG: usize = 16;
/// Between two looks of the receiver at its sockets.
const PAUSE: Duration = Duration::from_micros(300);

/// CPU time for each packet, ns.
pub(crate) fn measure(load: &Load, timing: Timing, cpus: &[usize]) -> Result<f64> {
    let sockets = (0..load.subscribers).map(|_| sys::udp_socket()).collect::<Result<Vec<_>, _>>()?;
    let to = sockets.iter().map(address).collect::<Result<Vec<_>>>()?;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let measured = send(load, timing, &to, cpus);
            stop.store(true, Ordering::Relaxed);
            measured
        });
        drain(&sockets, &stop);
        sending.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn address(socket: &UdpSocket) -> Result<SocketAddrV4> {
    match socket.local_addr()? {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(address) => bail!("{address} is not IPv4"),
    }
}

fn drain(sockets: &[UdpSocket], stop: &AtomicBool) {
    let mut batch = Batch::default();
    while !stop.load(Ordering::Relaxed) {
        let found: usize = sockets.iter().map(|socket| batch.receive(socket)).sum();
        if found == 0 {
            thread::sleep(PAUSE);
        }
    }
}

fn send(load: &Load, timing: Timing, to: &[SocketAddrV4], cpus: &[usize]) -> Result<f64> {
    if !cpus.is_empty() {
        sys::run_on(cpus)?;
    }
    let socket = sys::udp_socket()?;
    let wire = HEADER + load.payload_bytes + TAG;
    let mut fan = Fan::new(to, wire * load.burst as usize, wire);
    let keys: Vec<LessSafeKey> = to.iter().map(|_| key()).collect::<Result<_>>()?;
    let step = Duration::from_secs(1) * load.burst / load.input_pps;
    let bursts = |time: Duration| (time.as_secs_f64() / step.as_secs_f64()) as u32;
    let (warmup, measured) = (bursts(timing.warmup), bursts(timing.measured).max(1));
    let start = Instant::now();
    let mut before = Usage::default();
    for burst in 0..warmup + measured {
        thread::sleep((start + step * burst).saturating_duration_since(Instant::now()));
        if burst == warmup {
            before = Usage::of_this_thread();
        }
        for (message, key) in fan.messages().zip(&keys) {
            message.chunks_mut(wire).try_for_each(|packet| seal(key, burst, packet))?;
        }
        fan.send(&socket)?;
    }
    let packets = u64::from(measured) * u64::from(load.burst) * to.len() as u64;
    Ok(Usage::of_this_thread().since(&before).run_ns as f64 / packets as f64)
}

fn key() -> Result<LessSafeKey> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[7; 16]).ok().context("a key of AES-128-GCM")?))
}

/// The nonce does not matter: nobody opens it.
fn seal(key: &LessSafeKey, burst: u32, packet: &mut [u8]) -> Result<()> {
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&burst.to_be_bytes());
    let (header, rest) = packet.split_at_mut(HEADER);
    let (payload, tag) = rest.split_at_mut(rest.len() - TAG);
    let sealed = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&*header), payload);
    tag.copy_from_slice(sealed.ok().context("sealing")?.as_ref());
    Ok(())
}
