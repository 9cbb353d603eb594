//! `GET /api/chat`: the messages of a broadcast, oldest first; all of them, or what is new since a cursor.

use serde::Serialize;
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::message::Message;
use shared::domain::progress::Progress;
use shared::http::cursor::{self, Scope};
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, pages, response};
use shared::operations::Error;
use shared::operations::chat::{self, Read};

#[derive(Serialize)]
struct ChatReply {
    ok: bool,
    chats: Vec<MessageReply>,
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
    let read = chat::list_messages(app, &bearer, form, how_many_fit).await?;
    let list = read.schedule.to_string();
    response::json(&ChatReply {
        ok: true,
        chats: read.messages.into_iter().map(MessageReply::from).collect(),
        next_cursor: cursor::from_progress(&Scope { tenant: &bearer.tenant, list: &list }, &read.progress),
        has_more: read.has_more,
        poll_after_ms: read.poll_after,
    })
}

fn read(request: &Request, bearer: &Bearer) -> Result<Read, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let schedule = form.schedule_id();
    let list = schedule.map_or_else(String::new, |schedule| schedule.to_string());
    let scope = Scope { tenant: &bearer.tenant, list: &list };
    let after: Option<Progress> = form.optional_text("after", |text| cursor::to_progress(&scope, text));
    let tail = form.tail(after.is_some());
    let limit = form.limit();
    form.finish(|| Some(Read { schedule: schedule?, after: after.unwrap_or_default(), limit, tail }))
}

fn how_many_fit(messages: &[Message]) -> usize {
    pages::how_many_fit(messages.iter().cloned().map(MessageReply::from))
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
