//! `kill -9` while people write: what was acknowledged is there, once.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use staffline::config;
use tokio::sync::Notify;

use crate::{
    database::{Database, Engine},
    process::{Browser, Process},
};

/// How often the server is killed, and how many write at once.
const ROUNDS: usize = 5;
const WRITERS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_kill_9_on_sqlite() {
    survive(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_kill_9_on_postgres() {
    survive(Engine::Postgres).await;
}

async fn survive(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::create(engine, folder.path()).await else { return };
    let mut server = Process::start(folder.path(), &database.config()).await;
    let admin = Browser::first_admin(&mut server).await;
    let anna = admin.invite(&server.origin, "anna").await;
    let conversation = open(&admin, &anna, &server.origin).await;
    let ledger = Ledger::default();
    for round in 0..ROUNDS {
        let writers = (0..WRITERS).map(|n| {
            let browser = if n % 2 == 0 { &admin } else { &anna }.clone();
            let key = format!("round-{round}-writer-{n}");
            tokio::spawn(write(browser, server.origin.clone(), conversation.clone(), key, ledger.clone()))
        });
        let writers: Vec<_> = writers.collect();
        // A moment that no one chose: after some number of answers, with the other requests at whatever point they are.
        let answers = 5 + getrandom::u32().unwrap() as usize % 120;
        ledger.wait_for(answers).await;
        server.kill().await;
        let mut unanswered = Vec::new();
        for writer in writers {
            unanswered.push(writer.await.unwrap());
        }
        server = Process::start(folder.path(), &database.config()).await;
        for (browser, key) in unanswered {
            let (status, message) = send(&browser, &server.origin, &conversation, &key).await.expect("the server is back");
            assert!(matches!(status, 200 | 201), "{message}");
            ledger.acknowledged(&message);
        }
        check(&anna, &server.origin, &conversation, &ledger).await;
    }
    assert!(ledger.all().len() >= ROUNDS * (WRITERS + 5));
    server.kill().await;
    if let config::Database::Sqlite(path) = database.config() {
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        let found: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, "ok");
    }
    database.drop().await;
}

/// What clients were told is kept: client key and id.
#[derive(Clone, Default)]
struct Ledger {
    acknowledged: Arc<std::sync::Mutex<BTreeMap<String, String>>>,
    answers: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

impl Ledger {
    fn acknowledged(&self, message: &Value) {
        let text = |field: &str| message[field].as_str().unwrap().to_owned();
        let before = self.acknowledged.lock().unwrap().insert(text("client_key"), text("id"));
        assert_eq!(before, None, "each key is sent until it is answered once");
        self.answers.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_one();
    }

    /// Waits for so many answers from now on.
    async fn wait_for(&self, answers: usize) {
        let target = self.answers.load(Ordering::SeqCst) + answers;
        while self.answers.load(Ordering::SeqCst) < target {
            self.changed.notified().await;
        }
    }

    fn all(&self) -> BTreeMap<String, String> {
        self.acknowledged.lock().unwrap().clone()
    }
}

pub(crate) async fn open(one: &Browser, other: &Browser, origin: &str) -> String {
    let user = other.get(origin, "/api/session").await["user"]["id"].clone();
    let (_, conversation) = one.post(origin, "/api/conversations", &json!({"user_id": user})).await.unwrap();
    conversation["id"].as_str().unwrap().to_owned()
}

/// Writes until the server goes away; gives back the key that was not answered.
async fn write(browser: Browser, origin: String, conversation: String, prefix: String, ledger: Ledger) -> (Browser, String) {
    for n in 0.. {
        let key = format!("{prefix}-{n}");
        match send(&browser, &origin, &conversation, &key).await {
            Ok((201, message)) => ledger.acknowledged(&message),
            Ok(other) => panic!("{other:?}"),
            Err(_) => return (browser, key),
        }
    }
    unreachable!("the server is killed before the numbers run out")
}

async fn send(browser: &Browser, origin: &str, conversation: &str, key: &str) -> reqwest::Result<(u16, Value)> {
    let path = format!("/api/conversations/{conversation}/messages");
    browser.post(origin, &path, &json!({"client_key": key, "text": key})).await
}

/// Everything that was acknowledged is in the history once, nothing else is, and the event stream tells of each once.
async fn check(reader: &Browser, origin: &str, conversation: &str, ledger: &Ledger) {
    let mut found = BTreeMap::new();
    let mut before = String::new();
    loop {
        let page = reader.get(origin, &format!("/api/conversations/{conversation}/messages?limit=100{before}")).await;
        for message in page["messages"].as_array().unwrap() {
            let text = |field: &str| message[field].as_str().unwrap().to_owned();
            assert_eq!(found.insert(text("client_key"), text("id")), None, "twice: {message}");
        }
        before = format!("&before={}", page["messages"][0]["seq"]);
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(found, ledger.all());
    let mut told = BTreeMap::new();
    let (mut after, mut more) = (0, true);
    while more {
        let page = reader.get(origin, &format!("/api/events?after={after}&limit=500")).await;
        for event in page["events"].as_array().unwrap() {
            assert_eq!(event["id"], after + 1, "the stream has no gaps");
            after += 1;
            if event["type"] == "message_created" {
                let text = |field: &str| event["message"][field].as_str().unwrap().to_owned();
                assert_eq!(told.insert(text("client_key"), text("id")), None, "told twice: {event}");
            }
        }
        more = page["more"] == true;
    }
    assert_eq!(told, found);
}
