//! What of a signal may pass between the two of a relayed call: nothing that tells where they are, whatever their clients put
//! into it. Pure.
//!
//! Of candidates (RFC 8839 §5.1) only those of a TURN server pass, and they lose their related address, which is the client's own.
//! A session description names addresses in its origin, as default destinations, and in attributes as well: they become the
//! ones that say nothing (RFC 8840 §4.1.1), as in a description that was made before any candidate was found.

use std::borrow::Cow;

use super::Signal;

/// The signal without addresses of its sender; nothing, if nothing is left of it.
pub fn cleared(signal: Signal) -> Option<Signal> {
    match signal {
        Signal::Offer { sdp } => Some(Signal::Offer { sdp: cleared_sdp(&sdp) }),
        Signal::Answer { sdp } => Some(Signal::Answer { sdp: cleared_sdp(&sdp) }),
        // There are no more candidates.
        Signal::Candidate { ref candidate, .. } if candidate.is_empty() => Some(signal),
        Signal::Candidate { candidate, sdp_mid, sdp_m_line_index, username_fragment } => {
            let candidate = cleared_candidate(&candidate)?;
            Some(Signal::Candidate { candidate, sdp_mid, sdp_m_line_index, username_fragment })
        }
    }
}

/// `candidate:<foundation> <component> <transport> <priority> <address> <port> typ <type>`, then names and values. Those that ICE
/// needs are kept: others tell of the client's network.
fn cleared_candidate(candidate: &str) -> Option<String> {
    let words: Vec<_> = candidate.split_ascii_whitespace().collect();
    let (own, extensions) = words.split_at_checked(8)?;
    if !own[0].starts_with("candidate:") || own[6..] != ["typ", "relay"] {
        return None;
    }
    let kept = extensions.chunks(2).filter(|pair| matches!(pair, ["generation" | "ufrag", _])).flatten();
    let words: Vec<_> = own.iter().chain(&["raddr", "0.0.0.0", "rport", "0"]).chain(kept).copied().collect();
    Some(words.join(" "))
}

fn cleared_sdp(sdp: &str) -> String {
    lines(sdp).filter_map(cleared_line).collect()
}

/// With their ends, which stay as they are. A lone CR is one, since some parsers take it for that.
fn lines(sdp: &str) -> impl Iterator<Item = &str> {
    let mut rest = sdp;
    std::iter::from_fn(move || {
        let end = match rest.find(['\r', '\n']) {
            Some(at) if rest[at..].starts_with("\r\n") => at + 2,
            Some(at) => at + 1,
            None => rest.len(),
        };
        let (line, after) = rest.split_at(end);
        rest = after;
        (!line.is_empty()).then_some(line)
    })
}

fn cleared_line(line: &str) -> Option<Cow<'_, str>> {
    let text = line.trim_end_matches(['\r', '\n']);
    let cleared = if text.starts_with("a=candidate:") {
        format!("a={}", cleared_candidate(&text[2..])?)
    } else if text.starts_with("a=remote-candidates:") || text.starts_with("a=source-filter:") {
        return None;
    } else if text.starts_with("a=rtcp:") {
        "a=rtcp:9 IN IP4 0.0.0.0".to_owned()
    } else if text.starts_with("c=") {
        "c=IN IP4 0.0.0.0".to_owned()
    } else if let Some(origin) = text.strip_prefix("o=") {
        format!("o={}", cleared_origin(origin))
    } else if let Some(media) = text.strip_prefix("m=") {
        format!("m={}", cleared_media(media))
    } else {
        return Some(Cow::Borrowed(line));
    };
    Some(Cow::Owned(cleared + &line[text.len()..]))
}

/// `<user> <session> <version> <network type> <address type> <address>`.
fn cleared_origin(origin: &str) -> String {
    match origin.split(' ').collect::<Vec<_>>()[..] {
        [user, session, version, _, _, _] => format!("{user} {session} {version} IN IP4 0.0.0.0"),
        _ => "- 0 0 IN IP4 0.0.0.0".to_owned(),
    }
}

/// `<media> <port> <protocol> <formats>`. Port 0 refuses the section.
fn cleared_media(media: &str) -> Cow<'_, str> {
    match media.splitn(3, ' ').collect::<Vec<_>>()[..] {
        [kind, port, rest] if port != "0" => Cow::Owned(format!("{kind} 9 {rest}")),
        _ => Cow::Borrowed(media),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const CHROMIUM_OFFER: &str = include_str!("../../media/src/sdp/testdata/chromium-offer.sdp");

    fn check_candidate(candidate: &str, passes: Option<&str>) {
        let signal = |candidate: &str| Signal::Candidate {
            candidate: candidate.to_owned(),
            sdp_mid: Some("0".to_owned()),
            sdp_m_line_index: Some(0),
            username_fragment: Some("Kx3a".to_owned()),
        };
        assert_eq!(cleared(signal(candidate)), passes.map(signal), "{candidate}");
    }

    #[test]
    fn of_candidates_only_those_of_a_turn_server_pass_without_the_clients_own_address() {
        let clean = "candidate:7 1 udp 41885695 192.0.2.1 49152 typ relay raddr 0.0.0.0 rport 0 generation 0 ufrag Kx3a";
        check_candidate(clean, Some(clean));
        let told = "candidate:7 1 udp 41885695 192.0.2.1 49152 typ relay raddr 10.0.0.7 rport 50000 generation 0 ufrag Kx3a \
            network-id 1 network-cost 900";
        check_candidate(told, Some(clean));
        check_candidate(
            "candidate:7 1 tcp 5 2001:db8::1 49152 typ relay",
            Some("candidate:7 1 tcp 5 2001:db8::1 49152 typ relay raddr 0.0.0.0 rport 0"),
        );
        check_candidate("", Some(""));
    }

    #[test]
    fn candidates_of_other_types_and_what_is_no_candidate_do_not_pass() {
        for candidate in [
            "candidate:1 1 udp 2122260223 10.0.0.7 50000 typ host generation 0",
            "candidate:1 1 udp 2122260223 0f3e.local 50000 typ host",
            "candidate:2 1 udp 1686052607 198.51.100.7 50000 typ srflx raddr 10.0.0.7 rport 50000",
            "candidate:2 1 udp 1686052607 198.51.100.7 50000 typ prflx raddr 10.0.0.7 rport 50000",
            "candidate:1 1 tcp 1518280447 10.0.0.7 9 typ host tcptype active",
            "candidate:1 1 udp 1 10.0.0.7 50000 typ RELAY",
            "candidate:1 1 udp 1 10.0.0.7 50000 typ host typ relay",
            "candidate:1 1 udp 1 10.0.0.7 50000 typ",
            "candidate:1 1 udp 1 10.0.0.7 50000 relay typ",
            "a=candidate:1 1 udp 1 10.0.0.7 50000 typ relay",
            " ",
            "10.0.0.7",
        ] {
            check_candidate(candidate, None);
        }
    }

    #[test]
    fn a_second_line_does_not_hide_behind_a_good_candidate() {
        let two = "candidate:7 1 udp 5 192.0.2.1 49152 typ relay\r\na=candidate:1 1 udp 5 10.0.0.7 5000 typ host";
        check_candidate(two, Some("candidate:7 1 udp 5 192.0.2.1 49152 typ relay raddr 0.0.0.0 rport 0"));
    }

    #[test]
    fn a_description_loses_its_addresses_and_nothing_else() {
        let told = "v=0\r\no=- 463 2 IN IP4 10.0.0.7\r\ns=-\r\nt=0 0\r\nc=IN IP6 2001:db8::7\r\n\
            m=audio 50000 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 198.51.100.7\r\na=rtcp:50001 IN IP4 198.51.100.7\r\n\
            a=candidate:1 1 udp 5 10.0.0.7 50000 typ host\r\n\
            a=candidate:7 1 udp 5 192.0.2.1 49152 typ relay raddr 198.51.100.7 rport 50000\r\n\
            a=remote-candidates:1 10.0.0.8 50000\r\na=end-of-candidates\r\na=ice-ufrag:Kx3a\r\na=rtcp-mux\r\n\
            m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=inactive\r\n";
        let clean = "v=0\r\no=- 463 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nc=IN IP4 0.0.0.0\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
            a=candidate:7 1 udp 5 192.0.2.1 49152 typ relay raddr 0.0.0.0 rport 0\r\n\
            a=end-of-candidates\r\na=ice-ufrag:Kx3a\r\na=rtcp-mux\r\n\
            m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=inactive\r\n";
        assert_eq!(cleared_sdp(told), clean);
        assert_eq!(cleared_sdp(clean), clean);
        let answer = Signal::Answer { sdp: told.to_owned() };
        assert_eq!(cleared(answer), Some(Signal::Answer { sdp: clean.to_owned() }));
    }

    #[test]
    fn a_browsers_offer_is_changed_in_its_addresses_only() {
        let clear = cleared_sdp(CHROMIUM_OFFER);
        let may_change = |line: &&str| !["o=", "c=", "m=", "a=rtcp:", "a=candidate:"].iter().any(|start| line.starts_with(start));
        let kept = |sdp: &str| sdp.lines().filter(may_change).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(kept(CHROMIUM_OFFER), kept(&clear));
        assert_eq!(CHROMIUM_OFFER.matches("m=").count(), clear.matches("m=").count());
    }

    /// Lines of a description with `ADDRESS` wherever one may stand.
    const LINES: [&str; 12] = [
        "o=- 1 2 IN IP4 ADDRESS",
        "o=ADDRESS",
        "c=IN IP4 ADDRESS/127",
        "c=ADDRESS",
        "a=rtcp:5000 IN IP4 ADDRESS",
        "a=candidate:1 1 udp 5 ADDRESS 5000 typ host",
        "a=candidate:1 1 udp 5 192.0.2.1 5000 typ relay raddr ADDRESS rport 5000",
        "a=candidate:1 1 udp 5 192.0.2.1 5000 typ relay x ADDRESS generation 0",
        "a=candidate:ADDRESS",
        "a=remote-candidates:1 ADDRESS 5000",
        "a=source-filter: incl IN IP4 * ADDRESS",
        "a=mid:0",
    ];

    proptest! {
        #[test]
        fn no_address_is_left_in_any_order_with_any_line_ends(
            lines in vec((select(&LINES[..]), select(&["\r\n", "\n", "\r", "\n\r", "\n\n"][..])), 0..20),
        ) {
            let sdp: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
            let clear = cleared_sdp(&sdp);
            prop_assert!(!clear.contains("ADDRESS"), "{clear}");
            prop_assert_eq!(cleared_sdp(&clear), clear);
        }

        #[test]
        fn nonsense_passes_without_harm(sdp in "(?s).{0,200}", candidate in "(?s)(candidate:)?.{0,100}") {
            cleared_sdp(&sdp);
            cleared_candidate(&candidate);
        }
    }
}
