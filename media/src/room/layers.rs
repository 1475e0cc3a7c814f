//! Pictures in layers (simulcast): which layer each subscriber is shown, and the recording has. A plain picture is one layer. Where a line does not
//! carry even the lowest beside the sound, none is shown.

use std::time::Instant;

use super::{Line, MemberKey, Room, Up, UpKey, member::Member, reports::MAX_BITRATE, schedule_feedback};
use crate::{
    table::Table,
    track::{Change, Generation, Layer, MAX_LAYERS, MediaPacket, Pause, RISE, Splice, choose},
};

/// Bit/s of 50 packets a second: RTP with two extensions, and the tag of SRTP.
const SOUND_HEADERS: u64 = 50 * 8 * (12 + 8 + 16);

/// Of the layers of one publication, the one that is shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) layers: Vec<UpKey>,
    pub(super) source: Option<UpKey>,
    /// It is shown from its next key frame on.
    pub(super) wanted: Option<UpKey>,
    changed: Option<Instant>,
    pause: Pause,
    /// Nothing is shown until the next key frame.
    pub(super) is_paused: bool,
}

impl Shown {
    /// Shows these layers, and begins with `first`; `false` if it was shown already.
    pub(super) fn begin(&mut self, layers: &[UpKey], first: Option<UpKey>) -> bool {
        if self.layers != layers {
            self.layers = layers.to_vec();
        }
        let before = self.source.filter(|source| layers.contains(source));
        self.wanted = self.wanted.filter(|wanted| layers.contains(wanted) && before.is_some()).or(before).or(first);
        let source = before.or(first);
        let is_another = std::mem::replace(&mut self.source, source) != source;
        if is_another {
            (self.pause, self.is_paused) = (Pause::default(), false);
        }
        is_another
    }

    /// What a key frame is to be asked of: what is shown, or anything of it.
    pub(super) fn asked(&self) -> &[UpKey] {
        self.source.as_ref().map_or(&self.layers[..], std::slice::from_ref)
    }

    /// Whether a packet is of what is shown. A key frame of the wanted layer is where it changes, and where a pause ends.
    #[inline]
    pub(super) fn passes(&mut self, up: UpKey, packet: &MediaPacket) -> bool {
        !self.is_paused && self.source == Some(up) || packet.starts_keyframe && self.changes_to(up)
    }

    #[cold]
    fn changes_to(&mut self, up: UpKey) -> bool {
        let changes = self.wanted == Some(up) && !self.pause.is_on();
        if changes {
            self.source = Some(up);
            self.is_paused = false;
        }
        changes
    }

    /// The line has so many bit/s for this picture beside all else.
    fn pause_or_resume(&mut self, now: Instant, ups: &Table<Up>, left: Option<u64>) -> Option<Change> {
        let layers = read(now, ups, &self.layers);
        let least = layers.iter().filter(|layer| layer.is_sent).filter_map(|layer| layer.bitrate).min();
        let change = self.pause.update(now, left, least)?;
        self.is_paused = true;
        Some(change)
    }

    /// The layer to ask a key frame of, if another is wanted than before, or one for too long.
    fn choose(&mut self, now: Instant, ups: &Table<Up>, line: Option<u64>) -> Option<UpKey> {
        let layers = read(now, ups, &self.layers);
        let place = |up: Option<UpKey>| self.layers.iter().position(|layer| Some(*layer) == up);
        let may_rise = self.changed.is_none_or(|changed| now.saturating_duration_since(changed) >= RISE);
        let best = choose(&layers[..self.layers.len().min(MAX_LAYERS)], place(self.wanted), line, may_rise)?;
        let best = *self.layers.get(best)?;
        // A key frame may have come when the subscriber could not be reached.
        let is_awaited = self.source != self.wanted || self.is_paused;
        let is_overdue = is_awaited && may_rise;
        if self.wanted == Some(best) && !is_overdue {
            return None;
        }
        self.wanted = Some(best);
        self.changed = Some(now);
        (self.source != self.wanted || self.is_paused).then_some(best)
    }
}

/// What a recording has of a picture in layers: the highest that is sent, spliced into one run as for a subscriber whose line carries all.
#[derive(Debug)]
pub(super) struct LayerTap {
    pub(super) shown: Shown,
    pub(super) splice: Splice,
    /// Of the run.
    pub(super) generation: Generation,
}

impl LayerTap {
    pub(super) fn new(layers: &[UpKey], clock_rate: u32, generation: Generation) -> Self {
        let shown = Shown { layers: layers.to_vec(), ..Shown::default() };
        Self { shown, splice: Splice::new(clock_rate, true, 0).with_every_gap(), generation }
    }

    /// The place of a packet in the recording's run, if it is of the layer that is recorded.
    pub(super) fn place(&mut self, now: Instant, up: UpKey, packet: &MediaPacket) -> Option<(u64, u32)> {
        // Whatever comes first will do, until it is known what there is.
        if self.shown.source.is_none() && packet.starts_keyframe {
            self.shown.wanted = Some(up);
        }
        self.shown.passes(up, packet).then(|| self.splice.place(now, packet))?.map(|place| (place.index, place.timestamp))
    }
}

fn read(now: Instant, ups: &Table<Up>, layers: &[UpKey]) -> [Layer; MAX_LAYERS] {
    let mut found = [Layer::default(); MAX_LAYERS];
    for (layer, up) in found.iter_mut().zip(layers) {
        if let Some(up) = ups.get(up.0) {
            *layer = up.track.layer(now);
        }
    }
    found
}

impl Room {
    /// What a member's line carries has changed, or what its publishers send.
    pub(super) fn choose_layers(&mut self, now: Instant, index: usize) {
        let downs = self.members.get(index).map_or(0, |member| member.downs.len());
        for at in 0..downs {
            let Some(member) = self.members.get(index) else { return };
            let Some(source) = member.downs[at].shown.source.filter(|_| member.downs[at].track.is_video()) else { continue };
            let (line, left) = (self.share(now, member, source), self.left_for(now, member, at));
            let Some(member) = self.members.get_mut(index) else { return };
            let down = &mut member.downs[at];
            let change = down.shown.pause_or_resume(now, &self.ups, left);
            if change == Some(Change::Pause) {
                down.track.pause();
                member.pacer.clear();
                self.is_short = true;
            }
            if down.shown.pause.is_on() || !down.shown.is_paused && down.shown.layers.len() < 2 {
                continue;
            }
            let wanted = down.shown.choose(now, &self.ups, line).or(down.shown.wanted.filter(|_| change.is_some()));
            if let Some(wanted) = wanted {
                self.ask_keyframe_now(now, wanted);
            }
        }
    }

    /// Bit/s that a member's line has for what it is shown on a down track, beside all else that it is sent, if it tells.
    fn left_for(&self, now: Instant, member: &Member, at: usize) -> Option<u64> {
        let others = member.downs.iter().enumerate().filter(|(other, down)| *other != at && !down.shown.is_paused);
        let rates = others.filter_map(|(_, down)| {
            let sent = self.ups.get(down.shown.source?.0)?.track.layer(now);
            let headers = if down.track.is_video() { 0 } else { SOUND_HEADERS };
            sent.bitrate.filter(|_| sent.is_sent).map(|bitrate| bitrate + headers)
        });
        Some(member.line(now)?.saturating_sub(rates.sum()))
    }

    /// A layer has begun or ended, or it was time to look: everybody who is shown a picture of this member in layers.
    pub(super) fn choose_layers_of(&mut self, now: Instant, publisher: MemberKey) {
        let is_layered = |line: &Line| line.ups.len() > 1;
        if !self.is_short && !self.member(publisher).is_some_and(|member| member.lines.iter().any(is_layered)) {
            return;
        }
        self.is_short = self.members.iter().any(|member| member.downs.iter().any(|down| down.shown.is_paused));
        for index in 0..self.members.indexes() {
            self.choose_layers(now, index);
        }
        if self.recorded.is_some() {
            self.choose_recorded(now, publisher);
        }
    }

    fn choose_recorded(&mut self, now: Instant, publisher: MemberKey) {
        let lines = self.member(publisher).map_or(0, |member| member.lines.len());
        for at in 0..lines {
            let Some(member) = self.members.get_mut(publisher.index) else { return };
            let Some(tap) = &mut member.lines[at].tap else { continue };
            if let Some(wanted) = tap.shown.choose(now, &self.ups, None) {
                self.ask_keyframe_now(now, wanted);
            }
        }
    }

    pub(super) fn ask_keyframe_now(&mut self, now: Instant, key: UpKey) {
        if let Some(up) = self.ups.get_mut(key.0) {
            up.track.ask_keyframe();
            schedule_feedback(&mut self.timers, now, key, up);
        }
    }

    /// Bit/s that the publisher of a picture in layers may have for all of them: what the best line carries of the highest, and what the others
    /// take beside it. So a slow subscriber, who is shown a lower layer, takes nothing from the others. A recording has a line that carries all.
    pub(super) fn layers_may_take(&self, now: Instant, ups: &[UpKey], least: u64) -> u64 {
        let shares = ups.first().map(|up| self.members.iter().filter_map(|other| self.share(now, other, *up)).max());
        let best = shares.flatten().filter(|_| self.recorded.is_none()).unwrap_or(MAX_BITRATE).clamp(least, MAX_BITRATE);
        let layers = read(now, &self.ups, ups);
        let sent = || layers.iter().filter(|layer| layer.is_sent);
        let all: u64 = sent().filter_map(|layer| layer.bitrate).sum();
        let highest = sent().max_by_key(|layer| layer.rank()).and_then(|layer| layer.bitrate).unwrap_or(0);
        best + (all - highest).min(MAX_BITRATE)
    }
}
