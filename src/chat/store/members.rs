//! Who is in a conversation, and what is each member's own: what they have read, their draft, whether it is muted.

use sqlx::{AnyConnection, AnyExecutor, Row};

use super::{conversations::draft, messages::quote_columns};
use crate::{
    chat::{Draft, Member},
    clock::Millis,
    db,
    events::EventId,
    ids::{ConversationId, UserId},
};

/// Where a conversation stands for one of its members.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub group: bool,
    pub owner: bool,
    pub read_seq: EventId,
    /// Of the oldest and the newest message, if there is any.
    pub ends: Option<(EventId, EventId)>,
}

/// Events of the conversation are told to the member from `joined_seq` on.
pub async fn insert(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    member: &Member,
    joined_seq: EventId,
    now: Millis,
) -> sqlx::Result<()> {
    let sql =
        "insert into members (conversation_id, user_id, joined_at, owner, read_seq, joined_seq) values ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(conversation.to_string())
        .bind(member.user_id.to_string())
        .bind(now.0)
        .bind(i64::from(member.owner))
        .bind(member.read_seq.0)
        .bind(joined_seq.0)
        .execute(tx)
        .await
        .map(drop)
}

/// `None` if the user is no member.
pub async fn standing(
    executor: impl AnyExecutor<'_>,
    conversation: ConversationId,
    user: UserId,
) -> sqlx::Result<Option<Standing>> {
    let sql = "select c.kind, me.owner, me.read_seq, \
        (select min(seq) from messages where conversation_id = $1) as oldest, \
        (select max(seq) from messages where conversation_id = $1) as newest \
        from members me join conversations c on c.id = me.conversation_id where me.conversation_id = $1 and me.user_id = $2";
    let row = sqlx::query(sql).bind(conversation.to_string()).bind(user.to_string()).fetch_optional(executor).await?;
    let Some(row) = row else { return Ok(None) };
    let end = |column| row.try_get::<Option<i64>, _>(column).map(|seq| seq.map(EventId));
    Ok(Some(Standing {
        group: row.try_get::<String, _>("kind")? == "group",
        owner: row.try_get::<i64, _>("owner")? != 0,
        read_seq: EventId(row.try_get("read_seq")?),
        ends: end("oldest")?.zip(end("newest")?),
    }))
}

pub async fn is_member(executor: impl AnyExecutor<'_>, conversation: ConversationId, user: UserId) -> sqlx::Result<bool> {
    let sql = "select user_id from members where conversation_id = $1 and user_id = $2";
    let row = sqlx::query(sql).bind(conversation.to_string()).bind(user.to_string()).fetch_optional(executor).await?;
    Ok(row.is_some())
}

pub async fn of(executor: impl AnyExecutor<'_>, conversation: ConversationId) -> sqlx::Result<Vec<UserId>> {
    let sql = "select user_id from members where conversation_id = $1";
    let rows = sqlx::query(sql).bind(conversation.to_string()).fetch_all(executor).await?;
    rows.iter().map(|row| db::parsed(row, "user_id")).collect()
}

/// Who has been in it longest, before others one who is not deactivated.
pub async fn longest_standing(tx: &mut AnyConnection, conversation: ConversationId) -> sqlx::Result<Option<UserId>> {
    let sql = "select m.user_id from members m join users u on u.id = m.user_id where m.conversation_id = $1 \
        order by case when u.deactivated_at is null then 0 else 1 end, m.joined_at, m.joined_seq, m.user_id limit 1";
    let row = sqlx::query(sql).bind(conversation.to_string()).fetch_optional(tx).await?;
    row.map(|row| db::parsed(&row, "user_id")).transpose()
}

/// The members by the key of their login.
pub async fn by_login_key(tx: &mut AnyConnection, conversation: ConversationId) -> sqlx::Result<Vec<(String, UserId)>> {
    let sql = "select u.login_key, u.id from members m join users u on u.id = m.user_id where m.conversation_id = $1";
    let rows = sqlx::query(sql).bind(conversation.to_string()).fetch_all(tx).await?;
    rows.iter().map(|row| Ok((row.try_get("login_key")?, db::parsed(row, "id")?))).collect()
}

/// With what was only theirs; that they were in it is remembered. False if the user was no member.
pub async fn delete(tx: &mut AnyConnection, conversation: ConversationId, user: UserId, now: Millis) -> sqlx::Result<bool> {
    delete_draft(tx, conversation, user).await?;
    let query = sqlx::query("delete from members where conversation_id = $1 and user_id = $2").bind(conversation.to_string());
    let was_member = query.bind(user.to_string()).execute(&mut *tx).await?.rows_affected() == 1;
    if was_member {
        let sql = "insert into past_members (conversation_id, user_id, left_at) values ($1, $2, $3) \
            on conflict (conversation_id, user_id) do update set left_at = excluded.left_at";
        let query = sqlx::query(sql).bind(conversation.to_string()).bind(user.to_string()).bind(now.0);
        query.execute(tx).await?;
    }
    Ok(was_member)
}

/// The groups that a user owns, each with the one who has been in it longest and is not deactivated.
pub async fn owned_with_heir(tx: &mut AnyConnection, owner: UserId) -> sqlx::Result<Vec<(ConversationId, UserId)>> {
    let sql = "select o.conversation_id, (select m.user_id from members m join users u on u.id = m.user_id \
        where m.conversation_id = o.conversation_id and m.user_id <> o.user_id and u.deactivated_at is null \
        order by m.joined_at, m.joined_seq, m.user_id limit 1) as heir \
        from members o where o.user_id = $1 and o.owner = 1 order by o.conversation_id";
    let rows = sqlx::query(sql).bind(owner.to_string()).fetch_all(tx).await?;
    let owned = rows.iter().map(|row| Ok((db::parsed(row, "conversation_id")?, db::optional(row, "heir")?)));
    let owned: Vec<(_, Option<_>)> = owned.collect::<sqlx::Result<_>>()?;
    Ok(owned.into_iter().filter_map(|(id, heir)| Some((id, heir?))).collect())
}

/// In place of whoever owns it now.
pub async fn set_owner(tx: &mut AnyConnection, conversation: ConversationId, user: UserId) -> sqlx::Result<()> {
    let sql = "update members set owner = case when user_id = $2 then 1 else 0 end \
        where conversation_id = $1 and (owner = 1 or user_id = $2)";
    sqlx::query(sql).bind(conversation.to_string()).bind(user.to_string()).execute(tx).await.map(drop)
}

/// False if the member had read as far before.
pub async fn advance_read(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    user: UserId,
    seq: EventId,
) -> sqlx::Result<bool> {
    let query = sqlx::query("update members set read_seq = $3 where conversation_id = $1 and user_id = $2 and read_seq < $3");
    let query = query.bind(conversation.to_string()).bind(user.to_string()).bind(seq.0);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

/// False if it was so before.
pub async fn set_muted(tx: &mut AnyConnection, conversation: ConversationId, user: UserId, muted: bool) -> sqlx::Result<bool> {
    let query = sqlx::query("update members set muted = $3 where conversation_id = $1 and user_id = $2 and muted <> $3");
    let query = query.bind(conversation.to_string()).bind(user.to_string()).bind(i64::from(muted));
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

pub async fn draft_of(tx: &mut AnyConnection, conversation: ConversationId, user: UserId) -> sqlx::Result<Option<Draft>> {
    let sql = concat!(
        "select d.text as d_text, d.updated_at as d_updated_at, ",
        quote_columns!("dq"),
        " from drafts d left join messages dq on dq.id = d.reply_to_id where d.user_id = $1 and d.conversation_id = $2"
    );
    let row = sqlx::query(sql).bind(user.to_string()).bind(conversation.to_string()).fetch_optional(tx).await?;
    row.as_ref().map_or(Ok(None), draft)
}

pub async fn save_draft(tx: &mut AnyConnection, conversation: ConversationId, user: UserId, draft: &Draft) -> sqlx::Result<()> {
    let sql = "insert into drafts (user_id, conversation_id, text, reply_to_id, updated_at) values ($1, $2, $3, $4, $5) \
        on conflict (user_id, conversation_id) do update \
        set text = excluded.text, reply_to_id = excluded.reply_to_id, updated_at = excluded.updated_at";
    sqlx::query(sql)
        .bind(user.to_string())
        .bind(conversation.to_string())
        .bind(&draft.text)
        .bind(draft.reply_to.as_ref().map(|quote| quote.message_id.to_string()))
        .bind(draft.updated_at.0)
        .execute(tx)
        .await
        .map(drop)
}

/// False if there was none.
pub async fn delete_draft(tx: &mut AnyConnection, conversation: ConversationId, user: UserId) -> sqlx::Result<bool> {
    let query = sqlx::query("delete from drafts where user_id = $1 and conversation_id = $2").bind(user.to_string());
    Ok(query.bind(conversation.to_string()).execute(tx).await?.rows_affected() == 1)
}
