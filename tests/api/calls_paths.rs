//! The path policy: what may be set, what it says of a call, and calls that an admin puts on another path.

use serde_json::{Value, json};
use sqlx::Row;
use staffline::calls::{policy::Policy, store};

use crate::{
    calls::{Ringing, ask, ended, start, state, state_where},
    harness::{TestApp, both},
};

const POLICY: &str = "/api/admin/path-policy";

fn rule(name: &str, matches: &Value, policy: &str) -> Value {
    json!({"name": name, "match": matches, "policy": policy})
}

fn here() -> Value {
    json!({"type": "network", "cidr": "127.0.0.0/8"})
}

both! {
    async fn a_policy_is_kept_whole_and_every_change_is_written_down(app: TestApp) {
        let (admin, anna, ..) = app.office().await;
        let before = json!({"default": "direct", "rules": []});
        assert_eq!(admin.get(POLICY).await.expect(200), before);
        let user = json!({"type": "user", "user_id": anna.id().await});
        let sent = json!({"default": "auto", "rules": [
            rule(" Branch ", &json!({"type": "network", "cidr": "::ffff:10.20.30.40/112"}), "relayed"),
            rule("Managers", &json!({"type": "role", "role": "manager"}), "media_node"),
            rule("Anna", &user, "direct"),
        ]});
        let kept = json!({"default": "auto", "rules": [
            rule("Branch", &json!({"type": "network", "cidr": "10.20.0.0/16"}), "relayed"),
            rule("Managers", &json!({"type": "role", "role": "manager"}), "media_node"),
            rule("Anna", &user, "direct"),
        ]});
        assert_eq!(admin.put(POLICY, &sent).await.expect(200), kept);
        assert_eq!(admin.get(POLICY).await.expect(200), kept);
        assert_eq!(serde_json::to_value(store::policy(&app.app.db).await.unwrap()).unwrap(), kept, "for the next start");
        let entry = admin.get("/api/admin/audit?limit=1").await.expect(200)["entries"][0].take();
        assert_eq!((&entry["action"], &entry["before"], &entry["after"]), (&json!("path_policy_changed"), &before, &kept));
        admin.put(POLICY, &json!({"default": "relayed"})).await.expect(200);
        assert_eq!(admin.get(POLICY).await.expect(200), json!({"default": "relayed", "rules": []}), "replaced as a whole");
    }
}

both! {
    async fn a_policy_that_cannot_be_is_refused_with_the_rule_that_is_wrong(app: TestApp) {
        let admin = app.admin().await;
        let nobody = json!({"type": "user", "user_id": "0198c0de-0000-7000-8000-000000000002"});
        let cases = [
            (rule("b", &json!({"type": "network", "cidr": "10.0.0.0/33"}), "direct"), "bad_network", "rules[1].match.cidr"),
            (rule("a", &here(), "direct"), "rule_name_taken", "rules[1].name"),
            (rule("default", &here(), "direct"), "rule_name_taken", "rules[1].name"),
            (rule("", &here(), "direct"), "bad_rule_name", "rules[1].name"),
            (rule("b", &nobody, "direct"), "no_such_user", "rules[1].match.user_id"),
        ];
        for (wrong, code, at) in cases {
            let policy = json!({"default": "direct", "rules": [rule("a", &here(), "relayed"), wrong]});
            let me = admin.id().await;
            let trial = json!({"policy": policy, "caller": {"user_id": me}, "callee": {"user_id": me}});
            for answer in [admin.put(POLICY, &policy).await, admin.post(&format!("{POLICY}/try"), &trial).await] {
                let body: Value = serde_json::from_str(&answer.text).unwrap();
                assert_eq!((&body["code"], &body["at"]), (&json!(code), &json!(at)), "{body}");
                assert_eq!(answer.refused(422), code);
            }
        }
        let most: Vec<_> = (0..200).map(|n| rule(&format!("{n}{}", "ы".repeat(77)), &here(), "direct")).collect();
        admin.put(POLICY, &json!({"default": "direct", "rules": most})).await.expect(200);
        let more: Vec<_> = (0..201).map(|n| rule(&n.to_string(), &here(), "direct")).collect();
        assert_eq!(admin.put(POLICY, &json!({"default": "direct", "rules": more})).await.refused(422), "too_many_rules");
    }
}

both! {
    async fn a_policy_can_be_tried_before_it_is_set(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let vera = app.user(&admin, "vera", "manager").await;
        let draft = json!({"default": "direct", "rules": [
            rule("Here", &here(), "auto"),
            rule("Branch", &json!({"type": "network", "cidr": "10.20.0.0/16"}), "relayed"),
            rule("Managers", &json!({"type": "role", "role": "manager"}), "media_node"),
        ]});
        let (anna_id, boris_id, vera_id) = (anna.id().await, boris.id().await, vera.id().await);
        let attempt = |policy: Option<&Value>, caller: Value, callee: Value| {
            let body = json!({"policy": policy, "caller": caller, "callee": callee});
            let admin = admin.copy();
            async move { admin.post(&format!("{POLICY}/try"), &body).await.expect(200) }
        };
        let said = attempt(Some(&draft), json!({"user_id": anna_id, "address": "10.20.1.1"}), json!({"user_id": vera_id})).await;
        let expected = json!({
            "path": "media_node", "policy": "media_node", "rule": "Managers", "may_move": false,
            "caller": {"policy": "relayed", "rule": "Branch"}, "callee": {"policy": "media_node", "rule": "Managers"},
        });
        assert_eq!(said, expected);
        // Without an address: that of the device which is connected, if one is.
        let _device = anna.connect().await;
        let said = attempt(Some(&draft), json!({"user_id": anna_id}), json!({"user_id": boris_id})).await;
        assert_eq!((&said["path"], &said["may_move"], &said["rule"]), (&json!("direct"), &json!(true), &json!("Here")));
        assert_eq!(said["callee"], json!({"policy": "direct", "rule": "default"}));
        // Without a draft: what holds.
        let said = attempt(None, json!({"user_id": anna_id}), json!({"user_id": vera_id})).await;
        assert_eq!((&said["path"], &said["rule"]), (&json!("direct"), &json!("default")));
        let nobody = json!({"caller": {"user_id": anna_id}, "callee": {"user_id": "0198c0de-0000-7000-8000-000000000002"}});
        assert_eq!(admin.post(&format!("{POLICY}/try"), &nobody).await.refused(404), "not_found");
        assert_eq!(admin.get(POLICY).await.expect(200)["rules"], json!([]), "nothing was set");
    }
}

both! {
    async fn rules_choose_the_path_of_a_call_by_network_role_and_user(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        let boris_id = boris.id().await;
        let user = json!({"type": "user", "user_id": boris_id});
        let managers = json!({"type": "role", "role": "manager"});
        let far = json!({"type": "network", "cidr": "10.0.0.0/8"});
        let cases = [
            (json!([rule("Here", &here(), "relayed"), rule("Boris", &user, "direct")]), "relayed", "Here"),
            (json!([rule("Far", &far, "media_node"), rule("Boris", &user, "relayed")]), "relayed", "Boris"),
            (json!([rule("Managers", &managers, "media_node")]), "direct", "default"),
            (json!([rule("Managers", &managers, "media_node")]), "media_node", "Managers"),
        ];
        for (number, (rules, path, name)) in cases.into_iter().enumerate() {
            admin.put(POLICY, &json!({"default": "direct", "rules": rules})).await.expect(200);
            if number == 3 {
                // From the next call on he is one, although his socket is older.
                admin.patch(&format!("/api/users/{boris_id}"), &json!({"role": "manager"})).await.expect(200);
            }
            start(&mut hers, &boris, "audio").await;
            let ringing = state_where(&mut his, |call| call["phase"] == "ringing").await;
            let call = ringing["id"].as_str().unwrap().to_owned();
            ask(&mut his, "call_accept", &call).await;
            let answered = state_where(&mut hers, |call| call["phase"] == "answered").await;
            assert_eq!((&answered["path"], &answered["path_rule"]), (&json!(path), &json!(name)));
            ask(&mut hers, "call_hang_up", &call).await;
            ended(&mut hers).await;
            // Its entry is in history when she is told of it.
            while hers.event().await["type"] != "message_created" {}
        }
        let list = anna.get("/api/calls").await.expect(200);
        let paths: Vec<_> = list["calls"].as_array().unwrap().iter().map(|call| call["path"].clone()).collect();
        assert_eq!(paths, ["media_node", "direct", "relayed", "relayed"]);
    }
}

both! {
    async fn an_admin_puts_a_call_on_another_path_and_that_is_written_down(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        let path = format!("/api/admin/calls/{}/path", ringing.call);
        let to = |path: &str| json!({"path": path});
        assert_eq!(ringing.admin.post(&path, &to("relayed")).await.refused(409), "not_answered");
        assert_eq!(ringing.admin.post(&path, &to("direct")).await.refused(422), "invalid_body");
        ask(&mut ringing.his, "call_accept", &ringing.call).await;
        for device in [&mut ringing.hers, &mut ringing.his] {
            assert_eq!(state(device).await["phase"], "answered");
        }
        let facts = app.app.calls.facts();
        assert_eq!(facts.iter().map(|call| call.id.to_string()).collect::<Vec<_>>(), [ringing.call.clone()]);
        for (number, (before, after)) in [("direct", "relayed"), ("relayed", "media_node"), ("media_node", "relayed")].into_iter().enumerate() {
            ringing.admin.post(&path, &to(after)).await.expect(204);
            for device in [&mut ringing.hers, &mut ringing.his] {
                let moved = state(device).await;
                assert_eq!((&moved["path"], &moved["moved_from"]), (&json!(after), &json!(before)));
                assert_eq!(moved["negotiation"], number + 2);
                assert!(moved["ice_servers"][0]["credential"].is_string());
            }
            assert_eq!(ringing.admin.post(&path, &to(after)).await.refused(409), "already_on_path");
            let entry = ringing.admin.get("/api/admin/audit?limit=1").await.expect(200)["entries"][0].take();
            let told = json!({
                "id": entry["id"], "at": app.app.clock.now().0, "actor_id": ringing.admin.id().await, "action": "call_moved",
                "call_id": ringing.call, "caller_id": ringing.anna.id().await, "callee_id": ringing.boris.id().await,
                "before": before, "after": after,
            });
            assert_eq!(entry, told);
        }
        ask(&mut ringing.hers, "call_hang_up", &ringing.call).await;
        ended(&mut ringing.his).await;
        assert_eq!(ringing.admin.post(&path, &to("media_node")).await.refused(404), "not_found");
        let entries = ringing.admin.get("/api/admin/audit?action=call_moved").await.expect(200);
        assert_eq!(entries["entries"].as_array().unwrap().len(), 3, "what was refused is not in it");
    }
}

both! {
    /// What an older server has left.
    async fn the_default_of_before_becomes_a_policy_and_old_records_stay_readable(app: TestApp) {
        let admin = app.admin().await;
        let mut tx = app.app.db.begin().await.unwrap();
        sqlx::query("insert into settings (name, value, updated_at) values ('call_path', 'media_node', 1)").execute(&mut *tx).await.unwrap();
        let details = r#"{"before":"direct","after":"media_node"}"#;
        sqlx::query("insert into audit_entries (id, at, action, details) values ('0198c0de-0000-7000-8000-000000000001', 1, 'path_policy_changed', $1)")
            .bind(details)
            .execute(&mut *tx)
            .await
            .unwrap();
        let migration = include_str!("../../migrations/0008_path_policy.sql");
        sqlx::raw_sql(migration).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let kept = store::policy(&app.app.db).await.unwrap();
        assert_eq!((kept.default, kept.rules.len()), (Policy::MediaNode, 0));
        let left = sqlx::query("select count(*) as n from settings where name = 'call_path'").fetch_one(app.app.db.read()).await.unwrap();
        assert_eq!(left.get::<i64, _>("n"), 0);
        let entries = admin.get("/api/admin/audit?action=path_policy_changed").await.expect(200);
        assert_eq!(entries["entries"][0]["after"], json!({"default": "media_node", "rules": []}));
        let csv = admin.get("/api/admin/audit.csv").await;
        assert_eq!(csv.status, 200, "{}", csv.text);
    }
}
