//! Users and their permissions.

mod list_users;
mod list_audit;
mod create_user;
mod update_user;
mod delete_user;

shared::routes! {
    GET "/api/user" => list_users;
    GET "/api/audit" => list_audit;
    POST "/api/user" => create_user;
    PATCH "/api/user" => update_user;
    DELETE "/api/user" => delete_user;
}
