//! RTP out: each waiting packet to each member that is shown it. This is where the node's time goes.

use std::time::Instant;

use super::{
    Extensions, Pending, Resend, Room, RoomReport, Timer, Up,
    downlink::Downlink,
    member::Member,
    pacer::{Pace, Waiting},
};
use crate::{
    datagram::Datagram,
    outbox::Outbox,
    red::Before,
    rtcp::Compound,
    rtp::{ExtensionValues, OutHeader},
    table::Table,
    timers::Timers,
    track::MediaPacket,
};

/// Sound that brings the packet before it along takes some 80 kbit/s instead of 50. A line that carries less than this, in bit/s, loses for
/// another reason, and would lose more.
const ROOM_FOR_RED: u64 = 150_000;
/// What two packets of sound may have together: every path takes as much in one.
const TOGETHER: usize = 1_200;

/// What is to be sent of an up track.
struct Outgoing<'a> {
    packet: &'a MediaPacket,
    payload: &'a [u8],
    before: Option<Before<'a>>,
}

impl Room {
    /// Subscriber by subscriber, so that what goes to one address is one run. The payload is read where it was received and written,
    /// sealed, where it is sent from.
    pub(super) fn forward(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        if self.pending.is_empty() {
            return;
        }
        for (index, member) in self.members.iter_mut() {
            let pace = member.pace(now);
            for pending in &self.pending {
                let Pending { up, packet, .. } = pending;
                let Some(Some(down)) = member.down_of.get(up.0) else { continue };
                let datagram = batch.get(pending.index_in_batch);
                let Some(payload) = datagram.and_then(|datagram| datagram.data.get(pending.payload.clone())) else { continue };
                let down = usize::from(*down);
                if member.srtp.is_none() || member.route.is_none() || !member.downs[down].shown.passes(*up, packet) {
                    continue;
                }
                if pace.is_some() && member.downs[down].track.is_video() && member.pacer.must_wait(now) {
                    let is_kept = self.ups.get(up.0).is_some_and(|up| up.track.cached(packet.generation, packet.index).is_some());
                    if is_kept && member.pacer.wait(*up, packet, payload.len()) {
                        continue;
                    }
                }
                let before =
                    member.before(now, down, &self.ups, pending).filter(|before| before.len() + payload.len() <= TOGETHER);
                let sent = member.send_media(now, down, Outgoing { packet, payload, before }, out, &mut self.report);
                member.pacer.sent(now, sent, pace);
            }
            if pace.is_some() {
                let due = member.pacer.due(now);
                self.timers.schedule(Timer::Pace(index), &mut member.pacer.timer, due);
            }
        }
        self.pending.clear();
    }

    /// Pictures that waited for the line.
    pub(super) fn send_waiting(&mut self, now: Instant, at: Instant, index: usize, out: &mut impl Outbox) {
        let Some(member) = self.members.get_mut(index) else { return };
        if !Timers::<Timer>::claim(&mut member.pacer.timer, at) {
            return;
        }
        let pace = member.pace(now);
        while let Some(Waiting { up, packet, .. }) = member.pacer.take(now, pace) {
            let Some(Some(down)) = member.down_of.get(up.0) else { continue };
            let cached = self.ups.get(up.0).and_then(|up| up.track.cached(packet.generation, packet.index));
            let Some(payload) = cached.map(|cached| cached.payload) else { continue };
            let outgoing = Outgoing { packet: &packet, payload, before: None };
            let sent = member.send_media(now, usize::from(*down), outgoing, out, &mut self.report);
            member.pacer.sent(now, sent, pace);
        }
        let due = member.pacer.due(now);
        self.timers.schedule(Timer::Pace(index), &mut member.pacer.timer, due);
    }

    /// Answers NACKs from the up tracks' caches.
    pub(super) fn resend(&mut self, now: Instant, out: &mut impl Outbox) {
        for resend in self.resends.drain(..) {
            let Some(member) = self.members.get_mut(resend.member) else { continue };
            send_again(now, member, &self.ups, resend, Again::Asked, out, &mut self.report);
        }
    }

    /// A publisher's sender report, as the sender report of each down track that shows it.
    pub(super) fn forward_sender_reports(&mut self, now: Instant, out: &mut impl Outbox) {
        for (up, generation, info) in self.sender_reports.drain(..) {
            for (_, member) in self.members.iter_mut() {
                let Some(Some(down)) = member.down_of.get(up.0).copied() else { continue };
                if member.srtp.is_none() || member.route.is_none() {
                    continue;
                }
                let track = &mut member.downs[usize::from(down)].track;
                let Some(ours) = track.sender_report(now, generation, info) else { continue };
                let mut compound = Compound::default();
                compound.sender_report(track.ssrc(), ours);
                compound.source_description(track.ssrc(), track.cname());
                member.send_rtcp(&compound, out, &mut self.report);
            }
        }
    }
}

impl Member {
    /// How fast pictures may go to it now, if they may not go at once.
    #[inline]
    fn pace(&self, now: Instant) -> Option<Pace> {
        let line = self.downlink.as_ref().and_then(|downlink| downlink.bitrate(now));
        self.pacer.pace(line)
    }

    /// What a packet of sound is to bring along to it: on a line that loses packets, and has room for it.
    #[inline]
    fn before<'a>(&self, now: Instant, down: usize, ups: &'a Table<Up>, pending: &Pending) -> Option<Before<'a>> {
        let track = &self.downs[down].track;
        let is_lossy = || self.downlink.as_ref().and_then(|downlink| downlink.is_lossy(now)).unwrap_or(track.is_lossy());
        if !track.takes_red() || !is_lossy() {
            return None;
        }
        let Pending { up, packet, .. } = pending;
        let cached = ups.get(up.0)?.track.cached(packet.generation, packet.index.checked_sub(1)?)?;
        // Padding belongs to a packet, not to a block in one.
        let cached = Some(cached).filter(|cached| !cached.padding)?;
        let before = Before::new(packet.timestamp.wrapping_sub(cached.timestamp), cached.payload)?;
        self.line(now).is_none_or(|line| line >= ROOM_FOR_RED).then_some(before)
    }

    /// Seals and sends one packet of an up track that it is shown. Gives its length, if it was sent.
    #[inline]
    fn send_media(
        &mut self,
        now: Instant,
        down: usize,
        Outgoing { packet: media, payload, before }: Outgoing<'_>,
        out: &mut impl Outbox,
        report: &mut RoomReport,
    ) -> Option<usize> {
        let Self { srtp: Some(srtp), route: Some(route), downs, downlink, rtp_out, .. } = self else { return None };
        let track = &mut downs.get_mut(down)?.track;
        let placed = track.place(now, media, payload.len())?;
        let (extensions, header_len) = track.extensions();
        let red = before.zip(before.and_then(|_| track.red(placed.index)));
        let end = header_len + red.map_or(0, |(before, _)| before.len()) + payload.len();
        let packet = out.packet(*route, end + srtp.sealer.rtp_overhead());
        let number = numbered(downlink, extensions).map_or(0, |downlink| downlink.estimator.sent(now, packet.len(), false));
        let playout_delay = media.playout_delay.and(track.playout_delay());
        let values = ExtensionValues { transport_sequence: number, audio_level: media.audio_level, playout_delay };
        let payload_type = red.map_or(placed.header.payload_type, |(_, payload_type)| payload_type);
        extensions.write(OutHeader { payload_type, ..placed.header }, values, packet);
        let text = &mut packet[header_len..end];
        if let Some((before, _)) = red {
            before.write(placed.header.payload_type, payload, text);
            srtp.sealer.seal_rtp_in_place(placed.index, header_len, packet);
        } else if placed.pictures.is_none() {
            srtp.sealer.seal_rtp(placed.index, header_len, payload, packet);
        } else {
            text.copy_from_slice(payload);
            placed.pictures.apply(text);
            srtp.sealer.seal_rtp_in_place(placed.index, header_len, packet);
        }
        *rtp_out += 1;
        report.media_packets_out += 1;
        report.media_bytes_out += packet.len() as u64;
        Some(packet.len())
    }
}

/// The line that gives a packet its number, if the packet has room for one: a number that is not sent would be told as lost.
#[inline]
fn numbered(downlink: &mut Option<Downlink>, extensions: Extensions) -> Option<&mut Downlink> {
    extensions.transport_sequence.and(downlink.as_mut())
}

/// Why a packet is sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Asked,
    /// To see whether the line carries more.
    Probe,
    /// It may have been lost.
    Ahead,
}

/// Sends a packet of the cache once more. False if there is none, or the subscriber has had enough.
pub(super) fn send_again(
    now: Instant,
    member: &mut Member,
    ups: &Table<Up>,
    resend: Resend,
    why: Again,
    out: &mut impl Outbox,
    report: &mut RoomReport,
) -> bool {
    let Member { srtp: Some(srtp), route: Some(route), downs, downlink, .. } = member else { return false };
    let (Some(up), Some(down)) = (ups.get(resend.up.0), downs.get_mut(resend.down)) else { return false };
    let Some(cached) = up.track.cached(resend.lost.generation, resend.lost.up_index) else { return false };
    let Some(again) = down.track.resend(resend.lost, &cached, why == Again::Ahead) else { return false };
    let (extensions, header_len) = down.track.extensions();
    let original = again.original.map(u16::to_be_bytes);
    let prefix = original.as_ref().map_or(&[][..], |original| original);
    let start = header_len + prefix.len();
    let end = start + cached.payload.len();
    let packet = out.packet(*route, end + srtp.sealer.rtp_overhead());
    let number =
        numbered(downlink, extensions).map_or(0, |downlink| downlink.estimator.sent(now, packet.len(), why == Again::Probe));
    let playout_delay = up.track.playout_delay(now).and(down.track.playout_delay());
    let values = ExtensionValues { transport_sequence: number, audio_level: None, playout_delay };
    extensions.write(again.placed.header, values, packet);
    packet[header_len..start].copy_from_slice(prefix);
    packet[start..end].copy_from_slice(cached.payload);
    again.placed.pictures.apply(&mut packet[start..end]);
    srtp.sealer.seal_rtp_in_place(again.placed.index, header_len, packet);
    report.retransmitted_packets += u64::from(why == Again::Asked);
    report.media_packets_out += 1;
    report.media_bytes_out += packet.len() as u64;
    true
}
