//! How a client gets into a server's room.

use anyhow::Result;

use crate::peer::Peer;
use crate::profile::NotingCrypto;

/// One publisher and its subscribers. What was made at the server goes with the value.
pub trait Signalling {
    /// Gives the answer to the publisher's offer.
    fn publish(&mut self, offer: &str) -> Result<String>;
    /// A subscriber of that publisher, with offer and answer exchanged; which of the two offers is the server's affair.
    fn subscribe(&mut self, crypto: &NotingCrypto) -> Result<Peer>;
}
