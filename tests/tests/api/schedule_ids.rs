//! Any text can be sent as a schedule's id; most of it names nothing.

use api_tests::{Product, at_hour};
use serde_json::json;

#[tokio::test]
async fn text_that_can_be_no_id_names_no_schedule() {
    let product = Product::start().await;
    let master = product.master().await;
    let schedule = master.plan(1).await;
    let long = "x".repeat(6_000);
    for id in ["", " ", "#", "..", "スケジュール", &schedule.to_uppercase(), &format!("{schedule}#"), &long] {
        let query: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        for path in ["/api/delivery", "/api/view", "/api/chat"] {
            master.get(&format!("{path}?schedule_id={query}")).await.refused(404, "schedule_not_found");
        }
        master.delete(&format!("/api/schedule?schedule_id={query}")).await.refused(404, "schedule_not_found");
        let change = json!({"schedule_id": id, "name": "n", "start_datetime": at_hour(5), "end_datetime": at_hour(6)});
        master.patch("/api/schedule", &change).await.refused(404, "schedule_not_found");
        let post = json!({"schedule_id": id, "body": "b"});
        master.post("/api/chat", &post).await.refused(404, "schedule_not_found");
    }
}
