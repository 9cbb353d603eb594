//! Bodies that the product accepts.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

#[must_use]
pub fn unique_email() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("user{}@example.jp", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The body for a new user with just these permissions.
#[must_use]
pub fn new_user(permissions: &[&str]) -> Value {
    let mut user = json!({"name": "ユーザー名", "email": unique_email(), "password": "Password123"});
    for permission in ["delivery", "view", "schedule", "user"] {
        user[permission] = json!(permissions.contains(&permission));
    }
    user
}

/// The document's own rendition.
#[must_use]
pub fn hls() -> Value {
    json!([{
        "durationSeconds": 1, "startTimeOffset": -2,
        "video": {"width": 640, "height": 480, "fps": 12, "bps": 2_465_792}, "audio": {"bps": 64000}
    }])
}

/// The body for a broadcast of one hour that starts so many hours after 2030-01-01.
#[must_use]
pub fn new_schedule(hour: u32) -> Value {
    new_schedule_at(&at_hour(hour), &at_hour(hour + 1))
}

#[must_use]
pub fn new_schedule_at(start: &str, end: &str) -> Value {
    json!({"name": "テスト配信", "start_datetime": start, "end_datetime": end, "imageflux_params": hls()})
}

/// So many hours after 2030-01-01 00:00:00, as the API reads it.
#[must_use]
pub fn at_hour(hour: u32) -> String {
    let midnight = chrono::DateTime::from_timestamp(1_893_423_600, 0).unwrap_or_default();
    shared::http::datetime::with_slashes(midnight + chrono::TimeDelta::hours(hour.into()))
}
