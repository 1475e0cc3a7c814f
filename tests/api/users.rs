//! Adding, changing and deactivating users; presence.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Engine, PASSWORD, Setup, TestApp, both, run_with, tuning};

fn new_user(login: &str) -> Value {
    json!({"name": "Somebody", "login": login, "email": "somebody@example.com", "role": "employee"})
}

both! {
    async fn a_login_is_taken_in_every_case(app: TestApp) {
        let admin = app.admin().await;
        for (login, twin) in [("anna", "ANNA"), ("Иван", "иВан"), ("ёж", "ЁЖ")] {
            admin.post("/api/users", &new_user(login)).await.expect(201);
            assert_eq!(admin.post("/api/users", &new_user(twin)).await.refused(409), "login_taken", "{twin}");
        }
        assert_eq!(admin.get("/api/users").await.expect(200).as_array().unwrap().len(), 4);
    }
}

both! {
    async fn of_many_with_one_login_one_is_added(app: TestApp) {
        let admin = app.admin().await;
        let tries = (0..8).map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.post("/api/users", &new_user("anna")).await.status })
        });
        let mut statuses: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    }
}

both! {
    async fn what_makes_no_user_is_refused(app: TestApp) {
        let admin = app.admin().await;
        let bad = [
            ("name", json!(" "), "bad_name"),
            ("login", json!("a b"), "bad_login"),
            ("email", json!("nobody"), "bad_email"),
            ("role", json!("owner"), "invalid_body"),
            ("surname", json!("x"), "invalid_body"),
        ];
        for (field, value, code) in bad {
            let mut body = new_user("anna");
            body[field] = value;
            assert_eq!(admin.post("/api/users", &body).await.refused(422), code);
        }
    }
}

both! {
    async fn a_change_is_seen_by_everybody(app: TestApp) {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await;
        let mut socket = anna.connect().await;
        let path = format!("/api/users/{}", anna.id().await);
        let changed = admin.patch(&path, &json!({"name": "Anna B", "role": "manager"})).await.expect(200);
        assert_eq!((changed["name"].as_str(), changed["role"].as_str()), (Some("Anna B"), Some("manager")));
        let event = socket.event().await;
        assert_eq!((event["type"].as_str(), &event["user"]), (Some("user_changed"), &changed));
        assert_eq!(anna.get("/api/session").await.expect(200)["user"], changed);
        let nobody = "/api/users/0198c0de-0000-7000-8000-000000000001";
        assert_eq!(admin.patch(nobody, &json!({})).await.refused(404), "not_found");
        assert_eq!(admin.patch("/api/users/xyz", &json!({})).await.refused(404), "not_found");
    }
}

both! {
    /// A5: deactivation with a socket open.
    async fn who_is_deactivated_is_out_at_once(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let socket = anna.connect().await;
        let path = format!("/api/users/{}", anna.id().await);
        admin.patch(&path, &json!({"deactivated": true})).await.expect(200);
        boris.say(&conversation, "after the deactivation").await;
        assert_eq!(socket.closed_without("message_created").await, 4401);
        assert_eq!(anna.get("/api/users").await.refused(401), "not_signed_in");
        let credentials = json!({"login": "anna", "password": PASSWORD});
        assert_eq!(anna.post("/api/session", &credentials).await.refused(401), "wrong_credentials");
        admin.patch(&path, &json!({"deactivated": false})).await.expect(200);
        anna.post("/api/session", &credentials).await.expect(200);
    }
}

both! {
    async fn the_last_active_admin_stays(app: TestApp) {
        let admin = app.admin().await;
        // An admin who has not set a password cannot sign in, so it does not count.
        let mut invited = new_user("invited");
        invited["role"] = json!("admin");
        admin.post("/api/users", &invited).await.expect(201);
        let me = format!("/api/users/{}", admin.id().await);
        for change in [json!({"role": "manager"}), json!({"deactivated": true})] {
            assert_eq!(admin.patch(&me, &change).await.refused(409), "last_admin");
        }
        let second = app.user(&admin, "second", "admin").await;
        let other = format!("/api/users/{}", second.id().await);
        // Each removes the other at the same moment: one of them must fail.
        let (one, two) = tokio::join!(demote(&admin, &other), demote(&second, &me));
        assert_eq!([one, two].iter().filter(|status| **status == 200).count(), 1, "{one} {two}");
    }
}

async fn demote(admin: &Client, user: &str) -> u16 {
    admin.patch(user, &json!({"role": "employee"})).await.status
}

both! {
    async fn presence_follows_the_devices(app: TestApp) {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await;
        let id = anna.id().await;
        let mut watcher = admin.connect().await;
        watcher.frame_of("presence").await;
        let (mut laptop, phone) = (anna.connect().await, anna.connect().await);
        assert_eq!(presence(&mut watcher, &id).await, "online");
        laptop.send(&json!({"type": "presence", "presence": "away"})).await;
        laptop.assert_open().await;
        watcher.assert_nothing_waits().await;
        drop(phone);
        assert_eq!(presence(&mut watcher, &id).await, "away", "the last device that is left is away");
        laptop.send(&json!({"type": "presence", "presence": "online"})).await;
        assert_eq!(presence(&mut watcher, &id).await, "online");
        drop(laptop);
        assert_eq!(presence(&mut watcher, &id).await, "offline");
        let users = admin.get("/api/users").await.expect(200);
        let listed = users.as_array().unwrap().iter().find(|user| user["id"] == *id).unwrap();
        assert_eq!((listed["presence"].as_str(), listed["last_seen_at"].as_i64()), (Some("offline"), Some(app.app.clock.now().0)));
    }
}

#[tokio::test]
async fn a_reload_does_not_flicker() {
    // Longer than a reload takes on a busy machine.
    let tuning = staffline::app::Tuning { presence_grace: Duration::from_secs(5), ..tuning() };
    run_with(Engine::Sqlite, Setup { tuning, ..Setup::default() }, |app| async move {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await;
        let id = anna.id().await;
        let mut watcher = admin.connect().await;
        for _ in 0..3 {
            drop(anna.connect().await);
        }
        let last = anna.connect().await;
        assert_eq!(presence(&mut watcher, &id).await, "online");
        drop(last);
        assert_eq!(presence(&mut watcher, &id).await, "offline", "and nothing in between");
    })
    .await;
}

/// The next presence of a user that a device is told.
async fn presence(watcher: &mut crate::harness::Device, user: &str) -> String {
    loop {
        let frame = watcher.frame_of("presence").await;
        if frame["user_id"] == user {
            return frame["presence"].as_str().unwrap().to_owned();
        }
    }
}
