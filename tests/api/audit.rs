//! The audit log: what gets into it, who reads it, and that nobody changes it.

use serde_json::{Value, json};

use crate::harness::{Client, TestApp, both};

/// The log's actions, the newest first, as the client sees them.
async fn actions(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/api/admin/audit{query}")).await.expect(200);
    page["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

async fn newest(client: &Client) -> Value {
    client.get("/api/admin/audit?limit=1").await.expect(200)["entries"][0].clone()
}

both! {
    async fn what_admins_do_is_written_with_who_and_to_whom(app: TestApp) {
        let admin = app.admin().await;
        let admin_id = admin.id().await;
        let new = json!({"name": "Anna", "login": "anna", "email": "anna@example.com", "role": "employee"});
        let anna = admin.post("/api/users", &new).await.expect(201)["user"]["id"].as_str().unwrap().to_owned();
        let entry = newest(&admin).await;
        let expected = json!({
            "id": entry["id"], "at": app.app.clock.now().0, "actor_id": admin_id,
            "action": "user_added", "user_id": anna, "login": "anna", "name": "Anna", "role": "employee",
        });
        assert_eq!(entry, expected);
        let path = format!("/api/users/{anna}");
        admin.patch(&path, &json!({"role": "manager", "name": "Anna B"})).await.expect(200);
        let entry = newest(&admin).await;
        assert_eq!(entry["before"], json!({"name": "Anna", "role": "employee"}));
        assert_eq!(entry["after"], json!({"name": "Anna B", "role": "manager"}));
        admin.patch(&path, &json!({"deactivated": true, "name": "Anna C"})).await.expect(200);
        admin.patch(&path, &json!({"deactivated": false})).await.expect(200);
        // Changes nothing, so there is nothing to tell.
        admin.patch(&path, &json!({"deactivated": false, "role": "manager"})).await.expect(200);
        admin.post(&format!("{path}/invitation"), &json!({})).await.expect(201);
        admin.put("/api/admin/path-policy", &json!({"default": "media_node"})).await.expect(200);
        let entry = newest(&admin).await;
        assert_eq!((&entry["before"], &entry["after"]["default"]), (&json!({"default": "direct", "rules": []}), &json!("media_node")));
        let expected = ["path_policy_changed", "user_invited_again", "user_reactivated", "user_deactivated", "user_changed", "user_changed", "user_added"];
        assert_eq!(actions(&admin, "?limit=7").await, expected);
    }
}

both! {
    async fn an_officers_look_at_earlier_versions_is_written(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        let message = anna.say(&conversation, "as it was").await["id"].as_str().unwrap().to_owned();
        let path = format!("/api/messages/{message}");
        anna.patch(&path, &json!({"text": "as it is"})).await.expect(200);
        let versions = officer.get(&format!("{path}/versions")).await.expect(200);
        assert_eq!(versions[0]["text"], "as it was");
        let entry = newest(&officer).await;
        assert_eq!(entry["action"], "message_versions_read");
        assert_eq!((&entry["message_id"], &entry["conversation_id"]), (&json!(message), &json!(conversation)));
        assert_eq!(entry["actor_id"], officer.id().await);
        // Who reads what they said themselves, or asks for nothing that is there, leaves no trace.
        anna.get(&format!("{path}/versions")).await.expect(200);
        officer.get("/api/messages/0198c0de-0000-7000-8000-000000000001/versions").await.expect(404);
        assert_eq!(newest(&officer).await, entry);
    }
}

both! {
    async fn privileged_sign_ins_and_wrong_passwords_are_written(app: TestApp) {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await.id().await;
        let sign_in = async |login: &str, password: &str| {
            app.client().post("/api/session", &json!({"login": login, "password": password})).await.status
        };
        assert_eq!(sign_in("anna", crate::harness::PASSWORD).await, 200, "an employee's is nobody's business");
        assert_eq!(sign_in("admin", crate::harness::PASSWORD).await, 200);
        let entry = newest(&admin).await;
        assert_eq!((entry["action"].as_str(), entry["address"].as_str()), (Some("signed_in"), Some("127.0.0.1")));
        assert_eq!(entry["actor_id"], admin.id().await);
        assert_eq!(sign_in("anna", "wrong password").await, 401);
        assert_eq!(sign_in("nobody", "wrong password").await, 401, "what was typed there may be a password");
        // It is written beside the answer.
        let entry = loop {
            let entry = newest(&admin).await;
            if entry["action"] == "sign_in_failed" {
                break entry;
            }
        };
        assert_eq!((&entry["user_id"], &entry["actor_id"]), (&json!(anna), &json!(null)));
        let all = actions(&admin, "").await;
        assert_eq!(all.iter().filter(|action| *action == "signed_in").count(), 1, "{all:?}");
        assert_eq!(all.iter().filter(|action| *action == "sign_in_failed").count(), 1, "{all:?}");
    }
}

both! {
    async fn what_was_refused_is_not_in_the_log(app: TestApp) {
        let admin = app.admin().await;
        let me = format!("/api/users/{}", admin.id().await);
        let before = actions(&admin, "").await;
        assert_eq!(admin.patch(&me, &json!({"role": "employee"})).await.refused(409), "last_admin");
        let taken = json!({"name": "Twin", "login": "ADMIN", "email": "a@example.com", "role": "employee"});
        assert_eq!(admin.post("/api/users", &taken).await.refused(409), "login_taken");
        assert_eq!(actions(&admin, "").await, before);
    }
}

both! {
    async fn the_log_is_read_in_pages_and_by_person_and_action(app: TestApp) {
        let admin = app.admin().await;
        let second = app.user(&admin, "second", "admin").await;
        let officer = app.user(&admin, "officer", "compliance").await;
        for n in 0..5 {
            let policy = json!({"default": if n % 2 == 0 { "media_node" } else { "direct" }});
            second.put("/api/admin/path-policy", &policy).await.expect(200);
        }
        let page = officer.get("/api/admin/audit?limit=3&action=path_policy_changed").await.expect(200);
        assert_eq!((page["entries"].as_array().unwrap().len(), &page["more"]), (3, &json!(true)));
        let last = page["entries"][2]["id"].as_str().unwrap();
        let rest = officer.get(&format!("/api/admin/audit?limit=3&action=path_policy_changed&before={last}")).await.expect(200);
        assert_eq!((rest["entries"].as_array().unwrap().len(), &rest["more"]), (2, &json!(false)));
        let seen = |page: &Value| page["entries"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert!(seen(&page).iter().all(|id| !seen(&rest).contains(id)));
        let of_admin = actions(&officer, &format!("?actor_id={}", admin.id().await)).await;
        assert!(of_admin.contains(&"user_added".to_owned()) && !of_admin.contains(&"path_policy_changed".to_owned()), "{of_admin:?}");
        assert_eq!(actions(&officer, "?action=nothing_of_the_kind").await, Vec::<String>::new());
        assert_eq!(officer.get("/api/admin/audit?before=x").await.refused(400), "bad_query");
    }
}

both! {
    async fn the_table_is_safe_for_a_spreadsheet_and_its_taking_is_logged(app: TestApp) {
        let admin = app.admin().await;
        let new = json!({"name": "=HYPERLINK(\"http://evil.example\")", "login": "anna", "email": "anna@example.com", "role": "employee"});
        admin.post("/api/users", &new).await.expect(201);
        let answer = admin.get("/api/admin/audit.csv").await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        assert!(answer.header("content-disposition").starts_with("attachment; "));
        assert!(answer.text.contains("\"user_added\",\"'=HYPERLINK(\"\"http://evil.example\"\")\""), "{}", answer.text);
        let lines: Vec<_> = answer.text.trim_end().split("\r\n").collect();
        assert!(lines[0].ends_with("time,actor,actor_login,action,target,details"), "{}", lines[0]);
        assert!(lines[1].contains("\"Admin\",\"admin\",\"audit_exported\""), "{}", lines[1]);
        assert_eq!(newest(&admin).await["action"], "audit_exported");
    }
}

both! {
    async fn a_long_log_is_taken_whole(app: TestApp) {
        let admin = app.admin().await;
        let mut tx = app.app.db.begin().await.unwrap();
        for n in 0..1_203 {
            let action = staffline::audit::Action::UploadLimitsChanged { max_file_bytes: n, max_user_bytes: n };
            staffline::audit::append(&mut tx, None, action, app.app.clock.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let answer = admin.get("/api/admin/audit.csv?action=upload_limits_changed").await;
        let bytes: Vec<_> = answer.text.lines().filter_map(|line| line.split("max_file_bytes=").nth(1)?.split(';').next()).collect();
        let expected: Vec<_> = (0..1_203).rev().map(|n| n.to_string()).collect();
        assert_eq!(bytes, expected);
    }
}

both! {
    async fn nobody_changes_or_deletes_an_entry(app: TestApp) {
        let admin = app.admin().await;
        app.user(&admin, "anna", "employee").await;
        let before = admin.get("/api/admin/audit").await.expect(200);
        assert_ne!(before["entries"], json!([]));
        for sql in ["update audit_entries set actor_id = null", "delete from audit_entries", "delete from audit_entries where id > ''"] {
            let mut tx = app.app.db.begin().await.unwrap();
            let refused = sqlx::query(sql).execute(&mut *tx).await.expect_err(sql).to_string();
            assert!(refused.contains("audit_entries is append-only"), "{sql}: {refused}");
        }
        assert_eq!(admin.get("/api/admin/audit").await.expect(200), before);
    }
}
