//! Planned broadcasts.

mod list_schedules;
mod create_schedule;
mod update_schedule;
mod delete_schedule;

shared::routes! {
    GET "/api/schedule" => list_schedules;
    POST "/api/schedule" => create_schedule;
    PATCH "/api/schedule" => update_schedule;
    DELETE "/api/schedule" => delete_schedule;
}
