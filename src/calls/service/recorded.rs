//! Between calls and recordings: what a call orders, and what the recorder and the policy mean for calls.

use staffline_media::control::{Command, Event as NodeEvent, RoomId};

use super::Calls;
use crate::{
    ids::RecordingId,
    recordings::{self, orders::Order, policy::RecordingPolicy},
};

impl Calls {
    /// Gives back what the recorder would have said, had it been asked and failed.
    pub(super) fn record(&self, order: Order) -> Option<NodeEvent> {
        let begins = match &order {
            Order::Start(begun) => Some((begun.room, begun.id)),
            Order::Note { .. } | Order::Stop { .. } => None,
        };
        let taken = self.0.recordings.order(order);
        begins.filter(|_| !taken).map(|(room, id)| recordings::failure(room, id))
    }

    #[must_use]
    pub fn recording_policy(&self) -> RecordingPolicy {
        self.live().board.recording_policy().clone()
    }

    /// For calls that are answered from now on; who is recorded is asked anew.
    pub fn set_recording_policy(&self, policy: RecordingPolicy) {
        self.step(|board, now| board.set_recording_policy(now, policy));
    }

    /// A command for the recorder. False if it was lost.
    pub fn tell_recorder(&self, command: Command) -> bool {
        self.tell_node(command)
    }

    /// It could not begin.
    pub fn recorder_failed(&self, room: RoomId, id: RecordingId) {
        self.step(|board, now| board.node_event(now, recordings::failure(room, id)));
    }
}
