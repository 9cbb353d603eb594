//! `GET /watch/{key}.m3u8`: leads players to the playlist, whichever it is now.

use shared::app::App;
use shared::http::request::Request;
use shared::http::{ApiResult, response};
use shared::operations::viewing::{self, Watching};

pub(crate) async fn handle(app: &App, request: &Request) -> ApiResult {
    Ok(match viewing::watch(app, request.path_parameter("key")).await? {
        Watching::Playing(playing) => {
            response::elsewhere(playing.playlist_url).with("cache-control", "max-age=1".to_owned())
        }
        // Players repeat what failed on our side, and nothing else.
        Watching::NotNow(seconds) => response::not_yet(seconds),
        Watching::Never => response::nothing(),
    })
}
