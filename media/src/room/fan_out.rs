//! RTP out: each waiting packet to each member that is shown it. This is where the node's time goes.

use std::time::Instant;

use super::{Room, member::Member};
use crate::{datagram::Datagram, outbox::Outbox, rtcp::Compound, rtp::HEADER};

impl Room {
    /// Subscriber by subscriber, so that what goes to one address is one run. The payload is read where it was received and written,
    /// sealed, where it is sent from.
    pub(super) fn forward(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        if self.pending.is_empty() {
            return;
        }
        for (_, member) in self.members.iter_mut() {
            let Member { srtp: Some(srtp), route: Some(route), downs, down_of, rtp_out, .. } = member else { continue };
            let overhead = HEADER + srtp.sealer.rtp_overhead();
            for pending in &self.pending {
                let Some(Some(down)) = down_of.get(pending.up.0) else { continue };
                let datagram = batch.get(pending.index_in_batch);
                let Some(payload) = datagram.and_then(|datagram| datagram.data.get(pending.payload.clone())) else { continue };
                let track = &mut downs[usize::from(*down)].track;
                let Some(placed) = track.place(now, &pending.packet, payload.len()) else { continue };
                let packet = out.packet(*route, overhead + payload.len());
                packet[..HEADER].copy_from_slice(&placed.header.to_bytes());
                srtp.sealer.seal_rtp(placed.index, payload, packet);
                *rtp_out += 1;
                self.report.media_packets_out += 1;
                self.report.media_bytes_out += packet.len() as u64;
            }
        }
        self.pending.clear();
    }

    /// Answers NACKs from the up tracks' caches.
    pub(super) fn resend(&mut self, out: &mut impl Outbox) {
        for resend in self.resends.drain(..) {
            let Some(member) = self.members.get_mut(resend.member) else { continue };
            let Member { srtp: Some(srtp), route: Some(route), downs, .. } = member else { continue };
            let Some(up) = self.ups.get(resend.up.0) else { continue };
            let Some(cached) = up.track.cached(resend.lost.generation, resend.lost.up_index) else { continue };
            let Some(again) = downs.get_mut(resend.down).and_then(|down| down.track.resend(resend.lost, &cached)) else {
                continue;
            };
            let original = again.original.map(u16::to_be_bytes);
            let prefix = original.as_ref().map_or(&[][..], |original| original);
            let start = HEADER + prefix.len();
            let end = start + cached.payload.len();
            let packet = out.packet(*route, end + srtp.sealer.rtp_overhead());
            packet[..HEADER].copy_from_slice(&again.placed.header.to_bytes());
            packet[HEADER..start].copy_from_slice(prefix);
            packet[start..end].copy_from_slice(cached.payload);
            srtp.sealer.seal_rtp_in_place(again.placed.index, HEADER, packet);
            self.report.retransmitted_packets += 1;
            self.report.media_packets_out += 1;
            self.report.media_bytes_out += packet.len() as u64;
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
