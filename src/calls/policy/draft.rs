//! A path policy as an admin typed it, and what may be wrong with it.

use std::collections::HashSet;

use serde::Deserialize;

use super::{BadNetwork, DEFAULT_RULE, Match, PathPolicy, Policy, Rule};
use crate::{ids::UserId, users::Role};

pub const MAX_RULES: usize = 200;
const MAX_NAME_CHARS: usize = 80;

/// The shape of [`PathPolicy`], unchecked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    default: Policy,
    #[serde(default)]
    rules: Vec<RuleDraft>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleDraft {
    name: String,
    #[serde(rename = "match")]
    matches: MatchDraft,
    policy: Policy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum MatchDraft {
    Network { cidr: String },
    Role { role: Role },
    User { user_id: UserId },
}

/// Why a draft is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    #[error("A policy has at most {MAX_RULES} rules.")]
    TooManyRules,
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
    #[error(transparent)]
    BadNetwork(#[from] BadNetwork),
    #[error("there is no such user")]
    NoSuchUser,
}

impl DraftError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyRules => "too_many_rules",
            Self::Rule { why: RuleError::BadName, .. } => "bad_rule_name",
            Self::Rule { why: RuleError::NameTaken, .. } => "rule_name_taken",
            Self::Rule { why: RuleError::BadNetwork(_), .. } => "bad_network",
            Self::Rule { why: RuleError::NoSuchUser, .. } => "no_such_user",
        }
    }

    /// Which part of the body is meant.
    #[must_use]
    pub fn at(&self) -> String {
        let Self::Rule { index, why, .. } = self else { return "rules".to_owned() };
        let field = match why {
            RuleError::BadName | RuleError::NameTaken => "name",
            RuleError::BadNetwork(_) => "match.cidr",
            RuleError::NoSuchUser => "match.user_id",
        };
        format!("rules[{index}].{field}")
    }
}

impl Draft {
    /// `users` are all that there are; one who was deactivated may come back.
    pub fn check(self, users: &HashSet<UserId>) -> Result<PathPolicy, DraftError> {
        if self.rules.len() > MAX_RULES {
            return Err(DraftError::TooManyRules);
        }
        // A rule of this name could not be told from the default.
        let mut names = HashSet::from([DEFAULT_RULE.to_owned()]);
        let check = |(index, rule): (usize, RuleDraft)| {
            let name = rule.name.trim().to_owned();
            rule.check(users, &mut names).map_err(|why| DraftError::Rule { index, name, why })
        };
        let rules = self.rules.into_iter().enumerate().map(check).collect::<Result<_, _>>()?;
        Ok(PathPolicy { default: self.default, rules })
    }
}

impl RuleDraft {
    fn check(self, users: &HashSet<UserId>, names: &mut HashSet<String>) -> Result<Rule, RuleError> {
        let name = self.name.trim().to_owned();
        if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(RuleError::BadName);
        }
        if !names.insert(name.clone()) {
            return Err(RuleError::NameTaken);
        }
        let matches = match self.matches {
            MatchDraft::Network { cidr } => Match::Network { cidr: cidr.parse()? },
            MatchDraft::Role { role } => Match::Role { role },
            MatchDraft::User { user_id } if users.contains(&user_id) => Match::User { user_id },
            MatchDraft::User { .. } => return Err(RuleError::NoSuchUser),
        };
        Ok(Rule { name, matches, policy: self.policy })
    }
}
