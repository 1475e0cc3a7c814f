//! Whom our allocations may speak to: the media node, and other allocations of the same call. Nobody else, ever.
//!
//! Relayed transport addresses are virtual: no socket is bound to them, datagrams are handed over in memory. So there is no peer
//! that would have to be reached over a network, and no request that could make this server knock at somebody's door
//! (coturn's CVE-2020-26262 and CVE-2026-27624 were lists of forbidden addresses that missed a spelling).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Our own addresses.
#[derive(Debug)]
pub(super) struct Peers {
    /// Where clients reach the media node, IPv4 addresses as such.
    node: Vec<SocketAddr>,
}

impl Peers {
    pub(super) fn new(node: &[SocketAddr]) -> Self {
        Self { node: node.to_vec() }
    }

    /// The one judgement over an address that a client names: `None` is 403. Otherwise the address as we write it ourselves.
    pub(super) fn admit(&self, ip: IpAddr) -> Option<IpAddr> {
        let plain = unwrap(ip);
        self.node.iter().any(|own| own.ip() == plain).then_some(plain)
    }

    pub(super) fn is_node(&self, address: &SocketAddr) -> bool {
        self.node.contains(address)
    }

    pub(super) fn node(&self) -> &[SocketAddr] {
        &self.node
    }

    /// The address that allocations of a family have, or of the family that we prefer.
    pub(super) fn relay_address(&self, family: Option<Family>) -> Option<IpAddr> {
        let of = |family| self.node.iter().map(SocketAddr::ip).find(|ip| Family::of(ip) == family);
        match family {
            Some(family) => of(family),
            // IPv4 is what is meant by saying nothing (RFC 8656 §7.2), where it is there.
            None => of(Family::V4).or_else(|| of(Family::V6)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn of(ip: &IpAddr) -> Self {
        if ip.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// The IPv4 address that an IPv6 address stands for, by any of the ways to write one in the other; else the address itself.
fn unwrap(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    inner(v6).map_or(ip, IpAddr::V4)
}

fn inner(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = ip.octets();
    let last = Ipv4Addr::new(a, b, c, d);
    let of_words = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        // The unspecified address and the loopback are themselves (RFC 4291 §2.5.2, §2.5.3).
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // IPv4-compatible and IPv4-mapped (RFC 4291 §2.5.5), and IPv4-translated (RFC 2765).
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => Some(last),
        // NAT64, well-known and local (RFC 6052, RFC 8215).
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => Some(last),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => Some(of_words(high, low)),
        // Teredo: the client's address is written inverted (RFC 4380 §4).
        [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!last.to_bits())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(ip: &str) -> Option<String> {
        let own = ["203.0.113.5:443", "[2001:db8::5]:443"].map(|own| own.parse().unwrap());
        Peers::new(&own).admit(ip.parse().unwrap()).map(|ip| ip.to_string())
    }

    #[test]
    fn nothing_but_our_own_addresses_in_any_spelling() {
        let forbidden = [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "198.18.0.1",
            "203.0.113.4",
            "224.0.0.1",
            "255.255.255.255",
            "8.8.8.8",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:0.0.0.0",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "::0a00:1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::127.0.0.1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:0:102:304::80ff:fffe",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::6",
            "2001:4860:4860::8888",
        ];
        for ip in forbidden {
            assert_eq!(admit(ip), None, "{ip}");
        }
    }

    #[test]
    fn our_own_are_written_in_one_way() {
        let spellings = [
            "203.0.113.5",
            "::ffff:203.0.113.5",
            "::203.0.113.5",
            "64:ff9b::203.0.113.5",
            "2002:cb00:7105::1",
            "2001:0:102:304::34ff:8efa",
        ];
        for ip in spellings {
            assert_eq!(admit(ip).as_deref(), Some("203.0.113.5"), "{ip}");
        }
        assert_eq!(admit("2001:db8::5").as_deref(), Some("2001:db8::5"));
    }

    #[test]
    fn a_family_that_we_do_not_have_has_no_relay_address() {
        let v6 = Peers::new(&["[2001:db8::5]:443".parse().unwrap()]);
        assert_eq!(v6.relay_address(Some(Family::V4)), None);
        assert!(v6.relay_address(None).is_some_and(|ip| ip.is_ipv6()));
    }
}
