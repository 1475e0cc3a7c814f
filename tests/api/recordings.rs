//! Recordings as officers reach them, and nobody else: found, heard by ranges, verified, marked, held, exported; erased in time and not before.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sqlx::Row;
use staffline::{
    calls::CallKind,
    compliance::house,
    ids::{CallId, RecordingId},
    recordings::{
        self, bundle, check,
        orders::{Begun, OfCall},
        policy::Mode,
        recovery, retention,
        store::{keeping, rows},
    },
};
use staffline_media::{
    control::{PeerId, RoomId},
    recorder::{Output as _, SegmentWriter, StreamId},
};

use crate::{
    harness::{Client, Engine, PASSWORD, Setup, TestApp, both, run_with, smtp::MailServer},
    recording_policy::{audit_entry, everybody},
};

const EVENTS: &str = "{\"type\":\"join\",\"at_ms\":5,\"user_id\":\"u\"}\n{\"type\":\"gap\",\"at_ms\":9,\"stream\":2,\"from_ms\":5,\"to_ms\":9,\"reason\":\"loss\"}\n\
    {\"at_ms\":400,\"type\":\"levels\",\"from_ms\":0,\"step_ms\":100,\"mix\":\"AQID/w==\",\
    \"speakers\":{\"0000000000000000000000000000000a\":\"AQAA/w==\"}}\n";

/// An office with an officer, and a recording of a call of Anna with Boris that a crash cut off, recovered as at a start.
pub(crate) struct Archive {
    pub(crate) admin: Client,
    anna: Client,
    boris: Client,
    pub(crate) officer: Client,
    conversation: String,
    pub(crate) id: RecordingId,
}

/// What is in the mix: more than one chunk of an answer.
pub(crate) fn sound() -> Vec<u8> {
    (0..600_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

impl Archive {
    pub(crate) async fn open(app: &TestApp) -> Self {
        let (admin, anna, boris, conversation) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        let mut archive = Self { admin, anna, boris, officer, conversation, id: RecordingId::new() };
        archive.id = archive.record(app).await;
        archive
    }

    async fn record(&self, app: &TestApp) -> RecordingId {
        self.record_for(app, 30).await
    }

    /// One that is to be kept for so many days.
    pub(crate) async fn record_for(&self, app: &TestApp, days: u32) -> RecordingId {
        let id = self.begin(app, days).await;
        let wrapped = rows::wrapped_key(&app.app.db, id).await.unwrap().unwrap();
        let key = app.app.recordings.keys().unwrap(id, &wrapped).unwrap();
        let mut writer = SegmentWriter::new(id.as_u128(), &key);
        writer.write(StreamId::EVENTS, EVENTS.as_bytes());
        writer.write(StreamId::MIX, &sound());
        writer.seal(Instant::now());
        let folder = app.app.recordings.folder_of(id);
        fs::create_dir_all(&folder).unwrap();
        for piece in writer.take() {
            fs::write(folder.join(format!("{:05}.seg", piece.segment)), piece.bytes).unwrap();
        }
        recovery::recover_all(&app.app).await.unwrap();
        id
    }

    /// Its rows alone.
    async fn begin(&self, app: &TestApp, retention_days: u32) -> RecordingId {
        let (id, call_id) = (RecordingId::new(), CallId::new());
        let (_, wrapped) = app.app.recordings.keys().make(id).unwrap();
        let of = OfCall {
            call_id,
            conversation_id: self.conversation.parse().unwrap(),
            kind: CallKind::Audio,
            caller_id: self.anna.id().await.parse().unwrap(),
            callee_id: self.boris.id().await.parse().unwrap(),
            rule: "All".to_owned(),
        };
        let (room, at) = (RoomId(call_id.as_u128()), app.app.clock.now());
        let begun = Begun { id, room, at, of, mode: Mode::Always, notice_version: 1, retention_days };
        let mut tx = app.app.db.begin().await.unwrap();
        rows::begin(&mut tx, &begun, &wrapped).await.unwrap();
        rows::add_peer(&mut tx, id, PeerId(10), self.anna.id().await.parse().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// After weeks their sessions have ended.
    async fn sign_in_again(&self) {
        for (client, login) in [(&self.admin, "admin"), (&self.officer, "officer")] {
            client.post("/api/session", &json!({"login": login, "password": PASSWORD})).await.expect(200);
        }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/recordings/{}{rest}", self.id)
    }

    async fn found(&self, query: &str) -> usize {
        let page = self.officer.get(&format!("/api/recordings?{query}")).await.expect(200);
        page["recordings"].as_array().unwrap().len()
    }
}

pub(crate) async fn part(client: &Client, path: &str, range: &str) -> reqwest::Response {
    client.request(reqwest::Method::GET, path).header("range", range).send().await.unwrap()
}

both! {
    async fn a_recording_that_broke_off_is_kept_found_and_heard(app: TestApp) {
        let archive = Archive::open(&app).await;
        let page = archive.officer.get("/api/recordings").await.expect(200);
        let entry = &page["recordings"][0];
        assert_eq!((&entry["id"], &entry["state"], &entry["rule"]), (&json!(archive.id), &json!("recovered"), &json!("All")));
        assert_eq!((&entry["held"], &entry["review"], &page["more"]), (&json!(false), &json!("new"), &json!(false)));
        let (status, whole) = {
            let answer = archive.officer.request(reqwest::Method::GET, &archive.path("/streams/1")).send().await.unwrap();
            assert_eq!(answer.headers()["cache-control"], "no-store");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            assert_eq!(answer.headers()["content-type"], "audio/ogg");
            (answer.status().as_u16(), answer.bytes().await.unwrap())
        };
        assert!(status == 200 && whole[..] == sound()[..], "{status}");
        let answer = part(&archive.officer, &archive.path("/streams/1"), "bytes=299990-300009").await;
        assert_eq!((answer.status().as_u16(), answer.headers()["content-range"].to_str().unwrap()), (206, "bytes 299990-300009/600000"));
        assert_eq!(&answer.bytes().await.unwrap()[..], &sound()[299_990..300_010]);
        assert_eq!(part(&archive.officer, &archive.path("/streams/1"), "bytes=600000-").await.status().as_u16(), 416);
        assert_eq!(archive.officer.get(&archive.path("/streams/7")).await.refused(404), "not_found");
        let events = archive.officer.get(&archive.path("/events")).await.expect(200);
        assert_eq!((&events[0]["type"], events.as_array().unwrap().len()), (&json!("join"), 3), "and that it broke off");
        let detail = archive.officer.get(&archive.path("")).await.expect(200);
        assert_eq!(detail["gaps"], json!([{"stream": 2, "from_ms": 5, "to_ms": 9, "reason": "loss"}]));
        assert_eq!(detail["accesses"][0]["action"], "recording_opened");
        let played: Vec<_> = detail["accesses"].as_array().unwrap().iter().filter(|entry| entry["action"] == "recording_played").collect();
        let from: Vec<_> = played.iter().map(|entry| entry["from"].as_u64().unwrap()).collect();
        assert_eq!((from, &played[0]["actor_id"]), (vec![299_990, 0], &json!(archive.officer.id().await)), "each access, the newest first");
    }
}

both! {
    /// Whoever reads anything leaves an entry that says what.
    async fn every_read_is_written(app: TestApp) {
        let archive = Archive::open(&app).await;
        let reads = [("/events", "events"), ("/peaks", "peaks"), ("", "detail")];
        for (rest, what) in reads {
            archive.officer.get(&archive.path(rest)).await.expect(200);
            assert_eq!(audit_entry(&archive.admin, "recording_opened").await["what"], what);
        }
        for (path, query) in [("?limit=7", "limit=7"), ("/failures", "failures"), ("/exports", "exports")] {
            archive.officer.get(&format!("/api/recordings{path}")).await.expect(200);
            assert_eq!(audit_entry(&archive.admin, "recordings_listed").await["query"], query);
        }
    }
}

both! {
    async fn who_spoke_when_is_known_without_decoding_anything(app: TestApp) {
        let archive = Archive::open(&app).await;
        let peaks = archive.officer.get(&archive.path("/peaks")).await.expect(200);
        let anna = json!({
            "peer": "0000000000000000000000000000000a", "user_id": archive.anna.id().await, "name": "User anna", "starts_ms": 0, "levels": "AQAA/w==",
        });
        assert_eq!((&peaks["step_ms"], &peaks["mix"], &peaks["speakers"]), (&json!(100), &json!("AQID/w=="), &json!([anna])));
        assert_eq!((&peaks["bucket_ms"], &peaks["streams"]), (&json!(100), &json!([{"stream": 1, "levels": [1, 2, 3, 255]}])));
        assert_eq!(audit_entry(&archive.admin, "recording_opened").await["what"], "peaks");
    }
}

both! {
    /// R-access and R11: who is no officer finds nothing, whoever they are, and that they looked is written before they are told.
    async fn nobody_but_an_officer_reaches_a_recording_and_every_try_is_written(app: TestApp) {
        let archive = Archive::open(&app).await;
        let former = app.user(&archive.admin, "former", "compliance").await;
        former.get(&archive.path("")).await.expect(200);
        archive.admin.patch(&format!("/api/users/{}", former.id().await), &json!({"role": "employee"})).await.expect(200);
        let mut tries = 0;
        for client in [&archive.anna, &archive.boris, &archive.admin, &former] {
            for rest in ["", "/streams/1", "/events", "/peaks"] {
                assert_eq!(part(client, &archive.path(rest), "bytes=0-9").await.status().as_u16(), 404, "{rest}");
                tries += 1;
            }
            assert_eq!(client.post(&archive.path("/holds"), &json!({"reason": "x", "owner_id": client.id().await})).await.refused(404), "not_found");
            assert_eq!(client.get("/api/recordings").await.refused(404), "not_found");
            tries += 2;
        }
        assert_eq!(app.client().get(&archive.path("/streams/1")).await.refused(401), "not_signed_in");
        let log = archive.admin.get("/api/admin/audit?action=recording_access_refused&limit=200").await.expect(200);
        assert_eq!(log["entries"].as_array().unwrap().len(), tries);
        assert_eq!(log["entries"][0]["path"], "/api/recordings");
        // A guessed id is no more to an officer than none.
        let guessed = format!("/api/recordings/{}/streams/1", RecordingId::new());
        assert_eq!(archive.officer.get(&guessed).await.refused(404), "not_found");
        let played = archive.admin.get("/api/admin/audit?action=recording_played").await.expect(200);
        assert_eq!(played["entries"], json!([]), "nothing was heard");
    }
}

both! {
    async fn recordings_are_found_by_what_is_known_of_them(app: TestApp) {
        let archive = Archive::open(&app).await;
        let (anna, officer) = (archive.anna.id().await, archive.officer.id().await);
        let now = app.app.clock.now().0;
        archive.officer.patch(&archive.path(""), &json!({"tag": "Сделка 42", "review": "flagged"})).await.expect(200);
        archive.officer.post(&archive.path("/notes"), &json!({"text": "Обещан Щедрый процент", "at_ms": 7})).await.expect(201);
        for (query, count) in [
            (format!("user_id={anna}"), 1),
            (format!("user_id={officer}"), 0),
            (format!("from={now}"), 1),
            (format!("from={}", now + 1), 0),
            (format!("to={now}"), 0),
            (format!("conversation_id={}", archive.conversation), 1),
            ("outcome=completed".to_owned(), 0),
            ("tag=сделка 42".to_owned(), 1),
            ("tag=сделка".to_owned(), 0),
            ("review=flagged".to_owned(), 1),
            ("review=new".to_owned(), 0),
            ("q=щедрый".to_owned(), 1),
            ("q=СДЕЛКА".to_owned(), 1),
            ("q=user anna".to_owned(), 1),
            ("q=100%25".to_owned(), 0),
            ("min_s=1".to_owned(), 0),
            ("max_s=1".to_owned(), 1),
            (format!("before={}", archive.id), 0),
            (format!("q=щедрый&user_id={anna}&review=flagged&from={now}&limit=1"), 1),
        ] {
            assert_eq!(archive.found(&query).await, count, "{query}");
        }
        let detail = archive.officer.get(&archive.path("")).await.expect(200);
        assert_eq!((&detail["tag"], &detail["notes"][0]["at_ms"]), (&json!("Сделка 42"), &json!(7)));
        archive.officer.patch(&archive.path(""), &json!({"tag": null})).await.expect(200);
        assert_eq!(archive.officer.get(&archive.path("")).await.expect(200)["tag"], Value::Null);
        assert_eq!(archive.officer.patch(&archive.path(""), &json!({"tag": ""})).await.refused(422), "bad_tag");
        let listed = audit_entry(&archive.admin, "recordings_listed").await;
        assert!(listed["query"].as_str().unwrap().contains("limit=1"));
    }
}

both! {
    async fn what_was_changed_is_found_and_said_instead_of_played(app: TestApp) {
        let archive = Archive::open(&app).await;
        let fine = archive.officer.post(&archive.path("/verify"), &json!({})).await.expect(200);
        assert_eq!((&fine["ok"], &fine["segments"], &fine["why"]), (&json!(true), &json!(2), &Value::Null));
        let mut said = Vec::new();
        assert!(check::all(&app.app, &mut said).await.unwrap(), "{}", String::from_utf8_lossy(&said));
        let segment = app.app.recordings.folder_of(archive.id).join("00000.seg");
        let mut bytes = fs::read(&segment).unwrap();
        bytes[2_000] ^= 1;
        fs::write(&segment, &bytes).unwrap();
        let broken = archive.officer.post(&archive.path("/verify"), &json!({})).await.expect(200);
        assert_eq!((&broken["ok"], &broken["segment"]), (&json!(false), &json!(0)), "{broken}");
        assert!(broken["record"].is_u64() && broken["why"].is_string(), "{broken}");
        assert_eq!(archive.officer.get(&archive.path("/streams/1")).await.refused(409), "damaged");
        let mut said = Vec::new();
        assert!(!check::all(&app.app, &mut said).await.unwrap());
        assert!(String::from_utf8(said).unwrap().contains(&format!("{}: BROKEN: segment 0, record ", archive.id)));
        assert_eq!(audit_entry(&archive.admin, "recording_verified").await["fine"], false);
        // A tail that is gone is known by the head that was signed.
        bytes[2_000] ^= 1;
        fs::write(&segment, &bytes).unwrap();
        fs::remove_file(app.app.recordings.folder_of(archive.id).join("00001.seg")).unwrap();
        assert_eq!(archive.officer.post(&archive.path("/verify"), &json!({})).await.expect(200)["ok"], false);
    }
}

both! {
    async fn a_bundle_is_taken_after_a_second_officer_and_proves_itself(app: TestApp) {
        let archive = Archive::open(&app).await;
        let mut policy = everybody("always");
        policy["two_officers"] = json!(true);
        archive.admin.put("/api/admin/recording-policy", &policy).await.expect(200);
        let second = app.user(&archive.admin, "second", "compliance").await;
        let asked = json!({"ids": [archive.id], "reason": "inquiry 7"});
        assert_eq!(archive.officer.post("/api/recordings/exports", &json!({"ids": [archive.id], "reason": " "})).await.refused(422), "bad_reason");
        assert_eq!(archive.officer.post("/api/recordings/exports", &json!({"ids": [], "reason": "x"})).await.refused(422), "bad_export");
        let export = archive.officer.post("/api/recordings/exports", &asked).await.expect(201);
        let path = format!("/api/recordings/exports/{}", export["id"].as_str().unwrap());
        assert_eq!(export["needs_approval"], true);
        assert_eq!(archive.officer.get(&format!("{path}/bundle")).await.refused(409), "not_approved");
        assert_eq!(archive.officer.post(&format!("{path}/approve"), &json!({})).await.refused(409), "own_export");
        assert_eq!(archive.admin.post(&format!("{path}/approve"), &json!({})).await.refused(404), "not_found");
        let approved = second.post(&format!("{path}/approve"), &json!({})).await.expect(200);
        assert_eq!(approved["approved_by"], json!(second.id().await));
        assert_eq!(second.post(&format!("{path}/approve"), &json!({})).await.refused(409), "not_waiting");
        assert_eq!(archive.officer.get("/api/recordings/exports").await.expect(200)[0], approved);
        let answer = archive.officer.request(reqwest::Method::GET, &format!("{path}/bundle")).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"application/x-tar".parse().unwrap()));
        let bytes = answer.bytes().await.unwrap().to_vec();
        let checked = bundle::check(&bytes[..]).unwrap();
        assert_eq!((checked.recordings, checked.conversations, checked.files), (1, 0, 5));
        assert_eq!(audit_entry(&archive.admin, "recording_export_taken").await["recording_ids"], json!([archive.id]));
        // Another byte of sound, as a common tool sees it.
        let at = bytes.windows(4).position(|part| part == [100, 101, 102, 103]).unwrap();
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(bundle::check(&changed[..]).unwrap_err().to_string(), format!("{}/mix.ogg is not what was exported", archive.id));
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes, fine) in [("good.tar", &bytes, true), ("bad.tar", &changed, false)] {
            fs::write(folder.path().join(name), bytes).unwrap();
            let program = std::process::Command::new(env!("CARGO_BIN_EXE_staffline"))
                .args(["recordings", "verify", "--bundle"]).arg(folder.path().join(name)).output().unwrap();
            assert_eq!(program.status.success(), fine, "{program:?}");
        }
    }
}

/// One run of the hourly job; how many recordings it erased.
pub(crate) async fn round(app: &TestApp) -> usize {
    house::round(&app.app).await.unwrap().recordings
}

/// So that the clock does not seem to have jumped: the job runs every hour in earnest.
pub(crate) async fn wait_days(app: &TestApp, days: u32) -> usize {
    let mut erased = 0;
    for _ in 0..days * 2 {
        app.advance(Duration::from_secs(12 * 3_600));
        erased += round(app).await;
    }
    erased
}

both! {
    async fn a_recording_is_erased_in_time_and_not_while_it_is_held(app: TestApp) {
        let archive = Archive::open(&app).await;
        round(&app).await;
        let officer = archive.officer.id().await;
        let hold = archive.officer.post(&archive.path("/holds"), &json!({"reason": "inquiry", "owner_id": officer})).await.expect(201);
        let until = app.app.clock.now().0 + 10;
        archive.officer.post(&archive.path("/holds"), &json!({"reason": "short", "owner_id": officer, "until": until})).await.expect(201);
        assert_eq!(wait_days(&app, 31).await, 0);
        archive.sign_in_again().await;
        let page = archive.officer.get("/api/recordings").await.expect(200);
        assert_eq!(page["recordings"][0]["held"], true);
        let release = archive.path(&format!("/holds/{}/release", hold["id"].as_str().unwrap()));
        archive.officer.post(&release, &json!({})).await.expect(204);
        assert_eq!(archive.officer.post(&release, &json!({})).await.refused(404), "not_found");
        assert_eq!(wait_days(&app, 1).await, 1);
        assert!(!app.app.recordings.folder_of(archive.id).exists(), "its bytes are gone");
        assert!(rows::wrapped_key(&app.app.db, archive.id).await.unwrap().is_none(), "and its key before them");
        assert_eq!(archive.officer.get(&archive.path("/streams/1")).await.refused(409), "erased");
        let detail = archive.officer.get(&archive.path("")).await.expect(200);
        assert_eq!((&detail["state"], detail["holds"].as_array().unwrap().len()), (&json!("erased"), 2), "what is known of it stays");
        assert_eq!(archive.officer.post(&archive.path("/holds"), &json!({"reason": "late", "owner_id": officer})).await.refused(409), "erased");
        assert_eq!(audit_entry(&archive.admin, "recording_erased").await["recording_id"], json!(archive.id));
        assert_eq!(round(&app).await, 0, "once");
    }
}

async fn head_mail(app: TestApp) {
    let archive = Archive::open(&app).await;
    recordings::mailed::send(&app.app).await.unwrap();
    let mut server = MailServer::start().await;
    archive.admin.send_mail_by(&server).await;
    for _ in 0..2 {
        recordings::mailed::send(&app.app).await.unwrap();
    }
    let mut to = Vec::new();
    for _ in 0..2 {
        let mail = server.mail().await;
        assert_eq!(mail.header("Subject"), "Head of the call recordings, 2026-01-01");
        let (_, attached) = mail.content.split_once("2026-01-01.json").unwrap();
        let (_, json) = attached.split_once("\r\n\r\n").or_else(|| attached.split_once("\n\n")).unwrap();
        let text: String = json.split("--").next().unwrap().split_whitespace().collect();
        let text = String::from_utf8(STANDARD.decode(&text).unwrap_or(text.into_bytes())).unwrap();
        let daily: recordings::daily::Daily = serde_json::from_str(&text).unwrap();
        assert!(daily.head.recording_id == archive.id && daily.head.last);
        to.extend(mail.recipients.clone());
    }
    to.sort();
    assert_eq!(to, ["audit@example.com", "head@example.com"], "each once a day");
    app.advance(Duration::from_secs(24 * 3_600));
    recordings::mailed::send(&app.app).await.unwrap();
    assert_eq!(server.mail().await.header("Subject"), "Head of the call recordings, 2026-01-02");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_head_is_mailed_once_a_day() {
    let change = |config: &mut staffline::config::Config| {
        config.recording_heads_to = vec!["head@example.com".to_owned(), "audit@example.com".to_owned()];
    };
    run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, head_mail).await;
}

both! {
    /// K1: a clock that jumps erases nothing until somebody has looked at it.
    async fn a_clock_that_jumps_freezes_retention(app: TestApp) {
        let archive = Archive::open(&app).await;
        round(&app).await;
        app.advance(Duration::from_secs(400 * 86_400));
        assert_eq!(round(&app).await, 0);
        app.advance(Duration::from_secs(3_600));
        assert_eq!(round(&app).await, 0, "it stays frozen");
        archive.sign_in_again().await;
        let standing = archive.officer.get("/api/admin/retention").await.expect(200);
        assert_eq!((standing["frozen"].is_object(), &standing["due"]), (true, &json!(1)));
        assert_eq!(archive.officer.post("/api/admin/retention/confirm", &json!({})).await.refused(403), "forbidden");
        archive.admin.post("/api/admin/retention/confirm", &json!({})).await.expect(204);
        assert_eq!(archive.admin.post("/api/admin/retention/confirm", &json!({})).await.refused(409), "not_frozen");
        assert_eq!(round(&app).await, 1);
        audit_entry(&archive.admin, "retention_frozen").await;
    }
}

both! {
    /// R12: however a hold and the end of retention cross, what is held is there.
    async fn a_hold_and_its_erasure_never_both_succeed(app: TestApp) {
        let archive = Archive::open(&app).await;
        let officer = archive.officer.id().await.parse().unwrap();
        let mut raced = Vec::new();
        for _ in 0..1_000 {
            raced.push(archive.begin(&app, 1).await);
        }
        let mut tx = app.app.db.begin().await.unwrap();
        sqlx::query("update recordings set state = 'closed', retain_until = 1").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let (mut held, mut erased) = (BTreeSet::new(), 0);
        for pair in raced.chunks(8) {
            let races = pair.iter().enumerate().map(|(n, id)| {
                let (id, app) = (*id, app.app.clone());
                async move {
                    let hold = recordings::marks::hold(&app, id, "race", officer, None, officer);
                    let erase = retention::erase(&app, id);
                    // Neither always comes first.
                    if n % 2 == 0 {
                        let (hold, erase) = tokio::join!(hold, erase);
                        (id, hold.is_ok(), erase.unwrap())
                    } else {
                        let (erase, hold) = tokio::join!(erase, hold);
                        (id, hold.is_ok(), erase.unwrap())
                    }
                }
            });
            for (id, is_held, is_erased) in futures_util::future::join_all(races).await {
                assert_ne!(is_held, is_erased, "{id}: one of the two");
                erased += usize::from(is_erased);
                if is_held {
                    held.insert(id.to_string());
                }
            }
        }
        assert_eq!(held.len() + erased, 1_000);
        let keys = sqlx::query("select recording_id from recording_keys where recipient = 'server'").fetch_all(app.app.db.read()).await.unwrap();
        let keys: BTreeSet<String> = keys.iter().map(|row| row.get(0)).collect();
        assert!(held.is_subset(&keys), "what is held can be read");
        let due = keeping::due(&app.app.db, app.app.clock.now(), 10_000).await.unwrap();
        assert_eq!(due, [archive.id], "the others are held or gone");
    }
}
