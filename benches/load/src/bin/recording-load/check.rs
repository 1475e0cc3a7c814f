//! What has become of the recordings: what the server told of them, and what others think of their files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use load_kit::http;
use relay_load::server::Server;
use serde::Serialize;
use serde_json::Value;
use staffline_media::recorder::{Folder, Head, Reader, RecordingKey, StreamId, verify};

/// That of examples/whip.
const KEY: RecordingKey = RecordingKey([0; 32]);
const PATIENCE: Duration = Duration::from_secs(30);
/// The last packet is on its way when the server is asked to end a call.
const NEARLY_MS: u64 = 200;
const FEW: usize = 5;

/// All recordings of a run together.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Checked {
    pub(crate) recordings: usize,
    /// Ended in order, and nothing of them changed since.
    pub(crate) verified: usize,
    /// What the server told of the others.
    pub(crate) failures: BTreeMap<String, usize>,
    /// Those of which the server told that the disk does not keep up.
    pub(crate) lagged: usize,
    /// Streams that were opened by ffprobe, opusinfo, or as JSON.
    pub(crate) files: usize,
    /// Those that could not be, or are shorter than the call.
    pub(crate) broken: Vec<String>,
    /// Stretches within the call of which packets are missing.
    pub(crate) gaps: u64,
    /// The first of them, as they are told.
    pub(crate) some_gaps: Vec<String>,
    /// Packets that gave way.
    pub(crate) left_out: u64,
    pub(crate) bytes: u64,
}

/// What the server told of one.
#[derive(Debug, Default)]
struct Told {
    lagged: bool,
    failed: Option<String>,
    closed: Option<Head>,
}

/// Waits until all recordings of the server's have ended, then opens every file of each. The calls lasted for at least `call_ms`.
pub(crate) fn check(server: &Server, folder: &Path, count: usize, call_ms: u64) -> Result<Checked> {
    let mut told = BTreeMap::<u64, Told>::new();
    let end = Instant::now() + PATIENCE;
    while told.values().filter(|told| told.failed.is_some() || told.closed.is_some()).count() < count {
        ensure!(Instant::now() < end, "recordings do not end: {told:?}");
        ask(server, &mut told)?;
        thread::sleep(Duration::from_millis(50));
    }
    let mut checked = Checked { recordings: told.len(), ..Checked::default() };
    for (id, told) in told {
        checked.lagged += usize::from(told.lagged);
        match (told.failed, told.closed) {
            (None, Some(head)) => checked.open(&folder.join(id.to_string()), head, call_ms)?,
            (failed, _) => *checked.failures.entry(failed.unwrap_or_default()).or_default() += 1,
        }
    }
    Ok(checked)
}

fn ask(server: &Server, told: &mut BTreeMap<u64, Told>) -> Result<()> {
    let reply = http::request("GET", &server.whip.join("/recordings")?, "")?;
    ensure!(reply.status == 200, "GET /recordings: {}", reply.status);
    for line in reply.body.lines() {
        let (id, what) = line.split_once(' ').with_context(|| line.to_owned())?;
        let told = told.entry(id.parse()?).or_default();
        match what.split_once(' ') {
            Some(("lagging", _)) => told.lagged = true,
            Some(("failed", why)) => told.failed = Some(why.to_owned()),
            Some(("closed", head)) => told.closed = Some(read_head(head).with_context(|| line.to_owned())?),
            _ => {}
        }
    }
    Ok(())
}

fn read_head(text: &str) -> Option<Head> {
    let mut words = text.split(' ');
    let (segment, record, hex) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(Head { segment, record, hash })
}

impl Checked {
    fn open(&mut self, path: &Path, head: Head, call_ms: u64) -> Result<()> {
        let folder = Folder::new(path);
        let complain = |what: String| format!("{}: {what}", path.display());
        match verify(&folder, Some(&KEY), &[head]) {
            Ok(verified) if verified.is_whole => self.verified += 1,
            Ok(_) => self.broken.push(complain("it has no end".to_owned())),
            Err(error) => self.broken.push(complain(error.to_string())),
        }
        let reader = match Reader::open(folder, &KEY) {
            Ok(reader) => reader,
            Err(error) => {
                self.broken.push(complain(error.to_string()));
                return Ok(());
            }
        };
        for (stream, len) in reader.streams().collect::<Vec<_>>() {
            let bytes = reader.read(stream, 0..u64::MAX)?;
            self.files += 1;
            self.bytes += len;
            let fault = if stream == StreamId::EVENTS { self.events(&bytes, call_ms) } else { play(stream, &bytes)? };
            self.broken.extend(fault.map(|fault| complain(format!("stream {}: {fault}", stream.0))));
        }
        Ok(())
    }

    /// Counts what is missing. What is wrong with the events, or with what they tell.
    fn events(&mut self, bytes: &[u8], call_ms: u64) -> Option<String> {
        // Whose each stream is, and how long what there is of each person. A picture that comes back after a while begins another file.
        let (mut owners, mut lengths) = (BTreeMap::new(), BTreeMap::<String, u64>::new());
        for line in String::from_utf8_lossy(bytes).lines() {
            let Ok(event) = serde_json::from_str::<Value>(line) else { return Some(line.to_owned()) };
            let number = |field: &str| event[field].as_u64().unwrap_or_default();
            match event["type"].as_str() {
                Some("gap") if event["reason"] == "loss" || number("from_ms") + NEARLY_MS < call_ms => {
                    self.gaps += 1;
                    if self.some_gaps.len() < FEW {
                        self.some_gaps.push(line.to_owned());
                    }
                }
                Some("left_out") => self.left_out += number("video_packets"),
                Some("stream") => drop(owners.insert(number("stream"), event["peer"].to_string())),
                Some("stream_end") => {
                    let owner = owners.get(&number("stream")).cloned().unwrap_or_default();
                    *lengths.entry(owner).or_default() += number("duration_ms") + NEARLY_MS;
                }
                _ => {}
            }
        }
        let is_whole = lengths.len() == 2 && lengths.values().all(|length| *length >= call_ms);
        (!is_whole).then(|| format!("the calls of two people last {lengths:?} ms"))
    }
}

/// What a player has to say against a file.
fn play(stream: StreamId, bytes: &[u8]) -> Result<Option<String>> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), bytes)?;
    let (program, arguments): (_, &[&str]) = match stream {
        StreamId::MIX => ("opusinfo", &[]),
        _ => ("ffprobe", &["-v", "warning", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"]),
    };
    let output = Command::new(program).args(arguments).arg(file.path()).output();
    let output = output.with_context(|| format!("{program}: apt-get install ffmpeg opus-tools"))?;
    let (said, warned) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let is_well = output.status.success() && warned.is_empty() && !said.to_lowercase().contains("warning");
    Ok((!is_well).then(|| format!("{program}: {said}{warned}")))
}
