//! E-mail addresses: how they are typed, and how they are compared.

use super::invalid::Invalid;
use super::stored::Stored;

const MAX_CHARACTERS: usize = 254;
const MAX_LABEL: usize = 63;

/// An address as it was typed. It is valid in the sense of the HTML standard
/// (<https://html.spec.whatwg.org/#valid-e-mail-address>), with at least one dot in its domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// # Errors
    /// When the trimmed text is too long or is not an address.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let text = raw.trim();
        if text.chars().count() > MAX_CHARACTERS {
            return Err(Invalid::TooLong(MAX_CHARACTERS));
        }
        let (local, domain) = text.split_once('@').ok_or(Invalid::NotAnEmail)?;
        let is_address = !local.is_empty()
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
            && domain.contains('.')
            && domain.split('.').all(is_label);
        if is_address { Ok(Self(text.to_owned())) } else { Err(Invalid::NotAnEmail) }
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared: without case. Addresses are ASCII, so this is simple.
    pub fn canonical(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl Stored for Email {
    fn to_store(&self) -> String {
        self.0.clone()
    }

    fn from_store(text: String) -> Option<Self> {
        Some(Self(text))
    }
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_accepted() {
        for raw in ["imageflux@example.com", " a+tag@b-c.example.co.jp ", "!#$%&'*+/=?^_`{|}~-.@x.jp", "a@1.2"] {
            assert!(Email::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for raw in [
            "",
            "a",
            "@b.jp",
            "a@",
            "a@localhost",
            "a@b..jp",
            "a@-b.jp",
            "a@b-.jp",
            "a b@c.jp",
            "a@b@c.jp",
            "あ@example.jp",
            "a@例え.jp",
            "a@b.jp\n c",
            "\"a\"@b.jp",
            "a@b.jp.",
        ] {
            assert_eq!(Email::parse(raw), Err(Invalid::NotAnEmail), "{raw}");
        }
    }

    #[test]
    fn two_hundred_and_fifty_four_characters_are_the_limit() {
        let domain = [["d"; 60].concat(), ["d"; 60].concat(), "jp".to_owned()].join(".");
        let local = "l".repeat(254 - 1 - domain.len());
        assert!(Email::parse(&format!("{local}@{domain}")).is_ok());
        assert_eq!(Email::parse(&format!("l{local}@{domain}")), Err(Invalid::TooLong(254)));
    }

    #[test]
    fn case_does_not_tell_addresses_apart_but_tags_do() {
        let canonical = |raw| Email::parse(raw).unwrap().canonical();
        assert_eq!(canonical("A.B@Example.JP"), canonical("a.b@example.jp"));
        assert_ne!(canonical("a+1@example.jp"), canonical("a@example.jp"));
    }
}
