//! The chat of a broadcast.

mod delete_message;
mod export_messages;
mod get_chat_settings;
mod list_messages;
mod mute_user;
mod post_message;
mod unmute_user;
mod update_chat_settings;

shared::routes! {
    GET "/api/chat" => list_messages;
    POST "/api/chat" => post_message;
    DELETE "/api/chat" => delete_message;
    POST "/api/chat/mute" => mute_user;
    DELETE "/api/chat/mute" => unmute_user;
    GET "/api/chat/settings" => get_chat_settings;
    PATCH "/api/chat/settings" => update_chat_settings;
    GET "/api/chat/export" => export_messages;
}
