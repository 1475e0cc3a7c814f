//! Whether the server can be reached under what it tells its clients: tried from here, at start and every quarter of an hour.
//!
//! From here is not from everywhere: a router that does not turn packets back to where they come from ("hairpin") makes a leg fail
//! that works for everybody else. The sentences say so, and `staffline doctor` tries from outside.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::time;
use url::Host;

use super::{
    certificate::{CertificateFault, Trust},
    dashboard::{ReachCheck, ReachWhat, Reachability},
    examination::{self, Shown, Step, Tried},
    probe::{Fault, Target, UdpPorts},
    words::{self, say},
};
use crate::{
    app::App,
    clock::{Clock, Millis},
    config::{Config, Tls},
    notifications::push::addresses::is_public,
    users::settings::Language,
};

const EVERY: Duration = Duration::from_secs(15 * 60);

/// What the last look has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    at: Option<Millis>,
    /// Our own, the first one that of TCP; unset until the server listens.
    ports: Option<UdpPorts>,
    checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Check {
    what: ReachWhat,
    /// Where it was tried, for people.
    place: String,
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Good,
    /// Clients are told these addresses.
    Told(Vec<IpAddr>),
    /// They are, and only a private network knows them.
    ToldPrivate(Vec<IpAddr>),
    /// The name leads to a public address, and calls are told private ones only.
    Contradiction(Vec<IpAddr>),
    UnknownIssuer,
    ExpiresSoon,
    Bad(Fault),
}

impl Outcome {
    fn is_ok(&self) -> bool {
        matches!(self, Self::Good | Self::Told(_) | Self::ToldPrivate(_) | Self::UnknownIssuer)
    }
}

/// Looks now and then until the server stops; tells the log what is bad, and what has changed.
pub async fn run(app: App, own: SocketAddr) {
    let trust = match Trust::load() {
        Ok(trust) => trust,
        Err(error) => return tracing::error!(%error, "the server cannot check whether it can be reached"),
    };
    let ports = ports(&app.config, own);
    tracing::info!("a firewall must let in TCP {} and UDP {ports}, and nothing else", ports.first);
    loop {
        let reach = tokio::select! {
            () = app.stop.cancelled() => return,
            reach = look(&app, own, &trust) => reach,
        };
        let before = app.doctor.set_reach(reach.clone());
        reach.tell(&before);
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = time::sleep(EVERY) => {}
        }
    }
}

/// Looks once; `own` is the address that we listen on.
pub async fn look(app: &App, own: SocketAddr, trust: &Trust) -> Reach {
    let checks = Box::pin(try_all(&app.config, own, trust, &app.clock)).await;
    Reach { at: Some(app.clock.now()), ports: Some(ports(&app.config, own)), checks }
}

fn ports(config: &Config, own: SocketAddr) -> UdpPorts {
    UdpPorts { first: own.port(), shards: config.media_shards }
}

async fn try_all(config: &Config, own: SocketAddr, trust: &Trust, clock: &Clock) -> Vec<Check> {
    let told = config.media_addresses();
    let Some(page) = page(config, own, &told) else { return Vec::new() };
    let resolved = page.resolve().await;
    let found = resolved.clone().unwrap_or_default();
    let place = page.authority();
    let address = match resolved {
        Err(fault) => Outcome::Bad(fault),
        Ok(_) if told.iter().any(|ip| is_public(*ip)) => Outcome::Told(told.clone()),
        Ok(found) if found.iter().any(|address| is_public(address.ip())) => Outcome::Contradiction(told.clone()),
        Ok(_) => Outcome::ToldPrivate(told.clone()),
    };
    let mut checks = vec![Check { what: ReachWhat::Address, place: place.clone(), outcome: address }];
    let media = media(config, own.port(), &told, &found);
    let (tls, shards) = (config.tls != Tls::Off, config.media_shards);
    let relay_target = Target { port: own.port(), shards, tls, host: page.host.clone() };
    let (web, relay) =
        tokio::join!(examination::web(&page, &found, trust, clock), examination::relay(&relay_target, &media, trust));
    checks.extend(web.into_iter().filter_map(|tried| check(tried, &place)));
    let place = media.first().map(ToString::to_string).unwrap_or_default();
    checks.extend(relay.into_iter().filter_map(|tried| check(tried, &place)));
    checks
}

/// Where browsers open the page.
fn page(config: &Config, own: SocketAddr, told: &[IpAddr]) -> Option<Target> {
    if let Some(url) = &config.public_url {
        return Target::of(url);
    }
    let host = match told.first()? {
        IpAddr::V4(ip) => Host::Ipv4(*ip),
        IpAddr::V6(ip) => Host::Ipv6(*ip),
    };
    Some(Target { host, port: own.port(), shards: config.media_shards, tls: config.tls != Tls::Off })
}

/// Where media and TURN are to come: at the address that the admin has set, or where the name leads, or at our own; one of each family.
fn media(config: &Config, port: u16, told: &[IpAddr], found: &[SocketAddr]) -> Vec<SocketAddr> {
    let named: Vec<_> = found.iter().map(SocketAddr::ip).collect();
    let ips = match (&config.public_ip[..], &config.public_url) {
        ([], Some(_)) => &named,
        ([], None) => told,
        (set, _) => set,
    };
    let first = |v4: bool| ips.iter().find(|ip| ip.is_ipv4() == v4);
    [first(true), first(false)].into_iter().flatten().map(|ip| SocketAddr::new(*ip, port)).collect()
}

fn check(tried: Tried, place: &str) -> Option<Check> {
    let what = match tried.step {
        Step::Tcp => ReachWhat::Tcp,
        // That TLS came about is no more news than its certificate.
        Step::Tls if tried.outcome.is_ok() => return None,
        Step::Tls | Step::Certificate => ReachWhat::Certificate,
        Step::Http => ReachWhat::Http,
        Step::Udp => ReachWhat::Udp,
        Step::TurnUdp => ReachWhat::TurnUdp,
        Step::TurnTcp => ReachWhat::TurnTcp,
        Step::TurnTls => ReachWhat::TurnTls,
        Step::Dns | Step::Clock | Step::Proxy => return None,
    };
    let outcome = match tried.outcome {
        Ok(Shown::ExpiresSoon) => Outcome::ExpiresSoon,
        Ok(_) => Outcome::Good,
        // For a trial, or of the company's own authority: browsers may know what this machine does not.
        Err(Fault::Certificate(CertificateFault::UnknownIssuer)) => Outcome::UnknownIssuer,
        Err(fault) => Outcome::Bad(fault),
    };
    Some(Check { what, place: place.to_owned(), outcome })
}

impl Reach {
    /// For the dashboard.
    #[must_use]
    pub fn show(&self, language: Language) -> Reachability {
        let ports = self.ports();
        let check =
            |check: &Check| ReachCheck { what: check.what, ok: check.outcome.is_ok(), detail: sentence(language, check, ports) };
        Reachability {
            checked_at: self.at,
            checks: self.checks.iter().map(check).collect(),
            firewall: self.ports.map(|ports| vec![format!("TCP {}", ports.first), format!("UDP {ports}")]).unwrap_or_default(),
        }
    }

    /// What was found of each leg.
    pub fn outcomes(&self) -> impl Iterator<Item = (ReachWhat, bool)> {
        self.checks.iter().map(|check| (check.what, check.outcome.is_ok()))
    }

    /// There are some once something was tried.
    fn ports(&self) -> UdpPorts {
        self.ports.unwrap_or(UdpPorts { first: 0, shards: 1 })
    }

    fn tell(&self, before: &Self) {
        for check in &self.checks {
            let (ok, told) = (check.outcome.is_ok(), before.checks.contains(check));
            let sentence = sentence(Language::En, check, self.ports());
            match (ok, told) {
                (true, false) => tracing::info!("{sentence}"),
                (false, false) => tracing::warn!("{sentence}"),
                (_, true) => {}
            }
        }
    }
}

fn sentence(language: Language, check: &Check, ports: UdpPorts) -> String {
    let place = &check.place;
    let list = |ips: &[IpAddr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let say = |en: String, ru: String| say(language, en, ru);
    match &check.outcome {
        Outcome::Good => good(language, check.what, place),
        Outcome::Told(ips) => say(
            format!("Clients are told to send media to {}.", list(ips)),
            format!("Клиентам сообщается адрес для звонков: {}.", list(ips)),
        ),
        Outcome::ToldPrivate(ips) => say(
            format!("Clients are told private addresses only ({}): calls from other networks need public_ip to be set.", list(ips)),
            format!("Клиентам сообщаются только частные адреса ({}): для звонков из других сетей задайте public_ip.", list(ips)),
        ),
        Outcome::Contradiction(ips) => say(
            format!(
                "The name of public_url leads to a public address, but clients are told private ones only ({}): set public_ip to the \
                 address that is forwarded to this machine.",
                list(ips)
            ),
            format!(
                "Имя из public_url ведёт на публичный адрес, а клиентам сообщаются только частные ({}): задайте в public_ip адрес, с \
                 которого пакеты пересылаются на эту машину.",
                list(ips)
            ),
        ),
        Outcome::UnknownIssuer => say(
            "This machine does not know who signed the certificate (self-signed, or of your own authority): browsers must know it.".to_owned(),
            "Эта машина не знает издателя сертификата (самоподписанный или вашего центра): браузеры должны его знать.".to_owned(),
        ),
        Outcome::ExpiresSoon => say(
            format!("The certificate of {place} ends within 14 days: renew it."),
            format!("Сертификат {place} закончится в течение 14 дней: обновите его."),
        ),
        Outcome::Bad(fault) => bad(language, check.what, &words::fault(language, fault), place, ports),
    }
}

fn good(language: Language, what: ReachWhat, place: &str) -> String {
    let (en, ru) = match what {
        ReachWhat::Address => ("The address is known", "Адрес известен"),
        ReachWhat::Tcp => ("TCP gets through", "TCP проходит"),
        ReachWhat::Certificate => ("The certificate is good", "Сертификат годен"),
        ReachWhat::Http => ("The page answers", "Страница отвечает"),
        ReachWhat::Udp => ("UDP gets through", "UDP проходит"),
        ReachWhat::TurnUdp => ("TURN over UDP answers", "TURN по UDP отвечает"),
        ReachWhat::TurnTcp => ("TURN over TCP answers", "TURN по TCP отвечает"),
        ReachWhat::TurnTls => ("TURN over TLS answers", "TURN по TLS отвечает"),
    };
    format!("{}: {place}.", say(language, en, ru))
}

/// One sentence for each: what does not get through, what follows, what to do.
fn bad(language: Language, what: ReachWhat, why: &str, place: &str, ports: UdpPorts) -> String {
    let port = ports.first;
    let say = |en: String, ru: String| say(language, en, ru);
    match what {
        ReachWhat::Address => say(
            format!("The name in public_url leads to no address ({place}): add it to your DNS."),
            format!("Имя из public_url не находится в DNS ({place}): добавьте его."),
        ),
        ReachWhat::Tcp => say(
            format!(
                "TCP to {place} is not let in ({why}): open it in the firewall, unless only the way from this machine back to itself is missing."
            ),
            format!(
                "TCP к {place} не пропускается ({why}): откройте его в межсетевом экране, если дело не только в пути с этой машины к ней же самой."
            ),
        ),
        ReachWhat::Certificate => say(
            format!(
                "The certificate of {place} is not good ({why}): browsers refuse the page and TURN over TLS until it is replaced."
            ),
            format!("Сертификат {place} негоден ({why}): пока он не заменён, браузеры не откроют страницу и TURN по TLS."),
        ),
        ReachWhat::Http => say(
            format!("What answers at {place} is not this server ({why}): check public_url and what stands before it."),
            format!("По адресу {place} отвечает не этот сервер ({why}): проверьте public_url и то, что стоит перед сервером."),
        ),
        ReachWhat::Udp | ReachWhat::TurnUdp => say(
            format!(
                "UDP {ports} to this machine is not let in ({place}: {why}); calls will use TCP {port} only, unless only the way from this machine back to itself is missing."
            ),
            format!(
                "UDP {ports} к этой машине не пропускается ({place}: {why}); звонки пойдут только по TCP {port}, если дело не только в пути с этой машины к ней же самой."
            ),
        ),
        ReachWhat::TurnTcp => say(
            format!("TURN over TCP {port} does not answer ({place}: {why}): calls from networks without UDP need it."),
            format!("TURN по TCP {port} не отвечает ({place}: {why}): он нужен звонкам из сетей без UDP."),
        ),
        ReachWhat::TurnTls => say(
            format!("TURN over TLS on TCP {port} does not answer ({place}: {why}): calls from the strictest networks need it."),
            format!("TURN по TLS на TCP {port} не отвечает ({place}: {why}): он нужен звонкам из самых закрытых сетей."),
        ),
    }
}
