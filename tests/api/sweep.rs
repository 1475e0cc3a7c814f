//! What must hold for every route: a walk over the table of `access.rs`.

use serde_json::json;

use crate::{
    access::{For, ROUTES, ask_route},
    harness::{Answer, Client, TestApp, both},
};

const NOBODY: &str = "0198c0de-0000-7000-8000-000000000001";

fn filled(path: &str) -> String {
    path.replace("{id}", NOBODY).replace("{user_id}", NOBODY)
}

/// Every route but those that end the session with which the walk goes on.
fn routes() -> impl Iterator<Item = (&'static str, &'static str, For)> {
    ROUTES.iter().copied().filter(|(method, path, _)| (*method, *path) != ("delete", "/api/session"))
}

both! {
    /// A7: no cache keeps an answer of the API, or gives it to somebody else. A browser may keep files for its own user.
    async fn no_shared_cache_keeps_an_answer(app: TestApp) {
        let (admin, ..) = app.office().await;
        for client in [&admin, &app.client()] {
            for (method, path, _) in routes().filter(|(_, path, _)| path.starts_with("/api/")) {
                let answer = ask_route(client, method, &filled(path)).await;
                let (cache, case) = (answer.header("cache-control"), format!("{method} {path}: {}", answer.status));
                assert!(cache == "no-store" || cache.starts_with("private"), "{case}: {cache}");
                assert!(answer.headers.get_all("vary").iter().any(|value| value == "Cookie"), "{case}");
            }
        }
    }
}

both! {
    /// A8: no page frames us, no browser guesses types, nothing is told to other sites, whatever was asked and however it ended.
    async fn every_route_carries_the_headers_of_a_careful_server(app: TestApp) {
        let (admin, ..) = app.office().await;
        for client in [&admin, &app.client()] {
            for (method, path, _) in routes() {
                assert_careful(&ask_route(client, method, &filled(path)).await, &format!("{method} {path}"));
            }
            for path in ["/", "/chat/x", "/profile", "/admin/users", "/nothing.js", "/api", "/api/nothing", "/api/openapi.json"] {
                assert_careful(&client.get(path).await, path);
            }
        }
    }
}

#[track_caller]
fn assert_careful(answer: &Answer, case: &str) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{case}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{case}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{case}");
    assert!(answer.header("permissions-policy").contains("geolocation=()"), "{case}");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{case}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{case}: {policy}");
    assert_eq!(answer.header("server"), "", "{case}");
}

both! {
    /// A1: what one may not see is answered as what is not there, to the byte.
    async fn what_is_hidden_looks_like_what_is_absent(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let message = anna.say(&conversation, "between the two").await["id"].as_str().unwrap().to_owned();
        let outsiders = [app.user(&admin, "vera", "employee").await, app.user(&admin, "gleb", "manager").await, admin];
        let member = boris.id().await;
        let of = |prefix: &'static str| routes().filter(move |(_, path, _)| path.starts_with(prefix));
        for (prefix, id) in [("/api/conversations/{id}", &conversation), ("/api/messages/{id}", &message)] {
            assert!(of(prefix).count() > 2, "{prefix}");
            for (method, path, _) in of(prefix) {
                for outsider in &outsiders {
                    assert_hidden(outsider, method, &path.replace("{user_id}", &member), id).await;
                }
            }
        }
        // Nothing was changed by it.
        let history = boris.get(&format!("/api/conversations/{conversation}/messages")).await.expect(200);
        assert_eq!(history["messages"].as_array().unwrap().len(), 1);
        assert_eq!(history["messages"][0]["text"], "between the two");
        assert_eq!(anna.get("/api/conversations").await.expect(200).as_array().unwrap().len(), 1);
        assert_eq!(outsiders[0].get("/api/conversations").await.expect(200), json!([]));
    }
}

async fn assert_hidden(outsider: &Client, method: &str, path: &str, id: &str) {
    let hidden = ask_route(outsider, method, &path.replace("{id}", id)).await;
    let absent = ask_route(outsider, method, &path.replace("{id}", NOBODY)).await;
    let case = format!("{method} {path}");
    assert_eq!((hidden.status, absent.status), (404, 404), "{case}: {} {}", hidden.text, absent.text);
    assert_eq!(hidden.text, absent.text, "{case}");
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&hidden), names(&absent), "{case}");
}
