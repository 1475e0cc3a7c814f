//! One of the two of a call: which device speaks for it, whether it is away, where it stands with the media node.

use std::collections::BTreeMap;

use staffline_media::control::{PeerId, RoomId};

use super::{
    Participant, Signal,
    policy::End,
    ringing::{MEDIA_CONNECT, NodeCommand, Output},
};
use crate::{clock::Millis, ids::DeviceId};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Caller,
    Callee,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// What a participant says that it sends, for the other's screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sends {
    pub microphone: bool,
    pub camera: bool,
    pub screen: bool,
    pub on_hold: bool,
}

/// One of the two, with the device that speaks for it.
#[derive(Debug)]
pub(super) struct Party {
    /// The user, and from where their last device speaks.
    pub(super) end: End,
    /// The key that this side's client gave the call; only a side that started it (or by glare: too) has one.
    pub(super) client_key: Option<String>,
    /// Unset for a callee that has not answered, and while the participant is away.
    pub(super) device: Option<DeviceId>,
    /// The device that was lost, and until when the call waits for another.
    pub(super) away: Option<Away>,
    pub(super) sends: Sends,
    /// See [`super::CallState::negotiation`].
    pub(super) negotiation: u32,
    /// Candidates sent in this negotiation.
    pub(super) candidates: u32,
    /// A signal came while the side was away: its media cannot go on as it was.
    pub(super) missed_signal: bool,
    pub(super) node: NodeSide,
    /// Which version of the recording's notice was agreed to on which device. A callee may do so before the answer.
    pub(super) consents: BTreeMap<DeviceId, u32>,
    /// An offer to the media node of a device that has agreed, until the recorder runs.
    pub(super) held_offer: Option<String>,
}

#[derive(Debug)]
pub(super) struct Away {
    pub(super) device: DeviceId,
    pub(super) until: Millis,
    pub(super) why: Why,
}

/// Why a participant is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Lost,
    /// The page said that it goes: its not coming back is a hang-up, not a loss.
    Left,
    /// Its socket is open and nothing comes: it is back with its next sign of life.
    Silent,
}

/// Where a side stands with the media node. On another path it has at most a peer from before the call moved, over which media flows
/// until it does over the new path.
#[derive(Debug, Default)]
pub(super) struct NodeSide {
    pub(super) peer: Option<PeerId>,
    /// The node has answered this peer's first offer: a refusal of a later one leaves the peer in place.
    pub(super) joined: bool,
    pub(super) connected: bool,
    /// Nothing that it sends passes: who speaks there has not agreed to what is told of the recording now.
    pub(super) held_back: bool,
    /// It was connected once and is not now.
    pub(super) lost: bool,
    /// When the call is lost for lack of a connection.
    pub(super) deadline: Option<Millis>,
}

impl Party {
    pub(super) fn new(end: End) -> Self {
        Self {
            end,
            client_key: None,
            device: None,
            away: None,
            sends: Sends { microphone: true, camera: false, screen: false, on_hold: false },
            negotiation: 0,
            candidates: 0,
            missed_signal: false,
            node: NodeSide::default(),
            consents: BTreeMap::new(),
            held_offer: None,
        }
    }

    pub(super) fn participant(&self) -> Participant {
        let Sends { microphone, camera, screen, on_hold } = self.sends;
        Participant {
            user_id: self.end.user_id,
            microphone,
            camera,
            screen,
            on_hold,
            connected: self.device.is_some() && !self.node.lost,
        }
    }

    pub(super) fn deadlines(&self) -> impl Iterator<Item = Millis> {
        self.away.as_ref().map(|away| away.until).into_iter().chain(self.node.deadline)
    }

    /// Its media is to be set up anew.
    pub(super) fn renegotiate(&mut self) {
        self.negotiation += 1;
        self.candidates = 0;
        self.held_offer = None;
    }

    /// Whether its device, or the one that it waits for, has agreed to this version.
    pub(super) fn agrees(&self, version: u32) -> bool {
        let speaker = self.device.or(self.away.as_ref().map(|away| away.device));
        speaker.is_some_and(|device| self.consents.get(&device) == Some(&version))
    }

    /// A device that is there has so long to connect to the media node; one that is away, when it comes back.
    pub(super) fn await_media(&mut self, now: Millis) {
        if self.device.is_some() {
            self.node.deadline = Some(now.plus(MEDIA_CONNECT));
        }
    }

    /// Signals are not kept for a participant who is away: media is set up anew on its return.
    pub(super) fn deliver(&mut self, signal: Signal) -> Vec<Output> {
        match self.device {
            Some(to) => vec![Output::Signal { to, signal }],
            None => {
                self.missed_signal = true;
                Vec::new()
            }
        }
    }
}

pub(super) fn leave(room: RoomId, party: &mut Party) -> Option<Output> {
    let peer = std::mem::take(&mut party.node).peer?;
    Some(Output::Node(NodeCommand::Leave { room, peer }))
}
