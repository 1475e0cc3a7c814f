//! Who may use which route: the table, and a walk over it. A route that is missing here is red.

use std::{collections::BTreeSet, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, TestApp, both, client_send};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Anybody,
    SignedIn,
    Admins,
    /// Admins and compliance officers.
    Auditors,
    /// Compliance officers; for others there is nothing.
    Officers,
}

/// Every route of the OpenAPI document, with whom it is for.
pub(crate) const ROUTES: &[(&str, &str, For)] = &[
    ("get", "/healthz", For::Anybody),
    ("get", "/readyz", For::Anybody),
    ("post", "/api/session", For::Anybody),
    ("get", "/api/session", For::SignedIn),
    ("delete", "/api/session", For::Anybody),
    ("get", "/api/session/others", For::SignedIn),
    ("delete", "/api/session/others", For::SignedIn),
    ("put", "/api/users/me/password", For::SignedIn),
    ("post", "/api/invitations/lookup", For::Anybody),
    ("post", "/api/invitations/accept", For::Anybody),
    ("get", "/api/users", For::SignedIn),
    ("post", "/api/users", For::Admins),
    ("get", "/api/users/me/settings", For::SignedIn),
    ("patch", "/api/users/me/settings", For::SignedIn),
    ("patch", "/api/users/{id}", For::Admins),
    ("post", "/api/users/{id}/invitation", For::Admins),
    ("get", "/api/conversations", For::SignedIn),
    ("post", "/api/conversations", For::SignedIn),
    ("get", "/api/conversations/{id}/messages", For::SignedIn),
    ("post", "/api/conversations/{id}/messages", For::SignedIn),
    ("post", "/api/groups", For::SignedIn),
    ("patch", "/api/conversations/{id}", For::SignedIn),
    ("post", "/api/conversations/{id}/members", For::SignedIn),
    ("delete", "/api/conversations/{id}/members/{user_id}", For::SignedIn),
    ("put", "/api/conversations/{id}/read", For::SignedIn),
    ("put", "/api/conversations/{id}/draft", For::SignedIn),
    ("put", "/api/conversations/{id}/muted", For::SignedIn),
    ("patch", "/api/messages/{id}", For::SignedIn),
    ("delete", "/api/messages/{id}", For::SignedIn),
    ("get", "/api/messages/{id}/versions", For::SignedIn),
    ("get", "/api/search/messages", For::SignedIn),
    ("options", "/api/uploads", For::SignedIn),
    ("post", "/api/uploads", For::SignedIn),
    ("head", "/api/uploads/{id}", For::SignedIn),
    ("patch", "/api/uploads/{id}", For::SignedIn),
    ("delete", "/api/uploads/{id}", For::SignedIn),
    ("get", "/api/attachments/{id}", For::SignedIn),
    ("get", "/api/attachments/{id}/thumbnail", For::SignedIn),
    ("put", "/api/users/me/picture", For::SignedIn),
    ("delete", "/api/users/me/picture", For::SignedIn),
    ("put", "/api/conversations/{id}/picture", For::SignedIn),
    ("delete", "/api/conversations/{id}/picture", For::SignedIn),
    ("get", "/api/pictures/{id}", For::SignedIn),
    ("get", "/api/events", For::SignedIn),
    ("get", "/api/socket", For::SignedIn),
    ("get", "/api/calls", For::SignedIn),
    ("post", "/api/calls/{id}/ice-servers", For::SignedIn),
    ("get", "/api/admin/path-policy", For::Admins),
    ("put", "/api/admin/path-policy", For::Admins),
    ("post", "/api/admin/path-policy/try", For::Admins),
    ("post", "/api/admin/calls/{id}/path", For::Admins),
    ("get", "/api/admin/media", For::Admins),
    ("get", "/api/admin/uploads", For::Admins),
    ("put", "/api/admin/uploads", For::Admins),
    ("get", "/api/admin/mail", For::Admins),
    ("put", "/api/admin/mail", For::Admins),
    ("post", "/api/admin/mail/test", For::Admins),
    ("post", "/api/users/{id}/invitation/mail", For::Admins),
    ("get", "/api/unsubscribe", For::Anybody),
    ("post", "/api/unsubscribe", For::Anybody),
    ("get", "/api/push/key", For::SignedIn),
    ("put", "/api/push/subscription", For::SignedIn),
    ("delete", "/api/push/subscription", For::SignedIn),
    ("post", "/api/connection-checks", For::SignedIn),
    ("post", "/api/connection-checks/{id}/offer", For::SignedIn),
    ("put", "/api/connection-checks/{id}", For::SignedIn),
    ("get", "/api/admin/connection-checks", For::Admins),
    ("get", "/api/admin/relay", For::Admins),
    // With the token of a setting, which is not set here; see doctor.rs.
    ("get", "/metrics", For::Anybody),
    ("get", "/api/admin/conversations", For::Admins),
    ("get", "/api/admin/recording-policy", For::Auditors),
    ("put", "/api/admin/recording-policy", For::Admins),
    ("get", "/api/recordings", For::Officers),
    ("get", "/api/recordings/failures", For::Officers),
    ("get", "/api/recordings/exports", For::Officers),
    ("post", "/api/recordings/exports", For::Officers),
    ("post", "/api/recordings/exports/{id}/approve", For::Officers),
    ("get", "/api/recordings/{id}", For::Officers),
    ("patch", "/api/recordings/{id}", For::Officers),
    ("get", "/api/recordings/exports/{id}/bundle", For::Officers),
    ("get", "/api/recordings/{id}/streams/{stream}", For::Officers),
    ("get", "/api/recordings/{id}/events", For::Officers),
    ("get", "/api/recordings/{id}/peaks", For::Officers),
    ("post", "/api/recordings/{id}/verify", For::Officers),
    ("get", "/api/admin/retention", For::Auditors),
    ("post", "/api/admin/retention/confirm", For::Admins),
    ("post", "/api/recordings/{id}/notes", For::Officers),
    ("post", "/api/recordings/{id}/holds", For::Officers),
    ("post", "/api/recordings/{id}/holds/{hold_id}/release", For::Officers),
    ("get", "/api/admin/chat-retention", For::Auditors),
    ("put", "/api/admin/chat-retention", For::Admins),
    ("get", "/api/archive/conversations", For::Officers),
    ("get", "/api/archive/conversations/{id}", For::Officers),
    ("get", "/api/archive/conversations/{id}/messages", For::Officers),
    ("get", "/api/archive/messages", For::Officers),
    ("get", "/api/archive/holds", For::Officers),
    ("post", "/api/archive/holds", For::Officers),
    ("post", "/api/archive/holds/{id}/release", For::Officers),
    ("get", "/api/archive/attachments/{id}", For::Officers),
    ("get", "/api/admin/audit", For::Auditors),
    ("get", "/api/admin/audit.csv", For::Auditors),
];

/// Routes that are not part of the API that the document describes.
const BESIDE: &[&str] = &["/api/openapi.json"];

#[tokio::test]
async fn every_route_is_in_the_table() {
    let document = serde_json::to_value(staffline::http::document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        documented.extend(operations.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let table: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(documented, table);
}

/// A route that is registered without the document would be open to nobody's eyes: the sources say where routes are made.
#[test]
fn no_route_is_made_outside_the_document() {
    let page = include_str!("../../src/http/mod.rs");
    let plain: Vec<_> = page.match_indices(".route(").map(|(at, _)| page[at..].split('"').nth(1).unwrap()).collect();
    assert_eq!(plain, BESIDE);
    assert_eq!(page.matches("nest").count(), 0, "a nested router would hide its routes from this test");
}

both! {
    /// A1: every route for every role.
    async fn each_role_gets_what_the_table_says(app: TestApp) {
        let admin = app.admin().await;
        let mut roles = vec![(None, app.client())];
        for role in ["employee", "manager", "compliance"] {
            roles.push((Some(role), app.user(&admin, role, role).await));
        }
        roles.push((Some("admin"), admin));
        for (method, path, access) in ROUTES.iter().filter(|route| route.0 != "delete") {
            for (role, client) in &roles {
                let (status, code) = try_route(client, method, path).await;
                let case = format!("{method} {path} as {role:?}: {status} {code}");
                match (access, role) {
                    (For::Anybody, _) => assert!(code != "not_signed_in" && code != "forbidden", "{case}"),
                    (_, None) => assert_eq!((status, code.as_str()), (401, "not_signed_in"), "{case}"),
                    (For::Admins, Some("employee" | "manager" | "compliance")) | (For::Auditors, Some("employee" | "manager")) => {
                        assert_eq!((status, code.as_str()), (403, "forbidden"), "{case}");
                    }
                    (For::Officers, Some("employee" | "manager" | "admin")) => {
                        assert_eq!((status, code.as_str()), (404, "not_found"), "{case}");
                    }
                    _ => assert!(!matches!(status, 401 | 403 | 500..), "{case}"),
                }
            }
        }
    }
}

both! {
    async fn an_expired_or_invented_session_is_none(app: TestApp) {
        let admin = app.admin().await;
        let invented = app.client();
        invented.set_cookie("session_token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; Path=/");
        app.advance(Duration::from_secs(31 * 24 * 3_600));
        for (method, path, access) in ROUTES.iter().filter(|route| route.2 != For::Anybody) {
            for client in [&admin, &invented] {
                let (status, code) = try_route(client, method, path).await;
                assert_eq!((status, code.as_str()), (401, "not_signed_in"), "{method} {path} for {access:?}");
            }
        }
    }
}

both! {
    /// A2: a request that another site makes with the reader's cookie.
    async fn a_foreign_origin_changes_nothing(app: TestApp) {
        let (_, anna, _, conversation) = app.office().await;
        let origins = [None, Some("null"), Some("http://evil.example"), Some("https://127.0.0.1"), Some("http://127.0.0.1:1")];
        // Mail programs come from nowhere, with the token of a mail and no cookie that counts.
        let unsafe_routes = ROUTES.iter().filter(|route| !matches!(route.0, "get" | "head" | "options") && route.1 != "/api/unsubscribe");
        for (method, path, _) in unsafe_routes {
            for origin in origins {
                let method = method.to_uppercase().parse::<Method>().unwrap();
                let mut request = anna.bare(method, &path.replace("{id}", &conversation)).json(&body_for(path));
                if let Some(origin) = origin {
                    request = request.header("origin", origin);
                }
                assert_eq!(client_send(request).await.refused(403), "foreign_origin", "{path} from {origin:?}");
            }
        }
        // A form of another page can only send these types, and not without its Origin.
        let form = anna.bare(Method::POST, "/api/conversations").header("content-type", "text/plain").body("{}");
        assert_eq!(client_send(form).await.refused(403), "foreign_origin");
        assert_eq!(anna.get("/api/session").await.status, StatusCode::OK);
        let history = anna.get(&format!("/api/conversations/{conversation}/messages")).await.expect(200);
        assert_eq!(history["messages"], json!([]));
    }
}

/// Tries a route with a body that fits and ids that name nothing. Status and code, if it was refused.
async fn try_route(client: &Client, method: &str, path: &str) -> (u16, String) {
    let nobody = "0198c0de-0000-7000-8000-000000000001";
    let answer = ask_route(client, method, &path.replace("{id}", nobody).replace("{user_id}", nobody)).await;
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or_default();
    // An answer to HEAD has nothing that says why but its status.
    let code = if method == "head" && answer.status == 401 { "not_signed_in" } else { code };
    (answer.status, code.to_owned())
}

/// Asks a route, its ids filled in, with a body that fits.
pub(crate) async fn ask_route(client: &Client, method: &str, path: &str) -> Answer {
    let path = path.to_owned();
    let path = match path.as_str() {
        "/api/events" => "/api/events?after=0".to_owned(),
        "/api/search/messages" => "/api/search/messages?q=x".to_owned(),
        _ => path,
    };
    match method {
        "get" => client.get(&path).await,
        "post" => client.post(&path, &body_for(&path)).await,
        "patch" => client.patch(&path, &body_for(&path)).await,
        "put" if path.ends_with("/picture") => client_send(client.request(Method::PUT, &path).body(pixel())).await,
        "put" => client.put(&path, &body_for(&path)).await,
        "delete" => client.delete(&path).await,
        "options" => client_send(client.request(Method::OPTIONS, &path)).await,
        "head" => client_send(client.request(Method::HEAD, &path)).await,
        other => panic!("the walk does not know {other}"),
    }
}

/// A picture that the server can read.
fn pixel() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(1, 1).write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

fn body_for(path: &str) -> Value {
    let nobody = "0198c0de-0000-7000-8000-000000000002";
    match path {
        "/api/session" => json!({"login": "nobody", "password": "wrong password"}),
        "/api/invitations/lookup" => json!({"token": "x"}),
        "/api/invitations/accept" => json!({"token": "x", "password": "correct horse"}),
        // The name is missing: an admin passes the door and is told so.
        "/api/users" => json!({"name": "", "login": "new", "email": "new@example.com", "role": "employee"}),
        "/api/conversations" => json!({"user_id": nobody}),
        "/api/admin/path-policy" => json!({"default": "direct"}),
        "/api/admin/path-policy/try" => json!({"caller": {"user_id": nobody}, "callee": {"user_id": nobody}}),
        path if path.starts_with("/api/admin/calls/") => json!({"path": "relayed"}),
        "/api/admin/mail" => json!({"settings": {
            "server": null, "sender": "", "delay_minutes": 5, "include_text": true, "language": "ru",
        }}),
        "/api/push/subscription" => {
            json!({"endpoint": "https://push.example.com/x", "p256dh": "x", "auth": "x", "language": "ru"})
        }
        "/api/groups" => json!({"name": "x", "user_ids": [nobody]}),
        path if path.ends_with("/offer") => json!({"end": "sender", "sdp": "v=0"}),
        path if path.starts_with("/api/connection-checks/") => {
            json!({"legs": [{"leg": "udp", "ok": true}], "verdict": "ok", "agent": "x"})
        }
        path if path.ends_with("/members") => json!({"user_ids": [nobody]}),
        path if path.ends_with("/messages") => json!({"client_key": "12345678", "text": "x"}),
        path if path.ends_with("/read") => json!({"seq": 1}),
        path if path.ends_with("/draft") => json!({"text": "x"}),
        path if path.ends_with("/muted") => json!({"muted": true}),
        path if path.starts_with("/api/messages/") => json!({"text": "x"}),
        path if path.starts_with("/api/conversations/") => json!({"name": "x"}),
        _ => json!({}),
    }
}
