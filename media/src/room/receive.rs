//! RTP in: from a member's datagram to a packet that waits to be forwarded.

use std::{ops::Range, time::Instant};

use super::{
    Dropped, MemberKey, Pending, Room, Timer, Up,
    member::{Binding, Member, Source},
    reports::REPORT_INTERVAL,
    schedule_feedback,
};
use crate::{
    red::Red,
    rtp::Header,
    srtp::{Opened, Rejected, ReplayWindow},
    track::{MediaPacket, Role},
};

/// The original sequence number, before the payload of a retransmission (RFC 4588 §4).
const OSN: usize = 2;

impl Room {
    /// Nothing is changed by a packet that does not authenticate.
    pub(super) fn receive_rtp(
        &mut self,
        now: Instant,
        key: MemberKey,
        index_in_batch: usize,
        data: &mut [u8],
    ) -> Result<(), Dropped> {
        let header = Header::parse(data).ok_or(Rejected::Malformed)?;
        let member = self.member(key).ok_or(Dropped::Unwanted)?;
        let (held_back, known) = (member.held_back, member.source(header.ssrc));
        if held_back {
            return self.drop_held_back(now, key, known, &header, data);
        }
        let (binding, opened) = match known {
            Some(at) => self.open_known(now, key, at, &header, data)?,
            None => self.open_first(now, key, &header, data)?,
        };
        self.note_number(now, key, binding, &header, data);
        let up = self.ups.get_mut(binding.up.0).ok_or(Dropped::Unwanted)?;
        let mut payload = header.len..opened.end;
        let audio_level = up.track.extensions().audio_level.and_then(|id| header.extension(data, id)?.first());
        let taken = match binding.role {
            Role::Media => {
                let playout_delay = up.track.extensions().playout_delay.and_then(|id| header.extension(data, id)?.first_chunk());
                if let Some(told) = playout_delay {
                    up.track.wants_playout_delay(*told);
                }
                if binding.red == Some(header.payload_type) {
                    let red = Red::parse(&data[payload.clone()], binding.payload_type).ok_or(Rejected::Malformed)?;
                    for (packet, payload) in brought(now, up, &header, opened.index, &red, data, payload.start) {
                        let packet = MediaPacket { audio_level: audio_level.copied(), ..packet };
                        self.pending.push(Pending { up: binding.up, index_in_batch, payload, packet });
                    }
                    payload.start += red.own;
                }
                let packet = up.track.take_media(now, &header, opened.index, &data[payload.clone()]);
                packet.map(|packet| (MediaPacket { audio_level: audio_level.copied(), ..packet }, payload))
            }
            Role::Rtx if is_probe(&header, &data[payload.clone()]) => return Ok(()),
            Role::Rtx => take_rtx(now, up, &header, data, payload),
        };
        schedule_feedback(&mut self.timers, now, binding.up, up);
        let (packet, payload) = taken.ok_or(Dropped::Duplicate)?;
        if let Some(member) = self.member_mut(key) {
            member.rtp_in += 1;
        }
        self.pending.push(Pending { up: binding.up, index_in_batch, payload, packet });
        Ok(())
    }

    /// A new run of packets begins each time: of what came before, nothing is sent again or asked for again, nor of what comes meanwhile.
    pub fn hold_back(&mut self, now: Instant, key: MemberKey, on: bool) {
        let Some(member) = self.member_mut(key) else { return };
        if std::mem::replace(&mut member.held_back, on) == on {
            return;
        }
        let bound: Vec<_> = member.sources.iter().filter_map(|source| Some((source.ssrc, source.binding?))).collect();
        for (ssrc, binding) in bound.into_iter().filter(|(_, binding)| binding.role == Role::Media) {
            let generation = self.new_generation();
            if let Some(up) = self.ups.get_mut(binding.up.0) {
                up.track.bind(now, binding.role, ssrc, generation);
            }
            self.pending.retain(|pending| pending.up != binding.up);
            self.resends.retain(|resend| resend.up != binding.up);
        }
    }

    /// Its place in the stream is remembered, so that what comes later can be told apart and decrypted.
    fn drop_held_back(
        &mut self,
        now: Instant,
        key: MemberKey,
        known: Option<usize>,
        header: &Header,
        data: &mut [u8],
    ) -> Result<(), Dropped> {
        if let (Some(at), Some(Member { srtp: Some(srtp), sources, .. })) = (known, self.member_mut(key)) {
            srtp.opener.open_rtp(&mut sources[at].window, header.len, data)?;
            if let Some(binding) = sources[at].binding {
                self.note_number(now, key, binding, header, data);
            }
        }
        Err(Dropped::Unwanted)
    }

    /// What is not told to have come is lost, to the publisher: so all that is authentic is told, whatever becomes of it.
    fn note_number(&mut self, now: Instant, key: MemberKey, binding: Binding, header: &Header, data: &[u8]) {
        let id = self.ups.get(binding.up.0).and_then(|up| up.track.extensions().transport_sequence);
        if let Some(number) = id.and_then(|id| header.extension(data, id)?.first_chunk()) {
            self.note_arrival(now, key, u16::from_be_bytes(*number));
        }
    }

    /// A packet of a source that has been heard before. If it has lost its track, it may find one again.
    fn open_known(
        &mut self,
        now: Instant,
        key: MemberKey,
        at: usize,
        header: &Header,
        data: &mut [u8],
    ) -> Result<(Binding, Opened), Dropped> {
        let bound = self.member(key).and_then(|member| member.sources[at].binding);
        let binding = bound.or_else(|| self.binding_for(now, key, header, data)).ok_or(Dropped::Unwanted)?;
        if !binding.takes(header.payload_type) {
            return Err(Dropped::Unwanted);
        }
        let Some(Member { srtp: Some(srtp), sources, .. }) = self.member_mut(key) else { return Err(Dropped::Unwanted) };
        let opened = srtp.opener.open_rtp(&mut sources[at].window, header.len, data)?;
        if bound.is_none() {
            self.bind(now, key, at, binding, header);
        }
        Ok((binding, opened))
    }

    /// The first packet of a source: only if it is authentic, the source is remembered.
    fn open_first(
        &mut self,
        now: Instant,
        key: MemberKey,
        header: &Header,
        data: &mut [u8],
    ) -> Result<(Binding, Opened), Dropped> {
        let binding = self.binding_for(now, key, header, data).ok_or(Dropped::Unwanted)?;
        let member = self.member_mut(key).filter(|member| member.has_room_for_a_source()).ok_or(Dropped::Unwanted)?;
        let srtp = member.srtp.as_ref().ok_or(Dropped::Unwanted)?;
        let mut window = ReplayWindow::default();
        let opened = srtp.opener.open_rtp(&mut window, header.len, data)?;
        member.sources.insert(0, Source { ssrc: header.ssrc, window, binding: None });
        self.bind(now, key, 0, binding, header);
        Ok((binding, opened))
    }

    fn binding_for(&self, now: Instant, key: MemberKey, header: &Header, data: &[u8]) -> Option<Binding> {
        self.member(key)?
            .binding_for(header, data, |up, role| self.ups.get(up.0).is_some_and(|up| up.track.live_source(now, role).is_none()))
    }

    /// Gives a track its source; the one it had is without a track then.
    fn bind(&mut self, now: Instant, key: MemberKey, at: usize, binding: Binding, header: &Header) {
        let generation = self.new_generation();
        if let Some(up) = self.ups.get_mut(binding.up.0) {
            up.track.bind(now, binding.role, header.ssrc, generation);
        }
        let Some(member) = self.members.get_mut(key.index) else { return };
        for source in &mut member.sources {
            source.binding = source.binding.filter(|old| (old.up, old.role) != (binding.up, binding.role));
        }
        member.sources[at].binding = Some(binding);
        self.timers.schedule(Timer::Report(key.index), &mut member.report_timer, Some(now + REPORT_INTERVAL));
        self.choose_layers_of(now, key);
    }
}

/// The packets that one of sound brings along, as far as they are missing. What is in it begins at `start`.
fn brought(
    now: Instant,
    up: &mut Up,
    header: &Header,
    index: u64,
    red: &Red,
    data: &[u8],
    start: usize,
) -> impl Iterator<Item = (MediaPacket, Range<usize>)> {
    red.blocks().filter_map(move |(before, block)| {
        let payload = start + block.range.start..start + block.range.end;
        let timestamp = header.timestamp.wrapping_sub(block.offset);
        let packet = up.track.take_brought(now, timestamp, index.checked_sub(before)?, &data[payload.clone()])?;
        Some((packet, payload))
    })
}

/// Padding alone, sent to probe the path's bandwidth: there is no packet in it.
fn is_probe(header: &Header, payload: &[u8]) -> bool {
    let padding = if header.padding { payload.last().map_or(0, |len| usize::from(*len)) } else { 0 };
    payload.len() < OSN + padding.max(1)
}

fn take_rtx(
    now: Instant,
    up: &mut Up,
    header: &Header,
    data: &[u8],
    payload: Range<usize>,
) -> Option<(MediaPacket, Range<usize>)> {
    let (original, rest) = data[payload.clone()].split_first_chunk::<OSN>()?;
    let packet = up.track.take_rtx(now, header, u16::from_be_bytes(*original), rest)?;
    Some((packet, payload.start + OSN..payload.end))
}
