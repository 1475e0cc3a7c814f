//! The node: rooms and sessions, owned by value, and every datagram's way between them. Pure: it is told the time, gets
//! datagrams in, writes datagrams to an [`Outbox`], and keeps its events until they are polled.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::control::{CloseReason, Command, Event, NodeReport, PeerId, RefusedReason, RoomId};
use crate::datagram::{Datagram, Route};
use crate::demux::{Class, Routes, classify};
use crate::dtls::Identity;
use crate::ice::Ufrag;
use crate::outbox::{Outbox, Recorded};
use crate::recorder::Source;
use crate::room::{MemberKey, Room, RoomReport};
use crate::session::{Session, Shared};
use crate::srtp::SrtpProfile;
use crate::stun::{Request, limit::Limiter, server::StunServer};
use crate::table::Table;
use crate::timers::{Scheduled, Timers};

/// What a node is made with.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where clients reach this node: one ICE candidate each, the preferred one first. Behind 1:1 NAT these are the
    /// public addresses, while datagrams arrive at private ones.
    pub candidates: Vec<SocketAddr>,
    /// Where they are reached over TCP, at the same addresses.
    pub tcp_port: u16,
    /// Which of the shards this is, below [`MAX_SHARDS`](crate::shards::MAX_SHARDS).
    pub shard: usize,
    /// The SRTP profiles we negotiate, the preferred one first.
    pub srtp_profiles: Vec<SrtpProfile>,
    pub max_sessions: usize,
}

/// No certificate could be made: the operating system has no randomness, or the configuration names no profile.
#[derive(Debug, thiserror::Error)]
#[error("the node has no certificate: {0}")]
pub struct NodeError(String);

type SessionIndex = usize;
type RoomIndex = usize;

/// Who is woken by a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Session(SessionIndex),
    Room(RoomIndex),
}

/// Something due again at once waits this long, so that no mistake in a deadline can make the node spin.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

#[derive(Debug)]
struct SessionEntry {
    session: Session,
    room: RoomIndex,
    member: MemberKey,
    /// Under which the session stands in `Node::by_ufrag`.
    ufrags: Vec<Ufrag>,
    /// [`Event::Connected`] has been told.
    connected: bool,
    timer: Scheduled,
}

#[derive(Debug)]
struct RoomEntry {
    id: RoomId,
    room: Room,
    /// It has received something in this batch and must be flushed.
    touched: bool,
    timer: Scheduled,
}

/// The media node.
#[derive(Debug)]
pub struct Node {
    shared: Shared,
    max_sessions: usize,
    sessions: Table<SessionEntry>,
    rooms: Table<RoomEntry>,
    by_peer: HashMap<PeerId, SessionIndex>,
    by_room: HashMap<RoomId, RoomIndex>,
    by_ufrag: HashMap<Ufrag, SessionIndex>,
    routes: Routes<SessionIndex>,
    stun: StunServer,
    timers: Timers<Owner>,
    touched: Vec<RoomIndex>,
    events: VecDeque<Event>,
    /// Counters of rooms that are gone.
    retired: RoomReport,
    stray_packets: u64,
    /// The room that is being worked on, for [`Node::recover`].
    in_hand: Option<RoomIndex>,
}

impl Node {
    pub fn new(now: Instant, config: NodeConfig) -> Result<Self, NodeError> {
        if config.srtp_profiles.is_empty() {
            return Err(NodeError("no SRTP profile is configured".to_owned()));
        }
        let identity = Identity::generate().map_err(|error| NodeError(error.to_string()))?;
        let NodeConfig { candidates, tcp_port, shard, srtp_profiles: profiles, max_sessions } = config;
        Ok(Self {
            shared: Shared { identity, profiles, candidates, tcp_port, shard },
            max_sessions,
            sessions: Table::new(),
            rooms: Table::new(),
            by_peer: HashMap::new(),
            by_room: HashMap::new(),
            by_ufrag: HashMap::new(),
            routes: Routes::new(),
            stun: StunServer::new(now),
            timers: Timers::new(),
            touched: Vec::new(),
            events: VecDeque::new(),
            retired: RoomReport::default(),
            stray_packets: 0,
            in_hand: None,
        })
    }

    /// What has happened since it was last asked.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut impl Outbox) {
        match command {
            Command::Join { room, peer, offer } => {
                let result = self.join(now, room, peer, &offer);
                if result.is_ok() && self.is_recorded(room) {
                    out.record(room, Recorded::Joined { at: now, peer });
                }
                self.reply(peer, result);
            }
            Command::Renegotiate { peer, offer, .. } => {
                let result = self.renegotiate(now, peer, &offer, out);
                self.reply(peer, result);
            }
            Command::Leave { peer, .. } => {
                if let Some(&index) = self.by_peer.get(&peer) {
                    self.close(now, index, CloseReason::Left, out);
                }
            }
            // The port's.
            Command::OpenRelay { .. } | Command::CloseRelay { .. } => {}
            Command::StartRecording { room, .. } => self.record(room),
            Command::StopRecording { room } => self.record_no_more(room),
            Command::HoldBack { peer, on, .. } => self.hold_back(now, peer, on),
            Command::EndSource { peer, source, .. } => self.source_ended(now, peer, source, out),
            // The recorder's.
            Command::NoteRecording { .. } => {}
            Command::Report { id } => {
                let report = self.report();
                self.events.push_back(Event::Report { id, report });
            }
        }
    }

    fn reply(&mut self, peer: PeerId, result: Result<String, RefusedReason>) {
        self.events.push_back(match result {
            Ok(sdp) => Event::Answer { peer, sdp },
            Err(reason) => Event::Refused { peer, reason },
        });
    }

    fn join(&mut self, now: Instant, id: RoomId, peer: PeerId, offer: &str) -> Result<String, RefusedReason> {
        if self.by_peer.contains_key(&peer) {
            return Err(RefusedReason::AlreadyJoined);
        }
        if self.sessions.len() >= self.max_sessions {
            return Err(RefusedReason::Full);
        }
        let (session, answered) = Session::accept(now, &self.shared, peer, offer)?;
        let room = self.room_of(id);
        let joined = self.in_room(room, |room| room.add_member(peer, answered.media));
        let member = joined.ok_or(RefusedReason::Full)?;
        let timer = Scheduled::default();
        let index = self.sessions.insert(SessionEntry { session, room, member, ufrags: Vec::new(), connected: false, timer });
        self.by_peer.insert(peer, index);
        self.index_ufrags(index);
        self.schedule_session(index);
        self.schedule_room(now, room);
        Ok(answered.sdp)
    }

    /// The room of that name; a new one if there is none.
    fn room_of(&mut self, id: RoomId) -> RoomIndex {
        *self.by_room.entry(id).or_insert_with(|| {
            self.rooms.insert(RoomEntry { id, room: Room::new(), touched: false, timer: Scheduled::default() })
        })
    }

    fn record(&mut self, id: RoomId) {
        let index = self.room_of(id);
        self.in_room(index, |room| room.set_recorded(Some(id)));
    }

    fn record_no_more(&mut self, id: RoomId) {
        let Some(&index) = self.by_room.get(&id) else { return };
        let is_empty = self.in_room(index, |room| {
            room.set_recorded(None);
            room.is_empty()
        });
        if is_empty == Some(true) {
            self.retire_room(index);
        }
    }

    fn is_recorded(&self, id: RoomId) -> bool {
        self.by_room.get(&id).and_then(|index| self.rooms.get(*index)).is_some_and(|entry| entry.room.recorded().is_some())
    }

    /// The recorder wants a key frame.
    pub fn ask_keyframe(&mut self, id: RoomId, peer: PeerId, source: Source) {
        if let Some(&index) = self.by_room.get(&id) {
            self.in_room(index, |room| room.ask_keyframe_of(peer, source));
        }
    }

    fn renegotiate(&mut self, now: Instant, peer: PeerId, offer: &str, out: &mut impl Outbox) -> Result<String, RefusedReason> {
        let index = *self.by_peer.get(&peer).ok_or(RefusedReason::UnknownPeer)?;
        let entry = self.sessions.get_mut(index).ok_or(RefusedReason::UnknownPeer)?;
        let answered = entry.session.renegotiate(&self.shared, offer)?;
        let (room, member) = (entry.room, entry.member);
        let ended = self.in_room(room, |room| {
            let before = room.sources(member);
            room.reconfigure(member, answered.media);
            let after = room.sources(member);
            before.into_iter().filter(|source| !after.contains(source)).collect::<Vec<_>>()
        });
        for source in ended.into_iter().flatten() {
            self.source_ended(now, peer, source, out);
        }
        self.index_ufrags(index);
        self.schedule_room(now, room);
        Ok(answered.sdp)
    }

    fn hold_back(&mut self, now: Instant, peer: PeerId, on: bool) {
        let Some(entry) = self.by_peer.get(&peer).and_then(|index| self.sessions.get(*index)) else { return };
        let (room, member) = (entry.room, entry.member);
        self.in_room(room, |room| {
            #[cfg(test)]
            assert_ne!(peer, crate::testing::UNLUCKY, "this panic is part of a test");
            room.hold_back(now, member, on);
        });
        self.schedule_room(now, room);
    }

    /// Whoever records is told.
    fn source_ended(&self, at: Instant, peer: PeerId, source: Source, out: &mut impl Outbox) {
        let entry = self.by_peer.get(&peer).and_then(|index| self.sessions.get(*index));
        let room = entry.and_then(|entry| self.rooms.get(entry.room)).and_then(|room| room.room.recorded());
        if let Some(room) = room {
            out.record(room, Recorded::Ended { at, peer, source });
        }
    }

    /// Makes `by_ufrag` know exactly the fragments that the session has now.
    fn index_ufrags(&mut self, index: SessionIndex) {
        let Some(entry) = self.sessions.get_mut(index) else { return };
        for ufrag in entry.ufrags.drain(..) {
            self.by_ufrag.remove(&ufrag);
        }
        entry.ufrags.extend(entry.session.ufrags());
        for ufrag in &entry.ufrags {
            self.by_ufrag.insert(*ufrag, index);
        }
    }

    /// Takes what was received at once. Media is decrypted in place and forwarded before this returns.
    pub fn handle_batch(&mut self, now: Instant, batch: &mut [Datagram<'_>], out: &mut impl Outbox) {
        for (position, datagram) in batch.iter_mut().enumerate() {
            let route = datagram.route;
            let is_ours = match classify(datagram.data) {
                Class::Media => self.receive_media(now, route, position, datagram.data),
                Class::Stun => self.receive_stun(now, route, datagram.data, out),
                Class::Dtls => self.receive_dtls(now, route, datagram.data, out),
                Class::Unknown => false,
            };
            self.stray_packets += u64::from(!is_ours);
        }
        self.flush(now, batch, out);
    }

    fn receive_media(&mut self, now: Instant, route: Route, position: usize, data: &mut [u8]) -> bool {
        let Some(entry) = self.routes.session_of(&route).and_then(|index| self.sessions.get(index)) else { return false };
        let Some(room) = self.rooms.get_mut(entry.room) else { return false };
        self.in_hand = Some(entry.room);
        room.room.receive(now, entry.member, position, data);
        if !room.touched {
            room.touched = true;
            self.touched.push(entry.room);
        }
        true
    }

    fn receive_stun(&mut self, now: Instant, route: Route, data: &[u8], out: &mut impl Outbox) -> bool {
        let Some(request) = Request::parse(data) else { return false };
        match request.username {
            Some(username) => self.receive_check(now, route, &request, username, out).is_some(),
            None => {
                let answer = self.stun.answer(now, &request, route.remote);
                answer.inspect(|answer| send(out, route, answer.as_bytes())).is_some()
            }
        }
    }

    /// A connectivity check. It is answered only with the credentials of a session, and only then binds its route.
    fn receive_check(
        &mut self,
        now: Instant,
        route: Route,
        request: &Request<'_>,
        username: &[u8],
        out: &mut impl Outbox,
    ) -> Option<()> {
        let index = *self.by_ufrag.get(username.first_chunk()?)?;
        if !self.routes.is_free_for(now, &route, index) {
            return None;
        }
        let entry = self.sessions.get_mut(index)?;
        let checked = entry.session.handle_check(now, request, route)?;
        send(out, route, checked.answer.as_bytes());
        if checked.authenticated {
            self.routes.bind(now, route, index, entry.session.nominated());
        }
        if checked.moved {
            tracing::debug!(peer = ?entry.session.peer, "ICE nominated a pair");
            let (room, member) = (entry.room, entry.member);
            self.in_room(room, |room| room.set_route(member, Some(route)));
            self.after_progress(now, index);
        }
        Some(())
    }

    fn receive_dtls(&mut self, now: Instant, route: Route, data: &[u8], out: &mut impl Outbox) -> bool {
        let Some(index) = self.routes.session_of(&route) else { return false };
        let Some(entry) = self.sessions.get_mut(index) else { return false };
        match entry.session.handle_dtls(now, route, data, out) {
            Ok(keys) => {
                let (room, member) = (entry.room, entry.member);
                if let Some(keys) = keys {
                    self.in_room(room, |room| room.set_keys(member, keys));
                }
                self.after_progress(now, index);
            }
            Err(reason) => self.close(now, index, reason, out),
        }
        true
    }

    /// The session may have become able to carry media, and may have another deadline.
    fn after_progress(&mut self, now: Instant, index: SessionIndex) {
        let Some(entry) = self.sessions.get_mut(index) else { return };
        if let (true, false, Some(route)) = (entry.session.is_connected(), entry.connected, entry.session.nominated()) {
            entry.connected = true;
            let (peer, remote, protocol) = (entry.session.peer, route.remote, route.protocol);
            self.events.push_back(Event::Connected { peer, remote, protocol });
        }
        let room = entry.room;
        self.schedule_session(index);
        self.schedule_room(now, room);
    }

    /// Calls into a room, remembering which one for [`Node::recover`].
    fn in_room<T>(&mut self, index: RoomIndex, call: impl FnOnce(&mut Room) -> T) -> Option<T> {
        let entry = self.rooms.get_mut(index)?;
        self.in_hand = Some(index);
        let result = call(&mut entry.room);
        self.in_hand = None;
        Some(result)
    }

    fn flush(&mut self, now: Instant, batch: &[Datagram<'_>], out: &mut impl Outbox) {
        while let Some(index) = self.touched.pop() {
            if let Some(entry) = self.rooms.get_mut(index) {
                self.in_hand = Some(index);
                entry.touched = false;
                entry.room.flush(now, batch, out);
                self.schedule_room(now, index);
            }
        }
        self.in_hand = None;
    }

    /// When [`Node::handle_timeout`] wants to be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Outbox) {
        while let Some((at, owner)) = self.timers.pop_due(now) {
            match owner {
                Owner::Session(index) => self.wake_session(now, at, index, out),
                Owner::Room(index) => self.wake_room(now, at, index, out),
            }
        }
    }

    fn wake_session(&mut self, now: Instant, at: Instant, index: SessionIndex, out: &mut impl Outbox) {
        let Some(entry) = self.sessions.get_mut(index) else { return };
        if !Timers::<Owner>::claim(&mut entry.timer, at) {
            return;
        }
        match entry.session.handle_timeout(now, out) {
            Ok(()) => {
                let next = entry.session.next_timeout().max(now + SHORTEST_SLEEP);
                self.timers.schedule(Owner::Session(index), &mut entry.timer, Some(next));
            }
            Err(reason) => self.close(now, index, reason, out),
        }
    }

    fn wake_room(&mut self, now: Instant, at: Instant, index: RoomIndex, out: &mut impl Outbox) {
        let Some(entry) = self.rooms.get_mut(index) else { return };
        if !Timers::<Owner>::claim(&mut entry.timer, at) {
            return;
        }
        if entry.room.next_timeout().is_some_and(|due| due <= now) {
            self.in_room(index, |room| room.handle_timeout(now, out));
        }
        self.schedule_room(now, index);
    }

    fn schedule_session(&mut self, index: SessionIndex) {
        if let Some(entry) = self.sessions.get_mut(index) {
            let next = entry.session.next_timeout();
            self.timers.schedule(Owner::Session(index), &mut entry.timer, Some(next));
        }
    }

    fn schedule_room(&mut self, now: Instant, index: RoomIndex) {
        if let Some(entry) = self.rooms.get_mut(index) {
            let next = entry.room.next_timeout().map(|at| at.max(now + SHORTEST_SLEEP));
            self.timers.schedule(Owner::Room(index), &mut entry.timer, next);
        }
    }

    /// Ends a session in order: the client is told, its addresses are unbound, its tracks end.
    fn close(&mut self, now: Instant, index: SessionIndex, reason: CloseReason, out: &mut impl Outbox) {
        let Some(mut entry) = self.sessions.remove(index) else { return };
        entry.session.close(now, out);
        self.forget(index, &entry, reason);
        let recorded = self.rooms.get(entry.room).and_then(|room| room.room.recorded());
        if let Some(room) = recorded {
            out.record(room, Recorded::Left { at: now, peer: entry.session.peer });
        }
        let is_empty = self.in_room(entry.room, |room| {
            room.remove_member(entry.member);
            room.is_empty()
        });
        // A recorded room waits for whoever comes back.
        if is_empty == Some(true) && recorded.is_none() {
            self.retire_room(entry.room);
        } else {
            self.schedule_room(now, entry.room);
        }
    }

    fn forget(&mut self, index: SessionIndex, entry: &SessionEntry, reason: CloseReason) {
        self.routes.unbind(index);
        for ufrag in &entry.ufrags {
            self.by_ufrag.remove(ufrag);
        }
        self.by_peer.remove(&entry.session.peer);
        self.events.push_back(Event::Closed { peer: entry.session.peer, reason });
    }

    fn retire_room(&mut self, index: RoomIndex) {
        if let Some(entry) = self.rooms.remove(index) {
            self.by_room.remove(&entry.id);
            add(&mut self.retired, &entry.room.report());
        }
    }

    /// Ends every session in order.
    pub fn close_all(&mut self, now: Instant, out: &mut impl Outbox) {
        let all: Vec<SessionIndex> = self.by_peer.values().copied().collect();
        for index in all {
            self.close(now, index, CloseReason::Left, out);
        }
    }

    /// After a panic in one of the calls above: the room that was being worked on may be half changed, so it and
    /// its sessions go, without another call into them. All others live on.
    pub fn recover(&mut self) {
        self.touched.clear();
        self.rooms.iter_mut().for_each(|(_, entry)| entry.touched = false);
        let Some(room) = self.in_hand.take() else { return };
        let lost: Vec<SessionIndex> =
            self.sessions.iter_mut().filter(|(_, entry)| entry.room == room).map(|(index, _)| index).collect();
        for index in lost {
            if let Some(entry) = self.sessions.remove(index) {
                self.forget(index, &entry, CloseReason::Internal);
            }
        }
        self.retire_room(room);
    }

    /// The counters now.
    pub fn report(&self) -> NodeReport {
        let mut media = self.retired;
        for entry in self.rooms.iter() {
            add(&mut media, &entry.room.report());
        }
        NodeReport {
            rooms: self.rooms.len() as u64,
            sessions: self.sessions.len() as u64,
            media_packets_in: media.media_packets_in,
            media_bytes_in: media.media_bytes_in,
            media_packets_out: media.media_packets_out,
            media_bytes_out: media.media_bytes_out,
            media_packets_dropped: media.media_packets_dropped,
            retransmitted_packets: media.retransmitted_packets,
            keyframe_requests: media.keyframe_requests,
            stun_answers: self.stun.answers(),
            stray_packets: self.stray_packets,
            ..NodeReport::default()
        }
    }

    /// A connection is gone: its session sends nothing until its client nominates another pair.
    pub fn route_lost(&mut self, route: &Route) {
        let Some(index) = self.routes.remove(route) else { return };
        let Some(entry) = self.sessions.get_mut(index) else { return };
        let (room, member) = (entry.room, entry.member);
        if entry.session.lose(route) {
            self.in_room(room, |room| room.set_route(member, None));
        }
    }

    /// Whether a session has authenticated itself over this route.
    pub fn is_bound(&self, route: &Route) -> bool {
        self.routes.session_of(route).is_some()
    }

    /// What all answers to strangers are counted with.
    pub(crate) fn limiter(&mut self) -> &mut Limiter {
        self.stun.limiter()
    }

    /// How many addresses are bound to sessions.
    pub fn bound_routes(&self) -> usize {
        self.routes.len()
    }
}

fn send(out: &mut impl Outbox, to: Route, bytes: &[u8]) {
    out.packet(to, bytes.len()).copy_from_slice(bytes);
}

fn add(total: &mut RoomReport, room: &RoomReport) {
    total.media_packets_in += room.media_packets_in;
    total.media_bytes_in += room.media_bytes_in;
    total.media_packets_out += room.media_packets_out;
    total.media_bytes_out += room.media_bytes_out;
    total.media_packets_dropped += room.media_packets_dropped;
    total.retransmitted_packets += room.retransmitted_packets;
    total.keyframe_requests += room.keyframe_requests;
}
