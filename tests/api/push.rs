//! Web push: whom it reaches, what it carries, and where it never goes.

use serde_json::json;
use staffline::notifications::push::{
    client::{Client as PushClient, Push, PushError, Urgency},
    store::{self, Subscription},
    vapid::Keys,
};

use crate::{
    calls::{ask, start, state_where},
    harness::{Client, Engine, Setup, TestApp, push::Browser, run_with},
};

/// The push services of the tests are on this machine.
async fn on_both<F: Future<Output = ()> + Send + 'static>(test: fn(TestApp) -> F) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let setup = Setup { change: |config| config.push_private = true, ..Setup::default() };
        run_with(engine, setup, test).await;
    }
}

async fn server_key(client: &Client) -> String {
    client.get("/api/push/key").await.expect(200)["key"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_reaches_a_closed_page_sealed() {
    on_both(|app| async move {
        let (_, anna, boris, conversation) = app.office().await;
        let mut browser = Browser::start().await;
        boris.take_pushes(&browser).await;
        anna.say(&conversation, "Привет,\nэто   важно").await;
        let pushed = browser.pushed("201 Created").await;
        let expected = json!({
            "type": "message", "conversation_id": conversation, "title": "User anna", "body": "Привет, это важно",
        });
        assert_eq!(pushed.payload, expected);
        let topic = conversation.replace('-', "");
        assert_eq!((pushed.header("ttl"), pushed.header("urgency"), pushed.header("topic")), ("86400", "high", topic.as_str()));
        assert_eq!(pushed.header("content-encoding"), "aes128gcm");
        let claims = pushed.claims(&server_key(&boris).await);
        let now = app.app.clock.now().0 / 1_000;
        assert_eq!(claims["aud"].as_str(), browser.endpoint.split("/push").next());
        assert!((now..=now + 24 * 3_600).contains(&claims["exp"].as_i64().unwrap()), "{claims}");
        assert!(claims["sub"].as_str().unwrap().starts_with("mailto:"));
        assert!(pushed.headers.iter().all(|(name, _)| name != "cookie"), "{pushed:?}");
        // The key is the same for good, or every browser would have to subscribe anew.
        assert_eq!(server_key(&anna).await, server_key(&boris).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_push_would_bother_gets_none() {
    on_both(|app| async move {
        let (_, anna, boris, conversation) = app.office().await;
        let mut browser = Browser::start().await;
        boris.take_pushes(&browser).await;
        let (mut own, mut socket) = (Browser::start().await, boris.connect().await);
        anna.take_pushes(&own).await;
        anna.say(&conversation, "one who sits there hears it from the page").await;
        // Pushes follow the stream in its order: with this one on its way, the one before has been decided on.
        boris.say(&conversation, "yes").await;
        assert_eq!(own.pushed("201 Created").await.payload["body"], "yes");
        // The page is still open, and nobody looks at it.
        socket.send(&json!({"type": "presence", "presence": "away"})).await;
        socket.assert_open().await;
        anna.say(&conversation, "one who is away gets a push").await;
        assert_eq!(browser.pushed("201 Created").await.payload["body"], "one who is away gets a push");
        boris.put(&format!("/api/conversations/{conversation}/muted"), &json!({"muted": true})).await.expect(204);
        anna.say(&conversation, "muted").await;
        anna.say(&conversation, "@boris not muted").await;
        assert_eq!(browser.pushed("201 Created").await.payload["body"], "@boris not muted");
        // What one writes oneself reaches the other only.
        boris.say(&conversation, "an answer").await;
        assert_eq!(own.pushed("201 Created").await.payload["body"], "an answer");
    })
    .await;
}

async fn subscriptions(app: &TestApp, user: &str) -> usize {
    store::of_user(&app.app.db, user.parse().unwrap(), app.app.clock.now()).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_ends_with_its_session() {
    on_both(|app| async move {
        let (admin, anna, boris, conversation) = app.office().await;
        let (anna_id, boris_id) = (anna.id().await, boris.id().await);
        let mut browser = Browser::start().await;
        boris.take_pushes(&browser).await;
        boris.take_pushes(&browser).await;
        assert_eq!(subscriptions(&app, &boris_id).await, 1, "one browser has one");
        // The push service says that the browser is gone.
        anna.say(&conversation, "hello").await;
        browser.pushed("410 Gone").await;
        while subscriptions(&app, &boris_id).await > 0 {
            tokio::task::yield_now().await;
        }
        boris.take_pushes(&browser).await;
        boris.delete("/api/push/subscription").await.expect(204);
        assert_eq!(subscriptions(&app, &boris_id).await, 0, "switched off");
        boris.take_pushes(&browser).await;
        boris.delete("/api/session").await.expect(204);
        assert_eq!(subscriptions(&app, &boris_id).await, 0, "signed out");
        // Another one signs in on the same browser.
        anna.take_pushes(&browser).await;
        assert_eq!(subscriptions(&app, &anna_id).await, 1);
        admin.patch(&format!("/api/users/{anna_id}"), &json!({"deactivated": true})).await.expect(200);
        assert_eq!(subscriptions(&app, &anna_id).await, 0, "deactivated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_rings_a_closed_page_and_stops() {
    on_both(|app| async move {
        let (_, anna, boris, conversation) = app.office().await;
        let mut browser = Browser::start().await;
        boris.take_pushes(&browser).await;
        let mut socket = anna.connect().await;
        let call = json!({"type": "call_start", "client_key": "12345678", "callee_id": boris.id().await, "kind": "video"});
        socket.send(&call).await;
        let ringing = browser.pushed("201 Created").await;
        assert_eq!((ringing.payload["type"].as_str(), ringing.header("ttl")), (Some("call"), "45"));
        assert_eq!((&ringing.payload["title"], &ringing.payload["body"]), (&json!("User anna"), &json!("Video call")));
        assert_eq!(ringing.payload["conversation_id"], json!(conversation));
        let call_id = &ringing.payload["call_id"];
        socket.send(&json!({"type": "call_hang_up", "call_id": call_id})).await;
        let over = browser.pushed("201 Created").await.payload;
        assert_eq!((&over["type"], &over["call_id"], &over["body"]), (&json!("call_ended"), call_id, &json!("Missed call")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_is_pushed_only_once_it_rings_or_is_missed() {
    on_both(|app| async move {
        let (admin, anna, boris, _) = app.office().await;
        let mut browser = Browser::start().await;
        boris.take_pushes(&browser).await;
        // His page is open and not looked at: what rings is pushed.
        let (mut hers, mut his, mut third) = (anna.connect().await, boris.connect().await, admin.connect().await);
        his.send(&json!({"type": "presence", "presence": "away"})).await;
        his.assert_open().await;
        start(&mut hers, &boris, "audio").await;
        let first = browser.pushed("201 Created").await.payload["call_id"].as_str().unwrap().to_owned();
        ask(&mut his, "call_accept", &first).await;
        state_where(&mut hers, |call| call["phase"] == "answered").await;

        start(&mut third, &boris, "audio").await;
        let given_up = state_where(&mut third, |call| call["waiting"] == true).await["id"].as_str().unwrap().to_owned();
        ask(&mut third, "call_hang_up", &given_up).await;
        let told = browser.pushed("201 Created").await.payload;
        assert_eq!(
            (&told["type"], &told["call_id"], &told["body"]),
            (&json!("call_ended"), &json!(given_up), &json!("Missed call"))
        );

        start(&mut third, &boris, "audio").await;
        let waits = state_where(&mut third, |call| call["waiting"] == true).await["id"].as_str().unwrap().to_owned();
        ask(&mut hers, "call_hang_up", &first).await;
        // Sent beside each other: the first is over, the second rings now.
        let mut told = Vec::new();
        for _ in 0..2 {
            let payload = browser.pushed("201 Created").await.payload;
            told.push((payload["type"].as_str().unwrap().to_owned(), payload["call_id"].as_str().unwrap().to_owned()));
        }
        told.sort();
        assert_eq!(told, [("call".to_owned(), waits), ("call_ended".to_owned(), first)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_goes_to_no_private_address() {
    run_with(Engine::Sqlite, Setup::default(), |app| async move {
        let anna = app.admin().await;
        let browser = Browser::start().await;
        let subscription = |endpoint: &str| {
            let mut body = browser.subscription();
            body["endpoint"] = json!(endpoint);
            body
        };
        let path = "/api/push/subscription";
        for endpoint in
            [&browser.endpoint, "https://127.0.0.1/x", "https://[::1]/x", "https://10.1.1.1/x", "file:///etc/passwd", "x"]
        {
            assert_eq!(anna.put(path, &subscription(endpoint)).await.refused(422), "bad_subscription", "{endpoint}");
        }
        for (field, value) in [("p256dh", "AAAA"), ("auth", "AAAA"), ("auth", "!")] {
            let mut body = subscription("https://push.example.com/x");
            body[field] = json!(value);
            assert_eq!(anna.put(path, &body).await.refused(422), "bad_subscription", "{field}");
        }
        // A name is judged by what it resolves to, at the moment of each push.
        let keys = browser.subscription();
        let to = Subscription {
            endpoint: browser.endpoint.replace("http://127.0.0.1", "https://localhost"),
            p256dh: keys["p256dh"].as_str().unwrap().to_owned(),
            auth: keys["auth"].as_str().unwrap().to_owned(),
        };
        let push = Push { ttl: std::time::Duration::ZERO, urgency: Urgency::Normal, topic: None };
        let client = PushClient::new(Keys::load_or_make(&app.app).await.unwrap());
        let refused = client.send(&app.app, &to, &push, b"x").await;
        assert!(matches!(refused, Err(PushError::Private)), "{refused:?}");
    })
    .await;
}
