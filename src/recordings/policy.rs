//! The recording policy: which calls are recorded, what their participants are told, and which rule said so. Pure.
//!
//! A call is judged as a whole: every rule that fits one of its ends is looked at, and a rule that always records goes before one
//! that leaves it to somebody. Among equals the first holds.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ids::{ConversationId, UserId},
    users::Role,
};

pub mod draft;
#[cfg(test)]
mod tests;

/// One text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordingWords)]
pub struct Words {
    pub ru: String,
    pub en: String,
}

/// What the admin has set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingPolicy {
    /// Grows with each change: whoever agreed to an earlier one is asked again.
    pub version: u32,
    /// Why calls are recorded, as the participants are told.
    pub purpose: Words,
    /// Who records, as they are told.
    pub recorded_by: String,
    /// How long recordings are kept, where a rule does not say.
    pub retention_days: u32,
    /// An export needs a second officer.
    pub two_officers: bool,
    /// At most 200.
    pub rules: Vec<Rule>,
}

/// What holds for the calls that it matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordingRule)]
pub struct Rule {
    /// Shown to the participants; 1 to 80 characters, no other rule has it.
    pub name: String,
    #[serde(rename = "match")]
    pub matches: Match,
    /// Which end it looks at: the one that calls, the one that is called, or both.
    #[serde(default)]
    #[schema(required = true)]
    pub direction: Direction,
    pub mode: Mode,
    /// Who may switch recording on and off where it is on demand: participants of these roles.
    #[serde(default)]
    #[schema(required = true)]
    pub by: Vec<Role>,
    /// Instead of the policy's.
    #[serde(default)]
    #[schema(required = true)]
    pub retention_days: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = RecordingRuleMatch)]
pub enum Match {
    Everybody,
    Role { role: Role },
    User { user_id: UserId },
    Conversation { conversation_id: ConversationId },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingDirection)]
pub enum Direction {
    #[default]
    Any,
    Outgoing,
    Incoming,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingMode)]
pub enum Mode {
    /// Without a recording there is no call.
    Always,
    /// When a participant who may switches it on.
    OnDemand,
}

/// What the participants are told before they agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub version: u32,
    pub purpose: Words,
    pub recorded_by: String,
    pub retention_days: u32,
}

/// One end of a call, as far as rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub user_id: UserId,
    pub role: Role,
}

/// What holds for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub rule: String,
    pub mode: Mode,
    pub by: Vec<Role>,
    pub notice: Notice,
}

impl Default for RecordingPolicy {
    /// Nothing is recorded.
    fn default() -> Self {
        Self {
            version: 0,
            purpose: Words::default(),
            recorded_by: String::new(),
            retention_days: draft::DEFAULT_RETENTION_DAYS,
            two_officers: false,
            rules: Vec::new(),
        }
    }
}

/// Whether a call between these two is recorded, and how; `None`: it is not.
#[must_use]
pub fn judge(policy: &RecordingPolicy, conversation: ConversationId, caller: End, callee: End) -> Option<Verdict> {
    let fitting = || policy.rules.iter().filter(|rule| rule.fits(conversation, caller, callee));
    let rule = fitting().find(|rule| rule.mode == Mode::Always).or_else(|| fitting().next())?;
    let notice = Notice {
        version: policy.version,
        purpose: policy.purpose.clone(),
        recorded_by: policy.recorded_by.clone(),
        retention_days: rule.retention_days.unwrap_or(policy.retention_days),
    };
    Some(Verdict { rule: rule.name.clone(), mode: rule.mode, by: rule.by.clone(), notice })
}

impl Rule {
    fn fits(&self, conversation: ConversationId, caller: End, callee: End) -> bool {
        let is = |end: End| match &self.matches {
            Match::Everybody => true,
            Match::Role { role } => end.role == *role,
            Match::User { user_id } => end.user_id == *user_id,
            Match::Conversation { conversation_id } => conversation == *conversation_id,
        };
        match self.direction {
            Direction::Any => is(caller) || is(callee),
            Direction::Outgoing => is(caller),
            Direction::Incoming => is(callee),
        }
    }
}

impl Notice {
    /// SHA-256 of what was shown, so that a consent can be held against the policy of its version years later.
    #[must_use]
    pub fn text_hash(&self) -> String {
        let Self { version, purpose, recorded_by, retention_days } = self;
        let text = format!("{version}\n{}\n{}\n{recorded_by}\n{retention_days}", purpose.ru, purpose.en);
        super::hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
    }
}
