//! Mail about messages that stay unread, to a real mail server.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use staffline::app::Tuning;

use crate::harness::{
    Client, Engine, Setup, TestApp, both, client_send, run_with,
    smtp::{self, MailServer, Options},
    tuning,
};

const DELAY: Duration = Duration::from_secs(6 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

async fn read_all(client: &Client, conversation: &str) {
    let history = client.get(&format!("/api/conversations/{conversation}/messages")).await.expect(200);
    let seq = history["messages"].as_array().unwrap().last().unwrap()["seq"].clone();
    client.put(&format!("/api/conversations/{conversation}/read"), &json!({"seq": seq})).await.expect(204);
}

/// Waits until the admin's page shows it.
async fn report(admin: &Client, shows: impl Fn(&Value) -> bool) -> Value {
    let deadline = tokio::time::Instant::now() + crate::harness::PATIENCE;
    loop {
        let report = admin.get("/api/admin/mail").await.expect(200);
        if shows(&report) {
            return report;
        }
        assert!(tokio::time::Instant::now() < deadline, "{report}");
        tokio::task::yield_now().await;
    }
}

both! {
    async fn what_stays_unread_is_told_once(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let mut server = MailServer::start().await;
        admin.send_mail_by(&server).await;
        anna.say(&conversation, "First, with <b>tags</b> & more").await;
        anna.say(&conversation, "Второе").await;
        app.advance(DELAY);
        let mail = server.mail().await;
        assert_eq!((mail.sender.as_str(), &mail.recipients[..]), ("chat@example.com", &["boris@example.com".to_owned()][..]));
        assert_eq!(mail.header("From"), "\"Staffline\" <chat@example.com>".replace('"', ""));
        assert!(mail.header("To").contains("<boris@example.com>"), "{}", mail.content);
        assert_eq!(mail.header("Subject"), "New messages from User anna");
        assert!(mail.header("Message-ID").ends_with("@example.com>"));
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert!(!mail.header("Date").is_empty());
        let [text, html] = mail.bodies();
        assert!(text.contains("2 unread messages") && text.contains("First, with <b>tags</b> & more") && text.contains("Второе"), "{text}");
        assert!(text.contains(&format!("/chat/{conversation}")), "{text}");
        assert!(html.contains("&lt;b&gt;tags&lt;/b&gt; &amp; more") && !html.contains("<b>tags"), "{html}");

        // What comes later is told in a mail of its own, in the same thread, without what was told before.
        boris.patch("/api/users/me/settings", &json!({"language": "ru"})).await.expect(200);
        anna.say(&conversation, "Third").await;
        app.advance(DELAY);
        let next = server.mail().await;
        assert_eq!(next.header("References"), mail.header("References"));
        assert_ne!(next.header("Message-ID"), mail.header("Message-ID"));
        let [text, _] = next.bodies();
        assert!(text.contains("1 непрочитанное сообщение") && text.contains("Third") && !text.contains("First"), "{text}");
        let shown = report(&admin, |report| report["waiting"] == 0).await;
        assert_eq!((&shown["failed"], &shown["problem"]), (&json!(0), &Value::Null));
    }
}

both! {
    async fn whom_a_mail_would_bother_gets_none(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let mut server = MailServer::start().await;
        admin.send_mail_by(&server).await;
        let mut others = Vec::new();
        for login in ["reader", "muter", "quiet", "present", "gone", "told"] {
            let user = app.user(&admin, login, "employee").await;
            let direct = anna.post("/api/conversations", &json!({"user_id": user.id().await})).await.expect(201);
            others.push((user, direct["id"].as_str().unwrap().to_owned()));
        }
        let [reader, muter, quiet, present, gone, told] = &others[..] else { panic!("six") };
        muter.0.put(&format!("/api/conversations/{}/muted", muter.1), &json!({"muted": true})).await.expect(204);
        quiet.0.patch("/api/users/me/settings", &json!({"email_notices": false})).await.expect(200);
        let mut socket = present.0.connect().await;
        for (_, direct) in &others {
            anna.say(direct, "hello").await;
        }
        read_all(&reader.0, &reader.1).await;
        admin.patch(&format!("/api/users/{}", gone.0.id().await), &json!({"deactivated": true})).await.expect(200);
        app.advance(DELAY);
        assert_eq!(server.mail().await.recipients, ["told@example.com"]);
        // They are told of nothing later, either: the next mail is this one.
        socket.assert_open().await;
        anna.say(&conversation, "now you").await;
        app.advance(DELAY);
        assert_eq!(server.mail().await.recipients, ["boris@example.com"]);
        // Who has read since the notice was made, and before it was due, gets none.
        anna.say(&told.1, "soon read").await;
        app.advance(Duration::from_secs(120));
        read_all(&told.0, &told.1).await;
        read_all(&boris, &conversation).await;
        anna.say(&conversation, "and again").await;
        app.advance(DELAY);
        assert_eq!(server.mail().await.recipients, ["boris@example.com"]);
        // A mention comes through where the rest is muted.
        anna.say(&muter.1, "@muter please").await;
        app.advance(DELAY);
        assert_eq!(server.mail().await.recipients, ["muter@example.com"]);
    }
}

both! {
    async fn a_mail_can_hide_what_was_written(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        let mut server = MailServer::start().await;
        let mut settings = smtp::settings(server.port);
        settings["include_text"] = json!(false);
        admin.put("/api/admin/mail", &json!({"settings": settings})).await.expect(200);
        anna.say(&conversation, "a secret").await;
        app.advance(DELAY);
        let mail = server.mail().await;
        let [text, html] = mail.bodies();
        assert!(text.contains("User anna: 1 unread message") && !text.contains("secret") && !html.contains("secret"), "{text}");
    }
}

async fn gets_the_mail_later(app: TestApp) {
    let (admin, anna, _, conversation) = app.office().await;
    let server = MailServer::start().await;
    let port = server.port;
    admin.send_mail_by(&server).await;
    drop(server);
    anna.say(&conversation, "through thick and thin").await;
    app.advance(DELAY);
    report(&admin, |report| report["waiting"] == 1 && report["problem"].is_object()).await;
    app.advance(HOUR);
    // Not now, says the server that is back; then never; then it is slow; then it takes the mail.
    let mut server = MailServer::start_with(Options { port, ..Options::default() }).await;
    server.tell(json!({"rcpt": "450 4.2.1 not now"})).await;
    app.advance(HOUR);
    server.refusal().await;
    let shown = report(&admin, |report| report["problem"]["said"].as_str().is_some_and(|said| said.contains("not now"))).await;
    assert_eq!((&shown["waiting"], &shown["failed"]), (&json!(1), &json!(0)));
    server.tell(json!({"rcpt": null, "delay": 30})).await;
    app.advance(HOUR);
    server.slowness().await;
    report(&admin, |report| report["problem"]["said"].as_str().is_some_and(|said| said.contains("no answer"))).await;
    server.tell(json!({"delay": 0})).await;
    app.advance(HOUR);
    let mail = server.mail().await;
    assert!(mail.bodies()[0].contains("through thick and thin"));
    report(&admin, |report| report["waiting"] == 0 && report["failed"] == 0 && report["problem"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_gets_the_mail_later() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        // Shorter than the server is slow; longer than it takes where the machine is.
        let tuning = Tuning { send_patience: Duration::from_secs(5), ..tuning() };
        run_with(engine, Setup { tuning, ..Setup::default() }, gets_the_mail_later).await;
    }
}

both! {
    async fn a_mail_that_is_refused_for_good_is_given_up(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        let mut server = MailServer::start().await;
        admin.send_mail_by(&server).await;
        server.tell(json!({"rcpt": "550 5.1.1 nobody of that name"})).await;
        anna.say(&conversation, "hello").await;
        app.advance(DELAY);
        let mut tried = Value::Null;
        for _ in 0..3 {
            server.refusal().await;
            // The next try has its time once this one is written down.
            let shown = report(&admin, |report| report["problem"].is_object() && report["problem"]["at"] != tried).await;
            tried = shown["problem"]["at"].clone();
            app.advance(HOUR);
        }
        let shown = report(&admin, |report| report["failed"] == 1).await;
        assert_eq!(shown["waiting"], 0);
        assert!(shown["problem"]["said"].as_str().unwrap().contains("nobody of that name"), "{shown}");
    }
}

/// The Message-ID is the same at every attempt, and the outbox survives the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_survives_a_restart() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run_with(engine, Setup::default(), |app| async move {
            let (admin, anna, _, conversation) = app.office().await;
            let mut server = MailServer::start().await;
            admin.send_mail_by(&server).await;
            server.tell(json!({"data": "451 4.3.0 not now"})).await;
            anna.say(&conversation, "still here").await;
            app.advance(DELAY);
            server.refusal().await;
            report(&admin, |report| report["problem"].is_object()).await;
            // One that waits to be due, too.
            admin.post("/api/conversations", &json!({"user_id": anna.id().await})).await.expect(201);
            app.app.shut_down(Duration::from_secs(5)).await;
            server.tell(json!({"data": null})).await;
            let (config, clock) = (app.app.config.clone(), app.app.clock.clone());
            let again = staffline::app::App::start(config, clock, tuning()).await.unwrap();
            app.advance(HOUR);
            let mail = server.mail().await;
            assert!(mail.bodies()[0].contains("still here"));
            again.shut_down(Duration::from_secs(5)).await;
        })
        .await;
    }
}

both! {
    async fn a_flood_becomes_a_digest(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let mut server = MailServer::start().await;
        admin.send_mail_by(&server).await;
        let mut chats = vec![(anna.clone(), conversation)];
        for login in ["carl", "dora", "emil"] {
            let user = app.user(&admin, login, "employee").await;
            let direct = user.post("/api/conversations", &json!({"user_id": boris.id().await})).await.expect(201);
            chats.push((user, direct["id"].as_str().unwrap().to_owned()));
        }
        for (from, chat) in &chats {
            for n in 0..30 {
                from.say(chat, &format!("flood {n}")).await;
            }
        }
        app.advance(DELAY);
        // Three an hour (see the tuning): two of one chat each, then one of all the rest.
        for _ in 0..2 {
            let mail = server.mail().await;
            assert!(mail.header("Subject").starts_with("New messages from"), "{}", mail.content);
            assert!(mail.bodies()[0].contains("30 unread messages") && mail.bodies()[0].contains("and 20 before that"));
        }
        let digest = server.mail().await;
        assert_eq!(digest.header("Subject"), "Unread messages in 2 chats");
        // Within the hour nothing more, whatever comes; somebody else is told meanwhile.
        for (from, chat) in &chats {
            from.say(chat, "more").await;
        }
        anna.post("/api/conversations", &json!({"user_id": admin.id().await})).await.expect(201);
        let other = anna.post("/api/conversations", &json!({"user_id": admin.id().await})).await.expect(200);
        anna.say(other["id"].as_str().unwrap(), "you too").await;
        app.advance(DELAY);
        assert_eq!(server.mail().await.recipients, ["admin@example.com"]);
        app.advance(HOUR);
        for _ in 0..3 {
            assert_eq!(server.mail().await.recipients, ["boris@example.com"]);
        }
    }
}

both! {
    async fn the_link_in_a_mail_stops_them(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let mut server = MailServer::start().await;
        admin.send_mail_by(&server).await;
        anna.say(&conversation, "hello").await;
        app.advance(DELAY);
        let link = server.mail().await.header("List-Unsubscribe");
        let path = &link[link.find("/api/").unwrap()..link.len() - 1];
        // Whoever looks at the link before its reader changes nothing.
        let nobody = app.client();
        let page = client_send(nobody.bare(Method::GET, path)).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/html") && page.text.contains("<form method=\"post\">"), "{}", page.text);
        assert_eq!(boris.get("/api/users/me/settings").await.expect(200)["email_notices"], true);
        // A mail program presses the button: no cookie, no Origin, a form.
        let click = nobody.bare(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(client_send(click.body("List-Unsubscribe=One-Click")).await.status, 200);
        assert_eq!(boris.get("/api/users/me/settings").await.expect(200)["email_notices"], false);
        for bad in ["/api/unsubscribe", "/api/unsubscribe?token=x", &path[..path.len() - 2]] {
            assert_eq!(client_send(nobody.bare(Method::GET, bad)).await.status, 404, "{bad}");
            assert_eq!(client_send(nobody.bare(Method::POST, bad)).await.status, 404, "{bad}");
        }
    }
}

both! {
    async fn an_admin_sets_and_tries_the_mail_server(app: TestApp) {
        let admin = app.admin().await;
        let path = "/api/admin/mail";
        assert_eq!(admin.post("/api/admin/mail/test", &json!({})).await.refused(409), "mail_off");
        let mut server = MailServer::start().await;
        let settings = smtp::settings(server.port);
        let mut bad = Vec::new();
        for (pointer, value, code) in [
            ("/server/host", json!(""), "bad_mail_server"),
            ("/server/host", json!("a b\r\nc"), "bad_mail_server"),
            ("/server/port", json!(0), "bad_mail_server"),
            ("/sender", json!("nobody"), "bad_mail_sender"),
            ("/sender", json!("a@b.c\r\nBcc: d@e.f"), "bad_mail_sender"),
            ("/delay_minutes", json!(0), "bad_mail_delay"),
            ("/delay_minutes", json!(1441), "bad_mail_delay"),
        ] {
            let mut changed = settings.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            bad.push((json!({"settings": changed}), code));
        }
        bad.push((json!({"settings": settings, "password": "secret"}), "password_needs_tls"));
        for (body, code) in bad {
            assert_eq!(admin.put(path, &body).await.refused(422), code, "{body}");
        }
        let saved = admin.put(path, &json!({"settings": settings})).await.expect(200);
        assert_eq!((&saved["settings"], &saved["has_password"], &saved["fixed"]), (&settings, &json!(false), &json!(false)));
        let outcome = admin.post("/api/admin/mail/test", &json!({})).await.expect(200);
        assert_eq!((&outcome["problem"], outcome["address"].as_str()), (&Value::Null, Some("admin@example.com")));
        assert_eq!(server.mail().await.header("Subject"), "Mail test");
        server.tell(json!({"rcpt": "550 not here"})).await;
        let outcome = admin.post("/api/admin/mail/test", &json!({})).await.expect(200);
        assert_eq!(outcome["problem"], "refused");
        assert!(outcome["said"].as_str().unwrap().contains("not here"), "{outcome}");
        drop(server);
        let outcome = admin.post("/api/admin/mail/test", &json!({})).await.expect(200);
        assert_eq!(outcome["problem"], "unreachable", "{outcome}");
        let audit = admin.get("/api/admin/audit").await.expect(200).to_string();
        assert!(audit.contains("mail_settings_changed"), "{audit}");
    }
}

both! {
    async fn an_invitation_goes_by_mail(app: TestApp) {
        let admin = app.admin().await;
        let new = json!({"name": "Anna\u{202e} K", "login": "anna", "email": "anna@example.com", "role": "employee"});
        let id = admin.post("/api/users", &new).await.expect(201)["user"]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/users/{id}/invitation/mail");
        assert_eq!(admin.post(&path, &json!({})).await.refused(409), "mail_off");
        let mut server = MailServer::start().await;
        admin.send_mail_by(&server).await;
        assert_eq!(admin.post(&path, &json!({})).await.expect(200)["problem"], Value::Null);
        let mail = server.mail().await;
        assert_eq!(mail.recipients, ["anna@example.com"]);
        let [text, _] = mail.bodies();
        let token = text.split("/invitation#").nth(1).unwrap().split_whitespace().next().unwrap();
        let body = json!({"token": token, "password": crate::harness::PASSWORD});
        app.client().post("/api/invitations/accept", &body).await.expect(200);
        let nobody = "/api/users/0198c0de-0000-7000-8000-000000000001/invitation/mail";
        assert_eq!(admin.post(nobody, &json!({})).await.refused(404), "not_found");
    }
}
