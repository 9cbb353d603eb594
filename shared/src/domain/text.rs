//! The one rule behind every text that people read: names and chat messages.

use unicode_normalization::UnicodeNormalization;

use super::invalid::Invalid;

/// Whether a text may have several lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    One,
    Many,
}

/// Normalises to NFC, trims white space at both ends, and checks what is left: 1 to `at_most`
/// Unicode scalar values, one of them visible, no control characters, nothing that turns the
/// direction of the text around it.
pub fn parse(raw: &str, at_most: usize, lines: Lines) -> Result<String, Invalid> {
    let mut text = normalised(raw);
    if lines == Lines::Many {
        text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    }
    let text = text.trim();
    if text.chars().count() > at_most {
        return Err(Invalid::TooLong(at_most));
    }
    let is_control = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().any(|c| is_control(c) && !(c == '\n' && lines == Lines::Many)) {
        return Err(Invalid::ControlCharacter);
    }
    if text.chars().any(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')) {
        return Err(Invalid::BidirectionalControl);
    }
    if text.chars().all(is_invisible) {
        return Err(Invalid::Blank);
    }
    Ok(text.to_owned())
}

/// A type for a text under that rule: its constructor, and what the table keeps of it.
macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $at_most:literal, $lines:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            pub fn parse(raw: &str) -> Result<Self, crate::domain::invalid::Invalid> {
                crate::domain::text::parse(raw, $at_most, crate::domain::text::Lines::$lines).map(Self)
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl crate::domain::stored::Stored for $name {
            fn to_store(&self) -> String {
                self.0.clone()
            }

            fn from_store(text: String) -> Option<Self> {
                Some(Self(text))
            }
        }
    };
}
pub(super) use text_value;

/// NFC, but for CJK compatibility ideographs, which NFC would replace by others: they are in people's names.
fn normalised(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    for run in raw.split_inclusive(is_compatibility_ideograph) {
        let kept = run.chars().next_back().filter(|c| is_compatibility_ideograph(*c));
        text.extend(run[..run.len() - kept.map_or(0, char::len_utf8)].nfc());
        text.extend(kept);
    }
    text
}

fn is_compatibility_ideograph(c: char) -> bool {
    matches!(c, '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}')
}

/// White space, control characters, the code points that Unicode lists as `Default_Ignorable`, and others which are drawn as nothing:
/// the Braille cell without dots, fillers, joiners of hieroglyphs, the null notehead, marks of annotations, no characters.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' | '\u{16FE4}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || (0xFDD0..=0xFDEF).contains(&u32::from(c))
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thirty_characters_are_accepted_and_thirty_one_are_not() {
        for unit in ["配", "😀", "e\u{301}", "x"] {
            assert!(parse(&unit.repeat(30), 30, Lines::One).is_ok(), "{unit}");
            assert_eq!(parse(&unit.repeat(31), 30, Lines::One), Err(Invalid::TooLong(30)), "{unit}");
        }
    }

    #[test]
    fn white_space_at_the_ends_does_not_count() {
        assert_eq!(parse(" \u{3000}名前\t ", 2, Lines::One), Ok("名前".to_owned()));
    }

    #[test]
    fn a_text_that_nobody_can_see_is_refused() {
        for raw in [
            "",
            "   ",
            "\u{3000}",
            "\u{200B}\u{200D}",
            "\u{2800}",
            "\u{3164}",
            "\u{00AD}",
            "\u{FE0F}",
            "\u{FFFA}\u{FFFB}",
            "\u{16FE4}",
            "\u{1D159}",
            "\u{13430}",
            "\u{FFFE}",
            "\u{FDD0}",
            "\u{10FFFF}",
        ] {
            assert_eq!(parse(raw, 30, Lines::One), Err(Invalid::Blank), "{raw:?}");
        }
    }

    #[test]
    fn what_can_be_seen_is_a_name() {
        for raw in ["\u{FFFC}", "\u{FFFD}", "👨\u{200D}👩", "‎א", "\u{1D158}", "."] {
            assert!(parse(raw, 30, Lines::One).is_ok(), "{raw:?}");
        }
    }

    #[test]
    fn control_characters_and_direction_overrides_are_refused() {
        assert_eq!(parse("a\u{0}b", 30, Lines::One), Err(Invalid::ControlCharacter));
        assert_eq!(parse("a\nb", 30, Lines::One), Err(Invalid::ControlCharacter));
        assert_eq!(parse("a\u{202E}b", 30, Lines::One), Err(Invalid::BidirectionalControl));
        assert_eq!(parse("a\u{2066}b", 30, Lines::One), Err(Invalid::BidirectionalControl));
    }

    #[test]
    fn many_lines_keep_their_line_feeds_and_no_carriage_return() {
        assert_eq!(parse("a\r\nb", 50, Lines::Many), Ok("a\nb".to_owned()));
        assert_eq!(parse("a\rb\u{2028}c\u{2029}d", 50, Lines::Many), Ok("a\nb\nc\nd".to_owned()));
        assert_eq!(parse("a\tb", 50, Lines::Many), Ok("a b".to_owned()));
        for refused in ["a\u{2028}b", "a\u{2029}b", "a\tb", "a\rb"] {
            assert_eq!(parse(refused, 30, Lines::One), Err(Invalid::ControlCharacter), "{refused:?}");
        }
        assert_eq!(parse("a\u{85}b", 50, Lines::Many), Err(Invalid::ControlCharacter));
    }

    #[test]
    fn a_kanji_of_a_name_stays_as_it_was_typed() {
        for name in ["\u{FA19}田", "\u{F9D1}", "\u{2F804}", "\u{FA45}野\u{FA46}"] {
            assert_eq!(parse(name, 30, Lines::One), Ok(name.to_owned()), "{name}");
        }
        assert_eq!(parse("\u{FA19}e\u{301}か\u{3099}", 30, Lines::One), Ok("\u{FA19}éが".to_owned()));
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again_unchanged(raw in "\\PC{0,40}") {
            if let Ok(text) = parse(&raw, 30, Lines::One) {
                prop_assert!((1..=30).contains(&text.chars().count()));
                prop_assert_eq!(parse(&text, 30, Lines::One), Ok(text));
            }
        }
    }
}
