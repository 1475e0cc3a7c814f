//! SRTP and SRTCP: what is no packet of the peer is let in by neither profile, and changes nothing.

use super::bytes::Bytes;
use crate::rtp::Header;
use crate::srtp::{MasterKey, Opener, ReplayWindow, Sealer, SrtpProfile};

pub fn srtp(data: &[u8]) {
    let mut script = Bytes::new(data);
    let profile = if script.u8().is_multiple_of(2) { SrtpProfile::AeadAes128Gcm } else { SrtpProfile::Aes128CmHmacSha1_80 };
    let mut master = MasterKey { key: [7; 16], salt: [9; 14] };
    if profile == SrtpProfile::AeadAes128Gcm {
        master.salt[12..].fill(0);
    }
    let (sealer, mut opener) = (Sealer::new(profile, &master), Opener::new(profile, &master));
    let mut window = ReplayWindow::default();
    while let Some(step) = script.step(4) {
        match step {
            0 => forged(&mut opener, &mut window, script.piece()),
            1 => sealed_rtp(&mut script, &sealer, &opener, &mut window),
            2 => sealed_rtcp(&mut script, &sealer, &mut opener),
            _ => index(&mut script, &window),
        }
    }
}

/// Nobody guesses a tag.
fn forged(opener: &mut Opener, window: &mut ReplayWindow, packet: &[u8]) {
    let before = window.highest();
    if let Some(header) = Header::parse(packet) {
        assert!(opener.open_rtp(window, header.len, &mut packet.to_vec()).is_err());
    }
    assert_eq!(window.highest(), before);
    assert!(opener.open_rtcp(&mut packet.to_vec()).is_err());
}

/// A packet of the peer, of which a bit may have been turned on its way.
fn sealed_rtp(script: &mut Bytes<'_>, sealer: &Sealer, opener: &Opener, window: &mut ReplayWindow) {
    let (near, turned, payload) = (script.u16(), script.u16(), script.piece());
    // What lies before the first index cannot be sent.
    let Some(index) = window.index_of(near) else { return };
    let mut packet = vec![0x80, 96];
    packet.extend((index as u16).to_be_bytes());
    packet.extend([0, 0, 0, 1, 0, 0, 0, 7]);
    packet.extend_from_slice(payload);
    let end = packet.len();
    packet.resize(end + sealer.rtp_overhead(), 0);
    sealer.seal_rtp_in_place(index, 12, &mut packet);
    let (is_new, before) = (window.is_new(index), window.highest());
    let at = usize::from(turned) / 8;
    // The first byte decides the header's length, which is the caller's business; the sequence number is a part of the index.
    if (4..packet.len()).contains(&at) {
        packet[at] ^= 1 << (turned % 8);
        assert!(opener.open_rtp(window, 12, &mut packet).is_err());
        assert_eq!(window.highest(), before);
        return;
    }
    let opened = opener.open_rtp(window, 12, &mut packet.clone());
    assert_eq!(opened.is_ok(), is_new);
    if let Ok(opened) = opened {
        assert_eq!((opened.index, opened.end), (index, end));
        assert!(opener.open_rtp(window, 12, &mut packet).is_err(), "a replay");
    }
}

fn sealed_rtcp(script: &mut Bytes<'_>, sealer: &Sealer, opener: &mut Opener) {
    let (index, turned, body) = (script.u32() >> 1, script.u16(), script.piece());
    let mut packet = vec![0x80, 201, 0, 1, 0, 0, 0, script.u8()];
    packet.extend_from_slice(body);
    let plain = packet.clone();
    packet.resize(plain.len() + sealer.rtcp_overhead(), 0);
    sealer.seal_rtcp(index, &mut packet);
    let at = usize::from(turned) / 8;
    if at < packet.len() && turned > 0 {
        packet[at] ^= 1 << (turned % 8);
        assert!(opener.open_rtcp(&mut packet).is_err());
    } else if let Ok(len) = opener.open_rtcp(&mut packet.clone()) {
        let mut opened = packet.clone();
        assert!(opener.open_rtcp(&mut opened).is_err(), "a replay");
        assert_eq!(len, plain.len());
    }
}

/// The index that a sequence number means lies within half its space of the newest.
fn index(script: &mut Bytes<'_>, window: &ReplayWindow) {
    let sequence = script.u16();
    let Some(index) = window.index_of(sequence) else { return };
    assert_eq!(index as u16, sequence);
    if let Some(highest) = window.highest() {
        assert!(index.abs_diff(highest) <= 1 << 15);
    }
}
