//! What a message may have, and what becomes of it: replies, uploads, mentions, edits, deletion.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, both, new_key};

fn messages(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/messages")
}

fn message(message: &Value) -> String {
    format!("/api/messages/{}", message["id"].as_str().unwrap())
}

/// Sends a message with more than a text.
async fn send(client: &Client, conversation: &str, mut body: Value) -> Answer {
    body["client_key"] = new_key().into();
    client.post(&messages(conversation), &body).await
}

/// An upload as the one that takes it in leaves it. Complete, if it has a kind.
async fn upload(app: &TestApp, owner: &Client, name: &str, kind: Option<&str>) -> String {
    let (id, now) = (new_key(), app.app.clock.now().0);
    let sql = "insert into attachments (id, owner_id, name, size, received, completed_at, kind, content_type, width, height, \
        created_at, touched_at) values ($1, $2, $3, 5, 5, $4, $5, 'image/png', 4, 3, $6, $6)";
    let mut tx = app.app.db.begin().await.unwrap();
    let query = sqlx::query(sql).bind(&id).bind(owner.id().await).bind(name).bind(kind.map(|_| now)).bind(kind).bind(now);
    query.execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// The conversation of another pair, and a message in it.
async fn elsewhere(app: &TestApp, admin: &Client) -> (String, Value) {
    let vera = app.user(admin, "vera", "employee").await;
    let other = admin.post("/api/conversations", &json!({"user_id": vera.id().await})).await.expect(201);
    let id = other["id"].as_str().unwrap().to_owned();
    let secret = vera.say(&id, "secret").await;
    (id, secret)
}

both! {
    async fn a_reply_quotes_what_the_message_says_now(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let long = "ж".repeat(300);
        let first = anna.say(&conversation, &long).await;
        let reply = send(&boris, &conversation, json!({"text": "yes", "reply_to": first["id"]})).await.expect(201);
        let quote = json!({
            "message_id": first["id"], "seq": first["seq"], "sender_id": first["sender_id"],
            "text": "ж".repeat(200), "attachment": null, "deleted": false,
        });
        assert_eq!(reply["reply_to"], quote);
        let read = |client: Client, conversation: String| async move {
            client.get(&messages(&conversation)).await.expect(200)["messages"].as_array().unwrap().last().unwrap().clone()
        };
        assert_eq!(read(anna.clone(), conversation.clone()).await, reply);
        anna.patch(&message(&first), &json!({"text": "short"})).await.expect(200);
        assert_eq!(read(boris.clone(), conversation.clone()).await["reply_to"]["text"], "short");
        anna.delete(&message(&first)).await.expect(200);
        let quote = read(boris.clone(), conversation.clone()).await["reply_to"].take();
        assert_eq!((&quote["text"], &quote["deleted"]), (&json!(""), &json!(true)));
        // A reply that waited in a queue while its message was deleted still goes.
        send(&boris, &conversation, json!({"text": "late", "reply_to": first["id"]})).await.expect(201);
    }
}

both! {
    async fn one_replies_only_to_what_the_conversation_has(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        let (_, secret) = elsewhere(&app, &admin).await;
        let mut answers = BTreeSet::new();
        for id in [secret["id"].as_str().unwrap(), "0198c0de-0000-7000-8000-000000000001"] {
            let answer = send(&anna, &conversation, json!({"text": "x", "reply_to": id})).await;
            answers.insert((answer.status, answer.text));
        }
        assert_eq!(answers.len(), 1, "hidden or absent, the answer is one: {answers:?}");
        assert_eq!(answers.first().unwrap().0, 404);
        assert_eq!(anna.get(&messages(&conversation)).await.expect(200)["messages"], json!([]));
    }
}

both! {
    async fn uploads_hang_on_one_message_in_their_order(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let mut socket = boris.connect().await;
        let ids = [upload(&app, &anna, "b.png", Some("image")).await, upload(&app, &anna, "a.bin", Some("file")).await];
        let sent = send(&anna, &conversation, json!({"text": "", "attachment_ids": ids})).await.expect(201);
        let hung = sent["attachments"].as_array().unwrap();
        assert_eq!(hung.iter().map(|file| file["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
        let image = json!({
            "id": ids[0], "name": "b.png", "size": 5, "kind": "image", "content_type": "image/png", "width": 4, "height": 3,
            "duration_ms": null, "waveform": null, "preview": false,
        });
        assert_eq!(hung[0], image);
        assert_eq!(socket.event().await["message"], sent);
        assert_eq!(boris.get(&messages(&conversation)).await.expect(200)["messages"], json!([sent]));
        let reply = send(&boris, &conversation, json!({"text": "thanks", "reply_to": sent["id"]})).await.expect(201);
        assert_eq!((&reply["reply_to"]["attachment"]["id"], &reply["reply_to"]["attachment"]["more"]), (&json!(ids[0]), &json!(1)));
        anna.delete(&message(&sent)).await.expect(200);
        let history = boris.get(&messages(&conversation)).await.expect(200);
        assert_eq!(history["messages"][0]["attachments"], Value::Null);
        assert_eq!(history["messages"][1]["reply_to"]["attachment"], Value::Null);
    }
}

both! {
    async fn an_upload_that_may_not_be_sent_takes_the_message_with_it(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let own = upload(&app, &anna, "own", Some("file")).await;
        let foreign = upload(&app, &boris, "foreign", Some("file")).await;
        let part = upload(&app, &anna, "part", None).await;
        let sent = upload(&app, &anna, "sent", Some("file")).await;
        send(&anna, &conversation, json!({"text": "", "attachment_ids": [sent]})).await.expect(201);
        let many: Vec<_> = (0..21).map(|_| new_key()).collect();
        let cases = [
            (json!([own, foreign]), 404, "not_found"),
            (json!([own, new_key()]), 404, "not_found"),
            (json!([own, part]), 422, "upload_incomplete"),
            (json!([own, sent]), 422, "upload_already_sent"),
            (json!([own, own]), 422, "upload_already_sent"),
            (json!(many), 422, "too_many_attachments"),
        ];
        for (ids, status, code) in cases {
            assert_eq!(send(&anna, &conversation, json!({"text": "x", "attachment_ids": ids})).await.refused(status), code, "{ids}");
        }
        assert_eq!(anna.get(&messages(&conversation)).await.expect(200)["messages"].as_array().unwrap().len(), 1);
        // Nothing of the failed attempts stuck to it.
        send(&anna, &conversation, json!({"text": "", "attachment_ids": [own]})).await.expect(201);
        assert_eq!(send(&anna, &conversation, json!({"text": " "})).await.refused(422), "message_empty");
    }
}

both! {
    async fn of_many_retries_with_an_upload_one_is_written(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let file = upload(&app, &anna, "a", Some("file")).await;
        let other = upload(&app, &anna, "b", Some("file")).await;
        // Two tabs, the second of which has uploaded the file once more.
        let bodies = [json!([file]), json!([other])].map(|ids| json!({"client_key": "same-key", "text": "", "attachment_ids": ids}));
        let tries = (0..12).map(|n| {
            let (tab, path, body) = (anna.copy(), messages(&conversation), bodies[n % 2].clone());
            tokio::spawn(async move { tab.post(&path, &body).await })
        });
        let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
        let sent: BTreeSet<_> = answers.iter().map(|answer| answer.text.clone()).collect();
        assert_eq!(sent.len(), 1, "all are told of the same message");
        assert_eq!(boris.get(&messages(&conversation)).await.expect(200)["messages"].as_array().unwrap().len(), 1);
    }
}

both! {
    async fn a_text_names_members(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let ids = [anna.id().await, boris.id().await, admin.id().await];
        let sent = anna.say(&conversation, "@Boris, @admin, @anna?").await;
        assert_eq!(sent["mentions"], json!([ids[1]]), "not who is no member, not oneself");
        let unread = |client: &Client| {
            let client = client.clone();
            async move { client.get("/api/conversations").await.expect(200)[0]["unread_mentions"].clone() }
        };
        assert_eq!(unread(&boris).await, 1);
        anna.patch(&message(&sent), &json!({"text": "nobody"})).await.expect(200);
        assert_eq!(unread(&boris).await, 0);
        let edited = anna.patch(&message(&sent), &json!({"text": "@все"})).await.expect(200);
        assert_eq!(edited["mentions"], json!([ids[1]]));
        assert_eq!((unread(&boris).await, unread(&anna).await), (json!(1), json!(0)));
        anna.delete(&message(&sent)).await.expect(200);
        assert_eq!(unread(&boris).await, 0);
    }
}

both! {
    async fn an_edit_keeps_what_was_said(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let officer = app.user(&admin, "olga", "compliance").await;
        let sent = anna.say(&conversation, "one").await;
        let mut socket = boris.connect().await;
        app.advance(std::time::Duration::from_secs(1));
        let edited = anna.patch(&message(&sent), &json!({"text": "two"})).await.expect(200);
        assert_eq!((&edited["text"], &edited["seq"]), (&json!("two"), &sent["seq"]));
        assert_eq!(edited["edited_at"], sent["created_at"].as_i64().unwrap() + 1_000);
        let event = socket.event().await;
        assert_eq!((event["type"].as_str(), &event["message"]), (Some("message_updated"), &edited));
        assert_eq!(anna.patch(&message(&sent), &json!({"text": "two"})).await.expect(200), edited, "nothing to change");
        let deleted = anna.delete(&message(&sent)).await.expect(200);
        assert_eq!((&deleted["kind"], &deleted["text"]), (&json!("deleted"), &Value::Null));
        assert_eq!(socket.event().await["message"], deleted);
        assert_eq!(anna.delete(&message(&sent)).await.expect(200), deleted, "again is nothing new");
        socket.assert_no_event_waits().await;
        assert_eq!(boris.get(&messages(&conversation)).await.expect(200)["messages"], json!([deleted]));
        let now = deleted["deleted_at"].as_i64().unwrap();
        let said = json!([{"text": "one", "replaced_at": now}, {"text": "two", "replaced_at": now}]);
        let versions = format!("{}/versions", message(&sent));
        assert_eq!(officer.get(&versions).await.expect(200), said);
        for other in [&anna, &boris, &admin] {
            assert_eq!(other.get(&versions).await.refused(404), "not_found");
        }
        let absent = "/api/messages/0198c0de-0000-7000-8000-000000000001/versions";
        assert_eq!(officer.get(absent).await.text, boris.get(&versions).await.text);
    }
}

both! {
    async fn one_changes_only_texts_of_ones_own(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let sent = anna.say(&conversation, "mine").await;
        let change = json!({"text": "yours"});
        assert_eq!(boris.patch(&message(&sent), &change).await.refused(403), "not_the_sender");
        assert_eq!(boris.delete(&message(&sent)).await.refused(403), "not_the_sender");
        for (body, code) in [
            (json!({"text": " "}), "message_empty"),
            (json!({"text": "x".repeat(16_001)}), "message_too_long"),
            (json!({"text": "\0"}), "bad_text"),
        ] {
            assert_eq!(anna.patch(&message(&sent), &body).await.refused(422), code);
        }
        anna.delete(&message(&sent)).await.expect(200);
        assert_eq!(anna.patch(&message(&sent), &change).await.refused(409), "not_editable");
        let group = anna.post("/api/groups", &json!({"name": "g", "user_ids": []})).await.expect(201);
        assert_eq!(anna.delete(&message(&group["last_message"])).await.refused(409), "not_editable", "a notice stays");
        assert_eq!(anna.patch(&message(&group["last_message"]), &change).await.refused(409), "not_editable");
        // Hidden and absent are one.
        let mut answers = BTreeSet::new();
        for id in [sent["id"].as_str().unwrap(), "0198c0de-0000-7000-8000-000000000001", "x", "%00"] {
            let path = format!("/api/messages/{id}");
            for answer in [admin.patch(&path, &change).await, admin.delete(&path).await, admin.get(&format!("{path}/versions")).await] {
                answers.insert((answer.status, answer.text));
            }
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers.first().unwrap().0, 404);
    }
}

both! {
    async fn a_hundred_edits_and_deletions_at_once_converge(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        let sent = anna.say(&conversation, "0").await;
        let (mut socket, path) = (boris.connect().await, message(&sent));
        let changes = (1..=100).map(|n| {
            let (tab, path) = (anna.clone(), path.clone());
            tokio::spawn(async move {
                match n {
                    77 => tab.delete(&path).await,
                    _ => tab.patch(&path, &json!({"text": n.to_string()})).await,
                }
            })
        });
        let answers: Vec<_> = futures_util::future::join_all(changes).await.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)), "{answers:?}");
        let edits = answers.iter().filter(|answer| answer.status == 200).count() - 1;
        // Each edit that was accepted made an event, in one order for everybody, and the deletion was the last.
        let mut told = Vec::new();
        while told.last() != Some(&Value::Null) {
            told.push(socket.event().await["message"]["text"].take());
        }
        told.pop();
        assert_eq!(told.len(), edits);
        socket.assert_no_event_waits().await;
        let versions = officer.get(&format!("{path}/versions")).await.expect(200);
        let kept: Vec<_> = versions.as_array().unwrap().iter().map(|version| version["text"].clone()).collect();
        assert_eq!(kept, [vec![json!("0")], told].concat(), "the history is what was told");
        for client in [&anna, &boris] {
            assert_eq!(client.get(&messages(&conversation)).await.expect(200)["messages"][0]["kind"], "deleted");
        }
    }
}

both! {
    async fn a_stretch_may_lie_before_after_or_around_a_place(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let mut seqs = Vec::new();
        for n in 0..9 {
            seqs.push(anna.say(&conversation, &n.to_string()).await["seq"].as_i64().unwrap());
        }
        let cases = [
            ("limit=3".to_owned(), 6..9, true, false),
            (format!("limit=3&before={}", seqs[6]), 3..6, true, true),
            (format!("limit=3&before={}", seqs[3]), 0..3, false, true),
            (format!("limit=3&before={}", seqs[0]), 0..0, false, true),
            (format!("limit=3&after={}", seqs[2]), 3..6, true, true),
            (format!("limit=3&after={}", seqs[5]), 6..9, true, false),
            (format!("limit=3&after={}", seqs[8]), 0..0, true, false),
            (format!("limit=4&around={}", seqs[4]), 3..7, true, true),
            (format!("limit=5&around={}", seqs[8]), 6..9, true, false),
            (format!("limit=100&around={}", seqs[4]), 0..9, false, false),
        ];
        for (query, expected, more, more_after) in cases {
            let page = boris.get(&format!("{}?{query}", messages(&conversation))).await.expect(200);
            let got: Vec<_> = page["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_i64().unwrap()).collect();
            assert_eq!(got, seqs[expected], "{query}");
            assert_eq!((&page["more"], &page["more_after"]), (&json!(more), &json!(more_after)), "{query}");
        }
        let two = boris.get(&format!("{}?before=1&after=1", messages(&conversation))).await;
        assert_eq!(two.refused(400), "bad_query");
    }
}
