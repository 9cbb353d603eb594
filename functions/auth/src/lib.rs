//! Logging in and out, and what one logs in with.

mod login;
mod logout;
mod change_password;
mod change_access_code;
mod get_health;

shared::routes! {
    POST "/api/login" => login;
    POST "/api/logout" => logout;
    PATCH "/api/password" => change_password;
    PATCH "/api/access-code" => change_access_code;
    GET "/api/health" => get_health;
}
