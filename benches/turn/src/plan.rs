//! What load is put on the servers.

use std::fmt;

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    Udp,
    Tls,
}

/// Packets a second of all clients together, each from one relay to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) transport: Transport,
    pub(crate) bytes: usize,
    pub(crate) pps: u32,
    pub(crate) pairs: usize,
    /// Packets that a client sends one right after another, as those of one picture.
    pub(crate) burst: u32,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, bytes, pps, pairs, burst } = self;
        write!(f, "{transport:?}, {bytes} bytes, {pps} packets/s in bursts of {burst}, {pairs} pairs")
    }
}

/// Bytes and burst: pictures, packets of pictures that come one by one, sound.
const KINDS: [(usize, u32); 3] = [(1100, 10), (1100, 1), (120, 1)];

pub(crate) fn plan(pps: u32, pairs: usize) -> Vec<Load> {
    let of = |transport| KINDS.map(|(bytes, burst)| Load { transport, bytes, pps, pairs, burst });
    [Transport::Udp, Transport::Tls].into_iter().flat_map(of).collect()
}
