//! The TURN server before the node, as its clients see it: docs/turn.md says what it answers.

#[path = "../../support/turn.rs"]
pub(crate) mod client;

mod call;
mod conformance;
mod credentials;
mod peers;
mod quotas;
mod relaying;
mod requests;
mod strangers;
