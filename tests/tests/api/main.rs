//! The API as a client sees it. `support` helps; every operation has a file of its name; the others are about
//! what several operations share.

mod support;

mod login;
mod login_locks;
mod logout;
mod list_schedules;
mod create_schedule;
mod update_schedule;
mod delete_schedule;
mod create_calendar;
mod delete_calendar;
mod get_calendar;
mod get_delivery;
mod reset_delivery;
mod get_view;
mod watch;
mod record_event;
mod may_publish;
mod list_users;
mod create_user;
mod update_user;
mod delete_user;
mod change_password;
mod change_access_code;
mod list_messages;
mod post_message;
mod get_health;

mod documents_samples;
mod event_files;
mod requests;
mod pacing;
mod long_answers;
mod queries;
mod events;
mod random_bodies;
mod values;
mod renditions;
mod permissions;
mod tokens;
mod standing;
mod tenants;
mod schedule_ids;
mod schedule_races;
mod schedule_oracle;
mod retired_channels;
mod idempotency;
mod upstream_failures;
mod sweeping;
mod reconciling;
mod late_attempts;
mod errors;
mod budgets;
mod logs;
