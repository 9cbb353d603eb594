//! What ImageFlux gives as the reason of a refusal, made fit for a client to read.
//!
//! It may repeat what we sent: our token, our hooks' addresses. It may name channels of others. So what looks
//! like an address, an id or a secret is left out, whoever it belongs to.

use serde_json::Value;

const MAX_REASON: usize = 200;
/// As long as this, a word with a digit in it is an id or a secret, not a parameter's name or value.
const LONG_FOR_A_WORD: usize = 16;
/// As long as this, a word of letters and digits is one.
const LONG_FOR_A_MIXED_WORD: usize = 6;
const LEFT_OUT: &str = "…";

/// The text of an error body, wherever it may stand.
pub(super) fn said(body: &[u8]) -> String {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = ["error", "message", "error_type"].iter().find_map(|name| parsed.get(name)?.as_str());
    text.unwrap_or_default().to_owned()
}

/// Empty when nothing was said. Marks first, or one of them hides a secret; the length last, or half a secret is left.
pub(super) fn cleaned(text: &str, secrets: &[&str]) -> String {
    let mut text: String = text.chars().filter(|c| !is_mark(*c)).collect();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = without(&text, secret);
    }
    let parts = text.split_inclusive(ends_a_word).map(|part| {
        let word = part.trim_end_matches(ends_a_word);
        if is_address_or_id(word) { format!("{LEFT_OUT}{}", &part[word.len()..]) } else { part.to_owned() }
    });
    parts.collect::<String>().trim().chars().take(MAX_REASON).collect()
}

/// Invisible, or able to turn the text around it: controls, separators of lines, joiners, directions.
fn is_mark(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

fn ends_a_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';')
}

fn is_address_or_id(word: &str) -> bool {
    let mut runs = word.split(|c: char| !c.is_ascii_alphanumeric() && !"-_+/=~.%".contains(c));
    word.contains("://") || (word.contains('.') && word.contains('/')) || runs.any(is_id)
}

fn is_id(run: &str) -> bool {
    let has_digits = run.bytes().any(|byte| byte.is_ascii_digit());
    let has_letters = run.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_size = run.split('x').all(|side| side.bytes().all(|byte| byte.is_ascii_digit()));
    has_digits && (run.len() >= LONG_FOR_A_WORD || (run.len() >= LONG_FOR_A_MIXED_WORD && has_letters && !is_size))
}

/// Without regard to case.
fn without(text: &str, secret: &str) -> String {
    let (lower, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut kept = String::new();
    let mut from = 0;
    for (at, _) in lower.match_indices(&secret) {
        kept.push_str(&text[from..at]);
        kept.push_str(LEFT_OUT);
        from = at + secret.len();
    }
    kept.push_str(&text[from..]);
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(text: &str) -> String {
        cleaned(
            &super::said(json!({"error": text}).to_string().as_bytes()),
            &["the-token", "https://hooks.example/key"],
        )
    }

    #[test]
    fn plain_reasons_are_kept_to_the_letter() {
        for text in [
            "hls[0].video.bps must be at most 6000000",
            "archive_destination_id is unknown",
            "bpsは128000以下で指定してください",
            "durationSeconds: 1-10, startTimeOffset: -30",
            "video is 3840x2160, at most 1920x1080 of h264 at 720p",
        ] {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn secrets_are_left_out_in_any_case_and_behind_any_mark() {
        assert_eq!(said("Bearer the-token is unknown"), "Bearer … is unknown");
        assert_eq!(said("token=THE-Token"), "token=…");
        assert_eq!(said("the-\u{200B}to\u{202E}ken\n!"), "…!");
        assert_eq!(said("(https://hooks.example/key) fails"), "(…) fails");
    }

    #[test]
    fn addresses_and_ids_are_left_out_whoever_they_belong_to() {
        assert_eq!(said("see wss://sora.example/signaling."), "see …");
        assert_eq!(said("channel \"0f8fad5bd9cb469fa165\" exists"), "channel \"…\" exists");
        assert_eq!(said("channel_id=7c9e6679-7425-40de-944b-e07fc1f90ae7;"), "…;");
    }

    #[test]
    fn a_word_of_letters_and_digits_is_an_id_from_six_characters_on_and_a_number_from_sixteen() {
        assert_eq!(said("ab-01 live-1 live-tokyo-01 abcdefghijklmno1"), "ab-01 … … …");
        assert_eq!(said("abcdefghijklmnop 123456789012345 1234567890123456"), "abcdefghijklmnop 123456789012345 …");
        assert_eq!(said("conflict at edge.imageflux.example/sig"), "conflict at …");
    }

    #[test]
    fn marks_are_removed() {
        assert_eq!(said("a\u{202E}b\u{2066}c\u{200F}d\u{61C}e\u{2028}f\u{1b}g\u{FEFF}h"), "abcdefgh");
    }

    #[test]
    fn a_cut_leaves_no_half_of_a_secret() {
        let text = format!("{}the-token", "あ".repeat(195));
        assert_eq!(said(&text), format!("{}…", "あ".repeat(195)));
        assert_eq!(said(&"あ".repeat(201)).chars().count(), 200);
    }
}
