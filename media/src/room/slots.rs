//! Who is shown where: every publication of a member takes one slot at each other member, for as long as both are there.
//!
//! A publication is a member's n-th audio and n-th video up track: camera and microphone are one, a shared screen the next. A slot is a
//! member's n-th audio and n-th video down track. A publication that finds no free slot is not heard there, until one becomes free.

use super::{MemberKey, Up, UpKey, member::Member};
use crate::{table::Table, track::Kind};

/// A member's n-th up tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Publication {
    member: MemberKey,
    nth: usize,
}

/// A publication and its tracks.
struct Published {
    publication: Publication,
    audio: Option<UpKey>,
    video: Option<UpKey>,
}

impl Published {
    fn track(&self, kind: Kind) -> Option<UpKey> {
        match kind {
            Kind::Audio => self.audio,
            Kind::Video => self.video,
        }
    }
}

/// Brings every member's slots up to date, after anything changed. Gives how many publications find no slot, over all members.
pub(super) fn assign(members: &mut Table<Member>, ups: &mut Table<Up>) -> u64 {
    let published = publications(members, ups);
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
        let source = published.iter().find(|other| Some(other.publication) == occupant).and_then(|other| other.track(kind));
        if source != down.source {
            down.source = source;
            if let Some(up) = source.and_then(|source| ups.get_mut(source.0)) {
                up.track.ask_keyframe();
            }
        }
        if let Some(source) = source {
            if member.down_of.len() <= source.0 {
                member.down_of.resize(source.0 + 1, None);
            }
            member.down_of[source.0] = Some(at as u16);
        }
    }
}

fn publications(members: &Table<Member>, ups: &Table<Up>) -> Vec<Published> {
    let mut published = Vec::new();
    for member in members.iter() {
        let of = |kind| {
            let tracks = member.lines.iter().filter_map(|line| line.up);
            tracks.filter(|up| ups.get(up.0).is_some_and(|up| up.track.kind() == kind)).collect::<Vec<_>>()
        };
        let (audio, video) = (of(Kind::Audio), of(Kind::Video));
        published.extend((0..audio.len().max(video.len())).map(|nth| Published {
            publication: Publication { member: member.key, nth },
            audio: audio.get(nth).copied(),
            video: video.get(nth).copied(),
        }));
    }
    published
}
