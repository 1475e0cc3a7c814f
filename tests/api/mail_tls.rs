//! What protects mail on its way: the certificate of the server, the sign-in there, and what may not get into a mail.

use std::time::Duration;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use staffline::{
    clock::Millis,
    ids::{ConversationId, MailId, UserId},
    notifications::{
        Encryption, MailServer as Server, MailSettings, compose,
        settings::Mail,
        smtp::{self as sending},
        store::{Line, Thread},
    },
    users::settings::Language,
};

use crate::harness::{
    Engine, Setup, TestApp, run_with,
    smtp::{self, MailServer, Options},
};

/// A server whose configuration trusts the tests' authority.
async fn with_authority<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(TestApp) -> F) {
    let setup = Setup { change: |config| config.smtp_ca = Some(smtp::authority()), ..Setup::default() };
    run_with(Engine::Sqlite, setup, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificate_must_be_the_servers() {
    with_authority(|app| async move {
        let admin = app.admin().await;
        for (kind, encryption) in [("starttls", "starttls"), ("implicit", "tls")] {
            for (name, fits) in [("localhost", true), ("mail.example.com", false)] {
                let mut server = MailServer::start_with(Options { tls: Some((kind, name)), ..Options::default() }).await;
                let mut settings = smtp::settings(server.port);
                settings["server"]["encryption"] = json!(encryption);
                admin.put("/api/admin/mail", &json!({"settings": settings})).await.expect(200);
                let outcome = admin.post("/api/admin/mail/test", &json!({})).await.expect(200);
                if fits {
                    assert!(outcome["problem"].is_null(), "{outcome}");
                    assert!(server.mail().await.encrypted);
                } else {
                    assert_eq!(outcome["problem"], "tls", "{kind}: {outcome}");
                }
            }
        }
        // A server without TLS where it is wanted gets nothing, not even the greeting of a mail.
        let server = MailServer::start().await;
        let mut settings = smtp::settings(server.port);
        settings["server"]["encryption"] = json!("starttls");
        admin.put("/api/admin/mail", &json!({"settings": settings})).await.expect(200);
        assert_eq!(admin.post("/api/admin/mail/test", &json!({})).await.expect(200)["problem"], "tls");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_signs_its_clients_in() {
    with_authority(|app| async move {
        let admin = app.admin().await;
        let options = Options { tls: Some(("starttls", "localhost")), user: Some(("chat", "right")), ..Options::default() };
        let mut server = MailServer::start_with(options).await;
        let mut settings = smtp::settings(server.port);
        settings["server"]["encryption"] = json!("starttls");
        settings["server"]["user"] = json!("chat");
        let put = |settings: serde_json::Value, password: serde_json::Value| {
            let admin = admin.clone();
            async move { admin.put("/api/admin/mail", &json!({"settings": settings, "password": password})).await }
        };
        put(settings.clone(), json!("wrong")).await.expect(200);
        let outcome = admin.post("/api/admin/mail/test", &json!({})).await.expect(200);
        assert_eq!(outcome["problem"], "credentials", "{outcome}");
        let saved = put(settings.clone(), json!("right")).await;
        assert!(!saved.text.contains("right"), "the password is told to nobody");
        assert_eq!(saved.expect(200)["has_password"], true);
        // Kept while the server is the same.
        settings["delay_minutes"] = json!(7);
        assert_eq!(put(settings.clone(), json!(null)).await.expect(200)["has_password"], true);
        admin.post("/api/admin/mail/test", &json!({})).await.expect(200);
        assert_eq!(server.mail().await.user.as_deref(), Some("chat"));
        settings["server"]["host"] = json!("127.0.0.1");
        assert_eq!(put(settings, json!(null)).await.expect(200)["has_password"], false, "another server does not get it");
    })
    .await;
}

/// Whatever people call themselves, their groups and their files, and whatever they write.
fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\r\n.\r\n",
        "\r\n..\r\n",
        ".\r\n",
        "\r\nBcc: evil@example.com\r\n",
        "\r\nRCPT TO:<evil@example.com>\r\n",
        "\r\nDATA\r\n",
        "=?utf-8?q?=0ABcc:_e@example.com?=",
        "\u{2028}",
        "\u{202e}",
        "\u{85}",
        "<",
        ">",
        "\"",
        ",",
        ";",
        "\\",
        "Ё",
        "👋",
        "a\u{301}",
        "<script>alert(1)</script>",
        "' onclick='x",
        "--",
        "=",
        "\t",
        "\u{7f}",
    ]);
    prop::collection::vec(prop_oneof![nasty.prop_map(str::to_owned), "[a-zA-Zа-я .]{0,40}"], 0..8)
        .prop_map(|parts| parts.concat())
}

fn case(words: &[String; 5], email: &str) -> lettre::Message {
    let [name, group, sender, file, text] = words;
    let mail = settings(0);
    let line = Line {
        sender: sender.clone(),
        created_at: Millis(0),
        text: text.clone(),
        is_call: false,
        files: 1,
        file: Some(file.clone()),
    };
    let thread = Thread { conversation_id: ConversationId::new(), name: Some(group.clone()), count: 1, lines: vec![line] };
    let base = "https://chat.example.com/".parse().unwrap();
    let envelope = compose::Envelope {
        mail: &mail,
        name,
        email,
        language: Language::Ru,
        id: MailId::new(),
        date: Millis(1_767_225_600_000),
    };
    let notice = compose::Notice { threads: &[thread], user_id: UserId::new(), base: &base, unsubscribe: &base };
    compose::notice(&envelope, &notice).expect("whatever people typed makes a mail")
}

fn settings(port: u16) -> Mail {
    let server = Server { host: "localhost".to_owned(), port, encryption: Encryption::None, user: None };
    let sender = "Staffline <chat@example.com>".to_owned();
    Mail { settings: MailSettings { server: Some(server), sender, ..MailSettings::default() }, password: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_people_type_gets_out_of_its_place() {
    let mut server = MailServer::start().await;
    let mail = settings(server.port);
    let mut runner = TestRunner::default();
    let words = [hostile(), hostile(), hostile(), hostile(), hostile()];
    for _ in 0..60 {
        let words = words.each_ref().map(|strategy| strategy.new_tree(&mut runner).unwrap().current());
        let message = case(&words, "boris@example.com");
        sending::send(&mail, None, &message, Duration::from_secs(10))
            .await
            .unwrap_or_else(|error| panic!("{error:?}: {words:?}"));
        let received = server.mail().await;
        assert_eq!(received.recipients, ["boris@example.com"], "{words:?}");
        let sent = String::from_utf8(message.formatted()).unwrap();
        assert!(received.content.trim_end() == sent.trim_end(), "dots are stuffed and taken out again: {words:?}");
        for name in ["From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "MIME-Version", "Content-Type"] {
            assert_eq!(received.headers(name).len(), 1, "{name}: {words:?}");
        }
        for name in ["Bcc", "Cc", "RCPT TO", "Sender", "Reply-To"] {
            assert_eq!(received.headers(name).len(), 0, "{name}: {words:?}");
        }
        let [_, html] = received.bodies();
        assert!(!html.contains("<script") && !html.contains("' onclick"), "{words:?}");
        let head = received.content.split("\r\n\r\n").next().unwrap();
        assert!(head.is_ascii() && !head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{head:?}");
    }
}

#[test]
fn an_address_that_is_more_than_one_is_none() {
    let mail = settings(25);
    for email in ["a@b.c,d@e.f", "a@b.c\r\nBcc: d@e.f", "<a@b.c>", "a@b.c> SIZE=1", "a b@c.d", "", "a\0@b.c"] {
        let envelope =
            compose::Envelope { mail: &mail, name: "A", email, language: Language::En, id: MailId::new(), date: Millis(0) };
        assert!(compose::short(&envelope, "x", "y", None).is_err(), "{email:?}");
    }
}
