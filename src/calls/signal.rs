//! Limits on what a client may have relayed to another or handed to the media node.

use super::{Signal, refusal::Refusal};

/// A session description of a browser has 2 to 20 KiB. With its line ends escaped it still fits into the largest frame, so that one
/// that is too long is refused by name.
pub const MAX_SDP_BYTES: usize = 48 * 1024;
pub const MAX_CANDIDATE_BYTES: usize = 1024;
/// RFC 8445 §5.3 allows 256 characters for an ufrag; a mid is shorter.
const MAX_LABEL_BYTES: usize = 256;

/// Whether a signal is small enough and looks like what it says it is. The receiver parses it in earnest.
pub fn check(signal: &Signal) -> Result<(), Refusal> {
    match signal {
        Signal::Offer { sdp } | Signal::Answer { sdp } => check_sdp(sdp),
        Signal::Candidate { candidate, sdp_mid, username_fragment, .. } => {
            let label_too_long = |label: &Option<String>| label.as_ref().is_some_and(|text| text.len() > MAX_LABEL_BYTES);
            if candidate.len() > MAX_CANDIDATE_BYTES || label_too_long(sdp_mid) || label_too_long(username_fragment) {
                return Err(Refusal::BadSignal("the candidate is too long".to_owned()));
            }
            Ok(())
        }
    }
}

fn check_sdp(sdp: &str) -> Result<(), Refusal> {
    if sdp.len() > MAX_SDP_BYTES {
        return Err(Refusal::BadSignal("the session description is too long".to_owned()));
    }
    // RFC 8866 §5.1: the first line of every description.
    if !sdp.starts_with("v=0") {
        return Err(Refusal::BadSignal("this is no session description".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(candidate: &str, sdp_mid: &str) -> Signal {
        Signal::Candidate {
            candidate: candidate.to_owned(),
            sdp_mid: Some(sdp_mid.to_owned()),
            sdp_m_line_index: None,
            username_fragment: None,
        }
    }

    #[test]
    fn signals_within_the_limits_pass() {
        let sdp = format!("v=0\r\n{}", "a".repeat(MAX_SDP_BYTES - 5));
        assert_eq!(check(&Signal::Offer { sdp }), Ok(()));
        assert_eq!(check(&candidate(&"c".repeat(MAX_CANDIDATE_BYTES), "0")), Ok(()));
        assert_eq!(check(&candidate("", "0")), Ok(()), "the end of candidates is an empty one");
    }

    #[test]
    fn long_or_foreign_signals_are_refused() {
        let long = format!("v=0\r\n{}", "a".repeat(MAX_SDP_BYTES - 4));
        for signal in [
            Signal::Offer { sdp: long },
            Signal::Answer { sdp: "garbage".to_owned() },
            Signal::Offer { sdp: String::new() },
            candidate(&"c".repeat(MAX_CANDIDATE_BYTES + 1), "0"),
            candidate("c", &"m".repeat(MAX_LABEL_BYTES + 1)),
        ] {
            assert_eq!(check(&signal).map_err(|refusal| refusal.code()), Err("bad_signal"));
        }
    }
}
