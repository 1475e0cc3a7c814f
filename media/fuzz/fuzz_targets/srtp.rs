//! See `staffline_media::fuzzing::srtp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| staffline_media::fuzzing::srtp(data));
