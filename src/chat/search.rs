//! Full-text search over one's own conversations.
//!
//! What a word is, and which letters are one, is decided here and nowhere else: the databases are given words that are folded already, and
//! only look up which messages have words that begin so.

use super::{ChatError, Found, Hit, Message, MessageContent, member, store};
use crate::{
    db::{Db, Engine, Tx},
    events::EventId,
    ids::{ConversationId, UserId},
};

/// Characters of a query.
const MAX_QUERY: usize = 200;
/// Of a longer word the rest is not looked at; PostgreSQL takes no word over 2 KiB.
const MAX_WORD: usize = 100;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    /// Where it begins in the text, in bytes.
    start: usize,
    /// Each of its letters as it is searched, with the length of what stands in the text for it. Never empty.
    letters: Vec<(Letter, usize)>,
}

/// What one letter is searched as: several letters for a few, as `ß` in capitals; none for an accent that stands by itself.
type Letter = String;

impl Word {
    fn folded(&self) -> String {
        self.letters.iter().map(|(letter, _)| letter.as_str()).collect()
    }

    /// Bytes of the text that say `prefix`, if the word begins with it.
    fn matched(&self, prefix: &str) -> Option<usize> {
        let (mut folded, mut length) = (String::new(), 0);
        for (letter, bytes) in &self.letters {
            if folded.len() >= prefix.len() && !letter.is_empty() {
                break;
            }
            folded.push_str(letter);
            length += bytes;
        }
        folded.starts_with(prefix).then_some(length)
    }
}

/// Cuts a text into words of letters and digits, in lower case, with ё as е. й and и stay two letters, however й is written.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let mark = ('\u{300}'..='\u{36f}').contains(&c);
        match words.last_mut().filter(|_| open) {
            Some(word) if mark => add_mark(word, c),
            Some(word) if c.is_alphanumeric() => word.letters.push((fold(c), c.len_utf8())),
            None if c.is_alphanumeric() => words.push(Word { start: at, letters: vec![(fold(c), c.len_utf8())] }),
            _ => {}
        }
        open = c.is_alphanumeric() || (open && mark);
    }
    words.iter_mut().for_each(|word| word.letters.truncate(MAX_WORD));
    words
}

fn fold(c: char) -> Letter {
    // A capital İ becomes an i with a dot of its own.
    c.to_lowercase().filter(|c| c.is_alphanumeric()).map(|c| if c == 'ё' { 'е' } else { c }).collect()
}

/// An accent that is a character of its own belongs to the letter before it.
fn add_mark(word: &mut Word, mark: char) {
    if let Some((letter, length)) = word.letters.last_mut() {
        if mark == '\u{306}' && letter == "и" {
            *letter = "й".to_owned();
        }
        *length += mark.len_utf8();
    }
}

/// The words by which a message is found: of its text and of the names of its files. Empty if it is not to be found.
fn searched(message: &Message) -> String {
    let MessageContent::Text { text, attachments, .. } = &message.content else { return String::new() };
    let names = attachments.iter().flat_map(|attachment| words(&attachment.name));
    words(text).into_iter().chain(names).map(|word| word.folded()).collect::<Vec<_>>().join(" ")
}

/// Makes a message findable by what it says now. Calls and notices are not.
pub(super) async fn index(tx: &mut Tx, engine: Engine, message: &Message) -> sqlx::Result<()> {
    store::search::put(tx, engine, message, &searched(message)).await
}

/// Makes the search's tables, if they are not there, and fills them with what has been written before.
pub async fn prepare(db: &Db) -> sqlx::Result<()> {
    const BATCH: u32 = 500;
    let mut tx = db.begin().await?;
    if !store::search::create(&mut tx, db.engine()).await? {
        return Ok(());
    }
    let mut after = EventId(0);
    loop {
        let batch = store::search::texts(&mut tx, after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.seq;
        for message in &batch {
            index(&mut tx, db.engine(), message).await?;
        }
    }
    tx.commit().await
}

/// Leaves nothing of what was taken out.
pub(super) async fn tidy(db: &Db) -> sqlx::Result<()> {
    store::search::tidy(db).await
}

/// Whether a text has, for each of the words, a word that begins with it.
pub(super) fn has_all(text: &str, wanted: &[String]) -> bool {
    let said = words(text);
    wanted.iter().all(|prefix| said.iter().any(|word| word.matched(prefix).is_some()))
}

/// What somebody looks for.
#[derive(Clone, Debug)]
pub struct Query {
    pub text: String,
    /// In this conversation only.
    pub conversation: Option<ConversationId>,
    pub before: Option<EventId>,
    pub limit: u32,
}

/// Messages of the reader's conversations that have, for each word of the query, a word that begins with it. Newest first.
pub async fn find(db: &Db, reader: UserId, query: &Query) -> Result<Found, ChatError> {
    let wanted = wanted(&query.text)?;
    if let Some(conversation) = query.conversation {
        member(db.read(), conversation, reader).await?;
    }
    let place = store::search::Place {
        conversation: query.conversation,
        before: query.before.unwrap_or(EventId(i64::MAX)),
        // One more than asked for tells whether there are more.
        limit: query.limit + 1,
    };
    let mut messages = store::search::find(db, reader, &wanted, place).await?;
    let more = messages.len() > query.limit as usize;
    messages.truncate(query.limit as usize);
    let hit = |message: Message| Hit { ranges: ranges(&message, &wanted), message };
    Ok(Found { hits: messages.into_iter().map(hit).collect(), more })
}

/// The words of a query. Signs mean nothing: there are no operators.
pub(super) fn wanted(query: &str) -> Result<Vec<String>, ChatError> {
    if query.chars().count() > MAX_QUERY {
        return Err(ChatError::BadQuery);
    }
    let mut wanted: Vec<_> = words(query).iter().map(Word::folded).filter(|word| !word.is_empty()).collect();
    wanted.sort();
    wanted.dedup();
    if wanted.is_empty() { Err(ChatError::BadQuery) } else { Ok(wanted) }
}

/// What of a text matched, in UTF-16 code units; of several words that match the same one, the longest.
fn ranges(message: &Message, wanted: &[String]) -> Vec<[u32; 2]> {
    let MessageContent::Text { text, .. } = &message.content else { return Vec::new() };
    let matched = |word: &Word| {
        let length = wanted.iter().filter_map(|prefix| word.matched(prefix)).max()?;
        Some((word.start, word.start + length))
    };
    let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    let (mut at, mut units_before) = (0, 0);
    let mut ranges = Vec::new();
    for (start, end) in words(text).iter().filter_map(matched) {
        let first = units_before + units(&text[at..start]);
        let last = first + units(&text[start..end]);
        ranges.push([first, last]);
        (at, units_before) = (end, last);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        words(text).iter().map(Word::folded).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn letters_that_are_one_are_folded_into_one() {
        assert_eq!(folded("Ёлка, ЁЖ ёж"), "елка еж еж");
        assert_eq!(folded("Йод и ИОД"), "йод и иод", "й is no и");
        assert_eq!(folded("Е\u{308}лка и\u{306}од"), "елка йод", "also where the accent is a character of its own");
        assert_eq!(folded("foo-bar_baz@x.ru: 12,5%"), "foo bar baz x ru 12 5");
        assert_eq!(folded("\"a\" OR (b*) NOT c\0d \u{1f600}"), "a or b not c d");
        assert_eq!(folded("İx"), "ix");
        assert_eq!(folded(&"я".repeat(300)).chars().count(), MAX_WORD);
        assert_eq!(folded("  \u{301}\u{200b}—"), "");
    }

    #[test]
    fn a_query_is_words_and_nothing_else() {
        assert_eq!(wanted("b* \"a\" b").ok(), Some(vec!["a".to_owned(), "b".to_owned()]));
        for bad in ["", "  ", "\"*()'", "\0", "\u{1f600}", &"x".repeat(201)] {
            assert!(matches!(wanted(bad), Err(ChatError::BadQuery)), "{bad:?}");
        }
    }
}
