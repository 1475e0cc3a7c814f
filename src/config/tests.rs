//! Where settings come from, what is refused, and that the manual has them all.

use clap::{CommandFactory, FromArgMatches, Parser};

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// Loads with these flags and this file in the data folder.
fn load(flags: &[&str], file: &str) -> Result<Config, String> {
    let data = tempfile::tempdir().expect("a folder");
    std::fs::write(data.path().join(FILE_NAME), file).expect("a file");
    let path = data.path().to_str().expect("UTF-8");
    let arguments = ["staffline", "--data", path].into_iter().chain(flags.iter().copied());
    let matches = Cli::command().try_get_matches_from(arguments).map_err(|e| e.to_string())?;
    let cli = Cli::from_arg_matches(&matches).map_err(|e| e.to_string())?;
    Config::load(&cli.settings, |name| matches.value_source(name), None).map_err(|e| e.to_string())
}

#[test]
fn defaults_are_those_of_the_table() {
    let config = load(&[], "").expect("nothing needs to be set");
    assert_eq!(config.listen.to_string(), "0.0.0.0:8080");
    assert_eq!((config.tls, config.log_format, config.log_filter.as_str()), (Tls::Off, LogFormat::Text, "info"));
    assert_eq!((config.media_shards, config.session_lifetime.as_secs()), (1, 30 * 24 * 3_600));
    assert_eq!(config.database, Database::Sqlite(config.data.join("staffline.db")));
    assert_eq!(Config::of_folder(Path::new("x")).expect("defaults").data, Path::new("x"));
}

#[test]
fn a_flag_beats_the_file_and_the_file_the_default() {
    let file = "listen = '127.0.0.1:1'\nsession_days = 7\npublic_ip = ['192.0.2.1', '2001:db8::1']";
    let config = load(&["--listen", "127.0.0.1:2"], file).expect("all fits");
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.session_lifetime.as_secs(), 7 * 24 * 3_600);
    assert_eq!(config.media_addresses().len(), 2);
}

#[test]
fn a_mistake_is_named_with_its_place() {
    let cases: [(&[&str], &str, &[&str]); 30] = [
        (&[], "lisen = '127.0.0.1:1'", &["staffline.toml", "unknown field `lisen`"]),
        (&[], "listen = 'nowhere'", &["staffline.toml", "listen", "line 1"]),
        (&["--listen", "nowhere"], "", &["--listen", "nowhere"]),
        (&["--session-days", "0"], "", &["session_days (--session-days)", "0 is not between 1 and 365"]),
        (&[], "session_days = 400", &["session_days (", "staffline.toml", "400"]),
        (&["--database-url", "mysql://x"], "", &["database_url (--database-url)", "sqlite:<path>"]),
        (&["--database-url", "sqlite:"], "", &["database_url (--database-url)"]),
        (&["--public-url", "ftp://x"], "", &["public_url (--public-url)", "https://host"]),
        (&["--public-url", "https://x/chat"], "", &["public_url (--public-url)", "no path"]),
        (&["--public-ip", "0.0.0.0"], "", &["public_ip (--public-ip)", "0.0.0.0"]),
        (&["--media-shards", "65"], "", &["media_shards (--media-shards)", "65 is not between 1 and 64"]),
        (
            &["--listen", "0.0.0.0:65535"],
            "media_shards = 2",
            &["media_shards (", "staffline.toml", "no 2 UDP ports from 65535 on"],
        ),
        (&["--tls", "files"], "", &["tls_cert (not set)"]),
        (&["--tls-cert", "/nowhere"], "", &["tls_cert (--tls-cert)", "cannot read /nowhere"]),
        (&["--tls", "off", "--tls-key", "/nowhere"], "", &["tls (--tls)"]),
        (&["--tls", "acme"], "", &["acme_domains (not set)"]),
        (&["--tls", "acme", "--public-url", "https://192.0.2.1"], "", &["acme_domains", "192.0.2.1"]),
        (&["--tls", "acme", "--acme-domains", "a.example,*.b.example"], "", &["acme_domains (--acme-domains)", "*.b.example"]),
        (&["--tls", "acme", "--acme-domains", "a.example", "--acme-contact", "me"], "", &["acme_contact (--acme-contact)"]),
        (&["--tls", "acme", "--acme-domains", "a.example", "--acme-directory", "http://x"], "", &["acme_directory", "https://"]),
        (&["--files-url", "https://x/y"], "", &["files_url (--files-url)", "s3://bucket"]),
        (&["--files-url", "s3:///x"], "", &["files_url (--files-url)", "s3://bucket"]),
        (&["--max-file-mib", "0"], "", &["max_file_mib (--max-file-mib)", "0 is not between"]),
        (&[], "max_user_gib = 2000000", &["max_user_gib (", "staffline.toml", "2000000"]),
        (&["--metrics-token", "too short"], "", &["metrics_token (--metrics-token)", "16 characters"]),
        (&["--recording-key", "AAAA"], "", &["recording_key (--recording-key)", "32 bytes"]),
        (&["--recording-local-hours", "87601"], "", &["recording_local_hours (--recording-local-hours)", "87600"]),
        (
            &["--recording-heads-to", "a@example.com,b"],
            "",
            &["recording_heads_to (--recording-heads-to)", "\"b\" is no mail address"],
        ),
        (&["--recording-recipients", "age1x"], "", &["recording_recipients (--recording-recipients)", "age1x"]),
        (&["--log-filter", "a=b=c"], "", &["log_filter (--log-filter)"]),
    ];
    for (flags, file, expected) in cases {
        let message = load(flags, file).expect_err(&format!("{flags:?} {file}"));
        assert!(expected.iter().all(|part| message.contains(part)), "{flags:?} {file}: {message}");
    }
}

#[test]
fn a_certificate_is_ordered_for_the_public_name() {
    let acme = |flags: &[&str]| match load(&[&["--tls", "acme"], flags].concat(), "").expect("it fits").tls {
        Tls::Acme(acme) => acme,
        other => panic!("{other:?}"),
    };
    let own = acme(&["--public-url", "https://Chat.Example.com"]);
    assert_eq!((own.domains, own.directory.as_str()), (vec!["chat.example.com".to_owned()], LETS_ENCRYPT));
    let set = acme(&["--acme-domains", "b.example,a.example", "--acme-directory", "https://ca.internal/directory"]);
    assert_eq!((set.domains.len(), set.directory.host_str()), (2, Some("ca.internal")));
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let error = Config::load(&Settings::default(), |_| None, Some(Path::new("/nowhere/x.toml"))).expect_err("it is not");
    assert!(error.to_string().contains("/nowhere/x.toml"), "{error}");
}

#[test]
fn the_password_of_the_database_is_not_shown() {
    let config = load(&["--database-url", "postgres://me:secret@db/chat"], "").expect("it fits");
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn files_are_in_the_data_folder_or_in_a_bucket() {
    let config = load(&[], "").expect("defaults");
    assert!(matches!(&config.files, FileStore::Folder(path) if path.is_absolute() && *path == config.data.join("files")));
    assert_eq!((config.upload_limits.max_file_bytes, config.upload_limits.max_user_bytes), (512 << 20, 20 << 30));
    let config =
        load(&["--files-url", "s3://bucket/prefix", "--max-file-mib", "1", "--max-user-gib", "2"], "").expect("they fit");
    assert!(matches!(&config.files, FileStore::S3 { url, .. } if url.as_str() == "s3://bucket/prefix"));
    assert_eq!((config.upload_limits.max_file_bytes, config.upload_limits.max_user_bytes), (1 << 20, 2 << 30));
    let options = vec![("AWS_SECRET_ACCESS_KEY".to_owned(), "secret".to_owned())];
    let FileStore::S3 { url, .. } = config.files else { panic!() };
    assert!(!format!("{:?}", FileStore::S3 { url, options }).contains("secret"));
}

#[test]
fn sqlite_urls_are_paths() {
    for (url, path) in [("sqlite:/a/b.db", "/a/b.db"), ("sqlite:///a/b c?.db", "/a/b c?.db")] {
        assert_eq!(load(&["--database-url", url], "").expect(url).database, Database::Sqlite(path.into()));
    }
    let Database::Sqlite(path) = load(&["--database-url", "sqlite:x.db"], "").expect("relative").database else { panic!() };
    assert!(path.is_absolute() && path.ends_with("x.db"));
}

#[test]
fn links_lead_to_where_browsers_reach_us() {
    let base = |flags: &[&str], bound: &str| {
        let bound = bound.parse().expect("an address");
        load(flags, "").expect("it fits").base_url(bound).to_string()
    };
    assert_eq!(base(&[], "0.0.0.0:8080"), "http://localhost:8080/");
    assert_eq!(base(&["--tls", "self-signed"], "[::1]:443"), "https://[::1]/");
    assert_eq!(base(&["--public-url", "https://chat.example.com"], "0.0.0.0:1"), "https://chat.example.com/");
}

#[test]
fn media_addresses_are_reachable_ones() {
    let all = load(&[], "").expect("defaults").media_addresses();
    assert!(!all.is_empty() && all.iter().all(|ip| !ip.is_unspecified() && ip.is_ipv4()), "{all:?}");
    assert!(all.iter().all(|ip| !ip.is_loopback()) || all.iter().all(IpAddr::is_loopback), "{all:?}");
    let local = load(&["--listen", "127.0.0.1:8080"], "").expect("it fits").media_addresses();
    assert_eq!(local, [IpAddr::from([127, 0, 0, 1])]);
}

#[test]
fn the_table_of_the_manual_has_every_setting() {
    let manual = include_str!("../../docs/operations.md");
    let cells = |line: &'static str| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect::<Vec<_>>();
    let rows: Vec<_> = manual.lines().filter(|line| line.contains("| `STAFFLINE_")).map(cells).collect();
    let command = Cli::command();
    let settings: Vec<_> = command.get_arguments().filter(|argument| argument.get_id() != "help").collect();
    assert_eq!(rows.len(), settings.len());
    for (row, argument) in rows.iter().zip(settings) {
        let name = argument.get_id().as_str();
        let flag = format!("--{}", argument.get_long().expect("each has a flag"));
        let environment = argument.get_env().and_then(|name| name.to_str()).expect("each has a variable");
        assert_eq!(row[1..4], [name, &flag, environment]);
        let help = argument.get_help().expect("each says what it is").to_string();
        assert!(row[4].is_empty() || help.contains(&format!("[default: {}", row[4].replace('`', ""))), "{name}: {help}");
        let Value::Object(keys) = serde_json::to_value(Settings::default()).expect("JSON") else { panic!() };
        assert!(keys.contains_key(name), "{name} is a key of the file");
    }
}
