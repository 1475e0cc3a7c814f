//! Sound and pictures: in which files they are, that they fit together, and what becomes of pictures that were lost.

use staffline_media::recorder::{Source, StreamId, StreamSummary, pipeline::Mix};

use crate::harness::*;

/// A frame that tells when it was taken, for whoever does not decode it.
fn frame(ms: u64, is_key: bool) -> (u64, Vec<u8>) {
    let mut frame = if is_key { key_frame(640, 360, 2500) } else { delta_frame(700) };
    frame.extend_from_slice(&ms.to_be_bytes());
    (ms, frame)
}

fn taken(data: &[u8]) -> i64 {
    i64::from_be_bytes(*data.last_chunk().unwrap())
}

/// 25 frames a second, each `keys`th of them a key frame.
fn frames(from_ms: u64, to_ms: u64, keys: usize) -> Vec<(u64, Vec<u8>)> {
    (from_ms..to_ms).step_by(40).enumerate().map(|(number, ms)| frame(ms, number % keys == 0)).collect()
}

fn delayed(mut packets: Vec<Packet>, by_ms: u64) -> Vec<Packet> {
    packets.iter_mut().for_each(|packet| packet.at_us += by_ms * 1000);
    packets
}

/// Reports of a track, each second, from packets that were not delayed.
fn reports(packets: &[Packet], delay_ms: u64) -> Vec<What> {
    let mut what = Vec::new();
    for packet in packets.iter().filter(|packet| packet.marker || packet.source == Source::Microphone) {
        if packet.at_us / 1_000_000 > what.len() as u64 {
            // The sender's clock began long ago; the timestamp is that of what was taken now.
            let taken_us = packet.at_us - if packet.source == Source::Microphone { 20_000 } else { 0 };
            let clock_us = 3_900_000_000_000_000 + taken_us;
            what.push(What::Report(packet.at_us + delay_ms * 1000, packet.peer, packet.source, 1, clock_us, packet.timestamp));
        }
    }
    what
}

/// How far pictures are from sound taken at the same time, at most, from `from_ms` on.
fn apart(recorded: &Recorded, from_ms: i64) -> i64 {
    let (_, file) = recorded.file(ANNA);
    file.check();
    // At the end pictures may be shown earlier, so that they are shown at all.
    let until_ms = file.blocks(1).last().unwrap().ms - 300;
    let range = |errors: &[i64]| (*errors.iter().min().unwrap(), *errors.iter().max().unwrap());
    let errors = |track, taken: &dyn Fn(&[u8]) -> Option<i64>| {
        let blocks = file.blocks(track).into_iter().filter(|block| (from_ms..until_ms).contains(&block.ms));
        range(&blocks.filter_map(|block| Some(block.ms - taken(&block.data)?)).collect::<Vec<_>>())
    };
    let sound = errors(1, &|data| date(data).map(|date| date as i64));
    let pictures = errors(2, &|data| Some(taken(data)));
    (pictures.1 - sound.0).max(sound.1 - pictures.0)
}

/// A call of twenty seconds with a late voice or a late camera, without 3 of 100 packets.
fn check_delay(sound_ms: u64, pictures_ms: u64, with_reports: bool) -> i64 {
    let mut random = Random(11);
    let voice = voice(ANNA, 200, 20_000, dated);
    let camera = pictures(ANNA, Source::Camera, &frames(200, 20_000, 25));
    let mut what = Vec::new();
    if with_reports {
        what.extend(reports(&voice, sound_ms));
        what.extend(reports(&camera, pictures_ms));
    }
    let mut packets = [delayed(voice, sound_ms), delayed(camera, pictures_ms)].concat();
    packets.retain(|_| random.below(100) >= 3);
    what.extend(happens(packets));
    let recorded = record(Mix::Off, &[], what, 20_000);
    let (summary, file) = recorded.file(ANNA);
    assert!(file.clusters.last().unwrap().last().unwrap().ms as u64 <= summary.duration_ms);
    file.check_sound();
    apart(&recorded, 3000)
}

#[test]
fn reports_put_sound_and_pictures_together() {
    assert!(check_delay(200, 0, false) > 150, "or the test shows nothing");
    for (sound_ms, pictures_ms) in [(200, 0), (0, 200), (0, 0), (150, 250)] {
        let apart = check_delay(sound_ms, pictures_ms, true);
        assert!(apart <= 80, "{apart} ms with sound {sound_ms} and pictures {pictures_ms} ms late");
    }
}

/// A device that stands still goes on with the next timestamp, and what it hears then belongs later than that says.
#[test]
fn sound_of_a_device_that_stood_still_is_where_it_was_heard() {
    let mut voice = voice(ANNA, 200, 40_000, dated);
    for packet in &mut voice {
        let heard_ms = date(&packet.payload).unwrap();
        let stood_ms = [5_000, 11_000, 17_000].into_iter().filter(|from_ms| heard_ms > *from_ms).count() as u64 * 18;
        packet.payload = dated(heard_ms + stood_ms);
        packet.at_us += stood_ms * 1000;
    }
    let what = [reports(&voice, 0), happens(voice)].concat();
    let recorded = record(Mix::Off, &[], what, 40_000);
    let (summary, file) = recorded.file(ANNA);
    file.check_sound();
    let starts_ms = summary.starts_ms as i64;
    let late = file.blocks(1).into_iter().filter_map(|block| Some((block.ms, block.ms + starts_ms - date(&block.data)? as i64)));
    let (worst_ms, worst) = late.filter(|(ms, _)| *ms > 20_000).max_by_key(|(_, late)| late.abs()).unwrap();
    assert!(worst.abs() <= 20, "{worst} ms late at {worst_ms}");
}

#[test]
fn reports_that_make_no_sense_change_nothing() {
    let voice = voice(ANNA, 200, 10_000, dated);
    let camera = pictures(ANNA, Source::Camera, &frames(200, 10_000, 25));
    for (ntp_us, timestamp) in [(0, 1 << 30), (u64::MAX >> 20, u32::MAX), (3_900_000_000_000_000, 1 << 31)] {
        let mut what = happens([voice.clone(), camera.clone()].concat());
        for at_ms in (1000..10_000).step_by(1000) {
            what.push(What::Report(at_ms * 1000, ANNA, Source::Microphone, 1, ntp_us, timestamp));
            what.push(What::Report(at_ms * 1000, ANNA, Source::Camera, 1, ntp_us / 2, timestamp));
        }
        let recorded = record(Mix::Off, &[], what, 10_000);
        let apart = apart(&recorded, 0);
        assert!(apart <= 40, "{apart} ms with {ntp_us} and {timestamp}: {:#?}", recorded.events());
    }
}

#[test]
fn all_reports_are_told() {
    let voice = voice(ANNA, 0, 5000, dated);
    let mut what = reports(&voice, 10);
    let count = what.len();
    what.extend(happens(voice));
    let recorded = record(Mix::Off, &[], what, 6000);
    let told = recorded.events().into_iter().filter(|event| event.contains(r#""type":"sender_report""#)).count();
    assert_eq!(told, count);
}

#[test]
fn a_camera_of_the_first_second_is_in_the_first_file() {
    let packets = [voice(ANNA, 0, 5000, dated), pictures(ANNA, Source::Camera, &frames(900, 5000, 25))].concat();
    let recorded = record(Mix::Off, &[], happens(packets), 5000);
    let (summary, file) = recorded.file(ANNA);
    assert_eq!(summary.sources, [Source::Microphone, Source::Camera]);
    assert_eq!(file.blocks(2).len(), 103);
    assert_eq!(summary.stream, StreamId::FIRST_TRACK);
}

#[test]
fn a_later_camera_begins_a_file_with_both() {
    let packets = [voice(ANNA, 0, 9000, dated), pictures(ANNA, Source::Camera, &frames(4000, 9000, 25))].concat();
    let recorded = record(Mix::Off, &[], happens(packets), 9000);
    let files = recorded.files(ANNA);
    let sources = files.iter().map(|(summary, _)| summary.sources.clone()).collect::<Vec<_>>();
    assert_eq!(sources, [vec![Source::Microphone], vec![Source::Microphone, Source::Camera]]);
    files.iter().for_each(|(_, file)| {
        file.check();
        file.check_sound();
    });
    assert_eq!(files[1].1.blocks(2).len(), 125);
    let (first, second) = (files[0].0, files[1].0);
    assert!((first.starts_ms + first.duration_ms).abs_diff(second.starts_ms) <= 120, "{first:?} {second:?}");
    let sound = files.iter().flat_map(|(_, file)| file.blocks(1)).filter_map(|block| date(&block.data)).collect::<Vec<_>>();
    assert_eq!(sound, (0..9000).step_by(20).collect::<Vec<_>>(), "nothing is lost between them");
    let told = recorded.events().into_iter().filter(|event| event.contains(r#""type":"stream","#)).collect::<Vec<_>>();
    assert_eq!(number(&told[1], "starts_ms"), second.starts_ms);
    assert!(told[1].contains(r#""peer":"0000000000000000000000000000000a","sources":["microphone","camera"]"#), "{told:?}");
    let opened = staffline_media::recorder::pipeline::opened(&told[1]);
    assert_eq!(opened, Some(StreamSummary { duration_ms: 0, bytes: 0, ..second.clone() }));
}

#[test]
fn a_later_voice_begins_a_file_with_both() {
    let packets = [voice(ANNA, 4000, 9000, dated), pictures(ANNA, Source::Camera, &frames(0, 9000, 50))].concat();
    let recorded = record(Mix::Off, &[], happens(packets), 9000);
    let files = recorded.files(ANNA);
    assert_eq!(files.len(), 2);
    files.iter().for_each(|(_, file)| file.check());
    assert_eq!(files[1].1.blocks(1).len(), 250);
    assert!(recorded.wishes.iter().any(|(ms, ..)| (4000..4500).contains(ms)), "{:?}", recorded.wishes);
}

/// A camera for three seconds, and again after three.
fn off_and_on(said: Option<What>) -> Recorded {
    let mut what = happens(voice(ANNA, 0, 15_000, dated));
    what.extend(happens(pictures(ANNA, Source::Camera, &frames(0, 3000, 25))));
    what.extend(said);
    what.extend(happens(pictures(ANNA, Source::Camera, &frames(12_000, 15_000, 25))));
    record(Mix::Off, &[], what, 15_000)
}

#[test]
fn a_camera_that_is_switched_off_ends_its_file_and_the_sound_goes_on() {
    let recorded = off_and_on(Some(What::Ended(3_050_000, ANNA, Source::Camera)));
    let files = recorded.files(ANNA);
    let both = vec![Source::Microphone, Source::Camera];
    let sources = files.iter().map(|(summary, _)| summary.sources.clone()).collect::<Vec<_>>();
    assert_eq!(sources, [both.clone(), vec![Source::Microphone], both]);
    files.iter().for_each(|(_, file)| {
        file.check();
        file.check_sound();
    });
    let ends = files.iter().map(|(summary, _)| summary.starts_ms + summary.duration_ms).collect::<Vec<_>>();
    assert!((3050..=3070).contains(&ends[0]), "the last picture does not stand any longer: {ends:?}");
    assert_eq!(files[1].0.starts_ms, ends[0]);
    assert_eq!((files[0].1.blocks(2).len(), files[2].1.blocks(2).len()), (75, 75));
    let sound = files.iter().flat_map(|(_, file)| file.blocks(1)).filter_map(|block| date(&block.data)).collect::<Vec<_>>();
    assert_eq!(sound, (0..15_000).step_by(20).collect::<Vec<_>>(), "nothing is lost between them");
    let told = recorded.events().into_iter().filter(|event| event.contains(r#""type":"ended""#)).collect::<Vec<_>>();
    assert_eq!(told, [r#"{"at_ms":3050,"type":"ended","peer":"0000000000000000000000000000000a","source":"camera"}"#]);
    assert_eq!(recorded.gaps(), []);
}

#[test]
fn a_camera_that_sends_nothing_any_more_has_ended_though_nobody_says_so() {
    let recorded = off_and_on(None);
    let files = recorded.files(ANNA);
    assert_eq!(files.len(), 3);
    let ended_ms = files[0].0.starts_ms + files[0].0.duration_ms;
    assert!((7900..=8100).contains(&ended_ms), "{ended_ms}");
    let gaps = recorded.gaps();
    assert_eq!((gaps.len(), gaps[0].1, gaps[0].3.as_str()), (1, 2960, "silence"), "{gaps:?}");
    assert!(gaps[0].2.abs_diff(ended_ms) <= 100, "{gaps:?}");
}

#[test]
fn what_was_on_its_way_when_a_camera_was_switched_off_begins_no_file() {
    let mut what = happens(voice(ANNA, 0, 6000, dated));
    what.extend(happens(pictures(ANNA, Source::Camera, &frames(0, 3200, 2))));
    what.push(What::Ended(3_000_000, ANNA, Source::Camera));
    let recorded = record(Mix::Off, &[], what, 6000);
    let kinds = recorded.files(ANNA).iter().map(|(summary, _)| summary.sources.len()).collect::<Vec<_>>();
    assert_eq!(kinds, [2, 1]);
    assert!(recorded.wishes.iter().all(|(ms, ..)| *ms <= 3000), "nobody is asked: {:?}", recorded.wishes);
}

#[test]
fn a_screen_has_files_of_its_own() {
    let mut what = happens(voice(ANNA, 0, 9000, dated));
    what.extend(happens(pictures(ANNA, Source::Screen, &frames(2000, 4000, 25))));
    what.push(What::Ended(5_000_000, ANNA, Source::Screen));
    what.extend(happens(pictures(ANNA, Source::Screen, &frames(6000, 9000, 25))));
    let recorded = record(Mix::Off, &[], what, 9000);
    let files = recorded.files(ANNA);
    let kinds = files.iter().map(|(summary, _)| (summary.sources[0], summary.starts_ms, summary.duration_ms)).collect::<Vec<_>>();
    assert_eq!(kinds, [(Source::Microphone, 0, 9000), (Source::Screen, 2000, 3000), (Source::Screen, 6000, 3000)]);
    assert_eq!(files[1].1.blocks(2).len(), 50);
    files.iter().for_each(|(_, file)| file.check());
}

#[test]
fn another_resolution_goes_on_in_the_same_file() {
    let mut all = frames(0, 4000, 50);
    all.extend((4000..8000).step_by(40).map(|ms| if ms == 4000 { (ms, key_frame(320, 180, 900)) } else { frame(ms, false) }));
    let recorded = record(Mix::Off, &[], happens(pictures(ANNA, Source::Screen, &all)), 8000);
    let (_, file) = recorded.file(ANNA);
    assert_eq!(file.blocks(2).len(), 200);
    assert_eq!(file.blocks(2)[100].ms, 4000);
}

#[test]
fn after_a_loss_a_key_frame_is_asked_for_until_it_comes() {
    let mut packets = pictures(ANNA, Source::Screen, &frames(0, 8000, 1000));
    let last = packets.last().unwrap().clone();
    let key = pictures(ANNA, Source::Screen, &[frame(8000, true), frame(8040, false)]);
    packets.extend(key.into_iter().map(|packet| Packet { index: packet.index - 65_000 + last.index + 1, ..packet }));
    packets.remove(60);
    let lost_ms = packets[60].at_us / 1000;
    let recorded = record(Mix::Off, &[], happens(packets), 9000);
    let (_, file) = recorded.file(ANNA);
    let times = file.blocks(2).iter().map(|block| block.ms as u64).collect::<Vec<_>>();
    assert!(times.iter().all(|ms| *ms < lost_ms || *ms >= 8000), "{times:?}");
    assert_eq!(times.len(), 58 + 2);
    let asked = recorded.wishes.iter().map(|(ms, ..)| *ms).collect::<Vec<_>>();
    assert!(asked[0].abs_diff(lost_ms + 500) <= 100, "when it is given up: {asked:?}");
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{asked:?}");
    assert!(asked.len() >= 10 && *asked.last().unwrap() <= 8000, "{asked:?}");
    let gaps = recorded.gaps();
    assert_eq!((gaps.len(), gaps[0].3.as_str(), gaps[0].2), (1, "loss", 8000));
}

#[test]
fn without_a_key_frame_for_four_seconds_one_is_asked_for() {
    let recorded = record(Mix::Off, &[], happens(pictures(ANNA, Source::Screen, &frames(0, 4500, 1000))), 20_000);
    let asked = recorded.wishes.iter().map(|(ms, ..)| *ms).collect::<Vec<_>>();
    assert_eq!(asked, [4000, 4500, 5000], "and not when nothing comes");
}
