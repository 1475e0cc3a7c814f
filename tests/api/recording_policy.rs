//! The recording policy, and calls under it: what participants are told, that they must agree, and what is kept of it.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Row;

use crate::{
    calls::{CHROMIUM_OFFER, ask, ended, refusal, signal, start, state, state_where},
    harness::{Client, Device, TestApp, both},
};

const POLICY: &str = "/api/admin/recording-policy";

/// A policy of one rule that fits every call.
pub(crate) fn everybody(mode: &str) -> Value {
    json!({
        "purpose": {"ru": "Контроль", "en": "Control"}, "recorded_by": "Compliance", "retention_days": 30,
        "rules": [{"name": "All", "match": {"type": "everybody"}, "mode": mode, "by": ["employee"]}],
    })
}

pub(crate) async fn consent(device: &mut Device, call: &str, version: u32) {
    device.send(&json!({"type": "call_consent", "call_id": call, "notice_version": version, "language": "ru"})).await;
}

both! {
    async fn the_policy_is_kept_whole_with_a_version_and_an_audit_entry(app: TestApp) {
        let (admin, anna, _, conversation) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        let before = admin.get(POLICY).await.expect(200);
        assert_eq!((&before["version"], &before["rules"]), (&json!(0), &json!([])));
        let mut sent = everybody("on_demand");
        sent["rules"] = json!([
            {"name": " Anna ", "match": {"type": "user", "user_id": anna.id().await}, "direction": "outgoing", "mode": "always", "by": ["manager"],
             "retention_days": 7},
            {"name": "Deal", "match": {"type": "conversation", "conversation_id": conversation}, "mode": "on_demand", "by": ["manager"]},
        ]);
        let kept = admin.put(POLICY, &sent).await.expect(200);
        assert_eq!((&kept["version"], &kept["two_officers"], &kept["rules"][0]["name"]), (&json!(1), &json!(false), &json!("Anna")));
        assert_eq!((&kept["rules"][0]["by"], &kept["rules"][1]["direction"]), (&json!([]), &json!("any")));
        assert_eq!(officer.get(POLICY).await.expect(200), kept);
        assert_eq!(serde_json::to_value(staffline::recordings::stored_policy(&app.app.db).await.unwrap()).unwrap(), kept, "for the next start");
        let entry = officer.get("/api/admin/audit?limit=1").await.expect(200)["entries"][0].take();
        assert_eq!((&entry["action"], &entry["before"], &entry["after"]), (&json!("recording_policy_changed"), &before, &kept));
        // Two admins who edit the same version do not overwrite each other unseen.
        let again = admin.put(POLICY, &json!({"version": 0, "purpose": {"ru": "", "en": ""}, "recorded_by": "", "retention_days": 1})).await;
        assert_eq!(again.refused(409), "policy_changed");
        let mut wrong = everybody("always");
        wrong["rules"][0]["match"] = json!({"type": "user", "user_id": "0198c0de-0000-7000-8000-000000000002"});
        let answer = admin.put(POLICY, &wrong).await;
        assert_eq!(answer.json()["at"], "rules[0].match.user_id");
        assert_eq!(answer.refused(422), "no_such_user");
        assert_eq!(officer.put(POLICY, &everybody("always")).await.refused(403), "forbidden");
        assert_eq!(anna.get(POLICY).await.refused(403), "forbidden");
    }
}

/// C1: a setting that is flipped between ringing and answer, a second device, a page that comes back: nobody is heard who has not agreed.
async fn refuses_offers(device: &mut Device, call: &str, code: &str) {
    signal(device, call, &json!({"type": "offer", "sdp": CHROMIUM_OFFER})).await;
    assert_eq!(refusal(device).await, code);
}

both! {
    async fn a_recorded_call_waits_for_consent_and_ends_without_it(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        admin.put(POLICY, &everybody("always")).await.expect(200);
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        start(&mut hers, &boris, "audio").await;
        let announced = state(&mut his).await;
        let call = announced["id"].as_str().unwrap().to_owned();
        let notice = json!({"version": 1, "purpose_ru": "Контроль", "purpose_en": "Control", "recorded_by": "Compliance", "retention_days": 30, "video": true});
        assert_eq!((&announced["recording"]["state"], &announced["recording"]["notice"]), (&json!("announced"), &notice));
        consent(&mut hers, &call, 1).await;
        // The text changes while it rings.
        admin.put(POLICY, &everybody("always")).await.expect(200);
        ask(&mut his, "call_accept", &call).await;
        let answered = state_where(&mut hers, |call| call["phase"] == "answered").await;
        assert_eq!((&answered["path"], &answered["path_rule"]), (&json!("media_node"), &json!("All")));
        assert_eq!((&answered["recording"]["state"], &answered["recording"]["consented"]), (&json!("consent"), &json!(false)));
        refuses_offers(&mut hers, &call, "consent_outdated").await;
        refuses_offers(&mut his, &call, "consent_needed").await;
        consent(&mut hers, &call, 1).await;
        assert_eq!(refusal(&mut hers).await, "consent_outdated");
        consent(&mut hers, &call, 2).await;
        let waits = state_where(&mut his, |call| call["recording"]["waiting_for"].as_array().unwrap().len() == 1).await;
        assert_eq!(waits["recording"]["waiting_for"], json!([boris.id().await]));
        let moved = admin.post(&format!("/api/admin/calls/{call}/path"), &json!({"path": "relayed"})).await;
        assert_eq!(moved.refused(409), "call_recorded");
        app.advance(Duration::from_secs(60));
        app.app.calls.run_due();
        let over = ended(&mut his).await;
        assert_eq!((&over["outcome"], &over["recording"]["state"]), (&json!("not_recorded"), &json!("failed")));
        let entry = audit_entry(&admin, "recording_failed").await;
        assert_eq!((&entry["call_id"], &entry["fault"], &entry["rule"]), (&json!(call), &json!("no_consent"), &json!("All")));
        let consents = sqlx::query("select user_id, notice_version, language from call_consents order by at, notice_version");
        let consents = consents.fetch_all(app.app.db.read()).await.unwrap();
        let consents: Vec<(String, i64, String)> = consents.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        let hers = anna.id().await;
        assert_eq!(consents, [(hers.clone(), 1, "ru".to_owned()), (hers, 2, "ru".to_owned())]);
        for table in ["call_consents", "recording_failures"] {
            let sql = format!("delete from {table}");
            let mut tx = app.app.db.begin().await.unwrap();
            assert!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.is_err(), "{table} is written once");
        }
    }
}

/// The newest entry of an action; the keeper writes it soon after the call has ended.
pub(crate) async fn audit_entry(client: &Client, action: &str) -> Value {
    loop {
        let page = client.get(&format!("/api/admin/audit?action={action}&limit=1")).await.expect(200);
        if let Some(entry) = page["entries"].get(0) {
            return entry.clone();
        }
        tokio::task::yield_now().await;
    }
}

both! {
    async fn recording_on_demand_is_for_those_who_may(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let mut policy = everybody("on_demand");
        policy["rules"][0]["by"] = json!(["manager"]);
        admin.put(POLICY, &policy).await.expect(200);
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        start(&mut hers, &boris, "audio").await;
        let call = state(&mut his).await["id"].as_str().unwrap().to_owned();
        ask(&mut his, "call_accept", &call).await;
        let answered = state_where(&mut hers, |call| call["phase"] == "answered").await;
        assert_eq!((&answered["path"], &answered["recording"]["state"]), (&json!("direct"), &json!("off")));
        assert_eq!(answered["recording"]["can_start"], false);
        hers.send(&json!({"type": "call_record", "call_id": call, "on": true})).await;
        assert_eq!(refusal(&mut hers).await, "recording_not_allowed");
        signal(&mut hers, &call, &json!({"type": "offer", "sdp": CHROMIUM_OFFER})).await;
        assert_eq!(his.frame_of("call_signal").await["signal"]["type"], "offer", "an unrecorded call goes on as any");
    }
}

both! {
    /// With the recorder itself: it runs before an offer is answered, and what it wrote is kept when the call has ended.
    async fn a_call_that_all_have_agreed_to_is_recorded_and_kept(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let officer = app.user(&admin, "officer", "compliance").await;
        admin.put(POLICY, &everybody("always")).await.expect(200);
        let (mut hers, mut his) = (anna.connect().await, boris.connect().await);
        start(&mut hers, &boris, "audio").await;
        let call = state(&mut his).await["id"].as_str().unwrap().to_owned();
        consent(&mut his, &call, 1).await;
        ask(&mut his, "call_accept", &call).await;
        consent(&mut hers, &call, 1).await;
        for device in [&mut hers, &mut his] {
            let on = state_where(device, |call| call["recording"]["state"] == "on").await;
            assert_eq!((&on["recording"]["waiting_for"], &on["recording"]["started_at"]), (&json!([]), &json!(app.app.clock.now().0)));
        }
        signal(&mut hers, &call, &json!({"type": "offer", "sdp": CHROMIUM_OFFER})).await;
        assert_eq!(hers.frame_of("call_signal").await["signal"]["type"], "answer");
        ask(&mut hers, "call_hang_up", &call).await;
        assert_eq!(ended(&mut his).await["outcome"], "completed");
        let entry = loop {
            let page = officer.get("/api/recordings").await.expect(200);
            if page["recordings"][0]["state"] == "closed" {
                break page["recordings"][0].clone();
            }
            tokio::task::yield_now().await;
        };
        assert_eq!((&entry["call_id"], &entry["rule"], &entry["outcome"]), (&json!(call), &json!("All"), &json!("completed")));
        let path = format!("/api/recordings/{}", entry["id"].as_str().unwrap());
        let detail = officer.get(&path).await.expect(200);
        assert_eq!(detail["consents"].as_array().unwrap().len(), 2);
        assert_eq!(officer.post(&format!("{path}/verify"), &json!({})).await.expect(200)["ok"], true);
        let events = officer.get(&format!("{path}/events")).await.expect(200);
        assert_eq!(events.as_array().unwrap().iter().filter(|event| event["type"] == "consent").count(), 2, "{events}");
    }
}
