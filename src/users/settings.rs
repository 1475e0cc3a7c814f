//! What a user has set for themselves: it follows them to every device.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{UsersError, store};
use crate::{
    app::App,
    db::Db,
    events::{self, Audience, Event},
    ids::UserId,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Ru,
    En,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the browser says.
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// Unset: as the browser says.
    pub language: Option<Language>,
    pub theme: Theme,
    /// E-mail about messages that stay unread.
    pub email_notices: bool,
    /// Notices on the desktop, where the browser allows them.
    pub desktop_notices: bool,
    /// A sound for new messages.
    pub sound: bool,
}

/// What is left out stays.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// `null`: as the browser says.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Language>)]
    language: Option<Option<Language>>,
    theme: Option<Theme>,
    email_notices: Option<bool>,
    desktop_notices: Option<bool>,
    sound: Option<bool>,
}

/// Tells `null` from what was left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Language>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The settings of a user.
pub async fn of(db: &Db, id: UserId) -> Result<Settings, UsersError> {
    store::settings(db.read(), id).await?.ok_or(UsersError::NoSuchUser)
}

/// Changes the settings of a user and tells their devices.
pub async fn change(app: &App, id: UserId, change: SettingsChange) -> Result<Settings, UsersError> {
    let mut tx = app.db.begin().await?;
    // First: two devices that change different things at the same moment must not undo each other.
    let event_id = events::next_id(&mut tx).await?;
    let before = store::settings(&mut *tx, id).await?.ok_or(UsersError::NoSuchUser)?;
    let settings = change.apply(before);
    store::update_settings(&mut tx, id, settings).await?;
    events::insert(&mut tx, event_id, Audience::User(id), &Event::SettingsChanged { settings }, app.clock.now()).await?;
    app.publisher.commit(tx).await?;
    Ok(settings)
}

impl SettingsChange {
    /// No more mail about messages: what the link in such a mail does.
    #[must_use]
    pub fn without_mail() -> Self {
        Self { email_notices: Some(false), ..Self::default() }
    }

    fn apply(self, before: Settings) -> Settings {
        Settings {
            language: self.language.unwrap_or(before.language),
            theme: self.theme.unwrap_or(before.theme),
            email_notices: self.email_notices.unwrap_or(before.email_notices),
            desktop_notices: self.desktop_notices.unwrap_or(before.desktop_notices),
            sound: self.sound.unwrap_or(before.sound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_told_from_what_was_left_out() {
        let before = Settings {
            language: Some(Language::Ru),
            theme: Theme::Dark,
            email_notices: true,
            desktop_notices: false,
            sound: true,
        };
        let apply = |text: &str| serde_json::from_str::<SettingsChange>(text).expect("a change").apply(before);
        assert_eq!(apply("{}"), before);
        assert_eq!(apply(r#"{"language": null}"#), Settings { language: None, ..before });
        assert_eq!(
            apply(r#"{"language": "en", "sound": false}"#),
            Settings { language: Some(Language::En), sound: false, ..before }
        );
        assert!(serde_json::from_str::<SettingsChange>(r#"{"theme": null, "colour": "red"}"#).is_err());
    }
}
