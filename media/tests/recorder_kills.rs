//! R1: a process that records is killed at fifty random instants. Each folder is recovered and found untouched; each of its files opens without a
//! warning, and has all that was said and shown until a moment before. A machine or a disk that is slow makes the moment longer: how slow they
//! are, a witness beside the recorder tells.
//!
//! The process is this test binary, started once more.

#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "processes are killed in real time, several at once")]

use std::fs;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use staffline_media::control::{PeerId, RoomId};
use staffline_media::recorder::sink::{Order, Recorder};
use staffline_media::recorder::{
    Folder, Reader, RecordingEvent, RecordingKey, RecordingPlan, Source, StreamId, StreamSummary, Tapped, recover, verify,
};

/// Where the started process records.
const FOLDER: &str = "STAFFLINE_TEST_RECORD_INTO";
const KILLS: u32 = 50;
const AT_ONCE: u32 = 5;
const MAX_LOST_MS: u64 = 1500;
/// Of the witness: between the ends of its work and its beginnings.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Threads that what is said has to pass, each as late as the witness: the recorder's, and that of its disk, which may be at work already.
const STAGES: u64 = 3;
/// That of the recorder's threads.
const NICENESS: i32 = 5;
const KEY: RecordingKey = RecordingKey([5; 32]);
const ROOM: RoomId = RoomId(1);
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn whatever_instant_it_is_killed_at_little_is_lost() {
    let kills = |first| (first..KILLS).step_by(AT_ONCE as usize).map(kill_once).max().unwrap_or_default();
    let most = thread::scope(|scope| {
        let killers: Vec<_> = (0..AT_ONCE).map(|first| scope.spawn(move || kills(first))).collect();
        killers.into_iter().map(|killer| killer.join().unwrap()).max()
    });
    let most = most.unwrap_or_default();
    println!("{KILLS} kills, at most {most} ms lost");
    assert!(most <= MAX_LOST_MS, "{most} ms were lost");
}

/// How many milliseconds of any stream were lost for which the machine was not too slow.
fn kill_once(number: u32) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1");
    let mut child = Recording::start(&path);
    // From the beginning to some seconds after it, in no step with what happens once a second.
    let alive = Duration::from_millis(u64::from(number) * 1079 % 4900 + 20);
    let until = Instant::now() + alive;
    let mut told = Told::default();
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        child.lines.recv_timeout(left).into_iter().for_each(|line| told.note(&line));
    }
    child.kill();
    child.lines.iter().for_each(|line| told.note(&line));
    let said = told.said;
    let recovered = recover(&path, &KEY).unwrap();
    let source = Folder::new(&path);
    let verified = verify(&source, Some(&KEY), &[recovered.summary.head]).unwrap();
    assert!(verified.is_whole && !recovered.was_whole);
    assert!(recover(&path, &KEY).unwrap().was_whole);
    let reader = Reader::open(source, &KEY).unwrap();
    let streams = &recovered.summary.streams;
    let lost = streams.iter().map(|summary| {
        open(&reader, summary, folder.path());
        let end = if summary.stream == StreamId::EVENTS { last_note(&reader) } else { summary.starts_ms + summary.duration_ms };
        assert!(end <= said + 1000, "{summary:?} has more than was said, {said}");
        said.saturating_sub(end)
    });
    // Two people, the mix and the events: what is not there yet is lost whole.
    let lost = lost.max().filter(|_| streams.len() == 4);
    lost.unwrap_or(said).saturating_sub(STAGES * told.late())
}

/// What a process has told of, in milliseconds since it began.
#[derive(Debug, Default)]
struct Told {
    /// Up to where something was said and shown.
    said: u64,
    /// When the witness began its work last.
    seen: u64,
    /// The longest from one such beginning to the next.
    longest: u64,
}

impl Told {
    fn note(&mut self, line: &str) {
        let ms = |word: &str| line.strip_prefix(word)?.parse::<u64>().ok();
        self.said = ms("said ").unwrap_or_default().max(self.said);
        if let Some(seen) = ms("seen ") {
            self.longest = self.longest.max(seen.saturating_sub(self.seen));
            self.seen = seen;
        }
    }

    /// How much too late the witness was at the worst; what it had not done in the end counts as well.
    fn late(&self) -> u64 {
        let last = self.said.saturating_sub(self.seen);
        last.max(self.longest).saturating_sub(LOOK_EVERY.as_millis() as u64)
    }
}

/// The file is whole for those who know such files.
fn open(reader: &Reader<Folder>, summary: &StreamSummary, folder: &Path) {
    let bytes = reader.read(summary.stream, 0..u64::MAX).unwrap();
    assert_eq!(bytes.len() as u64, summary.bytes);
    let path = folder.join(format!("{}.bin", summary.stream.0));
    fs::write(&path, &bytes).unwrap();
    let (program, arguments): (_, &[&str]) = match summary.stream {
        StreamId::EVENTS => return assert!(bytes.ends_with(b"\n")),
        StreamId::MIX => ("opusinfo", &[]),
        _ => ("ffprobe", &["-v", "warning", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"]),
    };
    let output = Command::new(program).args(arguments).arg(&path).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; apt-get install ffmpeg opus-tools"));
    let (said, warned) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && warned.is_empty() && !said.to_lowercase().contains("warning"),
        "{summary:?}: {said} {warned}"
    );
}

/// The time of the last note that was kept.
fn last_note(reader: &Reader<Folder>) -> u64 {
    let events = String::from_utf8(reader.read(StreamId::EVENTS, 0..u64::MAX).unwrap()).unwrap();
    let notes = events.lines().filter_map(|line| line.split_once(r#""ms":"#)?.1.split('}').next()?.parse().ok());
    notes.max().unwrap_or_default()
}

/// A process that records, and what it tells.
struct Recording {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Recording {
    /// Returns once it has started.
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["records_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"]);
        let mut child = command.env(FOLDER, folder).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if line.starts_with("said ") || line.starts_with("seen ") {
                    let _ = sender.send(line);
                }
            }
        });
        lines.recv_timeout(PATIENCE).expect("it starts");
        Self { child, lines }
    }

    /// `SIGKILL`.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Not a test by itself: what the test above starts.
#[test]
fn records_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (sender, events) = mpsc::channel();
    let mut recorder = Recorder::start(move |_, _, event| drop(sender.send(event))).unwrap();
    let begun = Instant::now();
    let witness = Path::new(&folder).with_extension("witness");
    let plan = RecordingPlan { id: 1, folder: folder.into(), key: KEY, notice: Vec::new(), clock: None };
    recorder.order(ROOM, Order::Start(plan));
    assert_eq!(events.recv().unwrap(), RecordingEvent::Started);
    thread::spawn(move || tell_of_the_disk(&witness, begun));
    let mut call = Call { voices: 0, pictures: 0 };
    loop {
        let ms = begun.elapsed().as_millis() as u64;
        writeln!(stdout(), "\nsaid {ms}").unwrap();
        call.until(ms, &mut recorder);
        recorder.order(ROOM, Order::Note(format!(r#"{{"type":"test","ms":{ms}}}"#)));
        // Twenty milliseconds to the next packets.
        if let Ok(RecordingEvent::Failed(failure)) = events.recv_timeout(Duration::from_millis(20)) {
            panic!("{failure}");
        }
    }
}

/// The witness: has a byte safe on the disk again and again, and says when it began to.
fn tell_of_the_disk(path: &Path, begun: Instant) {
    rustix::process::nice(NICENESS).unwrap();
    let mut file = fs::File::create(path).unwrap();
    loop {
        let ms = begun.elapsed().as_millis();
        file.write_all(b".").unwrap();
        file.sync_data().unwrap();
        stdout().write_all(format!("\nseen {ms}\n").as_bytes()).unwrap();
        thread::sleep(LOOK_EVERY);
    }
}

/// Two people with sound, one with a camera.
struct Call {
    voices: u64,
    pictures: u64,
}

impl Call {
    /// All packets up to a time.
    fn until(&mut self, ms: u64, recorder: &mut Recorder) {
        let at = Instant::now();
        let mut batch = recorder.batch(ROOM, at);
        while self.voices * 20 <= ms {
            for peer in [PeerId(1), PeerId(2)] {
                batch.push(&packet(at, peer, Source::Microphone, self.voices, 960 * self.voices as u32, &[0xf8, 0xff, 0xfe]));
            }
            self.voices += 1;
        }
        while self.pictures * 40 <= ms {
            let frame = picture(self.pictures.is_multiple_of(50));
            batch.push(&packet(at, PeerId(1), Source::Camera, self.pictures, 3600 * self.pictures as u32, &frame));
            self.pictures += 1;
        }
        recorder.offer(batch);
    }
}

fn packet(at: Instant, peer: PeerId, source: Source, index: u64, timestamp: u32, payload: &[u8]) -> Tapped<'_> {
    Tapped { at, peer, source, generation: 0, index, timestamp, marker: source == Source::Camera, payload }
}

/// A VP8 frame in one packet (RFC 7741 §4.2, RFC 6386 §9.1): of its contents only the header counts here.
fn picture(is_key: bool) -> Vec<u8> {
    let mut frame = if is_key { vec![0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1] } else { vec![0x10, 0x11, 0, 0] };
    frame.resize(900, 0);
    frame
}
