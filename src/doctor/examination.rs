//! An examination from outside: every leg to a server, from where this runs; and what is to be made of it.

use std::net::{IpAddr, SocketAddr};

use super::{
    certificate::{CertificateFault, Trust},
    probe::{self, Fault, Target, Timed, timed},
    proxy::Proxy,
};
use crate::clock::Clock;

/// A leg of the examination, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Dns,
    Tcp,
    Tls,
    Certificate,
    Http,
    Clock,
    Udp,
    TurnUdp,
    TurnTcp,
    TurnTls,
    /// Page and TURN through the proxy that the environment names.
    Proxy,
}

/// What a leg that worked has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    Addresses(Vec<IpAddr>),
    /// The address that STUN sees us under.
    SeenAs(SocketAddr),
    /// The proxy's name.
    Through(String),
    /// The certificate ends within 14 days.
    ExpiresSoon,
}

/// A leg that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub step: Step,
    pub ms: Option<u32>,
    pub outcome: Result<Shown, Fault>,
}

/// A clock that is off by more makes trouble: sessions, certificates and credentials have their times.
pub const MOST_SKEW_MS: i64 = 30_000;

/// What somebody should know or do, the weightiest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    NameUnknown,
    /// The server's port cannot be reached at all.
    Unreachable(Fault),
    NoTls,
    NotStaffline,
    Certificate(CertificateFault),
    CertificateExpiresSoon,
    /// Reachable through the proxy only; whether TURN gets through it as well.
    ProxyOnly {
        relay: bool,
    },
    RelayUnreachable,
    TlsOnly,
    UdpBlocked,
    /// A leg fails that others of its kind do not explain.
    LegFails(Step),
    /// This machine's clock is ahead of the server's by so many milliseconds.
    ClockOff(i64),
    Fine,
}

/// Tries every leg.
pub async fn examine(target: &Target, proxy: Option<&Proxy>, trust: &Trust, clock: &Clock) -> Vec<Tried> {
    let dns = timed(target.resolve()).await;
    let addresses = dns.outcome.clone().unwrap_or_default();
    let shown = dns.outcome.map(|found| Shown::Addresses(found.iter().map(SocketAddr::ip).collect()));
    let mut tried = vec![Tried { step: Step::Dns, ms: Some(dns.ms), outcome: shown }];
    // On the heap: connections with TLS are large.
    let direct = Box::pin(async {
        if addresses.is_empty() {
            return Vec::new();
        }
        let web = web(target, &addresses, trust, clock);
        let (mut tried, relay) = tokio::join!(web, relay(target, &addresses, trust));
        tried.extend(relay);
        tried
    });
    let (direct, through) = tokio::join!(direct, Box::pin(through(target, proxy, trust)));
    tried.extend(direct.into_iter().chain(through));
    tried
}

/// The page's way: TCP, TLS, HTTP; and the clock.
pub(super) async fn web(target: &Target, addresses: &[SocketAddr], trust: &Trust, clock: &Clock) -> Vec<Tried> {
    let tcp = timed(probe::connect(addresses)).await;
    let mut tried = Vec::new();
    let Some(stream) = note(&mut tried, Step::Tcp, tcp) else { return tried };
    let health = if target.tls {
        let Some((stream, certificate)) = note(&mut tried, Step::Tls, timed(probe::secure(stream, target, trust)).await) else {
            return tried;
        };
        let shown = if certificate.expires_soon { Shown::ExpiresSoon } else { Shown::Nothing };
        let outcome = certificate.fault.map_or(Ok(shown), |fault| Err(Fault::Certificate(fault)));
        tried.push(Tried { step: Step::Certificate, ms: None, outcome });
        timed(Box::pin(probe::health(stream, target))).await
    } else {
        timed(Box::pin(probe::health(stream, target))).await
    };
    if let Some(Some(theirs)) = note(&mut tried, Step::Http, health) {
        let ahead = clock.now().0 - theirs.0;
        let outcome = if ahead.abs() > MOST_SKEW_MS { Err(Fault::Clock(ahead)) } else { Ok(Shown::Nothing) };
        tried.push(Tried { step: Step::Clock, ms: None, outcome });
    }
    tried
}

/// STUN and TURN, all at once.
pub(super) async fn relay(target: &Target, addresses: &[SocketAddr], trust: &Trust) -> Vec<Tried> {
    let turn_tcp = async { probe::turn_stream(probe::connect(addresses).await?).await };
    let turn_tls = async {
        let (stream, _) = probe::secure(probe::connect(addresses).await?, target, trust).await?;
        probe::turn_stream(stream).await
    };
    let turn_tls = async { if target.tls { Some(timed(turn_tls).await) } else { None } };
    let (udp, turn_udp) = (timed(probe::stun_shards(addresses, target.shards)), timed(probe::turn_udp(addresses)));
    let (udp, turn_udp, turn_tcp, turn_tls) = tokio::join!(udp, turn_udp, timed(turn_tcp), turn_tls);
    let mut tried = vec![Tried { step: Step::Udp, ms: Some(udp.ms), outcome: udp.outcome.map(Shown::SeenAs) }];
    note(&mut tried, Step::TurnUdp, turn_udp);
    note(&mut tried, Step::TurnTcp, turn_tcp);
    turn_tls.and_then(|turn_tls| note(&mut tried, Step::TurnTls, turn_tls));
    tried
}

/// What browsers do in an office with a proxy: the page, and TURN inside TLS, through CONNECT.
async fn through(target: &Target, proxy: Option<&Proxy>, trust: &Trust) -> Option<Tried> {
    let proxy = proxy.filter(|_| target.tls)?;
    let probe = async {
        let (stream, _) = probe::secure(proxy.tunnel(target).await?, target, trust).await?;
        probe::health(stream, target).await?;
        let (stream, _) = probe::secure(proxy.tunnel(target).await?, target, trust).await?;
        // The page comes through; that TURN does not is another finding.
        Ok(probe::turn_stream(stream).await.map_or(Shown::Nothing, |()| Shown::Through(proxy.name())))
    };
    let Timed { ms, outcome } = timed(Box::pin(probe)).await;
    Some(Tried { step: Step::Proxy, ms: Some(ms), outcome })
}

/// Notes a leg, and gives what it has for the next one.
fn note<T>(tried: &mut Vec<Tried>, step: Step, probe: Timed<T>) -> Option<T> {
    let (outcome, got) = match probe.outcome {
        Ok(got) => (Ok(Shown::Nothing), Some(got)),
        Err(fault) => (Err(fault), None),
    };
    tried.push(Tried { step, ms: Some(probe.ms), outcome });
    got
}

/// What is to be made of it; never empty.
#[must_use]
pub fn findings(tried: &[Tried]) -> Vec<Finding> {
    let outcome = |step| tried.iter().find(|tried| tried.step == step).map(|tried| &tried.outcome);
    let fault = |step| outcome(step).and_then(|outcome| outcome.as_ref().err());
    let proxied = outcome(Step::Proxy).and_then(|outcome| outcome.as_ref().ok());
    let relay_through = matches!(proxied, Some(Shown::Through(_)));
    let mut findings = Vec::new();
    if let Some(finding) = page(fault) {
        match proxied {
            Some(_) => findings.push(Finding::ProxyOnly { relay: relay_through }),
            None => findings.push(finding),
        }
    }
    match (fault(Step::Certificate), outcome(Step::Certificate)) {
        (Some(Fault::Certificate(fault)), _) => findings.push(Finding::Certificate(fault.clone())),
        (_, Some(Ok(Shown::ExpiresSoon))) => findings.push(Finding::CertificateExpiresSoon),
        _ => {}
    }
    if findings.iter().all(|finding| matches!(finding, Finding::Certificate(_) | Finding::CertificateExpiresSoon)) {
        findings.extend(of_relay(tried, relay_through));
    }
    if let Some(Fault::Clock(ahead)) = fault(Step::Clock) {
        findings.push(Finding::ClockOff(*ahead));
    }
    if findings.is_empty() {
        findings.push(Finding::Fine);
    }
    findings
}

/// Why the page itself cannot be reached directly.
fn page<'a>(fault: impl Fn(Step) -> Option<&'a Fault>) -> Option<Finding> {
    if fault(Step::Dns).is_some() {
        return Some(Finding::NameUnknown);
    }
    if let Some(fault) = fault(Step::Tcp) {
        return Some(Finding::Unreachable(fault.clone()));
    }
    if fault(Step::Tls).is_some() {
        return Some(Finding::NoTls);
    }
    fault(Step::Http).map(|_| Finding::NotStaffline)
}

/// The page can be reached: how does the media get through?
fn of_relay(tried: &[Tried], relay_through: bool) -> Vec<Finding> {
    const LEGS: [Step; 4] = [Step::Udp, Step::TurnUdp, Step::TurnTcp, Step::TurnTls];
    let failed = tried.iter().filter(|tried| LEGS.contains(&tried.step) && tried.outcome.is_err());
    let failed: Vec<_> = failed.map(|tried| tried.step).collect();
    let tried_tls = tried.iter().any(|tried| tried.step == Step::TurnTls);
    match failed[..] {
        [] => Vec::new(),
        [Step::Udp, Step::TurnUdp, Step::TurnTcp, Step::TurnTls] if relay_through => vec![Finding::ProxyOnly { relay: true }],
        [Step::Udp, Step::TurnUdp, Step::TurnTcp, Step::TurnTls] => vec![Finding::RelayUnreachable],
        [Step::Udp, Step::TurnUdp, Step::TurnTcp] if tried_tls => vec![Finding::TlsOnly],
        [Step::Udp, Step::TurnUdp, Step::TurnTcp] => vec![Finding::RelayUnreachable],
        [Step::Udp, Step::TurnUdp] => vec![Finding::UdpBlocked],
        _ => failed.into_iter().map(Finding::LegFails).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: [Step; 6] = [Step::Dns, Step::Tcp, Step::Tls, Step::Certificate, Step::Http, Step::Clock];
    const MEDIA: [Step; 4] = [Step::Udp, Step::TurnUdp, Step::TurnTcp, Step::TurnTls];

    /// Everything works but what is named, with its fault; `absent` was not tried.
    fn check(bad: &[(Step, Fault)], absent: &[Step], expected: &[Finding]) {
        let steps = PAGE.iter().chain(&MEDIA).filter(|step| !absent.contains(step));
        let outcome =
            |step: Step| bad.iter().find(|(bad, _)| *bad == step).map_or(Ok(Shown::Nothing), |(_, fault)| Err(fault.clone()));
        let tried: Vec<_> = steps.map(|step| Tried { step: *step, ms: None, outcome: outcome(*step) }).collect();
        assert_eq!(findings(&tried), expected, "{bad:?}");
    }

    fn silent(steps: &[Step]) -> Vec<(Step, Fault)> {
        steps.iter().map(|step| (*step, Fault::TimedOut)).collect()
    }

    #[test]
    fn the_failing_leg_is_named() {
        check(&[], &[], &[Finding::Fine]);
        check(&[], &[Step::Tls, Step::Certificate, Step::TurnTls], &[Finding::Fine]);
        check(&silent(&[Step::Dns]), &[], &[Finding::NameUnknown]);
        check(&[(Step::Tcp, Fault::Refused)], &[], &[Finding::Unreachable(Fault::Refused)]);
        check(&[(Step::Tls, Fault::Closed)], &[], &[Finding::NoTls]);
        check(&[(Step::Http, Fault::Closed)], &[], &[Finding::NotStaffline]);
        check(&silent(&MEDIA), &[], &[Finding::RelayUnreachable]);
        check(&silent(&MEDIA[..3]), &[], &[Finding::TlsOnly]);
        check(&silent(&MEDIA[..3]), &[Step::TurnTls], &[Finding::RelayUnreachable]);
        check(&silent(&MEDIA[..2]), &[], &[Finding::UdpBlocked]);
        check(&silent(&[Step::TurnTls]), &[], &[Finding::LegFails(Step::TurnTls)]);
        check(&silent(&[Step::Udp]), &[], &[Finding::LegFails(Step::Udp)]);
    }

    #[test]
    fn a_bad_certificate_or_clock_hides_nothing() {
        let expired = (Step::Certificate, Fault::Certificate(CertificateFault::Expired));
        let certificate = Finding::Certificate(CertificateFault::Expired);
        check(std::slice::from_ref(&expired), &[], std::slice::from_ref(&certificate));
        let mut bad = silent(&MEDIA[..2]);
        bad.extend([expired, (Step::Clock, Fault::Clock(31_000))]);
        check(&bad, &[], &[certificate, Finding::UdpBlocked, Finding::ClockOff(31_000)]);
    }

    #[test]
    fn a_proxy_may_be_the_only_way() {
        let proxied = |bad: &[Step], shown: Result<Shown, Fault>, expected: Finding| {
            let outcome = |step| if bad.contains(&step) { Err(Fault::TimedOut) } else { Ok(Shown::Nothing) };
            let mut tried: Vec<_> =
                PAGE.iter().chain(&MEDIA).map(|step| Tried { step: *step, ms: None, outcome: outcome(*step) }).collect();
            tried.push(Tried { step: Step::Proxy, ms: None, outcome: shown });
            assert_eq!(findings(&tried), [expected], "{bad:?}");
        };
        let through = || Ok(Shown::Through("proxy:3128".to_owned()));
        proxied(&[Step::Dns], through(), Finding::ProxyOnly { relay: true });
        proxied(&[Step::Tcp], Ok(Shown::Nothing), Finding::ProxyOnly { relay: false });
        proxied(&[Step::Tcp], Err(Fault::Refused), Finding::Unreachable(Fault::TimedOut));
        proxied(&MEDIA, through(), Finding::ProxyOnly { relay: true });
        proxied(&MEDIA, Ok(Shown::Nothing), Finding::RelayUnreachable);
        proxied(&MEDIA[..2], through(), Finding::UdpBlocked);
        proxied(&[], Err(Fault::Refused), Finding::Fine);
    }

    #[test]
    fn every_finding_has_its_words_in_both_languages() {
        use crate::{doctor::words, users::settings::Language};
        let target = Target::of(&"https://chat.example".parse().expect("a URL")).expect("a web server's");
        let findings = [
            Finding::NameUnknown,
            Finding::Unreachable(Fault::TimedOut),
            Finding::NoTls,
            Finding::NotStaffline,
            Finding::Certificate(CertificateFault::UnknownIssuer),
            Finding::CertificateExpiresSoon,
            Finding::ProxyOnly { relay: true },
            Finding::ProxyOnly { relay: false },
            Finding::RelayUnreachable,
            Finding::TlsOnly,
            Finding::UdpBlocked,
            Finding::LegFails(Step::TurnTls),
            Finding::ClockOff(-90_000),
            Finding::Fine,
        ];
        for finding in findings {
            let [en, ru] = [Language::En, Language::Ru].map(|language| words::finding(language, &finding, &target));
            assert!(en.ends_with('.') && en.is_ascii(), "{finding:?}: {en}");
            assert!(ru.ends_with('.') && ru.contains('о'), "{finding:?}: {ru}");
        }
    }
}
