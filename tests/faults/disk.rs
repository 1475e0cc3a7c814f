//! The disk is full: what comes is refused, what is there can be read, and when there is room again all goes on by itself.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::Method;
use serde_json::json;

use crate::{
    database::{Database, Engine},
    process::{Browser, Process},
};

const MIB: usize = 1024 * 1024;

/// A small disk.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// `None` only if the caller asked to go without.
    pub(crate) fn mount(folder: &Path, mib: usize) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m,mode=700"), "tmpfs"]).arg(folder);
        mounted(mount).then(|| Self(folder.to_owned()))
    }
}

/// `false` only if the caller asked to go without.
pub(crate) fn mounted(mut mount: Command) -> bool {
    if mount.status().is_ok_and(|status| status.success()) {
        return true;
    }
    let skip = std::env::var("STAFFLINE_SKIP").unwrap_or_default();
    let left_out = skip.split(',').any(|word| word == "mount");
    assert!(left_out, "{mount:?} did not succeed: run the tests as root, or go without by STAFFLINE_SKIP=mount");
    false
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the server may still be at its end.
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

/// F10.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_survived_on_sqlite() {
    survive(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_survived_on_postgres() {
    survive(Engine::Postgres).await;
}

async fn survive(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = Disk::mount(folder.path(), 40) else { return };
    let Some(database) = Database::create(engine, folder.path()).await else { return };
    let mut server = Process::start(folder.path(), &database.config()).await;
    let admin = Browser::first_admin(&mut server).await;
    let anna = admin.invite(&server.origin, "anna").await;
    let conversation = crate::process::open(&admin, &anna, &server.origin).await;
    let site = Site { browser: admin, origin: server.origin.clone() };

    let small = site.begin(MIB).await;
    assert_eq!(site.send(&small, 0, MIB).await, 204);
    an_upload_that_does_not_fit_is_refused(&site, &small).await;
    without_any_room_nothing_is_lost(&site, &small, &conversation, &folder.path().join("filler")).await;
    server.kill().await;
    database.drop().await;
}

async fn an_upload_that_does_not_fit_is_refused(site: &Site, small: &str) {
    let large = site.begin(64 * MIB).await;
    assert_eq!(site.send(&large, 0, 64 * MIB).await, 507);
    assert_eq!(site.browser.status(&site.origin, "/readyz").await.0, 200);
    assert_eq!(site.read(small).await, MIB, "what is there can be read");
    let at = site.offset(&large).await;
    assert!((16 * MIB..40 * MIB).contains(&at), "what was made safe on the way stays: {at}");
    assert_eq!(site.request(Method::DELETE, &large).send().await.unwrap().status(), 204);
}

async fn without_any_room_nothing_is_lost(site: &Site, small: &str, conversation: &str, filler: &Path) {
    // Not even room for the database: nothing is acknowledged that is not kept.
    fill(filler);
    let (status, _) = site.write(conversation, "while-it-is-full").await;
    assert!(matches!(status, 201 | 503), "{status}");
    assert_eq!(site.read(small).await, MIB);
    std::fs::remove_file(filler).unwrap();

    let (status, _) = site.write(conversation, "there-is-room-again").await;
    assert_eq!(status, 201, "it recovers by itself");
    let again = site.begin(8 * MIB).await;
    assert_eq!(site.send(&again, 0, 8 * MIB).await, 204);
    assert_eq!(site.read(&again).await, 8 * MIB);
}

/// Writes until nothing more goes in.
pub(crate) fn fill(path: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    let mut size = MIB;
    while size > 0 {
        if file.write_all(&vec![0; size]).is_err() {
            size /= 2;
        }
    }
}

/// A browser on a server.
struct Site {
    browser: Browser,
    origin: String,
}

impl Site {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.browser.request(method, &self.origin, path).header("tus-resumable", "1.0.0")
    }

    async fn begin(&self, size: usize) -> String {
        let answer = self.request(Method::POST, "/api/uploads").header("upload-length", size).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    async fn send(&self, path: &str, offset: usize, size: usize) -> u16 {
        let request = self.request(Method::PATCH, path).header("upload-offset", offset);
        let request = request.header("content-type", "application/offset+octet-stream").body(vec![7; size]);
        match request.send().await {
            Ok(answer) => answer.status().as_u16(),
            // The server refuses while the client still sends: not every answer gets through.
            Err(_) => 507,
        }
    }

    async fn offset(&self, path: &str) -> usize {
        let answer = self.request(Method::HEAD, path).send().await.unwrap();
        answer.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
    }

    async fn read(&self, path: &str) -> usize {
        let path = path.replace("/api/uploads/", "/api/attachments/");
        let answer = self.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap().len()
    }

    async fn write(&self, conversation: &str, key: &str) -> (u16, serde_json::Value) {
        let path = format!("/api/conversations/{conversation}/messages");
        self.browser.post(&self.origin, &path, &json!({"client_key": key, "text": key})).await.unwrap()
    }
}
