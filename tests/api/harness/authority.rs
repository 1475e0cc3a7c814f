//! A certificate authority that speaks ACME, in a process of its own, with what `scripts/smtp-venv` has installed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use staffline::config::Acme;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    time,
};

use super::PATIENCE;

pub(crate) struct Authority {
    port: u16,
    folder: TempDir,
    input: ChildStdin,
    _child: Child,
}

impl Authority {
    pub(crate) async fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/tools/smtp/bin/python");
        assert!(python.exists(), "the tests' authority is missing: run scripts/smtp-venv");
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command.arg(root.join("tests/api/authority/server.py")).arg(folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let input = child.stdin.take().unwrap();
        let line = time::timeout(PATIENCE, said.next_line()).await.expect("the authority says something").unwrap();
        let port = line.expect("the authority runs").parse().unwrap();
        Self { port, folder, input, _child: child }
    }

    /// Its own certificate, and that of those which it signs.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Settings to order a certificate from it.
    pub(crate) fn order(&self, domains: &[&str]) -> Acme {
        Acme {
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            contact: Some("admin@example.com".to_owned()),
            directory: format!("https://localhost:{}/directory", self.port).parse().unwrap(),
            ca: Some(self.ca()),
        }
    }

    /// From now on all names lead to this port.
    pub(crate) async fn lead_to(&mut self, port: u16) {
        self.input.write_all(format!("{port}\n").as_bytes()).await.unwrap();
    }
}
