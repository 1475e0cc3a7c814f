//! Offers of real browsers, shortened, and what is wrong with others.

use super::*;

const CHROMIUM: &str = include_str!("testdata/chromium-offer.sdp");

fn chromium() -> String {
    CHROMIUM.replace('\n', "\r\n")
}

fn read(text: &str) -> Result<Offer, RefusedReason> {
    text.parse()
}

fn media(offer: &Offer) -> Vec<&Media> {
    offer.accepted().collect()
}

#[test]
fn chromium_offer_is_read() {
    let offer = read(&chromium()).unwrap();
    let media = media(&offer);
    assert_eq!(media.len(), 3, "audio, video, and a video slot; the data channel is rejected");
    let (audio, video, slot) = (media[0], media[1], media[2]);
    assert_eq!((audio.kind, audio.payload_type, audio.rtx_payload_type), (Kind::Audio, 111, None));
    assert_eq!((audio.red, video.red), (Some(RedOffer { payload_type: 63, is_first: false }), None));
    assert_eq!((video.kind, video.payload_type, video.rtx_payload_type), (Kind::Video, 96, Some(97)));
    assert_eq!(video.feedback, Feedback { nack: true, pli: true, fir: true, remb: true });
    assert_eq!((audio.mid_extension, video.mid_extension), (Some(4), Some(4)));
    let of_both = Extensions { transport_sequence: Some(3), ..Extensions::default() };
    assert_eq!(audio.extensions, Extensions { audio_level: Some(1), ..of_both });
    assert_eq!(video.extensions, Extensions { playout_delay: Some(5), ..of_both });
    assert_eq!(video.ssrcs, [Ssrc(2231627014), Ssrc(632943048)]);
    assert_eq!((video.sends, video.receives, slot.sends, slot.receives), (true, true, false, true));
    assert_eq!(offer.transport.ufrag, "F7gI");
    assert_eq!(offer.transport.fingerprints[0][..2], [0x49, 0x66]);
    assert!(matches!(offer.sections[2], Section::Rejected { .. }));
}

#[test]
fn lines_that_cannot_be_answered_are_rejected_alone() {
    let text = chromium();
    for (what, from, to) in [
        ("no VP8", "VP8/90000", "VP7/90000"),
        ("no rtcp-mux", "a=mid:1\r\na=rtcp-mux", "a=mid:1"),
        ("not in the bundle", "BUNDLE 0 1 2 3", "BUNDLE 0 2 3"),
        ("stopped", "m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 0 UDP/TLS/RTP/SAVPF 96"),
        ("not encrypted", "m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 9 RTP/AVPF 96"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{what}");
        let offer = read(&changed).unwrap();
        assert!(matches!(offer.sections[1], Section::Rejected { .. }), "{what}");
        assert_eq!(media(&offer).len(), 2, "{what}");
    }
}

#[test]
fn offers_that_cannot_be_answered_are_refused() {
    let text = chromium();
    for (what, from, to) in [
        ("no ufrag", "a=ice-ufrag", "a=x-ufrag"),
        ("no password", "a=ice-pwd", "a=x-pwd"),
        ("no fingerprint", "a=fingerprint:sha-256", "a=fingerprint:sha-1"),
        ("a short fingerprint", "49:66:", "49:"),
        ("DTLS server", "setup:actpass", "setup:passive"),
        ("the same mid twice", "a=mid:1", "a=mid:0"),
        ("a mid that is no token", "a=mid:2", "a=mid:(2)"),
        ("no version", "v=0", "x=0"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{what}");
        assert!(matches!(read(&changed), Err(RefusedReason::BadOffer(_))), "{what}");
    }
    assert!(matches!(read(""), Err(RefusedReason::BadOffer(_))));
    assert!(matches!(read(&"a".repeat(MAX_BYTES + 1)), Err(RefusedReason::BadOffer(_))));
}

/// 150,000 of them, which an offer has room for, would be looked through once for each m-line.
#[test]
fn a_bundle_of_more_mids_than_m_lines_is_not_read_to_its_end() {
    let answered = |strangers: usize| {
        let text = chromium().replace("BUNDLE 0 ", &format!("BUNDLE 0 {}", "x ".repeat(strangers)));
        media(&read(&text).unwrap()).len()
    };
    assert_eq!([MAX_SECTIONS - 4, MAX_SECTIONS - 2, 150_000].map(answered), [3, 2, 1]);
}

#[test]
fn offer_without_our_codecs_is_told_so() {
    let changed = chromium().replace("VP8/90000", "VP9/90000").replace("opus/48000/2", "ISAC/32000");
    assert_eq!(read(&changed), Err(RefusedReason::NoCommonCodec));
}

#[test]
fn red_is_taken_with_our_codec_alone_in_it() {
    for (what, from, to, taken) in [
        ("three packets", "63 111/111", "63 111/111/111", true),
        ("one packet", "63 111/111", "63 111", false),
        ("another codec", "63 111/111", "63 111/9", false),
        ("of one channel", "red/48000/2", "red/48000", false),
        ("not described", "a=fmtp:63 111/111\r\n", "", false),
        ("of pictures", "63 111/111", "63 96/96", false),
    ] {
        let changed = chromium().replace(from, to);
        assert_ne!(changed, chromium(), "{what}");
        assert_eq!(media(&read(&changed).unwrap())[0].red.is_some(), taken, "{what}");
    }
}

/// Browsers send the first of an answer's codecs.
#[test]
fn the_answer_has_red_where_the_client_wants_it() {
    for (order, is_first) in [("111 63", false), ("63 111", true)] {
        let offer = read(&chromium().replace("SAVPF 111 63", &format!("SAVPF {order}"))).unwrap();
        assert_eq!(media(&offer)[0].red.map(|red| red.is_first), Some(is_first));
        let fingerprint = [0; 32];
        let (ufrag, password) = ("u", "p");
        let local = crate::sdp::LocalTransport {
            session_id: 1,
            version: 1,
            ufrag,
            password,
            fingerprint: &fingerprint,
            candidates: &[],
            tcp_port: 9,
        };
        let answer = crate::sdp::write_answer(&offer, &local, |_| None);
        assert!(answer.contains(&format!("UDP/TLS/RTP/SAVPF {order}\r\n")), "{answer}");
        for line in ["a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", "a=rtcp-fb:111 transport-cc"] {
            assert_eq!(answer.matches(&format!("{line}\r\n")).count(), 1, "{line}: {answer}");
        }
    }
}

#[test]
fn bundle_only_line_with_port_zero_is_not_stopped() {
    let text = chromium().replacen("m=video 9 ", "m=video 0 ", 1).replacen("a=mid:1\r\n", "a=mid:1\r\na=bundle-only\r\n", 1);
    assert_eq!(media(&read(&text).unwrap()).len(), 3);
}

#[test]
fn payload_types_of_firefox_are_kept() {
    let text = chromium().replace("111", "109").replace(" 96", " 120").replace(":96", ":120").replace("=96", "=120");
    let offer = read(&text).unwrap();
    assert_eq!(media(&offer)[0].payload_type, 109);
    assert_eq!((media(&offer)[1].payload_type, media(&offer)[1].rtx_payload_type), (120, Some(97)));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    /// Whatever is cut out, doubled or overwritten in a real offer: an answer or a refusal, no panic.
    #[test]
    fn mutated_offers_do_not_panic(cuts in proptest::collection::vec((0_usize..4000, 0_usize..60, ".{0,6}"), 1..8)) {
        let mut text = chromium();
        for (at, len, insert) in cuts {
            let start = floor(&text, at % text.len());
            let end = floor(&text, (start + len).min(text.len()));
            text.replace_range(start..end, &insert);
        }
        let _ = read(&text);
    }

    /// The same line by line, which gets deeper into the grammar.
    #[test]
    fn shuffled_lines_do_not_panic(swaps in proptest::collection::vec((0_usize..200, 0_usize..200, 0_usize..4), 1..12)) {
        let text = chromium();
        let mut lines: Vec<&str> = text.split_inclusive("\r\n").collect();
        for (a, b, how) in swaps {
            let (a, b) = (a % lines.len(), b % lines.len());
            match how {
                0 => lines.swap(a, b),
                1 => lines[a] = lines[b],
                2 => lines.insert(a, lines[b]),
                _ => drop(lines.remove(a)),
            }
            if lines.is_empty() { break }
        }
        let _ = read(&lines.concat());
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
