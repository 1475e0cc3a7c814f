//! The power goes: what was acknowledged is on the disk as the cut left it, and so is what was recorded.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::json;
use staffline::{config, db::Db};
use tokio::time;

use crate::{
    database::{Database, Engine},
    disk::mounted,
    process::{PATIENCE, Process},
    recorded::{agreed, newest, recorded_office},
};

const MESSAGES: usize = 20;
const MIB: u64 = 1024 * 1024;

/// A file system in a file, which has what reached the disk and nothing of what the kernel still holds back.
struct Disk {
    image: PathBuf,
    folder: PathBuf,
}

impl Disk {
    fn make(image: &Path, folder: &Path) -> Option<Self> {
        fs::File::create(image).unwrap().set_len(256 * MIB).unwrap();
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image).status();
        assert!(made.unwrap().success(), "the file system is made");
        Self::mount(image, folder)
    }

    /// Unasked it writes nothing down for longer than a test takes.
    fn mount(image: &Path, folder: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "ext4", "-o", "loop,commit=300"]).arg(image).arg(folder);
        mounted(mount).then(|| Self { image: image.to_owned(), folder: folder.to_owned() })
    }

    /// The disk as it is found after a cut at this moment: whoever writes to it stands still.
    fn cut(&self, image: &Path) -> Option<Self> {
        fs::copy(&self.image, image).unwrap();
        assert!(Command::new("umount").arg("--lazy").arg(&self.folder).status().unwrap().success());
        Self::mount(image, &self.folder)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.folder).status());
    }
}

/// What the chain of heads says has been recorded must be there, whatever happens from now on.
async fn a_head_is_kept(database: &config::Database) {
    let db = Db::open(database).await.unwrap();
    let kept = async {
        while sqlx::query("select number from recording_heads").fetch_all(db.read()).await.unwrap().is_empty() {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(PATIENCE, kept).await.expect("a head is kept");
    db.close().await;
}

/// F12.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_or_recorded_survives_a_power_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after, data) = (folder.path().join("before"), folder.path().join("after"), folder.path().join("data"));
    fs::create_dir(&data).unwrap();
    let Some(disk) = Disk::make(&before, &data) else { return };
    let database = Database::create(Engine::Sqlite, &data).await.unwrap();
    let mut server = Process::start(&data, &database.config()).await;
    let (office, officer) = recorded_office(&mut server).await;
    let (call, _) = agreed(&office, &server.origin, "cut", |call| call["recording"]["state"] == "on").await;
    let path = format!("/api/conversations/{}/messages", office.conversation);
    for number in 0..MESSAGES {
        let message = json!({"client_key": format!("said-before-the-cut-{number}"), "text": format!("message {number}")});
        assert_eq!(office.admin.post(&server.origin, &path, &message).await.unwrap().0, 201);
    }
    a_head_is_kept(&database.config()).await;

    server.freeze().await;
    let cut = disk.cut(&after);
    server.kill().await;
    let _cut = cut.expect("it is mounted as the one before was");
    let mut server = Process::start(&data, &database.config()).await;

    let page = office.admin.get(&server.origin, &path).await;
    let texts: Vec<_> = page["messages"].as_array().unwrap().iter().filter_map(|message| message["text"].as_str()).collect();
    for number in 0..MESSAGES {
        assert!(texts.contains(&format!("message {number}").as_str()), "message {number} is not in {texts:?}");
    }
    let recording = newest(&officer, &server.origin).await;
    assert_eq!((&recording["call_id"], &recording["state"]), (&json!(call.id), &json!("recovered")), "{recording}");
    let verify = format!("/api/recordings/{}/verify", recording["id"].as_str().unwrap());
    let (status, report) = officer.post(&server.origin, &verify, &json!({})).await.unwrap();
    assert_eq!((status, &report["ok"]), (200, &json!(true)), "{report}");
    server.kill().await;
}
