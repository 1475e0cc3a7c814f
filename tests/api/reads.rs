//! What is each member's own: reading, drafts, muting; and typing.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, both, new_key};

fn of(conversation: &str, what: &str) -> String {
    format!("/api/conversations/{conversation}/{what}")
}

async fn listed(client: &Client, conversation: &str) -> Value {
    let all = client.get("/api/conversations").await.expect(200);
    all.as_array().unwrap().iter().find(|listed| listed["id"] == conversation).unwrap().clone()
}

async fn unread(client: &Client, conversation: &str) -> i64 {
    listed(client, conversation).await["unread"].as_i64().unwrap()
}

fn read_seq(conversation: &Value, user: &str) -> i64 {
    let members = conversation["members"].as_array().unwrap();
    members.iter().find(|member| member["user_id"] == user).unwrap()["read_seq"].as_i64().unwrap()
}

both! {
    async fn what_others_wrote_is_unread_until_it_is_read(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let boris_id = boris.id().await;
        // A neighbour whose messages must not count.
        let other = boris.post("/api/conversations", &json!({"user_id": admin.id().await})).await.expect(201);
        admin.say(other["id"].as_str().unwrap(), "elsewhere").await;
        let mut seqs = Vec::new();
        for n in 0..3 {
            seqs.push(anna.say(&conversation, &n.to_string()).await["seq"].as_i64().unwrap());
        }
        assert_eq!((unread(&boris, &conversation).await, unread(&anna, &conversation).await), (3, 0));
        let mut sockets = [anna.connect().await, boris.connect().await];
        boris.put(&of(&conversation, "read"), &json!({"seq": seqs[1]})).await.expect(204);
        for socket in &mut sockets {
            let event = socket.event().await;
            assert_eq!((event["type"].as_str(), &event["user_id"], &event["seq"]), (Some("read_marked"), &json!(boris_id), &json!(seqs[1])));
        }
        assert_eq!(unread(&boris, &conversation).await, 1);
        assert_eq!(read_seq(&listed(&anna, &conversation).await, &boris_id), seqs[1]);
        // Never back, never twice, never past what there is.
        for seq in [seqs[0], seqs[1], -1] {
            boris.put(&of(&conversation, "read"), &json!({"seq": seq})).await.expect(204);
        }
        boris.put(&of(&conversation, "read"), &json!({"seq": i64::MAX})).await.expect(204);
        assert_eq!(sockets[0].event().await["seq"], seqs[2]);
        sockets[0].assert_no_event_waits().await;
        assert_eq!(unread(&boris, &conversation).await, 0);
        anna.say(&conversation, "new").await;
        assert_eq!(unread(&boris, &conversation).await, 1, "what comes later is unread");
    }
}

both! {
    async fn what_was_deleted_is_not_unread(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let first = anna.say(&conversation, "one").await;
        anna.say(&conversation, "two").await;
        anna.delete(&format!("/api/messages/{}", first["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(unread(&boris, &conversation).await, 1);
    }
}

both! {
    async fn who_writes_has_read(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let boris_id = boris.id().await;
        anna.say(&conversation, "one").await;
        let answer = boris.say(&conversation, "two").await;
        assert_eq!(unread(&boris, &conversation).await, 0);
        assert_eq!(read_seq(&listed(&anna, &conversation).await, &boris_id), answer["seq"].as_i64().unwrap());
        let mut socket = anna.connect().await;
        boris.put(&of(&conversation, "read"), &json!({"seq": answer["seq"]})).await.expect(204);
        socket.assert_no_event_waits().await;
    }
}

both! {
    async fn readers_at_once_end_at_the_furthest(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let mut seqs = Vec::new();
        for n in 0..20 {
            seqs.push(anna.say(&conversation, &n.to_string()).await["seq"].as_i64().unwrap());
        }
        let mut socket = anna.connect().await;
        let tabs = seqs.iter().map(|seq| {
            let (tab, path, body) = (boris.clone(), of(&conversation, "read"), json!({"seq": seq}));
            tokio::spawn(async move { tab.put(&path, &body).await.expect(204) })
        });
        futures_util::future::join_all(tabs).await;
        assert_eq!(unread(&boris, &conversation).await, 0);
        let (mut told, last) = (vec![0], *seqs.last().unwrap());
        while *told.last().unwrap() < last {
            told.push(socket.event().await["seq"].as_i64().unwrap());
        }
        assert!(told.is_sorted(), "{told:?}");
        socket.assert_no_event_waits().await;
    }
}

both! {
    async fn unread_is_counted_up_to_a_thousand(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let sender = anna.id().await;
        let mut tx = app.app.db.begin().await.unwrap();
        for n in 0..1_010 {
            let sql = "insert into messages (id, conversation_id, seq, sender_id, client_key, kind, text, created_at) \
                values ($1, $2, $3, $4, $1, 'text', 'x', 0)";
            let query = sqlx::query(sql).bind(new_key()).bind(&conversation).bind(1_000_000 + n).bind(&sender);
            query.execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!((unread(&boris, &conversation).await, unread(&anna, &conversation).await), (1_000, 0));
    }
}

both! {
    async fn a_draft_follows_its_writer(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let first = boris.say(&conversation, "question").await;
        let (mut socket, mut other) = (anna.copy().connect().await, boris.connect().await);
        let draft = json!({"text": "ans", "reply_to": first["id"]});
        anna.put(&of(&conversation, "draft"), &draft).await.expect(204);
        let event = socket.event().await;
        assert_eq!((event["type"].as_str(), &event["draft"]["text"]), (Some("draft_changed"), &json!("ans")));
        assert_eq!(event["draft"]["reply_to"]["text"], "question");
        assert_eq!(listed(&anna, &conversation).await["draft"], event["draft"]);
        assert_eq!(listed(&boris, &conversation).await["draft"], Value::Null, "it is nobody else's");
        // What is sent is no draft any more; what was begun meanwhile stays one.
        anna.say(&conversation, "something else").await;
        assert_eq!(socket.event().await["type"], "message_created");
        anna.say(&conversation, "answer").await;
        assert_eq!(socket.event().await["type"], "message_created");
        assert_eq!(socket.event().await["draft"], Value::Null);
        assert_eq!(listed(&anna, &conversation).await["draft"], Value::Null);
        anna.put(&of(&conversation, "draft"), &json!({"text": "x"})).await.expect(204);
        socket.event().await;
        for _ in 0..2 {
            anna.put(&of(&conversation, "draft"), &json!({"text": " \n"})).await.expect(204);
        }
        assert_eq!(socket.event().await["draft"], Value::Null, "emptied once");
        socket.assert_no_event_waits().await;
        for _ in 0..2 {
            assert_eq!(other.event().await["type"], "message_created");
        }
        other.assert_no_event_waits().await;
        for (body, status, code) in [
            (json!({"text": "x".repeat(16_001)}), 422, "message_too_long"),
            (json!({"text": "\0"}), 422, "bad_text"),
            (json!({"text": "x", "reply_to": "0198c0de-0000-7000-8000-000000000001"}), 404, "not_found"),
        ] {
            assert_eq!(anna.put(&of(&conversation, "draft"), &body).await.refused(status), code);
        }
    }
}

both! {
    async fn a_conversation_is_muted_for_one(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let (mut socket, mut other) = (anna.copy().connect().await, boris.connect().await);
        for _ in 0..2 {
            anna.put(&of(&conversation, "muted"), &json!({"muted": true})).await.expect(204);
        }
        let event = socket.event().await;
        assert_eq!((event["type"].as_str(), &event["muted"]), (Some("muted_changed"), &json!(true)));
        socket.assert_no_event_waits().await;
        other.assert_no_event_waits().await;
        assert_eq!((&listed(&anna, &conversation).await["muted"], &listed(&boris, &conversation).await["muted"]), (&json!(true), &json!(false)));
        anna.put(&of(&conversation, "muted"), &json!({"muted": false})).await.expect(204);
        assert_eq!(socket.event().await["muted"], false);
    }
}

both! {
    async fn who_is_no_member_has_nothing_of_their_own_there(app: TestApp) {
        let (admin, _, _, conversation) = app.office().await;
        let mut answers = Vec::new();
        for id in [conversation.as_str(), "0198c0de-0000-7000-8000-000000000001", "x"] {
            for (what, body) in [("read", json!({"seq": 1})), ("draft", json!({"text": "x"})), ("muted", json!({"muted": true}))] {
                let answer = admin.put(&of(id, what), &body).await;
                answers.push((answer.status, answer.text));
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].0, 404);
    }
}

both! {
    async fn typing_is_shown_to_the_other_members(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let (mut outside, mut theirs) = (admin.connect().await, boris.connect().await);
        let (mut own, mut writing) = (anna.connect().await, anna.connect().await);
        let typing = json!({"type": "typing", "conversation_id": conversation});
        writing.send(&typing).await;
        let shown = json!({"type": "typing", "conversation_id": conversation, "user_id": anna.id().await});
        assert_eq!(theirs.frame_of("typing").await, shown);
        for socket in [&mut outside, &mut own, &mut writing] {
            socket.assert_no_event_waits().await;
        }
        outside.send(&typing).await;
        assert_eq!(outside.frame_of("error").await["code"], "not_found");
        theirs.assert_no_event_waits().await;
        // A client that has gone wild reaches nobody with all of it, and its own frames still go.
        let began = std::time::Instant::now();
        for _ in 0..100 {
            writing.send(&typing).await;
        }
        writing.assert_open().await;
        theirs.send(&json!({"type": "ping"})).await;
        let mut frames = 0;
        while theirs.frame().await["type"] != "pong" {
            frames += 1;
        }
        // Some at once, then one a second.
        assert!(frames <= 5 + began.elapsed().as_secs(), "{frames} in {:?}", began.elapsed());
        let (_, hello) = boris.resume(0).await;
        let page = boris.get("/api/events?after=0").await.expect(200);
        assert!(page["events"].as_array().unwrap().iter().all(|event| event["type"] != "typing"), "nothing of it is kept: {hello}");
    }
}
