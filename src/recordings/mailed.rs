//! The head of all recordings by mail, once a day to each address: a copy that is out of this server's reach.

use std::collections::BTreeMap;

use serde_json::to_string_pretty;

use super::{
    daily::{self, Daily},
    store::policy,
};
use crate::{
    app::App,
    ids::MailId,
    notifications::{
        compose::{self, Envelope},
        settings::Mail,
        smtp, words,
    },
};

/// Sends that of today to those who have not got it. What the mail server does not take is tried again in the next round.
pub async fn send(app: &App) -> sqlx::Result<()> {
    let addresses = &app.config.recording_heads_to;
    if addresses.is_empty() {
        return Ok(());
    }
    let (Some(head), mail) = (daily::newest(app).await?, Mail::load(app).await?) else { return Ok(()) };
    if mail.settings.server.is_none() {
        tracing::warn!("the head of the recordings is to be mailed, and no mail server is set");
        return Ok(());
    }
    let day = daily::day(app.clock.now());
    let known = policy::heads_mailed(&app.db).await?;
    // Who is no address any more is forgotten.
    let mut mailed: BTreeMap<_, _> = known.into_iter().filter(|(address, _)| addresses.contains(address)).collect();
    for address in addresses {
        if mailed.get(address) != Some(&day) && send_to(app, &mail, address, &day, &head).await {
            mailed.insert(address.clone(), day.clone());
            let mut tx = app.db.begin().await?;
            policy::set_heads_mailed(&mut tx, &mailed, app.clock.now()).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn send_to(app: &App, mail: &Mail, address: &str, day: &str, head: &Daily) -> bool {
    let language = mail.settings.language;
    let envelope = Envelope { mail, name: "", email: address, language, id: MailId::new(), date: app.clock.now() };
    let (subject, body) = (words::head_subject(language, day), words::head_body(language, head.head.number));
    let Ok(file) = to_string_pretty(head) else { return false };
    let message = compose::with_file(&envelope, &subject, &body, &format!("{day}.json"), file);
    let sent = match message {
        Ok(message) => smtp::send(mail, app.config.smtp_ca.as_deref(), &message, app.tuning.send_patience).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(problem = ?error.problem, said = error.said, "the head of the recordings was not mailed");
            false
        }
    }
}
