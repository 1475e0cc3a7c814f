//! All calls that live, and the devices that could take part: which call a frame belongs to, that nobody is in three calls,
//! waiting, busy, glare, and one deadline for each call in one table. Pure, like the calls themselves; [`super::service`] does the I/O.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

use staffline_media::control::{Event as NodeEvent, PeerId};

use super::{
    CallState, Path, Ring, Signal,
    party::{Sends, Side},
    policy::{PathPolicy, Policies},
    refusal::Refusal,
    ringing::{Call, Facts, History, Input, NewCall, NodeCommand},
    signal,
};
use crate::{
    clock::Millis,
    ids::{CallId, DeviceId, UserId},
    recordings::{
        orders::{Consent, Order, Unrecorded},
        policy::RecordingPolicy,
    },
    users::settings::Language,
};

mod effects;
mod lines;

use lines::Line;

const MAX_CLIENT_KEY_CHARS: usize = 64;
/// Calls that one user may have started within [`super::ringing::REMEMBER`] of their end: a bound for memory and for history
/// entries, far above what a person dials.
const MAX_REMEMBERED_CALLS: usize = 20;

/// What the outside is to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Show {
        to: DeviceId,
        state: Box<CallState>,
    },
    Signal {
        to: DeviceId,
        call_id: CallId,
        signal: Signal,
    },
    Refuse {
        to: DeviceId,
        refusal: Refusal,
        call_id: Option<CallId>,
        client_key: Option<String>,
    },
    Node(NodeCommand),
    /// For the recorder.
    Recorder(Order),
    Consented(Consent),
    NotRecorded(Box<Unrecorded>),
    /// It begins to ring on all devices of the callee.
    Rings(Ring),
    /// What is kept of it, should this process die, is another now.
    Changed(Box<Facts>),
    Ended(Box<History>),
}

/// What a device asks of a call.
#[derive(Clone, Debug)]
pub enum Ask {
    Accept { previous: Option<DeviceId>, anew: bool },
    Decline,
    HangUp,
    Leave,
    Signal { signal: Signal, negotiation: Option<u32> },
    Media(Sends),
    MediaFailed { negotiation: u32 },
    Consent { version: u32, language: Language },
    Record { on: bool },
}

#[derive(Debug, Default)]
pub struct Switchboard {
    policies: Policies,
    devices: HashMap<DeviceId, Device>,
    devices_of: HashMap<UserId, BTreeSet<DeviceId>>,
    /// Those that live, and for a minute those that have ended.
    calls: HashMap<CallId, Call>,
    /// The calls of a user that have not ended, oldest first: at most two.
    by_user: HashMap<UserId, Vec<CallId>>,
    /// The keys that clients gave their calls. A user's share is bounded by [`MAX_REMEMBERED_CALLS`].
    by_key: HashMap<UserId, BTreeMap<String, CallId>>,
    by_peer: HashMap<PeerId, CallId>,
    /// One entry for each call that waits for something, and where that entry is.
    timers: BTreeSet<(Millis, CallId)>,
    timer_of: HashMap<CallId, Millis>,
}

#[derive(Debug)]
pub struct Device {
    pub user_id: UserId,
    /// Where its socket comes from.
    pub address: IpAddr,
    /// The name or address by which its browser reached us.
    pub host: String,
}

/// Why a call was not put on another path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    #[error("no such call goes on")]
    NoSuchCall,
    #[error("the call has not been answered yet")]
    NotAnswered,
    #[error("the call takes this path already")]
    AlreadyThere,
    #[error("the call is recorded, and stays where it is")]
    Recorded,
}

impl Switchboard {
    #[must_use]
    pub fn new(policy: PathPolicy) -> Self {
        Self::with(Policies { paths: policy, ..Policies::default() })
    }

    #[must_use]
    pub fn with(policies: Policies) -> Self {
        Self { policies, ..Self::default() }
    }

    #[must_use]
    pub fn policy(&self) -> &PathPolicy {
        &self.policies.paths
    }

    /// For calls that are answered from now on.
    pub fn set_policy(&mut self, policy: PathPolicy) {
        self.policies.paths = policy;
    }

    #[must_use]
    pub fn recording_policy(&self) -> &RecordingPolicy {
        &self.policies.recording
    }

    /// For calls that are answered from now on; who is recorded is asked anew.
    pub fn set_recording_policy(&mut self, now: Millis, policy: RecordingPolicy) -> Vec<Effect> {
        self.policies.recording = policy;
        let live: BTreeSet<_> = self.by_user.values().flatten().copied().collect();
        live.into_iter().flat_map(|id| self.step(now, id, Input::RecordingPolicy)).collect()
    }

    /// A socket is open.
    pub fn device_connected(&mut self, now: Millis, device: DeviceId, known: Device) -> Vec<Effect> {
        let user = known.user_id;
        self.devices.insert(device, known);
        self.devices_of.entry(user).or_default().insert(device);
        self.in_calls_of(now, user, |side| Input::DeviceConnected { side, device })
    }

    pub fn device_lost(&mut self, now: Millis, device: DeviceId) -> Vec<Effect> {
        let Some(Device { user_id, .. }) = self.devices.remove(&device) else { return Vec::new() };
        if let Some(devices) = self.devices_of.get_mut(&user_id) {
            devices.remove(&device);
            if devices.is_empty() {
                self.devices_of.remove(&user_id);
            }
        }
        self.in_calls_of(now, user_id, |side| Input::DeviceLost { side, device })
    }

    /// Nothing has come from a device since then: the calls that it holds wait for it, or for another, from then on.
    pub fn device_silent(&mut self, now: Millis, device: DeviceId, since: Millis) -> Vec<Effect> {
        let Some(user) = self.devices.get(&device).map(|known| known.user_id) else { return Vec::new() };
        self.in_calls_of(now, user, |side| Input::DeviceSilent { side, device, since })
    }

    /// Something has come from it again.
    pub fn device_heard(&mut self, now: Millis, device: DeviceId) -> Vec<Effect> {
        let Some(user) = self.devices.get(&device).map(|known| known.user_id) else { return Vec::new() };
        self.in_calls_of(now, user, |side| Input::DeviceHeard { side, device })
    }

    /// The session of a device has ended: the calls that it holds are over at once, with their media, as if it had hung up.
    pub fn signed_out(&mut self, now: Millis, device: DeviceId) -> Vec<Effect> {
        let Some(user) = self.devices.get(&device).map(|known| known.user_id) else { return Vec::new() };
        let holds = |call: &Call| call.side_of(user).filter(|side| call.is_held_by(*side, device)).map(|side| (call.id(), side));
        let held: Vec<_> = self.calls_of(user).filter_map(holds).collect();
        held.into_iter().flat_map(|(id, side)| self.step(now, id, Input::HangUp { side, device })).collect()
    }

    /// The account is closed: every call of this user ends, also one that rings and one whose device is away.
    pub fn user_gone(&mut self, now: Millis, user: UserId) -> Vec<Effect> {
        // A call that waits goes before the one that it waits for, or it would begin to ring.
        let ids = self.ids_of(user).into_iter().rev();
        let input = |call: &Call| call.side_of(user).map(|side| Input::UserGone { side });
        ids.flat_map(|id| self.calls.get(&id).and_then(input).map(|input| self.step(now, id, input)).unwrap_or_default())
            .collect()
    }

    /// The call that a key of this user names already: its client has not heard of it and asks again.
    pub fn repeat_start(&mut self, now: Millis, user: UserId, device: DeviceId, client_key: &str) -> Option<Vec<Effect>> {
        let id = *self.by_key.get(&user)?.get(client_key)?;
        let call = self.calls.get(&id)?;
        let side = call.side_of(user)?;
        let address = self.devices.get(&device)?.address;
        if call.is_away(side) {
            return Some(self.step(now, id, Input::Accept { side, device, address, previous: None, anew: false }));
        }
        Some(self.show(id, side, device).into_iter().collect())
    }

    /// Whether this user may start a call to that one now; also says no to what [`Self::start`] would refuse.
    pub fn check_start(&self, caller: UserId, device: DeviceId, callee: UserId, client_key: &str) -> Result<(), Refusal> {
        if client_key.is_empty() || client_key.chars().count() > MAX_CLIENT_KEY_CHARS {
            return Err(Refusal::BadClientKey);
        }
        if caller == callee {
            return Err(Refusal::UserUnavailable);
        }
        if self.by_key.get(&caller).is_some_and(|keys| keys.len() >= MAX_REMEMBERED_CALLS) {
            return Err(Refusal::TooManyCalls);
        }
        if self.glare(caller, device, callee).is_some() { Ok(()) } else { self.check_line(caller, device, callee) }
    }

    /// A device calls. The callee exists and may be called: the caller of this function has looked.
    pub fn start(&mut self, now: Millis, new: NewCall) -> Vec<Effect> {
        let Some(address) = self.devices.get(&new.device).map(|device| device.address) else { return Vec::new() };
        if let Some(effects) = self.repeat_start(now, new.caller_id, new.device, &new.client_key) {
            return effects;
        }
        if let Err(refusal) = self.check_start(new.caller_id, new.device, new.callee_id, &new.client_key) {
            return vec![Effect::Refuse { to: new.device, refusal, call_id: None, client_key: Some(new.client_key) }];
        }
        if let Some(id) = self.glare(new.caller_id, new.device, new.callee_id) {
            self.by_key.entry(new.caller_id).or_default().insert(new.client_key.clone(), id);
            let NewCall { device, client_key, kind, .. } = new;
            return self.step(now, id, Input::Glare { device, address, client_key, kind });
        }
        self.ring(now, new, address)
    }

    /// A device says something about a call. Calls of others are as good as none.
    pub fn ask(&mut self, now: Millis, user: UserId, device: DeviceId, id: CallId, ask: Ask) -> Vec<Effect> {
        let Some(address) = self.devices.get(&device).map(|known| known.address) else { return Vec::new() };
        let refuse = |refusal| vec![Effect::Refuse { to: device, refusal, call_id: Some(id), client_key: None }];
        let Some((call, side)) = self.calls.get(&id).and_then(|call| Some((call, call.side_of(user)?))) else {
            return refuse(Refusal::NoSuchCall);
        };
        if !self.may_speak(call, side, device) {
            return refuse(Refusal::AnsweredElsewhere);
        }
        let input = match ask {
            Ask::Accept { previous, anew } => Input::Accept { side, device, address, previous, anew },
            Ask::Decline => Input::Decline { side, device },
            Ask::HangUp => Input::HangUp { side, device },
            Ask::Leave => Input::Leave { side, device },
            Ask::Media(sends) => Input::Media { side, device, sends },
            Ask::MediaFailed { negotiation } => Input::MediaFailed { side, device, negotiation },
            Ask::Consent { version, language } => Input::Consent { side, device, version, language },
            Ask::Record { on } => Input::Record { side, device, on },
            Ask::Signal { signal, negotiation } => match signal::check(&signal) {
                Ok(()) => Input::Signal { side, device, signal, negotiation },
                Err(refusal) => return refuse(refusal),
            },
        };
        self.step(now, id, input)
    }

    /// An admin puts a call on another path.
    pub fn move_call(&mut self, now: Millis, id: CallId, path: Path) -> Result<Vec<Effect>, MoveError> {
        self.may_move(id, path)?;
        Ok(self.step(now, id, Input::Move { path }))
    }

    /// Whether it may be put there: the path that it would leave, and its two sides.
    pub fn may_move(&self, id: CallId, path: Path) -> Result<(Path, [UserId; 2]), MoveError> {
        let call = self.calls.get(&id).filter(|call| !call.is_ended()).ok_or(MoveError::NoSuchCall)?;
        let before = call.path().ok_or(MoveError::NotAnswered)?;
        if before == path {
            return Err(MoveError::AlreadyThere);
        }
        if call.is_recorded() && path != Path::MediaNode {
            return Err(MoveError::Recorded);
        }
        Ok((before, [Side::Caller, Side::Callee].map(|side| call.user(side))))
    }

    /// What the media node tells. Of peers that nobody knows any more: nothing.
    pub fn node_event(&mut self, now: Millis, event: NodeEvent) -> Vec<Effect> {
        let peer = match &event {
            NodeEvent::Answer { peer, .. }
            | NodeEvent::Refused { peer, .. }
            | NodeEvent::Connected { peer, .. }
            | NodeEvent::Closed { peer, .. } => *peer,
            NodeEvent::Recording { room, .. } => return self.step(now, CallId::of_u128(room.0), Input::Node(event)),
            NodeEvent::Report { .. } => return Vec::new(),
        };
        let Some(id) = self.by_peer.get(&peer).copied() else { return Vec::new() };
        if matches!(event, NodeEvent::Closed { .. }) {
            self.by_peer.remove(&peer);
        }
        self.step(now, id, Input::Node(event))
    }

    /// When [`Self::run_due`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Millis> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Runs every deadline that has come.
    pub fn run_due(&mut self, now: Millis) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(&(at, id)) = self.timers.first()
            && at <= now
        {
            if self.calls.get(&id).is_some_and(Call::is_ended) {
                self.forget(id);
            } else {
                effects.extend(self.step(now, id, Input::Deadline));
            }
        }
        effects
    }

    /// The server stops: every call ends.
    pub fn shut_down(&mut self, now: Millis) -> Vec<Effect> {
        let live: BTreeSet<_> = self.by_user.values().flatten().copied().collect();
        live.into_iter().flat_map(|id| self.step(now, id, Input::Shutdown)).collect()
    }

    /// Whether this call has come to be, also if it has ended since.
    #[must_use]
    pub fn knows(&self, id: CallId) -> bool {
        self.calls.contains_key(&id)
    }

    /// The path of an answered call, for a user who is in it.
    #[must_use]
    pub fn path_for(&self, user: UserId, id: CallId) -> Option<Path> {
        let call = self.calls.get(&id).filter(|call| !call.is_ended() && call.side_of(user).is_some())?;
        call.path()
    }

    #[must_use]
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(&id)
    }

    /// Where the newest device of a user comes from.
    #[must_use]
    pub fn address_of(&self, user: UserId) -> Option<IpAddr> {
        let newest = self.devices_of.get(&user)?.last()?;
        Some(self.devices.get(newest)?.address)
    }

    /// The calls that have not ended, as history would keep them now; the oldest first.
    #[must_use]
    pub fn facts(&self) -> Vec<Facts> {
        let mut facts: Vec<_> = self.calls.values().filter(|call| !call.is_ended()).map(Call::facts).collect();
        facts.sort_by_key(|call| call.id);
        facts
    }

    /// Calls that have not ended.
    #[must_use]
    pub fn live_calls(&self) -> usize {
        self.calls.values().filter(|call| !call.is_ended()).count()
    }

    fn ring(&mut self, now: Millis, new: NewCall, address: IpAddr) -> Vec<Effect> {
        let (id, caller, callee) = (new.id, new.caller_id, new.callee_id);
        let line = self.line_of(callee);
        self.by_key.entry(caller).or_default().insert(new.client_key.clone(), id);
        self.by_user.entry(caller).or_default().push(id);
        let (call, outputs) = Call::start(now, &self.policies, new, address, matches!(line, Line::Second(_)));
        self.calls.insert(id, call);
        if line == Line::Busy {
            // It never rings, so its ringing is shown to nobody.
            return self.step(now, id, Input::CalleeBusy);
        }
        self.by_user.entry(callee).or_default().push(id);
        self.set_timer(id);
        self.effects(id, outputs)
    }

    fn in_calls_of(&mut self, now: Millis, user: UserId, input: impl Fn(Side) -> Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        for id in self.ids_of(user) {
            if let Some(side) = self.calls.get(&id).and_then(|call| call.side_of(user)) {
                effects.extend(self.step(now, id, input(side)));
            }
        }
        effects
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
#[path = "interleavings.rs"]
mod interleavings;
