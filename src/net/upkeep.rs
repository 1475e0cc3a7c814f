//! Keeps the certificate new: looks whether its files have changed, or orders one that is due.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time,
};

use super::{
    acme::Orders,
    certificates::{Certificates, fingerprint},
    tls,
};
use crate::{app::App, config::Tls};

enum Upkeep {
    /// It stays.
    None,
    Files(Files),
    Orders(Orders),
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    /// Said already; not again every 30 s.
    problem: Option<String>,
}

/// Until the app stops; SIGHUP makes it look at once.
pub async fn run(app: App, certificates: Arc<Certificates>) {
    let mut hangup = hangup();
    let mut upkeep = match &app.config.tls {
        Tls::Off | Tls::SelfSigned => Upkeep::None,
        Tls::Files { cert, key } => Upkeep::Files(Files { cert: cert.clone(), key: key.clone(), problem: None }),
        Tls::Acme(settings) => Upkeep::Orders(Orders::new(&app, settings, &certificates)),
    };
    loop {
        let next = async {
            let wait = match &mut upkeep {
                Upkeep::None => app.tuning.certificate_check,
                Upkeep::Files(files) => files.look(&app, &certificates),
                Upkeep::Orders(orders) => orders.look(&app, &certificates).await,
            };
            tokio::select! {
                () = hung_up(&mut hangup) => tracing::info!("SIGHUP: looking for a new certificate"),
                () = time::sleep(wait) => {}
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = next => {}
        }
    }
}

fn hangup() -> Option<Signal> {
    signal(SignalKind::hangup()).inspect_err(|error| tracing::warn!(%error, "SIGHUP is not heard")).ok()
}

async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}

impl Files {
    /// Takes what is there now, if it can be used. Says when to look again.
    fn look(&mut self, app: &App, certificates: &Certificates) -> Duration {
        match tls::from_files(&self.cert, &self.key) {
            Ok(new) => {
                self.problem = None;
                let new_fingerprint = fingerprint(&new);
                if certificates.replace(new) {
                    tracing::info!(fingerprint = new_fingerprint, "new connections get the new certificate");
                }
            }
            Err(error) => {
                let problem = Some(error.to_string());
                if problem != self.problem {
                    tracing::error!(%error, "the new certificate cannot be used, the one before stays");
                }
                self.problem = problem;
            }
        }
        app.tuning.certificate_check
    }
}
