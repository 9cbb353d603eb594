//! What ImageFlux calls. The secret is the key in the address; nothing else proves who calls.

mod record_event;
mod may_publish;

shared::routes! {
    POST "/hooks/imageflux/{key}/event" => record_event, shared::http::Readers::None;
    POST "/hooks/imageflux/{key}/auth" => may_publish, shared::http::Readers::None;
}
