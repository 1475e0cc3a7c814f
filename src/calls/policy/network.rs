//! A network of a rule, in one spelling: IPv4 as IPv4, and no bits beyond its length.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network such as 10.20.0.0/16 or 2001:db8::/32")]
pub struct BadNetwork(pub String);

impl Network {
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// The bits of `::ffff:0:0/96` (RFC 4291 §2.5.5.2), which stand before an IPv4 address.
const MAPPED_BITS: u8 = 96;

impl FromStr for Network {
    type Err = BadNetwork;

    /// A single address is the network of that one.
    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let net = match text.trim().parse::<IpNet>() {
            Ok(net) => net,
            Err(_) => IpNet::from(text.trim().parse::<IpAddr>().map_err(|_| bad())?),
        };
        let mapped = match net {
            IpNet::V6(v6) if v6.prefix_len() >= MAPPED_BITS => v6.addr().to_ipv4_mapped(),
            _ => None,
        };
        let net = match mapped {
            Some(v4) => Ipv4Net::new(v4, net.prefix_len() - MAPPED_BITS).map_err(|_| bad())?.into(),
            None => net,
        };
        Ok(Self(net.trunc()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Network {
    type Error = BadNetwork;

    fn try_from(text: String) -> Result<Self, BadNetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_spelling() {
        let cases = [
            ("10.20.0.0/16", "10.20.0.0/16"),
            (" 10.20.30.40/16 ", "10.20.0.0/16"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("::/0", "::/0"),
            ("::ffff:10.20.0.0/112", "10.20.0.0/16"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
        ];
        for (text, spelled) in cases {
            assert_eq!(text.parse::<Network>().map(|network| network.to_string()), Ok(spelled.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        let bad = [
            "",
            "x",
            "10",
            "10.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "256.0.0.0/8",
            "::/129",
            "/8",
            "10.0.0.0/255.0.0.0",
        ];
        for text in bad {
            assert_eq!(text.parse::<Network>(), Err(BadNetwork(text.to_owned())));
        }
    }

    #[test]
    fn an_address_is_in_a_network_in_whatever_form_it_comes() {
        let cases = [
            ("10.20.0.0/16", "10.20.255.1", true),
            ("10.20.0.0/16", "::ffff:10.20.255.1", true),
            ("10.20.0.0/16", "10.21.0.1", false),
            ("10.20.0.0/16", "::10.20.0.1", false),
            ("::ffff:10.20.0.0/112", "10.20.0.1", true),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "::ffff:192.0.2.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ];
        for (network, address, inside) in cases {
            let network: Network = network.parse().expect("a network");
            assert_eq!(network.contains(address.parse().expect("an address")), inside, "{network} {address}");
        }
    }
}
