//! `GET /api/view`: the playlist to watch.

use serde::Serialize;
use shared::app::App;
use shared::domain::ids::ScheduleId;
use shared::http::form::Form;
use shared::http::request::Request;
use shared::http::{ApiResult, datetime, public_address, response};
use shared::operations::viewing::{self, Viewing};
use shared::operations::{Error, NotLive};

#[derive(Serialize)]
struct ViewReply {
    playlist_url: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    watch_url: Option<String>,
    live_since: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    let bearer = request.bearer(app)?;
    let Viewing { status, watch_key, playing, ask_again } = viewing::get_view(app, &bearer, read(request)).await?;
    let watch_url = watch_key.and_then(|key| public_address::to_watch(app, request, &key));
    match playing {
        Some(playing) => response::json(&ViewReply {
            playlist_url: playing.playlist_url,
            status: status.as_str(),
            watch_url,
            live_since: datetime::with_t(playing.since),
        }),
        None => Err(Error::NotLive(Box::new(NotLive { ask_again, status, watch_url }))),
    }
}

fn read(request: &Request) -> Result<ScheduleId, Error> {
    let mut form = Form::of_query_or_body(request)?;
    let id = form.schedule_id();
    form.finish(|| id)
}
