//! Calls over the WebSocket: ringing, answering, who may signal whom, the path, and the one history entry.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Row;

use crate::harness::{Client, Device, PATIENCE, TestApp, both, new_key};

/// What Chromium offers to a node; the media crate keeps it for its own tests.
pub(crate) const CHROMIUM_OFFER: &str = include_str!("../../media/src/sdp/testdata/chromium-offer.sdp");

/// Anna and Boris with a device each, and a call from her that rings at his.
pub(crate) struct Ringing {
    pub(crate) admin: Client,
    pub(crate) anna: Client,
    pub(crate) boris: Client,
    pub(crate) conversation: String,
    pub(crate) hers: Device,
    pub(crate) his: Device,
    pub(crate) call: String,
}

impl Ringing {
    pub(crate) async fn start(app: &TestApp) -> Self {
        let (admin, anna, boris, conversation) = app.office().await;
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        start(&mut hers, &boris, "video").await;
        let outgoing = state(&mut hers).await;
        assert_eq!((&outgoing["phase"], &outgoing["here"]), (&json!("ringing"), &json!(true)));
        let call = outgoing["id"].as_str().unwrap().to_owned();
        let incoming = state(&mut his).await;
        assert_eq!((&incoming["id"], &incoming["here"]), (&json!(call), &json!(false)));
        Self { admin, anna, boris, conversation, hers, his, call }
    }

    pub(crate) async fn answered(app: &TestApp) -> Self {
        let mut ringing = Self::start(app).await;
        ask(&mut ringing.his, "call_accept", &ringing.call).await;
        for device in [&mut ringing.hers, &mut ringing.his] {
            let answered = state(device).await;
            assert_eq!((&answered["phase"], &answered["here"]), (&json!("answered"), &json!(true)));
        }
        ringing
    }

    /// The outcomes that the history of both has, after the entry has come to both.
    pub(crate) async fn history(&mut self) -> Vec<String> {
        self.hers.event().await;
        let page = |client: Client| {
            let path = format!("/api/conversations/{}/messages", self.conversation);
            async move { client.get(&path).await.expect(200)["messages"].take() }
        };
        let (hers, his) = (page(self.anna.copy()).await, page(self.boris.copy()).await);
        assert_eq!(hers, his);
        hers.as_array().unwrap().iter().map(|message| message["call"]["outcome"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) async fn start(device: &mut Device, callee: &Client, kind: &str) -> String {
    let (key, callee) = (new_key(), callee.id().await);
    device.send(&json!({"type": "call_start", "client_key": key, "callee_id": callee, "kind": kind})).await;
    key
}

pub(crate) async fn ask(device: &mut Device, kind: &str, call: &str) {
    device.send(&json!({"type": kind, "call_id": call})).await;
}

/// The next state of a call that a device is shown.
pub(crate) async fn state(device: &mut Device) -> Value {
    device.frame_of("call").await["call"].take()
}

/// The first state that is as it should be; those before it are dropped.
pub(crate) async fn state_where(device: &mut Device, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let call = state(device).await;
        if wanted(&call) {
            return call;
        }
    }
}

pub(crate) async fn ended(device: &mut Device) -> Value {
    loop {
        let call = state(device).await;
        if call["phase"] == "ended" {
            return call;
        }
    }
}

pub(crate) async fn signal(device: &mut Device, call: &str, signal: &Value) {
    device.send(&json!({"type": "call_signal", "call_id": call, "signal": signal})).await;
}

pub(crate) async fn refusal(device: &mut Device) -> String {
    device.frame_of("error").await["code"].as_str().unwrap().to_owned()
}

both! {
    /// A5: signed out, deactivated, or another password: a call does not outlive the session that it is held in.
    async fn a_call_ends_with_the_session_that_holds_it(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let boris = format!("/api/users/{}", talk.boris.id().await);
        let bystander = talk.boris.connect().await;
        talk.admin.patch(&boris, &json!({"deactivated": true})).await.expect(200);
        let call = ended(&mut talk.hers).await;
        assert_eq!((&call["id"], &call["outcome"]), (&json!(talk.call), &json!("completed")));
        assert_eq!((talk.his.closed().await, bystander.closed().await), (4401, 4401));
        assert_eq!(app.app.calls.live_calls(), 0);
    }
}

both! {
    async fn a_call_on_another_device_outlives_a_sign_out_here(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let laptop = app.client();
        laptop.post("/api/session", &json!({"login": "boris", "password": crate::harness::PASSWORD})).await.expect(200);
        let socket = laptop.connect().await;
        laptop.delete("/api/session").await.expect(204);
        assert_eq!(socket.closed().await, 4401);
        talk.his.assert_open().await;
        assert_eq!(app.app.calls.live_calls(), 1);
    }
}

both! {
    async fn a_call_rings_on_every_device_and_is_answered_on_one(app: TestApp) {
        let (_, anna, boris, _) = app.office().await;
        let (mut hers, mut desk, mut phone) = (anna.connect().await, boris.connect().await, boris.connect().await);
        start(&mut hers, &boris, "audio").await;
        let call = state(&mut desk).await["id"].as_str().unwrap().to_owned();
        assert_eq!(state(&mut phone).await["phase"], "ringing");
        ask(&mut phone, "call_accept", &call).await;
        let (at_phone, at_desk) = (state(&mut phone).await, state(&mut desk).await);
        assert_eq!((&at_phone["phase"], &at_phone["here"]), (&json!("answered"), &json!(true)));
        assert_eq!((&at_desk["phase"], &at_desk["here"]), (&json!("answered"), &json!(false)));
        assert_eq!((&at_phone["path"], &at_phone["path_rule"]), (&json!("direct"), &json!("default")));
        ask(&mut desk, "call_accept", &call).await;
        assert_eq!(refusal(&mut desk).await, "answered_elsewhere");
        assert_eq!(at_phone["ice_servers"][0]["urls"][0], format!("stun:127.0.0.1:{}", app.address.port()));
    }
}

both! {
    async fn a_device_that_comes_while_it_rings_rings(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        let mut tablet = ringing.boris.connect().await;
        assert_eq!(state(&mut tablet).await["phase"], "ringing");
        ask(&mut tablet, "call_accept", &ringing.call).await;
        assert_eq!(state(&mut tablet).await["here"], true);
        assert_eq!(state(&mut ringing.his).await["here"], false);
    }
}

both! {
    async fn signals_pass_between_the_two_devices_after_the_answer_only(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        let call = ringing.call.clone();
        let offer = json!({"type": "offer", "sdp": "v=0\r\n"});
        signal(&mut ringing.hers, &call, &offer).await;
        assert_eq!(refusal(&mut ringing.hers).await, "not_answered");
        signal(&mut ringing.his, &call, &json!({"type": "answer", "sdp": "v=0\r\n"})).await;
        assert_eq!(refusal(&mut ringing.his).await, "not_answered");
        ringing.hers.assert_nothing_waits().await;
        ask(&mut ringing.his, "call_accept", &call).await;
        assert_eq!(state(&mut ringing.his).await["phase"], "answered");
        signal(&mut ringing.hers, &call, &offer).await;
        assert_eq!(ringing.his.frame_of("call_signal").await["signal"], offer);
        let candidate = json!({"type": "candidate", "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host",
            "sdp_mid": "0", "sdp_m_line_index": 0, "username_fragment": null});
        signal(&mut ringing.his, &call, &candidate).await;
        assert_eq!(ringing.hers.frame_of("call_signal").await["signal"], candidate);
        signal(&mut ringing.hers, &call, &json!({"type": "offer", "sdp": "x".repeat(65_000)})).await;
        ringing.his.assert_nothing_waits().await;
    }
}

both! {
    async fn a_stranger_has_no_part_in_a_call(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        let stranger = app.user(&ringing.admin, "vera", "manager").await;
        let mut device = stranger.connect().await;
        for kind in ["call_accept", "call_decline", "call_hang_up"] {
            ask(&mut device, kind, &ringing.call).await;
            assert_eq!(refusal(&mut device).await, "no_such_call", "{kind}");
        }
        ask(&mut ringing.his, "call_accept", &ringing.call).await;
        assert_eq!(state(&mut ringing.his).await["phase"], "answered");
        signal(&mut device, &ringing.call, &json!({"type": "offer", "sdp": "v=0\r\n"})).await;
        assert_eq!(refusal(&mut device).await, "no_such_call");
        device.send(&json!({"type": "call_media", "call_id": ringing.call, "microphone": false, "camera": false})).await;
        assert_eq!(refusal(&mut device).await, "no_such_call");
    }
}

both! {
    async fn each_ending_leaves_one_entry_on_both_sides(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        ask(&mut ringing.his, "call_decline", &ringing.call).await;
        assert_eq!(ended(&mut ringing.hers).await["outcome"], "declined");
        assert_eq!(ringing.history().await, ["declined"]);

        start(&mut ringing.hers, &ringing.boris, "audio").await;
        let call = state(&mut ringing.hers).await["id"].as_str().unwrap().to_owned();
        ask(&mut ringing.hers, "call_hang_up", &call).await;
        // His device is still to be told of the end before.
        assert_eq!(ended(&mut ringing.his).await["outcome"], "declined");
        assert_eq!(ended(&mut ringing.his).await["outcome"], "cancelled");
        assert_eq!(ringing.history().await, ["declined", "cancelled"]);

        start(&mut ringing.hers, &ringing.boris, "audio").await;
        assert_eq!(state(&mut ringing.hers).await["phase"], "ringing");
        app.advance(Duration::from_secs(46));
        app.app.calls.run_due();
        assert_eq!(ended(&mut ringing.hers).await["outcome"], "missed");
        assert_eq!(ringing.history().await, ["declined", "cancelled", "missed"]);

        start(&mut ringing.hers, &ringing.boris, "audio").await;
        let call = state(&mut ringing.hers).await["id"].as_str().unwrap().to_owned();
        ask(&mut ringing.his, "call_accept", &call).await;
        assert_eq!(state(&mut ringing.hers).await["phase"], "answered");
        // Both at once: still one end.
        ask(&mut ringing.his, "call_hang_up", &call).await;
        ask(&mut ringing.hers, "call_hang_up", &call).await;
        assert_eq!(ended(&mut ringing.hers).await["outcome"], "completed");
        assert_eq!(ringing.history().await, ["declined", "cancelled", "missed", "completed"]);
        // What he has missed waits to be seen; what he has refused or talked through does not.
        for (client, unread) in [(&ringing.boris, 2), (&ringing.anna, 0)] {
            assert_eq!(client.get("/api/conversations").await.expect(200)[0]["unread"], unread);
        }
        assert_eq!(app.app.calls.live_calls(), 0);
    }
}

both! {
    async fn two_who_call_each_other_have_one_call(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        start(&mut ringing.his, &ringing.anna, "video").await;
        let answered = state(&mut ringing.his).await;
        assert_eq!((&answered["id"], &answered["phase"]), (&json!(ringing.call), &json!("answered")));
        assert_eq!(state(&mut ringing.hers).await["phase"], "answered");
        assert_eq!(app.app.calls.live_calls(), 1);
    }
}

both! {
    async fn a_lost_participant_has_thirty_seconds_to_come_back(app: TestApp) {
        let mut ringing = Ringing::answered(&app).await;
        let away = |call: &Value| call["participants"].as_array().unwrap().iter().any(|one| one["connected"] == false);
        drop(ringing.his);
        state_where(&mut ringing.hers, away).await;
        let mut again = ringing.boris.connect().await;
        ask(&mut again, "call_accept", &ringing.call).await;
        state_where(&mut again, |call| call["here"] == true).await;
        state_where(&mut ringing.hers, |call| !away(call)).await;
        drop(again);
        // From then on the thirty seconds count.
        state_where(&mut ringing.hers, away).await;
        app.advance(Duration::from_secs(31));
        app.app.calls.run_due();
        assert_eq!(ended(&mut ringing.hers).await["outcome"], "lost");
    }
}

both! {
    async fn who_cannot_be_called_is_not(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let mut hers = anna.connect().await;
        start(&mut hers, &anna, "audio").await;
        assert_eq!(refusal(&mut hers).await, "user_unavailable");
        let nobody = json!({"type": "call_start", "client_key": new_key(), "callee_id": "0198c0de-0000-7000-8000-000000000002", "kind": "audio"});
        hers.send(&nobody).await;
        assert_eq!(refusal(&mut hers).await, "user_unavailable");
        let boris_id = boris.id().await;
        admin.patch(&format!("/api/users/{boris_id}"), &json!({"deactivated": true})).await.expect(200);
        hers.send(&json!({"type": "call_start", "client_key": new_key(), "callee_id": boris_id, "kind": "audio"})).await;
        assert_eq!(refusal(&mut hers).await, "user_unavailable");
    }
}

both! {
    async fn the_same_key_is_the_same_call(app: TestApp) {
        let (_, anna, boris, _) = app.office().await;
        let mut hers = anna.connect().await;
        let key = start(&mut hers, &boris, "audio").await;
        let call = state(&mut hers).await["id"].clone();
        hers.send(&json!({"type": "call_start", "client_key": key, "callee_id": boris.id().await, "kind": "audio"})).await;
        assert_eq!(state(&mut hers).await["id"], call);
        start(&mut hers, &boris, "audio").await;
        assert_eq!(refusal(&mut hers).await, "already_in_call");
    }
}

both! {
    async fn on_the_media_node_each_device_gets_its_answer_from_our_port(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let policy = json!({"default": "media_node", "rules": []});
        assert_eq!(admin.put("/api/admin/path-policy", &policy).await.expect(200), policy);
        assert_eq!(admin.get("/api/admin/path-policy").await.expect(200), policy);
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        start(&mut hers, &boris, "video").await;
        let call = state(&mut his).await["id"].as_str().unwrap().to_owned();
        ask(&mut his, "call_accept", &call).await;
        for device in [&mut hers, &mut his] {
            let answered = loop {
                let call = state(device).await;
                if call["phase"] == "answered" {
                    break call;
                }
            };
            assert_eq!((&answered["path"], &answered["offerer"]), (&json!("media_node"), &json!(true)));
            // Garbage is refused, and the call lives.
            signal(device, &call, &json!({"type": "offer", "sdp": "\u{0} no SDP"})).await;
            assert!(["bad_signal", "media_node_refused"].contains(&refusal(device).await.as_str()));
            signal(device, &call, &json!({"type": "offer", "sdp": CHROMIUM_OFFER.replace('\n', "\r\n")})).await;
            let answer = device.frame_of("call_signal").await["signal"].take();
            assert_eq!(answer["type"], "answer");
            let sdp = answer["sdp"].as_str().unwrap();
            assert!(sdp.contains(&format!("127.0.0.1 {} typ host", app.address.port())), "{sdp}");
        }
        let report = admin.get("/api/admin/media").await.expect(200);
        assert_eq!((&report["rooms"], &report["sessions"]), (&json!(1), &json!(2)));
        ask(&mut hers, "call_hang_up", &call).await;
        ended(&mut his).await;
        let report = admin.get("/api/admin/media").await.expect(200);
        assert_eq!((&report["rooms"], &report["sessions"]), (&json!(0), &json!(0)));
    }
}

both! {
    async fn the_path_policy_survives_a_restart_and_refuses_nonsense(app: TestApp) {
        let admin = app.admin().await;
        assert_eq!(admin.put("/api/admin/path-policy", &json!({"default": "carrier pigeon"})).await.refused(422), "invalid_body");
        admin.put("/api/admin/path-policy", &json!({"default": "media_node"})).await.expect(200);
        let kept = staffline::calls::store::policy(&app.app.db).await.unwrap();
        assert_eq!(kept.default, staffline::calls::policy::Policy::MediaNode);
    }
}

both! {
    async fn a_busy_callee_is_not_disturbed_and_finds_it_in_history(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        let mut third = ringing.admin.connect().await;
        start(&mut third, &ringing.boris, "audio").await;
        let busy = state(&mut third).await;
        assert_eq!((&busy["phase"], &busy["outcome"]), (&json!("ended"), &json!("busy")));
        let told = loop {
            let frame = ringing.his.frame().await;
            assert_ne!(frame["type"], "call", "his devices ring for one call only");
            if frame["event"]["type"] == "message_created" {
                break frame["event"]["message"]["call"].clone();
            }
        };
        assert_eq!((&told["id"], &told["outcome"]), (&busy["id"], &json!("busy")));
        start(&mut ringing.his, &ringing.admin, "audio").await;
        assert_eq!(refusal(&mut ringing.his).await, "already_in_call");
        ask(&mut ringing.his, "call_accept", &ringing.call).await;
        assert_eq!(state(&mut ringing.his).await["phase"], "answered");
    }
}

both! {
    async fn nonsense_for_the_media_node_is_refused_and_the_call_waits_for_media(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        admin.put("/api/admin/path-policy", &json!({"default": "media_node"})).await.expect(200);
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        start(&mut hers, &boris, "video").await;
        let call = state(&mut his).await["id"].as_str().unwrap().to_owned();
        ask(&mut his, "call_accept", &call).await;
        assert_eq!(state(&mut hers).await["phase"], "ringing");
        assert_eq!(state(&mut hers).await["phase"], "answered");
        let long = format!("v=0\r\n{}", "a".repeat(50_000));
        let other_codecs = CHROMIUM_OFFER.replace("VP8", "VP0").replace("opus", "speex");
        for sdp in ["", "garbage", "v=0\r\ngarbage", &long, &other_codecs] {
            signal(&mut hers, &call, &json!({"type": "offer", "sdp": sdp})).await;
            assert_eq!(refusal(&mut hers).await, "bad_signal", "{sdp:.40}");
        }
        signal(&mut hers, &call, &json!({"type": "answer", "sdp": CHROMIUM_OFFER})).await;
        assert_eq!(refusal(&mut hers).await, "bad_signal");
        signal(&mut hers, &call, &json!({"type": "offer", "sdp": CHROMIUM_OFFER})).await;
        assert_eq!(hers.frame_of("call_signal").await["signal"]["type"], "answer");
        app.advance(Duration::from_secs(30));
        app.app.calls.run_due();
        assert_eq!(ended(&mut hers).await["outcome"], "lost", "no media ever connected");
        assert_eq!(admin.get("/api/admin/media").await.expect(200)["sessions"], 0);
    }
}

both! {
    async fn a_server_that_stops_writes_what_was_going_on(app: TestApp) {
        let ringing = Ringing::answered(&app).await;
        let db = staffline::db::Db::open(&app.app.config.database).await.unwrap();
        app.app.shut_down(PATIENCE).await;
        let sql = "select c.outcome, (select count(*) from messages m where m.call_id = c.id and m.conversation_id = $1) as told \
            from calls c";
        let rows = sqlx::query(sql).bind(&ringing.conversation).fetch_all(db.read()).await.unwrap();
        let found: Vec<(String, i64)> = rows.iter().map(|row| (row.get("outcome"), row.get("told"))).collect();
        assert_eq!(found, [("lost".to_owned(), 1)]);
        db.close().await;
    }
}
