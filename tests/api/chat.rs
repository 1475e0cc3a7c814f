//! Conversations and messages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{TestApp, both, new_key};

fn messages(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/messages")
}

both! {
    async fn two_have_one_conversation_whoever_opens_it(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let (anna_id, boris_id) = (anna.id().await, boris.id().await);
        let same = boris.post("/api/conversations", &json!({"user_id": anna_id})).await.expect(200);
        assert_eq!(same["id"], conversation);
        let members: BTreeSet<_> = same["members"].as_array().unwrap().iter().map(|member| member["user_id"].as_str().unwrap()).collect();
        assert_eq!(members, BTreeSet::from([anna_id.as_str(), boris_id.as_str()]));
        assert_eq!(admin.get("/api/conversations").await.expect(200), json!([]), "those of others are not listed");
        let refused = |body: Value| { let anna = anna.clone(); async move { anna.post("/api/conversations", &body).await } };
        assert_eq!(refused(json!({"user_id": anna_id})).await.refused(422), "conversation_with_oneself");
        assert_eq!(refused(json!({"user_id": "0198c0de-0000-7000-8000-000000000001"})).await.refused(404), "not_found");
        assert_eq!(refused(json!({"user_id": "x"})).await.refused(422), "invalid_body");
    }
}

both! {
    async fn of_many_who_open_at_once_one_opens(app: TestApp) {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await;
        let pair = [(admin.clone(), anna.id().await), (anna.clone(), admin.id().await)];
        let tries = (0..10).map(|n| {
            let (client, other) = pair[n % 2].clone();
            tokio::spawn(async move { client.post("/api/conversations", &json!({"user_id": other})).await })
        });
        let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        let ids: BTreeSet<_> = answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
        assert_eq!(ids.len(), 1);
    }
}

both! {
    async fn one_does_not_open_with_who_is_deactivated(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let (admin_id, boris_id) = (admin.id().await, boris.id().await);
        admin.patch(&format!("/api/users/{boris_id}"), &json!({"deactivated": true})).await.expect(200);
        let answer = admin.post("/api/conversations", &json!({"user_id": boris_id})).await;
        assert_eq!(answer.refused(409), "user_deactivated");
        // What there was stays readable.
        assert_eq!(anna.post("/api/conversations", &json!({"user_id": boris_id})).await.expect(200)["id"], conversation);
        assert_ne!(admin_id, boris_id);
    }
}

both! {
    async fn a_message_arrives_once_and_is_kept(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let mut socket = boris.connect().await;
        let text = "Привет,\n\"мир\" \u{1f44b} \\ <b>";
        let sent = anna.say(&conversation, text).await;
        assert_eq!((sent["text"].as_str(), sent["kind"].as_str()), (Some(text), Some("text")));
        let event = socket.event().await;
        assert_eq!((event["type"].as_str(), &event["message"], &event["id"]), (Some("message_created"), &sent, &sent["seq"]));
        let history = boris.get(&messages(&conversation)).await.expect(200);
        assert_eq!(history, json!({"messages": [sent], "more": false, "more_after": false}));
        let listed = boris.get("/api/conversations").await.expect(200);
        assert_eq!(listed[0]["last_message"], sent);
        socket.assert_nothing_waits().await;
    }
}

both! {
    async fn a_retry_is_the_same_message(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let body = json!({"client_key": new_key(), "text": "once"});
        let sent = anna.post(&messages(&conversation), &body).await.expect(201);
        assert_eq!(anna.post(&messages(&conversation), &body).await.expect(200), sent);
        // Another sender's key is another key.
        let other = boris.post(&messages(&conversation), &body).await.expect(201);
        assert_ne!(other["id"], sent["id"]);
        assert_eq!(anna.get(&messages(&conversation)).await.expect(200)["messages"].as_array().unwrap().len(), 2);
    }
}

both! {
    async fn of_many_retries_at_once_one_is_written(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let mut socket = boris.connect().await;
        let body = json!({"client_key": new_key(), "text": "once"});
        let tries = (0..12).map(|_| {
            let (anna, path, body) = (anna.clone(), messages(&conversation), body.clone());
            tokio::spawn(async move { anna.post(&path, &body).await })
        });
        let answers: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)), "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        let sent: BTreeSet<_> = answers.iter().map(|answer| answer.text.clone()).collect();
        assert_eq!(sent.len(), 1, "all are told of the same message");
        let last = anna.say(&conversation, "last").await;
        assert_eq!(socket.event().await["message"]["text"], "once");
        assert_eq!(socket.event().await["message"], last, "and no second event in between");
    }
}

both! {
    async fn a_key_names_one_message_not_one_in_each_conversation(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        let other = anna.post("/api/conversations", &json!({"user_id": admin.id().await})).await.expect(201);
        let body = json!({"client_key": new_key(), "text": "once"});
        anna.post(&messages(&conversation), &body).await.expect(201);
        let answer = anna.post(&messages(other["id"].as_str().unwrap()), &body).await;
        assert_eq!(answer.refused(409), "client_key_reused");
    }
}

both! {
    async fn history_is_paged_backwards(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        // A neighbour whose messages must not show up.
        let other = anna.post("/api/conversations", &json!({"user_id": admin.id().await})).await.expect(201);
        let mut sent = Vec::new();
        for n in 0..7 {
            sent.push(anna.say(&conversation, &n.to_string()).await);
            anna.say(other["id"].as_str().unwrap(), "elsewhere").await;
        }
        let mut pages = Vec::new();
        let mut before = String::new();
        loop {
            let page = boris.get(&format!("{}?limit=3{before}", messages(&conversation))).await.expect(200);
            let stretch = page["messages"].as_array().unwrap().clone();
            before = format!("&before={}", stretch[0]["seq"]);
            pages.push(stretch);
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
        pages.reverse();
        assert_eq!(pages.concat(), sent, "each once, oldest first");
        for query in ["before=x", "limit=-1", "limit=x"] {
            assert_eq!(boris.get(&format!("{}?{query}", messages(&conversation))).await.refused(400), "bad_query");
        }
    }
}

both! {
    async fn a_conversation_of_others_is_as_good_as_none(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        anna.say(&conversation, "secret").await;
        let body = json!({"client_key": new_key(), "text": "let me in"});
        let mut answers = Vec::new();
        for id in [conversation.as_str(), "0198c0de-0000-7000-8000-000000000001", "no-id", "%00"] {
            for answer in [admin.get(&messages(id)).await, admin.post(&messages(id), &body).await] {
                answers.push((answer.status, answer.text));
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].0, 404);
        assert_eq!(anna.get(&messages(&conversation)).await.expect(200)["messages"].as_array().unwrap().len(), 1);
    }
}

both! {
    async fn what_is_no_message_is_refused(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        let key = new_key();
        let longest = "\u{1f600}".repeat(16_000);
        let bad = [
            (json!({"client_key": key, "text": " \n "}), 422, "message_empty"),
            (json!({"client_key": key, "text": format!("{longest}x")}), 422, "message_too_long"),
            (json!({"client_key": key, "text": "a\0b"}), 422, "bad_text"),
            (json!({"client_key": "short", "text": "x"}), 422, "bad_client_key"),
            (json!({"client_key": "x".repeat(65), "text": "x"}), 422, "bad_client_key"),
            (json!({"client_key": "call:0198c0de", "text": "x"}), 422, "bad_client_key"),
            (json!({"client_key": key}), 422, "invalid_body"),
            (json!({"client_key": key, "text": "x", "sender_id": "me"}), 422, "invalid_body"),
            (json!({"client_key": key, "text": "x".repeat(2_000_000)}), 413, "body_too_large"),
        ];
        for (body, status, code) in bad {
            assert_eq!(anna.post(&messages(&conversation), &body).await.refused(status), code);
        }
        let sent = anna.say(&conversation, &longest).await;
        assert_eq!(sent["text"].as_str(), Some(longest.as_str()), "the longest message fits");
        assert_eq!(anna.get(&messages(&conversation)).await.expect(200)["messages"], json!([sent]));
    }
}
