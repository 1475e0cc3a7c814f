//! Groups: who is in, who hears of what.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, both};

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
        assert_eq!((&of_group["last_message"], &of_group["unread"], &of_group["draft"]), (&notice, &json!(1), &Value::Null));
        anna.say(made["id"].as_str().unwrap(), "всем привет").await;
        assert_eq!(socket.event().await["message"]["text"], "всем привет");
    }
}
