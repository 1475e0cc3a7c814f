//! See `staffline_media::fuzzing::rtcp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| staffline_media::fuzzing::rtcp(data));
