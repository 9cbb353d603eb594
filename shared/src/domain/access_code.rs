//! The tenant's word at login.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::invalid::Invalid;
use super::text::is_invisible;

const MAX_CHARACTERS: usize = 64;

/// 1 to 64 characters after NFC, no control characters, at least one visible. Two tenants may use the same.
#[derive(Debug)]
pub struct AccessCode(SecretString);

impl AccessCode {
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let text: String = raw.nfc().collect();
        if text.chars().count() > MAX_CHARACTERS {
            return Err(Invalid::TooLong(MAX_CHARACTERS));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::ControlCharacter);
        }
        if text.chars().all(is_invisible) {
            return Err(Invalid::Blank);
        }
        Ok(Self(text.into()))
    }

    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_sixty_four_characters_are_accepted() {
        assert!(AccessCode::parse("0").is_ok());
        assert!(AccessCode::parse(&"番".repeat(64)).is_ok());
        assert_eq!(AccessCode::parse(&"番".repeat(65)).err(), Some(Invalid::TooLong(64)));
        assert_eq!(AccessCode::parse("").err(), Some(Invalid::Blank));
        assert_eq!(AccessCode::parse(" \u{3000}").err(), Some(Invalid::Blank));
        assert_eq!(AccessCode::parse("\u{200B}\u{2800}").err(), Some(Invalid::Blank));
        assert_eq!(AccessCode::parse("12\n34").err(), Some(Invalid::ControlCharacter));
    }
}
