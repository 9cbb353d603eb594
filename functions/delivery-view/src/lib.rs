//! What a presenter needs to publish, and a viewer to watch.

mod get_delivery;
mod get_view;

shared::routes! {
    GET "/api/delivery" => get_delivery;
    GET "/api/view" => get_view;
}
