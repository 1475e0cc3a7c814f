//! What forwarding a packet costs: unprotect -> route -> protect, without sockets (`relay/`), what its primitives cost (`floor/`), and what
//! handing ChannelData from one allocation of the TURN server to another costs (`turn/`).
//!
//! The element is one forwarded packet, so the time per element reads as ns per forwarded packet. Name: profile/payload/subscribers x burst.

#![expect(clippy::unwrap_used, reason = "a bench")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aes::cipher::{InnerIvInit, StreamCipher};
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey},
    hmac,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use staffline_media::{
    control::Protocol,
    datagram::{Datagram, Route},
    outbox::Outbox,
    room::Room,
    srtp::SrtpProfile,
};

#[path = "../media/tests/support/mod.rs"]
mod support;
#[expect(dead_code, reason = "this takes a part of it")]
#[path = "../media/tests/support/turn.rs"]
mod turn_client;
use support::{CM, Client, DELTA, GCM, VP8, route, up_ssrc, video};

/// Like the driver's: written over once it has been sent, and no larger than a second-level cache.
struct Arena {
    bytes: Vec<u8>,
    next: usize,
}

impl Outbox for Arena {
    #[inline]
    fn packet(&mut self, _: Route, len: usize) -> &mut [u8] {
        if self.next + len > self.bytes.len() {
            self.next = 0;
        }
        self.next += len;
        &mut self.bytes[self.next - len..self.next]
    }
}

/// One publisher's packets to many subscribers; sealing them on the publisher's side is not measured.
struct Scene {
    room: Room,
    publisher: Client,
    arena: Arena,
    payload: Vec<u8>,
    burst: u64,
    next_index: u64,
    start: Instant,
}

impl Scene {
    fn new(profile: SrtpProfile, payload: usize, subscribers: u16, burst: u64) -> Self {
        let mut room = Room::new();
        let publisher = Client::join(&mut room, profile, 1, video(1, true, false));
        for n in 2..2 + subscribers {
            Client::join(&mut room, profile, n, video(n, false, true));
        }
        let mut content = DELTA.to_vec();
        content.resize(payload, 7);
        let arena = Arena { bytes: vec![0; 256 * 1024], next: 0 };
        Self { room, publisher, arena, payload: content, burst, next_index: 0, start: Instant::now() }
    }

    fn batch(&mut self) -> Vec<Vec<u8>> {
        let first = self.next_index;
        self.next_index += self.burst;
        (first..self.next_index).map(|index| self.publisher.rtp(VP8, up_ssrc(1, 0), index, &self.payload)).collect()
    }

    /// The time that `batches` bursts take. Some are prepared at a time, so that they are in a cache as if they had just been received.
    fn run(&mut self, batches: u64) -> Duration {
        let mut spent = Duration::ZERO;
        for _ in 0..batches.div_ceil(16) {
            let mut buffers: Vec<_> = (0..16).map(|_| self.batch()).collect();
            let mut datagrams: Vec<Vec<_>> = buffers
                .iter_mut()
                .map(|batch| batch.iter_mut().map(|data| Datagram { route: route(1), data }).collect())
                .collect();
            let begun = Instant::now();
            for batch in &mut datagrams {
                // The driver reads the clock once a batch.
                let now = black_box(self.start);
                for (index, datagram) in batch.iter_mut().enumerate() {
                    self.room.receive(now, self.publisher.member, index, datagram.data);
                }
                self.room.flush(now, batch, &mut self.arena);
            }
            spent += begun.elapsed();
        }
        spent.mul_f64(batches as f64 / (16 * batches.div_ceil(16)) as f64)
    }
}

fn relay(c: &mut Criterion) {
    for (profile, name) in [(GCM, "gcm"), (CM, "cm")] {
        for payload in [120, 1_100] {
            let mut group = c.benchmark_group(format!("relay/{name}/{payload}"));
            for (subscribers, burst) in [(1, 1), (10, 1), (50, 1), (1, 10), (10, 10), (50, 10)] {
                group.throughput(Throughput::Elements(u64::from(subscribers) * burst));
                group.bench_function(BenchmarkId::from_parameter(format!("{subscribers}x{burst}")), |b| {
                    let mut scene = Scene::new(profile, payload, subscribers, burst);
                    b.iter_custom(|batches| scene.run(batches));
                    let forwarded = scene.room.report();
                    assert_eq!(forwarded.media_packets_dropped, 0);
                });
            }
            group.finish();
        }
    }
}

/// Two clients who have bound channels to each other; what one sends goes to the other.
fn turn(c: &mut Criterion) {
    for (protocol, name) in [(Protocol::Udp, "udp"), (Protocol::TurnTls, "stream")] {
        for payload in [120, 1_100] {
            let mut group = c.benchmark_group(format!("turn/{name}/{payload}"));
            for burst in [1_usize, 10] {
                let mut scene = turn_client::Scene::new();
                let client = |n| turn_client::TurnClient::new(n, protocol, scene.credentials(turn_client::CALL, n.into()));
                let (mut anna, mut boris) = (client(1), client(2));
                let (of_anna, of_boris) = (scene.allocate(&mut anna), scene.allocate(&mut boris));
                assert_eq!((scene.bind(&mut anna, 0x4000, of_boris), scene.bind(&mut boris, 0x4001, of_anna)), (0, 0));
                let mut packets = vec![turn_client::channel_data(0x4000, &vec![7; payload]); burst];
                let mut batch: Vec<_> = packets.iter_mut().map(|data| Datagram { route: anna.route, data }).collect();
                let mut arena = Arena { bytes: vec![0; 256 * 1024], next: 0 };
                group.throughput(Throughput::Elements(burst as u64));
                group.bench_function(BenchmarkId::from_parameter(burst), |b| {
                    b.iter(|| scene.port.handle_batch(black_box(scene.now), &mut batch, &mut arena));
                });
                let report = scene.report();
                assert_eq!(report.turn_packets_in, report.turn_packets_out);
            }
            group.finish();
        }
    }
}

fn floor(c: &mut Criterion) {
    for size in [120usize, 1100] {
        let mut g = c.benchmark_group(format!("floor/{size}"));
        g.throughput(Throughput::Elements(1));
        let src = vec![7u8; size];
        let mut out = vec![0u8; 12 + size + 16];
        let k = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[9; 16]).unwrap());
        g.bench_function("gcm in place + copy", |b| {
            b.iter(|| {
                let (h, r) = out.split_at_mut(12);
                r[..size].copy_from_slice(black_box(&src));
                let t =
                    k.seal_in_place_separate_tag(Nonce::assume_unique_for_key([3; 12]), Aad::from(&*h), &mut r[..size]).unwrap();
                r[size..].copy_from_slice(t.as_ref());
            });
        });
        g.bench_function("gcm scatter", |b| {
            b.iter(|| {
                let (h, r) = out.split_at_mut(12);
                let (c, t) = r.split_at_mut(size);
                k.seal_out_of_place_scatter(Nonce::assume_unique_for_key([3; 12]), Aad::from(&*h), black_box(&src), c, &[], t)
                    .unwrap();
            });
        });
        let ek = EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &[9; 16]).unwrap()).unwrap();
        g.bench_function("ctr aws-lc + copy", |b| {
            b.iter(|| {
                out[12..12 + size].copy_from_slice(black_box(&src));
                ek.less_safe_encrypt(&mut out[12..12 + size], EncryptionContext::Iv128([3; 16].into())).unwrap();
            });
        });
        let ak = <aes::Aes128 as aes::cipher::KeyInit>::new(&[9; 16].into());
        g.bench_function("ctr rustcrypto b2b", |b| {
            b.iter(|| {
                let core = ctr::CtrCore::<_, ctr::flavors::Ctr128BE>::inner_iv_init(&ak, &[3; 16].into());
                aes::cipher::StreamCipherCoreWrapper::from_core(core)
                    .apply_keystream_b2b(black_box(&src), &mut out[12..12 + size])
                    .unwrap();
            });
        });
        g.bench_function("ctr32 rustcrypto b2b", |b| {
            b.iter(|| {
                let core = ctr::CtrCore::<_, ctr::flavors::Ctr32BE>::inner_iv_init(&ak, &[3; 16].into());
                aes::cipher::StreamCipherCoreWrapper::from_core(core)
                    .apply_keystream_b2b(black_box(&src), &mut out[12..12 + size])
                    .unwrap();
            });
        });
        let hk = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[5; 20]);
        g.bench_function("hmac-sha1 aws-lc", |b| {
            b.iter(|| {
                let mut m = hmac::Context::with_key(&hk);
                m.update(black_box(&out[..12 + size]));
                m.update(&[0; 4]);
                black_box(m.sign());
            });
        });
        g.finish();
    }
}

criterion_group!(benches, relay, turn, floor);
criterion_main!(benches);
