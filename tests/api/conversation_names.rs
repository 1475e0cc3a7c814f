//! Conversations by their names, for an admin who makes a rule for one.

use serde_json::{Value, json};

use crate::{
    harness::{TestApp, both},
    recording_policy::audit_entry,
};

both! {
    async fn an_admin_finds_a_conversation_by_name_and_sees_nothing_of_it(app: TestApp) {
        let (admin, anna, boris, direct) = app.office().await;
        let (anna_id, boris_id) = (anna.id().await, boris.id().await);
        anna.say(&direct, "a secret").await;
        let group = anna.post("/api/groups", &json!({"name": "Отдёл", "user_ids": [boris_id]})).await.expect(201)["id"].take();
        let other = anna.post("/api/groups", &json!({"name": "Sales", "user_ids": []})).await.expect(201)["id"].take();
        let all = admin.get("/api/admin/conversations").await.expect(200);
        assert_eq!(ids(&all), [other.clone(), group.clone(), json!(direct)].iter().collect::<Vec<_>>(), "groups by name, then people");
        assert!(!all.to_string().contains("secret"));
        for (query, found) in [("q=%D0%BE%D1%82%D0%B4%D0%B5%D0%BB", &group), ("q=BORIS", &json!(direct)), (&format!("id={direct}"), &json!(direct))] {
            let page = admin.get(&format!("/api/admin/conversations?{query}")).await.expect(200);
            assert_eq!(ids(&page), [found], "{query}");
        }
        let named = admin.get(&format!("/api/admin/conversations?id={direct}")).await.expect(200);
        let mut both: Vec<_> = named[0]["user_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        let mut expected = vec![anna_id, boris_id];
        both.sort();
        expected.sort();
        assert_eq!(both, expected);
        assert_eq!(audit_entry(&admin, "conversation_names_listed").await["query"], direct);
    }
}

fn ids(page: &Value) -> Vec<&Value> {
    page.as_array().unwrap().iter().map(|found| &found["id"]).collect()
}
