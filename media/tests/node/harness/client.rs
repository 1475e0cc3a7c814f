//! A client: an `RTCPeerConnection` of `rtc` with all its interceptors, which sends numbered packets and notes what it gets.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::Registry;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCDtlsTransportState, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sansio::Protocol as _;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

/// How a client numbers its payload types; the node has to translate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flavour {
    opus: u8,
    vp8: u8,
    rtx: Option<u8>,
}

impl Flavour {
    pub(crate) const CHROMIUM: Self = Self { opus: 111, vp8: 96, rtx: Some(97) };
    pub(crate) const FIREFOX: Self = Self { opus: 109, vp8: 120, rtx: Some(124) };
    /// Retransmissions come on the media's own SSRC.
    pub(crate) const WITHOUT_RTX: Self = Self { opus: 111, vp8: 96, rtx: None };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    Audio,
    Video,
}

/// A track this client publishes.
struct Track {
    medium: Medium,
    sender: RTCRtpSenderId,
    ssrc: u32,
    sent: u32,
}

/// A packet that came out at the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// Of this client's own m-line.
    pub(crate) mid: String,
    pub(crate) payload_type: u8,
    pub(crate) ssrc: u32,
    /// The publisher's SSRC and number, from the payload.
    pub(crate) origin: u32,
    pub(crate) number: u32,
}

pub(crate) struct Client {
    pc: RTCPeerConnection,
    flavour: Flavour,
    address: SocketAddr,
    tracks: Vec<Track>,
    pub(crate) received: Vec<Received>,
    /// As (SSRC, sequence number): the node tries the line with packets sent again, which no jitter buffer plays twice.
    seen: HashSet<(u32, u16)>,
    pub(crate) state: RTCPeerConnectionState,
}

impl Client {
    pub(crate) fn new(now: Instant, address: SocketAddr, flavour: Flavour) -> Self {
        let mut media = MediaEngine::default();
        for (parameters, kind) in codecs(flavour) {
            media.register_codec(parameters, kind).unwrap();
        }
        let registry = register_default_interceptors(Registry::new(), &mut media).unwrap();
        let settings = SettingEngineBuilder::new()
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_ice_timeouts(Some(Duration::from_secs(20)), Some(Duration::from_secs(30)), None)
            .build();
        let pc = RTCPeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_setting_engine(settings)
            .with_interceptor_registry(registry)
            .build(now)
            .unwrap();
        let mut client = Self {
            pc,
            flavour,
            address,
            tracks: Vec::new(),
            received: Vec::new(),
            seen: HashSet::new(),
            state: RTCPeerConnectionState::New,
        };
        client.add_candidate(address);
        client
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn add_candidate(&mut self, address: SocketAddr) {
        let base_config = CandidateConfig {
            network: "udp".to_owned(),
            address: address.ip().to_string(),
            port: address.port(),
            component: 1,
            ..CandidateConfig::default()
        };
        let candidate = CandidateHostConfig { base_config, ..CandidateHostConfig::default() }.new_candidate_host().unwrap();
        self.pc.add_local_candidate(RTCIceCandidate::from(&candidate).to_json().unwrap()).unwrap();
    }

    /// Publishes a track with this SSRC on a sendrecv m-line.
    pub(crate) fn publish(&mut self, medium: Medium, ssrc: u32) {
        let (kind, parameters) = self.codec(medium);
        let coding = RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() };
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: coding,
            codec: parameters.rtp_codec,
            ..RTCRtpEncodingParameters::default()
        };
        let id = format!("track{ssrc}");
        let track = MediaStreamTrack::new("stream".to_owned(), id.clone(), id, kind, vec![encoding]);
        let sender = self.pc.add_track(track).unwrap();
        self.tracks.push(Track { medium, sender, ssrc, sent: 0 });
    }

    /// Offers one more m-line to receive on.
    pub(crate) fn add_slot(&mut self, medium: Medium) {
        let direction = RTCRtpTransceiverDirection::Recvonly;
        let init = RTCRtpTransceiverInit { direction, streams: vec![], send_encodings: vec![] };
        let (kind, _) = self.codec(medium);
        self.pc.add_transceiver_from_kind(kind, Some(init)).unwrap();
    }

    fn codec(&self, medium: Medium) -> (RtpCodecKind, RTCRtpCodecParameters) {
        let mut all = codecs(self.flavour);
        let (parameters, kind) = all.swap_remove(if medium == Medium::Audio { 0 } else { 1 });
        (kind, parameters)
    }

    pub(crate) fn offer(&mut self, now: Instant) -> String {
        let offer = self.pc.create_offer(None).unwrap();
        self.pc.set_local_description(now, offer).unwrap();
        self.pc.local_description().unwrap().sdp
    }

    /// As after a change of network: new credentials, and this address.
    pub(crate) fn restart_ice(&mut self, address: SocketAddr) {
        self.address = address;
        self.pc.restart_ice();
    }

    pub(crate) fn accept(&mut self, now: Instant, answer: &str) {
        self.pc.set_remote_description(now, RTCSessionDescription::answer(answer.to_owned()).unwrap()).unwrap();
        if self.address_is_new(answer) {
            self.add_candidate(self.address);
        }
    }

    fn address_is_new(&self, _answer: &str) -> bool {
        let offer = self.pc.local_description().unwrap().sdp;
        !offer.contains(&format!("{} {} typ host", self.address.ip(), self.address.port()))
    }

    /// Sends one packet on every track.
    pub(crate) fn send_all(&mut self, now: Instant) {
        for index in 0..self.tracks.len() {
            self.send(now, index);
        }
    }

    fn send(&mut self, now: Instant, index: usize) {
        let track = &mut self.tracks[index];
        track.sent += 1;
        let (payload_type, step) = match track.medium {
            Medium::Audio => (self.flavour.opus, 960),
            Medium::Video => (self.flavour.vp8, 3000),
        };
        let header = rtp::Header {
            version: 2,
            marker: true,
            payload_type,
            sequence_number: 65_500_u32.wrapping_add(track.sent) as u16,
            timestamp: track.sent * step,
            ssrc: track.ssrc,
            ..rtp::Header::default()
        };
        // A VP8 descriptor that begins a partition, and the first byte of a key frame (RFC 7741 §4.2, §4.3).
        let mut payload = vec![0x10, 0x00];
        payload.extend_from_slice(&track.ssrc.to_be_bytes());
        payload.extend_from_slice(&track.sent.to_be_bytes());
        payload.resize(600, 0x5a);
        let packet = rtp::Packet { header, payload: Bytes::from(payload) };
        let sender = track.sender;
        self.pc.rtp_sender(sender).unwrap().write_rtp(now, packet).unwrap();
    }

    /// The numbers received of the track with this SSRC, in order of arrival.
    pub(crate) fn numbers_of(&self, origin: u32) -> Vec<u32> {
        self.received.iter().filter(|packet| packet.origin == origin).map(|packet| packet.number).collect()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == RTCPeerConnectionState::Connected
    }

    pub(crate) fn handle_datagram(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let transport =
            TransportContext { local_addr: self.address, peer_addr: from, ecn: None, transport_protocol: TransportProtocol::UDP };
        let _ = self.pc.handle_read(TaggedBytesMut { now, transport, message: BytesMut::from(bytes) });
    }

    pub(crate) fn next_timeout(&mut self) -> Option<Instant> {
        self.pc.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let _ = self.pc.handle_timeout(now);
    }

    /// What is to be sent: destination and bytes.
    pub(crate) fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.pc.poll_write().map(|datagram| (datagram.transport.peer_addr, datagram.message.to_vec()))
    }

    /// Notes what has happened.
    pub(crate) fn pump(&mut self) {
        while let Some(event) = self.pc.poll_event() {
            if let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event {
                self.state = state;
            }
        }
        while let Some(TaggedRTCMessage { message, .. }) = self.pc.poll_read() {
            if let RTCMessage::RtpPacket(track, packet) = message {
                self.note(&track, &packet);
            }
        }
    }

    fn note(&mut self, track: &str, packet: &rtp::Packet) {
        let word = |at: usize| packet.payload.get(at..at + 4).map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap()));
        let (Some(origin), Some(number)) = (word(2), word(6)) else { return };
        if !self.seen.insert((packet.header.ssrc, packet.header.sequence_number)) {
            return;
        }
        self.received.push(Received {
            // The node names its tracks after slot and m-line.
            mid: track.rsplit('-').next().unwrap_or_default().to_owned(),
            payload_type: packet.header.payload_type,
            ssrc: packet.header.ssrc,
            origin,
            number,
        });
    }

    /// The node said `close_notify`.
    pub(crate) fn was_told_of_the_end(&mut self) -> bool {
        let sender = self.tracks[0].sender;
        let sender = self.pc.rtp_sender(sender).unwrap();
        sender.transport().is_some_and(|transport| transport.state() == RTCDtlsTransportState::Closed)
    }

    pub(crate) fn close(&mut self) {
        self.pc.close().unwrap();
    }

    pub(crate) fn local_sdp(&self) -> String {
        self.pc.local_description().unwrap().sdp
    }
}

/// Opus, VP8 and, if the flavour has it, RTX.
fn codecs(flavour: Flavour) -> Vec<(RTCRtpCodecParameters, RtpCodecKind)> {
    let feedback = |names: &[(&str, &str)]| {
        names.iter().map(|(typ, parameter)| RTCPFeedback { typ: (*typ).to_owned(), parameter: (*parameter).to_owned() }).collect()
    };
    let codec = |mime: &str, clock_rate, channels, fmtp: String, rtcp_feedback, payload_type| RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec { mime_type: mime.to_owned(), clock_rate, channels, sdp_fmtp_line: fmtp, rtcp_feedback },
        payload_type,
    };
    let video = feedback(&[("nack", ""), ("nack", "pli"), ("ccm", "fir"), ("goog-remb", "")]);
    let opus = codec(MIME_TYPE_OPUS, 48_000, 2, "minptime=10;useinbandfec=1".to_owned(), vec![], flavour.opus);
    let vp8 = codec(MIME_TYPE_VP8, 90_000, 0, String::new(), video, flavour.vp8);
    let mut all = vec![(opus, RtpCodecKind::Audio), (vp8, RtpCodecKind::Video)];
    if let Some(rtx) = flavour.rtx {
        let rtx = codec(MIME_TYPE_RTX, 90_000, 0, format!("apt={}", flavour.vp8), vec![], rtx);
        all.push((rtx, RtpCodecKind::Video));
    }
    all
}
