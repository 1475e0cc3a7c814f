//! What officers find and read: conversations by who is in them, messages by what they say or said, a conversation with all that it was.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ArchiveError,
    model::{ArchivedConversation, ArchivedMessage},
    retention_policy,
    store::{
        keeping,
        reading::{self, Candidate, Period, Span, Wanted},
    },
};
use crate::{
    app::App,
    chat::{Message, MessageContent, messages::Place, search, store::messages},
    compliance::folded,
    events::EventId,
    files,
    ids::{ConversationId, UserId},
    users,
};

/// Which conversations are wanted; what is unset does not matter.
#[derive(Clone, Debug)]
pub struct Filter {
    /// In the name of a group, or in the name or login of somebody who is or was in it.
    pub text: Option<String>,
    pub person: Option<UserId>,
    pub conversation: Option<ConversationId>,
    /// With messages from this time.
    pub period: Period,
    /// The `last_seq` of the last one that the client has.
    pub before: Option<EventId>,
    pub limit: u32,
}

/// A stretch of the conversations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArchivedConversations {
    /// Those with the newest message first.
    pub conversations: Vec<ArchivedConversation>,
    /// True if there are more.
    pub more: bool,
}

pub async fn conversations(app: &App, filter: &Filter) -> sqlx::Result<ArchivedConversations> {
    let mut found = reading::candidates(&app.db, filter.conversation, filter.person, filter.period).await?;
    if let Some(before) = filter.before {
        found.retain(|candidate| candidate.last_seq < before);
    }
    if let Some(text) = filter.text.as_deref().map(folded).filter(|text| !text.is_empty()) {
        retain_named(app, &mut found, &text).await?;
    }
    let more = found.len() > filter.limit as usize;
    found.truncate(filter.limit as usize);
    let mut conversations = Vec::with_capacity(found.len());
    for candidate in found {
        conversations.push(described(app, candidate).await?);
    }
    Ok(ArchivedConversations { conversations, more })
}

async fn retain_named(app: &App, found: &mut Vec<Candidate>, text: &str) -> sqlx::Result<()> {
    let fits = |user: &users::User| folded(&user.name).contains(text) || folded(&user.login).contains(text);
    let named: HashSet<UserId> = users::all(&app.db).await?.into_iter().filter(fits).map(|user| user.id).collect();
    let everybody = reading::everybody(&app.db).await?;
    found.retain(|candidate| {
        let people = everybody.get(&candidate.id).map_or(&[][..], Vec::as_slice);
        candidate.name.as_deref().is_some_and(|name| folded(name).contains(text)) || people.iter().any(|id| named.contains(id))
    });
    Ok(())
}

async fn described(app: &App, Candidate { id, kind, name, last_seq, erased }: Candidate) -> sqlx::Result<ArchivedConversation> {
    let (messages, first_at, last_at) = reading::extent(&app.db, id).await?;
    Ok(ArchivedConversation {
        id,
        kind,
        name,
        people: reading::people(&app.db, id).await?,
        messages,
        first_at,
        last_at,
        last_seq,
        erased,
        held: keeping::is_held(app.db.read(), id, app.clock.now()).await?,
        retention_days: retention_policy(app).await?.days(id, &keeping::people(app.db.read(), id).await?),
    })
}

/// One that has messages.
pub async fn conversation(app: &App, id: ConversationId) -> Result<ArchivedConversation, ArchiveError> {
    let found = reading::candidates(&app.db, Some(id), None, Period::of(None, None)).await?.pop();
    Ok(described(app, found.ok_or(ArchiveError::NotFound)?).await?)
}

/// A stretch of a conversation, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArchivedMessages {
    pub messages: Vec<ArchivedMessage>,
    /// True if there are older ones: ask again with `before` = the first one's `seq`.
    pub more: bool,
    /// True if there are newer ones: ask again with `after` = the last one's `seq`.
    pub more_after: bool,
}

pub async fn messages(app: &App, id: ConversationId, place: Place, limit: u32) -> sqlx::Result<ArchivedMessages> {
    let stretch = messages::stretch(&app.db, id, place.stretch(limit)).await?;
    let (Some(first), Some(last)) = (stretch.first().map(|m| m.seq), stretch.last().map(|m| m.seq)) else {
        return Ok(ArchivedMessages { messages: Vec::new(), more: false, more_after: false });
    };
    let more = !messages::stretch(&app.db, id, Place::Before(first).stretch(1)).await?.is_empty();
    let more_after = !messages::stretch(&app.db, id, Place::After(last).stretch(1)).await?.is_empty();
    Ok(ArchivedMessages { messages: with_history(app, id, stretch).await?, more, more_after })
}

/// All that messages of a stretch of one conversation were.
pub(super) async fn with_history(app: &App, id: ConversationId, stretch: Vec<Message>) -> sqlx::Result<Vec<ArchivedMessage>> {
    let (Some(first), Some(last)) = (stretch.first().map(|m| m.seq), stretch.last().map(|m| m.seq)) else {
        return Ok(Vec::new());
    };
    let span = Span { conversation: id, first, last };
    let mut versions = reading::versions(&app.db, span).await?;
    let mut files = files::of_messages(&app.db, id, first, last).await?;
    let replies = reading::replies(&app.db, span).await?;
    let archived = |message: Message| ArchivedMessage {
        versions: versions.remove(&message.id).unwrap_or_default(),
        files: files.remove(&message.id).unwrap_or_default(),
        reply_to_id: replies.get(&message.id).copied(),
        // Nobody deletes what another one sent.
        deleted_by: matches!(message.content, MessageContent::Deleted { .. }).then_some(message.sender_id),
        message,
    };
    Ok(stretch.into_iter().map(archived).collect())
}

/// What is looked for in messages.
#[derive(Clone, Debug)]
pub struct Query {
    pub text: String,
    pub conversation: Option<ConversationId>,
    pub sender: Option<UserId>,
    pub period: Period,
    pub before: Option<EventId>,
    pub limit: u32,
}

/// Messages that a search found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArchivedHits {
    /// The newest first. What was found may be what one said before.
    pub messages: Vec<ArchivedMessage>,
    /// True if there are more: ask again with `before` = the last one's `seq`.
    pub more: bool,
}

/// Messages that have, or had, for each word of the query a word that begins with it.
pub async fn find(app: &App, query: &Query) -> Result<ArchivedHits, ArchiveError> {
    let words = search::wanted(&query.text).map_err(|_| ArchiveError::BadQuery)?;
    let wanted = Wanted {
        conversation: query.conversation,
        sender: query.sender,
        period: query.period,
        before: query.before.unwrap_or(EventId(i64::MAX)),
    };
    let enough = query.limit + 1;
    let mut places: BTreeSet<_> = reading::find_current(&app.db, &words, wanted, enough).await?.into_iter().collect();
    places.extend(find_earlier(app, &words, wanted, enough as usize).await?);
    let more = places.len() > query.limit as usize;
    let mut found = Vec::new();
    for (seq, conversation) in places.into_iter().rev().take(query.limit as usize) {
        let one = messages::stretch(&app.db, conversation, Place::Around(seq).stretch(1)).await?;
        found.extend(with_history(app, conversation, one).await?);
    }
    Ok(ArchivedHits { messages: found, more })
}

/// The few messages that were changed are read through: what they said is in no index.
async fn find_earlier(app: &App, words: &[String], mut wanted: Wanted, enough: usize) -> sqlx::Result<BTreeSet<reading::Place>> {
    const PAGE: u32 = 1_000;
    let mut found = BTreeSet::new();
    loop {
        let page = reading::earlier(&app.db, wanted, PAGE).await?;
        found.extend(page.iter().filter(|(_, text)| search::has_all(text, words)).map(|(place, _)| *place));
        let Some(((last, _), _)) = page.last() else { return Ok(found) };
        if page.len() < PAGE as usize || found.len() >= enough {
            return Ok(found);
        }
        // The last one's other versions may be on the next page.
        wanted.before = EventId(last.0 + i64::from(wanted.before.0 > last.0 + 1));
    }
}
