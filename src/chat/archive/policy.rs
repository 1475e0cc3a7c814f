//! How long messages are kept. Pure.
//!
//! A conversation has one span for all its messages: the longest of the rules that fit it, else the default. So no rule shortens what
//! another one asks for.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    clock::Millis,
    ids::{ConversationId, UserId},
    recordings::policy::{
        Match,
        draft::{DraftError, Known, MAX_RULES, RuleError, check_match, check_name, is_span},
    },
    users::Role,
};

/// What the admin has set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatRetention {
    /// Grows with each change.
    pub version: u32,
    /// Where no rule fits. Unset: for ever.
    pub retention_days: Option<u32>,
    /// At most 200; their order means nothing.
    pub rules: Vec<Rule>,
}

/// Of the rules that fit a conversation, the one that keeps longest holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChatRetentionRule)]
pub struct Rule {
    /// 1 to 80 characters, no other rule has it.
    pub name: String,
    /// A role or a user: conversations that one such is or was in.
    #[serde(rename = "match")]
    pub matches: Match,
    /// Unset: for ever.
    #[serde(default)]
    #[schema(required = true)]
    pub retention_days: Option<u32>,
}

/// The shape of [`ChatRetention`], unchecked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = ChatRetentionDraft)]
pub struct Draft {
    /// Of the policy that was changed: a draft that is based on an older one is refused. Unset: whatever holds is replaced.
    #[serde(default)]
    pub version: Option<u32>,
    #[serde(default)]
    pub retention_days: Option<u32>,
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// Somebody who is or was in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    pub user_id: UserId,
    pub role: Role,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl ChatRetention {
    /// For how many days a conversation is kept; `None`: for ever.
    #[must_use]
    pub fn days(&self, conversation: ConversationId, people: &[Participant]) -> Option<u32> {
        let mut fitting = self.rules.iter().filter(|rule| rule.fits(conversation, people)).map(|rule| rule.retention_days);
        let Some(first) = fitting.next() else { return self.retention_days };
        fitting.fold(first, |longest, days| Some(longest?.max(days?)))
    }

    /// The shortest span of all; `None` if nothing is ever erased.
    #[must_use]
    pub fn shortest(&self) -> Option<u32> {
        self.rules.iter().filter_map(|rule| rule.retention_days).chain(self.retention_days).min()
    }
}

/// Messages from before this time are over when they are kept for so many days. It moves on once a day, at midnight UTC, so that a
/// conversation is touched once a day: a message is kept up to a day longer, and never shorter.
#[must_use]
pub fn cut_off(now: Millis, days: u32) -> Millis {
    Millis((now.0.div_euclid(DAY_MS) - i64::from(days)) * DAY_MS)
}

impl Rule {
    fn fits(&self, conversation: ConversationId, people: &[Participant]) -> bool {
        match &self.matches {
            Match::Everybody => true,
            Match::Role { role } => people.iter().any(|one| one.role == *role),
            Match::User { user_id } => people.iter().any(|one| one.user_id == *user_id),
            Match::Conversation { conversation_id } => conversation == *conversation_id,
        }
    }
}

impl Draft {
    /// The policy that this makes, with the version that follows `before`.
    pub fn check(self, before: u32, known: &Known) -> Result<ChatRetention, DraftError> {
        if self.rules.len() > MAX_RULES {
            return Err(DraftError::TooManyRules);
        }
        if self.retention_days.is_some_and(|days| !is_span(days)) {
            return Err(DraftError::BadRetention);
        }
        let mut names = HashSet::new();
        let check = |(index, rule): (usize, Rule)| {
            let name = rule.name.trim().to_owned();
            check_rule(rule, known, &mut names).map_err(|why| DraftError::Rule { index, name, why })
        };
        let rules = self.rules.into_iter().enumerate().map(check).collect::<Result<_, _>>()?;
        Ok(ChatRetention { version: before + 1, retention_days: self.retention_days, rules })
    }
}

fn check_rule(rule: Rule, known: &Known, names: &mut HashSet<String>) -> Result<Rule, RuleError> {
    let name = check_name(&rule.name, names)?;
    check_match(&rule.matches, known)?;
    if rule.retention_days.is_some_and(|days| !is_span(days)) {
        return Err(RuleError::BadRetention);
    }
    Ok(Rule { name, ..rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, matches: Match, retention_days: Option<u32>) -> Rule {
        Rule { name: name.to_owned(), matches, retention_days }
    }

    #[test]
    fn the_longest_of_the_rules_that_fit_holds() {
        let (here, anna, boris) = (ConversationId::new(), UserId::new(), UserId::new());
        let people = [Participant { user_id: anna, role: Role::Manager }, Participant { user_id: boris, role: Role::Employee }];
        let manager = || Match::Role { role: Role::Manager };
        let check = |default: Option<u32>, rules: Vec<Rule>, expected: Option<u32>| {
            let policy = ChatRetention { version: 1, retention_days: default, rules: rules.clone() };
            assert_eq!(policy.days(here, &people), expected, "{default:?} {rules:?}");
        };
        check(None, vec![], None);
        check(Some(30), vec![], Some(30));
        check(Some(30), vec![rule("role", manager(), Some(7))], Some(7));
        check(Some(30), vec![rule("role", Match::Role { role: Role::Admin }, Some(7))], Some(30));
        check(Some(30), vec![rule("user", Match::User { user_id: boris }, None)], None);
        check(Some(30), vec![rule("user", Match::User { user_id: UserId::new() }, None)], Some(30));
        check(None, vec![rule("all", Match::Everybody, Some(9)), rule("role", manager(), Some(99))], Some(99));
        check(None, vec![rule("role", manager(), None), rule("all", Match::Everybody, Some(9))], None);
        check(None, vec![rule("here", Match::Conversation { conversation_id: here }, Some(1))], Some(1));
        check(Some(2), vec![rule("there", Match::Conversation { conversation_id: ConversationId::new() }, Some(1))], Some(2));
    }

    #[test]
    fn a_message_is_kept_for_its_days_and_never_less() {
        for (age_ms, days, over) in
            [(DAY_MS, 1, false), (2 * DAY_MS, 1, true), (30 * DAY_MS - 1, 30, false), (31 * DAY_MS, 30, true)]
        {
            for start in [0, 1, DAY_MS / 2, DAY_MS - 1] {
                let written = Millis(1_000 * DAY_MS + start);
                let now = Millis(written.0 + age_ms);
                assert!(!over || written < cut_off(now, days), "{age_ms} {days} {start}");
                let kept_ms = i64::from(days) * DAY_MS;
                assert!(written >= cut_off(now, days) || now.0 - written.0 > kept_ms - 1, "{age_ms} {days} {start}");
            }
        }
    }

    #[test]
    fn a_draft_says_what_is_wrong_with_it() {
        let draft = |days, rules| Draft { version: None, retention_days: days, rules };
        let known = Known::default();
        assert_eq!(draft(Some(0), vec![]).check(0, &known), Err(DraftError::BadRetention));
        let unknown = rule("who", Match::User { user_id: UserId::new() }, None);
        assert_eq!(draft(None, vec![unknown]).check(0, &known).map_err(|error| error.code()), Err("no_such_user"));
        let twice = || rule(" a ", Match::Everybody, Some(1));
        assert_eq!(
            draft(None, vec![twice(), twice()]).check(0, &known).map_err(|error| error.at()),
            Err("rules[1].name".to_owned())
        );
        assert_eq!(
            draft(None, vec![twice()]).check(4, &known).map(|policy| (policy.version, policy.shortest())),
            Ok((5, Some(1)))
        );
    }
}
