//! An independent client, coturn's `turnutils_uclient`, against the driver over real sockets: it allocates, refreshes, binds, sends
//! from one allocation to another and counts what is lost.

use std::process::{Command as Process, Stdio};
use std::time::Duration;

use staffline_media::control::Command;
use staffline_media::driver::{self, Config, StreamPatience};
use staffline_media::srtp::SrtpProfile;

use super::client::{ANNA, CALL};

const MESSAGES: u32 = 10;

/// `options` say how; two clients send each other [`MESSAGES`].
fn check_uclient(options: &[&str]) {
    let profiles = vec![SrtpProfile::AeadAes128Gcm];
    let config = Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        advertised: vec![],
        srtp_profiles: profiles,
        stream_patience: StreamPatience::default(),
    };
    let node = driver::start(config, |_| {}).unwrap();
    node.send(Command::OpenRelay { call: CALL }).unwrap();
    let credentials = node.credentials(CALL, ANNA, Duration::from_secs(600));
    let run = Process::new("timeout")
        .args(["60", "turnutils_uclient", "-y", "-c", "-n", &MESSAGES.to_string()])
        .args(["-u", &credentials.username, "-w", &credentials.password])
        .args(options)
        .args(["-p", &node.local_addr().port().to_string(), "127.0.0.1"])
        .stdin(Stdio::null())
        .output()
        .expect("turnutils_uclient can be started (Debian package coturn)");
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    let all = format!("tot_send_msgs={0}, tot_recv_msgs={0}", 2 * MESSAGES);
    assert!(run.status.success() && said.contains(&all), "{options:?}: {} {said}", run.status);
    assert!(said.contains("Total lost packets 0 (0.000000%)"), "{options:?}: {said}");
}

#[test]
fn coturns_client_is_served_over_channels() {
    check_uclient(&[]);
}

#[test]
fn coturns_client_is_served_over_indications() {
    check_uclient(&["-s", "-g"]);
}

#[test]
fn coturns_client_may_pad_its_channels() {
    check_uclient(&["-D", "-l", "1001"]);
}
