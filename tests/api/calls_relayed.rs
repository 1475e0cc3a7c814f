//! Calls through the TURN server: who is given credentials, what they are good for and for how long, and what the two do not learn of
//! each other.

use serde_json::{Value, json};

use crate::{
    calls::{Ringing, ask, ended, signal, state},
    harness::{Device, TestApp, both, turn::Turn},
};

/// Anna and Boris talk on a path that the server carries; with the TURN server that each was given.
async fn talking(app: &TestApp, path: &str) -> (Ringing, Value, Value) {
    let mut ringing = Ringing::start(app).await;
    ringing.admin.put("/api/admin/path-policy", &json!({"default": path})).await.expect(200);
    ask(&mut ringing.his, "call_accept", &ringing.call).await;
    let (hers, his) = (turn_server(&mut ringing.hers).await, turn_server(&mut ringing.his).await);
    (ringing, hers, his)
}

async fn turn_server(device: &mut Device) -> Value {
    let answered = state(device).await;
    assert_eq!((&answered["phase"], answered["ice_servers"].as_array().unwrap().len()), (&json!("answered"), 1));
    answered["ice_servers"][0].clone()
}

both! {
    /// D2: only relay candidates, and nothing of what a broken client puts beside them.
    async fn no_address_of_a_participant_reaches_the_other(app: TestApp) {
        let (mut talk, ..) = talking(&app, "relayed").await;
        let call = talk.call.clone();
        let candidate = |text: &str| json!({"type": "candidate", "candidate": text, "sdp_mid": "0", "sdp_m_line_index": 0,
            "username_fragment": null});
        for turn in 0..2 {
            let (from, to) = if turn == 0 { (&mut talk.hers, &mut talk.his) } else { (&mut talk.his, &mut talk.hers) };
            for hidden in [
                "candidate:1 1 udp 2122260223 10.20.0.7 50000 typ host",
                "candidate:2 1 udp 1686052607 198.51.100.7 50000 typ srflx raddr 10.20.0.7 rport 50000",
                "candidate:3 1 tcp 1518280447 10.20.0.7 9 typ host tcptype active",
            ] {
                signal(from, &call, &candidate(hidden)).await;
            }
            let sdp = "v=0\r\no=- 1 2 IN IP4 10.20.0.7\r\nc=IN IP4 198.51.100.7\r\na=candidate:1 1 udp 5 10.20.0.7 50000 typ host\r\n";
            signal(from, &call, &json!({"type": "offer", "sdp": sdp})).await;
            let offer = to.frame_of("call_signal").await["signal"].take();
            assert_eq!(offer, json!({"type": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\nc=IN IP4 0.0.0.0\r\n"}), "it comes first");
            signal(from, &call, &candidate("candidate:7 1 udp 5 127.0.0.1 49152 typ relay raddr 10.20.0.7 rport 50000")).await;
            let passed = to.frame_of("call_signal").await["signal"].take();
            assert_eq!(passed, candidate("candidate:7 1 udp 5 127.0.0.1 49152 typ relay raddr 0.0.0.0 rport 0"));
        }
    }
}

both! {
    async fn servers_with_credentials_are_for_the_two_of_an_answered_call(app: TestApp) {
        let mut ringing = Ringing::start(&app).await;
        let path = format!("/api/calls/{}/ice-servers", ringing.call);
        assert_eq!(ringing.anna.post(&path, &json!({})).await.refused(404), "not_found", "it rings");
        let mut tablet = ringing.boris.connect().await;
        ringing.admin.put("/api/admin/path-policy", &json!({"default": "relayed"})).await.expect(200);
        ask(&mut ringing.his, "call_accept", &ringing.call).await;
        let (hers, his) = (turn_server(&mut ringing.hers).await, turn_server(&mut ringing.his).await);
        assert_ne!(hers["username"], his["username"], "each has their own");
        let elsewhere = crate::calls::state_where(&mut tablet, |call| call["phase"] == "answered").await;
        assert_eq!(elsewhere["ice_servers"], json!([]), "none for a device that is not in the call");
        let at = app.address;
        let urls = json!([format!("turn:{}:{}?transport=udp", at.ip(), at.port()), format!("turn:{}:{}?transport=tcp", at.ip(), at.port())]);
        assert_eq!(hers["urls"], urls, "no TLS in plain mode");
        let fresh = ringing.boris.post(&path, &json!({})).await.expect(200)["ice_servers"][0].take();
        assert_eq!(fresh["urls"], urls);
        Turn::of(&app, &fresh).await.allocate().await.expect("they are good");
        assert_eq!(ringing.admin.post(&path, &json!({})).await.refused(404), "not_found", "whose call it is not");
        ask(&mut ringing.hers, "call_hang_up", &ringing.call).await;
        ended(&mut ringing.his).await;
        assert_eq!(ringing.boris.post(&path, &json!({})).await.refused(404), "not_found", "it is over");
    }
}

both! {
    /// T2: credentials are one user's for one call, and nobody makes their own.
    async fn credentials_that_were_not_given_are_worth_nothing(app: TestApp) {
        let (_talk, hers, his) = talking(&app, "relayed").await;
        Turn::of(&app, &hers).await.allocate().await.expect("they are good");
        let forged = |name: &str, value: &Value| {
            let mut server = hers.clone();
            server[name] = value.clone();
            server
        };
        let later = hers["username"].as_str().unwrap().split_once(':').map(|(_, who)| json!(format!("99999999:{who}"))).unwrap();
        for server in [forged("credential", &his["credential"]), forged("username", &his["username"]), forged("username", &later), forged("username", &json!("x"))] {
            assert_eq!(Turn::of(&app, &server).await.allocate().await, Err(401), "{server}");
        }
    }
}

/// T2, A5: what a call has allocated ends with it at once, and its credentials are worth nothing from then on.
async fn allocations_end_with_their_call(app: &TestApp, path: &str, end: impl AsyncFnOnce(&mut Ringing)) {
    let (mut talk, hers, his) = talking(app, path).await;
    let (mut of_hers, mut of_his) = (Turn::of(app, &hers).await, Turn::of(app, &his).await);
    for turn in [&mut of_hers, &mut of_his] {
        turn.allocate().await.expect("they are good");
        turn.refresh().await.expect("it lives");
    }
    end(&mut talk).await;
    ended(&mut talk.hers).await;
    for (turn, server) in [(&mut of_hers, &hers), (&mut of_his, &his)] {
        turn.ended().await;
        assert_eq!(Turn::of(app, server).await.allocate().await, Err(401));
    }
}

both! {
    async fn allocations_end_when_somebody_hangs_up(app: TestApp) {
        allocations_end_with_their_call(&app, "relayed", async |talk| ask(&mut talk.his, "call_hang_up", &talk.call).await).await;
    }
}

both! {
    async fn allocations_towards_the_media_node_end_as_well(app: TestApp) {
        allocations_end_with_their_call(&app, "media_node", async |talk| ask(&mut talk.his, "call_hang_up", &talk.call).await).await;
    }
}

both! {
    async fn allocations_end_when_somebody_signs_out(app: TestApp) {
        allocations_end_with_their_call(&app, "relayed", async |talk| {
            talk.boris.delete("/api/session").await.expect(204);
        })
        .await;
    }
}

both! {
    async fn allocations_end_when_an_account_is_closed(app: TestApp) {
        allocations_end_with_their_call(&app, "relayed", async |talk| {
            let user = format!("/api/users/{}", talk.boris.id().await);
            talk.admin.patch(&user, &json!({"deactivated": true})).await.expect(200);
        })
        .await;
    }
}
