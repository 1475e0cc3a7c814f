//! One WebRTC client on one UDP socket, as a browser has: real ICE, DTLS and SRTP by str0m, RTP packets of our own making.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use crate::payload::Stamp;
use crate::profile::NotingCrypto;
use load_kit::sys::{self, Batch, Poll};

const VP8: u8 = 96;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Publisher,
    Subscriber,
}

#[derive(Debug)]
pub(crate) struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    mid: Mid,
    pending: Option<SdpPendingOffer>,
    deadline: Instant,
    keyframe_wanted: bool,
    /// Stamps of media packets that were decrypted and not yet taken.
    stamps: Vec<Stamp>,
    repairs_suppressed: bool,
}

impl Peer {
    /// A peer and its offer of one VP8 m-line, with its only candidate inside.
    pub(crate) fn new(role: Role, crypto: &NotingCrypto) -> Result<(Self, String)> {
        let socket = sys::udp_socket().context("a UDP socket")?;
        let address = socket.local_addr()?;
        let mut rtc = config(crypto).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        let direction = match role {
            Role::Publisher => Direction::SendOnly,
            Role::Subscriber => Direction::RecvOnly,
        };
        let mut api = rtc.sdp_api();
        let mid = api.add_media(MediaKind::Video, direction, None, None, None);
        let (offer, pending) = api.apply().context("nothing to offer")?;
        let peer = Self {
            rtc,
            socket,
            address,
            mid,
            pending: Some(pending),
            deadline: Instant::now(),
            keyframe_wanted: false,
            stamps: Vec::new(),
            repairs_suppressed: false,
        };
        Ok((peer, offer.to_sdp_string()))
    }

    pub(crate) fn accept_answer(&mut self, sdp: &str) -> Result<()> {
        let pending = self.pending.take().context("no offer is pending")?;
        let answer = SdpAnswer::from_sdp_string(sdp).with_context(|| format!("the answer is no SDP:\n{sdp}"))?;
        self.rtc.sdp_api().accept_answer(pending, answer).with_context(|| format!("the answer does not fit:\n{sdp}"))?;
        self.drain()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    pub(crate) fn receive_drops(&self) -> Result<u64> {
        Ok(sys::receive_drops(&self.socket)?)
    }

    /// Whether the other side has asked for a keyframe since this was last asked.
    pub(crate) fn take_keyframe_request(&mut self) -> bool {
        std::mem::take(&mut self.keyframe_wanted)
    }

    pub(crate) fn take_stamps(&mut self) -> impl Iterator<Item = Stamp> {
        self.stamps.drain(..)
    }

    /// Sends one RTP packet of the publisher's stream.
    pub(crate) fn send(&mut self, sequence: u64, rtp_time: u32, marker: bool, payload: &[u8]) -> Result<()> {
        let now = Instant::now();
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(self.mid, None).context("no stream to send on")?;
        stream.write_rtp(RtpWrite::new(Pt::new_with_value(VP8), sequence.into(), rtp_time, now, payload).marker(marker));
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()
    }

    /// Hands in what waits at the socket, one batch at most. `seen` gets each stamp with the kernel's time of arrival.
    pub(crate) fn receive(&mut self, batch: &mut Batch, mut seen: impl FnMut(Stamp, u64)) -> Result<usize> {
        let count = batch.receive(&self.socket);
        let now = Instant::now();
        for (datagram, data) in batch.datagrams() {
            // What is neither STUN, DTLS nor RTP is nothing that a client would answer.
            let Ok(receive) = Receive::new(Protocol::Udp, datagram.from, self.address, data) else { continue };
            self.rtc.handle_input(Input::Receive(now, receive))?;
            self.drain()?;
            self.take_stamps().for_each(|stamp| seen(stamp, datagram.at_ns));
        }
        Ok(count)
    }

    /// Timers of ICE, DTLS and RTCP that are due.
    pub(crate) fn handle_timeouts(&mut self, now: Instant) -> Result<()> {
        if now < self.deadline {
            return Ok(());
        }
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()
    }

    /// Serves the peer until then: the publisher's side of STUN and RTCP.
    pub(crate) fn serve_until(&mut self, end: Instant, batch: &mut Batch) -> Result<()> {
        let mut poll = Poll::new(std::iter::once(&self.socket));
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()) {
            if poll.readable(left).next().is_some() {
                self.receive(batch, |_, _| ())?;
            }
            self.handle_timeouts(Instant::now())?;
        }
        Ok(())
    }

    /// Sends what str0m wants to send, takes its events, notes its next deadline.
    fn drain(&mut self) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return Ok(());
                }
                Output::Transmit(datagram) => {
                    let to = datagram.destination;
                    ensure!(to.ip().is_loopback(), "{to}: load is only ever sent to 127.0.0.0/8");
                    self.socket.send_to(&datagram.contents, to).with_context(|| format!("sending to {to}"))?;
                }
                Output::Event(Event::KeyframeRequest(_)) => self.keyframe_wanted = true,
                Output::Event(Event::RtpPacket(packet)) => self.take_packet(&packet),
                Output::Event(_) => {}
            }
        }
    }

    fn take_packet(&mut self, packet: &RtpPacket) {
        if !self.repairs_suppressed {
            // Loss is to be seen, not repaired.
            if let Some(stream) = self.rtc.direct_api().stream_rx(&packet.header.ssrc) {
                stream.suppress_nack(true);
                self.repairs_suppressed = true;
            }
        }
        self.stamps.extend(Stamp::read(&packet.payload));
    }
}

/// VP8 with nack and pli as a browser has it; neither transport-cc nor remb, so that no server paces or probes.
fn config(crypto: &NotingCrypto) -> RtcConfig {
    let mut config = RtcConfig::new()
        .set_rtp_mode(true)
        .clear_codecs()
        .clear_extension_map()
        .set_extension(1, Extension::RtpMid)
        .set_mtu(1200..=1500)
        .set_crypto_provider(crypto.provider());
    let spec =
        CodecSpec { codec: Codec::Vp8, clock_rate: Frequency::NINETY_KHZ, channels: None, format: FormatParams::default() };
    let mut vp8 = PayloadParams::new(Pt::new_with_value(VP8), None, spec);
    vp8.set_fb_transport_cc(false);
    vp8.set_fb_remb(false);
    vp8.set_fb_nack(true);
    vp8.set_fb_pli(true);
    *config.codec_config() = CodecConfig::new_from_payload_params(vec![vp8]);
    config
}

/// Serves all of these peers for about that time.
pub(crate) fn serve_all(peers: &mut [Peer], time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    let mut batch = Batch::default();
    let mut poll = Poll::new(peers.iter().map(|p| &p.socket));
    while Instant::now() < end {
        for i in poll.readable(Duration::from_millis(1)) {
            while peers[i].receive(&mut batch, |_, _| ())? > 0 {}
        }
        let now = Instant::now();
        peers.iter_mut().try_for_each(|peer| peer.handle_timeouts(now))?;
    }
    Ok(())
}

/// Which of these peers' sockets are readable, asked together.
pub(crate) fn poll(peers: &[Peer]) -> Poll {
    Poll::new(peers.iter().map(|p| &p.socket))
}
