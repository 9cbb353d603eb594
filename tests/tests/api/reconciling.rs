//! Channels that the account lists and no schedule knows.

use std::time::Duration;

use api_tests::upstream::{Mood, Upstream};
use api_tests::{Product, new_schedule};
use serde_json::{Value, json};

async fn reconcile(product: &Product) -> Value {
    product.invoke("sweeper", &json!({"action": "reconcile"})).await.expect("a reconciliation")
}

async fn product(upstream: &Upstream, deletes_orphans: bool) -> Product {
    let mut options = upstream.options();
    options.config.deletes_orphans = deletes_orphans;
    Product::start_with(options).await
}

#[tokio::test]
async fn an_orphan_is_deleted_when_it_is_seen_again_and_only_if_the_operator_says_so() {
    for deletes_orphans in [false, true] {
        let upstream = Upstream::start().await;
        let product = product(&upstream, deletes_orphans).await;
        product.master().await.post("/api/schedule", &new_schedule(1)).await.ok();
        upstream.has("stranger");
        assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}));
        product.advance(Duration::from_mins(14));
        assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}), "it may be on its way");
        product.advance(Duration::from_mins(2));
        let deleted = usize::from(deletes_orphans);
        assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": deleted}));
        assert_eq!(upstream.channels().len(), 2 - deleted);
        assert_eq!(reconcile(&product).await, json!({"orphans": 1 - deleted, "deleted": 0}));
    }
}

#[tokio::test]
async fn an_orphan_that_cannot_be_deleted_keeps_no_other() {
    let upstream = Upstream::start().await;
    let product = product(&upstream, true).await;
    for orphan in ["orphan-1", "orphan-2", "orphan-3"] {
        upstream.has(orphan);
    }
    upstream.is(Mood::Keeps("orphan-1".to_owned()));
    assert_eq!(reconcile(&product).await, json!({"orphans": 3, "deleted": 0}));
    product.advance(Duration::from_mins(16));
    assert_eq!(reconcile(&product).await, json!({"orphans": 3, "deleted": 2}));
    assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 0}));
    upstream.is(Mood::Kind);
    assert_eq!(reconcile(&product).await, json!({"orphans": 1, "deleted": 1}));
}
