//! Janus: a room of its videoroom plugin, through its HTTP API. Subscribers are offered to, and answer.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use std::thread;
use std::time::Duration;

use load_kit::http::{self, LoopbackUrl};

use crate::peer::Peer;
use crate::profile::NotingCrypto;
use crate::signalling::Signalling;

const ROOM: u64 = 4242;
/// "No such feed": it takes a moment from DTLS until Janus says that the publisher is there.
const NO_SUCH_FEED: u64 = 428;
const TRIES: usize = 40;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// One room; it goes with this value.
#[derive(Debug)]
pub struct VideoRoom {
    base: LoopbackUrl,
    transactions: u64,
    publisher: Handle,
    feed: u64,
    sessions: Vec<u64>,
}

/// A session and its handle on the plugin.
#[derive(Clone, Copy, Debug, Default)]
struct Handle {
    session: u64,
    id: u64,
}

impl VideoRoom {
    /// Makes the room at the Janus whose API is at that URL.
    pub fn new(base: LoopbackUrl) -> Result<Self> {
        let mut room = Self { base, transactions: 0, publisher: Handle::default(), feed: 0, sessions: Vec::new() };
        room.publisher = room.attach()?;
        let create = json!({
            "request": "create", "room": ROOM, "publishers": 2, "bitrate": 0, "videocodec": "vp8", "audiocodec": "opus",
            "fir_freq": 0, "notify_joining": false, "transport_wide_cc_ext": false,
        });
        room.ask(room.publisher, &create, None)?;
        Ok(room)
    }

    fn attach(&mut self) -> Result<Handle> {
        let session = number(&self.post("", json!({"janus": "create"}))?["data"]["id"])?;
        self.sessions.push(session);
        let attach = json!({"janus": "attach", "plugin": "janus.plugin.videoroom"});
        let id = number(&self.post(&format!("/{session}"), attach)?["data"]["id"])?;
        Ok(Handle { session, id })
    }

    fn post(&mut self, path: &str, mut body: Value) -> Result<Value> {
        self.transactions += 1;
        body["transaction"] = format!("t{}", self.transactions).into();
        let url = self.base.join(&format!("/janus{path}"))?;
        let reply: Value = serde_json::from_str(&http::request_json("POST", &url, &body.to_string())?.body)?;
        ensure!(reply["janus"] != "error", "{reply}");
        Ok(reply)
    }

    /// Sends the plugin a message, and waits for its event where it only acknowledges.
    fn send(&mut self, handle: Handle, body: &Value, jsep: Option<Value>) -> Result<Value> {
        let mut message = json!({"janus": "message", "body": body});
        if let Some(jsep) = jsep {
            message["jsep"] = jsep;
        }
        let reply = self.post(&format!("/{}/{}", handle.session, handle.id), message)?;
        if reply["janus"] == "success" { Ok(reply) } else { self.event(handle) }
    }

    fn event(&self, handle: Handle) -> Result<Value> {
        let transaction = format!("t{}", self.transactions);
        let url = self.base.join(&format!("/janus/{}?maxev=1", handle.session))?;
        for _ in 0..TRIES {
            let event: Value = serde_json::from_str(&http::request_json("GET", &url, "")?.body)?;
            if event["janus"] == "event" && event["transaction"] == transaction.as_str() {
                return Ok(event);
            }
        }
        bail!("Janus does not answer {transaction}")
    }

    fn ask(&mut self, handle: Handle, body: &Value, jsep: Option<Value>) -> Result<Value> {
        let event = self.send(handle, body, jsep)?;
        ensure!(event["plugindata"]["data"].get("error").is_none(), "{event}");
        Ok(event)
    }

    fn join_as_subscriber(&mut self, handle: Handle) -> Result<Value> {
        let join = json!({"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": self.feed}]});
        for _ in 0..TRIES {
            let event = self.send(handle, &join, None)?;
            if event["plugindata"]["data"]["error_code"] != NO_SUCH_FEED {
                return Ok(event);
            }
            thread::sleep(BETWEEN_TRIES);
        }
        bail!("the publisher does not appear")
    }

    /// All candidates were in the description.
    fn end_candidates(&mut self, handle: Handle) -> Result<()> {
        let completed = json!({"janus": "trickle", "candidate": {"completed": true}});
        self.post(&format!("/{}/{}", handle.session, handle.id), completed).map(drop)
    }
}

impl Signalling for VideoRoom {
    fn publish(&mut self, offer: &str) -> Result<String> {
        let handle = self.publisher;
        let join = json!({"request": "join", "ptype": "publisher", "room": ROOM});
        self.feed = number(&self.ask(handle, &join, None)?["plugindata"]["data"]["id"])?;
        let configure = json!({"request": "configure", "audio": false, "video": true, "bitrate": 0});
        let event = self.ask(handle, &configure, Some(json!({"type": "offer", "sdp": offer})))?;
        self.end_candidates(handle)?;
        sdp(&event)
    }

    fn subscribe(&mut self, crypto: &NotingCrypto) -> Result<Peer> {
        let handle = self.attach()?;
        let offer = sdp(&self.join_as_subscriber(handle)?)?;
        let (peer, answer) = Peer::answering(&offer, crypto)?;
        let start = json!({"request": "start", "room": ROOM});
        self.ask(handle, &start, Some(json!({"type": "answer", "sdp": answer})))?;
        self.end_candidates(handle)?;
        Ok(peer)
    }
}

impl Drop for VideoRoom {
    fn drop(&mut self) {
        for session in std::mem::take(&mut self.sessions) {
            // The server may be gone, and its sessions with it.
            let _ = self.post(&format!("/{session}"), json!({"janus": "destroy"}));
        }
    }
}

fn number(value: &Value) -> Result<u64> {
    value.as_u64().with_context(|| format!("{value} is no id"))
}

fn sdp(event: &Value) -> Result<String> {
    event["jsep"]["sdp"].as_str().map(str::to_owned).with_context(|| format!("no description in {event}"))
}
