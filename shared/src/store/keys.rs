//! Every key of the table.
//!
//! | item | PK | SK | who writes it |
//! | --- | --- | --- | --- |
//! | tenant: name, state, last user number | `TEN#<tenant>` | `META` | tenant, user |
//! | nothing: read to see whether the table answers | `TEN#health` | `META` | nobody |
//! | list of tenants, for the operator | `TENANTS` | `<tenant>` | tenant |
//! | log-in pointer, and guard of uniqueness | `EMAIL#<lower case>` | `<tenant>` | user, tenant |
//! | password hash and nothing else | `CRED#<tenant>` | `<user>` | auth, user, tenant |
//! | access-code digest | `CRED#<tenant>` | `ACCESS-CODE` | auth, tenant |
//! | user, for the list | `USER#<tenant>` | `<user, 19 digits>` | user, tenant |
//! | a user's standing, for every request | `PASS#<tenant>#<user>` | `PASS` | user, auth, tenant |
//! | schedule | `SCHED#<tenant>` | `<schedule>` | schedule, delivery-view, sweeper |
//! | its `hls`, for another channel | `HLS#<tenant>` | `<schedule>` | schedule |
//! | calendar node: a start, its end, the next start, and what a list shows | `CAL#<tenant>` | `<start, UTC>`; a head before all | schedule, sweeper, tenant |
//! | announcement of a schedule's next start (TTL) | `MOVE#<tenant>` | `<when, UTC>#<id>` | schedule |
//! | unfinished business, by the time it is due | `TODO` | `<due, UTC>#<id>` | schedule, delivery-view, sweeper |
//! | channel that no schedule knows, since when (TTL) | `ORPHANS` | `<channel>` | sweeper |
//! | what is known of a broadcast's connections, and the lease to ask | `LIVE#<tenant>` | `<schedule>` | webhook, delivery-view, schedule, sweeper |
//! | whose channel an address of ours is about | `HOOK#<digest>` | `HOOK` | schedule, delivery-view, sweeper |
//! | digest of the key of a calendar feed | `FEED#<tenant>` | `<user>` | schedule, user |
//! | row of the trail (TTL) | `AUDIT#<tenant>` | `<UUID v7>` | whoever makes a change; nobody changes or removes one |
//! | chat message, or the deletion of one | `CHAT#<tenant>#<schedule>` | `<UUID v7>` | chat, sweeper |
//! | the rules of a chat; who is muted there (TTL); who has posted | `ROOM#<tenant>#<schedule>` | `RULES`; `MUTE#<user>`; `POSTER#<user>` | chat, sweeper |
//! | salt of all password hashes of an address | `EMAIL#<lower case>` | `SALT` | user, tenant |
//! | failed log-ins (TTL), of an address, from a source, of the pair | `RATE#LOGIN#<digest>`, `RATE#SOURCE#<digest>`, `RATE#PAIR#<digest>` | `<quarter of an hour since 1970>` | auth |
//! | since when they count (TTL) | `RATE#LOGIN#<digest>`, `RATE#SOURCE#<digest>` | `FORGIVEN` | auth, tenant |
//! | the same of a pair, and that it is known | `RATE#PAIR#<digest>` | `FORGIVEN` | auth |
//! | pauses that pollers of a schedule were told in ten seconds (TTL) | `LOAD#<tenant>#<schedule>` | `<ten seconds since 1970>` | chat, delivery-view |
//! | recent posts of a user (TTL) | `RATE#CHAT#<tenant>` | `<user>` | chat |
//! | idempotency key (TTL) | `IDEM#<tenant>#<user>` | `<operation>#<digest>` | schedule, user, chat |
//!
//! The tenant comes first. The exceptions: the pointer, because a log-in starts from an e-mail
//! address; the look-up from ImageFlux's calls (`HOOK#`), which name no tenant; the lists that one function
//! reads across tenants (`TENANTS`, `TODO`, `ORPHANS`); and the counters of failed log-ins, which belong to nobody yet. No prefix stands outside of this file.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::calendar::moment_text;
use super::instant_text;
use crate::domain::email::Email;
use crate::domain::ids::{EntryId, MessageId, ScheduleId, TenantId, UserId};
use crate::domain::moment::Moment;
use crate::table::{Item, Key, SK, Value};

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// The sort key of an item that was read.
pub fn sort_key(item: &Item) -> String {
    match item.get(SK) {
        Some(Value::S(sk)) => sk.clone(),
        _ => String::new(),
    }
}

pub fn tenant(tenant: &TenantId) -> Key {
    key(format!("TEN#{tenant}"), "META")
}

/// No tenant's, and never written.
pub fn health() -> Key {
    key("TEN#health".to_owned(), "META")
}

pub const TENANTS: &str = "TENANTS";

pub fn tenant_in_list(tenant: &TenantId) -> Key {
    key(TENANTS.to_owned(), tenant.as_str())
}

/// All that is known of an address: its pointers, and its salt.
pub fn address(email: &Email) -> String {
    format!("EMAIL#{}", email.canonical())
}

pub fn pointer(email: &Email, tenant: &TenantId) -> Key {
    key(address(email), tenant.as_str())
}

/// No tenant is called so.
pub const SALT: &str = "SALT";

pub fn salt(email: &Email) -> Key {
    key(address(email), SALT)
}

pub fn credential(tenant: &TenantId, user: UserId) -> Key {
    key(format!("CRED#{tenant}"), user.to_string())
}

pub fn access_code(tenant: &TenantId) -> Key {
    key(format!("CRED#{tenant}"), "ACCESS-CODE")
}

pub fn users(tenant: &TenantId) -> String {
    format!("USER#{tenant}")
}

pub fn user(tenant: &TenantId, user: UserId) -> Key {
    key(users(tenant), format!("{:019}", user.0))
}

/// A partition of its own for each user: no key is read by everybody.
pub fn standing(tenant: &TenantId, user: UserId) -> Key {
    key(format!("PASS#{tenant}#{user}"), "PASS")
}

pub fn schedules(tenant: &TenantId) -> String {
    format!("SCHED#{tenant}")
}

pub fn schedule(tenant: &TenantId, schedule: &ScheduleId) -> Key {
    key(schedules(tenant), schedule.to_string())
}

pub fn hls(tenant: &TenantId, schedule: &ScheduleId) -> Key {
    key(format!("HLS#{tenant}"), schedule.to_string())
}

pub fn calendar(tenant: &TenantId) -> String {
    format!("CAL#{tenant}")
}

pub fn calendar_node(tenant: &TenantId, start: Moment) -> Key {
    key(calendar(tenant), moment_text(start))
}

pub fn announced_moves(tenant: &TenantId) -> String {
    format!("MOVE#{tenant}")
}

pub fn announced_move(tenant: &TenantId, when: DateTime<Utc>, id: Uuid) -> Key {
    key(announced_moves(tenant), format!("{}#{id}", instant_text(when)))
}

/// What was announced before the instant does not sort above this.
pub fn announced_after(instant: DateTime<Utc>) -> String {
    instant_text(instant)
}

pub const TODO: &str = "TODO";

/// Everything due before the instant sorts below this.
pub fn due_before(instant: DateTime<Utc>) -> String {
    instant_text(instant)
}

pub fn todo(due: DateTime<Utc>, id: &str) -> Key {
    key(TODO.to_owned(), format!("{}#{id}", instant_text(due)))
}

/// Apart from its chat: both can be due in the same second.
pub fn retirement(due: DateTime<Utc>, schedule: &ScheduleId) -> Key {
    todo(due, &format!("{schedule}#RETIREMENT"))
}

pub const ORPHANS: &str = "ORPHANS";

pub fn orphan(channel_id: &str) -> Key {
    key(ORPHANS.to_owned(), channel_id)
}

pub fn live(tenant: &TenantId, schedule: &ScheduleId) -> Key {
    key(format!("LIVE#{tenant}"), schedule.to_string())
}

pub fn hook(digest: &str) -> Key {
    key(format!("HOOK#{digest}"), "HOOK")
}

pub fn trail(tenant: &TenantId) -> String {
    format!("AUDIT#{tenant}")
}

pub fn trail_row(tenant: &TenantId, row: EntryId) -> Key {
    key(trail(tenant), row.to_string())
}

pub fn feed(tenant: &TenantId, user: UserId) -> Key {
    key(format!("FEED#{tenant}"), user.to_string())
}

pub fn chat(tenant: &TenantId, schedule: &ScheduleId) -> String {
    format!("CHAT#{tenant}#{schedule}")
}

pub fn message(tenant: &TenantId, schedule: &ScheduleId, message: &MessageId) -> Key {
    key(chat(tenant, schedule), message.to_string())
}

pub fn rooms(tenant: &TenantId, schedule: &ScheduleId) -> String {
    format!("ROOM#{tenant}#{schedule}")
}

const RULES: &str = "RULES";
const MUTE: &str = "MUTE#";

pub fn room(tenant: &TenantId, schedule: &ScheduleId) -> Key {
    key(rooms(tenant, schedule), RULES)
}

pub fn mute(tenant: &TenantId, schedule: &ScheduleId, user: UserId) -> Key {
    key(rooms(tenant, schedule), format!("{MUTE}{user}"))
}

pub fn poster(tenant: &TenantId, schedule: &ScheduleId, user: UserId) -> Key {
    key(rooms(tenant, schedule), format!("POSTER#{user}"))
}

/// What an item of a room is.
pub enum InRoom {
    Rules,
    Mute,
    Poster,
}

pub fn in_room(item: &Item) -> InRoom {
    match sort_key(item) {
        sk if sk == RULES => InRoom::Rules,
        sk if sk.starts_with(MUTE) => InRoom::Mute,
        _ => InRoom::Poster,
    }
}

/// The key of an item that was read there.
pub fn of_room(tenant: &TenantId, schedule: &ScheduleId, item: &Item) -> Key {
    key(rooms(tenant, schedule), sort_key(item))
}

/// Failed log-ins for one e-mail address, in all tenants.
pub fn failed_logins(email_digest: &str) -> String {
    format!("RATE#LOGIN#{email_digest}")
}

/// Failed log-ins from one source.
pub fn failed_logins_from(source_digest: &str) -> String {
    format!("RATE#SOURCE#{source_digest}")
}

/// Failed log-ins for one e-mail address from one source.
pub fn failed_logins_of_pair(pair_digest: &str) -> String {
    format!("RATE#PAIR#{pair_digest}")
}

/// The failures that a counter had in a quarter of an hour since 1970.
pub fn quarter(counter: &str, quarter: i64) -> Key {
    key(counter.to_owned(), quarter.to_string())
}

/// Which failures of a counter count no more.
pub fn forgiven(counter: &str) -> Key {
    key(counter.to_owned(), "FORGIVEN")
}

pub fn recent_posts(tenant: &TenantId, user: UserId) -> Key {
    key(format!("RATE#CHAT#{tenant}"), user.to_string())
}

/// How hard polls press on a schedule in one slot.
pub fn load(tenant: &TenantId, schedule: &ScheduleId, slot: i64) -> Key {
    key(format!("LOAD#{tenant}#{schedule}"), slot.to_string())
}

pub fn idempotency(tenant: &TenantId, user: UserId, operation: &str, digest: &str) -> Key {
    key(format!("IDEM#{tenant}#{user}"), format!("{operation}#{digest}"))
}
