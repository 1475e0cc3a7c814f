//! The chat as compliance officers reach it, and nobody else: found, read with all that it was, and taken out in a bundle that proves itself.

use std::fs;

use serde_json::{Value, json};
use staffline::recordings::bundle;

use crate::{
    files_downloads::PNG,
    harness::{Client, TestApp, both, new_key},
    recording_policy::{audit_entry, everybody},
};

/// A conversation of Anna and Boris with everything that can happen to a message.
struct Archive {
    admin: Client,
    anna: Client,
    boris: Client,
    officer: Client,
    conversation: String,
    edited: Value,
    deleted: Value,
    /// On the deleted message.
    file: String,
}

impl Archive {
    async fn open(app: &TestApp) -> Self {
        let (admin, anna, boris, conversation) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        let path = format!("/api/conversations/{conversation}/messages");
        let edited = anna.say(&conversation, "Обещаю щедрый процент").await;
        app.advance(std::time::Duration::from_secs(60));
        anna.patch(&format!("/api/messages/{}", edited["id"].as_str().unwrap()), &json!({"text": "Без обещаний"}))
            .await
            .expect(200);
        let file = boris.upload("Договор & <b>.png", PNG).await;
        let body =
            json!({"client_key": new_key(), "text": "<i>Сотри</i> это", "attachment_ids": [file], "reply_to": edited["id"]});
        let deleted = boris.post(&path, &body).await.expect(201);
        boris.delete(&format!("/api/messages/{}", deleted["id"].as_str().unwrap())).await.expect(200);
        app.advance(std::time::Duration::from_secs(60));
        anna.say(&conversation, "plain").await;
        Self { admin, anna, boris, officer, conversation, edited, deleted, file }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/archive/conversations/{}{rest}", self.conversation)
    }

    async fn found(&self, query: &str) -> usize {
        let page = self.officer.get(&format!("/api/archive/conversations?{query}")).await.expect(200);
        page["conversations"].as_array().unwrap().len()
    }

    async fn hits(&self, query: &str) -> Vec<Value> {
        let page = self.officer.get(&format!("/api/archive/messages?{query}")).await.expect(200);
        page["messages"].as_array().unwrap().iter().map(|message| message["id"].clone()).collect()
    }
}

both! {
    async fn an_officer_reads_what_messages_were(app: TestApp) {
        let archive = Archive::open(&app).await;
        let page = archive.officer.get(&archive.path("/messages")).await.expect(200);
        assert_eq!((&page["more"], &page["more_after"], page["messages"].as_array().unwrap().len()), (&json!(false), &json!(false), 3));
        let [edited, deleted, plain] = [0, 1, 2].map(|n| &page["messages"][n]);
        assert_eq!((&edited["text"], &edited["versions"][0]["text"]), (&json!("Без обещаний"), &json!("Обещаю щедрый процент")));
        assert_eq!(edited["versions"][0]["replaced_at"], edited["edited_at"]);
        assert_eq!((&deleted["kind"], &deleted["versions"][0]["text"]), (&json!("deleted"), &json!("<i>Сотри</i> это")));
        assert_eq!((&deleted["deleted_by"], &deleted["reply_to_id"]), (&json!(archive.boris.id().await), &archive.edited["id"]));
        assert_eq!((&deleted["files"][0]["id"], &deleted["files"][0]["name"]), (&json!(archive.file), &json!("Договор & <b>.png")));
        assert_eq!((&plain["versions"], &plain["files"], &plain["deleted_by"]), (&json!([]), &json!([]), &Value::Null));
        // By stretches, and by time.
        let older = archive.officer.get(&archive.path(&format!("/messages?limit=1&before={}", plain["seq"]))).await.expect(200);
        assert_eq!((&older["messages"][0]["id"], &older["more"], &older["more_after"]), (&deleted["id"], &json!(true), &json!(true)));
        let at = archive.officer.get(&archive.path(&format!("/messages?limit=1&at={}", plain["created_at"]))).await.expect(200);
        assert_eq!(at["messages"][0]["id"], plain["id"]);
        // What Boris deleted is there for the officer alone.
        let bytes = archive.officer.fetch(&format!("/api/archive/attachments/{}", archive.file)).await;
        assert_eq!((bytes.status, bytes.bytes == PNG, bytes.header("cache-control")), (200, true, "no-store"));
        assert_eq!(archive.boris.get(&format!("/api/attachments/{}", archive.file)).await.refused(404), "not_found");
        let entry = audit_entry(&archive.admin, "conversation_file_taken").await;
        assert_eq!((&entry["attachment_id"], &entry["actor_id"]), (&json!(archive.file), &json!(archive.officer.id().await)));
        let detail = archive.officer.get(&archive.path("")).await.expect(200);
        assert_eq!((&detail["messages"], &detail["held"], &detail["erased"]), (&json!(3), &json!(false), &json!(false)));
        let done: Vec<_> = detail["accesses"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
        let opened = "conversation_opened";
        assert_eq!(done, [opened, "conversation_file_taken", opened, opened, opened], "the newest first");
    }
}

both! {
    /// R-access and R11 for the chat: others find nothing, whoever they are, and that they looked is written before they are told.
    async fn nobody_but_an_officer_reaches_the_archive_and_every_try_is_written(app: TestApp) {
        let archive = Archive::open(&app).await;
        let former = app.user(&archive.admin, "former", "compliance").await;
        former.get(&archive.path("/messages")).await.expect(200);
        archive.admin.patch(&format!("/api/users/{}", former.id().await), &json!({"role": "employee"})).await.expect(200);
        let placed = json!({"reason": "x", "owner_id": archive.officer.id().await, "conversation_id": archive.conversation});
        let hold = archive.officer.post("/api/archive/holds", &placed).await.expect(201);
        let release = format!("/api/archive/holds/{}/release", hold["id"].as_str().unwrap());
        let file = format!("/api/archive/attachments/{}", archive.file);
        let mut tries = 0;
        for client in [&archive.anna, &archive.boris, &archive.admin, &former] {
            for path in [&archive.path(""), &archive.path("/messages"), &file, "/api/archive/conversations", "/api/archive/messages?q=x", "/api/archive/holds"] {
                assert_eq!(client.get(path).await.refused(404), "not_found", "{path}");
                tries += 1;
            }
            assert_eq!(client.post("/api/archive/holds", &placed).await.refused(404), "not_found");
            assert_eq!(client.post(&release, &json!({})).await.refused(404), "not_found");
            let asked = json!({"conversation_ids": [archive.conversation], "reason": "x"});
            assert_eq!(client.post("/api/recordings/exports", &asked).await.refused(404), "not_found");
            tries += 3;
        }
        assert_eq!(app.client().get(&archive.path("/messages")).await.refused(401), "not_signed_in");
        let log = archive.admin.get("/api/admin/audit?action=recording_access_refused&limit=200").await.expect(200);
        assert_eq!(log["entries"].as_array().unwrap().len(), tries);
        let taken = archive.admin.get("/api/admin/audit?action=conversation_file_taken").await.expect(200);
        assert_eq!(taken["entries"], json!([]));
        assert_eq!(archive.officer.get("/api/archive/holds").await.expect(200)[0]["released_at"], Value::Null);
        // A file that waits to be sent is its uploader's alone.
        let unsent = archive.anna.upload("x.bin", b"x").await;
        assert_eq!(archive.officer.get(&format!("/api/archive/attachments/{unsent}")).await.refused(404), "not_found");
    }
}

both! {
    async fn conversations_and_messages_are_found_by_what_is_and_was_in_them(app: TestApp) {
        let archive = Archive::open(&app).await;
        let carla = app.user(&archive.admin, "carla", "manager").await;
        let (anna, boris, carla_id) = (archive.anna.id().await, archive.boris.id().await, carla.id().await);
        let group = archive.anna.post("/api/groups", &json!({"name": "Сделка Ёлка", "user_ids": [carla_id]})).await.expect(201);
        carla.delete(&format!("/api/conversations/{}/members/{carla_id}", group["id"].as_str().unwrap())).await.expect(204);
        // One without messages is nothing to find.
        archive.boris.post("/api/conversations", &json!({"user_id": carla_id})).await.expect(201);
        let now = app.app.clock.now().0;
        for (query, count) in [
            (String::new(), 2),
            (format!("user_id={anna}"), 2),
            (format!("user_id={boris}"), 1),
            (format!("user_id={carla_id}"), 1),
            (format!("conversation_id={}", archive.conversation), 1),
            ("q=елка".to_owned(), 1),
            ("q=USER BORIS".to_owned(), 1),
            ("q=carla".to_owned(), 1),
            ("q=100%25".to_owned(), 0),
            (format!("from={}", now - 90_000), 2),
            (format!("from={}", now + 1), 0),
            (format!("to={}", now - 90_000), 1),
            ("limit=1".to_owned(), 1),
            (format!("before={}", archive.edited["seq"]), 0),
        ] {
            assert_eq!(archive.found(&query).await, count, "{query}");
        }
        let first = archive.officer.get("/api/archive/conversations?limit=1").await.expect(200);
        assert_eq!((&first["conversations"][0]["name"], &first["more"]), (&json!("Сделка Ёлка"), &json!(true)));
        let left: Vec<_> = first["conversations"][0]["people"].as_array().unwrap().iter().filter(|one| !one["left_at"].is_null()).collect();
        assert_eq!((left.len(), &left[0]["user_id"]), (1, &json!(carla_id)));
        let (edited, deleted) = (&archive.edited["id"], &archive.deleted["id"]);
        for (query, hits) in [
            ("q=щедр".to_owned(), vec![edited]),
            ("q=без обещ".to_owned(), vec![edited]),
            ("q=обещ".to_owned(), vec![edited]),
            ("q=сотри".to_owned(), vec![deleted]),
            ("q=этого".to_owned(), vec![]),
            ("q=щедр сотри".to_owned(), vec![]),
            (format!("q=сотри&user_id={anna}"), vec![]),
            (format!("q=сотри&user_id={boris}&conversation_id={}", archive.conversation), vec![deleted]),
            (format!("q=щедр&from={}", now - 90_000), vec![]),
            (format!("q=щедр&before={}", archive.edited["seq"]), vec![]),
        ] {
            assert_eq!(archive.hits(&query).await.iter().collect::<Vec<_>>(), hits, "{query}");
        }
        assert_eq!(archive.officer.get("/api/archive/messages?q=%2B").await.refused(422), "bad_query");
        assert!(audit_entry(&archive.admin, "conversations_searched").await["query"].is_string());
    }
}

both! {
    async fn an_export_has_all_that_messages_were_and_proves_itself(app: TestApp) {
        let archive = Archive::open(&app).await;
        let mut policy = everybody("always");
        policy["two_officers"] = json!(true);
        archive.admin.put("/api/admin/recording-policy", &policy).await.expect(200);
        let second = app.user(&archive.admin, "second", "compliance").await;
        second.patch("/api/users/me/settings", &json!({"language": "en"})).await.expect(200);
        let from = archive.edited["created_at"].as_i64().unwrap();
        let backwards = json!({"conversation_ids": [archive.conversation], "from": from, "to": from, "reason": "x"});
        assert_eq!(archive.officer.post("/api/recordings/exports", &backwards).await.refused(422), "bad_export");
        // Without the last message.
        let asked = json!({"conversation_ids": [archive.conversation], "from": from, "to": app.app.clock.now().0, "reason": "inquiry 8"});
        let export = archive.officer.post("/api/recordings/exports", &asked).await.expect(201);
        let path = format!("/api/recordings/exports/{}", export["id"].as_str().unwrap());
        assert_eq!(archive.officer.get(&format!("{path}/bundle")).await.refused(409), "not_approved");
        second.post(&format!("{path}/approve"), &json!({})).await.expect(200);
        let bytes = second.fetch(&format!("{path}/bundle")).await.bytes;
        let checked = bundle::check(&bytes[..]).unwrap();
        assert_eq!((checked.recordings, checked.conversations, checked.files), (0, 1, 6));
        assert_eq!(audit_entry(&archive.admin, "recording_export_taken").await["conversation_ids"], json!([archive.conversation]));

        let folder = tempfile::tempdir().unwrap();
        let tar = folder.path().join("bundle.tar");
        fs::write(&tar, &bytes).unwrap();
        assert!(std::process::Command::new("tar").arg("xf").arg(&tar).current_dir(folder.path()).status().unwrap().success());
        let inside = folder.path().join(&archive.conversation);
        let lines = fs::read_to_string(inside.join("messages.jsonl")).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let page = archive.officer.get(&archive.path("/messages")).await.expect(200);
        assert_eq!(lines[..], page["messages"].as_array().unwrap()[..2], "as the officer reads them, to the period's end");
        let html = fs::read_to_string(inside.join("conversation.html")).unwrap();
        for part in ["User anna (anna)", "Без обещаний", "Обещаю щедрый процент", "earlier text, until", "&lt;i&gt;Сотри&lt;/i&gt; это", "Договор &amp; &lt;b&gt;.png"] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("<i>") && !html.contains("plain"), "{html}");
        assert_eq!(fs::read(inside.join(format!("files/{}.png", archive.file))).unwrap(), PNG);
        let details: Value = serde_json::from_slice(&fs::read(inside.join("details.json")).unwrap()).unwrap();
        assert_eq!((&details["exported"], details["names"].as_array().unwrap().len()), (&json!(2), 2));

        // One byte of what was said, and one of a file.
        for (what, name) in [("щедрый".as_bytes(), "messages.jsonl"), (&PNG[20..40], "files/")] {
            let at = bytes.windows(what.len()).position(|part| part == what).unwrap();
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let wrong = bundle::check(&changed[..]).unwrap_err().to_string();
            assert!(wrong.starts_with(&format!("{}/{name}", archive.conversation)) && wrong.ends_with("is not what was exported"), "{wrong}");
            fs::write(&tar, &changed).unwrap();
            let program = std::process::Command::new(env!("CARGO_BIN_EXE_staffline"))
                .args(["recordings", "verify", "--bundle"]).arg(&tar).output().unwrap();
            assert!(!program.status.success(), "{program:?}");
        }
    }
}
