//! The load tools against the real media node, small and short: they measure what they say, and tell when they cannot.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const TOOL: &str = env!("CARGO_BIN_EXE_relay-load");
const RECORDING_TOOL: &str = env!("CARGO_BIN_EXE_recording-load");

/// The media node behind WHIP and WHEP. Cargo builds examples only of the packages that are tested, hence once more here; with the
/// features of the whole workspace, which is nothing to do when all of it is tested.
fn whip() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--workspace", "--example", "whip"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    Path::new(TOOL).with_file_name("examples").join("whip")
}

/// Runs the tool and gives what it wrote, if it wrote anything.
fn load(name: &str, server: &Path, runs: &[&str]) -> (Output, Option<Value>) {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut command = Command::new(TOOL);
    command.args(["--secs", "0.5", "--warmup", "0.2", "--no-pin", "--server"]).arg(server).arg("--out").arg(&out);
    for run in runs {
        command.args(["--run", run]);
    }
    let output = command.output().unwrap();
    (output, std::fs::read(out).ok().map(|json| serde_json::from_slice(&json).unwrap()))
}

/// Where the server does not come to run for half a second the tool counts packets as lost that were only late: then it is asked again.
const ATTEMPTS: usize = 3;

/// Three short runs; the last of some attempts.
fn smoke() -> Vec<Value> {
    let server = whip();
    let attempt = || {
        let (output, figures) = load("smoke.json", &server, &["1:200:120:gcm", "3:200:1100:cm", "3:200:1100:gcm:10"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        figures.unwrap().as_array().unwrap().clone()
    };
    let has_lost = |runs: &Vec<Value>| runs.iter().any(|run| run["loss_pct"].as_f64().unwrap() >= 1.0);
    let mut runs = attempt();
    for _ in 1..ATTEMPTS {
        if has_lost(&runs) {
            runs = attempt();
        }
    }
    runs
}

#[test]
fn every_subscriber_gets_the_packets_under_both_ciphers() {
    let runs = smoke();
    assert_eq!(runs.len(), 3);
    for (run, subscribers, gcm) in [(&runs[0], 1, true), (&runs[1], 3, false), (&runs[2], 3, true)] {
        assert_eq!(run["subscribers"], subscribers);
        assert_eq!(run["input_pps"], 200);
        assert_eq!(run["srtp_profile"].as_str().unwrap().contains("GCM"), gcm);
        assert_eq!(run["packets_expected"], 100 * subscribers);
        assert!(run["loss_pct"].as_f64().unwrap() < 1.0, "{run}");
        assert!(run["cpu_ns_per_forwarded_packet"].as_f64().unwrap() > 0.0, "{run}");
        assert!(run["latency_us_p50"].as_u64().unwrap() > 0, "{run}");
        assert!(run["latency_us_p99"].as_u64() >= run["latency_us_p50"].as_u64(), "{run}");
    }
}

#[test]
fn each_shard_is_measured_by_its_own_thread() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shards.json");
    let mut command = Command::new(TOOL);
    command.args(["--secs", "0.5", "--warmup", "0.2", "--shards", "2", "--run", "3:200:1100:gcm", "--server"]);
    let output = command.arg(whip()).arg("--out").arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Value = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["shard"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1]);
    for row in rows {
        assert_eq!((&row["server_threads"], &row["packets_expected"]), (&1.into(), &300.into()), "{row}");
        assert!(row["cpu_ns_per_forwarded_packet"].as_f64().unwrap() > 0.0 && row["loss_pct"].as_f64().unwrap() < 1.0, "{row}");
    }
}

#[test]
fn a_server_that_does_not_start_is_an_error_and_no_figures() {
    let (output, figures) = load("no-server.json", Path::new("/bin/false"), &["1:200:120:gcm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the server ended at once"));
    assert_eq!(figures, None);
}

#[test]
fn recorded_calls_are_forwarded_and_every_file_of_them_opens() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recording/recording.json");
    std::fs::create_dir_all(out.parent().unwrap()).unwrap();
    std::fs::write(&out, r#"{"kills": 50}"#).unwrap();
    let server = whip();
    let attempt = || {
        let mut command = Command::new(RECORDING_TOOL);
        command.args(["--calls", "2", "--secs", "2", "--plain-secs", "0.5", "--warmup", "0.5", "--no-pin", "--no-disks"]);
        command.arg("--server").arg(&server).arg("--out").arg(&out).output().unwrap()
    };
    let output = (1..ATTEMPTS).map(|_| attempt()).find(|output| output.status.success()).unwrap_or_else(attempt);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let figures: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!((&figures["kills"], &figures["concurrent_calls"]), (&50.into(), &2.into()), "what others have measured stays");
    let (recorded, recordings) = (&figures["recorded"], &figures["recorded"]["recordings"]);
    // Four people with 50 packets of sound and 25 of pictures a second.
    assert_eq!(recorded["packets_expected"], 600);
    assert!(recorded["latency_us_p50"].as_u64().unwrap() > 0);
    assert_eq!((&recordings["verified"], &recordings["gaps"], &recordings["left_out"]), (&2.into(), &0.into(), &0.into()));
    // Events, the mix, and each person's file.
    assert_eq!((&recordings["files"], recordings["broken"].as_array().unwrap().len()), (&8.into(), 0));
}
