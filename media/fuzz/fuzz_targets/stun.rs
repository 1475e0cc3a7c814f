//! See `staffline_media::fuzzing::stun`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| staffline_media::fuzzing::stun(data));
