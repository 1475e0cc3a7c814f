//! Connection checks: who may use one, what is kept of it, and the loopback through the media node. And the relay's dashboard.

use std::time::Duration;

use serde_json::{Value, json};
use staffline::{
    app::Tuning,
    config::{Config, MetricsToken},
    doctor::{self, hours},
};
use tokio::time;

use crate::{
    calls::{CHROMIUM_OFFER, Ringing, ask, ended},
    harness::{Client, Engine, PATIENCE, Setup, TestApp, both, client_send, run_with, tuning},
};

async fn begin(client: &Client) -> Value {
    client.post("/api/connection-checks", &json!({})).await.expect(201)
}

fn path_of(check: &Value) -> String {
    format!("/api/connection-checks/{}", check["id"].as_str().unwrap())
}

fn found(verdict: &str) -> Value {
    json!({
        "legs": [{"leg": "signalling", "ok": true, "ms": 12}, {"leg": "udp", "ok": verdict == "ok", "detail": "no answer"}],
        "verdict": verdict,
        "agent": "Firefox",
    })
}

async fn listed(admin: &Client, query: &str) -> (Vec<Value>, bool) {
    let mut page = admin.get(&format!("/api/admin/connection-checks{query}")).await.expect(200);
    (page["checks"].as_array_mut().unwrap().drain(..).collect(), page["more"].as_bool().unwrap())
}

/// The media node's own count of something that lives, once it is as many.
async fn node_has(app: &TestApp, wanted: (u64, u64)) {
    let mut seen = (0, 0);
    let reached = time::timeout(PATIENCE, async {
        loop {
            let report = app.app.calls.report().await.unwrap();
            seen = (report.rooms, report.sessions);
            if seen == wanted {
                return;
            }
        }
    });
    assert!(reached.await.is_ok(), "{seen:?} rooms and sessions, {wanted:?} wanted");
}

both! {
    async fn a_check_is_stored_once_by_its_owner(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        let check = begin(&anna).await;
        assert_eq!((&check["media"], &check["server_time"]), (&json!(true), &json!(1_767_225_600_000_u64)));
        let path = path_of(&check);
        assert_eq!(boris.put(&path, &found("ok")).await.refused(404), "not_found");
        assert_eq!(boris.post(&format!("{path}/offer"), &json!({"end": "sender", "sdp": CHROMIUM_OFFER})).await.refused(404), "not_found");
        let without = listed(&admin, "").await.0;
        assert_eq!(without, Vec::<Value>::new(), "a check without a result is nothing to show");
        app.advance(Duration::from_secs(5));
        anna.put(&path, &found("udp_blocked")).await.expect(204);
        assert_eq!(anna.put(&path, &found("ok")).await.refused(409), "check_finished");
        let (checks, more) = listed(&admin, "").await;
        let expected = json!({
            "id": check["id"], "user_id": anna.id().await, "started_at": 1_767_225_600_000_u64, "finished_at": 1_767_225_605_000_u64,
            "verdict": "udp_blocked", "call_id": null, "address": "127.0.0.1", "agent": "Firefox",
            "legs": [
                {"leg": "signalling", "ok": true, "ms": 12, "detail": null},
                {"leg": "udp", "ok": false, "ms": null, "detail": "no answer"},
            ],
        });
        assert_eq!((checks, more), (vec![expected], false));
    }
}

both! {
    async fn findings_that_make_no_sense_are_not_kept(app: TestApp) {
        let (admin, anna, ..) = app.office().await;
        let path = path_of(&begin(&anna).await);
        let mut twice = found("ok");
        twice["legs"] = json!([{"leg": "udp", "ok": true}, {"leg": "udp", "ok": false}]);
        assert_eq!(anna.put(&path, &twice).await.refused(422), "bad_findings");
        twice["legs"] = json!([]);
        assert_eq!(anna.put(&path, &twice).await.refused(422), "bad_findings");
        for (field, value) in [("verdict", json!("fine")), ("legs", json!([{"leg": "sms", "ok": true}])), ("call_id", json!("x"))] {
            let mut wrong = found("ok");
            wrong[field] = value;
            assert_eq!(anna.put(&path, &wrong).await.refused(422), "invalid_body", "{field}");
        }
        assert!(listed(&admin, "").await.0.is_empty());
        anna.put(&path, &found("ok")).await.expect(204);
    }
}

both! {
    async fn the_admins_list_comes_a_page_at_a_time_and_by_failure(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        for (client, verdict) in [(&anna, "ok"), (&boris, "proxy"), (&anna, "udp_blocked"), (&boris, "ok")] {
            let path = path_of(&begin(client).await);
            client.put(&path, &found(verdict)).await.expect(204);
        }
        let verdicts = |checks: &[Value]| checks.iter().map(|check| check["verdict"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let (first, more) = listed(&admin, "?limit=3").await;
        assert_eq!((verdicts(&first), more), (["ok", "udp_blocked", "proxy"].map(str::to_owned).to_vec(), true));
        let (rest, more) = listed(&admin, &format!("?limit=3&before={}", first[2]["id"].as_str().unwrap())).await;
        assert_eq!((verdicts(&rest), more), (vec!["ok".to_owned()], false));
        let (failed, more) = listed(&admin, "?failed=true").await;
        assert_eq!((verdicts(&failed), more), (["udp_blocked", "proxy"].map(str::to_owned).to_vec(), false));
    }
}

both! {
    async fn only_a_call_of_ones_own_is_named(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let carol = app.user(&talk.admin, "carol", "employee").await;
        let mut with_call = found("relay_unreachable");
        with_call["call_id"] = json!(talk.call);
        // While it lives, and when it has ended.
        for (client, owner) in [(&talk.anna, true), (&carol, false)] {
            let path = path_of(&begin(client).await);
            client.put(&path, &with_call).await.expect(204);
            let newest = listed(&talk.admin, "?limit=1").await.0.remove(0);
            assert_eq!(newest["call_id"], if owner { json!(talk.call) } else { json!(null) });
        }
        ask(&mut talk.hers, "call_hang_up", &talk.call).await;
        ended(&mut talk.hers).await;
        talk.hers.event().await;
        let path = path_of(&begin(&talk.boris).await);
        talk.boris.put(&path, &with_call).await.expect(204);
        assert_eq!(listed(&talk.admin, "?limit=1").await.0[0]["call_id"], json!(talk.call));
    }
}

both! {
    async fn the_loopback_has_two_ends_and_goes_with_the_check(app: TestApp) {
        let (_, anna, ..) = app.office().await;
        let check = begin(&anna).await;
        let offer = format!("{}/offer", path_of(&check));
        for end in ["sender", "receiver"] {
            let answer = anna.post(&offer, &json!({"end": end, "sdp": CHROMIUM_OFFER})).await.expect(200);
            assert!(answer["sdp"].as_str().unwrap().contains("a=ice-lite"), "{answer}");
        }
        node_has(&app, (1, 2)).await;
        // Another connection of the same end takes the place of the first.
        anna.post(&offer, &json!({"end": "sender", "sdp": CHROMIUM_OFFER})).await.expect(200);
        node_has(&app, (1, 2)).await;
        assert_eq!(anna.post(&offer, &json!({"end": "sender", "sdp": "v=0"})).await.refused(422), "bad_offer");
        assert_eq!(anna.post(&offer, &json!({"end": "both", "sdp": CHROMIUM_OFFER})).await.refused(422), "invalid_body");
        anna.put(&path_of(&check), &found("ok")).await.expect(204);
        node_has(&app, (0, 0)).await;
        assert_eq!(anna.post(&offer, &json!({"end": "sender", "sdp": CHROMIUM_OFFER})).await.refused(404), "not_found");
    }
}

both! {
    async fn a_session_has_one_open_check(app: TestApp) {
        let (_, anna, boris, _) = app.office().await;
        let (older, newer, his) = (begin(&anna).await, begin(&anna).await, begin(&boris).await);
        assert_eq!(app.app.doctor.open_checks(), 2);
        let offer = json!({"end": "sender", "sdp": CHROMIUM_OFFER});
        assert_eq!(anna.post(&format!("{}/offer", path_of(&older)), &offer).await.refused(404), "not_found");
        anna.post(&format!("{}/offer", path_of(&newer)), &offer).await.expect(200);
        boris.post(&format!("{}/offer", path_of(&his)), &offer).await.expect(200);
        node_has(&app, (2, 2)).await;
        // What the older one found may still be stored, and ends nothing.
        anna.put(&path_of(&older), &found("ok")).await.expect(204);
        assert_eq!(app.app.doctor.open_checks(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_is_left_alone_ends_by_itself() {
    let tuning = Tuning { check_lifetime: Duration::from_millis(300), ..tuning() };
    run_with(Engine::Sqlite, Setup { tuning, ..Setup::default() }, |app| async move {
        let (_, anna, ..) = app.office().await;
        let check = begin(&anna).await;
        let offer = format!("{}/offer", path_of(&check));
        // The answer may come after the end: then there was no check to join.
        let _ = anna.post(&offer, &json!({"end": "sender", "sdp": CHROMIUM_OFFER})).await;
        node_has(&app, (0, 0)).await;
        let closed = time::timeout(PATIENCE, async {
            while app.app.doctor.open_checks() > 0 {
                tokio::task::yield_now().await;
            }
        });
        closed.await.unwrap();
        anna.put(&path_of(&check), &found("udp_blocked")).await.expect(204);
    })
    .await;
}

both! {
    async fn a_check_ends_with_its_session(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        begin(&anna).await;
        begin(&boris).await;
        admin.patch(&format!("/api/users/{}", anna.id().await), &json!({"deactivated": true})).await.expect(200);
        let closed = time::timeout(PATIENCE, async {
            while app.app.doctor.open_checks() > 1 {
                tokio::task::yield_now().await;
            }
        });
        closed.await.unwrap();
        boris.put(&path_of(&begin(&boris).await), &found("ok")).await.expect(204);
    }
}

both! {
    async fn nobody_begins_checks_without_end(app: TestApp) {
        let (_, anna, boris, _) = app.office().await;
        for _ in 0..10 {
            begin(&anna).await;
        }
        let refused = anna.post("/api/connection-checks", &json!({})).await;
        assert!((1..=30).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
        assert_eq!(refused.refused(429), "too_many_requests");
        begin(&boris).await;
    }
}

both! {
    async fn checks_are_kept_for_thirty_days(app: TestApp) {
        let (admin, anna, ..) = app.office().await;
        anna.put(&path_of(&begin(&anna).await), &found("ok")).await.expect(204);
        begin(&anna).await;
        app.advance(Duration::from_secs(30 * 24 * 3_600 - 1));
        assert_eq!(doctor::forget_old(&app.app).await.unwrap(), 0);
        assert_eq!(listed(&admin, "").await.0.len(), 1);
        app.advance(Duration::from_secs(2));
        assert_eq!(doctor::forget_old(&app.app).await.unwrap(), 2);
    }
}

both! {
    async fn each_leg_has_its_server(app: TestApp) {
        let (_, anna, ..) = app.office().await;
        let check = begin(&anna).await;
        let servers = check["servers"].as_array().unwrap();
        let port = app.address.port();
        let urls: Vec<_> = servers.iter().map(|server| (server["leg"].as_str().unwrap(), server["ice_server"]["urls"].clone())).collect();
        let expected = [
            ("udp", json!([format!("stun:127.0.0.1:{port}")])),
            ("turn_udp", json!([format!("turn:127.0.0.1:{port}?transport=udp")])),
            ("turn_tcp", json!([format!("turn:127.0.0.1:{port}?transport=tcp")])),
        ];
        assert_eq!(urls, expected, "without TLS there is none for turns");
        assert_eq!(servers[0]["ice_server"].get("credential"), None);
        assert!(servers[1]["ice_server"]["credential"].is_string() && servers[1]["ice_server"]["username"].is_string());
    }
}

both! {
    async fn the_dashboard_counts_the_last_day(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let report = talk.admin.get("/api/admin/relay").await.expect(200);
        assert_eq!(report["now"]["calls"], json!({"direct": 1, "relayed": 0, "media_node": 0}));
        let live = &report["live_calls"][0];
        assert_eq!((&live["id"], &live["path"], &live["path_rule"]), (&json!(talk.call), &json!("direct"), &json!("default")));
        ask(&mut talk.hers, "call_hang_up", &talk.call).await;
        ended(&mut talk.hers).await;
        talk.hers.event().await;
        for verdict in ["udp_blocked", "udp_blocked", "proxy", "ok"] {
            talk.anna.put(&path_of(&begin(&talk.anna).await), &found(verdict)).await.expect(204);
        }
        let report = talk.admin.get("/api/admin/relay").await.expect(200);
        let day = &report["last_24h"];
        assert_eq!(day["calls"], json!({"direct": 1, "relayed": 0, "media_node": 0}));
        assert_eq!(day["failed_calls"], json!(0));
        assert_eq!(day["failures"], json!([{"leg": "udp", "count": 3}]));
        let verdicts = json!([{"verdict": "udp_blocked", "count": 2}, {"verdict": "ok", "count": 1}, {"verdict": "proxy", "count": 1}]);
        assert_eq!(day["verdicts"], verdicts);
        assert_eq!((&report["now"]["node"], &report["now"]["devices"]), (&json!(true), &json!(2)));
        app.advance(Duration::from_secs(24 * 3_600 + 1));
        let day = talk.admin.get("/api/admin/relay").await.expect(200)["last_24h"].take();
        assert_eq!((&day["calls"]["direct"], &day["failures"], &day["verdicts"]), (&json!(0), &json!([]), &json!([])));
    }
}

both! {
    async fn what_was_carried_is_counted_by_the_hour(app: TestApp) {
        let admin = app.admin().await;
        let hours_of = |report: Value| report["last_24h"]["hours"].as_array().unwrap().clone();
        let mut carried = hours::Carried::default();
        carried.add(&app.app, hours::Carried { turn_bytes: 100, media_bytes: 1_000 }).await.unwrap();
        carried.add(&app.app, hours::Carried { turn_bytes: 150, media_bytes: 1_000 }).await.unwrap();
        app.advance(Duration::from_secs(3_600));
        carried.add(&app.app, hours::Carried { turn_bytes: 150, media_bytes: 3_000 }).await.unwrap();
        // A process that starts anew counts from nothing, in the hour where the other left off.
        hours::Carried::default().add(&app.app, hours::Carried { turn_bytes: 7, media_bytes: 0 }).await.unwrap();
        let hours = hours_of(admin.get("/api/admin/relay").await.expect(200));
        assert_eq!(hours.len(), 24);
        let at = 1_767_225_600_000_u64;
        let last_two = [
            json!({"at": at, "turn_bytes": 150, "media_bytes": 1_000}),
            json!({"at": at + 3_600_000, "turn_bytes": 7, "media_bytes": 2_000}),
        ];
        assert_eq!(hours[22..], last_two);
        assert_eq!(hours[0], json!({"at": at - 22 * 3_600_000, "turn_bytes": 0, "media_bytes": 0}));
    }
}

/// Whoever reads a page of metrics as strictly as Prometheus does.
fn samples(page: &str) -> Vec<(String, f64)> {
    let mut seen = std::collections::BTreeSet::new();
    let (mut kind, mut samples) = (String::new(), Vec::new());
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            assert!(seen.insert(help.split(' ').next().unwrap()), "twice: {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            kind = rest.to_owned();
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let (metric, labels) = name.split_once('{').unwrap_or((name, "}"));
            assert!(labels.ends_with('}') && labels.matches('"').count() % 2 == 0, "{line}");
            assert!(
                kind == format!("{metric} counter") && metric.ends_with("_total") || kind == format!("{metric} gauge"),
                "{line} after {kind}"
            );
            assert!(samples.iter().all(|(known, _)| known != name), "twice: {line}");
            samples.push((name.to_owned(), value.parse().unwrap()));
        }
    }
    samples
}

fn value(page: &str, name: &str) -> Option<f64> {
    samples(page).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

both! {
    async fn metrics_tell_what_happened(app: TestApp) {
        let mut talk = Ringing::answered(&app).await;
        let page = talk.admin.get("/metrics").await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
        assert_eq!(value(&page.text, "staffline_devices"), Some(2.0));
        assert_eq!(value(&page.text, "staffline_calls{path=\"direct\"}"), Some(1.0));
        let ended_so = "staffline_calls_ended_total{outcome=\"completed\",path=\"direct\"}";
        assert_eq!(value(&page.text, ended_so), None);
        ask(&mut talk.hers, "call_hang_up", &talk.call).await;
        ended(&mut talk.hers).await;
        talk.hers.event().await;
        talk.anna.put(&path_of(&begin(&talk.anna).await), &found("proxy")).await.expect(204);
        begin(&talk.boris).await;
        let page = talk.admin.get("/metrics").await.text;
        assert_eq!(value(&page, ended_so), Some(1.0));
        assert_eq!(value(&page, "staffline_calls{path=\"direct\"}"), Some(0.0));
        assert_eq!(value(&page, "staffline_connection_checks_total{verdict=\"proxy\"}"), Some(1.0));
        assert_eq!(value(&page, "staffline_connection_checks_total{verdict=\"ok\"}"), Some(0.0));
        assert_eq!(value(&page, "staffline_connection_checks_open"), Some(1.0));
        for name in ["media_node_up", "turn_allocations{transport=\"tls\"}", "turn_bytes_total{direction=\"in\"}", "packets_unsent_total"] {
            assert!(value(&page, &format!("staffline_{name}")).is_some(), "{name} in {page}");
        }
    }
}

both! {
    async fn metrics_are_for_admins_where_no_token_is_set(app: TestApp) {
        let (_, anna, ..) = app.office().await;
        assert_eq!(app.client().get("/metrics").await.refused(404), "not_found");
        assert_eq!(anna.get("/metrics").await.refused(404), "not_found");
        let request = app.client().bare(reqwest::Method::GET, "/metrics").bearer_auth("");
        assert_eq!(client_send(request).await.refused(404), "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_for_whoever_has_the_token() {
    let change = |config: &mut Config| config.metrics_token = MetricsToken::new("correct horse battery");
    run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, |app| async move {
        let (admin, anna, ..) = app.office().await;
        for wrong in ["", "correct horse", "correct horse batterz", "correct horse battery staple"] {
            let request = app.client().bare(reqwest::Method::GET, "/metrics").bearer_auth(wrong);
            assert_eq!(client_send(request).await.refused(401), "wrong_token", "{wrong:?}");
        }
        assert_eq!(anna.get("/metrics").await.refused(401), "wrong_token");
        let basic = app.client().bare(reqwest::Method::GET, "/metrics").header("authorization", "Basic correct horse battery");
        assert_eq!(client_send(basic).await.refused(401), "wrong_token");
        let right = app.client().bare(reqwest::Method::GET, "/metrics").bearer_auth("correct horse battery");
        assert_eq!(client_send(right).await.status, 200);
        assert_eq!(admin.get("/metrics").await.status, 200);
    })
    .await;
}
