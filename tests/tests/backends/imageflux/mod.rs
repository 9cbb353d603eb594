//! ImageFlux: what is sent, what is believed, and what is never sent twice.

use std::sync::Arc;
use std::time::Instant;

use secrecy::SecretString;
use shared::imageflux::ImageFlux;
use shared::imageflux::transport::{Https, Promise, Transport};

use crate::stub::{Reply, Stub};

mod creates;
mod lists_and_deletions;

fn imageflux(stub: &Stub) -> ImageFlux {
    let token = SecretString::from("Bearer the-access-token");
    ImageFlux::new(Arc::new(Https::new(&stub.url, &token).unwrap()))
}

fn status(status: u16) -> Reply {
    Reply::Answers(status, String::new())
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "tests measure how long an answer takes")]
    Instant::now()
}

/// The same requests, but over the network as a deployment speaks: not in the clear.
struct OverTls(Https);

impl Transport for OverTls {
    fn post<'a>(&'a self, target: &'a str, body: String, at_most: usize) -> Promise<'a> {
        self.0.post(target, body, at_most)
    }
}

fn over_tls(stub: &Stub) -> ImageFlux {
    ImageFlux::new(Arc::new(OverTls(Https::new(&stub.url, &SecretString::from("the-access-token")).unwrap())))
}
