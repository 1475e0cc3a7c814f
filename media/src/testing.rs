//! What unit tests of several modules share.

use std::time::Instant;

#[cfg(test)]
use crate::control::PeerId;

/// When a test's virtual time begins.
#[expect(clippy::disallowed_methods, reason = "a test needs one instant to count from")]
pub(crate) fn begin() -> Instant {
    Instant::now()
}

/// The peer with whom a room panics when it is held back, so that a test sees what a panic costs.
#[cfg(test)]
pub(crate) const UNLUCKY: PeerId = PeerId(u128::MAX);
