//! Calls that a crash cuts off, and what a call leaves behind on the disk and in the log.

use std::{fs, path::Path, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use staffline::{calls::store, clock::Clock, config, db::Db};
use tokio::time;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    database::{Database, Engine},
    process::{Browser, PATIENCE, Process, Socket, command_with_log, open},
};

/// How far the end of a call that was cut off may be from the crash: it is noted every ten seconds.
const HEARTBEAT_SLACK_MILLIS: i64 = 30_000;

/// Two who sit before their pages.
pub(crate) struct Office {
    pub(crate) admin: Browser,
    boris: Browser,
    pub(crate) conversation: String,
}

/// A call between the two, as far as it came.
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) hers: Socket,
    pub(crate) his: Socket,
}

impl Office {
    pub(crate) async fn open(server: &mut Process) -> Self {
        let admin = Browser::first_admin(server).await;
        let boris = admin.invite(&server.origin, "boris").await;
        let conversation = open(&admin, &boris, &server.origin).await;
        Self { admin, boris, conversation }
    }

    /// Rings, and both have seen it.
    pub(crate) async fn ring(&self, origin: &str, key: &str) -> Call {
        let (mut hers, mut his) = (self.admin.socket(origin).await, self.boris.socket(origin).await);
        let callee = self.boris.get(origin, "/api/session").await["user"]["id"].clone();
        say(&mut hers, &json!({"type": "call_start", "client_key": key, "callee_id": callee, "kind": "video"})).await;
        let id = seen(&mut his, "ringing").await["id"].as_str().unwrap().to_owned();
        seen(&mut hers, "ringing").await;
        Call { id, hers, his }
    }

    /// And talk.
    async fn talk(&self, origin: &str, key: &str) -> Call {
        let mut call = self.ring(origin, key).await;
        say(&mut call.his, &json!({"type": "call_accept", "call_id": call.id})).await;
        seen(&mut call.hers, "answered").await;
        seen(&mut call.his, "answered").await;
        call
    }

    /// The calls of the list, newest first; each has told of itself once in the conversation.
    async fn history(&self, origin: &str) -> Vec<Value> {
        let list = self.admin.get(origin, "/api/calls").await;
        let calls = list["calls"].as_array().unwrap().clone();
        let page = self.boris.get(origin, &format!("/api/conversations/{}/messages", self.conversation)).await;
        let told: Vec<_> = page["messages"].as_array().unwrap().iter().map(|message| message["call"]["id"].clone()).collect();
        let listed: Vec<_> = calls.iter().rev().map(|call| call["id"].clone()).collect();
        assert_eq!(told, listed);
        calls
    }
}

pub(crate) async fn say(socket: &mut Socket, frame: &Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

pub(crate) async fn frame_where(socket: &mut Socket, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = time::timeout(PATIENCE, socket.next()).await.expect("a frame").unwrap().unwrap();
        let Ok(frame) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default()) else { continue };
        if wanted(&frame) {
            return frame;
        }
    }
}

/// The call, once it is shown in this phase.
async fn seen(socket: &mut Socket, phase: &str) -> Value {
    frame_where(socket, |frame| frame["type"] == "call" && frame["call"]["phase"] == phase).await["call"].take()
}

/// The answer is written beside the talk, which does not wait for it.
async fn answer_is_kept(database: &config::Database) {
    let db = Db::open(database).await.unwrap();
    while !store::live(&db).await.unwrap().iter().any(|(call, _)| call.answered_at.is_some()) {
        time::sleep(Duration::from_millis(20)).await;
    }
    db.close().await;
}

/// Kills the server and starts it again; the calls of the list then, of which the newest is this one, with this outcome.
async fn after_a_kill(
    server: &mut Process,
    data: &Path,
    database: &config::Database,
    office: &Office,
    call: &Call,
) -> Vec<Value> {
    server.kill().await;
    *server = Process::start(data, database).await;
    let calls = office.history(&server.origin).await;
    assert_eq!(calls[0]["id"], json!(call.id));
    calls
}

/// S3: a server that is killed in mid-call leaves exactly one entry of it, at the next start and at every one after.
async fn a_kill_leaves_one_entry(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::create(engine, folder.path()).await else { return };
    let (data, config) = (folder.path(), database.config());
    let mut server = Process::start(data, &config).await;
    let office = Office::open(&mut server).await;

    let talk = office.talk(&server.origin, "talks").await;
    answer_is_kept(&config).await;
    let killed = Clock::System.now().0;
    let calls = after_a_kill(&mut server, data, &config, &office, &talk).await;
    assert_eq!((calls.len(), &calls[0]["outcome"], &calls[0]["path_rule"]), (1, &json!("lost"), &json!("default")));
    let (answered, ended) = (calls[0]["answered_at"].as_i64().unwrap(), calls[0]["ended_at"].as_i64().unwrap());
    assert!(answered <= ended && killed - ended < HEARTBEAT_SLACK_MILLIS, "{calls:?}");

    // At the very moment when both see it ring.
    let rings = office.ring(&server.origin, "rings").await;
    let calls = after_a_kill(&mut server, data, &config, &office, &rings).await;
    assert_eq!((calls.len(), &calls[0]["outcome"], &calls[0]["answered_at"]), (2, &json!("lost"), &json!(null)));

    // With the end just told.
    let mut over = office.talk(&server.origin, "over").await;
    say(&mut over.hers, &json!({"type": "call_hang_up", "call_id": over.id})).await;
    seen(&mut over.his, "ended").await;
    for _ in 0..2 {
        let calls = after_a_kill(&mut server, data, &config, &office, &over).await;
        assert!(calls.len() == 3 && ["completed", "lost"].contains(&calls[0]["outcome"].as_str().unwrap()), "{calls:?}");
    }
    server.kill().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_a_call_leaves_one_entry_in_sqlite() {
    a_kill_leaves_one_entry(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_a_call_leaves_one_entry_in_postgres() {
    a_kill_leaves_one_entry(Engine::Postgres).await;
}

/// What an offer and a candidate say of a network; nothing else says it.
const SECRETS: [&str; 4] = ["203.0.113.77", "kx3aufrag", "secretpwd0secretpwd0secretpwd", "AB:CD:EF:01:02:03:04:05"];

fn offer() -> Value {
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {}\r\ns=-\r\nt=0 0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {}\r\n",
        SECRETS[0], SECRETS[1], SECRETS[2], SECRETS[3]
    );
    json!({"type": "offer", "sdp": sdp})
}

/// One that the media node answers.
fn real_offer() -> Value {
    let said = |line: &str| match line.split_once(':') {
        Some(("a=ice-ufrag", _)) => format!("a=ice-ufrag:{}", SECRETS[1]),
        Some(("a=ice-pwd", _)) => format!("a=ice-pwd:{}", SECRETS[2]),
        _ => line.to_owned(),
    };
    let lines: Vec<_> = include_str!("../../media/src/sdp/testdata/chromium-offer.sdp").lines().map(said).collect();
    json!({"type": "offer", "sdp": format!("{}\r\n", lines.join("\r\n"))})
}

fn candidate() -> Value {
    candidate_of(&format!("2122260223 {} 50000 typ host", SECRETS[0]))
}

/// Of a TURN server, with the client's own address beside it.
fn relay_candidate() -> Value {
    candidate_of(&format!("41885695 192.0.2.1 50000 typ relay raddr {} rport 50000", SECRETS[0]))
}

fn candidate_of(what: &str) -> Value {
    let line = format!("candidate:1 1 udp {what} ufrag {}", SECRETS[1]);
    json!({"type": "candidate", "candidate": line, "sdp_mid": "0", "sdp_m_line_index": 0, "username_fragment": SECRETS[1]})
}

/// Every file below a folder, with what of the secrets is in it.
fn leaks(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(leaks(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let holds = |secret: &&&str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        found.extend(SECRETS.iter().filter(holds).map(|secret| format!("{secret} in {}", path.display())));
    }
    found
}

/// D2: no candidate and no session description reaches the database or the log, nor does a TURN password, however much the log is
/// asked to tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_of_a_caller_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let database = config::Database::Sqlite(folder.path().join("staffline.db"));
    let log = folder.path().join("server.log");
    let mut loud = command_with_log(folder.path(), &database, "trace");
    loud.stderr(fs::File::create(&log).unwrap());
    let mut server = Process::spawn(loud).await;
    let office = Office::open(&mut server).await;
    let mut passwords = Vec::new();
    for policy in ["direct", "auto", "relayed", "media_node"] {
        let path = office.admin.request(reqwest::Method::PUT, &server.origin, "/api/admin/path-policy");
        assert_eq!(path.json(&json!({"default": policy})).send().await.unwrap().status(), 200);
        let mut call = office.ring(&server.origin, policy).await;
        // Before the answer it is refused, and after it passes; neither leaves a trace.
        for answered in [false, true] {
            if answered {
                say(&mut call.his, &json!({"type": "call_accept", "call_id": call.id})).await;
                let answered = seen(&mut call.hers, "answered").await;
                passwords.extend(answered["ice_servers"][0]["credential"].as_str().map(str::to_owned));
            }
            for signal in [offer(), candidate(), relay_candidate()] {
                say(&mut call.hers, &json!({"type": "call_signal", "call_id": call.id, "signal": signal})).await;
            }
        }
        if policy == "media_node" {
            frame_where(&mut call.hers, |frame| frame["code"] == "bad_signal").await;
            say(&mut call.hers, &json!({"type": "call_signal", "call_id": call.id, "signal": real_offer()})).await;
            frame_where(&mut call.hers, |frame| frame["signal"]["type"] == "answer").await;
        } else {
            frame_where(&mut call.his, |frame| frame["signal"]["type"] == "candidate").await;
        }
        say(&mut call.hers, &json!({"type": "call_hang_up", "call_id": call.id})).await;
        seen(&mut call.his, "ended").await;
        assert_eq!(leaks(folder.path()), Vec::<String>::new(), "while it runs");
    }
    while office.admin.get(&server.origin, "/api/calls").await["calls"].as_array().unwrap().len() < 4 {
        time::sleep(Duration::from_millis(20)).await;
    }
    server.terminate().await;
    assert!(server.ended().await.success());
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("call ended"), "the log is that of the calls");
    assert!(passwords.len() == 2 && !passwords.iter().any(|password| log.contains(password)), "{passwords:?}");
    assert_eq!(leaks(folder.path()), Vec::<String>::new(), "and at the end");
}
