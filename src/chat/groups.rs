//! Groups: made, named, pictured; who comes, who goes.

use std::collections::HashSet;

use super::{
    ChatError, Conversation, ConversationKind, Member, Message, MessageContent, Notice, messages, standing_in_group, store,
};
use crate::{
    app::App,
    clock::Millis,
    db::Tx,
    events::{self, Audience, Event, EventId},
    ids::{ConversationId, MessageId, PictureId, UserId},
    users,
};

/// Members of a group beside its maker.
pub const MAX_OTHERS: usize = 1_000;

/// Makes a group that `maker` owns.
pub async fn create(app: &App, maker: UserId, name: &str, others: &[UserId]) -> Result<Conversation, ChatError> {
    let name = check_name(name)?;
    let others = distinct(others, |user| user != maker);
    if others.len() > MAX_OTHERS {
        return Err(ChatError::GroupTooLarge);
    }
    let now = app.clock.now();
    let member = |user_id| Member { user_id, owner: user_id == maker, read_seq: EventId(0) };
    let mut members: Vec<_> = others.iter().copied().chain([maker]).map(member).collect();
    members.sort_by_key(|member| member.user_id);
    let mut group = Conversation {
        id: ConversationId::new(),
        kind: ConversationKind::Group,
        name: Some(name.clone()),
        picture: None,
        members,
        created_at: now,
        last_message: None,
    };
    let mut tx = app.db.begin().await?;
    users::all_active(&mut tx, &others).await?;
    store::conversations::insert(&mut tx, &group, None).await?;
    let event = Event::ConversationCreated { conversation: group.clone() };
    events::append(&mut tx, Audience::Conversation(group.id), &event, now).await?;
    group.last_message = Some(notice(&mut tx, group.id, maker, Notice::Created { name }, now).await?);
    app.publisher.commit(tx).await?;
    Ok(group)
}

pub async fn rename(app: &App, by: UserId, id: ConversationId, name: &str) -> Result<Conversation, ChatError> {
    let name = check_name(name)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let event_id = events::next_id(&mut tx).await?;
    standing_in_group(&mut tx, id, by).await?;
    let before = read(&mut tx, id).await?;
    if before.name.as_ref() == Some(&name) {
        return Ok(before);
    }
    store::conversations::set_name(&mut tx, id, &name).await?;
    changed(app, tx, event_id, id, by, Notice::Renamed { name }, now).await
}

/// Sets or takes away the picture of a group; the one before comes back too.
pub async fn set_picture(
    app: &App,
    by: UserId,
    id: ConversationId,
    picture: Option<PictureId>,
) -> Result<(Conversation, Option<PictureId>), ChatError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let event_id = events::next_id(&mut tx).await?;
    standing_in_group(&mut tx, id, by).await?;
    let before = read(&mut tx, id).await?;
    if before.picture == picture {
        return Ok((before, None));
    }
    store::conversations::set_picture(&mut tx, id, picture).await?;
    Ok((changed(app, tx, event_id, id, by, Notice::PictureChanged, now).await?, before.picture))
}

/// Adds members. They see all that was written before, as read.
pub async fn add(app: &App, by: UserId, id: ConversationId, users: &[UserId]) -> Result<Conversation, ChatError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let first_event = events::next_id(&mut tx).await?;
    let standing = standing_in_group(&mut tx, id, by).await?;
    let present: HashSet<_> = store::members::of(&mut *tx, id).await?.into_iter().collect();
    let added = distinct(users, |user| !present.contains(&user));
    if present.len() + added.len() > MAX_OTHERS + 1 {
        return Err(ChatError::GroupTooLarge);
    }
    users::all_active(&mut tx, &added).await?;
    if added.is_empty() {
        return read(&mut tx, id).await;
    }
    let read_seq = standing.ends.map_or(EventId(0), |(_, newest)| newest);
    for user_id in &added {
        let member = Member { user_id: *user_id, owner: false, read_seq };
        store::members::insert(&mut tx, id, &member, first_event, now).await?;
    }
    let created = Event::ConversationCreated { conversation: read(&mut tx, id).await? };
    events::insert(&mut tx, first_event, Audience::User(added[0]), &created, now).await?;
    for user in &added[1..] {
        events::append(&mut tx, Audience::User(*user), &created, now).await?;
    }
    let event_id = events::next_id(&mut tx).await?;
    changed(app, tx, event_id, id, by, Notice::MembersAdded { user_ids: added }, now).await
}

/// Removes a member, or leaves. An owner who leaves hands over to the longest-standing member.
pub async fn remove(app: &App, by: UserId, id: ConversationId, user: UserId) -> Result<(), ChatError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // First, because it is the lock: what is written after the removal is written without the one who was removed.
    let event_id = events::next_id(&mut tx).await?;
    let standing = standing_in_group(&mut tx, id, by).await?;
    if user != by && !standing.owner {
        return Err(ChatError::NotTheOwner);
    }
    if !store::members::delete(&mut tx, id, user, now).await? {
        return Err(ChatError::NoSuchConversation);
    }
    if user == by && standing.owner {
        hand_over(&mut tx, id).await?;
    }
    let left = Event::ConversationLeft { conversation_id: id };
    events::insert(&mut tx, event_id, Audience::User(user), &left, now).await?;
    let event_id = events::next_id(&mut tx).await?;
    let what = if user == by { Notice::MemberLeft } else { Notice::MemberRemoved { user_id: user } };
    changed(app, tx, event_id, id, by, what, now).await.map(drop)
}

/// To one who can still sign in, if there is one.
async fn hand_over(tx: &mut Tx, id: ConversationId) -> Result<(), ChatError> {
    match store::members::longest_standing(tx, id).await? {
        Some(user) => Ok(store::members::set_owner(tx, id, user).await?),
        None => Ok(()),
    }
}

/// The groups of one who is being deactivated get other owners: somebody must be able to remove members. A group that nobody else can
/// use stays as it is.
pub async fn hand_over_all(tx: &mut Tx, owner: UserId, by: UserId, now: Millis) -> sqlx::Result<()> {
    for (id, heir) in store::members::owned_with_heir(tx, owner).await? {
        store::members::set_owner(tx, id, heir).await?;
        if let Some(group) = store::conversations::by_id(tx, id).await? {
            let event_id = events::next_id(tx).await?;
            tell(tx, event_id, group, by, Notice::OwnerChanged { user_id: heir }, now).await?;
        }
    }
    Ok(())
}

/// Tells the members of a change that is made, leaves a notice of it, and commits.
async fn changed(
    app: &App,
    mut tx: Tx,
    event_id: EventId,
    id: ConversationId,
    by: UserId,
    what: Notice,
    now: Millis,
) -> Result<Conversation, ChatError> {
    let group = read(&mut tx, id).await?;
    let group = tell(&mut tx, event_id, group, by, what, now).await?;
    app.publisher.commit(tx).await?;
    Ok(group)
}

/// The group as it is now, and the notice of how it came to be so.
async fn tell(
    tx: &mut Tx,
    event_id: EventId,
    mut group: Conversation,
    by: UserId,
    what: Notice,
    now: Millis,
) -> sqlx::Result<Conversation> {
    let event = Event::ConversationUpdated { conversation: Conversation { last_message: None, ..group.clone() } };
    events::insert(tx, event_id, Audience::Conversation(group.id), &event, now).await?;
    group.last_message = Some(notice(tx, group.id, by, what, now).await?);
    Ok(group)
}

async fn read(tx: &mut Tx, id: ConversationId) -> Result<Conversation, ChatError> {
    store::conversations::by_id(tx, id).await?.ok_or(ChatError::NoSuchConversation)
}

async fn notice(tx: &mut Tx, id: ConversationId, by: UserId, notice: Notice, now: Millis) -> sqlx::Result<Message> {
    let message = Message {
        id: MessageId::new(),
        conversation_id: id,
        seq: events::next_id(tx).await?,
        sender_id: by,
        // A client's own keys have no colon.
        client_key: format!("notice:{}", MessageId::new()),
        created_at: now,
        content: MessageContent::Notice { notice },
    };
    store::messages::insert(tx, &message).await?;
    messages::tell(tx, &message).await?;
    Ok(message)
}

fn distinct(users: &[UserId], fits: impl Fn(UserId) -> bool) -> Vec<UserId> {
    let mut seen = HashSet::new();
    users.iter().copied().filter(|user| fits(*user) && seen.insert(*user)).collect()
}

fn check_name(name: &str) -> Result<String, ChatError> {
    let name = name.trim();
    let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(ChatError::BadName) }
}
