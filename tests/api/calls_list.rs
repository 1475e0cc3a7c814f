//! One's own calls, newest first; and what a crash leaves of them.

use std::time::Duration;

use serde_json::{Value, json};
use staffline::{
    app::{App, Tuning},
    calls::{Outcome, history, store},
    clock::Clock,
};

use crate::{
    calls::{Ringing, ask, ended, start, state, state_where},
    harness::{Client, PATIENCE, TestApp, both},
};

async fn list(client: &Client, query: &str) -> (Vec<Value>, bool) {
    let mut page = client.get(&format!("/api/calls{query}")).await.expect(200);
    (page["calls"].as_array_mut().unwrap().drain(..).collect(), page["more"].as_bool().unwrap())
}

fn outcomes(calls: &[Value]) -> Vec<&str> {
    calls.iter().map(|call| call["outcome"].as_str().unwrap()).collect()
}

/// Anna calls Boris five times; the list is read when all of it is written.
async fn five_calls(app: &TestApp) -> Ringing {
    let mut calls = Ringing::start(app).await;
    ask(&mut calls.hers, "call_hang_up", &calls.call).await;
    calls.hers.event().await;
    for (by_him, frame) in [(true, "call_decline"), (false, "call_hang_up"), (true, "call_accept"), (false, "call_hang_up")] {
        app.advance(Duration::from_secs(1));
        start(&mut calls.hers, &calls.boris, "audio").await;
        let call = state_where(&mut calls.hers, |call| call["phase"] == "ringing").await["id"].as_str().unwrap().to_owned();
        ask(if by_him { &mut calls.his } else { &mut calls.hers }, frame, &call).await;
        if frame == "call_accept" {
            state_where(&mut calls.hers, |call| call["phase"] == "answered").await;
            ask(&mut calls.hers, "call_hang_up", &call).await;
        }
        ended(&mut calls.hers).await;
        calls.hers.event().await;
    }
    calls
}

both! {
    async fn ones_own_calls_come_newest_first_a_page_at_a_time(app: TestApp) {
        let calls = five_calls(&app).await;
        let (all, more) = list(&calls.anna, "").await;
        assert!(!more);
        assert_eq!(outcomes(&all), ["cancelled", "completed", "cancelled", "declined", "cancelled"]);
        let completed = &all[1];
        assert_eq!(completed["conversation_id"], json!(calls.conversation));
        assert_eq!((&completed["path"], &completed["path_rule"], &completed["kind"]), (&json!("direct"), &json!("default"), &json!("audio")));
        assert_eq!(completed["caller_id"], json!(calls.anna.id().await));
        assert_eq!((&all[0]["path"], &all[0]["answered_at"]), (&json!(null), &json!(null)));
        assert_eq!(list(&calls.boris, "").await.0, all, "the same for the other side");
        assert_eq!(list(&calls.admin, "").await, (Vec::new(), false), "and nobody else's");

        let (first, more) = list(&calls.anna, "?limit=2").await;
        assert_eq!((first.as_slice(), more), (&all[..2], true));
        let (rest, more) = list(&calls.anna, &format!("?limit=3&before={}", first[1]["id"].as_str().unwrap())).await;
        assert_eq!((rest.as_slice(), more), (&all[2..], false));
        assert_eq!(list(&calls.anna, "?limit=0").await.0.len(), 1, "the least is one");
        assert_eq!(calls.anna.get("/api/calls?before=yesterday").await.refused(400), "bad_query");
    }
}

both! {
    async fn missed_are_those_that_one_did_not_get_to_answer(app: TestApp) {
        let calls = five_calls(&app).await;
        let (missed, more) = list(&calls.boris, "?missed=true").await;
        assert_eq!((outcomes(&missed), more), (vec!["cancelled"; 3], false));
        assert_eq!(list(&calls.anna, "?missed=true").await, (Vec::new(), false), "one does not miss one's own");
        let page = format!("?missed=true&limit=1&before={}", missed[0]["id"].as_str().unwrap());
        assert_eq!(list(&calls.boris, &page).await, (vec![missed[1].clone()], true));
    }
}

both! {
    /// S3: what is kept of a call while it lives becomes its one entry at the next start, and a call that ended in order leaves nothing.
    async fn a_call_that_a_crash_cut_off_is_in_history_once(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let started = app.app.clock.now();
        app.advance(Duration::from_secs(20));
        loop {
            let live = store::live(&app.app.db).await.unwrap();
            if live.len() == 1 && live[0].0.answered_at == Some(started) {
                break;
            }
            tokio::task::yield_now().await;
        }
        store::stay_alive(&app.app.db, app.app.clock.now()).await.unwrap();
        // Another process on the same database, as after a crash of this one.
        let second = App::open(app.app.config.clone(), Clock::System, Tuning::default()).await.unwrap();
        for _ in 0..2 {
            history::recover(&second).await.unwrap();
            let (calls, _) = list(&talk.anna, "").await;
            assert_eq!(outcomes(&calls), [Outcome::Lost.to_string()]);
            assert_eq!((&calls[0]["answered_at"], &calls[0]["ended_at"]), (&json!(started.0), &json!(started.0 + 20_000)));
        }
        assert_eq!(store::live(&second.db).await.unwrap(), []);
        second.shut_down(PATIENCE).await;
        // This one, which is still there after all, does not write it again.
        ask(&mut talk.hers, "call_hang_up", &talk.call).await;
        ended(&mut talk.hers).await;
        start(&mut talk.hers, &talk.boris, "audio").await;
        let call = state(&mut talk.hers).await["id"].as_str().unwrap().to_owned();
        ask(&mut talk.hers, "call_hang_up", &call).await;
        ended(&mut talk.hers).await;
        while list(&talk.anna, "").await.0.len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(outcomes(&list(&talk.anna, "").await.0), ["cancelled", "lost"]);
        assert_eq!(store::live(&app.app.db).await.unwrap(), [], "nothing lives any more");
    }
}
