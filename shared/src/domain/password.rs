//! Passwords, which are never printed.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::invalid::Invalid;
use super::text::is_invisible;

const MIN_CHARACTERS: usize = 8;
const MAX_CHARACTERS: usize = 128;

/// A password that may be set: 8 to 128 characters after NFC, never trimmed, at least one visible.
#[derive(Debug)]
pub struct Password(SecretString);

impl Password {
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let text: String = raw.nfc().collect();
        match text.chars().count() {
            0..MIN_CHARACTERS => Err(Invalid::TooShort(MIN_CHARACTERS)),
            MIN_CHARACTERS..=MAX_CHARACTERS if text.chars().all(is_invisible) => Err(Invalid::Blank),
            MIN_CHARACTERS..=MAX_CHARACTERS => Ok(Self(text.into())),
            _ => Err(Invalid::TooLong(MAX_CHARACTERS)),
        }
    }

    /// The bytes that are hashed.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_characters_are_refused_and_eight_are_accepted() {
        assert_eq!(Password::parse("1234567").err(), Some(Invalid::TooShort(8)));
        assert!(Password::parse("12345678").is_ok());
        assert!(Password::parse("パスワード１２３").is_ok());
    }

    #[test]
    fn a_hundred_and_twenty_eight_characters_are_the_limit() {
        assert!(Password::parse(&"é".repeat(128)).is_ok());
        assert_eq!(Password::parse(&"é".repeat(129)).err(), Some(Invalid::TooLong(128)));
    }

    #[test]
    fn white_space_is_kept_but_is_not_enough() {
        assert_eq!(Password::parse(" 123456 ").unwrap().expose(), b" 123456 ");
        for unseen in [" ", "\0", "\u{7F}", "\u{200B}", "\u{2800}", "\u{3164}"] {
            assert_eq!(Password::parse(&unseen.repeat(8)).err(), Some(Invalid::Blank), "{unseen:?}");
        }
    }

    #[test]
    fn both_spellings_of_an_accent_are_one_password() {
        let composed = Password::parse("pässword").unwrap();
        assert_eq!(composed.expose(), Password::parse("pa\u{308}ssword").unwrap().expose());
    }

    #[test]
    fn a_password_is_never_printed() {
        assert!(!format!("{:?}", Password::parse("Password123").unwrap()).contains("Password123"));
    }
}
