//! Every file under `events/` works against the functions as it stands.

use std::path::PathBuf;

use api_tests::Product;
use local::demo;
use serde_json::Value;

/// What each file is answered on a product that nobody has used yet. The schedule of the document's
/// samples is not there, and the user of its sample is the master, whose address is taken.
const ANSWERS: &[(&str, u64)] = &[
    ("auth/change_access_code.json", 200),
    ("auth/change_password.json", 200),
    ("auth/get_health.json", 200),
    ("auth/login.json", 200),
    ("auth/login.payload-1.0.json", 200),
    ("auth/logout.json", 200),
    ("chat/delete_message.json", 404),
    ("chat/export_messages.json", 404),
    ("chat/get_chat_settings.json", 404),
    ("chat/list_messages.json", 404),
    ("chat/mute_user.json", 404),
    ("chat/post_message.json", 404),
    ("chat/unmute_user.json", 404),
    ("chat/update_chat_settings.json", 404),
    ("delivery-view/get_delivery.json", 404),
    ("delivery-view/get_view.json", 404),
    ("delivery-view/reset_delivery.json", 404),
    ("delivery-view/watch.json", 404),
    ("schedule/create_calendar.json", 200),
    ("schedule/create_schedule.base64.json", 200),
    ("schedule/create_schedule.json", 200),
    ("schedule/delete_calendar.json", 200),
    ("schedule/delete_schedule.json", 404),
    ("schedule/get_calendar.json", 404),
    ("schedule/list_schedules.json", 200),
    ("schedule/list_schedules.staged.json", 200),
    ("schedule/update_schedule.json", 404),
    ("user/create_user.json", 409),
    ("user/delete_user.json", 404),
    ("user/list_audit.json", 200),
    ("user/list_users.json", 200),
    ("user/update_user.json", 404),
    ("webhook/may_publish.json", 404),
    ("webhook/record_event.json", 404),
];

/// Those that carry no token.
const WITHOUT_TOKEN: [&str; 5] = ["login", "get_health", "watch", "webhook", "get_calendar"];

/// Events that are no requests: they are answered, or refused with a line.
const OTHERS: &[&str] = &[
    "sweeper/reconcile.json",
    "sweeper/sweep.json",
    "tenant/create_tenant.json",
    "tenant/list_tenants.json",
    "tenant/reset_master.json",
    "tenant/resume_tenant.json",
    "tenant/set_archive_destinations.json",
    "tenant/suspend_tenant.json",
    "tenant/unlock.json",
];

#[tokio::test]
async fn every_request_is_answered_as_its_document_says() {
    for (file, status) in ANSWERS {
        let product = Product::start().await;
        let function = file.split('/').next().unwrap();
        let answer = product.invoke(function, &event(file)).await.unwrap();
        assert_eq!(answer["statusCode"].as_u64(), Some(*status), "{file}: {answer}");
    }
}

#[tokio::test]
async fn every_event_of_the_operator_and_of_the_timer_is_carried_out() {
    let product = Product::start().await;
    for file in OTHERS {
        let function = file.split('/').next().unwrap();
        let answer = product.invoke(function, &event(file)).await;
        assert!(answer.is_ok(), "{file}: {answer:?}");
    }
}

#[tokio::test]
async fn no_file_is_left_out() {
    let mut known: Vec<String> =
        ANSWERS.iter().map(|(file, _)| *file).chain(OTHERS.iter().copied()).map(str::to_owned).collect();
    known.sort();
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root()).unwrap() {
        let folder = folder.unwrap().path();
        for file in std::fs::read_dir(&folder).unwrap() {
            let inside = file.unwrap().path();
            files.push(inside.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
        }
    }
    files.sort();
    assert_eq!(known, files);
}

#[tokio::test]
async fn the_files_carry_the_demo_masters_tokens() {
    let product = Product::start().await;
    for (file, _) in ANSWERS.iter().filter(|(file, _)| !WITHOUT_TOKEN.iter().any(|name| file.contains(name))) {
        let id = if file.contains("logout") { "events-logout" } else { "events" };
        let token = demo::event_token(&product.server.app, id).unwrap();
        assert!(event(file).to_string().contains(&token), "{file}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn event(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join(file)).unwrap()).unwrap()
}
