//! The recorder's thread with real files: its beginnings and ends, and disks that are full, slow or not there.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use super::*;
use crate::recorder::{
    Folder, Reader, RecordingFailure, RecordingKey, RecordingSummary, SenderClock, StreamId, Tapped, recover, verify,
};

const ROOM: RoomId = RoomId(1);
const KEY: RecordingKey = RecordingKey([3; 32]);
/// Longer than anything here takes; the tests wait for events, not for time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A recorder, and what it tells.
struct Bench {
    recorder: Recorder,
    events: mpsc::Receiver<(RoomId, u128, RecordingEvent)>,
    _folder: Option<tempfile::TempDir>,
    path: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let write: Write = Arc::new(SegmentFiles::write);
        Self::on(&write)
    }

    fn on(write: &Write) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings/1");
        let (sender, events) = mpsc::channel();
        let recorder = Recorder::start_on(write, move |room, id, event| drop(sender.send((room, id, event)))).unwrap();
        Self { recorder, events, _folder: Some(folder), path }
    }

    fn start(&mut self) {
        self.start_in(ROOM, &self.path.clone());
    }

    fn start_in(&mut self, room: RoomId, folder: &Path) {
        let plan = RecordingPlan { id: room.0, folder: folder.to_owned(), key: KEY, notice: Vec::new(), clock: None };
        self.recorder.order(room, Order::Start(plan));
    }

    fn note(&mut self, len: usize) {
        let text = "x".repeat(len);
        self.recorder.order(ROOM, Order::Note(format!(r#"{{"type":"note","text":"{text}"}}"#)));
    }

    fn next(&mut self) -> RecordingEvent {
        self.events.recv_timeout(PATIENCE).expect("an event").2
    }

    /// The first event that `wanted` takes, whatever comes before it.
    fn wait<T>(&mut self, wanted: impl Fn(&RecordingEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.next()) {
                return found;
            }
        }
    }

    fn wait_for(&mut self, event: &RecordingEvent) {
        self.wait(|next| (next == event).then_some(()));
    }

    fn close(&mut self) -> RecordingSummary {
        self.recorder.order(ROOM, Order::Stop);
        self.wait(|event| match event {
            RecordingEvent::Closed(summary) => Some(summary.clone()),
            RecordingEvent::Failed(failure) => panic!("{failure}"),
            _ => None,
        })
    }

    fn voice(&mut self, index: u64) {
        let mut batch = self.recorder.batch(ROOM, Instant::now());
        batch.push(&packet(Source::Microphone, index, &[0xf8, 0xff, 0xfe]));
        self.recorder.offer(batch);
    }
}

fn packet(source: Source, index: u64, payload: &[u8]) -> Tapped<'_> {
    let timestamp = 960 * index as u32;
    Tapped { at: Instant::now(), peer: PeerId(1), source, generation: 0, index, timestamp, marker: false, payload }
}

fn events_of(folder: &Path) -> String {
    let reader = Reader::open(Folder::new(folder), &KEY).unwrap();
    String::from_utf8(reader.read(StreamId::EVENTS, 0..u64::MAX).unwrap()).unwrap()
}

#[test]
fn a_recording_begins_is_written_and_ends_in_order() {
    let mut bench = Bench::new();
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    bench.recorder.order(ROOM, Order::Joined(PeerId(1)));
    bench.note(20);
    bench.voice(1);
    let clock =
        SenderClock { at: Instant::now(), peer: PeerId(1), source: Source::Microphone, generation: 0, ntp: 1, timestamp: 1 };
    let mut batch = bench.recorder.batch(ROOM, Instant::now());
    batch.push_clock(clock);
    bench.recorder.offer(batch);
    bench.recorder.order(ROOM, Order::Left(PeerId(1)));
    let summary = bench.close();
    let verified = verify(&Folder::new(&bench.path), Some(&KEY), &[summary.head]).unwrap();
    assert!(verified.is_whole);
    assert_eq!((verified.segments, verified.bytes), (summary.segments, summary.bytes));
    let on_disk = std::fs::metadata(Folder::new(&bench.path).path(0)).unwrap().blocks() * 512;
    assert!(on_disk < summary.bytes + 65_536, "what was reserved is given back: {on_disk} bytes are taken");
    assert!(events_of(&bench.path).contains("xxxx"));
}

/// However long a plan lay anywhere before it came to the recorder.
#[test]
fn what_the_clock_said_at_the_start_is_written_down() {
    let mut bench = Bench::new();
    let noted = Instant::now().checked_sub(Duration::from_secs(5)).unwrap();
    let clock = Some((noted, 1_000_000));
    let plan = RecordingPlan { id: ROOM.0, folder: bench.path.clone(), key: KEY, notice: Vec::new(), clock };
    let before = noted.elapsed().as_millis();
    bench.recorder.order(ROOM, Order::Start(plan));
    let after = noted.elapsed().as_millis();
    bench.close();
    let events = events_of(&bench.path);
    let told = events.lines().find_map(|line| line.strip_prefix(r#"{"at_ms":0,"type":"clock","unix_ms":"#)).expect(&events);
    let unix_ms: u128 = told.trim_end_matches('}').parse().unwrap();
    assert!((before..=after).contains(&(unix_ms - 1_000_000)), "{unix_ms} of {before} to {after}");
}

#[test]
fn the_recorder_goes_after_the_media_thread() {
    let mut bench = Bench::new();
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    let nice_of = |stat: &str| stat.rsplit_once(") ")?.1.split(' ').nth(16)?.parse::<i32>().ok();
    let ours = nice_of(&std::fs::read_to_string("/proc/thread-self/stat").unwrap()).unwrap();
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let stats: Vec<_> = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok()).collect();
    for name in ["(recorder)", "(recorder-disk-0)"] {
        let found = |stat: &&String| stat.contains(name) && nice_of(stat) == Some(ours + NICENESS);
        assert!(stats.iter().any(|stat| found(&stat)), "{name} is not nice");
    }
}

#[test]
fn what_gives_way_is_written_down() {
    let mut bench = Bench::new();
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    let mut batch = bench.recorder.batch(ROOM, Instant::now());
    (0..3).for_each(|index| batch.push(&packet(Source::Camera, index, &[0; 100])));
    batch.drop_video();
    bench.recorder.offer(batch);
    bench.close();
    assert!(events_of(&bench.path).contains(r#""type":"left_out","video_packets":3}"#));
}

#[test]
fn the_end_of_the_process_ends_recordings_in_order() {
    let mut bench = Bench::new();
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    bench.note(10);
    let Bench { recorder, events, path, .. } = &mut bench;
    recorder.order(RoomId(9), Order::Stop);
    let ended = std::mem::replace(recorder, Recorder::start(|_, _, _| {}).unwrap());
    drop(ended);
    assert!(events.try_iter().any(|(_, _, event)| matches!(event, RecordingEvent::Closed(_))));
    assert!(verify(&Folder::new(&*path), Some(&KEY), &[]).unwrap().is_whole);
}

#[test]
fn memory_comes_back_for_the_next_batch() {
    let mut bench = Bench::new();
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    bench.voice(1);
    bench.close();
    assert_eq!(bench.recorder.load.bytes.load(Ordering::Relaxed), 0);
    assert!(bench.recorder.spare.try_recv().is_ok());
}

#[test]
fn nothing_is_ever_written_over() {
    let mut bench = Bench::new();
    bench.start();
    bench.close();
    let before = std::fs::read(Folder::new(&bench.path).path(0)).unwrap();
    bench.start();
    assert!(matches!(bench.next(), RecordingEvent::Failed(RecordingFailure::Disk(_))));
    assert_eq!(std::fs::read(Folder::new(&bench.path).path(0)).unwrap(), before);
}

#[test]
fn a_folder_that_cannot_be_made_is_told_at_once() {
    let mut bench = Bench::new();
    let file = bench._folder.as_ref().unwrap().path().join("file");
    std::fs::write(&file, "").unwrap();
    bench.start_in(ROOM, &file.join("1"));
    assert!(matches!(bench.next(), RecordingEvent::Failed(RecordingFailure::Disk(_))));
}

/// A disk that can be made to hang.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn write(self: &Arc<Self>) -> Write {
        let gate = Arc::clone(self);
        Arc::new(move |files, pieces, sync| {
            let shut = gate.is_shut.lock().unwrap();
            drop(gate.opened.wait_while(shut, |shut| *shut).unwrap());
            files.write(pieces, sync)
        })
    }

    fn shut(&self, shut: bool) {
        *self.is_shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }
}

/// Opens it when a test ends, however it ends: otherwise a failed one would wait for its recorder for ever.
struct Open(Arc<Gate>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.shut(false);
    }
}

#[test]
fn a_disk_that_hangs_delays_nobody_and_is_told_of() {
    let gate = Arc::new(Gate::default());
    let mut bench = Bench::on(&gate.write());
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    gate.shut(true);
    let mut offers = Vec::new();
    let lagging = loop {
        let before = Instant::now();
        bench.voice(offers.len() as u64);
        offers.push(before.elapsed());
        // A packet each ten milliseconds, as long as nothing is told.
        if let Ok((_, _, event)) = bench.events.recv_timeout(Duration::from_millis(10)) {
            break event;
        }
    };
    assert_eq!(lagging, RecordingEvent::Lagging(true));
    // An offer that waited for the disk would not have come back at all, and any that waits for something is slow. One of them may have
    // been interrupted by others on this machine.
    offers.sort_unstable();
    let usual = offers[offers.len() * 9 / 10];
    assert!(usual < Duration::from_millis(20), "nine of ten offers took up to {usual:?}");
    gate.shut(false);
    bench.wait_for(&RecordingEvent::Lagging(false));
    let summary = bench.close();
    verify(&Folder::new(&bench.path), Some(&KEY), &[summary.head]).unwrap();
}

#[test]
fn a_disk_that_takes_too_little_ends_the_recording_and_leaves_what_it_took() {
    let gate = Arc::new(Gate::default());
    let mut bench = Bench::on(&gate.write());
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    gate.shut(true);
    for _ in 0..20 {
        bench.note(1 << 20);
    }
    bench.wait_for(&RecordingEvent::Failed(RecordingFailure::Behind));
    gate.shut(false);
    drop(bench.recorder);
    let recovered = recover(&bench.path, &KEY).unwrap();
    assert!(!recovered.was_whole);
    assert!(verify(&Folder::new(&bench.path), Some(&KEY), &[recovered.summary.head]).unwrap().is_whole);
}

/// The queue to the thread is full: pictures give way first, then the recording fails, and never more is held than may be.
#[test]
fn a_thread_that_does_not_come_to_it_loses_pictures_first() {
    let folder = tempfile::tempdir().unwrap();
    let (sender, events) = mpsc::channel();
    let gate = Arc::new(Gate::default());
    let on_event = {
        let gate = Arc::clone(&gate);
        move |_: RoomId, _: u128, event: RecordingEvent| {
            sender.send(event).unwrap();
            drop(gate.opened.wait_while(gate.is_shut.lock().unwrap(), |shut| *shut).unwrap());
        }
    };
    gate.shut(true);
    let mut recorder = Recorder::start(on_event).unwrap();
    let _open = Open(Arc::clone(&gate));
    let plan = RecordingPlan { id: 1, folder: folder.path().join("1"), key: KEY, notice: Vec::new(), clock: None };
    recorder.order(ROOM, Order::Start(plan));
    assert_eq!(events.recv_timeout(PATIENCE).unwrap(), RecordingEvent::Started);
    let picture = vec![0; 1000];
    let held = |recorder: &Recorder| recorder.load.bytes.load(Ordering::Relaxed);
    let offer = |recorder: &mut Recorder, source, count: u64| {
        let mut batch = recorder.batch(ROOM, Instant::now());
        (0..count).for_each(|index| batch.push(&packet(source, index, &picture)));
        recorder.offer(batch);
    };
    for _ in 0..200 {
        offer(&mut recorder, Source::Camera, 200);
        assert!(held(&recorder) <= MAX_BYTES / 2 + 300_000);
    }
    assert!(recorder.lost.is_empty(), "pictures have given way");
    for _ in 0..200 {
        offer(&mut recorder, Source::Microphone, 200);
        assert!(held(&recorder) <= MAX_BYTES);
    }
    assert_eq!(recorder.lost, [ROOM]);
    gate.shut(false);
    let failed = events.iter().find(|event| matches!(event, RecordingEvent::Failed(_)));
    assert_eq!(failed, Some(RecordingEvent::Failed(RecordingFailure::Behind)));
}

/// As many calls of two as there are to be at once, with a mix each.
#[test]
fn forty_recordings_at_once_are_kept_up_with() {
    const RECORDINGS: u128 = 40;
    const PACKETS: u64 = 150;
    let mut bench = Bench::new();
    for id in 0..RECORDINGS {
        bench.start_in(RoomId(id), &bench.path.with_file_name(id.to_string()));
    }
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    for index in 0..PACKETS {
        for id in 0..RECORDINGS {
            let mut batch = bench.recorder.batch(RoomId(id), Instant::now());
            for peer in [PeerId(1), PeerId(2)] {
                batch.push(&Tapped { peer, ..packet(Source::Microphone, index, &[0x78; 80]) });
            }
            let before = Instant::now();
            bench.recorder.offer(batch);
            slowest = slowest.max(before.elapsed());
        }
        let next = Duration::from_millis(20 * (index + 1));
        std::thread::sleep(next.saturating_sub(begun.elapsed()));
    }
    (0..RECORDINGS).for_each(|id| bench.recorder.order(RoomId(id), Order::Stop));
    let mut closed = 0;
    while closed < RECORDINGS {
        match bench.next() {
            RecordingEvent::Closed(summary) => {
                assert_eq!(summary.streams.len(), 4, "{summary:?}");
                closed += 1;
            }
            RecordingEvent::Failed(failure) => panic!("{failure}"),
            RecordingEvent::Lagging(on) => println!("lagging: {on}"),
            _ => {}
        }
    }
    println!("closed {:?} after the beginning; the slowest offer took {slowest:?}", begun.elapsed());
    assert!(bench.recorder.lost.is_empty());
}

/// A small disk.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` only if the caller asked to go without.
    fn mount(mib: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={mib}m,mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        let skip = std::env::var("STAFFLINE_SKIP").unwrap_or_default();
        assert!(
            skip.split(',').any(|word| word == "mount"),
            "a tmpfs cannot be mounted: run the tests as root, or go without by STAFFLINE_SKIP=mount"
        );
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.0.path()).status());
    }
}

/// R8.
#[test]
fn a_full_disk_ends_the_recording_and_all_up_to_there_can_be_read() {
    let Some(disk) = Disk::mount(4) else { return };
    let filler = disk.0.path().join("filler");
    std::fs::write(&filler, vec![0; 1 << 20]).unwrap();
    let mut bench = Bench::new();
    bench.path = disk.0.path().join("1");
    bench.start();
    assert_eq!(bench.next(), RecordingEvent::Started);
    let mut notes = 0;
    let failure = loop {
        bench.note(100_000);
        notes += 1;
        if let Ok((_, _, event)) = bench.events.recv_timeout(Duration::from_millis(20)) {
            match event {
                RecordingEvent::Failed(failure) => break failure,
                RecordingEvent::Closed(_) => panic!("it ended in order"),
                _ => {}
            }
        }
    };
    assert_eq!(failure, RecordingFailure::DiskFull);
    let read = events_of(&bench.path);
    assert!(read.len() > 1_500_000 && read.len() <= notes * 100_100, "{} bytes of {notes} notes", read.len());
    // With some room again it is brought to its end.
    std::fs::remove_file(filler).unwrap();
    let recovered = recover(&bench.path, &KEY).unwrap();
    verify(&Folder::new(&bench.path), Some(&KEY), &[recovered.summary.head]).unwrap();
    assert!(events_of(&bench.path).starts_with(&read[..read.len() / 2]));
}

#[test]
fn a_disk_without_room_for_a_minute_is_not_begun_on() {
    let Some(disk) = Disk::mount(1) else { return };
    let mut bench = Bench::new();
    bench.start_in(ROOM, &disk.0.path().join("1"));
    assert_eq!(bench.next(), RecordingEvent::Failed(RecordingFailure::DiskFull));
}
