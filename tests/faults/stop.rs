//! Starting, stopping, and the commands beside a running server.

use futures_util::StreamExt;
use staffline::config;
use tokio_tungstenite::tungstenite::Message;

use crate::process::{Browser, Process, command, run};

#[tokio::test]
async fn a_stop_says_goodbye_and_leaves_a_clean_folder() {
    let folder = tempfile::tempdir().unwrap();
    let database = config::Database::Sqlite(folder.path().join("staffline.db"));
    let mut server = Process::start(folder.path(), &database).await;
    let admin = Browser::first_admin(&mut server).await;
    let mut socket = admin.socket(&server.origin).await;
    server.terminate().await;
    let code = loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1001);
    assert!(server.ended().await.success());
    assert!(!folder.path().join("staffline.db-wal").exists(), "the log is folded into the file");
    let mut server = Process::start(folder.path(), &database).await;
    assert_eq!(admin.get(&server.origin, "/api/session").await["user"]["login"], "admin", "sessions survive");
    server.kill().await;
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let database = config::Database::Sqlite(folder.path().join("staffline.db"));
    let mut server = Process::start(folder.path(), &database).await;
    let second = run(command(folder.path(), &database)).await;
    assert!(!second.status.success());
    let message = String::from_utf8_lossy(&second.stderr);
    assert!(message.contains("another server runs on the data folder"), "{message}");
    server.kill().await;
    // The lock goes with the process, however it ends.
    Process::start(folder.path(), &database).await.kill().await;
}

#[tokio::test]
async fn the_commands_work_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let database = config::Database::Sqlite(folder.path().join("staffline.db"));
    let mut server = Process::start(folder.path(), &database).await;
    let say = |words: &'static [&'static str]| {
        let mut command = command(folder.path(), &database);
        command.args(words);
        async move {
            let output = run(command).await;
            (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
        }
    };
    let admin = Browser::first_admin(&mut server).await;
    let (ok, out, _) = say(&["demo"]).await;
    assert!(ok && out.matches("/invitation#").count() == 2, "{out}");
    let (ok, again, _) = say(&["demo"]).await;
    assert!(ok && again.matches("is here already").count() == 2, "{again}");
    assert_eq!(admin.get(&server.origin, "/api/users").await.as_array().unwrap().len(), 3);
    let (ok, _, error) = say(&["admin-link"]).await;
    assert!(!ok && error.contains("there is an admin already"), "{error}");
    let (ok, _, error) = say(&["admin-link", "nobody"]).await;
    assert!(!ok && error.contains("nobody"), "{error}");
    let (ok, link, _) = say(&["admin-link", "ADMIN"]).await;
    assert!(ok);
    let token = link.trim().split_once('#').unwrap().1;
    let body = serde_json::json!({"token": token, "password": "another good password"});
    Browser::accept(&server.origin, &body).await;
    let (ok, document, _) = say(&["openapi"]).await;
    assert!(ok && serde_json::from_str::<serde_json::Value>(&document).unwrap()["paths"]["/api/users"].is_object());
    server.kill().await;
}

#[tokio::test]
async fn a_wrong_setting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = config::Database::Sqlite(folder.path().join("staffline.db"));
    let mut wrong = command(folder.path(), &database);
    wrong.env("STAFFLINE_SESSION_DAYS", "400");
    let output = run(wrong).await;
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("session_days (STAFFLINE_SESSION_DAYS): 400 is not between 1 and 365"), "{message}");
}
