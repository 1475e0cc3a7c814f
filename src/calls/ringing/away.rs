//! Devices that come and go while the call lives, and what happens when nobody comes back in time.

use std::time::Duration;

use super::{Call, GRACE, LEAVE_GRACE, Output, Phase, RINGING_GRACE};
use crate::{
    calls::{
        Outcome,
        party::{Away, Side, Why, leave},
    },
    clock::Millis,
    ids::DeviceId,
};

impl Call {
    pub(super) fn device_connected(&self, side: Side, device: DeviceId) -> Vec<Output> {
        let rings = self.is_ringing() && !self.waiting && side == Side::Callee;
        if rings || self.is_away(side) { vec![Output::ShowDevice(device)] } else { Vec::new() }
    }

    pub(super) fn device_lost(&mut self, now: Millis, side: Side, device: DeviceId) -> Vec<Output> {
        if self.is_held_by(side, device) {
            self.go_away(side, Away { device, until: now.plus(self.grace()), why: Why::Lost });
            return self.show();
        }
        if let Some(away) = self.party_mut(side).away.as_mut().filter(|away| away.device == device && away.why == Why::Silent) {
            // It has been waited for since it fell silent.
            away.why = Why::Lost;
        }
        Vec::new()
    }

    /// Nothing has come from the device since then: it is as good as lost, and has been for as long.
    pub(super) fn device_silent(&mut self, since: Millis, side: Side, device: DeviceId) -> Vec<Output> {
        if !self.is_held_by(side, device) {
            return Vec::new();
        }
        self.go_away(side, Away { device, until: since.plus(self.grace()), why: Why::Silent });
        self.show()
    }

    /// It is there after all, as it was.
    pub(super) fn device_heard(&mut self, now: Millis, side: Side, device: DeviceId) -> Vec<Output> {
        let silent = self.party(side).away.as_ref().is_some_and(|away| away.device == device && away.why == Why::Silent);
        if silent { self.take_over(now, side, device, true) } else { Vec::new() }
    }

    /// The call goes on, and waits for a sign of life of this device.
    #[must_use]
    pub fn is_silent(&self, side: Side, device: DeviceId) -> bool {
        let away = self.party(side).away.as_ref().filter(|_| !self.is_ended());
        away.is_some_and(|away| away.device == device && away.why == Why::Silent)
    }

    fn grace(&self) -> Duration {
        if self.is_ringing() { RINGING_GRACE } else { GRACE }
    }

    /// The page says that it goes. Nothing is told to it any more; its socket follows.
    pub(super) fn page_left(&mut self, now: Millis, side: Side, device: DeviceId) -> Vec<Output> {
        if !self.is_held_by(side, device) {
            return Vec::new();
        }
        self.go_away(side, Away { device, until: now.plus(LEAVE_GRACE), why: Why::Left });
        // Its media ends with the page.
        let mut out: Vec<_> = self.leave_note(side).into_iter().collect();
        out.extend(leave(self.room(), self.party_mut(side)));
        out.extend(self.show());
        out
    }

    fn go_away(&mut self, side: Side, away: Away) {
        let party = self.party_mut(side);
        party.device = None;
        party.away = Some(away);
        // From here on the grace is what ends the call.
        party.node.deadline = None;
    }

    pub(super) fn user_gone(&mut self, now: Millis, side: Side) -> Vec<Output> {
        let outcome = match (self.is_ringing(), side) {
            (false, _) => Outcome::Completed,
            (true, Side::Caller) => Outcome::Cancelled,
            (true, Side::Callee) => Outcome::Missed,
        };
        self.end(now, outcome)
    }

    pub(super) fn deadline_passed(&mut self, now: Millis) -> Vec<Output> {
        let missed = matches!(self.phase, Phase::Ringing { until } if until <= now);
        let parties = [&self.caller, &self.callee];
        let left = parties.iter().any(|party| party.away.as_ref().is_some_and(|away| away.why == Why::Left && away.until <= now));
        let lost = parties.iter().any(|party| party.deadlines().min().is_some_and(|at| at <= now));
        if missed {
            self.end(now, Outcome::Missed)
        } else if let Some(out) = self.recording_overdue(now) {
            out
        } else if lost {
            // A caller who went away before the answer has, for the callee, given up; closing the page is hanging up.
            let outcome = match self.is_ringing() {
                true => Outcome::Cancelled,
                false if left => Outcome::Completed,
                false => Outcome::Lost,
            };
            self.end(now, outcome)
        } else {
            Vec::new()
        }
    }
}
