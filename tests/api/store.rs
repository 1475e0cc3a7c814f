//! What the stores rely on, on both engines: one SQL text must mean the same.

use std::time::Duration;

use sqlx::Row;
use staffline::{
    db::Engine,
    events::{self, Audience, Event, EventId},
    users::{NewUser, Role, User, store},
};

use crate::harness::{TestApp, both};

fn user(app: &TestApp, login: &str) -> User {
    let new =
        NewUser { name: "Анна".to_owned(), login: login.to_owned(), email: "a@example.com".to_owned(), role: Role::Manager };
    new.check(app.app.clock.now()).unwrap()
}

both! {
    async fn a_user_comes_back_as_it_went_in(app: TestApp) {
        let before = user(&app, "Анна");
        let mut tx = app.app.db.begin().await.unwrap();
        assert!(store::insert(&mut tx, &before, None).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(store::by_id(app.app.db.read(), before.id).await.unwrap(), Some(before.clone()));
        assert_eq!(store::credentials(&app.app.db, "анна").await.unwrap(), Some((before.id, None)));
        assert_eq!(store::credentials(&app.app.db, "anna").await.unwrap(), None);
        let after = User { deactivated_at: Some(app.app.clock.now()), role: Role::Admin, invited: false, ..before };
        let mut tx = app.app.db.begin().await.unwrap();
        store::update(&mut tx, &after).await.unwrap();
        store::set_password(&mut tx, after.id, "hash").await.unwrap();
        assert_eq!(store::active_admins(&mut tx).await.unwrap(), 0, "a deactivated one does not count");
        tx.commit().await.unwrap();
        assert_eq!(store::list(&app.app.db).await.unwrap(), [after]);
        assert_eq!(store::credentials(&app.app.db, "анна").await.unwrap(), None, "who is deactivated has none");
    }
}

both! {
    async fn a_transaction_that_is_dropped_leaves_nothing(app: TestApp) {
        let user = user(&app, "anna");
        let mut tx = app.app.db.begin().await.unwrap();
        assert!(store::insert(&mut tx, &user, None).await.unwrap());
        let event = Event::UserChanged { user: user.clone() };
        let lost = events::append(&mut tx, Audience::Everybody, &event, app.app.clock.now()).await.unwrap();
        drop(tx);
        let mut tx = app.app.db.begin().await.unwrap();
        assert!(store::insert(&mut tx, &user, None).await.unwrap());
        let kept = events::append(&mut tx, Audience::Everybody, &event, app.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(kept, lost, "ids of the stream have no gaps");
    }
}

both! {
    async fn the_counter_keeps_writers_in_line(app: TestApp) {
        let db = app.app.db.clone();
        let mut first = db.begin().await.unwrap();
        assert_eq!(events::store::next_id(&mut first).await.unwrap(), EventId(1));
        let second = tokio::spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let id = events::store::next_id(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            id
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished(), "it waits for the first");
        first.commit().await.unwrap();
        assert_eq!(second.await.unwrap(), EventId(2));
    }
}

both! {
    async fn rows_of_others_do_not_match(app: TestApp) {
        let mut tx = app.app.db.begin().await.unwrap();
        let (anna, boris) = (user(&app, "anna"), user(&app, "boris"));
        for user in [&anna, &boris] {
            store::insert(&mut tx, user, Some("hash")).await.unwrap();
        }
        let event = Event::UserChanged { user: anna.clone() };
        let now = app.app.clock.now();
        for audience in [Audience::User(anna.id), Audience::User(boris.id), Audience::Everybody] {
            events::append(&mut tx, audience, &event, now).await.unwrap();
        }
        tx.commit().await.unwrap();
        let ids = |rows: Vec<events::store::Row>| rows.iter().map(|row| row.id.0).collect::<Vec<_>>();
        let visible = |user, after, until, limit| events::store::visible(&app.app.db, user, EventId(after), EventId(until), limit);
        assert_eq!(ids(visible(anna.id, 0, 3, 10).await.unwrap()), [1, 3]);
        assert_eq!(ids(visible(boris.id, 0, 3, 10).await.unwrap()), [2, 3]);
        assert_eq!(ids(visible(anna.id, 1, 3, 10).await.unwrap()), [3]);
        assert_eq!(ids(visible(anna.id, 0, 2, 10).await.unwrap()), [1]);
        assert_eq!(ids(visible(anna.id, 0, 3, 1).await.unwrap()), [1]);
        assert_eq!(ids(events::store::all(&app.app.db, EventId(1), 10).await.unwrap()), [2, 3]);
    }
}

both! {
    async fn a_frame_made_of_a_row_is_what_the_type_would_give(app: TestApp) {
        let mut tx = app.app.db.begin().await.unwrap();
        let event = Event::UserChanged { user: user(&app, "anna") };
        events::append(&mut tx, Audience::Everybody, &event, app.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let row = events::store::all(&app.app.db, EventId(0), 1).await.unwrap().remove(0);
        let frame = staffline::ws::frames::ServerFrame::Event { event: row.decode().unwrap() };
        let made: serde_json::Value = serde_json::from_str(&row.frame()).unwrap();
        assert_eq!(made, serde_json::to_value(frame).unwrap());
    }
}

both! {
    async fn what_has_expired_is_deleted_and_nothing_else(app: TestApp) {
        let admin = app.admin().await;
        app.user(&admin, "anna", "employee").await;
        let now = app.app.clock.now();
        assert_eq!(store::delete_expired(&app.app.db, now).await.unwrap(), 0);
        app.advance(Duration::from_secs(8 * 24 * 3_600));
        admin.get("/api/session").await.expect(200);
        // Two links that were used; the sessions live for thirty days.
        assert_eq!(store::delete_expired(&app.app.db, app.app.clock.now()).await.unwrap(), 2);
        admin.get("/api/session").await.expect(200);
    }
}

both! {
    async fn a_commit_survives_a_power_cut(app: TestApp) {
        let mut tx = app.app.db.begin().await.unwrap();
        let settings: &[(&str, &str)] = match app.app.db.engine() {
            Engine::Sqlite => &[("pragma synchronous", "2"), ("pragma foreign_keys", "1"), ("pragma journal_mode", "wal")],
            Engine::Postgres => &[("show synchronous_commit", "on"), ("show fsync", "on")],
        };
        for (question, answer) in settings {
            let row = sqlx::query(*question).fetch_one(&mut *tx).await.unwrap();
            let text = row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|n| n.to_string())).unwrap();
            assert_eq!(text, *answer, "{question}");
        }
    }
}

both! {
    async fn a_reference_to_nobody_is_refused(app: TestApp) {
        let mut tx = app.app.db.begin().await.unwrap();
        let invented = staffline::ids::UserId::new();
        let hash = staffline::tokens::TokenHash::of("x");
        let now = app.app.clock.now();
        assert!(store::insert_invitation(&mut tx, &hash, Some(invented), now, now).await.is_err());
    }
}
