//! The WebSocket: who gets one, what it refuses, how it ends.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use staffline::app::Tuning;
use tokio::{io::AsyncReadExt, net::TcpSocket, time};
use tokio_tungstenite::tungstenite::{
    Message,
    http::header,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::harness::{Engine, PATIENCE, Setup, TestApp, both, refused, run_with, tuning};

both! {
    /// A3: a WebSocket that another site opens with the reader's cookie.
    async fn only_the_own_page_of_who_is_signed_in_gets_a_socket(app: TestApp) {
        let admin = app.admin().await;
        for origin in [None, Some("null"), Some("http://evil.example"), Some("https://127.0.0.1")] {
            let mut request = admin.upgrade("/api/socket");
            request.headers_mut().remove(header::ORIGIN);
            if let Some(origin) = origin {
                request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(refused(request).await, 403, "{origin:?}");
        }
        assert_eq!(refused(app.client().upgrade("/api/socket")).await, 401);
        assert_eq!(refused(admin.upgrade("/api/socket?after=x")).await, 400);
        assert_eq!(admin.get("/api/socket").await.refused(426), "upgrade_required");
        assert_eq!(app.app.hub.device_count(), 0);
    }
}

both! {
    async fn what_is_no_frame_is_refused_and_the_socket_stays(app: TestApp) {
        let admin = app.admin().await;
        let mut device = admin.connect().await;
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let bad = ["", "{", "null", "[]", "{}", r#"{"type":"dance"}"#, r#"{"type":"presence","presence":"away","x":1}"#, r#"{"type":"presence"}"#, &deep];
        for text in bad {
            device.send_text(text).await;
            assert_eq!(device.frame_of("error").await["code"], "bad_frame", "{text}");
        }
        device.socket.send(Message::binary(vec![0, 159, 146, 150])).await.unwrap();
        assert_eq!(device.frame_of("error").await["code"], "bad_frame");
        device.send(&json!({"type": "presence", "presence": "offline"})).await;
        assert_eq!(device.frame_of("error").await["code"], "bad_presence");
        device.assert_open().await;
    }
}

both! {
    async fn a_frame_that_is_too_large_ends_the_socket(app: TestApp) {
        let admin = app.admin().await;
        let mut largest = admin.connect().await;
        let frame = r#"{"type":"ping"}"#.to_owned();
        largest.send_text(&format!("{frame}{}", " ".repeat(64 * 1_024 - frame.len()))).await;
        largest.frame_of("pong").await;
        for size in [64 * 1_024 + 1, 1_000_000] {
            let mut device = admin.connect().await;
            device.send_text(&"x".repeat(size)).await;
            assert_eq!(device.closed().await, 1009, "{size}");
        }
        // Of a monstrous one the server reads no more than the head; its reason may be lost on the way.
        let mut device = admin.connect().await;
        let _ = device.socket.send(Message::text("x".repeat(16 * 1_024 * 1_024))).await;
        assert!(matches!(device.closed_or_reset().await, None | Some(1009)));
        largest.assert_open().await;
    }
}

both! {
    /// W2: a message in fragments is one message to the limit, and one that never ends takes no more memory than one that does.
    async fn fragments_count_together(app: TestApp) {
        let admin = app.admin().await;
        let fragment = |opcode, last| Message::Frame(Frame::message(" ".repeat(30_000), OpCode::Data(opcode), last));
        let mut whole = admin.connect().await;
        whole.socket.send(Message::Frame(Frame::message(r#"{"type":"#, OpCode::Data(Data::Text), false))).await.unwrap();
        whole.socket.send(fragment(Data::Continue, false)).await.unwrap();
        whole.socket.send(Message::Frame(Frame::message(r#""ping"}"#, OpCode::Data(Data::Continue), true))).await.unwrap();
        whole.frame_of("pong").await;
        let mut endless = admin.connect().await;
        endless.socket.send(fragment(Data::Text, false)).await.unwrap();
        for _ in 0..80 {
            // More than the server reads of one message; it may have closed already.
            let _ = endless.socket.send(fragment(Data::Continue, false)).await;
        }
        assert!(matches!(endless.closed_or_reset().await, None | Some(1009)));
        // A fragment that continues nothing breaks the protocol of the WebSocket itself.
        let mut broken = admin.connect().await;
        broken.socket.send(fragment(Data::Continue, true)).await.unwrap();
        assert!(matches!(broken.closed_or_reset().await, None | Some(1002)));
        whole.assert_open().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_too_slowly_is_closed_and_nobody_else() {
    crate::harness::run(Engine::Sqlite, |app| async move {
        let (_, anna, boris, conversation) = app.office().await;
        let mut attentive = boris.connect().await;
        // A tiny window, so that the kernel does not read in its place.
        let small = TcpSocket::new_v4().unwrap();
        small.set_recv_buffer_size(4_096).unwrap();
        let stream = small.connect(app.address).await.unwrap();
        let (mut slow, _) = tokio_tungstenite::client_async(boris.upgrade("/api/socket"), stream).await.unwrap();
        slow.next().await.expect("its hello").unwrap();
        assert_eq!(app.app.hub.device_count(), 2);
        let text = "x".repeat(15_000);
        let mut sent = 0;
        while app.app.hub.device_count() == 2 {
            anna.say(&conversation, &text).await;
            attentive.event().await;
            sent += 1;
            assert!(sent < 2_000, "its queue is not bounded");
        }
        attentive.assert_open().await;
        // What was on its way still is; then there is an end.
        let mut rest = slow.into_inner();
        let mut buffer = vec![0; 1 << 16];
        let drained = async { while rest.read(&mut buffer).await.is_ok_and(|read| read > 0) {} };
        time::timeout(PATIENCE, drained).await.expect("the connection ends");
    })
    .await;
}

#[tokio::test]
async fn who_is_silent_for_long_is_closed() {
    let tuning = Tuning {
        ping_every: Duration::from_millis(50),
        silent_after: Duration::from_secs(1),
        dead_after: Duration::from_secs(3),
        ..tuning()
    };
    run_with(Engine::Sqlite, Setup { tuning, ..Setup::default() }, |app| async move {
        let admin = app.admin().await;
        // This one is never polled, so it answers no ping.
        let silent = admin.connect().await;
        let mut alive = admin.connect().await;
        while app.app.hub.device_count() == 2 {
            // Reading answers the server's pings.
            let _ = time::timeout(Duration::from_millis(50), alive.socket.next()).await;
        }
        assert_eq!(silent.closed().await, 4408);
        alive.assert_open().await;
    })
    .await;
}

#[tokio::test]
async fn one_user_does_not_take_every_socket() {
    crate::harness::run(Engine::Sqlite, |app| async move {
        let admin = app.admin().await;
        let mut devices = Vec::new();
        for _ in 0..64 {
            devices.push(admin.connect().await);
        }
        assert_eq!(refused(admin.upgrade("/api/socket")).await, 429);
        let anna = app.user(&admin, "anna", "employee").await;
        anna.connect().await.assert_open().await;
    })
    .await;
}

#[tokio::test]
async fn who_sends_much_is_read_more_slowly_and_loses_nothing() {
    crate::harness::run(Engine::Sqlite, |app| async move {
        let admin = app.admin().await;
        let mut device = admin.connect().await;
        let began = time::Instant::now();
        for _ in 0..300 {
            device.send(&json!({"type": "ping"})).await;
        }
        for _ in 0..300 {
            device.frame_of("pong").await;
        }
        // 200 at once, then 50 a second: the last hundred takes two seconds.
        assert!(began.elapsed() > Duration::from_millis(1_500), "{:?}", began.elapsed());
    })
    .await;
}

both! {
    async fn a_server_that_stops_says_so(app: TestApp) {
        let admin = app.admin().await;
        let device = admin.connect().await;
        app.app.shut_down(PATIENCE).await;
        assert_eq!(device.closed().await, 1001);
        assert_eq!(app.app.hub.device_count(), 0);
    }
}
