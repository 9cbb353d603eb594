//! Answers that would be long: how many failing fields are named, and what travels as gzip.

use api_tests::{Product, new_user};
use reqwest::Method;
use serde_json::json;

const ACCEPTED: [(&str, &str); 2] = [("accept-encoding", "gzip, deflate, br"), ("accept-language", "ja")];

#[tokio::test]
async fn at_most_fifty_failing_fields_are_named() {
    let product = Product::start().await;
    let master = product.master().await;
    let twice = (0..60).map(|number| format!("\"x{number:02}\":0,\"x{number:02}\":0,")).collect::<Vec<_>>().concat();
    let body = new_user(&[]).to_string().replacen('{', &format!("{{{twice}"), 1);
    let fields = master.send(Method::POST, "/api/user", &[], Some(body.into())).await.invalid_fields();
    assert_eq!(fields.len(), 50);
    assert!(fields.iter().all(|(name, code)| name.starts_with('x') && code == "duplicate"), "{fields:?}");

    let wrong = json!({"durationSeconds": 0, "startTimeOffset": "", "video": {"width": 0, "fps": 0}, "audio": 0});
    let body = json!({"imageflux_params": vec![wrong; 10]});
    let fields = master.post("/api/schedule", &body).await.invalid_fields();
    assert_eq!(fields.len(), 50);
    // Those that were found first, in the order of the form.
    assert_eq!(fields[0].0, "start_datetime");
    assert_eq!(master.get("/api/user").await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn lists_and_problems_come_as_gzip_to_those_who_read_it() {
    let product = Product::start().await;
    let master = product.master().await;
    for hour in 0..8 {
        master.plan(hour).await;
    }
    let wrong = json!({"imageflux_params": vec![json!({}); 10]}).to_string().into_bytes();
    for (method, path, body, status) in
        [(Method::GET, "/api/schedule", None, 200), (Method::POST, "/api/schedule", Some(wrong), 422)]
    {
        let plain = master.send(method.clone(), path, &[], body.clone()).await;
        let packed = master.send(method, path, &ACCEPTED, body).await;
        assert_eq!((plain.status.as_u16(), packed.status.as_u16()), (status, status));
        assert_eq!(
            (plain.header("content-encoding").as_str(), packed.header("content-encoding").as_str()),
            ("", "gzip")
        );
        let ids = [plain.header("x-request-id"), packed.header("x-request-id")];
        assert_eq!(plain.text.replace(&ids[0], ""), packed.text.replace(&ids[1], ""));
        assert!(plain.text.len() > 1024, "{}", plain.text);
        assert_eq!([plain.header("vary"), packed.header("vary")], ["Accept-Encoding", "Accept-Encoding"]);
    }
    let short = master.send(Method::GET, "/api/user", &ACCEPTED, None).await;
    assert_eq!([short.header("content-encoding"), short.header("vary")], ["", ""]);
    let refused = master.send(Method::GET, "/api/schedule", &[("accept-encoding", "gzip;q=0, *")], None).await;
    assert_eq!(refused.header("content-encoding"), "");
}
