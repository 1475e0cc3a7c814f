//! Two calls of one user: one that talks and one that waits or is on hold.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    calls::{CHROMIUM_OFFER, Ringing, ask, ended, refusal, signal, start, state, state_where},
    harness::{Device, TestApp, both},
};

/// Boris talks to Anna, and the admin's call waits for him.
async fn waiting(talk: &mut Ringing) -> (Device, String) {
    let mut third = talk.admin.connect().await;
    start(&mut third, &talk.boris, "audio").await;
    let outgoing = state(&mut third).await;
    assert_eq!((&outgoing["phase"], &outgoing["waiting"]), (&json!("ringing"), &json!(true)));
    (third, outgoing["id"].as_str().unwrap().to_owned())
}

fn is_answered(call: &Value) -> bool {
    call["phase"] == "answered"
}

async fn of(device: &mut Device, call: &str) -> Value {
    state_where(device, |shown| shown["id"] == call).await
}

/// The answer to a ping comes before any call would.
async fn assert_hears_of_no_call(device: &mut Device) {
    device.send(&json!({"type": "ping"})).await;
    loop {
        let frame = device.frame().await;
        assert_ne!(frame["type"], "call", "{frame}");
        if frame["type"] == "pong" {
            return;
        }
    }
}

both! {
    async fn a_second_call_waits_and_is_answered_beside_the_first(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let mut bystander = talk.boris.connect().await;
        let (mut third, second) = waiting(&mut talk).await;
        assert_eq!(of(&mut talk.his, &second).await["waiting"], true);
        assert_hears_of_no_call(&mut bystander).await;
        ask(&mut bystander, "call_accept", &second).await;
        assert_eq!(refusal(&mut bystander).await, "answered_elsewhere");
        let hold = json!({"type": "call_media", "call_id": talk.call, "microphone": true, "camera": false, "on_hold": true});
        talk.his.send(&hold).await;
        let held = of(&mut talk.hers, &talk.call).await;
        assert_eq!((&held["participants"][1]["on_hold"], &held["participants"][1]["screen"]), (&json!(true), &json!(false)));
        ask(&mut talk.his, "call_accept", &second).await;
        for device in [&mut third, &mut talk.his] {
            let answered = state_where(device, |call| call["id"] == second && is_answered(call)).await;
            assert_eq!((&answered["here"], &answered["waiting"]), (&json!(true), &json!(false)));
        }
        assert_eq!(app.app.calls.live_calls(), 2);
        let mut fourth = app.user(&talk.admin, "vera", "manager").await.connect().await;
        start(&mut fourth, &talk.boris, "audio").await;
        assert_eq!(ended(&mut fourth).await["outcome"], "busy");
        ask(&mut talk.his, "call_hang_up", &second).await;
        assert_eq!(ended(&mut third).await["outcome"], "completed");
        ask(&mut talk.hers, "call_hang_up", &talk.call).await;
        assert_eq!(ended(&mut talk.hers).await["outcome"], "completed");
        assert_eq!(app.app.calls.live_calls(), 0);
    }
}

both! {
    async fn a_waiting_call_rings_everywhere_once_the_first_is_over(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let mut bystander = talk.boris.connect().await;
        let (mut third, second) = waiting(&mut talk).await;
        ask(&mut talk.hers, "call_hang_up", &talk.call).await;
        let rings = of(&mut bystander, &second).await;
        assert_eq!((&rings["phase"], &rings["waiting"]), (&json!("ringing"), &json!(false)));
        ask(&mut bystander, "call_accept", &second).await;
        state_where(&mut third, is_answered).await;
    }
}

both! {
    async fn who_talks_may_dial_from_that_device(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let mut other = talk.anna.connect().await;
        start(&mut other, &talk.admin, "audio").await;
        assert_eq!(refusal(&mut other).await, "already_in_call");
        start(&mut talk.hers, &talk.boris, "audio").await;
        assert_eq!(refusal(&mut talk.hers).await, "already_in_call");
        start(&mut talk.hers, &talk.admin, "audio").await;
        let second = state(&mut talk.hers).await;
        assert_eq!((&second["phase"], &second["waiting"]), (&json!("ringing"), &json!(false)));
        start(&mut talk.hers, &talk.admin, "audio").await;
        assert_eq!(refusal(&mut talk.hers).await, "already_in_call", "two are enough");
    }
}

both! {
    /// A5: whoever is deactivated is out of the call at once, also out of the one on hold and the one that waits, with all media.
    async fn deactivation_ends_every_call_of_a_user(app: TestApp) {
        let admin = app.admin().await;
        admin.put("/api/admin/path-policy", &json!({"default": "media_node"})).await.expect(200);
        let (anna, boris) = (app.user(&admin, "anna", "employee").await, app.user(&admin, "boris", "employee").await);
        let vera = app.user(&admin, "vera", "employee").await;
        let (mut hers, mut his, mut third) = (anna.connect().await, boris.connect().await, vera.connect().await);
        for (device, hold) in [(&mut hers, true), (&mut third, false)] {
            start(device, &boris, "video").await;
            let call = state_where(&mut his, |call| call["phase"] == "ringing").await["id"].as_str().unwrap().to_owned();
            ask(&mut his, "call_accept", &call).await;
            for device in [device, &mut his] {
                state_where(device, |shown| shown["id"] == call && is_answered(shown)).await;
                signal(device, &call, &json!({"type": "offer", "sdp": CHROMIUM_OFFER.replace('\n', "\r\n")})).await;
                assert_eq!(device.frame_of("call_signal").await["signal"]["type"], "answer");
            }
            his.send(&json!({"type": "call_media", "call_id": call, "microphone": true, "camera": false, "on_hold": hold})).await;
        }
        let report = admin.get("/api/admin/media").await.expect(200);
        assert_eq!((&report["rooms"], &report["sessions"]), (&json!(2), &json!(4)));
        admin.patch(&format!("/api/users/{}", boris.id().await), &json!({"deactivated": true})).await.expect(200);
        for device in [&mut hers, &mut third] {
            assert_eq!(ended(device).await["outcome"], "completed");
        }
        assert_eq!(his.closed().await, 4401);
        assert_eq!(app.app.calls.live_calls(), 0);
        let report = admin.get("/api/admin/media").await.expect(200);
        assert_eq!((&report["rooms"], &report["sessions"]), (&json!(0), &json!(0)));
    }
}

both! {
    async fn deactivation_ends_a_call_that_waits_and_one_that_rings(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let (mut third, _) = waiting(&mut talk).await;
        let boris = format!("/api/users/{}", talk.boris.id().await);
        talk.admin.patch(&boris, &json!({"deactivated": true})).await.expect(200);
        assert_eq!(ended(&mut talk.hers).await["outcome"], "completed");
        assert_eq!(ended(&mut third).await["outcome"], "missed");
        assert_eq!(app.app.calls.live_calls(), 0);

        // Also one whose device is away, and one that nobody has answered yet.
        let vera = app.user(&talk.admin, "vera", "manager").await;
        start(&mut talk.hers, &vera, "audio").await;
        state_where(&mut talk.hers, |call| call["phase"] == "ringing").await;
        talk.admin.patch(&format!("/api/users/{}", vera.id().await), &json!({"deactivated": true})).await.expect(200);
        assert_eq!(ended(&mut talk.hers).await["outcome"], "missed");
        app.advance(Duration::from_secs(46));
        app.app.calls.run_due();
        assert_eq!(app.app.calls.live_calls(), 0);
    }
}
