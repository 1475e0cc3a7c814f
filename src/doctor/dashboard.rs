//! The admin's dashboard of the relay: what lives now, what was carried since the start, the last day, and whether we can be reached.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use staffline_media::control::NodeReport;
use utoipa::ToSchema;

use super::{Leg, Verdict, store};
use crate::{
    app::App,
    calls::{self, CallKind, Outcome, Path},
    clock::Millis,
    ids::{CallId, UserId},
    users::settings::Language,
};

/// A number for each path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ByPath {
    pub direct: u64,
    pub relayed: u64,
    pub media_node: u64,
}

impl ByPath {
    fn add(&mut self, path: Path, calls: u64) {
        match path {
            Path::Direct => self.direct += calls,
            Path::Relayed => self.relayed += calls,
            Path::MediaNode => self.media_node += calls,
        }
    }
}

/// Allocations of the TURN server that live, by how their clients reach us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Allocations {
    udp: u64,
    tcp: u64,
    tls: u64,
}

/// What lives at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelayNow {
    /// False if the media node does not run or does not answer; its numbers are zero then.
    node: bool,
    /// Answered calls.
    calls: ByPath,
    /// Calls that ring.
    ringing: u64,
    allocations: Allocations,
    /// TCP connections that carry media or TURN.
    connections: u64,
    /// Peer sessions at the media node, and the rooms that they are in.
    sessions: u64,
    rooms: u64,
    /// Connection checks that are open.
    checks: u64,
    /// Pages that are connected.
    devices: u64,
}

/// Counted since the start of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelayTotals {
    /// What TURN clients gave us to relay, and what was relayed to them: datagrams and bytes of their payload.
    turn_packets_in: u64,
    turn_bytes_in: u64,
    turn_packets_out: u64,
    turn_bytes_out: u64,
    /// Requests of TURN clients that were refused.
    turn_refused: u64,
    /// RTP and RTCP datagrams from and to participants at the media node.
    media_packets_in: u64,
    media_bytes_in: u64,
    media_packets_out: u64,
    media_bytes_out: u64,
    /// Packets that were not authentic, came twice, or that no track wanted.
    media_packets_dropped: u64,
    retransmitted_packets: u64,
    keyframe_requests: u64,
    stun_answers: u64,
    /// Datagrams that belonged to nobody.
    stray_packets: u64,
    /// Datagrams that the kernel did not take.
    unsent_packets: u64,
}

/// A call that rings or talks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LiveCall {
    pub id: CallId,
    pub kind: CallKind,
    pub caller_id: UserId,
    pub callee_id: UserId,
    /// Unset until the answer.
    pub path: Option<Path>,
    /// Name of the policy rule that chose the path.
    pub path_rule: Option<String>,
    pub started_at: Millis,
    pub answered_at: Option<Millis>,
}

/// So many checks found this leg failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LegFailures {
    leg: Leg,
    count: u64,
}

/// So many checks came to this verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictCount {
    verdict: Verdict,
    count: u64,
}

/// What was carried in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hour {
    /// When it began.
    pub at: Millis,
    /// To and from TURN clients.
    pub turn_bytes: u64,
    /// To and from participants at the media node.
    pub media_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LastDay {
    /// Calls that were answered and have ended.
    calls: ByPath,
    /// Calls that were lost: a participant did not come back, or the media never connected.
    failed_calls: u64,
    /// From connection checks; the most frequent first.
    failures: Vec<LegFailures>,
    verdicts: Vec<VerdictCount>,
    /// The last 24 hours that have begun, the oldest first, each of them.
    hours: Vec<Hour>,
}

/// What the server found when it tried to reach itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReachWhat {
    /// The addresses that clients are told.
    Address,
    Tcp,
    Certificate,
    Http,
    /// STUN over UDP.
    Udp,
    TurnUdp,
    TurnTcp,
    TurnTls,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReachCheck {
    pub(super) what: ReachWhat,
    pub(super) ok: bool,
    /// A plain sentence, in the language that was asked for: what was found, or what to do.
    pub(super) detail: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reachability {
    /// When the server last tried; unset until the first time is over.
    pub(super) checked_at: Option<Millis>,
    pub(super) checks: Vec<ReachCheck>,
    /// What a firewall must let in.
    #[schema(example = json!(["TCP 443", "UDP 443"]))]
    pub(super) firewall: Vec<String>,
}

/// The dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RelayReport {
    now: RelayNow,
    totals: RelayTotals,
    /// The oldest first.
    live_calls: Vec<LiveCall>,
    last_24h: LastDay,
    reach: Reachability,
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const HOURS: u32 = 24;

/// Puts the dashboard together.
pub async fn report(app: &App, language: Language) -> sqlx::Result<RelayReport> {
    let node = app.calls.report().await;
    let live_calls = live_calls(app);
    let report = node.clone().unwrap_or_default();
    Ok(RelayReport {
        now: RelayNow { node: node.is_some(), ..now(app, &report, &live_calls) },
        totals: totals(&report),
        live_calls,
        last_24h: last_day(app).await?,
        reach: app.doctor.reach().show(language),
    })
}

fn now(app: &App, report: &NodeReport, live: &[LiveCall]) -> RelayNow {
    RelayNow {
        node: false,
        calls: by_path(live),
        ringing: ringing(live),
        allocations: Allocations { udp: report.allocations_udp, tcp: report.allocations_tcp, tls: report.allocations_tls },
        connections: report.connections,
        sessions: report.sessions,
        rooms: report.rooms,
        checks: count(app.doctor.open_checks()),
        devices: count(app.hub.device_count()),
    }
}

/// Calls that ring or talk, the oldest first.
pub(super) fn live_calls(app: &App) -> Vec<LiveCall> {
    let live = app.calls.facts().into_iter().map(|call| LiveCall {
        id: call.id,
        kind: call.kind,
        caller_id: call.caller_id,
        callee_id: call.callee_id,
        path: call.path,
        path_rule: call.path_rule,
        started_at: call.started_at,
        answered_at: call.answered_at,
    });
    live.collect()
}

/// Those of them that talk.
pub(super) fn by_path(live: &[LiveCall]) -> ByPath {
    let mut calls = ByPath::default();
    live.iter().filter(|call| call.answered_at.is_some()).filter_map(|call| call.path).for_each(|path| calls.add(path, 1));
    calls
}

/// Those of them that ring.
pub(super) fn ringing(live: &[LiveCall]) -> u64 {
    count(live.iter().filter(|call| call.answered_at.is_none()).count())
}

pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn totals(report: &NodeReport) -> RelayTotals {
    RelayTotals {
        turn_packets_in: report.turn_packets_in,
        turn_bytes_in: report.turn_bytes_in,
        turn_packets_out: report.turn_packets_out,
        turn_bytes_out: report.turn_bytes_out,
        turn_refused: report.turn_refused,
        media_packets_in: report.media_packets_in,
        media_bytes_in: report.media_bytes_in,
        media_packets_out: report.media_packets_out,
        media_bytes_out: report.media_bytes_out,
        media_packets_dropped: report.media_packets_dropped,
        retransmitted_packets: report.retransmitted_packets,
        keyframe_requests: report.keyframe_requests,
        stun_answers: report.stun_answers,
        stray_packets: report.stray_packets,
        unsent_packets: report.unsent_packets,
    }
}

async fn last_day(app: &App) -> sqlx::Result<LastDay> {
    let now = app.clock.now();
    let since = now.minus(HOUR * HOURS);
    let (mut calls, mut failed_calls) = (ByPath::default(), 0);
    for ended in calls::ended_since(&app.db, since).await? {
        if let Some(path) = ended.path {
            calls.add(path, ended.calls);
        }
        if ended.outcome == Outcome::Lost {
            failed_calls += ended.calls;
        }
    }
    let checks = store::counts(&app.db, since).await?;
    let first = hour_of(now).minus(HOUR * (HOURS - 1));
    let hours = every_hour(first, store::hours(&app.db, first).await?);
    Ok(LastDay { calls, failed_calls, failures: failures(&checks), verdicts: verdicts(&checks), hours })
}

fn failures(checks: &[store::Count]) -> Vec<LegFailures> {
    let mut legs = BTreeMap::new();
    for check in checks {
        check.failed.iter().for_each(|leg| *legs.entry(*leg).or_default() += check.checks);
    }
    let mut failures: Vec<_> = legs.into_iter().map(|(leg, count)| LegFailures { leg, count }).collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    failures
}

fn verdicts(checks: &[store::Count]) -> Vec<VerdictCount> {
    let mut verdicts = BTreeMap::new();
    checks.iter().for_each(|check| *verdicts.entry(check.verdict).or_default() += check.checks);
    let mut counts: Vec<_> = verdicts.into_iter().map(|(verdict, count)| VerdictCount { verdict, count }).collect();
    counts.sort_by_key(|verdict| std::cmp::Reverse(verdict.count));
    counts
}

/// The beginning of the hour that a time is in.
pub(super) fn hour_of(at: Millis) -> Millis {
    let hour = i64::try_from(HOUR.as_millis()).expect("3,600,000");
    Millis(at.0 - at.0.rem_euclid(hour))
}

/// Hours in which nothing was carried have no row.
fn every_hour(first: Millis, found: Vec<Hour>) -> Vec<Hour> {
    let mut found = found.into_iter().peekable();
    let hours = (0..HOURS).map(|n| first.plus(HOUR * n));
    hours.map(|at| found.next_if(|hour| hour.at == at).unwrap_or(Hour { at, turn_bytes: 0, media_bytes: 0 })).collect()
}
