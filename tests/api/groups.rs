//! Groups: who is in, who hears of what.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, TestApp, both, new_key};

/// Makes a group of Anna with others.
async fn group(anna: &Client, name: &str, others: &[&str]) -> Value {
    anna.post("/api/groups", &json!({"name": name, "user_ids": others})).await.expect(201)
}

both! {
    async fn a_group_is_made_and_everybody_in_it_is_told(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let (anna_id, boris_id) = (anna.id().await, boris.id().await);
        let (mut socket, mut outside) = (boris.connect().await, admin.connect().await);
        let made = group(&anna, "  Отдел  ", &[&boris_id, &boris_id, &anna_id]).await;
        assert_eq!((made["kind"].as_str(), made["name"].as_str()), (Some("group"), Some("Отдел")));
        let owners: Vec<_> = made["members"].as_array().unwrap().iter().map(|m| (m["user_id"].as_str().unwrap(), m["owner"].as_bool().unwrap())).collect();
        assert_eq!(owners.len(), 2);
        assert!(owners.contains(&(anna_id.as_str(), true)) && owners.contains(&(boris_id.as_str(), false)));
        let created = socket.event().await;
        assert_eq!((created["type"].as_str(), &created["conversation"]["id"]), (Some("conversation_created"), &made["id"]));
        let notice = socket.event().await["message"].take();
        assert_eq!(notice, made["last_message"]);
        assert_eq!((notice["kind"].as_str(), &notice["notice"]), (Some("notice"), &json!({"what": "created", "name": "Отдел"})));
        outside.assert_no_event_waits().await;
        let listed = boris.get("/api/conversations").await.expect(200);
        let of_group = listed.as_array().unwrap().iter().find(|listed| listed["id"] == made["id"]).unwrap();
        assert_eq!((&of_group["last_message"], &of_group["unread"], &of_group["draft"]), (&notice, &json!(0), &Value::Null), "a notice is nothing to read");
        anna.say(made["id"].as_str().unwrap(), "всем привет").await;
        assert_eq!(socket.event().await["message"]["text"], "всем привет");
    }
}

fn of(group: &Value) -> String {
    format!("/api/conversations/{}", group["id"].as_str().unwrap())
}

fn members(group: &Value) -> BTreeSet<&str> {
    group["members"].as_array().unwrap().iter().map(|member| member["user_id"].as_str().unwrap()).collect()
}

fn owner(group: &Value) -> &str {
    group["members"].as_array().unwrap().iter().find(|member| member["owner"] == true).unwrap()["user_id"].as_str().unwrap()
}

both! {
    async fn a_group_is_renamed_by_any_member(app: TestApp) {
        let (admin, anna, boris, direct) = app.office().await;
        let made = group(&anna, "old", &[&boris.id().await]).await;
        let mut socket = anna.connect().await;
        let renamed = boris.patch(&of(&made), &json!({"name": " new "})).await.expect(200);
        assert_eq!(renamed["name"], "new");
        let updated = socket.event().await;
        assert_eq!((updated["type"].as_str(), &updated["conversation"]["name"]), (Some("conversation_updated"), &json!("new")));
        assert_eq!(updated["conversation"]["last_message"], Value::Null);
        let notice = socket.event().await["message"].take();
        assert_eq!((&notice["notice"], &notice["sender_id"]), (&json!({"what": "renamed", "name": "new"}), &json!(boris.id().await)));
        assert_eq!(renamed["last_message"], notice);
        assert_eq!(boris.patch(&of(&made), &json!({"name": "new"})).await.expect(200)["last_message"], notice, "nothing to change");
        for name in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert_eq!(boris.patch(&of(&made), &json!({"name": name})).await.refused(422), "bad_name");
            assert_eq!(boris.post("/api/groups", &json!({"name": name, "user_ids": []})).await.refused(422), "bad_name");
        }
        let direct = json!({"id": direct});
        assert_eq!(anna.patch(&of(&direct), &json!({"name": "x"})).await.refused(409), "not_a_group");
        assert_eq!(admin.patch(&of(&made), &json!({"name": "x"})).await.refused(404), "not_found");
    }
}

both! {
    async fn who_is_added_reads_what_was_and_hears_what_comes(app: TestApp) {
        let (admin, anna, boris, direct) = app.office().await;
        let vera = app.user(&admin, "vera", "employee").await;
        let (boris_id, vera_id) = (boris.id().await, vera.id().await);
        let made = group(&anna, "g", &[&boris_id]).await;
        let before = anna.say(made["id"].as_str().unwrap(), "before").await;
        let start = vera.get("/api/events?after=0").await.expect(200)["last_event_id"].as_i64().unwrap();
        let (mut hers, mut theirs) = (vera.connect().await, boris.connect().await);
        let grown = boris.post(&format!("{}/members", of(&made)), &json!({"user_ids": [vera_id, boris_id, vera_id]})).await.expect(200);
        assert!(members(&grown).contains(vera_id.as_str()) && members(&grown).len() == 3);
        let created = hers.event().await;
        assert_eq!(created["type"], "conversation_created");
        assert_eq!((&created["conversation"]["last_message"], &created["conversation"]["members"]), (&before, &grown["members"]));
        for socket in [&mut hers, &mut theirs] {
            let updated = socket.event().await;
            assert_eq!((updated["type"].as_str(), &updated["conversation"]["members"]), (Some("conversation_updated"), &grown["members"]));
            let notice = socket.event().await["message"].take();
            assert_eq!(notice["notice"], json!({"what": "members_added", "user_ids": [vera_id]}));
        }
        let messages = format!("{}/messages", of(&made));
        assert_eq!(vera.get(&messages).await.expect(200), boris.get(&messages).await.expect(200), "all of the history");
        assert_eq!(vera.get("/api/conversations").await.expect(200)[0]["unread"], 0, "what was before is read, and the notice does not count");
        // What was told before she came is not replayed, whether by a socket or by a fetch.
        let page = vera.get(&format!("/api/events?after={}", made["last_message"]["seq"].as_i64().unwrap() - 5)).await.expect(200);
        let of_group: Vec<_> =
            page["events"].as_array().unwrap().iter().filter(|event| event.to_string().contains(made["id"].as_str().unwrap())).collect();
        assert_eq!(of_group.len(), 3, "{of_group:?}");
        assert_eq!(of_group[0]["type"], "conversation_created");
        let (mut again, _) = vera.resume(start).await;
        assert_eq!(again.event().await, created);
        // Adding who is there is nothing new.
        boris.post(&format!("{}/members", of(&made)), &json!({"user_ids": [vera_id]})).await.expect(200);
        theirs.assert_no_event_waits().await;
        let add = |path: String, ids: Value| { let anna = anna.clone(); async move { anna.post(&path, &json!({"user_ids": ids})).await } };
        let to_group = format!("{}/members", of(&made));
        assert_eq!(add(to_group.clone(), json!([new_key()])).await.refused(404), "not_found");
        assert_eq!(add(format!("/api/conversations/{direct}/members"), json!([vera_id])).await.refused(409), "not_a_group");
        let crowd: Vec<_> = (0..1_001).map(|_| new_key()).collect();
        assert_eq!(add(to_group.clone(), json!(crowd)).await.refused(422), "group_too_large");
        assert_eq!(anna.post("/api/groups", &json!({"name": "g", "user_ids": crowd})).await.refused(422), "group_too_large");
        let gone = app.user(&admin, "gone", "employee").await.id().await;
        admin.patch(&format!("/api/users/{gone}"), &json!({"deactivated": true})).await.expect(200);
        assert_eq!(add(to_group, json!([gone])).await.refused(409), "user_deactivated");
        assert_eq!(anna.post("/api/groups", &json!({"name": "g", "user_ids": [gone]})).await.refused(409), "user_deactivated");
        assert_eq!(anna.post("/api/groups", &json!({"name": "g", "user_ids": [new_key()]})).await.refused(404), "not_found");
    }
}

both! {
    async fn who_is_removed_hears_and_reads_nothing_more(app: TestApp) {
        let (_, anna, boris, direct) = app.office().await;
        let (anna_id, boris_id) = (anna.id().await, boris.id().await);
        let made = group(&anna, "g", &[&boris_id]).await;
        let id = made["id"].as_str().unwrap();
        let sent = boris.say(id, "mine").await;
        let seen = sent["seq"].as_i64().unwrap();
        anna.say(id, "while he was away").await;
        boris.put(&format!("{}/draft", of(&made)), &json!({"text": "unsent"})).await.expect(204);
        let member = |user: &str| format!("{}/members/{user}", of(&made));
        assert_eq!(boris.delete(&member(&anna_id)).await.refused(403), "not_the_owner");
        assert_eq!(anna.delete(&member(&new_key())).await.refused(404), "not_found");
        assert_eq!(anna.delete(&format!("/api/conversations/{direct}/members/{boris_id}")).await.refused(409), "not_a_group");
        let (mut his, mut hers) = (boris.connect().await, anna.connect().await);
        anna.delete(&member(&boris_id)).await.expect(204);
        anna.say(id, "he is gone").await;
        assert_eq!(his.event().await, json!({"id": his_id(&anna, &made).await, "type": "conversation_left", "conversation_id": id}));
        his.assert_no_event_waits().await;
        assert_eq!(hers.event().await["conversation"]["members"].as_array().unwrap().len(), 1);
        assert_eq!(hers.event().await["message"]["notice"], json!({"what": "member_removed", "user_id": boris_id}));
        assert_eq!(hers.event().await["message"]["text"], "he is gone");
        // The gap that he missed ends with the news that he has left.
        let (mut again, _) = boris.resume(seen).await;
        let mut last = Value::Null;
        while last["type"] != "conversation_left" {
            last = again.event().await;
            assert_ne!(last["type"], "message_created", "{last}");
        }
        again.assert_no_event_waits().await;
        let nobody = json!({"id": "0198c0de-0000-7000-8000-000000000001"});
        let mut answers = BTreeSet::new();
        for group in [&made, &nobody] {
            let of = of(group);
            let message = json!({"client_key": new_key(), "text": "x"});
            for answer in [
                boris.get(&format!("{of}/messages")).await,
                boris.post(&format!("{of}/messages"), &message).await,
                boris.patch(&of, &json!({"name": "x"})).await,
                boris.post(&format!("{of}/members"), &json!({"user_ids": [boris_id]})).await,
                boris.delete(&format!("{of}/members/{boris_id}")).await,
                boris.put(&format!("{of}/read"), &json!({"seq": 1})).await,
                boris.get(&format!("/api/search/messages?q=x&conversation_id={}", group["id"].as_str().unwrap())).await,
                boris.patch(&format!("/api/messages/{}", sent["id"].as_str().unwrap()), &json!({"text": "x"})).await,
                boris.get(&format!("/api/messages/{}/versions", sent["id"].as_str().unwrap())).await,
            ] {
                answers.insert((answer.status, answer.text));
            }
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers.first().unwrap().0, 404);
        assert_eq!(boris.get("/api/search/messages?q=mine").await.expect(200)["hits"], json!([]));
        // Back again, he finds it all, and no draft.
        anna.post(&format!("{}/members", of(&made)), &json!({"user_ids": [boris_id]})).await.expect(200);
        let listed = boris.get("/api/conversations").await.expect(200);
        let listed = listed.as_array().unwrap().iter().find(|listed| listed["id"] == id).unwrap();
        assert_eq!((&listed["draft"], &listed["unread"]), (&Value::Null, &json!(0)));
        let (mut again, _) = boris.resume(seen).await;
        assert_eq!(again.event().await["type"], "draft_changed");
        assert_eq!(again.event().await["type"], "conversation_left");
        assert_eq!(again.event().await["type"], "conversation_created");
    }
}

/// The id of the event that told of the removal: two before the notice of it, which a text follows.
async fn his_id(anna: &Client, group: &Value) -> i64 {
    let history = anna.get(&format!("{}/messages?limit=2", of(group))).await.expect(200);
    history["messages"][0]["seq"].as_i64().unwrap() - 2
}

both! {
    async fn an_owner_who_leaves_hands_over(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let vera = app.user(&admin, "vera", "employee").await;
        let (anna_id, boris_id, vera_id) = (anna.id().await, boris.id().await, vera.id().await);
        let made = group(&anna, "g", &[&vera_id]).await;
        app.advance(std::time::Duration::from_secs(1));
        anna.post(&format!("{}/members", of(&made)), &json!({"user_ids": [boris_id]})).await.expect(200);
        let mut socket = boris.connect().await;
        anna.delete(&format!("{}/members/{anna_id}", of(&made))).await.expect(204);
        let updated = socket.event().await["conversation"].take();
        assert_eq!(owner(&updated), vera_id, "who has been in it longest");
        let notice = socket.event().await["message"].take();
        assert_eq!((&notice["notice"], &notice["sender_id"]), (&json!({"what": "member_left"}), &json!(anna_id)));
        // One who cannot sign in any more is passed over.
        anna_comes_back(&boris, &made, &anna_id).await;
        admin.patch(&format!("/api/users/{boris_id}"), &json!({"deactivated": true})).await.expect(200);
        vera.delete(&format!("{}/members/{vera_id}", of(&made))).await.expect(204);
        let renamed = anna.patch(&of(&made), &json!({"name": "h"})).await.expect(200);
        assert_eq!(owner(&renamed), anna_id);
        anna.delete(&format!("{}/members/{boris_id}", of(&made))).await.expect(204);
        anna.delete(&format!("{}/members/{anna_id}", of(&made))).await.expect(204);
        assert_eq!(anna.get(&format!("{}/messages", of(&made))).await.refused(404), "not_found");
    }
}

both! {
    async fn an_owner_who_is_deactivated_hands_over(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let (vera, gone) = (app.user(&admin, "vera", "employee").await, app.user(&admin, "gone", "employee").await);
        let (admin_id, anna_id, boris_id, vera_id, gone_id) =
            (admin.id().await, anna.id().await, boris.id().await, vera.id().await, gone.id().await);
        let deactivated = |user: &str, yes: bool| (format!("/api/users/{user}"), json!({"deactivated": yes}));
        let made = group(&anna, "g", &[&gone_id, &vera_id]).await;
        let (alone, of_boris) = (group(&anna, "nobody else", &[&gone_id]).await, group(&boris, "his", &[&anna_id]).await);
        app.advance(std::time::Duration::from_secs(1));
        anna.post(&format!("{}/members", of(&made)), &json!({"user_ids": [boris_id]})).await.expect(200);
        let (path, body) = deactivated(&gone_id, true);
        admin.patch(&path, &body).await.expect(200);
        let mut socket = boris.connect().await;
        let (path, body) = deactivated(&anna_id, true);
        admin.patch(&path, &body).await.expect(200);
        assert_eq!(socket.event().await["type"], "user_changed");
        let updated = socket.event().await["conversation"].take();
        assert_eq!((&updated["id"], owner(&updated)), (&made["id"], vera_id.as_str()), "who has been in it longest and is active");
        let notice = socket.event().await["message"].take();
        assert_eq!((&notice["notice"], &notice["sender_id"]), (&json!({"what": "owner_changed", "user_id": vera_id}), &json!(admin_id)));
        socket.assert_no_event_waits().await;
        // Being let in again gives nothing back, and a change of somebody who is out hands nothing over again.
        for yes in [true, false] {
            let (path, body) = deactivated(&anna_id, yes);
            admin.patch(&path, &body).await.expect(200);
        }
        let anna = app.client();
        anna.post("/api/session", &json!({"login": "anna", "password": PASSWORD})).await.expect(200);
        let mine = anna.get("/api/conversations").await.expect(200);
        let owner_of = |group: &Value| {
            let found = mine.as_array().unwrap().iter().find(|listed| listed["id"] == group["id"]).unwrap();
            owner(found).to_owned()
        };
        assert_eq!((owner_of(&made), owner_of(&alone), owner_of(&of_boris)), (vera_id, anna_id.clone(), boris_id));
        let removed = vera.delete(&format!("{}/members/{anna_id}", of(&made))).await;
        assert_eq!(removed.status, 204, "the new owner may what an owner may");
    }
}

async fn anna_comes_back(boris: &Client, group: &Value, anna: &str) {
    boris.post(&format!("{}/members", of(group)), &json!({"user_ids": [anna]})).await.expect(200);
}

both! {
    async fn after_a_removal_no_read_and_no_write_succeeds(app: TestApp) {
        let (_, anna, boris, _) = app.office().await;
        let boris_id = boris.id().await;
        for _ in 0..10 {
            let made = group(&anna, "g", &[&boris_id]).await;
            let messages = format!("{}/messages", of(&made));
            let secret = anna.say(made["id"].as_str().unwrap(), "secret").await;
            let removed = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
            let tries = (0..20).map(|n| {
                let (boris, messages, removed) = (boris.clone(), messages.clone(), removed.clone());
                tokio::spawn(async move {
                    loop {
                        let was_removed = removed.load(std::sync::atomic::Ordering::SeqCst);
                        let answer = match n % 2 {
                            0 => boris.get(&messages).await,
                            _ => boris.post(&messages, &json!({"client_key": new_key(), "text": "x"})).await,
                        };
                        assert!(matches!(answer.status, 200 | 201 | 404), "{answer:?}");
                        assert!(!was_removed || answer.status == 404, "{answer:?}");
                        if was_removed {
                            return;
                        }
                    }
                })
            });
            let tries: Vec<_> = tries.collect();
            anna.delete(&format!("{}/members/{boris_id}", of(&made))).await.expect(204);
            removed.store(true, std::sync::atomic::Ordering::SeqCst);
            for done in futures_util::future::join_all(tries).await {
                done.unwrap();
            }
            // Nothing of his came after the notice that he was removed.
            let newest = anna.get(&format!("{messages}?limit=1")).await.expect(200)["messages"][0].take();
            assert_eq!(newest["notice"]["what"], "member_removed");
            assert!(newest["seq"].as_i64() > secret["seq"].as_i64());
        }
    }
}

both! {
    async fn a_group_is_not_called(app: TestApp) {
        let (_, anna, boris, direct) = app.office().await;
        let (boris_id, mut socket) = (boris.id().await, anna.connect().await);
        let made = group(&anna, "g", &[&boris_id]).await;
        // There is no such frame: a call is with a user, and is kept in the conversation of the two.
        let frame = json!({"type": "call_start", "client_key": "k-1", "conversation_id": made["id"], "kind": "audio"});
        socket.send(&frame).await;
        assert_eq!(socket.frame_of("error").await["code"], "bad_frame");
        socket.send(&json!({"type": "call_start", "client_key": "k-2", "callee_id": boris_id, "kind": "audio"})).await;
        assert_eq!(socket.frame_of("call").await["call"]["conversation_id"], direct);
    }
}
