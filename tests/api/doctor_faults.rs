//! The doctor's probes against a server with one fault each: what is said of it.

use std::{net::SocketAddr, process::Stdio};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::json;
use staffline::{
    clock::Clock,
    config::{Config, Tls},
    doctor::{
        certificate::{CertificateFault, Trust},
        examination::{Finding, Step, Tried, examine, findings},
        probe::{Fault, Target},
        proxy::Proxy,
        reach,
    },
    users::settings::Language,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpSocket, TcpStream},
    process::Command,
};

use crate::harness::{Engine, Setup, TestApp, run_with};

/// A name that only the test's own proxy knows.
const NAMED: &str = "chat.invalid";

fn with_tls(config: &mut Config) {
    config.tls = Tls::SelfSigned;
}

/// The certificate as an admin would have made it, valid for `names` until a year.
fn certificate(config: &mut Config, names: &[&str], until: i32) {
    let (cert, key) = (config.data.join("cert.pem"), config.data.join("key.pem"));
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let pair = KeyPair::generate().unwrap();
    std::fs::write(&cert, params.self_signed(&pair).unwrap().pem()).unwrap();
    std::fs::write(&key, pair.serialize_pem()).unwrap();
    config.tls = Tls::Files { cert, key };
}

/// A machine that trusts the certificate of the server.
fn trusting(app: &TestApp) -> Trust {
    let file = match &app.app.config.tls {
        Tls::Files { cert, .. } => cert.clone(),
        _ => app.app.config.data.join("tls-cert.pem"),
    };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    Trust::of(roots).unwrap()
}

fn target(address: SocketAddr, tls: bool) -> Target {
    let scheme = if tls { "https" } else { "http" };
    Target::of(&format!("{scheme}://{address}").parse().unwrap()).unwrap()
}

/// Of a machine whose clock is right.
async fn examined(target: &Target, trust: &Trust) -> Vec<Tried> {
    examine(target, None, trust, &Clock::System).await
}

fn fault(tried: &[Tried], step: Step) -> Option<&Fault> {
    tried.iter().find(|tried| tried.step == step).unwrap_or_else(|| panic!("{step:?} of {tried:?}")).outcome.as_ref().err()
}

/// A port where nobody listens, and that nobody else gets as long as the socket lives.
fn closed() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A port that takes TCP for the server and no UDP.
async fn tcp_only(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(to).await.unwrap();
                copy_bidirectional(&mut client, &mut server).await.ok();
            });
        }
    });
    address
}

/// A proxy that knows one name.
async fn connect_proxy(to: SocketAddr) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:secret@{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let known = head.starts_with(&format!("CONNECT {NAMED}:"))
                    && head.contains("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=");
                if !known {
                    return client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
                }
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let mut server = TcpStream::connect(to).await.unwrap();
                copy_bidirectional(&mut client, &mut server).await.ok();
            });
        }
    });
    Proxy::of_environment(|name| (name == "https_proxy").then(|| url.clone()), NAMED).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_server_is_fine() {
    for change in [with_tls, |_: &mut Config| {}] {
        run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, |app| async move {
            let trust = if app.tls { trusting(&app) } else { Trust::load().unwrap() };
            let tried = examined(&target(app.address, app.tls), &trust).await;
            assert_eq!(findings(&tried), [Finding::Fine], "{tried:?}");
            assert_eq!(tried.iter().any(|tried| tried.step == Step::TurnTls), app.tls);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_udp_is_named() {
    run_with(Engine::Sqlite, Setup { change: with_tls, ..Setup::default() }, |app| async move {
        let tried = examined(&target(tcp_only(app.address).await, true), &trusting(&app)).await;
        assert_eq!(fault(&tried, Step::Udp), Some(&Fault::Refused));
        assert_eq!(findings(&tried), [Finding::UdpBlocked], "{tried:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_certificates_are_named_and_the_rest_is_tried() {
    type Case = (fn(&mut Config), bool, CertificateFault);
    let cases: [Case; 3] = [
        (|config| certificate(config, &["127.0.0.1"], 2021), true, CertificateFault::Expired),
        (|config| certificate(config, &["other.example"], 4000), true, CertificateFault::WrongName),
        (|config| certificate(config, &["127.0.0.1"], 4000), false, CertificateFault::UnknownIssuer),
    ];
    for (change, trusted, expected) in cases {
        run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, move |app| async move {
            let trust = if trusted { trusting(&app) } else { Trust::load().unwrap() };
            let tried = examined(&target(app.address, true), &trust).await;
            assert_eq!(findings(&tried), [Finding::Certificate(expected.clone())], "{tried:?}");
            assert_eq!(fault(&tried, Step::TurnTls), None);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_off_is_named() {
    run_with(Engine::Sqlite, Setup::default(), |app| async move {
        for (off, ahead) in [(60_000, true), (-60_000, false)] {
            let clock = Clock::manual(staffline::clock::Millis(Clock::System.now().0 + off));
            let tried = examine(&target(app.address, false), None, &Trust::load().unwrap(), &clock).await;
            let [Finding::ClockOff(by)] = findings(&tried)[..] else { panic!("{tried:?}") };
            assert_eq!((by > 0, (by.abs() - 60_000).abs() < 20_000), (ahead, true), "{by}");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_there_and_something_else_there() {
    let (_closed, address) = closed();
    let trust = Trust::load().unwrap();
    assert_eq!(findings(&examined(&target(address, true), &trust).await), [Finding::Unreachable(Fault::Refused)]);
    let nowhere = Target::of(&"https://staffline.invalid".parse().unwrap()).unwrap();
    assert_eq!(findings(&examined(&nowhere, &trust).await), [Finding::NameUnknown]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await.ok();
        }
    });
    assert_eq!(findings(&examined(&target(address, false), &trust).await), [Finding::NotStaffline]);
    assert_eq!(findings(&examined(&target(address, true), &trust).await), [Finding::NoTls]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_is_used_where_nothing_else_leads() {
    let change = |config: &mut Config| certificate(config, &[NAMED], 4000);
    run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, |app| async move {
        let proxy = connect_proxy(app.address).await;
        let named = Target::of(&format!("https://{NAMED}").parse().unwrap()).unwrap();
        let tried = examine(&named, Some(&proxy), &trusting(&app), &Clock::System).await;
        assert_eq!(findings(&tried), [Finding::ProxyOnly { relay: true }], "{tried:?}");
        let other = Target::of(&"https://other.invalid".parse().unwrap()).unwrap();
        let tried = examine(&other, Some(&proxy), &trusting(&app), &Clock::System).await;
        assert_eq!(fault(&tried, Step::Proxy), Some(&Fault::Proxy("HTTP/1.1 403 Forbidden".to_owned())));
        assert_eq!(findings(&tried), [Finding::NameUnknown]);
    })
    .await;
}

/// Runs the program itself: whether it was content, and what it said.
async fn command(arguments: &[&str], authority: Option<&std::path::Path>) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staffline"));
    command.arg("doctor").args(arguments).env_clear().env("LANG", "ru_RU.UTF-8").stderr(Stdio::inherit());
    if let Some(file) = authority {
        command.env("SSL_CERT_FILE", file);
    }
    let output = command.output().await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_it_and_ends_with_it() {
    run_with(Engine::Sqlite, Setup { change: with_tls, ..Setup::default() }, |app| async move {
        let file = app.app.config.data.join("tls-cert.pem");
        let url = app.origin();
        let (fine, said) = command(&["--url", &url], Some(&file)).await;
        assert!(fine && said.contains("Звонки отсюда будут работать"), "{said}");
        let port = app.address.port();
        assert!(said.contains(&format!("должен пропускать TCP {port} и UDP {port}.")), "{said}");
        let (fine, said) = command(&["--url", &url, "--lang", "en"], None).await;
        assert!(!fine && said.contains("of an unknown authority"), "{said}");
        let blocked = format!("https://{}", tcp_only(app.address).await);
        let (fine, said) = command(&["--url", &blocked], Some(&file)).await;
        assert!(!fine && said.contains("не проходит: звонки будут работать по TCP"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_of_each_shard_is_tried() {
    let two_shards = |config: &mut Config| config.media_shards = 2;
    run_with(Engine::Sqlite, Setup { change: two_shards, ..Setup::default() }, |app| async move {
        let (trust, port) = (Trust::load().unwrap(), app.address.port());
        app.app.doctor.set_reach(reach::look(&app.app, app.address, &trust).await);
        let found = serde_json::to_value(app.app.doctor.reach().show(Language::En)).unwrap();
        assert_eq!(found["firewall"], json!([format!("TCP {port}"), format!("UDP {port}-{}", port + 1)]));
        assert!(found["checks"].as_array().unwrap().iter().all(|check| check["ok"] == json!(true)), "{found}");
        let two = Target { shards: 2, ..target(app.address, false) };
        let udp = |tried: &[Tried]| tried.iter().find(|tried| tried.step == Step::Udp).unwrap().outcome.clone();
        assert!(udp(&examine(&two, None, &trust, &Clock::System).await).is_ok());
        let blocked = Target { port: 1, ..two };
        let fault = udp(&examine(&blocked, None, &trust, &Clock::System).await).unwrap_err();
        assert!(matches!(fault, Fault::Port(..)), "{fault:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_knows_whether_it_can_be_reached() {
    run_with(Engine::Sqlite, Setup { change: with_tls, ..Setup::default() }, |app| async move {
        let shown = |language| serde_json::to_value(app.app.doctor.reach().show(language)).unwrap();
        let before = shown(Language::Ru);
        assert_eq!(before, json!({"checked_at": null, "checks": [], "firewall": []}));
        let found = reach::look(&app.app, app.address, &Trust::load().unwrap()).await;
        app.app.doctor.set_reach(found);
        let found = shown(Language::Ru);
        let port = app.address.port();
        assert_eq!(found["firewall"], json!([format!("TCP {port}"), format!("UDP {port}")]));
        let checks = found["checks"].as_array().unwrap();
        let legs: Vec<_> = checks.iter().map(|check| (check["what"].as_str().unwrap(), check["ok"].as_bool().unwrap())).collect();
        let expected =
            ["address", "tcp", "certificate", "http", "udp", "turn_udp", "turn_tcp", "turn_tls"].map(|what| (what, true));
        assert_eq!(legs, expected, "{checks:?}");
        assert!(checks[0]["detail"].as_str().unwrap().contains("только частные адреса (127.0.0.1)"), "{checks:?}");
        // Somebody else's port: nothing of ours answers there.
        let (_closed, dead) = closed();
        app.app.doctor.set_reach(reach::look(&app.app, dead, &Trust::load().unwrap()).await);
        let found = shown(Language::En);
        let udp = found["checks"].as_array().unwrap().iter().find(|check| check["what"] == "udp").unwrap().clone();
        assert_eq!(udp["ok"], json!(false));
        let sentence = udp["detail"].as_str().unwrap();
        assert!(sentence.contains(&format!("UDP {} to this machine is not let in", dead.port())), "{sentence}");
    })
    .await;
}
