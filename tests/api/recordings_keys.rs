//! The key of a recording in other hands: the `age` command opens it, and with it anybody reads the recording out of its folder alone.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
    sync::LazyLock,
    time::Instant,
};

use staffline_media::recorder::{Output as _, SegmentWriter, StreamId};

use crate::{
    harness::{Engine, Setup, TestApp, run_with},
    recordings::{Archive, sound},
};

/// The secrets of two officers, as `age-keygen` makes them.
static IDENTITIES: LazyLock<[String; 2]> = LazyLock::new(|| std::array::from_fn(|_| ran(&mut Command::new("age-keygen"), &[])));

fn recipient(identity: &str) -> String {
    identity.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("age-keygen tells it").to_owned()
}

/// What a command says, given this; it has to succeed.
fn ran(command: &mut Command, input: &[u8]) -> String {
    String::from_utf8(run(command, input).stdout).unwrap()
}

fn run(command: &mut Command, input: &[u8]) -> Output {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}; apt-get install age"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_an_age_identity_reads_a_recording_out_of_its_folder_alone() {
    let change = |config: &mut staffline::config::Config| {
        config.recording_recipients = IDENTITIES.iter().map(|identity| recipient(identity).parse().unwrap()).collect();
    };
    run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, opened_by_hand).await;
}

async fn opened_by_hand(app: TestApp) {
    let archive = Archive::open(&app).await;
    let (key, wrapped) = app.app.recordings.keys().make(archive.id).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("recording");
    std::fs::create_dir(&recording).unwrap();
    std::fs::write(recording.join("key.age"), wrapped.age_file().unwrap()).unwrap();
    let mut writer = SegmentWriter::new(archive.id.as_u128(), &key);
    writer.write(StreamId::EVENTS, b"{\"at_ms\":0,\"type\":\"begin\",\"version\":1}\n");
    writer.write(StreamId::MIX, &sound());
    writer.seal(Instant::now());
    for piece in writer.take() {
        std::fs::write(recording.join(format!("{:05}.seg", piece.segment)), piece.bytes).unwrap();
    }
    for (number, identity) in IDENTITIES.iter().enumerate() {
        let secret = folder.path().join(format!("{number}.txt"));
        std::fs::write(&secret, identity).unwrap();
        let opened = run(Command::new("age").arg("-d").arg("-i").arg(&secret).arg(recording.join("key.age")), &[]).stdout;
        assert!(opened == key.0, "officer {number}");
        let to = folder.path().join(format!("out-{number}"));
        let said = open(&recording, &to, &opened);
        assert!(said.status.success(), "{said:?}");
        assert!(String::from_utf8_lossy(&said.stdout).starts_with("fine: 1 segments, "), "{said:?}");
        assert!(std::fs::read(to.join("mix.ogg")).unwrap() == sound());
        assert!(std::fs::read_to_string(to.join("events.jsonl")).unwrap().contains("begin"));
    }
    // Others do not, nor does another key, and what was changed is said.
    let stranger = folder.path().join("stranger.txt");
    std::fs::write(&stranger, ran(&mut Command::new("age-keygen"), &[])).unwrap();
    let refused = Command::new("age").arg("-d").arg("-i").arg(&stranger).arg(recording.join("key.age")).output().unwrap();
    assert!(!refused.status.success(), "{refused:?}");
    assert!(!open(&recording, &folder.path().join("none"), &[0; 32]).status.success());
    let segment = recording.join("00000.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    assert!(!open(&recording, &folder.path().join("broken"), &key.0).status.success());
}

fn open(recording: &Path, to: &Path, key: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staffline"));
    command.args(["recordings", "open"]).arg(recording).args(["--key", "-", "--to"]).arg(to);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(key).unwrap();
    child.wait_with_output().unwrap()
}
