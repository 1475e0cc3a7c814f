//! What the primitives cost (`floor/`).

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use aes::cipher::{InnerIvInit, StreamCipher};
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey},
    hmac,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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

criterion_group!(benches, floor);
criterion_main!(benches);
