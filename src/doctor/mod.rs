//! The doctor: why calls do not connect, and what the relay carries.
//!
//! - Staff check their connection in the page ([`checks`]): the server opens a relay for one check, the page tries every leg of it
//!   and stores what it found, for the admin's list.
//! - The admin's dashboard ([`dashboard`]) puts together what lives now, the counters of the media node and the last day ([`hours`]);
//!   [`metrics`] has the same for Prometheus.
//! - The server tries to reach itself ([`reach`]), and `staffline doctor` ([`command`]) tries to reach it from anywhere: both by the
//!   same probes ([`probe`]), put together by [`examination`].

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    clock::Millis,
    ids::{CallId, CheckId, UserId},
};

pub mod certificate;
pub mod checks;
pub mod command;
pub mod dashboard;
pub mod examination;
pub mod hours;
pub mod metrics;
pub mod probe;
pub mod proxy;
pub mod reach;
pub mod routes;
pub mod store;
pub mod stun;
pub mod words;

pub use checks::Doctor;

/// A part of the way that a call may take, each tried on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// The page's WebSocket.
    Signalling,
    /// STUN over UDP.
    Udp,
    /// ICE-TCP to the media node.
    Tcp,
    TurnUdp,
    TurnTcp,
    TurnTls,
    /// Sound and picture to the media node and back.
    MediaNode,
    Microphone,
    Camera,
    Clock,
}

/// What came of one leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegResult {
    pub leg: Leg,
    pub ok: bool,
    /// How long it took.
    pub ms: Option<u32>,
    /// What the browser said, for the admin; at most 300 characters.
    pub detail: Option<String>,
}

/// The plain result: the one thing that somebody should do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    /// TCP gets through.
    UdpBlocked,
    /// Only TURN inside TLS gets through.
    TlsOnly,
    /// A proxy stands in between.
    Proxy,
    /// Nothing reaches the TURN server.
    RelayUnreachable,
    MediaNodeUnreachable,
    NoMicrophone,
    NoCamera,
    ClockOff,
    SignallingDown,
}

impl Verdict {
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::UdpBlocked,
        Self::TlsOnly,
        Self::Proxy,
        Self::RelayUnreachable,
        Self::MediaNodeUnreachable,
        Self::NoMicrophone,
        Self::NoCamera,
        Self::ClockOff,
        Self::SignallingDown,
    ];
}

/// What the page found, to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// Each leg at most once.
    pub legs: Vec<LegResult>,
    pub verdict: Verdict,
    /// The call whose media had failed, if one was the reason. One in which the user was not is left out.
    pub call_id: Option<CallId>,
    /// The browser, as it calls itself.
    pub agent: String,
}

/// A check that has its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionCheck {
    pub id: CheckId,
    pub user_id: UserId,
    pub started_at: Millis,
    pub finished_at: Millis,
    pub verdict: Verdict,
    pub legs: Vec<LegResult>,
    pub call_id: Option<CallId>,
    /// Where the user's requests came from: behind a proxy, the proxy's.
    pub address: String,
    pub agent: String,
}

/// Why something about checks was not done.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    #[error("too many checks; wait {0:?}")]
    TooMany(Duration),
    #[error("there is no such check of this user")]
    NoSuchCheck,
    #[error("the check has its result")]
    Finished,
    #[error("the findings make no sense: {0}")]
    BadFindings(&'static str),
    #[error("the offer is none that the media node can answer: {0}")]
    BadOffer(String),
    #[error("the media node does not answer")]
    NodeAway,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Characters of a detail, and of a browser's name for itself.
const LONGEST_TEXT: usize = 300;
/// A leg that took longer was given up long before.
const LONGEST_MS: u32 = 600_000;

impl Findings {
    /// As they are kept, or why they are not. Texts come from a browser and are shown to admins: nothing in them but what can be seen.
    pub fn checked(mut self) -> Result<Self, DoctorError> {
        let mut seen: Vec<_> = self.legs.iter().map(|result| result.leg).collect();
        seen.sort_unstable();
        if seen.is_empty() || seen.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(DoctorError::BadFindings("each leg is named once, and one at least"));
        }
        if self.legs.iter().any(|result| result.ms.is_some_and(|ms| ms > LONGEST_MS)) {
            return Err(DoctorError::BadFindings("no leg takes ten minutes"));
        }
        for result in &mut self.legs {
            result.detail = result.detail.as_deref().map(plain).filter(|detail| !detail.is_empty());
        }
        self.agent = plain(&self.agent);
        Ok(self)
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect::<String>().trim().to_owned()
}

/// How long checks and the hours of the relay are kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Deletes what has been kept long enough; returns how much.
pub async fn forget_old(app: &App) -> sqlx::Result<u64> {
    app.doctor.forget_old();
    store::delete_older(&app.db, app.clock.now().minus(KEPT)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(legs: &[(Leg, Option<u32>, &str)]) -> Findings {
        let leg = |(leg, ms, detail): &(Leg, Option<u32>, &str)| LegResult {
            leg: *leg,
            ok: true,
            ms: *ms,
            detail: Some((*detail).to_owned()),
        };
        let legs = legs.iter().map(leg).collect();
        Findings { legs, verdict: Verdict::Ok, call_id: None, agent: "x".repeat(1_000) }
    }

    #[test]
    fn findings_are_bounded() {
        assert!(findings(&[]).checked().is_err(), "no leg");
        assert!(findings(&[(Leg::Udp, None, ""), (Leg::Tcp, None, ""), (Leg::Udp, None, "")]).checked().is_err(), "twice");
        assert!(findings(&[(Leg::Udp, Some(600_001), "")]).checked().is_err(), "too long");
        let long = "ы".repeat(1_000);
        let kept = findings(&[(Leg::Udp, Some(1), " a\u{0}b\n"), (Leg::Tcp, None, &long), (Leg::Clock, None, " \n")]);
        let kept = kept.checked().expect("these are fine");
        assert_eq!(kept.legs[0].detail.as_deref(), Some("ab"));
        assert_eq!(kept.legs[1].detail.as_ref().map(|text| text.chars().count()), Some(LONGEST_TEXT));
        assert_eq!(kept.legs[2].detail, None);
        assert_eq!(kept.agent.len(), LONGEST_TEXT);
    }
}
