//! Signing in and out, and what ends a session.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Engine, PASSWORD, Setup, TestApp, both, run_with, tuning};

fn credentials(login: &str, password: &str) -> serde_json::Value {
    json!({"login": login, "password": password})
}

both! {
    async fn one_signs_in_with_the_login_in_any_case(app: TestApp) {
        let admin = app.admin().await;
        app.user(&admin, "Иван", "manager").await;
        let client = app.client();
        let answer = client.post("/api/session", &credentials(" иВАН ", PASSWORD)).await.expect(200);
        assert_eq!((answer["user"]["login"].as_str(), answer["user"]["role"].as_str()), (Some("Иван"), Some("manager")));
        assert_eq!(client.get("/api/session").await.expect(200), answer);
    }
}

both! {
    async fn nobody_learns_which_logins_exist(app: TestApp) {
        let admin = app.admin().await;
        let invited = json!({"name": "Anna", "login": "anna", "email": "anna@example.com", "role": "employee"});
        admin.post("/api/users", &invited).await.expect(201);
        let client = app.client();
        let mut answers = Vec::new();
        for (login, password) in [("admin", "wrong password"), ("nobody", "wrong password"), ("anna", ""), ("admin", ""), ("", "")] {
            let answer = client.post("/api/session", &credentials(login, password)).await;
            assert!(answer.headers.get("set-cookie").is_none());
            answers.push((answer.status, answer.text));
        }
        let long = client.post("/api/session", &credentials(&"x".repeat(300), &"y".repeat(1_000))).await;
        answers.push((long.status, long.text));
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].0, 401);
        assert!(answers[0].1.contains("wrong_credentials"));
    }
}

both! {
    async fn the_cookie_is_for_this_server_and_no_script(app: TestApp) {
        app.admin().await;
        let answer = app.client().post("/api/session", &credentials("admin", PASSWORD)).await;
        let cookie = answer.header("set-cookie");
        let (name, attributes) = cookie.split_once('=').unwrap();
        let (token, attributes) = attributes.split_once("; ").unwrap();
        assert_eq!(name, "session_token");
        assert_eq!(token.len(), 43, "256 bits as base64url");
        assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000");
        let stored: Vec<String> =
            sqlx::query_scalar("select token_hash from sessions").fetch_all(app.app.db.read()).await.unwrap();
        assert!(stored.iter().all(|hash| hash.len() == 64 && !hash.contains(token)), "only hashes are kept");
    }
}

#[tokio::test]
async fn behind_a_tls_proxy_the_cookie_is_secure() {
    let change = |config: &mut staffline::config::Config| config.public_url = Some("https://chat.example.com/".parse().unwrap());
    run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, |app| async move {
        app.admin().await;
        let answer = app.client().post("/api/session", &credentials("admin", PASSWORD)).await;
        assert!(answer.header("set-cookie").ends_with("; Secure"), "{}", answer.header("set-cookie"));
    })
    .await;
}

both! {
    async fn a_planted_cookie_is_worth_nothing_after_sign_in(app: TestApp) {
        let attacker = app.admin().await;
        let admin = attacker.clone();
        app.user(&admin, "anna", "employee").await;
        let victim = app.client();
        victim.set_cookie(&format!("{}; Path=/", attacker.cookies()));
        victim.post("/api/session", &credentials("anna", PASSWORD)).await.expect(200);
        assert_ne!(victim.cookies(), attacker.cookies(), "a new token at each sign-in");
        assert_eq!(attacker.get("/api/session").await.refused(401), "not_signed_in");
        assert_eq!(victim.get("/api/session").await.expect(200)["user"]["login"], "anna");
    }
}

both! {
    async fn signing_out_ends_the_session_and_its_sockets_only(app: TestApp) {
        app.admin().await;
        let (laptop, phone) = (app.client(), app.client());
        for client in [&laptop, &phone] {
            client.post("/api/session", &credentials("admin", PASSWORD)).await.expect(200);
        }
        let (laptop_socket, mut phone_socket) = (laptop.connect().await, phone.connect().await);
        let old = laptop.copy();
        laptop.delete("/api/session").await.expect(204);
        assert_eq!(laptop.cookies(), "", "the browser forgets it");
        assert_eq!(old.get("/api/session").await.refused(401), "not_signed_in");
        assert_eq!(laptop_socket.closed().await, 4401);
        phone_socket.assert_open().await;
        assert_eq!(phone.get("/api/session").await.status, 200);
        laptop.delete("/api/session").await.expect(204);
    }
}

both! {
    async fn a_session_lives_as_long_as_it_is_used(app: TestApp) {
        let client = app.admin().await;
        let day = Duration::from_secs(24 * 3_600);
        assert_eq!(client.get("/api/session").await.header("set-cookie"), "", "nothing to extend yet");
        for _ in 0..4 {
            app.advance(day * 20);
            let answer = client.get("/api/session").await;
            assert!(answer.header("set-cookie").contains("Max-Age=2592000"), "the browser keeps it as long");
            answer.expect(200);
        }
        let socket = client.connect().await;
        app.advance(day * 31);
        assert_eq!(socket.closed().await, 4401, "a socket does not outlive its session");
        assert_eq!(client.get("/api/session").await.refused(401), "not_signed_in");
    }
}

#[tokio::test]
async fn too_many_tries_are_told_to_wait() {
    let tuning = staffline::app::Tuning { sign_in_burst: 3, ..tuning() };
    run_with(Engine::Sqlite, Setup { tuning, ..Setup::default() }, |app| async move {
        let admin = app.admin().await;
        app.user(&admin, "anna", "employee").await;
        let client = app.client();
        for _ in 0..3 {
            client.post("/api/session", &credentials("anna", "wrong password")).await.expect(401);
        }
        // The right one does not help any more, in whatever case the login is written.
        let answer = client.post("/api/session", &credentials("ANNA", PASSWORD)).await;
        let wait: u64 = answer.header("retry-after").parse().expect("Retry-After");
        assert!((1..=6).contains(&wait), "{wait}");
        assert_eq!(answer.refused(429), "too_many_requests");
        // Somebody else signs in from the same address.
        client.post("/api/session", &credentials("admin", PASSWORD)).await.expect(200);
    })
    .await;
}
