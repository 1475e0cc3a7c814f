//! Which calls are recorded, by table.

use std::collections::HashSet;

use super::{
    draft::{Draft, Known},
    *,
};

fn rule(name: &str, matches: Match, direction: Direction, mode: Mode) -> Rule {
    let by = if mode == Mode::OnDemand { vec![Role::Manager] } else { Vec::new() };
    Rule { name: name.to_owned(), matches, direction, mode, by, retention_days: None }
}

fn policy(rules: Vec<Rule>) -> RecordingPolicy {
    RecordingPolicy { version: 3, retention_days: 30, rules, ..RecordingPolicy::default() }
}

#[test]
fn a_rule_looks_at_the_ends_that_its_direction_names() {
    let conversation_id = ConversationId::new();
    let (anna, boris) = (UserId::new(), UserId::new());
    let (caller, callee) = (End { user_id: anna, role: Role::Manager }, End { user_id: boris, role: Role::Employee });
    let user = |user_id| Match::User { user_id };
    let role = |role| Match::Role { role };
    let (any, out, into) = (Direction::Any, Direction::Outgoing, Direction::Incoming);
    for (matches, direction, fits) in [
        (Match::Everybody, any, true),
        (Match::Everybody, out, true),
        (user(anna), any, true),
        (user(boris), any, true),
        (user(anna), out, true),
        (user(anna), into, false),
        (user(boris), out, false),
        (user(boris), into, true),
        (user(UserId::new()), any, false),
        (role(Role::Manager), out, true),
        (role(Role::Manager), into, false),
        (role(Role::Employee), into, true),
        (role(Role::Compliance), any, false),
        (Match::Conversation { conversation_id }, any, true),
        (Match::Conversation { conversation_id: ConversationId::new() }, any, false),
    ] {
        let policy = policy(vec![rule("r", matches.clone(), direction, Mode::Always)]);
        let verdict = judge(&policy, conversation_id, caller, callee);
        assert_eq!(verdict.is_some(), fits, "{matches:?} {direction:?}");
    }
}

#[test]
fn a_rule_that_always_records_goes_before_one_that_may() {
    let end = || End { user_id: UserId::new(), role: Role::Employee };
    let rules = [
        rule("ask", Match::Everybody, Direction::Any, Mode::OnDemand),
        Rule { retention_days: Some(7), ..rule("all", Match::Everybody, Direction::Any, Mode::Always) },
        rule("too", Match::Everybody, Direction::Any, Mode::Always),
    ];
    let judged = |rules: &[Rule]| {
        let verdict = judge(&policy(rules.to_vec()), ConversationId::new(), end(), end());
        verdict.map(|verdict| (verdict.rule, verdict.mode, verdict.notice.retention_days, verdict.by))
    };
    assert_eq!(judged(&rules), Some(("all".to_owned(), Mode::Always, 7, vec![])));
    assert_eq!(judged(&rules[..1]), Some(("ask".to_owned(), Mode::OnDemand, 30, vec![Role::Manager])));
    assert_eq!(judged(&[]), None);
}

fn draft(rules: Vec<Rule>) -> Draft {
    let purpose = Words { ru: "Качество".to_owned(), en: " Quality ".to_owned() };
    Draft { version: None, purpose, recorded_by: "Firm".to_owned(), retention_days: 30, two_officers: false, rules }
}

#[test]
fn a_draft_becomes_the_next_version_and_says_what_is_wrong_with_it() {
    let known = Known { users: HashSet::from([UserId::new()]), ..Known::default() };
    let good = rule(" a ", Match::Everybody, Direction::Any, Mode::Always);
    let made = draft(vec![good.clone()]).check(4, &known).expect("it is fine");
    assert_eq!((made.version, made.rules[0].name.as_str(), made.purpose.en.as_str()), (5, "a", "Quality"));
    let nobody = Match::User { user_id: UserId::new() };
    let nowhere = Match::Conversation { conversation_id: ConversationId::new() };
    let of = |wrong: Rule| draft(vec![good.clone(), wrong]);
    let b = rule("b", Match::Everybody, Direction::Any, Mode::OnDemand);
    for (draft, code, at) in [
        (of(rule("a", Match::Everybody, Direction::Any, Mode::Always)), "rule_name_taken", "rules[1].name"),
        (of(rule("", Match::Everybody, Direction::Any, Mode::Always)), "bad_rule_name", "rules[1].name"),
        (of(rule("b", nobody, Direction::Any, Mode::Always)), "no_such_user", "rules[1].match.user_id"),
        (of(rule("b", nowhere, Direction::Any, Mode::Always)), "no_such_conversation", "rules[1].match.conversation_id"),
        (of(Rule { by: Vec::new(), ..b.clone() }), "nobody_starts", "rules[1].by"),
        (of(Rule { retention_days: Some(0), ..b }), "bad_retention", "rules[1].retention_days"),
        (Draft { recorded_by: " ".to_owned(), ..draft(vec![good.clone()]) }, "bad_recorded_by", "recorded_by"),
        (Draft { purpose: Words::default(), ..draft(vec![good.clone()]) }, "bad_purpose", "purpose"),
        (Draft { retention_days: 0, ..draft(Vec::new()) }, "bad_retention", "retention_days"),
        (draft(vec![good.clone(); 201]), "too_many_rules", "rules"),
    ] {
        let error = draft.check(4, &known).expect_err(code);
        assert_eq!((error.code(), error.at().as_str()), (code, at));
    }
    let nothing = Draft { purpose: Words::default(), recorded_by: String::new(), ..draft(Vec::new()) };
    assert!(nothing.check(0, &known).is_ok(), "where nothing is recorded, nobody is told");
}

#[test]
fn another_text_has_another_hash() {
    let end = || End { user_id: UserId::new(), role: Role::Employee };
    let rules = vec![rule("r", Match::Everybody, Direction::Any, Mode::Always)];
    let hash = |policy: &RecordingPolicy| judge(policy, ConversationId::new(), end(), end()).expect("it fits").notice.text_hash();
    let one = policy(rules);
    let purpose = Words { ru: String::new(), en: "Other".to_owned() };
    let other = RecordingPolicy { purpose, ..one.clone() };
    assert_eq!(hash(&one), hash(&one));
    assert_ne!(hash(&one), hash(&other));
    assert_ne!(hash(&one), hash(&RecordingPolicy { version: 4, ..one.clone() }));
}
