//! The mail settings: what the admin's page has saved, or what the server's configuration says.

use std::fmt;

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{NoticesError, store};
use crate::{
    app::App,
    audit::{self, Action},
    ids::UserId,
    users::settings::Language,
};

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Not at all: for a server on this machine or in a network of its own.
    None,
    /// Begins in the clear and must change to TLS (port 587).
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
}

/// Where mail is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    #[schema(example = "smtp.example.com")]
    pub host: String,
    #[schema(minimum = 1)]
    pub port: u16,
    pub encryption: Encryption,
    /// Unset: the server takes mail without a sign-in.
    pub user: Option<String>,
}

/// How mail goes out. The password is apart, because it is told to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Unset: no mail is sent.
    pub server: Option<MailServer>,
    /// The sender of all mail, as in `Staffline <chat@example.com>`.
    #[schema(example = "Staffline <chat@example.com>")]
    pub sender: String,
    /// How long a message stays unread before a mail tells of it.
    #[schema(minimum = 1, maximum = 1440)]
    pub delay_minutes: u32,
    /// Whether a mail shows what was written; else only by whom.
    pub include_text: bool,
    /// Of mails to those who have not chosen one.
    pub language: Language,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self { server: None, sender: String::new(), delay_minutes: 5, include_text: true, language: Language::Ru }
    }
}

/// A password of a mail server; it shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The settings with the password: what is needed to send, and how they are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub settings: MailSettings,
    pub password: Option<Password>,
}

/// The mail server of the configuration (`smtp_url`, `smtp_from`); the admin's page then shows it and does not change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedServer {
    pub server: MailServer,
    pub password: Option<Password>,
    pub sender: String,
}

impl FixedServer {
    /// `smtp://user:password@host:port?tls=starttls`, where `tls` may be `none`, or `smtps://…`. The message says what is wrong.
    pub fn parse(url: &str, sender: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("must name a host")?.to_owned();
        let encryption = encryption_of(&url)?;
        let port = url.port().unwrap_or(match encryption {
            Encryption::Tls => 465,
            Encryption::Starttls => 587,
            Encryption::None => 25,
        });
        let user = Some(decoded(url.username())).filter(|user| !user.is_empty());
        let password = url.password().map(|password| Password(decoded(password)));
        let fixed = Self { server: MailServer { host, port, encryption, user }, password, sender: sender.to_owned() };
        fixed.mail(&MailSettings::default()).check().map_err(|error| error.to_string())?;
        Ok(fixed)
    }

    /// The page's settings with the configuration's server.
    fn mail(&self, page: &MailSettings) -> Mail {
        let settings = MailSettings { server: Some(self.server.clone()), sender: self.sender.clone(), ..page.clone() };
        Mail { settings, password: self.password.clone() }
    }
}

fn encryption_of(url: &Url) -> Result<Encryption, String> {
    let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    match (url.scheme(), tls.as_deref()) {
        ("smtps", None) => Ok(Encryption::Tls),
        ("smtp", None | Some("starttls")) => Ok(Encryption::Starttls),
        ("smtp", Some("none")) => Ok(Encryption::None),
        _ => Err("must be smtps://host, smtp://host (STARTTLS) or smtp://host?tls=none".to_owned()),
    }
}

fn decoded(text: &str) -> String {
    // A path of one part: the only decoder that the URL crate has for a userinfo is that of queries, without its plus sign.
    let query = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

impl Mail {
    /// What is set now.
    pub async fn load(app: &App) -> sqlx::Result<Self> {
        let page = store::mail(&app.db).await?.unwrap_or_default();
        Ok(match &app.config.smtp {
            Some(fixed) => fixed.mail(&page.settings),
            None => page,
        })
    }

    /// The sender, once [`Mail::check`] has passed.
    pub fn sender(&self) -> Result<Mailbox, NoticesError> {
        self.settings.sender.trim().parse().map_err(|_| NoticesError::BadSender)
    }

    /// That mail can go out with these settings, as far as one sees without trying.
    pub fn check(&self) -> Result<(), NoticesError> {
        if !(1..=24 * 60).contains(&self.settings.delay_minutes) {
            return Err(NoticesError::BadDelay);
        }
        let Some(server) = &self.settings.server else { return Ok(()) };
        let host_fits = |c: char| c.is_alphanumeric() || ".-:[]".contains(c);
        if server.host.is_empty() || server.host.len() > 255 || !server.host.chars().all(host_fits) || server.port == 0 {
            return Err(NoticesError::BadServer);
        }
        if self.password.is_some() && server.encryption == Encryption::None {
            return Err(NoticesError::PasswordNeedsTls);
        }
        self.sender().map(drop)
    }
}

/// Saves what an admin has set. `password`: `None` keeps the one that is there, as long as it goes to the same server.
pub async fn save(app: &App, by: UserId, new: MailSettings, password: Option<Password>) -> Result<(), NoticesError> {
    let before = store::mail(&app.db).await?.unwrap_or_default();
    if let Some(fixed) = &app.config.smtp
        && (new.server.as_ref() != Some(&fixed.server) || new.sender != fixed.sender)
    {
        return Err(NoticesError::SetByConfig);
    }
    let kept = before.password.filter(|_| new.server == before.settings.server);
    let password = password.or(kept).filter(|password| !password.0.is_empty());
    let mail = Mail { settings: new, password };
    mail.check()?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    store::set_mail(&mut tx, &mail, by, now).await?;
    let server = mail.settings.server.as_ref().map(|server| format!("{}:{}", server.host, server.port));
    let sender = Some(mail.settings.sender.clone()).filter(|_| server.is_some());
    audit::append(&mut tx, Some(by), Action::MailSettingsChanged { server, sender }, now).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_makes_a_server() {
        let parse = |url| FixedServer::parse(url, "Chat <chat@example.com>");
        let full = parse("smtps://an%40a:p%2Bw%20d+@mail.example.com").expect("it is fine");
        let server = MailServer {
            host: "mail.example.com".to_owned(),
            port: 465,
            encryption: Encryption::Tls,
            user: Some("an@a".to_owned()),
        };
        assert_eq!((full.server, full.password), (server, Some(Password("p+w d+".to_owned()))));
        let plain = parse("smtp://localhost?tls=none").expect("it is fine").server;
        assert_eq!((plain.port, plain.encryption, plain.user), (25, Encryption::None, None));
        assert_eq!(parse("smtp://[::1]:2525").expect("it is fine").server.encryption, Encryption::Starttls);
        for bad in ["http://host", "smtp://host?tls=maybe", "smtp://", "smtp://user:secret@host?tls=none", "mail.example.com"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(FixedServer::parse("smtp://host", "nobody").is_err());
    }

    #[test]
    fn a_password_does_not_show_itself() {
        let mail = Mail { password: Some(Password("secret".to_owned())), ..Mail::default() };
        assert!(!format!("{mail:?}").contains("secret"));
    }
}
