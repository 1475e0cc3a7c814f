//! The media node for those who are in no call: a check of somebody's connection has a room and a relay of its own for a while.

use std::time::Duration;

use staffline_media::control::{Command, PeerId, RoomId};
use tokio::{sync::oneshot, time};

use super::Calls;
use crate::{
    calls::{IceServer, ice::Way, media::Answer},
    ids::UserId,
};

/// How long an offer may wait for its answer: the node answers within milliseconds, or is in trouble.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
/// How long credentials are good for an allocation: as long as a check may be open.
const CREDENTIALS_TTL: Duration = Duration::from_secs(180);

/// An answer that is on its way.
#[derive(Debug)]
pub struct PendingAnswer(oneshot::Receiver<Answer>);

impl PendingAnswer {
    /// `None` if it does not come.
    pub async fn wait(self) -> Option<Answer> {
        time::timeout(ANSWER_PATIENCE, self.0).await.ok()?.ok()
    }
}

impl Calls {
    /// The TURN server takes credentials of this room from now on. False if there is no media node.
    pub fn open_relay(&self, room: RoomId) -> bool {
        self.tell_node(Command::OpenRelay { call: room })
    }

    /// It takes them no longer, and ends their allocations.
    pub fn close_relay(&self, room: RoomId) {
        self.tell_node(Command::CloseRelay { call: room });
    }

    /// A peer that is in no call joins a room; `None` if there is no media node that takes its offer.
    pub fn visitor_joins(&self, room: RoomId, peer: PeerId, offer: String) -> Option<PendingAnswer> {
        self.live().node.as_mut()?.visit(room, peer, offer).map(PendingAnswer)
    }

    pub fn visitor_leaves(&self, room: RoomId, peer: PeerId) {
        self.tell_node(Command::Leave { room, peer });
    }

    /// A server for each way that there is, with credentials for the relay of `room` where they are needed.
    pub fn servers_by_way(&self, room: RoomId, user: UserId, host: &str) -> Vec<(Way, IceServer)> {
        let live = self.live();
        let Some(node) = &live.node else { return Vec::new() };
        let (credentials, udp_port) = (node.credentials(room, user, CREDENTIALS_TTL), node.udp_port(room));
        let server = |way| {
            let known = (way != Way::Stun).then(|| credentials.clone());
            let (username, credential) = known.map(|known| (known.username, known.password)).unzip();
            let urls = node.reach.urls(way, host, udp_port);
            (!urls.is_empty()).then_some((way, IceServer { urls, username, credential }))
        };
        [Way::Stun, Way::TurnUdp, Way::TurnTcp, Way::TurnTls].into_iter().filter_map(server).collect()
    }

    pub(super) fn tell_node(&self, command: Command) -> bool {
        self.live().node.as_ref().is_some_and(|node| node.tell(command))
    }
}
