//! The beginnings of the corpus: vectors of the RFCs, and scripts that get as deep as a target goes.

use super::turn_client;
use crate::rtcp::{Compound, ReportBlock, SenderInfo};
use crate::track::Ssrc;

/// RFC 5769 §2.1 and §2.4: requests with short-term and long-term credentials.
const STUN_SHORT_TERM: &str = "000100582112a442b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 \
    00240004 6e0001ff 80290008 932ff9b151263b36 00060009 6576746a3a68367659202020 \
    00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf";
const STUN_LONG_TERM: &str = "000100602112a442 78ad3433c6ad72c029da412e 00060012 e3839ee38388e383aae38383e382afe382b9 0000 \
    0015001c 662f2f3439396b39353464364f4c33346f4c394653547679363473 41 0014000b 6578616d706c652e6f7267 00 \
    00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666";
/// RFC 7714 §16.1 and §17.1: sealed RTP and RTCP.
const SRTP: &str = "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf \
    8833899d 7f27beb1 6a9152cf 765ee439 0cce";
const SRTCP: &str = "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded \
    0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4";
/// A ClientHello (RFC 6347 §4.2.1) with one cipher suite and no extension.
const CLIENT_HELLO: &str = "16feff 0000 000000000000 0038 01 00002c 0000 000000 00002c fefd \
    0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20 00 00 0002 c02b 0100 0000";
const SIMULCAST: &[u8] = include_bytes!("../sdp/testdata/chromium-simulcast-offer.sdp");
const CHROMIUM: &[u8] = include_bytes!("../sdp/testdata/chromium-offer.sdp");

type Seed = (&'static str, Vec<u8>);

pub(super) fn of(target: &str) -> Vec<Seed> {
    match target {
        "dtls" => dtls(),
        "framing" => framing(),
        "port" => port(),
        "room" => room(),
        "rtcp" => rtcp(),
        "rtp" => rtp(),
        "sdp" => sdp(),
        "srtp" => srtp(),
        "stun" => stun(),
        "turn" => turn(),
        _ => Vec::new(),
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// What [`super::bytes::Bytes`] reads.
#[derive(Default)]
struct Script(Vec<u8>);

impl Script {
    fn put(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn piece(self, bytes: &[u8]) -> Self {
        self.put(&(bytes.len() as u16).to_be_bytes()).put(bytes)
    }
}

fn script() -> Script {
    Script::default()
}

fn compound(write: impl FnOnce(&mut Compound)) -> Vec<u8> {
    let mut compound = Compound::default();
    write(&mut compound);
    compound.bytes().to_vec()
}

fn reports(sender: Ssrc, of: u32) -> Vec<u8> {
    let block = ReportBlock { ssrc: of, fraction_lost: 3, highest_sequence: 65_540, ..ReportBlock::default() };
    let info = SenderInfo { ntp: 1 << 40, rtp_timestamp: 90_000, packets: 100, octets: 10_000 };
    compound(|c| {
        c.sender_report(sender, info);
        c.source_description(sender, "someone");
        c.receiver_report(sender, &[block]);
    })
}

fn requests(sender: Ssrc, media: Ssrc, lost: &[u16]) -> Vec<u8> {
    compound(|c| {
        c.receiver_report(sender, &[]);
        c.nack(sender, media, lost);
        c.pli(sender, media);
        c.fir(sender, media, 1);
        c.remb(sender, 500_000, &[media]);
    })
}

fn rtcp() -> Vec<Seed> {
    vec![
        ("reports", reports(Ssrc(1), 2)),
        ("requests", requests(Ssrc(1), Ssrc(2), &[1, 2, 17, 18, 65_535, 0])),
        ("bye", vec![0x82, 203, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6]),
        // draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1: a run, a vector, three deltas.
        ("transport-cc", hex("8fcd0006 00000001 00000002 0001 0004 000010 00 2002 b400 04 08 0200 0000")),
        ("no-blocks", vec![0x9f, 201, 0, 1, 0, 0, 0, 5]),
        ("too-short", vec![0x81, 205, 0, 9, 0, 0, 0, 5]),
    ]
}

fn rtp() -> Vec<Seed> {
    let header = "90e01234 00000005 cafebabe";
    vec![
        ("plain", hex("80601234 00000005 cafebabe 1000 aabb")),
        ("csrcs", hex("82601234 00000005 cafebabe 00000001 00000002 1000")),
        ("one-byte", hex(&format!("{header} bede0002 1030 41aabb 0000 00 1000"))),
        ("two-byte", hex(&format!("{header} 10000002 1400 0402aabb 0000 1000"))),
        ("padded", hex("a0e01234 00000005 cafebabe 1000 0002")),
        ("too-long", hex(&format!("{header} bede00ff 1030"))),
        ("red", hex("803f1234 00000005 cafebabe bf1e0002 bf0f0003 3f aabb ccddee ff00")),
        ("rfc-7714", hex(SRTP)),
    ]
}

fn srtp() -> Vec<Seed> {
    let rtp = |turned: u16, near: u16| script().put(&[1]).put(&near.to_be_bytes()).put(&turned.to_be_bytes()).piece(b"hello").0;
    let rtcp = |index: u32| script().put(&[2]).put(&index.to_be_bytes()).put(&[0, 0]).piece(&[1; 8]).put(&[9]).0;
    let both = |first: u8| {
        let wrap = [rtp(0, 65_534), rtp(0, 65_535), rtp(0, 0), rtp(0, 65_535), rtp(100, 1), rtp(0, 1)].concat();
        script().put(&[first]).put(&wrap).put(&rtcp(2)).put(&rtcp(2)).put(&rtcp(4)).put(&[3, 0, 5]).0
    };
    let forged = |packet: &str| script().put(&[0, 0]).piece(&hex(packet)).0;
    vec![("gcm", both(0)), ("cm", both(1)), ("rfc-7714-rtp", forged(SRTP)), ("rfc-7714-rtcp", forged(SRTCP))]
}

fn sdp() -> Vec<Seed> {
    let text = str::from_utf8(CHROMIUM).unwrap();
    let firefox = text.replace("111", "109").replace(" 96", " 120").replace(":96", ":120").replace("=96", "=120");
    let short: String = text
        .lines()
        .filter(|line| !line.starts_with("a=ssrc") && !line.starts_with("a=extmap"))
        .fold(String::new(), |text, line| text + line + "\n");
    vec![
        ("chromium", CHROMIUM.to_vec()),
        ("simulcast", SIMULCAST.to_vec()),
        ("firefox", firefox.into_bytes()),
        ("without-sources", short.into_bytes()),
        ("receiving", text.replace("a=sendrecv", "a=recvonly").into_bytes()),
        ("stopped", text.replace("m=video 9", "m=video 0").into_bytes()),
    ]
}

fn stun() -> Vec<Seed> {
    let with = |what: u8, bytes: &[u8]| [&[what, 0], bytes].concat();
    vec![
        ("rfc-5769-short-term", with(0, &hex(STUN_SHORT_TERM))),
        ("rfc-5769-long-term", with(0, &hex(STUN_LONG_TERM))),
        ("bare", with(0, &turn_client::message(1, 1, &[]))),
        ("over-ipv6", [&[2, 1][..], &[0, 0x24, 0, 4, 0x6e, 0, 1, 0xff]].concat()),
        ("check", with(3, &hex("00240004 6e0001ff 802a0008 0000000000000001"))),
        ("controlled", with(3, &hex("80290008 932ff9b151263b36"))),
        ("unknown", with(3, &hex("7ff00004 61626364 7ff10000 80010004 61626364"))),
    ]
}

fn framing() -> Vec<Seed> {
    let binding = turn_client::message(1, 1, &[]);
    let channel = turn_client::channel_data(0x4001, b"five!");
    let framed = |packet: &[u8]| script().piece(packet).0;
    vec![
        ("turn", [&[6], &binding[..], &channel, &[0; 3], &binding].concat()),
        ("ice-tcp", [&[1], &framed(&binding)[..], &framed(&[0x80; 40]), &framed(&[])].concat()),
        ("http", b"\x10GET / HTTP/1.1\r\n".to_vec()),
        ("too-long", vec![3, 0x40, 0, 0xff, 0xff]),
    ]
}

fn dtls() -> Vec<Seed> {
    // Client, answer, client, answer: as often as a handshake takes.
    let all = [1, 1, 1, 1, 5].repeat(8);
    let lossy = [1, 5, 1, 1, 4, 1, 200, 1, 3, 5].repeat(6);
    let damaged = [&[0, 1, 5][..], &[2, 0, 30, 1, 5].repeat(6), &all].concat();
    vec![
        ("handshake", [&[0], &all[..]].concat()),
        ("handshake-cm", [&[1], &all[..]].concat()),
        ("handshake-lossy", [&[2], &lossy[..]].concat()),
        ("damaged", damaged),
        ("strangers-hello", script().put(&[0, 0]).piece(&hex(CLIENT_HELLO)).put(&[5]).0),
        ("early-data", script().put(&[0, 0]).piece(&[&[23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 8][..], &[0; 8]].concat()).0),
        ("alert", script().put(&[0]).put(&all).put(&[0]).piece(&[21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40]).0),
    ]
}

/// Members of the room are 1 to 3, and `who` is one less (`super::room`). Lines: audio, video; slots beside them.
fn room() -> Vec<Seed> {
    const FLUSH: &[u8] = &[6, 0];
    let audio = |who: u8| script().put(&[1, who, 111, 0]).piece(b"opus").0;
    let key = |who: u8| script().put(&[0, who, 0x10]).piece(&[0x10, 0, b'k']).0;
    let delta = |who: u8| script().put(&[0, who, 0x10]).piece(&[0x10, 1, b'd']).0;
    let says = |who: u8, compound: &[u8]| script().put(&[3, who]).piece(compound).0;
    let gap = |who: u8| vec![9, who, 0, 3];
    let time = |unit: u8, count: u8| vec![7, 0, unit, count];
    // The first member's video, as the second is sent it.
    let down = Ssrc(0x8002_0010);
    let talk = [key(0), audio(0), key(1), FLUSH.to_vec(), delta(0), delta(0), audio(1), FLUSH.to_vec()].concat();
    let lost: Vec<u16> = (0..40).map(|n| (down.0.wrapping_mul(0x9e37_79b9) >> 18) as u16 + n).collect();
    let repair = [talk.clone(), gap(0), delta(0), FLUSH.to_vec(), says(1, &requests(Ssrc(0x2_0010), down, &lost)), time(1, 10)];
    let rtx = script().put(&[4, 0, 2]).piece(&[0x10, 1, b'd']).0;
    let extended = script().put(&[2, 0, 0x10, 96, 0x20]).piece(&hex("bede0001 40310000")).piece(&[0x10, 0, b'k']).put(&[0; 4]).0;
    // The third's picture, by rid; and what is repaired of it, by the rid that it repairs.
    let layer = |rid: &str, source: u8, frame: &[u8]| {
        let tail = hex(&format!("bede0001 4031 a0{rid}"));
        script().put(&[2, 2, 0x10, 96, source]).piece(&tail).piece(frame).put(&[0; 4]).0
    };
    let key_frame = hex("90c0 8001 01 100000 9d012a 40004000 6b");
    let layers = [layer("6c", 1, &key_frame), layer("6d", 2, &key_frame), layer("68", 3, &key_frame), layer("78", 4, &key_frame)];
    let tail = hex("bede0001 4031 b06d");
    let repaired = script().put(&[2, 2, 0x10, 97, 5]).piece(&tail).piece(&hex("ffdc 90c0 8002 02 110000")).put(&[0; 4]).0;
    let layers = [layers.concat(), FLUSH.to_vec(), time(3, 2), repaired, layers.concat(), FLUSH.to_vec()].concat();
    // The second loses sound of the first, which then brings the packet before it along, and itself misses one that came along.
    let mut loses = Compound::default();
    let block = ReportBlock { ssrc: 0x8002_0000, fraction_lost: 26, ..ReportBlock::default() };
    loses.receiver_report(Ssrc(0x2_0000), &[block]);
    let red = script().put(&[1, 0, 63, 0]).piece(&hex("ef0f0003 6f aabbcc dd")).0;
    let doubled =
        [talk.clone(), says(1, loses.bytes()).repeat(10), vec![9, 0, 0, 1], red, FLUSH.to_vec(), audio(0), FLUSH.to_vec()];
    let changes: Vec<u8> = (0..12).flat_map(|how| [&[8, how % 3, how][..], &delta(how % 3), FLUSH].concat()).collect();
    vec![
        ("talk", talk.clone()),
        ("red", doubled.concat()),
        ("repair", [repair.concat(), rtx, FLUSH.to_vec()].concat()),
        (
            "reports",
            [talk.clone(), says(0, &reports(Ssrc(0x1_0010), down.0)), time(2, 10), says(1, &reports(Ssrc(9), down.0))].concat(),
        ),
        ("another-source", [talk.clone(), time(2, 4), extended, FLUSH.to_vec(), delta(0), FLUSH.to_vec()].concat()),
        ("changes", [talk.clone(), changes, talk].concat()),
        ("layers", [&layers[..], &says(0, &requests(Ssrc(1), Ssrc(0x8001_0010), &[1, 2])), &layers].concat()),
        ("raw", script().put(&[5, 0, 0]).piece(&hex(SRTP)).put(&[5, 1, 1]).piece(&hex(SRTCP)).put(FLUSH).0),
    ]
}

fn turn() -> Vec<Seed> {
    let allocate = |who: u8| vec![3, who];
    let bind = |who: u8, peer: u8, number: u16| script().put(&[4, who, peer]).put(&number.to_be_bytes()).0;
    let data = |who: u8, number: u16| script().put(&[5, who]).put(&number.to_be_bytes()).piece(b"data!").0;
    let send = |who: u8, peer: u8| script().put(&[6, who, peer]).piece(b"data").0;
    let request = |who: u8, kind: u8, attributes: &str| script().put(&[2, who, kind]).piece(&hex(attributes)).0;
    let up = [allocate(0), allocate(1), allocate(2), bind(0, 1, 0x4000), bind(1, 0, 0x4001), bind(2, 3, 0x4002)].concat();
    let relayed = [data(0, 0x4000), data(1, 0x4001), data(2, 0x4002), send(0, 1), send(1, 0), send(2, 3)].concat();
    vec![
        ("relayed", [&up[..], &relayed].concat()),
        ("connections", [&up[..], &[8, 1], &relayed, &[9, 0], &allocate(1), &relayed].concat()),
        ("times", [&up[..], &[7, 0, 3, 30], &relayed, &request(0, 1, "000d0004 00000e10"), &[7, 0, 3, 60], &relayed].concat()),
        ("refresh-0", [&up[..], &request(0, 1, "000d0004 00000000"), &relayed].concat()),
        (
            "families",
            [request(0, 0, "00190004 11000000 00170004 02000000"), request(1, 0, "00190004 11000000 00180001 80000000")].concat(),
        ),
        ("permissions", [&up[..], &request(0, 2, "00120008 0001a147e112a643 00120008 0001a147e112a644"), &relayed].concat()),
        ("unsigned", script().put(&[1, 0, 0]).piece(&hex("00190004 11000000")).put(&[1, 1, 1]).piece(&[]).0),
        ("rfc-5769", script().put(&[0, 0]).piece(&hex(STUN_LONG_TERM)).put(&[0, 1]).piece(&hex(STUN_SHORT_TERM)).0),
    ]
}

fn port() -> Vec<Seed> {
    const FLUSH: &[u8] = &[9, 0];
    let check = |who: u8, how: u8| script().put(&[1, who, how, who]).piece(&[]).0;
    let come = |who: u8| [&check(who, 0)[..], FLUSH, &[3, who]].concat();
    let rtp = |who: u8, payload_type: u8, source: u8, payload: &[u8]| {
        script().put(&[4, who, 0, payload_type, source]).piece(&[]).piece(payload).0
    };
    let rtcp = |who: u8, compound: &[u8]| script().put(&[5, who]).piece(compound).0;
    let time = |unit: u8, count: u8| vec![7, 0, unit, count];
    let order = |who: u8, on: u8, what: u8| vec![8, who, on, what];
    let call =
        [come(0), come(1), rtp(0, 96, 1, &[0x10, 0, b'k']), rtp(0, 111, 0, b"opus"), rtp(1, 96, 1, &[0x10, 0]), FLUSH.to_vec()]
            .concat();
    let binding = turn_client::message(1, 1, &[]);
    let framed = script().piece(&binding).0;
    let stream = |which: u8, bytes: &[u8]| script().put(&[6, 0, which]).piece(bytes).0;
    let says = [reports(Ssrc(2_231_627_014), 1), requests(Ssrc(1), Ssrc(2), &[1, 2])].concat();
    let renegotiated = script().put(&order(0, 0, 2)).put(&[1, 100, 3]).piece(b"F7gJ").0;
    let moved = [order(1, 1, 3), order(1, 0, 3), renegotiated, check(0, 1), order(0, 0, 0), order(0, 0, 1), come(0)].concat();
    vec![
        ("call", call.clone()),
        ("says", [&call[..], &rtcp(0, &says), &rtcp(1, &says), FLUSH, &time(2, 10)].concat()),
        ("moved", [call.clone(), moved].concat()),
        ("silence", [call.clone(), time(3, 3), come(0)].concat()),
        ("streams", [stream(0, &binding), stream(1, &framed), stream(2, &binding), stream(2, b"GET /"), vec![10, 0, 1]].concat()),
        (
            "relayed",
            [&[11, 0][..], &check(0, 4), FLUSH, &[12, 0], &script().piece(&hex(CLIENT_HELLO)).0, FLUSH, &order(0, 0, 4)].concat(),
        ),
        (
            "strangers",
            script()
                .put(&[0, 0, 2])
                .piece(&hex(STUN_SHORT_TERM))
                .put(&[0, 0, 3])
                .piece(&hex(CLIENT_HELLO))
                .put(&[2, 0, 2])
                .piece(&hex(SRTP))
                .0,
        ),
    ]
}
