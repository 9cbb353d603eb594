//! The key in the addresses at which ImageFlux calls us: it proves nothing else than that it knows the address.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// As it stands in an address.
pub fn write(bytes: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// As the table keeps it: whoever reads the table cannot speak for ImageFlux.
pub fn digest(key: &str) -> String {
    super::digest(&[b"hook", key.as_bytes()])
}
