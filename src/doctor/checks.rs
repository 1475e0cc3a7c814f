//! Checks of a connection while they are open: the relay and the two peers of each, and how it ends.
//!
//! A check is open from its start until its result is stored, the session starts another, or its time is over. What was open ends
//! with the process; the row of the check stays, and takes its result as long as it is there.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    num::NonZeroU32,
    pin::pin,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use serde::{Deserialize, Serialize};
use staffline_media::control::{PeerId, RefusedReason, RoomId};
use tokio::time;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::{DoctorError, Findings, Leg, Verdict, reach::Reach, store};
use crate::{
    app::App,
    calls::{self, Calls, IceServer, ice::Way},
    clock::Millis,
    ids::{CheckId, SessionId, UserId},
    users::sessions::{self, Session},
};

/// Checks of one user at once; then one in `EVERY`. Each opens a relay and writes a row.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("ten");
const EVERY: Duration = Duration::from_secs(30);

/// The checks that are open.
#[derive(Debug)]
pub struct Doctor {
    // Held for a few map operations and sends to the media node that never wait; never across an await. The lock of the calls is
    // taken inside it, and nobody takes them the other way round.
    open: Mutex<HashMap<SessionId, Open>>,
    started: DefaultKeyedRateLimiter<UserId>,
    // The two below are held for a look or a change, and never together with anything else.
    /// Results since the start.
    verdicts: Mutex<BTreeMap<Verdict, u64>>,
    /// What the server found when it tried to reach itself.
    reach: Mutex<Reach>,
}

#[derive(Debug)]
struct Open {
    id: CheckId,
    room: RoomId,
    sender: Option<PeerId>,
    receiver: Option<PeerId>,
    /// Cancelled when it has ended.
    ended: CancellationToken,
}

/// Which end of the loopback through the media node an offer is of: both are peers of the same page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoopbackEnd {
    Sender,
    Receiver,
}

/// The server for one leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LegServer {
    pub leg: Leg,
    pub ice_server: IceServer,
}

/// A check has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StartedCheck {
    pub id: CheckId,
    /// One for each of `udp`, `turn_udp`, `turn_tcp`, `turn_tls` that this server has.
    pub servers: Vec<LegServer>,
    /// Whether the media node runs, for the loopback.
    pub media: bool,
    pub server_time: Millis,
}

impl Default for Doctor {
    fn default() -> Self {
        let quota = Quota::with_period(EVERY).expect("not zero").allow_burst(BURST);
        let verdicts = Verdict::ALL.into_iter().map(|verdict| (verdict, 0)).collect();
        Self {
            open: Mutex::default(),
            started: RateLimiter::keyed(quota),
            verdicts: Mutex::new(verdicts),
            reach: Mutex::default(),
        }
    }
}

impl Doctor {
    /// Begins a check. An older one of the session ends.
    pub async fn start(&self, app: &App, by: &Session, from: IpAddr, host: &str) -> Result<StartedCheck, DoctorError> {
        let (user, session) = (by.user_id, by.id);
        let wait = |until: governor::NotUntil<_>| until.wait_time_from(DefaultClock::default().now());
        self.started.check_key(&user).map_err(|until| DoctorError::TooMany(wait(until)))?;
        let (id, now) = (CheckId::new(), app.clock.now());
        let mut tx = app.db.begin().await?;
        store::insert(&mut tx, id, user, &from.to_string(), now).await?;
        tx.commit().await?;
        let check =
            Open { id, room: RoomId(CheckId::new().as_u128()), sender: None, receiver: None, ended: CancellationToken::new() };
        let (room, ended) = (check.room, check.ended.clone());
        let media = app.calls.open_relay(room);
        if let Some(older) = self.open().insert(session, check) {
            older.end(&app.calls);
        }
        self.end_later(app, session, id, ended);
        let servers = app.calls.servers_by_way(room, user, host).into_iter();
        let servers = servers.map(|(way, ice_server)| LegServer { leg: leg_of(way), ice_server }).collect();
        tracing::info!(user.id = %user, check.id = %id, "connection check begins");
        Ok(StartedCheck { id, servers, media, server_time: now })
    }

    /// Ends it when its time is over, or its session is.
    fn end_later(&self, app: &App, session: SessionId, id: CheckId, ended: CancellationToken) {
        let app = app.clone();
        app.clone().tasks.spawn(async move {
            let mut over = pin!(time::sleep(app.tuning.check_lifetime));
            loop {
                tokio::select! {
                    () = ended.cancelled() => return,
                    () = app.stop.cancelled() => return,
                    () = &mut over => break,
                    () = time::sleep(app.tuning.recheck_upload) => {
                        // A database that does not answer says nothing of the session.
                        if let Ok(None) = sessions::end_of(&app, session).await {
                            break;
                        }
                    }
                }
            }
            app.doctor.end(&app.calls, session, id);
        });
    }

    /// Answers an offer for the loopback. A second offer of an end is of a new connection: the one before leaves.
    pub async fn answer(
        &self,
        app: &App,
        by: &Session,
        id: CheckId,
        end: LoopbackEnd,
        offer: String,
    ) -> Result<String, DoctorError> {
        let peer = PeerId(CheckId::new().as_u128());
        let answer = {
            let mut open = self.open();
            let check = open.get_mut(&by.id).filter(|check| check.id == id).ok_or(DoctorError::NoSuchCheck)?;
            let place = match end {
                LoopbackEnd::Sender => &mut check.sender,
                LoopbackEnd::Receiver => &mut check.receiver,
            };
            if let Some(before) = place.replace(peer) {
                app.calls.visitor_leaves(check.room, before);
            }
            // Under the lock, so that the peer cannot come after the check has ended.
            app.calls.visitor_joins(check.room, peer, offer)
        };
        match answer.ok_or(DoctorError::NodeAway)?.wait().await {
            Some(Ok(sdp)) => Ok(sdp),
            Some(Err(reason @ (RefusedReason::BadOffer(_) | RefusedReason::NoCommonCodec))) => {
                Err(DoctorError::BadOffer(reason.to_string()))
            }
            Some(Err(_)) | None => Err(DoctorError::NodeAway),
        }
    }

    /// Stores the result, once, and ends the check if it is open still.
    pub async fn finish(&self, app: &App, by: &Session, id: CheckId, found: Findings) -> Result<(), DoctorError> {
        let mut found = found.checked()?;
        if let Some(call) = found.call_id
            && !calls::was_in(&app.db, call, by.user_id).await?
        {
            found.call_id = None;
        }
        let mut tx = app.db.begin().await?;
        if !store::finish(&mut tx, id, by.user_id, &found, app.clock.now()).await? {
            let known = store::is_finished(&mut tx, id, by.user_id).await?;
            return Err(if known.is_some() { DoctorError::Finished } else { DoctorError::NoSuchCheck });
        }
        tx.commit().await?;
        *self.verdicts.lock().expect("nothing panics while it holds them").entry(found.verdict).or_default() += 1;
        self.end(&app.calls, by.id, id);
        tracing::info!(user.id = %by.user_id, check.id = %id, verdict = ?found.verdict, "connection check done");
        Ok(())
    }

    fn end(&self, calls: &Calls, session: SessionId, id: CheckId) {
        let mut open = self.open();
        if open.get(&session).is_some_and(|check| check.id == id)
            && let Some(check) = open.remove(&session)
        {
            check.end(calls);
        }
    }

    /// Checks that are open now.
    #[must_use]
    pub fn open_checks(&self) -> usize {
        self.open().len()
    }

    /// Results since the start.
    #[must_use]
    pub fn verdicts(&self) -> BTreeMap<Verdict, u64> {
        self.verdicts.lock().expect("nothing panics while it holds them").clone()
    }

    /// What the server found when it last tried to reach itself.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach.lock().expect("nothing panics while it holds it").clone()
    }

    /// Gives back what was known before.
    pub fn set_reach(&self, reach: Reach) -> Reach {
        std::mem::replace(&mut *self.reach.lock().expect("nothing panics while it holds it"), reach)
    }

    /// Forgets those who have not checked for a while.
    pub fn forget_old(&self) {
        self.started.retain_recent();
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SessionId, Open>> {
        self.open.lock().expect("nothing panics while it holds the checks")
    }
}

impl Open {
    fn end(self, calls: &Calls) {
        for peer in [self.sender, self.receiver].into_iter().flatten() {
            calls.visitor_leaves(self.room, peer);
        }
        calls.close_relay(self.room);
        self.ended.cancel();
    }
}

fn leg_of(way: Way) -> Leg {
    match way {
        Way::Stun => Leg::Udp,
        Way::TurnUdp => Leg::TurnUdp,
        Way::TurnTcp => Leg::TurnTcp,
        Way::TurnTls => Leg::TurnTls,
    }
}
