//! Offers: each is refused, or answered by what is itself SDP with as many m-lines.

use std::time::Instant;

use rtc::sdp::description::session::SessionDescription;

use crate::control::PeerId;
use crate::dtls::Identity;
use crate::session::{Session, Shared};
use crate::srtp::SrtpProfile;
use crate::testing::begin;

/// No answer is longer than this for each m-line.
const MAX_ANSWER_PER_LINE: usize = 4096;

thread_local! {
    /// Its certificate is most of what a node costs.
    static SHARED: (Instant, Shared) = (begin(), Shared {
        identity: Identity::generate().expect("there is randomness"),
        profiles: vec![SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80],
        candidates: vec![([192, 0, 2, 1], 8080).into()],
        tcp_port: 8080,
        shard: 0,
    });
}

pub fn sdp(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Files have plain lines.
    let text = if text.contains('\r') { text.into_owned() } else { text.replace('\n', "\r\n") };
    SHARED.with(|(now, shared)| {
        let Ok((mut session, answered)) = Session::accept(*now, shared, PeerId(1), &text) else { return };
        let answer = SessionDescription::try_from(answered.sdp.clone()).expect("an answer is SDP");
        let offered = text.lines().filter(|line| line.starts_with("m=")).count();
        assert_eq!(answer.media_descriptions.len(), offered, "RFC 3264 §6: {}", answered.sdp);
        assert!(answered.sdp.len() <= MAX_ANSWER_PER_LINE * (offered + 1));
        let again = session.renegotiate(shared, &text).expect("the same offer can be made again");
        assert_eq!(again.media, answered.media, "nothing has changed");
    });
}
