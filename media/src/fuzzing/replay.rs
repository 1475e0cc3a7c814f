//! The corpus on stable Rust, in seconds: each file as it is, and some mutations of each by a fixed seed. It finds nothing that a run of
//! `make fuzz` does not; it keeps what was found from coming back.

use std::fs;
use std::path::{Path, PathBuf};

use super::{TARGETS, seeds};

/// Mutations of each file.
const MUTATIONS: usize = 40;
/// Numbers that parsers stumble over.
const EDGES: [u8; 8] = [0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff];

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

fn files(target: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(7) {
                _ if bytes.is_empty() => bytes.push(self.below(256) as u8),
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = EDGES[self.below(EDGES.len())],
                2 => bytes[at] = self.below(256) as u8,
                3 => drop(bytes.drain(at..end)),
                4 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
                5 => bytes.truncate(at),
                _ => {
                    let other = &others[self.below(others.len())];
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[self.below(other.len())..]);
                }
            }
        }
    }
}

fn replay(target: &str) {
    let (_, run) = TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    let files = files(target);
    let mut random = Random(0x5eed);
    for file in &files {
        run(file);
        for _ in 0..MUTATIONS {
            let mut bytes = file.clone();
            random.mutate(&mut bytes, &files);
            run(&bytes);
        }
    }
}

/// One test for each target, so that they run side by side.
macro_rules! replayed {
    ($($target:ident)*) => {
        $(#[test] fn $target() { replay(stringify!($target)); })*

        #[test]
        fn every_target_is_replayed_and_is_libfuzzers() {
            let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
            let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml")).unwrap();
            for name in names {
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            }
        }
    };
}

replayed! { dtls framing port room rtcp rtp sdp srtp stun turn }

/// The seeds are made by code, the corpus is files: `STAFFLINE_WRITE_SEEDS=1` writes the ones to the others.
#[test]
fn the_corpus_has_every_seed() {
    for (target, _) in TARGETS {
        for (name, bytes) in seeds::of(target) {
            let path = corpus(target).join(name);
            if std::env::var_os("STAFFLINE_WRITE_SEEDS").is_some() {
                fs::create_dir_all(corpus(target)).unwrap();
                fs::write(&path, &bytes).unwrap();
            }
            assert!(
                fs::read(&path).is_ok_and(|file| file == bytes),
                "{} is another: set STAFFLINE_WRITE_SEEDS=1",
                path.display()
            );
        }
    }
}
