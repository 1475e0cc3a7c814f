//! A call as it is shown to a device and kept in history.

use super::{Call, Phase};
use crate::{
    calls::{CallKind, CallPhase, CallRecord, CallState, Outcome, Participant, Path, Ring, party::Side},
    clock::Millis,
    ids::{CallId, ConversationId, DeviceId, UserId},
};

/// What history keeps, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub conversation_id: ConversationId,
    pub path_rule: Option<String>,
    pub record: CallRecord,
    /// It has rung on all devices of the callee, also where no page is open.
    pub rang: bool,
}

/// What is kept of a call that lives, so that it has its history entry even if this process dies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub id: CallId,
    pub conversation_id: ConversationId,
    pub kind: CallKind,
    pub caller_id: UserId,
    pub callee_id: UserId,
    pub path: Option<Path>,
    pub path_rule: Option<String>,
    pub started_at: Millis,
    pub answered_at: Option<Millis>,
}

impl Facts {
    /// The entry of a call that ended with the process, which was last known to be there at `seen_at`.
    #[must_use]
    pub fn lost(self, seen_at: Millis) -> History {
        let Self { id, kind, caller_id, callee_id, path, started_at, answered_at, .. } = self;
        let ended_at = seen_at.max(answered_at.unwrap_or(started_at)).max(started_at);
        let outcome = Outcome::Lost;
        let record = CallRecord { id, kind, outcome, caller_id, callee_id, path, started_at, answered_at, ended_at };
        History { conversation_id: self.conversation_id, path_rule: self.path_rule, record, rang: false }
    }
}

impl Call {
    /// The call as a device of `side` should show it; without ICE servers, whose credentials are made when it is sent.
    #[must_use]
    pub fn state_for(&self, side: Side, device: DeviceId) -> CallState {
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
            caller_id: self.caller.end.user_id,
            callee_id: self.callee.end.user_id,
            here,
            participants: self.participants(),
            path,
            path_rule: answered.map(|(_, decision)| decision.rule.clone()),
            waiting: self.is_waiting(),
            may_move: answered.is_some_and(|(_, decision)| decision.may_move),
            moved_from: self.moved_from(),
            offerer: here
                && match path {
                    Some(Path::MediaNode) => true,
                    Some(Path::Direct | Path::Relayed) => side == Side::Caller,
                    None => false,
                },
            negotiation: party.negotiation,
            ice_servers: Vec::new(),
            started_at: self.started_at,
            answered_at: answered.map(|(at, _)| at),
            ended_at: ended.map(|(at, _)| at),
            outcome: ended.map(|(_, outcome)| outcome),
            recording: self.recording_for(side, device),
        }
    }

    /// The history entry, once the call has ended, with the policy rule that chose the path.
    #[must_use]
    pub fn history(&self) -> Option<History> {
        let (ended_at, outcome) = self.ended()?;
        let Facts { id, conversation_id, kind, caller_id, callee_id, path, path_rule, started_at, answered_at } = self.facts();
        let record = CallRecord { id, kind, outcome, caller_id, callee_id, path, started_at, answered_at, ended_at };
        Some(History { conversation_id, path_rule, record, rang: self.rang })
    }

    #[must_use]
    pub fn facts(&self) -> Facts {
        let answered = self.answered();
        Facts {
            id: self.id,
            conversation_id: self.conversation_id,
            kind: self.kind,
            caller_id: self.caller.end.user_id,
            callee_id: self.callee.end.user_id,
            path: answered.map(|(_, decision)| decision.path),
            path_rule: answered.map(|(_, decision)| decision.rule.clone()),
            started_at: self.started_at,
            answered_at: answered.map(|(at, _)| at),
        }
    }

    /// That it rings, for those who tell of it where no page is open.
    #[must_use]
    pub fn begin(&self) -> Ring {
        Ring {
            call_id: self.id,
            conversation_id: self.conversation_id,
            kind: self.kind,
            caller_id: self.caller.end.user_id,
            callee_id: self.callee.end.user_id,
            at: self.started_at,
            over: false,
            missed: false,
        }
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
