//! The calls of this process: frames in from the sockets, frames out through the hub, commands to the media node, notes for history,
//! and the task of deadlines.
//!
//! Everything that a call does is one step of the [`Switchboard`] under one lock, and what the step wants said is queued before the
//! lock is released: so a device sees the states of a call in the order in which they came to be.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use staffline_media::{
    control::{Event as NodeEvent, NodeReport},
    driver::{SendError, Stream},
};
use tokio::{
    sync::{Notify, broadcast},
    time,
};

use super::{
    CallPhase, CallState, IceServer, Outcome, Path, Ring,
    history::Note,
    media::MediaNode,
    party::Sends,
    policy::{PathPolicy, Policies},
    refusal::Refusal,
    ringing::{Facts, History},
    store,
    switchboard::{Ask, Device, Effect, MoveError, Switchboard},
};
use crate::{
    app::App,
    audit::{self, Action},
    clock::{Clock, Millis},
    hub::Hub,
    ids::{CallId, DeviceId, UserId},
    recordings::Recordings,
    ws::frames::{ClientFrame, ServerFrame},
};

mod recorded;
mod start;
mod visits;

use start::Wish;

/// Things of calls that are not in the database yet. More means that it has been away for long: no new calls then.
const MAX_UNSAVED: usize = 1_000;
/// How long an admin waits for the counters.
const REPORT_PATIENCE: Duration = Duration::from_secs(2);
/// Beginnings and ends of calls that a follower may be behind before it misses some.
const RINGS: usize = 256;

/// The handle, cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    hub: Hub,
    clock: Clock,
    /// Takes what is to be recorded, and what is to be kept of it.
    recordings: Recordings,
    // Held for one step of the switchboard and the queueing of what it wants said; never across an await. The hub's own lock is
    // taken inside it, and nobody takes them the other way round.
    live: Mutex<Live>,
    /// Wakes the task of deadlines when the first of them has changed.
    earlier: Notify,
    /// Wakes the task of history.
    noted: Notify,
    /// Tells of calls that begin to ring and that end.
    rings: broadcast::Sender<Ring>,
    // Held while a policy is written, so that the database and the switchboard agree on which came last.
    policy_writer: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Live {
    board: Switchboard,
    /// What is to be written to the database.
    unsaved: VecDeque<Note>,
    /// How many have ended how, since the start.
    ended: BTreeMap<(Outcome, Option<Path>), u64>,
    /// From its start until the server stops.
    node: Option<MediaNode>,
}

/// Why [`Calls::move_call`] did not.
#[derive(Debug, thiserror::Error)]
pub enum MoveCallError {
    #[error(transparent)]
    Refused(#[from] MoveError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Calls {
    #[must_use]
    pub fn new(hub: Hub, clock: Clock, policies: Policies, recordings: Recordings) -> Self {
        Self(Arc::new(Parts {
            hub,
            clock,
            recordings,
            live: Mutex::new(Live {
                board: Switchboard::with(policies),
                unsaved: VecDeque::new(),
                ended: BTreeMap::new(),
                node: None,
            }),
            earlier: Notify::new(),
            noted: Notify::new(),
            rings: broadcast::channel(RINGS).0,
            policy_writer: tokio::sync::Mutex::new(()),
        }))
    }

    /// The media node runs: calls may take its path from now on.
    pub fn attach(&self, node: MediaNode) {
        self.live().node = Some(node);
    }

    /// Ends the media node, and waits for its thread; not under the lock, which its last events may need.
    pub fn detach(&self) {
        let node = self.live().node.take();
        drop(node);
    }

    /// Hands a TCP connection that carries media over to the media node; it is closed if there is none.
    pub fn adopt(&self, stream: Stream) -> Result<(), SendError> {
        self.live().node.as_ref().map_or(Err(SendError::Stopped), |node| node.adopt(stream))
    }

    /// The media node's counters; `None` if it does not run or does not answer.
    pub async fn report(&self) -> Option<NodeReport> {
        let report = self.live().node.as_mut()?.ask_report()?;
        time::timeout(REPORT_PATIENCE, report).await.ok()?.ok()
    }

    pub fn device_here(&self, device: DeviceId, known: Device) {
        self.step(|board, now| board.device_connected(now, device, known));
    }

    pub fn device_gone(&self, device: DeviceId) {
        self.step(|board, now| board.device_lost(now, device));
    }

    /// Nothing has come from a device for so long.
    pub fn device_silent(&self, device: DeviceId, silence: Duration) {
        self.step(|board, now| board.device_silent(now, device, now.minus(silence)));
    }

    /// After [`Self::device_silent`], something has.
    pub fn device_heard(&self, device: DeviceId) {
        self.step(|board, now| board.device_heard(now, device));
    }

    /// Its session has ended; [`Self::device_gone`] follows.
    pub fn signed_out(&self, device: DeviceId) {
        self.step(|board, now| board.signed_out(now, device));
    }

    /// The account of a user is closed: every call of theirs ends.
    pub fn user_gone(&self, user: UserId) {
        self.step(|board, now| board.user_gone(now, user));
    }

    /// A `call_*` frame of a device.
    pub async fn handle(&self, app: &App, device: DeviceId, user: UserId, frame: ClientFrame) {
        let (call_id, ask) = match frame {
            ClientFrame::CallStart { client_key, callee_id, kind } => {
                let wish = Wish { device, user, client_key, callee_id, kind };
                return self.start(app, wish).await;
            }
            ClientFrame::CallAccept { call_id, previous_device_id, anew } => {
                (call_id, Ask::Accept { previous: previous_device_id, anew })
            }
            ClientFrame::CallDecline { call_id } => (call_id, Ask::Decline),
            ClientFrame::CallHangUp { call_id } => (call_id, Ask::HangUp),
            ClientFrame::CallLeave { call_id } => (call_id, Ask::Leave),
            ClientFrame::CallSignal { call_id, signal, negotiation } => (call_id, Ask::Signal { signal, negotiation }),
            ClientFrame::CallMedia { call_id, microphone, camera, screen, on_hold } => {
                (call_id, Ask::Media(Sends { microphone, camera, screen, on_hold }))
            }
            ClientFrame::CallMediaFailed { call_id, negotiation } => (call_id, Ask::MediaFailed { negotiation }),
            ClientFrame::CallConsent { call_id, notice_version: version, language } => {
                (call_id, Ask::Consent { version, language })
            }
            ClientFrame::CallRecord { call_id, on } => (call_id, Ask::Record { on }),
            ClientFrame::Ping | ClientFrame::Presence { .. } | ClientFrame::Typing { .. } => return,
        };
        self.step(|board, now| board.ask(now, user, device, call_id, ask));
    }

    /// What the media node calls on its thread. Weak, because the calls own the node.
    pub fn node_listener(&self) -> impl FnMut(NodeEvent) + Clone + Send + 'static {
        let parts = Arc::downgrade(&self.0);
        move |event| {
            if let Some(parts) = parts.upgrade() {
                Self(parts).node_event(event);
            }
        }
    }

    fn node_event(&self, event: NodeEvent) {
        let of_calls = match &mut self.live().node {
            Some(node) => node.take(event),
            None => Some(event),
        };
        let Some(event) = of_calls else { return };
        if let NodeEvent::Recording { id, what, .. } = &event {
            self.0.recordings.event(*id, what.clone());
        }
        self.step(|board, now| board.node_event(now, event));
    }

    /// Runs the deadlines that have come by the clock. The task does so when the first is due; a test that moves its clock, at once.
    pub fn run_due(&self) {
        self.step(Switchboard::run_due);
    }

    #[must_use]
    pub fn policy(&self) -> PathPolicy {
        self.live().board.policy().clone()
    }

    /// For calls that are answered from now on.
    pub async fn set_policy(&self, app: &App, policy: PathPolicy, by: UserId) -> sqlx::Result<()> {
        let _one_at_a_time = self.0.policy_writer.lock().await;
        let mut tx = app.db.begin().await?;
        let (now, before) = (app.clock.now(), self.policy());
        store::set_policy(&mut tx, &policy, by, now).await?;
        let action = Action::PathPolicyChanged { before, after: policy.clone() };
        audit::append(&mut tx, Some(by), action, now).await?;
        tx.commit().await?;
        tracing::info!(user.id = %by, policy = %policy.default, rules = policy.rules.len(), "path policy set");
        self.live().board.set_policy(policy);
        Ok(())
    }

    /// Where the newest device of a user comes from.
    #[must_use]
    pub fn address_of(&self, user: UserId) -> Option<IpAddr> {
        self.live().board.address_of(user)
    }

    /// With credentials made now, for a participant of an answered call.
    #[must_use]
    pub fn ice_servers(&self, id: CallId, user: UserId, host: &str) -> Option<Vec<IceServer>> {
        let live = self.live();
        let path = live.board.path_for(user, id)?;
        Some(live.node.as_ref()?.ice_servers(path, id, user, host))
    }

    /// The calls that ring or talk, the oldest first.
    #[must_use]
    pub fn facts(&self) -> Vec<Facts> {
        self.live().board.facts()
    }

    /// Puts an answered call on another path, if that is written down.
    pub async fn move_call(&self, app: &App, id: CallId, path: Path, by: UserId) -> Result<(), MoveCallError> {
        let (before, [caller_id, callee_id]) = self.live().board.may_move(id, path)?;
        let mut tx = app.db.begin().await?;
        let action = Action::CallMoved { call_id: id, caller_id, callee_id, before, after: path };
        audit::append(&mut tx, Some(by), action, app.clock.now()).await?;
        let mut moved = Ok(());
        self.step(|board, now| {
            let effects = board.move_call(now, id, path);
            moved = effects.as_ref().map(drop).map_err(|error| *error);
            effects.unwrap_or_default()
        });
        moved?;
        tx.commit().await?;
        tracing::info!(user.id = %by, call.id = %id, %path, "call moved");
        Ok(())
    }

    /// Calls that have not ended.
    #[must_use]
    pub fn live_calls(&self) -> usize {
        self.live().board.live_calls()
    }

    /// How many calls have ended how, since the start.
    #[must_use]
    pub fn ended(&self) -> BTreeMap<(Outcome, Option<Path>), u64> {
        self.live().ended.clone()
    }

    /// Calls that begin to ring and that end, from now on.
    #[must_use]
    pub fn rings(&self) -> broadcast::Receiver<Ring> {
        self.0.rings.subscribe()
    }

    /// The browsers that rang stop; those of a callee who missed a call hear of it.
    fn tell_of_end(&self, history: &History) {
        let record = &history.record;
        tracing::info!(call.id = %record.id, outcome = %record.outcome, path = record.path.map(tracing::field::display), "call ended");
        let missed = record.answered_at.is_none() && record.outcome != Outcome::Declined;
        if history.rang || missed {
            self.tell(Ring {
                call_id: record.id,
                conversation_id: history.conversation_id,
                kind: record.kind,
                caller_id: record.caller_id,
                callee_id: record.callee_id,
                at: record.ended_at,
                over: true,
                missed,
            });
        }
    }

    fn tell(&self, ring: Ring) {
        // Nobody may be listening.
        let _ = self.0.rings.send(ring);
    }

    fn step(&self, step: impl FnOnce(&mut Switchboard, Millis) -> Vec<Effect>) {
        let mut live = self.live();
        let now = self.0.clock.now();
        let before = live.board.next_deadline();
        let mut effects = VecDeque::from(step(&mut live.board, now));
        while let Some(effect) = effects.pop_front() {
            if let Some(event) = self.carry_out(&mut live, effect) {
                effects.extend(live.board.node_event(now, event));
            }
        }
        if live.board.next_deadline() != before {
            self.0.earlier.notify_one();
        }
    }

    /// Gives back what the media node would have answered, had it taken a command.
    fn carry_out(&self, live: &mut Live, effect: Effect) -> Option<NodeEvent> {
        match effect {
            Effect::Show { to, mut state } => {
                state.ice_servers = servers_for(live, to, &state);
                self.send(to, &ServerFrame::Call { call: *state });
            }
            Effect::Signal { to, call_id, signal } => self.send(to, &ServerFrame::CallSignal { call_id, signal }),
            Effect::Refuse { to, refusal, call_id, client_key } => self.send(to, &error(&refusal, call_id, client_key)),
            Effect::Node(command) => match &live.node {
                Some(node) => return node.send(command),
                None => tracing::error!("a call wants the media node, which does not run"),
            },
            Effect::Recorder(order) => return self.record(order),
            Effect::Consented(consent) => self.0.recordings.consented(consent),
            Effect::NotRecorded(unrecorded) => self.0.recordings.not_recorded(unrecorded),
            Effect::Rings(ring) => self.tell(ring),
            Effect::Changed(facts) => self.note(live, Note::Lives(*facts)),
            Effect::Ended(history) => {
                *live.ended.entry((history.record.outcome, history.record.path)).or_default() += 1;
                self.tell_of_end(&history);
                self.note(live, Note::Ended(*history));
            }
        }
        None
    }

    fn send(&self, to: DeviceId, frame: &ServerFrame) {
        // A device that is gone has its `device_gone` on the way.
        self.0.hub.send_to_device(to, frame);
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.0.live.lock().expect("nothing panics while it holds the calls")
    }

    /// The oldest thing that is not in the database yet.
    pub(super) fn first_note(&self) -> Option<Note> {
        self.live().unsaved.front().cloned()
    }

    pub(super) fn note_written(&self) {
        self.live().unsaved.pop_front();
    }

    /// Comes back when there is something to write.
    pub(super) async fn noted(&self) {
        self.0.noted.notified().await;
    }

    /// The server stops: every call ends.
    pub(super) fn end_all(&self) {
        self.step(Switchboard::shut_down);
    }

    fn note(&self, live: &mut Live, note: Note) {
        live.unsaved.push_back(note);
        self.0.noted.notify_one();
    }
}

/// What a device is told of STUN and TURN servers: nothing before the answer, and nothing that it does not need.
fn servers_for(live: &Live, to: DeviceId, state: &CallState) -> Vec<IceServer> {
    let Some((path, node)) = state.path.zip(live.node.as_ref()) else { return Vec::new() };
    let device = live.board.device(to).filter(|_| state.here && state.phase == CallPhase::Answered);
    device.map(|device| node.ice_servers(path, state.id, device.user_id, &device.host)).unwrap_or_default()
}

/// Runs deadlines until the server stops.
pub async fn run_deadlines(app: App) {
    let calls = &app.calls;
    loop {
        let next = calls.live().board.next_deadline();
        // A day, where nothing waits: a new deadline wakes the task.
        let wait = next.map_or(Duration::from_secs(86_400), |at| app.clock.now().until(at));
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = calls.0.earlier.notified() => {}
            () = time::sleep(wait) => calls.run_due(),
        }
    }
}

fn error(refusal: &Refusal, call_id: Option<CallId>, client_key: Option<String>) -> ServerFrame {
    ServerFrame::Error { code: refusal.code().to_owned(), message: refusal.to_string(), call_id, client_key }
}
