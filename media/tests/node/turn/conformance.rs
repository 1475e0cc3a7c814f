//! An independent client, coturn's `turnutils_uclient`, against the driver over real sockets: it allocates, refreshes, binds, sends
//! from one allocation to another and counts what is lost.

#![expect(clippy::disallowed_methods, reason = "a listener on a real socket beside a node with a thread")]

use std::net::{SocketAddr, TcpListener};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use staffline_media::control::Command;
use staffline_media::driver::{self, Config, Handle, Stream, StreamPatience};
use staffline_media::srtp::SrtpProfile;

use super::client::{ANNA, CALL};

const MESSAGES: u32 = 10;

/// How the client reaches us. Not over TLS: this one also tries versions that rustls does not speak, TLS 1.0 and 1.1.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Udp,
    Tcp,
}

/// Hands TCP connections to the node until the test process ends, and says where it takes them.
fn accept_connections(node: &Arc<Handle>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, node) = (listener.local_addr().unwrap(), Arc::downgrade(node));
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let Some(node) = node.upgrade() else { break };
            let _ = node.adopt(Stream { socket, tls: None, received: Vec::new() });
        }
    });
    address
}

/// `options` say how; two clients send each other [`MESSAGES`].
fn check_uclient(over: Over, options: &[&str]) {
    let profiles = vec![SrtpProfile::AeadAes128Gcm];
    let config = Config {
        bind: "127.0.0.1:0".parse().unwrap(),
        shards: 1,
        advertised: vec![],
        srtp_profiles: profiles,
        stream_patience: StreamPatience::default(),
    };
    let node = Arc::new(driver::start(config, |_| {}).unwrap());
    let address = match over {
        Over::Udp => node.local_addr(),
        Over::Tcp => accept_connections(&node),
    };
    let transport: &[&str] = match over {
        Over::Udp => &[],
        Over::Tcp => &["-t"],
    };
    node.send(Command::OpenRelay { call: CALL }).unwrap();
    let credentials = node.credentials(CALL, ANNA, Duration::from_secs(600));
    let run = Process::new("timeout")
        .args(["60", "turnutils_uclient", "-y", "-c", "-n", &MESSAGES.to_string()])
        .args(["-u", &credentials.username, "-w", &credentials.password])
        .args(transport)
        .args(options)
        .args(["-p", &address.port().to_string(), "127.0.0.1"])
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
    check_uclient(Over::Udp, &[]);
}

#[test]
fn coturns_client_is_served_over_indications() {
    check_uclient(Over::Udp, &["-s", "-g"]);
}

#[test]
fn coturns_client_may_pad_its_channels() {
    check_uclient(Over::Udp, &["-D", "-l", "1001"]);
}

#[test]
fn coturns_client_is_served_over_tcp() {
    check_uclient(Over::Tcp, &["-l", "1001"]);
    check_uclient(Over::Tcp, &["-s"]);
}
