//! Puts a mail together: plain text and HTML that say the same, in the reader's language.
//!
//! Whatever people typed (names, groups, file names, messages) is text here: one line without control characters where a header or
//! a line is made of it, escaped where HTML is.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lettre::{
    Address, Message,
    message::{Attachment, Mailbox, MessageBuilder, MultiPart, header},
};
use url::Url;

use super::{
    NoticesError,
    settings::Mail,
    smtp::{Problem, SendError},
    store::{Line, Thread},
    words,
};
use crate::{
    clock::Millis,
    ids::{ConversationId, MailId, UserId},
    users::settings::Language,
};

/// Characters of one message that a mail shows.
const EXCERPT: usize = 300;
/// Messages that a mail of one conversation shows.
pub const LINES: u32 = 10;
/// Conversations and messages of each that a digest shows.
const DIGEST_THREADS: usize = 20;
const DIGEST_LINES: usize = 3;

/// Who gets a mail, and what every mail to them needs.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    pub mail: &'a Mail,
    pub name: &'a str,
    pub email: &'a str,
    pub language: Language,
    /// In the Message-ID: the same at every attempt.
    pub id: MailId,
    pub date: Millis,
}

/// A mail about messages that stayed unread.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    pub threads: &'a [Thread],
    pub user_id: UserId,
    /// Where links lead.
    pub base: &'a Url,
    pub unsubscribe: &'a Url,
}

pub fn notice(envelope: &Envelope<'_>, notice: &Notice<'_>) -> Result<Message, SendError> {
    let language = envelope.language;
    let subject = match notice.threads {
        [thread] => words::subject(language, thread.name.as_deref(), sender_of(thread)),
        threads => words::digest_subject(language, u32::try_from(threads.len()).unwrap_or(u32::MAX)),
    };
    let mut builder = builder(envelope, &subject)?
        .header(ListUnsubscribe(format!("<{}>", notice.unsubscribe)))
        .header(ListUnsubscribePost("List-Unsubscribe=One-Click".to_owned()));
    if let [thread] = notice.threads {
        // All mails about one conversation hang on one message that was never sent, so that readers show them as one thread.
        let root = format!("<{}.{}@{}>", thread.conversation_id, notice.user_id, domain(envelope.mail)?);
        builder = builder.in_reply_to(root.clone()).references(root);
    }
    let page = Page::of(envelope, notice);
    built(builder.multipart(MultiPart::alternative_plain_html(page.text, page.html)))
}

/// A mail of one sentence, perhaps with a button.
pub fn short(envelope: &Envelope<'_>, subject: &str, body: &str, button: Option<(&str, &Url)>) -> Result<Message, SendError> {
    let mut page = Page::begin(subject, envelope.language);
    page.paragraph(body);
    if let Some((label, url)) = button {
        page.button(label, url);
    }
    page.end();
    built(builder(envelope, subject)?.multipart(MultiPart::alternative_plain_html(page.text, page.html)))
}

/// A mail of one sentence, with a file of JSON.
pub fn with_file(envelope: &Envelope<'_>, subject: &str, body: &str, name: &str, json: String) -> Result<Message, SendError> {
    let mut page = Page::begin(subject, envelope.language);
    page.paragraph(body);
    page.end();
    let kind = header::ContentType::parse("application/json").map_err(bad_address)?;
    let parts = MultiPart::mixed()
        .multipart(MultiPart::alternative_plain_html(page.text, page.html))
        .singlepart(Attachment::new(name.to_owned()).body(json, kind));
    built(builder(envelope, subject)?.multipart(parts))
}

fn builder(envelope: &Envelope<'_>, subject: &str) -> Result<MessageBuilder, SendError> {
    let sender = envelope.mail.sender().map_err(bad_address)?;
    let address: Address = envelope.email.parse().map_err(bad_address)?;
    let name = Some(one_line(envelope.name)).filter(|name| !name.is_empty());
    Ok(Message::builder()
        .from(sender)
        .to(Mailbox::new(name, address))
        .subject(one_line(subject))
        .date(system_time(envelope.date))
        .message_id(Some(format!("<{}@{}>", envelope.id, domain(envelope.mail)?)))
        .header(AutoSubmitted("auto-generated".to_owned())))
}

fn built(message: Result<Message, lettre::error::Error>) -> Result<Message, SendError> {
    message.map_err(bad_address)
}

fn bad_address(error: impl std::fmt::Display) -> SendError {
    SendError { problem: Problem::Address, said: error.to_string() }
}

fn domain(mail: &Mail) -> Result<String, SendError> {
    mail.sender().map(|sender| sender.email.domain().to_owned()).map_err(|error: NoticesError| bad_address(error))
}

fn system_time(at: Millis) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

fn sender_of(thread: &Thread) -> &str {
    thread.lines.last().map_or("", |line| &line.sender)
}

/// The two bodies of a mail, written side by side.
#[derive(Debug)]
struct Page {
    text: String,
    html: String,
}

impl Page {
    fn of(envelope: &Envelope<'_>, notice: &Notice<'_>) -> Self {
        let language = envelope.language;
        let include_text = envelope.mail.settings.include_text;
        let mut page = Self::begin("Staffline", language);
        let lines = if notice.threads.len() == 1 { LINES as usize } else { DIGEST_LINES };
        for thread in notice.threads.iter().take(DIGEST_THREADS) {
            page.thread(thread, language, include_text.then_some(lines));
            page.button(words::open_chat(language), &chat(notice.base, thread.conversation_id));
        }
        let more = notice.threads.len().saturating_sub(DIGEST_THREADS);
        if more > 0 {
            page.paragraph(&words::and_chats(language, u32::try_from(more).unwrap_or(u32::MAX)));
        }
        page.footer(words::why(language), words::stop(language), notice.unsubscribe);
        page.end();
        page
    }

    fn begin(title: &str, language: Language) -> Self {
        let language = match language {
            Language::Ru => "ru",
            Language::En => "en",
        };
        let html = format!(
            "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
             <body style=\"margin:0;padding:24px;background:#f4f5f7;color:#0f1419;font:15px/1.4 sans-serif\">\
             <div style=\"max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-radius:16px\">",
            escaped(&one_line(title))
        );
        Self { text: String::new(), html }
    }

    fn end(&mut self) {
        self.html.push_str("</div></body></html>");
    }

    /// Without `lines`, only who wrote and how much.
    fn thread(&mut self, thread: &Thread, language: Language, lines: Option<usize>) {
        let name = one_line(thread.name.as_deref().unwrap_or_else(|| sender_of(thread)));
        let heading = format!("{name}: {}", words::unread(language, thread.count));
        let _ = writeln!(self.text, "{heading}\n");
        let _ = write!(self.html, "<p style=\"margin:16px 0 8px;font-weight:600\">{}</p>", escaped(&heading));
        let Some(lines) = lines else { return self.senders(thread) };
        let shown = &thread.lines[thread.lines.len().saturating_sub(lines)..];
        for line in shown {
            self.line(line, language);
        }
        let earlier = thread.count.saturating_sub(u32::try_from(shown.len()).unwrap_or(u32::MAX));
        if earlier > 0 {
            self.paragraph(&words::and_earlier(language, earlier));
        }
    }

    fn line(&mut self, line: &Line, language: Language) {
        let (sender, excerpt) = (one_line(&line.sender), excerpt(line, language));
        let _ = writeln!(self.text, "{sender}: {excerpt}");
        let _ = write!(
            self.html,
            "<p style=\"margin:4px 0;white-space:pre-line;overflow-wrap:anywhere\"><b>{}</b>: {}</p>",
            escaped(&sender),
            escaped(&excerpt)
        );
    }

    /// Of a group: each of the newest senders once. A direct conversation has its sender in the heading.
    fn senders(&mut self, thread: &Thread) {
        if thread.name.is_none() {
            return;
        }
        let mut names: Vec<_> = thread.lines.iter().map(|line| one_line(&line.sender)).collect();
        names.sort_unstable();
        names.dedup();
        self.paragraph(&names.join(", "));
    }

    fn paragraph(&mut self, words: &str) {
        let _ = writeln!(self.text, "{words}\n");
        let _ = write!(self.html, "<p style=\"margin:8px 0\">{}</p>", escaped(words));
    }

    fn button(&mut self, label: &str, url: &Url) {
        let _ = writeln!(self.text, "\n{label}: {url}\n");
        let _ = write!(
            self.html,
            "<p style=\"margin:16px 0\"><a href=\"{}\" style=\"display:inline-block;padding:10px 18px;border-radius:20px;\
             background:#7638fa;color:#ffffff;text-decoration:none\">{}</a></p>",
            escaped(url.as_str()),
            escaped(label)
        );
    }

    fn footer(&mut self, why: &str, stop: &str, url: &Url) {
        let _ = writeln!(self.text, "-- \n{why}\n{stop}: {url}");
        let _ = write!(
            self.html,
            "<p style=\"margin:24px 0 0;padding-top:12px;border-top:1px solid #e3e5ea;font-size:13px;color:#59616e\">{} \
             <a href=\"{}\" style=\"color:#59616e\">{}</a></p>",
            escaped(why),
            escaped(url.as_str()),
            escaped(stop)
        );
    }
}

#[must_use]
pub fn chat(base: &Url, conversation: ConversationId) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("/chat/{conversation}"));
    url
}

/// What a message says in short: its text, or what hangs on it.
fn excerpt(line: &Line, language: Language) -> String {
    if line.is_call {
        return words::missed_call(language).to_owned();
    }
    let text = shortened(&without_control(&line.text), EXCERPT);
    let files = (line.files > 0).then(|| words::files(language, line.files, line.file.as_deref().map(one_line).as_deref()));
    match (text.is_empty(), files) {
        (false, Some(files)) => format!("{text}\n{files}"),
        (true, Some(files)) => files,
        (_, None) => text,
    }
}

/// At most so many characters, cut where a word ends if there is one.
#[must_use]
pub fn shortened(text: &str, characters: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(characters) else { return text.to_owned() };
    let cut = text[..end].rfind(char::is_whitespace).filter(|at| *at > end / 2).unwrap_or(end);
    format!("{}…", text[..cut].trim_end())
}

/// Control characters and those that turn the direction of writing have no business in what somebody typed.
fn is_unwanted(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

fn without_control(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !is_unwanted(*c)).collect()
}

/// For a header or a heading: no line break, no control character, single spaces.
#[must_use]
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if is_unwanted(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For HTML text and attribute values.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A header of ours with a plain value.
macro_rules! plain_header {
    ($type:ident, $name:literal) => {
        #[derive(Clone, Debug)]
        struct $type(String);

        impl header::Header for $type {
            fn name() -> header::HeaderName {
                header::HeaderName::new_from_ascii_str($name)
            }

            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(text.to_owned()))
            }

            fn display(&self) -> header::HeaderValue {
                header::HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

plain_header!(ListUnsubscribe, "List-Unsubscribe");
plain_header!(ListUnsubscribePost, "List-Unsubscribe-Post");
plain_header!(AutoSubmitted, "Auto-Submitted");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_on_its_line() {
        assert_eq!(one_line("a\r\nBcc: b@c\0\u{2028}d\u{202e} e"), "a Bcc: b@c d e");
        assert_eq!(escaped("<img src=x onerror='a()'>\"&"), "&lt;img src=x onerror=&#39;a()&#39;&gt;&quot;&amp;");
        assert_eq!(shortened("one two three", 9), "one two…");
        assert_eq!(shortened("unbreakable", 4), "unbr…");
        assert_eq!(shortened(" short ", 10), "short");
    }
}
