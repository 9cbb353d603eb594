//! What clients prefer: headers such as `Accept-Language` and `Accept-Encoding`.

/// The elements of a header in lower case, each with its weight (RFC 9110, section 12.4.2). What is no weight counts as zero.
pub fn weighted(header: &str) -> impl Iterator<Item = (String, f32)> {
    header.split(',').map(|element| {
        let mut parts = element.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").map(weight)).unwrap_or(1.0);
        (name, weight)
    })
}

/// The greatest weight that was said of one thing.
pub fn raise(said: &mut Option<f32>, weight: f32) {
    *said = Some(said.map_or(weight, |other| weight.max(other)));
}

fn weight(text: &str) -> f32 {
    text.parse().ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)
}
