//! A broadcast whose ImageFlux the test holds in its hands.

use api_tests::upstream::Upstream;
use api_tests::{Actor, Product};
use serde_json::{Value, json};

/// The master has planned one schedule; the last member is its id.
pub async fn product_with_schedule() -> (Upstream, Product, Actor, String) {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let id = master.plan(1).await;
    (upstream, product, master, id)
}

/// A connection as ImageFlux lists it.
pub fn connection(id: &str) -> Value {
    json!({"connection_id": id, "playlist_url": playlist(id)})
}

pub fn playlist(id: &str) -> String {
    format!("https://playlist.imageflux.example/{id}.m3u8")
}
