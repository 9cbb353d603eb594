//! Where the API is found, for addresses that an answer names.

use super::request::Request;
use crate::app::App;

/// Where players find a broadcast. `None` when nobody said where the API is.
pub fn to_watch(app: &App, request: &Request, key: &str) -> Option<String> {
    Some(format!("{}/watch/{key}.m3u8", of_api(app, request)?))
}

/// As it is configured, else as the gateway that called us names itself; never as a client says. Ends in no slash.
pub fn of_api(app: &App, request: &Request) -> Option<String> {
    match (&app.api_url, &request.gateway) {
        (Some(configured), _) => Some(configured.to_string()),
        (None, Some(gateway)) => Some(format!("https://{gateway}{}", request.stage)),
        (None, None) => None,
    }
}

/// Whether a gateway's name is one: emulators put in what they have not filled in.
pub(super) fn is_host(name: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_has_not_filled_in_is_no_host() {
        assert!(is_host("1234567890.execute-api.ap-northeast-1.amazonaws.com"));
        for other in ["", "localhost", "1234567890.execute-api.{dns_suffix}", "h.jp:99999", "h..jp", "h.jp/", "a b.jp"]
        {
            assert!(!is_host(other), "{other}");
        }
    }
}
