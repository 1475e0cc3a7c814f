//! What a call wants done, as it concerns devices, the media node, history, and the other call of the same user.

use super::{Effect, Switchboard};
use crate::{
    calls::{
        party::Side,
        ringing::{Call, Input, NodeCommand, Output},
    },
    clock::Millis,
    ids::{CallId, DeviceId},
};

impl Switchboard {
    pub(super) fn step(&mut self, now: Millis, id: CallId, input: Input) -> Vec<Effect> {
        let Some(call) = self.calls.get_mut(&id) else { return Vec::new() };
        let before = [Side::Caller, Side::Callee].map(|side| call.device(side));
        let outputs = call.handle(now, &self.policies, input);
        self.set_timer(id);
        let mut effects = self.effects(id, outputs);
        for (side, before) in [Side::Caller, Side::Callee].into_iter().zip(before) {
            effects.extend(self.settle(now, id, side, before));
        }
        effects
    }

    /// A call that waits for a user of this one goes where they go: it rings in earnest once they are in no other, and is shown
    /// on another device if that has taken this call over.
    fn settle(&mut self, now: Millis, id: CallId, side: Side, before: Option<DeviceId>) -> Vec<Effect> {
        let Some(call) = self.calls.get(&id) else { return Vec::new() };
        let (user, device) = (call.user(side), call.device(side));
        let Some((waiting, talks)) = self.waiting_for(user) else { return Vec::new() };
        match device.filter(|_| device != before) {
            _ if !talks => self.step(now, waiting, Input::WaitingOver),
            Some(device) => self.show(waiting, Side::Callee, device).into_iter().collect(),
            None => Vec::new(),
        }
    }

    pub(super) fn effects(&mut self, id: CallId, outputs: Vec<Output>) -> Vec<Effect> {
        outputs.into_iter().flat_map(|output| self.effects_of(id, output)).collect()
    }

    fn effects_of(&mut self, id: CallId, output: Output) -> Vec<Effect> {
        match output {
            Output::ShowDevice(device) => {
                let side = self.devices.get(&device).and_then(|known| self.calls.get(&id)?.side_of(known.user_id));
                side.and_then(|side| self.show(id, side, device)).into_iter().collect()
            }
            Output::ShowAll(side) => self.show_all(id, side),
            Output::Signal { to, signal } => vec![Effect::Signal { to, call_id: id, signal }],
            Output::Refuse { device, refusal } => {
                vec![Effect::Refuse { to: device, refusal, call_id: Some(id), client_key: None }]
            }
            Output::Node(command) => {
                match &command {
                    NodeCommand::Join { peer, .. } => drop(self.by_peer.insert(*peer, id)),
                    NodeCommand::Leave { peer, .. } => drop(self.by_peer.remove(peer)),
                    NodeCommand::Renegotiate { .. }
                    | NodeCommand::HoldBack { .. }
                    | NodeCommand::EndSource { .. }
                    | NodeCommand::OpenRelay { .. }
                    | NodeCommand::CloseRelay { .. } => {}
                }
                vec![Effect::Node(command)]
            }
            Output::Recorder(order) => vec![Effect::Recorder(order)],
            Output::Consented(consent) => vec![Effect::Consented(consent)],
            Output::NotRecorded(unrecorded) => vec![Effect::NotRecorded(unrecorded)],
            Output::Rings => self.calls.get(&id).map(|call| Effect::Rings(call.begin())).into_iter().collect(),
            Output::Changed => self.calls.get(&id).map(|call| Effect::Changed(Box::new(call.facts()))).into_iter().collect(),
            Output::Ended => self.ended(id).into_iter().collect(),
        }
    }

    fn ended(&mut self, id: CallId) -> Option<Effect> {
        let call = self.calls.get(&id)?;
        let users = [call.user(Side::Caller), call.user(Side::Callee)];
        let history = call.history()?;
        for user in users {
            let Some(calls) = self.by_user.get_mut(&user) else { continue };
            calls.retain(|of| *of != id);
            if calls.is_empty() {
                self.by_user.remove(&user);
            }
        }
        Some(Effect::Ended(Box::new(history)))
    }

    fn show_all(&self, id: CallId, side: Side) -> Vec<Effect> {
        let Some(call) = self.calls.get(&id) else { return Vec::new() };
        let devices = self.devices_of.get(&call.user(side)).into_iter().flatten();
        devices.filter(|device| self.hears(call, side, **device)).filter_map(|device| self.show(id, side, *device)).collect()
    }

    /// A call that has only waited is known to the device that it waits on. One that fell silent is not told that it is away: if it
    /// hears that at all, it is back.
    fn hears(&self, call: &Call, side: Side, device: DeviceId) -> bool {
        let told_of = side == Side::Caller || !call.is_quiet() || self.waits_on(call) == Some(device);
        told_of && !call.is_silent(side, device)
    }

    pub(super) fn show(&self, id: CallId, side: Side, to: DeviceId) -> Option<Effect> {
        let call = self.calls.get(&id)?;
        self.devices.contains_key(&to).then(|| Effect::Show { to, state: Box::new(call.state_for(side, to)) })
    }

    pub(super) fn set_timer(&mut self, id: CallId) {
        let at = self.calls.get(&id).and_then(Call::deadline);
        let before = match at {
            Some(at) => self.timer_of.insert(id, at),
            None => self.timer_of.remove(&id),
        };
        if let Some(before) = before {
            self.timers.remove(&(before, id));
        }
        if let Some(at) = at {
            self.timers.insert((at, id));
        }
    }

    pub(super) fn forget(&mut self, id: CallId) {
        let Some(call) = self.calls.remove(&id) else { return };
        for side in [Side::Caller, Side::Callee] {
            let user = call.user(side);
            if let Some(keys) = self.by_key.get_mut(&user) {
                keys.retain(|_, of| *of != id);
                if keys.is_empty() {
                    self.by_key.remove(&user);
                }
            }
        }
        self.by_peer.retain(|_, of| *of != id);
        self.set_timer(id);
    }
}
