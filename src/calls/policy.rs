//! The path policy: who, from where -> path, and which rule said so. Pure.
//!
//! Each end of a call is judged alone and the stricter of the two results holds, so that rules (by network, role or user; the
//! first match wins) can be added to [`PathPolicy::for_end`] without touching a caller.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Path;
use crate::ids::UserId;

/// Name of the rule that holds where no other matches.
const DEFAULT_RULE: &str = "default";

/// How the path of a call is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
// From the laxest to the strictest: how willingly media goes through the server instead of showing the ends to each other.
pub enum Policy {
    #[default]
    Direct,
    /// Direct first; through the media node where that does not connect, or breaks.
    Auto,
    MediaNode,
}

/// What the admin has set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathPolicy {
    pub default: Policy,
}

/// One end of a call, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub user_id: UserId,
}

/// The path of a call and the name of the rule that chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub path: Path,
    pub rule: String,
    /// The call may move to the media node.
    pub may_move: bool,
}

impl PathPolicy {
    /// The stricter of what holds for the two ends; of two equals the caller's.
    #[must_use]
    pub fn decide(&self, caller: &End, callee: &End) -> Decision {
        let (of_caller, of_callee) = (self.for_end(caller), self.for_end(callee));
        let (policy, rule) = if of_callee.0 > of_caller.0 { of_callee } else { of_caller };
        let path = if policy == Policy::MediaNode { Path::MediaNode } else { Path::Direct };
        Decision { path, rule: rule.to_owned(), may_move: policy == Policy::Auto }
    }

    fn for_end(&self, _end: &End) -> (Policy, &'static str) {
        (self.default, DEFAULT_RULE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rule_decides_both_ways() {
        let cases = [
            (Policy::Direct, Path::Direct, false),
            (Policy::Auto, Path::Direct, true),
            (Policy::MediaNode, Path::MediaNode, false),
        ];
        for (default, path, may_move) in cases {
            let ends = [End { user_id: UserId::new() }, End { user_id: UserId::new() }];
            let decision = PathPolicy { default }.decide(&ends[0], &ends[1]);
            assert_eq!(decision, Decision { path, rule: "default".to_owned(), may_move });
        }
    }

    #[test]
    fn the_media_node_is_stricter_than_direct() {
        assert!(Policy::MediaNode > Policy::Auto && Policy::Auto > Policy::Direct);
        assert_eq!(PathPolicy::default().default, Policy::Direct);
    }
}
