//! Reference servers for `make bench-peers`: one publisher, many subscribers, one thread, one UDP socket on 127.0.0.1, WHIP and WHEP.
//!
//! ```text
//! reference-sfu --http 127.0.0.1:18090 --udp 127.0.0.1:18091 --mode naive|fast
//! ```
//!
//! `naive`: str0m does everything, one sendto for each packet: what a relay in Rust does first. `fast`: str0m does ICE, DTLS and RTCP, and media goes
//! around it: recvmmsg, decrypted once, for each subscriber twelve bytes of header, a copy of the payload and AES-GCM straight into the send
//! buffer, sendmmsg, and UDP_SEGMENT when a batch holds several packets. It has no cache for NACKs, no replay window, no statistics, and no recovery
//! from anything: the bound to meet, no product. It wants a GCM profile (`REFERENCE_SRTP=gcm128`).

mod fast;
mod keys;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use str0m::change::SdpOffer;
use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::{Frequency, KeyframeRequestKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

#[derive(PartialEq, Clone, Copy)]
pub enum Mode {
    Naive,
    Fast,
}

pub struct Session {
    rtc: Rtc,
    publisher: bool,
    addr: Option<SocketAddr>,
    deadline: Instant,
    mid: Option<Mid>,
    base: Option<u64>,
    keys: keys::Slot,
    fast: Option<fast::Half>,
}

struct Ask {
    whip: bool,
    offer: String,
    reply: mpsc::Sender<String>,
}

fn main() {
    let (mut http, mut udp, mut mode) = ("127.0.0.1:18090".to_string(), "127.0.0.1:18091".to_string(), Mode::Naive);
    let mut it = std::env::args().skip(1);
    while let (Some(k), Some(v)) = (it.next(), it.next()) {
        match k.as_str() {
            "--http" => http = v,
            "--udp" => udp = v,
            "--mode" => {
                mode = match v.as_str() {
                    "naive" => Mode::Naive,
                    "fast" => Mode::Fast,
                    _ => panic!("mode"),
                }
            }
            _ => panic!("unknown option {k}"),
        }
    }
    str0m::crypto::from_feature_flags().install_process_default();
    let (tx, rx) = mpsc::channel();
    let l = TcpListener::bind(&http).expect("http address");
    std::thread::spawn(move || serve_http(l, tx));
    run(UdpSocket::bind(&udp).expect("udp address"), mode, rx);
}

/// WHIP: POST /whip, WHEP: POST /whep, DELETE anything: 200 (sessions end by ICE time-out or at the next WHIP).
fn serve_http(l: TcpListener, tx: mpsc::Sender<Ask>) {
    for mut s in l.incoming().flatten() {
        let mut raw = Vec::new();
        let mut b = [0u8; 8192];
        let (head, body) = loop {
            let n = s.read(&mut b).unwrap_or(0);
            raw.extend_from_slice(&b[..n]);
            let t = String::from_utf8_lossy(&raw).to_string();
            if let Some(i) = t.find("\r\n\r\n") {
                let len = t[..i]
                    .to_ascii_lowercase()
                    .lines()
                    .find_map(|l| l.strip_prefix("content-length:").map(|v| v.trim().parse::<usize>().unwrap_or(0)))
                    .unwrap_or(0);
                if raw.len() >= i + 4 + len || n == 0 {
                    break (t[..i].to_string(), t[i + 4..].to_string());
                }
            }
            if n == 0 {
                break (String::new(), String::new());
            }
        };
        let answer = if head.starts_with("POST /wh") {
            let (rtx, rrx) = mpsc::channel();
            let _ = tx.send(Ask { whip: head.starts_with("POST /whip"), offer: body, reply: rtx });
            rrx.recv_timeout(Duration::from_secs(5)).ok()
        } else {
            None
        };
        let _ = match answer {
            Some(a) => write!(
                s,
                "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\nLocation: /session\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{a}",
                a.len()
            ),
            None => write!(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        };
    }
}

fn new_session(ask: &Ask, local: SocketAddr) -> Result<(Session, String), String> {
    let (provider, slot) = keys::provider();
    let mut cfg = RtcConfig::new()
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .clear_codecs()
        .clear_extension_map()
        .set_extension(1, Extension::RtpMid)
        .set_mtu(1200..=1500)
        .set_crypto_provider(provider);
    let mut vp8 = PayloadParams::new(
        Pt::new_with_value(96),
        None,
        CodecSpec { codec: Codec::Vp8, clock_rate: Frequency::NINETY_KHZ, channels: None, format: FormatParams::default() },
    );
    vp8.set_fb_transport_cc(false);
    vp8.set_fb_remb(false);
    *cfg.codec_config() = CodecConfig::new_from_payload_params(vec![vp8]);
    let mut rtc = cfg.build(Instant::now());
    rtc.add_local_candidate(Candidate::host(local, "udp").map_err(|e| e.to_string())?);
    let offer = SdpOffer::from_sdp_string(&ask.offer).map_err(|e| e.to_string())?;
    let answer = rtc.sdp_api().accept_offer(offer).map_err(|e| e.to_string())?;
    Ok((
        Session { rtc, publisher: ask.whip, addr: None, deadline: Instant::now(), mid: None, base: None, keys: slot, fast: None },
        answer.to_sdp_string(),
    ))
}

/// Outgoing datagrams, each sent at once.
pub struct Out {
    fd: i32,
}

impl Out {
    fn send(&self, to: SocketAddr, data: &[u8]) {
        fast::sendto(self.fd, data, to)
    }
}

fn run(sock: UdpSocket, mode: Mode, asks: mpsc::Receiver<Ask>) {
    sock.set_nonblocking(true).expect("a non-blocking socket");
    let fd = sock.as_raw_fd();
    let local = sock.local_addr().expect("its address");
    fast::buffers(fd);
    let out = Out { fd };
    let mut ss: Vec<Session> = Vec::new();
    let mut by_addr: HashMap<SocketAddr, usize> = HashMap::new();
    let mut rx = fast::Rx::new();
    let mut tx = fast::Tx::new();
    let mut media: Vec<RtpPacket> = Vec::new();
    let mut next = Instant::now();
    loop {
        fast::poll(fd, 2);
        let n = rx.recv(fd);
        let now = Instant::now();
        for k in 0..n {
            let from = rx.from(k);
            let pkt = rx.pkt(k);
            let i = match by_addr.get(&from) {
                Some(i) => *i,
                None => {
                    let Ok(r) = Receive::new(Protocol::Udp, from, local, pkt) else { continue };
                    let input = Input::Receive(now, r);
                    let Some(i) = ss.iter().position(|s| s.rtc.accepts(&input)) else { continue };
                    by_addr.insert(from, i);
                    ss[i].addr = Some(from);
                    i
                }
            };
            let rtp = pkt.len() > 12 && (128..192).contains(&pkt[0]) && !(64..96).contains(&(pkt[1] & 0x7f));
            let session = &mut ss[i];
            if let (true, true, Some(half)) = (rtp && mode == Mode::Fast, session.publisher, &mut session.fast) {
                tx.take(half, pkt);
                continue;
            }
            if let Ok(r) = Receive::new(Protocol::Udp, from, local, pkt) {
                let _ = ss[i].rtc.handle_input(Input::Receive(now, r));
            }
            drain(&mut ss, i, &out, &mut media);
            if !media.is_empty() {
                forward(&mut ss, &mut media, &out, now)
            }
        }
        if mode == Mode::Fast {
            tx.fan_out(fd, &mut ss)
        }
        if now >= next {
            next = now + Duration::from_millis(10);
            while let Ok(a) = asks.try_recv() {
                if a.whip {
                    ss.clear();
                    by_addr.clear()
                }
                match new_session(&a, local) {
                    Ok((s, answer)) => {
                        ss.push(s);
                        let i = ss.len() - 1;
                        drain(&mut ss, i, &out, &mut media);
                        let _ = a.reply.send(answer);
                    }
                    Err(e) => eprintln!("reference-sfu: {e}"),
                }
            }
            for i in 0..ss.len() {
                if now >= ss[i].deadline {
                    let _ = ss[i].rtc.handle_input(Input::Timeout(now));
                    drain(&mut ss, i, &out, &mut media)
                }
                if mode == Mode::Fast && ss[i].fast.is_none() && ss[i].rtc.is_connected() {
                    let s = &mut ss[i];
                    let ssrc = if s.publisher {
                        0
                    } else {
                        s.mid.and_then(|m| s.rtc.direct_api().stream_tx_by_mid(m, None).map(|t| *t.ssrc())).unwrap_or(0)
                    };
                    s.fast = fast::Half::new(&s.keys, s.publisher, ssrc, s.addr);
                }
            }
        }
    }
}

fn drain(ss: &mut [Session], i: usize, out: &Out, media: &mut Vec<RtpPacket>) {
    let mut key = false;
    loop {
        match ss[i].rtc.poll_output() {
            Ok(Output::Timeout(t)) => {
                ss[i].deadline = t;
                break;
            }
            Ok(Output::Transmit(t)) => out.send(t.destination, &t.contents),
            Ok(Output::Event(Event::MediaAdded(m))) => ss[i].mid = Some(m.mid),
            Ok(Output::Event(Event::RtpPacket(p))) => media.push(p),
            Ok(Output::Event(Event::KeyframeRequest(_))) => key = true,
            Ok(Output::Event(_)) => {}
            Err(e) => {
                eprintln!("reference-sfu: {e}");
                ss[i].deadline = Instant::now() + Duration::from_secs(1);
                break;
            }
        }
    }
    if key {
        if let Some(p) = ss.iter_mut().find(|s| s.publisher) {
            if let Some(m) = p.mid {
                if let Some(r) = p.rtc.direct_api().stream_rx_by_mid(m, None) {
                    r.request_keyframe(KeyframeRequestKind::Pli)
                }
            }
        }
    }
}

/// naive/batch: every packet through str0m once per subscriber (payload shared by Arc).
fn forward(ss: &mut [Session], media: &mut Vec<RtpPacket>, out: &Out, now: Instant) {
    for p in std::mem::take(media) {
        for s in ss.iter_mut().filter(|s| !s.publisher) {
            let Some(mid) = s.mid else { continue };
            let base = *s.base.get_or_insert(*p.seq_no & !0xffff);
            {
                let mut api = s.rtc.direct_api();
                let Some(tx) = api.stream_tx_by_mid(mid, None) else { continue };
                let seq = (*p.seq_no - base).into();
                tx.write_rtp(
                    RtpWrite::new(p.header.payload_type, seq, p.header.timestamp, now, p.payload.clone()).marker(p.header.marker),
                );
            }
            // Without this str0m keeps the packet until its next timer.
            let _ = s.rtc.handle_input(Input::Timeout(now));
            loop {
                match s.rtc.poll_output() {
                    Ok(Output::Timeout(t)) => {
                        s.deadline = t;
                        break;
                    }
                    Ok(Output::Transmit(t)) => out.send(t.destination, &t.contents),
                    Ok(Output::Event(_)) => {}
                    Err(_) => break,
                }
            }
        }
    }
}
