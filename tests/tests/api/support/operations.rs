//! Every operation of the API, read from `openapi.yaml`, so that none can be forgotten here.

use api_tests::openapi::Description;
use api_tests::{Actor, Answer, new_schedule, new_user};
use reqwest::Method;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub needs_token: bool,
}

/// What an operation is to be tried on.
pub struct Target {
    pub schedule: String,
    pub user: i64,
    pub message: String,
}

impl Target {
    /// Nothing that was ever there.
    pub fn missing() -> Self {
        Self {
            schedule: "00000000-0000-4000-8000-00000000dead".to_owned(),
            user: 999_999,
            message: "nothing that was said".to_owned(),
        }
    }
}

/// All of them, by path and method.
pub fn all() -> Vec<Operation> {
    let described = Description::get().operations().into_iter();
    described
        .map(|operation| Operation {
            method: operation.method.parse().expect("a method"),
            id: operation.id,
            path: operation.path,
            needs_token: operation.needs_token,
        })
        .collect()
}

impl Operation {
    /// A request that the operation accepts, if the target is there and the caller may.
    pub async fn on(&self, actor: &Actor, target: &Target) -> Answer {
        let Target { schedule, user, message } = target;
        let by_schedule = format!("?schedule_id={schedule}");
        let nothing = (String::new(), None);
        let body = |body: Value| (String::new(), Some(body));
        let (query, body) = match self.id.as_str() {
            "login" => body(json!({"email": "nobody@example.jp", "password": "Password1", "access_code": "0"})),
            "logout" | "get_health" | "list_schedules" | "list_users" | "list_audit" | "create_calendar"
            | "delete_calendar" | "get_calendar" | "watch" => nothing,
            "change_password" => body(json!({"password": actor.password})),
            "change_access_code" => body(json!({"access_code": actor.access_code})),
            "create_schedule" => body(new_schedule(200)),
            "update_schedule" => {
                let mut change = new_schedule(300);
                change["schedule_id"] = json!(schedule);
                body(change)
            }
            "delete_schedule" | "get_delivery" | "get_view" | "list_messages" | "get_chat_settings" => {
                (by_schedule, None)
            }
            "mute_user" => body(json!({"schedule_id": schedule, "user_id": user})),
            "unmute_user" => (format!("{by_schedule}&user_id={user}"), None),
            "update_chat_settings" => body(json!({"schedule_id": schedule, "slow_seconds": 1})),
            "create_user" => body(new_user(&[])),
            "update_user" => body(json!({"user_id": user, "name": "changed"})),
            "delete_user" => (format!("?user_id={user}"), None),
            "post_message" => body(json!({"schedule_id": schedule, "body": "hello"})),
            "export_messages" => (format!("{by_schedule}&format=json"), None),
            "delete_message" => (format!("{by_schedule}&chat_id={message}"), None),
            "reset_delivery" => body(json!({"schedule_id": schedule})),
            other => panic!("say here what {other} is asked with"),
        };
        let body = body.map(|body| body.to_string().into_bytes());
        actor.send(self.method.clone(), &format!("{}{query}", self.path), &[], body).await
    }

    /// A request without a readable form: whoever is let in is told so, and nothing is done.
    pub async fn without_form(&self, actor: &Actor) -> Answer {
        actor.send(self.method.clone(), &self.path, &[], Some("{".into())).await
    }

    /// What the target is called when it is not there; nothing for operations that have none.
    pub fn not_found(&self) -> Option<&'static str> {
        match self.id.as_str() {
            "update_schedule"
            | "delete_schedule"
            | "get_delivery"
            | "reset_delivery"
            | "get_view"
            | "list_messages"
            | "post_message"
            | "delete_message"
            | "mute_user"
            | "unmute_user"
            | "get_chat_settings"
            | "update_chat_settings"
            | "export_messages" => Some("schedule_not_found"),
            "update_user" | "delete_user" => Some("user_not_found"),
            _ => None,
        }
    }

    /// Any one of these permissions is enough; with an empty list every signed-in user may.
    pub fn permissions(&self) -> &'static [&'static str] {
        match self.id.as_str() {
            "logout" | "change_password" | "list_schedules" | "create_calendar" | "delete_calendar" => &[],
            "create_schedule" | "update_schedule" | "delete_schedule" => &["schedule"],
            "get_delivery" => &["delivery"],
            "reset_delivery"
            | "mute_user"
            | "unmute_user"
            | "get_chat_settings"
            | "update_chat_settings"
            | "export_messages" => &["delivery", "schedule"],
            "list_audit" => &["none but the master"],
            "get_view" => &["view"],
            "list_messages" | "post_message" => &["delivery", "view"],
            "delete_message" => &["delivery", "view", "schedule"],
            "list_users" | "create_user" | "update_user" | "delete_user" | "change_access_code" => &["user"],
            other => panic!("say here who may call {other}"),
        }
    }
}

#[test]
fn the_file_names_the_fifteen_calls_and_fourteen_of_ours() {
    let operations = all();
    assert_eq!(operations.len(), 29, "{operations:?}");
    let open: Vec<_> = operations.iter().filter(|operation| !operation.needs_token).map(|o| o.id.as_str()).collect();
    assert_eq!(open, ["get_health", "login", "get_calendar", "watch"]);
}
