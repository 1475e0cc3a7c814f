//! See `staffline_media::fuzzing::dtls`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| staffline_media::fuzzing::dtls(data));
