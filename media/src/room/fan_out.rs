//! RTP out: each waiting packet to each member that is shown it. This is where the node's time goes.

use std::time::Instant;

use super::{Extensions, Resend, Room, RoomReport, Up, downlink::Downlink, member::Member};
use crate::{datagram::Datagram, outbox::Outbox, rtcp::Compound, rtp::ExtensionValues, table::Table};

impl Room {
    /// Subscriber by subscriber, so that what goes to one address is one run. The payload is read where it was received and written,
    /// sealed, where it is sent from.
    pub(super) fn forward(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        if self.pending.is_empty() {
            return;
        }
        for (_, member) in self.members.iter_mut() {
            let Member { srtp: Some(srtp), route: Some(route), downs, down_of, downlink, rtp_out, .. } = member else { continue };
            let overhead = srtp.sealer.rtp_overhead();
            for pending in &self.pending {
                let Some(Some(down)) = down_of.get(pending.up.0) else { continue };
                let datagram = batch.get(pending.index_in_batch);
                let Some(payload) = datagram.and_then(|datagram| datagram.data.get(pending.payload.clone())) else { continue };
                let down = &mut downs[usize::from(*down)];
                if !down.shown.passes(pending.up, &pending.packet) {
                    continue;
                }
                let track = &mut down.track;
                let Some(placed) = track.place(now, &pending.packet, payload.len()) else { continue };
                let (extensions, header_len) = track.extensions();
                let packet = out.packet(*route, header_len + payload.len() + overhead);
                let number =
                    numbered(downlink, extensions).map_or(0, |downlink| downlink.estimator.sent(now, packet.len(), false));
                let playout_delay = pending.packet.playout_delay.and(track.playout_delay());
                let audio_level = pending.packet.audio_level;
                extensions.write(
                    placed.header,
                    ExtensionValues { transport_sequence: number, audio_level, playout_delay },
                    packet,
                );
                if placed.pictures.is_none() {
                    srtp.sealer.seal_rtp(placed.index, header_len, payload, packet);
                } else {
                    let text = &mut packet[header_len..header_len + payload.len()];
                    text.copy_from_slice(payload);
                    placed.pictures.apply(text);
                    srtp.sealer.seal_rtp_in_place(placed.index, header_len, packet);
                }
                *rtp_out += 1;
                self.report.media_packets_out += 1;
                self.report.media_bytes_out += packet.len() as u64;
            }
        }
        self.pending.clear();
    }

    /// Answers NACKs from the up tracks' caches.
    pub(super) fn resend(&mut self, now: Instant, out: &mut impl Outbox) {
        for resend in self.resends.drain(..) {
            let Some(member) = self.members.get_mut(resend.member) else { continue };
            send_again(now, member, &self.ups, resend, false, out, &mut self.report);
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

/// The line that gives a packet its number, if the packet has room for one: a number that is not sent would be told as lost.
#[inline]
fn numbered(downlink: &mut Option<Downlink>, extensions: Extensions) -> Option<&mut Downlink> {
    extensions.transport_sequence.and(downlink.as_mut())
}

/// Sends a packet of the cache once more; `probe` says that it was not asked for. False if there is none, or the subscriber has had enough.
pub(super) fn send_again(
    now: Instant,
    member: &mut Member,
    ups: &Table<Up>,
    resend: Resend,
    probe: bool,
    out: &mut impl Outbox,
    report: &mut RoomReport,
) -> bool {
    let Member { srtp: Some(srtp), route: Some(route), downs, downlink, .. } = member else { return false };
    let (Some(up), Some(down)) = (ups.get(resend.up.0), downs.get_mut(resend.down)) else { return false };
    let Some(cached) = up.track.cached(resend.lost.generation, resend.lost.up_index) else { return false };
    let Some(again) = down.track.resend(resend.lost, &cached) else { return false };
    let (extensions, header_len) = down.track.extensions();
    let original = again.original.map(u16::to_be_bytes);
    let prefix = original.as_ref().map_or(&[][..], |original| original);
    let start = header_len + prefix.len();
    let end = start + cached.payload.len();
    let packet = out.packet(*route, end + srtp.sealer.rtp_overhead());
    let number = numbered(downlink, extensions).map_or(0, |downlink| downlink.estimator.sent(now, packet.len(), probe));
    let playout_delay = up.track.playout_delay(now).and(down.track.playout_delay());
    let values = ExtensionValues { transport_sequence: number, audio_level: None, playout_delay };
    extensions.write(again.placed.header, values, packet);
    packet[header_len..start].copy_from_slice(prefix);
    packet[start..end].copy_from_slice(cached.payload);
    again.placed.pictures.apply(&mut packet[start..end]);
    srtp.sealer.seal_rtp_in_place(again.placed.index, header_len, packet);
    report.retransmitted_packets += u64::from(!probe);
    report.media_packets_out += 1;
    report.media_bytes_out += packet.len() as u64;
    true
}
