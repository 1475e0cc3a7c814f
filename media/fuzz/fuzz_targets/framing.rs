//! See `staffline_media::fuzzing::framing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| staffline_media::fuzzing::framing(data));
