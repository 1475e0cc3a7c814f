//! What the room's tests and its bench share: clients with SRTP of their own, descriptions, and an outbox that keeps what it is given.

#![expect(dead_code, unreachable_pub, reason = "each user takes a part of it")]

use std::{collections::HashMap, net::SocketAddr, ops::Range, time::Instant};

use staffline_media::{
    control::{PeerId, Protocol},
    datagram::{Datagram, Route},
    outbox::Outbox,
    room::{DownDescription, Extensions, Feedback, MediaDescription, MediaLine, MemberKey, Room, Simulcast, UpDescription},
    srtp::{MasterKey, Opener, ReplayWindow, Sealer, SrtpKeys, SrtpProfile},
    track::{Kind, Mid, Rid, Ssrc},
};

pub const GCM: SrtpProfile = SrtpProfile::AeadAes128Gcm;
pub const CM: SrtpProfile = SrtpProfile::Aes128CmHmacSha1_80;

/// An outbox that keeps everything until it is cleared.
#[derive(Debug, Default)]
pub struct Wire {
    bytes: Vec<u8>,
    packets: Vec<(Route, Range<usize>)>,
}

impl Outbox for Wire {
    fn packet(&mut self, to: Route, len: usize) -> &mut [u8] {
        let start = self.bytes.len();
        self.bytes.resize(start + len, 0);
        self.packets.push((to, start..start + len));
        &mut self.bytes[start..]
    }
}

impl Wire {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
    }

    /// What went there.
    pub fn forget(&mut self, route: Route) {
        self.packets.retain(|(to, _)| *to != route);
    }

    pub fn len(&self) -> usize {
        self.packets.len()
    }

    pub fn routes(&self) -> impl Iterator<Item = Route> {
        self.packets.iter().map(|(route, _)| *route)
    }

    pub fn to(&self, route: Route) -> Vec<Vec<u8>> {
        self.packets.iter().filter(|(to, _)| *to == route).map(|(_, range)| self.bytes[range.clone()].to_vec()).collect()
    }
}

/// An RTP packet as a client got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub ssrc: Ssrc,
    pub payload_type: u8,
    pub marker: bool,
    pub padding: bool,
    pub index: u64,
    pub timestamp: u32,
    /// What stands in the extension block.
    pub extensions: Vec<u8>,
    pub payload: Vec<u8>,
}

/// The far end of a member: it seals what it sends, and opens what it gets. It fails the test when one (SSRC, index) comes sealed with two
/// contents.
#[derive(Debug)]
pub struct Client {
    pub peer: PeerId,
    pub member: MemberKey,
    pub route: Route,
    sealer: Sealer,
    opener: Opener,
    windows: HashMap<u32, ReplayWindow>,
    sealed: HashMap<(u32, u64), Vec<u8>>,
    next_rtcp_index: u32,
}

pub fn route(n: u16) -> Route {
    let local = SocketAddr::from(([127, 0, 0, 1], 9));
    Route { local, remote: SocketAddr::from(([127, 0, 0, 1], 1_000 + n)), protocol: Protocol::Udp }
}

/// Keys of member `n`, as the room has them.
pub fn keys(profile: SrtpProfile, n: u16) -> SrtpKeys {
    let master = |direction: u8| {
        let mut salt = [direction; 14];
        if profile == GCM {
            salt[12..].fill(0);
        }
        let [high, low] = n.to_be_bytes();
        let mut key = [direction; 16];
        key[..2].copy_from_slice(&[high, low]);
        MasterKey { key, salt }
    };
    SrtpKeys { profile, tx: master(1), rx: master(2) }
}

impl Client {
    /// Joins and is connected.
    pub fn join(room: &mut Room, profile: SrtpProfile, n: u16, media: MediaDescription) -> Self {
        let peer = PeerId(u128::from(n));
        let member = room.add_member(peer, media);
        let keys = keys(profile, n);
        room.set_keys(member, keys);
        room.set_route(member, Some(route(n)));
        Self {
            peer,
            member,
            route: route(n),
            sealer: Sealer::new(profile, &keys.rx),
            opener: Opener::new(profile, &keys.tx),
            windows: HashMap::new(),
            sealed: HashMap::new(),
            next_rtcp_index: 0,
        }
    }

    /// A sealed RTP packet, `start` being its first two bytes, `tail` CSRCs and extensions.
    pub fn rtp_with(&self, start: [u8; 2], index: u64, timestamp: u32, ssrc: Ssrc, tail: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut packet = start.to_vec();
        packet.extend((index as u16).to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(ssrc.0.to_be_bytes());
        packet.extend(tail);
        let header = packet.len();
        packet.extend(payload);
        packet.resize(packet.len() + self.sealer.rtp_overhead(), 0);
        self.sealer.seal_rtp_in_place(index, header, &mut packet);
        packet
    }

    pub fn rtp(&self, payload_type: u8, ssrc: Ssrc, index: u64, payload: &[u8]) -> Vec<u8> {
        self.rtp_with([0x80, payload_type], index, 3_000 * index as u32, ssrc, &[], payload)
    }

    pub fn rtcp(&mut self, compound: &[u8]) -> Vec<u8> {
        let mut packet = compound.to_vec();
        packet.resize(packet.len() + self.sealer.rtcp_overhead(), 0);
        self.sealer.seal_rtcp(self.next_rtcp_index, &mut packet);
        self.next_rtcp_index += 1;
        packet
    }

    /// Every RTP packet that was sent to this client, a repeated one only the first time.
    pub fn rtp_got(&mut self, wire: &Wire) -> Vec<Got> {
        wire.to(self.route).into_iter().filter(|packet| !is_rtcp(packet)).filter_map(|packet| self.open(packet)).collect()
    }

    fn open(&mut self, mut packet: Vec<u8>) -> Option<Got> {
        let ssrc = u32::from_be_bytes(packet[8..12].try_into().ok()?);
        let sequence = u16::from_be_bytes(packet[2..4].try_into().ok()?);
        let window = self.windows.entry(ssrc).or_default();
        let index = window.index_of(sequence)?;
        let known = self.sealed.entry((ssrc, index)).or_insert_with(|| packet.clone());
        assert_eq!(*known, packet, "({ssrc}, {index}) was sealed with two contents");
        if !window.is_new(index) {
            return None;
        }
        assert_eq!(packet[0] & 0xcf, 0x80, "no CSRC");
        let words = usize::from(u16::from_be_bytes(packet[14..16].try_into().ok()?));
        let header = if packet[0] & 0x10 == 0 { 12 } else { 16 + 4 * words };
        let opened = self.opener.open_rtp(window, header, &mut packet).expect("what the room sends is authentic");
        Some(Got {
            ssrc: Ssrc(ssrc),
            payload_type: packet[1] & 0x7f,
            marker: packet[1] & 0x80 != 0,
            padding: packet[0] & 0x20 != 0,
            index: opened.index,
            timestamp: u32::from_be_bytes(packet[4..8].try_into().ok()?),
            extensions: packet[16.min(header)..header].to_vec(),
            payload: packet[header..opened.end].to_vec(),
        })
    }

    /// Every compound RTCP packet that was sent to this client, decrypted.
    pub fn rtcp_got(&mut self, wire: &Wire) -> Vec<Vec<u8>> {
        let sealed = wire.to(self.route).into_iter().filter(|packet| is_rtcp(packet));
        let open = |mut packet: Vec<u8>| {
            let len = self.opener.open_rtcp(&mut packet).expect("what the room sends is authentic, and new");
            packet.truncate(len);
            packet
        };
        sealed.map(open).collect()
    }
}

fn is_rtcp(packet: &[u8]) -> bool {
    (192..=223).contains(&packet[1])
}

/// One batch: everything is received, then flushed.
pub fn relay(room: &mut Room, now: Instant, packets: &[(MemberKey, Vec<u8>)], wire: &mut Wire) {
    let mut buffers: Vec<_> = packets.iter().map(|(_, packet)| packet.clone()).collect();
    let mut batch: Vec<_> = buffers.iter_mut().map(|data| Datagram { route: route(0), data }).collect();
    for (index, (member, _)) in packets.iter().enumerate() {
        room.receive(now, *member, index, batch[index].data);
    }
    room.flush(now, &batch, wire);
}

/// Payload types of Chromium: Opus, RED of it, VP8, its RTX. The other two are those of Firefox.
pub const OPUS: u8 = 111;
pub const RED: u8 = 63;
pub const VP8: u8 = 96;
pub const RTX: u8 = 97;
pub const FIREFOX_OPUS: u8 = 109;
pub const FIREFOX_VP8: u8 = 120;

/// The n-th line of a member: mid and SSRCs are made of member and line.
pub fn line(member: u16, nth: u16, kind: Kind, sends: bool, receives: bool) -> MediaLine {
    let base = u32::from(member) << 16 | u32::from(nth) << 4;
    let video = kind == Kind::Video;
    MediaLine {
        mid: Mid(nth.to_string()),
        kind,
        payload_type: if video { VP8 } else { OPUS },
        rtx_payload_type: video.then_some(RTX),
        red_payload_type: None,
        clock_rate: if video { 90_000 } else { 48_000 },
        feedback: Feedback { nack: video, pli: video, fir: video, remb: video },
        mid_extension: Some(4),
        extensions: Extensions::default(),
        up: sends.then(|| UpDescription { ssrcs: vec![up_ssrc(member, nth), rtx_ssrc(member, nth)], simulcast: None }),
        down: receives.then(|| DownDescription {
            ssrc: Ssrc(base | 0x8000_0000),
            rtx_ssrc: video.then_some(Ssrc(base | 0x8000_0001)),
            cname: format!("slot{nth}"),
        }),
    }
}

pub fn up_ssrc(member: u16, nth: u16) -> Ssrc {
    Ssrc(u32::from(member) << 16 | u32::from(nth) << 4)
}

pub fn rtx_ssrc(member: u16, nth: u16) -> Ssrc {
    Ssrc(up_ssrc(member, nth).0 | 1)
}

pub fn down_ssrc(member: u16, nth: u16) -> Ssrc {
    Ssrc(up_ssrc(member, nth).0 | 0x8000_0000)
}

/// Line 0 is audio, line 1 video, both ways; then audio and video of `more_slots`.
pub fn two_way(member: u16, more_slots: u16) -> MediaDescription {
    let own = [line(member, 0, Kind::Audio, true, true), line(member, 1, Kind::Video, true, true)];
    let more = (1..=more_slots).flat_map(|slot| {
        [line(member, 2 * slot, Kind::Audio, false, true), line(member, 2 * slot + 1, Kind::Video, false, true)]
    });
    MediaDescription { lines: own.into_iter().chain(more).collect() }
}

/// The same, where sound may bring the packet before it along.
pub fn with_red(mut media: MediaDescription) -> MediaDescription {
    for line in media.lines.iter_mut().filter(|line| line.kind == Kind::Audio) {
        line.red_payload_type = Some(RED);
    }
    media
}

/// The layers of a picture, by their rids, and the ids of the extensions that name them.
pub const RIDS: [u8; 3] = *b"lmh";
pub const RID: u8 = 10;
pub const REPAIRED_RID: u8 = 11;

/// The same, where what the member sends on a video line comes in layers.
pub fn in_layers(mut media: MediaDescription) -> MediaDescription {
    for line in media.lines.iter_mut().filter(|line| line.kind == Kind::Video) {
        let rids = RIDS.iter().map(|rid| Rid(char::from(*rid).to_string())).collect();
        let simulcast = Simulcast { rids, rid_extension: RID, repaired_rid_extension: Some(REPAIRED_RID) };
        line.up = line.up.take().map(|_| UpDescription { ssrcs: vec![], simulcast: Some(simulcast) });
    }
    media
}

/// The extensions by which a packet names its line and its layer, under `id`.
pub fn names(line: u16, id: u8, rid: u8) -> [u8; 8] {
    [0xbe, 0xde, 0, 1, 0x40, b'0' + line as u8, id << 4, rid]
}

/// One video line.
pub fn video(member: u16, sends: bool, receives: bool) -> MediaDescription {
    MediaDescription { lines: vec![line(member, 0, Kind::Video, sends, receives)] }
}

/// The first packet of a VP8 keyframe, and another one.
pub const KEYFRAME: &[u8] = &[0x10, 0x00, b'k'];
pub const DELTA: &[u8] = &[0x10, 0x01, b'd'];
