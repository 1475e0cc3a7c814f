//! A conversation as a page that any browser shows, without a script and without anything from elsewhere. Pure.
//!
//! Whatever people typed is text here: escaped, never markup.

use std::{collections::HashMap, fmt::Write as _};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::model::{ArchivedConversation, ArchivedMessage};
use crate::{
    chat::MessageContent,
    clock::Millis,
    files::Attachment,
    ids::UserId,
    users::{User, settings::Language},
};

/// Who reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) users: &'a HashMap<UserId, User>,
    pub(super) language: Language,
}

pub(super) const FOOT: &str = "</ol>\n</body>\n</html>\n";

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#0f1419}\
    ol{list-style:none;padding:0}li{padding:.6rem 0;border-top:1px solid #e3e6ea}.who{font-weight:600}.when,.note{color:#5b6670;\
    font-size:13px}.text{white-space:pre-wrap;overflow-wrap:anywhere}.old{margin:.4rem 0 0 1rem;padding-left:.8rem;border-left:3px \
    solid #c9d0d8}.deleted>.text{text-decoration:line-through}";

/// In one language or the other.
fn say(language: Language, ru: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Ru => ru,
        Language::En => en,
    }
}

impl Reader<'_> {
    fn say(&self, ru: &'static str, en: &'static str) -> &'static str {
        say(self.language, ru, en)
    }

    /// The name is what is known now; the id never changes.
    fn name(&self, id: UserId) -> String {
        self.users.get(&id).map_or_else(|| id.to_string(), |user| format!("{} ({})", escaped(&user.name), escaped(&user.login)))
    }

    /// All that stands before the messages.
    pub(super) fn head(&self, conversation: &ArchivedConversation, from: Option<Millis>, to: Option<Millis>) -> String {
        let people: Vec<_> = conversation.people.iter().map(|person| self.name(person.user_id)).collect();
        let title = conversation.name.as_deref().map_or_else(|| people.join(", "), escaped);
        let period = match (from, to) {
            (None, None) => self.say("всё, что хранится", "all that is kept").to_owned(),
            _ => format!("{} — {}", from.map(time).unwrap_or_default(), to.map(time).unwrap_or_default()),
        };
        let (lang, conversation_word) = (self.say("ru", "en"), self.say("Переписка", "Conversation"));
        let (members, period_word) = (self.say("Участники", "Members"), self.say("Период (UTC)", "Period (UTC)"));
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
             </head>\n<body>\n<h1>{title}</h1>\n<p class=\"note\">{conversation_word} {id}<br>{members}: {people}<br>{period_word}: \
             {period}</p>\n<ol>\n",
            id = conversation.id,
            people = people.join(", "),
        )
    }

    /// One message with all that it was.
    pub(super) fn message(&self, archived: &ArchivedMessage) -> String {
        let message = &archived.message;
        let deleted = matches!(message.content, MessageContent::Deleted { .. });
        let mut html = format!(
            "<li id=\"m{}\"{}><span class=\"who\">{}</span> <span class=\"when\">{}</span>",
            message.id,
            if deleted { " class=\"deleted\"" } else { "" },
            self.name(message.sender_id),
            time(message.created_at),
        );
        if let Some(quoted) = archived.reply_to_id {
            let _ = write!(html, " <a class=\"note\" href=\"#m{quoted}\">{}</a>", self.say("ответ", "reply"));
        }
        self.add_content(&mut html, archived);
        for version in archived.versions.iter().rev().skip(usize::from(deleted)) {
            let until = self.say("прежний текст, до", "earlier text, until");
            let _ = write!(
                html,
                "<div class=\"old\"><div class=\"note\">{until} {}</div><div class=\"text\">{}</div></div>",
                time(version.replaced_at),
                escaped(&version.text),
            );
        }
        for file in &archived.files {
            let (path, name) = (file_name(file), escaped(&file.name));
            let _ = write!(html, "<div><a href=\"{path}\">{name}</a> <span class=\"note\">{} B</span></div>", file.size);
        }
        html + "</li>"
    }

    fn add_content(&self, html: &mut String, archived: &ArchivedMessage) {
        let message = &archived.message;
        let _ = match &message.content {
            MessageContent::Text { text, edited_at, .. } => {
                if let Some(at) = edited_at {
                    let _ = write!(html, " <span class=\"note\">{} {}</span>", self.say("изменено", "edited"), time(*at));
                }
                write!(html, "<div class=\"text\">{}</div>", escaped(text))
            }
            MessageContent::Deleted { deleted_at } => {
                let said = archived.versions.last().map_or("", |version| version.text.as_str());
                let (word, by) = (self.say("удалено", "deleted"), self.name(archived.deleted_by.unwrap_or(message.sender_id)));
                let _ = write!(html, " <span class=\"note\">{word} {}, {by}</span>", time(*deleted_at));
                write!(html, "<div class=\"text\">{}</div>", escaped(said))
            }
            MessageContent::Call { call } => {
                let (word, ended) = (self.say("Звонок", "Call"), time(call.ended_at));
                write!(html, "<div class=\"text\">{word}: {}, {} – {ended}</div>", call.outcome, time(call.started_at))
            }
            MessageContent::Notice { notice } => {
                let notice = serde_json::to_string(notice).unwrap_or_default();
                write!(html, "<div class=\"text note\">{}</div>", escaped(&notice))
            }
        };
    }
}

/// Where the bytes of a file lie: made of its id, and an extension that is letters and digits.
pub(super) fn file_name(file: &Attachment) -> String {
    let extension = file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let fits = (1..=8).contains(&extension.len()) && extension.chars().all(|c| c.is_ascii_alphanumeric());
    if fits { format!("files/{}.{}", file.id, extension.to_ascii_lowercase()) } else { format!("files/{}", file.id) }
}

fn time(at: Millis) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000)).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| at.0.to_string())
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::{Message, MessageVersion},
        events::EventId,
        ids::{ConversationId, MessageId},
    };

    #[test]
    fn what_people_typed_is_no_markup() {
        let sender_id = UserId::new();
        let message = Message {
            id: MessageId::new(),
            conversation_id: ConversationId::new(),
            seq: EventId(7),
            sender_id,
            client_key: "k".to_owned(),
            created_at: Millis(0),
            content: MessageContent::Deleted { deleted_at: Millis(90_000) },
        };
        let version = |text: &str| MessageVersion { text: text.to_owned(), replaced_at: Millis(60_000) };
        let versions = vec![version("<script>first</script>"), version("\"last\" & <img src=x>")];
        let archived = ArchivedMessage { message, versions, files: Vec::new(), reply_to_id: None, deleted_by: Some(sender_id) };
        let reader = Reader { users: &HashMap::new(), language: Language::En };
        let html = reader.message(&archived);
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert_eq!(html.matches("&quot;last&quot; &amp;").count(), 1, "{html}");
        assert!(
            html.contains("deleted 1970-01-01T00:01:30Z") && html.contains("earlier text, until 1970-01-01T00:01:00Z"),
            "{html}"
        );
    }
}
