//! Files of every kind, as ffprobe, ffmpeg, mkvinfo and opusinfo see them: without a warning.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use staffline_media::recorder::{Source, StreamId, pipeline::Mix};

use crate::{
    harness::*,
    mending::{mend, unfinished},
};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorder").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What a program says, both ways. It must do well.
fn run(program: &str, arguments: &[&str]) -> (Vec<u8>, String) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; apt-get install ffmpeg mkvtoolnix opus-tools"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {errors}\n{}", String::from_utf8_lossy(&output.stdout));
    (output.stdout, errors)
}

fn text(program: &str, arguments: &[&str]) -> String {
    String::from_utf8(run(program, arguments).0).unwrap()
}

/// Frames that a real encoder made of a picture, as (milliseconds, frame). Their count a second is 25.
fn encode(filter: &str, arguments: &[&str]) -> Vec<(u64, Vec<u8>)> {
    let mut all = vec![
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        filter,
        "-c:v",
        "libvpx",
        "-b:v",
        "400k",
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
    ];
    all.extend_from_slice(arguments);
    all.extend_from_slice(&["-f", "ivf", "pipe:1"]);
    let (ivf, _) = run("ffmpeg", &all);
    let mut frames = Vec::new();
    let mut rest = &ivf[32..];
    while !rest.is_empty() {
        let len = u32::from_le_bytes(*rest.first_chunk().unwrap()) as usize;
        frames.push((frames.len() as u64 * 40, rest[12..12 + len].to_vec()));
        rest = &rest[12 + len..];
    }
    frames
}

fn later(frames: Vec<(u64, Vec<u8>)>, by_ms: u64) -> Vec<(u64, Vec<u8>)> {
    frames.into_iter().map(|(ms, frame)| (ms + by_ms, frame)).collect()
}

fn check_webm(path: &Path, duration_ms: u64) {
    let path = path.to_str().unwrap();
    let (_, errors) = run("ffprobe", &["-v", "warning", "-count_packets", "-show_streams", path]);
    assert_eq!(errors, "", "ffprobe warns");
    let duration = text("ffprobe", &["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]);
    let duration = duration.trim().parse::<f64>().unwrap();
    assert!((duration * 1000.0 - duration_ms as f64).abs() < 1.5, "{duration} s instead of {duration_ms} ms");
    let (_, errors) = run("ffmpeg", &["-v", "warning", "-i", path, "-enc_time_base", "-1", "-f", "null", "-"]);
    assert_eq!(errors, "", "ffmpeg warns");
    // Not from the start, by the index.
    let middle = format!("{}", duration / 3.0);
    let (_, errors) = run("ffmpeg", &["-v", "warning", "-ss", &middle, "-i", path, "-enc_time_base", "-1", "-f", "null", "-"]);
    assert_eq!(errors, "", "ffmpeg warns when it seeks");
    let info = text("mkvinfo", &["-v", "-v", path]);
    for needed in ["Seek head", "Duration", "Tracks", "Cluster", "Cues"] {
        assert!(info.contains(needed), "mkvinfo knows no {needed}:\n{}", &info[..2000.min(info.len())]);
    }
    for bad in ["Unknown", "unknown", "rror", "arning", "amaged"] {
        assert!(!info.contains(bad), "mkvinfo says {bad}");
    }
}

fn check_ogg(path: &Path, ms: u64) {
    let info = text("opusinfo", &[path.to_str().unwrap()]);
    assert!(!info.to_lowercase().contains("warning") && !info.to_lowercase().contains("error"), "{info}");
    let length = format!("Playback length: {}m:{:02}.{:03}s", ms / 60_000, ms / 1000 % 60, ms % 1000);
    assert!(info.contains(&length), "{info}");
}

fn save(recorded: &Recorded, folder: &Path) -> Vec<PathBuf> {
    let files = recorded.summaries.iter().filter(|summary| summary.peer.is_some());
    let save = |summary: &staffline_media::recorder::StreamSummary| {
        let path = folder.join(format!("{}.webm", summary.stream.0));
        fs::write(&path, recorded.bytes(summary.stream)).unwrap();
        check_webm(&path, summary.duration_ms);
        path
    };
    files.map(save).collect()
}

/// Times that a filter of ffmpeg's tells, in milliseconds.
fn detect(path: &Path, filter: [&str; 2], field: &str) -> Vec<f64> {
    let (_, log) = run("ffmpeg", &["-i", path.to_str().unwrap(), filter[0], filter[1], "-f", "null", "-"]);
    let times = log.split(field).skip(1).filter_map(|rest| {
        let number = rest.trim_start_matches([':', ' ']);
        number.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse::<f64>().ok()
    });
    times.map(|seconds| seconds * 1000.0).collect()
}

#[test]
fn a_call_with_everything_in_it() {
    let folder = folder("everything");
    let sound = tone(600, |frame| frame % 100 < 50);
    let mut small = encode("testsrc=size=160x90:rate=25:duration=6", &["-g", "50"]);
    let mut camera = encode("testsrc=size=320x180:rate=25:duration=6", &["-g", "50"]);
    camera.append(&mut later(std::mem::take(&mut small), 6000));
    let screen = later(encode("testsrc2=size=480x270:rate=25:duration=4", &["-g", "50"]), 3000);
    let mut packets = voice(ANNA, 0, 12_000, |ms| sound[(ms / 20) as usize].clone());
    packets.retain(|packet| !matches!(packet.at_us / 20_000, 100..102 | 250..400));
    packets.extend(pictures(ANNA, Source::Camera, &camera));
    packets.extend(pictures(ANNA, Source::Screen, &screen));
    packets.extend(voice(BORIS, 4000, 12_000, |ms| sound[(ms / 20) as usize].clone()));
    packets.extend(pictures(
        BORIS,
        Source::Camera,
        &later(encode("testsrc=size=160x90:rate=25:duration=4", &["-g", "50"]), 7000),
    ));
    let recorded = record(Mix::On, &[], happens(packets), 12_000);
    let paths = save(&recorded, &folder);
    assert_eq!(paths.len(), 4, "camera, screen, and two of Boris's");
    let mix = folder.join("mix.ogg");
    fs::write(&mix, recorded.bytes(StreamId::MIX)).unwrap();
    check_ogg(&mix, 12_000);
    let sizes = text(
        "ffprobe",
        &["-v", "error", "-select_streams", "v", "-show_entries", "frame=width", "-of", "csv=p=0", paths[0].to_str().unwrap()],
    );
    let sizes = sizes.lines().map(|line| line.trim_end_matches(',')).collect::<Vec<_>>();
    assert_eq!((sizes.len(), sizes[0], sizes[299]), (300, "320", "160"));
}

#[test]
fn a_clap_is_heard_when_it_is_seen() {
    let folder = folder("clap");
    // White and loud from 5.0 to 5.4 s of each ten.
    let is_on = |ms: u64| (5000..5400).contains(&(ms % 10_000));
    let sound = tone(1500, |frame| is_on(frame * 20));
    let voice = voice(ANNA, 0, 30_000, |ms| sound[(ms / 20) as usize].clone());
    let filter = "color=black:size=160x90:rate=25:duration=30,drawbox=c=white:t=fill:enable='between(mod(t,10),4.99,5.39)'";
    let camera = pictures(ANNA, Source::Camera, &encode(filter, &["-g", "25"]));
    let mut what = Vec::new();
    for second in 1..30u64 {
        let clock_us = 3_900_000_000_000_000 + second * 1_000_000;
        let sound_at = voice[second as usize * 50].timestamp;
        let picture_at = camera.iter().find(|packet| packet.at_us == second * 1_000_000).unwrap().timestamp;
        what.push(What::Report((second * 1000 + 220) * 1000, ANNA, Source::Microphone, 1, clock_us, sound_at));
        what.push(What::Report((second * 1000 + 10) * 1000, ANNA, Source::Camera, 1, clock_us, picture_at));
    }
    let mut random = Random(5);
    let mut packets = [voice, camera].concat();
    packets.retain(|_| random.below(100) >= 3);
    for packet in &mut packets {
        let late_us = if packet.source == Source::Microphone { 200_000 } else { 0 };
        packet.at_us += late_us + random.below(15_000);
    }
    what.extend(happens(packets));
    let recorded = record(Mix::Off, &[], what, 30_000);
    let path = save(&recorded, &folder).remove(0);
    let heard = detect(&path, ["-af", "silencedetect=noise=-30dB:d=0.5"], "silence_end");
    let seen = detect(&path, ["-vf", "blackdetect=d=0.5:pix_th=0.2"], "black_end");
    // At its end the file is neither heard nor seen.
    let heard = heard.into_iter().filter(|heard| *heard < 29_000.0).collect::<Vec<_>>();
    let pairs = heard
        .iter()
        .filter_map(|heard| Some((*heard, *seen.iter().find(|seen| (*seen - heard).abs() < 1000.0)?)))
        .collect::<Vec<_>>();
    assert!(pairs.len() >= 2, "{heard:?} {seen:?}");
    for (heard, seen) in pairs {
        assert!((heard - seen).abs() <= 80.0, "heard at {heard}, seen at {seen}");
    }
}

#[test]
fn what_was_cut_off_plays_and_can_be_sought() {
    let folder = folder("mended");
    let sound = tone(500, |_| true);
    let mut packets = voice(ANNA, 0, 10_000, |ms| sound[(ms / 20) as usize].clone());
    packets.extend(pictures(ANNA, Source::Camera, &encode("testsrc=size=320x180:rate=25:duration=10", &["-g", "50"])));
    let recorded = record(Mix::On, &[], happens(packets), 10_000);
    let (summary, _) = recorded.file(ANNA);
    let bytes = unfinished(&recorded, summary.stream);
    for (number, tenths) in [3, 5, 9].into_iter().enumerate() {
        let path = folder.join(format!("{number}.webm"));
        let mended = mend(&bytes[..bytes.len() * tenths / 10]).unwrap();
        fs::write(&path, &mended).unwrap();
        check_webm(&path, crate::reading::File::read(&mended).duration_ms.unwrap() as u64);
    }
    let mix = recorded.bytes(StreamId::MIX);
    let pages =
        recorded.streams.writes.iter().filter(|(stream, _)| *stream == StreamId::MIX).map(|(_, len)| *len).collect::<Vec<_>>();
    let path = folder.join("mix.ogg");
    fs::write(&path, mend(&mix[..pages[10]]).unwrap()).unwrap();
    check_ogg(&path, 4993);
    // Within a page: what there is of it is passed over.
    fs::write(&path, mend(&mix[..pages[10] + 1000]).unwrap()).unwrap();
    let (_, errors) = run("ffmpeg", &["-v", "error", "-i", path.to_str().unwrap(), "-f", "null", "-"]);
    assert_eq!(errors, "");
}
