//! The media node for those who are in no call: a check of somebody's connection has a room and a relay of its own for a while.

use std::time::Duration;

use staffline_media::control::{Command, PeerId, RoomId};
use tokio::{sync::oneshot, time};

use super::Calls;
use crate::{
    calls::{IceServer, media::Answer},
    config::{Config, Tls},
    doctor::{Leg, checks::LegServer},
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

    pub fn visitor_leaves(&self, peer: PeerId) {
        self.tell_node(Command::Leave { peer });
    }

    /// A server for each leg, with credentials for the relay of `room` where there are some.
    pub fn leg_servers(&self, config: &Config, room: RoomId, user: UserId, host: &str) -> Vec<LegServer> {
        let live = self.live();
        let Some(node) = &live.node else { return Vec::new() };
        let stun: Vec<_> = node.reach.ice_servers(host).into_iter().flat_map(|server| server.urls).collect();
        if stun.is_empty() {
            return Vec::new();
        }
        let credentials = node.credentials(room, user, CREDENTIALS_TTL);
        let turn = |scheme: &str, transport: &str| {
            let url = |stun: &String| format!("{}?transport={transport}", stun.replacen("stun:", scheme, 1));
            let (username, credential) = (Some(credentials.username.clone()), Some(credentials.password.clone()));
            IceServer { urls: stun.iter().map(url).collect(), username, credential }
        };
        let mut servers = vec![
            LegServer { leg: Leg::Udp, ice_server: IceServer { urls: stun.clone(), username: None, credential: None } },
            LegServer { leg: Leg::TurnUdp, ice_server: turn("turn:", "udp") },
            LegServer { leg: Leg::TurnTcp, ice_server: turn("turn:", "tcp") },
        ];
        if config.tls != Tls::Off {
            servers.push(LegServer { leg: Leg::TurnTls, ice_server: turn("turns:", "tcp") });
        }
        servers
    }

    fn tell_node(&self, command: Command) -> bool {
        self.live().node.as_ref().is_some_and(|node| node.tell(command))
    }
}
