//! Recordings in S3, which `scripts/test-s3.sh` starts: they are there before their call has ended, are read from there when this server has
//! them no more, are held there where the bucket holds, and nothing is lost while it does not answer.

use std::{
    net::SocketAddr,
    sync::{LazyLock, Mutex},
    time::Duration,
};

use reqwest::{Method, Response};
use serde_json::{Value, json};
use staffline::{
    clock::Clock,
    compliance,
    config::FileStore,
    ids::RecordingId,
    recordings::{bundle, local, store::rows},
};
use tokio::net::{TcpSocket, TcpStream};

use crate::{
    files_stores::{objects, place, place_at, server},
    harness::{Engine, PATIENCE, Setup, TestApp, run_with},
    recordings::{Archive, part, round, sound, wait_days},
};

/// Every 30 s it is tried anew, and the store is given up after some seconds.
const SLOWLY: Duration = Duration::from_secs(180);

async fn on_s3<F: Future<Output = ()> + Send + 'static>(
    change: fn(&mut staffline::config::Config),
    test: impl FnOnce(TestApp) -> F,
) {
    if server().is_some() {
        run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, test).await;
    }
}

/// What the admin's page shows of uploads, once it shows this.
async fn uploads(archive: &Archive, patience: Duration, shows: impl Fn(&Value) -> bool) -> Value {
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let standing = archive.admin.get("/api/admin/retention").await.expect(200);
        if shows(&standing["uploads"]) {
            return standing["uploads"].clone();
        }
        assert!(tokio::time::Instant::now() < deadline, "{standing}");
        tokio::task::yield_now().await;
    }
}

async fn all_uploaded(archive: &Archive) {
    uploads(archive, PATIENCE, |uploads| uploads["waiting"] == 0).await;
}

/// The object as S3 itself has it.
fn object(app: &TestApp, id: RecordingId, name: &str) -> String {
    let FileStore::S3 { url, .. } = &app.app.config.files else { panic!("not in S3") };
    format!("{}/{}{}/recordings/{id}/{name}", server().unwrap(), url.host_str().unwrap(), url.path())
}

/// The test server takes everybody for who they say they are.
const WHO: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none";

async fn say(method: Method, url: String, body: impl Into<reqwest::Body>) -> Response {
    reqwest::Client::new().request(method, url).header("authorization", WHO).body(body).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_read_from_s3_when_it_is_here_no_more() {
    on_s3(|config| config.files = place(), read_from_s3).await;
}

async fn read_from_s3(app: TestApp) {
    let archive = Archive::open(&app).await;
    all_uploaded(&archive).await;
    let folder = app.app.recordings.folder_of(archive.id);
    assert_eq!(local::clear(&app.app).await.unwrap(), 0, "a day it stays");
    assert!(folder.join("00000.seg").exists());
    for _ in 0..2 {
        round(&app).await;
        app.advance(Duration::from_secs(12 * 3_600));
    }
    assert_eq!(local::clear(&app.app).await.unwrap(), 2);
    assert!(!folder.exists());
    is_whole(&archive).await;
    a_change_there_is_found(&app, &archive).await;
    // And what is erased is gone from there as well.
    round(&app).await;
    assert_eq!(wait_days(&app, 31).await, 1);
    assert_eq!(objects(&app).await, Vec::<String>::new());
}

async fn is_whole(archive: &Archive) {
    let whole = archive.officer.request(Method::GET, &archive.path("/streams/1")).send().await.unwrap();
    assert!(whole.status() == 200 && whole.bytes().await.unwrap()[..] == sound()[..]);
    let answer = part(&archive.officer, &archive.path("/streams/1"), "bytes=299990-300009").await;
    assert_eq!((answer.status().as_u16(), &answer.bytes().await.unwrap()[..]), (206, &sound()[299_990..300_010]));
    assert_eq!(archive.officer.post(&archive.path("/verify"), &json!({})).await.expect(200)["ok"], true);
    let export = archive.officer.post("/api/recordings/exports", &json!({"ids": [archive.id], "reason": "x"})).await.expect(201);
    let path = format!("/api/recordings/exports/{}/bundle", export["id"].as_str().unwrap());
    let tar = archive.officer.request(Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bundle::check(&tar[..]).unwrap().recordings, 1);
}

async fn a_change_there_is_found(app: &TestApp, archive: &Archive) {
    let url = object(app, archive.id, "00000.seg");
    let mut bytes = say(Method::GET, url.clone(), "").await.bytes().await.unwrap().to_vec();
    bytes[2_000] ^= 1;
    assert_eq!(say(Method::PUT, url, bytes).await.status(), 200);
    let report = archive.officer.post(&archive.path("/verify"), &json!({})).await.expect(200);
    assert_eq!((&report["ok"], &report["segment"]), (&json!(false), &json!(0)), "{report}");
    assert_eq!(archive.officer.get(&archive.path("/streams/1")).await.refused(409), "damaged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_goes_only_if_s3_has_the_same() {
    on_s3(|config| (config.files, config.recording_local) = (place(), Duration::ZERO), only_the_same).await;
}

async fn only_the_same(app: TestApp) {
    let archive = Archive::open(&app).await;
    all_uploaded(&archive).await;
    assert_eq!(say(Method::DELETE, object(&app, archive.id, "00000.seg"), "").await.status(), 204);
    assert_eq!(say(Method::PUT, object(&app, archive.id, "00001.seg"), "another").await.status(), 200);
    assert_eq!(local::clear(&app.app).await.unwrap(), 0);
    assert_eq!(archive.officer.post(&archive.path("/verify"), &json!({})).await.expect(200)["ok"], true);
    all_uploaded(&archive).await;
    assert_eq!(local::clear(&app.app).await.unwrap(), 2);
    assert_eq!(archive.officer.post(&archive.path("/verify"), &json!({})).await.expect(200)["ok"], true, "they went there again");
}

/// Where nothing listens until the test lets it; bound, so that nobody else does meanwhile.
static GATE: Mutex<Option<TcpSocket>> = Mutex::new(None);

/// Its address.
fn gate() -> SocketAddr {
    let mut gate = GATE.lock().unwrap();
    let bound = gate.get_or_insert_with(|| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket
    });
    bound.local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_s3_is_away_everything_stays_here_and_admins_see_it() {
    on_s3(|config| config.files = place_at("staffline", &format!("http://{}", gate())), s3_is_away).await;
}

async fn s3_is_away(app: TestApp) {
    let archive = Archive::open(&app).await;
    let failing = uploads(&archive, SLOWLY, |uploads| uploads["failing"].is_object()).await;
    assert_eq!((&failing["waiting"], failing["failures"].as_u64() >= Some(1)), (&json!(2), true), "{failing}");
    let metrics = archive.admin.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for line in ["staffline_recording_segments_waiting 2", "staffline_recording_uploads_up 0"] {
        assert!(metrics.contains(line), "{metrics}");
    }
    assert_eq!(local::clear(&app.app).await.unwrap(), 0);
    assert_eq!(archive.officer.get(&archive.path("/events")).await.expect(200)[0]["type"], "join", "it is heard meanwhile");
    let there: SocketAddr = server().unwrap().trim_start_matches("http://").parse().unwrap();
    let gate = GATE.lock().unwrap().take().expect("it is bound");
    let listener = gate.listen(16).unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(there).await?;
                tokio::io::copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    let standing = uploads(&archive, SLOWLY, |uploads| uploads["waiting"] == 0).await;
    assert!(standing["failing"].is_null() || standing["failing"].is_object(), "{standing}");
    uploads(&archive, PATIENCE, |uploads| uploads["failing"].is_null()).await;
    assert_eq!(
        objects(&app).await,
        [format!("recordings/{}/00000.seg", archive.id), format!("recordings/{}/00001.seg", archive.id)]
    );
}

/// A bucket with Object Lock.
static LOCKED: LazyLock<String> = LazyLock::new(|| format!("locked-{}", uuid::Uuid::now_v7()));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_with_object_lock_holds_recordings_as_long_as_they_are_to_be_kept() {
    let Some(server) = server() else { return };
    let bucket = reqwest::Client::new().put(format!("{server}/{}", *LOCKED)).header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(bucket.send().await.unwrap().status(), 200);
    on_s3(|config| config.files = place_at(&LOCKED, &crate::files_stores::server().unwrap()), held_by_s3).await;
}

async fn held_by_s3(app: TestApp) {
    round(&app).await;
    // S3 goes by its own clock.
    app.advance(app.app.clock.now().until(Clock::System.now()) + Duration::from_secs(1));
    let archive = Archive::open(&app).await;
    let standing = uploads(&archive, PATIENCE, |uploads| uploads["waiting"] == 0).await;
    assert_eq!(standing["locked"], true);
    let url = object(&app, archive.id, "00000.seg");
    nobody_removes(&app, archive.id, &url).await;
    a_hold_is_one_there(&archive, &url).await;
    // What is not to be kept any longer goes with all of its versions; what the bucket holds stays, without its key.
    let short = archive.record_for(&app, 0).await;
    all_uploaded(&archive).await;
    assert_eq!(round(&app).await, 0, "the clock was put to that of S3");
    compliance::clock::confirm(&app.app, archive.admin.id().await.parse().unwrap()).await.unwrap();
    assert_eq!(round(&app).await, 1);
    assert_eq!(versions(&app, short).await, Vec::<String>::new());
    assert!(!versions(&app, archive.id).await.is_empty());
    assert!(rows::wrapped_key(&app.app.db, short).await.unwrap().is_none());
}

async fn nobody_removes(app: &TestApp, id: RecordingId, url: &str) {
    let head = say(Method::HEAD, url.to_owned(), "").await;
    let header = |name: &str| head.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-amz-object-lock-mode"), "GOVERNANCE");
    let until = header("x-amz-object-lock-retain-until-date")[..10].to_owned();
    // The server's clock stands still: it is the moment at which the recording began.
    let month = app.app.clock.now().plus(Duration::from_secs(30 * 86_400));
    let day = |at: staffline::clock::Millis| time::OffsetDateTime::from_unix_timestamp(at.0 / 1_000).unwrap().date().to_string();
    assert_eq!(until, day(month));
    let version = only_version(app, id, "00000.seg").await;
    assert_eq!(say(Method::DELETE, format!("{url}?versionId={version}"), "").await.status(), 403);
}

async fn a_hold_is_one_there(archive: &Archive, url: &str) {
    let body = json!({"reason": "inquiry", "owner_id": archive.officer.id().await});
    let hold = archive.officer.post(&archive.path("/holds"), &body).await.expect(201);
    legal_hold(url, "ON").await;
    let release = archive.path(&format!("/holds/{}/release", hold["id"].as_str().unwrap()));
    archive.officer.post(&release, &json!({})).await.expect(204);
    legal_hold(url, "OFF").await;
}

async fn legal_hold(url: &str, status: &str) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let said = say(Method::GET, format!("{url}?legal-hold"), "").await.text().await.unwrap();
        if said.contains(&format!("<Status>{status}</Status>")) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{said}");
        tokio::task::yield_now().await;
    }
}

/// Of all objects of a recording, as S3 itself counts them.
async fn versions(app: &TestApp, id: RecordingId) -> Vec<String> {
    let FileStore::S3 { url, .. } = &app.app.config.files else { panic!("not in S3") };
    let prefix = format!("{}/recordings/{id}/", url.path().trim_start_matches('/'));
    let list = format!("{}/{}?versions&prefix={prefix}", server().unwrap(), url.host_str().unwrap());
    let listing = say(Method::GET, list, "").await.text().await.unwrap();
    listing.split("<VersionId>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

async fn only_version(app: &TestApp, id: RecordingId, name: &str) -> String {
    let FileStore::S3 { url, .. } = &app.app.config.files else { panic!("not in S3") };
    let prefix = format!("{}/recordings/{id}/{name}", url.path().trim_start_matches('/'));
    let list = format!("{}/{}?versions&prefix={prefix}", server().unwrap(), url.host_str().unwrap());
    let listing = say(Method::GET, list, "").await.text().await.unwrap();
    let found: Vec<_> = listing.split("<VersionId>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(found.len(), 1, "{listing}");
    found[0].clone()
}
