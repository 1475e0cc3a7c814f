//! The HTTP proxy that the environment names, and a way through it (CONNECT, RFC 9110 §9.3.6).

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

use super::probe::{Fault, Target, connect};

/// The head of a proxy's answer is no longer.
const LONGEST_HEAD: usize = 8 * 1_024;

/// A proxy, by the conventions of curl.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    target: Target,
    /// Value of `Proxy-Authorization`.
    authorization: Option<String>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Proxy {
    /// The one for https to `host`, if `variable` of the environment names one and excepts not this host.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>, host: &str) -> Option<Self> {
        let set = |names: &[&str]| names.iter().find_map(|name| variable(name)).filter(|value| !value.is_empty());
        if set(&["no_proxy", "NO_PROXY"]).is_some_and(|list| is_excepted(&list, host)) {
            return None;
        }
        Self::parse(&set(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?)
    }

    /// Only proxies that speak plain HTTP: others are not asked for by browsers' settings of this kind.
    fn parse(text: &str) -> Option<Self> {
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) }.ok()?;
        let target = Target::of(&url).filter(|target| !target.tls)?;
        let authorization = (!url.username().is_empty()).then(|| {
            let credentials = format!("{}:{}", decoded(url.username()), decoded(url.password().unwrap_or_default()));
            format!("Basic {}", BASE64_STANDARD.encode(credentials))
        });
        Some(Self { target, authorization })
    }

    /// As it is shown: without its password.
    #[must_use]
    pub fn name(&self) -> String {
        self.target.authority()
    }

    /// A connection to `target`, which the proxy makes.
    pub async fn tunnel(&self, target: &Target) -> Result<TcpStream, Fault> {
        let mut stream = connect(&self.target.resolve().await?).await?;
        let authority = target.authority();
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(authorization) = &self.authorization {
            request += &format!("Proxy-Authorization: {authorization}\r\n");
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).await?;
        let head = read_head(&mut stream).await?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if status.starts_with('2') { Ok(stream) } else { Err(Fault::Proxy(head.lines().next().unwrap_or_default().to_owned())) }
    }
}

/// Byte by byte: what comes after the head is not ours.
async fn read_head(stream: &mut TcpStream) -> Result<String, Fault> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Err(Fault::Proxy("too much".to_owned()));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn is_excepted(list: &str, host: &str) -> bool {
    list.split(',').map(|name| name.trim().trim_start_matches('.')).any(|name| {
        name == "*" || (!name.is_empty() && (host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))))
    })
}

/// Percent signs of a URL's user and password.
fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)], host: &str) -> Option<Proxy> {
        let find = |wanted: &str| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        Proxy::of_environment(find, host)
    }

    #[test]
    fn the_environment_names_it() {
        assert_eq!(proxy(&[], "chat.example"), None);
        let found = proxy(&[("https_proxy", "http://proxy.example:3128")], "chat.example").expect("it is set");
        assert_eq!((found.name().as_str(), found.authorization), ("proxy.example:3128", None));
        let found = proxy(&[("ALL_PROXY", "u%40x:p+w@10.0.0.1:8080/")], "chat.example").expect("it is set");
        assert_eq!(found.authorization.as_deref(), Some("Basic dUB4OnArdw=="), "u@x:p+w");
        assert!(!format!("{:?}", proxy(&[("https_proxy", "http://u:secret@p")], "x")).contains("secret"));
        assert_eq!(proxy(&[("https_proxy", "socks5://10.0.0.1:1080")], "chat.example"), None);
        assert_eq!(proxy(&[("https_proxy", "")], "chat.example"), None);
    }

    #[test]
    fn it_makes_exceptions() {
        let excepted = |list, host| proxy(&[("https_proxy", "p:1"), ("no_proxy", list)], host).is_none();
        assert!(
            excepted("*", "chat.example") && excepted("a, .example", "chat.example") && excepted("chat.example", "chat.example")
        );
        assert!(!excepted("hat.example", "chat.example") && !excepted("", "chat.example") && !excepted(",", "chat.example"));
    }
}
