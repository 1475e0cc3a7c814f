//! Who is in which calls: each user has two lines. On one they talk; on the other a call waits, rings out, or is on hold.

use super::Switchboard;
use crate::{
    calls::{party::Side, refusal::Refusal, ringing::Call},
    ids::{CallId, DeviceId, UserId},
};

/// What a user has free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Free,
    /// The user talks on this device, in their only call.
    Second(DeviceId),
    /// In two calls, in one that nobody has answered yet, or in one whose device is away.
    Busy,
}

impl Switchboard {
    /// The calls of a user that have not ended, oldest first.
    pub(super) fn calls_of(&self, user: UserId) -> impl Iterator<Item = &Call> {
        self.by_user.get(&user).into_iter().flatten().filter_map(|id| self.calls.get(id))
    }

    pub(super) fn ids_of(&self, user: UserId) -> Vec<CallId> {
        self.by_user.get(&user).cloned().unwrap_or_default()
    }

    pub(super) fn line_of(&self, user: UserId) -> Line {
        let mut calls = self.calls_of(user);
        match (calls.next(), calls.next()) {
            (None, _) => Line::Free,
            (Some(only), None) => only.talking_device(user).map_or(Line::Busy, Line::Second),
            _ => Line::Busy,
        }
    }

    /// Whether this device may dial: nobody is in a call, or this very device talks and puts that call aside.
    pub(super) fn check_line(&self, caller: UserId, device: DeviceId, callee: UserId) -> Result<(), Refusal> {
        let talk_already = self.calls_of(caller).any(|call| call.side_of(callee).is_some());
        match self.line_of(caller) {
            Line::Free => Ok(()),
            Line::Second(holder) if holder == device && !talk_already => Ok(()),
            Line::Second(_) | Line::Busy => Err(Refusal::AlreadyInCall),
        }
    }

    /// The call with which `callee` is ringing `caller` at this moment, on this device.
    pub(super) fn glare(&self, caller: UserId, device: DeviceId, callee: UserId) -> Option<CallId> {
        let mut calls = self.calls_of(caller);
        let crossed =
            calls.find(|call| call.is_ringing() && call.user(Side::Caller) == callee && call.user(Side::Callee) == caller)?;
        self.may_speak(crossed, Side::Callee, device).then(|| crossed.id())
    }

    /// A waiting call is the business of the one device that holds the first call.
    pub(super) fn may_speak(&self, call: &Call, side: Side, device: DeviceId) -> bool {
        side == Side::Caller || !call.is_waiting() || self.waits_on(call) == Some(device)
    }

    /// The device that a waiting call is shown on; none while that is away.
    pub(super) fn waits_on(&self, waiting: &Call) -> Option<DeviceId> {
        let callee = waiting.user(Side::Callee);
        self.calls_of(callee).filter(|call| call.id() != waiting.id()).find_map(|call| call.talking_device(callee))
    }

    /// The call that waits for a user, and whether they still are in another.
    pub(super) fn waiting_for(&self, user: UserId) -> Option<(CallId, bool)> {
        let waiting = self.calls_of(user).find(|call| call.is_waiting() && call.user(Side::Callee) == user)?;
        let talks = self.calls_of(user).any(|call| call.id() != waiting.id());
        Some((waiting.id(), talks))
    }
}
