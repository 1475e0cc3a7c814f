//! What officers find and see of recordings.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row as _, any::AnyRow};
use staffline_media::control::PeerId;

use super::heads::unsigned;
use crate::{
    clock::Millis,
    db::{self, Db},
    ids::{CallId, ConversationId, RecordingId, UserId},
    recordings::model::{ConsentGiven, Entry, Failure, Hold, Note, Review, Stream, StreamKind},
};

/// Which recordings are wanted; what is unset does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Folded: in the tag or a note, or the name of one of these users.
    pub text: Option<String>,
    /// Those whose names fit `text`.
    pub named: Vec<UserId>,
    pub user_id: Option<UserId>,
    pub from: Option<Millis>,
    pub to: Option<Millis>,
    pub min_ms: Option<i64>,
    pub max_ms: Option<i64>,
    pub conversation_id: Option<ConversationId>,
    pub outcome: Option<String>,
    /// Folded.
    pub tag: Option<String>,
    pub review: Option<Review>,
    /// Older than this one.
    pub before: Option<RecordingId>,
}

/// A condition with its values, numbered as they come.
#[derive(Debug, Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Number(i64),
}

impl Conditions {
    /// `{}` stands for the value; nothing is added where it is unset.
    fn add(&mut self, condition: &str, value: Option<Value>) {
        if let Some(value) = value {
            let place = self.place(value);
            self.sql.push(condition.replace("{}", &place));
        }
    }

    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }
}

fn text(value: &impl ToString) -> Value {
    Value::Text(value.to_string())
}

const ENTRY: &str = "select r.id, r.call_id, r.conversation_id, r.kind, r.caller_id, r.callee_id, r.rule, r.mode, r.notice_version, r.state, \
    r.started_at, r.ended_at, r.duration_ms, r.gaps, r.bytes, c.outcome, r.tag, r.review, r.retain_until, r.erased_at, \
    (select count(*) from recording_holds h where h.recording_id = r.id and h.released_at is null \
        and (h.until is null or h.until > $1)) as holds \
    from recordings r left join calls c on c.id = r.call_id";

/// The newest first.
pub async fn list(db: &Db, filter: &Filter, now: Millis, limit: u32) -> sqlx::Result<Vec<Entry>> {
    let mut conditions = Conditions::default();
    let moment = conditions.place(Value::Number(now.0));
    debug_assert_eq!(moment, "$1", "ENTRY counts on it");
    conditions.add("r.id < {}", filter.before.as_ref().map(text));
    conditions.add("(r.caller_id = {} or r.callee_id = {})", filter.user_id.as_ref().map(text));
    conditions.add("r.started_at >= {}", filter.from.map(|at| Value::Number(at.0)));
    conditions.add("r.started_at < {}", filter.to.map(|at| Value::Number(at.0)));
    conditions.add("r.duration_ms >= {}", filter.min_ms.map(Value::Number));
    conditions.add("r.duration_ms <= {}", filter.max_ms.map(Value::Number));
    conditions.add("r.conversation_id = {}", filter.conversation_id.as_ref().map(text));
    conditions.add("c.outcome = {}", filter.outcome.as_ref().map(text));
    conditions.add("r.tag_key = {}", filter.tag.as_ref().map(text));
    conditions.add("r.review = {}", filter.review.map(|review| db::as_word(&review)).transpose()?.map(Value::Text));
    add_search(&mut conditions, filter);
    let bound = conditions.place(Value::Number(i64::from(limit)));
    let wanted = if conditions.sql.is_empty() { String::new() } else { format!(" where {}", conditions.sql.join(" and ")) };
    let sql = format!("{ENTRY}{wanted} order by r.id desc limit {bound}");
    // Made of constants; what was typed is bound.
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in conditions.values {
        query = match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        };
    }
    query.fetch_all(db.read()).await?.iter().map(entry).collect()
}

fn add_search(conditions: &mut Conditions, filter: &Filter) {
    let Some(words) = &filter.text else { return };
    let pattern = format!("%{}%", words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let place = conditions.place(Value::Text(pattern));
    let mut ways = vec![
        format!("r.tag_key like {place} escape '\\'"),
        format!("exists (select 1 from recording_notes n where n.recording_id = r.id and n.text_key like {place} escape '\\')"),
    ];
    for user in &filter.named {
        let place = conditions.place(text(user));
        ways.push(format!("r.caller_id = {place} or r.callee_id = {place}"));
    }
    conditions.sql.push(format!("({})", ways.join(" or ")));
}

/// One, with the version of the notice that was agreed to.
pub async fn entry_of(db: &Db, id: RecordingId, now: Millis) -> sqlx::Result<Option<(Entry, u32)>> {
    let sql = format!("{ENTRY} where r.id = $2");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(now.0).bind(id.to_string()).fetch_optional(db.read()).await?;
    row.map(|row| Ok((entry(&row)?, u32::try_from(row.try_get::<i64, _>("notice_version")?).unwrap_or(0)))).transpose()
}

fn entry(row: &AnyRow) -> sqlx::Result<Entry> {
    Ok(Entry {
        id: db::parsed(row, "id")?,
        call_id: db::parsed(row, "call_id")?,
        conversation_id: db::parsed(row, "conversation_id")?,
        kind: db::parsed(row, "kind")?,
        caller_id: db::parsed(row, "caller_id")?,
        callee_id: db::parsed(row, "callee_id")?,
        rule: row.try_get("rule")?,
        mode: db::word(row, "mode")?,
        state: db::word(row, "state")?,
        started_at: db::millis(row, "started_at")?,
        ended_at: db::optional_millis(row, "ended_at")?,
        duration_ms: optional(row, "duration_ms")?,
        gap_count: optional(row, "gaps")?,
        bytes: optional(row, "bytes")?,
        outcome: db::optional(row, "outcome")?,
        tag: row.try_get("tag")?,
        review: db::word(row, "review")?,
        retain_until: db::millis(row, "retain_until")?,
        held: row.try_get::<i64, _>("holds")? > 0,
        erased_at: db::optional_millis(row, "erased_at")?,
    })
}

fn optional(row: &AnyRow, column: &str) -> sqlx::Result<Option<u64>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(|number| u64::try_from(number).unwrap_or(0)))
}

pub async fn streams(db: &Db, id: RecordingId) -> sqlx::Result<Vec<Stream>> {
    let sql = "select stream, user_id, sources, starts_ms, duration_ms, bytes from recording_streams where recording_id = $1 order by stream";
    sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?.iter().map(stream).collect()
}

fn stream(row: &AnyRow) -> sqlx::Result<Stream> {
    let number = u16::try_from(row.try_get::<i64, _>("stream")?).unwrap_or(u16::MAX);
    let sources: Vec<String> =
        row.try_get::<String, _>("sources")?.split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect();
    let kind = StreamKind::of(number);
    Ok(Stream {
        stream: number,
        kind,
        user_id: db::optional(row, "user_id")?,
        content_type: kind.content_type(&sources).to_owned(),
        sources,
        starts_ms: unsigned(row, "starts_ms")?,
        duration_ms: unsigned(row, "duration_ms")?,
        bytes: unsigned(row, "bytes")?,
    })
}

/// Whose sessions they are.
pub async fn peers(db: &Db, id: RecordingId) -> sqlx::Result<BTreeMap<PeerId, UserId>> {
    let sql = "select peer, user_id from recording_peers where recording_id = $1";
    let peer = |row: &AnyRow| {
        let peer: RecordingId = db::parsed(row, "peer")?;
        Ok((PeerId(peer.as_u128()), db::parsed(row, "user_id")?))
    };
    sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?.iter().map(peer).collect()
}

pub async fn consents(db: &Db, call: CallId) -> sqlx::Result<Vec<ConsentGiven>> {
    let sql =
        "select user_id, device_id, notice_version, text_hash, language, at from call_consents where call_id = $1 order by at";
    let consent = |row: &AnyRow| {
        Ok(ConsentGiven {
            user_id: db::parsed(row, "user_id")?,
            device_id: db::parsed(row, "device_id")?,
            notice_version: u32::try_from(row.try_get::<i64, _>("notice_version")?).unwrap_or(0),
            text_hash: row.try_get("text_hash")?,
            language: db::word(row, "language")?,
            at: db::millis(row, "at")?,
        })
    };
    sqlx::query(sql).bind(call.to_string()).fetch_all(db.read()).await?.iter().map(consent).collect()
}

pub async fn notes(db: &Db, id: RecordingId) -> sqlx::Result<Vec<Note>> {
    let sql = "select id, author_id, text, at_ms, created_at from recording_notes where recording_id = $1 order by id";
    let note = |row: &AnyRow| {
        Ok(Note {
            id: db::parsed(row, "id")?,
            author_id: db::parsed(row, "author_id")?,
            text: row.try_get("text")?,
            at_ms: optional(row, "at_ms")?,
            created_at: db::millis(row, "created_at")?,
        })
    };
    sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?.iter().map(note).collect()
}

pub async fn holds(db: &Db, id: RecordingId) -> sqlx::Result<Vec<Hold>> {
    let sql = "select id, reason, owner_id, placed_by, placed_at, until, released_at, released_by from recording_holds \
        where recording_id = $1 order by id";
    let hold = |row: &AnyRow| {
        Ok(Hold {
            id: db::parsed(row, "id")?,
            reason: row.try_get("reason")?,
            owner_id: db::parsed(row, "owner_id")?,
            placed_by: db::parsed(row, "placed_by")?,
            placed_at: db::millis(row, "placed_at")?,
            until: db::optional_millis(row, "until")?,
            released_at: db::optional_millis(row, "released_at")?,
            released_by: db::optional(row, "released_by")?,
        })
    };
    sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?.iter().map(hold).collect()
}

/// The newest first, older than a time.
pub async fn failures(db: &Db, before: Option<Millis>, limit: u32) -> sqlx::Result<Vec<Failure>> {
    let sql = "select call_id, recording_id, conversation_id, caller_id, callee_id, rule, fault, at from recording_failures \
        where (cast($1 as bigint) is null or at < $1) order by at desc limit $2";
    let failure = |row: &AnyRow| {
        Ok(Failure {
            call_id: db::parsed(row, "call_id")?,
            recording_id: db::optional(row, "recording_id")?,
            conversation_id: db::parsed(row, "conversation_id")?,
            caller_id: db::parsed(row, "caller_id")?,
            callee_id: db::parsed(row, "callee_id")?,
            rule: row.try_get("rule")?,
            fault: db::word(row, "fault")?,
            at: db::millis(row, "at")?,
        })
    };
    let query = sqlx::query(sql).bind(before.map(|at| at.0)).bind(i64::from(limit));
    query.fetch_all(db.read()).await?.iter().map(failure).collect()
}
