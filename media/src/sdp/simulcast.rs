//! Simulcast in offers and answers (RFC 8853): which layers of a picture are offered, and which of them we take.

use rtc::sdp::description::media::MediaDescription;

use super::{
    REPAIRED_RID_URI, RID_URI,
    offer::{extension, value, values},
};
use crate::room::Simulcast;
use crate::track::{MAX_LAYERS, Rid};

/// Of a list no more is looked at.
const MAX_OFFERED: usize = 16;

/// The id has to fit into a one-byte header extension (RFC 8285 §4.2).
const MAX_RID: usize = 16;

/// What an m-line offers to send in layers, as far as we can tell them apart. `None` is a picture as any other.
pub(super) fn read(media: &MediaDescription, payload_type: u8) -> Option<Simulcast> {
    let rid_extension = extension(media, RID_URI)?;
    let mut rids: Vec<Rid> = Vec::new();
    for rid in offered(value(media, "simulcast")?)? {
        let is_new = rids.iter().all(|known| known.0 != rid);
        if rids.len() < MAX_LAYERS && is_new && is_rid(rid) && is_sent(media, rid, payload_type) {
            rids.push(Rid(rid.to_owned()));
        }
    }
    let repaired_rid_extension = extension(media, REPAIRED_RID_URI);
    (rids.len() > 1).then_some(Simulcast { rids, rid_extension, repaired_rid_extension })
}

/// The streams behind `send`: one after another by `;`, of which each may have alternatives by `,` (the first is taken), and may begin
/// paused by `~` (RFC 8853 §5.1).
fn offered(simulcast: &str) -> Option<impl Iterator<Item = &str>> {
    let mut words = simulcast.split_ascii_whitespace();
    words.find(|word| *word == "send")?;
    let streams = words.next()?.split(';').take(MAX_OFFERED);
    Some(streams.filter_map(|stream| stream.split(',').next()).map(|rid| rid.trim_start_matches('~')))
}

/// RFC 8852 §3.3: letters and digits, whatever else RFC 8851 allows.
fn is_rid(rid: &str) -> bool {
    (1..=MAX_RID).contains(&rid.len()) && rid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `a=rid:h send`, and if it names payload types, with ours among them (RFC 8851 §10).
fn is_sent(media: &MediaDescription, rid: &str, payload_type: u8) -> bool {
    values(&media.attributes, "rid").any(|line| {
        let mut words = line.splitn(3, ' ');
        let is_it = words.next() == Some(rid) && words.next() == Some("send");
        let mut restrictions = words.next().unwrap_or_default().split(';');
        let payload_types = restrictions.find_map(|restriction| restriction.trim().strip_prefix("pt="));
        let is_ours = |list: &str| list.split(',').any(|number| number.parse() == Ok(payload_type));
        is_it && payload_types.is_none_or(is_ours)
    })
}

/// The layers that we take.
pub(super) fn write(mut line: MediaDescription, simulcast: Option<&Simulcast>) -> MediaDescription {
    let Some(Simulcast { rids, .. }) = simulcast else { return line };
    for rid in rids {
        line = line.with_value_attribute("rid".to_owned(), format!("{rid} recv"));
    }
    let rids: Vec<&str> = rids.iter().map(|rid| rid.0.as_str()).collect();
    line.with_value_attribute("simulcast".to_owned(), format!("recv {}", rids.join(";")))
}

#[cfg(test)]
#[path = "simulcast_tests.rs"]
mod tests;
