//! Which loads are put on the server, one after another.

use relay_load::load::Load;
use relay_load::profile::Cipher;

/// What is measured when nothing else is asked for: video-like packets to 1, 10 and 50 subscribers with both ciphers, then
/// audio-like packets and bursts as of video frames. At most about 20,000 forwarded packets per second.
pub(crate) fn default_plan() -> Vec<Load> {
    let mut plan = Vec::new();
    for (subscribers, input_pps) in [(1, 2000), (10, 2000), (50, 400)] {
        for cipher in [Cipher::Gcm, Cipher::Cm] {
            plan.push(Load { subscribers, input_pps, payload_bytes: 1100, cipher, burst: 1 });
        }
    }
    for cipher in [Cipher::Gcm, Cipher::Cm] {
        plan.push(Load { subscribers: 10, input_pps: 2000, payload_bytes: 120, cipher, burst: 1 });
    }
    for (subscribers, input_pps) in [(10, 2000), (50, 400)] {
        plan.push(Load { subscribers, input_pps, payload_bytes: 1100, cipher: Cipher::Gcm, burst: 10 });
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_plan_keeps_its_own_bounds() {
        for load in default_plan() {
            load.check().unwrap();
            assert!(load.forwarded_pps() <= 20_000);
        }
    }
}
