//! A conversation as it leaves the server: every message with all that it was as JSON lines, the same to read as a page, its files.

use std::{collections::HashMap, fmt::Write as _};

use serde::Serialize;

use super::{
    ArchiveError,
    model::{ArchivedConversation, ArchivedMessage, Hold},
    page::{self, Reader},
    reading,
    store::{
        self,
        reading::{Period, count_in},
    },
};
use crate::{
    app::App,
    chat::{messages::Place, store::messages},
    clock::Millis,
    events::EventId,
    ids::{AttachmentId, ConversationId, UserId},
    users::{self, User, settings::Language},
};

/// More would not fit into memory with everything else.
const MOST_MESSAGES: u64 = 200_000;
/// Messages that are read at once.
const PAGE: u32 = 500;

/// A conversation in a bundle: files that are small, and those whose bytes are in the object store.
#[derive(Clone, Debug)]
pub struct Content {
    pub id: ConversationId,
    /// Name within the conversation's folder, and bytes.
    pub texts: Vec<(&'static str, Vec<u8>)>,
    pub files: Vec<File>,
}

#[derive(Clone, Debug)]
pub struct File {
    /// Within the conversation's folder.
    pub name: String,
    pub id: AttachmentId,
    pub size: u64,
}

/// What is known of the conversation besides its messages.
#[derive(Debug, Serialize)]
struct Details<'a> {
    #[serde(flatten)]
    conversation: &'a ArchivedConversation,
    /// What was asked for; unset: all that is kept.
    from: Option<Millis>,
    to: Option<Millis>,
    /// How many messages of that time were there.
    exported: u64,
    names: Vec<Named<'a>>,
    holds: Vec<Hold>,
}

/// Whose id is whose.
#[derive(Debug, Serialize)]
struct Named<'a> {
    user_id: UserId,
    login: &'a str,
    name: &'a str,
}

/// Whether a conversation is there, and fits into an export.
pub async fn check(app: &App, id: ConversationId, from: Option<Millis>, to: Option<Millis>) -> Result<u64, ArchiveError> {
    reading::conversation(app, id).await?;
    let count = count_in(&app.db, id, Period::of(from, to)).await?;
    if count > MOST_MESSAGES { Err(ArchiveError::TooLarge) } else { Ok(count) }
}

/// All of it but the bytes of its files; the page in this language.
pub async fn content(
    app: &App,
    id: ConversationId,
    from: Option<Millis>,
    to: Option<Millis>,
    language: Language,
) -> Result<Content, ArchiveError> {
    check(app, id, from, to).await?;
    let users: HashMap<_, _> = users::all(&app.db).await?.into_iter().map(|user| (user.id, user)).collect();
    let conversation = reading::conversation(app, id).await?;
    let reader = Reader { users: &users, language };
    let mut written = Written { html: reader.head(&conversation, from, to), ..Written::default() };
    let mut after = match from {
        None => EventId(0),
        Some(from) => match store::reading::place_at(&app.db, id, from).await? {
            Some(first) => EventId(first.0 - 1),
            None => EventId(i64::MAX),
        },
    };
    loop {
        let stretch = messages::stretch(&app.db, id, Place::After(after).stretch(PAGE)).await?;
        let Some(last) = stretch.last() else { break };
        after = last.seq;
        let fits = |message: &ArchivedMessage| {
            let at = message.message.created_at;
            from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
        };
        let archived = reading::with_history(app, id, stretch).await?;
        archived.iter().filter(|message| fits(message)).for_each(|message| written.add(&reader, message));
    }
    written.html.push_str(page::FOOT);
    let details = details(app, &conversation, &users, (from, to), written.count).await?;
    let texts =
        vec![("messages.jsonl", written.lines), ("conversation.html", written.html.into_bytes()), ("details.json", details)];
    Ok(Content { id, texts, files: written.files })
}

async fn details(
    app: &App,
    conversation: &ArchivedConversation,
    users: &HashMap<UserId, User>,
    (from, to): (Option<Millis>, Option<Millis>),
    exported: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let people = conversation.people.iter().filter_map(|person| users.get(&person.user_id));
    let names = people.map(|user| Named { user_id: user.id, login: &user.login, name: &user.name }).collect();
    let holds = store::holds::of_conversation(&app.db, conversation.id).await?;
    let details = Details { conversation, from, to, exported, names, holds };
    Ok(serde_json::to_vec_pretty(&details).map_err(|error| sqlx::Error::Encode(error.into()))?)
}

#[derive(Debug, Default)]
struct Written {
    lines: Vec<u8>,
    html: String,
    files: Vec<File>,
    count: u64,
}

impl Written {
    fn add(&mut self, reader: &Reader<'_>, message: &ArchivedMessage) {
        self.count += 1;
        self.lines.extend(serde_json::to_vec(message).expect("a message is JSON"));
        self.lines.push(b'\n');
        let _ = writeln!(self.html, "{}", reader.message(message));
        self.files.extend(message.files.iter().map(|file| File { name: page::file_name(file), id: file.id, size: file.size }));
    }
}
