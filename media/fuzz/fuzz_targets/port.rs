//! See `staffline_media::fuzzing::port`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| staffline_media::fuzzing::port(data));
