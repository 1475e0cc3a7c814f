//! Reads an offer: what the client can send and receive, and how to reach it safely.

use std::str::FromStr;

use rtc::sdp::description::common::Attribute;
use rtc::sdp::description::media::MediaDescription;
use rtc::sdp::description::session::SessionDescription;
use rtc::sdp::util::Codec;

use super::{
    AUDIO_LEVEL_URI, Media, PLAYOUT_DELAY_URI, RedOffer, RemoteTransport, SDES_MID_URI, Section, TRANSPORT_SEQUENCE_URI,
    simulcast,
};
use crate::control::RefusedReason;
use crate::dtls::Fingerprint;
use crate::room::{Extensions, Feedback};
use crate::track::{Kind, Mid, Ssrc};

/// A browser's offer with 60 video m-lines has about 300 kB.
const MAX_BYTES: usize = 512 * 1024;
const MAX_SECTIONS: usize = 256;
/// RFC 8843 and RFC 8285 set no limit that helps; browsers use one to five characters, some clients a UUID in braces.
const MAX_MID: usize = 40;
/// RFC 8445 §5.3.
const MAX_UFRAG: usize = 256;
const MAX_SSRCS: usize = 16;

/// An offer that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) sections: Vec<Section>,
    pub(crate) transport: RemoteTransport,
}

impl Offer {
    /// The m-lines that are answered.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Media> {
        self.sections.iter().filter_map(|section| match section {
            Section::Accepted(media) => Some(media),
            Section::Rejected { .. } => None,
        })
    }
}

impl FromStr for Offer {
    type Err = RefusedReason;

    fn from_str(text: &str) -> Result<Self, RefusedReason> {
        if text.len() > MAX_BYTES {
            return Err(bad("it is too long"));
        }
        let session = SessionDescription::try_from(text.to_owned()).map_err(|error| bad(&error.to_string()))?;
        if session.media_descriptions.len() > MAX_SECTIONS {
            return Err(bad("it has too many m-lines"));
        }
        let bundle = bundle(&session);
        let sections = session.media_descriptions.iter().map(|media| read_section(&session, media, &bundle)).collect();
        let sections: Vec<Section> = sections;
        check_mids(&sections)?;
        check_usable(&session, &sections)?;
        let transport = read_transport(&session, &bundle)?;
        Ok(Self { sections, transport })
    }
}

fn bad(why: &str) -> RefusedReason {
    RefusedReason::BadOffer(why.to_owned())
}

/// The mids that share the transport, of which there are no more than m-lines: each m-line is looked up among them. Without a group only
/// the first m-line can be answered.
fn bundle(session: &SessionDescription) -> Vec<&str> {
    let groups = values(&session.attributes, "group");
    let grouped = groups.filter_map(|group| group.strip_prefix("BUNDLE")).next();
    match grouped {
        Some(mids) => mids.split_ascii_whitespace().take(MAX_SECTIONS).collect(),
        None => session.media_descriptions.first().and_then(|media| value(media, "mid")).into_iter().collect(),
    }
}

fn read_section(session: &SessionDescription, media: &MediaDescription, bundle: &[&str]) -> Section {
    read_media(session, media, bundle).map_or_else(
        || Section::Rejected {
            mid: value(media, "mid").map(|mid| Mid(mid.to_owned())),
            media: media.media_name.media.clone(),
            protocols: media.media_name.protos.clone(),
            formats: media.media_name.formats.clone(),
        },
        Section::Accepted,
    )
}

/// `None` if the line is stopped or is nothing we can answer.
fn read_media(session: &SessionDescription, media: &MediaDescription, bundle: &[&str]) -> Option<Media> {
    let kind = kind_of(media)?;
    let mid = value(media, "mid").filter(|mid| is_token(mid, MAX_MID) && bundle.contains(mid))?;
    if !media.has_attribute("rtcp-mux") {
        return None;
    }
    let codecs = Codecs::of(media);
    let codec = codecs.preferred(kind)?;
    let (sends, receives) = direction(session, media);
    let rtx_payload_type = codecs.rtx_of(codec.payload_type);
    Some(Media {
        mid: Mid(mid.to_owned()),
        kind,
        payload_type: codec.payload_type,
        rtx_payload_type,
        red: codecs.red_of(codec),
        feedback: feedback(codec),
        mid_extension: extension(media, SDES_MID_URI),
        extensions: extensions(media, kind, codec, rtx_payload_type.is_some()),
        sends,
        receives,
        ssrcs: if sends { ssrcs(media) } else { Vec::new() },
        simulcast: simulcast::read(media, codec.payload_type).filter(|_| sends && kind == Kind::Video),
    })
}

/// Audio or video over DTLS-SRTP that is not stopped. Port 0 means stopped, unless the line is bundle-only (RFC 9143 §6).
fn kind_of(media: &MediaDescription) -> Option<Kind> {
    let name = &media.media_name;
    let is_secure = name.protos.iter().any(|proto| proto == "SAVPF") && name.protos.iter().any(|proto| proto == "TLS");
    let is_stopped = name.port.value == 0 && !media.has_attribute("bundle-only");
    match name.media.as_str() {
        _ if !is_secure || is_stopped => None,
        "audio" => Some(Kind::Audio),
        "video" => Some(Kind::Video),
        _ => None,
    }
}

/// The codecs of one m-line in the client's order.
struct Codecs(Vec<Codec>);

impl Codecs {
    fn of(media: &MediaDescription) -> Self {
        let mut described = media.codecs();
        let numbers = media.media_name.formats.iter().filter_map(|format| format.parse().ok());
        Self(numbers.filter(|number| is_dynamic_payload_type(*number)).filter_map(|number| described.remove(&number)).collect())
    }

    fn preferred(&self, kind: Kind) -> Option<&Codec> {
        self.0.iter().find(|codec| {
            let is_named = |name: &str| codec.name.eq_ignore_ascii_case(name);
            codec.clock_rate == kind.clock_rate()
                && match kind {
                    Kind::Audio => is_named("opus") && codec.encoding_parameters == "2",
                    Kind::Video => is_named("VP8"),
                }
        })
    }

    /// RFC 4588 §8.6: `rtx` whose `apt` is the codec.
    fn rtx_of(&self, payload_type: u8) -> Option<u8> {
        let apt = format!("apt={payload_type}");
        let rtx = self.0.iter().find(|codec| {
            codec.name.eq_ignore_ascii_case("rtx") && codec.fmtp.split(';').any(|parameter| parameter.trim() == apt)
        });
        rtx.map(|codec| codec.payload_type)
    }

    /// RFC 2198 §5: `red` of the codec alone, of two packets or more.
    fn red_of(&self, of: &Codec) -> Option<RedOffer> {
        let own = of.payload_type.to_string();
        let is_it = |codec: &Codec| {
            let mut packets = codec.fmtp.trim().split('/');
            codec.name.eq_ignore_ascii_case("red")
                && (codec.clock_rate, &codec.encoding_parameters) == (of.clock_rate, &of.encoding_parameters)
                && codec.fmtp.contains('/')
                && packets.all(|packet| packet == own)
        };
        let at = self.0.iter().position(is_it)?;
        let is_first = self.0[..at].iter().all(|codec| codec.payload_type != of.payload_type);
        Some(RedOffer { payload_type: self.0[at].payload_type, is_first })
    }
}

/// 64 to 95 would be mistaken for RTCP on a shared port (RFC 5761 §4).
fn is_dynamic_payload_type(number: u8) -> bool {
    matches!(number, 0..=63 | 96..=127)
}

fn feedback(codec: &Codec) -> Feedback {
    let has = |name: &str| codec.rtcp_feedback.iter().any(|offered| offered.trim() == name);
    Feedback { nack: has("nack"), pli: has("nack pli"), fir: has("ccm fir"), remb: has("goog-remb") }
}

/// Sent again without RTX a picture's packet has to be the same byte for byte, under the same nonce: there it cannot say anything new.
fn extensions(media: &MediaDescription, kind: Kind, codec: &Codec, has_rtx: bool) -> Extensions {
    let told = codec.rtcp_feedback.iter().any(|offered| offered.trim() == "transport-cc") && (has_rtx || kind == Kind::Audio);
    Extensions {
        transport_sequence: extension(media, TRANSPORT_SEQUENCE_URI).filter(|_| told),
        audio_level: extension(media, AUDIO_LEVEL_URI).filter(|_| kind == Kind::Audio),
        playout_delay: extension(media, PLAYOUT_DELAY_URI).filter(|_| kind == Kind::Video && has_rtx),
    }
}

pub(super) fn extension(media: &MediaDescription, wanted: &str) -> Option<u8> {
    values(&media.attributes, "extmap").find_map(|extmap| {
        let mut words = extmap.split_ascii_whitespace();
        let (id, uri) = (words.next()?, words.next()?);
        // RFC 8285 §4.2: one-byte headers have the ids 1 to 14, which is what we write.
        let id = id.split('/').next()?.parse().ok().filter(|id| (1..=14).contains(id))?;
        (uri == wanted).then_some(id)
    })
}

/// (the client sends, the client receives)
fn direction(session: &SessionDescription, media: &MediaDescription) -> (bool, bool) {
    let of = |attributes: &[Attribute]| {
        attributes.iter().find_map(|attribute| match attribute.key.as_str() {
            "sendrecv" => Some((true, true)),
            "sendonly" => Some((true, false)),
            "recvonly" => Some((false, true)),
            "inactive" => Some((false, false)),
            _ => None,
        })
    };
    of(&media.attributes).or_else(|| of(&session.attributes)).unwrap_or((true, true))
}

fn ssrcs(media: &MediaDescription) -> Vec<Ssrc> {
    let mut found = Vec::new();
    for line in values(&media.attributes, "ssrc") {
        let Some(Ok(ssrc)) = line.split_ascii_whitespace().next().map(str::parse) else { continue };
        if !found.contains(&Ssrc(ssrc)) && found.len() < MAX_SSRCS {
            found.push(Ssrc(ssrc));
        }
    }
    found
}

fn check_mids(sections: &[Section]) -> Result<(), RefusedReason> {
    let mut mids = Vec::new();
    for section in sections {
        let mid = match section {
            Section::Accepted(media) => Some(&media.mid),
            Section::Rejected { mid, .. } => mid.as_ref(),
        };
        let Some(mid) = mid else { continue };
        if !is_token(&mid.0, MAX_MID) || mids.contains(&mid) {
            return Err(bad("a mid is no token or is there twice"));
        }
        mids.push(mid);
    }
    Ok(())
}

fn check_usable(session: &SessionDescription, sections: &[Section]) -> Result<(), RefusedReason> {
    if sections.iter().any(|section| matches!(section, Section::Accepted(_))) {
        return Ok(());
    }
    let media_lines = session.media_descriptions.iter().filter(|media| kind_of(media).is_some());
    let has_our_codec = |media: &MediaDescription| kind_of(media).is_some_and(|kind| Codecs::of(media).preferred(kind).is_some());
    match media_lines.map(has_our_codec).max() {
        None => Err(bad("it has no audio and no video")),
        Some(false) => Err(RefusedReason::NoCommonCodec),
        Some(true) => Err(bad("its media has no mid, is not bundled or has no rtcp-mux")),
    }
}

/// The transport of the bundle is described in its first m-line, or for the whole session (RFC 9143 §7.1.1).
fn read_transport(session: &SessionDescription, bundle: &[&str]) -> Result<RemoteTransport, RefusedReason> {
    let first = bundle.first().ok_or_else(|| bad("it has no bundled m-line"))?;
    let tagged = session.media_descriptions.iter().find(|media| value(media, "mid") == Some(first));
    let tagged = tagged.map_or(&[][..], |media| &media.attributes[..]);
    let all = |key: &'static str| values(tagged, key).chain(values(&session.attributes, key));
    let one = |key: &'static str| all(key).next().ok_or_else(|| bad(&format!("it has no a={key}")));

    let ufrag = one("ice-ufrag")?;
    if ufrag.is_empty() || ufrag.len() > MAX_UFRAG || !ufrag.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad("its ice-ufrag is malformed"));
    }
    one("ice-pwd")?;
    if !matches!(all("setup").next(), None | Some("actpass" | "active")) {
        return Err(bad("it wants to be the DTLS server, which we are"));
    }
    let fingerprints: Vec<Fingerprint> = all("fingerprint").filter_map(read_fingerprint).collect();
    if fingerprints.is_empty() {
        return Err(bad("it has no SHA-256 fingerprint"));
    }
    Ok(RemoteTransport { ufrag: ufrag.to_owned(), fingerprints })
}

/// `sha-256 AB:CD:...`
fn read_fingerprint(line: &str) -> Option<Fingerprint> {
    let (algorithm, digits) = line.split_once(' ')?;
    if !algorithm.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let mut fingerprint = [0; 32];
    let mut pairs = digits.trim().split(':');
    for byte in &mut fingerprint {
        let pair = pairs.next().filter(|pair| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(fingerprint)
}

fn is_token(text: &str, max: usize) -> bool {
    let is_token_char = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte);
    !text.is_empty() && text.len() <= max && text.bytes().all(is_token_char)
}

pub(super) fn value<'a>(media: &'a MediaDescription, key: &str) -> Option<&'a str> {
    media.attribute(key).flatten()
}

pub(super) fn values<'a>(attributes: &'a [Attribute], key: &'a str) -> impl Iterator<Item = &'a str> {
    attributes.iter().filter(move |attribute| attribute.key == key).filter_map(|attribute| attribute.value.as_deref())
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
