//! The log as a table for a spreadsheet (RFC 4180). Pure.

use std::collections::HashMap;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Entry, Target};
use crate::{clock::Millis, ids::UserId, users::User};

/// A byte order mark, by which spreadsheets know UTF-8, and the names of the columns.
pub const HEAD: &str = "\u{feff}time,actor,actor_login,action,target,details\r\n";

/// One line.
#[must_use]
pub fn line(entry: &Entry, users: &HashMap<UserId, User>) -> String {
    let name = |id: UserId| users.get(&id).map_or_else(|| id.to_string(), |user| user.name.clone());
    let actor = entry.actor_id.map(name).unwrap_or_default();
    let login = entry.actor_id.and_then(|id| users.get(&id)).map_or("", |user| user.login.as_str());
    let target = match entry.action.target() {
        Some(Target::User(id)) => name(id),
        Some(Target::Message(id)) => id.to_string(),
        Some(Target::Recording(id)) => id.to_string(),
        Some(Target::Conversation(id)) => id.to_string(),
        None => String::new(),
    };
    let (action, details) = fields(entry);
    let cells = [time(entry.at), actor, login.to_owned(), action, target, details];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

/// The action's word, and its fields as `name=value`.
fn fields(entry: &Entry) -> (String, String) {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(&entry.action) else { return Default::default() };
    let action = fields.remove("action").and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let details: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    (action, details.join("; "))
}

/// UTC, to the second.
fn time(at: Millis) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000)).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| at.0.to_string())
}

/// Quoted always. A spreadsheet would run what begins like a formula, and a name is whatever somebody typed: an apostrophe makes it text.
fn cell(text: &str) -> String {
    let formula = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::Action, ids::AuditId};

    #[test]
    fn what_begins_like_a_formula_is_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r\n=1"] {
            assert_eq!(cell(formula), format!("\"'{formula}\""));
        }
        assert_eq!(cell("Anna \"A\", B"), "\"Anna \"\"A\"\", B\"");
        assert_eq!(cell("a=b"), "\"a=b\"");
    }

    #[test]
    fn a_line_has_the_columns_of_the_head() {
        let entry = Entry { id: AuditId::new(), at: Millis(1_767_225_600_123), actor_id: None, action: Action::AuditExported };
        assert_eq!(line(&entry, &HashMap::new()), "\"2026-01-01T00:00:00Z\",\"\",\"\",\"audit_exported\",\"\",\"\"\r\n");
        assert_eq!(HEAD.matches(',').count(), 5);
    }

    #[test]
    fn a_user_who_is_gone_is_named_by_id() {
        let user_id = UserId::new();
        let action = Action::UserDeactivated { user_id };
        let entry = Entry { id: AuditId::new(), at: Millis(0), actor_id: Some(user_id), action };
        assert!(line(&entry, &HashMap::new()).contains(&format!("\"{user_id}\",\"\",\"user_deactivated\",\"{user_id}\"")));
    }
}
