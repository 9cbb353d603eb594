//! What a presenter needs to publish, and a viewer to watch.

mod get_delivery;
mod reset_delivery;
mod get_view;
mod watch;

shared::routes! {
    GET "/api/delivery" => get_delivery;
    POST "/api/delivery/reset" => reset_delivery;
    GET "/api/view" => get_view;
    GET "/watch/{key}.m3u8" => watch, shared::http::Readers::All;
}
