//! One peer session: its SDP, its ICE and its DTLS, up to the SRTP keys. Media does not pass through here.

use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::control::{CloseReason, PeerId, RefusedReason};
use crate::datagram::Route;
use crate::dtls::{Dtls, DtlsError, Identity};
use crate::ice::{Checked, IceLite, Ufrag};
use crate::outbox::Outbox;
use crate::room::{DownDescription, MediaDescription, MediaLine, UpDescription};
use crate::sdp::{self, LocalTransport, Media, Offer, RemoteTransport};
use crate::srtp::{SrtpKeys, SrtpProfile};
use crate::stun::Request;
use crate::track::{Kind, Mid, Ssrc};

/// What all sessions of a node have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) identity: Identity,
    pub(crate) profiles: Vec<SrtpProfile>,
    /// Where clients find us: one candidate each.
    pub(crate) candidates: Vec<SocketAddr>,
    pub(crate) tcp_port: u16,
    pub(crate) shard: usize,
}

/// The answer to an offer, and what the room must know of it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) sdp: String,
    pub(crate) media: MediaDescription,
}

pub(crate) struct Session {
    pub(crate) peer: PeerId,
    ice: IceLite,
    dtls: Dtls,
    remote: RemoteTransport,
    downs: DownSources,
    sdp_id: u64,
    answers: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("peer", &self.peer).field("dtls", &self.dtls).finish_non_exhaustive()
    }
}

impl Session {
    /// A session for the sender of `offer`, and the answer to it.
    pub(crate) fn accept(now: Instant, shared: &Shared, peer: PeerId, offer: &str) -> Result<(Self, Answered), RefusedReason> {
        let offer = read_offer(offer)?;
        let remote = offer.transport.clone();
        let dtls = Dtls::new(&shared.identity, &shared.profiles, &remote.fingerprints).map_err(no_session)?;
        let mut session = Self {
            peer,
            ice: IceLite::new(now, shared.shard, &remote.ufrag).map_err(no_session)?,
            dtls,
            remote,
            downs: DownSources::default(),
            sdp_id: random_u64().map_err(no_session)? >> 1,
            answers: 0,
        };
        let answered = session.answer(shared, &offer)?;
        Ok((session, answered))
    }

    /// A later offer of the same client: other tracks, or an ICE restart. On an error nothing has changed.
    pub(crate) fn renegotiate(&mut self, shared: &Shared, offer: &str) -> Result<Answered, RefusedReason> {
        let offer = read_offer(offer)?;
        if offer.transport.fingerprints != self.remote.fingerprints {
            return Err(RefusedReason::BadOffer("another certificate needs another session".to_owned()));
        }
        self.ice.restart_if_new(&offer.transport.ufrag).map_err(no_session)?;
        self.remote = offer.transport.clone();
        self.answer(shared, &offer)
    }

    fn answer(&mut self, shared: &Shared, offer: &Offer) -> Result<Answered, RefusedReason> {
        let announced: Vec<Ssrc> = offer.accepted().flat_map(|media| media.ssrcs.iter().copied()).collect();
        for media in offer.accepted().filter(|media| media.receives) {
            self.downs.ensure(media, &announced).map_err(no_session)?;
        }
        self.answers += 1;
        let ufrag = self.ice.ufrag();
        let local = LocalTransport {
            session_id: self.sdp_id,
            version: self.answers,
            ufrag: &String::from_utf8_lossy(&ufrag),
            password: self.ice.password(),
            fingerprint: shared.identity.fingerprint(),
            candidates: &shared.candidates,
            tcp_port: shared.tcp_port,
        };
        let receiving: Vec<&Mid> = offer.accepted().filter(|media| media.receives).map(|media| &media.mid).collect();
        let down = |mid: &Mid| if receiving.contains(&mid) { self.downs.get(mid) } else { None };
        let sdp = sdp::write_answer(offer, &local, down);
        let lines = offer.accepted().map(|media| media_line(media, down(&media.mid).cloned())).collect();
        Ok(Answered { sdp, media: MediaDescription { lines } })
    }

    /// The fragments by which checks for this session are known.
    pub(crate) fn ufrags(&self) -> impl Iterator<Item = Ufrag> {
        [Some(self.ice.ufrag()), self.ice.previous_ufrag()].into_iter().flatten()
    }

    pub(crate) fn nominated(&self) -> Option<Route> {
        self.ice.nominated()
    }

    /// There is no way over `route` any more. `true` if it was the nominated one.
    pub(crate) fn lose(&mut self, route: &Route) -> bool {
        self.ice.lose(route)
    }

    /// Media can flow.
    pub(crate) fn is_connected(&self) -> bool {
        self.dtls.is_connected() && self.ice.nominated().is_some()
    }

    /// Answers a connectivity check, or not: then it was not this session's client who sent it.
    pub(crate) fn handle_check(&mut self, now: Instant, request: &Request<'_>, route: Route) -> Option<Checked> {
        self.ice.handle_check(now, request, route)
    }

    /// Takes a DTLS datagram that came over `route`, which is bound to this session, and answers it. The keys
    /// come once, at the end of the handshake.
    pub(crate) fn handle_dtls(
        &mut self,
        now: Instant,
        route: Route,
        datagram: &[u8],
        out: &mut impl Outbox,
    ) -> Result<Option<SrtpKeys>, CloseReason> {
        let result = isolate(self.peer, || self.dtls.receive(now, datagram));
        self.transmit(self.ice.nominated().unwrap_or(route), out);
        result
    }

    pub(crate) fn next_timeout(&self) -> Instant {
        let consent = self.ice.consent_until();
        self.dtls.next_timeout().map_or(consent, |handshake| handshake.min(consent))
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut impl Outbox) -> Result<(), CloseReason> {
        if now >= self.ice.consent_until() {
            return Err(CloseReason::Timeout);
        }
        self.dtls.handle_timeout(now);
        if let Some(route) = self.ice.nominated() {
            self.transmit(route, out);
        }
        Ok(())
    }

    /// Tells the client that it is over.
    pub(crate) fn close(&mut self, now: Instant, out: &mut impl Outbox) {
        let Some(route) = self.ice.nominated() else { return };
        let closed = isolate(self.peer, || {
            self.dtls.close(now);
            Ok(())
        });
        if closed.is_ok() {
            self.transmit(route, out);
        }
    }

    fn transmit(&mut self, route: Route, out: &mut impl Outbox) {
        while let Some(datagram) = self.dtls.poll_transmit() {
            out.packet(route, datagram.len()).copy_from_slice(&datagram);
        }
    }
}

fn read_offer(offer: &str) -> Result<Offer, RefusedReason> {
    // The SDP parser is not ours: should it panic on something, that is one refused offer.
    catch_unwind(|| offer.parse()).unwrap_or_else(|_| Err(RefusedReason::BadOffer("it cannot be read".to_owned())))
}

fn media_line(media: &Media, down: Option<DownDescription>) -> MediaLine {
    MediaLine {
        mid: media.mid.clone(),
        kind: media.kind,
        payload_type: media.payload_type,
        rtx_payload_type: media.rtx_payload_type,
        red_payload_type: media.red.map(|red| red.payload_type),
        clock_rate: media.kind.clock_rate(),
        feedback: media.feedback,
        mid_extension: media.mid_extension,
        extensions: media.extensions,
        up: media.sends.then(|| UpDescription { ssrcs: media.ssrcs.clone(), simulcast: media.simulcast.clone() }),
        down,
    }
}

/// Calls into the DTLS stack, which is not ours: a panic or an error there ends this session and no other.
/// The session is dropped afterwards, so nobody sees the state a panic left behind.
fn isolate<T>(peer: PeerId, call: impl FnOnce() -> Result<T, DtlsError>) -> Result<T, CloseReason> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            tracing::debug!(?peer, %error, "DTLS ended");
            Err(CloseReason::Dtls)
        }
        Err(_) => {
            tracing::error!(?peer, "DTLS panicked; the session is closed");
            Err(CloseReason::Dtls)
        }
    }
}

/// The operating system gave no randomness, or the cryptography refuses its own parameters.
fn no_session(error: impl fmt::Display) -> RefusedReason {
    tracing::error!(%error, "no session can be made");
    RefusedReason::Full
}

fn random_u64() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}

/// The sources we send with, by m-line. They stay as they are for the whole session: a browser told of another SSRC
/// begins the track anew.
#[derive(Debug, Default)]
struct DownSources {
    lines: Vec<(Mid, Kind, DownDescription)>,
}

impl DownSources {
    fn get(&self, mid: &Mid) -> Option<&DownDescription> {
        self.lines.iter().find(|(known, ..)| known == mid).map(|(.., down)| down)
    }

    /// `announced` are the client's sources, which ours must differ from.
    fn ensure(&mut self, media: &Media, announced: &[Ssrc]) -> Result<(), getrandom::Error> {
        let known = self.lines.iter().position(|(mid, ..)| *mid == media.mid);
        let Some(known) = known else {
            // The n-th audio and the n-th video slot show one participant, so they are one stream.
            let slot = self.lines.iter().filter(|(_, kind, _)| *kind == media.kind).count();
            let ssrc = self.fresh(announced)?;
            let down = DownDescription { ssrc, rtx_ssrc: None, cname: format!("slot{slot}") };
            self.lines.push((media.mid.clone(), media.kind, down));
            return self.ensure(media, announced);
        };
        let has_rtx = self.lines[known].2.rtx_ssrc.is_some();
        if media.rtx_payload_type.is_some() != has_rtx {
            self.lines[known].2.rtx_ssrc = if has_rtx { None } else { Some(self.fresh(announced)?) };
        }
        Ok(())
    }

    fn fresh(&self, announced: &[Ssrc]) -> Result<Ssrc, getrandom::Error> {
        loop {
            let ssrc = Ssrc(getrandom::u32()?);
            let is_ours = self.lines.iter().any(|(.., down)| down.ssrc == ssrc || down.rtx_ssrc == Some(ssrc));
            if ssrc.0 != 0 && !is_ours && !announced.contains(&ssrc) {
                return Ok(ssrc);
            }
        }
    }
}
