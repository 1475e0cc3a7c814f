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

/// What the admin has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathPolicy {
    pub default: Path,
}

impl Default for PathPolicy {
    fn default() -> Self {
        Self { default: Path::Direct }
    }
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
}

impl PathPolicy {
    /// The stricter of what holds for the two ends; of two equals the caller's.
    #[must_use]
    pub fn decide(&self, caller: &End, callee: &End) -> Decision {
        let (of_caller, of_callee) = (self.for_end(caller), self.for_end(callee));
        if strictness(of_callee.path) > strictness(of_caller.path) { of_callee } else { of_caller }
    }

    fn for_end(&self, _end: &End) -> Decision {
        Decision { path: self.default, rule: DEFAULT_RULE.to_owned() }
    }
}

/// How little of the two ends a path shows to each other.
fn strictness(path: Path) -> u8 {
    match path {
        Path::Direct => 0,
        Path::MediaNode => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rule_decides_both_ways() {
        for path in [Path::Direct, Path::MediaNode] {
            let ends = [End { user_id: UserId::new() }, End { user_id: UserId::new() }];
            let decision = PathPolicy { default: path }.decide(&ends[0], &ends[1]);
            assert_eq!(decision, Decision { path, rule: "default".to_owned() });
        }
    }

    #[test]
    fn the_media_node_is_stricter_than_direct() {
        assert!(strictness(Path::MediaNode) > strictness(Path::Direct));
        assert_eq!(PathPolicy::default().default, Path::Direct);
    }
}
