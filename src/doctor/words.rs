//! What the doctor says, in Russian and in English: to an admin at a terminal, in the log, and on the dashboard.

use super::{
    certificate::CertificateFault,
    examination::{Finding, Shown, Step},
    probe::{Fault, Target, UdpPorts},
};
use crate::users::settings::Language;

/// The one of two texts that the reader reads.
pub(super) fn say(language: Language, en: impl Into<String>, ru: impl Into<String>) -> String {
    match language {
        Language::En => en.into(),
        Language::Ru => ru.into(),
    }
}

/// Name of a leg.
#[must_use]
pub fn step(language: Language, step: Step) -> String {
    let (en, ru) = match step {
        Step::Dns => ("Name (DNS)", "Имя (DNS)"),
        Step::Tcp => ("TCP", "TCP"),
        Step::Tls => ("TLS", "TLS"),
        Step::Certificate => ("Certificate", "Сертификат"),
        Step::Http => ("Page (HTTP)", "Страница (HTTP)"),
        Step::Clock => ("Clock", "Часы"),
        Step::Udp => ("UDP (STUN)", "UDP (STUN)"),
        Step::TurnUdp => ("TURN over UDP", "TURN по UDP"),
        Step::TurnTcp => ("TURN over TCP", "TURN по TCP"),
        Step::TurnTls => ("TURN over TLS", "TURN по TLS"),
        Step::Proxy => ("Proxy", "Прокси"),
    };
    say(language, en, ru)
}

/// What a leg that worked has shown; often nothing more than that.
#[must_use]
pub fn shown(language: Language, shown: &Shown) -> String {
    match shown {
        Shown::Nothing => String::new(),
        Shown::Addresses(found) => found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Shown::SeenAs(address) => say(language, format!("you are seen as {address}"), format!("вас видно как {address}")),
        Shown::Through(proxy) => {
            say(language, format!("page and TURN through {proxy}"), format!("страница и TURN через {proxy}"))
        }
        Shown::ExpiresSoon => say(language, "ends within 14 days", "закончится в течение 14 дней"),
    }
}

/// What must be let in to the server.
pub fn firewall(language: Language, tcp: u16, udp: UdpPorts) -> String {
    say(
        language,
        format!("A firewall before the server must let in TCP {tcp} and UDP {udp}."),
        format!("Межсетевой экран перед сервером должен пропускать TCP {tcp} и UDP {udp}."),
    )
}

/// Why a leg did not work, in a few words.
#[must_use]
pub fn fault(language: Language, fault: &Fault) -> String {
    let say = |en: &str, ru: &str| say(language, en, ru);
    match fault {
        Fault::NoAddress => say("no such name", "нет такого имени"),
        Fault::Refused => say("refused", "отказано в соединении"),
        Fault::TimedOut => say("no answer", "нет ответа"),
        Fault::Closed => say("closed before an answer", "соединение закрыто до ответа"),
        Fault::Certificate(fault) => certificate(language, fault),
        Fault::Tls(said) => say(&format!("TLS fails: {said}"), &format!("TLS не устанавливается: {said}")),
        Fault::NotOurs(said) => say(&format!("something else answers ({said})"), &format!("отвечает что-то другое ({said})")),
        Fault::Proxy(said) => say(&format!("the proxy said: {said}"), &format!("прокси ответил: {said}")),
        Fault::Clock(ahead) => clock(language, *ahead),
        Fault::Port(port, why) => format!("UDP {port}: {}", self::fault(language, why)),
        Fault::Other(said) => said.clone(),
    }
}

fn certificate(language: Language, fault: &CertificateFault) -> String {
    let say = |en: &str, ru: &str| say(language, en, ru);
    match fault {
        CertificateFault::Expired => say("expired", "срок действия истёк"),
        CertificateFault::NotYetValid => say("not valid yet", "ещё не действует"),
        CertificateFault::WrongName => say("made for another name", "выдан на другое имя"),
        CertificateFault::UnknownIssuer => say("of an unknown authority", "издатель неизвестен"),
        CertificateFault::Other(said) => say(&format!("not accepted: {said}"), &format!("не принят: {said}")),
    }
}

fn clock(language: Language, ahead_ms: i64) -> String {
    let seconds = ahead_ms.unsigned_abs() / 1_000;
    if ahead_ms > 0 {
        say(language, format!("{seconds} s ahead of the server's"), format!("спешат относительно сервера на {seconds} с"))
    } else {
        say(language, format!("{seconds} s behind the server's"), format!("отстают от сервера на {seconds} с"))
    }
}

/// What is to be done, by whom.
#[must_use]
pub fn finding(language: Language, finding: &Finding, target: &Target) -> String {
    let (host, port) = (&target.host, target.port);
    let say = |en: String, ru: String| say(language, en, ru);
    match finding {
        Finding::NameUnknown => say(
            format!("The name {host} leads to no address. Tell whoever keeps your DNS."),
            format!("Имя {host} не находится в DNS. Сообщите тому, кто ведёт ваш DNS."),
        ),
        Finding::Unreachable(why) => unreachable(language, why, target),
        Finding::NoTls => say(
            format!(
                "TCP {port} of {host} answers, but TLS does not come about: something on the way breaks it, or another program \
                 listens there. Tell the admin of this network, then the server's."
            ),
            format!(
                "TCP {port} на {host} отвечает, но TLS не устанавливается: его ломает что-то по пути, или там слушает другая \
                 программа. Сообщите администратору этой сети, затем администратору сервера."
            ),
        ),
        Finding::NotStaffline => say(
            format!(
                "What answers at {host}:{port} is not Staffline: a sign-in page of the network, a proxy, or another program. \
                 Tell the admin of this network, then the server's."
            ),
            format!(
                "По адресу {host}:{port} отвечает не Staffline: страница входа в сеть, прокси или другая программа. \
                 Сообщите администратору этой сети, затем администратору сервера."
            ),
        ),
        Finding::Certificate(fault) => bad_certificate(language, fault, target),
        Finding::CertificateExpiresSoon => say(
            format!("The certificate of {host} ends within 14 days. The server's admin must renew it."),
            format!("Сертификат {host} закончится в течение 14 дней. Администратор сервера должен обновить его."),
        ),
        Finding::ClockOff(ahead) => {
            let off = clock(language, *ahead);
            say(
                format!("This machine's clock is {off}. Set it by NTP, here or on the server: whichever is wrong."),
                format!("Часы этой машины {off}. Настройте время по NTP — здесь или на сервере, смотря где оно неверно."),
            )
        }
        Finding::Fine => say(
            "Calls will work from here: every leg gets through.".to_owned(),
            "Звонки отсюда будут работать: проходят все пути.".to_owned(),
        ),
        media => of_media(language, media, target),
    }
}

/// The page can be reached, and the media has trouble.
fn of_media(language: Language, finding: &Finding, target: &Target) -> String {
    let (host, port) = (&target.host, target.port);
    let say = |en: String, ru: String| say(language, en, ru);
    match finding {
        Finding::ProxyOnly { relay: true } => say(
            format!(
                "Only the proxy leads to {host}: calls will work through it, by TURN inside TLS, with more delay. Better: the admin \
                 of this network lets UDP {port} to {host} past the proxy."
            ),
            format!(
                "К {host} ведёт только прокси: звонки будут работать через него, по TURN внутри TLS, с большей задержкой. Лучше, \
                 если администратор этой сети пропустит UDP {port} к {host} мимо прокси."
            ),
        ),
        Finding::ProxyOnly { relay: false } => say(
            format!(
                "The page comes through the proxy, TURN inside TLS does not: calls will not connect. The admin of this network must \
                 let the proxy pass CONNECT to {host}:{port} without looking inside, or let UDP and TCP {port} past it."
            ),
            format!(
                "Страница через прокси открывается, а TURN внутри TLS не проходит: звонки не соединятся. Администратор этой сети \
                 должен разрешить прокси CONNECT к {host}:{port} без вскрытия TLS или пропустить UDP и TCP {port} мимо него."
            ),
        ),
        Finding::RelayUnreachable => say(
            format!(
                "The page can be reached, the TURN server cannot, by no way: calls will not connect. The admin of this network must \
                 let UDP {port} and TCP {port} to {host} out; if it is so everywhere, the server's admin must let them in."
            ),
            format!(
                "Страница доступна, а сервер TURN — никаким путём: звонки не соединятся. Администратор этой сети должен выпустить \
                 UDP {port} и TCP {port} к {host}; если так отовсюду, администратор сервера должен их впустить."
            ),
        ),
        Finding::TlsOnly => say(
            format!(
                "Only TLS gets through: calls will work by TURN over TLS, with more delay. Better: the admin of this network lets \
                 UDP {port} to {host} out."
            ),
            format!(
                "Проходит только TLS: звонки будут работать по TURN внутри TLS, с большей задержкой. Лучше, если администратор \
                 этой сети выпустит UDP {port} к {host}."
            ),
        ),
        Finding::UdpBlocked => say(
            format!(
                "UDP {port} to {host} does not get through: calls will work over TCP, with more delay. The admin of this network \
                 should let UDP {port} out; if it is so everywhere, the server's admin should let it in."
            ),
            format!(
                "UDP {port} к {host} не проходит: звонки будут работать по TCP, с большей задержкой. Администратору этой сети \
                 стоит выпустить UDP {port}; если так отовсюду, администратору сервера — впустить."
            ),
        ),
        Finding::LegFails(failed) => {
            let leg = step(language, *failed);
            say(
                format!(
                    "{leg} fails, though others get through: something on the way to {host}:{port} looks inside. Tell the admin of this network."
                ),
                format!(
                    "{leg} не проходит, хотя другие пути работают: что-то по пути к {host}:{port} вмешивается в трафик. Сообщите администратору этой сети."
                ),
            )
        }
        _ => String::new(),
    }
}

fn unreachable(language: Language, why: &Fault, target: &Target) -> String {
    let (host, port) = (&target.host, target.port);
    let why = fault(language, why);
    say(
        language,
        format!(
            "TCP {port} of {host} cannot be reached ({why}): no page, no calls. Ask the server's admin whether it runs and TCP {port} \
             is let in, and the admin of this network whether it is let out."
        ),
        format!(
            "TCP {port} на {host} недоступен ({why}): ни страницы, ни звонков. Спросите администратора сервера, работает ли он и \
             впускается ли TCP {port}, и администратора этой сети — выпускается ли."
        ),
    )
}

fn bad_certificate(language: Language, fault: &CertificateFault, target: &Target) -> String {
    let host = &target.host;
    let what = certificate(language, fault);
    let (en, ru) = match fault {
        CertificateFault::UnknownIssuer => (
            "Browsers that do not know it either refuse the page and TURN over TLS: install the authority's certificate on the \
             computers, or use one of a public authority",
            "Браузеры, которые его тоже не знают, не откроют страницу и TURN по TLS: установите сертификат издателя на компьютеры \
             или возьмите сертификат публичного издателя",
        ),
        _ => (
            "Browsers refuse the page and TURN over TLS: the server's admin must renew it",
            "Браузеры не откроют страницу и TURN по TLS: администратор сервера должен обновить его",
        ),
    };
    say(
        language,
        format!("The certificate of {host} is bad ({what}). {en}."),
        format!("Сертификат {host} негоден ({what}). {ru}."),
    )
}
