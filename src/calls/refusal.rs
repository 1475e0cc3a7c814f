//! Why a frame about a call was not followed, with the codes of the protocol.

/// Why a frame was not followed. The code is part of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("There is no such call.")]
    NoSuchCall,
    #[error("The call has not been answered yet.")]
    NotAnswered,
    #[error("The call is not ringing for you.")]
    NotRinging,
    #[error("The call is held by another device.")]
    AnsweredElsewhere,
    #[error("You are in a call already.")]
    AlreadyInCall,
    #[error("The call has to stay on its path.")]
    PathFixed,
    #[error("This user cannot be called.")]
    UserUnavailable,
    #[error("The key of a call must have 1 to 64 characters.")]
    BadClientKey,
    #[error("Too many calls in a short time.")]
    TooManyCalls,
    #[error("The signal was refused: {0}.")]
    BadSignal(String),
    #[error("Too many candidates.")]
    TooManyCandidates,
    #[error("The media node cannot take the call: {0}.")]
    MediaNode(String),
    #[error("The call is recorded: agree first.")]
    ConsentNeeded,
    #[error("What is told of the recording has changed: agree anew.")]
    ConsentOutdated,
    #[error("You cannot switch the recording of this call.")]
    RecordingNotAllowed,
    #[error("The server cannot do this just now; try again.")]
    Unavailable,
}

impl Refusal {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchCall => "no_such_call",
            Self::NotAnswered => "not_answered",
            Self::NotRinging => "not_ringing",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::AlreadyInCall => "already_in_call",
            Self::PathFixed => "path_fixed",
            Self::UserUnavailable => "user_unavailable",
            Self::BadClientKey => "bad_client_key",
            Self::TooManyCalls => "too_many_calls",
            Self::BadSignal(_) => "bad_signal",
            Self::TooManyCandidates => "too_many_candidates",
            Self::MediaNode(_) => "media_node_refused",
            Self::ConsentNeeded => "consent_needed",
            Self::ConsentOutdated => "consent_outdated",
            Self::RecordingNotAllowed => "recording_not_allowed",
            Self::Unavailable => "unavailable",
        }
    }
}
