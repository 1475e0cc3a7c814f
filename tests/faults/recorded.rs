//! Calls that are recorded, and the disk or the process gives way: what had to be recorded and cannot be does not happen, and what was
//! recorded before is kept and is what it was.

use std::{fs, path::Path};

use reqwest::Method;
use serde_json::{Value, json};
use staffline::config;
use tokio::time;

use crate::{
    calls::{Call, Office, frame_where, say},
    database::{Database, Engine},
    disk::{Disk, fill},
    process::{Browser, PATIENCE, Process},
};

/// What a segment has to reserve does not fit in this any more; the database goes on.
const LEFT: u64 = 512 * 1024;

const VERSION: u32 = 1;

/// An office in which every call is recorded, and an officer.
pub(crate) async fn recorded_office(server: &mut Process) -> (Office, Browser) {
    let office = Office::open(server).await;
    let rule = json!({"name": "All", "match": {"type": "everybody"}, "direction": "any", "mode": "always", "by": ["employee"]});
    let policy = json!({
        "purpose": {"ru": "Контроль", "en": "Control"}, "recorded_by": "Compliance", "retention_days": 30, "two_officers": false, "rules": [rule],
    });
    let set =
        office.admin.request(Method::PUT, &server.origin, "/api/admin/recording-policy").json(&policy).send().await.unwrap();
    assert_eq!(set.status(), 200, "{}", set.text().await.unwrap());
    let officer = office.admin.invite_as(&server.origin, "officer", "compliance").await;
    (office, officer)
}

/// A call that both have agreed to have recorded, when this is true of it for the caller.
pub(crate) async fn agreed(office: &Office, origin: &str, key: &str, wanted: impl Fn(&Value) -> bool) -> (Call, Value) {
    let mut call = office.ring(origin, key).await;
    say(&mut call.his, &json!({"type": "call_accept", "call_id": call.id})).await;
    let consent = json!({"type": "call_consent", "call_id": call.id, "notice_version": VERSION, "language": "en"});
    say(&mut call.hers, &consent).await;
    say(&mut call.his, &consent).await;
    let shown = frame_where(&mut call.hers, |frame| frame["type"] == "call" && wanted(&frame["call"]));
    let state = time::timeout(PATIENCE, shown).await.expect("it is shown")["call"].take();
    (call, state)
}

async fn full(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = Disk::mount(folder.path(), 40) else { return };
    let Some(database) = Database::create(engine, folder.path()).await else { return };
    let mut server = Process::start(folder.path(), &database.config()).await;
    let (office, officer) = recorded_office(&mut server).await;
    let filler = folder.path().join("filler");
    fill(&filler);
    leave_some(&filler);
    let (_, state) = agreed(&office, &server.origin, "full", |call| call["phase"] == "ended").await;
    assert_eq!((&state["outcome"], &state["recording"]["state"]), (&json!("not_recorded"), &json!("failed")));
    let failures = officer.get(&server.origin, "/api/recordings/failures").await;
    assert_eq!(failures["failures"][0]["fault"], "disk_full", "{failures}");
    fs::remove_file(&filler).unwrap();
    let (mut call, _) = agreed(&office, &server.origin, "room again", |call| call["recording"]["state"] == "on").await;
    say(&mut call.hers, &json!({"type": "call_hang_up", "call_id": call.id})).await;
    server.kill().await;
    database.drop().await;
}

/// What is open is not gone, and so the file must not stay so.
fn leave_some(filler: &Path) {
    let file = fs::OpenOptions::new().write(true).open(filler).unwrap();
    file.set_len(file.metadata().unwrap().len() - LEFT).unwrap();
}

/// F10.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_a_call_that_has_to_be_recorded_ends_and_the_next_is_recorded_on_sqlite() {
    full(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_a_call_that_has_to_be_recorded_ends_and_the_next_is_recorded_on_postgres() {
    full(Engine::Postgres).await;
}

async fn killed(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::create(engine, folder.path()).await else { return };
    let (data, config) = (folder.path(), database.config());
    let mut server = Process::start(data, &config).await;
    let (office, officer) = recorded_office(&mut server).await;
    for kill in 0..3 {
        let (call, _) = agreed(&office, &server.origin, &format!("kill {kill}"), |call| call["recording"]["state"] == "on").await;
        server.kill().await;
        server = Process::start(data, &config).await;
        let recording = newest(&officer, &server.origin).await;
        assert_eq!((&recording["call_id"], &recording["state"]), (&json!(call.id), &json!("recovered")), "{recording}");
        let path = format!("/api/recordings/{}", recording["id"].as_str().unwrap());
        let (status, report) = officer.post(&server.origin, &format!("{path}/verify"), &json!({})).await.unwrap();
        assert_eq!((status, &report["ok"]), (200, &json!(true)), "{report}");
        let detail = officer.get(&server.origin, &path).await;
        assert_eq!(detail["consents"].as_array().unwrap().len(), 2, "that they agreed is known");
    }
    verifies(data, &config).await;
    server.kill().await;
    database.drop().await;
}

pub(crate) async fn newest(officer: &Browser, origin: &str) -> Value {
    officer.get(origin, "/api/recordings").await["recordings"][0].take()
}

/// As an admin does it beside the server.
async fn verifies(data: &Path, database: &config::Database) {
    let mut command = crate::process::command(data, database);
    command.args(["recordings", "verify"]);
    let output = crate::process::run(command).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("3 recordings looked at"), "{output:?}");
}

/// F11: each kill in a recorded call leaves a recording that is closed and verifies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_a_recorded_call_leaves_a_recording_that_verifies_on_sqlite() {
    killed(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_a_recorded_call_leaves_a_recording_that_verifies_on_postgres() {
    killed(Engine::Postgres).await;
}
