//! `GET /api/chat`: the messages of a broadcast, oldest first; all of them, or what is new since a cursor and which
//! messages given before are deleted.

use serde::Serialize;
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::message::Message;
use shared::domain::progress::{Progress, Told};
use shared::http::cursor::{self, Scope};
use shared::http::form::Form;
use shared::http::pages::Room;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, response};
use shared::operations::Error;
use shared::operations::chat::{self, Conversation, Read};

#[derive(Serialize)]
struct ChatReply {
    ok: bool,
    chats: Vec<MessageReply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<Vec<String>>,
    next_cursor: String,
    has_more: bool,
    poll_after_ms: i64,
}

#[derive(Serialize)]
struct MessageReply {
    chat_id: String,
    user_id: i64,
    user_name: String,
    body: String,
    created_datetime: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let form = read(request, &bearer);
    let mut room = Room::default();
    let fits = |told: Told<'_>| match told {
        Told::Message(message) => room.takes_json(&MessageReply::from(message.clone())),
        Told::Deletion(message) => room.takes_json(&message.to_string()),
    };
    let Conversation { schedule, given, goes_on, poll_after } = chat::list_messages(app, &bearer, form, fits).await?;
    let list = schedule.to_string();
    response::json(&ChatReply {
        ok: true,
        chats: given.messages.into_iter().map(MessageReply::from).collect(),
        deleted: goes_on.then(|| given.deleted.iter().map(ToString::to_string).collect()),
        next_cursor: cursor::from_progress(&Scope { tenant: &bearer.tenant, list: &list }, &given.progress),
        has_more: given.has_more,
        poll_after_ms: poll_after,
    })
}

fn read(request: &Request, bearer: &Bearer) -> Result<Read, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let schedule = form.schedule_id();
    let list = schedule.map_or_else(String::new, |schedule| schedule.to_string());
    let scope = Scope { tenant: &bearer.tenant, list: &list };
    let after: Option<Progress> = form.optional_text("after", |text| cursor::to_progress(&scope, text));
    let tail = form.tail();
    let limit = form.limit();
    form.finish(|| Some(Read { schedule: schedule?, after, limit, tail }))
}

impl From<Message> for MessageReply {
    fn from(message: Message) -> Self {
        Self {
            chat_id: message.id.to_string(),
            created_datetime: datetime::with_space(message.created_at()),
            user_id: message.user_id.0,
            user_name: message.user_name,
            body: message.body.as_str().to_owned(),
        }
    }
}
