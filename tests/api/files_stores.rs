//! The same on every store: a folder, and a real S3 server, which `scripts/test-s3.sh` starts.

use std::time::Duration;

use staffline::{clock::Clock, config::FileStore, files::sweep};

use crate::{
    files_downloads::send_files,
    harness::{Client, Engine, Setup, TestApp, run_with},
};

/// Runs a test on a folder and on S3.
macro_rules! each_store {
    (async fn $name:ident($app:ident: TestApp) $body:block) => {
        mod $name {
            use super::*;

            async fn test($app: TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn folder() {
                run_with(Engine::Sqlite, Setup::default(), test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn s3() {
                if server().is_some() {
                    run_with(Engine::Sqlite, Setup { change: |config| config.files = place(), ..Setup::default() }, test).await;
                }
            }
        }
    };
}

/// `None` only if the caller asked to go without S3.
pub(crate) fn server() -> Option<String> {
    let server = std::env::var("STAFFLINE_TEST_S3").ok();
    let skip = std::env::var("STAFFLINE_SKIP").unwrap_or_default();
    assert!(
        server.is_some() || skip.split(',').any(|word| word == "s3"),
        "STAFFLINE_TEST_S3 is not set: run scripts/test-s3.sh cargo test, or go without by STAFFLINE_SKIP=s3"
    );
    server
}

/// A place of its own in the bucket that the script has made.
pub(crate) fn place() -> FileStore {
    place_at("staffline", &server().expect("it was asked for before"))
}

pub(crate) fn place_at(bucket: &str, server: &str) -> FileStore {
    let pairs = [
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        // The environment has others, which must do no harm.
        ("AWS_PROFILE", "none"),
    ];
    let options = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    FileStore::S3 { url: format!("s3://{bucket}/{}/files", uuid::Uuid::now_v7()).parse().unwrap(), options }
}

/// The objects that the store holds, by its own account.
pub(crate) async fn objects(app: &TestApp) -> Vec<String> {
    let mut names = match &app.app.config.files {
        FileStore::Folder(folder) => in_folder(folder),
        FileStore::S3 { url, .. } => in_bucket(url.path().trim_start_matches('/')).await,
    };
    names.sort();
    names
}

fn in_folder(folder: &std::path::Path) -> Vec<String> {
    let kinds = folder.read_dir().unwrap().map(|kind| kind.unwrap().path());
    let files = kinds.flat_map(|kind| kind.read_dir().unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>());
    files.map(|file| file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()).collect()
}

async fn in_bucket(prefix: &str) -> Vec<String> {
    let url = format!("{}/staffline?list-type=2&prefix={prefix}", server().unwrap());
    let listing = reqwest::get(url).await.unwrap().text().await.unwrap();
    let keys = listing.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap());
    keys.map(|key| key.strip_prefix(prefix).unwrap().trim_start_matches('/').to_owned()).collect()
}

/// Moves the server's clock to some time after the real one, by which stores date what is written.
fn advance_past_now(app: &TestApp, by: Duration) {
    app.advance(app.app.clock.now().until(Clock::System.now()) + by);
}

async fn forget_row(app: &TestApp, id: &str) {
    let mut tx = app.app.db.begin().await.unwrap();
    sqlx::query("delete from attachments where id = $1").bind(id).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn gone(client: &Client, id: &str) -> bool {
    client.fetch(&format!("/api/attachments/{id}")).await.status == 404
}

each_store! {
    async fn files_come_back_whole_and_in_parts(app: TestApp) {
        let anna = app.admin().await;
        // More than one part of S3.
        let bytes: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let id = anna.upload("large.bin", &bytes).await;
        let path = format!("/api/attachments/{id}");
        assert!(anna.fetch(&path).await.bytes == bytes);
        let part = anna.fetch_with(&path, &[("range", "bytes=9999990-10000009")]).await;
        assert_eq!((part.status, part.bytes == bytes[9_999_990..10_000_010]), (206, true));
        let empty = anna.upload("empty", b"").await;
        assert_eq!(anna.fetch(&format!("/api/attachments/{empty}")).await.bytes, b"");
        let image = anna.upload("a.png", crate::files_downloads::PNG).await;
        assert_eq!(anna.fetch(&format!("/api/attachments/{image}/thumbnail")).await.status, 200);
        assert_eq!(objects(&app).await.len(), 4);
        for id in [&id, &empty, &image] {
            let request = anna.tus(reqwest::Method::DELETE, &format!("/api/uploads/{id}"));
            assert_eq!(crate::harness::client_send(request).await.status, 204);
            assert!(gone(&anna, id).await);
        }
        assert_eq!(objects(&app).await, Vec::<String>::new());
    }
}

each_store! {
    async fn the_sweep_takes_what_nobody_needs_and_nothing_else(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        let sent = anna.upload("sent.png", crate::files_downloads::PNG).await;
        let message = send_files(&anna, &conversation, &[&sent]).await;
        anna.delete(&format!("/api/messages/{}", message["id"].as_str().unwrap())).await.expect(200);
        let orphan = anna.upload("orphan", b"orphan").await;
        forget_row(&app, &orphan).await;
        let unsent = anna.upload("unsent", b"unsent").await;
        let unfinished = anna.begin_upload(100, "unfinished").await;
        assert_eq!(anna.send_chunk(&unfinished, 0, b"some").await.status, 204);
        let kept = vec![format!("attachments/{sent}"), format!("thumbnails/{sent}")];

        assert_eq!(sweep::sweep(&app.app).await.unwrap(), sweep::Swept::default(), "all of it is young");
        app.advance(Duration::from_secs(2 * 3_600));
        let swept = sweep::sweep(&app.app).await.unwrap();
        assert_eq!((swept.uploads, swept.objects), (1, 0), "the unfinished one has gone");
        assert_eq!(app.app.config.data.join("staging").read_dir().unwrap().count(), 0);
        assert!(!gone(&anna, &unsent).await);
        assert_eq!(anna.send_chunk(&unfinished, 4, b"more").await.refused(404), "not_found");

        advance_past_now(&app, Duration::from_secs(25 * 3_600));
        let swept = sweep::sweep(&app.app).await.unwrap();
        assert_eq!((swept.uploads, swept.objects), (1, 1));
        assert_eq!(objects(&app).await, kept, "what was sent is kept, even deleted");
    }
}
