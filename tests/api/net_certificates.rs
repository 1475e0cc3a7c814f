//! Certificates that change while the server runs: by their files, and by an authority.

use std::{os::unix::fs::PermissionsExt, path::Path, sync::OnceLock, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use staffline::{
    app::Tuning,
    config::{Config, Tls},
    net::tls,
};
use tokio::time;

use crate::{
    harness::{Engine, PATIENCE, Setup, TestApp, authority::Authority, run_with, tuning},
    net::{ask, tls_to, trusting},
};

/// A certificate of its own in two files.
fn write(folder: &Path, name: &str) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn by_files(config: &mut Config) {
    write(&config.data, "localhost");
    config.tls = Tls::Files { cert: config.data.join("cert.pem"), key: config.data.join("key.pem") };
}

async fn shown(app: &TestApp) -> CertificateDer<'static> {
    let stream = tls_to(app, "localhost", trusting(None)).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

async fn await_shown(app: &TestApp, what: &str, is_right: impl Fn(&CertificateDer<'static>) -> bool) {
    let look = async { while !is_right(&shown(app).await) {} };
    time::timeout(PATIENCE, look).await.expect(what);
}

#[tokio::test]
async fn changed_files_are_used_and_broken_ones_are_not() {
    run_with(Engine::Sqlite, Setup { change: by_files, ..Setup::default() }, |app| async move {
        let data = &app.app.config.data;
        let get = format!("GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", app.address);
        let open = tls_to(&app, "localhost", trusting(None)).await.unwrap();
        let second = write(data, "localhost");
        await_shown(&app, "the new one", |shown| *shown == second).await;
        // No certificate without its own key ever gets in, and nothing that is none.
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for (file, text) in [("cert.pem", "nonsense"), ("cert.pem", ""), ("key.pem", "nonsense"), ("key.pem", &other)] {
            let path = data.join(file);
            let good = std::fs::read(&path).unwrap();
            std::fs::write(&path, text).unwrap();
            let until = time::Instant::now() + 6 * app.app.tuning.certificate_check;
            while time::Instant::now() < until {
                assert_eq!(shown(&app).await, second, "{file} {text:?}");
            }
            std::fs::write(&path, good).unwrap();
        }
        let last = write(data, "localhost");
        await_shown(&app, "the mended one", |shown| *shown == last).await;
        assert!(ask(open, &get).await.starts_with("HTTP/1.1 200 OK"), "what is open goes on");
    })
    .await;
}

#[tokio::test]
async fn a_hangup_makes_it_look_at_once() {
    let tuning = Tuning { certificate_check: Duration::from_secs(3600), ..tuning() };
    run_with(Engine::Sqlite, Setup { change: by_files, tuning }, |app| async move {
        // Past its first look, and hearing signals from then on.
        let first = shown(&app).await;
        let second = write(&app.app.config.data, "localhost");
        assert_ne!(first, second);
        let hang_up = async {
            let own = rustix::process::getpid();
            // The first look is a task of its own: before it listens, a hang-up would end this process.
            while !hears_hangups() {
                tokio::task::yield_now().await;
            }
            while shown(&app).await != second {
                rustix::process::kill_process(own, rustix::process::Signal::HUP).unwrap();
            }
        };
        time::timeout(PATIENCE, hang_up).await.expect("it looks");
    })
    .await;
}

/// As the kernel has it.
fn hears_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & 1 == 1
}

/// What `Setup::change` cannot carry.
static ACME: OnceLock<Tls> = OnceLock::new();

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_ordered_kept_and_renewed() {
    let mut authority = Authority::start().await;
    let ca = authority.ca();
    ACME.set(Tls::Acme(authority.order(&["chat.example.com", "www.chat.example.com"]))).unwrap();
    let change = |config: &mut Config| config.tls = ACME.get().unwrap().clone();
    run_with(Engine::Sqlite, Setup { change, ..Setup::default() }, |app| async move {
        // No name leads here yet: the page is there all the same, with a certificate of our own.
        let own = shown(&app).await;
        assert_eq!(own, CertificateDer::from_pem_file(app.app.config.data.join("tls-cert.pem")).unwrap());
        authority.lead_to(app.address.port()).await;
        await_shown(&app, "a certificate of the authority", |shown| *shown != own).await;
        for name in ["chat.example.com", "www.chat.example.com"] {
            tls_to(&app, name, trusting(Some(&ca))).await.expect("the names are in it");
        }
        assert!(tls_to(&app, "localhost", trusting(Some(&ca))).await.is_err(), "and no other");

        let data = &app.app.config.data;
        for file in ["acme-account.json", "acme-certificate.json"] {
            let mode = std::fs::metadata(data.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        let given = shown(&app).await;
        let kept = tls::load(&app.app.config).unwrap().unwrap();
        assert_eq!(kept.certificates.current().cert[0], given, "the next start has it from the first moment on");
        let account = std::fs::read(data.join("acme-account.json")).unwrap();

        // The test's clock stands long before; it has 90 days.
        app.advance(Duration::from_secs(10 * 365 * 24 * 60 * 60));
        await_shown(&app, "a renewed one", |shown| *shown != given).await;
        assert_eq!(std::fs::read(data.join("acme-account.json")).unwrap(), account, "by the same account");
    })
    .await;
}
