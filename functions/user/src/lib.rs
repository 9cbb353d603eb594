//! Users and their permissions.

mod list_users;
mod create_user;
mod update_user;
mod delete_user;

shared::routes! {
    GET "/api/user" => list_users;
    POST "/api/user" => create_user;
    PATCH "/api/user" => update_user;
    DELETE "/api/user" => delete_user;
}
