//! Signing in and out, and what ends a session.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Engine, PASSWORD, Setup, TestApp, both, client_send, run_with, tuning};

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
    /// A6: what is answered tells nothing of who is here.
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
    /// A8: the cookie's flags.
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
    /// A4: session fixation.
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
    /// A5: sign-out with a socket open.
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
    /// A5: another password with sockets open.
    async fn another_password_ends_every_other_session(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let phone = app.client();
        phone.post("/api/session", &credentials("anna", PASSWORD)).await.expect(200);
        let (mut here, there) = (anna.connect().await, phone.connect().await);
        let new = "a brand new password";
        let change = json!({"current_password": PASSWORD, "new_password": new});
        anna.put("/api/users/me/password", &change).await.expect(204);
        boris.say(&conversation, "after the change").await;
        assert_eq!(there.closed_without("message_created").await, 4401);
        assert_eq!(phone.get("/api/session").await.refused(401), "not_signed_in");
        here.assert_open().await;
        anna.get("/api/session").await.expect(200);
        assert_eq!(phone.post("/api/session", &credentials("anna", PASSWORD)).await.refused(401), "wrong_credentials");
        phone.post("/api/session", &credentials("anna", new)).await.expect(200);
        assert_eq!(boris.get("/api/session").await.status, 200, "nobody else is signed out");
    }
}

both! {
    async fn a_password_is_changed_only_by_who_knows_it(app: TestApp) {
        let (admin, anna, ..) = app.office().await;
        let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        let path = "/api/users/me/password";
        let bad = [
            (change("wrong password", "a brand new password"), "wrong_password"),
            (change(&"x".repeat(1_000), "a brand new password"), "wrong_password"),
            (change(PASSWORD, "short"), "bad_password"),
            (change(PASSWORD, &"x".repeat(201)), "bad_password"),
            (json!({"new_password": "a brand new password"}), "invalid_body"),
        ];
        for (body, code) in &bad {
            assert_eq!(anna.put(path, body).await.refused(422), *code, "{body}");
        }
        app.client().post("/api/session", &credentials("anna", PASSWORD)).await.expect(200);
        // A link that an admin had made would set yet another: it is void.
        let link = admin.post(&format!("/api/users/{}/invitation", anna.id().await), &json!({})).await.expect(201);
        anna.put(path, &change(PASSWORD, "a brand new password")).await.expect(204);
        let token = crate::harness::token_of(link["url"].as_str().unwrap());
        assert_eq!(anna.post("/api/invitations/lookup", &json!({"token": token})).await.refused(404), "bad_invitation");
        // Of two that change it at the same moment, one did not know the password that holds then.
        let (one, two) = (change("a brand new password", "the first of two"), change("a brand new password", "the second of two"));
        let (one, two) = tokio::join!(anna.put(path, &one), anna.put(path, &two));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 422]);
    }
}

#[tokio::test]
async fn guesses_at_an_open_page_are_counted_as_at_the_sign_in() {
    let tuning = staffline::app::Tuning { sign_in_burst: 3, ..tuning() };
    run_with(Engine::Sqlite, Setup { tuning, ..Setup::default() }, |app| async move {
        let admin = app.admin().await;
        let guess = json!({"current_password": "wrong password", "new_password": "a brand new password"});
        for _ in 0..3 {
            assert_eq!(admin.put("/api/users/me/password", &guess).await.refused(422), "wrong_password");
        }
        assert_eq!(admin.put("/api/users/me/password", &guess).await.refused(429), "too_many_requests");
    })
    .await;
}

both! {
    /// A5: signing out everywhere else.
    async fn the_other_sessions_are_listed_and_ended(app: TestApp) {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await;
        assert_eq!(anna.get("/api/session/others").await.expect(200), json!([]));
        let phone = app.client();
        let request = phone.request(reqwest::Method::POST, "/api/session").header("user-agent", "Phone/1.0");
        client_send(request.json(&credentials("anna", PASSWORD))).await.expect(200);
        let others = anna.get("/api/session/others").await.expect(200);
        let expected = json!([{"id": others[0]["id"], "agent": "Phone/1.0", "created_at": app.app.clock.now().0}]);
        assert_eq!(others, expected);
        assert_eq!(phone.get("/api/session/others").await.expect(200)[0]["agent"], "");
        let (mut here, there) = (anna.connect().await, phone.connect().await);
        anna.delete("/api/session/others").await.expect(204);
        assert_eq!(there.closed().await, 4401);
        assert_eq!(phone.get("/api/session").await.refused(401), "not_signed_in");
        here.assert_open().await;
        assert_eq!(anna.get("/api/session/others").await.expect(200), json!([]));
        admin.get("/api/session").await.expect(200);
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

/// A6: a thousand guesses, on each engine.
mod guesses {
    use super::*;

    async fn test(app: TestApp) {
        let admin = app.admin().await;
        app.user(&admin, "anna", "employee").await;
        // Somebody else in the office tries; every address of 127/8 is this machine.
        let attacker = app.client_at("127.0.0.2");
        let mut answers = std::collections::BTreeMap::new();
        for n in 0..1_000 {
            let login = if n % 2 == 0 { "anna" } else { "ANNA" };
            let answer = attacker.post("/api/session", &credentials(login, &format!("guess number {n}"))).await;
            if answer.status == 429 {
                let wait: u64 = answer.header("retry-after").parse().expect("Retry-After");
                assert!((1..=REFILL.as_secs()).contains(&wait), "{wait}");
            }
            *answers.entry(answer.status).or_insert(0) += 1;
        }
        assert_eq!(answers, [(401, 10), (429, 990)].into(), "some come through");
        // The right password does not help there any more, in whatever case the login is written.
        assert_eq!(attacker.post("/api/session", &credentials("Anna", PASSWORD)).await.refused(429), "too_many_requests");
        // Anna is not locked out by it, and neither is anybody else at the attacker's address.
        app.client().post("/api/session", &credentials("anna", PASSWORD)).await.expect(200);
        attacker.post("/api/session", &credentials("admin", PASSWORD)).await.expect(200);
        // Some of it is in the log, not all.
        let page = admin.get("/api/admin/audit?action=sign_in_failed&limit=200").await.expect(200);
        let entries = page["entries"].as_array().unwrap();
        assert!((1..=21).contains(&entries.len()), "{}", entries.len());
        assert_eq!((&entries[0]["address"], &entries[0]["actor_id"]), (&json!("127.0.0.2"), &json!(null)));
    }

    /// Longer than the test: none comes through because the machine was slow.
    const REFILL: Duration = Duration::from_secs(3_600);

    fn setup() -> Setup {
        let burst = staffline::app::Tuning { sign_in_burst: 10, sign_in_burst_of_address: 5_000, ..tuning() };
        Setup { tuning: staffline::app::Tuning { sign_in_refill: REFILL, ..burst }, ..Setup::default() }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        run_with(Engine::Sqlite, setup(), test).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        run_with(Engine::Postgres, setup(), test).await;
    }
}

both! {
    /// A6: the time an answer takes tells no more than its words. Compared are the shortest of several, which a busy machine
    /// disturbs least, and of more while they differ; without the hash of nobody's password the one would stay a tenth of the other.
    async fn a_login_that_exists_is_refused_as_slowly_as_one_that_does_not(app: TestApp) {
        let admin = app.admin().await;
        let invited = json!({"name": "Anna", "login": "anna", "email": "anna@example.com", "role": "employee"});
        admin.post("/api/users", &invited).await.expect(201);
        let client = app.client();
        let mut shortest = std::collections::BTreeMap::new();
        for round in 0..60 {
            for login in ["admin", "anna", "nobody"] {
                let began = tokio::time::Instant::now();
                client.post("/api/session", &credentials(login, "wrong password")).await.expect(401);
                let took = began.elapsed().as_secs_f64();
                shortest.entry(login).and_modify(|least: &mut f64| *least = least.min(took)).or_insert(took);
            }
            let alike = |login: &str| (0.6..1.7).contains(&(shortest[login] / shortest["nobody"]));
            if round >= 8 && alike("admin") && alike("anna") {
                return;
            }
        }
        panic!("{shortest:?}");
    }
}
