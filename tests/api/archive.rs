//! How long messages are kept: erased for real when their time is over, never while a hold lasts, and by a clock that can be trusted.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use sqlx::Row;
use staffline::{
    chat::archive::{
        holds::{self, NewHold, Target},
        retention,
    },
    compliance::house,
    config::Database,
    ids::{ConversationId, MessageId, UserId},
};

use crate::{
    harness::{Client, PASSWORD, TestApp, both, new_key},
    recording_policy::audit_entry,
};

pub(crate) async fn keep_for(admin: &Client, days: Option<u32>) {
    admin.put("/api/admin/chat-retention", &json!({"retention_days": days})).await.expect(200);
}

/// One run of the hourly job; how many messages it erased.
pub(crate) async fn round(app: &TestApp) -> u64 {
    house::round(&app.app).await.unwrap().messages
}

/// So that the clock does not seem to have jumped: the job runs every hour in earnest.
pub(crate) async fn wait_days(app: &TestApp, days: u32) -> u64 {
    let mut erased = 0;
    for _ in 0..days * 2 {
        app.advance(Duration::from_secs(12 * 3_600));
        erased += round(app).await;
    }
    erased
}

/// After weeks a session has ended.
async fn sign_in(client: &Client, login: &str) {
    client.post("/api/session", &json!({"login": login, "password": PASSWORD})).await.expect(200);
}

async fn texts(client: &Client, conversation: &str) -> Vec<String> {
    let history = client.get(&format!("/api/conversations/{conversation}/messages")).await.expect(200);
    let text = |message: &Value| message["text"].as_str().unwrap_or("-").to_owned();
    history["messages"].as_array().unwrap().iter().map(text).collect()
}

async fn hold(officer: &Client, target: Value, until: Option<i64>) -> String {
    let mut body = json!({"reason": "inquiry", "owner_id": officer.id().await, "until": until});
    body.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
    officer.post("/api/archive/holds", &body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

both! {
    async fn an_admin_says_how_long_messages_are_kept(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        let path = "/api/admin/chat-retention";
        assert_eq!(officer.get(path).await.expect(200), json!({"version": 0, "retention_days": null, "rules": []}), "for ever");
        let rules = json!([
            {"name": "Brokers", "match": {"type": "role", "role": "manager"}, "retention_days": 1_827},
            {"name": "Deal", "match": {"type": "conversation", "conversation_id": conversation}, "retention_days": null},
        ]);
        let set = json!({"version": 0, "retention_days": 184, "rules": rules});
        let kept = admin.put(path, &set).await.expect(200);
        assert_eq!((&kept["version"], &kept["rules"]), (&json!(1), &rules));
        assert_eq!(admin.put(path, &set).await.refused(409), "policy_changed");
        assert_eq!(officer.put(path, &set).await.refused(403), "forbidden");
        assert_eq!(anna.get(path).await.refused(403), "forbidden");
        let stranger = json!({"name": "x", "match": {"type": "user", "user_id": MessageId::new()}, "retention_days": 1});
        for (draft, code) in [
            (json!({"retention_days": 0}), "bad_retention"),
            (json!({"rules": [stranger]}), "no_such_user"),
            (json!({"rules": [{"name": " ", "match": {"type": "everybody"}, "retention_days": 1}]}), "bad_rule_name"),
        ] {
            assert_eq!(admin.put(path, &draft).await.refused(422), code);
        }
        let entry = audit_entry(&admin, "chat_retention_changed").await;
        assert_eq!((&entry["before"]["version"], &entry["after"]["retention_days"]), (&json!(0), &json!(184)));
    }
}

both! {
    /// Text, earlier versions, deleted ones, files, the search, quotes, drafts and the events of those who were away: nothing is left.
    async fn what_is_over_is_erased_with_all_that_hung_on_it(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        keep_for(&admin, Some(3)).await;
        round(&app).await;
        let path = format!("/api/conversations/{conversation}/messages");
        let edited = anna.say(&conversation, "zanzibar one").await;
        anna.patch(&format!("/api/messages/{}", edited["id"].as_str().unwrap()), &json!({"text": "zanzibar two @boris"})).await.expect(200);
        let file = anna.upload("zanzibar.bin", b"zanzibar bytes").await;
        let body = json!({"client_key": new_key(), "text": "zanzibar file", "attachment_ids": [file]});
        let deleted = anna.post(&path, &body).await.expect(201);
        anna.delete(&format!("/api/messages/{}", deleted["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(wait_days(&app, 3).await, 0, "not before its time");
        // What comes later quotes it.
        let reply = json!({"client_key": new_key(), "text": "reply", "reply_to": edited["id"]});
        boris.post(&path, &reply).await.expect(201);
        let draft = json!({"text": "draft", "reply_to": edited["id"]});
        boris.put(&format!("/api/conversations/{conversation}/draft"), &draft).await.expect(204);
        let mut socket = boris.connect().await;
        assert_eq!(wait_days(&app, 1).await, 2);
        let event = socket.event().await;
        assert_eq!((&event["type"], &event["conversation_id"], &event["up_to"]), (&json!("messages_erased"), &json!(conversation), &deleted["seq"]));

        assert_eq!(texts(&anna, &conversation).await, ["reply"]);
        let listed = boris.get("/api/conversations").await.expect(200);
        assert_eq!((&listed[0]["last_message"]["reply_to"], &listed[0]["draft"]["reply_to"]), (&Value::Null, &Value::Null));
        assert_eq!(anna.get("/api/search/messages?q=zanzibar").await.expect(200)["hits"], json!([]));
        let store = app.app.files.blobs();
        let key = staffline::files::blobs::Key::Attachment(file.parse().unwrap());
        assert!(store.read(key).await.unwrap().is_none(), "its bytes are gone");
        let told = boris.get("/api/events?after=0").await.expect(200);
        assert!(told["events"].as_array().unwrap().len() > 3 && !told.to_string().contains("zanzibar"), "{told}");
        for table in ["messages", "message_versions", "attachments", "mentions", "drafts", "events"] {
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!("select count(*) as n from {table} t"))).fetch_one(app.app.db.read()).await.unwrap();
            let expected = match table { "messages" | "drafts" => 1, "events" => i64::MAX, _ => 0 };
            assert!(rows.get::<i64, _>("n") <= expected, "{table}");
        }
        if let Database::Sqlite(file) = &app.app.config.database {
            sqlx::query("pragma wal_checkpoint(truncate)").fetch_all(app.app.db.read()).await.unwrap();
            let bytes = fs::read(file).unwrap();
            assert!(!bytes.windows(8).any(|part| part.eq_ignore_ascii_case(b"zanzibar")), "not even in a free page");
        }
        let entry = audit_entry(&admin, "messages_erased").await;
        assert_eq!((&entry["messages"], &entry["files"], &entry["up_to"]), (&json!(2), &json!(1), &deleted["seq"]));
        assert_eq!(round(&app).await, 0, "once");
        anna.say(&conversation, "and on").await;
        assert_eq!(texts(&boris, &conversation).await, ["reply", "and on"]);
    }
}

both! {
    async fn the_rule_that_keeps_longest_holds_for_a_conversation(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let carla = app.user(&admin, "carla", "manager").await;
        let group = anna.post("/api/groups", &json!({"name": "g", "user_ids": [carla.id().await]})).await.expect(201);
        let group = group["id"].as_str().unwrap().to_owned();
        anna.say(&group, "with a manager").await;
        anna.say(&conversation, "without").await;
        // Who was in it counts as well: their words are there.
        carla.delete(&format!("/api/conversations/{group}/members/{}", carla.id().await)).await.expect(204);
        let rule = json!({"name": "Managers", "match": {"type": "role", "role": "manager"}, "retention_days": 9});
        admin.put("/api/admin/chat-retention", &json!({"retention_days": 1, "rules": [rule]})).await.expect(200);
        round(&app).await;
        assert_eq!(wait_days(&app, 3).await, 1);
        assert_eq!((texts(&boris, &conversation).await.len(), texts(&anna, &group).await.len()), (0, 3));
        assert_eq!(wait_days(&app, 7).await, 3, "notices are messages");
        // Nothing is there to be listed by; the conversation is, and goes on.
        boris.say(&conversation, "again").await;
        assert_eq!(texts(&anna, &conversation).await, ["again"]);
    }
}

both! {
    async fn nothing_is_erased_while_a_hold_lasts(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        let group = anna.post("/api/groups", &json!({"name": "g", "user_ids": [boris.id().await]})).await.expect(201);
        let group = group["id"].as_str().unwrap().to_owned();
        anna.say(&conversation, "two").await;
        boris.say(&group, "three").await;
        // They are held in what they have left, too.
        boris.delete(&format!("/api/conversations/{group}/members/{}", boris.id().await)).await.expect(204);
        let on_conversation = hold(&officer, json!({"conversation_id": conversation}), None).await;
        let until = app.app.clock.now().0 + 10 * 86_400_000;
        hold(&officer, json!({"user_id": boris.id().await}), Some(until)).await;
        keep_for(&admin, Some(1)).await;
        round(&app).await;
        assert_eq!(wait_days(&app, 5).await, 0);
        let release = format!("/api/archive/holds/{on_conversation}/release");
        officer.post(&release, &json!({})).await.expect(204);
        assert_eq!(officer.post(&release, &json!({})).await.refused(404), "not_found");
        assert_eq!(wait_days(&app, 1).await, 0, "one of them is held by the person");
        assert!(app.app.clock.now().0 < until);
        assert_eq!(wait_days(&app, 5).await, 4, "it has ended: a text, and in the group a text and two notices");
        assert_eq!(audit_entry(&admin, "conversation_hold_released").await["hold_id"], json!(on_conversation));
        assert_eq!(audit_entry(&admin, "conversation_held").await["user_id"], json!(boris.id().await));
        let held = officer.get("/api/archive/holds").await.expect(200);
        assert_eq!((&held[1]["messages"], &held[1]["released_by"]), (&json!(1), &json!(officer.id().await)));
        let me = officer.id().await;
        for (body, code) in [
            (json!({"reason": "x", "owner_id": me}), "bad_hold"),
            (json!({"reason": "x", "owner_id": me, "user_id": me, "conversation_id": conversation}), "bad_hold"),
            (json!({"reason": " ", "owner_id": me, "user_id": me}), "bad_reason"),
            (json!({"reason": "x", "owner_id": MessageId::new(), "user_id": me}), "no_such_user"),
            (json!({"reason": "x", "owner_id": me, "user_id": me, "until": 1}), "bad_until"),
        ] {
            assert_eq!(officer.post("/api/archive/holds", &body).await.refused(422), code);
        }
        let nothing = json!({"reason": "x", "owner_id": me, "conversation_id": MessageId::new()});
        assert_eq!(officer.post("/api/archive/holds", &nothing).await.refused(404), "not_found");
    }
}

both! {
    /// K1, as for recordings: one clock, one confirmation.
    async fn a_clock_that_jumps_erases_no_message(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        keep_for(&admin, Some(30)).await;
        anna.say(&conversation, "kept").await;
        round(&app).await;
        app.advance(Duration::from_secs(400 * 86_400));
        assert_eq!(round(&app).await, 0);
        app.advance(Duration::from_secs(3_600));
        assert_eq!(round(&app).await, 0, "it stays frozen");
        sign_in(&admin, "admin").await;
        let standing = admin.get("/api/admin/retention").await.expect(200);
        assert_eq!((standing["frozen"].is_object(), &standing["due_conversations"]), (true, &json!(1)));
        admin.post("/api/admin/retention/confirm", &json!({})).await.expect(204);
        assert_eq!(round(&app).await, 1);
    }
}

/// So many conversations of two, each with two old messages.
async fn conversations(app: &TestApp, anna: UserId, count: usize) -> Vec<ConversationId> {
    let ids: Vec<_> = (0..count).map(|_| ConversationId::new()).collect();
    let mut tx = app.app.db.begin().await.unwrap();
    for (n, id) in (1_i64..).zip(&ids) {
        let sql = "insert into conversations (id, kind, name, created_at) values ($1, 'group', 'race', 0)";
        sqlx::query(sql).bind(id.to_string()).execute(&mut *tx).await.unwrap();
        let sql = "insert into members (conversation_id, user_id, joined_at) values ($1, $2, 0)";
        sqlx::query(sql).bind(id.to_string()).bind(anna.to_string()).execute(&mut *tx).await.unwrap();
        for half in 0..2 {
            let sql = "insert into messages (id, conversation_id, seq, sender_id, client_key, kind, text, created_at) \
                values ($1, $2, $3, $4, $5, 'text', 'raced', 0)";
            let (message, key) = (MessageId::new().to_string(), format!("race-{n}-{half}"));
            let query = sqlx::query(sql).bind(message).bind(id.to_string()).bind(1_000_000 + 2 * n + half).bind(anna.to_string());
            query.bind(key).execute(&mut *tx).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    ids
}

#[derive(Debug, Default)]
struct Won {
    by_hold: u32,
    by_erase: u32,
}

/// Turns of the runtime that one waits for the other. The loser gets more of them until it wins, so races stay as close as the machine lets them.
#[derive(Debug, Default)]
struct HeadStart {
    for_hold: u32,
    for_erase: u32,
}

impl HeadStart {
    fn help_loser(&mut self, hold_won: bool) {
        let (winner, loser) =
            if hold_won { (&mut self.for_hold, &mut self.for_erase) } else { (&mut self.for_erase, &mut self.for_hold) };
        if *winner > 0 { *winner /= 2 } else { *loser = (*loser * 2).max(1) }
    }
}

async fn after<T>(turns: u32, then: impl Future<Output = T>) -> T {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    then.await
}

both! {
    /// R12 for messages: however a hold and the end of retention cross, what the hold has counted is there.
    async fn a_hold_and_retention_never_both_have_it(app: TestApp) {
        let (admin, anna, ..) = app.office().await;
        let anna = anna.id().await.parse().unwrap();
        let raced = conversations(&app, anna, 1_000).await;
        keep_for(&admin, Some(1)).await;
        let lanes = raced.chunks(125).map(|lane| {
            let (app, lane) = (app.app.clone(), lane.to_vec());
            async move {
                let (mut won, mut start) = (Won::default(), HeadStart::default());
                for id in lane {
                    let new = NewHold { target: Target::Conversation(id), reason: "race".to_owned(), owner_id: anna, until: None };
                    let place = after(start.for_erase, holds::place(&app, new, anna));
                    let erase = after(start.for_hold, retention::erase(&app, id));
                    let (hold, gone) = tokio::join!(place, erase);
                    let (counted, gone) = (hold.unwrap().messages, gone.unwrap());
                    assert_eq!(counted + gone, 2, "{id}: what the hold counted, it keeps");
                    let sql = "select count(*) as n from messages where conversation_id = $1";
                    let row = sqlx::query(sql).bind(id.to_string()).fetch_one(app.db.read()).await.unwrap();
                    assert_eq!(u64::try_from(row.get::<i64, _>("n")).unwrap(), counted, "{id}");
                    start.help_loser(counted > 0);
                    if counted > 0 { won.by_hold += 1 } else { won.by_erase += 1 }
                }
                won
            }
        });
        for won in futures_util::future::join_all(lanes).await {
            assert!(won.by_hold > 5 && won.by_erase > 5, "a race that one always wins is none: {won:?}");
        }
        assert_eq!(round(&app).await, 0, "the others are held or gone");
    }
}
