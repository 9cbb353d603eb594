//! The chat of a broadcast.

mod list_messages;
mod post_message;

shared::routes! {
    GET "/api/chat" => list_messages;
    POST "/api/chat" => post_message;
}
