//! What the recorder's pipeline costs: processor seconds for a minute of a call, of packets that are there already, into memory.
//!
//! ```text
//! cargo run --release -p staffline-media --example recording
//! ```
//!
//! A line for each kind of call, as `name seconds`. Voices are of 32 kbit/s and speak by turns, 2 of 100 packets are lost.

#![expect(clippy::unwrap_used, reason = "a bench")]
#![expect(clippy::print_stdout, reason = "it is run for what it prints")]
#![expect(clippy::disallowed_methods, reason = "a bench has a clock")]

use std::{
    fs,
    time::{Duration, Instant},
};

use opus::{Application, Bitrate, Channels, Encoder};
use staffline_media::{
    control::PeerId,
    recorder::{
        Output, Source, StreamId, Tapped,
        pipeline::{Mix, Pipeline},
    },
};

const MINUTES: u64 = 5;
const FRAMES: u64 = MINUTES * 60 * 50;

/// As many people, with a camera of 500 kbit/s or without.
struct Call {
    name: &'static str,
    people: u64,
    has_cameras: bool,
    mix: Mix,
}

const CALLS: [Call; 4] = [
    Call { name: "cpu_s_per_call_minute_4_audio_mix", people: 4, has_cameras: false, mix: Mix::On },
    Call { name: "cpu_s_per_call_minute_2_audio_mix", people: 2, has_cameras: false, mix: Mix::On },
    Call { name: "cpu_s_per_call_minute_2_audio", people: 2, has_cameras: false, mix: Mix::Off },
    Call { name: "cpu_s_per_call_minute_2_video", people: 2, has_cameras: true, mix: Mix::Off },
];

/// Counts what it is given.
#[derive(Default)]
struct Counter(u64);

impl Output for Counter {
    fn write(&mut self, _: StreamId, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }

    fn replace_head(&mut self, _: StreamId, _: &[u8]) {}
}

fn main() {
    let voices = (0..4).map(voice).collect::<Vec<_>>();
    for call in CALLS {
        let before = cpu_s();
        let bytes = run(&call, &voices);
        println!("{} {:.3} ({} bytes)", call.name, (cpu_s() - before) / MINUTES as f64, bytes);
    }
}

fn run(call: &Call, voices: &[Vec<Vec<u8>>]) -> u64 {
    let epoch = Instant::now();
    let mut pipeline = Pipeline::new(epoch, &[], call.mix);
    let mut out = Counter::default();
    let picture = picture();
    for frame in 0..FRAMES {
        let at = epoch + Duration::from_millis(20 * (frame + 1));
        for person in 0..call.people {
            let tapped = |source, index, timestamp, payload| Tapped {
                at,
                peer: PeerId(u128::from(person)),
                source,
                generation: 1,
                index,
                timestamp,
                marker: true,
                payload,
            };
            if !(frame * 7 + person * 13).is_multiple_of(50) {
                let payload = &voices[person as usize][frame as usize];
                pipeline.packet(&tapped(Source::Microphone, frame, (frame * 960) as u32, payload), &mut out);
            }
            if call.has_cameras {
                let payload = &picture[usize::from(!frame.is_multiple_of(250))];
                pipeline.packet(&tapped(Source::Camera, frame, (frame * 1800) as u32, payload), &mut out);
            }
        }
        if frame.is_multiple_of(5) {
            pipeline.tick(at, &mut out);
        }
    }
    pipeline.finish(epoch + Duration::from_secs(MINUTES * 60), &mut out);
    out.0
}

/// Something like speech: three tones and noise, louder and softer, for four seconds of twelve.
fn voice(person: u64) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap();
    encoder.set_bitrate(Bitrate::Bits(32_000)).unwrap();
    encoder.set_inband_fec(true).unwrap();
    encoder.set_packet_loss_perc(2).unwrap();
    let mut noise = person + 1;
    let frame = |frame: u64| {
        let speaks = (frame / 200 + person).is_multiple_of(3);
        let sample = |sample: u64| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let hiss = ((noise >> 40) as f32 / 8_388_608.0 - 1.0) * 0.02;
            let t = sample as f32 / 48_000.0;
            let tones = [110.0, 700.0, 1300.0].map(|hz| (t * std::f32::consts::TAU * (hz + 20.0 * person as f32)).sin());
            let swell = (t * 18.0).sin().abs() * 0.2;
            if speaks { tones.iter().sum::<f32>() * swell + hiss } else { hiss * 0.1 }
        };
        let samples = (frame * 960..(frame + 1) * 960).map(sample).collect::<Vec<_>>();
        encoder.encode_vec_float(&samples, 1275).unwrap()
    };
    (0..FRAMES).map(frame).collect()
}

/// Payloads of a key frame and of another: 1200 bytes each, 50 times a second.
fn picture() -> [Vec<u8>; 2] {
    let mut key = vec![0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01];
    let mut delta = vec![0x10, 0x11, 0, 0];
    key.resize(1200, 0);
    delta.resize(1200, 0);
    [key, delta]
}

/// What this thread has used.
fn cpu_s() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
