//! Holds the server's history, event stream and files against the ledger.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{book::Book, work::content};
use crate::process::Browser;

type Found = BTreeMap<String, Vec<(String, Option<String>)>>;

/// Which of the ledger's entries are lost, and how many are there more than once (or are nobody's).
pub(super) async fn compare(reader: &Browser, origin: &str, conversation: &str, book: &Book) -> (Vec<String>, usize) {
    let history = history(reader, origin, conversation).await;
    let told = told(reader, origin).await;
    let (mut lost, mut doubled) = (Vec::new(), 0);
    for found in [&history, &told] {
        for (key, entry) in book.messages() {
            match found.get(&key).map(Vec::as_slice) {
                Some([one]) if *one == entry => {}
                Some([_, _, ..]) => doubled += 1,
                other => lost.push(format!("{key}: {entry:?} is {other:?}")),
            }
        }
        doubled += found.keys().filter(|key| !book.messages().contains_key(*key)).count();
    }
    for (id, key) in book.files() {
        let bytes = reader.download(origin, &format!("/api/attachments/{id}")).await;
        if bytes.as_deref() != Some(&content(&key)) {
            lost.push(format!("the file {id} of {key}"));
        }
    }
    (lost, doubled)
}

fn note(found: &mut Found, message: &Value) {
    let text = |field: &str| message[field].as_str().unwrap().to_owned();
    let file = message["attachments"][0]["id"].as_str().map(str::to_owned);
    found.entry(text("client_key")).or_default().push((text("id"), file));
}

async fn history(reader: &Browser, origin: &str, conversation: &str) -> Found {
    let mut found = Found::new();
    let mut before = String::new();
    loop {
        let page = reader.get(origin, &format!("/api/conversations/{conversation}/messages?limit=100{before}")).await;
        page["messages"].as_array().unwrap().iter().for_each(|message| note(&mut found, message));
        before = format!("&before={}", page["messages"][0]["seq"]);
        if page["more"] == false {
            return found;
        }
    }
}

async fn told(reader: &Browser, origin: &str) -> Found {
    let mut found = Found::new();
    let (mut after, mut more) = (0, true);
    while more {
        let page = reader.get(origin, &format!("/api/events?after={after}&limit=500")).await;
        for event in page["events"].as_array().unwrap() {
            assert!(event["id"].as_i64().unwrap() > after, "the order of ids is the order of commits");
            after = event["id"].as_i64().unwrap();
            if event["type"] == "message_created" {
                note(&mut found, &event["message"]);
            }
        }
        after = page["last_event_id"].as_i64().unwrap();
        more = page["more"] == true;
    }
    found
}
