//! One WebRTC client on one UDP socket, as a browser has: real ICE, DTLS and SRTP by str0m, RTP packets of our own making.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::{Frequency, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use crate::payload::Stamp;
use crate::profile::NotingCrypto;
use load_kit::sys::{self, Batch, Poll};

pub use str0m::media::Direction;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What an m-line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Voice,
    Picture,
}

impl Medium {
    fn payload_type(self) -> Pt {
        Pt::new_with_value(match self {
            Self::Picture => 96,
            Self::Voice => 111,
        })
    }

    fn of(payload_type: Pt) -> Self {
        if payload_type == Self::Voice.payload_type() { Self::Voice } else { Self::Picture }
    }

    fn kind(self) -> MediaKind {
        match self {
            Self::Voice => MediaKind::Audio,
            Self::Picture => MediaKind::Video,
        }
    }
}

#[derive(Debug)]
pub struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    lines: Vec<(Medium, Mid)>,
    pending: Option<SdpPendingOffer>,
    deadline: Instant,
    keyframe_wanted: bool,
    /// Stamps of media packets that were decrypted and not yet taken.
    stamps: Vec<(Medium, Stamp)>,
    /// Streams of which nothing lost is asked for again: loss is to be seen.
    unrepaired: Vec<Ssrc>,
    /// Packets that [`Self::count`] has seen.
    counted: u64,
    /// The sequence number and the index of the last one that it decrypted.
    decrypted: Option<(u16, u64)>,
}

impl Peer {
    /// A peer and its offer of these m-lines, VP8 and Opus, with its only candidate inside.
    pub fn new(lines: &[(Medium, Direction)], crypto: &NotingCrypto) -> Result<(Self, String)> {
        let mut peer = Self::unconnected(crypto)?;
        let mut api = peer.rtc.sdp_api();
        let add =
            |&(medium, direction): &(Medium, Direction)| (medium, api.add_media(medium.kind(), direction, None, None, None));
        peer.lines = lines.iter().map(add).collect();
        let (offer, pending) = api.apply().context("nothing to offer")?;
        peer.pending = Some(pending);
        Ok((peer, offer.to_sdp_string()))
    }

    /// A peer that takes what a server offers, and its answer.
    pub fn answering(offer: &str, crypto: &NotingCrypto) -> Result<(Self, String)> {
        let mut peer = Self::unconnected(crypto)?;
        let parsed = SdpOffer::from_sdp_string(offer).with_context(|| format!("the offer is no SDP:\n{offer}"))?;
        let answer = peer.rtc.sdp_api().accept_offer(parsed).with_context(|| format!("the offer does not fit:\n{offer}"))?;
        peer.drain()?;
        Ok((peer, answer.to_sdp_string()))
    }

    fn unconnected(crypto: &NotingCrypto) -> Result<Self> {
        let socket = sys::udp_socket().context("a UDP socket")?;
        let address = socket.local_addr()?;
        let mut rtc = config(crypto).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        Ok(Self {
            rtc,
            socket,
            address,
            lines: Vec::new(),
            pending: None,
            deadline: Instant::now(),
            keyframe_wanted: false,
            stamps: Vec::new(),
            unrepaired: Vec::new(),
            counted: 0,
            decrypted: None,
        })
    }

    pub fn accept_answer(&mut self, sdp: &str) -> Result<()> {
        let pending = self.pending.take().context("no offer is pending")?;
        let answer = SdpAnswer::from_sdp_string(sdp).with_context(|| format!("the answer is no SDP:\n{sdp}"))?;
        self.rtc.sdp_api().accept_answer(pending, answer).with_context(|| format!("the answer does not fit:\n{sdp}"))?;
        self.drain()
    }

    pub fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    pub fn receive_drops(&self) -> Result<u64> {
        Ok(sys::receive_drops(&self.socket)?)
    }

    /// Whether the other side has asked for a keyframe since this was last asked.
    pub fn take_keyframe_request(&mut self) -> bool {
        std::mem::take(&mut self.keyframe_wanted)
    }

    /// Sends one RTP packet.
    pub fn send(&mut self, medium: Medium, sequence: u64, rtp_time: u32, marker: bool, payload: &[u8]) -> Result<()> {
        let now = Instant::now();
        let (_, mid) = self.lines.iter().find(|(line, _)| *line == medium).context("no such line")?;
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(*mid, None).context("no stream to send on")?;
        stream.write_rtp(RtpWrite::new(medium.payload_type(), sequence.into(), rtp_time, now, payload).marker(marker));
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()
    }

    /// Hands in what waits at the socket, one batch at most. `seen` gets each stamp with the kernel's time of arrival.
    pub fn receive(&mut self, batch: &mut Batch, mut seen: impl FnMut(Medium, Stamp, u64)) -> Result<usize> {
        let count = batch.receive(&self.socket);
        let now = Instant::now();
        for (datagram, data) in batch.datagrams() {
            // What is neither STUN, DTLS nor RTP is nothing that a client would answer.
            let Ok(receive) = Receive::new(Protocol::Udp, datagram.from, self.address, data) else { continue };
            self.rtc.handle_input(Input::Receive(now, receive))?;
            self.drain()?;
            self.stamps.drain(..).for_each(|(medium, stamp)| seen(medium, stamp, datagram.at_ns));
        }
        Ok(count)
    }

    /// As [`Self::receive`], of a peer that receives one picture: decrypts one packet in `every`, and tells the indices of the others by their
    /// sequence numbers. `seen` gets each index, and of those decrypted how late they came, in ns.
    pub fn count(&mut self, batch: &mut Batch, every: u64, mut seen: impl FnMut(u64, Option<u64>)) -> Result<()> {
        batch.receive(&self.socket);
        let now = Instant::now();
        for (datagram, data) in batch.datagrams() {
            let sequence = rtp_sequence(data);
            if let Some(sequence) = sequence {
                self.counted += 1;
                if let (Some((known, index)), false) = (self.decrypted, self.counted.is_multiple_of(every)) {
                    seen(index.wrapping_add_signed(i64::from(sequence.wrapping_sub(known) as i16)), None);
                    continue;
                }
            }
            let Ok(receive) = Receive::new(Protocol::Udp, datagram.from, self.address, data) else { continue };
            self.rtc.handle_input(Input::Receive(now, receive))?;
            self.drain()?;
            for (_, stamp) in self.stamps.drain(..) {
                self.decrypted = sequence.map(|sequence| (sequence, stamp.index));
                seen(stamp.index, Some(datagram.at_ns.saturating_sub(stamp.written_ns)));
            }
        }
        Ok(())
    }

    /// Timers of ICE, DTLS and RTCP that are due.
    pub fn handle_timeouts(&mut self, now: Instant) -> Result<()> {
        if now < self.deadline {
            return Ok(());
        }
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()
    }

    /// Serves the peer until then: the publisher's side of STUN and RTCP.
    pub fn serve_until(&mut self, end: Instant, batch: &mut Batch) -> Result<()> {
        let mut poll = Poll::new(std::iter::once(&self.socket));
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()) {
            if poll.readable(left).next().is_some() {
                self.receive(batch, |_, _, _| ())?;
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
        let ssrc = packet.header.ssrc;
        if !self.unrepaired.contains(&ssrc)
            && let Some(stream) = self.rtc.direct_api().stream_rx(&ssrc)
        {
            stream.suppress_nack(true);
            self.unrepaired.push(ssrc);
        }
        let medium = Medium::of(packet.header.payload_type);
        let stamp = match medium {
            Medium::Voice => Stamp::read_behind(&packet.payload),
            Medium::Picture => Stamp::read(&packet.payload),
        };
        self.stamps.extend(stamp.map(|stamp| (medium, stamp)));
    }
}

/// Of an RTP packet (RFC 3550 §5.1), and of no RTCP packet (RFC 5761 §4).
fn rtp_sequence(data: &[u8]) -> Option<u16> {
    match *data.first_chunk()? {
        [128..=191, 0..=191 | 224..=255, high, low] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

/// Opus, and VP8 with nack and pli, as a browser has them; neither transport-cc nor remb, so that no server paces or probes.
fn config(crypto: &NotingCrypto) -> RtcConfig {
    let mut config = RtcConfig::new()
        .set_rtp_mode(true)
        .clear_codecs()
        .clear_extension_map()
        .set_extension(1, Extension::RtpMid)
        .set_mtu(1200..=1500)
        .set_crypto_provider(crypto.provider());
    let params = |medium: Medium, codec, clock_rate, channels| {
        let spec = CodecSpec { codec, clock_rate, channels, format: FormatParams::default() };
        let mut params = PayloadParams::new(medium.payload_type(), None, spec);
        params.set_fb_transport_cc(false);
        params.set_fb_remb(false);
        params.set_fb_nack(medium == Medium::Picture);
        params.set_fb_pli(medium == Medium::Picture);
        params
    };
    *config.codec_config() = CodecConfig::new_from_payload_params(vec![
        params(Medium::Voice, Codec::Opus, Frequency::FORTY_EIGHT_KHZ, Some(2)),
        params(Medium::Picture, Codec::Vp8, Frequency::NINETY_KHZ, None),
    ]);
    config
}

/// Returns when all of these peers have ICE and DTLS up.
pub fn connect_all(peers: &mut [Peer]) -> Result<()> {
    let end = Instant::now() + CONNECT_TIMEOUT;
    while !peers.iter().all(Peer::is_connected) {
        if Instant::now() > end {
            let missing = peers.iter().filter(|p| !p.is_connected()).count();
            bail!("{missing} of {} peers did not connect", peers.len());
        }
        serve_all(peers, Duration::from_millis(5))?;
    }
    Ok(())
}

/// Serves all of these peers for about that time.
pub fn serve_all(peers: &mut [Peer], time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    let mut batch = Batch::default();
    let mut poll = Poll::new(peers.iter().map(|p| &p.socket));
    while Instant::now() < end {
        for i in poll.readable(Duration::from_millis(1)) {
            while peers[i].receive(&mut batch, |_, _, _| ())? > 0 {}
        }
        let now = Instant::now();
        peers.iter_mut().try_for_each(|peer| peer.handle_timeouts(now))?;
    }
    Ok(())
}

/// Which of these peers' sockets are readable, asked together.
pub fn poll(peers: &[Peer]) -> Poll {
    Poll::new(peers.iter().map(|p| &p.socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_number_is_read_of_media_only() {
        assert_eq!(rtp_sequence(&[0x80, 0x80 | 96, 1, 2, 0]), Some(0x102));
        assert_eq!(rtp_sequence(&[0x90, 111, 0xff, 0xff]), Some(0xffff));
        for other in [&[0x80, 200, 0, 6][..], &[0x81, 205, 0, 3], &[0x16, 96, 0, 1], &[0, 1, 0, 8], &[0x80, 96]] {
            assert_eq!(rtp_sequence(other), None, "{other:?}");
        }
    }
}
