//! The media node of this process: its start on our UDP port, and the way to it.

use std::{collections::HashMap, io, net::SocketAddr, time::Duration};

use staffline_media::{
    control::{Command, Event, NodeReport, PeerId, RefusedReason, RoomId},
    driver::{self, Handle, SendError, Stream, StreamPatience},
    srtp::SrtpProfile,
    turn::credentials::Credentials,
};
use tokio::sync::oneshot;

use super::{IceServer, Path, ice::Reach, ringing::NodeCommand};
use crate::{
    app::App,
    config::Tls,
    ids::{CallId, UserId},
};

/// GCM costs a fifth of the processor time of CM, which is for clients that have no GCM.
const SRTP_PROFILES: [SrtpProfile; 2] = [SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80];

/// How long credentials are good for an allocation. One that is granted lives as long as its call.
const CREDENTIALS_LIVE: Duration = Duration::from_secs(10 * 60);

/// What the node says to an offer.
pub type Answer = Result<String, RefusedReason>;

/// A running node. Dropping it waits for its threads.
#[derive(Debug)]
pub struct MediaNode {
    pub reach: Reach,
    handle: Handle,
    reports: HashMap<u64, oneshot::Sender<NodeReport>>,
    /// Peers of no call whose offers wait for an answer.
    visits: HashMap<PeerId, oneshot::Sender<Answer>>,
    asked: u64,
}

impl MediaNode {
    /// Never blocks. A node that is behind by a thousand commands loses this one; an offer is then refused in its place.
    pub fn send(&self, command: NodeCommand) -> Option<Event> {
        let asker = match &command {
            NodeCommand::Join { peer, .. } | NodeCommand::Renegotiate { peer, .. } => Some(*peer),
            NodeCommand::Leave { .. }
            | NodeCommand::HoldBack { .. }
            | NodeCommand::EndSource { .. }
            | NodeCommand::OpenRelay { .. }
            | NodeCommand::CloseRelay { .. } => None,
        };
        let error = self.handle.send(command.into()).err()?;
        tracing::error!(%error, "a command to the media node was lost");
        asker.map(|peer| Event::Refused { peer, reason: RefusedReason::Full })
    }

    /// What a participant of an answered call on `path` needs, with credentials made now.
    #[must_use]
    pub fn ice_servers(&self, path: Path, call: CallId, user: UserId, host: &str) -> Vec<IceServer> {
        let room = RoomId(call.as_u128());
        let credentials = || self.handle.credentials(room, user.as_u128(), CREDENTIALS_LIVE);
        self.reach.ice_servers(path, host, self.udp_port(room), credentials)
    }

    /// Where the relay of a call takes UDP: at the shard that the call is on.
    #[must_use]
    pub fn udp_port(&self, room: RoomId) -> u16 {
        self.handle.address_of(room).port()
    }

    /// Hands over a TCP connection that carries media.
    pub fn adopt(&self, stream: Stream) -> Result<(), SendError> {
        self.handle.adopt(stream)
    }

    /// Asks for the counters; `None` if the node takes no commands. Nobody waits for those who stopped waiting.
    pub fn ask_report(&mut self) -> Option<oneshot::Receiver<NodeReport>> {
        self.reports.retain(|_, asker| !asker.is_closed());
        self.asked += 1;
        self.handle.send(Command::Report { id: self.asked }).ok()?;
        let (asker, report) = oneshot::channel();
        self.reports.insert(self.asked, asker);
        Some(report)
    }

    /// A peer of no call joins; where its answer comes, or `None` if the node takes no commands.
    pub fn visit(&mut self, room: RoomId, peer: PeerId, offer: String) -> Option<oneshot::Receiver<Answer>> {
        self.visits.retain(|_, visitor| !visitor.is_closed());
        self.handle.send(Command::Join { room, peer, offer }).ok()?;
        let (visitor, answer) = oneshot::channel();
        self.visits.insert(peer, visitor);
        Some(answer)
    }

    /// A command that nobody waits for. False if it was lost.
    pub fn tell(&self, command: Command) -> bool {
        self.handle.send(command).inspect_err(|error| tracing::error!(%error, "a command to the media node was lost")).is_ok()
    }

    #[must_use]
    pub fn credentials(&self, room: RoomId, user: UserId, ttl: Duration) -> Credentials {
        self.handle.credentials(room, user.as_u128(), ttl)
    }

    /// Keeps an event that somebody here waits for; gives back all others.
    pub fn take(&mut self, event: Event) -> Option<Event> {
        // Who asked may have given up.
        let (peer, answer) = match event {
            Event::Report { id, report } => {
                if let Some(asker) = self.reports.remove(&id) {
                    let _ = asker.send(report);
                }
                return None;
            }
            Event::Answer { peer, sdp } if self.visits.contains_key(&peer) => (peer, Ok(sdp)),
            Event::Refused { peer, reason } if self.visits.contains_key(&peer) => (peer, Err(reason)),
            other => return Some(other),
        };
        let _ = self.visits.remove(&peer).map(|visitor| visitor.send(answer));
        None
    }
}

/// Starts the node on the UDP ports from the number of our TCP port on, one for each shard, and tells the calls of it.
pub fn start(app: &App, tcp: SocketAddr) -> io::Result<()> {
    let advertised = app.config.media_addresses();
    let config = driver::Config {
        bind: tcp,
        shards: app.config.media_shards.into(),
        advertised: advertised.clone(),
        srtp_profiles: SRTP_PROFILES.to_vec(),
        stream_patience: stream_patience(app),
    };
    let handle = driver::start(config, app.calls.node_listener())?;
    let reach = Reach {
        public_ip: app.config.public_ip.clone(),
        advertised,
        port: handle.local_addr().port(),
        tls: app.config.tls != Tls::Off,
    };
    tracing::info!(address = %handle.local_addr(), shards = app.config.media_shards, advertised = ?reach.advertised, "the media node runs");
    app.calls.attach(MediaNode { reach, handle, reports: HashMap::new(), visits: HashMap::new(), asked: 0 });
    Ok(())
}

/// What begins must go on at the pace that is asked of requests.
fn stream_patience(app: &App) -> StreamPatience {
    let frame = app.tuning.request_patience;
    StreamPatience { unused: frame + frame / 2, frame }
}
