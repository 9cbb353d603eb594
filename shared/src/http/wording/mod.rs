//! What people read when something was not done: in Japanese, or in English when they prefer it.
//!
//! Each language has a file with the same three functions; the compiler sees to it that none of them lacks a text.

mod en;
mod ja;

use super::refusal::Refusal;
use super::weights::{raise, weighted};
use crate::domain::invalid::Invalid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Japanese,
    English,
}

impl Language {
    /// English only if `Accept-Language` prefers it to Japanese (RFC 9110, section 12.5.4).
    #[must_use]
    pub fn preferred(accept_language: &str) -> Self {
        let (mut japanese, mut english, mut any) = (None, None, None);
        for (tag, weight) in weighted(accept_language) {
            match tag.split('-').next().unwrap_or_default() {
                "ja" => raise(&mut japanese, weight),
                "en" => raise(&mut english, weight),
                "*" => raise(&mut any, weight),
                _ => {}
            }
        }
        let weigh = |named: Option<f32>| named.or(any).unwrap_or(0.0);
        if weigh(english) > weigh(japanese) { Self::English } else { Self::Japanese }
    }

    /// A short name of the kind of problem, the same for all of its kind.
    #[must_use]
    pub fn title(self, refusal: &Refusal) -> &'static str {
        match self {
            Self::Japanese => ja::title(refusal),
            Self::English => en::title(refusal),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn detail(self, refusal: &Refusal) -> String {
        match self {
            Self::Japanese => ja::detail(refusal),
            Self::English => en::detail(refusal),
        }
    }

    /// Which rule a field breaks.
    #[must_use]
    pub fn field(self, reason: &Invalid) -> String {
        match self {
            Self::Japanese => ja::field(reason),
            Self::English => en::field(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_spoken_only_to_those_who_prefer_it() {
        for accepted in ["en", "en-US,en;q=0.9,ja;q=0.8", "ja;q=0.1, EN;q=0.2", "fr, en;q=0.5", "ja;q=0, *"] {
            assert_eq!(Language::preferred(accepted), Language::English, "{accepted}");
        }
        for accepted in ["", "ja", "ja,en", "en;q=0.5, ja", "fr", "*", "en;q=0", "en;q=x"] {
            assert_eq!(Language::preferred(accepted), Language::Japanese, "{accepted}");
        }
    }
}
