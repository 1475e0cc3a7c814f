//! Keyframes: how a VP8 one is told from its first packet, and when the publisher is asked for one.

use std::time::{Duration, Instant};

/// At most one request per up track in this time, however many subscribers ask: a keyframe is many times the size of other frames.
const THROTTLE: Duration = Duration::from_millis(500);

/// How long a requested keyframe may take before it is asked for again. It doubles each time, so that a publisher that sends no VP8 is left
/// in peace; one that sends nothing at all (its camera is off, its screen no longer shared) is not asked again before it does.
const RETRY: Duration = Duration::from_secs(1);
const MAX_DOUBLINGS: u32 = 4;

/// Whether an RTP payload is the first of a VP8 keyframe: it starts partition 0, and its frame header says so (RFC 7741 §4.2, §4.3).
pub(super) fn starts_keyframe(payload: &[u8]) -> bool {
    descriptor_len(payload).and_then(|len| payload.get(len)).is_some_and(|frame_header| frame_header & 1 == 0)
}

/// The length of the payload descriptor, if the packet starts the frame.
fn descriptor_len(payload: &[u8]) -> Option<usize> {
    let first = payload.first()?;
    // S set, partition index 0.
    if first & 0x17 != 0x10 {
        return None;
    }
    if first & 0x80 == 0 {
        return Some(1);
    }
    let extended = payload.get(1)?;
    let mut len = 2;
    if extended & 0x80 != 0 {
        len += if payload.get(len)? & 0x80 != 0 { 2 } else { 1 };
    }
    if extended & 0x40 != 0 {
        len += 1;
    }
    if extended & 0x30 != 0 {
        len += 1;
    }
    Some(len)
}

/// What one up track owes its subscribers.
#[derive(Debug, Default)]
pub(super) struct KeyframeRequests {
    /// Somebody waits for a keyframe that has not come.
    wanted: bool,
    /// Somebody has asked since the last request was sent.
    asked: bool,
    last: Option<Instant>,
    tries: u32,
}

impl KeyframeRequests {
    pub(super) fn ask(&mut self) {
        self.wanted = true;
        self.asked = true;
        self.tries = 0;
    }

    pub(super) fn keyframe_seen(&mut self) {
        self.wanted = false;
        self.asked = false;
        self.tries = 0;
    }

    /// When a request is to be sent, to a publisher that was last heard then: in the past if nothing holds it back.
    pub(super) fn due(&self, now: Instant, heard: Instant) -> Option<Instant> {
        match self.last {
            _ if !self.wanted => None,
            None => Some(now),
            Some(last) if self.asked => Some(last + THROTTLE),
            Some(last) if heard <= last => None,
            Some(last) => Some(last + RETRY * 2u32.pow(self.tries.min(MAX_DOUBLINGS))),
        }
    }

    /// Whether to send one now; it counts as sent.
    pub(super) fn take_due(&mut self, now: Instant, heard: Instant) -> bool {
        let due = self.due(now, heard).is_some_and(|due| due <= now);
        if due {
            self.tries += u32::from(!self.asked);
            self.asked = false;
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::begin;

    #[test]
    fn tells_a_keyframe_by_its_first_packet() {
        let table: [(&[u8], bool, &str); 9] = [
            (&[0x10, 0x00], true, "start, P = 0"),
            (&[0x10, 0x01], false, "start of an interframe"),
            (&[0x00, 0x00], false, "not the start of a partition"),
            (&[0x11, 0x00], false, "partition 1"),
            (&[0x90, 0x80, 0x05, 0x00], true, "7-bit picture id"),
            (&[0x90, 0x80, 0x85, 0x05, 0x00], true, "15-bit picture id"),
            (&[0x90, 0xe0, 0x85, 0x05, 7, 0x20, 0x01], false, "picture id, TL0PICIDX and TID before an interframe"),
            (&[0x90, 0xe0, 0x85, 0x05, 7, 0x20, 0x00], true, "the same before a keyframe"),
            (&[0x90, 0x80], false, "cut short"),
        ];
        for (payload, expected, case) in table {
            assert_eq!(starts_keyframe(payload), expected, "{case}");
        }
        assert!(!starts_keyframe(&[]));
    }

    #[test]
    fn requests_are_throttled_and_a_pending_one_is_sent_at_the_end() {
        let t0 = begin();
        let at = |ms| t0 + Duration::from_millis(ms);
        let mut requests = KeyframeRequests::default();
        assert_eq!(requests.due(t0, t0), None);
        requests.ask();
        assert!(requests.take_due(t0, t0));
        requests.ask();
        assert!(!requests.take_due(at(499), at(499)));
        assert_eq!(requests.due(at(499), at(499)), Some(at(500)));
        assert!(requests.take_due(at(500), at(500)));
        assert!(!requests.take_due(at(1_000), at(1_000)));
    }

    #[test]
    fn a_request_is_repeated_ever_slower_until_the_keyframe_comes() {
        let t0 = begin();
        let mut requests = KeyframeRequests::default();
        requests.ask();
        assert!(requests.take_due(t0, t0));
        let mut sent = Vec::new();
        for second in 1..=60 {
            let now = t0 + Duration::from_secs(second);
            if requests.take_due(now, now) {
                sent.push(second);
            }
        }
        assert_eq!(sent, [1, 3, 7, 15, 31, 47]);
        requests.keyframe_seen();
        assert_eq!(requests.due(t0 + Duration::from_secs(100), t0), None);
    }
}
