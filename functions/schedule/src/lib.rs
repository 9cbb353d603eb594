//! Planned broadcasts, and the calendars in which people see them.

mod list_schedules;
mod create_schedule;
mod update_schedule;
mod delete_schedule;
mod create_calendar;
mod delete_calendar;
mod get_calendar;

shared::routes! {
    GET "/api/schedule" => list_schedules;
    POST "/api/schedule" => create_schedule;
    PATCH "/api/schedule" => update_schedule;
    DELETE "/api/schedule" => delete_schedule;
    POST "/api/calendar" => create_calendar;
    DELETE "/api/calendar" => delete_calendar;
    GET "/calendar/{key}.ics" => get_calendar;
}
