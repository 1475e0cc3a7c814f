//! Media on the port of the page: STUN and TURN over TCP and TLS beside HTTP of every kind, and those who only begin.

use std::{process::Stdio, time::Duration};

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use staffline::{
    app::Tuning,
    config::{Config, Tls},
    users::invitations,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time,
};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::{
    harness::{Engine, PASSWORD, PATIENCE, Setup, TestApp, client_send, run_with, tuning},
    net::{ask, tls, tls_to, trusting},
};

fn with_tls(config: &mut Config) {
    config.tls = Tls::SelfSigned;
}

fn with_tls_setup() -> Setup {
    Setup { change: with_tls, ..Setup::default() }
}

async fn plain(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address).await.unwrap()
}

const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// A Binding request is answered with the address of its connection.
async fn check_binding(mut stream: impl AsyncRead + AsyncWrite + Unpin, own_port: u16) {
    // In two parts, the first too short to tell anything.
    stream.write_all(&BINDING[..1]).await.unwrap();
    stream.flush().await.unwrap();
    stream.write_all(&BINDING[1..]).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = [0; 32];
    time::timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("an answer comes").unwrap();
    assert_eq!(answer[..4], [1, 1, 0, 12], "a success");
    assert_eq!(answer[8..20], BINDING[8..]);
    let port = u16::from_be_bytes([answer[26], answer[27]]) ^ 0x2112;
    assert_eq!(port, own_port);
}

#[tokio::test]
async fn stun_is_answered_on_the_port_of_the_page() {
    for setup in [Setup::default(), with_tls_setup()] {
        run_with(Engine::Sqlite, setup, |app| async move {
            let stream = plain(&app).await;
            let port = stream.local_addr().unwrap().port();
            check_binding(stream, port).await;
            if app.tls {
                let stream = tls(&app, "localhost").await;
                let port = stream.get_ref().0.local_addr().unwrap().port();
                check_binding(stream, port).await;
                let get = format!("GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", app.address);
                assert!(ask(tls(&app, "localhost").await, &get).await.starts_with("HTTP/1.1 200 OK"));
            }
        })
        .await;
    }
}

#[tokio::test]
async fn turn_is_served_over_tcp_and_tls_to_coturns_client() {
    run_with(Engine::Sqlite, Setup::default(), |app| async move {
        let admin = app.admin().await;
        let check = client_send(admin.request(reqwest::Method::POST, "/api/connection-checks")).await.expect(201);
        check_uclient(&app, &check, &["-t"]).await;
    })
    .await;
    run_with(Engine::Sqlite, with_tls_setup(), |app| async move {
        let cookie = sign_in(&app).await;
        let post = format!(
            "POST /api/connection-checks HTTP/1.1\r\nHost: {0}\r\nOrigin: https://{0}\r\nCookie: {cookie}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            app.address
        );
        let answer = ask(tls(&app, "localhost").await, &post).await;
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let check: Value = serde_json::from_str(&body[body.find('{').unwrap()..=body.rfind('}').unwrap()]).unwrap();
        check_uclient(&app, &check, &["-t"]).await;
        // One after another: this client takes a TLS record for one message, whatever else is in it.
        check_uclient(&app, &check, &["-t", "-S", "-z", "200"]).await;
    })
    .await;
}

/// Two clients of one call send each other ten messages.
async fn check_uclient(app: &TestApp, check: &Value, options: &[&str]) {
    let servers = check["servers"].as_array().unwrap();
    let turn = servers.iter().map(|server| &server["ice_server"]).find(|server| server["username"].is_string()).unwrap();
    let run = Command::new("timeout")
        .args(["60", "turnutils_uclient", "-y", "-c", "-n", "10"])
        .args(["-u", turn["username"].as_str().unwrap(), "-w", turn["credential"].as_str().unwrap()])
        .args(options)
        .args(["-p", &app.address.port().to_string(), "127.0.0.1"])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("turnutils_uclient can be started (Debian package coturn)");
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    let all_came = said.contains("tot_send_msgs=20, tot_recv_msgs=20") && said.contains("Total lost packets 0 (0.000000%)");
    assert!(run.status.success() && all_came, "{options:?}: {} {said}", run.status);
}

/// The first admin, over TLS; the cookie.
async fn sign_in(app: &TestApp) -> String {
    let link = invitations::setup(&app.app).await.unwrap().expect("nobody is here yet");
    let body = json!({
        "token": link.token.as_str(), "password": PASSWORD, "name": "Admin", "login": "admin", "email": "admin@example.com",
    })
    .to_string();
    let post = format!(
        "POST /api/invitations/accept HTTP/1.1\r\nHost: {0}\r\nOrigin: https://{0}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {1}\r\n\r\n{body}",
        app.address,
        body.len()
    );
    let answer = ask(tls(app, "localhost").await, &post).await;
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect(&answer);
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn http_is_as_it_was_inside_tls() {
    run_with(Engine::Sqlite, with_tls_setup(), |app| async move {
        // Keep-alive: two requests, one after another.
        let mut stream = tls(&app, "localhost").await;
        for _ in 0..2 {
            let get = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", app.address);
            stream.write_all(get.as_bytes()).await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(time::timeout(PATIENCE, stream.read_u8()).await.expect("an answer comes").unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
            let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect(&head);
            stream.read_exact(&mut vec![0; len.parse().unwrap()]).await.unwrap();
        }
        // HTTP/2, as ALPN has it.
        let mut config = trusting(None);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = tls_to(&app, "localhost", config).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::get(format!("https://{}/healthz", app.address)).body(Empty::<Bytes>::new()).unwrap();
        let response = time::timeout(PATIENCE, sender.send_request(request)).await.expect("an answer comes").unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (200, hyper::Version::HTTP_2));
        response.into_body().collect().await.unwrap();
        // A WebSocket.
        let cookie = sign_in(&app).await;
        let mut request = format!("wss://{}/api/socket", app.address).into_client_request().unwrap();
        request.headers_mut().insert("origin", format!("https://{}", app.address).parse().unwrap());
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::client_async(request, tls(&app, "localhost").await).await.expect("it opens");
        let hello = time::timeout(PATIENCE, futures_util::StreamExt::next(&mut socket)).await.expect("a frame comes");
        assert!(hello.unwrap().unwrap().to_text().unwrap().contains(r#""type":"hello""#));
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_served_all_the_same() {
    run_with(Engine::Sqlite, with_tls_setup(), |app| async move {
        let stream = tls_to(&app, "wrong.example.org", trusting(None)).await.expect("whoever asks judges");
        let port = stream.get_ref().0.local_addr().unwrap().port();
        check_binding(stream, port).await;
    })
    .await;
}

async fn ends(mut stream: impl AsyncRead + Unpin) {
    let end = time::timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
    assert!(end.is_ok(), "it is still connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_begins_is_dropped_and_holds_up_nobody() {
    // Our own handshakes have to keep to it as well.
    let tuning = Tuning { request_patience: Duration::from_secs(2), ..tuning() };
    run_with(Engine::Sqlite, Setup { tuning, change: with_tls }, |app| async move {
        let mut waiting = tokio::task::JoinSet::new();
        for beginning in [&BINDING[..1], &BINDING[..7], &BINDING[..19], &BINDING[..], &[0, 20, 0, 1], &[4], &[0; 64]] {
            let mut inside = tls(&app, "localhost").await;
            inside.write_all(beginning).await.unwrap();
            waiting.spawn(ends(inside));
            let mut outside = plain(&app).await;
            outside.write_all(beginning).await.unwrap();
            waiting.spawn(ends(outside));
        }
        // TLS that says nothing inside, and TLS that does not get that far.
        waiting.spawn(ends(tls(&app, "localhost").await));
        let mut unfinished = plain(&app).await;
        unfinished.write_all(&[0x16, 3, 1, 2, 0, 1, 0]).await.unwrap();
        waiting.spawn(ends(unfinished));
        // A byte whenever the one before has had time to arrive: never whole.
        let (mut reader, mut writer) = plain(&app).await.into_split();
        let drip = async move {
            for byte in BINDING.iter().cycle().take(100_000) {
                if writer.write_all(&[*byte; 1]).await.is_err() {
                    return;
                }
                time::sleep(Duration::from_millis(500)).await;
            }
        };
        let dripping = tokio::spawn(drip);
        waiting.spawn(async move {
            let end = time::timeout(PATIENCE, reader.read_to_end(&mut Vec::new())).await;
            assert!(end.is_ok(), "it is still connected");
        });
        // Others are served meanwhile.
        let stream = tls(&app, "localhost").await;
        let port = stream.get_ref().0.local_addr().unwrap().port();
        check_binding(stream, port).await;
        waiting.join_all().await;
        dripping.abort();
    })
    .await;
}
