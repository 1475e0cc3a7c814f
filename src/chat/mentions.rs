//! Whom a text names: `@login` one member, `@all` and `@все` everybody.

use std::collections::HashSet;

use crate::{ids::UserId, users::login_key};

const EVERYBODY: [&str; 2] = ["all", "все"];

/// The members whom `text` names, each once, without its sender.
#[must_use]
pub(super) fn named(text: &str, members: &[(String, UserId)], sender: UserId) -> Vec<UserId> {
    let mut seen = HashSet::from([sender]);
    let mut named = Vec::new();
    for word in words(text) {
        let users: Vec<_> = match called(&word, members) {
            Called::Everybody => members.iter().map(|(_, user)| *user).collect(),
            Called::Member(user) => vec![user],
            Called::Nobody => continue,
        };
        named.extend(users.into_iter().filter(|user| seen.insert(*user)));
    }
    named
}

enum Called {
    Everybody,
    Member(UserId),
    Nobody,
}

/// A login may end in a dot, but so does a sentence: the longest that is somebody's counts.
fn called(word: &str, members: &[(String, UserId)]) -> Called {
    let mut word = word;
    loop {
        if let Some((_, user)) = members.iter().find(|(key, _)| key == word) {
            return Called::Member(*user);
        }
        if EVERYBODY.contains(&word) {
            return Called::Everybody;
        }
        match word.strip_suffix(['.', '-', '_']) {
            Some(shorter) => word = shorter,
            None => return Called::Nobody,
        }
    }
}

/// What follows each `@` that does not stand in the middle of a word, as in an e-mail address.
fn words(text: &str) -> impl Iterator<Item = String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.match_indices('@').filter_map(move |(at, _)| {
        let inside = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let rest = &text[at + 1..];
        let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        (!inside && end > 0).then(|| login_key(&rest[..end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_in_a_text() {
        let (anna, boris, me) = (UserId::new(), UserId::new(), UserId::new());
        let members = [("anna".to_owned(), anna), ("борис.к".to_owned(), boris), ("me".to_owned(), me)];
        let check = |text: &str, expected: &[UserId]| assert_eq!(named(text, &members, me), expected, "{text}");
        check("@anna, look", &[anna]);
        check("ask @ANNA. And @Борис.К.", &[anna, boris]);
        check("(@anna)@anna @anna", &[anna]);
        check("anna@anna.example and @ anna, @annab, @", &[]);
        check("@me myself", &[]);
        check("@all!", &[anna, boris]);
        check("Внимание, @Все: @anna", &[anna, boris]);
        check("@allother @nobody", &[]);
    }
}
