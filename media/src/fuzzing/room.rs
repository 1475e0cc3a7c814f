//! A room of three behind SRTP, of whom the last sends its picture in layers: what members may say once they have keys. Each client fails on two contents under one nonce.

use std::time::Instant;

use super::bytes::Bytes;
use crate::room::{MediaDescription, MemberKey, Room};
use crate::srtp::SrtpProfile;
use crate::support::{CM, Client, GCM, RTX, VP8, Wire, in_layers, relay, two_way, with_red};
use crate::testing::begin;
use crate::track::Ssrc;

const PROFILES: [SrtpProfile; 3] = [GCM, CM, GCM];

struct Scene {
    room: Room,
    now: Instant,
    clients: Vec<Client>,
    /// Of each client: the index that its next packet has.
    indexes: [u64; 3],
    batch: Vec<(MemberKey, Vec<u8>)>,
    wire: Wire,
}

pub fn room(data: &[u8]) {
    let mut room = Room::new();
    let clients = PROFILES.iter().enumerate().map(|(n, profile)| join(&mut room, n, *profile)).collect();
    let mut scene = Scene { room, now: begin(), clients, indexes: [65_500; 3], batch: Vec::new(), wire: Wire::default() };
    let mut script = Bytes::new(data);
    while let Some(step) = script.step(10) {
        let who = script.below(3);
        scene.step(step, who, &mut script);
    }
    scene.flush();
    let report = scene.room.report();
    assert!(report.media_packets_dropped <= report.media_packets_in);
}

fn join(room: &mut Room, n: usize, profile: SrtpProfile) -> Client {
    Client::join(room, profile, n as u16 + 1, described(n, 1))
}

fn described(n: usize, slots: u16) -> MediaDescription {
    let media = with_red(two_way(n as u16 + 1, slots));
    if n == 2 { in_layers(media) } else { media }
}

impl Scene {
    fn step(&mut self, step: u8, who: usize, script: &mut Bytes<'_>) {
        match step {
            0 => self.packet(who, [0x80, VP8], script),
            1 => self.packet(who, [0x80, script.u8() & 0x7f], script),
            2 => self.extended(who, script),
            3 => {
                let compound = at_least_8(script.piece());
                let packet = self.clients[who].rtcp(&compound);
                self.batch.push((self.clients[who].member, packet));
            }
            4 => self.retransmission(who, script),
            5 => {
                let mut raw = vec![0x80 | script.u8() & 0x3f];
                raw.extend_from_slice(script.piece());
                self.batch.push((self.clients[who].member, raw));
            }
            6 => self.flush(),
            7 => self.pass(script),
            8 => self.change(who, script.u8()),
            // The source goes on elsewhere: a gap, or a step back.
            _ => self.indexes[who] = self.indexes[who].saturating_add_signed(i64::from(script.u16() as i16)).min(1 << 40),
        }
    }

    fn source(who: usize, script: &mut Bytes<'_>) -> Ssrc {
        let which = u32::from(script.u8());
        Ssrc((who as u32 + 1) << 16 | which & 0x3f)
    }

    fn packet(&mut self, who: usize, start: [u8; 2], script: &mut Bytes<'_>) {
        let ssrc = Self::source(who, script);
        let packet = self.clients[who].rtp(start[1], ssrc, self.indexes[who], script.piece());
        self.push(who, packet);
    }

    /// With CSRCs and extensions as they come, which may be none.
    fn extended(&mut self, who: usize, script: &mut Bytes<'_>) {
        let (first, payload_type) = (0x80 | script.u8() & 0x3f, script.u8());
        let (ssrc, tail, payload) = (Self::source(who, script), script.piece(), script.piece());
        let start = [first, payload_type];
        let packet = self.clients[who].rtp_with(start, self.indexes[who], script.u32(), ssrc, tail, payload);
        self.push(who, packet);
    }

    fn retransmission(&mut self, who: usize, script: &mut Bytes<'_>) {
        let ssrc = Ssrc((who as u32 + 1) << 16 | 0x11);
        let original = (self.indexes[who] as u16).wrapping_sub(u16::from(script.u8()));
        let payload = [&original.to_be_bytes(), script.piece()].concat();
        let packet = self.clients[who].rtp(RTX, ssrc, self.indexes[who], &payload);
        self.push(who, packet);
    }

    fn push(&mut self, who: usize, packet: Vec<u8>) {
        self.indexes[who] += 1;
        self.batch.push((self.clients[who].member, packet));
    }

    fn pass(&mut self, script: &mut Bytes<'_>) {
        self.flush();
        let end = self.now + script.time();
        let mut woken = 0;
        while let Some(due) = self.room.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.room.handle_timeout(self.now, &mut self.wire);
            woken += 1;
            assert!(woken < 100_000, "it spins");
        }
        self.now = end;
        self.hear();
    }

    fn change(&mut self, who: usize, how: u8) {
        self.flush();
        let (key, n) = (self.clients[who].member, who as u16 + 1);
        match how % 6 {
            0 => self.room.reconfigure(key, described(who, u16::from(how / 6) % 3)),
            1 => self.room.hold_back(self.now, key, how & 8 > 0),
            2 => self.room.set_route(key, (how & 8 > 0).then_some(self.clients[who].route)),
            3 => self.room.set_keys(key, crate::support::keys(PROFILES[who], n)),
            4 => self.room.set_recorded((how & 8 > 0).then_some(crate::control::RoomId(1))),
            // Gone, and back with nothing remembered. Its keys should be others then; the client that would notice begins anew as well.
            _ => {
                self.room.remove_member(key);
                self.clients[who] = join(&mut self.room, who, PROFILES[who]);
                self.indexes[who] = 65_500;
            }
        }
    }

    fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        relay(&mut self.room, self.now, &batch, &mut self.wire);
        self.hear();
    }

    /// Everybody opens what it was sent.
    fn hear(&mut self) {
        for client in &mut self.clients {
            client.rtp_got(&self.wire);
            client.rtcp_got(&self.wire);
        }
        self.wire.clear();
    }
}

/// What SRTCP leaves in clear has to be there.
fn at_least_8(compound: &[u8]) -> Vec<u8> {
    let mut compound = compound.to_vec();
    compound.resize(compound.len().max(8), 0);
    // Anything else would be taken for RTP.
    compound[1] = 192 + compound[1] % 32;
    compound
}
