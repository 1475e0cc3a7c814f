//! A recording policy as an admin typed it, and what may be wrong with it.

use std::collections::HashSet;

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Match, Mode, RecordingPolicy, Rule, Words};
use crate::ids::{ConversationId, UserId};

pub const MAX_RULES: usize = 200;
const MAX_NAME_CHARS: usize = 80;
const MAX_TEXT_CHARS: usize = 2_000;
pub const DEFAULT_RETENTION_DAYS: u32 = 1_826;
/// A hundred years.
const MAX_RETENTION_DAYS: u32 = 36_525;

/// The shape of [`RecordingPolicy`] without its version, unchecked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = RecordingPolicyDraft)]
pub struct Draft {
    /// Of the policy that was changed: a draft that is based on an older one is refused. Unset: whatever holds is replaced.
    #[serde(default)]
    pub version: Option<u32>,
    pub purpose: Words,
    pub recorded_by: String,
    pub retention_days: u32,
    #[serde(default)]
    pub two_officers: bool,
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// Who and what a rule may name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub users: HashSet<UserId>,
    pub conversations: HashSet<ConversationId>,
}

/// Why a draft is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    #[error("A policy has at most {MAX_RULES} rules.")]
    TooManyRules,
    #[error("Say in both languages why calls are recorded, in at most {MAX_TEXT_CHARS} characters.")]
    BadPurpose,
    #[error("Say who records, in at most {MAX_TEXT_CHARS} characters.")]
    BadRecordedBy,
    #[error("What is kept is kept for 1 to {MAX_RETENTION_DAYS} days.")]
    BadRetention,
    /// `index` counts from 0, and people from 1.
    #[error("Rule {} ({name:?}): {why}.", index + 1)]
    Rule { index: usize, name: String, why: RuleError },
}

/// What is wrong with one rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("a name has 1 to {MAX_NAME_CHARS} characters")]
    BadName,
    #[error("another rule has this name")]
    NameTaken,
    #[error("there is no such user")]
    NoSuchUser,
    #[error("there is no such conversation")]
    NoSuchConversation,
    #[error("somebody must be able to switch it on")]
    NobodyStarts,
    #[error("what is kept is kept for 1 to {MAX_RETENTION_DAYS} days")]
    BadRetention,
}

impl DraftError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyRules => "too_many_rules",
            Self::BadPurpose => "bad_purpose",
            Self::BadRecordedBy => "bad_recorded_by",
            Self::BadRetention | Self::Rule { why: RuleError::BadRetention, .. } => "bad_retention",
            Self::Rule { why: RuleError::BadName, .. } => "bad_rule_name",
            Self::Rule { why: RuleError::NameTaken, .. } => "rule_name_taken",
            Self::Rule { why: RuleError::NoSuchUser, .. } => "no_such_user",
            Self::Rule { why: RuleError::NoSuchConversation, .. } => "no_such_conversation",
            Self::Rule { why: RuleError::NobodyStarts, .. } => "nobody_starts",
        }
    }

    /// Which part of the body is meant.
    #[must_use]
    pub fn at(&self) -> String {
        let (index, field) = match self {
            Self::TooManyRules => return "rules".to_owned(),
            Self::BadPurpose => return "purpose".to_owned(),
            Self::BadRecordedBy => return "recorded_by".to_owned(),
            Self::BadRetention => return "retention_days".to_owned(),
            Self::Rule { index, why, .. } => (index, why.field()),
        };
        format!("rules[{index}].{field}")
    }
}

impl RuleError {
    fn field(&self) -> &'static str {
        match self {
            Self::BadName | Self::NameTaken => "name",
            Self::NoSuchUser => "match.user_id",
            Self::NoSuchConversation => "match.conversation_id",
            Self::NobodyStarts => "by",
            Self::BadRetention => "retention_days",
        }
    }
}

impl Draft {
    /// The policy that this makes, with the version that follows `before`.
    pub fn check(self, before: u32, known: &Known) -> Result<RecordingPolicy, DraftError> {
        if self.rules.len() > MAX_RULES {
            return Err(DraftError::TooManyRules);
        }
        // Where nothing is recorded, nobody has to be told why.
        let told = !self.rules.is_empty();
        let purpose = Words { ru: self.purpose.ru.trim().to_owned(), en: self.purpose.en.trim().to_owned() };
        if ![&purpose.ru, &purpose.en].into_iter().all(|text| fits(text, told)) {
            return Err(DraftError::BadPurpose);
        }
        let recorded_by = self.recorded_by.trim().to_owned();
        if !fits(&recorded_by, told) {
            return Err(DraftError::BadRecordedBy);
        }
        if !is_span(self.retention_days) {
            return Err(DraftError::BadRetention);
        }
        let mut names = HashSet::new();
        let check = |(index, rule): (usize, Rule)| {
            let name = rule.name.trim().to_owned();
            check_rule(rule, known, &mut names).map_err(|why| DraftError::Rule { index, name, why })
        };
        let rules = self.rules.into_iter().enumerate().map(check).collect::<Result<_, _>>()?;
        let (version, retention_days, two_officers) = (before + 1, self.retention_days, self.two_officers);
        Ok(RecordingPolicy { version, purpose, recorded_by, retention_days, two_officers, rules })
    }
}

fn fits(text: &str, needed: bool) -> bool {
    let length = text.chars().count();
    length <= MAX_TEXT_CHARS && (length > 0 || !needed)
}

fn check_rule(rule: Rule, known: &Known, names: &mut HashSet<String>) -> Result<Rule, RuleError> {
    let name = check_name(&rule.name, names)?;
    check_match(&rule.matches, known)?;
    if rule.mode == Mode::OnDemand && rule.by.is_empty() {
        return Err(RuleError::NobodyStarts);
    }
    if rule.retention_days.is_some_and(|days| !is_span(days)) {
        return Err(RuleError::BadRetention);
    }
    let by = if rule.mode == Mode::OnDemand { rule.by } else { Vec::new() };
    Ok(Rule { name, by, ..rule })
}

/// Whether something may be kept for so many days.
#[must_use]
pub fn is_span(days: u32) -> bool {
    (1..=MAX_RETENTION_DAYS).contains(&days)
}

/// The name of a rule, which no other has.
pub fn check_name(name: &str, names: &mut HashSet<String>) -> Result<String, RuleError> {
    let name = name.trim().to_owned();
    if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(RuleError::BadName);
    }
    if names.insert(name.clone()) { Ok(name) } else { Err(RuleError::NameTaken) }
}

/// A rule names who and what there is.
pub fn check_match(matches: &Match, known: &Known) -> Result<(), RuleError> {
    match matches {
        Match::User { user_id } if !known.users.contains(user_id) => Err(RuleError::NoSuchUser),
        Match::Conversation { conversation_id } if !known.conversations.contains(conversation_id) => {
            Err(RuleError::NoSuchConversation)
        }
        Match::Everybody | Match::Role { .. } | Match::User { .. } | Match::Conversation { .. } => Ok(()),
    }
}
