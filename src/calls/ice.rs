//! Which STUN server a browser is told to ask: our own port, under the name by which it reached us.

use std::net::IpAddr;

use url::Host;

use super::IceServer;

/// Where our UDP port can be reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Set by the admin, for a machine behind a 1:1 NAT.
    pub public_ip: Vec<IpAddr>,
    /// The addresses of ICE candidates.
    pub advertised: Vec<IpAddr>,
    pub port: u16,
}

impl Reach {
    /// `host` is that of the URL by which the device's own socket came: what brought its TCP here brings its UDP here too. An
    /// address that the admin has set comes first, since the name may lead to a proxy that forwards no UDP; the addresses of our
    /// candidates come last, for a host that is none.
    #[must_use]
    pub fn ice_servers(&self, host: &str) -> Vec<IceServer> {
        let set = self.public_ip.first().copied().map(host_of_ip);
        let fallback = || self.advertised.first().copied().map(host_of_ip);
        let name = Host::parse(host).ok().or_else(fallback);
        let mut urls: Vec<_> = set.into_iter().chain(name).map(|host| format!("stun:{host}:{}", self.port)).collect();
        urls.dedup();
        if urls.is_empty() { Vec::new() } else { vec![IceServer { urls, username: None, credential: None }] }
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

    fn reach(public_ip: &[&str]) -> Reach {
        Reach {
            public_ip: public_ip.iter().map(|ip| ip.parse().expect("an address")).collect(),
            advertised: vec![IpAddr::from([192, 0, 2, 1])],
            port: 8080,
        }
    }

    fn check(reach: &Reach, host: &str, urls: &[&str]) {
        let servers = reach.ice_servers(host);
        assert_eq!(servers.iter().flat_map(|server| &server.urls).collect::<Vec<_>>(), urls, "{host}");
    }

    #[test]
    fn a_browser_asks_the_host_that_it_reached() {
        let plain = reach(&[]);
        check(&plain, "localhost", &["stun:localhost:8080"]);
        check(&plain, "chat.example", &["stun:chat.example:8080"]);
        check(&plain, "192.0.2.9", &["stun:192.0.2.9:8080"]);
        check(&plain, "[2001:db8::1]", &["stun:[2001:db8::1]:8080"]);
    }

    #[test]
    fn a_host_that_is_none_is_replaced() {
        for host in ["", "a b", "x/../y", "user@host", "host?x", "[::1"] {
            check(&reach(&[]), host, &["stun:192.0.2.1:8080"]);
        }
    }

    #[test]
    fn an_address_set_by_the_admin_comes_first() {
        let behind_nat = reach(&["198.51.100.7"]);
        check(&behind_nat, "10.0.0.4", &["stun:198.51.100.7:8080", "stun:10.0.0.4:8080"]);
        check(&behind_nat, "198.51.100.7", &["stun:198.51.100.7:8080"]);
    }
}
