//! From one person's Enter to another's socket, while many are connected.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    quantile,
    server::Server,
    staff::{Person, Socket},
};

/// Conversations among which the messages are spread.
const PAIRS: usize = 50;
/// Sent before anything counts.
const WARM_UP: Duration = Duration::from_secs(3);
/// What has not come by then is lost.
const LATEST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
    pub(crate) per_second: f64,
}

/// When a key was sent, and when it had come to the other's socket.
type Times = Arc<Mutex<HashMap<String, (Instant, Option<Instant>)>>>;

pub(crate) async fn measure(server: &Server, staff: &[Person], rate: u32, measured: Duration) -> Result<Delivery> {
    ensure!(staff.len() >= 2 * PAIRS, "too few people on {}", server.origin);
    let times = Times::default();
    let mut readers = JoinSet::new();
    for person in staff {
        readers.spawn(read(person.socket().await?, person.id.clone(), times.clone()));
    }
    let mut pairs = Vec::new();
    for pair in staff.chunks_exact(2).take(PAIRS) {
        pairs.push((pair[0].clone(), pair[0].conversation_with(&pair[1]).await?));
    }
    send(&pairs, rate, WARM_UP, &times).await?;
    times.lock().expect("nothing panics while it holds the times").clear();
    let start = Instant::now();
    let sent = send(&pairs, rate, measured, &times).await?;
    let per_second = f64::from(u32::try_from(sent)?) / start.elapsed().as_secs_f64();
    let sorted = arrived(&times, sent).await?;
    readers.shutdown().await;
    Ok(Delivery { p50: quantile(&sorted, 0.50), p99: quantile(&sorted, 0.99), max: quantile(&sorted, 1.0), per_second })
}

/// Sends at the rate, each in a task of its own: a slow answer must not slow the load down. Returns how many.
async fn send(pairs: &[(Person, String)], rate: u32, span: Duration, times: &Times) -> Result<usize> {
    let mut ticks = time::interval(Duration::from_secs(1) / rate);
    let end = Instant::now() + span;
    let mut requests = JoinSet::new();
    while Instant::now() < end {
        ticks.tick().await;
        let (person, conversation) = pairs[requests.len() % pairs.len()].clone();
        let times = times.clone();
        requests.spawn(async move {
            let key = uuid::Uuid::now_v7().to_string();
            let body = json!({"client_key": key, "text": "A line of ordinary length, as people write all day."});
            times.lock().expect("nothing panics while it holds the times").insert(key, (Instant::now(), None));
            person.call(Method::POST, &format!("/api/conversations/{conversation}/messages"), Some(&body)).await
        });
    }
    let sent = requests.len();
    while let Some(done) = requests.join_next().await {
        done??;
    }
    Ok(sent)
}

async fn read(mut socket: Socket, me: String, times: Times) {
    while let Some(Ok(message)) = socket.next().await {
        let now = Instant::now();
        match message {
            Message::Text(text) => note(&text, &me, now, &times),
            // The library has queued the answer; it goes out with a flush.
            Message::Ping(_) => drop(socket.flush().await),
            _ => {}
        }
    }
}

fn note(text: &str, me: &str, now: Instant, times: &Times) {
    if !text.contains("message_created") {
        return;
    }
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
    let message = &frame["event"]["message"];
    let Some(key) = message["client_key"].as_str().filter(|_| message["sender_id"] != me) else { return };
    if let Some((_, came)) = times.lock().expect("nothing panics while it holds the times").get_mut(key) {
        *came = Some(now);
    }
}

/// Waits for the last one, and gives all times, shortest first.
async fn arrived(times: &Times, sent: usize) -> Result<Vec<Duration>> {
    let end = Instant::now() + LATEST;
    loop {
        let mut all: Vec<_> = {
            let times = times.lock().expect("nothing panics while it holds the times");
            times.values().filter_map(|(sent, came)| Some(came.as_ref()?.duration_since(*sent))).collect()
        };
        if all.len() == sent {
            all.sort_unstable();
            return Ok(all);
        }
        ensure!(Instant::now() < end, "only {} of {sent} messages came", all.len());
        time::sleep(Duration::from_millis(20)).await;
    }
}
