//! The database goes away and comes back: refusals are clear, sockets stay, nothing is lost or written twice.

use std::net::SocketAddr;

use futures_util::StreamExt;
use serde_json::{Value, json};
use staffline::config;
use tokio::{
    io,
    net::{TcpListener, TcpStream},
    sync::watch,
    time,
};
use url::Url;

use crate::{
    database::{Database, Engine},
    process::{Browser, PATIENCE, Process, Socket},
};

/// The way from the server to PostgreSQL, which the test can cut.
struct Line {
    address: SocketAddr,
    up: watch::Sender<bool>,
}

impl Line {
    async fn to(database: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (up, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, database, state.clone()));
            }
        });
        Self { address, up }
    }
}

/// Carries bytes until the line is cut; a connection that is made meanwhile breaks at once.
async fn carry(mut stream: TcpStream, database: SocketAddr, mut up: watch::Receiver<bool>) {
    if !*up.borrow() {
        return;
    }
    let mut other = TcpStream::connect(database).await.unwrap();
    tokio::select! {
        _ = io::copy_bidirectional(&mut stream, &mut other) => {}
        _ = up.wait_for(|up| !up) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_postgres_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::create(Engine::Postgres, folder.path()).await else { return };
    let config::Database::Postgres(url) = database.config() else { unreachable!("it was asked for") };
    let mut url: Url = url.parse().unwrap();
    let line = Line::to(url.socket_addrs(|| Some(5432)).unwrap()[0]).await;
    url.set_ip_host(line.address.ip()).unwrap();
    url.set_port(Some(line.address.port())).unwrap();

    let mut server = Process::start(folder.path(), &config::Database::Postgres(url.into())).await;
    let admin = Browser::first_admin(&mut server).await;
    let anna = admin.invite(&server.origin, "anna").await;
    let conversation = crate::process::open(&admin, &anna, &server.origin).await;
    let mut socket = anna.socket(&server.origin).await;
    write(&admin, &server.origin, &conversation, "before-the-outage").await;
    assert_eq!(next_text(&mut socket).await, "before-the-outage");

    line.up.send_replace(false);
    assert_eq!(admin.status(&server.origin, "/healthz").await, (200, None));
    assert_eq!(admin.status(&server.origin, "/readyz").await, (503, Some("1".to_owned())));
    assert_eq!(admin.status(&server.origin, "/api/users").await, (503, Some("1".to_owned())));
    let (status, refusal) = try_write(&admin, &server.origin, &conversation, "during-the-outage").await;
    assert_eq!((status, refusal["code"].as_str()), (503, Some("unavailable")));

    line.up.send_replace(true);
    write(&admin, &server.origin, &conversation, "during-the-outage").await;
    assert_eq!(next_text(&mut socket).await, "during-the-outage", "the same socket, nothing in between");
    assert_eq!(admin.status(&server.origin, "/readyz").await.0, 200);
    server.kill().await;
    database.drop().await;
}

/// Writes as a page does: again with the same key until the server has it.
async fn write(browser: &Browser, origin: &str, conversation: &str, key: &str) {
    let tries = async { while !matches!(try_write(browser, origin, conversation, key).await.0, 200 | 201) {} };
    time::timeout(PATIENCE, tries).await.expect("the server recovers");
}

async fn try_write(browser: &Browser, origin: &str, conversation: &str, key: &str) -> (u16, Value) {
    let path = format!("/api/conversations/{conversation}/messages");
    browser.post(origin, &path, &json!({"client_key": key, "text": key})).await.expect("the server answers")
}

/// The text of the next message that the socket tells of.
async fn next_text(socket: &mut Socket) -> String {
    loop {
        let message = time::timeout(PATIENCE, socket.next()).await.expect("an event comes").expect("the socket is open").unwrap();
        let Ok(text) = message.into_text() else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(text) = frame["event"]["message"]["text"].as_str() {
            return text.to_owned();
        }
    }
}
