//! Every policy, every kind of match, their order, and both ends.

use serde_json::{Value, json};

use super::{draft::Draft, *};

const POLICIES: [(Policy, Path, bool); 4] = [
    (Policy::Direct, Path::Direct, false),
    (Policy::Auto, Path::Direct, true),
    (Policy::Relayed, Path::Relayed, false),
    (Policy::MediaNode, Path::MediaNode, false),
];

fn end(role: Role, address: &str) -> End {
    End { user_id: UserId::new(), role, address: address.parse().ok() }
}

fn rule(name: &str, matches: Match, policy: Policy) -> Rule {
    Rule { name: name.to_owned(), matches, policy }
}

fn network(cidr: &str) -> Match {
    Match::Network { cidr: cidr.parse().expect("a network") }
}

fn path_of(policy: Policy) -> (Path, bool) {
    POLICIES.into_iter().find(|known| known.0 == policy).map(|(_, path, may_move)| (path, may_move)).expect("one of four")
}

#[test]
fn the_default_holds_where_nothing_matches() {
    for (default, path, may_move) in POLICIES {
        let decision = PathPolicy::of(default).decide(&end(Role::Employee, ""), &end(Role::Admin, "10.0.0.1"));
        assert_eq!(decision, Decision { path, rule: "default".to_owned(), may_move });
    }
    assert_eq!(PathPolicy::default(), PathPolicy::of(Policy::Direct));
}

#[test]
fn from_direct_to_the_media_node_each_policy_is_stricter() {
    assert!(POLICIES.is_sorted_by(|lax, strict| lax.0 < strict.0));
}

#[test]
fn each_kind_of_match_knows_its_own() {
    let anna = end(Role::Manager, "10.20.0.7");
    let cases = [
        (network("10.20.0.0/16"), true),
        (network("10.21.0.0/16"), false),
        (network("2001:db8::/32"), false),
        (Match::Role { role: Role::Manager }, true),
        (Match::Role { role: Role::Employee }, false),
        (Match::User { user_id: anna.user_id }, true),
        (Match::User { user_id: UserId::new() }, false),
    ];
    for (matches, fits) in cases {
        for (policy, ..) in POLICIES {
            let rules = vec![rule("a rule", matches.clone(), policy)];
            let verdict = PathPolicy { default: Policy::Auto, rules }.judge(&anna);
            let expected = if fits { (policy, "a rule") } else { (Policy::Auto, "default") };
            assert_eq!((verdict.policy, verdict.rule.as_str()), expected, "{matches:?}");
        }
    }
}

#[test]
fn an_end_without_a_known_address_is_in_no_network() {
    let rules = vec![rule("everywhere", network("0.0.0.0/0"), Policy::Relayed), rule("six", network("::/0"), Policy::Relayed)];
    let policy = PathPolicy { default: Policy::Direct, rules };
    assert_eq!(policy.judge(&end(Role::Employee, "")).rule, "default");
    assert_eq!(policy.judge(&end(Role::Employee, "192.0.2.1")).rule, "everywhere");
    assert_eq!(policy.judge(&end(Role::Employee, "::ffff:192.0.2.1")).rule, "everywhere");
    assert_eq!(policy.judge(&end(Role::Employee, "2001:db8::1")).rule, "six");
}

#[test]
fn the_first_rule_that_matches_holds_whatever_the_others_say() {
    let anna = end(Role::Manager, "10.20.0.7");
    let matching = [network("10.0.0.0/8"), Match::Role { role: Role::Manager }, Match::User { user_id: anna.user_id }];
    for first in &matching {
        for second in &matching {
            for (a, ..) in POLICIES {
                for (b, ..) in POLICIES {
                    let rules = vec![
                        rule("another's", Match::User { user_id: UserId::new() }, Policy::MediaNode),
                        rule("first", first.clone(), a),
                        rule("second", second.clone(), b),
                    ];
                    let verdict = PathPolicy { default: Policy::MediaNode, rules }.judge(&anna);
                    assert_eq!((verdict.policy, verdict.rule.as_str()), (a, "first"));
                }
            }
        }
    }
}

#[test]
fn of_two_ends_the_stricter_holds_and_of_two_equals_the_callers() {
    let (caller, callee) = (end(Role::Employee, "10.0.0.1"), end(Role::Admin, "192.0.2.1"));
    for (hers, ..) in POLICIES {
        for (his, ..) in POLICIES {
            let rules = vec![
                rule("hers", Match::User { user_id: caller.user_id }, hers),
                rule("his", Match::Role { role: Role::Admin }, his),
            ];
            let decision = PathPolicy { default: Policy::MediaNode, rules }.decide(&caller, &callee);
            let (path, may_move) = path_of(hers.max(his));
            let name = if his > hers { "his" } else { "hers" };
            assert_eq!(decision, Decision { path, rule: name.to_owned(), may_move }, "{hers} {his}");
        }
    }
}

/// What is wrong with a draft: the code, the place, and what people are told.
fn refused(draft: Value) -> (&'static str, String, String) {
    let draft: Draft = serde_json::from_value(draft).expect("the shape of a policy");
    let error = draft.check(&[UserId::new()].into()).expect_err("it is wrong");
    (error.code(), error.at(), error.to_string())
}

fn of_role(name: &str) -> Value {
    json!({"name": name, "match": {"type": "role", "role": "admin"}, "policy": "relayed"})
}

#[test]
fn a_draft_says_which_rule_is_wrong_and_why() {
    let of_network = |cidr: &str| json!({"name": "Branch", "match": {"type": "network", "cidr": cidr}, "policy": "auto"});
    let draft = |rules: Value| json!({"default": "direct", "rules": rules});
    let (code, at, said) = refused(draft(json!([of_role("a"), of_network("10.0.0.0/33")])));
    assert_eq!((code, at.as_str()), ("bad_network", "rules[1].match.cidr"));
    assert_eq!(said, "Rule 2 (\"Branch\"): \"10.0.0.0/33\" is no network such as 10.20.0.0/16 or 2001:db8::/32.");
    let nobody = json!({"name": "x", "match": {"type": "user", "user_id": UserId::new()}, "policy": "direct"});
    let cases = [
        (json!([of_role("a"), of_role(" a ")]), "rule_name_taken", "rules[1].name"),
        (json!([of_role("default")]), "rule_name_taken", "rules[0].name"),
        (json!([of_role(" ")]), "bad_rule_name", "rules[0].name"),
        (json!([of_role("a\nb")]), "bad_rule_name", "rules[0].name"),
        (json!([of_role(&"ы".repeat(81))]), "bad_rule_name", "rules[0].name"),
        (json!([nobody]), "no_such_user", "rules[0].match.user_id"),
        ((0..201).map(|n| of_role(&n.to_string())).collect(), "too_many_rules", "rules"),
    ];
    for (rules, code, at) in cases {
        let (found, place, said) = refused(draft(rules));
        assert_eq!((found, place.as_str()), (code, at), "{said}");
    }
}

#[test]
fn a_draft_of_another_shape_is_none() {
    for draft in [
        json!({"rules": []}),
        json!({"default": "carrier pigeon"}),
        json!({"default": "direct", "rule": []}),
        json!({"default": "direct", "rules": [{"name": "a", "match": {"type": "moon"}, "policy": "direct"}]}),
        json!({"default": "direct", "rules": [{"name": "a", "match": {"type": "role", "role": "boss"}, "policy": "direct"}]}),
        json!({"default": "direct", "rules": [{"name": "a", "match": {"type": "role", "role": "admin", "cidr": "::/0"}, "policy": "direct"}]}),
        json!({"default": "direct", "rules": [{"name": "a", "policy": "direct"}]}),
    ] {
        assert!(serde_json::from_value::<Draft>(draft.clone()).is_err(), "{draft}");
    }
}

#[test]
fn a_policy_is_kept_as_it_was_checked() {
    let user = UserId::new();
    let draft = json!({"default": "auto", "rules": [
        {"name": " Branch ", "match": {"type": "network", "cidr": "::ffff:10.20.30.40/112"}, "policy": "relayed"},
        {"name": "Boss", "match": {"type": "user", "user_id": user}, "policy": "media_node"},
        of_role(&"ы".repeat(80)),
    ]});
    let policy = serde_json::from_value::<Draft>(draft).expect("its shape").check(&[user].into()).expect("it is fine");
    assert_eq!((policy.rules[0].name.as_str(), &policy.rules[0].matches), ("Branch", &network("10.20.0.0/16")));
    let text = serde_json::to_string(&policy).expect("JSON");
    assert_eq!(serde_json::from_str::<PathPolicy>(&text).expect("its own words"), policy);
    assert_eq!(
        serde_json::from_str::<PathPolicy>(r#"{"default":"relayed"}"#).expect("no rules"),
        PathPolicy::of(Policy::Relayed)
    );
}

/// Entries of the audit log from when there were no rules.
#[test]
fn an_old_record_is_a_policy_without_rules() {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(deserialize_with = "recorded")]
        before: PathPolicy,
        #[serde(deserialize_with = "recorded")]
        after: PathPolicy,
    }
    let text = r#"{"before": "direct", "after": {"default": "media_node", "rules": []}}"#;
    let Entry { before, after } = serde_json::from_str(text).expect("both forms");
    assert_eq!((before, after), (PathPolicy::of(Policy::Direct), PathPolicy::of(Policy::MediaNode)));
}
