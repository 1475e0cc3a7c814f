//! A room: every member's SRTP contexts, up tracks and down tracks, and the packet path between them.
//!
//! It is pure: it is told the time, gets datagrams in and writes datagrams out. The calls of one batch are
//!
//! ```text
//! for each media datagram i:  room.receive(now, member, i, datagram.data)
//! once, at the end:           room.flush(now, &batch, outbox)
//! ```
//!
//! `receive` decrypts in place and remembers what is to be forwarded; `flush` writes it, subscriber by subscriber, so that packets to the
//! same address follow one another. Between the two the batch must not be touched.

mod description;

use std::time::Instant;

pub use description::{DownDescription, Feedback, MediaDescription, MediaLine, UpDescription};

use crate::{
    control::PeerId,
    datagram::{Datagram, Route},
    outbox::Outbox,
    srtp::SrtpKeys,
    track::Mid,
};

/// A member of one room, given by [`Room::add_member`]. A key of a member that has gone is ignored wherever it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberKey {
    index: u32,
    generation: u32,
}

/// Which publisher a member's down slot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotView {
    /// The m-line of the subscriber.
    pub mid: Mid,
    pub publisher: PeerId,
    /// The m-line of the publisher.
    pub publisher_mid: Mid,
}

/// Counters since the room began; they stay when a member goes. Names as in [`crate::control::NodeReport`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomReport {
    pub media_packets_in: u64,
    pub media_bytes_in: u64,
    pub media_packets_out: u64,
    pub media_bytes_out: u64,
    pub media_packets_dropped: u64,
    pub retransmitted_packets: u64,
    pub keyframe_requests: u64,
}

/// Counters of one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberReport {
    /// RTP packets of this member that authenticated and belong to a track.
    pub rtp_in: u64,
    /// RTP packets sent to this member, retransmissions left out.
    pub rtp_out: u64,
}

#[derive(Debug, Default)]
pub struct Room {
    report: RoomReport,
}

impl Room {
    pub fn new() -> Self {
        Self::default()
    }

    /// A member joins: its up tracks take a free slot at every other member, and the others' tracks take its slots. Nothing flows before
    /// [`Room::set_keys`] and [`Room::set_route`].
    pub fn add_member(&mut self, peer: PeerId, media: MediaDescription) -> MemberKey {
        let _ = (peer, media);
        MemberKey { index: 0, generation: 0 }
    }

    /// The member renegotiated. Tracks are told by their mid: what stays goes on without a break.
    pub fn reconfigure(&mut self, member: MemberKey, media: MediaDescription) {
        let _ = (member, media);
    }

    /// The member goes; its slots at the others become free.
    pub fn remove_member(&mut self, member: MemberKey) {
        let _ = member;
    }

    pub fn is_empty(&self) -> bool {
        true
    }

    /// DTLS is done. Calling it again with the same keys changes nothing.
    pub fn set_keys(&mut self, member: MemberKey, keys: SrtpKeys) {
        let _ = (member, keys);
    }

    /// Where to send: the pair that ICE nominated. Nothing is sent without it.
    pub fn set_route(&mut self, member: MemberKey, route: Option<Route>) {
        let _ = (member, route);
    }

    /// Takes an SRTP or SRTCP datagram of a member (first byte 128 to 191, RFC 7983). RTP is decrypted in place and remembered with
    /// `index_in_batch` until [`Room::flush`]; what RTCP asks for is queued for it.
    pub fn receive(&mut self, now: Instant, member: MemberKey, index_in_batch: usize, data: &mut [u8]) {
        let _ = (now, member, index_in_batch, data);
    }

    /// Sends what [`Room::receive`] remembered. `batch[i].data` must be the bytes given to it with index `i`.
    pub fn flush(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        let _ = (now, batch, out);
    }

    /// When [`Room::handle_timeout`] wants to be called; ask again after each call of this room.
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }

    /// Sends what is due: receiver reports, NACKs, keyframe requests, REMB.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Outbox) {
        let _ = (now, out);
    }

    pub fn report(&self) -> RoomReport {
        self.report
    }

    pub fn member_report(&self, member: MemberKey) -> Option<MemberReport> {
        let _ = member;
        None
    }

    /// What this member's down slots show, in the order of its m-lines; empty slots are left out.
    pub fn slots(&self, member: MemberKey) -> Vec<SlotView> {
        let _ = member;
        Vec::new()
    }
}
