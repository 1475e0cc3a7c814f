//! A call as it is shown to a device and kept in history.

use super::{Call, Phase};
use crate::{
    calls::{CallPhase, CallRecord, CallState, IceServer, Participant, Path, party::Side},
    ids::{ConversationId, DeviceId},
};

/// What history keeps, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub conversation_id: ConversationId,
    pub path_rule: Option<String>,
    pub record: CallRecord,
}

impl Call {
    /// The call as a device of `side` should show it.
    #[must_use]
    pub fn state_for(&self, side: Side, device: DeviceId, ice_servers: &[IceServer]) -> CallState {
        let party = self.party(side);
        let (answered, ended) = (self.answered(), self.ended());
        let here = party.device == Some(device);
        let path = answered.map(|(_, decision)| decision.path);
        let client_key = party.client_key.as_ref().or(self.caller.client_key.as_ref());
        CallState {
            id: self.id,
            client_key: client_key.cloned().unwrap_or_default(),
            conversation_id: self.conversation_id,
            kind: self.kind,
            phase: self.phase_name(),
            caller_id: self.caller.user_id,
            callee_id: self.callee.user_id,
            here,
            participants: self.participants(),
            path,
            path_rule: answered.map(|(_, decision)| decision.rule.clone()),
            waiting: false,
            may_move: answered.is_some_and(|(_, decision)| decision.may_move),
            moved_from: self.moved_from(),
            offerer: here && (path == Some(Path::MediaNode) || (path == Some(Path::Direct) && side == Side::Caller)),
            negotiation: party.negotiation,
            ice_servers: if here && path == Some(Path::Direct) { ice_servers.to_vec() } else { Vec::new() },
            started_at: self.started_at,
            answered_at: answered.map(|(at, _)| at),
            ended_at: ended.map(|(at, _)| at),
            outcome: ended.map(|(_, outcome)| outcome),
        }
    }

    /// The history entry, once the call has ended, with the policy rule that chose the path.
    #[must_use]
    pub fn history(&self) -> Option<History> {
        let (ended_at, outcome) = self.ended()?;
        let answered = self.answered();
        Some(History {
            conversation_id: self.conversation_id,
            path_rule: answered.map(|(_, decision)| decision.rule.clone()),
            record: CallRecord {
                id: self.id,
                kind: self.kind,
                outcome,
                caller_id: self.caller.user_id,
                callee_id: self.callee.user_id,
                path: answered.map(|(_, decision)| decision.path),
                started_at: self.started_at,
                answered_at: answered.map(|(at, _)| at),
                ended_at,
            },
        })
    }

    fn participants(&self) -> Vec<Participant> {
        let callee = self.answered().is_some().then(|| self.callee.participant());
        std::iter::once(self.caller.participant()).chain(callee).collect()
    }

    fn phase_name(&self) -> CallPhase {
        match self.phase {
            Phase::Ringing { .. } => CallPhase::Ringing,
            Phase::Answered { .. } => CallPhase::Answered,
            Phase::Ended { .. } => CallPhase::Ended,
        }
    }
}
