//! What unit tests of several modules share.

use std::time::Instant;

/// When a test's virtual time begins.
#[expect(clippy::disallowed_methods, reason = "a test needs one instant to count from")]
pub(crate) fn begin() -> Instant {
    Instant::now()
}
