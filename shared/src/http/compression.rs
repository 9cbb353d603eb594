//! Which answers travel as gzip: those over 1 KiB, to clients that read it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lambda_http::http::{HeaderMap, header};

use super::weights::{raise, weighted};

/// Bodies up to this many bytes travel as they are.
const SMALL: usize = 1024;

/// Whether this body may travel in either form, as the client likes it.
#[must_use]
pub fn is_compressible(body: &str) -> bool {
    body.len() > SMALL
}

/// Whether gzip is accepted, and no less welcome than the plain form (RFC 9110, section 12.5.3).
#[must_use]
pub fn is_accepted(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    let given = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for (coding, weight) in given.flat_map(weighted) {
        match coding.as_str() {
            "gzip" | "x-gzip" => raise(&mut gzip, weight),
            "identity" => raise(&mut identity, weight),
            "*" => raise(&mut any, weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// The body as gzip. Lambda carries bytes as base64 and counts that: nothing if it is longer than the body.
#[must_use]
pub fn gzip(body: &str) -> Option<Vec<u8>> {
    // The fastest level: a function has a part of a processor.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body.as_bytes()).ok()?;
    let bytes = encoder.finish().ok()?;
    let as_base64 = bytes.len().div_ceil(3) * 4;
    (as_base64 < body.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use flate2::read::GzDecoder;
    use lambda_http::http::HeaderValue;

    use super::*;
    use crate::platform::random::Random;

    fn is_accepted_by(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        is_accepted(&headers)
    }

    #[test]
    fn more_than_a_kibibyte_is_worth_it() {
        assert!(!is_compressible(&"x".repeat(1_024)));
        assert!(is_compressible(&"x".repeat(1_025)));
    }

    #[test]
    fn gzip_is_sent_to_those_who_like_it_as_much_as_the_plain_form() {
        for accepted in [
            &["gzip"][..],
            &["gzip, deflate, br, zstd"],
            &["br;q=1.0, GZIP;Q=0.8, *;q=0.1"],
            &["x-gzip"],
            &["*"],
            &["deflate", "gzip;q=0.5"],
            &["gzip ; q=0.001"],
            &["gzip;q=0, gzip"],
            &["identity;q=0.5, *;q=0.7"],
            &["gzip;q=0.5, identity;q=0.5"],
        ] {
            assert!(is_accepted_by(accepted), "{accepted:?}");
        }
        for refused in [
            &[][..],
            &[""],
            &["identity"],
            &["br, deflate, zstd"],
            &["gzip;q=0"],
            &["gzip;q=0.000, *"],
            &["*;q=0"],
            &["gzip;q=x"],
            &["gzip;q=NaN"],
            &["gzip;q=7"],
            &["gzip;q=0.4, identity"],
            &["gzipped"],
            &[";q=1"],
        ] {
            assert!(!is_accepted_by(refused), "{refused:?}");
        }
    }

    #[test]
    fn a_body_comes_back_as_it_was_and_takes_less() {
        let body = "{\"schedule_id\": \"あ\"},".repeat(1_000);
        let bytes = gzip(&body).unwrap();
        assert!(bytes.len() * 20 < body.len(), "{} of {}", bytes.len(), body.len());
        let mut back = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut back).unwrap();
        assert_eq!(back, body);
    }

    #[test]
    fn a_body_that_would_grow_is_left_alone() {
        let random = URL_SAFE_NO_PAD.encode(Random::default().bytes::<30_000>());
        assert_eq!(gzip(&random), None);
    }
}
