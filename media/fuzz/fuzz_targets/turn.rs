//! See `staffline_media::fuzzing::turn`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| staffline_media::fuzzing::turn(data));
