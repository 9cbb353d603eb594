//! Where a request comes from, as far as the gateway can tell.

use std::net::{IpAddr, Ipv6Addr};

/// A place on the network, in one spelling: an IPv4 address, or the /64 of an IPv6 address, since one customer usually
/// has the whole /64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// As a gateway gives it. What is no address stands for itself.
    pub fn parse(text: &str) -> Self {
        Self::address(text).unwrap_or_else(|| Self(text.trim().to_owned()))
    }

    /// `None` for what is no address.
    pub fn address(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix("/64").unwrap_or(text);
        Some(Self(match text.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("{}/64", network(address)),
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn network(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        let same = |one: &str, other: &str| Source::parse(one) == Source::parse(other);
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(same("192.0.2.1", " ::FFFF:c000:201 "));
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(same("2001:db8:0:1::1", "2001:0DB8::1:ffff:ffff:ffff:ffff"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(!same("2001:db8::1", "2001:db9::1"));
        assert_eq!(Source::parse("2001:db8:0:1::1").as_str(), "2001:db8:0:1::/64");
        assert!(same("2001:db8:0:1::/64", "2001:db8:0:1::1"));
        assert_eq!(Source::parse("somewhere").as_str(), "somewhere");
        assert_eq!(Source::address("somewhere"), None);
    }
}
