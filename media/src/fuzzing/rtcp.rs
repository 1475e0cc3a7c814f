//! Compound RTCP, as it is once it has been decrypted.

use crate::rtcp::{Compound, Packet, packets};
use crate::track::Ssrc;

pub fn rtcp(data: &[u8]) {
    let mut read = 0;
    for packet in packets(data) {
        read += 1;
        match packet {
            Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => assert!(blocks.count() <= 31),
            Packet::Nack { media, lost } => nack(media, &lost.collect::<Vec<_>>(), data.len()),
            Packet::Fir { media } => assert!(media.count() <= data.len() / 8),
            Packet::Bye { ssrcs } => assert!(ssrcs.count() <= 31),
            Packet::Transport(feedback) => assert!(feedback.count() <= usize::from(u16::MAX)),
            Packet::Remb { .. } | Packet::Pli { .. } | Packet::Other => {}
        }
    }
    assert!(read <= data.len() / 4, "each packet has a header");
}

/// Its numbers come back from what we write of them.
fn nack(media: Ssrc, lost: &[u16], len: usize) {
    assert!(lost.len() <= len / 4 * 17);
    let few = &lost[..lost.len().min(100)];
    let mut compound = Compound::default();
    compound.nack(Ssrc(1), media, few);
    let Some(Packet::Nack { media: again, lost: numbers }) = packets(compound.bytes()).next() else { return };
    assert_eq!(again, media);
    let numbers: Vec<_> = numbers.collect();
    assert!(few.iter().all(|number| numbers.contains(number)) && numbers.iter().all(|number| few.contains(number)));
}
