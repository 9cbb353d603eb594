//! `imageflux_params`: what is checked, and that the rest reaches ImageFlux as it was sent.

use api_tests::upstream::Upstream;
use api_tests::{Actor, Answer, Product, at_hour, hls, new_schedule};
use reqwest::Method;
use serde_json::{Value, json};

/// The text of a body for a new schedule with these parameters, spelt just so.
fn schedule_with(hour: u32, params: &str) -> Vec<u8> {
    let (start, end) = (at_hour(hour), at_hour(hour + 1));
    format!(r#"{{"name":"x","start_datetime":"{start}","end_datetime":"{end}","imageflux_params":{params}}}"#).into()
}

async fn plan_with(actor: &Actor, hour: u32, params: &str) -> Answer {
    actor.send(Method::POST, "/api/schedule", &[], Some(schedule_with(hour, params))).await
}

#[tokio::test]
async fn what_is_not_known_here_reaches_imageflux_untouched() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let params = r#"[ {"startTimeOffset":-2.50,"durationSeconds":1e0,"zeta":1.10,"alpha":{"big":12345678901234567890123,
        "exp":1E+2},"video":{"width":640,"height":480,"profile":"x","codec":"h264_high"},"archive":null,"名前":"é"}]"#;
    plan_with(&master, 1, params).await.ok();
    plan_with(&master, 2, &json!(params).to_string()).await.ok();
    for text in upstream.texts() {
        assert!(text.starts_with(&format!(r#"{{"hls":{params},"auth_webhook_url":""#)), "{text}");
    }
    assert_eq!(upstream.texts().len(), 2);
    let (target, _) = &upstream.requests()[0];
    assert_eq!(target, "ImageFlux_20200316.CreateMultistreamChannelWithHLS");
}

#[tokio::test]
async fn an_array_and_a_string_that_holds_it_are_the_same() {
    let product = Product::start().await;
    let master = product.master().await;
    for (hour, params) in [hls(), json!(hls().to_string()), json!(format!("\n {} ", hls()))].into_iter().enumerate() {
        let mut schedule = new_schedule(u32::try_from(hour).unwrap());
        schedule["imageflux_params"] = params;
        master.post("/api/schedule", &schedule).await.ok();
    }
    for (params, code) in [
        (json!(""), "not_json"),
        (json!("x"), "not_json"),
        (json!("[{"), "not_json"),
        (json!("[]]"), "not_json"),
        (json!("null"), "null"),
        (json!("{}"), "wrong_type"),
        (json!("\"[]\""), "wrong_type"),
        (json!("[]"), "too_short"),
        (json!([]), "too_short"),
        (json!({}), "wrong_type"),
        (json!(1), "wrong_type"),
        (json!(null), "null"),
    ] {
        let fields = plan_with(&master, 9, &params.to_string()).await.invalid_fields();
        assert_eq!(fields, [("imageflux_params".to_owned(), code.to_owned())], "{params}");
    }
}

#[tokio::test]
async fn a_rendition_needs_no_times() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    let all =
        ["[{\"audio\":{}}]", "[{\"video\":{\"width\":640,\"height\":480}}]", "[{\"startTimeOffset\":0,\"audio\":{}}]"];
    for (hour, params) in all.into_iter().enumerate() {
        plan_with(&master, u32::try_from(hour).unwrap(), params).await.ok();
        let sent = &upstream.texts()[hour];
        assert!(sent.starts_with(&format!("{{\"hls\":{params},")), "{sent}");
    }
}

#[tokio::test]
async fn one_to_ten_renditions_are_accepted() {
    let product = Product::start().await;
    let master = product.master().await;
    let of = |count| Value::Array(vec![hls()[0].clone(); count]).to_string();
    plan_with(&master, 1, &of(10)).await.ok();
    assert_eq!(plan_with(&master, 2, &of(11)).await.invalid_fields()[0].1, "too_long");
}

#[tokio::test]
async fn every_member_is_checked_at_its_edges() {
    let product = Product::start().await;
    let master = product.master().await;
    let mut hour = 0;
    for (pointer, good, bad) in [
        (
            "/0/durationSeconds",
            vec![json!(0.5), json!(10), json!(1e-9)],
            vec![json!(0), json!(-1), json!("1"), json!(null)],
        ),
        ("/0/startTimeOffset", vec![json!(0), json!(-2.5), json!(100)], vec![json!("0"), json!(null), json!(true)]),
        ("/0/video/width", vec![json!(36), json!(4096)], vec![json!(35), json!(4097), json!(640.0), json!("640")]),
        ("/0/video/height", vec![json!(36), json!(4096)], vec![json!(35), json!(4097), json!(null), json!([])]),
        ("/0/video/fps", vec![json!(1), json!(60)], vec![json!(0), json!(61), json!("30"), json!(null)]),
        ("/0/video/bps", vec![json!(15_000), json!(15_000_000)], vec![json!(14_999), json!(15_000_001), json!(-1)]),
        ("/0/audio/bps", vec![json!(1), json!(64_000)], vec![json!(0), json!(-1), json!(1.5), json!("1")]),
        ("/0/audio", vec![json!({})], vec![json!(null), json!(1), json!([]), json!("x")]),
    ] {
        for (value, is_good) in good.into_iter().map(|v| (v, true)).chain(bad.into_iter().map(|v| (v, false))) {
            let mut params = hls();
            *params.pointer_mut(pointer).unwrap() = value.clone();
            hour += 1;
            let answer = plan_with(&master, hour, &params.to_string()).await;
            assert_eq!(answer.status.is_success(), is_good, "{pointer} {value}: {}", answer.text);
            if !is_good {
                let field = format!("imageflux_params[0].{}", pointer[3..].replace('/', "."));
                assert_eq!(answer.invalid_fields()[0].0, field);
            }
        }
    }
    for (codec, is_good) in [("h264_high", true), ("h264_main", true), ("h264_baseline", true), ("H264_HIGH", false)] {
        let mut params = hls();
        params[0]["video"]["codec"] = json!(codec);
        hour += 1;
        let answer = plan_with(&master, hour, &params.to_string()).await;
        assert_eq!(answer.status.is_success(), is_good, "{codec}");
    }
}

#[tokio::test]
async fn nesting_deeper_than_sixteen_is_refused_however_deep() {
    let product = Product::start().await;
    let master = product.master().await;
    let with_depth = |depth: usize| {
        let mut params = hls();
        params[0]["deep"] = json!("DEEP");
        // The array and the rendition are two levels of their own.
        let nested = format!("{}1{}", "[".repeat(depth - 2), "]".repeat(depth - 2));
        params.to_string().replace("\"DEEP\"", &nested)
    };
    plan_with(&master, 1, &with_depth(16)).await.ok();
    for depth in [17, 100, 128, 129, 5_000, 30_000] {
        let params = with_depth(depth);
        for params in [params.clone(), json!(params).to_string()] {
            let fields = plan_with(&master, 2, &params).await.invalid_fields();
            assert_eq!(fields, [("imageflux_params".to_owned(), "too_deep".to_owned())], "{depth}");
        }
    }
}

#[tokio::test]
async fn a_broken_rendition_leaves_no_channel() {
    let upstream = Upstream::start().await;
    let product = Product::start_with(upstream.options()).await;
    let master = product.master().await;
    plan_with(&master, 1, "[{}]").await.refused(422, "invalid_parameters");
    assert!(upstream.requests().is_empty());
    assert_eq!(master.get("/api/schedule").await.ok(), json!([]));
}
