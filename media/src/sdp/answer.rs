//! Writes the answer to an offer.

use std::net::SocketAddr;

use rtc::sdp::description::common::Attribute;
use rtc::sdp::description::media::{MediaDescription, MediaName, RangedPort};
use rtc::sdp::description::session::{Origin, SessionDescription, TimeDescription};

use super::{
    AUDIO_LEVEL_URI, Media, Offer, PLAYOUT_DELAY_URI, REPAIRED_RID_URI, RID_URI, SDES_MID_URI, Section, TRANSPORT_SEQUENCE_URI,
    simulcast,
};
use crate::dtls::Fingerprint;
use crate::room::DownDescription;
use crate::track::{Kind, Mid};

/// Our end of the transport.
#[derive(Clone, Debug)]
pub(crate) struct LocalTransport<'a> {
    pub(crate) session_id: u64,
    /// Counts the answers of one session (RFC 8866 §5.2).
    pub(crate) version: u64,
    pub(crate) ufrag: &'a str,
    pub(crate) password: &'a str,
    pub(crate) fingerprint: &'a Fingerprint,
    pub(crate) candidates: &'a [SocketAddr],
    pub(crate) tcp_port: u16,
}

/// The answer to `offer`; `down` says what we send on an m-line.
pub(crate) fn write<'a>(offer: &Offer, local: &LocalTransport<'_>, down: impl Fn(&Mid) -> Option<&'a DownDescription>) -> String {
    let mids: Vec<&str> = offer.accepted().map(|media| media.mid.0.as_str()).collect();
    let mut session = SessionDescription {
        origin: origin(local),
        session_name: "-".to_owned(),
        time_descriptions: vec![TimeDescription::default()],
        ..SessionDescription::default()
    }
    .with_value_attribute("group".to_owned(), format!("BUNDLE {}", mids.join(" ")))
    .with_property_attribute("ice-lite".to_owned())
    .with_value_attribute("msid-semantic".to_owned(), " WMS *".to_owned());
    let mut candidates = local.candidates;
    for section in &offer.sections {
        session = session.with_media(match section {
            Section::Accepted(media) => {
                // The candidates of a bundle belong to its first m-line (RFC 9143 §7.3.3).
                accepted(media, local, down(&media.mid), std::mem::take(&mut candidates))
            }
            Section::Rejected { mid, media, protocols, formats } => rejected(mid.as_ref(), media, protocols, formats),
        });
    }
    session.marshal()
}

fn origin(local: &LocalTransport<'_>) -> Origin {
    Origin {
        username: "-".to_owned(),
        session_id: local.session_id,
        session_version: local.version,
        network_type: "IN".to_owned(),
        address_type: "IP4".to_owned(),
        unicast_address: "0.0.0.0".to_owned(),
    }
}

fn rejected(mid: Option<&Mid>, media: &str, protocols: &[String], formats: &[String]) -> MediaDescription {
    let port = RangedPort { value: 0, range: None };
    let media_name = MediaName { media: media.to_owned(), port, protos: protocols.to_vec(), formats: formats.to_vec() };
    let mut line = MediaDescription { media_name, ..MediaDescription::new_jsep_media_description(String::new(), vec![]) };
    if let Some(mid) = mid {
        line = line.with_value_attribute("mid".to_owned(), mid.0.clone());
    }
    line.with_property_attribute("inactive".to_owned())
}

fn accepted(
    media: &Media,
    local: &LocalTransport<'_>,
    down: Option<&DownDescription>,
    candidates: &[SocketAddr],
) -> MediaDescription {
    let name = match media.kind {
        Kind::Audio => "audio",
        Kind::Video => "video",
    };
    let line = MediaDescription::new_jsep_media_description(name.to_owned(), vec![])
        .with_ice_credentials(local.ufrag.to_owned(), local.password.to_owned())
        .with_fingerprint("sha-256".to_owned(), hexadecimal(local.fingerprint))
        .with_value_attribute("setup".to_owned(), "passive".to_owned())
        .with_value_attribute("mid".to_owned(), media.mid.0.clone())
        .with_property_attribute("rtcp-mux".to_owned());
    let line = with_codecs(line, media);
    let line = simulcast::write(with_direction(line, media, down), media.simulcast.as_ref());
    with_candidates(line, candidates, local.tcp_port)
}

fn with_codecs(line: MediaDescription, media: &Media) -> MediaDescription {
    let payload_type = media.payload_type;
    let with_red = |line: MediaDescription, is_first: bool| match media.red.filter(|red| red.is_first == is_first) {
        Some(red) => line.with_codec(red.payload_type, "red".to_owned(), 48_000, 2, format!("{payload_type}/{payload_type}")),
        None => line,
    };
    let line = with_red(line, true);
    let line = match media.kind {
        Kind::Audio => line.with_codec(payload_type, "opus".to_owned(), 48_000, 2, "minptime=10;useinbandfec=1".to_owned()),
        Kind::Video => line.with_codec(payload_type, "VP8".to_owned(), 90_000, 0, String::new()),
    };
    let mut line = with_red(line, false);
    let feedback = media.feedback;
    let granted = [
        (feedback.nack, "nack"),
        (feedback.pli, "nack pli"),
        (feedback.fir, "ccm fir"),
        (feedback.remb, "goog-remb"),
        (media.extensions.transport_sequence.is_some(), "transport-cc"),
    ];
    for (_, name) in granted.iter().filter(|(is_granted, _)| *is_granted) {
        line = line.with_value_attribute("rtcp-fb".to_owned(), format!("{payload_type} {name}"));
    }
    if let Some(rtx) = media.rtx_payload_type {
        line = line.with_codec(rtx, "rtx".to_owned(), media.kind.clock_rate(), 0, format!("apt={payload_type}"));
    }
    let extensions = [
        (media.mid_extension, SDES_MID_URI),
        (media.extensions.transport_sequence, TRANSPORT_SEQUENCE_URI),
        (media.extensions.audio_level, AUDIO_LEVEL_URI),
        (media.extensions.playout_delay, PLAYOUT_DELAY_URI),
        (media.simulcast.as_ref().map(|simulcast| simulcast.rid_extension), RID_URI),
        (media.simulcast.as_ref().and_then(|simulcast| simulcast.repaired_rid_extension), REPAIRED_RID_URI),
    ];
    for (id, uri) in extensions {
        if let Some(id) = id {
            line = line.with_value_attribute("extmap".to_owned(), format!("{id} {uri}"));
        }
    }
    line
}

fn with_direction(line: MediaDescription, media: &Media, down: Option<&DownDescription>) -> MediaDescription {
    let direction = match (down.is_some(), media.sends) {
        (true, true) => "sendrecv",
        (true, false) => "sendonly",
        (false, true) => "recvonly",
        (false, false) => "inactive",
    };
    let mut line = line.with_property_attribute(direction.to_owned());
    let Some(down) = down else { return line };
    // One stream for the audio and the video of one slot, so that the browser keeps them in step.
    line = line.with_value_attribute("msid".to_owned(), format!("{} {}-{}", down.cname, down.cname, media.mid));
    if let Some(rtx) = down.rtx_ssrc {
        line.attributes.push(Attribute::new("ssrc-group".to_owned(), Some(format!("FID {} {}", down.ssrc.0, rtx.0))));
    }
    for ssrc in [Some(down.ssrc), down.rtx_ssrc].into_iter().flatten() {
        line = line.with_value_attribute("ssrc".to_owned(), format!("{} cname:{}", ssrc.0, down.cname));
    }
    line
}

/// Each address by UDP and, for clients that have no UDP, by TCP (RFC 6544): they connect, we accept.
fn with_candidates(mut line: MediaDescription, candidates: &[SocketAddr], tcp_port: u16) -> MediaDescription {
    for (index, address) in candidates.iter().enumerate() {
        let (ip, port) = (address.ip(), address.port());
        line = line.with_candidate(format!("{} 1 udp {} {ip} {port} typ host", index + 1, udp_priority(index)));
    }
    for (index, address) in candidates.iter().enumerate() {
        let (ip, foundation) = (address.ip(), candidates.len() + index + 1);
        let priority = tcp_priority(index);
        line = line.with_candidate(format!("{foundation} 1 tcp {priority} {ip} {tcp_port} typ host tcptype passive"));
    }
    if candidates.is_empty() { line } else { line.with_property_attribute("end-of-candidates".to_owned()) }
}

/// RFC 8445 §5.1.2.1 for a host candidate of component 1; addresses named first are preferred.
fn udp_priority(index: usize) -> u32 {
    let local_preference = 65_535 - index.min(65_535) as u32;
    (126 << 24) | (local_preference << 8) | 255
}

/// RFC 6544 §4.2: below every UDP candidate, with the direction "passive" in the local preference.
fn tcp_priority(index: usize) -> u32 {
    let local_preference = (4 << 13) | (8_191 - index.min(8_191) as u32);
    (90 << 24) | (local_preference << 8) | 255
}

fn hexadecimal(fingerprint: &Fingerprint) -> String {
    let bytes: Vec<String> = fingerprint.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}
