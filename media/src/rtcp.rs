//! RTCP (RFC 3550 §6, RFC 4585, RFC 5104, goog-remb): compound packets read without copying, and written into a fixed buffer.

mod read;
mod twcc;
mod write;

use crate::track::Ssrc;

pub(crate) use read::{Packet, packets};
pub(crate) use twcc::{Arrival, TICK, TransportFeedback};
pub(crate) use write::Compound;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;

/// Formats of [`TRANSPORT_FEEDBACK`] and [`PAYLOAD_FEEDBACK`].
const NACK: u8 = 1;
const TRANSPORT_WIDE: u8 = 15;
const PLI: u8 = 1;
const FIR: u8 = 4;
const APPLICATION: u8 = 15;

/// What one receiver says of one sender (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportBlock {
    pub(crate) ssrc: u32,
    /// Since the last report, in 256ths.
    pub(crate) fraction_lost: u8,
    /// 24 bits, signed: duplicates make it negative.
    pub(crate) cumulative_lost: i32,
    pub(crate) highest_sequence: u32,
    /// In units of the media clock.
    pub(crate) jitter: u32,
    /// The middle 32 bits of the last sender report's NTP time; 0 when there was none.
    pub(crate) last_sr: u32,
    /// Since that report came, in 65,536ths of a second.
    pub(crate) delay_since_last_sr: u32,
}

/// What a sender says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SenderInfo {
    pub(crate) ntp: u64,
    pub(crate) rtp_timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

impl SenderInfo {
    /// What a receiver's `last_sr` will say of it.
    pub(crate) fn middle_ntp(&self) -> u32 {
        (self.ntp >> 16) as u32
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn ssrc(bytes: &[u8], at: usize) -> Option<Ssrc> {
    word(bytes, at).map(Ssrc)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(write: impl FnOnce(&mut Compound)) -> Vec<u8> {
        let mut compound = Compound::default();
        write(&mut compound);
        compound.bytes().to_vec()
    }

    #[test]
    fn a_receiver_report_comes_back() {
        let block = ReportBlock {
            ssrc: 5,
            fraction_lost: 3,
            cumulative_lost: -2,
            highest_sequence: 70_000,
            jitter: 9,
            last_sr: 77,
            delay_since_last_sr: 88,
        };
        let bytes = round_trip(|c| c.receiver_report(Ssrc(1), &[block, block]));
        let mut read = packets(&bytes);
        let Some(Packet::ReceiverReport { blocks, .. }) = read.next() else { panic!("{bytes:?}") };
        assert_eq!(blocks.collect::<Vec<_>>(), [block, block]);
        assert!(read.next().is_none());
    }

    #[test]
    fn a_sender_report_with_its_cname_comes_back() {
        let info = SenderInfo { ntp: 0x0001_0002_0003_0004, rtp_timestamp: 9, packets: 10, octets: 11 };
        let bytes = round_trip(|c| {
            c.sender_report(Ssrc(1), info);
            c.source_description(Ssrc(1), "room");
        });
        assert_eq!(bytes.len() % 4, 0);
        let read: Vec<_> = packets(&bytes).collect();
        assert!(matches!(read[0], Packet::SenderReport { ssrc: Ssrc(1), info: got, .. } if got == info));
        assert!(matches!(read[1], Packet::Other));
        assert_eq!(read.len(), 2);
        assert_eq!(info.middle_ntp(), 0x0002_0003);
        // RFC 3550 §6.5: the item list ends with at least one zero byte.
        assert_eq!(&bytes[28..], [0x81, 202, 0, 3, 0, 0, 0, 1, 1, 4, b'r', b'o', b'o', b'm', 0, 0]);
    }

    #[test]
    fn a_nack_comes_back_over_the_wrap() {
        let lost = [65_530, 65_535, 0, 10, 500, 501];
        let bytes = round_trip(|c| c.nack(Ssrc(1), Ssrc(2), &lost));
        let Some(Packet::Nack { media: Ssrc(2), lost: read }) = packets(&bytes).next() else { panic!() };
        assert_eq!(read.collect::<Vec<_>>(), lost);
        assert_eq!(bytes.len(), 12 + 2 * 4);
    }

    #[test]
    fn a_pli_and_a_fir_name_their_media() {
        let bytes = round_trip(|c| {
            c.pli(Ssrc(1), Ssrc(2));
            c.fir(Ssrc(1), Ssrc(3), 7);
        });
        let read: Vec<_> = packets(&bytes).collect();
        assert!(matches!(read[0], Packet::Pli { media: Ssrc(2) }));
        let Packet::Fir { media } = read[1].clone() else { panic!() };
        assert_eq!(media.collect::<Vec<_>>(), [Ssrc(3)]);
    }

    #[test]
    fn a_bitrate_comes_back_within_its_18_bits() {
        for bitrate in [0, 1, 262_143, 262_144, 2_500_000, 1 << 40] {
            let bytes = round_trip(|c| c.remb(Ssrc(1), bitrate, &[Ssrc(2), Ssrc(3)]));
            let Some(Packet::Remb { bitrate: read }) = packets(&bytes).next() else { panic!() };
            assert!(read <= bitrate && bitrate - read <= bitrate >> 17, "{bitrate} {read}");
        }
    }

    #[test]
    fn arrivals_come_back_with_their_times() {
        let arrivals = [Some(1_000), None, None, Some(1_255), Some(1_250), Some(9_000), None, Some(9_001), Some(8_000_000)];
        let mut told = 0;
        let bytes = round_trip(|c| told = c.transport_feedback(Ssrc(1), Ssrc(2), 65_533, 3, &arrivals));
        assert_eq!(told, 8, "the last one came too much later");
        let Some(Packet::Transport(feedback)) = packets(&bytes).next() else { panic!("{bytes:?}") };
        let expected: Vec<Arrival> = (0..8_u16)
            .map(|n| Arrival {
                sequence: 65_533_u16.wrapping_add(n),
                at: arrivals[usize::from(n)].map(|at| i64::from(at) * TICK),
            })
            .collect();
        assert_eq!(feedback.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn runs_and_vectors_of_one_bit_are_read() {
        // Three that came 1 ms apart as a run, then of a vector: one lost, one 2 ms later; the reference time is -64 ms.
        let mut bytes = vec![0x8f, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0, 5, 0xff, 0xff, 0xff, 0];
        bytes.extend([0x20, 0x03, 0x90, 0x00, 4, 4, 4, 8]);
        let Some(Packet::Transport(feedback)) = packets(&bytes).next() else { panic!("{bytes:?}") };
        let read: Vec<_> = feedback.map(|arrival| (arrival.sequence, arrival.at)).collect();
        let expected = [(65_535, Some(-63_000)), (0, Some(-62_000)), (1, Some(-61_000)), (2, None), (3, Some(-59_000))];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_full_feedback_tells_of_as_many_as_fit() {
        let arrivals: Vec<Option<u32>> = (0..2_000).map(|n| Some(n * 300)).collect();
        let mut told = 0;
        let bytes = round_trip(|c| told = c.transport_feedback(Ssrc(1), Ssrc(2), 0, 0, &arrivals));
        let Some(Packet::Transport(feedback)) = packets(&bytes).next() else { panic!() };
        assert_eq!(feedback.count(), told);
        assert!(told > 400, "{told}");
    }

    #[test]
    fn a_bye_names_who_goes() {
        let bytes = [0x82, 203, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6];
        let Some(Packet::Bye { ssrcs }) = packets(&bytes).next() else { panic!() };
        assert_eq!(ssrcs.collect::<Vec<_>>(), [Ssrc(5), Ssrc(6)]);
    }

    #[test]
    fn a_count_larger_than_its_packet_is_cut_short() {
        let bytes = [0x9f, 201, 0, 1, 0, 0, 0, 5];
        let Some(Packet::ReceiverReport { blocks, .. }) = packets(&bytes).next() else { panic!() };
        assert_eq!(blocks.count(), 0);
    }

    #[test]
    fn a_full_compound_takes_no_more() {
        let mut compound = Compound::default();
        for _ in 0..1_000 {
            compound.pli(Ssrc(1), Ssrc(2));
        }
        assert!(packets(compound.bytes()).all(|packet| matches!(packet, Packet::Pli { .. })));
        assert!(compound.bytes().len() <= write::CAPACITY);
    }

    proptest! {
        #[test]
        fn no_input_panics(data in prop::collection::vec(any::<u8>(), 0..200), kind in 198u8..210) {
            let mut data = data;
            if data.len() > 1 {
                data[0] = 0x80 | data[0] & 0x3f;
                data[1] = kind;
            }
            for packet in packets(&data) {
                match packet {
                    Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => drop(blocks.count()),
                    Packet::Nack { lost, .. } => prop_assert!(lost.count() <= data.len() * 17),
                    Packet::Fir { media } => drop(media.count()),
                    Packet::Bye { ssrcs } => drop(ssrcs.count()),
                    Packet::Transport(feedback) => prop_assert!(feedback.count() <= usize::from(u16::MAX)),
                    Packet::Pli { .. } | Packet::Remb { .. } | Packet::Other => {}
                }
            }
        }
    }
}
