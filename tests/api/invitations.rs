//! One-time links.

use std::time::Duration;

use serde_json::{Value, json};
use staffline::users::invitations;

use crate::harness::{PASSWORD, TestApp, both, token_of};

fn setup_body(token: &str, login: &str) -> Value {
    json!({"token": token, "password": PASSWORD, "name": "Anna", "login": login, "email": "anna@example.com"})
}

both! {
    async fn the_first_link_makes_one_admin_and_is_used_up(app: TestApp) {
        let link = invitations::setup(&app.app).await.unwrap().unwrap();
        let client = app.client();
        let info = client.post("/api/invitations/lookup", &json!({"token": link.token.as_str()})).await.expect(200);
        assert_eq!(info, json!({"kind": "setup", "name": null, "login": null}));
        let made = client.post("/api/invitations/accept", &setup_body(link.token.as_str(), "anna")).await.expect(200);
        assert_eq!((made["user"]["role"].as_str(), made["user"]["invited"].as_bool()), (Some("admin"), Some(false)));
        assert_eq!(client.get("/api/session").await.expect(200), made, "signed in at once");
        let again = client.post("/api/invitations/accept", &setup_body(link.token.as_str(), "boris")).await;
        assert_eq!(again.refused(404), "bad_invitation");
        assert!(invitations::setup(&app.app).await.unwrap().is_none(), "there is somebody now");
    }
}

both! {
    async fn the_first_admin_may_come_after_others_but_not_as_one_of_them(app: TestApp) {
        // As `staffline demo` does on a fresh folder.
        let new = |login: &str| staffline::users::NewUser {
            name: "Anna".to_owned(),
            login: login.to_owned(),
            email: "anna@example.com".to_owned(),
            role: staffline::users::Role::Employee,
        };
        staffline::users::add(&app.app, new("anna"), None).await.unwrap();
        let link = invitations::setup(&app.app).await.unwrap().expect("there is no admin yet");
        let client = app.client();
        let taken = client.post("/api/invitations/accept", &setup_body(link.token.as_str(), "ANNA")).await;
        assert_eq!(taken.refused(409), "login_taken");
        client.post("/api/invitations/accept", &setup_body(link.token.as_str(), "boss")).await.expect(200);
        assert!(invitations::setup(&app.app).await.unwrap().is_none());
    }
}

both! {
    async fn of_many_who_follow_a_link_at_once_one_gets_in(app: TestApp) {
        let link = invitations::setup(&app.app).await.unwrap().unwrap();
        let tries = (0..8).map(|n| {
            let (client, body) = (app.client(), setup_body(link.token.as_str(), &format!("admin{n}")));
            tokio::spawn(async move { client.post("/api/invitations/accept", &body).await.status })
        });
        let statuses = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap);
        let (made, refused): (Vec<_>, Vec<_>) = statuses.partition(|status| *status == 200);
        assert_eq!((made.len(), refused), (1, vec![404; 7]));
    }
}

both! {
    async fn a_new_setup_link_voids_the_old_one(app: TestApp) {
        let old = invitations::setup(&app.app).await.unwrap().unwrap();
        let new = invitations::setup(&app.app).await.unwrap().unwrap();
        let client = app.client();
        let try_link = |token: &str| {
            let (client, body) = (client.clone(), json!({"token": token}));
            async move { client.post("/api/invitations/lookup", &body).await.status }
        };
        assert_eq!(try_link(old.token.as_str()).await, 404);
        assert_eq!(try_link(new.token.as_str()).await, 200);
        app.advance(Duration::from_secs(7 * 24 * 3_600 + 1));
        assert_eq!(try_link(new.token.as_str()).await, 404, "after seven days");
    }
}

both! {
    async fn an_invited_user_sets_a_password(app: TestApp) {
        let admin = app.admin().await;
        let body = json!({"name": "Борис", "login": "boris", "email": "boris@example.com", "role": "employee"});
        let added = admin.post("/api/users", &body).await.expect(201);
        assert_eq!(added["user"]["invited"], true);
        let url = added["invitation"]["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/invitation#", app.origin())), "{url}");
        let token = token_of(url);
        let boris = app.client();
        let info = boris.post("/api/invitations/lookup", &json!({"token": token})).await.expect(200);
        assert_eq!(info, json!({"kind": "invitation", "name": "Борис", "login": "boris"}));
        for bad in ["short", "boris", &"x".repeat(201)] {
            let body = json!({"token": token, "password": bad});
            assert_eq!(boris.post("/api/invitations/accept", &body).await.refused(422), "bad_password");
        }
        let made = boris.post("/api/invitations/accept", &json!({"token": token, "password": PASSWORD})).await.expect(200);
        assert_eq!((made["user"]["login"].as_str(), made["user"]["invited"].as_bool()), (Some("boris"), Some(false)));
    }
}

both! {
    async fn a_new_link_voids_the_old_password_and_sessions(app: TestApp) {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await;
        let socket = anna.connect().await;
        let renew = format!("/api/users/{}/invitation", anna.id().await);
        let old = token_of(admin.post(&renew, &json!({})).await.expect(201)["url"].as_str().unwrap());
        let new = token_of(admin.post(&renew, &json!({})).await.expect(201)["url"].as_str().unwrap());
        assert_eq!(anna.get("/api/session").await.status, 200, "a link alone ends nothing");
        let other = app.client();
        let accept = |token: &str| json!({"token": token, "password": "another good password"});
        assert_eq!(other.post("/api/invitations/accept", &accept(&old)).await.refused(404), "bad_invitation");
        other.post("/api/invitations/accept", &accept(&new)).await.expect(200);
        assert_eq!(socket.closed().await, 4401);
        assert_eq!(anna.get("/api/session").await.refused(401), "not_signed_in");
        let credentials = |password: &str| json!({"login": "anna", "password": password});
        app.client().post("/api/session", &credentials(PASSWORD)).await.expect(401);
        app.client().post("/api/session", &credentials("another good password")).await.expect(200);
    }
}

both! {
    async fn the_link_of_one_who_was_deactivated_is_void(app: TestApp) {
        let admin = app.admin().await;
        let body = json!({"name": "Anna", "login": "anna", "email": "anna@example.com", "role": "employee"});
        let added = admin.post("/api/users", &body).await.expect(201);
        let id = added["user"]["id"].as_str().unwrap();
        admin.patch(&format!("/api/users/{id}"), &json!({"deactivated": true})).await.expect(200);
        let body = json!({"token": token_of(added["invitation"]["url"].as_str().unwrap()), "password": PASSWORD});
        assert_eq!(app.client().post("/api/invitations/accept", &body).await.refused(404), "bad_invitation");
        assert_eq!(admin.post(&format!("/api/users/{id}/invitation"), &json!({})).await.refused(409), "user_deactivated");
    }
}
