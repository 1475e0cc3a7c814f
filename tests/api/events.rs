//! The event stream: order, replay, retention.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use staffline::events::{self, EventId};

use crate::harness::{Client, Device, TestApp, both, new_key};

/// Sends `count` messages from each client at once.
async fn chatter(clients: &[Client], conversation: &str, count: usize) {
    let senders = clients.iter().map(|client| {
        let (client, path) = (client.clone(), format!("/api/conversations/{conversation}/messages"));
        tokio::spawn(async move {
            for n in 0..count {
                client.post(&path, &json!({"client_key": new_key(), "text": n.to_string()})).await.expect(201);
            }
        })
    });
    for sender in futures_util::future::join_all(senders).await {
        sender.unwrap();
    }
}

async fn ids(device: &mut Device, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    while ids.len() < count {
        ids.push(device.event().await["id"].as_i64().unwrap());
    }
    ids
}

both! {
    async fn events_come_in_order_whoever_commits_first(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let mut socket = boris.connect().await;
        chatter(&[anna.clone(), anna.clone(), boris.clone(), boris.clone()], &conversation, 25).await;
        let seen = ids(&mut socket, 100).await;
        let first = seen[0];
        assert_eq!(seen, (first..first + 100).collect::<Vec<_>>(), "ascending, none left out, none twice");
        socket.assert_nothing_waits().await;
    }
}

both! {
    async fn one_who_comes_back_misses_nothing(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        let (mut socket, hello) = boris.resume(0).await;
        let start = hello["last_event_id"].as_i64().unwrap();
        let mut seen: Vec<i64> = ids(&mut socket, usize::try_from(start).unwrap()).await;
        // Breaks off and comes back again and again while others write.
        let writers = tokio::spawn({
            let (clients, conversation) = ([anna.clone(), anna.clone()], conversation.clone());
            async move { chatter(&clients, &conversation, 40).await }
        });
        let all = start + 80;
        while *seen.last().unwrap() < all {
            drop(socket);
            (socket, _) = boris.resume(*seen.last().unwrap()).await;
            let batch = usize::try_from((all - seen.last().unwrap()).min(7)).unwrap();
            seen.extend(ids(&mut socket, batch).await);
        }
        writers.await.unwrap();
        assert_eq!(seen, (1..=all).collect::<Vec<_>>());
        socket.assert_nothing_waits().await;
    }
}

/// Changes a conversation in every way there is, and a group that is made for it, which comes back. The last message says `I see it`.
async fn change_everything(anna: &Client, boris: &Client, conversation: &str, vera: &str) -> String {
    let of = |what: &str| format!("/api/conversations/{conversation}/{what}");
    let sent = boris.say(conversation, "@anna, look").await;
    let reply = json!({"client_key": new_key(), "text": "where", "reply_to": sent["id"]});
    let own = anna.post(&of("messages"), &reply).await.expect(201);
    let message = |message: &Value| format!("/api/messages/{}", message["id"].as_str().unwrap());
    boris.patch(&message(&sent), &json!({"text": "here"})).await.expect(200);
    boris.put(&of("read"), &json!({"seq": own["seq"]})).await.expect(204);
    anna.put(&of("draft"), &json!({"text": "I see"})).await.expect(204);
    anna.put(&of("muted"), &json!({"muted": true})).await.expect(204);
    anna.put(&of("muted"), &json!({"muted": false})).await.expect(204);
    let group = boris.post("/api/groups", &json!({"name": "g", "user_ids": [anna.id().await]})).await.expect(201);
    let group = format!("/api/conversations/{}", group["id"].as_str().unwrap());
    anna.post(&format!("{group}/members"), &json!({"user_ids": [vera]})).await.expect(200);
    anna.patch(&group, &json!({"name": "h"})).await.expect(200);
    boris.delete(&format!("{group}/members/{vera}")).await.expect(204);
    boris.delete(&message(&sent)).await.expect(200);
    anna.post(&of("messages"), &json!({"client_key": new_key(), "text": "I see it"})).await.expect(201);
    group
}

async fn until(device: &mut Device, text: &str) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event = device.event().await;
        let last = event["message"]["text"] == text;
        events.push(event);
        if last {
            return events;
        }
    }
}

both! {
    async fn a_gap_with_every_kind_of_change_is_replayed_as_it_was_told(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        let vera = app.user(&admin, "vera", "employee").await.id().await;
        let mut witness = anna.connect().await;
        let group = change_everything(&anna, &boris, &conversation, &vera).await;
        let mut told = until(&mut witness, "I see it").await;
        boris.delete(&format!("{group}/members/{}", anna.id().await)).await.expect(204);
        boris.say(&conversation, "end").await;
        told.extend(until(&mut witness, "end").await);
        let ids: Vec<_> = told.iter().map(|event| event["id"].as_i64().unwrap()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        let kinds: BTreeSet<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds.len(), 8, "all but those of users: {kinds:?}");
        // Of the group that she has left, only the leaving is still told.
        let left = told.iter().find(|event| event["type"] == "conversation_left").unwrap()["conversation_id"].clone();
        let still = |event: &&Value| {
            event["conversation"]["id"] != left && event["message"]["conversation_id"] != left
        };
        for after in ids {
            let expected: Vec<_> = told.iter().filter(|event| event["id"].as_i64() > Some(after)).filter(still).cloned().collect();
            let page = anna.get(&format!("/api/events?after={after}&limit=500")).await.expect(200);
            assert_eq!(page["events"], json!(expected), "fetched after {after}");
            let (mut device, _) = anna.resume(after).await;
            if !expected.is_empty() {
                assert_eq!(until(&mut device, "end").await, expected, "resumed after {after}");
            }
            device.assert_no_event_waits().await;
        }
    }
}

both! {
    async fn the_stream_can_be_fetched_in_pages(app: TestApp) {
        let (admin, anna, boris, conversation) = app.office().await;
        chatter(std::slice::from_ref(&anna), &conversation, 5).await;
        let fetch = |client: &Client, after: i64, limit: u32| {
            let client = client.clone();
            async move { client.get(&format!("/api/events?after={after}&limit={limit}")).await.expect(200) }
        };
        let whole = fetch(&boris, 0, 500).await;
        assert_eq!((&whole["more"], &whole["reset"]), (&json!(false), &json!(false)));
        let (mut paged, mut after) = (Vec::new(), 0);
        loop {
            let page = fetch(&boris, after, 2).await;
            paged.extend(page["events"].as_array().unwrap().clone());
            after = page["last_event_id"].as_i64().unwrap();
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(Value::Array(paged), whole["events"]);
        assert_eq!(after, whole["last_event_id"].as_i64().unwrap());
        // The admin is no member: sees the users, not what they write.
        let kinds = |page: &Value| -> BTreeSet<String> {
            page["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(kinds(&fetch(&admin, 0, 500).await), BTreeSet::from(["user_changed".to_owned()]));
        assert!(kinds(&whole).contains("message_created"));
        assert_eq!(boris.get("/api/events").await.refused(400), "bad_query");
    }
}

both! {
    async fn a_socket_replays_what_a_fetch_gives(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        chatter(&[anna], &conversation, 3).await;
        let page = boris.get("/api/events?after=0").await.expect(200);
        let (mut socket, hello) = boris.resume(0).await;
        assert_eq!(hello["last_event_id"], page["last_event_id"]);
        for event in page["events"].as_array().unwrap() {
            assert_eq!(socket.event().await, *event);
        }
    }
}

both! {
    async fn what_is_no_longer_kept_is_told(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        chatter(std::slice::from_ref(&anna), &conversation, 3).await;
        app.advance(events::RETENTION + Duration::from_secs(1));
        let fresh = anna.say(&conversation, "fresh").await["seq"].as_i64().unwrap();
        let before = app.app.clock.now().minus(events::RETENTION);
        let deleted = events::store::delete_older(&app.app.db, before).await.unwrap();
        assert_eq!(deleted, u64::try_from(fresh - 1).unwrap(), "all but the fresh one");
        for (after, reset) in [(fresh - 2, true), (0, true), (fresh + 1, true), (fresh - 1, false), (fresh, false)] {
            let page = boris.get(&format!("/api/events?after={after}")).await.expect(200);
            assert_eq!((page["reset"].as_bool(), page["last_event_id"].as_i64()), (Some(reset), Some(fresh)), "after {after}");
            let (_, hello) = boris.resume(after).await;
            assert_eq!((hello["reset"].as_bool(), hello["last_event_id"].as_i64()), (Some(reset), Some(fresh)), "after {after}");
        }
        // Deleting again, with nothing fresh, keeps the newest: it tells where the kept part begins.
        app.advance(events::RETENTION * 2);
        events::store::delete_older(&app.app.db, app.app.clock.now().minus(events::RETENTION)).await.unwrap();
        let bounds = events::store::bounds(&app.app.db).await.unwrap();
        assert_eq!((bounds.first_kept, bounds.last), (EventId(fresh), EventId(fresh)));
        // The messages themselves stay.
        let history = boris.get(&format!("/api/conversations/{conversation}/messages")).await.expect(200);
        assert_eq!(history["messages"].as_array().unwrap().len(), 4);
    }
}

both! {
    async fn what_another_process_wrote_is_published_too(app: TestApp) {
        let admin = app.admin().await;
        let mut socket = admin.connect().await;
        // As `staffline demo` does it beside a running server: nobody here is woken.
        let mut tx = app.app.db.begin().await.unwrap();
        let user = serde_json::from_value(admin.get("/api/session").await.expect(200)["user"].take()).unwrap();
        let event = events::Event::UserChanged { user };
        events::append(&mut tx, events::Audience::Everybody, &event, app.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(socket.event().await["type"], "user_changed");
    }
}
