//! SRTP and SRTCP against the published vectors, and against itself: both profiles, both directions, replays and forgeries.

use super::{test_util::hex, *};

const PROFILES: [SrtpProfile; 2] = [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80];

fn pair(profile: SrtpProfile) -> (Sealer, Opener) {
    let mut master = MasterKey { key: [7; 16], salt: [9; 14] };
    if profile == SrtpProfile::AeadAes128Gcm {
        master.salt[12..].fill(0);
    }
    (Sealer::new(profile, &master), Opener::new(profile, &master))
}

fn rtp(sealer: &Sealer, index: u64, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend((index as u16).to_be_bytes());
    packet.extend([0, 0, 0, 1, 0xca, 0xfe, 0xba, 0xbe]);
    packet.resize(RTP_HEADER + payload.len() + sealer.rtp_overhead(), 0);
    sealer.seal_rtp(index, RTP_HEADER, payload, &mut packet);
    packet
}

fn rtcp(sealer: &Sealer, index: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1, 0, 0, 0, 9, 0x80, 201, 0, 1, 0, 0, 0, 9];
    packet.resize(packet.len() + sealer.rtcp_overhead(), 0);
    sealer.seal_rtcp(index, &mut packet);
    packet
}

fn open(opener: &Opener, window: &mut ReplayWindow, packet: &[u8]) -> Result<(u64, Vec<u8>), Rejected> {
    let mut packet = packet.to_vec();
    let opened = opener.open_rtp(window, RTP_HEADER, &mut packet)?;
    Ok((opened.index, packet[RTP_HEADER..opened.end].to_vec()))
}

/// RFC 7714 §16.1: session key and salt are given, not derived.
#[test]
fn seals_the_rtp_packet_of_rfc_7714() {
    let gcm = || Gcm::new(&hex("000102030405060708090a0b0c0d0e0f"), hex("517569642070726f2071756f"));
    let sealer = Sealer(Session::Gcm { rtp: gcm(), rtcp: gcm() });
    let plain = hex::<50>(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573",
    );
    let expected = hex::<66>(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d
         7f27beb1 6a9152cf 765ee439 0cce",
    );
    let mut packet = [0; 66];
    packet[..12].copy_from_slice(&plain[..12]);
    sealer.seal_rtp(0xf17b, RTP_HEADER, &plain[12..], &mut packet);
    assert_eq!(packet, expected);

    packet[..50].copy_from_slice(&plain);
    sealer.seal_rtp_in_place(0xf17b, 12, &mut packet);
    assert_eq!(packet, expected);
}

/// RFC 7714 §17.1.
#[test]
fn seals_the_rtcp_packet_of_rfc_7714() {
    let gcm = || Gcm::new(&hex("000102030405060708090a0b0c0d0e0f"), hex("517569642070726f2071756f"));
    let sealer = Sealer(Session::Gcm { rtp: gcm(), rtcp: gcm() });
    let mut packet = [0; 76];
    packet[..56].copy_from_slice(&hex::<56>(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef
         00000000",
    ));
    let packet = &mut packet[..72];
    sealer.seal_rtcp(0x5d4, packet);
    let expected = hex::<72>(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b
         c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
    assert_eq!(packet, expected);
}

/// The reference vector of libsrtp, from master keys to the sealed packet.
#[test]
fn seals_the_cm_packet_of_libsrtp() {
    let master = MasterKey { key: hex("e1f97a0d3e018be0d64fa32c06de4139"), salt: hex("0ec675ad498afeebb6960b3aabe6") };
    let sealer = Sealer::new(SrtpProfile::Aes128CmHmacSha1_80, &master);
    let mut packet = [0; 38];
    packet[..12].copy_from_slice(&hex::<12>("800f1234 decafbad cafebabe"));
    sealer.seal_rtp(0x1234, RTP_HEADER, &[0xab; 16], &mut packet);
    let expected = hex::<38>("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb");
    assert_eq!(packet, expected);
}

#[test]
fn rtp_comes_back_over_the_roll_over_in_any_order() {
    for profile in PROFILES {
        let (sealer, opener) = pair(profile);
        let mut window = ReplayWindow::default();
        for index in [65_530, 65_534, 65_537, 65_535, 65_533, 65_536, 65_540, 131_000 - 40_000, 131_073 - 20_000, 131_073] {
            let packet = rtp(&sealer, index, b"hello");
            assert_eq!(open(&opener, &mut window, &packet), Ok((index, b"hello".to_vec())), "{profile:?} {index}");
        }
    }
}

#[test]
fn a_replay_is_rejected() {
    for profile in PROFILES {
        let (sealer, mut opener) = pair(profile);
        let mut window = ReplayWindow::default();
        let packet = rtp(&sealer, 7, b"hello");
        assert!(open(&opener, &mut window, &packet).is_ok());
        assert_eq!(open(&opener, &mut window, &packet), Err(Rejected::Replayed));

        let packet = rtcp(&sealer, 7);
        assert_eq!(opener.open_rtcp(&mut packet.clone()), Ok(16));
        assert_eq!(opener.open_rtcp(&mut packet.clone()), Err(Rejected::Replayed));
        assert_eq!(opener.open_rtcp(&mut rtcp(&sealer, 6)), Ok(16));
    }
}

#[test]
fn any_flipped_bit_is_rejected_and_changes_nothing() {
    for profile in PROFILES {
        let (sealer, mut opener) = pair(profile);
        let good = rtp(&sealer, 7, b"hello");
        let good_rtcp = rtcp(&sealer, 7);
        let mut window = ReplayWindow::default();
        // The first byte decides the header's length, which is the caller's business.
        for bit in 8..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&opener, &mut window, &bad), Err(Rejected::Unauthenticated), "{profile:?} bit {bit}");
            assert_eq!(window.highest(), None);
        }
        for bit in 0..good_rtcp.len() * 8 {
            let mut bad = good_rtcp.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(opener.open_rtcp(&mut bad).is_err(), "{profile:?} bit {bit}");
        }
        assert!(open(&opener, &mut window, &good).is_ok());
        assert!(opener.open_rtcp(&mut good_rtcp.clone()).is_ok());
    }
}

#[test]
fn rtcp_hides_what_follows_its_first_eight_bytes() {
    for profile in PROFILES {
        let (sealer, mut opener) = pair(profile);
        let mut packet = rtcp(&sealer, 1);
        assert_eq!(packet[..8], [0x80, 201, 0, 1, 0, 0, 0, 9]);
        assert_ne!(packet[8..16], [0x80, 201, 0, 1, 0, 0, 0, 9]);
        assert_eq!(opener.open_rtcp(&mut packet), Ok(16));
        assert_eq!(packet[8..16], [0x80, 201, 0, 1, 0, 0, 0, 9]);
    }
}

#[test]
fn packets_too_short_for_their_parts_are_malformed() {
    for profile in PROFILES {
        let (_, mut opener) = pair(profile);
        for len in 0..RTP_HEADER + opener.session.tag_len() {
            let packet = vec![0x80; len];
            assert_eq!(open(&opener, &mut ReplayWindow::default(), &packet), Err(Rejected::Malformed));
        }
        for len in 0..RTCP_CLEAR + RTCP_INDEX + opener.session.tag_len() {
            assert_eq!(opener.open_rtcp(&mut vec![0x80; len]), Err(Rejected::Malformed));
        }
    }
}

#[test]
fn debug_shows_no_key() {
    let master = MasterKey { key: [0xab; 16], salt: [0xcd; 14] };
    let keys = SrtpKeys { profile: SrtpProfile::AeadAes128Gcm, tx: master, rx: master };
    let shown = format!("{keys:?}");
    assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab, ab"), "{shown}");
}
