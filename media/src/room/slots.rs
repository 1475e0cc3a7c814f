//! Who is shown where: every publication of a member takes one slot at each other member, for as long as both are there.
//!
//! A publication is a member's n-th audio and n-th video up track: camera and microphone are one, a shared screen the next. A slot is a
//! member's n-th audio and n-th video down track. A publication that finds no free slot is not heard there, until one becomes free.

use super::{MemberKey, Up, UpKey, member::Member};
use crate::{
    table::Table,
    track::{Generation, Kind, UpTrack},
};

/// A member's n-th up tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Publication {
    member: MemberKey,
    nth: usize,
}

/// A publication and its tracks.
struct Published {
    publication: Publication,
    audio: Vec<UpKey>,
    /// Its layers.
    video: Vec<UpKey>,
}

impl Published {
    fn layers(&self, kind: Kind) -> &[UpKey] {
        match kind {
            Kind::Audio => &self.audio,
            Kind::Video => &self.video,
        }
    }
}

/// Brings every member's slots up to date, after anything changed. Gives how many publications find no slot, over all members.
pub(super) fn assign(members: &mut Table<Member>, ups: &mut Table<Up>) -> u64 {
    let published = publications(members);
    let mut unplaced = 0;
    for (_, member) in members.iter_mut() {
        let key = member.key;
        let others = || published.iter().filter(|other| other.publication.member != key);
        let counts = [Kind::Audio, Kind::Video].map(|kind| member.downs.iter().filter(|down| down.track.kind() == kind).count());
        member.slots.resize(counts[0].max(counts[1]), None);
        for slot in &mut member.slots {
            *slot = slot.filter(|occupant| others().any(|other| other.publication == *occupant));
        }
        for other in others() {
            if member.slots.contains(&Some(other.publication)) {
                continue;
            }
            match member.slots.iter_mut().find(|slot| slot.is_none()) {
                Some(slot) => *slot = Some(other.publication),
                None => unplaced += 1,
            }
        }
        show(member, &published, ups);
    }
    unplaced
}

/// Connects a member's down tracks to what its slots hold. A video that was not shown on its track before has to begin with a keyframe.
fn show(member: &mut Member, published: &[Published], ups: &mut Table<Up>) {
    member.down_of.fill(None);
    let mut counts = [0, 0];
    for (at, down) in member.downs.iter_mut().enumerate() {
        let kind = down.track.kind();
        let nth = &mut counts[usize::from(kind == Kind::Video)];
        let occupant = member.slots.get(*nth).copied().flatten();
        *nth += 1;
        let shown = published.iter().find(|other| Some(other.publication) == occupant);
        let layers = shown.map_or(&[][..], |other| other.layers(kind));
        if down.shown.begin(layers, first(layers, down.track.generation(), ups))
            && let Some(up) = down.shown.source.and_then(|source| ups.get_mut(source.0))
        {
            up.track.ask_keyframe();
        }
        for layer in layers {
            if member.down_of.len() <= layer.0 {
                member.down_of.resize(layer.0 + 1, None);
            }
            member.down_of[layer.0] = Some(at as u16);
        }
    }
}

/// Of the layers of a picture that was not shown: the one that its down track showed before it was renegotiated, or the smallest that is
/// there, which any line carries.
fn first(layers: &[UpKey], generation: Option<Generation>, ups: &Table<Up>) -> Option<UpKey> {
    let track = |layer: &UpKey| ups.get(layer.0).map(|up| &up.track);
    let before = layers.iter().find(|layer| generation.is_some() && track(layer).map(UpTrack::generation) == generation);
    let there = || layers.iter().filter(|layer| track(layer).is_some_and(|track| track.ssrc().is_some()));
    let smallest = || there().min_by_key(|layer| track(layer).map(UpTrack::pixels));
    before.or_else(smallest).or(layers.first()).copied()
}

fn publications(members: &Table<Member>) -> Vec<Published> {
    let mut published = Vec::new();
    for member in members.iter() {
        let of = |kind| {
            let lines = member.lines.iter().filter(|line| line.description.kind == kind && !line.ups.is_empty());
            lines.map(|line| line.ups.clone()).collect::<Vec<_>>()
        };
        let (audio, video) = (of(Kind::Audio), of(Kind::Video));
        published.extend((0..audio.len().max(video.len())).map(|nth| Published {
            publication: Publication { member: member.key, nth },
            audio: audio.get(nth).cloned().unwrap_or_default(),
            video: video.get(nth).cloned().unwrap_or_default(),
        }));
    }
    published
}
