//! `GET /api/chat/export`: every message of a broadcast, deleted ones marked, as a table or as JSON.

use serde::Serialize;
use shared::app::App;
use shared::crypto::tokens::Bearer;
use shared::domain::ids::MessageId;
use shared::domain::invalid::Invalid;
use shared::domain::message::Message;
use shared::http::csv::Table;
use shared::http::cursor::{self, Scope};
use shared::http::form::Form;
use shared::http::pages::Page;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, response};
use shared::operations::Error;
use shared::operations::exporting::{self, Export};

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

#[derive(Serialize)]
struct ExportedReply {
    chat_id: String,
    user_id: i64,
    user_name: String,
    body: String,
    created_datetime: String,
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_datetime: Option<String>,
}

/// The columns, named as the members are.
const HEAD: [&str; 7] = ["chat_id", "user_id", "user_name", "body", "created_datetime", "deleted", "deleted_datetime"];

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let form = read(request, &bearer);
    let (schedule, format) = match &form {
        Ok((export, format)) => (export.schedule.to_string(), *format),
        Err(_) => (String::new(), Format::Json),
    };
    let form = form.map(|(export, _)| export);
    let next = |message: MessageId| {
        let cursor = cursor::from_message(&scope(&bearer, &list(&schedule)), message);
        let format = match format {
            Format::Csv => "csv",
            Format::Json => "json",
        };
        vec![("schedule_id", schedule.clone()), ("format", format.to_owned()), ("cursor", cursor)]
    };
    match format {
        Format::Json => {
            let mut page = Page::default();
            let takes = |message: &Message| page.takes(&ExportedReply::from(message));
            let more = exporting::export_messages(app, &bearer, form, takes).await?;
            page.answer(request, more.map(next))
        }
        Format::Csv => {
            let mut table = Table::new(&HEAD);
            let takes = |message: &Message| ExportedReply::from(message).is_taken_by(&mut table);
            let more = exporting::export_messages(app, &bearer, form, takes).await?;
            let reply = table.answer();
            Ok(match more.map(next) {
                Some(parameters) => reply.with("link", response::link_to_next(request, &parameters)),
                None => reply,
            })
        }
    }
}

fn read(request: &Request, bearer: &Bearer) -> Result<(Export, Format), Error> {
    let mut form = Form::of_query_or_body(request)?;
    let schedule = form.schedule_id();
    let format = form.text("format", |text| match text {
        "csv" => Ok(Format::Csv),
        "json" => Ok(Format::Json),
        _ => Err(Invalid::NotOneOf(&["csv", "json"])),
    });
    let list = schedule.map_or_else(String::new, |schedule| list(&schedule.to_string()));
    let after = form.optional_text("cursor", |text| cursor::to_message(&scope(bearer, &list), text));
    form.finish(|| Some((Export { schedule: schedule?, after }, format?)))
}

/// Apart from the cursors of those who follow the chat.
fn list(schedule: &str) -> String {
    format!("export of {schedule}")
}

fn scope<'a>(bearer: &'a Bearer, list: &'a str) -> Scope<'a> {
    Scope { tenant: &bearer.tenant, list }
}

impl ExportedReply {
    fn is_taken_by(&self, table: &mut Table) -> bool {
        let user_id = self.user_id.to_string();
        let deleted = if self.deleted { "true" } else { "false" };
        let deleted_at = self.deleted_datetime.as_deref().unwrap_or_default();
        table.takes(&[
            &self.chat_id,
            &user_id,
            &self.user_name,
            &self.body,
            &self.created_datetime,
            deleted,
            deleted_at,
        ])
    }
}

impl From<&Message> for ExportedReply {
    fn from(message: &Message) -> Self {
        Self {
            chat_id: message.id.to_string(),
            user_id: message.user_id.0,
            user_name: message.user_name.clone(),
            body: message.body.as_str().to_owned(),
            created_datetime: datetime::with_space(message.created_at()),
            deleted: message.deletion.is_some(),
            deleted_datetime: message.deletion.map(|deletion| datetime::with_space(deletion.created_at())),
        }
    }
}
