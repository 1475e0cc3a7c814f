//! Who is connected, and who gets what. No sockets here: each device has a bounded queue that its socket's task empties.
//!
//! A device whose queue is full reads too slowly: it is closed and comes back with the last id it saw, so that
//! nobody else waits for it and nothing is lost.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{mpsc, watch};

use crate::{
    clock::Millis,
    events::EventId,
    ids::{DeviceId, SessionId, UserId},
    users::Presence,
    ws::frames::ServerFrame,
};

/// Frames that wait for one device. More means that it does not read: see the module.
const QUEUE: usize = 256;

/// What a device's socket is to send.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// An event of the stream; its id lets the socket drop what a replay has sent already.
    Event { id: EventId, frame: Utf8Bytes },
    /// Anything else; lost if the device is away.
    Frame(Utf8Bytes),
}

/// Why the server ends a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Signed out, deactivated, expired.
    SessionEnded,
    /// Its queue was full.
    SlowReader,
    /// The server stops.
    GoingAway,
}

/// A device's end of the hub.
#[derive(Debug)]
pub struct Connection {
    pub queue: mpsc::Receiver<Outgoing>,
    pub closing: watch::Receiver<Option<Closing>>,
}

/// The handle, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    // Held for a few map operations and try_sends, never across an await.
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    devices: HashMap<DeviceId, Device>,
    users: HashMap<UserId, Person>,
}

#[derive(Debug)]
struct Device {
    user: UserId,
    session: SessionId,
    away: bool,
    queue: mpsc::Sender<Outgoing>,
    closing: watch::Sender<Option<Closing>>,
}

/// A user with a device, or whose last one left within the grace.
#[derive(Debug)]
struct Person {
    devices: HashSet<DeviceId>,
    /// What the others were told last.
    shown: Presence,
    left_at: Option<Millis>,
    /// Counts departures, so that the grace of one does not settle a later one.
    departures: u64,
}

/// A device that has gone, to be settled when its grace is over.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    pub user: UserId,
    count: u64,
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the hub")
    }

    /// Registers a device; from this moment on everything published for its user is queued.
    pub fn connect(&self, user: UserId, session: SessionId, device: DeviceId) -> Connection {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let (closing, closed) = watch::channel(None);
        let mut state = self.state();
        state.devices.insert(device, Device { user, session, away: false, queue, closing });
        let person = state.users.entry(user).or_insert_with(|| Person {
            devices: HashSet::new(),
            shown: Presence::Offline,
            left_at: None,
            departures: 0,
        });
        person.devices.insert(device);
        state.show_presence(user);
        Connection { queue: receiver, closing: closed }
    }

    /// Forgets a device. The others see its user go only at [`Hub::settle`], after a grace.
    pub fn disconnect(&self, device: DeviceId, now: Millis) -> Option<Departure> {
        let mut state = self.state();
        let user = state.devices.remove(&device)?.user;
        let person = state.users.get_mut(&user)?;
        person.devices.remove(&device);
        person.left_at = Some(now);
        person.departures += 1;
        Some(Departure { user, count: person.departures })
    }

    /// When a departed user was last here, if no device has come back since.
    #[must_use]
    pub fn left_at(&self, departure: Departure) -> Option<Millis> {
        let state = self.state();
        let person = state.users.get(&departure.user).filter(|person| person.departures == departure.count)?;
        if person.devices.is_empty() { person.left_at } else { None }
    }

    /// Brings what the others see up to date after a departure.
    pub fn settle(&self, departure: Departure) {
        let mut state = self.state();
        let Some(person) = state.users.get(&departure.user) else { return };
        if person.departures != departure.count {
            return;
        }
        let gone = person.devices.is_empty();
        state.show_presence(departure.user);
        if gone {
            state.users.remove(&departure.user);
        }
    }

    pub fn set_away(&self, device: DeviceId, away: bool) {
        let mut state = self.state();
        let Some(found) = state.devices.get_mut(&device) else { return };
        found.away = away;
        let user = found.user;
        state.show_presence(user);
    }

    /// What the others see of a user now.
    #[must_use]
    pub fn presence(&self, user: UserId) -> Presence {
        self.state().users.get(&user).map_or(Presence::Offline, |person| person.shown)
    }

    /// Whether somebody sits before a page of this user at this moment: not even a grace counts, as it does for [`Self::presence`].
    #[must_use]
    pub fn attends(&self, user: UserId) -> bool {
        let state = self.state();
        let devices = state.users.get(&user).into_iter().flat_map(|person| &person.devices);
        devices.filter_map(|id| state.devices.get(id)).any(|device| !device.away)
    }

    /// The devices of a user that are connected now.
    #[must_use]
    pub fn devices_of(&self, user: UserId) -> Vec<DeviceId> {
        self.state().users.get(&user).map(|person| person.devices.iter().copied().collect()).unwrap_or_default()
    }

    #[must_use]
    pub fn device_count(&self) -> usize {
        self.state().devices.len()
    }

    /// Queues an event for some users, or for everybody. Called by the publisher only, in the order of ids.
    pub fn publish(&self, id: EventId, frame: String, to: Option<&[UserId]>) {
        let outgoing = Outgoing::Event { id, frame: frame.into() };
        let state = self.state();
        match to {
            None => state.devices.values().for_each(|device| device.push(outgoing.clone())),
            Some(users) => users.iter().for_each(|user| state.push_to_user(*user, &outgoing)),
        }
    }

    /// Queues a frame for one device; false if it is not connected.
    pub fn send_to_device(&self, device: DeviceId, frame: &ServerFrame) -> bool {
        let state = self.state();
        let Some(device) = state.devices.get(&device) else { return false };
        device.push(text(frame));
        true
    }

    /// Queues a frame for every device of a user.
    pub fn send_to_user(&self, user: UserId, frame: &ServerFrame) {
        self.state().push_to_user(user, &text(frame));
    }

    /// Ends the sockets of a login session.
    pub fn close_session(&self, session: SessionId) {
        self.close_where(Closing::SessionEnded, |device| device.session == session);
    }

    /// Ends the sockets of a user.
    pub fn close_user(&self, user: UserId) {
        self.close_where(Closing::SessionEnded, |device| device.user == user);
    }

    /// Ends the sockets of a user that are not of this session.
    pub fn close_others(&self, user: UserId, kept: SessionId) {
        self.close_where(Closing::SessionEnded, |device| device.user == user && device.session != kept);
    }

    /// Ends all sockets because the server stops.
    pub fn close_all(&self) {
        self.close_where(Closing::GoingAway, |_| true);
    }

    fn close_where(&self, why: Closing, matches: impl Fn(&Device) -> bool) {
        self.state().devices.values().filter(|device| matches(device)).for_each(|device| device.close(why));
    }
}

impl State {
    fn push_to_user(&self, user: UserId, outgoing: &Outgoing) {
        let devices = self.users.get(&user).into_iter().flat_map(|person| &person.devices);
        devices.filter_map(|id| self.devices.get(id)).for_each(|device| device.push(outgoing.clone()));
    }

    /// Tells everybody if the user's presence is no longer what was shown.
    fn show_presence(&mut self, user: UserId) {
        let Some(person) = self.users.get_mut(&user) else { return };
        let devices = &self.devices;
        let here = || person.devices.iter().filter_map(|id| devices.get(id));
        let presence = match (here().next().is_some(), here().all(|device| device.away)) {
            (false, _) => Presence::Offline,
            (true, true) => Presence::Away,
            (true, false) => Presence::Online,
        };
        if presence == person.shown {
            return;
        }
        person.shown = presence;
        let last_seen_at = if presence == Presence::Offline { person.left_at } else { None };
        let frame = text(&ServerFrame::Presence { user_id: user, presence, last_seen_at });
        self.devices.values().for_each(|device| device.push(frame.clone()));
    }
}

impl Device {
    fn push(&self, outgoing: Outgoing) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(outgoing) {
            self.close(Closing::SlowReader);
        }
    }

    /// The first reason stands.
    fn close(&self, why: Closing) {
        self.closing.send_if_modified(|closing| {
            let first = closing.is_none();
            closing.get_or_insert(why);
            first
        });
    }
}

fn text(frame: &ServerFrame) -> Outgoing {
    Outgoing::Frame(serde_json::to_string(frame).expect("a frame of ours is JSON").into())
}
