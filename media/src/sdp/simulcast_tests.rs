//! Which layers are taken of what offers, and what hostile ones get.

use super::super::Offer;
use super::*;

const CHROMIUM: &str = include_str!("testdata/chromium-simulcast-offer.sdp");

fn read_offer(text: &str) -> Offer {
    text.replace('\n', "\r\n").parse().unwrap()
}

/// The rids that are taken on the first picture's line.
fn taken(text: &str) -> Option<Vec<String>> {
    let offer = read_offer(text);
    let video = offer.accepted().find(|media| media.mid.0 == "1").unwrap();
    video.simulcast.as_ref().map(|simulcast| simulcast.rids.iter().map(ToString::to_string).collect())
}

#[test]
fn chromiums_layers_are_read() {
    let offer = read_offer(CHROMIUM);
    let video = offer.accepted().find(|media| media.mid.0 == "1").unwrap();
    let rids = ["l", "m", "h"].map(|rid| Rid(rid.to_owned())).to_vec();
    assert_eq!(video.simulcast, Some(Simulcast { rids, rid_extension: 10, repaired_rid_extension: Some(11) }));
    assert!(video.ssrcs.is_empty(), "none is announced");
    assert!(offer.accepted().filter(|media| media.mid.0 != "1").all(|media| media.simulcast.is_none()));
}

#[test]
fn what_is_no_simulcast_is_a_picture_as_any_other() {
    for (what, from, to) in [
        ("no list", "a=simulcast:send l;m;h\n", ""),
        ("one layer", "send l;m;h", "send l"),
        ("the same layer twice", "send l;m;h", "send l;l"),
        ("the client would receive", "send l;m;h", "recv l;m;h"),
        ("no name in packets", "sdes:rtp-stream-id", "sdes:other"),
        ("an id that we cannot read", "extmap:10 ", "extmap:15 "),
        ("the client receives only", "a=sendrecv\na=msid:stream video", "a=recvonly"),
        ("no names", "send l;m;h", "send ;;;"),
    ] {
        let changed = CHROMIUM.replace(from, to);
        assert_ne!(changed, CHROMIUM, "{what}");
        assert_eq!(taken(&changed), None, "{what}");
    }
}

#[test]
fn layers_that_cannot_be_taken_are_left_out() {
    let more = (0..5_000).map(|n| format!(";x{n}")).collect::<String>();
    let lines = (0..100).map(|n| format!("a=rid:x{n} send\n")).collect::<String>();
    for (what, from, to, expected) in [
        ("not described", "a=rid:m send\n", String::new(), &["l", "h"][..]),
        ("another payload type", "a=rid:m send", "a=rid:m send pt=98,100".to_owned(), &["l", "h"]),
        ("ours among others", "a=rid:m send", "a=rid:m send max-width=640;pt=98,96".to_owned(), &["l", "m", "h"]),
        ("paused, with an alternative", "send l;m;h", "send ~l,m;h".to_owned(), &["l", "h"]),
        ("both ways", "send l;m;h", "recv x send l;h".to_owned(), &["l", "h"]),
        ("a name too long", "send l;m;h", format!("send l;{};h", "x".repeat(17)), &["l", "h"]),
        ("a name that is none", "send l;m;h", "send l;m-;h".to_owned(), &["l", "h"]),
        ("more than three", "send l;m;h", format!("send l;m;h{more}\n{}", lines.trim_end()), &["l", "m", "h"]),
    ] {
        let changed = CHROMIUM.replace(from, &to);
        assert_ne!(changed, CHROMIUM, "{what}");
        assert_eq!(taken(&changed).unwrap(), expected, "{what}");
    }
}

#[test]
fn the_answer_takes_what_was_read() {
    let offer = read_offer(CHROMIUM);
    let fingerprint = [0; 32];
    let local = super::super::LocalTransport {
        session_id: 1,
        version: 1,
        ufrag: "u",
        password: "p",
        fingerprint: &fingerprint,
        candidates: &[],
        tcp_port: 9,
    };
    let answer = super::super::write_answer(&offer, &local, |_| None);
    for line in ["a=rid:l recv", "a=rid:m recv", "a=rid:h recv", "a=simulcast:recv l;m;h"] {
        assert_eq!(answer.matches(&format!("{line}\r\n")).count(), 1, "{line}");
    }
    assert!(
        answer.contains(&format!("a=extmap:10 {RID_URI}\r\n")) && answer.contains(&format!("a=extmap:11 {REPAIRED_RID_URI}\r\n"))
    );
}
