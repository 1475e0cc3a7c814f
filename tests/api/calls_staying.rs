//! Staying in a call: a reload, a closed page, a silent line, another path.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    calls::{CHROMIUM_OFFER, Ringing, ask, ended, refusal, signal, state, state_where},
    harness::{Device, Engine, Setup, TestApp, both, run_with, tuning},
};

fn there(user: usize) -> impl Fn(&Value) -> bool {
    move |call| call["participants"][user]["connected"] == true
}

fn away(user: usize) -> impl Fn(&Value) -> bool {
    move |call| call["participants"][user]["connected"] == false
}

async fn failed(device: &mut Device, call: &str, negotiation: u32) {
    device.send(&json!({"type": "call_media_failed", "call_id": call, "negotiation": negotiation})).await;
}

both! {
    async fn a_page_that_is_loaded_anew_returns_into_its_call(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        ask(&mut talk.his, "call_leave", &talk.call).await;
        state_where(&mut talk.hers, away(1)).await;
        let before = talk.his.id.clone();
        let mut again = talk.boris.connect().await;
        let accept = json!({"type": "call_accept", "call_id": talk.call, "previous_device_id": before, "anew": true});
        again.send(&accept).await;
        let taken = state_where(&mut again, |call| call["here"] == true).await;
        let hers = state_where(&mut talk.hers, there(1)).await;
        assert_eq!((&taken["negotiation"], &hers["negotiation"]), (&json!(2), &json!(2)));
        // The old socket says something once more: it has no part in the call.
        ask(&mut talk.his, "call_hang_up", &talk.call).await;
        assert_eq!(refusal(&mut talk.his).await, "answered_elsewhere");
        app.advance(Duration::from_secs(60));
        app.app.calls.run_due();
        assert_eq!(app.app.calls.live_calls(), 1);
    }
}

both! {
    /// S3: a closed tab is a hang-up after 10 s, with one entry in history.
    async fn a_closed_page_hangs_up(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        ask(&mut talk.his, "call_leave", &talk.call).await;
        drop(talk.his);
        state_where(&mut talk.hers, away(1)).await;
        app.advance(Duration::from_secs(10));
        app.app.calls.run_due();
        assert_eq!(ended(&mut talk.hers).await["outcome"], "completed");
        talk.hers.event().await;
        let list = talk.boris.get("/api/calls").await.expect(200);
        assert_eq!(list["calls"].as_array().unwrap().len(), 1);
    }
}

both! {
    async fn a_call_is_relayed_under_the_policy_auto_once_it_does_not_connect(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let policy = json!({"default": "auto", "rules": []});
        assert_eq!(admin.put("/api/admin/path-policy", &policy).await.expect(200), policy);
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        crate::calls::start(&mut hers, &boris, "video").await;
        let call = state(&mut his).await["id"].as_str().unwrap().to_owned();
        failed(&mut hers, &call, 0).await;
        assert_eq!(refusal(&mut hers).await, "not_answered");
        ask(&mut his, "call_accept", &call).await;
        let direct = state_where(&mut hers, |call| call["phase"] == "answered").await;
        assert_eq!((&direct["path"], &direct["may_move"], &direct["moved_from"]), (&json!("direct"), &json!(true), &json!(null)));
        failed(&mut hers, &call, 1).await;
        for (device, offers) in [(&mut hers, true), (&mut his, false)] {
            let moved = state_where(device, |call| call["path"] == "relayed").await;
            assert_eq!((&moved["moved_from"], &moved["may_move"]), (&json!("direct"), &json!(false)));
            assert_eq!((&moved["negotiation"], &moved["offerer"]), (&json!(2), &json!(offers)));
            let server = &moved["ice_servers"][0];
            assert_eq!(server["urls"][0], format!("turn:127.0.0.1:{}?transport=udp", app.address.port()));
            assert!(server["username"].is_string() && server["credential"].is_string());
            failed(device, &call, 1).await;
        }
        signal(&mut hers, &call, &json!({"type": "offer", "sdp": CHROMIUM_OFFER.replace('\n', "\r\n")})).await;
        assert_eq!(his.frame_of("call_signal").await["signal"]["type"], "offer");
        ask(&mut his, "call_hang_up", &call).await;
        ended(&mut hers).await;
        hers.event().await;
        let list = anna.get("/api/calls").await.expect(200);
        assert_eq!((&list["calls"][0]["path"], &list["calls"][0]["path_rule"]), (&json!("relayed"), &json!("default")));
    }
}

both! {
    async fn a_call_that_may_not_move_does_not(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        failed(&mut talk.his, &talk.call, 1).await;
        assert_eq!(refusal(&mut talk.his).await, "path_fixed");
        let mut stranger = talk.admin.connect().await;
        failed(&mut stranger, &talk.call, 1).await;
        assert_eq!(refusal(&mut stranger).await, "no_such_call");
        talk.hers.assert_no_event_waits().await;
    }
}

/// M5: a device whose line is dead is shown as away long before its socket is given up, and is back with its next sign of life.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_device_is_away_until_it_speaks() {
    let tuning =
        staffline::app::Tuning { silent_after: Duration::from_millis(500), ping_every: Duration::from_millis(50), ..tuning() };
    run_with(Engine::Sqlite, Setup { tuning, ..Setup::default() }, |app| async move {
        let mut talk = Ringing::answered(&app).await;
        // Reading is what answers the server's pings: she reads, he does not.
        state_where(&mut talk.hers, away(1)).await;
        talk.his.assert_open().await;
        let back = state_where(&mut talk.hers, there(1)).await;
        assert_eq!(back["negotiation"], 1, "nothing is set up anew");
        state_where(&mut talk.hers, away(1)).await;
        app.advance(Duration::from_secs(30));
        app.app.calls.run_due();
        assert_eq!(ended(&mut talk.hers).await["outcome"], "lost");
    })
    .await;
}
