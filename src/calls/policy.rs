//! The path policy: who, from where -> path, and which rule said so. Pure.
//!
//! Each end of a call is judged alone: the first rule that matches it holds, else the default. Of the two results the stricter one
//! decides.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Path;
use crate::{ids::UserId, recordings::policy::RecordingPolicy, users::Role};

pub mod draft;
mod network;
#[cfg(test)]
mod tests;

pub use network::{BadNetwork, Network};

/// Name of the rule that holds where no other matches.
pub const DEFAULT_RULE: &str = "default";

/// How the path of a call is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
// From the laxest to the strictest: how willingly media goes through the server instead of showing the ends to each other.
pub enum Policy {
    #[default]
    Direct,
    /// Direct first; relayed where that does not connect, or breaks.
    Auto,
    /// Through our TURN server: the ends do not learn each other's addresses, and media stays encrypted between them.
    Relayed,
    MediaNode,
}

/// What the admin has set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathPolicy {
    /// Holds for an end that no rule matches.
    pub default: Policy,
    /// In the order in which they are judged; at most 200.
    #[serde(default)]
    #[schema(required = true)]
    pub rules: Vec<Rule>,
}

/// All that is decided about calls in general.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    pub paths: PathPolicy,
    pub recording: RecordingPolicy,
}

/// What holds for the ends that it matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PathRule)]
pub struct Rule {
    /// Shown to the two of a call as the reason for its path; 1 to 80 characters, no other rule has it.
    pub name: String,
    #[serde(rename = "match")]
    pub matches: Match,
    pub policy: Policy,
}

/// Which ends a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PathRuleMatch)]
pub enum Match {
    /// The address that the device's connection comes from is in this network.
    Network {
        #[schema(value_type = String, example = "10.20.0.0/16")]
        cidr: Network,
    },
    Role {
        role: Role,
    },
    User {
        user_id: UserId,
    },
}

/// One end of a call, as far as rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub user_id: UserId,
    pub role: Role,
    /// Where the device's connection comes from; unset if no device is known.
    pub address: Option<IpAddr>,
}

/// What holds for one end, and the name of the rule that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PathVerdict)]
pub struct Verdict {
    pub policy: Policy,
    pub rule: String,
}

/// The path of a call and the name of the rule that chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub path: Path,
    pub rule: String,
    /// The call may move, should the direct path not carry it.
    pub may_move: bool,
}

impl PathPolicy {
    /// Without rules.
    #[must_use]
    pub fn of(default: Policy) -> Self {
        Self { default, rules: Vec::new() }
    }

    #[must_use]
    pub fn decide(&self, caller: &End, callee: &End) -> Decision {
        Verdict::stricter(self.judge(caller), self.judge(callee)).into()
    }

    /// What holds for one end.
    #[must_use]
    pub fn judge(&self, end: &End) -> Verdict {
        let rule = self.rules.iter().find(|rule| rule.matches.is(end));
        let (policy, name) = rule.map_or((self.default, DEFAULT_RULE), |rule| (rule.policy, &rule.name));
        Verdict { policy, rule: name.to_owned() }
    }
}

impl Match {
    fn is(&self, end: &End) -> bool {
        match self {
            Self::Network { cidr } => end.address.is_some_and(|address| cidr.contains(address)),
            Self::Role { role } => end.role == *role,
            Self::User { user_id } => end.user_id == *user_id,
        }
    }
}

impl Verdict {
    /// Of two equals the caller's.
    #[must_use]
    pub fn stricter(caller: Self, callee: Self) -> Self {
        if callee.policy > caller.policy { callee } else { caller }
    }
}

impl From<Verdict> for Decision {
    fn from(Verdict { policy, rule }: Verdict) -> Self {
        let path = match policy {
            Policy::Direct | Policy::Auto => Path::Direct,
            Policy::Relayed => Path::Relayed,
            Policy::MediaNode => Path::MediaNode,
        };
        Self { path, rule, may_move: policy == Policy::Auto }
    }
}

/// A policy in an old record, from when there were no rules: the bare word of the default.
pub fn recorded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathPolicy, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Recorded {
        Default(Policy),
        Whole(PathPolicy),
    }
    Ok(match Recorded::deserialize(deserializer)? {
        Recorded::Default(default) => PathPolicy::of(default),
        Recorded::Whole(policy) => policy,
    })
}
