//! What every answer has in common: shape of refusals, headers, the page's files.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Engine, TestApp, both, client_send, run};

both! {
    async fn every_refusal_has_one_shape(app: TestApp) {
        let client = app.client();
        assert_eq!(client.get("/api/nothing").await.refused(404), "not_found");
        assert_eq!(client.get("/api").await.refused(404), "not_found");
        assert_eq!(client.get("/nothing.js").await.refused(404), "not_found");
        assert_eq!(client.patch("/api/users", &json!({})).await.refused(405), "method_not_allowed");
        assert_eq!(client.post("/somewhere", &json!({})).await.refused(405), "method_not_allowed");
        let with = |kind: &'static str, body: &'static str| {
            client_send(client.request(Method::POST, "/api/session").header("content-type", kind).body(body))
        };
        assert_eq!(with("text/plain", "{}").await.refused(415), "unsupported_media_type");
        assert_eq!(with("application/json", "{").await.refused(400), "bad_json");
        assert_eq!(with("application/json", "").await.refused(400), "bad_json");
        assert_eq!(with("application/json", "{}").await.refused(422), "invalid_body");
        let large = json!({"login": "x".repeat(70_000), "password": ""});
        assert_eq!(client.post("/api/session", &large).await.refused(413), "body_too_large");
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_a_careful_server() {
    run(Engine::Sqlite, |app| async move {
        let admin = app.admin().await;
        for path in ["/", "/api/users", "/api/nothing", "/healthz", "/api/openapi.json", "/x.js"] {
            let answer = admin.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert!(answer.header("permissions-policy").contains("microphone=(self), camera=(self)"), "{path}");
            assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
            assert_eq!(answer.header("strict-transport-security"), "", "not without TLS: {path}");
            let policy = answer.header("content-security-policy");
            for part in
                ["default-src 'self'", "script-src 'self';", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]
            {
                assert!(policy.contains(part), "{path}: {policy}");
            }
            assert!(policy.contains(&format!("ws://{}", app.address)), "{path}: {policy}");
            let api = path.starts_with("/api/");
            assert_eq!(answer.header("cache-control") == "no-store", api, "{path}: {}", answer.header("cache-control"));
            let vary = answer.headers.get_all("vary").iter().any(|value| value == "Cookie");
            assert_eq!(vary, api, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_does_not_choose_its_request_id() {
    run(Engine::Sqlite, |app| async move {
        let answer = client_send(app.client().request(Method::GET, "/healthz").header("x-request-id", "mine")).await;
        assert_ne!(answer.header("x-request-id"), "mine");
    })
    .await;
}

#[tokio::test]
async fn large_answers_are_compressed_for_who_can_read_it() {
    run(Engine::Sqlite, |app| async move {
        let request = app.client().request(Method::GET, "/api/openapi.json").header("accept-encoding", "gzip");
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-encoding"], "gzip");
        assert!(response.bytes().await.unwrap().starts_with(&[0x1f, 0x8b]));
        assert_eq!(app.client().get("/api/openapi.json").await.json()["info"]["title"], "Staffline");
    })
    .await;
}

both! {
    async fn a_database_that_is_away_is_told_and_kept_quiet_about(app: TestApp) {
        let admin = app.admin().await;
        app.app.db.close().await;
        let answer = admin.get("/api/users").await;
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.text.to_lowercase().contains("pool"), "{}", answer.text);
        assert_eq!(answer.refused(503), "unavailable");
        assert_eq!(admin.get("/readyz").await.refused(503), "unavailable");
        assert_eq!(admin.get("/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let tuning = staffline::app::Tuning { request_patience: Duration::from_secs(2), ..crate::harness::tuning() };
    crate::harness::run_with(Engine::Sqlite, crate::harness::Setup { tuning, ..Default::default() }, |app| async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
        let head = format!(
            "POST /api/session HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
            app.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(crate::harness::PATIENCE, stream.read_to_string(&mut answer)).await.expect("it ends").unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("request_timeout"), "{answer}");
    })
    .await;
}
