//! Which STUN and TURN servers a browser is told of: our own port, under the name by which it reached us.

use std::net::IpAddr;

use staffline_media::turn::credentials::Credentials;
use url::Host;

use super::{IceServer, Path};

/// Where our port can be reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Set by the admin, for a machine behind a 1:1 NAT.
    pub public_ip: Vec<IpAddr>,
    /// The addresses of ICE candidates.
    pub advertised: Vec<IpAddr>,
    /// Of TCP, and of the UDP that STUN is asked at.
    pub port: u16,
    /// The TCP port speaks TLS.
    pub tls: bool,
}

/// A way to our port that a browser can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Stun,
    TurnUdp,
    TurnTcp,
    /// In plain mode there is none.
    TurnTls,
}

impl Reach {
    /// What an answered call on `path` needs, whose relay takes UDP at `udp_port`. `host` is that of the URL by which the device's own
    /// connection came.
    #[must_use]
    pub fn ice_servers(
        &self,
        path: Path,
        host: &str,
        udp_port: u16,
        credentials: impl FnOnce() -> Credentials,
    ) -> Vec<IceServer> {
        let ways: &[Way] = match path {
            Path::Direct => &[Way::Stun],
            Path::Relayed => &[Way::TurnUdp, Way::TurnTcp, Way::TurnTls],
            // The media node has candidates of its own; where no UDP passes, it is reached through the TURN server. Not by UDP: its
            // address is the same, and of what comes from the address of a TURN server Chromium gives nothing to its own candidate,
            // so that the direct way to the node would be dead.
            Path::MediaNode => &[Way::TurnTcp, Way::TurnTls],
        };
        let urls: Vec<_> = ways.iter().flat_map(|way| self.urls(*way, host, udp_port)).collect();
        if urls.is_empty() {
            return Vec::new();
        }
        let known = (path != Path::Direct).then(credentials);
        let (username, credential) = known.map(|known| (known.username, known.password)).unzip();
        vec![IceServer { urls, username, credential }]
    }

    /// What brought the device's TCP here brings its UDP here too. An address that the admin has set comes first, since the name may
    /// lead to a proxy that forwards nothing but HTTP; the addresses of our candidates come last, for a host that is none. Only the
    /// name is in the certificate.
    #[must_use]
    pub fn urls(&self, way: Way, host: &str, udp_port: u16) -> Vec<String> {
        let set = self.public_ip.first().copied().map(host_of_ip).filter(|_| way != Way::TurnTls);
        let fallback = || self.advertised.first().copied().map(host_of_ip);
        let name = Host::parse(host).ok().or_else(fallback);
        let port = self.port;
        let url = |host: Host| match way {
            Way::Stun => Some(format!("stun:{host}:{port}")),
            Way::TurnUdp => Some(format!("turn:{host}:{udp_port}?transport=udp")),
            Way::TurnTcp => Some(format!("turn:{host}:{port}?transport=tcp")),
            Way::TurnTls => self.tls.then(|| format!("turns:{host}:{port}?transport=tcp")),
        };
        let mut urls: Vec<_> = set.into_iter().chain(name).filter_map(url).collect();
        urls.dedup();
        urls
    }
}

fn host_of_ip(ip: IpAddr) -> Host {
    match ip {
        IpAddr::V4(v4) => Host::Ipv4(v4),
        IpAddr::V6(v6) => Host::Ipv6(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(public_ip: &[&str], tls: bool) -> Reach {
        Reach {
            public_ip: public_ip.iter().map(|ip| ip.parse().expect("an address")).collect(),
            advertised: vec![IpAddr::from([192, 0, 2, 1])],
            port: 8080,
            tls,
        }
    }

    fn check(reach: &Reach, path: Path, host: &str, urls: &[&str]) {
        let credentials = || Credentials { username: "user".to_owned(), password: "password".to_owned() };
        let servers = reach.ice_servers(path, host, 8081, credentials);
        assert_eq!(servers.iter().flat_map(|server| &server.urls).collect::<Vec<_>>(), urls, "{host}");
        let known = (path != Path::Direct).then_some(("user", "password"));
        for server in servers {
            assert_eq!(server.username.as_deref().zip(server.credential.as_deref()), known);
        }
    }

    #[test]
    fn a_browser_asks_the_host_that_it_reached() {
        let plain = reach(&[], true);
        check(&plain, Path::Direct, "localhost", &["stun:localhost:8080"]);
        check(&plain, Path::Direct, "chat.example", &["stun:chat.example:8080"]);
        check(&plain, Path::Direct, "192.0.2.9", &["stun:192.0.2.9:8080"]);
        check(&plain, Path::Direct, "[2001:db8::1]", &["stun:[2001:db8::1]:8080"]);
    }

    #[test]
    fn a_host_that_is_none_is_replaced() {
        for host in ["", "a b", "x/../y", "user@host", "host?x", "[::1"] {
            check(&reach(&[], false), Path::Direct, host, &["stun:192.0.2.1:8080"]);
        }
    }

    #[test]
    fn the_turn_server_has_every_way_that_there_is() {
        let (udp, tcp) = ("turn:chat.example:8081?transport=udp", "turn:chat.example:8080?transport=tcp");
        let tls = "turns:chat.example:8080?transport=tcp";
        check(&reach(&[], true), Path::Relayed, "chat.example", &[udp, tcp, tls]);
        check(&reach(&[], false), Path::Relayed, "chat.example", &[udp, tcp]);
        // UDP leads to the media node itself.
        check(&reach(&[], true), Path::MediaNode, "chat.example", &[tcp, tls]);
        check(&reach(&[], false), Path::MediaNode, "chat.example", &[tcp]);
    }

    #[test]
    fn an_address_set_by_the_admin_comes_first() {
        let behind_nat = reach(&["198.51.100.7"], true);
        check(&behind_nat, Path::Direct, "10.0.0.4", &["stun:198.51.100.7:8080", "stun:10.0.0.4:8080"]);
        check(&behind_nat, Path::Direct, "198.51.100.7", &["stun:198.51.100.7:8080"]);
    }

    /// The certificate is for the name.
    #[test]
    fn an_address_set_by_the_admin_does_not_stand_for_the_name_in_tls() {
        let urls = [
            "turn:198.51.100.7:8081?transport=udp",
            "turn:chat.example:8081?transport=udp",
            "turn:198.51.100.7:8080?transport=tcp",
            "turn:chat.example:8080?transport=tcp",
            "turns:chat.example:8080?transport=tcp",
        ];
        check(&reach(&["198.51.100.7"], true), Path::Relayed, "chat.example", &urls);
    }

    #[test]
    fn a_password_is_not_in_the_log() {
        let server = IceServer { urls: Vec::new(), username: None, credential: Some("secret".to_owned()) };
        assert!(!format!("{server:?}").contains("secret"));
    }
}
